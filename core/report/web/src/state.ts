// SPDX-License-Identifier: Apache-2.0
//
// What the page shows, as signals. All of it is kept in location.hash, so that
// back, forward and a bookmark work: `#view=flame&states=all&find=json`.
//
// To keep something of a view there, too: `const zoom = param("zoom", "0")` at
// the top of its file; `zoom.value` in what it draws, `zoom.set("5")` when it
// changes. What changes often while one gesture goes on (typing, dragging) is
// set with `true`, which makes no step of the history.

import { computed, signal } from "@preact/signals";
import type { ReadonlySignal } from "@preact/signals";
import type { Growth } from "./growth";
import { applyChain, FRAME_BY, keysBy, makeProfile, rowsBy, sumUp, threadSums }
	from "./model";
import type { By, Chosen, Filter, FrameBy, Metric, Profile, Rows, States, Step,
	Sums, Tree } from "./model";
import { ORIGINS } from "./paths";
import type { Payload, StacksSource } from "./payload";
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
	/** Two heaps. */
	growth: Growth | null;
	stacks: Stacks | null;
	/** What states are called, by their words; of stacks. */
	stateNames: Record<string, string>;
	/** Their source text. */
	stackSources: readonly StacksSource[];
}

export const report = signal<Report>({ kind: "profile", version: "",
	profile: null, old: null, heap: null, growth: null, stacks: null,
	stateNames: {}, stackSources: [] });

export function makeReport(payload: Payload): Report {
	const { kind, version } = payload;
	return {
		kind, version,
		profile: kind === "profile" ? makeProfile(payload.profile) :
			kind === "diff" ? makeProfile(payload.new) : null,
		old: kind === "diff" ? makeProfile(payload.old) : null,
		heap: kind === "heap" ? payload.heap : null,
		growth: kind === "growth" ? payload.growth : null,
		stacks: kind === "stacks" ? payload.stacks : null,
		stateNames: kind === "stacks" ? payload.states : {},
		stackSources: kind === "stacks" ? payload.sources : [],
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
export const by = choiceParam<FrameBy>("by", FRAME_BY);
/** What is searched for, in every view. */
export const find = param("find");
/** "12.14": threads by index; "!12.14": all but those. */
export const threads = param("threads");
/** "from-to" in ns. */
export const range = param("range");
/** "focus.function.12~hide.line.7" */
export const chain = param("chain");
/** "1": time of libraries is that of the project's lines that call them. */
export const own = param("own");
/** The selection: frames by what they are called by. */
const chosenBy: Record<FrameBy, Param> = { function: param("fn"),
	line: param("ln"), file: param("fl"), module: param("mo") };
/** "/path/of/file.py:12", for the source view. */
export const src = param("src");

function index(text: string, count: number): number | null {
	const n = text === "" ? NaN : Number(text);
	return Number.isInteger(n) && n >= 0 && n < count ? n : null;
}

const OPS: readonly Step["op"][] = ["focus", "root", "upto", "ignore",
	"hide"];

export const steps = computed<readonly Step[]>(() => {
	return chain.value.split("~").flatMap((text) => {
		const [op, of, number] = text.split(".");
		const step = OPS.find((word) => word === op);
		const kind = FRAME_BY.find((word) => word === of);
		const key = kind ? index(number ?? "",
			keysBy(profile.value, kind).count) : null;
		return step && kind && key !== null ? [{ op: step, by: kind, key }] : [];
	});
});

const write = (list: readonly Step[]) =>
	list.map((step) => step.op + "." + step.by + "." + step.key).join("~");

/** Frames are not where they were: a zoom into them is dropped. */
export const addStep = (step: Step, more: Record<string, string> = {}): void =>
	go({ chain: write([...steps.value, step]), zoom: "", ...more });
export const dropStep = (at: number): void =>
	go({ chain: write(steps.value.filter((_, n) => n !== at)), zoom: "" });

/** What leaves the project's frames alone. */
export const OWN: readonly Step[] = ORIGINS.flatMap((origin, key) =>
	origin === "project" ? [] : { op: "hide", by: "origin", key });
export const toggleOwn = (): void =>
	go({ own: own.value ? "" : "1", zoom: "" });

/** Threads of the address: those of its indices, or all others. */
function threadsOf(text: string): number[] {
	const { threads: { length } } = profile.value;
	const named = text.replace("!", "").split(".").flatMap((number) =>
		index(number, length) ?? []);
	return text.startsWith("!") ? [...Array(length).keys()].filter((thread) =>
		!named.includes(thread)) : named;
}

export const filter = computed<Filter>(() => {
	const [from, to] = range.value.split("-").map(Number);
	return {
		states: states.value,
		threads: threadsOf(threads.value),
		range: profile.value.moments && to > from ? [from, to] : null,
		chain: own.value ? [...OWN, ...steps.value] : steps.value,
	};
});

/** The stacks that the chain leaves. */
export const tree: ReadonlySignal<Tree> = computed(() =>
	applyChain(profile.value, filter.value.chain));

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

/** By each way of calling frames: what was chosen in any view. */
export type Selection = Record<FrameBy, number | null>;

export const selection = computed<Selection>(() => Object.fromEntries(
	FRAME_BY.map((kind) => [kind, index(chosenBy[kind].value,
		keysBy(profile.value, kind).count)])) as Selection);

/** The same as one: a line rather than the function that it is of. */
export const chosen = computed<Chosen | null>(() => {
	const now = selection.value;
	const kind = now.line !== null ? "line" :
		FRAME_BY.find((word) => now[word] !== null);
	return kind ? { by: kind, key: now[kind]! } : null;
});

/** Choose a line or a function; `more` goes along:
 * select({ line: 7 }, { view: "source" }). */
export function select(what: Partial<Selection>,
	more: Record<string, string> = {}, replace = false): void {
	const text = (n: number | null | undefined) => n == null ? "" : String(n);
	go({ fn: text(what.function), ln: text(what.line), fl: text(what.file),
		mo: text(what.module), ...more }, replace);
}

/* Threads. */

/** Threads by index; those that ran longest come first. */
export const threadOrder = computed<number[]>(() => {
	const [python, native] = threadSums(profile.value, null, "ns").split;
	const ran = (thread: number) => python[thread] + native[thread];
	return profile.value.threads.map(({ index: at }) => at)
		.sort((a, b) => ran(b) - ran(a) || a - b);
});

/** All threads, then each alone, in that order. */
export function nextThread(step: number): void {
	const now = filter.value.threads, places = ["", ...threadOrder.value];
	const at = now.length === 1 ? places.indexOf(now[0]) : 0;
	const next = places[(at + step + places.length) % places.length];
	threads.set(String(next));
	status.value = spoken.value = next === "" ? "all threads" :
		profile.value.threads[next as number].name;
}

/** Let through all threads that are let through, but this one. */
export function dropThread(index: number): void {
	const now = filter.value.threads;
	const gone = threadOrder.value.filter((thread) => thread === index ||
		(now.length && !now.includes(thread)));
	if (gone.length < threadOrder.value.length)
		go({ threads: "!" + gone.join("."), zoom: "" });
}

/** The address of a line in the source view. */
export function srcOf(file: number, line: number): string {
	const path = profile.value.strings[profile.value.fileString[file]];
	return path + (line > 0 ? ":" + line : "");
}

export function resetFilter(): void {
	go({ chain: "", own: "", range: "", threads: "", find: "", zoom: "" });
}

/* What is said beside the place. */

/** What the pointer or the keyboard is at: a line at the foot of the page. */
export const status = signal("");
/** What screen readers are told of the selection. */
export const spoken = signal("");
export const helpOpen = signal(false);
