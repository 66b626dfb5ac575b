// SPDX-License-Identifier: Apache-2.0
//
// A line of Python in colours, and where in it the time went.

import type { JSX } from "preact";
import { percent, time } from "../format";
import { visible } from "../model";
import type { Part } from "../model";
import { tokenize } from "../python";
import type { Token } from "../python";

export const partShare = ({ share, ns }: Part): string =>
	percent(share, 1) + " · " + time(ns);

export function Tokens({ tokens, parts = [] }: { tokens: readonly Token[];
	parts?: readonly Part[] }): JSX.Element {
	/* What is inside of another part goes over it. */
	const part: Part[] = [];
	for (const one of [...parts].sort((a, b) => b.to - b.from - a.to + a.from))
		for (let at = one.from; at < one.to; at++)
			part[at] = one;
	let begin = 0;
	const pieces = (text: string) => {
		const out: (string | JSX.Element)[] = [];
		for (let from = 0, to = 0; from < text.length; from = to) {
			const of = part[begin + from];
			while (to < text.length && part[begin + to] === of)
				to++;
			const piece = visible(text.slice(from, to));
			out.push(of ? <u style={{ "--part": of.share.toFixed(3) }}
				title={partShare(of) + " of the line's self time"}>{piece}</u> : piece);
		}
		begin += text.length;
		return out;
	};
	return <code>{tokens.map(({ kind, text }) => kind ?
		<i class={kind}>{pieces(text)}</i> : pieces(text))}</code>;
}

export function Code({ text }: { text: string }): JSX.Element {
	return <Tokens tokens={tokenize(text).tokens} />;
}
