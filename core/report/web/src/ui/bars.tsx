// SPDX-License-Identifier: Apache-2.0
//
// Small bars: what time was spent on, and how much of it.

import type { JSX } from "preact";
import { percent } from "../format";
import { GROUPS } from "../model";

const WORDS = ["Python", "native", "waiting"];

type Split = readonly [number, number, number];

/** Shares of Python, native and waiting. */
export function SplitBar({ split, width }: { split: Split; width?: string }):
	JSX.Element {
	const all = split[0] + split[1] + split[2];
	const label = all ? WORDS.map((word, g) =>
		word + " " + percent(split[g], all)).join(", ") : "no time";
	return <span class="split" role="img" aria-label={label} title={label}
		style={width && { width }}>
		{GROUPS.map((group, g) => split[g] > 0 &&
			<i class={group} style={{ width: 100 * split[g] / all + "%" }} />)}
	</span>;
}

export function Legend(): JSX.Element {
	return <span class="legend">{GROUPS.map((group, g) =>
		<span><i class={"dot " + group} />{WORDS[g]}</span>)}</span>;
}

/** A share of a whole as a bar behind its figure. */
export function ShareCell({ text, part, whole }:
	{ text: string; part: number; whole: number }): JSX.Element {
	return <span class="share" style={{
		"--share": (whole ? 100 * part / whole : 0).toFixed(1) + "%" }}>
		{text}</span>;
}
