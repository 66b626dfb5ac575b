// SPDX-License-Identifier: Apache-2.0
//
// The source by line: files on the left, code with its time on the right, and
// what calls and is called by the line that is selected.

import type { JSX } from "preact";
import { computed } from "@preact/signals";
import { useLayoutEffect, useMemo } from "preact/hooks";
import { counted, hint, percent, share } from "../format";
import { filePath, partsOf, sourceLine, visible } from "../model";
import type { Origin, Part, Profile, Rows } from "../model";
import { linesOf, STATUS } from "../lines";
import type { Line } from "../lines";
import { matcher } from "../search";
import { choiceParam, find, hashOf, profile, rows, select, selection, spoken,
	src, srcOf, states, sums } from "../state";
import { Around } from "../ui/around";
import { SplitBar } from "../ui/bars";
import { Tokens, partShare } from "../ui/code";
import { Choice } from "../ui/filters";
import { rowMenu } from "../ui/menu";
import { useWindow } from "../ui/window";
import type { View } from "../views";

const LINE_HEIGHT = 20;
const shade = choiceParam<"self" | "total">("shade", ["self", "total"]);
const cold = choiceParam<"show" | "fold">("cold", ["show", "fold"]);

const ORIGINS: readonly [Origin, string][] = [
	["project", "Project"], ["packages", "Installed packages"],
	["stdlib", "Standard library"], ["other", "Other"],
];

/** The file that is shown, and the line: of the address, or the hottest. */
const shown = computed<{ file: number; line: number } | null>(() => {
	const of = profile.value;
	const [, path, line] = /^(.*?)(?::(\d+))?$/s.exec(src.value)!;
	const named = (text: string) => [...of.fileString].findIndex((id) =>
		of.strings[id] === text);
	if (src.value) {
		const whole = named(src.value);
		const file = whole >= 0 ? whole : named(path);
		if (file >= 0)
			return { file, line: whole >= 0 ? 0 : Number(line ?? 0) };
	}
	const chosen = selection.value.line ?? hottest(of, rows("line"));
	return chosen === null ? null :
		{ file: of.lineFile[chosen], line: of.lineNumber[chosen] };
});

/** The line with the most self, of a file with text if there is one. */
function hottest(of: Profile, by: Rows): number | null {
	const hasText = (key: number) =>
		of.sources.get(of.lineFile[key])?.windows.length ? 1 : 0;
	return [...by.keys].sort((a, b) => hasText(b) - hasText(a) ||
		by.self[b] - by.self[a] || by.total[b] - by.total[a])[0] ?? null;
}

/* Files. */

function Files({ current }: { current: number }): JSX.Element {
	const of = profile.value, by = rows("file"), { all } = sums.value;
	const text = find.value;
	const matches = useMemo(() => matcher(text), [text]);
	const files = [...by.keys].filter((file) => file === current ||
		!matches || matches(filePath(of, file)))
		.sort((a, b) => by.self[b] - by.self[a] || by.total[b] - by.total[a]);
	const most = Math.max(1, ...files.slice(0, 1).map((file) => by.self[file]));
	return <nav class="files" aria-label="Files">
		{ORIGINS.map(([origin, title]) => {
			const list = files.filter((file) => of.fileOrigin[file] === origin);
			const self = list.reduce((sum, file) => sum + by.self[file], 0);
			return list.length > 0 && <details open key={origin}>
				<summary>{title} <span class="num">{share(self, all)}</span>
				</summary>
				{list.slice(0, 500).map((file) => <File file={file} key={file}
					self={by.self[file]} most={most} all={all}
					on={file === current} />)}
				{list.length > 500 && <p class="dim">
					and {list.length - 500} more: search for them</p>}
			</details>;
		})}
	</nav>;
}

function File({ file, self, most, all, on }: { file: number; self: number;
	most: number; all: number; on: boolean }): JSX.Element {
	const path = filePath(profile.value, file);
	const short = profile.value.fileShort[file];
	return <a href={hashOf({ view: "source", src: srcOf(file, 0) })}
		aria-current={on ? "true" : undefined} title={hint(path)}
		style={{ "--share": (100 * self / most).toFixed(1) + "%" }}>
		<bdi>{short.slice(0, 200)}</bdi>
		<span class="num">{share(self, all)}</span></a>;
}

