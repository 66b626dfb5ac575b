// SPDX-License-Identifier: Apache-2.0
//
// From sums to stacks: names, plumbing, threads apart, callers of a frame.

import assert from "node:assert/strict";
import { test } from "node:test";
import { stacksOf } from "../src/frames";
import type { Wanted } from "../src/frames";
import { look, makeTree } from "../src/layout";
import { makeProfile, sumUp } from "../src/model";
import type { Filter } from "../src/model";
import { moduleOf, modulesOf } from "../src/paths";
import { makeRaw } from "./profiles";

const ALL: Filter = { states: "all", threads: [], range: null, chain: [] };
const PLAIN: Wanted = { by: "function", apart: false, plumbing: true,
	since: false };

const raw = makeRaw([
	{ stack: ["main:1", "work:5"], thread: 0, state: 0, samples: 3, ns: 30 },
	{ stack: ["main:1", "work:5"], thread: 1, state: 2, samples: 1, ns: 10 },
	{ stack: ["main:1", "work:5", "deep:6"], thread: 1, state: 1, samples: 2,
		ns: 20 },
	{ stack: ["main:2", "idle:9"], thread: 0, state: 2, samples: 5, ns: 50 },
	{ stack: [], thread: 0, state: 1, samples: 1, ns: 10 },
]);
const profile = makeProfile(raw);
const id = (name: string) => raw.functions.name.findIndex(
	(string) => raw.strings[string] === name);

function show(wanted: Wanted, filter = ALL, inverted = false): string[] {
	const tree = makeTree(look(stacksOf(
		sumUp(profile, filter, "ns"), filter, wanted)), { inverted });
	const name = (key: number) => raw.strings[raw.functions.name[key]] ??
		"thread " + (key - profile.functionCount);
	return Array.from({ length: tree.count - 1 }, (_, n) => {
		const path = [];
		for (let at = n + 1; at; at = tree.parent[at])
			path.unshift(name(tree.key[at]));
		return path.join(">") + " " + tree.total[n + 1];
	}).sort();
}

test("frames by function", () => {
	assert.deepEqual(show(PLAIN), ["main 110", "main>idle 50",
		"main>work 60", "main>work>deep 20"]);
	assert.deepEqual(show(PLAIN, { ...ALL, states: "running" }),
		["main 50", "main>work 50", "main>work>deep 20"]);
});

test("threads apart", () => {
	assert.deepEqual(show({ ...PLAIN, apart: true }), [
		"thread 0 90", "thread 0>main 80", "thread 0>main>idle 50",
		"thread 0>main>work 30", "thread 1 30", "thread 1>main 30",
		"thread 1>main>work 30", "thread 1>main>work>deep 20"]);
	assert.deepEqual(show({ ...PLAIN, apart: true }, { ...ALL, threads: [1] }),
		["thread 1 30", "thread 1>main 30", "thread 1>main>work 30",
			"thread 1>main>work>deep 20"]);
});

test("the callers of a frame have the time of what it calls", () => {
	const chain = [{ op: "upto", by: "function", key: id("work") } as const];
	assert.deepEqual(show(PLAIN, { ...ALL, chain }, true),
		["work 60", "work>main 60"]);
});

test("modules are what one imports", () => {
	assert.equal(moduleOf("/usr/lib/python3.11/json/decoder.py", ""), "json");
	assert.equal(moduleOf("/usr/lib/python3.11/threading.py", ""), "threading");
	assert.equal(moduleOf("/a/.venv/lib/python3.13/site-packages/yaml/x.py", ""),
		"yaml");
	assert.equal(moduleOf("<frozen importlib._bootstrap>", ""),
		"importlib._bootstrap");
	assert.equal(moduleOf("/srv/app/views/user.py", "/srv/app/"), "views");
	assert.equal(moduleOf("/srv/app/main.py", "/srv/app/"), "main");
	assert.equal(moduleOf("", ""), "(no module)");
});

test("modules of files with and without a folder", () => {
	assert.deepEqual(modulesOf(["/srv/app/a.py", "b.py", "/srv/app/x/a.py"]),
		{ names: ["srv", "b"], of: [0, 1, 0] });
	assert.deepEqual(modulesOf(["/srv/app/a.py", "/srv/app/x/c.py"]).names,
		["a", "x"]);
});
