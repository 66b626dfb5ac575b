// SPDX-License-Identifier: Apache-2.0
//
// The page of a heap: figures, and five views of which the address has the
// name. Bytes and counts are numbers until they are shown.

const data = JSON.parse($("data").textContent);
const { meta, totals, census, tree, strings: texts, garbage } = data;
const VIEWS = ["suspects", "types", "tree", "strings", "garbage"];

const count = (n) => n.toLocaleString("en-US");

/** "939 MB": three digits; a KB is 1024 bytes. */
function size(bytes) {
	if (bytes < 1000)
		return count(bytes) + (bytes === 1 ? " byte" : " bytes");
	let unit = -1;
	do {
		bytes /= 1024;
		unit++;
	} while (bytes >= 999.5);
	return bytes.toFixed(bytes < 9.995 ? 2 : bytes < 99.95 ? 1 : 0) + " " +
		["KB", "MB", "GB", "TB", "PB", "EB"][unit];
}

function percent(part, whole) {
	const share = whole ? 100 * part / whole : 0;
	return share > 0 && share < .1 ? "<0.1 %" : share.toFixed(1) + " %";
}

const plural = (n, noun) => count(n) + " " + noun + (n === 1 ? "" : "s");
const shareOf = (tag, part, whole) => {
	const cell = h(tag, { class: "num share" }, percent(part, whole));
	cell.style.setProperty("--share", 100 * part / (whole || 1) + "%");
	return cell;
};
const name = (text, title) =>
	h("span", { class: "name", title }, visible(text || "?"));

/**
 * A table that sorts by a click on a header. A column is {key, title, show},
 * `show` making a cell's content of a row; numbers are those of `key`.
 */
function makeTable(el, caption, columns, rows, options = {}) {
	const body = h("tbody"), more = h("p", { class: "more" });
	let sort = options.sort, down = true, filter = "", limit = 200;
	const isNumber = ({ key }) => rows.length && typeof rows[0][key] === "number";
	const heads = columns.map((column) => h("th",
		{ class: isNumber(column) ? "num" : undefined, scope: "col" },
		h("button", { "data-sort": column.key, onclick: () => {
			down = sort === column.key ? !down : Boolean(isNumber(column));
			sort = column.key;
			fill();
		} }, column.title)));
	function fill() {
		const text = filter.toLowerCase();
		const found = rows.filter((row) => !text ||
			String(row[options.search]).toLowerCase().includes(text));
		found.sort((a, b) => (a[sort] < b[sort] ? -1 : a[sort] > b[sort] ? 1 :
			0) * (down ? -1 : 1));
		columns.forEach(({ key }, at) => heads[at].setAttribute("aria-sort",
			key !== sort ? "none" : down ? "descending" : "ascending"));
		body.replaceChildren(...found.slice(0, limit).map((row) =>
			h("tr", {}, ...columns.map((column) => {
				const content = column.show ? column.show(row) :
					count(row[column.key]);
				return content.tagName === "TD" ? content : h("td",
					{ class: isNumber(column) ? "num" : undefined }, content);
			}))));
		more.replaceChildren(...found.length > limit ? [h("button", {
			onclick: () => {
				limit *= 10;
				fill();
			} }, "Show more of " + count(found.length))] : []);
	}
	if (options.search)
		el.append(h("div", { class: "row" }, h("input", {
			type: "search", placeholder: "Filter", "aria-label": "Filter",
			oninput: (event) => {
				filter = event.target.value;
				fill();
			} })));
	el.append(h("div", { class: "scroll" }, h("table", { class: "rows" },
		h("caption", {}, caption), h("thead", {}, h("tr", {}, ...heads)),
		body)), more);
	fill();
}

const bytesColumn = (key, title, whole) =>
	({ key, title, show: (row) => shareOf("td", row[key], whole) });

