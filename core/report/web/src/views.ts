// SPDX-License-Identifier: Apache-2.0
//
// The views of the page, in the order of their tabs and number keys. To add
// one: a file in views/ and a row here. README.md says what a view may use.

import type { ComponentType } from "preact";
import type { Key } from "./keys";
import { report } from "./state";
import type { Report } from "./state";
import { aboutView } from "./views/about";
import { flameView } from "./views/flame";
import { functionsView } from "./views/functions";
import { overviewView } from "./views/overview";
import { sourceView } from "./views/source";
import { threadsView } from "./views/threads";
import { timeView } from "./views/time";

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

const VIEWS: readonly View[] = [
	overviewView,
	flameView,
	timeView,
	functionsView,
	sourceView,
	threadsView,
	aboutView,
];

export const views = (): readonly View[] =>
	VIEWS.filter((view) => view.when(report.value));
