// SPDX-License-Identifier: Apache-2.0
//
// The data as it stands in the file, schema "pyprof-report/1"; html_data.h
// says what is in it. Here it is decoded and not yet understood.

import type { Growth } from "./growth";
import type { Stacks } from "./stacks";

export interface Pauses {
	count: number;
	total_ns: number;
	median_ns: number;
	p99_ns: number;
	max_ns: number;
}

export interface Meta {
	command_line: string;
	pid: number;
	python_version: string;
	python_build: string;
	layout_source: string;
	host: string;
	debugger: string;
	mode: string;
	/** Seconds since 1970; 0: not known. */
	started_at: number;
	rate_hz: number;
	reached_hz: number;
	sampled_ns: number;
	samples: number;
	/** Samples by how they were made. */
	exactness: Record<string, number>;
	missed: number;
	cut: number;
	/** Looks given up, by the reason. */
	bad: Record<string, number>;
	pauses: Pauses;
}

export type Group = "python" | "native" | "wait";

export interface RawSource {
	/** A string. */
	file: number;
	status: "ok" | "changed" | "missing" | "none" | "omitted" | "private";
	/** Lines of the whole file; 0: not read. */
	total: number;
	windows: { start: number; lines: string[] }[];
	/** Self ns of parts of lines, from a character to before another; both
	 * are 0 for what of a line is not known. */
	spans?: { line: number[]; from: number[]; to: number[] } &
		Record<Group, number[]>;
}

/** The same of stacks: around the lines of frames alone. */
export type StacksSource = Omit<RawSource, "file"> & { file: string };

/** A profile: tables of columns, whose ids count from 0. */
export interface RawProfile {
	meta: Meta;
	totals: Record<string, number>;
	states: { word: string; text: string; group: Group }[];
	exactness: { word: string; text: string }[];
	strings: string[];
	threads: {
		tid: number[]; name: number[]; interpreter: number[];
		main: number[];
	};
	functions: {
		name: number[]; qualname: number[]; file: number[];
		line: number[];
	};
	locations: { function: number[]; line: number[] };
	/** Stack 0 is the empty one. `up`: the own id less the parent's. */
	stacks: { up: number[]; location: number[] };
	/** Ordered by stack; `step`: the stack less the one before. */
	tallies: {
		step: number[]; thread: number[]; state: number[];
		samples: number[]; ns: number[];
	};
	/** Ordered by time; `step`: slices since the one before. No samples: what
	 * is left of the tally. */
	moments?: {
		slice_ns: number; step: number[]; tally: number[];
		samples: number[]; ns: number[];
	};
	/** What became of stacks that were too many, see html_shape.h. */
	folded: { stacks: number; samples: number; ns: number };
	sources: RawSource[];
	/** Which source text is in the page: "project", "all" or "none". */
	source_choice: string;
	/** Sentences about what was left out. */
	notes: string[];
}

export type Payload =
	{ schema: string; version: string } & (
		| { kind: "profile"; profile: RawProfile }
		| { kind: "diff"; old: RawProfile; new: RawProfile }
		/** The object of `pyprof/heap/1`, see heap_json.c. */
		// eslint-disable-next-line @typescript-eslint/no-explicit-any
		| { kind: "heap"; heap: any }
		| { kind: "growth"; growth: Growth }
		/** `states`: what they are called, by their words. */
		| { kind: "stacks"; stacks: Stacks; states: Record<string, string>;
			sources: StacksSource[] });

const SCHEMA = "pyprof-report/1";

async function inflate(base64: string): Promise<string> {
	const text = atob(base64);
	const bytes = new Uint8Array(text.length);
	for (let at = 0; at < text.length; at++)
		bytes[at] = text.charCodeAt(at);
	const stream = new Blob([bytes]).stream().pipeThrough(
		new DecompressionStream("deflate-raw"));
	return new Response(stream).text();
}

/** The data of an element: JSON, or JSON that was deflated. */
export async function decode(element: HTMLScriptElement): Promise<Payload> {
	const text = element.textContent ?? "";
	const payload = JSON.parse(element.type.endsWith("deflate") ?
		await inflate(text.trim()) : text) as Payload;
	if (payload.schema !== SCHEMA)
		throw new Error("this page reads " + SCHEMA + ", not " +
			payload.schema);
	return payload;
}
