// SPDX-License-Identifier: Apache-2.0
//
// The sortable tables of lines and functions.

/** A set of buttons of which one is pressed; made once, so focus stays. */
function choice(el, options, chosen, choose) {
	if (!el.children.length)
		el.append(...options.map(([value, label, title]) =>
			h("button", { title, onclick: () => choose(value) }, label)));
	options.forEach(([value], at) =>
		el.children[at].setAttribute("aria-pressed", value === chosen));
}

/** Shares of Python, native and waiting as a bar. */
function splitBar(split) {
	const all = split[0] + split[1] + split[2];
	const label = WORDS.map((w, g) => w + " " + percent(split[g], all))
		.join(", ");
	const bar = h("span", { class: "split", title: label, role: "img",
		"aria-label": label });
	for (let g = 0; all && g < 3; g++)
		if (split[g]) {
			const part = h("i", { class: GROUPS[g] });
			part.style.width = 100 * split[g] / all + "%";
			bar.append(part);
		}
	return bar;
}

const WORDS = ["Python", "native", "waiting"];
const legend = () => WORDS.flatMap((word, g) =>
	[h("i", { class: "dot " + GROUPS[g] }), word]);

/** A share of the whole as a figure with a bar behind it. */
function shareCell(ns, whole) {
	const cell = h("td", { class: "num share" }, ns ? percent(ns, whole) : "–");
	cell.style.setProperty("--share", 100 * ns / (whole || 1) + "%");
	return cell;
}

/** A link to a line in the source view. */
function placeLink(file, line) {
	return h("a", {
		href: hashOf({ view: "source", file: String(file),
			line: String(line) }),
		title: hint(visible(strings[file])), class: "place",
	}, h("bdi", {}, placeOf(file, line)));
}

function functionName(f) {
	return h("bdi", { class: "name", title: hint(nameOf(f)) },
		nameOf(f).slice(0, 300));
}

const KEYWORDS = new Set(("and as assert async await break case class " +
	"continue def del elif else except finally for from global if import " +
	"in is lambda match nonlocal not or pass raise return try while with " +
	"yield True False None").split(" "));
