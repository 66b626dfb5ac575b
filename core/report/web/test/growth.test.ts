// SPDX-License-Identifier: Apache-2.0
//
// What is said of two heaps.

import assert from "node:assert/strict";
import { test } from "node:test";
import { cameTo, isOf, signed, span, warnings, WHICH, wordOf }
	from "../src/growth";
import type { Growth, HolderChange, TypeChange } from "../src/growth";

const row = (before: number, after: number, bytes: number) => ({
	count_before: before, count_after: after, count_delta: after - before,
	bytes_delta: bytes }) as TypeChange;

test("types are of those asked for", () => {
	const of = (change: TypeChange) =>
		WHICH.filter((which) => isOf(which, change));
	assert.deepEqual(of(row(1, 3, 100)), ["all", "grown"]);
	assert.deepEqual(of(row(3, 1, -100)), ["all", "shrunk"]);
	assert.deepEqual(of(row(0, 1, 10)), ["all", "grown", "new"]);
	assert.deepEqual(of(row(1, 0, -10)), ["all", "shrunk", "gone"]);
	/* More objects in fewer bytes: what counts are bytes. */
	assert.deepEqual(of(row(1, 3, -100)), ["all", "shrunk"]);
	/* Static ones have none. */
	assert.deepEqual(of(row(1, 3, 0)), ["all", "grown"]);
	/* Others came than went. */
	assert.deepEqual(of(row(2, 2, 0)), ["all"]);
	assert.equal(wordOf(row(0, 1, 10)), "new");
	assert.equal(wordOf(row(2, 2, 0)), "");
});

test("a change has a sign", () => {
	assert.equal(signed(5, String), "▲ +5");
	assert.equal(signed(-5, String), "▼ −5");
	assert.equal(signed(0, String), "= 0");
});

test("what came to a holder", () => {
	const holder = { new_objects: 0, new_bytes: 0, mostly: null,
		mostly_count: null } as HolderChange;
	assert.match(cameTo(holder), /no new objects/);
	holder.new_objects = 1;
	holder.new_bytes = 64;
	assert.equal(cameTo(holder), "1 new object in 64 bytes");
	holder.new_objects = 3000;
	holder.mostly = "app.Node";
	holder.mostly_count = 2000;
	assert.equal(cameTo(holder),
		"3,000 new objects in 64 bytes, 2,000 of them app.Node");
});

test("spans of time", () => {
	assert.equal(span(0), "less than 1 s");
	assert.equal(span(59), "59 s");
	assert.equal(span(3725), "1 h 2 min");
	assert.equal(span(2 * 86400 + 3), "2 d 3 s");
});

test("what figures do not mean is said", () => {
	const of = { unrelated: false, taken_at: 5, damaged_pools: 0,
		old: { taken_at: 5 } } as unknown as Growth;
	assert.deepEqual(warnings(of), []);
	const worse = { unrelated: true, taken_at: 4, damaged_pools: 3,
		old: { taken_at: 5, collecting: true } } as unknown as Growth;
	const text = warnings(worse).join("\n");
	assert.match(text, /not of one process/);
	assert.match(text, /after the second/);
	assert.match(text, /Of the first: a garbage collection/);
	assert.match(text, /Of the second: 3 pools/);
});
