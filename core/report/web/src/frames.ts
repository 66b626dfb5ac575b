// SPDX-License-Identifier: Apache-2.0
//
// From a profile's sums to the stacks that layout.ts merges: what frames are
// called by, which are left out, and threads apart. Pure.

import type { Stacks } from "./layout";
import { eachTally, filePath, functionName, keyName, keysBy, lineName }
	from "./model";
import type { Filter, FrameBy, Profile, Sums } from "./model";

/** Ways of naming the frames of a profile. */
export interface Naming {
	/** The key of each location. */
	keyOf: Int32Array;
	count: number;
	name(key: number): string;
	/** Dim, behind the name; "" where the name says all. */
	place(key: number): string;
	/** A location with the key. */
	location(key: number): number;
}

const namings = new WeakMap<Profile, Map<FrameBy, Naming>>();

export function namingOf(profile: Profile, by: FrameBy): Naming {
	let made = namings.get(profile);
	if (!made)
		namings.set(profile, made = new Map());
	let naming = made.get(by);
	if (!naming)
		made.set(by, naming = makeNaming(profile, by));
	return naming;
}

function makeNaming(profile: Profile, by: FrameBy): Naming {
	const { keyOf: keyAt, count } = keysBy(profile, by);
	const keyOf = Int32Array.from({ length: profile.locationCount },
		(_, at) => keyAt(at));
	const locations = new Uint32Array(count);
	for (let at = keyOf.length; at-- > 0;)
		locations[keyOf[at]] = at;
	return {
		keyOf, count,
		location: (key) => locations[key],
		name: by === "line" ? (key) => functionName(profile,
			profile.locationFunction[locations[key]]) :
			(key) => keyName(profile, by, key),
		place: by === "line" ? (key) => lineName(profile, key) :
			by === "function" ? (key) =>
				profile.fileShort[profile.locationFile[locations[key]]] :
				() => "",
	};
}

const PLUMBING_FILE = /(^<frozen (importlib|runpy|zipimport)|\/(importlib\/|runpy\.py))/;
const PLUMBING_NAME = /^(Thread\.)?(_bootstrap|_bootstrap_inner)$|^_call_with_frames_removed$|^_run_(module_)?code$|^_run_module_as_main$/;

const plumbing = new WeakMap<Profile, Uint8Array>();

/** Locations that start programs, threads and imports, and do nothing else. */
export function plumbingOf(profile: Profile): Uint8Array {
	let found = plumbing.get(profile);
	if (!found) {
		const files = Array.from({ length: profile.fileCount }, (_, file) =>
			PLUMBING_FILE.test(filePath(profile, file)));
		const names = Array.from({ length: profile.functionCount }, (_, id) =>
			PLUMBING_NAME.test(functionName(profile, id)));
		found = Uint8Array.from(profile.locationFile, (file, at) =>
			+(files[file] || (profile.fileOrigin[file] === "stdlib" &&
				names[profile.locationFunction[at]])));
		plumbing.set(profile, found);
	}
	return found;
}

export interface Wanted {
	by: FrameBy;
	/** Below the root a frame for each thread; its key is `count` + index. */
	apart: boolean;
	plumbing: boolean;
	/** When stacks were first seen is wanted. */
	since: boolean;
}

/** When each node was first seen. */
function firstSeen(profile: Profile, parent: Uint32Array,
	nodeOf: (tally: number) => number | undefined): Float64Array {
	const since = new Float64Array(parent.length).fill(Infinity);
	const { moments } = profile;
	for (let at = moments?.at.length ?? 0; at-- > 0;) {
		const node = nodeOf(moments!.tally[at]);
		if (node !== undefined && node < parent.length)
			since[node] = moments!.at[at];
	}
	for (let at = parent.length; --at > 0;)
		since[parent[at]] = Math.min(since[parent[at]], since[at]);
	return since;
}

/** The stacks of sums, as layout.ts takes them. */
export function stacksOf(sums: Sums, filter: Filter, wanted: Wanted): Stacks {
	const { profile, tree } = sums;
	const naming = namingOf(profile, wanted.by);
	const hidden = wanted.plumbing ? null : plumbingOf(profile);
	const keyAt = (node: number) => {
		const location = tree.location[node];
		return hidden?.[location] ? -1 : naming.keyOf[location];
	};
	const nodeAt = (tally: number) => {
		const stack = profile.tallyStack[tally];
		return tree.node ? tree.node[stack] : stack;
	};
	if (wanted.apart)
		return stacksApart(sums, filter, wanted, keyAt, nodeAt);
	const key = new Int32Array(tree.count);
	for (let at = 1; at < tree.count; at++)
		key[at] = keyAt(at);
	return {
		parent: tree.parent, key, keys: naming.count, own: [...sums.split],
		since: wanted.since ?
			firstSeen(profile, tree.parent, nodeAt) : undefined,
	};
}

/** A copy of the tree for each thread, of the nodes it was seen in. */
function stacksApart(sums: Sums, filter: Filter, wanted: Wanted,
	keyAt: (node: number) => number,
	nodeAt: (tally: number) => number): Stacks {
	const { profile, tree, metric } = sums;
	const { count } = namingOf(profile, wanted.by);
	const threads = profile.threads.length;
	const parent = [0], key = [-1];
	const own: [number[], number[], number[]] = [[0], [0], [0]];
	const made = new Uint32Array(tree.count), ofThread = new Uint32Array(tree.count);
	const copyOf = new Map<number, number>();
	const rootOf = new Uint32Array(threads);
	const tallies: number[][] = Array.from({ length: threads }, () => []);
	const value = new Float64Array(profile.tallyCount);
	eachTally(profile, filter, (tally, samples, ns) => {
		if (!value[tally])
			tallies[profile.tallyThread[tally]].push(tally);
		value[tally] += metric === "ns" ? ns : samples;
	});
	const add = (up: number, frame: number) => {
		key.push(frame);
		for (const column of own)
			column.push(0);
		return parent.push(up) - 1;
	};
	const path: number[] = [];
	for (let thread = 0; thread < threads; thread++)
		for (const tally of tallies[thread]) {
			let node = nodeAt(tally);
			if (node >= tree.count)
				continue;
			rootOf[thread] ||= add(0, count + thread);
			path.length = 0;
			for (; node && ofThread[node] !== thread + 1; node = tree.parent[node])
				path.push(node);
			let at = node ? made[node] : rootOf[thread];
			while (path.length) {
				const next = path.pop()!;
				ofThread[next] = thread + 1;
				made[next] = at = add(at, keyAt(next));
			}
			own[profile.groupOf[profile.tallyState[tally]]][at] += value[tally];
			copyOf.set(tally, at);
		}
	const parents = Uint32Array.from(parent);
	return {
		parent: parents, key: Int32Array.from(key), keys: count + threads,
		own: own.map((column) => Float64Array.from(column)),
		since: wanted.since ? firstSeen(profile, parents,
			(tally) => copyOf.get(tally)) : undefined,
	};
}
