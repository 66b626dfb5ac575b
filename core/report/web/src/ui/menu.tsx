// SPDX-License-Identifier: Apache-2.0
//
// The menu of what is pointed at or selected: what can be done with it.

import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { fileOfFunction, keyName, keysBy } from "../model";
import type { Chosen, Step } from "../model";
import { promptOf } from "../prompt";
import { addStep, chosen, go, profile, rows, spoken, srcOf, status,
	sums } from "../state";

export interface Item {
	text: string;
	run(): void;
}

/** In the window. */
export interface Spot { x: number; y: number }

/** The menu that is open, and what had the focus before. */
export const menu = signal<{ items: readonly Item[]; at: Spot;
	back: Element | null } | null>(null);

export function openMenu(items: readonly Item[], at: Spot): void {
	if (items.length)
		menu.value = { items, at, back: document.activeElement };
}

/** Put an element beside a place. */
export function beside(element: HTMLElement | null, { x, y }: Spot): void {
	if (!element)
		return;
	const { offsetWidth, offsetHeight } = element;
	const left = Math.max(4, Math.min(x + 12, innerWidth - offsetWidth - 6));
	const under = y + 16 + offsetHeight < innerHeight;
	element.style.left = left + "px";
	element.style.top = (under ? y + 16 :
		Math.max(4, y - offsetHeight - 10)) + "px";
}

/** Closes when anything else is done. */
export function Menu(): JSX.Element | null {
	const box = useRef<HTMLDivElement>(null);
	const now = menu.value;
	const close = () => {
		menu.value = null;
	};
	useLayoutEffect(() => {
		if (!now)
			return undefined;
		beside(box.current, now.at);
		box.current?.querySelector("button")?.focus();
		const leave = (event: Event) => {
			if (!box.current?.contains(event.target as Node))
				close();
		};
		addEventListener("pointerdown", leave, true);
		addEventListener("blur", close);
		return () => {
			removeEventListener("pointerdown", leave, true);
			removeEventListener("blur", close);
			(now.back as HTMLElement | null)?.focus();
		};
	}, [now]);
	const onKeyDown = (event: KeyboardEvent) => {
		const buttons = [...box.current!.querySelectorAll("button")];
		const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
		event.stopPropagation();
		if (event.key === "Escape" || event.key === "Tab") {
			event.preventDefault();
			close();
		} else if (step) {
			event.preventDefault();
			const on = buttons.indexOf(
				document.activeElement as HTMLButtonElement);
			buttons[(on + step + buttons.length) % buttons.length].focus();
		}
	};
	return now && <div class="menu" role="menu" aria-label="Selection" ref={box}
		onKeyDown={onKeyDown}>
		{now.items.map(({ text, run }) => <button role="menuitem"
			onClick={() => {
				close();
				run();
			}}>{text}</button>)}
	</div>;
}

/* What frames that are called alike can be done with. */

function copy(text: string, what: string): void {
	const say = (words: string) => {
		status.value = spoken.value = words;
	};
	navigator.clipboard.writeText(text).then(() => say("copied " + what),
		() => say("the browser does not let this page copy"));
}

/** Where it begins, as a file and a line. */
function placeOf({ by, key }: Chosen): { file: number; line: number } {
	const of = profile.value, { keyOf } = keysBy(of, by);
	if (by === "function")
		return { file: fileOfFunction(of, key), line: of.functionLine[key] };
	if (by === "line")
		return { file: of.lineFile[key], line: of.lineNumber[key] };
	const at = of.locationFile.findIndex((_, location) =>
		keyOf(location) === key);
	return { file: of.locationFile[at], line: 0 };
}

export function itemsOf(what: Chosen): Item[] {
	const of = profile.value, { file, line } = placeOf(what);
	const place = srcOf(file, line), name = keyName(of, what.by, what.key);
	const step = (op: Step["op"], more?: Record<string, string>) => () =>
		addStep({ op, ...what }, more);
	const items: Item[] = [
		{ text: "Focus: only stacks with it", run: step("focus") },
		{ text: "Focus from it on", run: step("root") },
		{ text: "Focus its callers",
			run: step("upto", { view: "flame", way: "callers" }) },
		{ text: "Ignore: no stacks with it", run: step("ignore") },
		{ text: "Hide its frames", run: step("hide") },
		{ text: "Show its source", run: () => go({ view: "source", src: place }) },
		{ text: "Copy its name", run: () => copy(name, "the name") },
		{ text: "Copy path:line", run: () => copy(place, "the place") },
	];
	if (what.by === "function" || what.by === "line")
		items.push({ text: "Copy as a prompt", run: () => copy(promptOf(
			sums.value, rows("line"), what.by === "function" ? what.key :
				of.locationFunction[rows("line").best[what.key]]),
		"the function with its figures") });
	return items;
}

/** Beside the row that is selected, or below the tabs. */
export function menuOfSelection(at?: Spot): boolean {
	const what = chosen.value;
	if (!what)
		return false;
	const row = document.querySelector("main .on, main .self") ??
		document.getElementById("tabs")!;
	const { left, width, bottom } = row.getBoundingClientRect();
	openMenu(itemsOf(what), at ?? { x: left + width / 4, y: bottom - 16 });
	return true;
}

/** For the right button on a row, which selects it first. */
export const rowMenu = (select: () => void) => (event: MouseEvent): void => {
	event.preventDefault();
	select();
	menuOfSelection({ x: event.clientX, y: event.clientY });
};
