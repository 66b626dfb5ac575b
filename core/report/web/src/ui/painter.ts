// SPDX-License-Identifier: Apache-2.0
//
// Draws a tree of frames on a canvas, moves over it and finds what is where.
// Only the rows and frames in sight are drawn, whatever the tree's size; the
// canvas is as large as its box, which scrolls a taller, empty element.

import { drawLevel, firstAfter, frameAt, levelOf } from "../layout";
import type { Tree } from "../layout";
import { calm, fit, ink, penOf } from "../paint";
import type { Ink } from "../paint";

export const ROW = 20;
const NARROW = 1.2;
const ZOOM_MS = 220;
const MAP = 34;

/** What frames of a tree mean. */
export interface Frames {
	tree: Tree;
	name(frame: number): string;
	fill(frame: number, dark: boolean): string;
	/** A search found it. */
	marked?: ((frame: number) => boolean) | null;
	/** It is what was chosen, here or elsewhere. */
	lit?: (frame: number) => boolean;
}

export interface Looks {
	frames: Frames;
	/** The root is at the bottom. */
	flip: boolean;
	/** The frame that fills the width. */
	zoom: number;
	cursor: number;
}

export class Painter {
	private looks!: Looks;
	private x0 = 0;
	private x1 = 0;
	private move: { x0: number; x1: number; to0: number; to1: number;
		since: number } | null = null;
	private wide = 0;
	private high = 0;
	private hover = -1;
	private asked = 0;
	private map: HTMLCanvasElement | null = null;
	private levels = 1;

	constructor(private box: HTMLElement, private tall: HTMLElement,
		private canvas: HTMLCanvasElement,
		private overview: HTMLCanvasElement) {}

	/** Show something else; moves there if it is the same at another zoom. */
	show(looks: Looks): void {
		const old = this.looks, { tree } = looks.frames;
		const x0 = tree.x[looks.zoom], x1 = x0 + tree.total[looks.zoom];
		const same = old && old.frames.tree.total[0] === tree.total[0] &&
			old.flip === looks.flip;
		this.looks = looks;
		if (!same || !this.wide)
			this.jump(x0, x1);
		else if (this.target()[0] !== x0 || this.target()[1] !== x1)
			this.glide(x0, x1);
		if (!old || old.frames !== looks.frames)
			this.map = null;
		this.measure();
		if (!same || old.zoom !== looks.zoom)
			this.scrollTo(looks.zoom, true);
		this.ask();
	}

	/** The box has another size. */
	measure(): void {
		this.wide = this.box.clientWidth;
		this.high = this.box.clientHeight;
		this.countLevels();
		this.ask();
	}

	private target(): [number, number] {
		return this.move ? [this.move.to0, this.move.to1] : [this.x0, this.x1];
	}

	private jump(x0: number, x1: number): void {
		this.move = null;
		this.x0 = x0;
		this.x1 = x1;
	}

	private glide(to0: number, to1: number): void {
		if (calm())
			this.jump(to0, to1);
		else
			this.move = { x0: this.x0, x1: this.x1, to0, to1,
				since: performance.now() };
	}

	/** Levels that have a frame in sight; each has if the next has one. */
	private countLevels(): void {
		const { tree } = this.looks.frames, [x0, x1] = this.target();
		let low = 0, high = tree.rows.length - 2;
		while (low < high) {
			const mid = (low + high + 1) >> 1;
			const first = firstAfter(tree, mid, x0);
			if (first < tree.rows[mid + 1] && tree.x[first] < x1)
				low = mid;
			else
				high = mid - 1;
		}
		this.levels = low + 1;
		this.tall.style.height = this.levels * ROW + "px";
	}

	/** The row of a level, and the level of a row. */
	private flipped(n: number): number {
		return this.looks.flip ? Math.max(this.levels,
			Math.floor(this.high / ROW)) - 1 - n : n;
	}

	/** Scroll to a frame; to the top of the box, or as little as needed. */
	scrollTo(frame: number, first = false): void {
		const { tree } = this.looks.frames;
		const row = this.flipped(levelOf(tree, frame)), y = row * ROW;
		const { scrollTop } = this.box;
		if (y < scrollTop || y + ROW > scrollTop + this.high)
			this.box.scrollTop = first !== this.looks.flip ?
				y - 2 * ROW : y - this.high + 3 * ROW;
	}

