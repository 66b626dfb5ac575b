// SPDX-License-Identifier: Apache-2.0
//
// What canvases are painted with: colours for frames in both themes, and text
// that fits. Colours are OKLCH, where equal lightness looks equal, so that the
// text on every frame has the same contrast.

import { colour, theme } from "./theme";

export interface Ink {
	text: string;
	dim: string;
	back: string;
	line: string;
	accent: string;
	mark: string;
	/** Colours are the system's: no fills, frames have outlines. */
	forced: boolean;
	dark: boolean;
	font: string;
	/** Width of a character of the font. */
	wide: number;
}

const FONT = '12px ui-monospace, SFMono-Regular, Menlo, Consolas, ' +
	'"DejaVu Sans Mono", monospace';
let charWidth = 0;

/** Colours of the present theme; reading it draws again when that changes. */
export function ink(): Ink {
	const dark = theme.value === "dark";
	const forced = matchMedia("(forced-colors: active)").matches;
	if (!charWidth) {
		const pen = document.createElement("canvas").getContext("2d")!;
		pen.font = FONT;
		charWidth = pen.measureText("x".repeat(100)).width / 100;
	}
	return {
		forced, dark, font: FONT, wide: charWidth,
		text: forced ? "CanvasText" : colour("--text"),
		dim: forced ? "GrayText" : colour("--dim"),
		back: forced ? "Canvas" : colour("--back"),
		line: forced ? "CanvasText" : colour("--line"),
		accent: forced ? "Highlight" : colour("--accent"),
		mark: forced ? "Highlight" : lch(dark, 0.08, 0.16, 325),
	};
}

const round = (n: number) => Math.round(n * 1000) / 1000;

/** A fill to write on; `lift` is how much lighter, or darker, it is. */
export function lch(dark: boolean, lift: number, chroma: number,
	hue: number): string {
	const light = (dark ? 0.4 : 0.88) + (dark ? lift : -lift);
	return `oklch(${round(light)} ${round(chroma)} ${round(hue)})`;
}

/** A number from 0 to 1 that is the same for the same text. */
export function hash(text: string): number {
	let value = 2166136261;
	for (let at = 0; at < text.length; at++)
		value = Math.imul(value ^ text.charCodeAt(at), 16777619);
	value ^= value >>> 15;
	return (Math.imul(value, 0x2c1b3c6d) >>> 8) / 2 ** 24;
}

const HUES = { project: 70, packages: 315, stdlib: 245, other: 165 };
export type Hue = keyof typeof HUES;

/** By where a file is from; files and functions differ a little in it. */
export function originFill(dark: boolean, origin: Hue, file: string,
	name: string): string {
	const chroma = origin === "other" ? 0.03 : dark ? 0.075 : 0.08;
	return lch(dark, 0.07 * hash(name), chroma,
		HUES[origin] + 34 * (hash(file) - 0.5));
}

/** By the shares of Python, native and waiting. */
export function stateFill(dark: boolean, split: readonly number[]): string {
	const all = split[0] + split[1] + split[2] || 1;
	const python = split[0] / all, native = split[1] / all;
	const turn = Math.PI / 180, chroma = dark ? 0.1 : 0.1;
	const a = chroma * (python * Math.cos(245 * turn) +
		native * Math.cos(65 * turn));
	const b = chroma * (python * Math.sin(245 * turn) +
		native * Math.sin(65 * turn));
	const light = dark ? 0.4 : 0.86;
	return `oklab(${light} ${round(a)} ${round(b)})`;
}

/** 0 … 1 from nothing to the most. */
export function heatFill(dark: boolean, heat: number): string {
	return dark ? `oklch(${round(0.3 + 0.2 * heat)} ${round(0.01 + 0.11 * heat)
	} ${round(250 - 180 * Math.min(1, heat * 1.5))})` :
		`oklch(${round(0.95 - 0.17 * heat)} ${round(0.01 + 0.14 * heat)
		} ${round(95 - 35 * heat)})`;
}

/** Blue for less, orange for more; `change` is from -1 to 1. */
export function changeFill(dark: boolean, change: number): string {
	const much = Math.sqrt(Math.min(1, Math.abs(change)));
	return lch(dark, 0.1 * much, 0.012 + (dark ? 0.1 : 0.115) * much,
		change > 0 ? 62 : 248);
}

/** The text, cut so that it fits; "" where not even its beginning does. */
export function fit(text: string, room: number, { wide }: Ink): string {
	const most = Math.floor(room / wide);
	if (most < 2)
		return "";
	let cells = 0;
	for (let at = 0; at < text.length; at++) {
		// Characters from CJK on take two cells.
		cells += text.charCodeAt(at) > 0x1100 ? 2 : 1;
		if (cells > most)
			return at < 2 ? "" : text.slice(0, at - 1) + "…";
	}
	return text;
}

/** A canvas as large as its box on the screen, and a pen in CSS pixels. */
export function penOf(canvas: HTMLCanvasElement, width: number,
	height: number): CanvasRenderingContext2D {
	const ratio = Math.min(4, devicePixelRatio || 1);
	const w = Math.max(1, Math.round(width * ratio));
	const h = Math.max(1, Math.round(height * ratio));
	if (canvas.width !== w || canvas.height !== h) {
		canvas.width = w;
		canvas.height = h;
		canvas.style.width = width + "px";
		canvas.style.height = height + "px";
	}
	const pen = canvas.getContext("2d")!;
	pen.setTransform(ratio, 0, 0, ratio, 0, 0);
	return pen;
}

export const calm = (): boolean =>
	matchMedia("(prefers-reduced-motion: reduce)").matches;
