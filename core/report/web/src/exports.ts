// SPDX-License-Identifier: Apache-2.0
//
// What the filter lets through, in formats of other programs.

import { filePath, functionName } from "./model";
import type { Sums } from "./model";

/** "main;work (app.py:3) 12" a line: root first, samples or microseconds. */
export function collapsed(sums: Sums): string {
	const { profile, tree, self, metric } = sums;
	const names = Array.from({ length: profile.locationCount }, (_, at) =>
		(functionName(profile, profile.locationFunction[at]) + " (" +
			filePath(profile, profile.locationFile[at]) + ":" +
			profile.locationLine[at] + ")").replace(/;/g, ","));
	const out: string[] = [];
	for (let at = 1; at < tree.count; at++) {
		const value = Math.round(metric === "ns" ? self[at] / 1000 : self[at]);
		if (!value)
			continue;
		const frames: string[] = [];
		for (let up = at; up; up = tree.parent[up])
			frames.push(names[tree.location[up]]);
		out.push(frames.reverse().join(";") + " " + value);
	}
	return out.join("\n") + "\n";
}

/** Rows as text between commas, for spreadsheets. */
export function csv(rows: readonly (readonly (string | number)[])[]): string {
	return rows.map((row) => row.map((cell) => typeof cell === "number" ?
		String(cell) : '"' + cell.replace(/"/g, '""') + '"').join(","))
		.join("\n") + "\n";
}
