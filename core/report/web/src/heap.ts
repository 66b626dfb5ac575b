// SPDX-License-Identifier: Apache-2.0
//
// A heap as its report has it (heap_json.c, "pyprof/heap/1"), and its tree of
// what holds what as layout.ts takes it. Pure.

import { count } from "./format";
import { look, makeTree } from "./layout";
import type { Tree } from "./layout";

export interface HeapType {
	type: string | null;
	count: number;
	shallow: number;
	block: number;
	bytes: number;
	retained: number;
}

/** One object, or those of a type, that the same group holds. */
export interface Group {
	parent: number | null;
	type: string | null;
	count: number;
	retained: number;
	left_out: number;
	/** Of the biggest, as is the path. */
	address: string;
	path?: string;
}

export interface Suspect {
	sentence: string;
	address: string;
	type: string | null;
	count: number;
	retained: number;
	point: string;
	point_path: string;
	point_retained: number;
}

export interface Text {
	text: string;
	address: string;
	copies: number;
	length: number;
	bytes: number;
	wasted: number;
	holders: { type: string; references: number }[];
}

export interface Big {
	address: string;
	type: string | null;
	shallow: number;
	bytes: number;
	retained: number;
	path: string;
	text: string;
}

export interface Heap {
	meta: Record<string, string | number | boolean | null>;
	totals: Record<string, number>;
	census: Record<string, number | boolean>;
	suspects: Suspect[];
	types: HeapType[];
	tree: Group[];
	/** The biggest by themselves. */
	objects?: Big[];
	strings: { objects: number; bytes: number; distinct: number;
		duplicated: number; wasted: number; top: Text[] };
	garbage: { objects: number; bytes: number; cycles: number;
		reason: string | null;
		types: { type: string | null; count: number; bytes: number }[];
		kinds: { count: number; objects: number; bytes: number;
			types: string; way: string }[] };
}

/** Keys of frames are numbers of groups; the rest is the root's own. */
export function holdersTree(heap: Heap): Tree {
	const { tree, totals } = heap, n = tree.length + 1;
	const parent = new Uint32Array(n), key = new Int32Array(n);
	const own = new Float64Array(n);
	own[0] = totals.reached_bytes;
	tree.forEach((group, at) => {
		const up = group.parent === null ? 0 : group.parent + 1;
		parent[at + 1] = up;
		key[at + 1] = at;
		own[at + 1] += group.retained;
		own[up] -= group.retained;
	});
	for (let at = 0; at < n; at++)
		own[at] = Math.max(0, own[at]);
	return makeTree(look({ parent, key, keys: n, own: [own] }));
}

/** The group of one object, by its address; -1: it was left out. */
export function groupAt(heap: Heap, address: string): number {
	const exact = heap.tree.findIndex((group) =>
		group.address === address && group.count === 1);
	return exact >= 0 ? exact :
		heap.tree.findIndex((group) => group.address === address);
}

/** A path in steps: "app", ".cache", "['users']", "[17]". */
export function stepsOf(path: string): string[] {
	const steps: string[] = [];
	let from = 0, depth = 0, quote = "";
	for (let at = 0; at < path.length; at++) {
		const c = path[at];
		if (quote) {
			if (c === "\\")
				at++;
			else if (c === quote)
				quote = "";
		} else if (depth && (c === "'" || c === '"')) {
			quote = c;
		} else if (c === "[" || c === "<" || c === "(") {
			if (c === "[" && !depth && at > from) {
				steps.push(path.slice(from, at));
				from = at;
			}
			depth++;
		} else if (c === "]" || c === ">" || c === ")") {
			depth--;
		} else if (c === "." && !depth && at > from) {
			steps.push(path.slice(from, at));
			from = at;
		}
	}
	steps.push(path.slice(from));
	return steps;
}

const DAMAGE: readonly [string, string][] = [
	["missing_bytes", "bytes of its memory are missing"],
	["missing_pools", "pools of small objects are not there"],
	["damaged_pools", "pools of small objects are damaged"],
	["damaged_objects", "objects are damaged, and left out"],
	["damaged_edges", "objects were not read to the end"],
	["cut_gc_lists", "lists of the collector break off"],
	["damaged_stacks", "stacks were not read to the end"],
];

/** What of a heap is missing, damaged or in flux, in words. */
export function damageOf(facts: object): string[] {
	const of = facts as Record<string, unknown>;
	const notes = DAMAGE.filter(([key]) => Number(of[key]) > 0)
		.map(([key, text]) => count(Number(of[key])) + " " + text);
	if (of.collecting)
		notes.push("a garbage collection was under way");
	return notes;
}
