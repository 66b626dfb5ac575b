// SPDX-License-Identifier: Apache-2.0
//
// Threads and their stacks as rows that unfold. Pure.

import type { Matcher } from "./search";

/** The object of `pyprof/bt/1`, see stacks_json.c. */
export interface Frame {
	function: string;
	qualname: string;
	file: string;
	line: number | null;
	source: string;
	locals?: Record<string, string>;
	locals_damaged?: boolean;
}

export interface Thread {
	number: number;
	tid: number;
	ident: string;
	name: string;
	interpreter: number;
	main: boolean;
	selected: boolean;
	gil: boolean;
	state: string | null;
	/** Missing where they are those of `same_as`. */
	frames?: Frame[];
	left_out: number;
	why: string;
	same_as: number;
}

export interface Edge {
	waiter: number;
	what: string;
	holder: number | null;
}

export interface Finding {
	/** "": a plain fact, else a verdict. */
	title: string;
	text: string;
	edges: Edge[];
}

export interface Stacks {
	pid: number;
	core: string | null;
	running: boolean;
	threads: Thread[];
	findings: Finding[];
	whole: boolean;
	others: number;
	program: string;
	python: string;
	build: string;
	host: string;
	debugger: string;
	pyprof: string;
	taken_at: number;
	locals: boolean;
	source_choice: string;
}

/** Threads that are shown as one. */
export interface Group {
	/** By their index, in order. */
	threads: number[];
	frames: readonly Frame[];
}

export const framesOf = (of: Stacks, thread: number): readonly Frame[] =>
	of.threads[thread].frames ??
	of.threads[of.threads[thread].same_as].frames ?? [];

/** Threads that pass, those with equal stacks together if wanted. */
export function groupThreads(of: Stacks, together: boolean,
	passes: (thread: number) => boolean): Group[] {
	const groups = new Map<number, Group>();
	of.threads.forEach(({ same_as: same }, at) => {
		if (!passes(at))
			return;
		const key = together ? same : at, group = groups.get(key);
		if (group)
			group.threads.push(at);
		else
			groups.set(key, { threads: [at], frames: framesOf(of, at) });
	});
	return [...groups.values()];
}

export const place = ({ file, line }: Frame): string =>
	file + (line ? ":" + line : "");

export function nameOf(thread: Thread): string {
	const id = thread.number ? "thread " + thread.number :
		"thread " + thread.ident;
	const more = [thread.name, thread.main ? "main" : ""].filter(Boolean);
	return id + (more.length ? " (" + more.join(", ") + ")" : "");
}

const inFrame = (frame: Frame, matches: Matcher): boolean =>
	matches(frame.qualname + " " + place(frame) + " " + frame.source) ||
	Object.entries(frame.locals ?? {}).some(([name, value]) =>
		matches(name + " = " + value));

/** Which threads a search finds: by themselves, or in one of their frames. */
export function findThreads(of: Stacks, matches: Matcher,
	states: Record<string, string>): boolean[] {
	const found = new Map<readonly Frame[], boolean>();
	return of.threads.map((thread, at) => {
		const frames = framesOf(of, at);
		if (!found.has(frames))
			found.set(frames, frames.some((frame) => inFrame(frame, matches)));
		return found.get(frames)! || matches(nameOf(thread) + " " +
			thread.tid + " " + (states[thread.state ?? ""] ?? "unknown") +
			(thread.gil ? " GIL" : ""));
	});
}

export const foundIn = inFrame;

/* Rows. */

export type Row = {
	/** What opens and closes it, and tells it from all others. */
	key: string;
	level: number;
	group: Group;
	/** undefined: there is nothing below it. */
	open?: boolean;
} & (
	| { kind: "group" }
	| { kind: "members" }
	| { kind: "member"; thread: number }
	| { kind: "frame"; frame: Frame; number: number }
	| { kind: "local"; name: string; value: string }
	| { kind: "note"; text: string });

/** The variables of a frame, which are its thread's alone. */
export const localsOf = (group: Group, frame: Frame): [string, string][] =>
	group.threads.length === 1 ? Object.entries(frame.locals ?? {}) : [];

/** What there is below a group, deepest last. */
function inGroup(of: Stacks, group: Group, key: string,
	open: (key: string) => boolean): Row[] {
	const rows: Row[] = [], first = of.threads[group.threads[0]];
	if (group.threads.length > 1) {
		const isOpen = open(key + ".t");
		rows.push({ kind: "members", key: key + ".t", level: 2, group,
			open: isOpen });
		if (isOpen)
			for (const thread of group.threads)
				rows.push({ kind: "member", key: key + ".t" + thread, level: 3,
					group, thread });
	}
	const note = (text: string, level: number) => rows.push({ kind: "note",
		key: key + ".n" + rows.length, level, group, text });
	group.frames.forEach((frame, number) => {
		const locals = localsOf(group, frame), name = key + "." + number;
		const isOpen = locals.length ? open(name) : undefined;
		rows.push({ kind: "frame", key: name, level: 2, group, frame, number,
			open: isOpen });
		if (isOpen)
			locals.forEach(([local, value], at) => rows.push({ kind: "local",
				key: name + "." + at, level: 3, group, name: local, value }));
		if (frame.locals_damaged && group.threads.length === 1)
			note("Variables of this frame are damaged.", 3);
	});
	if (first.left_out)
		note("and " + first.left_out + " older frames, which were not asked for",
			2);
	if (first.why)
		note("The stack ends here: " + first.why + ".", 2);
	else if (!group.frames.length && !first.left_out)
		note("No Python frames.", 2);
	return rows;
}

export const keyOf = (group: Group): string => "t" + group.threads[0];

/** All rows that are not folded away. */
export function unfold(of: Stacks, groups: readonly Group[],
	open: (key: string) => boolean): Row[] {
	return groups.flatMap((group) => {
		const key = keyOf(group), isOpen = open(key);
		return [{ kind: "group", key, level: 1, group, open: isOpen } as Row,
			...isOpen ? inGroup(of, group, key, open) : []];
	});
}

/* Lines. */

export interface FileLines {
	/** Threads that stand in it. */
	stand: number;
	/** By line, 0 where that is not known: threads that stand there, and those
	 * that have it anywhere in their stack. */
	lines: Map<number, { stand: number; through: number }>;
}

const lineCache = new WeakMap<Stacks, ReadonlyMap<string, FileLines>>();

/** The files of all frames; found once. */
export function linesOf(of: Stacks): ReadonlyMap<string, FileLines> {
	const known = lineCache.get(of);
	if (known)
		return known;
	const files = new Map<string, FileLines>();
	for (const { threads, frames } of groupThreads(of, true, () => true)) {
		const seen = new Set<string>();
		frames.forEach((frame, depth) => {
			const { file } = frame, line = frame.line ?? 0;
			const at = files.get(file) ?? { stand: 0, lines: new Map() };
			const counts = at.lines.get(line) ?? { stand: 0, through: 0 };
			files.set(file, at);
			at.lines.set(line, counts);
			if (depth === 0) {
				at.stand += threads.length;
				counts.stand += threads.length;
			}
			if (!seen.has(place(frame)))
				counts.through += threads.length;
			seen.add(place(frame));
		});
	}
	lineCache.set(of, files);
	return files;
}
