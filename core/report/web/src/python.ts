// SPDX-License-Identifier: Apache-2.0
//
// Python's words, for colours. Lines come one by one, as a window into a file
// may begin anywhere; what goes on in the next line is carried along.

export type Kind = "" | "key" | "str" | "com" | "num" | "dec";

export interface Token {
	kind: Kind;
	text: string;
}

/** The triple quote that a line begins inside of; "": none. */
export type Carry = "" | '"""' | "'''";

const KEYWORDS = new Set(("and as assert async await break case class " +
	"continue def del elif else except finally for from global if import " +
	"in is lambda match nonlocal not or pass raise return try while with " +
	"yield True False None").split(" "));
const TOKEN = /(#.*)|([rbfut]{0,2}("""|'''))|([rbfut]{0,2}(?:"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?))|(^\s*@[\w.]+)|(\d[\w.]*)|([\w\u0080-\uffff]+)|[^\w#"'\u0080-\uffff]+|[^]/giy;

/** The end of a triple-quoted string; a backslash hides what is behind it. */
function endOf(line: string, quote: string, from: number): number {
	for (let at = from; at < line.length; at++)
		if (line[at] === "\\")
			at++;
		else if (line.startsWith(quote, at))
			return at + 3;
	return -1;
}

export function tokenize(line: string, carry: Carry = ""):
	{ tokens: Token[]; carry: Carry } {
	const tokens: Token[] = [];
	let at = 0;
	const string = (quote: Carry, from: number) => {
		const end = endOf(line, quote, from);
		tokens.push({ kind: "str",
			text: line.slice(at, end < 0 ? undefined : end) });
		carry = end < 0 ? quote : "";
		at = end < 0 ? line.length : end;
	};
	if (carry)
		string(carry, 0);
	while (at < line.length) {
		TOKEN.lastIndex = at;
		const match = TOKEN.exec(line)!;
		if (match[2]) {
			string(match[3] as Carry, at + match[0].length);
			continue;
		}
		tokens.push({ text: match[0],
			kind: match[1] ? "com" : match[4] ? "str" : match[5] ? "dec" :
				match[6] ? "num" :
					match[7] && KEYWORDS.has(match[7]) ? "key" : "" });
		at = TOKEN.lastIndex;
	}
	return { tokens, carry };
}
