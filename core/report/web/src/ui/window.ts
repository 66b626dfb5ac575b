// SPDX-License-Identifier: Apache-2.0
//
// Which rows of a long list are in sight.

import type { RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { printing } from "./printing";

const OVERSCAN = 8;

/** @param printed How many rows are printed. */
export function useWindow(count: number, rowHeight: number, printed = 100):
	{ box: RefObject<HTMLDivElement | null>; onScroll(): void; from: number;
		to: number } {
	const box = useRef<HTMLDivElement>(null);
	const [top, setTop] = useState(0);
	const [height, setHeight] = useState(600);
	useLayoutEffect(() => {
		const element = box.current;
		if (!element)
			return undefined;
		const measure = () => setHeight(element.clientHeight);
		const observer = new ResizeObserver(measure);
		observer.observe(element);
		measure();
		return () => observer.disconnect();
	}, []);
	const onScroll = () => setTop(box.current?.scrollTop ?? 0);
	const all = printing.value;
	const from = all ? 0 :
		Math.max(0, Math.min(Math.floor(top / rowHeight), count) - OVERSCAN);
	const to = all ? Math.min(count, printed) :
		Math.min(count, Math.ceil((top + height) / rowHeight) + OVERSCAN);
	return { box, onScroll, from, to };
}
