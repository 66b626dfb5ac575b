// SPDX-License-Identifier: Apache-2.0
//
// What is looked at lives in the address, so that back, forward and bookmarks
// work; every change goes through go() and ends in render().

const VIEWS = ["lines", "functions", "flame", "source"];
const CHOICES = {
	view: VIEWS, state: ["running", "waiting", "all"],
	look: ["icicle", "flame"], by: ["function", "line"],
};
const DEFAULTS = { view: "lines", state: data.filter.states,
	thread: data.filter.tid ? String(threads.tid.indexOf(data.filter.tid)) : "",
	filter: "", sort: "self", look: "icicle",
	by: "function", zoom: "", find: "", file: "", line: "" };

function readHash() {
	const state = { ...DEFAULTS };
	for (const [name, value] of new URLSearchParams(location.hash.slice(1)))
		if (Object.hasOwn(DEFAULTS, name) &&
			(!CHOICES[name] || CHOICES[name].includes(value)))
			state[name] = value;
	if (!threads.tid[state.thread])
		state.thread = "";
	return state;
}

let current = readHash();
let sums = null;
let summed = "";

function hashOf(change) {
	const state = { ...current, ...change };
	const query = new URLSearchParams();
	for (const name in DEFAULTS)
		if (state[name] !== DEFAULTS[name])
			query.set(name, state[name]);
	return "#" + query;
}

/** Change what is looked at; `replace` makes no step to go back to. */
function go(change, replace) {
	const hash = hashOf(change);
	if (replace)
		history.replaceState(null, "", hash);
	else if (hash !== (location.hash || "#"))
		history.pushState(null, "", hash);
	render();
}

const fillLines = makeTable($("lines"), "Time by source line",
	["self", "total", "time", "split", "function", "place", "source"],
	(row) => nameOf(row.function) + " " + visible(strings[row.file]) + ":" +
		row.line + " " + sourceLine(row.file, row.line));
const fillFunctions = makeTable($("functions"), "Time by function",
	["self", "total", "time", "samples", "split", "function", "place"],
	(row) => nameOf(row.function) + " " + visible(strings[row.file]));

const show = {
	lines: () => fillLines(sums.lines, sums.ns, current),
	functions: () => fillFunctions(sums.functions, sums.ns, current),
	flame: (fresh) => showFlame(sums, current, fresh),
	source: (fresh) => showSource(sums, current, fresh),
};
const stale = new Set(VIEWS);

function render() {
	current = readHash();
	const wanted = current.state + "/" + current.thread;
	if (wanted !== summed) {
		sums = sumUp(current.state, current.thread);
		summed = wanted;
		VIEWS.forEach((view) => stale.add(view));
		showStates();
	}
	for (const view of VIEWS) {
		const on = view === current.view, tab = $("tab-" + view);
		tab.setAttribute("aria-selected", String(on));
		tab.tabIndex = on ? 0 : -1;
		$(view).hidden = !on;
	}
	$("thread").value = current.thread;
	show[current.view](stale.delete(current.view));
}

/* The head of the page. */

const groupTimes = [0, 0, 0];
tallies.ns.forEach((ns, at) => groupTimes[groupOf[tallies.state[at]]] += ns);
const allTime = groupTimes[0] + groupTimes[1] + groupTimes[2];

function showStates() {
	const waits = groupTimes[2];
	const label = (name, ns) => name + " " + percent(ns, allTime);
	choice($("states"), [
		["running", label("Running", allTime - waits), "Threads that ran"],
		["waiting", label("Waiting", waits), "Threads that were blocked"],
		["all", "All"],
	], current.state, (state) => go({ state }));
}

const sumOf = (object) => Object.values(object).reduce((a, b) => a + b, 0);

function fact(list, name, value, title) {
	list.append(h("div", { title }, h("dt", {}, name), h("dd", {}, value)));
}

function showFacts() {
	const { samples: taken, exactness, pauses, bad } = meta;
	const list = $("facts"), span = meta.sampled_ns;
	const kinds = data.exactness.filter(({ word }) => exactness[word]);
	fact(list, "Samples", count(taken) + (kinds.length ? " (" +
		kinds.map(({ word }) => percent(exactness[word], taken) + " " + word)
			.join(", ") + ")" : ""),
	kinds.map(({ word, text }) => word + ": " + text).join("\n"));
	fact(list, "Duration", time(span));
	fact(list, "Rate", rate(meta.reached_hz) + " of " +
		rate(meta.rate_hz) + " asked");
	fact(list, "Mode", meta.mode || "not known");
	fact(list, "Missed, bad, cut", [meta.missed, sumOf(bad), meta.cut]
		.map(count).join(", "), "Ticks not taken in time; looks given up; " +
		"stacks kept but cut or ended early");
	fact(list, "Pause", pauses.count ? time(pauses.median_ns) + " median, " +
		time(pauses.p99_ns) + " p99, " +
		(100 * pauses.total_ns / (span || 1)).toPrecision(2) +
		" % of time" : "none", "How long a sample held the process");
	fact(list, "All threads", splitBar(groupTimes));
}