/* Code. */

function Row({ line, by, all, most, on, parts }: { line: Line; by: Rows;
	all: number; most: number; on: boolean; parts: Part[] | undefined }):
	JSX.Element {
	if (line.gap)
		return <tr class="gap"><td colSpan={5}>{
			counted(line.gap, "line")} left out</td></tr>;
	const { key, number } = line;
	const value = key < 0 ? 0 : by[shade.value][key];
	const heat = value ? 0.05 + 0.42 * Math.sqrt(value / most) : 0;
	const figure = (part: number) => part ? share(part, all) : "";
	const { file } = shown.value!;
	return <tr class={on ? "on" : key >= 0 ? "hot" : ""}
		aria-current={on ? "true" : undefined}
		style={{ "--heat-part": heat.toFixed(3) }}
		onContextMenu={key < 0 ? undefined : rowMenu(() => choose(key, number))}
		onClick={key < 0 ? undefined : () => choose(key, number)}>
		<td class="num heat">{key >= 0 && figure(by.self[key])}</td>
		<td class="num heat">{key >= 0 && figure(by.total[key])}</td>
		<td class="bar">{key >= 0 && by.self[key] > 0 && <SplitBar
			split={[by.split[0][key], by.split[1][key], by.split[2][key]]}
			width={Math.max(8, 100 * by.self[key] / maxSelf(by, most)) + "%"} />
		}</td>
		<th scope="row" class="num">{key >= 0 ? <a
			href={hashOf({ view: "source", src: srcOf(file, number),
				ln: String(key) })}>{number || "–"}</a> : number}</th>
		<td class="text"><Tokens tokens={line.tokens} parts={parts} />
		</td>
	</tr>;
}

const maxSelf = (by: Rows, most: number) =>
	shade.value === "self" ? most : Math.max(1, ...by.self.length < 1e5 ?
		by.self : [most]);

function choose(key: number, number: number): void {
	const { file } = shown.value!;
	const by = rows("line");
	spoken.value = "line " + number + ", self " + percent(by.self[key],
		sums.value.all) + ", total " + percent(by.total[key], sums.value.all);
	select({ line: key, function: profile.value.locationFunction[by.best[key]] },
		{ src: srcOf(file, number) }, true);
}

/** The whole file as a strip: where it is hot. */
function Strip({ lines, by, most, go }: { lines: readonly Line[]; by: Rows;
	most: number; go(at: number): void }): JSX.Element {
	return <div class="strip" aria-hidden="true" onClick={(event) => go(
		event.offsetY / event.currentTarget.clientHeight * lines.length)}>
		{lines.map((line, at) => line.key >= 0 && by[shade.value][line.key] > 0 &&
			<i style={{ top: 100 * at / lines.length + "%", opacity:
				0.25 + 0.75 * Math.sqrt(by[shade.value][line.key] / most) }} />)}
	</div>;
}

