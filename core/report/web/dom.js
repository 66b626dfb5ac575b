// SPDX-License-Identifier: Apache-2.0
//
// Making elements. Text of the program gets into the page as text nodes alone,
// never as markup.

const $ = (id) => document.getElementById(id);

/** An element: h("a", {href: "#", onclick: f}, "text", child). */
function h(tag, props, ...children) {
	const el = document.createElement(tag);
	for (const [name, value] of Object.entries(props || {}))
		if (name.startsWith("on"))
			el[name] = value;
		else if (value !== undefined && value !== false)
			el.setAttribute(name, value === true ? "" : value);
	el.append(...children.filter((child) => child !== null));
	return el;
}

const hint = (text) => text.length > 500 ? text.slice(0, 500) + "…" : text;

/** What is shown for a string from the program: no invisible characters. */
function visible(text) {
	return text.replace(
		/[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g,
		(c) => {
			const code = c.charCodeAt(0);
			return code < 32 ? String.fromCharCode(0x2400 + code) :
				"\\u" + code.toString(16).padStart(4, "0");
		});
}
