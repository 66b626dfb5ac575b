// SPDX-License-Identifier: Apache-2.0
//
// The tree of what holds what, and paths in steps.

import assert from "node:assert/strict";
import { test } from "node:test";
import { groupAt, holdersTree, stepsOf } from "../src/heap";
import type { Group, Heap } from "../src/heap";

const group = (parent: number | null, retained: number, count = 1,
	left_out = 0): Group => ({ parent, retained, count, left_out,
	type: "T", address: "0x" + retained.toString(16) });

const heap = {
	totals: { reached_bytes: 1000 },
	tree: [group(null, 600), group(null, 100, 7), group(0, 400, 3, 50),
		group(0, 150), group(2, 300)],
} as Partial<Heap> as Heap;

test("frames are as wide as what they hold", () => {
	const tree = holdersTree(heap);
	assert.equal(tree.count, 6);
	assert.equal(tree.total[0], 1000);
	assert.equal(tree.self[0], 300);
	for (let at = 1; at < tree.count; at++)
		assert.equal(tree.total[at], heap.tree[tree.key[at]].retained);
	assert.equal(tree.self.slice(0, 6).reduce((a, b) => a + b, 0), 1000);
});

test("nothing at all is a tree, too", () => {
	const tree = holdersTree({ tree: [], totals: { reached_bytes: 0 } } as
		Partial<Heap> as Heap);
	assert.equal(tree.count, 1);
});

test("groups are found by their object", () => {
	assert.equal(groupAt(heap, "0x258"), 0);
	assert.equal(groupAt(heap, "0x190"), 2);
	assert.equal(groupAt(heap, "0x1"), -1);
});

test("paths are cut into steps", () => {
	assert.deepEqual(stepsOf("app.cache['a.b[0]'][17].name"),
		["app", ".cache", "['a.b[0]']", "[17]", ".name"]);
	assert.deepEqual(stepsOf("in f (app.py:17): rows[0]"),
		["in f (app.py:17): rows", "[0]"]);
	assert.deepEqual(stepsOf("held from outside: <dict at 0x7f>.x"),
		["held from outside: <dict at 0x7f>", ".x"]);
	assert.deepEqual(stepsOf("a['it\\'s']"), ["a", "['it\\'s']"]);
	assert.deepEqual(stepsOf(""), [""]);
});
