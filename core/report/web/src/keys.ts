// SPDX-License-Identifier: Apache-2.0
//
// The keys of the page: one table for what works keysOfPage, and one a view
// (View.keys). The help dialog is made of them.

import type { Step } from "./model";
import * as state from "./state";
import { menuOfSelection } from "./ui/menu";

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

/** Keys of what is counted. */
const TIME_KEYS: readonly Key[] = [
	{ key: "r", text: "Time that threads ran",
		run: () => state.states.set("running") },
	{ key: "w", text: "Time that threads waited",
		run: () => state.states.set("waiting") },
	{ key: "a", text: "All time",
		run: () => state.states.set("all") },
	{ key: "m", text: "Time, or samples",
		run: () => state.metric.next() },
];

/** Keys of the filter, of a profile alone. */
const FILTER_KEYS: readonly Key[] = [
	{ key: "t", shown: "t T", text: "Next, last thread, alone",
		run: () => state.nextThread(1) },
	{ key: "T", text: "", run: () => state.nextThread(-1) },
	{ key: "p", text: "The project's own code alone",
		run: state.toggleOwn },
	{ key: "f", text: "Focus on the selection",
		run: () => stepOfSelection("focus") },
	{ key: "x", text: "Hide the selection's frames",
		run: () => stepOfSelection("hide") },
	{ key: "o", text: "What can be done with the selection",
		run: () => menuOfSelection() },
	{ key: "0", text: "Drop all filters",
		run: () => state.resetFilter() },
];

const KEYS: readonly Key[] = [
	{ key: "/", text: "Search, in every view",
		run: focusSearch },
	{ key: "?", text: "This help",
		run: () => {
			state.helpOpen.value = !state.helpOpen.value;
		} },
];

/** Those that have a meaning in this report. */
export const keysOfPage = (): Key[] => [...KEYS,
	...state.report.value.profile ? TIME_KEYS : [],
	...state.report.value.kind === "profile" ? FILTER_KEYS : []];

/** Put what is selected into the filter chain. */
function stepOfSelection(op: Step["op"]): boolean {
	const step = state.chosen.value;
	if (step)
		state.addStep({ op, ...step });
	return !!step;
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
