// SPDX-License-Identifier: Apache-2.0
//
// What the figures mean, how far they can be trusted, and what is missing.

import type { JSX } from "preact";
import type { ComponentChildren } from "preact";
import { count, counted, date, error, percent, rate, time } from "../format";
import { save } from "../svg";
import { collapsed, csv, pstats, speedscope } from "../exports";
import { filePath, functionName, visible } from "../model";
import type { Profile, Sums } from "../model";
import { metric, report, rows, sums } from "../state";
import { Facts, SOURCE_CHOICES } from "../ui/facts";
import { Meanings } from "../ui/help";
import type { View } from "../views";
import { rowList } from "./functions";

function Exactness({ of }: { of: Profile }): JSX.Element {
	const { raw: { meta, exactness } } = of;
	const bad = Object.entries(meta.bad);
	return <section>
		<h2>How exact</h2>
		<p>Each sample looks at one moment and stands for the time since the one
		before. A share has an error that falls with the root of the number of
		samples; with {counted(meta.samples, "sample")} one of</p>
		<ul>{[0.01, 0.1, 0.5].map((part) => <li>{100 * part} % is right within{" "}
			{error(part, meta.samples)} points, 19 times of 20</li>)}</ul>
		<Facts rows={[
			...exactness.map(({ word, text }): [string, ComponentChildren] =>
				[word, meta.exactness[word] ? count(meta.exactness[word]) + ", " +
					percent(meta.exactness[word], meta.samples) + ": " + text : ""]),
			["missed", count(meta.missed) + ": due, and not taken in time"],
			["cut", count(meta.cut) + ": stacks that end early, and are counted"],
			...bad.map(([word, n]): [string, string] =>
				["given up", count(n) + ": " + word]),
			["pauses", meta.pauses.count ? `${count(meta.pauses.count)} times, ` +
				`median ${time(meta.pauses.median_ns)}, 99th percentile ` +
				`${time(meta.pauses.p99_ns)}, at most ` +
				`${time(meta.pauses.max_ns)}; ` +
				`${percent(meta.pauses.total_ns, meta.sampled_ns)} of the time` :
				"no thread was held or stopped"],
		]} />
	</section>;
}

function Missing({ of }: { of: Profile }): JSX.Element {
	const { folded, notes, source_choice: choice } = of.raw;
	const moments = of.moments;
	return <section>
		<h2>What is in this file</h2>
		<ul>
			<li>{folded.stacks ? `${counted(folded.stacks, "rare stack")} with ` +
				`${counted(folded.samples, "sample")}, ${time(folded.ns)}, were ` +
				"folded to keep the file small: their time is still that of their " +
				"line, thread and state, below “rare stacks”; what lay between " +
				"lacks it in its total." :
				`All ${counted(of.tree.count - 1, "stack")}; none was left out.`}</li>
			<li>{moments ? `The time is told in slices of ${time(moments.sliceNs)}.`
				: "When samples were taken is not known."}</li>
			<li>{SOURCE_CHOICES[choice] ?? SOURCE_CHOICES.none} Figures are there for all
			code.</li>
			{notes.map((note) => <li>{note}</li>)}
			<li>No variables, no environment, no keys. The page asks nothing of
			any network, and its policy forbids it to.</li>
		</ul>
	</section>;
}

function Target({ of }: { of: Profile }): JSX.Element {
	const { meta } = of.raw;
	return <section>
		<h2>What was looked at</h2>
		<Facts rows={[
			["Command", <code>{visible(meta.command_line).slice(0, 2000)}</code>],
			["Process", meta.pid || ""],
			["Python", [meta.python_version, meta.python_build].filter(Boolean)
				.join(", ")],
			["Layout from", meta.layout_source],
			["Host", meta.host],
			["Debugger", meta.debugger],
			["Mode", meta.mode],
			["Began", meta.started_at ? date(meta.started_at) : ""],
			["Sampled for", time(meta.sampled_ns)],
			["Rate", rate(meta.reached_hz) + ", " + rate(meta.rate_hz) +
				" asked for"],
			["pyprof", report.value.version],
		]} />
	</section>;
}

function saveTable(by: "function" | "line"): void {
	const of = sums.value.profile;
	save(by + "s.csv", "text/csv", csv([["function", "file", "line", "self_" + metric.value,
		"total_" + metric.value, "samples"],
	...rowList(of, rows(by)).map((row) => [functionName(of, row.function),
		filePath(of, row.file), row.line, row.self, row.total, row.samples])]));
}

const FILES: readonly [string, string, string, (of: Sums) => string][] = [
	["Collapsed stacks", ".collapsed", "text/plain", collapsed],
	["Speedscope", ".speedscope.json", "application/json", speedscope],
	["pstats, text", ".pstats.txt", "text/plain",
		(of) => pstats(of, rows("function"))],
	["Data of this page, JSON", ".json", "application/json",
		(of) => JSON.stringify(of.profile.raw)],
];

function Exports(): JSX.Element {
	return <section>
		<h2>Take along</h2>
		<p class="row">
			<button onClick={() => saveTable("function")}>Functions, CSV</button>
			<button onClick={() => saveTable("line")}>Lines, CSV</button>
			{FILES.map(([text, name, type, make]) => <button onClick={() =>
				save("profile" + name, type, make(sums.value))}>{text}</button>)}
		</p>
		<p class="dim">What the filter lets through, made in the page. pyprof
		itself writes more formats: pyprof dump.</p>
	</section>;
}

function Component(): JSX.Element {
	const { profile, old } = report.value;
	return <div class="about">
		<Meanings />
		{old && <h2>Before</h2>}
		{old && <><Target of={old} /><Exactness of={old} />
			<Missing of={old} /><h2>After</h2></>}
		{profile && <><Target of={profile} /><Exactness of={profile} />
			<Missing of={profile} /></>}
		{!old && <Exports />}
	</div>;
}

export const aboutView: View = {
	id: "about",
	title: "About these data",
	when: (of) => of.profile !== null,
	component: Component,
};
