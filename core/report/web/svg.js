// SPDX-License-Identifier: Apache-2.0
//
// Zoom and search in an SVG report. Without it the picture is complete, too.
"use strict";
(() => {
	const root = document.documentElement;
	const { x: margin, width: whole } = root.viewBox.baseVal;
	const width = whole + 2 * margin;
	const status = document.getElementById("status");
	const hint = "Click zooms, / searches, Esc resets";
	status.textContent = hint;
	const frames = [...document.querySelectorAll("g.f")].map((g) => {
		const [title, rect, text] = g.children;
		const number = (name) => +rect.getAttribute(name);
		return { g, rect, text, x: number("x"), y: number("y"),
			width: number("width"), about: title.textContent,
			name: title.textContent.split("\n")[0] };
	});
	const cell = 7.25;

	// Where frames are while `focus` fills the width, or nothing does.
	function zoom(focus) {
		const scale = focus ? width / focus.width : 1;
		const from = focus ? focus.x : 0, slack = 0.01;
		for (const frame of frames) {
			const above = focus && frame.y < focus.y;
			const left = (frame.x - from) * scale;
			const right = left + frame.width * scale;
			const shown = right > slack && left < width - slack &&
				(!above || (left <= slack && right >= width - slack));
			frame.g.style.display = shown ? "" : "none";
			frame.g.style.opacity = above ? 0.5 : "";
			if (!shown)
				continue;
			const x = Math.max(0, left);
			const wide = Math.min(width, right) - x;
			frame.rect.setAttribute("x", x);
			frame.rect.setAttribute("width", wide);
			frame.text.setAttribute("x", x + 3);
			const room = Math.floor((wide - 6) / cell);
			frame.text.textContent = room < 3 ? "" :
				frame.name.length <= room ? frame.name :
				frame.name.slice(0, room - 1) + "…";
		}
	}

	function search(term) {
		const low = (term || "").toLowerCase();
		let matched = 0, end = -1;
		const byPlace = frames.slice().sort((a, b) => a.x - b.x || a.y - b.y);
		for (const frame of byPlace) {
			const hit = low !== "" && frame.about.split("\n").slice(0, 2)
				.join(" ").toLowerCase().includes(low);
			frame.g.classList.toggle("hit", hit);
			if (hit && frame.x >= end - 1e-6) {
				matched += frame.width;
				end = frame.x + frame.width;
			}
		}
		status.textContent = low ? "matched " +
			(100 * matched / width).toFixed(1) + " %: " + term : hint;
	}

	const frameOf = (event) => frames.find((f) =>
		f.g === event.target.closest("g.f"));
	root.addEventListener("click", (event) => {
		const frame = frameOf(event);
		if (frame)
			zoom(frame);
	});
	root.addEventListener("mouseover", (event) => {
		const frame = frameOf(event);
		status.textContent = frame ?
			frame.about.replaceAll("\n", "  ") : hint;
	});
	window.addEventListener("keydown", (event) => {
		if (event.key === "Escape" || event.key === "0") {
			zoom(null);
			search("");
		} else if (event.key === "/" ||
			(event.key === "f" && (event.ctrlKey || event.metaKey))) {
			event.preventDefault();
			search(prompt("Search functions and files"));
		}
	});
})();
