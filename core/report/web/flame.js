// SPDX-License-Identifier: Apache-2.0
//
// The flame graph: one canvas as high as the window, drawing only the rows and
// frames that can be seen, so that depth and breadth of the stacks do not
// matter.

const ROW = 20;
const flame = { root: null, rows: [], zoom: null, focus: null, term: "",
	icicle: true, bottom: 0 };

/** Merge the stacks that have time into a tree of frames with equal names. */
function flameTree(sums, { keyAt, count }) {
	const of = new Array(stackCount).fill(null);
	const root = of[0] = { up: null, at: 0, total: sums.ns, self: sums.self[0],
		samples: sums.samples[0], x: 0, deep: 0, depth: 0, kids: new Map() };
	for (let at = 1; at < stackCount; at++) {
		if (!sums.total[at])
			continue;
		const up = of[stacks.parent[at]], key = keyAt(at);
		let node = up.kids.get(key);
		if (!node) {
			node = { up, at, total: 0, self: 0, samples: 0, x: 0,
				depth: up.depth + 1, deep: up.depth + 1,
				kids: new Map() };
			up.kids.set(key, node);
		}
		of[at] = node;
		node.total += sums.total[at];
		node.self += sums.self[at];
		node.samples += sums.samples[at];
	}
	const rows = [[root]];
	for (let d = 0; rows[d].length; d++) {
		rows.push([]);
		for (const node of rows[d]) {
			let x = node.x;
			node.kids = [...node.kids.values()]
				.sort((a, b) => b.total - a.total || a.at - b.at);
			for (const kid of node.kids) {
				kid.x = x;
				x += kid.total;
				rows[d + 1].push(kid);
			}
		}
	}
	rows.pop();
	for (let d = rows.length - 1; d > 0; d--)
		for (const node of rows[d])
			node.up.deep = Math.max(node.up.deep, node.deep);
	return { root, rows };
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

function matches(node) {
	if (!flame.term || !node.at)
		return false;
	const place = stacks.location[node.at];
	const text = nameOf(locations.function[place]) + " " +
		visible(strings[fileOf[place]]) + ":" + locations.line[place];
	return text.toLowerCase().includes(flame.term);
}

/** Time below the zoomed frame of the outermost frames that match. */
function matchedTime() {
	let sum = 0;
	const todo = [flame.zoom];
	while (todo.length) {
		const node = todo.pop();
		if (matches(node))
			sum += node.total;
		else
			todo.push(...node.kids);
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

function drawFlame() {
	const box = $("graph"), canvas = $("canvas");
	if (!flame.root || !box.clientWidth)
		return;
	const top = box.getBoundingClientRect().top + window.scrollY;
	box.style.height =
		Math.max(15, Math.floor((innerHeight - top - 20) / ROW)) * ROW +
		2 + "px";
	const wide = box.clientWidth, high = box.clientHeight;
	flame.bottom = Math.max(flame.zoom.deep, Math.floor(high / ROW) - 1);
	const ratio = window.devicePixelRatio || 1;
	canvas.width = wide * ratio;
	canvas.height = high * ratio;
	canvas.style.width = wide + "px";
	canvas.style.height = high + "px";
	const pen = canvas.getContext("2d");
	pen.scale(ratio, ratio);
	const dark = matchMedia("(prefers-color-scheme: dark)").matches;
	const css = getComputedStyle(document.body);
	const ink = { dark, wide, text: css.color, font: css.fontFamily,
		hit: dark ? "#8a4fc0" : "#c78bff", pen,
		edge: css.getPropertyValue("--back"),
		ring: css.getPropertyValue("--accent") };
	pen.font = "12px " + ink.font;
	pen.textBaseline = "middle";
	const scroll = box.scrollTop;
	const one = Math.floor(scroll / ROW), end = Math.ceil((scroll + high) / ROW);
	for (let r = one; r < end; r++)
		if (flip(r) >= 0 && flip(r) <= flame.zoom.deep)
			drawRow(ink, flame.rows[flip(r)], r * ROW - scroll);
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

function drawRow(ink, row, y) {
	const from = flame.zoom.x, scale = ink.wide / (flame.zoom.total || 1);
	for (let i = firstAfter(row, from); i < row.length; i++) {
		const node = row[i];
		const x = Math.max(0, (node.x - from) * scale);
		const right = Math.min(ink.wide,
			(node.x + node.total - from) * scale);
		if (x >= ink.wide)
			break;
		if (right - x < 0.4) {
			// Too narrow to see: on to the next half pixel.
			i = Math.max(i, firstAfter(row, from + (x + 0.5) / scale) - 1);
			continue;
		}
		drawFrame(ink, node, x, y, right - x);
	}
}

function drawFrame(ink, node, x, y, wide) {
	const { pen } = ink;
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
	const row = flip(r) <= flame.zoom.deep && flame.rows[flip(r)];
	if (!row)
		return null;
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
		const row = flame.rows[node.depth];
		return row[row.indexOf(node) + step];
	};
	const towards = (down) => down ? node.kids[0] : node.up;
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
	new ResizeObserver(drawFlame).observe($("graph"));
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
		flame.by = state.by;
		Object.assign(flame, flameTree(sums,
			state.by === "line" ? by.location : by.function));
	}
	flame.icicle = state.look === "icicle";
	flame.term = state.find.toLowerCase();
	if (document.activeElement !== $("find"))
		$("find").value = state.find;
	const wanted = +state.zoom;
	flame.zoom = flame.rows.flat().find((node) => node.at === wanted) ||
		flame.root;
	flame.focus = flame.zoom;
	$("tall").style.height = (flame.zoom.deep + 1) * ROW + "px";
	$("graph").scrollTop = flame.icicle ?
		Math.max(0, flame.zoom.depth - 3) * ROW : flame.zoom.deep * ROW;
	$("reset").disabled = flame.zoom === flame.root;
	const hit = flame.term ? matchedTime() : 0;
	$("found").textContent = flame.term ?
		percent(hit, flame.root.total) + " matched" : "";
	sayFrame(flame.zoom);
	drawFlame();
}
