// SPDX-License-Identifier: Apache-2.0
//
// The data of the page, and the sums made of it for a choice of states and
// thread. Times are nanoseconds and counts are samples until they are shown.

const data = JSON.parse(document.getElementById("data").textContent);
const { meta, strings, functions, locations, stacks, threads, tallies } = data;
const GROUPS = ["python", "native", "wait"];
const groupOf = data.states.map((state) => GROUPS.indexOf(state.group));
const stackCount = stacks.parent.length;
const fileOf = locations.function.map((f) => functions.file[f]);

const nameOf = (f) =>
	visible(strings[functions.qualname[f]] || strings[functions.name[f]]) ||
	"(no name)";

/** The shortest end of each path that no other file has. */
const shortNames = (() => {
	const files = [...new Set(functions.file)];
	const names = new Map(), uses = new Map();
	const tail = (path, n) => path.split("/").slice(-n).join("/");
	for (const f of files)
		for (let n = 1; n < 8; n++) {
			const end = tail(strings[f], n);
			uses.set(end, (uses.get(end) || 0) + 1);
		}
	for (const f of files) {
		let n = strings[f].endsWith("/__init__.py") ? 2 : 1;
		while (n < 7 && uses.get(tail(strings[f], n)) > 1 &&
			tail(strings[f], n) !== strings[f])
			n++;
		names.set(f, visible(tail(strings[f], n)) || "(no file)");
	}
	return names;
})();

const placeOf = (file, line) =>
	shortNames.get(file) + (line > 0 ? ":" + line : "");

/** Small numbers for the (file, line) pairs that locations have. */
const lineKeys = (() => {
	const ids = new Map(), of = [], file = [], line = [];
	for (let at = 0; at < fileOf.length; at++) {
		const pair = fileOf[at] + ":" + locations.line[at];
		if (!ids.has(pair)) {
			ids.set(pair, file.length);
			file.push(fileOf[at]);
			line.push(locations.line[at]);
		}
		of.push(ids.get(pair));
	}
	return { of, file, line, count: file.length };
})();

/** Children of every stack, as first child and next sibling; 0 ends a list. */
const links = (() => {
	const child = new Uint32Array(stackCount);
	const next = new Uint32Array(stackCount);
	for (let at = stackCount - 1; at > 0; at--) {
		next[at] = child[stacks.parent[at]];
		child[stacks.parent[at]] = at;
	}
	return { child, next };
})();

/**
 * For every stack, whether no stack above it has the same key: adding up the
 * totals of those alone counts recursion once.
 */
function outermost(keyAt, count) {
	const open = new Uint32Array(count);
	const first = new Uint8Array(stackCount);
	let at = links.child[0];
	while (at) {
		first[at] = open[keyAt(at)]++ ? 0 : 1;
		if (links.child[at]) {
			at = links.child[at];
			continue;
		}
		for (; at; at = stacks.parent[at]) {
			open[keyAt(at)]--;
			if (links.next[at])
				break;
		}
		at = links.next[at];
	}
	return first;
}

/** The ways of naming a stack's innermost frame that are summed up. */
function naming(keyOf, count) {
	const keyAt = (at) => keyOf[stacks.location[at]];
	return { keyAt, count, first: outermost(keyAt, count) };
}
const by = {
	location: naming(fileOf.map((_, at) => at), fileOf.length),
	line: naming(lineKeys.of, lineKeys.count),
	function: naming(locations.function, functions.name.length),
	file: naming(fileOf, strings.length),
};

/** Rows of self and total time for one way of naming a location. */
function addUp(sums, { keyAt, count, first }) {
	const rows = Array.from({ length: count }, (_, key) => ({
		key, self: 0, total: 0, samples: 0, split: [0, 0, 0],
	}));
	for (let at = 1; at < stackCount; at++) {
		if (!sums.total[at])
			continue;
		const row = rows[keyAt(at)];
		row.self += sums.self[at];
		row.samples += sums.samples[at];
		for (let g = 0; g < 3; g++)
			row.split[g] += sums.split[g][at];
		if (first[at])
			row.total += sums.total[at];
	}
	return rows;
}

