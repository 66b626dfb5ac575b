// SPDX-License-Identifier: Apache-2.0
//
// A graph of frames with its overview, breadcrumbs, hints, menu and keys. What
// the frames mean is the view's: see Frames, and Props.
//
// Frames are known by their paths of keys, not by number: a tree is made anew
// when the zoom changes.

import { useSignal } from "@preact/signals";
import type { Signal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { hint } from "../format";
import { follow, pathTo } from "../layout";
import { spoken, status } from "../state";
import { theme } from "../theme";
import { beside, menu, openMenu } from "./menu";
import type { Item, Spot } from "./menu";
import { Painter } from "./painter";
import type { Frames } from "./painter";

interface Props {
	/** For screen readers. */
	label: string;
	frames: Frames;
	flip?: boolean;
	/** Keys from the root to the frame that fills the width. */
	zoom: readonly number[];
	onZoom(path: number[]): void;
	/** Keys to the frame with the cursor. */
	cursor: readonly number[];
	onCursor(path: number[], frame: number): void;
	/** All about a frame in a line, and in some. */
	tell(frame: number): string;
	facts(frame: number): ComponentChildren;
	menu?(frame: number): Item[];
	/** Enter on the frame that is zoomed already, and a double click. */
	onOpen?(frame: number): void;
	/** What the root is called. */
	root?: string;
}

type FrameSpot = Spot & { frame: number };

const keysTo = ({ tree }: Frames, frame: number) =>
	pathTo(tree, frame).map((at) => tree.key[at]);

function Hint({ at, facts }:
	{ at: Signal<FrameSpot | null>; facts(frame: number): ComponentChildren }) {
	const box = useRef<HTMLDivElement>(null);
	useLayoutEffect(() => {
		if (at.value)
			beside(box.current, at.value);
	});
	return at.value && <div class="hint" ref={box} aria-hidden="true">
		{facts(at.value.frame)}</div>;
}

/** The zoomed frame and those above it. */
function Crumbs({ frames, zoom, onZoom, root }: Props): JSX.Element {
	const path = [0, ...pathTo(frames.tree, follow(frames.tree, [...zoom]))];
	const cut = path.length > 7;
	const shown = cut ? [0, ...path.slice(-5)] : path;
	return <nav class="crumbs" aria-label="Zoom">{shown.map((frame, n) => {
		const isLast = n === shown.length - 1;
		const name = frame ? frames.name(frame) : root ?? "all";
		return <>
			{n > 0 && <span aria-hidden="true">{cut && n === 1 ?
				" › … › " : " › "}</span>}
			<button title={hint(name)} aria-current={isLast ? "true" : undefined}
				onClick={() => onZoom(keysTo(frames, frame))}>
				<bdi>{name.slice(0, 120)}</bdi></button>
		</>;
	})}</nav>;
}

export function Graph(props: Props): JSX.Element {
	const { frames, flip = false, zoom, cursor, onZoom, onCursor } = props;
	const { tree } = frames;
	const box = useRef<HTMLDivElement>(null), tall = useRef<HTMLDivElement>(null);
	const canvas = useRef<HTMLCanvasElement>(null);
	const overview = useRef<HTMLCanvasElement>(null);
	const painter = useRef<Painter | null>(null);
	const hover = useSignal<FrameSpot | null>(null);
	const drag = useRef<{ x: number; moved: boolean } | null>(null);
	const zoomed = follow(tree, [...zoom]);
	const at = cursor.length ? follow(tree, [...cursor]) : 0;
	const isAt = at > 0 && pathTo(tree, at).length === cursor.length;

	useLayoutEffect(() => {
		painter.current = new Painter(box.current!, tall.current!,
			canvas.current!, overview.current!);
		const observer = new ResizeObserver(() => painter.current?.measure());
		observer.observe(box.current!);
		return () => {
			observer.disconnect();
			painter.current?.stop();
		};
	}, []);
	useLayoutEffect(() => painter.current!.show(
		{ frames, flip, zoom: zoomed, cursor: isAt ? at : -1 }));
	useEffect(() => {
		hover.value = null;
		painter.current!.setHover(-1);
	}, [tree]);
	theme.value;

	const point = (event: MouseEvent) => {
		const frame = painter.current!.find(event.clientX, event.clientY);
		painter.current!.setHover(frame);
		hover.value = frame < 0 || menu.value ? null :
			{ frame, x: event.clientX, y: event.clientY };
		status.value = frame < 0 ? "" : props.tell(frame);
	};
	const leave = () => {
		painter.current!.setHover(-1);
		hover.value = null;
	};
	const walkTo = (frame: number) => {
		onCursor(keysTo(frames, frame), frame);
		spoken.value = status.value = props.tell(frame);
		if (!painter.current!.isInside(frame))
			onZoom([]);
		painter.current!.scrollTo(frame);
	};
	const zoomTo = (frame: number) => onZoom(keysTo(frames, frame));
	const menuOf = (frame: number, x: number, y: number) => {
		if (frame <= 0 || !props.menu)
			return;
		hover.value = null;
		onCursor(keysTo(frames, frame), frame);
		openMenu(props.menu(frame), { x, y });
	};
	const menuAtCursor = () => {
		const { x, y } = painter.current!.place(at);
		menuOf(isAt ? at : -1, x, y);
	};
	const onKeyDown = (event: KeyboardEvent) => {
		const from = isAt ? at : zoomed;
		const kid = tree.kids[from];
		const inside = () => {
			// The kid in the middle of what is seen of the parent.
			for (let k = kid; k < tree.kids[from + 1]; k++)
				if (painter.current!.isInside(k))
					return k;
			return from;
		};
		const up = () => tree.parent[from];
		const actions: Record<string, () => void> = {
			ArrowDown: () => walkTo(flip ? up() : inside()),
			ArrowUp: () => walkTo(flip ? inside() : up()),
			ArrowLeft: () => walkTo(painter.current!.beside(from, -1)),
			ArrowRight: () => walkTo(painter.current!.beside(from, 1)),
			Home: () => walkTo(0),
			Enter: () => from === zoomed && props.onOpen && from ?
				props.onOpen(from) : zoomTo(from),
			Escape: () => zoomTo(tree.parent[zoomed]),
			Backspace: () => zoomTo(tree.parent[zoomed]),
			o: menuAtCursor,
			"+": () => zoomTo(from),
			"-": () => zoomTo(tree.parent[zoomed]),
			n: () => nextMarked(1),
			N: () => nextMarked(-1),
		};
		const act = actions[event.key];
		if (!act || event.ctrlKey || event.metaKey || event.altKey)
			return;
		event.preventDefault();
		act();
	};
	const nextMarked = (by: number) => {
		const { marked } = frames;
		if (!marked)
			return;
		const found: number[] = [];
		for (let i = 1; i < tree.count; i++)
			if (marked(i) && !(tree.parent[i] && marked(tree.parent[i])))
				found.push(i);
		found.sort((a, b) => tree.total[b] - tree.total[a] || a - b);
		const on = found.indexOf(at);
		if (found.length)
			walkTo(found[on < 0 ? by > 0 ? 0 : found.length - 1 :
				(on + by + found.length) % found.length]);
	};
	const onWheel = (event: WheelEvent) => {
		if (event.ctrlKey || event.shiftKey) {
			event.preventDefault();
			painter.current!.closer(
				Math.exp((event.deltaY || event.deltaX) / 300), event.clientX);
		} else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
			event.preventDefault();
			painter.current!.pan(event.deltaX);
		}
	};
	useEffect(() => {
		const element = canvas.current!;
		element.addEventListener("wheel", onWheel, { passive: false });
		return () => element.removeEventListener("wheel", onWheel);
	}, []);

	return <div class="graph">
		<Crumbs {...props} />
		<canvas class="overview" ref={overview} aria-hidden="true"
			onPointerDown={(event) => {
				overview.current!.setPointerCapture(event.pointerId);
				painter.current!.centre(event.clientX);
			}}
			onPointerMove={(event) => event.buttons & 1 &&
				painter.current!.centre(event.clientX)} />
		<div class="sheet" ref={box}
			onScroll={() => painter.current?.draw()}>
			<div ref={tall}><canvas ref={canvas} tabIndex={0}
				role="application" aria-label={props.label}
				aria-roledescription="graph of frames"
				onKeyDown={onKeyDown}
				onPointerDown={(event) => {
					if (event.button === 0)
						drag.current = { x: event.clientX, moved: false };
				}}
				onPointerMove={(event) => {
					const held = drag.current;
					if (!held || !(event.buttons & 1))
						return point(event);
					if (Math.abs(event.clientX - held.x) > 4 || held.moved) {
						painter.current!.pan(held.x - event.clientX);
						held.x = event.clientX;
						held.moved = true;
						leave();
					}
					return undefined;
				}}
				onPointerLeave={leave}
				onClick={(event) => {
					const held = drag.current;
					drag.current = null;
					if (held?.moved)
						return;
					const frame = painter.current!.find(event.clientX,
						event.clientY);
					if (frame < 0)
						return;
					onCursor(keysTo(frames, frame), frame);
					spoken.value = props.tell(frame);
					zoomTo(frame);
				}}
				onDblClick={(event) => {
					const frame = painter.current!.find(event.clientX,
						event.clientY);
					if (frame > 0)
						props.onOpen?.(frame);
				}}
				onContextMenu={(event) => {
					event.preventDefault();
					if (event.button === 2)
						return menuOf(painter.current!.find(event.clientX,
							event.clientY), event.clientX, event.clientY);
					return menuAtCursor();
				}} /></div>
		</div>
		<Hint at={hover} facts={props.facts} />
	</div>;
}

