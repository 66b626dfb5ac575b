// SPDX-License-Identifier: Apache-2.0
//
// The flame graph: one canvas as high as the window, drawing only the rows and
// frames that can be seen; frames are merged from stacks only where they are
// wide enough, so that depth and breadth of the profile do not matter.

const ROW = 20;
const LEAST = 0.4;
const flame = { sums: null, root: null, zoom: null, focus: null, rows: [],
	wide: 0, by: "", naming: "", icicle: true, bottom: 0, term: null,
	hits: null };

/** A frame: the stacks that look the same from the root up to here. */
function makeFrame(up, x, at) {
	return { up, x, at, stacks: [at], depth: up ? up.depth + 1 : 0,
		total: flame.sums.total[at], self: flame.sums.self[at], kids: null };
}

/** The frames that a frame calls, most time first, made when first wanted. */
function kidsOf(frame) {
	if (frame.kids)
		return frame.kids;
	const { total, self } = flame.sums, { keyAt } = by[flame.naming];
	const kids = new Map();
	for (const stack of frame.stacks)
		for (let at = links.child[stack]; at; at = links.next[at]) {
			if (!total[at])
				continue;
			const kid = kids.get(keyAt(at));
			if (!kid) {
				kids.set(keyAt(at), makeFrame(frame, 0, at));
				continue;
			}
			kid.stacks.push(at);
			kid.total += total[at];
			kid.self += self[at];
		}
	frame.kids = [...kids.values()].sort((a, b) =>
		b.total - a.total || a.at - b.at);
	let x = frame.x;
	for (const kid of frame.kids) {
		kid.x = x;
		x += kid.total;
	}
	return frame.kids;
}

/** The frame of a stack; the root if it has no time. */
function frameOf(stack) {
	const path = [];
	for (let at = stack; at > 0 && at < stackCount; at = stacks.parent[at])
		path.unshift(by[flame.naming].keyAt(at));
	let frame = flame.root;
	for (const key of path) {
		frame = kidsOf(frame).find((kid) =>
			by[flame.naming].keyAt(kid.at) === key);
		if (!frame)
			return flame.root;
	}
	return frame;
}

/** Rows of the frames that are wide enough while `zoom` fills the width. */
function layOut(wide) {
	flame.wide = wide;
	flame.rows = [];
	for (let up = flame.zoom; up; up = up.up)
		flame.rows.unshift([up]);
	const least = flame.zoom.total * LEAST / wide;
	for (let row = flame.rows.at(-1); row.length;) {
		row = row.flatMap((frame) =>
			kidsOf(frame).filter((kid) => kid.total >= least));
		if (row.length)
			flame.rows.push(row);
	}
}

function frameName(node) {
	if (!node.at)
		return "all";
	const place = stacks.location[node.at];
	const name = nameOf(locations.function[place]);
	return flame.by === "line" ?
		name + "  " + placeOf(fileOf[place], locations.line[place]) : name;
}

/** The line that a frame leads to: its own, or where its function begins. */
function frameLine(node) {
	const place = stacks.location[node.at];
	return flame.by === "line" ? locations.line[place] :
		functions.line[locations.function[place]];
}

/** Mark the locations that a search finds. */
function findHits(term) {
	flame.term = term;
	flame.hits = fileOf.map((file, place) => term !== "" &&
		(nameOf(locations.function[place]) + " " + visible(strings[file]) +
		":" + locations.line[place]).toLowerCase().includes(term));
}

const matches = (frame) => frame.at > 0 &&
	flame.hits[stacks.location[frame.at]];

/** Time below the zoomed frame of the outermost frames that match. */
function matchedTime() {
	const inside = new Uint8Array(stackCount);
	const HIT = 2;
	let sum = 0;
	for (const at of flame.zoom.stacks)
		inside[at] = matches({ at }) ? HIT : 1;
	if (matches(flame.zoom))
		return flame.zoom.total;
	for (let at = 1; at < stackCount; at++) {
		const above = inside[stacks.parent[at]];
		if (!above || inside[at])
			continue;
		inside[at] = above === HIT || matches({ at }) ? HIT : 1;
		if (above === 1 && inside[at] === HIT)
			sum += flame.sums.total[at];
	}
	return sum;
}

/** Hues far apart for the files with the most time. */
const hues = new Map(data.sources.map(({ file }, rank) =>
	[file, Math.round(12 + rank * 137.5) % 360]));

