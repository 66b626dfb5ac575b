// SPDX-License-Identifier: Apache-2.0
//
// Two profiles: where time was added, and where it went away. Every change has
// a sign, and its colour says it again.

import { computed, signal } from "@preact/signals";
import type { JSX } from "preact";
import { makeDiff, sidesOf, unlike } from "../diff";
import type { Change, Norm } from "../diff";
import { amount, count, percent } from "../format";
import { follow, pathTo } from "../layout";
import { EVERYTHING, FRAME_BY, visible } from "../model";
import type { Profile } from "../model";
import type { Key } from "../keys";
import { changeFill } from "../paint";
import { matcher } from "../search";
import { by, choiceParam, find, go, metric, param, report, spoken, states }
	from "../state";
import { Choice, Pick, Search } from "../ui/filters";
import { Graph } from "../ui/graph";
import type { Frames } from "../ui/painter";
import { Table } from "../ui/table";
import type { Column } from "../ui/table";
import { TreeGrid } from "../ui/treegrid";
import type { View } from "../views";

const form = choiceParam("form", ["graph", "tree", "rows"]);
export const norm = choiceParam<Norm>("norm", ["time", "share", "none"]);
const way = choiceParam("way", ["callees", "callers"]);
const which = choiceParam("only", ["all", "new", "removed"]);
const zoom = param("zoom"), sort = param("dsort", "change");
/** A thread's name; threads have nothing else in common. */
const thread = param("thread");
const cursor = signal<number[]>([]), chosen = signal<number | null>(null);

export const sides = computed(() => {
	const { old, profile } = report.value;
	return sidesOf([old!, profile!], { ...EVERYTHING, states: states.value },
		metric.value, thread.value);
});
const diff = computed(() => makeDiff(sides.value, by.value, norm.value,
	way.value === "callers"));

/** The names of threads of both. */
const names = computed(() => [...new Set([report.value.old!,
	report.value.profile!].flatMap(({ threads }) =>
	threads.map(({ name }) => name)))].filter(Boolean));

/** The next name, or all threads behind the last. */
function nextThread(step: number): void {
	const places = ["", ...names.value], at = places.indexOf(thread.value);
	zoom.set("", true);
	thread.set(places[(at + step + places.length) % places.length]);
	spoken.value = thread.value || "all threads";
}

/** 100 % of a normalised time. */
const whole = () => norm.value === "share" ? sides.value[1].all :
	norm.value === "time" ? sides.value[1].profile.raw.meta.sampled_ns : 0;

export const figure = (value: number): string => whole() ? percent(value, whole()) :
	amount(value, metric.value);

/** "▲ +1.2 %": the sign, and how much. */
export function signed(change: number): string {
	const size = figure(Math.abs(change));
	return !change ? "= 0" : (change > 0 ? "▲ +" : "▼ −") + size;
}

const wordOf = (before: number, after: number) =>
	before ? after ? "" : "removed" : "new";

export function Signed({ change, most }: { change: number; most: number }):
	JSX.Element {
	const part = most ? 50 * Math.abs(change) / most : 0;
	return <span class={"signed" + (change > 0 ? " more" : change < 0 ?
		" less" : "")}
		style={{ "--part": part.toFixed(1) + "%" }}>{signed(change)}</span>;
}

const nameOf = (frame: number) => frame ?
	visible(diff.value.keys.name[diff.value.tree.key[frame]]) : "all";

function placeOf(key: number): string {
	const { file, line } = diff.value.keys;
	return by.value === "file" ? "" : file[key].split("/").slice(-2).join("/") +
		(line[key] > 0 ? ":" + line[key] : "");
}

function openSource(key: number): void {
	const { file, line } = diff.value.keys;
	if (file[key])
		go({ view: "source", src: file[key] +
			(line[key] > 0 ? ":" + line[key] : "") });
}

const frames = computed<Frames>(() => {
	const { tree, before, after, keys } = diff.value;
	const matches = matcher(find.value);
	const change = (frame: number) => after[frame] - before[frame];
	return {
		tree,
		name: (frame) => (change(frame) > 0 ? "▲ " : change(frame) < 0 ? "▼ " :
			"= ") + nameOf(frame) + (by.value === "line" && frame ?
			"  " + placeOf(tree.key[frame]) : ""),
		fill: (frame, dark) => changeFill(dark,
			change(frame) / (tree.total[frame] || 1)),
		marked: matches && ((frame) => matches(keys.name[tree.key[frame]] + " " +
			keys.file[tree.key[frame]])),
		lit: (frame) => tree.key[frame] === chosen.value,
	};
});

