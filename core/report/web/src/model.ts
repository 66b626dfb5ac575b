// SPDX-License-Identifier: Apache-2.0
//
// A profile as columns, and what is added up of it under a filter. Pure: it
// knows nothing of the page. Times are whole nanoseconds, counts whole samples.
//
// Everything is linear in stacks and tallies and takes milliseconds for
// 100,000 stacks; there is no need to do it step by step.

import { modulesOf, ORIGINS, originOf, shorten, visible } from "./paths";
import type { Origin } from "./paths";
import type { Group, RawProfile, RawSource } from "./payload";

export { originOf, shorten, visible } from "./paths";
export type { Origin } from "./paths";

export const GROUPS: readonly Group[] = ["python", "native", "wait"];
export const NONE = 0xffffffff;

export interface Thread {
	index: number;
	tid: number;
	name: string;
	interpreter: number;
	isMain: boolean;
}

export interface Profile {
	raw: RawProfile;
	strings: readonly string[];
	/** States of tallies as 0, 1, 2 of GROUPS. */
	groupOf: Uint8Array;
	threads: readonly Thread[];

	functionCount: number;
	/** Strings. */
	functionFile: Uint32Array;
	functionName: Uint32Array;
	functionLine: Int32Array;

	locationCount: number;
	locationFunction: Uint32Array;
	/** 0 where there is none. */
	locationLine: Int32Array;
	/** The line, below. */
	locationKey: Uint32Array;
	/** The file, below. */
	locationFile: Uint32Array;

	/** Lines: the different (file, line) of locations. */
	lineCount: number;
	lineFile: Uint32Array;
	lineNumber: Int32Array;

	/** Files: dense numbers, and the string of each. */
	fileCount: number;
	fileString: Uint32Array;
	fileShort: readonly string[];
	fileOrigin: readonly Origin[];
	/** Modules, and that of each file. */
	moduleNames: readonly string[];
	fileModule: readonly number[];

	/** All stacks; parents come first and 0 is the empty stack. */
	tree: Tree;

	tallyCount: number;
	tallyStack: Uint32Array;
	tallyThread: Uint32Array;
	tallyState: Uint8Array;
	tallySamples: Float64Array;
	tallyNs: Float64Array;

	/** Parts of tallies in order of time; null: the time is not known. */
	moments: {
		sliceNs: number;
		at: Float64Array;
		tally: Uint32Array;
		samples: Float64Array;
		ns: Float64Array;
		/** Behind the last. */
		end: number;
	} | null;

	/** By file. */
	sources: ReadonlyMap<number, RawSource>;
}

/** Stacks as a tree: node 0 is the empty one, parents come first. */
export interface Tree {
	count: number;
	parent: Uint32Array;
	location: Uint32Array;
	/** First child and next sibling; 0 ends a list. */
	child: Uint32Array;
	next: Uint32Array;
	/** The node of each stack of the profile; NONE: left out. */
	node: Uint32Array | null;
}

/** What frames may be called by. */
export const FRAME_BY = ["function", "line", "file", "module"] as const;
export type FrameBy = typeof FRAME_BY[number];
export type By = FrameBy | "origin" | "location";

/** Frames that are called alike. */
export interface Chosen {
	by: By;
	key: number;
}

/** A step of the filter chain. */
export interface Step extends Chosen {
	/**
	 * focus: only stacks with it. root: from it on. upto: up to it, what it
	 * calls is its own time. ignore: no stacks with it. hide: its frames are
	 * left out, its time is its caller's.
	 */
	op: "focus" | "root" | "upto" | "ignore" | "hide";
}

export type States = "running" | "waiting" | "all";
export type Metric = "ns" | "samples";

export interface Filter {
	states: States;
	/** Threads by index; empty: all. */
	threads: readonly number[];
	/** [from, to) in ns since the first sample; null: all the time. */
	range: readonly [number, number] | null;
	chain: readonly Step[];
}

export const EVERYTHING: Filter = { states: "all", threads: [], range: null,
	chain: [] };

