// SPDX-License-Identifier: Apache-2.0
//
// The flame graph: which frames call which, as wide as their time. The same
// tree as a table is the call tree.

import { computed, signal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { amount, percent, share } from "../format";
import { namingOf, stacksOf } from "../frames";
import { follow, levelOf, look, makeTree, markedTime, pathTo, totalsOf }
	from "../layout";
import type { Seen, Tree } from "../layout";
import { FRAME_BY, functionName, placeName } from "../model";
import type { Chosen } from "../model";
import { heatFill, originFill, stateFill } from "../paint";
import { findLocations } from "../search";
import { by, choiceParam, dropThread, filter, find, go, metric, param, profile,
	select, selection, srcOf, sums } from "../state";
import { save, svgOf } from "../svg";
import { Legend, ShareCell, SplitBar } from "../ui/bars";
import { Choice, Pick } from "../ui/filters";
import { Graph } from "../ui/graph";
import { itemsOf, openMenu } from "../ui/menu";
import type { Item } from "../ui/menu";
import type { Frames } from "../ui/painter";
import { TreeGrid } from "../ui/treegrid";
import type { View } from "../views";

const form = choiceParam("form", ["graph", "tree"]);
const shape = choiceParam("shape", ["icicle", "flame"]);
const way = choiceParam("way", ["callees", "callers"]);
const order = choiceParam("order", ["widest", "first"]);
const tint = choiceParam("tint", ["origin", "state", "self"]);
/** Letters: a: threads apart, r: recursion folded, p: plumbing shown. */
const shown = param("with");
const zoom = param("zoom");
const cursor = signal<number[]>([]);

/** Trees of more stacks than this are opened where it can be seen. */
const MANY = 20000;
/** Parts of the width, narrower than a pixel on any screen. */
const PARTS = 8192;

const has = (letter: string) => shown.value.includes(letter);
const toggle = (letter: string) => shown.set(has(letter) ?
	shown.value.replace(letter, "") : shown.value + letter);

const naming = computed(() => namingOf(profile.value, by.value));
const path = computed(() => zoom.value === "" ? [] :
	zoom.value.split(".").map(Number));
const seen = computed(() => look(stacksOf(sums.value, filter.value, {
	by: by.value, apart: has("a"), plumbing: has("p"),
	since: order.value === "first" && profile.value.moments !== null,
}), has("r")));

const tree = computed<Tree>(() => {
	const options = { inverted: way.value === "callers",
		byTime: order.value === "first" };
	const whole = seen.value.sum[0];
	if (seen.value.of.length < MANY)
		return makeTree(seen.value, options);
	const least = whole / PARTS;
	const rough = makeTree(seen.value, { ...options, least });
	if (!path.value.length)
		return rough;
	const end = follow(rough, path.value);
	const isThere = levelOf(rough, end) === path.value.length;
	return makeTree(seen.value, { ...options, least, zoom: path.value,
		zoomLeast: isThere ? rough.total[end] / PARTS : 0 });
});

const parts = computed(() => [0, 1, 2].map((c) => totalsOf(tree.value, c)));
const splitOf = (frame: number) =>
	parts.value.map((part) => part[frame]) as [number, number, number];

/** Keys that a search finds. */
const marked = computed<Uint8Array | null>(() => {
	const found = findLocations(profile.value, find.value);
	if (!found)
		return null;
	const keys = new Uint8Array(seen.value.stacks.keys);
	found.forEach((is, at) => {
		if (is)
			keys[naming.value.keyOf[at]] = 1;
	});
	return keys;
});

/** The location of a frame; -1 for a thread's. */
const locationOf = (frame: number) => {
	const key = tree.value.key[frame];
	return key < naming.value.count ? naming.value.location(key) : -1;
};

const threadOf = (frame: number) =>
	profile.value.threads[tree.value.key[frame] - naming.value.count];

function nameOf(frame: number): string {
	if (!frame)
		return "all";
	const key = tree.value.key[frame];
	if (key >= naming.value.count) {
		const { name, tid } = threadOf(frame);
		return name + " (" + tid + ")";
	}
	return naming.value.name(key);
}

const placeOf = (frame: number) => {
	const key = tree.value.key[frame];
	return frame && key < naming.value.count ? naming.value.place(key) : "";
};

const frames = computed<Frames>(() => {
	const of = profile.value, now = tree.value, name = naming.value;
	const fills = new Map<number, string>();
	const byLine = by.value === "line";
	const lit = selection.value[by.value];
	let most = 0;
	for (let at = 1; at < now.count; at++)
		most = Math.max(most, now.self[at]);
	const originOf = (frame: number, dark: boolean) => {
		const key = now.key[frame] * 2 + +dark;
		let fill = fills.get(key);
		if (!fill) {
			const at = locationOf(frame);
			const file = of.locationFile[at];
			fills.set(key, fill = at < 0 ? originFill(dark, "other", "", "") :
				originFill(dark, of.fileOrigin[file], of.fileShort[file],
					functionName(of, of.locationFunction[at])));
		}
		return fill;
	};
	const hits = marked.value;
	return {
		tree: now,
		name: (frame) => byLine && frame && locationOf(frame) >= 0 ?
			nameOf(frame) + "  " + name.place(now.key[frame]) : nameOf(frame),
		fill: tint.value === "origin" ? originOf :
			tint.value === "state" ?
				(frame, dark) => stateFill(dark, splitOf(frame)) :
				(frame, dark) => heatFill(dark,
					Math.sqrt(now.self[frame] / (most || 1))),
		marked: hits && ((frame) => hits[now.key[frame]] > 0),
		lit: (frame) => frame > 0 && now.key[frame] === lit,
	};
});

function tell(frame: number): string {
	const now = tree.value, all = now.total[0], place = placeOf(frame);
	return nameOf(frame).slice(0, 300) + (place && " · " + place) +
		" · total " + percent(now.total[frame], all) + " (" +
		amount(now.total[frame], metric.value) + ") · self " +
		percent(now.self[frame], all) + " (" +
		amount(now.self[frame], metric.value) + ")";
}

function Facts({ frame }: { frame: number }): JSX.Element {
	const now = tree.value, all = now.total[0], top = follow(now, path.value);
	const at = frame ? locationOf(frame) : -1;
	const value = (n: number) => <>
		<td class="num">{percent(n, all)}</td>
		<td class="num">{amount(n, metric.value)}</td>
	</>;
	return <>
		<b class="name">{nameOf(frame).slice(0, 400)}</b>
		{at >= 0 && <div class="dim place">{placeName(profile.value,
			profile.value.locationFile[at], by.value === "line" ?
				profile.value.locationLine[at] : by.value === "function" ?
					profile.value.functionLine[
						profile.value.locationFunction[at]] : 0)}</div>}
		<table><tbody>
			<tr><th>Total</th>{value(now.total[frame])}</tr>
			<tr><th>Self</th>{value(now.self[frame])}</tr>
			{top > 0 && <tr><th>Of zoom</th><td class="num">
				{percent(now.total[frame], now.total[top])}</td></tr>}
		</tbody></table>
		<SplitBar split={splitOf(frame)} width="100%" />
	</>;
}

/** What frames like this one are called by; null: a thread. */
const chosenOf = (frame: number): Chosen | null => locationOf(frame) < 0 ? null :
	{ by: by.value, key: tree.value.key[frame] };

/** The thread whose frame has the cursor; -1: it is of no thread. */
function threadAtCursor(): number {
	const key = cursor.value.length === 1 ? cursor.value[0] : -1;
	return key - naming.value.count;
}

const onlyThread = (thread: number) => go({ zoom: "", with:
	shown.value.replace("a", ""), threads: String(thread) });

/** Runs what is done with a thread, if one has the cursor. */
const ofThread = (run: (thread: number) => void) => () => {
	const thread = threadAtCursor();
	return thread >= 0 && has("a") ? run(thread) : false;
};

function menu(frame: number): Item[] {
	const what = chosenOf(frame);
	const zoom: Item = { text: "Zoom to it", run: () => zoomTo(
		pathTo(tree.value, frame).map((up) => tree.value.key[up])) };
	const thread = what ? -1 : threadOf(frame).index;
	return [zoom, ...what ? itemsOf(what) : [
		{ text: "Only this thread", run: () => onlyThread(thread) },
		{ text: "Without this thread", run: () => dropThread(thread) },
	]];
}

const zoomTo = (keys: number[], replace = false) =>
	zoom.set(keys.join("."), replace);

function choose(frame: number): void {
	const at = frame ? locationOf(frame) : -1;
	if (at >= 0)
		select({ [by.value]: tree.value.key[frame], ...by.value === "line" &&
			{ function: profile.value.locationFunction[at] } }, {}, true);
}

function openSource(frame: number): void {
	const at = locationOf(frame);
	if (at >= 0)
		go({ view: "source", src: srcOf(profile.value.locationFile[at],
			profile.value.locationLine[at]) });
}

function Check({ letter, text, help }:
	{ letter: string; text: string; help: string }): JSX.Element {
	return <button aria-pressed={has(letter)} title={help}
		onClick={() => {
			zoomTo([], true);
			toggle(letter);
		}}>{text}</button>;
}

function Tools(): JSX.Element {
	const reset = <T,>(set: (to: T) => void) => (to: T) => {
		zoomTo([], true);
		set(to);
	};
	return <div class="row tight">
		<Choice label="Form" value={form.value} onChange={form.set}
			options={[["graph", "Graph"], ["tree", "Table"]]} />
		<Pick id="by" label="Frames by" value={by.value} onChange={reset(by.set)}
			options={FRAME_BY.map((word) => [word, "by " + word] as const)} />
		<Choice label="Direction" value={way.value} onChange={reset(way.set)}
			options={[["callees", "Callees", "What calls what, from the top"],
				["callers", "Callers",
					"Inverted: who calls the innermost frames (i)"]]} />
		{form.value === "graph" && <Choice label="Shape" value={shape.value}
			onChange={shape.set} options={[
				["icicle", "Icicle", "The root at the top (v)"],
				["flame", "Flame", "The root at the bottom (v)"]]} />}
		{profile.value.moments && <Choice label="Order" value={order.value}
			onChange={order.set} options={[
				["widest", "Widest first"],
				["first", "Oldest first", "By when a frame was first seen"]]} />}
		<span class="choice" role="group" aria-label="Frames">
			{profile.value.threads.length > 1 && <Check letter="a"
				text="Threads apart" help="A frame for each thread" />}
			<Check letter="r" text="Fold recursion"
				help="A frame that calls itself is one frame" />
			<Check letter="p" text="Plumbing"
				help="Frames that start programs, threads and imports" />
		</span>
		{form.value === "graph" && <Pick id="tint" label="Colours by"
			value={tint.value} onChange={tint.set} options={[
				["origin", "colours by origin"], ["state", "by state"],
				["self", "by self time"]]} />}
		<span class="grow" />
		<Found />
	</div>;
}

function SaveButton(): JSX.Element {
	return <button title="Save what is shown as an SVG file" id="svg"
		onClick={() => save("pyprof-flame.svg", "image/svg+xml", svgOf(
			frames.value, follow(tree.value, path.value),
			shape.value === "flame", document.title, tell))}>
		Save SVG</button>;
}

/** How much of what is shown a search finds. */
function Found(): JSX.Element | null {
	const keys = marked.value, top = follow(tree.value, path.value);
	if (!keys)
		return null;
	const keysTo = pathTo(tree.value, top).map((at) => tree.value.key[at]);
	const time = markedTime(seen.value as Seen, keys, keysTo,
		way.value === "callers");
	return <output id="found">{percent(time, tree.value.total[top])} matched
	</output>;
}

const ORIGINS = [["project", "project"], ["packages", "packages"],
	["stdlib", "standard library"], ["other", "other"]] as const;

function Colours(): JSX.Element | null {
	if (tint.value === "state")
		return <Legend />;
	if (tint.value !== "origin")
		return null;
	return <span class="legend">{ORIGINS.map(([id, text]) => <span>
		<i class={"dot from-" + id} />{text}</span>)}</span>;
}

function CallTree(): JSX.Element {
	const now = tree.value, all = now.total[0];
	const top = follow(now, path.value);
	const figure = (part: number) => <ShareCell text={share(part, all)}
		part={part} whole={all} />;
	const name = (frame: number): ComponentChildren => <>
		<bdi class={"name" + (frames.value.marked?.(frame) ? " found" : "")}>
			{nameOf(frame).slice(0, 300)}</bdi>
		<span class="dim place"> {placeOf(frame)}</span></>;
	const at = follow(now, cursor.value);
	return <>
		<TreeGrid label="Call tree" tree={now} start={top} name={name}
			head={way.value === "callers" ? "Function, and its callers below" :
				"Function, and what it calls below"}
			columns={[
				{ label: "Total %", width: "6rem",
					cell: (frame) => figure(now.total[frame]) },
				{ label: "Total", width: "6rem",
					cell: (frame) => amount(now.total[frame], metric.value) },
				{ label: "Self %", width: "6rem",
					cell: (frame) => figure(now.self[frame]) },
				{ label: "Of total", width: "8rem",
					help: "Python, native and waiting",
					cell: (frame) => <SplitBar split={splitOf(frame)} /> },
			]}
			cursor={levelOf(now, at) === cursor.value.length ? at : 0}
			onCursor={(frame) => {
				cursor.value = pathTo(now, frame).map((up) => now.key[up]);
				choose(frame);
			}}
			onOpen={openSource}
			onMenu={(frame, x, y) => openMenu(menu(frame), { x, y })} />
	</>;
}

function Component(): JSX.Element {
	const isEmpty = !tree.value.total[0];
	return <>
		<Tools />
		{isEmpty ? <p class="empty">No samples pass the filter.</p> :
			form.value === "tree" ? <CallTree /> : <>
				<Graph label={"Flame graph. Arrow keys walk the frames, Enter " +
					"zooms, Escape zooms out, Shift F10 opens a menu. The same " +
					"as a table: button Table."}
				frames={frames.value} flip={shape.value === "flame"}
				zoom={path.value} onZoom={(keys) => zoomTo(keys)}
				cursor={cursor.value}
				onCursor={(keys, frame) => {
					cursor.value = keys;
					choose(frame);
				}}
				tell={tell} facts={(frame) => <Facts frame={frame} />}
				menu={menu} onOpen={openSource} />
				<div class="under row"><Colours /><span class="grow" />
					<SaveButton /></div>
			</>}
	</>;
}

export const flameView: View = {
	id: "flame",
	title: "Flame",
	when: (report) => report.kind === "profile",
	component: Component,
	filtered: true,
	fills: true,
	keys: [
		{ key: "i", text: "Callers instead of callees (inverted)", run: () => {
			zoomTo([], true);
			way.next();
		} },
		{ key: "v", text: "Flame or icicle", run: () => shape.next() },
		{ key: "l", text: "Frames by function or line", run: () => {
			zoomTo([], true);
			by.set(by.value === "line" ? "function" : "line");
		} },
		{ key: "g", text: "Graph or table", run: () => form.next() },
		{ key: "f", text: "", run: ofThread(onlyThread) },
		{ key: "x", text: "", run: ofThread(dropThread) },
		{ key: "Arrows", text: "Walk the frames", run: () => false },
		{ key: "Enter", text: "Zoom; again: show the source",
			run: () => false },
		{ key: "Escape", shown: "Esc", text: "Zoom out", run: () => false },
		{ key: "n", shown: "n N", text: "Next, last frame found",
			run: () => false },
	],
};
