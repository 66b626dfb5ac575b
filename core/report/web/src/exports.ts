// SPDX-License-Identifier: Apache-2.0
//
// What the filter lets through, in formats of other programs.

import { fileOfFunction, filePath, functionName } from "./model";
import type { Rows, Sums, Tree } from "./model";

/** The locations of a stack, root first. */
function stackOf(tree: Tree, node: number): number[] {
	const stack: number[] = [];
	for (let up = node; up; up = tree.parent[up])
		stack.push(tree.location[up]);
	return stack.reverse();
}

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
		out.push(stackOf(tree, at).map((of) => names[of]).join(";") +
			" " + value);
	}
	return out.join("\n") + "\n";
}

/** Rows as text between commas, for spreadsheets. */
export function csv(rows: readonly (readonly (string | number)[])[]): string {
	return rows.map((row) => row.map((cell) => typeof cell === "number" ?
		String(cell) : '"' + cell.replace(/"/g, '""') + '"').join(","))
		.join("\n") + "\n";
}

/** What speedscope opens: one profile, its stacks without an order in time. */
export function speedscope(sums: Sums): string {
	const { profile, tree, self, metric } = sums;
	const frames = Array.from({ length: profile.locationCount }, (_, at) => ({
		name: functionName(profile, profile.locationFunction[at]),
		file: filePath(profile, profile.locationFile[at]),
		line: profile.locationLine[at] || undefined,
	}));
	const samples: number[][] = [], weights: number[] = [];
	for (let at = 0; at < tree.count; at++)
		if (self[at]) {
			samples.push(stackOf(tree, at));
			weights.push(self[at]);
		}
	return JSON.stringify({
		$schema: "https://www.speedscope.app/file-format-schema.json",
		exporter: "pyprof", shared: { frames }, profiles: [{ type: "sampled",
			name: "pyprof", unit: metric === "ns" ? "nanoseconds" : "none",
			startValue: 0, endValue: sums.all, samples, weights }] });
}

/** As pstats prints; samples stand for calls, which nobody counted. */
export function pstats(sums: Sums, rows: Rows): string {
	const { profile, metric } = sums, unit = metric === "ns" ? 1e9 : 1;
	const figure = (value: number) => value.toFixed(3).padStart(9);
	return ["   nsamp  tottime  percall  cumtime  percall " +
		"filename:lineno(function)", ...[...rows.keys]
		.sort((a, b) => rows.self[b] - rows.self[a]).map((id) => {
			const n = rows.samples[id];
			const self = rows.self[id] / unit, total = rows.total[id] / unit;
			return String(n).padStart(8) + figure(self) +
				figure(n && self / n) + figure(total) + figure(n && total / n) +
				" " + filePath(profile, fileOfFunction(profile, id)) + ":" +
				profile.functionLine[id] + "(" + functionName(profile, id) + ")";
		})].join("\n") + "\n";
}
