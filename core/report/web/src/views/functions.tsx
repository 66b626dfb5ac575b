// SPDX-License-Identifier: Apache-2.0
//
// All functions or lines in a table; the one that is selected with those that
// called it above and those that it called below.

import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { amount, count, share, percent } from "../format";
import { functionName, lineName, NONE } from "../model";
import type { Profile, Rows } from "../model";
import { matcher } from "../search";
import { choiceParam, find, go, metric, param, profile, rows, select,
	selection, spoken, srcOf, states, sums } from "../state";
import { Around } from "../ui/around";
import { Legend, ShareCell, SplitBar } from "../ui/bars";
import { Choice } from "../ui/filters";
import { FunctionName, Place, SourceText } from "../ui/names";
import { Table } from "../ui/table";
import type { Column } from "../ui/table";
import type { View } from "../views";

const sort = param("sort", "self");
const list = choiceParam("list", ["functions", "lines"]);

interface Row {
	key: number;
	function: number;
	file: number;
	line: number;
	self: number;
	total: number;
	samples: number;
	split: [number, number, number];
}

/** Rows as objects, for tables. */
export function rowList(of: Profile, by: Rows): Row[] {
	return [...by.keys].map((key) => {
		const best = by.best[key];
		const place = best === NONE ? 0 : best;
		return {
			key, self: by.self[key], total: by.total[key],
			samples: by.samples[key],
			split: [by.split[0][key], by.split[1][key], by.split[2][key]],
			function: of.locationFunction[place],
			file: of.locationFile[place],
			line: of.locationLine[place],
		};
	});
}

const isByLine = () => list.value === "lines";
const nameOf = (row: Row) => functionName(profile.value, row.function);

function columns(all: number, split: boolean): Column<Row>[] {
	const figure = (id: "self" | "total", label: string, help: string):
		Column<Row> => ({
		id, label, help, numeric: true, width: "5.5rem",
		value: (row) => row[id],
		cell: (row) => <ShareCell text={share(row[id], all)} part={row[id]}
			whole={all} />,
	});
	const middle: Column<Row>[] = split ? [{
		id: "split", label: "Of self", width: "6rem", extra: true,
		help: "What its self time was spent on; sorts by native",
		value: (row) => row.split[1] / (row.self || 1),
		cell: (row) => row.self > 0 && <SplitBar split={row.split} />,
	}] : [];
	const name: Column<Row> = {
		id: "name", label: "Function", value: nameOf,
		cell: (row) => <FunctionName id={row.function} />,
	};
	const place: Column<Row> = {
		id: "place", label: isByLine() ? "Line" : "Hottest line",
		value: (row) => profile.value.fileShort[row.file] +
			String(row.line).padStart(9, "0"),
		cell: (row) => <Place file={row.file} line={row.line} />,
	};
	const source: Column<Row> = { id: "source", label: "Source", extra: true,
		cell: (row) => <SourceText file={row.file} line={row.line} /> };
	return [
		figure("self", "Self %", "Time in it alone"),
		figure("total", "Total %", "Time in it and in what it called"),
		{ id: "time", numeric: true, width: "5.5rem", extra: true,
			label: metric.value === "ns" ? "Self" : "Self samples",
			value: (row) => row.self,
			cell: (row) => row.self ? metric.value === "ns" ?
				amount(row.self, "ns") : count(row.self) : "–" },
		{ id: "samples", label: "Samples", numeric: true, width: "5.5rem",
			extra: true, help: "Samples whose innermost frame is here",
			value: (row) => row.samples,
			cell: (row) => row.samples ? count(row.samples) : "–" },
		...middle,
		...(isByLine() ? [place, name, source] : [name, place]),
	];
}

function Component(): JSX.Element {
	const of = profile.value;
	const by = isByLine() ? rows("line") : rows("function");
	const text = find.value;
	const shown = useMemo(() => {
		const matches = matcher(text);
		const all = rowList(of, by);
		return matches ? all.filter((row) => matches(nameOf(row)) ||
			matches(lineName(of, of.locationKey[by.best[row.key]]))) : all;
	}, [of, by, text]);
	const chosen = isByLine() ? selection.value.line :
		selection.value.function;
	const choose = (row: Row) => {
		spoken.value = nameOf(row) + ", self " +
			percent(row.self, sums.value.all) + ", total " +
			percent(row.total, sums.value.all);
		select(isByLine() ? { line: row.key, function: row.function } :
			{ function: row.key }, {}, true);
	};
	return <>
		<div class="row">
			<Choice label="Rows" value={list.value}
				onChange={(to) => list.set(to)}
				options={[["functions", "Functions"], ["lines", "Lines"]]} />
			<span class="dim">{count(shown.length)} of {count(by.keys.length)}</span>
			<Legend />
		</div>
		<div class="halves">
			<Table caption={list.value} rows={shown}
				columns={columns(sums.value.all, states.value !== "waiting")}
				sort={sort.value} onSort={(to) => sort.set(to)}
				keyOf={(row) => row.key} selected={chosen} onSelect={choose} menu
				onOpen={(row) => go({ view: "source",
					src: srcOf(row.file, row.line) })}
				empty="No samples pass the filter." />
			{chosen !== null && <Around by={isByLine() ? "line" : "function"}
				id={chosen} />}
		</div>
	</>;
}

export const functionsView: View = {
	id: "functions",
	title: "Functions",
	when: (report) => report.kind === "profile",
	component: Component,
	filtered: true,
	fills: true,
	keys: [
		{ key: "l", text: "Functions or lines", run: () => list.next() },
		{ key: "Arrows", text: "Walk the rows", run: () => false },
		{ key: "Enter", text: "Show the source", run: () => false },
	],
};
