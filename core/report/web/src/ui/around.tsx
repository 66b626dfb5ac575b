// SPDX-License-Identifier: Apache-2.0
//
// Who calls a function or a line, above; what it calls, below.

import type { ComponentChildren, JSX } from "preact";
import { useMemo } from "preact/hooks";
import { amount, error, percent, share } from "../format";
import { around } from "../model";
import { addStep, metric, profile, rows, select, srcOf, sums } from "../state";
import { ShareCell, SplitBar } from "./bars";
import { FunctionName, Place } from "./names";

type By = "function" | "line";
const SHOWN = 40;

function Calls({ by, title, list, all }: { by: By; title: string; all: number;
	list: readonly { key: number; value: number }[] }): JSX.Element {
	const { lineFile, lineNumber } = profile.value;
	const lines = by === "line" ? rows("line") : null;
	return <section>
		<h2 class="dim">{title}</h2>
		{list.length ? <ul class="calls">{list.slice(0, SHOWN).map(
			({ key, value }) => <li key={key}>
				<span class="num"><ShareCell text={share(value, all)}
					part={value} whole={all} /></span>
				<button class="plain" onClick={() => select({ [by]: key })}>
					<FunctionName id={lines ? profile.value.locationFunction[
						lines.best[key]] : key} /></button>
				{lines && <Place file={lineFile[key]} line={lineNumber[key]} />}
			</li>)}</ul> : <p class="dim">nothing</p>}
		{list.length > SHOWN && <p class="dim">and {list.length - SHOWN} more</p>}
	</section>;
}

/** All about the function or line that is selected. */
export function Around({ by, id, children, more }: { by: By; id: number;
	children?: ComponentChildren; more?: ComponentChildren }): JSX.Element {
	const now = sums.value;
	const { callers, callees } = useMemo(() => around(now, by, id),
		[now, by, id]);
	const of = rows(by);
	const split = [of.split[0][id], of.split[1][id], of.split[2][id]] as const;
	const best = of.best[id];
	const place = best === 0xffffffff ? null : {
		file: profile.value.locationFile[best],
		line: profile.value.locationLine[best] };
	const step = (op: "focus" | "hide" | "ignore") =>
		addStep({ op, by, key: id });
	return <aside class="around" aria-label="Callers and callees">
		<Calls by={by} title="▲ Called by" list={callers} all={now.all} />
		<section class="self">
			<h2>{by === "function" || best === 0xffffffff ?
				<FunctionName id={by === "function" ? id : 0} /> : <FunctionName
					id={profile.value.locationFunction[best]} />}</h2>
			<p>self <b title={"within " + error(of.self[id] / now.all,
				now.allSamples) + " points, 19 times of 20"}>
				{percent(of.self[id], now.all)}</b> <span class="dim">
				{error(of.self[id] / now.all, now.allSamples)}</span> · {
				amount(of.self[id], metric.value)}, total <b>{
				percent(of.total[id], now.all)}</b> · {
				amount(of.total[id], metric.value)} {of.self[id] > 0 &&
				<SplitBar split={split} width="7rem" />}</p>
			<p class="row">{place && <button onClick={() => select({ [by]: id },
				{ view: "source", src: srcOf(place.file, place.line) })}>
				Source</button>}
			<button onClick={() => step("focus")} title="(f)">Focus</button>
			<button onClick={() => step("hide")} title="(x)">Hide</button>
			<button onClick={() => step("ignore")}>Leave out</button>
			{children}</p>
		</section>
		{more}
		<Calls by={by} title="▼ Calls" list={callees} all={now.all} />
	</aside>;
}