/** All sums for a choice of states ("running", …) and thread (or ""). */
function sumUp(state, thread) {
	const array = () => new Float64Array(stackCount);
	const sums = {
		self: array(), total: array(), samples: array(),
		split: [array(), array(), array()], ns: 0, count: 0,
	};
	for (let at = 0; at < tallies.stack.length; at++) {
		const group = groupOf[tallies.state[at]];
		const waits = group === 2;
		if ((state === "running" && waits) ||
			(state === "waiting" && !waits) ||
			(thread !== "" && tallies.thread[at] !== +thread))
			continue;
		const stack = tallies.stack[at], ns = tallies.ns[at];
		sums.self[stack] += ns;
		sums.total[stack] += ns;
		sums.samples[stack] += tallies.samples[at];
		sums.split[group][stack] += ns;
		sums.ns += ns;
		sums.count += tallies.samples[at];
	}
	for (let at = stackCount - 1; at > 0; at--)
		sums.total[stacks.parent[at]] += sums.total[at];

	const has = (row) => row.total > 0;
	const places = addUp(sums, by.location);
	const lines = addUp(sums, by.line);
	const funcs = addUp(sums, by.function);
	for (const row of lines) {
		row.file = lineKeys.file[row.key];
		row.line = lineKeys.line[row.key];
	}
	for (const place of places.filter(has)) {
		const more = (than) => !than || place.self > than.self ||
			(place.self === than.self && place.total > than.total);
		const line = lines[lineKeys.of[place.key]];
		const func = funcs[locations.function[place.key]];
		if (more(line.best))
			line.best = place;
		if (more(func.best))
			func.best = place;
	}
	for (const row of lines.filter(has))
		row.function = locations.function[row.best.key];
	for (const row of funcs.filter(has)) {
		row.function = row.key;
		row.file = functions.file[row.key];
		row.line = locations.line[row.best.key];
	}
	sums.lines = lines.filter(has);
	sums.functions = funcs.filter(has);
	sums.files = addUp(sums, by.file).filter(has);
	sums.byLine = lines;
	return sums;
}

/**
 * Who called the outermost stacks that end on a line, and what the line
 * called: two lists of [line key, ns], most time first.
 */
function around(sums, key) {
	const { keyAt, count, first } = by.line;
	const called = (at) => stacks.parent[at] &&
		keyAt(stacks.parent[at]) === key;
	const firstCalled = outermost(
		(at) => called(at) ? keyAt(at) : count, count + 1);
	const callers = new Map(), callees = new Map();
	const add = (map, k, ns) => map.set(k, (map.get(k) || 0) + ns);
	for (let at = 1; at < stackCount; at++) {
		if (!sums.total[at])
			continue;
		if (keyAt(at) === key && first[at] && stacks.parent[at])
			add(callers, keyAt(stacks.parent[at]), sums.total[at]);
		if (called(at) && firstCalled[at])
			add(callees, keyAt(at), sums.total[at]);
	}
	const sorted = (map) => [...map].sort((a, b) => b[1] - a[1]);
	return { callers: sorted(callers), callees: sorted(callees) };
}

/* Figures as people read them. */

const count = (n) => Math.round(n).toLocaleString("en");

const counted = (n, what) => count(n) + " " + what + (n === 1 ? "" : "s");

function percent(part, whole) {
	if (!whole)
		return "–";
	const share = 100 * part / whole;
	return (share > 0 && share < 0.05 ? "<0.1" : share.toFixed(1)) + " %";
}

function time(ns) {
	for (const [unit, size] of [["s", 1e9], ["ms", 1e6], ["µs", 1e3]])
		if (ns >= size)
			return (ns / size).toFixed(ns >= 100 * size ? 0 :
				ns >= 10 * size ? 1 : 2) + " " + unit;
	return ns + " ns";
}

function rate(hz) {
	const text = (n) => String(+n.toPrecision(3));
	return hz >= 1000 ? text(hz / 1000) + " kHz" : text(hz) + " Hz";
}
