// SPDX-License-Identifier: Apache-2.0
//
// The source around the lines that threads are at: files on the left, and in
// the margin how many threads stand at a line, or have called from it.

import { computed } from "@preact/signals";
import type { JSX } from "preact";
import { useLayoutEffect, useMemo } from "preact/hooks";
import { count, hint } from "../format";
import { originOf, shorten, visible } from "../model";
import { matcher } from "../search";
import { find, hashOf, report, src } from "../state";
import { linesOf } from "../stacks";
import type { FileLines } from "../stacks";
import { tokenize } from "../python";
import type { Carry, Token } from "../python";
import { Tokens } from "../ui/code";
import { Search } from "../ui/filters";
import { useWindow } from "../ui/window";
import type { View } from "../views";

const LINE_HEIGHT = 20;

const STATUS: Record<string, string> = {
	changed: "The file was changed after the process started: lines may not " +
		"match.",
	missing: "The file was not found; only the lines of frames are listed.",
	none: "The code comes from no file; only the lines of frames are listed.",
	omitted: "The text was left out to keep the page small; only the lines of " +
		"frames are listed.",
	private: "The text was not put into this page (see bt --source); only the " +
		"lines of frames are listed.",
};

const files = computed<ReadonlyMap<string, FileLines>>(() =>
	linesOf(report.value.stacks!));

/** Those where threads stand come first, the project's before others. */
const order = computed<readonly string[]>(() => {
	const rank = (file: string) => (originOf(file) === "project" ? 1e9 : 0) +
		files.value.get(file)!.stand;
	return [...files.value.keys()].sort((a, b) => rank(b) - rank(a));
});

const names = computed<ReadonlyMap<string, string>>(() => {
	const short = shorten(order.value);
	return new Map(order.value.map((file, at) => [file, short[at]]));
});

const shown = computed<{ file: string; line: number }>(() => {
	const [, path, line] = /^(.*?)(?::(\d+))?$/s.exec(src.value)!;
	const file = files.value.has(path) ? path : order.value[0];
	const of = files.value.get(file);
	const busiest = of && [...of.lines].reduce((best, one) =>
		one[1].stand > best[1].stand ? one : best);
	return { file, line: file === path && line ? Number(line) :
		busiest?.[0] ?? 0 };
});

interface Line {
	/** 0: lines are left out here. */
	number: number;
	tokens: readonly Token[];
}

/** Lines of windows, and of frames that there is no text of. */
function textOf(file: string): Line[] {
	const source = report.value.stackSources.find((one) => one.file === file);
	const left = new Set(files.value.get(file)!.lines.keys());
	const lines: Line[] = [];
	for (const { start, lines: texts } of source?.windows ?? []) {
		let carry: Carry = "";
		lines.push({ number: 0, tokens: [] });
		texts.forEach((text, at) => {
			const done = tokenize(text, carry);
			carry = done.carry;
			left.delete(start + at);
			lines.push({ number: start + at, tokens: done.tokens });
		});
	}
	if (source?.windows.length && source.windows[0].start === 1)
		lines.shift();
	for (const number of [...left].sort((a, b) => a - b))
		lines.push({ number: number || -1, tokens: [] });
	return lines;
}

/** The threads at a line, in the view of threads. */
function At({ file, line, n, label }:
	{ file: string; line: number; n: number; label: string }):
	JSX.Element | null {
	const exactly = (file + ":" + line).replace(/[^\w/]/g, "\\$&");
	return n ? <a href={hashOf({ view: "threads", state: "", at: "",
		find: "/" + exactly + "(?!\\d)/" })} title={count(n) + " " + label}>
		{count(n)}</a> : null;
}

function Row({ line, file, on }: { line: Line; file: string; on: boolean }):
	JSX.Element {
	if (!line.number)
		return <tr class="gap"><td colSpan={4}>…</td></tr>;
	const number = Math.max(0, line.number);
	const at = files.value.get(file)!.lines.get(number);
	const heat = at ? 0.06 + 0.4 * Math.sqrt(at.stand /
		Math.max(1, report.value.stacks!.threads.length)) : 0;
	return <tr class={on ? "on" : ""} aria-current={on ? "true" : undefined}
		style={{ "--heat-part": heat.toFixed(3) }}>
		<td class="num heat">{at && <At file={file} line={number}
			n={at.stand} label="stand here" />}</td>
		<td class="num heat">{at && <At file={file} line={number}
			n={at.through} label="have it in their stack" />}</td>
		<th scope="row" class="num">{number || "–"}</th>
		<td class="text"><Tokens tokens={line.tokens} /></td>
	</tr>;
}

function Code({ file, line }: { file: string; line: number }): JSX.Element {
	const lines = useMemo(() => textOf(file), [file]);
	const { box, onScroll, from, to } = useWindow(lines.length, LINE_HEIGHT);
	const at = lines.findIndex(({ number }) => line > 0 && number === line);
	useLayoutEffect(() => {
		if (box.current && at >= 0)
			box.current.scrollTop = at * LINE_HEIGHT -
				box.current.clientHeight / 2;
	}, [lines, at]);
	const room = (n: number) => n > 0 && <tr aria-hidden="true"
		style={{ height: n * LINE_HEIGHT + "px" }} />;
	return <div class="codebox"><div class="code" ref={box}
		onScroll={onScroll} tabIndex={0} role="region" aria-label="Source">
		<table aria-rowcount={lines.length + 1}>
			<caption class="unseen">Source with the number of threads by line
			</caption>
			<thead><tr>
				<th scope="col" class="num" title="Threads that are at this line">
					Stand</th>
				<th scope="col" class="num"
					title="Threads that have this line in their stack">Through</th>
				<th scope="col" class="num">Line</th>
				<th scope="col">Source</th>
			</tr></thead>
			<tbody>
				{room(from)}
				{lines.slice(from, to).map((row, n) => <Row key={from + n}
					line={row} file={file} on={from + n === at} />)}
				{room(lines.length - to)}
			</tbody>
		</table>
	</div></div>;
}

function Component(): JSX.Element {
	const { file, line } = shown.value;
	const matches = matcher(find.value);
	const source = report.value.stackSources.find((one) => one.file === file);
	const status = STATUS[source?.status ?? "omitted"];
	const list = order.value.filter((one) => one === file || !matches ||
		matches(one)).slice(0, 500);
	return <div class="halves source">
		<nav class="files" aria-label="Files">
			{list.map((one) => <a href={hashOf({ view: "source", src: one })}
				key={one} aria-current={one === file ? "true" : undefined}
				title={hint(visible(one))} class={originOf(one) === "project" ?
					"" : "dim"}>
				<bdi>{names.value.get(one)!.slice(0, 200)}</bdi>
				<span class="num">{files.value.get(one)!.stand || ""}</span></a>)}
		</nav>
		<div class="middle">
			<div class="row"><Search />
				<h2><bdi>{visible(file).slice(0, 300)}</bdi></h2></div>
			{status && <p class="note">{status}</p>}
			<Code file={file} line={line} key={file} />
		</div>
	</div>;
}

export const stacksSourceView: View = {
	id: "source", title: "Source", component: Component, fills: true,
	when: (of) => of.kind === "stacks" && linesOf(of.stacks!).size > 0,
};