/** A frame's colour: a hue for each file, lightness by function and theme. */
function frameColour(node, dark) {
	if (!node.at)
		return dark ? "#3a3f47" : "#d9dde3";
	const place = stacks.location[node.at];
	const hue = hues.get(fileOf[place]);
	const shade = (locations.function[place] * 5) % 8;
	return dark ? `hsl(${hue} 36% ${28 + shade}%)` :
		`hsl(${hue} 66% ${76 + shade}%)`;
}

/** The row from the top of a depth, and the other way round. */
const flip = (n) => flame.icicle ? n : flame.bottom - n;

/** Give the graph the height that the window has left. */
function fitFlame() {
	const box = $("graph"), canvas = $("canvas");
	const top = box.getBoundingClientRect().top + window.scrollY;
	box.style.height =
		Math.max(15, Math.floor((innerHeight - top - 20) / ROW)) * ROW +
		2 + "px";
	const wide = box.clientWidth, high = box.clientHeight;
	if (flame.wide !== wide)
		layOut(wide);
	flame.bottom = Math.max(flame.rows.length, Math.floor(high / ROW)) - 1;
	$("tall").style.height = flame.rows.length * ROW + "px";
	const ratio = window.devicePixelRatio || 1;
	canvas.width = wide * ratio;
	canvas.height = high * ratio;
	canvas.style.width = wide + "px";
	canvas.style.height = high + "px";
	canvas.getContext("2d").scale(ratio, ratio);
}

function drawFlame() {
	const box = $("graph");
	if (!flame.root || !box.clientWidth)
		return;
	const pen = $("canvas").getContext("2d");
	const css = getComputedStyle(document.body);
	const dark = matchMedia("(prefers-color-scheme: dark)").matches;
	const ink = { dark, pen, text: css.color,
		hit: dark ? "#8a4fc0" : "#c78bff",
		ring: css.getPropertyValue("--accent") };
	pen.clearRect(0, 0, flame.wide, box.clientHeight);
	pen.font = "12px " + css.fontFamily;
	pen.textBaseline = "middle";
	const scroll = box.scrollTop;
	const end = Math.ceil((scroll + box.clientHeight) / ROW);
	for (let r = Math.floor(scroll / ROW); r < end; r++)
		for (const frame of flame.rows[flip(r)] || [])
			drawFrame(ink, frame, r * ROW - scroll);
}

