// SPDX-License-Identifier: Apache-2.0
//
// Time: when the program was busy, and what each thread did then. A range that
// is marked here is what all views count.

import { computed, signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { amount, percent, share, time } from "../format";
import { functionName, NONE, passes, placeName } from "../model";
import { heatFill, ink, penOf } from "../paint";
import type { Ink } from "../paint";
import { findLocations } from "../search";
import { choiceParam, filter, find, go, metric, param, profile, range, rows,
	spoken, states, status, sums, threads, tree } from "../state";
import { cells, laneColumns, makeLanes, momentAt, ticks, zoomed } from "../timeline";
import { ShareCell, SplitBar } from "../ui/bars";
import { Choice } from "../ui/filters";
import { FunctionLink } from "../ui/names";
import { Table } from "../ui/table";
import { colour, theme } from "../theme";
import type { View } from "../views";

const form = choiceParam("show", ["lanes", "table"]);

const GUTTER = 176, AXIS = 22, CELL = 6, PARTS = 12;
const STRIP = CELL * PARTS;

const lanes = computed(() => makeLanes(profile.value));
const end = () => profile.value.moments!.end;
/** What of the time is shown: "from-to" in ns. */
const win = param("win");
const view = computed<readonly [number, number]>(() => {
	const [from, to] = win.value.split("-").map(Number);
	return to > from ? [Math.max(0, from), Math.min(end(), to)] : [0, end()];
});

function show([from, to]: readonly [number, number], replace = false): void {
	win.set(from <= 0 && to >= end() ? "" :
		Math.floor(from) + "-" + Math.ceil(to), replace);
}

/** Show more or less of the time, around a time of it. */
function zoom(factor: number, around?: number): void {
	const [from, to] = view.value, { sliceNs } = profile.value.moments!;
	const range = filter.value.range;
	const middle = (of: readonly [number, number]) => (of[0] + of[1]) / 2;
	const at = around ?? (range && range[1] > from && range[0] < to ?
		middle(range) : middle(view.value));
	show(zoomed(view.value, factor, at, end(), 8 * sliceNs), true);
}

/** Show what comes before or after, by a part of what is shown. */
function pan(part: number): void {
	const [from, to] = view.value, by = Math.max(-from,
		Math.min(end() - to, part * (to - from)));
	show([from + by, to + by], true);
}

/** Show the range alone; false: there is none, or it is shown already. */
function zoomToRange(): boolean {
	const range = filter.value.range, old = win.value;
	if (range)
		show(range);
	return win.value !== old;
}

/** The lane with the cursor. */
const lane = signal(0);

/** Whether a tally counts: the filter without its range, and the search. */
const counting = computed(() => {
	const of = profile.value, { node } = tree.value;
	const { states: which, threads: chosen } = filter.value;
	const wanted = chosen.length ? new Set(chosen) : null;
	const found = findLocations(of, find.value);
	const hit = new Uint8Array(found ? of.tree.count : 0);
	for (let s = 1; s < hit.length; s++)
		hit[s] = hit[of.tree.parent[s]] | found![of.tree.location[s]];
	return Uint8Array.from({ length: of.tallyCount }, (_, tally) =>
		+(passes(which, of.groupOf[of.tallyState[tally]]) &&
			(!wanted || wanted.has(of.tallyThread[tally])) &&
			(!node || node[of.tallyStack[tally]] !== NONE) &&
			(!found || hit[of.tallyStack[tally]] > 0)));
});

const fillOf = (word: string) => colour("--state-" + word);
const SHOWN = ["python", "native-gil", "native", "wait-gil", "wait-lock",
	"wait-io", "wait-sleep", "wait-process", "wait-other"];
const stateFill = (at: number) =>
	fillOf(SHOWN.includes(profile.value.raw.states[at]?.word) ?
		profile.value.raw.states[at].word : "wait-other");

function seconds(ns: number, step: number): string {
	const digits = Math.max(0, Math.min(6, -Math.floor(Math.log10(step / 1e9))));
	return (ns / 1e9).toFixed(digits) + " s";
}

/** One canvas: strip, axis and the lanes in sight. */
class Sheet {
	wide = 0;
	/** Lanes are higher where there are few. */
	lane = 20;
	private asked = 0;
	hover = -1;

	constructor(private box: HTMLElement, private top: HTMLCanvasElement,
		private body: HTMLCanvasElement) {}

	ask(): void {
		this.asked ||= requestAnimationFrame(() => {
			this.asked = 0;
			this.draw();
		});
	}

	stop(): void {
		cancelAnimationFrame(this.asked);
	}

	timeAt(clientX: number): number {
		const { left } = this.top.getBoundingClientRect();
		const part = (clientX - left - GUTTER) / (this.wide - GUTTER);
		const [from, to] = view.value;
		return from + Math.max(0, Math.min(1, part)) * (to - from);
	}

	/** Where a time is. */
	private xOf(at: number): number {
		const [from, to] = view.value;
		const part = (at - from) / (to - from);
		return GUTTER + Math.max(0, Math.min(1, part)) * (this.wide - GUTTER);
	}

	laneAt(clientY: number): number {
		const { top } = this.body.getBoundingClientRect();
		const at = Math.floor((clientY - top + this.box.scrollTop) /
			this.lane);
		return at < profile.value.threads.length ? at : -1;
	}

	draw(): void {
		const count = profile.value.threads.length;
		this.wide = this.box.clientWidth;
		this.lane = Math.max(20, Math.min(36,
			Math.floor(this.box.clientHeight / count)));
		(this.box.firstElementChild as HTMLElement).style.height =
			count * this.lane + "px";
		const colours = ink(), room = this.wide - GUTTER;
		if (room < 20)
			return;
		const pen = penOf(this.top, this.wide, STRIP + AXIS);
		pen.clearRect(0, 0, this.wide, STRIP + AXIS);
		pen.font = colours.font;
		pen.textBaseline = "middle";
		this.drawStrip(pen, colours, room);
		this.drawAxis(pen, colours, room);
		this.drawRange(pen, colours, STRIP);
		this.drawLanes(colours, room);
	}

	/** Columns are stretches of time, rows their parts, dark is busy. */
	private drawStrip(pen: CanvasRenderingContext2D, colours: Ink,
		room: number): void {
		const { sliceNs } = profile.value.moments!;
		const [start, stop] = view.value;
		const columns = Math.floor(room / CELL), span = (stop - start) / columns;
		const parts = Math.max(1, Math.min(PARTS, Math.floor(span / sliceNs)));
		const counts = counting.value;
		const sum = cells(profile.value, lanes.value.longest,
			(tally) => counts[tally] > 0, start, span / parts, columns * parts);
		const most = sum.reduce((a, b) => Math.max(a, b), 0);
		const high = STRIP / parts, wide = room / columns;
		for (let cell = 0; cell < sum.length; cell++) {
			if (!sum[cell])
				continue;
			pen.fillStyle = heatFill(colours.dark, sum[cell] / most);
			if (colours.forced) {
				pen.fillStyle = colours.text;
				pen.globalAlpha = sum[cell] / most;
			}
			pen.fillRect(GUTTER + Math.floor(cell / parts) * wide,
				(cell % parts) * high, wide - 0.5, high - 0.5);
		}
		pen.globalAlpha = 1;
		pen.fillStyle = colours.dim;
		pen.fillText("busy", 16, STRIP / 2);
	}

	private drawAxis(pen: CanvasRenderingContext2D, colours: Ink,
		room: number): void {
		const { step, at } = ticks(...view.value, room / 90);
		if (win.value) {
			// Where it is in all of the time.
			pen.fillStyle = colours.accent;
			pen.fillRect(GUTTER + view.value[0] / end() * room, STRIP + AXIS - 3,
				Math.max(2, (view.value[1] - view.value[0]) / end() * room), 3);
		}
		for (const tick of at) {
			const x = this.xOf(tick);
			pen.fillStyle = colours.line;
			pen.fillRect(x, STRIP, 1, 5);
			const text = seconds(tick, step), half = text.length * colours.wide / 2;
			pen.fillStyle = colours.dim;
			pen.fillText(text, Math.min(x - half, this.wide - 2 * half - 4),
				STRIP + 13);
		}
	}

	/** What is outside of the range is dimmed. */
	private drawRange(pen: CanvasRenderingContext2D, colours: Ink,
		high: number): void {
		const chosen = filter.value.range;
		if (!chosen)
			return;
		const from = this.xOf(chosen[0]), to = this.xOf(chosen[1]);
		pen.globalAlpha = 0.65;
		pen.fillStyle = colours.back;
		pen.fillRect(GUTTER, 0, from - GUTTER, high);
		pen.fillRect(to, 0, this.wide - to, high);
		pen.globalAlpha = 1;
		pen.fillStyle = colours.accent;
		pen.fillRect(from - 1, 0, 2, high);
		pen.fillRect(to - 1, 0, 2, high);
	}

	private drawLanes(colours: Ink, room: number): void {
		const of = profile.value, high = this.box.clientHeight;
		const pen = penOf(this.body, this.wide, high);
		const { scrollTop } = this.box, { lane: tall } = this;
		const kinds = of.raw.states.length;
		const sums = new Float64Array(Math.floor(room) * kinds);
		const [start, stop] = view.value;
		const width = (stop - start) / Math.floor(room);
		const fills = of.raw.states.map((_, at) => stateFill(at));
		const chosen = filter.value.threads;
		pen.clearRect(0, 0, this.wide, high);
		pen.font = colours.font;
		pen.textBaseline = "middle";
		const last = Math.min(of.threads.length,
			Math.ceil((scrollTop + high) / tall));
		for (let t = Math.floor(scrollTop / tall); t < last; t++) {
			const y = t * tall - scrollTop;
			laneColumns(of, lanes.value, t, start, width, sums, kinds);
			pen.globalAlpha = chosen.length && !chosen.includes(t) ? 0.35 : 1;
			drawLane(pen, sums, kinds, fills, y, tall, width);
			pen.globalAlpha = 1;
			const isAt = t === lane.value &&
				document.activeElement === this.body;
			if (t === this.hover || isAt) {
				pen.fillStyle = colours.text;
				pen.globalAlpha = 0.07;
				pen.fillRect(0, y, this.wide, tall);
				pen.globalAlpha = 1;
			}
			pen.fillStyle = chosen.includes(t) ? colours.accent : colours.text;
			const { name, tid } = of.threads[t];
			pen.fillText(short(name || "thread", String(tid),
				Math.floor((GUTTER - 26) / colours.wide)), 16, y + tall / 2);
		}
		this.drawRange(pen, colours, Math.min(high, of.threads.length * tall - scrollTop));
	}
}

/** A name and a number within so many characters. */
function short(name: string, tid: string, most: number): string {
	const left = most - tid.length - 1;
	return (name.length > left ? name.slice(0, left - 1) + "…" : name) + " " +
		tid;
}

function drawLane(pen: CanvasRenderingContext2D, sums: Float64Array,
	kinds: number, fills: readonly string[], y: number, tall: number,
	width: number): void {
	const columns = sums.length / kinds, high = tall - 4;
	for (let c = 0; c < columns; c++) {
		let top = y + 2 + high;
		for (let state = 0; state < kinds; state++) {
			const part = sums[c * kinds + state] / width;
			if (part < 0.01)
				continue;
			// As far as it goes on by itself.
			let next = c + 1;
			if (part > 0.98)
				while (next < columns &&
					sums[next * kinds + state] / width > 0.98)
					next++;
			const rise = Math.min(1, part) * high;
			top = Math.max(y + 2, top - rise);
			pen.fillStyle = fills[state];
			pen.fillRect(GUTTER + c, top, next - c, rise);
			if (next > c + 1) {
				c = next - 1;
				break;
			}
		}
	}
}

/** What a thread did at a time. */
function tell(thread: number, at: number): string {
	const of = profile.value, { name, tid } = of.threads[thread];
	const start = (name || "thread") + " (" + tid + ") at " + time(at) + ": ";
	const moment = momentAt(lanes.value, thread, at);
	if (moment < 0)
		return start + "not seen";
	const tally = of.moments!.tally[moment], stack = of.tallyStack[tally];
	const what = of.raw.states[of.tallyState[tally]].text;
	const location = of.tree.location[stack];
	return start + what + (stack ? " in " +
		functionName(of, of.locationFunction[location]).slice(0, 200) + " (" +
		placeName(of, of.locationFile[location], of.locationLine[location]) +
		")" : "");
}

function setRange(from: number, to: number, replace: boolean): void {
	const [a, b] = [Math.min(from, to), Math.max(from, to)].map((at) =>
		Math.round(Math.max(0, Math.min(end(), at))));
	range.set(b > a ? a + "-" + b : "", replace);
}

function toggleThread(thread: number): void {
	const old = filter.value.threads;
	threads.set((old.includes(thread) ? old.filter((t) => t !== thread) :
		[...old, thread]).join("."));
}

/** Move or resize the range by keys; a step is a hundredth of what is shown. */
function rangeByKey(event: KeyboardEvent): boolean {
	const [start, stop] = view.value, step = (stop - start) / 100;
	const [from, to] = filter.value.range ?? view.value;
	const by = { ArrowLeft: -step, ArrowRight: step }[event.key];
	if (by !== undefined && event.shiftKey)
		setRange(from, Math.max(from + step, to + by), true);
	else if (by !== undefined && !filter.value.range)
		setRange(by > 0 ? start : stop - 10 * step,
			by > 0 ? start + 10 * step : stop, true);
	else if (by !== undefined && from + by > -step / 2 &&
		to + by < end() + step / 2)
		setRange(from + by, to + by, true);
	else if (event.key === "Escape")
		range.set("");
	else
		return by !== undefined;
	const now = filter.value.range;
	if (now && (now[0] < start ? by! < 0 : now[1] > stop))
		pan(by! / (stop - start));
	spoken.value = status.value = now ? time(now[0]) + " to " + time(now[1]) +
		": " + amount(sums.value.all, metric.value) : "all of the time";
	return true;
}

function Lanes(): JSX.Element {
	const box = useRef<HTMLDivElement>(null);
	const top = useRef<HTMLCanvasElement>(null);
	const body = useRef<HTMLCanvasElement>(null);
	const sheet = useRef<Sheet | null>(null);
	const drag = useRef<{ from: number; x: number; moved: boolean } | null>(null);
	const count = profile.value.threads.length;
	useLayoutEffect(() => {
		sheet.current = new Sheet(box.current!, top.current!, body.current!);
		const observer = new ResizeObserver(() => sheet.current!.ask());
		observer.observe(box.current!);
		return () => {
			observer.disconnect();
			sheet.current!.stop();
		};
	}, []);
	useEffect(() => {
		const onWheel = (event: WheelEvent) => {
			const { deltaX, deltaY } = event;
			if (event.ctrlKey)
				zoom(Math.exp(deltaY / 300), sheet.current!.timeAt(event.clientX));
			else if (event.shiftKey || Math.abs(deltaX) > Math.abs(deltaY))
				pan((deltaX || deltaY) / 800);
			else
				return;
			event.preventDefault();
		};
		const canvases = [top.current!, body.current!];
		for (const canvas of canvases)
			canvas.addEventListener("wheel", onWheel, { passive: false });
	}, []);
	useLayoutEffect(() => sheet.current!.ask());
	view.value;
	filter.value;
	counting.value;
	theme.value;
	lane.value;

	const isGutter = (event: MouseEvent) => event.clientX <
		top.current!.getBoundingClientRect().left + GUTTER;
	const pointer = {
		onPointerDown: (event: PointerEvent) => {
			if (event.button || isGutter(event))
				return;
			drag.current = { from: sheet.current!.timeAt(event.clientX),
				x: event.clientX, moved: false };
			(event.target as Element).setPointerCapture(event.pointerId);
		},
		onPointerMove: (event: PointerEvent) => {
			const held = drag.current, now = sheet.current!.timeAt(event.clientX);
			const thread = event.currentTarget === body.current ?
				sheet.current!.laneAt(event.clientY) : -1;
			if (held && Math.abs(event.clientX - held.x) > 3) {
				setRange(held.from, now, held.moved);
				held.moved = true;
			}
			if (sheet.current!.hover !== thread) {
				sheet.current!.hover = thread;
				sheet.current!.ask();
			}
			status.value = held?.moved ? time(Math.min(held.from, now)) + " to " +
				time(Math.max(held.from, now)) : thread < 0 || isGutter(event) ?
				time(now) : tell(thread, now);
		},
		onPointerUp: () => {
			const held = drag.current;
			drag.current = null;
			body.current!.focus({ preventScroll: true });
			if (held && !held.moved && filter.value.range)
				range.set("");
		},
		onPointerLeave: () => {
			sheet.current!.hover = -1;
			sheet.current!.ask();
		},
	};
	const onKeyDown = (event: KeyboardEvent) => {
		if (event.ctrlKey || event.metaKey || event.altKey)
			return;
		const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
		if (step) {
			lane.value = Math.max(0, Math.min(count - 1, lane.value + step));
			const y = lane.value * sheet.current!.lane, element = box.current!;
			if (y < element.scrollTop || y + sheet.current!.lane >
				element.scrollTop + element.clientHeight)
				element.scrollTop = y - element.clientHeight / 2;
			spoken.value = status.value = tell(lane.value,
				filter.value.range?.[0] ?? 0);
		} else if (event.key === " " || event.key === "Enter" &&
			!zoomToRange()) {
			toggleThread(lane.value);
		} else if (!rangeByKey(event)) {
			return;
		}
		event.preventDefault();
	};
	return <div class="lanes">
		<canvas ref={top} aria-hidden="true" {...pointer} />
		<div class="sheet" ref={box} onScroll={() => sheet.current!.draw()}>
			<div>
				<canvas ref={body} tabIndex={0} role="application"
					aria-roledescription="timeline"
					aria-label={"What threads did when. Left and right move a " +
						"range of time, with Shift its end, Enter zooms to it, " +
						"Escape drops it; up and down walk threads, Space chooses " +
						"one. The same as a table: button Table."}
					onKeyDown={onKeyDown} {...pointer}
					onFocus={() => sheet.current!.ask()}
					onBlur={() => sheet.current!.ask()}
					onClick={(event) => {
						const thread = sheet.current!.laneAt(event.clientY);
						if (isGutter(event) && thread >= 0)
							toggleThread(thread);
					}} />
			</div>
		</div>
	</div>;
}

interface Slice { at: number; from: number; to: number; all: number;
	split: [number, number, number] }

/** The same in rows: stretches of time, and what they were spent on. */
function Slices(): JSX.Element {
	const of = profile.value, counts = counting.value;
	const [start, stop] = view.value;
	const count = Math.max(1, Math.min(100,
		Math.floor((stop - start) / of.moments!.sliceNs)));
	const width = (stop - start) / count;
	const groups = [0, 1, 2].map((group) => cells(of, lanes.value.longest,
		(tally) => counts[tally] > 0 &&
			of.groupOf[of.tallyState[tally]] === group, start, width, count));
	const list = Array.from({ length: count }, (_, at): Slice => ({
		at, from: start + at * width, to: start + (at + 1) * width,
		split: groups.map((sum) => sum[at]) as Slice["split"],
		all: groups.reduce((all, sum) => all + sum[at], 0),
	}));
	const most = list.reduce((all, slice) => Math.max(all, slice.all), 0);
	const chosen = filter.value.range;
	return <Table caption="Time in stretches" rows={list} sort="from"
		onSort={() => undefined} keyOf={(row) => row.at}
		selected={chosen && Math.round((chosen[0] - start) / width)}
		onSelect={(row) => setRange(row.from, row.to, true)}
		columns={[
			{ id: "from", label: "From", numeric: true, width: "7rem",
				cell: (row) => time(row.from) },
			{ id: "to", label: "To", numeric: true, width: "7rem",
				cell: (row) => time(row.to) },
			{ id: "all", label: "Time of threads", numeric: true, width: "9rem",
				cell: (row) => <ShareCell text={time(row.all)} part={row.all}
					whole={most} /> },
			{ id: "split", label: "Of it", cell: (row) => row.all > 0 &&
				<SplitBar split={row.split} width="14rem" /> },
		]} />;
}

/** The hottest functions of the range. */
function Hottest(): JSX.Element {
	const by = rows("function"), { all, allSplit } = sums.value;
	const hot = [...by.keys].sort((a, b) => by.self[b] - by.self[a] || a - b)
		.filter((key) => by.self[key]).slice(0, 12);
	const chosen = filter.value.range;
	return <aside class="hottest" aria-label="In this range">
		<h2>{chosen ? time(chosen[0]) + " – " + time(chosen[1]) :
			"All of the time"}</h2>
		<p class="dim">{amount(all, metric.value)} of threads · {
			states.value === "all" ? "all" : states.value}</p>
		<SplitBar split={allSplit} />
		<ol>{hot.map((key) => <li>
			<span class="num">{share(by.self[key], all)}</span>
			<FunctionLink id={key} /></li>)}</ol>
		<p><button onClick={() => go({ view: "flame" })}>
			Flame graph of it</button>{" "}
		{chosen && <><button onClick={zoomToRange}
			title="Show this alone (Enter)">Zoom to it</button>{" "}
		<button onClick={() => range.set("")}>All of the time</button></>}
		</p>
	</aside>;
}

function Legend(): JSX.Element {
	const of = profile.value, used = new Float64Array(of.raw.states.length);
	let all = 0;
	for (let tally = 0; tally < of.tallyCount; tally++) {
		used[of.tallyState[tally]] += of.tallyNs[tally];
		all += of.tallyNs[tally];
	}
	return <span class="legend">{of.raw.states.map(({ word, text }, at) =>
		used[at] > 0 && <span title={percent(used[at], all)}>
			<i class="dot" style={{ background: `var(--state-${
				SHOWN.includes(word) ? word : "wait-other"})` }} />{text}</span>)}
	</span>;
}

function Component(): JSX.Element {
	return <>
		<div class="row tight">
			<Choice label="Form" value={form.value} onChange={form.set}
				options={[["lanes", "Lanes"], ["table", "Table"]]} />
			<span class="choice" role="group" aria-label="Zoom">
				<button aria-label="Zoom in" title="(+, Ctrl and wheel)"
					onClick={() => zoom(0.5)}>+</button>
				<button aria-label="Zoom out" title="(-)"
					onClick={() => zoom(2)}>−</button>
				<button disabled={!win.value} title="(0)"
					onClick={() => win.set("")}>Whole</button>
			</span>
			<span class="dim">Drag to mark a range: all views count it alone.
			</span>
			<span class="grow" />
			<Legend />
		</div>
		<div class="beside">
			{form.value === "lanes" ? <Lanes /> : <Slices />}
			<Hottest />
		</div>
	</>;
}

export const timeView: View = {
	id: "time",
	title: "Time",
	when: (report) => report.profile?.moments != null &&
		report.kind === "profile",
	component: Component,
	filtered: true,
	fills: true,
	keys: [
		{ key: "g", text: "Lanes or table", run: () => form.next() },
		{ key: "ArrowLeft", shown: "← →", text: "Move the range; with Shift " +
			"its end", run: () => false },
		{ key: "ArrowUp", shown: "↑ ↓", text: "Walk the threads; Space " +
			"chooses one", run: () => false },
		{ key: "Enter", text: "Zoom to the range", run: () => false },
		{ key: "+", shown: "+ -", text: "Zoom in, out", run: () => zoom(0.5) },
		{ key: "=", text: "", run: () => zoom(0.5) },
		{ key: "-", text: "", run: () => zoom(2) },
		{ key: ",", shown: ", .", text: "Earlier, later", run: () => pan(-0.25) },
		{ key: ".", text: "", run: () => pan(0.25) },
		{ key: "0", text: "The whole time; again: drop all filters",
			run: () => win.value !== "" && win.set("") },
		{ key: "Escape", shown: "Esc", text: "All of the time",
			run: () => range.value !== "" && range.set("") },
	],
};
