// SPDX-License-Identifier: Apache-2.0
//
// What each thread was doing: findings on top, then the threads, those with
// equal stacks together, as rows that unfold into frames and variables.

import { computed, signal } from "@preact/signals";
import type { JSX } from "preact";
import { useLayoutEffect, useMemo } from "preact/hooks";
import { count, counted, date, hint } from "../format";
import { originOf, shorten, visible } from "../model";
import { matcher } from "../search";
import { choiceParam, find, hashOf, param, report, spoken } from "../state";
import { foundIn, findThreads, framesOf, groupThreads, keyOf, localsOf, nameOf,
	place, unfold } from "../stacks";
import type { Edge, Finding, Frame, Group, Row, Stacks, Thread }
	from "../stacks";
import { save } from "../svg";
import { Code } from "../ui/code";
import { Facts, SOURCE_CHOICES } from "../ui/facts";
import { Choice, Search } from "../ui/filters";
import { printing } from "../ui/printing";
import { ROW_HEIGHT } from "../ui/table";
import { useWindow } from "../ui/window";
import type { View } from "../views";
import { stacksSourceView } from "./stacks-source";

const stacks = computed<Stacks>(() => report.value.stacks!);
/** Nobody reads more than that on paper. */
const PRINTED = 3000;
/** So many rows are open at first; of more threads the first alone. */
const OPEN_ROWS = 150;

/** Variables are those of one thread: with them each is by itself. */
const grouping = choiceParam("group", ["", "equal", "each"]);
const group = computed<"equal" | "each">(() => grouping.value ||
	(report.value.stacks?.locals ? "each" : "equal"));
/** The word of a state, or "none" for threads of which none is known. */
const stateFilter = param("state");
/** The key of the row that is chosen. */
const at = param("at");

const stateWord = (thread: Thread): string => thread.state ?? "none";
const stateText = (word: string): string =>
	report.value.stateNames[word] ?? "state unknown";

/** Without a hue of its own where nothing is known. */
const stateColour = (word: string): string =>
	word === "none" ? "var(--line)" : `var(--state-${word})`;

/* What is shown. */

const found = computed<readonly boolean[] | null>(() => {
	const matches = matcher(find.value);
	return matches && findThreads(stacks.value, matches,
		report.value.stateNames);
});

const groups = computed<readonly Group[]>(() => {
	const of = stacks.value, wanted = stateFilter.value;
	const isTogether = group.value === "equal";
	return groupThreads(of, isTogether, (thread) =>
		(!wanted || stateWord(of.threads[thread]) === wanted) &&
		(!found.value || found.value[thread]));
});

/** What was opened (true) or closed (false) by hand. */
const turned = signal<ReadonlyMap<string, boolean>>(new Map());

/** Groups that nobody has turned yet are open where there are few rows. */
const openAtFirst = computed<ReadonlySet<string>>(() => {
	const open = new Set<string>();
	let rows = 0;
	for (const one of groups.value) {
		rows += one.frames.length + 1;
		if (rows > OPEN_ROWS && open.size)
			break;
		open.add(keyOf(one));
		const top = one.frames.findIndex((frame) =>
			localsOf(one, frame).length > 0);
		if (top >= 0)
			open.add(keyOf(one) + "." + top);
	}
	return open;
});

const isOpen = (key: string): boolean =>
	turned.value.get(key) ?? openAtFirst.value.has(key);

const rows = computed<readonly Row[]>(() =>
	unfold(stacks.value, groups.value, printing.value ?
		(key) => isOpen(key) || !key.includes(".") : isOpen));

function turn(key: string, to: boolean): void {
	turned.value = new Map(turned.value).set(key, to);
}

/** Open or close all groups, or with `key` of frames all variables. */
function turnAll(to: boolean, frames = false): void {
	const next = new Map(turned.value);
	for (const one of groups.value) {
		if (!frames)
			next.set(keyOf(one), to);
		else
			one.frames.forEach((_, n) => next.set(keyOf(one) + "." + n, to));
	}
	turned.value = next;
}

const hasLocals = (): boolean => stacks.value.locals;

