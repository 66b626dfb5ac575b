// SPDX-License-Identifier: Apache-2.0
//
// Trees of stacks, against a naive way of making them.

import assert from "node:assert/strict";
import test from "node:test";
import { drawLevel, firstAfter, follow, frameAt, levelOf, makeChanges,
	look, makeTree, markedTime, pathTo, type Stacks, totalsOf,
	type Tree } from "../src/layout";

function dice(seed: number) {
	return (below: number) => {
		seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
		return Math.floor(seed / 2 ** 32 * below);
	};
}

function randomStacks(seed: number, count: number, keys: number): Stacks {
	const roll = dice(seed);
	const parent = new Uint32Array(count), key = new Int32Array(count);
	const own = [new Float64Array(count), new Float64Array(count)];
	const since = new Float64Array(count);
	for (let s = 1; s < count; s++) {
		parent[s] = roll(3) ? s - 1 - roll(Math.min(s, 4)) : roll(s);
		key[s] = roll(12) ? roll(keys) : -1;
		if (!roll(3))
			own[roll(2)][s] = 1 + roll(100);
		since[s] = roll(1000);
	}
	return { parent, key, keys, own, since };
}

interface Naive { total: number; own: number[]; kids: Map<number, Naive> }

/** Paths of keys, walked into nested maps. */
function naive(stacks: Stacks, inverted: boolean, fold: boolean) {
	const node = (): Naive => ({ total: 0, own: [0, 0], kids: new Map() });
	const root = node();
	for (let s = 0; s < stacks.key.length; s++) {
		const own = stacks.own.map((column) => column[s]);
		const path = [];
		for (let at = s; at; at = stacks.parent[at])
			if (stacks.key[at] >= 0)
				path.unshift(stacks.key[at]);
		const keys = path.filter((key, at) => !fold || key !== path[at - 1]);
		if (inverted)
			keys.reverse();
		let at = root;
		at.total += own[0] + own[1];
		for (const key of keys) {
			if (!at.kids.has(key))
				at.kids.set(key, node());
			at = at.kids.get(key)!;
			at.total += own[0] + own[1];
		}
		own.forEach((value, c) => at.own[c] += value);
	}
	return root;
}

function assertSame(tree: Tree, root: Naive) {
	const twins = [root];
	for (let i = 0; i < tree.count; i++) {
		const twin = twins[i];
		assert.equal(tree.total[i], twin.total);
		assert.deepEqual(tree.own.map((column) => column[i]), twin.own);
		assert.equal(tree.self[i], twin.own[0] + twin.own[1]);
		const kids = [...twin.kids].filter(([, kid]) => kid.total > 0);
		assert.equal(tree.kids[i + 1] - tree.kids[i], kids.length);
		let x = tree.x[i], last = Infinity;
		for (let k = tree.kids[i]; k < tree.kids[i + 1]; k++) {
			assert.equal(tree.parent[k], i);
			assert.equal(tree.x[k], x);
			assert.ok(tree.total[k] <= last);
			last = tree.total[k];
			x += last;
			twins[k] = twin.kids.get(tree.key[k])!;
		}
		assert.ok(x <= tree.x[i] + tree.total[i]);
	}
}

test("random trees are those that are made naively", () => {
	for (let seed = 1; seed <= 60; seed++)
		for (const inverted of [false, true])
			for (const fold of [false, true]) {
				const stacks = randomStacks(seed, 1 + seed * 5, 1 + seed % 9);
				const tree = makeTree(look(stacks, fold), { inverted });
				assertSame(tree, naive(stacks, inverted, fold));
			}
});

test("both directions have the same whole, and so has each level", () => {
	const stacks = randomStacks(5, 4000, 50);
	const down = makeTree(look(stacks)), up = makeTree(look(stacks), { inverted: true });
	const whole = [...stacks.own[0], ...stacks.own[1]]
		.reduce((a, b) => a + b, 0);
	for (const tree of [down, up]) {
		assert.equal(tree.total[0], whole);
		assert.equal(tree.self.slice(0, tree.count)
			.reduce((a, b) => a + b, 0), whole);
		for (const column of [0, 1])
			assert.equal(totalsOf(tree, column)[0],
				stacks.own[column].reduce((a, b) => a + b, 0));
		for (let r = 0; r + 1 < tree.rows.length; r++)
			for (let i = tree.rows[r] + 1; i < tree.rows[r + 1]; i++) {
				assert.ok(tree.x[i] >= tree.x[i - 1] + tree.total[i - 1]);
				assert.equal(levelOf(tree, i), r);
			}
	}
});

test("the order of time is that of first sight", () => {
	const stacks = randomStacks(9, 800, 40);
	const tree = makeTree(look(stacks), { byTime: true });
	const first = (keys: number[]) => {
		let least = Infinity;
		for (let s = 1; s < stacks.key.length; s++) {
			const path = [];
			for (let at = s; at; at = stacks.parent[at])
				if (stacks.key[at] >= 0)
					path.unshift(stacks.key[at]);
			if (stacks.key[s] >= 0 && path.join() === keys.join() &&
				below[s] > 0)
				least = Math.min(least, stacks.since![s]);
		}
		return least;
	};
	const below = stacks.own[0].map((value, s) => value + stacks.own[1][s]);
	for (let s = below.length - 1; s; s--)
		below[stacks.parent[s]] += below[s];
	for (let k = tree.kids[0] + 1; k < tree.kids[1]; k++)
		assert.ok(first([tree.key[k - 1]]) <= first([tree.key[k]]));
});