function showSuspects(el) {
	el.append(h("p", { class: "dim lead" }, data.suspects.length ?
		"Objects that alone hold more than a tenth of the " +
		size(totals.reached_bytes) + " that is reached." :
		"No single object, nor all of one type, holds more than a tenth of " +
		"the " + size(totals.reached_bytes) + " that is reached."));
	for (const suspect of data.suspects) {
		const card = h("div", { class: "card" },
			h("p", {}, visible(suspect.sentence)));
		if (suspect.contents.length)
			makeTable(card, "What accumulates", [
				{ key: "type", title: "Type", show: (row) => name(row.type) },
				{ key: "count", title: "Objects" },
				{ key: "bytes", title: "Bytes", show: (row) => size(row.bytes) },
				bytesColumn("bytes", "%", totals.reached_bytes),
			], suspect.contents, { sort: "bytes" });
		el.append(card);
	}
}

function showTypes(el) {
	makeTable(el, "Types of objects", [
		{ key: "type", title: "Type", show: (row) => name(row.type) },
		{ key: "count", title: "Objects" },
		{ key: "shallow", title: "Shallow bytes" },
		{ key: "bytes", title: "Block bytes" },
		bytesColumn("bytes", "%", totals.bytes),
		{ key: "retained", title: "Retained bytes" },
		bytesColumn("retained", "%", totals.reached_bytes),
	], data.types, { sort: "bytes", search: "type" });
}

/* The dominator tree: groups below a group are made when it is opened. */

const below = new Map();
tree.forEach((group, at) => {
	const key = group.parent;
	below.set(key, [...below.get(key) || [], at]);
});

function treeItem(at) {
	const group = tree[at], children = below.get(at) || [];
	const list = h("ul", { hidden: true });
	const fold = h("button", { class: "fold", "aria-expanded": "false",
		"aria-label": "What it holds", disabled: !children.length,
		onclick: () => open(list.hidden) });
	function open(on) {
		if (on && !list.children.length) {
			list.append(...children.map(treeItem));
			if (group.left_out)
				list.append(h("li", { class: "dim" }, "others: " +
					size(group.left_out)));
		}
		list.hidden = !on;
		fold.setAttribute("aria-expanded", String(on));
	}
	const title = group.path ? [name(group.path), h("span", { class: "dim" },
		visible(group.type || "?"))] : [name(group.type)];
	const item = h("li", {}, h("div", {}, fold,
		shareOf("span", group.retained, totals.reached_bytes),
		h("span", { class: "num bytes" }, size(group.retained)), ...title,
		h("span", { class: "dim" }, group.count > 1 ?
			"× " + count(group.count) : group.address)), list);
	item.open = open;
	return item;
}

function showTree(el) {
	el.append(h("p", { class: "dim lead" },
		"What would be freed with an object is held by it. Objects of one " +
		"type on a level are one line; what holds little is left out."));
	const items = (below.get(null) || []).map(treeItem);
	el.append(h("ul", { class: "tree" }, ...items));
	for (const item of items.slice(0, 1))
		item.open(true);
}

function showStrings(el) {
	el.append(h("p", { class: "dim lead" },
		plural(texts.objects, "str and bytes object") + " in " +
		size(texts.bytes) + "; " + count(texts.duplicated) + " texts are " +
		"there more than once, which wastes " + size(texts.wasted) + "."));
	makeTable(el, "Duplicate text", [
		{ key: "wasted", title: "Wasted bytes" },
		{ key: "copies", title: "Copies" },
		{ key: "length", title: "Length" },
		{ key: "held", title: "Held by", show: (row) => name(row.held) },
		{ key: "text", title: "Text", show: (row) =>
			name(row.text, row.address) },
	], texts.top.map((row) => ({ ...row, held: row.holders.map((holder) =>
		holder.type + " " + count(holder.references)).join(", ") || "–" })),
	{ sort: "wasted", search: "text" });
}

