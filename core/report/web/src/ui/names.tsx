// SPDX-License-Identifier: Apache-2.0
//
// Names of functions, files and lines, as they stand everywhere on the page.

import type { JSX } from "preact";
import { hint } from "../format";
import { filePath, fileOfFunction, functionName, placeName, sourceLine }
	from "../model";
import { hashOf, profile, srcOf } from "../state";
import { Code } from "./code";

export function FunctionName({ id }: { id: number }): JSX.Element {
	const name = functionName(profile.value, id);
	return <bdi class="name" title={hint(name)}>{name.slice(0, 300)}</bdi>;
}

/** A link to a function, in the functions view. */
export function FunctionLink({ id }: { id: number }): JSX.Element {
	return <a class="name" href={hashOf({ view: "functions", fn: String(id),
		ln: "" })}><FunctionName id={id} /></a>;
}

/** A link to a line, in the source view. */
export function Place({ file, line }: { file: number; line: number }):
	JSX.Element {
	return <a class="place" title={hint(filePath(profile.value, file))}
		href={hashOf({ view: "source", src: srcOf(file, line) })}>
		<bdi>{placeName(profile.value, file, line)}</bdi></a>;
}

/** Where a function begins. */
export function FunctionPlace({ id }: { id: number }): JSX.Element {
	return <Place file={fileOfFunction(profile.value, id)}
		line={profile.value.functionLine[id]} />;
}

/** The text of a line on its own; `or` stands where the page has none. */
export function SourceText({ file, line, or }:
	{ file: number; line: number; or?: JSX.Element }): JSX.Element {
	const text = sourceLine(profile.value, file, line).trim().slice(0, 200);
	return !text && or ? or : <Code text={text} />;
}