/** Whether the variables are open: those of the first frame that has any. */
function turnLocals(): void {
	const first = rows.value.find((row) => row.kind === "frame" &&
		row.open !== undefined);
	turnAll(!first?.open, true);
}

/** Show a thread: whatever hides it is dropped. */
function goTo(thread: number): void {
	const shows = () => groups.value.find(({ threads }) =>
		threads.includes(thread));
	if (!shows()) {
		find.set("", true);
		stateFilter.set("", true);
	}
	const key = keyOf(shows()!);
	turn(key, true);
	at.set(key);
}

/* Names. */

const shortNames = computed<ReadonlyMap<string, string>>(() => {
	const files = new Set<string>();
	for (const thread of stacks.value.threads)
		for (const frame of thread.frames ?? [])
			files.add(frame.file);
	const list = [...files], short = shorten(list);
	return new Map(list.map((file, n) => [file, short[n]]));
});

const shortPlace = (frame: Frame): string =>
	(shortNames.value.get(frame.file) ?? "") +
		(frame.line ? ":" + frame.line : "");

function State({ word }: { word: string }): JSX.Element {
	return <span class="state"><i class="dot" style={{
		background: stateColour(word) }} />{stateText(word)}</span>;
}

/** What its threads do, the most of them first. */
function States({ of }: { of: Group }): JSX.Element {
	const words = new Map<string, number>();
	for (const thread of of.threads) {
		const word = stateWord(stacks.value.threads[thread]);
		words.set(word, (words.get(word) ?? 0) + 1);
	}
	const list = [...words].sort((a, b) => b[1] - a[1]);
	return <>{list.map(([word, n]) => <><State word={word} />
		{list.length > 1 && <span class="dim"> {count(n)} </span>}</>)}</>;
}

function Gil(): JSX.Element {
	return <>{" "}<span class="tag gil">holds the GIL</span></>;
}

/** The kernel's names, where they tell threads apart. */
const areNamed = computed(() => new Set(stacks.value.threads.map(
	({ name }) => name)).size > 1);

const shortName = (thread: Thread): string => visible(areNamed.value ?
	nameOf(thread) : nameOf({ ...thread, name: "" }));

function ThreadName({ thread }: { thread: Thread }): JSX.Element {
	return <><bdi class="thread">{shortName(thread)}</bdi>
		{thread.gil && <Gil />}
		{thread.selected && <>{" "}<span class="tag">selected</span></>}
		{" "}<span class="dim">{thread.tid ? "tid " + thread.tid : ""}
			{thread.interpreter ? ", interpreter " + thread.interpreter : ""}
		</span></>;
}

function GroupName({ of }: { of: Group }): JSX.Element {
	const { threads } = stacks.value, all = of.threads.map((n) => threads[n]);
	if (all.length === 1)
		return <ThreadName thread={all[0]} />;
	return <><b class="thread">{counted(all.length, "thread")}</b>
		{all.some(({ gil }) => gil) && <Gil />}
		{" "}<bdi class="dim">{all.slice(0, 20).map((thread) =>
			shortName(thread).replace(/^thread /, "")).join(", ") +
			(all.length > 20 ? " …" : "")}</bdi></>;
}

/* Rows. */

/** Rows that are no table. */
const isWide = ({ kind }: Row): boolean =>
	kind === "local" || kind === "note" || kind === "members";

function First({ row }: { row: Row }): JSX.Element {
	switch (row.kind) {
	case "group":
		return <GroupName of={row.group} />;
	case "members":
		return <span class="dim">{counted(row.group.threads.length,
			"thread")} with this stack</span>;
	case "member":
		return <ThreadName thread={stacks.value.threads[row.thread]} />;
	case "frame":
		return <><span class="number">{row.number}</span>{" "}
			<bdi class={"name " + originOf(row.frame.file)}
				title={hint(visible(row.frame.qualname))}>
				{visible(row.frame.qualname).slice(0, 300)}</bdi></>;
	case "local":
		return <code title={hint(visible(row.value))}>
			<bdi class="variable">{visible(row.name).slice(0, 200)}</bdi> ={" "}
			<bdi>{visible(row.value).slice(0, 1000)}</bdi></code>;
	case "note":
		return <span class="dim">{visible(row.text)}</span>;
	}
}

