// SPDX-License-Identifier: Apache-2.0
//
// Two profiles side by side: what they share has one key, and times are scaled
// so that they can be compared. Pure.

import { look, makeChanges, makeTree, totalsOf } from "./layout";
import type { Tree } from "./layout";
import { filePath, fileOfFunction, functionName, keyName, keysBy, rowsBy, sumUp }
	from "./model";
import type { Filter, FrameBy, Metric, Profile, Sums } from "./model";

export type DiffBy = FrameBy;
/** Per second of the run, as shares of all time, or as it is. */
export type Norm = "time" | "share" | "none";

/** Keys that both profiles have in common. */
export interface Keys {
	/** By side, the key of each location. */
	of: Int32Array[];
	count: number;
	name: string[];
	file: string[];
	line: Int32Array;
}

export function sharedKeys(profiles: readonly Profile[], by: DiffBy): Keys {
	const ids = new Map<string, number>();
	const name: string[] = [], file: string[] = [], line: number[] = [];
	const of = profiles.map((profile) => {
		const { keyOf, count } = keysBy(profile, by);
		const mine = new Int32Array(count).fill(-1);
		return Int32Array.from({ length: profile.locationCount }, (_, at) => {
			const key = keyOf(at);
			if (mine[key] >= 0)
				return mine[key];
			const fn = profile.locationFunction[at];
			const isWhole = by === "file" || by === "module";
			const path = by === "module" ? "" : filePath(profile,
				by === "function" ? fileOfFunction(profile, fn) :
					profile.locationFile[at]);
			const text = isWhole ? keyName(profile, by, key) :
				functionName(profile, fn);
			const number = isWhole ? 0 : by === "line" ?
				profile.locationLine[at] : profile.functionLine[fn];
			// A function may move within its file; a line may not.
			const both = path + "\0" + (by === "line" ? number :
				by === "file" || text);
			let id = ids.get(both);
			if (id === undefined) {
				ids.set(both, id = name.push(text) - 1);
				file.push(path);
				line.push(number);
			}
			return mine[key] = id;
		});
	});
	return { of, count: name.length, name, file, line: Int32Array.from(line) };
}

/** What times of each side are multiplied by: those of the new are 1. */
export function scales(sums: readonly Sums[], norm: Norm): [number, number] {
	const whole = sums.map(({ all, profile }) => norm === "share" ? all :
		norm === "time" ? profile.raw.meta.sampled_ns : 1);
	return [whole[0] > 0 && whole[1] > 0 ? whole[1] / whole[0] : 1, 1];
}

export interface Change {
	key: number;
	/** Old and new, scaled. */
	self: [number, number];
	total: [number, number];
}

export interface Diff {
	sums: Sums[];
	keys: Keys;
	scale: [number, number];
	/** What changed: as wide as what grew and what shrank. */
	tree: Tree;
	/** By frame of it: old and new with all below, and the net change. */
	before: Float64Array;
	after: Float64Array;
	rows: Change[];
}

function changesOf(sums: readonly Sums[], keys: Keys, by: DiffBy,
	scale: readonly number[]): Change[] {
	const made: Change[] = [];
	sums.forEach((side, s) => {
		const rows = rowsBy(side, by);
		for (const key of rows.keys) {
			const shared = keys.of[s][rows.best[key]];
			const row = made[shared] ??=
				{ key: shared, self: [0, 0], total: [0, 0] };
			row.self[s] += rows.self[key] * scale[s];
			row.total[s] += rows.total[key] * scale[s];
		}
	});
	return Object.values(made);
}

/** What the filter lets through of each; of threads those with a name. */
export function sidesOf(profiles: readonly Profile[], filter: Filter,
	metric: Metric, thread = ""): Sums[] {
	return profiles.map((profile) => {
		const named = profile.threads.filter(({ name }) => name === thread);
		/* None at all is one that there is not. */
		const threads = !thread ? [] : named.length ?
			named.map(({ index }) => index) : [profile.threads.length];
		return sumUp(profile, { ...filter, threads }, metric);
	});
}

/** A file, and its lines that have time on one side or both. */
export interface FileChange {
	path: string;
	self: [number, number];
	lines: Map<number, Change>;
}

/** Most changed first. */
export function filesOf(sums: readonly Sums[], norm: Norm): FileChange[] {
	const keys = sharedKeys(sums.map(({ profile }) => profile), "line");
	const files = new Map<string, FileChange>();
	for (const row of changesOf(sums, keys, "line", scales(sums, norm))) {
		const path = keys.file[row.key];
		let file = files.get(path);
		if (!file)
			files.set(path, file = { path, self: [0, 0], lines: new Map() });
		file.self[0] += row.self[0];
		file.self[1] += row.self[1];
		file.lines.set(keys.line[row.key], row);
	}
	const change = ({ self }: FileChange) => Math.abs(self[1] - self[0]);
	return [...files.values()].sort((a, b) => change(b) - change(a));
}

export function makeDiff(sums: Sums[], by: DiffBy, norm: Norm,
	inverted: boolean): Diff {
	const keys = sharedKeys(sums.map(({ profile }) => profile), by);
	const scale = scales(sums, norm);
	// One behind the other, below the same root.
	const sizes = sums.map(({ tree }) => tree.count);
	const count = sizes[0] + sizes[1] - 1;
	const parent = new Uint32Array(count), key = new Int32Array(count);
	const own = [new Float64Array(count), new Float64Array(count)];
	sums.forEach(({ tree, self }, s) => {
		const base = s * (sizes[0] - 1);
		own[s][0] = self[0] * scale[s];
		for (let at = 1; at < tree.count; at++) {
			parent[base + at] = tree.parent[at] && base + tree.parent[at];
			key[base + at] = keys.of[s][tree.location[at]];
			own[s][base + at] = self[at] * scale[s];
		}
	});
	const seen = look({ parent, key, keys: keys.count, own });
	const both = makeTree(seen, { inverted,
		least: count > 50000 ? seen.sum[0] / 16384 : 0 });
	const tree = makeChanges(both);
	const [before, after] = [0, 1].map((side) => {
		const totals = totalsOf(both, side);
		return Float64Array.from({ length: tree.count },
			(_, frame) => totals[tree.stack[frame]]);
	});
	return { sums, keys, scale, tree, before, after,
		rows: changesOf(sums, keys, by, scale) };
}

/** What makes two profiles hard to compare. */
export function unlike(old: Profile, now: Profile): string[] {
	const a = old.raw.meta, b = now.raw.meta, found: string[] = [];
	const differ = (what: string, before: unknown, after: unknown) => {
		if (before !== after)
			found.push(`${what}: ${before} before, ${after} after`);
	};
	differ("mode", a.mode, b.mode);
	differ("Python", a.python_version.split(".").slice(0, 2).join("."),
		b.python_version.split(".").slice(0, 2).join("."));
	differ("build", a.python_build, b.python_build);
	differ("host", a.host, b.host);
	return found;
}
