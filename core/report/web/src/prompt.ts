// SPDX-License-Identifier: Apache-2.0
//
// A function with what the page knows of it, as text to ask somebody about.
// It is made here and goes nowhere but to the clipboard. Pure.

import { percent, share } from "./format";
import { around, fileOfFunction, filePath, functionName, rowsBy, sourceLine,
	visible } from "./model";
import type { Profile, Rows, Sums } from "./model";

const MOST = 200;

/** The last line of a function by its indentation, as far as there is text. */
function lastLine(of: Profile, file: number, first: number): number {
	const indent = (line: number) => {
		const text = sourceLine(of, file, line);
		return text.trim() ? text.length - text.trimStart().length : Infinity;
	};
	const own = indent(first);
	let last = first, isIn = false;
	for (let line = first + 1; line < first + MOST; line++) {
		const deep = indent(line);
		if (deep === Infinity)
			continue;
		// Decorators and the lines of a long head come before the body.
		isIn ||= deep > own;
		if (isIn && deep <= own && !/^\s*[)\]}]/.test(sourceLine(of, file, line)))
			break;
		last = line;
	}
	return last;
}

export function promptOf(sums: Sums, lines: Rows, id: number): string {
	const of = sums.profile, { meta } = of.raw, { all } = sums;
	const file = fileOfFunction(of, id), first = of.functionLine[id];
	const by = rowsBy(sums, "function"), { callers, callees } =
		around(sums, "function", id);
	const keys = new Map<number, number>();
	for (const key of lines.keys)
		if (of.lineFile[key] === file)
			keys.set(of.lineNumber[key], key);
	const figure = (value: number) => (value ? share(value, all) : "")
		.padStart(6);
	const last = lastLine(of, file, first), text: string[] = [];
	for (let line = first; line <= last; line++) {
		const key = keys.get(line) ?? -1;
		text.push(figure(lines.self[key]) + figure(lines.total[key]) +
			String(line).padStart(6) + "  " +
			visible(sourceLine(of, file, line)).replace(/\u2409/g, "    "));
	}
	const names = (list: typeof callers) => list.slice(0, 8).map(
		({ key, value }) => functionName(of, key) + " " +
			percent(value, all)).join(", ") || "nothing";
	return [`How can this function of a Python program be made faster?

${functionName(of, id)} (${filePath(of, file)}:${first}), CPython ${
	meta.python_version}, was sampled ${by.samples[id]} of ${
	sums.allSamples} times: self ${percent(by.self[id], all)}, total ${
	percent(by.total[id], all)} of the time.
Called by: ${names(callers)}
Calls: ${names(callees)}

self % total %  line  source`, ...text].join("\n") + "\n";
}
