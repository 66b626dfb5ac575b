// SPDX-License-Identifier: Apache-2.0
//
// Moments of a profile as columns of pixels: what threads did when. Pure.
//
// A moment of more than a slice lasts as long as it is worth; in a slice that
// is shared, each lasts all of it with its part of the weight.

import { lowerBound } from "./model";
import type { Profile } from "./model";

type Moments = NonNullable<Profile["moments"]>;

/** Moments by thread: first[t] … first[t + 1] in `of`, in order of time. */
export interface Lanes {
	moments: Moments;
	first: Uint32Array;
	of: Uint32Array;
	/** The longest that a moment lasts. */
	longest: number;
}

export function makeLanes(profile: Profile): Lanes {
	const moments = profile.moments!, count = moments.at.length;
	const first = new Uint32Array(profile.threads.length + 2);
	let longest = moments.sliceNs;
	for (let m = 0; m < count; m++) {
		first[profile.tallyThread[moments.tally[m]] + 2]++;
		longest = Math.max(longest, moments.ns[m]);
	}
	for (let t = 0; t + 1 < first.length; t++)
		first[t + 1] += first[t];
	const of = new Uint32Array(count);
	for (let m = 0; m < count; m++)
		of[first[profile.tallyThread[moments.tally[m]] + 1]++] = m;
	return { moments, first, of, longest };
}

/** The first place in a thread's moments that is not before a time. */
export function placeOf(lanes: Lanes, thread: number, at: number): number {
	let low = lanes.first[thread], high = lanes.first[thread + 1];
	while (low < high) {
		const mid = (low + high) >> 1;
		if (lanes.moments.at[lanes.of[mid]] < at)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/** What share of each column a moment has, column by column. */
function spread(moments: Moments, m: number, from: number, width: number,
	count: number, add: (column: number, ns: number) => void): void {
	const at = moments.at[m], ns = moments.ns[m];
	const span = Math.max(moments.sliceNs, ns, 1);
	const start = (at - from) / width, end = (at + span - from) / width;
	const last = Math.min(count, Math.ceil(end));
	for (let c = Math.max(0, Math.floor(start)); c < last; c++) {
		const part = Math.min(end, c + 1) - Math.max(start, c);
		if (part > 0)
			add(c, ns * part * width / span);
	}
}

/** ns by column and state of a thread; `sums` is columns × states. */
export function laneColumns(profile: Profile, lanes: Lanes, thread: number,
	from: number, width: number, sums: Float64Array, states: number): void {
	const { moments, of, first } = lanes, count = sums.length / states;
	sums.fill(0);
	const to = from + width * count;
	for (let p = placeOf(lanes, thread, from - lanes.longest);
		p < first[thread + 1] && moments.at[of[p]] < to; p++) {
		const state = profile.tallyState[moments.tally[of[p]]];
		spread(moments, of[p], from, width, count, (column, ns) => {
			sums[column * states + state] += ns;
		});
	}
}

/** ns by cell of all moments whose tally counts. */
export function cells(profile: Profile, longest: number,
	counts: (tally: number) => boolean, from: number, width: number,
	count: number): Float64Array {
	const moments = profile.moments!, sums = new Float64Array(count);
	const to = from + width * count;
	for (let m = lowerBound(moments.at, from - longest);
		m < moments.at.length && moments.at[m] < to; m++)
		if (counts(moments.tally[m]))
			spread(moments, m, from, width, count, (cell, ns) => {
				sums[cell] += ns;
			});
	return sums;
}

/** The moment of a thread at a time; -1: none. */
export function momentAt(lanes: Lanes, thread: number, at: number): number {
	const { moments, of, first } = lanes;
	for (let p = placeOf(lanes, thread, at + 1); p-- > first[thread];) {
		const m = of[p];
		if (moments.at[m] + lanes.longest < at)
			break;
		if (moments.at[m] + Math.max(moments.sliceNs, moments.ns[m]) > at)
			return m;
	}
	return -1;
}

/** Round steps for an axis: where to write, and the step. */
export function ticks(from: number, to: number, most: number):
	{ step: number; at: number[] } {
	const least = (to - from) / Math.max(1, most);
	const size = 10 ** Math.floor(Math.log10(least || 1));
	const step = [1, 2, 5, 10].map((n) => n * size).find((n) => n >= least)!;
	const at = [];
	for (let tick = Math.ceil(from / step) * step; tick <= to; tick += step)
		at.push(tick);
	return { step, at };
}

/** A stretch of time made wider or narrower around a time, inside of
 * [0, end]. */
export function zoomed([from, to]: readonly [number, number], factor: number,
	around: number, end: number, least: number): [number, number] {
	const wide = Math.min(end, Math.max(least, (to - from) * factor));
	const part = (around - from) / (to - from);
	const start = Math.max(0, Math.min(end - wide, around - part * wide));
	return [start, start + wide];
}