/** A filter's sums, by node of its tree, in one metric. */
export interface Sums {
	profile: Profile;
	tree: Tree;
	metric: Metric;
	self: Float64Array;
	total: Float64Array;
	/** Samples of self, whatever the metric. */
	samples: Float64Array;
	/** Parts of self, by group. */
	split: readonly [Float64Array, Float64Array, Float64Array];
	/** All that the filter lets through, and the part without a frame. */
	all: number;
	frameless: number;
	allSamples: number;
	allSplit: readonly [number, number, number];
}

/** Sums by one way of naming frames. Recursion counts once in totals. */
export interface Rows {
	by: By;
	/** Keys with a total, in no order. */
	keys: Uint32Array;
	/** By key. */
	self: Float64Array;
	total: Float64Array;
	samples: Float64Array;
	split: readonly [Float64Array, Float64Array, Float64Array];
	/** The location with the most self, then total; NONE: no total. */
	best: Uint32Array;
}

/** Running sum of a column of differences. */
function integrate(steps: readonly number[], scale = 1): Float64Array {
	const out = new Float64Array(steps.length);
	let sum = 0;
	for (let at = 0; at < steps.length; at++)
		out[at] = (sum += steps[at]) * scale;
	return out;
}

function link(parent: Uint32Array, location: Uint32Array,
	node: Uint32Array | null): Tree {
	const count = parent.length;
	const child = new Uint32Array(count), next = new Uint32Array(count);
	for (let at = count - 1; at > 0; at--) {
		next[at] = child[parent[at]];
		child[parent[at]] = at;
	}
	return { count, parent, location, child, next, node };
}

/** Moments without samples have what is left of their tally. */
function makeMoments(raw: RawProfile): Profile["moments"] {
	const from = raw.moments;
	if (!from?.tally.length)
		return null;
	const at = integrate(from.step, from.slice_ns);
	const samples = new Float64Array(from.samples);
	const ns = new Float64Array(from.ns);
	const left = new Float64Array(raw.tallies.samples);
	const leftNs = new Float64Array(raw.tallies.ns);
	for (let n = 0; n < at.length; n++) {
		const tally = from.tally[n];
		if (!samples[n]) {
			samples[n] = left[tally];
			ns[n] = leftNs[tally];
		}
		left[tally] -= samples[n];
		leftNs[tally] -= ns[n];
	}
	return { sliceNs: from.slice_ns, at, samples, ns,
		tally: new Uint32Array(from.tally),
		end: at[at.length - 1] + from.slice_ns };
}

