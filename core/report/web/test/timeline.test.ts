// SPDX-License-Identifier: Apache-2.0
//
// Columns of time: nothing is lost between pixels.

import assert from "node:assert/strict";
import { test } from "node:test";
import { makeProfile } from "../src/model";
import { cells, laneColumns, makeLanes, momentAt, ticks, zoomed }
	from "../src/timeline";
import { makeRaw } from "./profiles";

/* Thread 0 runs, then waits; thread 1 shares slices between two states. */
const raw = makeRaw([
	{ stack: ["a:1"], thread: 0, state: 0, samples: 5, ns: 5000 },
	{ stack: ["a:1", "b:2"], thread: 0, state: 2, samples: 5, ns: 5000 },
	{ stack: ["c:1"], thread: 1, state: 0, samples: 3, ns: 300 },
	{ stack: ["c:1", "d:2"], thread: 1, state: 1, samples: 3, ns: 700 },
]);
const rows: [number, number, number][] = [
	[0, 0, 5000], [20, 2, 100], [20, 3, 200], [21, 2, 200], [22, 3, 500],
	[50, 1, 5000],
];
raw.moments = { slice_ns: 100, step: [], tally: [], samples: [], ns: [] };
rows.forEach(([slice, tally, ns], at) => {
	raw.moments!.step.push(slice - (at ? rows[at - 1][0] : 0));
	raw.moments!.tally.push(tally);
	raw.moments!.samples.push(1);
	raw.moments!.ns.push(ns);
});
const profile = makeProfile(raw), lanes = makeLanes(profile);
const sum = (list: ArrayLike<number>) => [...Array.from(list)]
	.reduce((a, b) => a + b, 0);

test("columns add up to the moments, however wide they are", () => {
	for (const count of [1, 3, 10, 64, 1000]) {
		const width = 10000 / count;
		for (const [thread, whole] of [[0, 10000], [1, 1000]]) {
			const sums = new Float64Array(count * 3);
			laneColumns(profile, lanes, thread, 0, width, sums, 3);
			assert.ok(Math.abs(sum(sums) - whole) < 1e-6);
		}
		assert.ok(Math.abs(sum(cells(profile, lanes.longest, () => true, 0,
			width, count)) - 11000) < 1e-6);
	}
});

test("a moment lasts as long as it is worth", () => {
	const sums = new Float64Array(10 * 3);
	laneColumns(profile, lanes, 0, 0, 1000, sums, 3);
	for (let column = 0; column < 10; column++)
		assert.equal(sums[column * 3 + (column < 5 ? 0 : 2)], 1000);
});

test("a window shows what began before it", () => {
	const sums = new Float64Array(4 * 3);
	laneColumns(profile, lanes, 0, 4000, 500, sums, 3);
	assert.deepEqual([...sums], [500, 0, 0, 500, 0, 0, 0, 0, 500, 0, 0, 500]);
});

test("what a thread did at a time", () => {
	const tally = (thread: number, at: number) => {
		const moment = momentAt(lanes, thread, at);
		return moment < 0 ? -1 : profile.moments!.tally[moment];
	};
	assert.equal(tally(0, 0), 0);
	assert.equal(tally(0, 4999), 0);
	assert.equal(tally(0, 5000), 1);
	assert.equal(tally(1, 0), -1);
	assert.equal(tally(1, 2150), 2);
	assert.equal(tally(1, 9000), -1);
});

test("ticks are round and few", () => {
	assert.deepEqual(ticks(0, 60e9, 6), { step: 1e10,
		at: [0, 1e10, 2e10, 3e10, 4e10, 5e10, 6e10] });
	assert.ok(ticks(0, 7, 3).at.length <= 4);
});

test("zooming keeps its place and stays inside", () => {
	assert.deepEqual(zoomed([0, 100], 0.5, 50, 100, 1), [25, 75]);
	assert.deepEqual(zoomed([0, 100], 0.5, 0, 100, 1), [0, 50]);
	assert.deepEqual(zoomed([80, 100], 2, 100, 100, 1), [60, 100]);
	assert.deepEqual(zoomed([20, 60], 10, 30, 100, 1), [0, 100]);
	assert.deepEqual(zoomed([10, 12], 0.1, 11, 100, 1), [10.5, 11.5]);
});
