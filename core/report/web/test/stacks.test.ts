// SPDX-License-Identifier: Apache-2.0
//
// Threads in groups, and as rows that unfold.

import assert from "node:assert/strict";
import { test } from "node:test";
import { matcher } from "../src/search";
import { findThreads, groupThreads, nameOf, unfold } from "../src/stacks";
import type { Frame, Stacks, Thread } from "../src/stacks";

const frame = (qualname: string, line: number, locals?: Frame["locals"]):
	Frame => ({ function: qualname, qualname, file: "/a.py", line, source: "",
	locals });

const thread = (number: number, same_as: number, frames?: Frame[]): Thread => ({
	number, tid: 40 + number, ident: "0x7f", name: "t" + number,
	interpreter: 0, main: number === 1, selected: false, gil: false,
	state: "wait-lock", frames, left_out: 0, why: "", same_as });

const stacks = { threads: [thread(1, 0, [frame("f", 1), frame("g", 2)]),
	thread(2, 1, [frame("h", 3)]), thread(3, 0)] } as Partial<Stacks> as Stacks;

const all = () => true;

test("equal stacks are one group, in the order of threads", () => {
	assert.deepEqual(groupThreads(stacks, true, all).map((one) => one.threads),
		[[0, 2], [1]]);
	assert.deepEqual(groupThreads(stacks, false, all).map((one) =>
		one.frames.length), [2, 1, 2]);
	assert.deepEqual(groupThreads(stacks, true, (at) => at !== 0)
		.map((one) => one.threads), [[1], [2]]);
});

test("a search finds threads by name and by their frames", () => {
	const find = (text: string) => findThreads(stacks, matcher(text)!,
		{ "wait-lock": "waiting for a lock" });
	assert.deepEqual(find("t2"), [false, true, false]);
	assert.deepEqual(find("a.py:2"), [true, false, true]);
	assert.deepEqual(find("waiting lock"), [true, true, true]);
	assert.deepEqual(find("42"), [false, true, false]);
});

test("rows unfold", () => {
	const groups = groupThreads(stacks, true, all);
	const kinds = (...open: string[]) => unfold(stacks, groups,
		(key) => open.includes(key)).map((row) => row.kind + " " + row.level);
	assert.deepEqual(kinds(), ["group 1", "group 1"]);
	assert.deepEqual(kinds("t0"), ["group 1", "members 2", "frame 2",
		"frame 2", "group 1"]);
	assert.deepEqual(kinds("t0", "t0.t"), ["group 1", "members 2", "member 3",
		"member 3", "frame 2", "frame 2", "group 1"]);
	assert.equal(new Set(unfold(stacks, groups, all).map(({ key }) => key)).size,
		8);
});

test("variables are those of one thread", () => {
	const of = { threads: [thread(1, 0, [frame("f", 1, { x: "1" })]),
		thread(2, 0, [frame("f", 1, { x: "2" })])] } as Partial<Stacks> as Stacks;
	const locals = (together: boolean) => unfold(of,
		groupThreads(of, together, all), all).flatMap((row) =>
		row.kind === "local" ? row.value : []);
	assert.deepEqual(locals(false), ["1", "2"]);
	assert.deepEqual(locals(true), []);
});

test("threads are named by what is known", () => {
	assert.equal(nameOf(thread(1, 0)), "thread 1 (t1, main)");
	assert.equal(nameOf({ ...thread(2, 0), number: 0, name: "" }),
		"thread 0x7f");
});
