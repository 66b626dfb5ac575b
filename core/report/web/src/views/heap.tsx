// SPDX-License-Identifier: Apache-2.0
//
// A heap: what there is, what holds it, and what is wasted. What is selected
// is told at the foot of each view, with the path that keeps it alive.

import { computed, signal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { bytes, count, counted, percent, share } from "../format";
import { damageOf, groupAt, holdersTree, stepsOf } from "../heap";
import type { Big, Heap, HeapType, Text } from "../heap";
import { follow, pathTo } from "../layout";
import { visible } from "../model";
import { hash, lch } from "../paint";
import { matcher } from "../search";
import { choiceParam, find, hashOf, param, report, spoken } from "../state";
import { ShareCell } from "../ui/bars";
import { Choice, Search } from "../ui/filters";
import { Graph } from "../ui/graph";
import type { Frames } from "../ui/painter";
import { Table } from "../ui/table";
import type { Column } from "../ui/table";
import { TreeGrid } from "../ui/treegrid";
import type { View } from "../views";

const heap = computed<Heap>(() => report.value.heap);
const form = choiceParam("form", ["graph", "tree"]);
const zoom = param("zoom");
/** The address of the object that is selected. */
const object = param("object");
const typeSort = param("tsort", "bytes"), textSort = param("xsort", "wasted"),
	bigSort = param("osort", "bytes");
const cursor = signal<number[]>([]);

/** Its group of the tree; -1: that was left out. */
const chosen = computed(() => object.value ?
	groupAt(heap.value, object.value) : -1);

/* What is selected, and why it is there. */

export function Path({ path }: { path: string }): JSX.Element {
	return <code class="path">{stepsOf(path).map((step) =>
		<span>{visible(step)}</span>)}</code>;
}

export const typeName = (type: string | null) => visible(type ?? "(unknown type)");

const groupName = (at: number) => {
	const { type, count: n } = heap.value.tree[at];
	return n > 1 ? count(n) + " × " + typeName(type) : typeName(type);
};

function Held(): JSX.Element {
	const { tree: groups, objects, totals } = heap.value;
	const big = objects?.find((row) => row.address === object.value);
	const of = big ?? groups[chosen.value];
	if (!of)
		return <div class="held dim">What is selected is told here, with the
			path from a root that keeps it alive.</div>;
	const many = "count" in of && of.count > 1;
	return <div class="held" aria-label="Selection" role="region">
		<p><b class="name">{"count" in of ? groupName(chosen.value) :
			typeName(of.type)}</b>{" "}
		<span class="dim">{many ? "the biggest at" : "at"} {of.address} · holds
			{" "}{bytes(of.retained)} ({percent(of.retained,
			totals.reached_bytes)})</span></p>
		<p>{of.path !== undefined ? <Path path={of.path} /> :
			<span class="dim">Its path is not in this report.</span>}</p>
	</div>;
}

/** A link to an object where the tree has it; else its address. */
function ObjectLink({ address, children }:
	{ address: string; children: ComponentChildren }): JSX.Element {
	const at = groupAt(heap.value, address);
	return at < 0 ? <>{children}</> : <a href={hashOf({ view: "holders",
		object: address, zoom: zoomTo(at) })}>{children}</a>;
}

/** The zoom that shows a group: what holds it. */
function zoomTo(at: number): string {
	const keys = [];
	for (let up = heap.value.tree[at].parent; up !== null;
		up = heap.value.tree[up].parent)
		keys.unshift(up);
	return keys.join(".");
}

/* Summary. */

const PARTS: readonly [string, string, string][] = [
	["object_bytes", "objects", "--state-python"],
	["buffer_bytes", "buffers they own", "--state-native"],
	["freelist_bytes", "free lists", "--state-wait-lock"],
	["other_bytes", "other blocks", "--state-wait-io"],
	["header_bytes", "headers of pools", "--state-wait-gil"],
	["free_bytes", "free", "--state-wait-sleep"],
];

function Arenas(): JSX.Element | null {
	const { census } = heap.value;
	const whole = PARTS.reduce((sum, [key]) => sum + Number(census[key] ?? 0), 0);
	if (!whole)
		return null;
	const text = PARTS.map(([key, word]) =>
		word + " " + bytes(Number(census[key]))).join(", ");
	return <section>
		<h2>Memory of the arenas</h2>
		<div class="split tall" role="img" aria-label={text}>
			{PARTS.map(([key, , colour]) => <i style={{
				width: 100 * Number(census[key]) / whole + "%",
				background: `var(${colour})` }} />)}
		</div>
		<p class="legend wrap">{PARTS.map(([key, word, colour]) =>
			Number(census[key]) > 0 && <span>
				<i class="dot" style={{ background: `var(${colour})` }} />
				{word} {bytes(Number(census[key]))}</span>)}</p>
	</section>;
}

function Damage(): JSX.Element | null {
	const notes = damageOf(heap.value.census);
	return notes.length ? <p class="note">{notes.join("; ")}.</p> : null;
}

export function Fact({ label, value, help }:
	{ label: string; value: string; help?: string }): JSX.Element {
	return <div title={help}><dt>{label}</dt><dd>{value}</dd></div>;
}

function Suspects(): JSX.Element {
	const { suspects, totals } = heap.value;
	return <section><h2>Leak suspects</h2>
		{suspects.length ? <ol class="suspects">{suspects.map((suspect) => <li>
			<p>{visible(suspect.sentence)}.</p>
			<p class="dim"><ObjectLink address={suspect.point}>
				Show what holds it</ObjectLink>
			{suspect.point_path && <> · <Path path={suspect.point_path} /></>}</p>
			<ShareCell text={percent(suspect.retained, totals.reached_bytes)}
				part={suspect.retained} whole={totals.reached_bytes} />
		</li>)}</ol> : <p class="dim">None: no object and no type holds a tenth
			of it.</p>}
	</section>;
}

function Summary(): JSX.Element {
	const { totals, meta, strings, garbage, types } = heap.value;
	return <div class="summary">
		<Damage />
		<dl class="facts">
			<Fact label="Objects" value={count(totals.objects)} />
			<Fact label="In blocks of" value={bytes(totals.bytes)}
				help="What the allocator gave for objects and their buffers" />
			<Fact label="Reached" value={bytes(totals.reached_bytes)} />
			<Fact label="Garbage" value={bytes(garbage.bytes)} />
			<Fact label="Wasted on equal text" value={bytes(strings.wasted)} />
			<Fact label="Types" value={count(totals.types)} />
			<Fact label="References" value={count(totals.edges)} />
			<Fact label="Python" value={String(meta.python) + (meta.debug ?
				" debug" : "") + (meta.free_threaded ? " free-threaded" : "")} />
		</dl>
		<Suspects />
		<section><h2>Biggest types</h2>
			<ul class="bars">{types.slice(0, 10).map((row) => <li>
				<bdi class="name">{typeName(row.type)}</bdi>
				<ShareCell text={bytes(row.bytes)} part={row.bytes}
					whole={types[0].bytes} />
				<span class="dim num">{count(row.count)}</span></li>)}</ul>
		</section>
		<Arenas />
	</div>;
}

/* Types. */

const figure = (whole: number) => <Row,>(id: keyof Row & string,
	label: string, help: string, width = "8rem"): Column<Row> => ({
	id, label, help, numeric: true, width,
	value: (row) => Number(row[id]),
	cell: (row) => <ShareCell text={bytes(Number(row[id]))}
		part={Number(row[id])} whole={whole} />,
});

export function SearchRow({ shown, all, children }:
	{ shown: number; all: number; children?: ComponentChildren }): JSX.Element {
	return <div class="row tight"><Search />
		<span class="dim">{count(shown)} of {count(all)}</span>{children}</div>;
}

function Types(): JSX.Element {
	const { types, totals } = heap.value, matches = matcher(find.value);
	const shown = matches ? types.filter((row) => matches(typeName(row.type))) :
		types;
	const size = figure(totals.bytes);
	const columns: Column<HeapType>[] = [
		{ id: "type", label: "Type", value: (row) => typeName(row.type),
			cell: (row) => <bdi class="name">{typeName(row.type)}</bdi> },
		{ id: "count", label: "Objects", numeric: true, width: "7rem",
			value: (row) => row.count, cell: (row) => count(row.count) },
		{ id: "shallow", label: "Shallow", numeric: true, width: "7rem",
			help: "What sys.getsizeof() says",
			value: (row) => row.shallow, cell: (row) => bytes(row.shallow) },
		size<HeapType>("bytes", "In blocks",
			"What the allocator gave, with buffers"),
		size<HeapType>("retained", "Retained",
			"What would be freed with all of them"),
		{ id: "each", label: "Each", numeric: true, width: "7rem", extra: true,
			value: (row) => row.bytes / (row.count || 1),
			cell: (row) => bytes(Math.round(row.bytes / (row.count || 1))) },
	];
	return <>
		<SearchRow shown={shown.length} all={totals.types} />
		<Table caption="Types" rows={shown} columns={columns}
			sort={typeSort.value} onSort={(to) => typeSort.set(to)}
			keyOf={(row) => types.indexOf(row)} empty="No such type." />
	</>;
}

/* What holds what. */

const tree = computed(() => holdersTree(heap.value));

const frames = computed<Frames>(() => {
	const groups = heap.value.tree, now = tree.value;
	const matches = matcher(find.value), at = chosen.value;
	const named = (frame: number) => {
		const of = groups[now.key[frame]], path = of.path && stepsOf(of.path);
		return groupName(now.key[frame]) +
			(path ? "  " + path[path.length - 1].replace(/^\./, "") : "");
	};
	return {
		tree: now,
		name: (frame) => frame ? visible(named(frame)) : "all that is reached",
		fill: (frame, dark) => {
			const type = groups[now.key[frame]].type ?? "";
			return lch(dark, 0.05 * hash(type + "x"),
				type.includes(".") ? 0.085 : 0.045, 360 * hash(type));
		},
		marked: matches && ((frame) => matches(named(frame) + " " +
			(groups[now.key[frame]].path ?? ""))),
		lit: (frame) => now.key[frame] === at,
	};
});

function tell(frame: number): string {
	const now = tree.value;
	return frames.value.name(frame) + " · holds " + bytes(now.total[frame]) +
		" (" + percent(now.total[frame], now.total[0]) + ")" +
		(frame && heap.value.tree[now.key[frame]].path ?
			" · " + visible(heap.value.tree[now.key[frame]].path!) : "");
}

function Facts({ frame }: { frame: number }): JSX.Element {
	const now = tree.value, of = frame ? heap.value.tree[now.key[frame]] : null;
	return <>
		<b class="name">{frames.value.name(frame)}</b>
		{of && <div class="dim">{of.count > 1 && "the biggest "}at {of.address}
		</div>}
		<table><tbody>
			<tr><th>Holds</th><td class="num">{bytes(now.total[frame])}</td>
				<td class="num">{percent(now.total[frame], now.total[0])}</td></tr>
			<tr><th>Itself</th><td class="num">{bytes(now.self[frame])}</td></tr>
			{of && of.left_out > 0 && <tr><th>Left out below</th>
				<td class="num">{bytes(of.left_out)}</td></tr>}
		</tbody></table>
		{of?.path && <Path path={of.path} />}
	</>;
}

function choose(frame: number): void {
	object.set(frame ? heap.value.tree[tree.value.key[frame]].address : "",
		true);
	spoken.value = tell(frame);
}

function Holders(): JSX.Element {
	const now = tree.value, groups = heap.value.tree;
	const path = zoom.value === "" ? [] : zoom.value.split(".").map(Number);
	const top = follow(now, path), all = now.total[0];
	const setZoom = (keys: number[]) => zoom.set(keys.join("."));
	const at = now.key.indexOf(chosen.value, 1);
	return <>
		<div class="row tight">
			<Choice label="Form" value={form.value} onChange={form.set}
				options={[["graph", "Graph"], ["tree", "Table"]]} />
			<Search />
			<span class="dim">Each is as wide as what would be freed with it.
				{" "}What holds little is left out.</span>
		</div>
		{form.value === "tree" ? <TreeGrid label="What holds what" head="Holder"
			tree={now} start={top} cursor={at > 0 && at < now.count ? at : 0}
			onCursor={choose} onOpen={(frame) => setZoom(
				pathTo(now, frame).map((up) => now.key[up]))}
			name={(frame) => <><bdi class="name">{frames.value.name(frame)}</bdi>
			</>}
			columns={[
				{ label: "Holds %", width: "7rem", cell: (frame) =>
					<ShareCell text={share(now.total[frame], all)}
						part={now.total[frame]} whole={all} /> },
				{ label: "Holds", width: "7rem",
					cell: (frame) => bytes(now.total[frame]) },
				{ label: "Objects", width: "7rem",
					cell: (frame) => count(groups[now.key[frame]].count) },
			]} /> :
			<Graph label={"What holds what. Arrow keys walk, Enter zooms, " +
				"Escape zooms out. The same as a table: button Table."}
			frames={frames.value} zoom={path} onZoom={setZoom}
			cursor={cursor.value} root="all that is reached"
			onCursor={(keys, frame) => {
				cursor.value = keys;
				choose(frame);
			}}
			tell={tell} facts={(frame) => <Facts frame={frame} />} />}
		<Held />
	</>;
}

/* The biggest by themselves. */

function Objects(): JSX.Element {
	const objects = heap.value.objects ?? [], { totals } = heap.value;
	const matches = matcher(find.value);
	const shown = matches ? objects.filter((row) => matches(
		typeName(row.type) + " " + row.text + " " + row.path)) : objects;
	const size = figure(totals.bytes);
	const columns: Column<Big>[] = [
		size<Big>("bytes", "In blocks", "Its own block and buffers"),
		{ id: "retained", label: "Retained", numeric: true, width: "7rem",
			help: "What would be freed with it", value: (row) => row.retained,
			cell: (row) => bytes(row.retained) },
		{ id: "type", label: "Type", width: "12rem",
			value: (row) => typeName(row.type),
			cell: (row) => <ObjectLink address={row.address}>
				<bdi class="name">{typeName(row.type)}</bdi></ObjectLink> },
		{ id: "path", label: "Where", cell: (row) =>
			<bdi class="place" title={visible(row.path)}>{visible(row.path)}
			</bdi> },
		{ id: "text", label: "What", extra: true,
			cell: (row) => <code>{visible(row.text)}</code> },
	];
	return <>
		<SearchRow shown={shown.length} all={objects.length}>
			<span class="dim">The biggest by themselves, without what they hold.
			</span></SearchRow>
		<Table caption="Biggest objects" rows={shown} columns={columns}
			sort={bigSort.value} onSort={(to) => bigSort.set(to)}
			keyOf={(row) => objects.indexOf(row)}
			selected={objects.findIndex((row) => row.address === object.value)}
			onSelect={(row) => object.set(row.address, true)}
			empty="None." />
		<Held />
	</>;
}

/* Equal texts, and garbage. */

function Strings(): JSX.Element {
	const { strings } = heap.value, matches = matcher(find.value);
	const shown = matches ? strings.top.filter((row) => matches(row.text)) :
		strings.top;
	const size = figure(strings.wasted);
	const columns: Column<Text>[] = [
		size<Text>("wasted", "Wasted", "What all but one of them take"),
		{ id: "copies", label: "Copies", numeric: true, width: "6rem",
			value: (row) => row.copies, cell: (row) => count(row.copies) },
		{ id: "length", label: "Length", numeric: true, width: "6rem",
			value: (row) => row.length, cell: (row) => count(row.length) },
		{ id: "text", label: "Text", value: (row) => row.text,
			cell: (row) => <code>{visible(row.text).slice(0, 300)}</code> },
		{ id: "holders", label: "Held by", extra: true, width: "22rem",
			cell: (row) => row.holders.map((holder) =>
				count(holder.references) + " × " + visible(holder.type))
				.join(", ") },
	];
	return <>
		<SearchRow shown={shown.length} all={strings.duplicated}>
			<span class="dim">{counted(strings.objects, "text")} of {
				bytes(strings.bytes)}, {count(strings.distinct)} different; {
				bytes(strings.wasted)} wasted on equal ones.</span></SearchRow>
		<Table caption="Equal texts" rows={shown} columns={columns}
			sort={textSort.value} onSort={(to) => textSort.set(to)}
			keyOf={(row) => strings.top.indexOf(row)}
			empty="No text is there twice." />
	</>;
}

function Garbage(): JSX.Element {
	const { garbage } = heap.value;
	if (!garbage.objects)
		return <p>None: all objects can be reached.</p>;
	return <div class="summary">
		<p>{counted(garbage.objects, "object")} in {bytes(garbage.bytes)} cannot
			be reached any more{garbage.cycles > 0 && <>, with {
			counted(garbage.cycles, "cycle")}</>}{garbage.reason && <>; {
			visible(garbage.reason)}</>}.</p>
		<section><h2>Of types</h2><ul class="bars">
			{garbage.types.slice(0, 30).map((row) => <li>
				<bdi class="name">{typeName(row.type)}</bdi>
				<ShareCell text={bytes(row.bytes)} part={row.bytes}
					whole={garbage.types[0].bytes} />
				<span class="dim num">{count(row.count)}</span></li>)}</ul></section>
		<section><h2>Cycles</h2><ol class="suspects">
			{garbage.kinds.map((kind) => <li>
				<p>{counted(kind.count, "cycle")} of {visible(kind.types)}, {
					bytes(kind.bytes)}</p>
				<p><code class="path">{visible(kind.way)}</code></p>
			</li>)}</ol></section>
	</div>;
}

const when: View["when"] = (of) => of.kind === "heap";

export const heapViews: readonly View[] = [
	{ id: "heap", title: "Summary", when, component: Summary },
	{ id: "types", title: "Types", when, component: Types, fills: true },
	{ id: "holders", title: "Dominators", when, component: Holders, fills: true,
		keys: [{ key: "t", text: "Graph or table", run: () => form.next() }] },
	{ id: "objects", title: "Objects", component: Objects, fills: true,
		when: (of) => of.heap?.objects?.length > 0 },
	{ id: "strings", title: "Strings", when, component: Strings, fills: true },
	{ id: "garbage", title: "Garbage", when, component: Garbage },
];

