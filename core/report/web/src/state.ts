// SPDX-License-Identifier: Apache-2.0
//
// What the page shows, as signals. All of it is kept in location.hash, so that
// back, forward and a bookmark work: `#view=flame&states=all&find=json`.
//
// To keep something of a view there, too: `const zoom = param("zoom", "0")` at
// the top of its file; `zoom.value` in what it draws, `zoom.set("5")` when it
// changes. What changes often while one gesture goes on (typing, dragging) is
// set with `true`, which makes no step of the history.

import { batch, computed, signal } from "@preact/signals";
import type { ReadonlySignal } from "@preact/signals";
import { applyChain, makeProfile, rowsBy, sumUp } from "./model";
import type { By, Filter, Metric, Profile, Rows, States, Step, Sums, Tree }
	from "./model";
import type { Payload } from "./payload";
import type { Stacks } from "./stacks";

/* The report. It is set once, before anything is drawn. */

export interface Report {
	kind: Payload["kind"];
	version: string;
	/** The profile; of a diff the new one. */
	profile: Profile | null;
	/** Of a diff. */
	old: Profile | null;
	// eslint-disable-next-line @typescript-eslint/no-explicit-any
	heap: any;
	stacks: Stacks | null;
	/** What states are called, by their words; of stacks. */
	stateNames: Record<string, string>;
}

export const report = signal<Report>({ kind: "profile", version: "",
	profile: null, old: null, heap: null, stacks: null, stateNames: {} });

export function makeReport(payload: Payload): Report {
	const { kind, version } = payload;
	return {
		kind, version,
		profile: kind === "profile" ? makeProfile(payload.profile) :
			kind === "diff" ? makeProfile(payload.new) : null,
		old: kind === "diff" ? makeProfile(payload.old) : null,
		heap: kind === "heap" ? payload.heap : null,
		stacks: kind === "stacks" ? payload.stacks : null,
		stateNames: kind === "stacks" ? payload.states : {},
	};
}

/** The profile, in views that are there with one alone. */
export const profile = computed<Profile>(() => report.value.profile!);

/* The place. */

type Place = Readonly<Record<string, string>>;

function parse(hash: string): Place {
	const place: Record<string, string> = Object.create(null);
	for (const [name, value] of new URLSearchParams(hash.slice(1)))
		place[name] = value;
	return place;
}

const place = signal<Place>(parse(globalThis.location?.hash ?? ""));

globalThis.addEventListener?.("hashchange",
	() => place.value = parse(location.hash));
globalThis.addEventListener?.("popstate",
	() => place.value = parse(location.hash));

const defaults: Record<string, string> = Object.create(null);

/** The address of the present place with some of it changed. */
export function hashOf(change: Record<string, string>): string {
	const text = new URLSearchParams();
	for (const [name, value] of Object.entries({ ...place.value, ...change }))
		if (value !== (defaults[name] ?? ""))
			text.set(name, value);
	/* Readable where that is allowed: #src=/a/b.py:12 */
	return "#" + text.toString().replace(/%2F/gi, "/").replace(/%3A/gi, ":");
}

/** Go to a place; `replace` makes no step of the history. */
export function go(change: Record<string, string>, replace = false): void {
	const hash = hashOf(change);
	if (hash === hashOf({}))
		return;
	if (replace)
		history.replaceState(null, "", hash);
	else
		history.pushState(null, "", hash);
	place.value = parse(hash);
}

export interface Param {
	readonly value: string;
	set(value: string, replace?: boolean): void;
}

/** A named part of the place. */
export function param(name: string, standard = ""): Param {
	defaults[name] = standard;
	const value = computed(() => place.value[name] ?? standard);
	return {
		get value() {
			return value.value;
		},
		set: (to, replace) => go({ [name]: to }, replace),
	};
}

/** A part of the place that is one of some words. */
export function choiceParam<T extends string>(name: string,
	words: readonly T[]): { readonly value: T;
		set(value: T, replace?: boolean): void; next(): void } {
	const of = param(name, words[0]);
	const read = () => words.find((word) => word === of.value) ?? words[0];
	return {
		get value() {
			return read();
		},
		set: of.set,
		next: () => of.set(words[(words.indexOf(read()) + 1) % words.length]),
	};
}

/* What all views share. */

export const view = param("view");
export const states = choiceParam<States>("states",
	["running", "waiting", "all"]);
