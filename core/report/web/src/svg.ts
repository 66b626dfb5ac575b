// SPDX-License-Identifier: Apache-2.0
//
// The part of a graph that is shown, as an SVG file that stands alone.

import { drawLevel } from "./layout";
import { fit, ink } from "./paint";
import type { Frames } from "./ui/painter";

const ROW = 20, WIDE = 1200, NARROW = 0.3;

/** Text of XML, which has no control characters and no halves of pairs. */
const escape = (text: string) => text
	.replace(/[\x00-\x1f\ufffe\uffff]|[\ud800-\udfff]/gu, "\ufffd")
	.replace(/[<>&"]/g, (c) => "&#" + c.charCodeAt(0) + ";");

export function svgOf(frames: Frames, zoom: number, flip: boolean,
	title: string, tell: (frame: number) => string): string {
	const { tree } = frames, colours = ink(), parts: string[] = [];
	const x0 = tree.x[zoom], x1 = x0 + tree.total[zoom];
	const rows: { frame: number; from: number; to: number; level: number }[] = [];
	for (let level = 0; level < tree.rows.length - 1; level++)
		drawLevel(tree, level, x0, x1, WIDE, NARROW,
			(frame, from, to, many) => many ||
				rows.push({ frame, from, to, level }));
	const levels = rows.reduce((most, { level }) => Math.max(most, level), 0);
	const high = (levels + 1) * ROW + 30;
	for (const { frame, from, to, level } of rows) {
		const y = 28 + (flip ? levels - level : level) * ROW;
		const wide = Math.max(NARROW, to - from - (to - from > 3 ? 1 : 0));
		const text = fit(frames.name(frame), wide - 7, { ...colours, wide: 7.3 });
		const fill = frame ? frames.fill(frame, colours.dark) : colours.line;
		parts.push(`<g><title>${escape(tell(frame))}</title>` +
			`<rect x="${from.toFixed(2)}" y="${y}" width="${wide.toFixed(2)}" ` +
			`height="${ROW - 1}" fill="${fill}"/>` +
			(text && `<text x="${(from + 4).toFixed(1)}" y="${y + 14}">` +
				`${escape(text)}</text>`) + "</g>");
	}
	return '<?xml version="1.0" encoding="UTF-8"?>\n<svg xmlns=' +
		`"http://www.w3.org/2000/svg" viewBox="0 0 ${WIDE} ${high}" ` +
		`style="background:${colours.back}" font-family="monospace" ` +
		`font-size="12" fill="${colours.text}">\n` +
		`<text x="4" y="18" font-weight="bold">${escape(title)}</text>\n` +
		parts.join("\n") + "\n</svg>\n";
}

/** Hand a file to the reader. */
export function save(name: string, type: string, text: string): void {
	const link = document.createElement("a");
	link.href = URL.createObjectURL(new Blob([text], { type }));
	link.download = name;
	link.click();
	setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