function tell(frame: number): string {
	const { before, after, tree } = diff.value;
	return nameOf(frame) + (frame ? " · " + placeOf(tree.key[frame]) : "") +
		" · " + signed(after[frame] - before[frame]) + ": " +
		figure(before[frame]) + " before, " + figure(after[frame]) + " after";
}

function Facts({ frame }: { frame: number }): JSX.Element {
	const { before, after, tree } = diff.value;
	return <>
		<b class="name">{nameOf(frame)}</b>
		{frame > 0 && <div class="dim place">{placeOf(tree.key[frame])}</div>}
		<table><tbody>
			<tr><th>Before</th><td class="num">{figure(before[frame])}</td></tr>
			<tr><th>After</th><td class="num">{figure(after[frame])}</td></tr>
			<tr><th>Change</th><td class="num">
				{signed(after[frame] - before[frame])}</td></tr>
		</tbody></table>
	</>;
}

/** What is different about how the two were taken, loudly. */
function Warning(): JSX.Element | null {
	const { old, profile } = report.value, found = unlike(old!, profile!);
	return found.length ? <p class="note" role="alert">
		<b>These two were not taken alike: </b>{visible(found.join("; "))}.
		{" "}Changes may come from that.</p> : null;
}

/** What of both is compared, and how. */
export function SideTools(): JSX.Element {
	const reset = <T,>(set: (to: T) => void) => (to: T) => {
		zoom.set("", true);
		set(to);
	};
	const most = (of: Profile | null) => of!.threads.length;
	return <>
		<Choice label="Which time counts" value={states.value}
			onChange={reset(states.set)} options={[["running", "Running"],
				["waiting", "Waiting"], ["all", "All"]]} />
		<Pick id="norm" label="Scale" value={norm.value} onChange={reset(norm.set)}
			options={[["time", "per second of the run"],
				["share", "as shares of all time"], ["none", "as measured"]]} />
		{names.value.length > 1 ? <Pick id="thread" label="Threads by name"
			value={thread.value} onChange={reset(thread.set)}
			options={[["", "All threads"], ...names.value.map((name) =>
				[name, name.slice(0, 60)] as [string, string])]} /> :
			most(report.value.old) + most(report.value.profile) > 2 &&
			<span class="dim" title="Of two runs, only names tell which threads
				are the same">All threads have one name.</span>}
	</>;
}

function Tools(): JSX.Element {
	const reset = <T,>(set: (to: T) => void) => (to: T) => {
		zoom.set("", true);
		set(to);
	};
	return <div class="row tight">
		<Choice label="Form" value={form.value} onChange={form.set}
			options={[["graph", "Graph"], ["tree", "Tree"], ["rows", "List"]]} />
		<Pick id="by" label="By" value={by.value} onChange={reset(by.set)}
			options={FRAME_BY.map((word) => [word, "by " + word] as const)} />
		{form.value !== "rows" && <Choice label="Direction" value={way.value}
			onChange={reset(way.set)} options={[["callees", "Callees"],
				["callers", "Callers"]]} />}
		<SideTools />
		<span class="grow" /><Search />
	</div>;
}

function Whole(): JSX.Element {
	const { sums, before, after } = diff.value;
	return <p class="row tight whole">
		<span><span class="dim">Before</span> {figure(before[0])}
			{" "}<span class="dim">({amount(sums[0].all, metric.value)})</span></span>
		<span><span class="dim">After</span> {figure(after[0])}
			{" "}<span class="dim">({amount(sums[1].all, metric.value)})</span></span>
		<span class={after[0] > before[0] ? "more" : "less"}>
			{signed(after[0] - before[0])}</span>
	</p>;
}

function List(): JSX.Element {
	const { rows, keys } = diff.value, matches = matcher(find.value);
	const shown = rows.filter(({ key, total }) =>
		(which.value === "all" || wordOf(total[0], total[1]) === which.value) &&
		(!matches || matches(keys.name[key] + " " + keys.file[key] + ":" +
			keys.line[key])));
	const most = rows.reduce((all, { self, total }) => Math.max(all,
		Math.abs(self[1] - self[0]), Math.abs(total[1] - total[0])), 0);
	const side = (id: string, label: string, value: (row: Change) => number):
		Column<Change> => ({ id, label, value, numeric: true, width: "6.5rem",
		extra: true, cell: (row) => value(row) ? figure(value(row)) : "–" });
	const delta = (id: string, label: string, of: (row: Change) =>
		[number, number]): Column<Change> => ({
		id, label, numeric: true, width: "10rem",
		value: (row) => Math.abs(of(row)[1] - of(row)[0]),
		cell: (row) => <Signed change={of(row)[1] - of(row)[0]} most={most} />,
	});
	return <>
		<div class="row tight">
			<Choice label="Which" value={which.value} onChange={which.set}
				options={[["all", "All"], ["new", "New"],
					["removed", "Removed"]]} />
			<span class="dim">{count(shown.length)} of {count(rows.length)}</span>
		</div>
		<Table caption="Changes" rows={shown} sort={sort.value}
			onSort={(to) => sort.set(to)} keyOf={(row) => row.key}
			selected={chosen.value} empty="Nothing."
			onOpen={(row) => openSource(row.key)}
			onSelect={(row) => {
				chosen.value = row.key;
				spoken.value = keys.name[row.key] + ", self " +
					signed(row.self[1] - row.self[0]);
			}}
			columns={[
				delta("change", "Self", (row) => row.self),
				side("before", "before", (row) => row.self[0]),
				side("after", "after", (row) => row.self[1]),
				delta("total", "Total", (row) => row.total),
				{ id: "name", label: by.value === "file" || by.value === "module" ?
					"Name" : "Function", value: (row) =>
					keys.name[row.key], cell: (row) => <>
					<bdi class="name">{visible(keys.name[row.key])}</bdi>{" "}
					<span class="tag">{wordOf(...row.total)}</span></> },
				{ id: "place", label: "Place", value: (row) =>
					keys.file[row.key] + String(keys.line[row.key]).padStart(9, "0"),
				cell: (row) => <bdi class="place"
					title={visible(keys.file[row.key])}>
					{visible(placeOf(row.key))}</bdi> },
			]} />
	</>;
}

function Component(): JSX.Element {
	const { tree, before, after } = diff.value;
	const path = zoom.value === "" ? [] : zoom.value.split(".").map(Number);
	const at = follow(tree, cursor.value);
	const move = (frame: number) => {
		cursor.value = pathTo(tree, frame).map((up) => tree.key[up]);
		chosen.value = frame ? tree.key[frame] : null;
		spoken.value = tell(frame);
	};
	const most = Math.max(...[...before.subarray(0, 2000)].map((value, frame) =>
		frame ? Math.abs(after[frame] - value) : 0), 0);
	return <>
		<Warning /><Tools /><Whole />
		{form.value === "rows" ? <List /> : !tree.total[0] ?
			<p class="empty">Nothing changed.</p> : form.value === "tree" ?
				<TreeGrid label="Changes" head="Function" tree={tree}
					start={follow(tree, path)} cursor={at} onCursor={move}
					onOpen={(frame) => openSource(tree.key[frame])}
					name={(frame) => <><bdi class="name">{nameOf(frame)}</bdi>
						<span class="dim place"> {placeOf(tree.key[frame])}</span>
						{" "}<span class="tag">{wordOf(before[frame],
							after[frame])}</span></>}
					columns={[
						{ label: "Change", width: "11rem", cell: (frame) =>
							<Signed change={after[frame] - before[frame]}
								most={most} /> },
						{ label: "Before", width: "7rem",
							cell: (frame) => figure(before[frame]) },
						{ label: "After", width: "7rem",
							cell: (frame) => figure(after[frame]) },
					]} /> : <>
					<Graph label={"What changed: frames are as wide as what " +
						"grew and what shrank in them. Arrow keys walk, Enter " +
						"zooms, Escape zooms out. The same as a table: button Tree."}
					frames={frames.value} zoom={path} cursor={cursor.value}
					onZoom={(keys) => zoom.set(keys.join("."))}
					onCursor={(_, frame) => move(frame)} tell={tell}
					onOpen={(frame) => openSource(tree.key[frame])}
					facts={(frame) => <Facts frame={frame} />} />
					<div class="under"><span class="legend">
						<span class="more">▲ more time</span>
						<span class="less">▼ less time</span>
						<span>as wide as all that changed; unchanged time has no
							width</span></span></div>
				</>}
	</>;
}

export const threadKeys: readonly Key[] = [
	{ key: "t", shown: "t T", text: "Next, last name of threads",
		run: () => nextThread(1) },
	{ key: "T", text: "", run: () => nextThread(-1) },
];

export const diffView: View = {
	id: "diff",
	title: "Diff",
	when: (of) => of.old !== null,
	component: Component,
	fills: true,
	keys: [
		{ key: "g", text: "Graph, tree or list", run: () => form.next() },
		{ key: "l", text: "By function, line, file or module", run: () => {
			zoom.set("", true);
			by.next();
		} },
		...threadKeys,
		{ key: "i", text: "Callers instead of callees (inverted)", run: () => {
			zoom.set("", true);
			way.next();
		} },
	],
};
