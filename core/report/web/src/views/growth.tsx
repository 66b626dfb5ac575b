// SPDX-License-Identifier: Apache-2.0
//
// Two heaps of one process: who holds more than before, and what of which type
// came and went. Every change has a sign, and its colour says it again.

import { computed } from "@preact/signals";
import type { JSX } from "preact";
import { bytes, count, date } from "../format";
import { cameTo, isOf, signed, span, warnings, WHICH, wordOf } from "../growth";
import type { Growth, HolderChange, Side, TypeChange, Which } from "../growth";
import { visible } from "../model";
import { matcher } from "../search";
import { choiceParam, find, hashOf, param, report, spoken } from "../state";
import { Choice } from "../ui/filters";
import { Table } from "../ui/table";
import type { Column } from "../ui/table";
import type { View } from "../views";
import { Fact, Path, SearchRow, typeName } from "./heap";

const growth = computed<Growth>(() => report.value.growth!);
const which = choiceParam<Which>("only", WHICH);
const typeSort = param("tsort", "bytes"), holderSort = param("hsort", "delta");
/** The address of the holder that is selected. */
const object = param("object");

const mostOf = (changes: number[]) =>
	changes.reduce((most, change) => Math.max(most, Math.abs(change)), 0);

/** A change as a bar from the middle, and its figure. */
function Signed({ change, most, text }: { change: number; most: number;
	text: (n: number) => string }): JSX.Element {
	const part = most ? 50 * Math.abs(change) / most : 0;
	return <span class={"signed" + (change > 0 ? " more" : change < 0 ?
		" less" : "")} style={{ "--part": part.toFixed(1) + "%" }}>
		{signed(change, text)}</span>;
}

/** The same from the left, where all of a list have one sign. */
function Grown({ change, most }: { change: number; most: number }):
	JSX.Element {
	return <span class={"grown" + (change < 0 ? " less" : "")} style={{
		"--part": (most ? 100 * Math.abs(change) / most : 0).toFixed(1) + "%" }}>
		{signed(change, bytes)}</span>;
}

/* Summary. */

function Warnings(): JSX.Element | null {
	const notes = warnings(growth.value);
	return notes.length ? <div class="note" role="alert">
		{notes.map((note) => <p>{note}</p>)}</div> : null;
}

function sideName(side: Side): string {
	const when = side.taken_at ? date(side.taken_at) : "";
	const name = side.snapshot || side.core;
	return (name ? visible(name.split("/").pop()!) : "as it stood") +
		(when ? ", " + when : "");
}

function Facts(): JSX.Element {
	const of = growth.value, change = of.bytes_after - of.bytes_before;
	const seconds = Math.abs(of.taken_at - of.old.taken_at);
	return <dl class="facts">
		<Fact label="Before" value={bytes(of.bytes_before)}
			help={sideName(of.old)} />
		<Fact label="After" value={bytes(of.bytes_after)} help={sideName(of)} />
		<div class={change > 0 ? "more" : change < 0 ? "less" : ""}>
			<dt>Change</dt><dd>{signed(change, bytes)}</dd></div>
		<Fact label="Time between" value={span(seconds)} />
		{!of.unrelated && <>
			<Fact label="New objects" value={count(of.came)}
				help={"In blocks of " + bytes(of.came_bytes)} />
			<Fact label="Gone objects" value={count(of.went)}
				help={"In blocks of " + bytes(of.went_bytes)} />
		</>}
		<Fact label="Types that changed" value={count(of.types_changed) + " of " +
			count(of.types_compared)} />
	</dl>;
}

function Holder({ row, most }: { row: HolderChange; most: number }):
	JSX.Element {
	return <li>
		<p><a class="path" href={hashOf({ view: "holders",
			object: row.address })}><Path path={row.path} /></a>
			{row.is_new && <span class="tag">new</span>}</p>
		<p class="dim">{typeName(row.type)} at {row.address} · {visible(
			cameTo(row))}</p>
		<p class="between"><Grown change={row.delta} most={most} />
		<span class="dim num">{bytes(row.retained_before)} → {
			bytes(row.retained_after)}</span></p>
	</li>;
}