export const metric = choiceParam<Metric>("metric", ["ns", "samples"]);
/** What frames are called by: tables and graphs. */
export const by = choiceParam<"function" | "line" | "file" | "module">("by",
	["function", "line", "file", "module"]);
/** What is searched for, in every view. */
export const find = param("find");
/** "12.14": threads by index. */
export const threads = param("threads");
/** "from-to" in ns. */
export const range = param("range");
/** "focus.function.12~hide.line.7" */
export const chain = param("chain");
/** The selection: a function, a line, a node of the present tree. */
const chosenFunction = param("fn"), chosenLine = param("ln");
const chosenNode = param("node");
/** "/path/of/file.py:12", for the source view. */
export const src = param("src");

function index(text: string, count: number): number | null {
	const n = text === "" ? NaN : Number(text);
	return Number.isInteger(n) && n >= 0 && n < count ? n : null;
}

const OPS: readonly Step["op"][] = ["focus", "root", "upto", "ignore",
	"hide"];
const STEP_BY: readonly Step["by"][] = ["function", "line", "file"];

export const steps = computed<readonly Step[]>(() => {
	const { functionCount, lineCount, fileCount } = profile.value;
	const counts = { function: functionCount, line: lineCount,
		file: fileCount };
	return chain.value.split("~").flatMap((text) => {
		const [op, of, number] = text.split(".");
		const step = OPS.find((word) => word === op);
		const kind = STEP_BY.find((word) => word === of);
		const key = kind ? index(number ?? "", counts[kind]) : null;
		return step && kind && key !== null ? [{ op: step, by: kind, key }] : [];
	});
});

const write = (list: readonly Step[]) =>
	list.map((step) => step.op + "." + step.by + "." + step.key).join("~");

export const addStep = (step: Step): void =>
	go({ chain: write([...steps.value, step]), node: "" });
export const dropStep = (at: number): void =>
	go({ chain: write(steps.value.filter((_, n) => n !== at)), node: "" });

export const filter = computed<Filter>(() => {
	const [from, to] = range.value.split("-").map(Number);
	return {
		states: states.value,
		threads: threads.value.split(".").flatMap((text) =>
			index(text, profile.value.threads.length) ?? []),
		range: profile.value.moments && to > from ? [from, to] : null,
		chain: steps.value,
	};
});

/** The stacks that the chain leaves. */
export const tree: ReadonlySignal<Tree> = computed(() =>
	applyChain(profile.value, steps.value));

/** What the filter lets through. */
export const sums: ReadonlySignal<Sums> = computed(() =>
	sumUp(profile.value, filter.value, metric.value, tree.value));

const rowSignals = new Map<By, ReadonlySignal<Rows>>();

/** The sums by function, line or file; made once for each state. */
export function rows(of: By): Rows {
	let signal = rowSignals.get(of);
	if (!signal) {
		signal = computed(() => rowsBy(sums.value, of));
		rowSignals.set(of, signal);
	}
	return signal.value;
}

export interface Selection {
	function: number | null;
	line: number | null;
	node: number | null;
}

/** What was chosen in any view. */
export const selection = computed<Selection>(() => ({
	function: index(chosenFunction.value, profile.value.functionCount),
	line: index(chosenLine.value, profile.value.lineCount),
	node: index(chosenNode.value, tree.value.count),
}));

/**
 * Choose a node (and with it its line and function), a line or a function;
 * `more` goes along: select({node: 7}, {view: "source"}).
 */
export function select(what: Partial<Selection>,
	more: Record<string, string> = {}, replace = false): void {
	const { locationFunction, locationKey } = profile.value;
	const text = (n: number | null | undefined) => n == null ? "" : String(n);
	let { function: fn, line } = what;
	if (what.node) {
		const location = tree.value.location[what.node];
		fn ??= locationFunction[location];
		line ??= locationKey[location];
	}
	go({ fn: text(fn), ln: text(line), node: text(what.node), ...more },
		replace);
}

/** The address of a line in the source view. */
export function srcOf(file: number, line: number): string {
	const path = profile.value.strings[profile.value.fileString[file]];
	return path + (line > 0 ? ":" + line : "");
}

export function resetFilter(): void {
	go({ chain: "", range: "", threads: "", find: "", node: "" });
}

/* What is said beside the place. */

/** What the pointer or the keyboard is at: a line at the foot of the page. */
export const status = signal("");
/** What screen readers are told of the selection. */
export const spoken = signal("");
export const helpOpen = signal(false);

export { batch };
