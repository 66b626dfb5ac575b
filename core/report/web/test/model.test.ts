// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { test } from "node:test";
import { around, applyChain, makeProfile, partsOf, rowsBy, sumUp, visible }
	from "../src/model";
import type { Filter } from "../src/model";
import type { RawSource } from "../src/payload";
import { tokenize } from "../src/python";
import { makeRaw } from "./profiles";

const ALL: Filter = { states: "all", threads: [], range: null, chain: [] };

/* main calls work twice, once through itself; work waits and runs. */
const raw = makeRaw([
	{ stack: ["main:1", "work:5"], thread: 0, state: 0, samples: 3, ns: 30 },
	{ stack: ["main:1", "work:5", "work:6"], thread: 1, state: 1, samples: 2,
		ns: 20 },
	{ stack: ["main:2", "idle:9"], thread: 0, state: 2, samples: 5, ns: 50 },
	{ stack: [], thread: 0, state: 1, samples: 1, ns: 10 },
]);
const profile = makeProfile(raw);
const id = (name: string) => raw.functions.name.findIndex(
	(string) => raw.strings[string] === name);

test("self and total by function; recursion counts once", () => {
	const sums = sumUp(profile, ALL, "ns");
	assert.equal(sums.all, 110);
	assert.equal(sums.frameless, 10);
	const rows = rowsBy(sums, "function");
	assert.deepEqual([...rows.keys].map((key) =>
		[rows.self[key], rows.total[key], rows.samples[key]]),
	[[0, 100, 0], [50, 50, 5], [50, 50, 5]]);
});

test("states and threads filter", () => {
	assert.equal(sumUp(profile, { ...ALL, states: "running" }, "ns").all, 60);
	assert.equal(sumUp(profile, { ...ALL, states: "waiting" }, "samples").all,
		5);
	assert.equal(sumUp(profile, { ...ALL, threads: [1] }, "ns").all, 20);
});

test("the chain focuses, roots, ignores and hides", () => {
	const work = id("work");
	const sums = (op: "focus" | "root" | "ignore" | "hide") =>
		sumUp(profile, { ...ALL, chain: [{ op, by: "function", key: work }] },
			"ns");
	assert.equal(sums("focus").all, 50);
	assert.equal(sums("ignore").all, 60);
	const root = sums("root");
	assert.equal(root.all, 50);
	assert.equal(rowsBy(root, "function").total[id("main")], 0);
	const hidden = rowsBy(sums("hide"), "function");
	assert.equal(hidden.self[id("main")], 50);
	assert.equal(hidden.total[work], 0);
});

test("the tree of a chain has parents first", () => {
	const tree = applyChain(profile,
		[{ op: "hide", by: "function", key: id("main") }]);
	for (let at = 1; at < tree.count; at++)
		assert.ok(tree.parent[at] < at);
});

test("callers and callees", () => {
	const sums = sumUp(profile, ALL, "ns");
	const main = around(sums, "function", id("main"));
	assert.deepEqual(main.callers, []);
	assert.deepEqual(main.callees, [{ key: id("work"), value: 50 },
		{ key: id("idle"), value: 50 }]);
	assert.deepEqual(around(sums, "function", id("work")).callers,
		[{ key: id("main"), value: 50 }]);
});

test("parts of lines pass the filter of states, most first", () => {
	const source: RawSource = { file: 1, status: "ok", total: 9, windows: [],
		spans: { line: [5, 5, 5, 6], from: [4, 0, 0, 1], to: [9, 9, 0, 2],
			python: [30, 0, 10, 0], native: [30, 30, 0, 0],
			wait: [0, 0, 100, 7] } };
	const running = partsOf(source, "running");
	assert.deepEqual(running.get(5), [
		{ from: 4, to: 9, ns: 60, share: 0.6 },
		{ from: 0, to: 9, ns: 30, share: 0.3 },
		{ from: 0, to: 0, ns: 10, share: 0.1 }]);
	assert.deepEqual(running.get(6), []);
	assert.deepEqual(partsOf(source, "all").get(5)!.map(({ ns }) => ns),
		[110, 60, 30]);
	assert.equal(partsOf(undefined, "all").size, 0);
	assert.equal(partsOf({ ...source, spans: undefined }, "all").size, 0);
});

test("paths are as short as tells them apart", () => {
	const paths = ["/a/x.py", "/b/x.py", "/b/y.py", "/c/p/__init__.py",
		"/d/q/__init__.py", "x.py", ""];
	const of = makeRaw([{ stack: paths.map((_, at) => `f${at}:1`), thread: 0,
		state: 0, samples: 1, ns: 1 }]);
	of.functions.file = paths.map((path) => of.strings.push(path) - 1);
	assert.deepEqual(makeProfile(of).fileShort, ["a/x.py", "b/x.py", "y.py",
		"p/__init__.py", "q/__init__.py", "x.py", "(no file)"]);
});

test("names show what is invisible", () => {
	assert.equal(visible("a\u202eb\0"), "a\\u202eb\u2400");
});

test("Python is told apart from text", () => {
	const kinds = (line: string) => tokenize(line).tokens
		.filter(({ kind }) => kind).map(({ kind, text }) => kind + " " + text);
	assert.deepEqual(kinds("@cache"), ["dec @cache"]);
	assert.deepEqual(kinds("x = a @b"), []);
	assert.deepEqual(kinds("if x == f'{y}':  # why"),
		["key if", "str f'{y}'", "com # why"]);
	const first = tokenize('x = """one');
	assert.equal(first.carry, '"""');
	const second = tokenize('two \\""" three""" + 4', first.carry);
	assert.equal(second.carry, "");
	assert.deepEqual(second.tokens[0],
		{ kind: "str", text: 'two \\""" three"""' });
});