export function makeProfile(raw: RawProfile): Profile {
	const { functions, locations, stacks, tallies, strings } = raw;
	const functionFile = new Uint32Array(functions.file);
	const locationFunction = new Uint32Array(locations.function);
	const locationLine = new Int32Array(locations.line)
		.map((line) => Math.max(0, line));
	const locationCount = locationFunction.length;

	const fileIds = new Map<number, number>();
	const lineIds = new Map<number, number>();
	const lineFile: number[] = [], lineNumber: number[] = [];
	const locationFile = new Uint32Array(locationCount);
	const locationKey = new Uint32Array(locationCount);
	const fileId = (string: number) => {
		let id = fileIds.get(string);
		if (id === undefined)
			fileIds.set(string, id = fileIds.size);
		return id;
	};
	for (let at = 0; at < locationCount; at++) {
		const file = fileId(functionFile[locationFunction[at]]);
		const pair = file * 2 ** 31 + locationLine[at];
		let id = lineIds.get(pair);
		if (id === undefined) {
			lineIds.set(pair, id = lineFile.length);
			lineFile.push(file);
			lineNumber.push(locationLine[at]);
		}
		locationFile[at] = file;
		locationKey[at] = id;
	}
	const fileString = Uint32Array.from(fileIds.keys());
	const paths = [...fileString].map((string) => strings[string]);
	const modules = modulesOf(paths);

	return {
		raw, strings,
		groupOf: Uint8Array.from(raw.states,
			(state) => GROUPS.indexOf(state.group)),
		threads: raw.threads.tid.map((tid, index) => ({
			index, tid,
			name: visible(strings[raw.threads.name[index]]),
			interpreter: raw.threads.interpreter[index],
			isMain: raw.threads.main[index] > 0,
		})),
		functionCount: functionFile.length,
		functionFile,
		functionName: new Uint32Array(functions.qualname).map(
			(name, at) => strings[name] ? name : functions.name[at]),
		functionLine: new Int32Array(functions.line),
		locationCount, locationFunction, locationLine, locationKey,
		locationFile,
		lineCount: lineFile.length,
		lineFile: new Uint32Array(lineFile),
		lineNumber: new Int32Array(lineNumber),
		fileCount: paths.length, fileString,
		fileShort: shorten(paths),
		fileOrigin: paths.map(originOf),
		moduleNames: modules.names,
		fileModule: modules.of,
		tree: link(new Uint32Array(stacks.up).map((up, at) => at - up),
			new Uint32Array(stacks.location), null),
		tallyCount: tallies.step.length,
		tallyStack: new Uint32Array(integrate(tallies.step)),
		tallyThread: new Uint32Array(tallies.thread),
		tallyState: new Uint8Array(tallies.state),
		tallySamples: new Float64Array(tallies.samples),
		tallyNs: new Float64Array(tallies.ns),
		moments: makeMoments(raw),
		sources: new Map(raw.sources.map(
			(source) => [fileId(source.file), source])),
	};
}

/* Names. */

export function functionName(profile: Profile, id: number): string {
	return visible(profile.strings[profile.functionName[id]]) || "(no name)";
}

export function filePath(profile: Profile, file: number): string {
	return visible(profile.strings[profile.fileString[file]]) || "(no file)";
}

/** "module.py:12" */
export function lineName(profile: Profile, line: number): string {
	return placeName(profile, profile.lineFile[line],
		profile.lineNumber[line]);
}

export function placeName(profile: Profile, file: number,
	line: number): string {
	return profile.fileShort[file] + (line > 0 ? ":" + line : "");
}

/** What frames are called, by a way of naming them. */
export function keyName(profile: Profile, by: By, key: number): string {
	return by === "function" ? functionName(profile, key) :
		by === "line" ? lineName(profile, key) :
			by === "file" ? profile.fileShort[key] :
				by === "module" ? profile.moduleNames[key] : ORIGINS[key];
}

/** The text of a line; "" where the page has none. */
export function sourceLine(profile: Profile, file: number,
	line: number): string {
	for (const window of profile.sources.get(file)?.windows ?? [])
		if (line >= window.start && line < window.start + window.lines.length)
			return window.lines[line - window.start];
	return "";
}

/** A part of a line, from a character to before another; to 0: not known. */
export interface Part {
	from: number;
	to: number;
	ns: number;
	/** Of the line's self time. */
	share: number;
}

/** Where in each line of a file self time went, most first, all threads. */
export function partsOf(source: RawSource | undefined, states: States):
	Map<number, Part[]> {
	const parts = new Map<number, Part[]>();
	const { spans } = source ?? {};
	spans?.line.forEach((line, at) => {
		const ns = GROUPS.reduce((sum, group, g) =>
			sum + (passes(states, g) ? spans[group][at] : 0), 0);
		const list = parts.get(line) ?? [];
		parts.set(line, list);
		if (ns)
			list.push({ from: spans.from[at], to: spans.to[at], ns, share: 0 });
	});
	for (const list of parts.values()) {
		const all = list.reduce((sum, part) => sum + part.ns, 0);
		list.forEach((part) => part.share = part.ns / all);
		list.sort((a, b) => b.ns - a.ns);
	}
	return parts;
}

/** The file of a function. */
export function fileOfFunction(profile: Profile, id: number): number {
	return profile.fileString.indexOf(profile.functionFile[id]);
}

