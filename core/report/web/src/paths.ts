// SPDX-License-Identifier: Apache-2.0
//
// What the paths of files tell: short names, whose they are, their modules.
// Pure.

/** What is shown for a string from the program: no invisible characters. */
export function visible(text: string): string {
	return text.replace(
		/[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g,
		(c) => {
			const code = c.charCodeAt(0);
			return code < 32 ? String.fromCharCode(0x2400 + code) :
				"\\u" + code.toString(16).padStart(4, "0");
		});
}

export const ORIGINS = ["project", "packages", "stdlib", "other"] as const;
export type Origin = typeof ORIGINS[number];

/** The last parts of a path. */
function tail(path: string, parts: number): string {
	let from = path.length;
	for (; parts > 0 && from >= 0; parts--)
		from = path.lastIndexOf("/", from - 1);
	return path.slice(from + 1);
}

/** The end of each path that tells it from the others; of seven parts at most. */
export function shorten(paths: readonly string[]): string[] {
	const parts = paths.map((path) => path.endsWith("/__init__.py") ? 2 : 1);
	const names = paths.map((path, at) => tail(path, parts[at]));
	for (let round = 0; round < 6; round++) {
		const uses = new Map<string, number>();
		for (const name of names)
			uses.set(name, (uses.get(name) ?? 0) + 1);
		names.forEach((name, at) => {
			if (uses.get(name)! > 1 && name.length < paths[at].length)
				names[at] = tail(paths[at], ++parts[at]);
		});
	}
	return names.map((name) => visible(name) || "(no file)");
}

export function originOf(path: string): Origin {
	if (/\/(site|dist)-packages\//.test(path))
		return "packages";
	if (/\/lib(64)?\/(python|pypy)\d?\.?\d*t?\//.test(path) ||
		path.startsWith("<frozen "))
		return "stdlib";
	return path.startsWith("<") || !path ? "other" : "project";
}

/** "json" of …/python3.11/json/decoder.py: what one would import, in short. */
export function moduleOf(path: string, shared: string): string {
	const known = /^.*\/(?:site|dist)-packages\/|^.*\/lib(?:64)?\/python[\d.]+t?\//
		.exec(path);
	const rest = path.startsWith("<frozen ") ? path.slice(8, -1) :
		known ? path.slice(known[0].length) :
			path.startsWith(shared) ? path.slice(shared.length) : path;
	const parts = rest.split("/").filter(Boolean);
	return (parts[0] ?? "").replace(/\.(py|pyc|so|cpython-.*)$/, "") || "(no module)";
}

/** The folder that all of the project's files are in. */
function sharedFolder(paths: readonly string[]): string {
	let shared: string | null = null;
	for (const path of paths) {
		if (originOf(path) !== "project")
			continue;
		const folder = path.slice(0, path.lastIndexOf("/") + 1);
		while (shared !== null && !folder.startsWith(shared))
			shared = shared.slice(0, shared.slice(0, -1).lastIndexOf("/") + 1);
		shared ??= folder;
	}
	return shared ?? "";
}

/** The different modules of files, and that of each. */
export function modulesOf(paths: readonly string[]):
	{ names: string[]; of: number[] } {
	const shared = sharedFolder(paths);
	const all = paths.map((path) => visible(moduleOf(path, shared)));
	const names = [...new Set(all)];
	const ids = new Map(names.map((name, id) => [name, id]));
	return { names, of: all.map((name) => ids.get(name)!) };
}
