// SPDX-License-Identifier: Apache-2.0
//
// The keys of the page: one table for what works everywhere, and one a view
// (View.keys). The help dialog is made of them.

import * as state from "./state";

export interface Key {
	/** As KeyboardEvent.key has it: "f", "Enter", "ArrowDown". */
	key: string;
	/** What it does, for the help dialog; "" for one that another row tells
	 * of. */
	text: string;
	/** How the help shows it, when not as `key`. */
	shown?: string;
	/** Returns false when it has nothing to do with this event. */
	run(event: KeyboardEvent): void | boolean;
}

/** The search box of the page. */
export function focusSearch(): void {
	const box = document.getElementById("find") as HTMLInputElement | null;
	box?.focus();
	box?.select();
}

const KEYS: readonly Key[] = [
	{ key: "/", text: "Search, in every view",
		run: focusSearch },
	{ key: "r", text: "Time that threads ran",
		run: () => state.states.set("running") },
	{ key: "w", text: "Time that threads waited",
		run: () => state.states.set("waiting") },
	{ key: "a", text: "All time",
		run: () => state.states.set("all") },
	{ key: "m", text: "Time, or samples",
		run: () => state.metric.next() },
	{ key: "f", text: "Focus on the selection",
		run: () => stepOfSelection("focus") },
	{ key: "x", text: "Hide the selection's frames",
		run: () => stepOfSelection("hide") },
	{ key: "0", text: "Drop all filters",
		run: () => state.resetFilter() },
	{ key: "?", text: "This help",
		run: () => {
			state.helpOpen.value = !state.helpOpen.value;
		} },
];

/** Those that have a meaning in this report. */
export const keysOfPage = (): readonly Key[] =>
	state.report.value.profile ? KEYS :
		KEYS.filter(({ key }) => key === "/" || key === "?");

/** Put the selected function, or line, into the filter chain. */
export function stepOfSelection(op: "focus" | "root" | "ignore" | "hide"):
	boolean {
	if (!state.report.value.profile)
		return false;
	const { function: fn, line } = state.selection.value;
	if (fn === null && line === null)
		return false;
	const byLine = state.by.value === "line" && line !== null || fn === null;
	state.addStep({ op, by: byLine ? "line" : "function",
		key: (byLine ? line : fn)! });
	return true;
}

/** Whether an element takes what is typed for itself. */
export function isTyping(target: EventTarget | null): boolean {
	return target instanceof HTMLInputElement ||
		target instanceof HTMLTextAreaElement ||
		target instanceof HTMLSelectElement;
}

/** Run the first of the rows that has something to do with the event. */
export function dispatch(event: KeyboardEvent,
	...tables: (readonly Key[] | undefined)[]): void {
	if (event.ctrlKey || event.metaKey || event.altKey ||
		event.defaultPrevented || isTyping(event.target))
		return;
	for (const table of tables)
		for (const row of table ?? [])
			if (row.key === event.key && row.run(event) !== false) {
				event.preventDefault();
				return;
			}
}
