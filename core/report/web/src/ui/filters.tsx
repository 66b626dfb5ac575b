// SPDX-License-Identifier: Apache-2.0
//
// What is let through: states, threads, a range of time, the chain, a search.

import type { JSX } from "preact";
import { time } from "../format";
import { keyName } from "../model";
import type { States, Step } from "../model";
import * as state from "../state";

const STATES: readonly [States, string, string][] = [
	["running", "Running", "Time threads ran: Python and native (r)"],
	["waiting", "Waiting", "Time threads waited (w)"],
	["all", "All", "All time of threads (a)"],
];

export function Choice<T extends string>({ label, options, value, onChange }:
	{ label: string; options: readonly (readonly [T, string, string?])[];
		value: T; onChange(value: T): void }): JSX.Element {
	return <div role="group" class="choice" aria-label={label}>
		{options.map(([word, text, title]) => <button title={title}
			aria-pressed={word === value} onClick={() => onChange(word)}>
			{text}</button>)}
	</div>;
}

/** One of several, where buttons would take too much room. */
export function Pick<T extends string>({ id, label, value, options, onChange }:
	{ id: string; label: string; value: T; onChange(to: T): void;
		options: readonly (readonly [T, string])[] }): JSX.Element {
	return <label class="pick"><span class="unseen">{label}</span>
		<select id={id} value={value} onChange={(event) =>
			onChange(event.currentTarget.value as T)}>
			{options.map(([word, text]) => <option value={word}>{text}</option>)}
		</select></label>;
}

function Threads(): JSX.Element | null {
	const { threads } = state.profile.value;
	if (threads.length < 2)
		return null;
	const chosen = state.filter.value.threads;
	const value = chosen.length > 1 ? "many" : String(chosen[0] ?? "");
	return <select aria-label="Thread" value={value} id="thread"
		title="Threads, most running first (t)"
		onChange={(event) => state.threads.set(event.currentTarget.value)}>
		<option value="">All {threads.length} threads</option>
		{chosen.length > 1 && <option value="many">
			{chosen.length} threads</option>}
		{state.threadOrder.value.map((at) => <option value={at}>
			{threads[at].name.slice(0, 60) || "thread"} ({threads[at].tid})
		</option>)}
	</select>;
}

const WORDS: Record<Step["op"], string> = {
	focus: "with", root: "from", upto: "up to", ignore: "without", hide: "hidden:",
};

function stepText(step: Step): string {
	const profile = state.profile.value;
	return WORDS[step.op] + " " +
		keyName(profile, step.by, step.key).slice(0, 60);
}

function Chip({ text, onDrop }: { text: string; onDrop(): void }):
	JSX.Element {
	return <button class="chip" onClick={onDrop} title="Drop this filter">
		<bdi>{text}</bdi> <span aria-hidden="true">×</span>
		<span class="unseen">: drop this filter</span></button>;
}

function Chips(): JSX.Element {
	const { range } = state.filter.value;
	return <>
		{range && <Chip onDrop={() => state.range.set("")}
			text={time(range[0]) + " – " + time(range[1])} />}
		{state.steps.value.map((step, at) => <Chip text={stepText(step)}
			onDrop={() => state.dropStep(at)} />)}
	</>;
}

export function Search(): JSX.Element {
	const onKeyDown = (event: KeyboardEvent) => {
		if (event.key !== "Escape")
			return;
		if (state.find.value)
			state.find.set("", true);
		else
			(event.target as HTMLElement).blur();
	};
	return <input type="search" id="find" value={state.find.value}
		placeholder="Search  ( / )" aria-label="Search"
		onInput={(event) => state.find.set(event.currentTarget.value, true)}
		onKeyDown={onKeyDown} />;
}

export function Filters(): JSX.Element {
	return <div class="filters">
		<Chips />
		<Choice label="Which time counts" options={STATES}
			value={state.states.value} onChange={(to) => state.states.set(to)} />
		<span class="choice"><button id="own" aria-pressed={state.own.value !== ""}
			onClick={state.toggleOwn} title={"The project's own code alone: " +
				"time of libraries is that of the lines that call them (p)"}>
			Own code</button></span>
		<Threads />
		<Search />
	</div>;
}
