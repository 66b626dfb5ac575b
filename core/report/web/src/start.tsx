// SPDX-License-Identifier: Apache-2.0
//
// Decodes the data and draws.

import { render } from "preact";
import { App } from "./app";
import { decode } from "./payload";
import { makeReport, report } from "./state";
import { setViews } from "./views";
import type { View } from "./views";

function fail(error: unknown): void {
	const page = document.getElementById("page")!;
	const text = error instanceof Error ? error.message : String(error);
	page.textContent = "pyprof: this page cannot be shown: " + text;
	page.className = "text";
}

async function run(): Promise<void> {
	const element = document.getElementById("data") as HTMLScriptElement;
	report.value = makeReport(await decode(element));
	/* It is in memory now, and large. */
	element.textContent = "";
	render(<App />, document.getElementById("page")!);
	document.documentElement.dataset.ready = "true";
}

export function start(views: readonly View[]): void {
	setViews(views);
	run().catch(fail);
}
