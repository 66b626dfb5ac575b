// SPDX-License-Identifier: Apache-2.0
//
// A line of Python in colours.

import type { JSX } from "preact";
import { visible } from "../model";
import { tokenize } from "../python";
import type { Token } from "../python";

export function Tokens({ tokens }: { tokens: readonly Token[] }):
	JSX.Element {
	return <code>{tokens.map(({ kind, text }) => kind ?
		<i class={kind}>{visible(text)}</i> : visible(text))}</code>;
}

export function Code({ text }: { text: string }): JSX.Element {
	return <Tokens tokens={tokenize(text).tokens} />;
}
