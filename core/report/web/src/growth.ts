// SPDX-License-Identifier: Apache-2.0
//
// Two heaps of one process as their report has them (heap_diff_report.c,
// "pyprof/heap-diff/1"), and what is said of them. Pure.

import { bytes, count, counted } from "./format";
import { damageOf } from "./heap";

/** Whose heap it is; flags of damage stand beside. */
export interface Side {
	pid: number;
	core: string | null;
	program: string;
	snapshot: string | null;
	taken_at: number;
	python: string;
	build: string;
	memory_bytes: number;
}

export interface TypeChange {
	type: string;
	count_before: number;
	count_after: number;
	count_delta: number;
	came: number;
	went: number;
	bytes_before: number;
	bytes_after: number;
	bytes_delta: number;
}

/** An object that holds more than it did. */
export interface HolderChange {
	retained_before: number;
	retained_after: number;
	delta: number;
	new_objects: number;
	new_bytes: number;
	/** Of which type most of the new objects are. */
	mostly: string | null;
	mostly_count: number | null;
	address: string;
	type: string | null;
	is_new: boolean;
	path: string;
}

export interface Growth extends Side {
	old: Side;
	/** Not of one process: types alone are compared. */
	unrelated: boolean;
	objects_before: number;
	objects_after: number;
	bytes_before: number;
	bytes_after: number;
	came: number;
	came_bytes: number;
	went: number;
	went_bytes: number;
	types_compared: number;
	types_changed: number;
	holders_found: number;
	types: TypeChange[];
	holders: HolderChange[];
}

export const WHICH = ["all", "grown", "shrunk", "new", "gone"] as const;
export type Which = typeof WHICH[number];

/** Whether a type is of those asked for: by bytes; by objects, where equal. */
export function isOf(which: Which, row: TypeChange): boolean {
	const change = row.bytes_delta || row.count_delta;
	return which === "all" || (which === "grown" ? change > 0 :
		which === "shrunk" ? change < 0 :
			which === "new" ? !row.count_before && row.count_after > 0 :
				row.count_before > 0 && !row.count_after);
}

/** "▲ +1.2 MB": the sign, and how much. */
export const signed = (change: number, text: (n: number) => string): string =>
	!change ? "= 0" : (change > 0 ? "▲ +" : "▼ −") + text(Math.abs(change));

/** "new", "gone", or nothing. */
export const wordOf = (row: TypeChange): string =>
	isOf("new", row) ? "new" : isOf("gone", row) ? "gone" : "";

/** What came to a holder, in words. */
export function cameTo(row: HolderChange): string {
	if (!row.new_objects)
		return "no new objects: what it holds got bigger";
	const text = counted(row.new_objects, "new object") + " in " +
		bytes(row.new_bytes);
	return row.mostly && row.mostly_count ? text + ", " +
		(row.mostly_count === row.new_objects ? "all" : count(row.mostly_count)) +
		" of them " + row.mostly : text;
}

/** "2 h 5 min", of seconds. */
export function span(seconds: number): string {
	const parts: [string, number][] = [["d", 86400], ["h", 3600], ["min", 60],
		["s", 1]];
	const words: string[] = [];
	for (const [unit, size] of parts) {
		const n = Math.floor(seconds / size);
		seconds -= n * size;
		if (n)
			words.push(n + " " + unit);
	}
	return words.slice(0, 2).join(" ") || "less than 1 s";
}

/** What keeps figures from meaning what they seem to, in sentences. */
export function warnings(of: Growth): string[] {
	const notes: string[] = [];
	if (of.unrelated)
		notes.push("The two are not of one process: only their types can be " +
			"compared.");
	if (of.old.taken_at > of.taken_at)
		notes.push("The first was taken after the second: what is shown as " +
			"growth went away.");
	for (const [name, side] of [["first", of.old], ["second", of]] as const) {
		const damage = damageOf(side);
		if (damage.length)
			notes.push("Of the " + name + ": " + damage.join("; ") + ".");
	}
	return notes;
}