function Second({ row }: { row: Row }): JSX.Element | null {
	switch (row.kind) {
	case "group":
		return <States of={row.group} />;
	case "member":
		return <State word={stateWord(stacks.value.threads[row.thread])} />;
	case "frame":
		return <a class="place" title={hint(visible(place(row.frame)))}
			href={hashOf({ view: "source", src: place(row.frame) })}>
			<bdi>{visible(shortPlace(row.frame))}</bdi></a>;
	default:
		return null;
	}
}

function Third({ row }: { row: Row }): JSX.Element | null {
	if (row.kind === "frame")
		return <Code text={row.frame.source.slice(0, 400)} />;
	const top = row.group.frames[0];
	if (row.kind !== "group" || row.open || !top)
		return null;
	return <><bdi class="name">{visible(top.qualname).slice(0, 200)}</bdi>
		{" "}<bdi class="place dim">{visible(shortPlace(top))}</bdi></>;
}

/** What a screen reader is told of a row. */
function tell(row: Row): string {
	const { threads } = stacks.value;
	switch (row.kind) {
	case "group":
		return row.group.threads.length > 1 ?
			counted(row.group.threads.length, "thread") :
			nameOf(threads[row.group.threads[0]]) + ", " +
				stateText(stateWord(threads[row.group.threads[0]]));
	case "members":
		return "threads with this stack";
	case "member":
		return nameOf(threads[row.thread]);
	case "frame":
		return row.frame.qualname + ", " + shortPlace(row.frame);
	case "local":
		return row.name + " = " + row.value;
	case "note":
		return row.text;
	}
}

function step(list: readonly Row[], from: number, event: KeyboardEvent):
	boolean {
	const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 20, PageUp: -20,
		Home: -list.length, End: list.length }[event.key];
	const row = list[from];
	if (by !== undefined)
		choose(list[Math.max(0, Math.min(list.length - 1, from + by))]);
	else if (!row)
		return false;
	else if (event.key === "ArrowRight" && row.open)
		choose(list[from + 1] ?? row);
	else if (event.key === "ArrowRight" && row.open === false)
		turn(row.key, true);
	else if (event.key === "ArrowLeft" && row.open)
		turn(row.key, false);
	else if (event.key === "ArrowLeft")
		choose(list.slice(0, from).reverse().find(({ level }) =>
			level < row.level) ?? row);
	else if ((event.key === "Enter" || event.key === " ") &&
		row.open !== undefined)
		turn(row.key, !row.open);
	else
		return false;
	return true;
}

function choose(row: Row): void {
	at.set(row.key, true);
	spoken.value = visible(tell(row)).slice(0, 500);
}

function Rows(): JSX.Element {
	const list = rows.value, matches = useMemo(() => matcher(find.value),
		[find.value]);
	const { box, onScroll, from, to } = useWindow(list.length, ROW_HEIGHT,
		PRINTED);
	const chosen = list.findIndex(({ key }) => key === at.value);
	useLayoutEffect(() => {
		const element = box.current, y = chosen * ROW_HEIGHT;
		if (!element || chosen < 0)
			return;
		const room = element.clientHeight - 2 * ROW_HEIGHT;
		if (y < element.scrollTop || y > element.scrollTop + room)
			element.scrollTop = y - room / 3;
	}, [chosen]);
	const room = (n: number) => n > 0 && <tr class="room" aria-hidden="true"
		style={{ height: n * ROW_HEIGHT + "px" }} />;
	return <div class="table stacks" ref={box} onScroll={onScroll}>
		<table role="treegrid" aria-label="Threads and their stacks"
			tabIndex={0} aria-rowcount={list.length + 1}
			aria-activedescendant={chosen >= from && chosen < to ?
				"row" + chosen : undefined}
			onKeyDown={(event) => !event.ctrlKey && !event.metaKey &&
				!event.altKey && list.length > 0 &&
				step(list, chosen, event) && event.preventDefault()}>
			<thead><tr role="row" aria-rowindex={1}>
				<th role="columnheader" scope="col">Thread, frame</th>
				<th role="columnheader" scope="col" class="where">State, place</th>
				<th role="columnheader" scope="col" class="extra">Source</th>
			</tr></thead>
			<tbody>
				{room(from)}
				{list.slice(from, to).map((row, n) => <tr role="row"
					key={row.key} id={"row" + (from + n)}
					class={row.kind + (row.key === at.value ? " on" : "")}
					aria-rowindex={from + n + 2} aria-level={row.level}
					aria-selected={row.key === at.value}
					aria-expanded={row.open}
					onClick={() => choose(row)}
					onDblClick={() => row.open !== undefined &&
						turn(row.key, !row.open)}>
					<td role="gridcell" colSpan={isWide(row) ? 3 : 1}
						style={{ paddingLeft: 16 * row.level + "px" }}>
						<span class="twist" aria-hidden="true"
							onClick={() => row.open !== undefined &&
								turn(row.key, !row.open)}>
							{row.open === undefined ? "" : row.open ? "▾" : "▸"}
						</span>
						<span class={matches && row.kind === "frame" &&
							foundIn(row.frame, matches) ? "found" : ""}>
							<First row={row} /></span></td>
					{!isWide(row) && <>
						<td role="gridcell"><Second row={row} /></td>
						<td role="gridcell" class="extra"><Third row={row} /></td>
					</>}
				</tr>)}
				{!printing.value && room(list.length - to)}
			</tbody>
		</table>
		{!list.length && <p class="empty">{stacks.value.threads.length ?
			"No thread passes the filter." : "There are no Python threads."}</p>}
		{printing.value && to < list.length && <p class="empty">
			{count(list.length - to)} more rows are not printed.</p>}
	</div>;
}