	ask(): void {
		this.asked ||= requestAnimationFrame(() => {
			this.asked = 0;
			this.draw();
		});
	}

	stop(): void {
		cancelAnimationFrame(this.asked);
		this.asked = 0;
	}

	private step(): void {
		const { move } = this;
		if (!move)
			return;
		const part = Math.min(1, (performance.now() - move.since) / ZOOM_MS);
		const eased = 1 - (1 - part) ** 3;
		this.x0 = move.x0 + (move.to0 - move.x0) * eased;
		this.x1 = move.x1 + (move.to1 - move.x1) * eased;
		if (part === 1)
			this.jump(move.to0, move.to1);
		this.ask();
	}

	draw(): void {
		if (!this.wide)
			return;
		this.step();
		const colours = ink(), { tree } = this.looks.frames;
		const pen = penOf(this.canvas, this.wide, this.high);
		pen.clearRect(0, 0, this.wide, this.high);
		pen.font = colours.font;
		pen.textBaseline = "middle";
		const { scrollTop } = this.box;
		const last = Math.ceil((scrollTop + this.high) / ROW);
		const zoomLevel = levelOf(tree, this.looks.zoom);
		for (let row = Math.floor(scrollTop / ROW); row < last; row++) {
			const level = this.flipped(row);
			if (level < 0 || level > tree.rows.length - 2)
				continue;
			drawLevel(tree, level, this.x0, this.x1, this.wide, NARROW,
				(frame, from, to, many) => this.drawFrame(pen, colours, frame,
					from, to, row * ROW - scrollTop, many,
					level < zoomLevel));
		}
		this.drawMap(colours);
	}

	private drawFrame(pen: CanvasRenderingContext2D, colours: Ink,
		frame: number, x: number, to: number, y: number, many: boolean,
		above: boolean): void {
		const { frames, cursor } = this.looks;
		const marked = frame > 0 && frames.marked?.(frame);
		const gap = to - x > 3 ? 1 : 0, wide = to - x - gap;
		pen.globalAlpha = frames.marked && !marked ? 0.35 :
			above || many ? 0.6 : 1;
		pen.fillStyle = marked ? colours.mark : colours.forced ? colours.back :
			frame ? frames.fill(frame, colours.dark) : colours.line;
		pen.fillRect(x, y, wide, ROW - 1);
		if (colours.forced) {
			pen.strokeStyle = colours.line;
			pen.lineWidth = 1;
			pen.strokeRect(x + 0.5, y + 0.5, wide, ROW - 2);
		}
		if (frame === this.hover && !many) {
			pen.globalAlpha = 0.18;
			pen.fillStyle = colours.text;
			pen.fillRect(x, y, wide, ROW - 1);
			pen.globalAlpha = 1;
		}
		if (wide > 22) {
			pen.fillStyle = marked && colours.forced ? "HighlightText" :
				colours.text;
			pen.globalAlpha = frames.marked && !marked ? 0.6 : 1;
			pen.fillText(fit(frames.name(frame), wide - 7, colours), x + 4,
				y + ROW / 2);
		}
		pen.globalAlpha = 1;
		if (frame > 0 && !many && frames.lit?.(frame)) {
			pen.fillStyle = colours.accent;
			pen.fillRect(x, y + ROW - 4, wide, 3);
		}
		if (frame === cursor && !many) {
			pen.strokeStyle = colours.text;
			pen.lineWidth = 2;
			pen.strokeRect(x + 1, y + 1, Math.max(1, wide - 2), ROW - 3);
		}
	}

	/** All of the tree, and where the window on it is. */
	private drawMap(colours: Ink): void {
		const whole = this.looks.frames.tree.total[0];
		const isWhole = !whole || this.x1 - this.x0 > whole * 0.9999;
		this.overview.hidden = isWhole;
		if (isWhole)
			return;
		if (!this.map || this.map.dataset.for !== this.wide + theme(colours)) {
			this.map ??= document.createElement("canvas");
			this.map.dataset.for = this.wide + theme(colours);
			this.paintMap(colours);
		}
		const pen = penOf(this.overview, this.wide, MAP);
		pen.clearRect(0, 0, this.wide, MAP);
		pen.drawImage(this.map, 0, 0, this.wide, MAP);
		const from = this.x0 / whole * this.wide;
		const to = this.x1 / whole * this.wide;
		pen.globalAlpha = 0.7;
		pen.fillStyle = colours.back;
		pen.fillRect(0, 0, from, MAP);
		pen.fillRect(to, 0, this.wide - to, MAP);
		pen.globalAlpha = 1;
		pen.strokeStyle = colours.accent;
		pen.lineWidth = 2;
		pen.strokeRect(from + 1, 1, Math.max(1, to - from - 2), MAP - 2);
	}

