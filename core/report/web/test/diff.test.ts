// SPDX-License-Identifier: Apache-2.0
//
// Two profiles: what changed adds up to the difference.

import assert from "node:assert/strict";
import { test } from "node:test";
import { filesOf, makeDiff, scales, sidesOf, unlike } from "../src/diff";
import { totalsOf } from "../src/layout";
import { makeProfile, sumUp } from "../src/model";
import type { Filter } from "../src/model";
import type { RawProfile } from "../src/payload";
import { makeRaw } from "./profiles";

const ALL: Filter = { states: "all", threads: [], range: null, chain: [] };
const meta = (more: object) => ({ mode: "preempt", python_version: "3.13.5",
	python_build: "release", host: "a", sampled_ns: 1000,
	...more }) as unknown as RawProfile["meta"];

/* "slow" got twice as slow, "gone" went, "fresh" came; numbers of functions
 * differ between the two. */
const old = makeRaw([
	{ stack: ["main:1", "gone:2"], thread: 0, state: 0, samples: 3, ns: 30 },
	{ stack: ["main:1", "slow:5"], thread: 0, state: 0, samples: 2, ns: 20 },
	{ stack: ["main:1", "same:7"], thread: 0, state: 2, samples: 4, ns: 40 },
]);
const now = makeRaw([
	{ stack: ["main:1", "fresh:3"], thread: 0, state: 0, samples: 1, ns: 5 },
	{ stack: ["main:1", "same:7"], thread: 0, state: 2, samples: 4, ns: 40 },
	{ stack: ["main:1", "slow:5"], thread: 0, state: 0, samples: 4, ns: 40 },
]);
old.meta = meta({});
now.meta = meta({ sampled_ns: 500 });
const pair = [makeProfile(old), makeProfile(now)];

test("changes as measured", () => {
	for (const inverted of [false, true]) {
		const diff = makeDiff(sidesOf(pair, ALL, "ns"), "function", "none", inverted);
		assert.equal(diff.tree.total[0], 30 + 20 + 5);
		assert.equal(totalsOf(diff.tree, 0)[0], 25);
		assert.equal(totalsOf(diff.tree, 1)[0], 30);
		assert.equal(diff.before[0], 90);
		assert.equal(diff.after[0], 85);
		const names = new Map<string, number>();
		for (let at = 1; at < diff.tree.count; at++)
			names.set(diff.keys.name[diff.tree.key[at]],
				diff.after[at] - diff.before[at]);
		assert.equal(names.get("slow"), 20);
		assert.equal(names.get("gone"), -30);
		assert.equal(names.get("fresh"), 5);
		assert.ok(!names.has("same"));
	}
});

test("rows have both sides", () => {
	const { rows, keys } = makeDiff(sidesOf(pair, ALL, "ns"), "function", "none", false);
	const row = (name: string) =>
		rows.find(({ key }) => keys.name[key] === name)!;
	assert.deepEqual(row("slow").self, [20, 40]);
	assert.deepEqual(row("gone").total, [30, 0]);
	assert.deepEqual(row("fresh").total, [0, 5]);
	assert.deepEqual(row("main").total, [90, 85]);
	assert.deepEqual(row("main").self, [0, 0]);
	const lines = makeDiff(sidesOf(pair, ALL, "ns"), "line", "none", false);
	assert.equal(lines.rows.length, 5);
});

test("times are scaled to the new one's", () => {
	const sums = pair.map((profile) => sumUp(profile, ALL, "ns"));
	assert.deepEqual(scales(sums, "none"), [1, 1]);
	assert.deepEqual(scales(sums, "time"), [0.5, 1]);
	assert.deepEqual(scales(sums, "share"), [85 / 90, 1]);
	const diff = makeDiff(sidesOf(pair, ALL, "ns"), "function", "time", false);
	assert.equal(diff.before[0], 45);
	assert.equal(diff.after[0], 85);
});

test("the same twice has no changes", () => {
	const diff = makeDiff(sidesOf([pair[0], pair[0]], ALL, "ns"), "line", "time", false);
	assert.equal(diff.tree.total[0], 0);
	assert.equal(diff.tree.count, 1);
});

test("what was not taken alike is said", () => {
	assert.deepEqual(unlike(pair[0], pair[1]), []);
	const other = makeRaw([]);
	other.meta = meta({ mode: "stop", python_version: "3.12.1" });
	assert.deepEqual(unlike(pair[0], makeProfile(other)), [
		"mode: preempt before, stop after", "Python: 3.13 before, 3.12 after"]);
});
