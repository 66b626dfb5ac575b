// SPDX-License-Identifier: Apache-2.0
//
// The source with the time of its lines before and after. Lines are those of
// one number in both: where the file was edited in between, it says so.

import { computed } from "@preact/signals";
import type { JSX } from "preact";
import { useLayoutEffect, useMemo } from "preact/hooks";
import { filesOf } from "../diff";
import type { FileChange } from "../diff";
import { counted, hint } from "../format";
import { linesOf, STATUS } from "../lines";
import { filePath, visible } from "../model";
import type { Profile } from "../model";
import type { RawSource } from "../payload";
import { matcher } from "../search";
import { choiceParam, find, hashOf, report, src } from "../state";
import { Tokens } from "../ui/code";
import { Choice, Search } from "../ui/filters";
import { useWindow } from "../ui/window";
import type { View } from "../views";
import { figure, norm, SideTools, sides, Signed, threadKeys } from "./diff";

const LINE_HEIGHT = 20;
const shade = choiceParam("shade", ["self", "total"]);
const cold = choiceParam("cold", ["show", "fold"]);

const files = computed(() => filesOf(sides.value, norm.value));

/** Of the address, or else the one that changed most and has text. */
const shown = computed<{ file: FileChange; line: number } | null>(() => {
	const [, path, line] = /^(.*?)(?::(\d+))?$/s.exec(src.value)!;
	const list = files.value;
	const file = list.find((of) => of.path === src.value || of.path === path) ??
		list.find((of) => textOf(of.path).windows?.length) ?? list[0];
	return file ? { file, line: file.path === path ? Number(line ?? 0) : 0 } :
		null;
});

function sourceOf(profile: Profile, path: string): RawSource | undefined {
	for (const [file, source] of profile.sources)
		if (filePath(profile, file) === path)
			return source;
	return undefined;
}

/** The text after, or else before; and what is to be said of it. */
function textOf(path: string): Partial<RawSource> & { note: string } {
	const before = sourceOf(report.value.old!, path);
	const after = sourceOf(report.value.profile!, path);
	const source = after?.windows.length ? after : before ?? after;
	return { ...source, note: before?.status === "changed" ||
		after?.status === "changed" ?
		"The file was changed after one of the two began: lines with one " +
			"number may not be the same line." :
		STATUS[source?.status ?? "none"] ?? "" };
}

const changeOf = ([before, after]: readonly [number, number]) => after - before;

function Files({ current }: { current: FileChange }): JSX.Element {
	const matches = matcher(find.value);
	const list = files.value.filter((file) => file === current || !matches ||
		matches(file.path));
	const most = Math.max(1, ...list.slice(0, 1).map(({ self }) =>
		Math.abs(changeOf(self))));
	return <nav class="files" aria-label="Files">
		{list.slice(0, 500).map(({ path, self }) => <a key={path}
			href={hashOf({ view: "source", src: path })} title={hint(path)}
			aria-current={path === current.path ? "true" : undefined}>
			<bdi>{path.split("/").slice(-2).join("/").slice(-200)}</bdi>
			<span class="num"><Signed change={changeOf(self)} most={most} />
			</span></a>)}
		{list.length > 500 && <p class="dim">
			and {list.length - 500} more: search for them</p>}
	</nav>;
}

function Code({ file, line }: { file: FileChange; line: number }): JSX.Element {
	const fold = cold.value === "fold", side = shade.value;
	const lines = useMemo(() => linesOf(
		textOf(file.path) as Partial<RawSource> as RawSource,
		new Map([...file.lines.keys()].map((at) => [at, at])), fold),
	[file, fold]);
	const { box, onScroll, from, to } = useWindow(lines.length, LINE_HEIGHT);
	const most = [...file.lines.values()].reduce((all, row) =>
		Math.max(all, Math.abs(changeOf(row[side]))), 0);
	useLayoutEffect(() => {
		const hot = line || [...file.lines].reduce((best, [at, row]) =>
			Math.abs(changeOf(row.self)) > best[1] ?
				[at, Math.abs(changeOf(row.self))] : best, [0, -1])[0];
		const at = lines.findIndex(({ number }) => number === hot);
		box.current!.scrollTop = at * LINE_HEIGHT - box.current!.clientHeight / 2;
	}, [lines, line]);
	const room = (rows: number) => rows > 0 && <tr aria-hidden="true"
		style={{ height: rows * LINE_HEIGHT + "px" }} />;
	return <div class="code" ref={box} onScroll={onScroll} tabIndex={0}
		role="region" aria-label="Source">
		<table aria-rowcount={lines.length + 1}>
			<caption class="unseen">Source with the time of lines before and after
			</caption>
			<thead><tr><th scope="col" class="num">Before</th>
				<th scope="col" class="num">After</th>
				<th scope="col" class="num">Change</th>
				<th scope="col" class="num">Line</th>
				<th scope="col">Source</th></tr></thead>
			<tbody>
				{room(from)}
				{lines.slice(from, to).map(({ number, gap, tokens, key }, n) => {
					if (gap)
						return <tr class="gap" key={from + n}><td colSpan={5}>
							{counted(gap, "line")} left out</td></tr>;
					const row = file.lines.get(key)?.[side];
					return <tr key={from + n} class={number === line ? "on" : ""}
						aria-current={number === line ? "true" : undefined}>
						{[0, 1].map((at) => <td class="num">
							{row?.[at] ? figure(row[at]) : ""}</td>)}
						<td class="num change">{row && changeOf(row) !== 0 &&
							<Signed change={changeOf(row)} most={most} />}</td>
						<th scope="row" class="num">{number || "–"}</th>
						<td class="text"><Tokens tokens={tokens} /></td>
					</tr>;
				})}
				{room(lines.length - to)}
			</tbody>
		</table>
	</div>;
}

function Component(): JSX.Element {
	const at = shown.value;
	return <>
		<div class="row tight">
			<Choice label="Figures" value={shade.value} onChange={shade.set}
				options={[["self", "Self"], ["total", "Total"]]} />
			<Choice label="Lines without time" value={cold.value}
				onChange={cold.set}
				options={[["show", "All lines"], ["fold", "Hot lines"]]} />
			<SideTools />
			<span class="grow" /><Search />
		</div>
		{!at ? <p class="empty">No samples pass the filter.</p> :
			<div class="halves source sides">
				<Files current={at.file} />
				<div class="middle">
					<div class="row">
						<h2><bdi>{visible(at.file.path).slice(0, 300)}</bdi></h2>
						<span class="dim">self {figure(at.file.self[0])} before,
							{" "}{figure(at.file.self[1])} after</span>
					</div>
					{textOf(at.file.path).note && <p class="note">
						{textOf(at.file.path).note}</p>}
					<Code file={at.file} line={at.line} key={at.file.path} />
				</div>
			</div>}
	</>;
}

export const diffSourceView: View = {
	id: "source",
	title: "Source",
	when: (of) => of.old !== null,
	component: Component,
	fills: true,
	keys: [
		{ key: "s", text: "Self or total", run: () => shade.next() },
		{ key: "c", text: "All lines, or hot ones", run: () => cold.next() },
		...threadKeys,
	],
};
