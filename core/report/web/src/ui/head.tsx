// SPDX-License-Identifier: Apache-2.0
//
// The head of the page: what was looked at.

import type { JSX } from "preact";
import { count, counted, date, hint, time } from "../format";
import { visible } from "../model";
import { helpOpen, report } from "../state";
import { theme, toggleTheme } from "../theme";

function facts(): { title: string; text: string } {
	const { profile, old, heap, growth, stacks } = report.value;
	if (heap) {
		const { meta, totals } = heap;
		return { title: meta.program || "a Python program",
			text: [meta.pid ? "pid " + meta.pid : meta.core,
				"CPython " + meta.python,
				counted(totals.objects, "object")].join(" · ") };
	}
	if (growth)
		return { title: growth.program || growth.core || "a Python program",
			text: ["growth", growth.pid && "pid " + growth.pid,
				"CPython " + growth.python,
				count(growth.objects_before) + " → " +
					counted(growth.objects_after, "object")]
				.filter(Boolean).join(" · ") };
	if (stacks)
		return { title: stacks.program || stacks.core || "a Python program",
			text: [stacks.pid ? "pid " + stacks.pid : "core dump",
				"CPython " + stacks.python,
				counted(stacks.threads.length, "Python thread"),
				date(stacks.taken_at)].join(" · ") };
	const meta = profile!.raw.meta;
	const text = [meta.pid ? "pid " + meta.pid : "",
		meta.python_version && "CPython " + meta.python_version,
		(old ? count(old.raw.meta.samples) + " → " : "") +
			counted(meta.samples, "sample"),
		time(meta.sampled_ns), meta.mode && "mode " + meta.mode];
	return { title: meta.command_line || "a Python program",
		text: text.filter(Boolean).join(" · ") };
}

export function Head(): JSX.Element {
	const { title, text } = facts();
	return <header id="head">
		<h1><span class="brand">pyprof</span>
			<bdi><code title={hint(visible(title))}>
				{visible(title).slice(0, 300)}</code></bdi></h1>
		<p class="dim">{text}</p>
		<div class="tools">
			<button onClick={toggleTheme} id="theme" aria-label={
				theme.value === "dark" ? "Light colours" : "Dark colours"}
			title="Light or dark">{theme.value === "dark" ? "☀" : "☾"}</button>
			<button onClick={() => helpOpen.value = true} id="keys"
				aria-label="Help" title="Keys and meanings (?)">?</button>
		</div>
	</header>;
}
