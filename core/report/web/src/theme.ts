// SPDX-License-Identifier: Apache-2.0
//
// Light and dark: as the browser says, or as chosen with the button. Canvases
// take their colours from style.css by colour(), and read `theme` so that they
// are drawn again when it changes.

import { computed, signal } from "@preact/signals";

const KEY = "pyprof-theme";
type Choice = "auto" | "light" | "dark";

const dark = globalThis.matchMedia?.("(prefers-color-scheme: dark)");
const system = signal(dark?.matches ? "dark" : "light");
dark?.addEventListener("change",
	() => system.value = dark.matches ? "dark" : "light");

const word = globalThis.document?.documentElement.dataset.theme;
const choice = signal<Choice>(
	word === "light" || word === "dark" ? word : "auto");

export const theme = computed<"light" | "dark">(() =>
	(choice.value === "auto" ? system.value : choice.value) as "light" | "dark");

/** The other theme; the one of the browser is not kept as a choice. */
export function toggleTheme(): void {
	const next = theme.value === "dark" ? "light" : "dark";
	choice.value = next === system.value ? "auto" : next;
	const root = document.documentElement;
	if (choice.value === "auto")
		delete root.dataset.theme;
	else
		root.dataset.theme = next;
	try {
		if (choice.value === "auto")
			localStorage.removeItem(KEY);
		else
			localStorage.setItem(KEY, next);
	} catch {
		/* It counts for this page alone then. */
	}
}

let probe: HTMLElement | undefined;

/** A colour of style.css, "--python", as canvases take it. */
export function colour(name: string): string {
	probe ??= document.body.appendChild(
		Object.assign(document.createElement("i"), { hidden: true }));
	probe.style.color = `var(${name})`;
	return getComputedStyle(probe).color;
}