/* Findings. */

const EDGES = 6;

function ThreadLink({ thread }: { thread: number }): JSX.Element {
	return <button class="plain" onClick={() => goTo(thread)}>
		{shortName(stacks.value.threads[thread])}</button>;
}

/** A thread waits for something, which another one holds. */
function EdgeLine({ edge }: { edge: Edge }): JSX.Element {
	return <li><ThreadLink thread={edge.waiter} /> waits for{" "}
		<bdi>{visible(edge.what)}</bdi>
		{edge.holder !== null && <>, which <ThreadLink thread={edge.holder} />
			{" "}holds</>}</li>;
}

const sentence = (text: string): string =>
	visible(text.slice(0, 1).toUpperCase() + text.slice(1));

function Found({ finding }: { finding: Finding }): JSX.Element {
	const { title, text, edges } = finding;
	const shown = edges.slice(0, title ? EDGES : 2 * EDGES);
	const more = edges.length > shown.length && <li class="dim">
		and {count(edges.length - shown.length)} more</li>;
	return <li class={title ? "verdict" : ""}>
		{title && <h2>{sentence(title)}</h2>}
		<p>{sentence(text)}.</p>
		{edges.length > 0 && <ul class={title ? "edges" : "edges line"}>
			{!title && <li>Waiting:</li>}
			{shown.map((edge) => title ? <EdgeLine edge={edge} /> :
				<li><ThreadLink thread={edge.waiter} /></li>)}
			{more}
		</ul>}
	</li>;
}

function Findings(): JSX.Element | null {
	const { findings, running } = stacks.value;
	return <>
		{running && <p class="note">The process ran on meanwhile: stacks were
			read while they changed, one after the other.</p>}
		{findings.length > 0 && <section class="findings" aria-label="Findings">
			<ul>{findings.map((finding) => <Found finding={finding} />)}</ul>
		</section>}
	</>;
}

/* The view. */

function StateFilter(): JSX.Element {
	const words = new Map<string, number>();
	for (const thread of stacks.value.threads)
		words.set(stateWord(thread), (words.get(stateWord(thread)) ?? 0) + 1);
	return <select aria-label="State" id="state" value={stateFilter.value}
		onChange={(event) => stateFilter.set(event.currentTarget.value)}>
		<option value="">In any state</option>
		{[...words].sort((a, b) => b[1] - a[1]).map(([word, n]) =>
			<option value={word}>{stateText(word)} ({count(n)})</option>)}
	</select>;
}