	private paintMap(colours: Ink): void {
		const { frames } = this.looks, { tree } = frames;
		const pen = penOf(this.map!, this.wide, MAP);
		const levels = tree.rows.length - 1;
		const row = Math.min(3, MAP / levels);
		pen.clearRect(0, 0, this.wide, MAP);
		for (let level = 0; level < levels; level += Math.max(1, 0.5 / row)) {
			const at = Math.floor(level);
			const y = this.looks.flip ? MAP - (at + 1) * row : at * row;
			drawLevel(tree, at, 0, tree.total[0], this.wide, 1,
				(frame, from, to) => {
					pen.fillStyle = colours.forced ? colours.text : frame ?
						frames.fill(frame, colours.dark) : colours.line;
					pen.fillRect(from, y, to - from, row);
				});
		}
	}

	/** The frame at a place in the window, or -1. */
	find(clientX: number, clientY: number): number {
		const { tree } = this.looks.frames;
		const at = this.canvas.getBoundingClientRect();
		const level = this.flipped(
			Math.floor((clientY - at.top + this.box.scrollTop) / ROW));
		const x = this.x0 +
			(clientX - at.left) * (this.x1 - this.x0) / (this.wide || 1);
		return frameAt(tree, level, x);
	}

	/** Where a frame is in the window. */
	place(frame: number): { x: number; y: number } {
		const { tree } = this.looks.frames;
		const at = this.canvas.getBoundingClientRect();
		const scale = this.wide / (this.x1 - this.x0 || 1);
		const middle = tree.x[frame] + tree.total[frame] / 2;
		const x = Math.max(8, Math.min(this.wide - 8,
			(middle - this.x0) * scale));
		return { x: at.left + x, y: at.top - this.box.scrollTop +
			(this.flipped(levelOf(tree, frame)) + 1) * ROW };
	}

	/** Whether a frame is in the part of the width that is shown. */
	isInside(frame: number): boolean {
		const { tree } = this.looks.frames, [x0, x1] = this.target();
		return tree.x[frame] < x1 && tree.x[frame] + tree.total[frame] > x0;
	}

	setHover(frame: number): void {
		if (this.hover !== frame) {
			this.hover = frame;
			this.ask();
		}
	}

	/** Move sideways by pixels, or closer around one. */
	pan(pixels: number): void {
		const by = pixels * (this.x1 - this.x0) / (this.wide || 1);
		this.window(this.x0 + by, this.x1 + by);
	}

	closer(factor: number, clientX: number): void {
		const left = this.canvas.getBoundingClientRect().left;
		const at = this.x0 + (clientX - left) * (this.x1 - this.x0) /
			(this.wide || 1);
		this.window(at - (at - this.x0) * factor, at + (this.x1 - at) * factor);
	}

	/** Show about what a place of the overview stands for. */
	centre(clientX: number): void {
		const { left, width } = this.overview.getBoundingClientRect();
		const whole = this.looks.frames.tree.total[0];
		const at = (clientX - left) / width * whole;
		const half = (this.x1 - this.x0) / 2;
		this.window(at - half, at + half);
	}

	private window(x0: number, x1: number): void {
		const whole = this.looks.frames.tree.total[0];
		const size = Math.min(whole, Math.max(x1 - x0, whole * 1e-7));
		const from = Math.max(0, Math.min(whole - size, x0));
		this.jump(from, from + size);
		this.countLevels();
		this.ask();
	}

	/** Frames of a level side by side, in the order of the screen. */
	beside(frame: number, by: number): number {
		const { tree } = this.looks.frames, level = levelOf(tree, frame);
		const next = frame + by;
		return next >= tree.rows[level] && next < tree.rows[level + 1] &&
			this.isInside(next) ? next : frame;
	}
}

const theme = (colours: Ink) => "" + colours.dark + colours.forced;
