// SPDX-License-Identifier: Apache-2.0
//
// The source by line: a list of files, and the code of one with its time.

/** File string id to {status, total, windows: [{start, lines}]}. */
const sources = new Map(data.sources.map((source) => [source.file, source]));

const STATUS = {
	changed: "The file was changed after the process started: lines may not match.",
	missing: "The file was not found, so only its lines with time are listed.",
	none: "The code comes from no file, so only its lines with time are listed.",
	omitted: "The text of this file was left out to keep the page small.",
};

function sourceLine(file, line) {
	for (const { start, lines } of sources.get(file)?.windows || [])
		if (line >= start && line < start + lines.length)
			return lines[line - start];
	return "";
}

/** Lines with time of a file by their number. */
function timesOf(sums, file) {
	return new Map(sums.lines.filter((row) => row.file === file)
		.map((row) => [row.line, row]));
}

function showFiles(sums, chosen) {
	const most = Math.max(1, ...sums.files.map((row) => row.self));
	const files = [...sums.files].sort((a, b) =>
		b.self - a.self || b.total - a.total);
	$("files").replaceChildren(...files.map((row) => {
		const path = visible(strings[row.key]);
		const short = shortNames.get(row.key);
		const link = h("a", {
			href: hashOf({ view: "source", file: String(row.key), line: "" }),
			"aria-current": row.key === chosen && "true",
			title: hint(path + "\nself " + percent(row.self, sums.ns) +
				", total " + percent(row.total, sums.ns)),
		}, h("bdi", {}, short), h("b", {}, percent(row.self, sums.ns)),
		h("small", {}, h("bdi", {}, path.endsWith(short) ?
			path.slice(0, path.length - short.length) : "")));
		link.style.setProperty("--share", 100 * row.self / most + "%");
		return link;
	}));
}

/** Where a line is called from and what it calls. */
function aroundLine(sums, key) {
	const { callers, callees } = around(sums, key);
	const list = (title, rows) => h("div", {}, h("h3", {}, title),
		rows.length ? h("ul", {}, ...rows.slice(0, 8).map(([k, ns]) =>
			h("li", {}, h("span", { class: "num" }, percent(ns, sums.ns)),
				" ", placeLink(lineKeys.file[k], lineKeys.line[k]), " ",
				functionName(sums.byLine[k].function)))) :
			h("p", { class: "dim" }, "nothing"));
	const row = sums.byLine[key];
	return h("div", { class: "around" },
		h("p", {}, functionName(row.function), " · self ", time(row.self),
			" in ", counted(row.samples, "sample"), " · total ",
			time(row.total), " ", splitBar(row.split), " ",
			h("a", { href: hashOf({ view: "flame", by: "line", zoom: "",
				find: placeOf(row.file, row.line) }) },
			"in the flame graph")),
		list("Called from", callers), list("Calls", callees));
}

function heat(cell, part, most) {
	if (part)
		cell.style.setProperty("--heat",
			(0.06 + 0.4 * Math.sqrt(part / most)).toFixed(3));
	return cell;
}

function codeRow(sums, row, number, code, most, state) {
	const open = String(number) === state.line;
	const figure = (name) => heat(h("td", { class: "num heat" },
		row?.[name] ? percent(row[name], sums.ns).replace(" %", "") : ""),
	row?.[name], most[name]);
	const pick = () => go({ line: open ? "" : String(number) }, true);
	const label = number > 0 ? String(number) : "–";
	return h("tr", {
		id: "L" + number, class: open ? "open" : row && "hot",
		onclick: row && (() => String(getSelection()) || pick()),
	}, figure("self"), figure("total"),
	h("th", { scope: "row", class: "num" }, row ? h("button", {
		"aria-expanded": String(open), onclick: (event) => {
			event.stopPropagation();
			pick();
			$("L" + number)?.querySelector("button").focus();
		},
	}, label) : label), h("td", { class: "source" }, h("code", {}, ...code)));
}

function showCode(sums, file, state) {
	const times = timesOf(sums, file);
	const source = sources.get(file);
	const most = { self: 1, total: 1 };
	for (const name in most)
		for (const row of times.values())
			most[name] = Math.max(most[name], row[name]);
	const body = h("tbody");
	const add = (number, text, carry) => {
		const row = times.get(number);
		body.append(codeRow(sums, row, number, python(text, carry), most,
			state));
		if (row && String(number) === state.line)
			body.append(h("tr", { class: "detail" }, h("td", { colspan: "4" },
				aroundLine(sums, row.key))));
		times.delete(number);
	};
	const gap = (lines) => lines > 0 && body.append(h("tr", { class: "gap" },
		h("td", { colspan: "4" }, counted(lines, "line") + " left out")));
	let next = 1;
	for (const { start, lines } of source?.windows || []) {
		const carry = { quote: "" };
		gap(start - next);
		lines.forEach((text, at) => add(start + at, text, carry));
		next = start + lines.length;
	}
	gap((source?.total || 0) + 1 - next);
	for (const number of [...times.keys()].sort((a, b) => a - b))
		add(number, "", undefined);
	const status = STATUS[source ? source.status : "none"];
	$("code").replaceChildren(
		h("h2", {}, h("bdi", {}, visible(strings[file]) || "(no file)")),
		status ? h("p", { class: "note" }, status) : "",
		h("div", { class: "scroll" }, h("table", {},
			h("caption", {}, "Source with the percentage of time by line"),
			h("thead", {}, h("tr", {},
				...["Self %", "Total %", "Line"].map((text) =>
					h("th", { scope: "col", class: "num" }, text)),
				h("th", { scope: "col" }, "Source"))), body)));
}

let shown = {};
function showSource(sums, state, fresh) {
	const hottest = [...sums.files].sort((a, b) => b.self - a.self)[0];
	const file = state.file === "" ? hottest?.key : +state.file;
	if (file === undefined || strings[file] === undefined) {
		$("files").replaceChildren();
		$("code").replaceChildren(h("p", { class: "dim" }, "No samples."));
		return;
	}
	const same = !fresh && shown.file === file;
	const scroll = window.scrollY;
	showFiles(sums, file);
	showCode(sums, file, state);
	const line = $("L" + state.line) || !same && state.line === "" &&
		$("L" + [...timesOf(sums, file).values()]
			.sort((a, b) => b.self - a.self || b.total - a.total)[0]?.line);
	if (same)
		window.scrollTo(0, scroll);
	else if (line)
		line.scrollIntoView({ block: "center" });
	else
		window.scrollTo(0, 0);
	shown = { file };
}