/** Keys of locations, by a way of naming them, and how many keys there are. */
export function keysBy(profile: Profile, by: By):
	{ keyOf: (location: number) => number; count: number } {
	switch (by) {
	case "function":
		return { keyOf: (at) => profile.locationFunction[at],
			count: profile.functionCount };
	case "line":
		return { keyOf: (at) => profile.locationKey[at],
			count: profile.lineCount };
	case "file":
		return { keyOf: (at) => profile.locationFile[at],
			count: profile.fileCount };
	case "module":
		return { keyOf: (at) => profile.fileModule[profile.locationFile[at]],
			count: profile.moduleNames.length };
	case "origin":
		return { keyOf: (at) => ORIGINS.indexOf(
			profile.fileOrigin[profile.locationFile[at]]),
		count: ORIGINS.length };
	case "location":
		return { keyOf: (at) => at, count: profile.locationCount };
	}
}

/* The filter chain. */

/** For each node whether a frame of the step is in its stack. */
function nodesWith(profile: Profile, tree: Tree, step: Step): Uint8Array {
	const { keyOf } = keysBy(profile, step.by);
	const has = new Uint8Array(tree.count);
	for (let at = 1; at < tree.count; at++)
		has[at] = has[tree.parent[at]] ||
			+(keyOf(tree.location[at]) === step.key);
	return has;
}

/** The same tree, with the nodes that `has` says left out or kept alone. */
function selectNodes(profile: Profile, tree: Tree, has: Uint8Array,
	wanted: number): Tree {
	const node = new Uint32Array(profile.tree.count);
	for (let stack = 0; stack < node.length; stack++) {
		const at = tree.node ? tree.node[stack] : stack;
		node[stack] = at !== NONE && has[at] === wanted ? at : NONE;
	}
	return { ...tree, node };
}

/**
 * A tree where each node either stays below its parent's new node, is its
 * parent's new node, or is left out; nodes that become alike are one.
 *
 * @param place "keep", "merge" or "drop" for a node; parents come first.
 */
function rebuild(profile: Profile, tree: Tree,
	place: (at: number) => "keep" | "merge" | "drop"): Tree {
	const to = new Uint32Array(tree.count);
	const parent = [0], location = [0];
	const made = new Map<number, number>();
	for (let at = 1; at < tree.count; at++) {
		const what = place(at);
		const up = to[tree.parent[at]];
		if (what === "drop") {
			to[at] = NONE;
		} else if (what === "merge") {
			to[at] = up;
		} else {
			const above = up === NONE ? 0 : up;
			const pair = above * profile.locationCount + tree.location[at];
			let id = made.get(pair);
			if (id === undefined) {
				made.set(pair, id = parent.length);
				parent.push(above);
				location.push(tree.location[at]);
			}
			to[at] = id;
		}
	}
	const node = new Uint32Array(profile.tree.count);
	for (let stack = 0; stack < node.length; stack++) {
		const at = tree.node ? tree.node[stack] : stack;
		node[stack] = at === NONE ? NONE : to[at];
	}
	return link(new Uint32Array(parent), new Uint32Array(location), node);
}

export function applyStep(profile: Profile, tree: Tree, step: Step): Tree {
	const { keyOf } = keysBy(profile, step.by);
	if (step.op === "hide")
		return rebuild(profile, tree, (at) =>
			keyOf(tree.location[at]) === step.key ? "merge" : "keep");
	const has = nodesWith(profile, tree, step);
	if (step.op === "focus" || step.op === "ignore")
		return selectNodes(profile, tree, has, step.op === "focus" ? 1 : 0);
	if (step.op === "upto")
		return rebuild(profile, selectNodes(profile, tree, has, 1), (at) =>
			has[tree.parent[at]] ? "merge" : "keep");
	const dropped = rebuild(profile, tree, (at) => has[at] ? "keep" : "drop");
	/* The empty stack has no frame of it either. */
	for (let stack = 0; stack < profile.tree.count; stack++)
		if (dropped.node && dropped.node[stack] === 0)
			dropped.node[stack] = NONE;
	return dropped;
}