test("what is narrower than the least is not opened", () => {
	for (const inverted of [false, true]) {
		const seen = look(randomStacks(3, 2000, 30)), least = 300;
		const whole = makeTree(seen, { inverted });
		const tree = makeTree(seen, { inverted, least });
		assert.ok(tree.count < whole.count / 2);
		for (let i = 1; i < tree.count; i++)
			assert.ok(tree.total[tree.parent[i]] >= least);
		for (const column of [0, 1])
			assert.equal(totalsOf(tree, column)[0], totalsOf(whole, column)[0]);
		let narrow = 1;
		while (tree.total[narrow] >= least || !(whole.kids[narrow + 1] -
			whole.kids[narrow]))
			narrow++;
		const zoom = pathTo(tree, narrow).map((at) => tree.key[at]);
		const zoomed = makeTree(seen, { inverted, least, zoom });
		const at = follow(zoomed, zoom);
		const sizes = [whole, zoomed].map((of) => {
			const below = new Uint8Array(of.count);
			let size = below[follow(of, zoom)] = 1;
			for (let i = 1; i < of.count; i++)
				if (below[of.parent[i]])
					size += below[i] = 1;
			return size;
		});
		assert.equal(sizes[0], sizes[1]);
		assert.equal(zoomed.total[at], tree.total[narrow]);
		assert.ok(zoomed.count < whole.count);
	}
});

test("nothing is a root of no width", () => {
	const none = { parent: [0], key: new Int32Array(1), keys: 1,
		own: [new Float64Array(1)] };
	for (const inverted of [false, true]) {
		const tree = makeTree(look(none), { inverted });
		assert.equal(tree.count, 1);
		assert.deepEqual(tree.rows, [0, 1]);
		assert.equal(tree.kids[0], 1);
		assert.equal(tree.kids[1], 1);
		assert.equal(frameAt(tree, 0, 0), -1);
		drawLevel(tree, 0, 0, 0, 100, 1, () => assert.fail());
	}
});

test("recursion of any depth", () => {
	const depth = 200000;
	const parent = Uint32Array.from({ length: depth }, (_, s) => s && s - 1);
	const own = new Float64Array(depth);
	own[depth - 1] = 7;
	const stacks = { parent, key: new Int32Array(depth), keys: 1, own: [own] };
	assert.equal(makeTree(look(stacks)).rows.length, depth + 1);
	assert.equal(makeTree(look(stacks), { inverted: true }).count, depth);
	assert.equal(makeTree(look(stacks, true)).count, 2);
});

test("frames are found by place, path and mark", () => {
	const stacks = randomStacks(11, 3000, 60);
	const tree = makeTree(look(stacks));
	for (let i = 1; i < tree.count; i += 7) {
		const middle = tree.x[i] + tree.total[i] / 2;
		assert.equal(frameAt(tree, levelOf(tree, i), middle), i);
		const path = pathTo(tree, i);
		assert.equal(path[path.length - 1], i);
		assert.equal(follow(tree, path.map((at) => tree.key[at])), i);
	}
});

test("marked time is that of the outermost marked frames", () => {
	for (const inverted of [false, true]) {
		const stacks = randomStacks(12, 2000, 40), seen = look(stacks);
		const tree = makeTree(seen, { inverted });
		const marked = new Uint8Array(40);
		assert.equal(markedTime(seen, marked, []), 0);
		marked[7] = marked[9] = 1;
		const sum = (i: number): number => {
			if (i && marked[tree.key[i]])
				return tree.total[i];
			let all = 0;
			for (let k = tree.kids[i]; k < tree.kids[i + 1]; k++)
				all += sum(k);
			return all;
		};
		assert.ok(sum(0) > 0);
		for (let i = 0; i < tree.count; i += 5) {
			const path = pathTo(tree, i).map((at) => tree.key[at]);
			const above = path.some((key) => marked[key]);
			assert.equal(markedTime(seen, marked, path, inverted),
				above ? tree.total[i] : sum(i));
		}
	}
});

test("a level is drawn without gaps where frames touch", () => {
	const count = 5001;
	const own = Float64Array.from({ length: count }, (_, s) => s ? 1 : 0);
	const key = Int32Array.from({ length: count }, (_, s) => s);
	const tree = makeTree(look({ parent: new Uint32Array(count), key,
		keys: count, own: [own] }));
	const seen: number[][] = [];
	drawLevel(tree, 1, 0, 5000, 100, 1, (frame, from, to, many) => {
		assert.ok(many);
		seen.push([from, to]);
	});
	assert.equal(seen[0][0], 0);
	assert.ok(Math.abs(seen[seen.length - 1][1] - 100) < 1e-9);
	for (let i = 1; i < seen.length; i++)
		assert.ok(Math.abs(seen[i][0] - seen[i - 1][1]) < 1e-9);
	assert.ok(seen.length <= 101);
	const one: number[] = [];
	drawLevel(tree, 1, 1000, 1010, 100, 1, (frame, from, to, many) => {
		assert.ok(!many);
		assert.ok(to - from > 9.99 && to - from < 10.01);
		one.push(frame);
	});
	assert.equal(one.length, 10);
	assert.equal(one[0], firstAfter(tree, 1, 1000));
});

test("changes are as wide as what grew and what shrank", () => {
	const stacks = randomStacks(21, 1500, 20);
	const tree = makeTree(look(stacks)), made = makeChanges(tree);
	let grew = 0, shrank = 0;
	for (let i = 0; i < tree.count; i++) {
		const change = tree.own[1][i] - tree.own[0][i];
		if (change > 0)
			grew += change;
		else
			shrank -= change;
	}
	assert.equal(made.total[0], grew + shrank);
	assert.equal(totalsOf(made, 0)[0], grew);
	assert.equal(totalsOf(made, 1)[0], shrank);
	for (let i = 1; i < made.count; i++)
		assert.equal(made.key[i], tree.key[made.stack[i]]);
});
