// SPDX-License-Identifier: Apache-2.0
//
// Prints what the library pprof-format finds in a pprof file, as JSON: rows of
// file, line, name, samples, ns, by the innermost frame; and the labels' sums.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const [modules, file] = process.argv.slice(2);
const { Profile } = createRequire(`${modules}/x`)("pprof-format");
const profile = Profile.decode(readFileSync(file));
const text = (id) => profile.stringTable.strings[Number(id)];
const types = profile.sampleType.map((t) => [text(t.type), text(t.unit)]);
const functions = new Map(profile.function.map((f) => [f.id, f]));
const locations = new Map(profile.location.map((l) => [l.id, l]));

const rows = profile.sample.map((sample) => {
	const [samples, ns] = sample.value.map(Number);
	const labels = Object.fromEntries(sample.label.map((label) =>
		[text(label.key), text(label.str) || Number(label.num)]));
	const [line] = locations.get(sample.locationId[0]).line;
	const called = functions.get(line.functionId);
	return { file: text(called.filename), line: Number(line.line),
		name: text(called.name), system: text(called.systemName),
		samples, ns, labels, depth: sample.locationId.length };
});
console.log(JSON.stringify({ types, rows,
	fallback: text(profile.defaultSampleType) }));
