// SPDX-License-Identifier: Apache-2.0
//
// Makes the pages of reports in dist/ of src/: one app that has in each page the
// views that such a report may need.
//
// usage: node build.mjs [--out FOLDER]    write the pages (to dist)
//        node build.mjs --test            run test/*.test.ts

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync,
	writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const SCRIPT_MAX = 120 * 1024;
const PAGES = { "report.html": "src/main.tsx", "diff.html": "src/main-diff.tsx",
	"heap.html": "src/main-heap.tsx", "stacks.html": "src/main-stacks.tsx" };
const CARRIED = ["preact", "@preact/signals", "@preact/signals-core"];
/* Members that neither the data nor a browser names. */
const OWN = new RegExp("^(function(Count|File|Name|Line)|fileOfFunction|" +
	"location(Count|Function|Line|Key|File)|line(Count|File|Number)|" +
	"file(Count|String|Short|Origin|Module)|moduleNames|groupOf|" +
	"allS(amples|plit)|keyOf|numeric|filtered|on(Open|Sort|Cursor|Select)|" +
	"isInside|setHover|countLevels|zoomLeast|longest|innermost|" +
	"tally(Count|Stack|Thread|State|Samples|Ns)|sliceNs)$");
const OPTIONS = {
	absWorkingDir: HERE, bundle: true, charset: "utf8", write: false,
	logLevel: "error",
	/* The old way to write elements is the shorter one. */
	jsx: "transform", jsxFactory: "h", jsxFragment: "Fragment",
	tsconfigRaw: { compilerOptions: { jsx: "react" } },
};

async function bundle(entry, inject = []) {
	const { outputFiles } = await build({ ...OPTIONS, minify: true,
		mangleProps: OWN, inject,
		entryPoints: [entry], format: "iife", target: "es2022",
		legalComments: "none" });
	return outputFiles[0].text.trim();
}

/** What the licences of the libraries ask for. */
function notices() {
	return CARRIED.map((name) => {
		const folder = join(HERE, "node_modules", name);
		const { version } = JSON.parse(
			readFileSync(join(folder, "package.json"), "utf8"));
		return name + " " + version + "\n\n" +
			readFileSync(join(folder, "LICENSE"), "utf8").trim();
	}).join("\n\n");
}

async function page(name, entry) {
	const parts = {
		style: await bundle("src/style.css"),
		early: await bundle("src/early.ts"),
		app: await bundle(entry, ["src/jsx.ts"]),
		notices: notices(),
	};
	const size = Buffer.byteLength(parts.early + parts.app);
	if (size > SCRIPT_MAX)
		throw new Error(`${name}: ${size} bytes of script, more than ${SCRIPT_MAX}`);
	const text = readFileSync(join(HERE, "src/index.html"), "utf8").replace(
		/\{\{(\w+)\}\}/g, (_, name) => parts[name]);
	console.log(`${name}: ${size} bytes of script, ` +
		`${Buffer.byteLength(text)} bytes of page`);
	return text;
}

async function test() {
	const folder = mkdtempSync(join(tmpdir(), "pyprof-web-"));
	try {
		const names = readdirSync(join(HERE, "test"))
			.filter((name) => name.endsWith(".test.ts"));
		await build({ ...OPTIONS, write: true, platform: "node",
			format: "esm", outdir: folder, outExtension: { ".js": ".mjs" },
			entryPoints: names.map((name) => join("test", name)) });
		const { status } = spawnSync(process.execPath, ["--test",
			...names.map((name) => join(folder, name.replace(/ts$/, "mjs")))],
		{ stdio: "inherit" });
		return status ?? 1;
	} finally {
		rmSync(folder, { recursive: true });
	}
}

if (process.argv.includes("--test")) {
	process.exitCode = await test();
} else {
	const at = process.argv.indexOf("--out");
	const out = at > 0 ? process.argv[at + 1] : join(HERE, "dist");
	mkdirSync(out, { recursive: true });
	for (const [name, entry] of Object.entries(PAGES))
		writeFileSync(join(out, name), await page(name, entry));
}
