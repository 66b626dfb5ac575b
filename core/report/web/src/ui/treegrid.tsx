// SPDX-License-Identifier: Apache-2.0
//
// A tree of frames as a table whose rows unfold: what a graph shows, for those
// who read or listen. Only rows in sight are elements.

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState }
	from "preact/hooks";
import type { Tree } from "../layout";
import { printing } from "./printing";
import { ROW_HEIGHT } from "./table";

export interface TreeColumn {
	label: string;
	help?: string;
	width: string;
	cell(frame: number): ComponentChildren;
}

interface Props {
	label: string;
	/** The head of the column of names. */
	head: string;
	tree: Tree;
	/** Its kids are the first rows. */
	start: number;
	name(frame: number): ComponentChildren;
	columns: readonly TreeColumn[];
	cursor: number;
	onCursor(frame: number): void;
	onOpen?(frame: number): void;
	onMenu?(frame: number, x: number, y: number): void;
}

const OVERSCAN = 8;
const INDENT = 14;

/** What is open at first: the way of most of the time, and that of `to`. */
function openAtFirst(tree: Tree, start: number, to: number): Set<number> {
	const open = new Set<number>();
	for (let at = start; tree.kids[at] < tree.kids[at + 1];) {
		const kid = tree.kids[at];
		open.add(at);
		if (at !== start && tree.total[kid] < 0.4 * tree.total[at])
			break;
		at = kid;
	}
	for (let at = tree.parent[Math.max(0, to)]; at > 0; at = tree.parent[at])
		open.add(at);
	return open;
}

/** The rows there are, and how deep each is. */
function unfold(tree: Tree, start: number, open: ReadonlySet<number>) {
	const frames: number[] = [], depths: number[] = [];
	const waiting: number[] = [start];
	const level = [-1];
	while (waiting.length) {
		const frame = waiting.pop()!, depth = level.pop()!;
		if (frame !== start) {
			frames.push(frame);
			depths.push(depth);
		}
		if (frame === start || open.has(frame))
			for (let kid = tree.kids[frame + 1]; kid-- > tree.kids[frame];) {
				waiting.push(kid);
				level.push(depth + 1);
			}
	}
	return { frames, depths };
}

export function TreeGrid(props: Props): JSX.Element {
	const { tree, start, cursor, onCursor, onOpen, columns } = props;
	const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
	const box = useRef<HTMLDivElement>(null);
	const [top, setTop] = useState(0);
	const [height, setHeight] = useState(600);
	useEffect(() => setOpen(openAtFirst(tree, start, cursor)), [tree, start]);
	const { frames, depths } = useMemo(() => unfold(tree, start, open),
		[tree, start, open]);
	const at = frames.indexOf(cursor);
	useLayoutEffect(() => {
		const observer = new ResizeObserver(() =>
			setHeight(box.current!.clientHeight));
		observer.observe(box.current!);
		return () => observer.disconnect();
	}, []);
	useLayoutEffect(() => {
		const element = box.current!, y = at * ROW_HEIGHT;
		const room = element.clientHeight - 2 * ROW_HEIGHT;
		if (at >= 0 && (y < element.scrollTop || y > element.scrollTop + room))
			element.scrollTop = y - room / 2;
	}, [at]);

	const fold = (frame: number, on: boolean) => {
		const next = new Set(open);
		if (on)
			next.add(frame);
		else
			next.delete(frame);
		setOpen(next);
	};
	const hasKids = (frame: number) => tree.kids[frame + 1] > tree.kids[frame];
	const onKeyDown = (event: KeyboardEvent) => {
		const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 20, PageUp: -20,
			Home: -frames.length, End: frames.length }[event.key];
		if (event.ctrlKey || event.metaKey || event.altKey || !frames.length)
			return;
		if (step)
			onCursor(frames[Math.max(0, Math.min(frames.length - 1,
				at < 0 ? 0 : at + step))]);
		else if (event.key === "ArrowRight" && at >= 0 && hasKids(cursor))
			open.has(cursor) ? onCursor(tree.kids[cursor]) : fold(cursor, true);
		else if (event.key === "ArrowLeft" && at >= 0)
			open.has(cursor) ? fold(cursor, false) :
				tree.parent[cursor] !== start && onCursor(tree.parent[cursor]);
		else if (event.key === "Enter" && at >= 0 && onOpen)
			onOpen(cursor);
		else
			return;
		event.preventDefault();
	};
	const all = printing.value;
	const from = all ? 0 : Math.max(0, Math.floor(top / ROW_HEIGHT) - OVERSCAN);
	const to = Math.min(frames.length, all ? 200 :
		Math.ceil((top + height) / ROW_HEIGHT) + OVERSCAN);
	const room = (rows: number) => rows > 0 && <tr class="room"
		aria-hidden="true" style={{ height: rows * ROW_HEIGHT + "px" }} />;

	return <div class="table" ref={box}
		onScroll={() => setTop(box.current!.scrollTop)}>
		<table role="treegrid" aria-label={props.label} tabIndex={0}
			aria-rowcount={frames.length + 1} onKeyDown={onKeyDown}
			aria-activedescendant={at >= from && at < to ? "row" + at :
				undefined}>
			<thead><tr role="row" aria-rowindex={1}>
				<th role="columnheader" scope="col">{props.head}</th>
				{columns.map(({ label, help, width }) => <th class="num"
					role="columnheader" scope="col" title={help}
					style={{ width }}>{label}</th>)}
			</tr></thead>
			<tbody>
				{room(from)}
				{frames.slice(from, to).map((frame, n) => <tr role="row"
					key={frame} id={"row" + (from + n)}
					class={frame === cursor ? "on" : ""}
					aria-rowindex={from + n + 2}
					aria-level={depths[from + n] + 1}
					aria-selected={frame === cursor}
					aria-expanded={hasKids(frame) ? open.has(frame) : undefined}
					onClick={() => onCursor(frame)}
					onDblClick={() => onOpen?.(frame)}
					onContextMenu={(event) => {
						event.preventDefault();
						onCursor(frame);
						props.onMenu?.(frame, event.clientX, event.clientY);
					}}>
					<td role="gridcell" class="leaf" style={{ paddingLeft: 16 +
						INDENT * Math.min(40, depths[from + n]) + "px" }}>
						<span class="twist" aria-hidden="true"
							onClick={() => fold(frame, !open.has(frame))}>
							{hasKids(frame) ? open.has(frame) ? "▾" : "▸" : ""}
						</span>{props.name(frame)}</td>
					{columns.map(({ cell }) => <td role="gridcell" class="num">
						{cell(frame)}</td>)}
				</tr>)}
				{!all && room(frames.length - to)}
			</tbody>
		</table>
	</div>;
}
