// SPDX-License-Identifier: Apache-2.0
//
// The threads: what each spent its time on.

import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { amount, count, share } from "../format";
import { threadSums } from "../model";
import type { Thread } from "../model";
import { matcher } from "../search";
import { filter, find, go, metric, param, profile, spoken, threads }
	from "../state";
import { Legend, ShareCell, SplitBar } from "../ui/bars";
import { Table } from "../ui/table";
import type { Column } from "../ui/table";
import type { View } from "../views";

const sort = param("by-thread", "running");

interface Row extends Thread {
	split: [number, number, number];
	all: number;
	running: number;
	samples: number;
	/** The state with the most time. */
	state: string;
}

function rowsOf(): Row[] {
	const of = profile.value;
	const { split, samples, top } = threadSums(of, filter.value.range, metric.value);
	return of.threads.map((thread) => {
		const at = thread.index;
		const parts: Row["split"] = [split[0][at], split[1][at], split[2][at]];
		return { ...thread, split: parts, samples: samples[at],
			running: parts[0] + parts[1],
			all: parts[0] + parts[1] + parts[2],
			state: samples[at] ? of.raw.states[top[at]].text : "" };
	});
}

function columns(whole: number): Column<Row>[] {
	const part = (g: 0 | 1 | 2, id: string, label: string): Column<Row> => ({
		id, label, numeric: true, width: "5.5rem", extra: true,
		value: (row) => row.split[g],
		cell: (row) => row.all ? share(row.split[g], row.all) : "–",
	});
	return [
		{ id: "name", label: "Thread", value: (row) => row.name,
			cell: (row) => <bdi class="name">{row.name.slice(0, 200) || "thread"}
			</bdi> },
		{ id: "tid", label: "Id", numeric: true, width: "6.5rem",
			value: (row) => row.tid, cell: (row) => row.tid },
		{ id: "running", label: "Running %", numeric: true, width: "6.5rem",
			help: "Of the running time of all threads",
			value: (row) => row.running,
			cell: (row) => <ShareCell text={share(row.running, whole)}
				part={row.running} whole={whole} /> },
		{ id: "time", label: "Time", numeric: true, width: "6rem", extra: true,
			help: "In all states", value: (row) => row.all,
			cell: (row) => amount(row.all, metric.value)
				.replace(/ samples?$/, "") },
		{ id: "samples", label: "Samples", numeric: true, width: "6rem",
			extra: true,
			value: (row) => row.samples, cell: (row) => count(row.samples) },
		part(0, "python", "Python %"),
		part(1, "native", "Native %"),
		part(2, "wait", "Waiting %"),
		{ id: "split", label: "Of its time", width: "8.5rem",
			cell: (row) => row.all > 0 && <SplitBar split={row.split} /> },
		{ id: "state", label: "Most of it", extra: true,
			value: (row) => row.state, cell: (row) => row.state },
	];
}

function Component(): JSX.Element {
	const now = filter.value, of = metric.value, text = find.value;
	const all = useMemo(rowsOf, [profile.value, now.range, of]);
	const shown = useMemo(() => {
		const matches = matcher(text);
		return matches ? all.filter((row) => matches(row.name + " " + row.tid)) :
			all;
	}, [all, text]);
	const whole = all.reduce((sum, row) => sum + row.running, 0);
	return <>
		<div class="row">
			<span class="dim">{count(shown.length)} of {count(all.length)} threads
			</span>
			<Legend />
			<span class="dim">A row that is chosen filters every view; Enter
			shows its flame graph.</span>
		</div>
		<Table caption="Threads" rows={shown} columns={columns(whole)}
			sort={sort.value} onSort={(to) => sort.set(to)}
			keyOf={(row) => row.index}
			selected={now.threads.length === 1 ? now.threads[0] : null}
			onSelect={(row) => {
				const isOn = threads.value === String(row.index);
				spoken.value = isOn ? "all threads" : row.name;
				threads.set(isOn ? "" : String(row.index), true);
			}}
			onOpen={(row) => go({ view: "flame", threads: String(row.index) })}
			empty="No threads." />
	</>;
}

export const threadsView: View = {
	id: "threads",
	title: "Threads",
	when: (report) => report.kind === "profile",
	component: Component,
	filtered: true,
	fills: true,
};