function showMore() {
	const list = $("all"), { pauses } = meta;
	for (const { word, text } of data.exactness)
		fact(list, "Samples " + word, count(meta.exactness[word] || 0) +
			" · " + text);
	for (const [reason, n] of Object.entries(meta.bad))
		fact(list, "Given up: " + reason, count(n));
	fact(list, "Pauses", count(pauses.count) + ", longest " +
		time(pauses.max_ns) + ", together " + time(pauses.total_ns));
	fact(list, "Layout", meta.layout_source || "not known");
	fact(list, "Debugger", meta.debugger || "not known");
	fact(list, "In this page", [counted(stackCount - 1, "stack"),
		counted(functions.name.length, "function"),
		counted(threads.tid.length, "thread"),
		counted(sources.size, "file")].join(", "));
	fact(list, "Written by", "pyprof " + data.version);
}

function showHead() {
	document.title = "pyprof: " + visible(meta.command_line);
	$("command").textContent = visible(meta.command_line) || "(no command line)";
	$("command").title = hint(visible(meta.command_line));
	$("about").textContent = [
		"CPython " + meta.python_version + (meta.python_build &&
			" (" + meta.python_build + ")"),
		"pid " + meta.pid, meta.host,
		meta.started_at && new Date(meta.started_at * 1000).toLocaleString(),
	].filter(Boolean).map(visible).join(" · ");
	showFacts();
	showMore();
	const notes = [...data.notes];
	if (!tallies.ns.length)
		notes.unshift("There are no samples in this profile.");
	$("notes").textContent = notes.join(" ");
	$("notes").hidden = !notes.length;
	const total = (t) => tallies.ns.reduce((sum, ns, at) =>
		sum + (tallies.thread[at] === t &&
			groupOf[tallies.state[at]] < 2 ? ns : 0), 0);
	$("thread").append(h("option", { value: "" }, "all"),
		...threads.tid.map((tid, t) => [total(t), h("option", { value: t },
			visible(strings[threads.name[t]]).slice(0, 60) + " (" + tid +
			") · ran " + time(total(t)))])
			.sort((a, b) => b[0] - a[0]).map(([, option]) => option));
	$("thread").onchange = () => go({ thread: $("thread").value, zoom: "" });
}

/* Keys. */

const KEYS = {
	1: () => go({ view: "lines" }), 2: () => go({ view: "functions" }),
	3: () => go({ view: "flame" }), 4: () => go({ view: "source" }),
	r: () => go({ state: "running" }), w: () => go({ state: "waiting" }),
	a: () => go({ state: "all" }), 0: () => go({ zoom: "" }),
	v: () => go({ look: current.look === "flame" ? "icicle" : "flame" }),
	l: () => go({ by: current.by === "line" ? "function" : "line", zoom: "" }),
	"/": () => $(current.view).querySelector("[type=search]")?.focus(),
	"?": () => $("help").showModal(),
};

document.onkeydown = (event) => {
	const field = event.target.closest("input, select, dialog");
	if (event.ctrlKey || event.altKey || event.metaKey ||
		event.defaultPrevented)
		return;
	if (event.key === "Escape" && !event.target.closest("dialog")) {
		if (field)
			field.blur();
		else if (current.view === "flame" && current.zoom)
			go({ zoom: "" });
	} else if (!field && Object.hasOwn(KEYS, event.key)) {
		event.preventDefault();
		KEYS[event.key]();
	}
};

$("tabs").onkeydown = (event) => {
	const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
	if (step) {
		const at = VIEWS.indexOf(current.view) + step;
		go({ view: VIEWS[(at + VIEWS.length) % VIEWS.length] });
		$("tab-" + current.view).focus();
	}
};
for (const view of VIEWS)
	$("tab-" + view).onclick = () => go({ view });
$("keys").onclick = () => $("help").showModal();
window.onhashchange = render;
window.onbeforeprint = () => $("more").open = true;

showHead();
$("page").hidden = false;
setUpFlame();
render();