function Threads(): JSX.Element {
	const { threads } = stacks.value;
	const shown = groups.value.reduce((n, one) => n + one.threads.length, 0);
	const isTogether = group.value === "equal";
	const stacksShown = new Set(groups.value.map((one) =>
		threads[one.threads[0]].same_as)).size;
	return <>
		<Findings />
		<div class="row tight">
			<Search />
			<StateFilter />
			<Choice label="Rows" value={group.value} onChange={grouping.set}
				options={[["equal", "Equal stacks together"],
					["each", "Each thread"]]} />
			<span class="choice"><button onClick={() => turnAll(true)}>
				Open all</button><button onClick={() => turnAll(false)}>
				Close all</button>
			{hasLocals() && <button onClick={turnLocals}>Variables</button>}
			</span>
			<span class="dim">{count(shown)} of {counted(threads.length,
				"thread")}, {counted(stacksShown, "different stack")}</span>
			{hasLocals() && isTogether && groups.value.some((one) =>
				one.threads.length > 1) && <span class="dim">Variables are shown
				of threads by themselves.</span>}
		</div>
		<Rows />
	</>;
}

/* About. */

function asText(): string {
	const of = stacks.value, out: string[] = [];
	of.threads.forEach((thread, n) => {
		out.push("# " + nameOf(thread) + ": " + stateText(stateWord(thread)) +
			(thread.gil ? ", holds the GIL" : ""));
		framesOf(of, n).forEach((frame, number) => out.push("#" +
			String(number).padEnd(3) + visible(frame.qualname) + " (" +
			visible(place(frame)) + ")"));
		out.push("");
	});
	return out.join("\n");
}

function About(): JSX.Element {
	const of = stacks.value;
	return <div class="about">
		<section>
			<h2>What this is</h2>
			<p>The Python stacks of {of.whole ? "all" : "some"} threads of a
			{of.core ? " core dump" : " process"}
			{of.running ? ", read while it ran: a stack is one moment of its " +
				"thread, not the same moment for all" :
				" at one moment, while it stood still"}. Nothing was run in
			it.</p>
			<p>The most recent call is on top. A thread <b>holds the GIL</b> when
			it alone may run Python code; what the others do is what the kernel
			says of them{of.core ? ", which a core dump does not hold" : ""}.</p>
		</section>
		<section>
			<h2>What was looked at</h2>
			<Facts rows={[
				["Command", of.program && <code>{visible(of.program)
					.slice(0, 2000)}</code>],
				["Core", of.core && <code>{visible(of.core)}</code>],
				["Process", of.pid || ""],
				["Python", of.python + ", " + of.build],
				["Threads", counted(of.threads.length, "Python thread") +
					(of.others ? ", " + count(of.others) + " without Python" : "")],
				["Host", of.host],
				["Debugger", of.debugger],
				["When", of.taken_at ? date(of.taken_at) : ""],
				["pyprof", of.pyprof],
			]} />
		</section>
		<section>
			<h2>What is in this file</h2>
			<ul>
				<li>{SOURCE_CHOICES[of.source_choice] ?? SOURCE_CHOICES.none}</li>
				<li>{of.locals ? "The values of local variables, cut where they " +
					"are long: look before you share it." : "No variables."}</li>
				<li>No environment, no keys. The page asks nothing of any network,
				and its policy forbids it to.</li>
			</ul>
		</section>
		<section>
			<h2>Take along</h2>
			<p class="row">
				<button onClick={() => save("stacks.txt", "text/plain",
					asText())}>Text</button>
				<button onClick={() => save("stacks.json", "application/json",
					JSON.stringify(of))}>Data of this page, JSON</button>
			</p>
		</section>
	</div>;
}

const when: View["when"] = (of) => of.kind === "stacks";

export const stacksViews: readonly View[] = [
	{ id: "threads", title: "Threads", when, component: Threads, fills: true,
		keys: [
			{ key: "o", text: "Open all", run: () => turnAll(true) },
			{ key: "c", text: "Close all", run: () => turnAll(false) },
			{ key: "v", text: "Variables, where there are", run: turnLocals },
			{ key: "g", text: "Equal stacks together, or each thread",
				run: () => grouping.set(
					group.value === "equal" ? "each" : "equal") },
			{ key: "Arrows", text: "Walk, open and close", run: () => false },
		] },
	stacksSourceView,
	{ id: "about", title: "About these data", when, component: About },
];