/** The first frame of a row that ends right of `x`. */
function firstAfter(row, x) {
	let low = 0, high = row.length;
	while (low < high) {
		const mid = (low + high) >> 1;
		if (row[mid].x + row[mid].total > x)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

function drawFrame(ink, node, y) {
	const { pen } = ink;
	const scale = flame.wide / (flame.zoom.total || 1);
	const from = (node.x - flame.zoom.x) * scale;
	const x = Math.max(0, from);
	const wide = Math.min(flame.wide, from + node.total * scale) - x;
	const hit = matches(node);
	pen.globalAlpha = flame.term && !hit ? 0.4 :
		node.depth < flame.zoom.depth ? 0.5 : 1;
	pen.fillStyle = hit ? ink.hit : frameColour(node, ink.dark);
	pen.fillRect(x, y, wide > 2 ? wide - 1 : wide, ROW - 1);
	if (node === flame.focus) {
		pen.strokeStyle = ink.ring;
		pen.lineWidth = 2;
		pen.strokeRect(x + 1, y + 1, Math.max(1, wide - 3), ROW - 3);
	}
	if (wide > 28) {
		const room = Math.floor((wide - 8) / 5) + 1;
		let name = frameName(node).slice(0, room);
		while (name && pen.measureText(name).width > wide - 8)
			name = name.slice(0, Math.min(name.length - 1, Math.floor(
				name.length * (wide - 8) / pen.measureText(name).width)));
		if (name.length < frameName(node).length)
			name = name.slice(0, -1) + "…";
		pen.fillStyle = ink.text;
		if (name.length > 1 || wide > 60)
			pen.fillText(name, x + 4, y + ROW / 2);
	}
	pen.globalAlpha = 1;
}

function frameAt(event) {
	const box = $("graph").getBoundingClientRect();
	const r = Math.floor((event.clientY - box.top + $("graph").scrollTop) / ROW);
	const row = flame.rows[flip(r)] || [];
	const x = flame.zoom.x +
		(event.clientX - box.left) * flame.zoom.total / box.width;
	const node = row[firstAfter(row, x)];
	return node && node.x <= x ? node : null;
}

/** What the status line says of a frame. */
function sayFrame(node) {
	const all = flame.root.total;
	const figures = time(node.total) + " (" + percent(node.total, all) +
		") · self " + time(node.self) + " (" + percent(node.self, all) + ")";
	if (!node.at) {
		$("status").replaceChildren("All " + figures);
		return;
	}
	const place = stacks.location[node.at], func = locations.function[place];
	$("status").replaceChildren(functionName(func), " ",
		placeLink(fileOf[place], frameLine(node)), " ",
		h("span", { class: "dim" }, figures));
}

function focusFrame(node, seek) {
	flame.focus = node;
	if (seek) {
		const box = $("graph"), top = ROW * flip(node.depth);
		if (top < box.scrollTop)
			box.scrollTop = top;
		else if (top + ROW > box.scrollTop + box.clientHeight)
			box.scrollTop = top + ROW - box.clientHeight;
	}
	sayFrame(node);
	drawFlame();
}

const zoomTo = (node) => go({ zoom: node.at ? String(node.at) : "" });

/** Keys in the graph; true if the key was one of them. */
function flameKey(key) {
	const node = flame.focus || flame.zoom;
	const sibling = (step) => {
		const row = flame.rows[node.depth] || [];
		return row[row.indexOf(node) + step];
	};
	const towards = (down) => down ? kidsOf(node)[0] : node.up;
	const next = {
		ArrowDown: () => towards(flame.icicle),
		ArrowUp: () => towards(!flame.icicle),
		ArrowLeft: () => sibling(-1), ArrowRight: () => sibling(1),
	}[key];
	if (next)
		focusFrame(next() || node, true);
	else if (key === "Enter" || key === " ")
		zoomTo(node);
	else if (key === "s" && node.at)
		go({ view: "source", line: String(frameLine(node)),
			file: String(fileOf[stacks.location[node.at]]) });
	else
		return false;
	return true;
}

function setUpFlame() {
	const canvas = $("canvas");
	$("graph").onscroll = drawFlame;
	window.addEventListener("resize", () => {
		if (flame.root && $("graph").clientWidth) {
			fitFlame();
			drawFlame();
		}
	});
	matchMedia("(prefers-color-scheme: dark)").onchange = drawFlame;
	canvas.onmousemove = (event) => {
		const node = frameAt(event);
		canvas.style.cursor = node ? "pointer" : "";
		if (node && node !== flame.focus)
			focusFrame(node);
	};
	canvas.onclick = (event) => {
		const node = frameAt(event);
		if (node)
			zoomTo(node === flame.zoom && node.up ? node.up : node);
	};
	canvas.onkeydown = (event) => {
		if (!event.ctrlKey && !event.altKey && !event.metaKey &&
			flameKey(event.key))
			event.preventDefault();
	};
	$("find").oninput = () => go({ find: $("find").value }, true);
	$("reset").onclick = () => go({ zoom: "" });
}

function showFlame(sums, state, fresh) {
	choice($("by"), [["function", "Functions"], ["line", "Lines"]],
		state.by, (value) => go({ by: value, zoom: "" }));
	choice($("look"), [["icicle", "Icicle", "Callers above"],
		["flame", "Flame", "Callers below"]],
	state.look, (look) => go({ look }));
	if (fresh || flame.by !== state.by) {
		flame.sums = sums;
		flame.by = state.by;
		flame.naming = state.by === "line" ? "location" : "function";
		flame.root = makeFrame(null, 0, 0);
	}
	const term = state.find.toLowerCase();
	if (flame.term !== term)
		findHits(term);
	if (document.activeElement !== $("find"))
		$("find").value = state.find;
	flame.icicle = state.look === "icicle";
	flame.zoom = flame.focus = frameOf(+state.zoom);
	flame.wide = 0;
	fitFlame();
	$("graph").scrollTop = ROW * (flame.icicle ?
		Math.max(0, flame.zoom.depth - 3) : flame.rows.length);
	$("reset").disabled = flame.zoom === flame.root;
	$("found").textContent = term ?
		percent(matchedTime(), flame.root.total) + " matched" : "";
	sayFrame(flame.zoom);
	drawFlame();
}