const SHOWN = 8;

function Holders(): JSX.Element | null {
	const { holders, holders_found: found, unrelated } = growth.value;
	if (unrelated)
		return null;
	const most = mostOf(holders.map((row) => row.delta));
	return <section><h2>Who holds more</h2>
		{holders.length ? <ol class="suspects">{holders.slice(0, SHOWN).map(
			(row) => <Holder row={row} most={most} />)}</ol> :
			<p class="dim">{found ? "Left out of this report." :
				"Nobody: no object holds more than it did."}</p>}
		{holders.length > SHOWN && <p><a href={hashOf({ view: "holders" })}>
			{count(found - SHOWN)} more</a></p>}
	</section>;
}

function TypeBars({ title, only, rows }: { title: string; only: Which;
	rows: TypeChange[] }): JSX.Element | null {
	const of = rows.filter((row) => isOf(only, row)).sort((a, b) =>
		Math.abs(b.bytes_delta) - Math.abs(a.bytes_delta)), top = of.slice(0, 10);
	if (!of.length)
		return null;
	const most = mostOf(rows.map((row) => row.bytes_delta));
	return <section><h2>{title}</h2>
		<ul class="bars">{top.map((row) => <li>
			<span><bdi class="name">{typeName(row.type)}</bdi>{" "}
				<span class="tag">{wordOf(row)}</span></span>
			<Grown change={row.bytes_delta} most={most} />
			<span class="dim num">{signed(row.count_delta, count).slice(2)}</span>
		</li>)}</ul>
		{of.length > top.length && <p><a href={hashOf({ view: "types",
			only })}>{count(of.length - top.length)} more</a></p>}
	</section>;
}

function Summary(): JSX.Element {
	const { types } = growth.value;
	return <div class="summary">
		<Warnings />
		<Facts />
		<p class="dim">Before: {sideName(growth.value.old)}. After: {sideName(
			growth.value)}. Objects at the same address and of the same type are
			taken for the same.</p>
		<Holders />
		<TypeBars title="Types that grew" only="grown" rows={types} />
		<TypeBars title="Types that shrank" only="shrunk" rows={types} />
		{!types.length && <p>No type changed.</p>}
	</div>;
}

/* Types. */

const WORDS: readonly (readonly [Which, string])[] = [["all", "All"],
	["grown", "Grown"], ["shrunk", "Shrunk"], ["new", "New"], ["gone", "Gone"]];

function figure<Row>(id: keyof Row & string, label: string,
	text: (n: number) => string, help?: string): Column<Row> {
	return { id, label, help, numeric: true, width: "6.5rem", extra: true,
		value: (row) => Number(row[id]),
		cell: (row) => row[id] ? text(Number(row[id])) : "–" };
}

function Types(): JSX.Element {
	const { types, types_changed: changed, unrelated } = growth.value;
	const matches = matcher(find.value);
	const shown = types.filter((row) => isOf(which.value, row) &&
		(!matches || matches(typeName(row.type))));
	const most = mostOf(types.map((row) => row.bytes_delta));
	const mostCount = mostOf(types.map((row) => row.count_delta));
	const columns: Column<TypeChange>[] = [
		{ id: "type", label: "Type", value: (row) => typeName(row.type),
			cell: (row) => <><bdi class="name">{typeName(row.type)}</bdi>{" "}
				<span class="tag">{wordOf(row)}</span></> },
		{ id: "bytes", label: "Change", numeric: true, width: "12rem",
			help: "Bytes of their blocks, with buffers",
			value: (row) => row.bytes_delta, cell: (row) =>
				<Signed change={row.bytes_delta} most={most} text={bytes} /> },
		figure("bytes_before", "Before", bytes),
		figure("bytes_after", "After", bytes),
		{ id: "count", label: "Objects", numeric: true, width: "10rem",
			value: (row) => row.count_delta, cell: (row) => <Signed
				change={row.count_delta} most={mostCount} text={count} /> },
		figure("count_before", "Before", count),
		figure("count_after", "After", count),
		...unrelated ? [] : [
			figure<TypeChange>("came", "New", count, "Not there before"),
			figure<TypeChange>("went", "Gone", count, "Not there any more"),
		],
	];
	return <>
		<SearchRow shown={shown.length} all={changed}>
			<Choice label="Which" value={which.value} onChange={which.set}
				options={WORDS} />
			<span class="dim">Types that stayed as they were are left out.</span>
		</SearchRow>
		<Table caption="Types that changed" rows={shown} columns={columns}
			sort={typeSort.value} onSort={(to) => typeSort.set(to)}
			keyOf={(row) => types.indexOf(row)} empty="No such type." />
	</>;
}

