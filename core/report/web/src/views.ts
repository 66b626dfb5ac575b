// SPDX-License-Identifier: Apache-2.0
//
// What a view is, and those that a report has data for. They are listed in
// main.tsx and main-heap.tsx.

import type { ComponentType } from "preact";
import type { Key } from "./keys";
import { report } from "./state";
import type { Report } from "./state";

export interface View {
	/** In the address: `#view=flame`. */
	id: string;
	/** On the tab. */
	title: string;
	/** Whether a report has data for it; a tab exists only then. */
	when(report: Report): boolean;
	/** Fills the tab's panel. Drawn while its tab is the chosen one alone. */
	component: ComponentType;
	/** Keys that work while it is shown, and come before those of the page. */
	keys?: readonly Key[];
	/** Whether states, threads, search and chain filter it. */
	filtered?: boolean;
	/** Whether it scrolls by itself and takes the height that there is. */
	fills?: boolean;
}

let list: readonly View[] = [];

/** The views of this page; once, before anything is drawn. */
export function setViews(views: readonly View[]): void {
	list = views;
}

export const views = (): readonly View[] =>
	list.filter((view) => view.when(report.value));
