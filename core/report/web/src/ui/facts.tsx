// SPDX-License-Identifier: Apache-2.0
//
// Facts about a report, by name.

import type { ComponentChildren, JSX } from "preact";

/** Those without a value are left out. */
export function Facts({ rows }:
	{ rows: readonly (readonly [string, ComponentChildren])[] }): JSX.Element {
	return <table class="list"><tbody>{rows.filter(([, value]) => value)
		.map(([name, value]) => <tr><th scope="row">{name}</th>
			<td>{value}</td></tr>)}</tbody></table>;
}

/** What is said of the source text in a page. */
export const SOURCE_CHOICES: Record<string, string> = {
	project: "Source text is that of the project's own files which everybody " +
		"may read; not the standard library's, not that of installed packages.",
	all: "Source text is that of all files that were found.",
	none: "There is no source text in this page.",
};
