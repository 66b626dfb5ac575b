// SPDX-License-Identifier: Apache-2.0
//
// A table of any number of rows: only those that are in sight are elements.
// Sorted by its heads, walked with the arrow keys, printed from its top.

import type { ComponentChildren, JSX } from "preact";
import { useLayoutEffect, useMemo } from "preact/hooks";
import { rowMenu } from "./menu";
import { printing } from "./printing";
import { useWindow } from "./window";

export interface Column<Row> {
	id: string;
	label: string;
	/** Says more of the head. */
	help?: string;
	numeric?: boolean;
	/** Sorts by it, the largest first; without it the head does not sort. */
	value?: (row: Row) => number | string;
	cell: (row: Row) => ComponentChildren;
	/** The CSS width of the column; one without takes what is left. */
	width?: string;
	/** Left out of narrow windows. */
	extra?: boolean;
}

interface Props<Row> {
	caption: string;
	rows: readonly Row[];
	columns: readonly Column<Row>[];
	/** A column's id; with "-" in front upside down. */
	sort: string;
	onSort(sort: string): void;
	keyOf(row: Row): number;
	/** The key of the row that is selected. */
	selected?: number | null;
	onSelect?(row: Row): void;
	/** Enter or a double click. */
	onOpen?(row: Row): void;
	/** Rows are selected for all views: they have the menu of the selection. */
	menu?: boolean;
	empty?: string;
}

export const ROW_HEIGHT = 26;

export function sortRows<Row>(rows: readonly Row[],
	columns: readonly Column<Row>[], sort: string): readonly Row[] {
	const id = sort.replace(/^-/, "");
	const value = columns.find((column) => column.id === id)?.value;
	if (!value)
		return rows;
	const keyed = rows.map((row, at) => ({ row, at, key: value(row) }));
	const isText = typeof keyed[0]?.key === "string";
	const sign = (isText ? 1 : -1) * (sort.startsWith("-") ? -1 : 1);
	keyed.sort((a, b) => (a.key < b.key ? -sign : a.key > b.key ? sign : 0) ||
		a.at - b.at);
	return keyed.map(({ row }) => row);
}

function Head<Row>({ column, sort, onSort }:
	{ column: Column<Row>; sort: string; onSort(sort: string): void }):
	JSX.Element {
	const isOn = sort.replace(/^-/, "") === column.id;
	const isText = !column.numeric;
	const isUp = isText !== sort.startsWith("-");
	const next = isOn && !sort.startsWith("-") ? "-" + column.id : column.id;
	return <th scope="col" style={{ width: column.width }} title={column.help}
		class={(column.numeric ? "num" : "") + (column.extra ? " extra" : "")}
		aria-sort={isOn ? isUp ? "ascending" : "descending" : undefined}>
		{column.value ? <button data-sort={column.id}
			onClick={() => onSort(next)}>{column.label}{isOn &&
			<span aria-hidden="true"> {isUp ? "▴" : "▾"}</span>}</button> : column.label}
	</th>;
}

export function Table<Row>(props: Props<Row>): JSX.Element {
	const { rows, columns, sort, keyOf, selected, onSelect, onOpen } = props;
	const list = useMemo(() => sortRows(rows, columns, sort),
		[rows, columns, sort]);
	const { box, onScroll, from, to } = useWindow(list.length, ROW_HEIGHT);
	const at = selected == null ? -1 :
		list.findIndex((row) => keyOf(row) === selected);

	useLayoutEffect(() => {
		const element = box.current;
		if (!element || at < 0)
			return;
		const y = at * ROW_HEIGHT, room = element.clientHeight - 2 * ROW_HEIGHT;
		if (y < element.scrollTop)
			element.scrollTop = y;
		else if (y > element.scrollTop + room)
			element.scrollTop = y - room / 2;
	}, [at, sort]);

	const onKeyDown = (event: KeyboardEvent) => {
		const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 20,
			PageUp: -20, Home: -list.length, End: list.length }[event.key];
		if (event.target !== box.current)
			return;
		if (step !== undefined && onSelect && list.length) {
			event.preventDefault();
			onSelect(list[Math.max(0, Math.min(list.length - 1, at + step))]);
		} else if (event.key === "Enter" && at >= 0 && onOpen) {
			event.preventDefault();
			onOpen(list[at]);
		}
	};

	return <div class="table" ref={box} onScroll={onScroll} tabIndex={0}
		role="region" aria-label={props.caption} onKeyDown={onKeyDown}>
		<table aria-rowcount={list.length + 1}>
			<caption class="unseen">{props.caption}</caption>
			<thead><tr aria-rowindex={1}>{columns.map((column) =>
				<Head column={column} sort={sort} onSort={props.onSort} />)}
			</tr></thead>
			<tbody>
				{from > 0 && <tr class="room" aria-hidden="true"
					style={{ height: from * ROW_HEIGHT + "px" }} />}
				{list.slice(from, to).map((row, n) => {
					const isOn = keyOf(row) === selected;
					return <tr key={keyOf(row)} aria-rowindex={from + n + 2}
						class={isOn ? "on" : ""}
						aria-current={isOn ? "true" : undefined}
						onClick={onSelect && (() => onSelect(row))}
						onContextMenu={props.menu ?
							rowMenu(() => onSelect!(row)) : undefined}
						onDblClick={onOpen && (() => onOpen(row))}>
						{columns.map((column) =>
							<td class={(column.numeric ? "num" : "") +
								(column.extra ? " extra" : "")}>
								{column.cell(row)}</td>)}
					</tr>;
				})}
				{to < list.length && <tr class="room" aria-hidden="true"
					style={{ height: printing.value ? "0" :
						(list.length - to) * ROW_HEIGHT + "px" }} />}
			</tbody>
		</table>
		{!list.length && <p class="empty">{props.empty ?? "Nothing."}</p>}
		{printing.value && to < list.length && <p class="empty">
			{list.length - to} more rows are not printed.</p>}
	</div>;
}
