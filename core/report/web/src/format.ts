// SPDX-License-Identifier: Apache-2.0
//
// Figures as people read them. Nowhere else are numbers made text.

export const count = (n: number): string =>
	Math.round(n).toLocaleString("en");

export const counted = (n: number, what: string): string =>
	count(n) + " " + what + (n === 1 ? "" : "s");

/** "12.3", for columns whose head says %. */
export function share(part: number, whole: number): string {
	if (!whole)
		return "–";
	const figure = 100 * part / whole;
	return figure > 0 && figure < 0.05 ? "<0.1" : figure.toFixed(1);
}

export function percent(part: number, whole: number): string {
	const text = share(part, whole);
	return text === "–" ? text : text + " %";
}

/** "± 1.2": how far a share of so many samples may be off, in percentage
 * points; 19 times of 20 it is less. */
export const error = (part: number, samples: number): string => samples ? "± " +
	(196 * Math.sqrt(part * (1 - part) / samples)).toFixed(2) : "–";

const UNITS: readonly [string, number][] =
	[["s", 1e9], ["ms", 1e6], ["µs", 1e3]];

export function time(ns: number): string {
	for (const [unit, size] of UNITS)
		if (ns >= size)
			return (ns / size).toFixed(ns >= 100 * size ? 0 :
				ns >= 10 * size ? 1 : 2) + " " + unit;
	return Math.round(ns) + " ns";
}

/** A sum in its metric. */
export const amount = (value: number, metric: "ns" | "samples"): string =>
	metric === "ns" ? time(value) : counted(value, "sample");

/** As the commands write it: a KB has 1024. */
export function bytes(n: number): string {
	const units = ["bytes", "KB", "MB", "GB", "TB"];
	let at = 0;
	for (; n >= 1024 && at < units.length - 1; at++)
		n /= 1024;
	return (at === 0 ? count(n) :
		n.toFixed(n >= 99.95 ? 0 : n >= 9.995 ? 1 : 2)) + " " + units[at];
}

export function rate(hz: number): string {
	const text = (n: number) => String(+n.toPrecision(3));
	return hz >= 1000 ? text(hz / 1000) + " kHz" : text(hz) + " Hz";
}

/** Seconds since 1970, in the reader's time zone. */
export function date(seconds: number): string {
	return new Date(seconds * 1000).toLocaleString("en-GB", {
		dateStyle: "medium", timeStyle: "short" });
}

/** Long names do no good in a hint. */
export const hint = (text: string): string =>
	text.length > 500 ? text.slice(0, 500) + "…" : text;