/* Who holds more. */

function Held(): JSX.Element {
	const of = growth.value.holders.find((row) => row.address === object.value);
	return <div class="held" aria-label="Selection" role="region">{of ? <>
		<p><b class="name">{typeName(of.type)}</b>{" "}
			<span class="dim">at {of.address} · {signed(of.delta, bytes)} · {
				visible(cameTo(of))}</span></p>
		<p><Path path={of.path} /></p></> :
		<span class="dim">What is selected is told here, with the path from a root
			that keeps it alive.</span>}
	</div>;
}

function AllHolders(): JSX.Element {
	const { holders, holders_found: found } = growth.value;
	const matches = matcher(find.value);
	const shown = holders.filter((row) => !matches || matches(
		typeName(row.type) + " " + row.path + " " + (row.mostly ?? "")));
	const most = mostOf(holders.map((row) => row.delta));
	const columns: Column<HolderChange>[] = [
		{ id: "delta", label: "Change", numeric: true, width: "12rem",
			help: "Of what would be freed with it", value: (row) => row.delta,
			cell: (row) => <Signed change={row.delta} most={most}
				text={bytes} /> },
		figure("retained_before", "Before", bytes),
		figure("retained_after", "After", bytes),
		figure("new_objects", "New objects", count),
		{ id: "mostly", label: "Mostly", width: "14rem", extra: true,
			value: (row) => row.mostly ?? "", cell: (row) => row.mostly &&
				<bdi class="name">{visible(row.mostly)}</bdi> },
		{ id: "type", label: "Type", width: "12rem", extra: true,
			value: (row) => typeName(row.type),
			cell: (row) => <bdi class="name">{typeName(row.type)}</bdi> },
		{ id: "path", label: "Where", value: (row) => row.path, cell: (row) =>
			<><bdi class="place" title={visible(row.path)}>{visible(row.path)}
			</bdi>{" "}{row.is_new && <span class="tag">new</span>}</> },
	];
	return <>
		<SearchRow shown={shown.length} all={found}>
			<span class="dim">Those that grew and are no mere way to one that did.
			</span></SearchRow>
		<Table caption="Who holds more" rows={shown} columns={columns}
			sort={holderSort.value} onSort={(to) => holderSort.set(to)}
			keyOf={(row) => holders.indexOf(row)}
			selected={holders.findIndex((row) => row.address === object.value)}
			onSelect={(row) => {
				object.set(row.address, true);
				spoken.value = signed(row.delta, bytes) + ", " + row.path;
			}}
			empty="Nobody." />
		<Held />
	</>;
}

const when: View["when"] = (of) => of.growth !== null;

export const growthViews: readonly View[] = [
	{ id: "growth", title: "Growth", when, component: Summary },
	{ id: "types", title: "Types", when, component: Types, fills: true,
		keys: [{ key: "t", text: "All, grown, shrunk, new or gone",
			run: () => which.next() }] },
	{ id: "holders", title: "Holders", component: AllHolders, fills: true,
		when: (of) => of.growth !== null && !of.growth.unrelated },
];
