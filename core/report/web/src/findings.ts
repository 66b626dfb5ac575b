// SPDX-License-Identifier: Apache-2.0
//
// What stands out in a profile, in sentences. To add one: a rule in RULES.

import { percent, time } from "./format";
import { fileOfFunction, functionName, lineName, outermost, placeName }
	from "./model";
import type { Profile, Rows, Sums } from "./model";

export interface Finding {
	/** "what" stands for the name in the middle, which is a link. */
	before: string;
	what: string;
	behind: string;
	/** Where it leads: changes of the place. */
	to: Record<string, string>;
}

export interface Facts {
	profile: Profile;
	/** Of running, in ns, with no other filter. */
	running: Sums;
	lines: Rows;
	functions: Rows;
	/** Lines of the project, which have the time of libraries they call. */
	own: Rows;
	/** Time by state, whatever the state. */
	states: Float64Array;
}

const sentence = (before: string, what: string, behind: string,
	to: Record<string, string>): Finding => ({ before, what, behind, to });

/** The key with the most of a column. */
function most(rows: Rows, of: Float64Array): number {
	let best = -1;
	for (const key of rows.keys)
		if (best < 0 || of[key] > of[best])
			best = key;
	return best;
}

function stateTime({ profile, states }: Facts, word: string): number {
	const at = profile.raw.states.findIndex((state) => state.word === word);
	return at < 0 ? 0 : states[at];
}

function hotLine(facts: Facts): Finding | null {
	const { profile, running, lines } = facts;
	const key = most(lines, lines.self);
	if (key < 0 || lines.self[key] < running.all / 10)
		return null;
	return sentence("One line, ", lineName(profile, key), ", is " +
		percent(lines.self[key], running.all) + " of the running time.",
	{ view: "source", src: srcText(profile, profile.lineFile[key],
		profile.lineNumber[key]) });
}

/** What of the project had the most done for it, where that is elsewhere. */
function hotCall({ profile, running, lines, own }: Facts): Finding | null {
	const key = most(own, own.self);
	if (key < 0 || own.self[key] < running.all / 10 ||
		lines.self[key] > own.self[key] / 2)
		return null;
	return sentence("Of the project's own code, ", lineName(profile, key),
		" had the most done: " + percent(own.self[key], running.all) +
		" of the running time, in libraries that it called.",
		{ view: "source", own: "1", src: srcText(profile,
			profile.lineFile[key], profile.lineNumber[key]) });
}

function srcText(profile: Profile, file: number, line: number): string {
	return profile.strings[profile.fileString[file]] +
		(line > 0 ? ":" + line : "");
}

function hotFunction(facts: Facts): Finding | null {
	const { profile, running, functions, lines } = facts;
	const key = most(functions, functions.self);
	/* A function of one hot line has been told of with the line. */
	if (key < 0 || functions.self[key] < running.all / 6 ||
		functions.self[key] < 1.1 * lines.self[most(lines, lines.self)])
		return null;
	return sentence("", functionName(profile, key), " (" +
		placeName(profile, fileOfFunction(profile, key),
			profile.functionLine[key]) + ") itself is " +
		percent(functions.self[key], running.all) + " of the running time.",
	{ view: "functions", fn: String(key) });
}

function native(facts: Facts): Finding | null {
	const { running, functions, profile } = facts;
	const all = running.allSplit[1];
	const key = most(functions, functions.split[1]);
	if (key < 0 || all < running.all / 2)
		return null;
	return sentence(percent(all, running.all) +
		" of the running time is native code; most of it is called by ",
	functionName(profile, key), ", " +
		percent(functions.split[1][key], running.all) + ".",
	{ view: "functions", fn: String(key), sort: "split" });
}

function gil(facts: Facts): Finding | null {
	const waited = stateTime(facts, "wait-gil");
	const wanted = waited + facts.running.all;
	if (waited < wanted / 20)
		return null;
	return sentence("Threads that had work to do ", "waited for the GIL",
		" " + percent(waited, wanted) + " of that time, " + time(waited) +
		" in all.", { view: "threads" });
}

function waiting(facts: Facts): Finding | null {
	const { profile, states } = facts;
	const all = states.reduce((sum, ns) => sum + ns, 0);
	const waited = all - facts.running.all;
	if (waited < 0.8 * all || !all)
		return null;
	let top = -1;
	profile.raw.states.forEach((state, at) => {
		if (state.group === "wait" && (top < 0 || states[at] > states[top]))
			top = at;
	});
	return sentence("Threads ", "waited", " " + percent(waited, all) +
		" of their time; most of it " + profile.raw.states[top].text + ", " +
		percent(states[top], all) + ".", { view: "functions",
		states: "waiting" });
}

/** Time below the frames of modules that import. */
function imports(facts: Facts): Finding | null {
	const { profile, running: { tree, total, all } } = facts;
	const isImport = Uint8Array.from({ length: profile.fileCount },
		(_, file) => +profile.strings[profile.fileString[file]]
			.startsWith("<frozen importlib"));
	if (!isImport.includes(1))
		return null;
	const keyAt = (at: number) =>
		isImport[profile.locationFile[tree.location[at]]];
	const first = outermost(tree, keyAt, 2);
	let sum = 0;
	for (let at = 1; at < tree.count; at++)
		if (first[at] && keyAt(at))
			sum += total[at];
	return sum < all / 10 ? null : sentence("", "Importing modules", " is " +
		percent(sum, all) + " of the running time.", { view: "flame",
		find: "importlib" });
}

function missed({ profile: { raw: { meta } } }: Facts): Finding | null {
	const due = meta.samples + meta.missed;
	return meta.missed < due / 20 ? null : sentence(
		percent(meta.missed, due) + " of the samples that were due were ",
		"missed", "; what is short may be under-counted.", { view: "about" });
}

function inexact({ profile: { raw: { meta } } }: Facts): Finding | null {
	const count = meta.exactness.inexact ?? 0;
	return !count ? null : sentence(percent(count, meta.samples) +
		" of the samples are ", "inexact",
	": their stacks may never have been.", { view: "about" });
}

function few({ profile: { raw: { meta } } }: Facts): Finding | null {
	return meta.samples >= 200 || !meta.samples ? null : sentence(
		"There are only " + meta.samples + " samples: ", "shares are rough",
		", by some " + (100 / Math.sqrt(meta.samples)).toFixed(0) +
		" percentage points.", { view: "about" });
}

const RULES: readonly ((facts: Facts) => Finding | null)[] = [
	hotLine, hotCall, hotFunction, native, gil, waiting, imports, missed, inexact, few,
];

export const findings = (facts: Facts): Finding[] =>
	RULES.flatMap((rule) => rule(facts) ?? []);