/** The stacks that the chain leaves. */
export function applyChain(profile: Profile, chain: readonly Step[]): Tree {
	return chain.reduce((tree, step) => applyStep(profile, tree, step),
		profile.tree);
}

/* Sums. */

/** Whether a tally's group passes. */
export function passes(states: States, group: number): boolean {
	return states === "all" || (group === 2) === (states === "waiting");
}

/** Call back for each part of a tally that passes; with the time it began. */
export function eachTally(profile: Profile, filter: Filter,
	add: (tally: number, samples: number, ns: number, at: number) => void) {
	const { moments } = profile;
	const chosen = filter.threads.length ? new Set(filter.threads) : null;
	const fits = (tally: number) =>
		passes(filter.states, profile.groupOf[profile.tallyState[tally]]) &&
		(!chosen || chosen.has(profile.tallyThread[tally]));
	if (!moments || !filter.range) {
		for (let at = 0; at < profile.tallyCount; at++)
			if (fits(at))
				add(at, profile.tallySamples[at], profile.tallyNs[at], 0);
		return;
	}
	for (let at = lowerBound(moments.at, filter.range[0]);
		at < moments.at.length && moments.at[at] < filter.range[1]; at++)
		if (fits(moments.tally[at]))
			add(moments.tally[at], moments.samples[at], moments.ns[at],
				moments.at[at]);
}

export function sumUp(profile: Profile, filter: Filter, metric: Metric,
	tree = applyChain(profile, filter.chain)): Sums {
	const array = () => new Float64Array(tree.count);
	const self = array(), total = array(), samples = array();
	const split: [Float64Array, Float64Array, Float64Array] =
		[array(), array(), array()];
	const allSplit: [number, number, number] = [0, 0, 0];
	let all = 0, allSamples = 0;
	eachTally(profile, filter, (tally, addSamples, ns) => {
		const group = profile.groupOf[profile.tallyState[tally]];
		const stack = profile.tallyStack[tally];
		const node = tree.node ? tree.node[stack] : stack;
		if (node === NONE)
			return;
		const value = metric === "ns" ? ns : addSamples;
		self[node] += value;
		samples[node] += addSamples;
		split[group][node] += value;
		allSplit[group] += value;
		all += value;
		allSamples += addSamples;
	});
	total.set(self);
	for (let at = tree.count - 1; at > 0; at--)
		total[tree.parent[at]] += total[at];
	return { profile, tree, metric, self, total, samples, split, all,
		allSamples, allSplit, frameless: self[0] };
}

