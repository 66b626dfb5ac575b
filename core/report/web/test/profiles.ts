// SPDX-License-Identifier: Apache-2.0
//
// Profiles as the page gets them, made of stacks of "function:line".

import type { RawProfile } from "../src/payload";

export interface Tally {
	stack: readonly string[];
	thread: number;
	state: number;
	samples: number;
	ns: number;
}

export function makeRaw(tallies: readonly Tally[]): RawProfile {
	const strings = ["", "/app/app.py"];
	const raw: RawProfile = {
		meta: {} as RawProfile["meta"], totals: {},
		states: [{ word: "python", text: "", group: "python" },
			{ word: "native", text: "", group: "native" },
			{ word: "wait", text: "", group: "wait" }],
		exactness: [], strings, sources: [], notes: [],
		source_choice: "all", folded: { stacks: 0, samples: 0, ns: 0 },
		threads: { tid: [], name: [], interpreter: [], main: [] },
		functions: { name: [], qualname: [], file: [], line: [] },
		locations: { function: [], line: [] },
		stacks: { up: [0], location: [0] },
		tallies: { step: [], thread: [], state: [], samples: [], ns: [] },
	};
	const ids = new Map<string, number>();
	const intern = (key: string, make: () => number) => {
		let id = ids.get(key);
		if (id === undefined)
			ids.set(key, id = make());
		return id;
	};
	const rows = tallies.map((tally) => {
		let stack = 0;
		for (const frame of tally.stack) {
			const [name, line] = frame.split(":");
			const fn = intern("f" + name, () => {
				const string = strings.push(name) - 1;
				raw.functions.qualname.push(string);
				raw.functions.file.push(1);
				raw.functions.line.push(1);
				return raw.functions.name.push(string) - 1;
			});
			const location = intern("l" + frame, () => {
				raw.locations.function.push(fn);
				return raw.locations.line.push(Number(line)) - 1;
			});
			const parent = stack;
			stack = intern("s" + parent + " " + location, () => {
				raw.stacks.location.push(location);
				return raw.stacks.up.push(raw.stacks.up.length - parent) - 1;
			});
		}
		while (raw.threads.tid.length <= tally.thread) {
			raw.threads.main.push(+!raw.threads.tid.length);
			raw.threads.interpreter.push(0);
			raw.threads.name.push(0);
			raw.threads.tid.push(raw.threads.tid.length + 100);
		}
		return { ...tally, at: stack };
	}).sort((a, b) => a.at - b.at);
	let before = 0;
	for (const row of rows) {
		raw.tallies.step.push(row.at - before);
		raw.tallies.thread.push(row.thread);
		raw.tallies.state.push(row.state);
		raw.tallies.samples.push(row.samples);
		raw.tallies.ns.push(row.ns);
		before = row.at;
	}
	return raw;
}