function Code({ file, line }: { file: number; line: number }): JSX.Element {
	const of = profile.value, by = rows("line"), { all } = sums.value;
	const fold = cold.value === "fold";
	const lines = useMemo(() => linesOf(of.sources.get(file),
		new Map([...by.keys].filter((key) => of.lineFile[key] === file)
			.map((key) => [of.lineNumber[key], key])), fold),
	[of, by, file, fold]);
	const parts = useMemo(() => partsOf(of.sources.get(file), states.value),
		[of, file, states.value]);
	const { box, onScroll, from, to } = useWindow(lines.length, LINE_HEIGHT);
	const most = lines.reduce((top, { key }) =>
		key < 0 ? top : Math.max(top, by[shade.value][key]), 1);
	const at = lines.findIndex(({ number }) => line > 0 && number === line);
	const goTo = (index: number) => {
		const element = box.current;
		if (element)
			element.scrollTop = index * LINE_HEIGHT - element.clientHeight / 2;
	};
	useLayoutEffect(() => {
		const element = box.current;
		const hot = lines.reduce((best, { key }, n) => key >= 0 && (best < 0 ||
			by.self[key] > by.self[lines[best].key]) ? n : best, -1);
		const to = at >= 0 ? at : hot;
		const y = to * LINE_HEIGHT;
		if (element && (y < element.scrollTop ||
			y > element.scrollTop + element.clientHeight - 3 * LINE_HEIGHT))
			goTo(to);
	}, [lines, at]);
	const onKeyDown = (event: KeyboardEvent) => {
		const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
		const hot = lines.filter(({ key }) => key >= 0);
		if (!step || !hot.length || event.target !== box.current)
			return;
		event.preventDefault();
		const now = hot.findIndex(({ number }) => number >= line);
		const next = hot[Math.max(0, Math.min(hot.length - 1,
			(now < 0 ? hot.length - 1 : now) + (line ? step : 0)))];
		choose(next.key, next.number);
	};
	return <div class="codebox">
		<div class="code" ref={box} onScroll={onScroll} tabIndex={0}
			role="region" aria-label="Source" onKeyDown={onKeyDown}>
			<table aria-rowcount={lines.length + 1}>
				<caption class="unseen">Source with the share of time by line
				</caption>
				<thead><tr><th scope="col" class="num">Self %</th>
					<th scope="col" class="num">Total %</th>
					<th scope="col">Of self</th>
					<th scope="col" class="num">Line</th>
					<th scope="col">Source</th></tr></thead>
				<tbody>
					{from > 0 && <tr aria-hidden="true"
						style={{ height: from * LINE_HEIGHT + "px" }} />}
					{lines.slice(from, to).map((row, n) => <Row key={from + n}
						line={row} by={by} all={all} most={most}
						parts={parts.get(row.number)} on={from + n === at} />)}
					{to < lines.length && <tr aria-hidden="true" style={{
						height: (lines.length - to) * LINE_HEIGHT + "px" }} />}
				</tbody>
			</table>
		</div>
		<Strip lines={lines} by={by} most={most} go={goTo} />
	</div>;
}

/** Where in the line that is selected the time went, in words. */
function Parts({ file, line }: { file: number; line: number }):
	JSX.Element | null {
	const of = profile.value;
	const parts = partsOf(of.sources.get(file), states.value).get(line) ?? [];
	const text = sourceLine(of, file, line);
	return parts.length ? <section class="parts">
		<h2 class="dim">Self time in this line, all threads</h2>
		<ul>{parts.slice(0, 8).map((part) => <li>{part.to ?
			<code>{visible(text.slice(part.from, part.to))}</code> :
			"part not known"} <span class="num">{partShare(part)}</span></li>)}
		</ul>
	</section> : null;
}

function Component(): JSX.Element {
	const at = shown.value;
	if (!at)
		return <p class="empty">No samples pass the filter.</p>;
	const of = profile.value, by = rows("line");
	const status = of.sources.get(at.file)?.status ?? "none";
	const key = [...by.keys].find((id) => of.lineFile[id] === at.file &&
		of.lineNumber[id] === at.line);
	const isChosen = key !== undefined && src.value !== "";
	const file = rows("file"), { all } = sums.value;
	return <div class="halves source">
		<Files current={at.file} />
		<div class="middle">
			<div class="row">
				<h2><bdi>{filePath(of, at.file).slice(0, 300)}</bdi></h2>
				<span class="dim">self {percent(file.self[at.file], all)},
					{" "}total {percent(file.total[at.file], all)}</span>
				<span class="grow" />
				<Choice label="Shaded by" value={shade.value}
					onChange={(to) => shade.set(to)}
					options={[["self", "Self"], ["total", "Total"]]} />
				<Choice label="Lines without time" value={cold.value}
					onChange={(to) => cold.set(to)}
					options={[["show", "All lines"], ["fold", "Hot lines"]]} />
			</div>
			{STATUS[status] && <p class="note">{STATUS[status]}</p>}
			<Code file={at.file} line={src.value ? at.line : 0} key={at.file} />
		</div>
		{isChosen && <Around by="line" id={key}
			more={<Parts file={at.file} line={at.line} />} />}
	</div>;
}

export const sourceView: View = {
	id: "source",
	title: "Source",
	when: (report) => report.kind === "profile",
	component: Component,
	filtered: true,
	fills: true,
	keys: [
		{ key: "s", text: "Shade by self or total", run: () => shade.next() },
		{ key: "c", text: "All lines, or hot ones",
			run: () => cold.next() },
		{ key: "Arrows", text: "Walk the lines with time", run: () => false },
	],
};