const TOKEN = /(#.*)|([rbfut]{0,2}("""|'''))|([rbfut]{0,2}(?:"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?))|(@[\w.]+)|(\d[\w.]*)|(\w+)|[^\w#"'@]+|./giy;

/**
 * A line of Python as text nodes and coloured spans.
 *
 * @param carry {quote} The triple quote that the line begins inside of, if
 * any; holds that of the next line afterwards.
 */
function python(line, carry = { quote: "" }) {
	const out = [];
	const put = (kind, text) => out.push(
		kind ? h("i", { class: kind }, visible(text)) : visible(text));
	let at = 0;
	const closeQuote = (from) => {
		const end = line.indexOf(carry.quote, from);
		const stop = end < 0 ? line.length : end + 3;
		if (end >= 0)
			carry.quote = "";
		put("str", line.slice(at, stop));
		at = stop;
	};
	if (carry.quote)
		closeQuote(0);
	while (at < line.length) {
		TOKEN.lastIndex = at;
		const m = TOKEN.exec(line);
		if (m[2]) {
			carry.quote = m[3];
			closeQuote(at + m[0].length);
			continue;
		}
		put(m[1] ? "com" : m[4] ? "str" : m[5] ? "dec" : m[6] ? "num" :
			m[7] && KEYWORDS.has(m[7]) ? "key" : "", m[0]);
		at = TOKEN.lastIndex;
	}
	return out;
}

const COLUMNS = {
	self: { label: "Self", value: (row) => row.self,
		help: "Time in it alone",
		cell: (row, all) => shareCell(row.self, all) },
	total: { label: "Total", value: (row) => row.total,
		help: "Time in it and in what it called",
		cell: (row, all) => shareCell(row.total, all) },
	time: { label: "Self time", value: (row) => row.self,
		cell: (row) => h("td", { class: "num" },
			row.self ? time(row.self) : "–") },
	samples: { label: "Samples", value: (row) => row.samples,
		help: "Samples whose innermost frame is here",
		cell: (row) => h("td", { class: "num" }, count(row.samples)) },
	split: { label: "Of self", legend: true,
		help: "What its self time was spent on; sorts by native",
		value: (row) => row.split[1] / (row.self || 1),
		cell: (row) => h("td", {}, row.self ? splitBar(row.split) : "") },
	function: { label: "Function", up: true,
		value: (row) => nameOf(row.function),
		cell: (row) => h("td", { class: "function" },
			functionName(row.function)) },
	place: { label: "Location", up: true,
		value: (row) => placeOf(row.file, 0) +
			String(row.line).padStart(9, "0"),
		cell: (row) => h("td", { class: "location" },
			placeLink(row.file, row.line)) },
	source: { label: "Source", fixed: true,
		cell: (row) => h("td", { class: "source" },
			h("code", {}, ...python(sourceLine(row.file, row.line)
				.trim().slice(0, 200)))) },
};

/** Rows by a column; `sort` is its name, with "-" in front for upside down. */
function sorted(rows, sort) {
	const name = sort.replace("-", "");
	const column = Object.hasOwn(COLUMNS, name) ? COLUMNS[name] : COLUMNS.self;
	const value = column.value || COLUMNS.self.value;
	const sign = (column.up ? 1 : -1) * (sort.startsWith("-") ? -1 : 1);
	const keyed = rows.map((row) => [value(row), row]);
	keyed.sort(([a, x], [b, y]) => (a < b ? -sign : a > b ? sign : 0) ||
		y.self - x.self || y.total - x.total || x.key - y.key);
	return keyed.map(([, row]) => row);
}

function headCell(name, sort, choose) {
	const column = COLUMNS[name];
	if (column.fixed)
		return h("th", { scope: "col" }, column.label);
	const on = sort.replace("-", "") === name;
	const up = !!column.up !== sort.startsWith("-");
	return h("th", {
		scope: "col",
		class: "by-" + name,
		"aria-sort": !on ? "none" : up ? "ascending" : "descending",
	}, h("button", { title: column.help, "data-sort": name, onclick: () =>
		choose(on && !sort.startsWith("-") ? "-" + name : name) },
	...column.legend ? legend() : [column.label]));
}

/**
 * A filter box and a table, made once; returns the function that fills them.
 * Long tables show their first rows and a button for more.
 */
function makeTable(section, caption, names, textOf) {
	const filter = h("input", { type: "search", "aria-label": "Filter",
		placeholder: "Filter by function, file or source  ( / )",
		oninput: () => go({ filter: filter.value }, true) });
	const shown = h("output", { class: "dim" });
	const head = h("tr");
	const body = h("tbody");
	const more = h("button", { class: "more" });
	section.append(h("div", { class: "row" }, filter, shown),
		h("div", { class: "scroll" }, h("table", {},
			h("caption", {}, caption), h("thead", {}, head), body)), more);
	return (rows, all, state) => {
		if (document.activeElement !== filter)
			filter.value = state.filter;
		const term = state.filter.toLowerCase();
		const passed = rows.filter((row) =>
			!term || textOf(row).toLowerCase().includes(term));
		const ordered = sorted(passed, state.sort);
		const focus = document.activeElement.dataset.sort;
		head.replaceChildren(...names.map((name) =>
			headCell(name, state.sort, (sort) => go({ sort }, true))));
		if (focus && section.contains(head))
			head.querySelector(`[data-sort=${focus}]`)?.focus();
		body.replaceChildren();
		const extend = (n) => {
			for (const row of ordered.slice(body.rows.length, n))
				body.append(h("tr", { onclick: (event) => {
					if (!event.target.closest("a") &&
						!String(getSelection()))
						go({ view: "source", file: String(row.file),
							line: String(row.line) });
				} }, ...names.map((name) => COLUMNS[name].cell(row, all))));
			const left = ordered.length - body.rows.length;
			more.hidden = left <= 0;
			more.textContent = "Show " + count(Math.min(left, 1000)) +
				" more of " + count(left);
		};
		more.onclick = () => extend(body.rows.length + 1000);
		extend(200);
		const part = ordered.reduce((sum, row) => sum + row.self, 0);
		shown.textContent = count(ordered.length) + " of " +
			count(rows.length) + (term ? " · self " + percent(part, all) : "");
	};
}