function showGarbage(el) {
	if (!garbage.objects) {
		el.append(h("p", {}, "No garbage: roots reach all objects."));
		return;
	}
	el.append(h("p", { class: "lead" }, "A collection would free " +
		size(garbage.bytes) + " in " + plural(garbage.objects, "object") +
		": " + plural(garbage.cycles, "cycle") + " and what they hold. " +
		visible(garbage.reason[0].toUpperCase() + garbage.reason.slice(1)) +
		"."));
	for (const kind of garbage.kinds)
		el.append(h("div", { class: "card" }, h("p", {},
			plural(kind.count, "cycle") + " of " +
			plural(kind.objects, "object") + ", " + size(kind.bytes) + ": ",
			name(kind.types)), h("p", {}, name(kind.way))));
	makeTable(el, "Garbage by type", [
		{ key: "type", title: "Type", show: (row) => name(row.type) },
		{ key: "count", title: "Objects" },
		{ key: "bytes", title: "Block bytes" },
		bytesColumn("bytes", "%", garbage.bytes),
	], garbage.types, { sort: "bytes" });
}

const show = { suspects: showSuspects, types: showTypes, tree: showTree,
	strings: showStrings, garbage: showGarbage };

function render() {
	const wanted = location.hash.slice(1);
	const current = VIEWS.includes(wanted) ? wanted : VIEWS[0];
	for (const view of VIEWS) {
		const on = view === current, tab = $("tab-" + view);
		tab.setAttribute("aria-selected", String(on));
		tab.tabIndex = on ? 0 : -1;
		$(view).hidden = !on;
		if (on && !$(view).children.length)
			show[view]($(view));
	}
}

/* The head of the page. */

function fact(title, value, hover) {
	$("facts").append(h("div", { title: hover }, h("dt", {}, title),
		h("dd", {}, value)));
}

function showHead() {
	$("command").textContent = visible(meta.core || meta.program ||
		"process " + meta.pid);
	$("about").textContent = ["CPython " + meta.python +
		(meta.free_threaded ? " free-threaded" : "") +
		(meta.debug ? " debug" : ""),
	meta.core ? "core dump" : "pid " + meta.pid,
	meta.snapshot ? "snapshot " + visible(meta.snapshot) : "",
	new Date(meta.taken_at * 1000).toLocaleString()]
		.filter(Boolean).join(" · ");
	fact("Objects", count(totals.objects));
	fact("In blocks of", size(totals.bytes), "What the allocator gave for " +
		"objects and the buffers that they own");
	fact("Reached", size(totals.reached_bytes));
	fact("Garbage", size(garbage.bytes));
	fact("Duplicate text wastes", size(texts.wasted));
	fact("Free in arenas", size(census.free_bytes));
	fact("Types", count(totals.types));
	fact("References", count(totals.edges));
	const notes = [
		[census.missing_bytes, size, "of its memory are missing"],
		[census.missing_pools, count, "pools of small objects not there"],
		[census.damaged_pools, count, "pools of small objects damaged"],
		[census.damaged_objects, count, "objects damaged, and left out"],
		[census.damaged_edges, count, "objects not read to the end"],
		[census.cut_gc_lists, count, "lists of the collector broken off"],
		[census.damaged_stacks, count, "stacks not read to the end"],
	].filter(([value]) => value)
		.map(([value, show, text]) => show(value) + " " + text);
	if (census.collecting)
		notes.push("a garbage collection was under way");
	$("notes").textContent = notes.join("; ");
	$("notes").hidden = !notes.length;
}

for (const view of VIEWS)
	$("tab-" + view).onclick = () => {
		location.hash = view;
	};
$("tabs").onkeydown = ({ key }) => {
	const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
	const at = VIEWS.findIndex((view) =>
		$("tab-" + view) === document.activeElement);
	if (!step || at < 0)
		return;
	const next = $("tab-" + VIEWS[(at + step + VIEWS.length) % VIEWS.length]);
	next.focus();
	next.click();
};
addEventListener("hashchange", render);
showHead();
render();
$("page").hidden = false;