/** The first index whose value is not below. */
export function lowerBound(sorted: Float64Array, value: number): number {
	let from = 0, to = sorted.length;
	while (from < to) {
		const middle = (from + to) >> 1;
		if (sorted[middle] < value)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

/**
 * For every node, whether no node above it has the same key: adding up the
 * totals of those alone counts recursion once.
 */
export function outermost(tree: Tree, keyAt: (node: number) => number,
	count: number): Uint8Array {
	const open = new Uint32Array(count);
	const first = new Uint8Array(tree.count);
	let at = tree.child[0];
	while (at) {
		first[at] = open[keyAt(at)]++ ? 0 : 1;
		if (tree.child[at]) {
			at = tree.child[at];
			continue;
		}
		for (; at; at = tree.parent[at]) {
			open[keyAt(at)]--;
			if (tree.next[at])
				break;
		}
		at = tree.next[at];
	}
	return first;
}

export function rowsBy(sums: Sums, by: By): Rows {
	const { profile, tree } = sums;
	const { keyOf, count } = keysBy(profile, by);
	const keyAt = (at: number) => keyOf(tree.location[at]);
	const first = outermost(tree, keyAt, count);
	const array = () => new Float64Array(count);
	const self = array(), total = array(), samples = array();
	const split: [Float64Array, Float64Array, Float64Array] =
		[array(), array(), array()];
	const best = new Uint32Array(count).fill(NONE);
	for (let at = 1; at < tree.count; at++) {
		if (!sums.total[at])
			continue;
		const key = keyAt(at);
		if (first[at])
			total[key] += sums.total[at];
		if (!sums.self[at])
			continue;
		self[key] += sums.self[at];
		samples[key] += sums.samples[at];
		for (let g = 0; g < 3; g++)
			split[g][key] += sums.split[g][at];
	}
	if (by === "location")
		best.forEach((_, key) => best[key] = key);
	else
		findBest(sums, keyOf, best);
	return { by, self, total, samples, split, best,
		keys: new Uint32Array(count).map((_, key) => key)
			.filter((key) => total[key]) };
}

function findBest(sums: Sums, keyOf: (location: number) => number,
	best: Uint32Array): void {
	const places = rowsBy(sums, "location");
	for (const place of places.keys) {
		const key = keyOf(place), old = best[key];
		if (old === NONE || places.self[place] > places.self[old] ||
			(places.self[place] === places.self[old] &&
				places.total[place] > places.total[old]))
			best[key] = place;
	}
}

/** Who called a key and what it called. */
export interface Around {
	callers: { key: number; value: number }[];
	callees: { key: number; value: number }[];
}

/** Callers and callees of a key, most first; recursion counts once. */
export function around(sums: Sums, by: By, key: number): Around {
	const { tree } = sums;
	const { keyOf, count } = keysBy(sums.profile, by);
	const keyAt = (at: number) => keyOf(tree.location[at]);
	const called = (at: number) => tree.parent[at] > 0 &&
		keyAt(tree.parent[at]) === key;
	const first = outermost(tree, keyAt, count);
	const firstCalled = outermost(tree,
		(at) => called(at) ? keyAt(at) : count, count + 1);
	const callers = new Map<number, number>();
	const callees = new Map<number, number>();
	const add = (map: Map<number, number>, at: number, value: number) =>
		map.set(at, (map.get(at) ?? 0) + value);
	for (let at = 1; at < tree.count; at++) {
		if (!sums.total[at])
			continue;
		if (keyAt(at) === key && first[at] && tree.parent[at])
			add(callers, keyAt(tree.parent[at]), sums.total[at]);
		if (called(at) && firstCalled[at])
			add(callees, keyAt(at), sums.total[at]);
	}
	const list = (map: Map<number, number>) =>
		[...map].map(([at, value]) => ({ key: at, value }))
			.sort((a, b) => b.value - a.value || a.key - b.key);
	return { callers: list(callers), callees: list(callees) };
}

export interface ThreadSums {
	/** By thread, in every state. */
	split: [Float64Array, Float64Array, Float64Array];
	samples: Float64Array;
	/** The state with the most of it. */
	top: Uint8Array;
}

/** What threads did in a range of time. */
export function threadSums(profile: Profile, range: Filter["range"],
	metric: Metric): ThreadSums {
	const count = profile.threads.length;
	const states = profile.groupOf.length;
	const samples = new Float64Array(count);
	const byState = new Float64Array(count * states);
	eachTally(profile, { ...EVERYTHING, range }, (tally, n, ns) => {
		const thread = profile.tallyThread[tally];
		samples[thread] += n;
		byState[thread * states + profile.tallyState[tally]] +=
			metric === "ns" ? ns : n;
	});
	const split: ThreadSums["split"] = [new Float64Array(count),
		new Float64Array(count), new Float64Array(count)];
	const top = new Uint8Array(count);
	for (let at = 0; at < byState.length; at++) {
		const thread = Math.floor(at / states), state = at % states;
		split[profile.groupOf[state]][thread] += byState[at];
		if (byState[at] > byState[thread * states + top[thread]])
			top[thread] = state;
	}
	return { split, samples, top };
}

/** Time of all threads by state, ns. */
export function stateSums(profile: Profile): Float64Array {
	const sums = new Float64Array(profile.raw.states.length);
	for (let at = 0; at < profile.tallyCount; at++)
		sums[profile.tallyState[at]] += profile.tallyNs[at];
	return sums;
}
