// SPDX-License-Identifier: Apache-2.0
//
// The lines of a file as the page has them: text where there is some, gaps
// where not, and those with time. Pure.

import type { RawSource } from "./payload";
import { tokenize } from "./python";
import type { Carry, Token } from "./python";

/** Why a file may not have its text, by its status. */
export const STATUS: Record<string, string> = {
	changed: "The file was changed after the process started: lines may not " +
		"match.",
	missing: "The file was not found; only its lines with time are listed.",
	none: "The code comes from no file; only its lines with time are listed.",
	omitted: "The text was left out to keep the page small; only lines with " +
		"time are listed.",
	private: "The text was not put into this page (see dump --source); only " +
		"lines with time are listed.",
};

export interface Line {
	/** 0: `gap` lines are left out here. */
	number: number;
	gap: number;
	tokens: readonly Token[];
	/** The key of its sums; -1: no time. */
	key: number;
}

/** The lines of a file that there is something to say of, in order.
 * @param keys By number, those that have time; it is used up. */
export function linesOf(source: RawSource | undefined,
	keys: Map<number, number>, fold: boolean): Line[] {
	const lines: Line[] = [];
	let next = 1;
	const upTo = (number: number) => {
		/* Lines with time that there is no text of. */
		for (const [at, key] of [...keys].sort(([a], [b]) => a - b))
			if (at < number) {
				lines.push({ number: at, gap: 0, tokens: [], key });
				keys.delete(at);
			}
		if (number > next && number < Infinity)
			lines.push({ number: 0, gap: number - next, tokens: [], key: -1 });
	};
	for (const window of source?.windows ?? []) {
		let carry: Carry = "";
		upTo(window.start);
		window.lines.forEach((text, at) => {
			const number = window.start + at;
			const done = tokenize(text, carry);
			carry = done.carry;
			lines.push({ number, gap: 0, tokens: done.tokens,
				key: keys.get(number) ?? -1 });
			keys.delete(number);
		});
		next = window.start + window.lines.length;
	}
	if (source && source.total >= next)
		upTo(source.total + 1);
	upTo(Infinity);
	return fold ? foldCold(lines) : lines;
}

/** Two lines around each with time stay. */
function foldCold(lines: Line[]): Line[] {
	const near = new Uint8Array(lines.length);
	lines.forEach((line, at) => {
		if (line.key >= 0)
			near.fill(1, Math.max(0, at - 2), at + 3);
	});
	const out: Line[] = [];
	let gap = 0;
	const flush = () => {
		if (gap)
			out.push({ number: 0, gap, tokens: [], key: -1 });
		gap = 0;
	};
	lines.forEach((line, at) => {
		if (near[at] && !line.gap) {
			flush();
			out.push(line);
		} else {
			gap += line.gap || 1;
		}
	});
	flush();
	return out;
}

