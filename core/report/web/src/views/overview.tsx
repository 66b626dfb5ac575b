// SPDX-License-Identifier: Apache-2.0
//
// What was looked at, how well, and what stands out.

import type { JSX } from "preact";
import { computed } from "@preact/signals";
import { findings } from "../findings";
import { count, percent, rate, share, time } from "../format";
import { EVERYTHING, rowsBy, stateSums, sumUp } from "../model";
import type { Filter, Rows } from "../model";
import { go, hashOf, metric, OWN, profile, rows, sums } from "../state";
import { Legend, ShareCell, SplitBar } from "../ui/bars";
import { FunctionLink, Place, SourceText } from "../ui/names";
import type { View } from "../views";
import { rowList } from "./functions";

const TOP = 10;
const RUNNING: Filter = { ...EVERYTHING, states: "running" };

/* Of the whole profile, whatever the filter is. */
const found = computed(() => {
	const of = profile.value;
	const running = sumUp(of, RUNNING, "ns");
	return findings({ profile: of, running, lines: rowsBy(running, "line"),
		functions: rowsBy(running, "function"), states: allStates.value,
		own: rowsBy(sumUp(of, { ...RUNNING, chain: OWN }, "ns"), "line") });
});
const allStates = computed(() => stateSums(profile.value));

function Fact({ label, value, note, bad }:
	{ label: string; value: string; note?: string; bad?: boolean }):
	JSX.Element {
	return <div class={bad ? "bad" : ""}><dt>{label}</dt>
		<dd>{value}</dd>{note && <dd class="dim">{note}</dd>}</div>;
}

function Figures(): JSX.Element {
	const { meta } = profile.value.raw;
	const { pauses } = meta;
	const bad = Object.values(meta.bad).reduce((sum, n) => sum + n, 0);
	const proven = meta.exactness.proven ?? 0;
	return <dl class="figures">
		<Fact label="Samples" value={count(meta.samples)}
			note={proven ? percent(proven, meta.samples) + " proven" : ""} />
		<Fact label="Time" value={time(meta.sampled_ns)}
			note={meta.mode && "mode " + meta.mode} />
		<Fact label="Rate" value={rate(meta.reached_hz)}
			note={rate(meta.rate_hz) + " asked for"} />
		<Fact label="Missed" value={count(meta.missed)}
			bad={meta.missed * 20 > meta.samples}
			note={percent(meta.missed, meta.samples + meta.missed)} />
		<Fact label="Cut, bad" value={count(meta.cut) + ", " + count(bad)}
			note={percent(meta.cut + bad, meta.samples + bad)} />
		<Fact label="Pause, median" value={pauses.count ?
			time(pauses.median_ns) : "none"} note={pauses.count ? "99 %: " +
			time(pauses.p99_ns) : "no thread was held"} />
		<Fact label="Cost" value={percent(pauses.total_ns, meta.sampled_ns)}
			note="of the time" />
	</dl>;
}

/** Where the time of all threads went, by state. */
function States(): JSX.Element {
	const { raw, groupOf } = profile.value;
	const states = allStates.value;
	const all = states.reduce((sum, ns) => sum + ns, 0);
	const order = [...states.keys()].filter((at) => states[at] > 0);
	const words = order.map((at) => raw.states[at].text + " " +
		percent(states[at], all)).join(", ");
	let shade = 0;
	const style = (at: number, n: number) => {
		shade = n && groupOf[order[n - 1]] === groupOf[at] ? shade + 1 : 0;
		return { opacity: 1 - 0.14 * Math.min(shade, 5) };
	};
	const styles = order.map(style);
	const group = (at: number) => ["python", "native", "wait"][groupOf[at]];
	return <section class="states">
		<h2>All time of threads <span class="dim">{time(all)}</span></h2>
		<span class="split tall" role="img" aria-label={words || "no time"}>
			{order.map((at, n) => <i class={group(at)} title={
				raw.states[at].text + " " + percent(states[at], all)}
			style={{ width: 100 * states[at] / all + "%", ...styles[n] }} />)}
		</span>
		<ul>{order.map((at, n) => <li><i class={"dot " + group(at)}
			style={styles[n]} />{raw.states[at].text}
		<span class="num">{percent(states[at], all)}</span></li>)}</ul>
	</section>;
}

function Findings(): JSX.Element | null {
	const list = found.value;
	return <section class="findings">
		<h2>Findings</h2>
		{list.length ? <ul>{list.map((finding) => <li>{finding.before}
			<a href={hashOf(finding.to)}><bdi>{finding.what.slice(0, 200)}</bdi>
			</a>{finding.behind}</li>)}</ul> :
			<p class="dim">{profile.value.tallyCount ? "The time is spread; " +
				"no single line or function stands out." :
				"There are no samples: the process has not run while the " +
				"sampler was armed."}</p>}
	</section>;
}

function Top({ of, title, list }:
	{ of: Rows; title: string; list: "functions" | "lines" }): JSX.Element {
	const { all } = sums.value;
	const top = rowList(profile.value, of)
		.sort((a, b) => b.self - a.self || b.total - a.total).slice(0, TOP);
	return <section class="top">
		<h2>{title} <button class="plain" onClick={() =>
			go({ view: "functions", list })}>all {count(of.keys.length)}
		</button></h2>
		<table class="list">
			<thead><tr><th scope="col" class="num">Self %</th>
				<th scope="col" class="num">Total %</th>
				<th scope="col">Of self</th>
				<th scope="col">{list === "lines" ? "Line" : "Function"}</th>
				<th scope="col" class="extra">{list === "lines" ? "Source" :
					"Hottest line"}</th></tr></thead>
			<tbody>{top.map((row) => <tr key={row.key}>
				<td class="num"><ShareCell text={share(row.self, all)}
					part={row.self} whole={all} /></td>
				<td class="num"><ShareCell text={share(row.total, all)}
					part={row.total} whole={all} /></td>
				<td>{row.self > 0 && <SplitBar split={row.split} />}</td>
				{list === "lines" ? <>
					<td><Place file={row.file} line={row.line} /></td>
					<td class="extra"><SourceText file={row.file} line={row.line}
						or={<FunctionLink id={row.function} />} /></td>
				</> : <>
					<td><FunctionLink id={row.function} /></td>
					<td class="extra"><Place file={row.file} line={row.line} /></td>
				</>}
			</tr>)}</tbody>
		</table>
		{!top.length && <p class="dim">No samples pass the filter.</p>}
	</section>;
}

function Component(): JSX.Element {
	void metric.value;
	return <div class="overview-page">
		<Figures />
		<div class="pair">
			<Findings />
			<States />
		</div>
		<div class="pair">
			<Top of={rows("line")} title="Hottest lines" list="lines" />
			<Top of={rows("function")} title="Hottest functions"
				list="functions" />
		</div>
		<p><Legend /></p>
	</div>;
}

export const overviewView: View = {
	id: "overview",
	title: "Overview",
	when: (report) => report.kind === "profile",
	component: Component,
	filtered: true,
};
