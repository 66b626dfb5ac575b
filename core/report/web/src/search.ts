// SPDX-License-Identifier: Apache-2.0
//
// What a search finds: functions and places by words or, between slashes, by a
// regular expression; "file.py:42" is that line alone.

import { filePath, functionName } from "./model";
import type { Profile } from "./model";

export type Matcher = (text: string) => boolean;

/** How texts are looked for; null: everything matches. */
export function matcher(find: string): Matcher | null {
	const text = find.trim();
	if (!text)
		return null;
	const expression = /^\/(.+)\/$/.exec(text);
	if (expression) {
		try {
			const regular = new RegExp(expression[1], "i");
			return (at) => regular.test(at);
		} catch {
			/* Not one yet: it is being typed. */
		}
	}
	const words = text.toLowerCase().split(/\s+/);
	return (at) => {
		const low = at.toLowerCase();
		return words.every((word) => low.includes(word));
	};
}

/** For each location whether it is found; null: nothing is looked for. */
export function findLocations(profile: Profile, find: string):
	Uint8Array | null {
	const matches = matcher(find);
	if (!matches)
		return null;
	const functions = Uint8Array.from({ length: profile.functionCount },
		(_, id) => +matches(functionName(profile, id)));
	const found = new Uint8Array(profile.locationCount);
	const place = /^(.+):(\d+)$/.exec(find.trim());
	const files = Array.from({ length: profile.fileCount },
		(_, id) => filePath(profile, id));
	const inFile = files.map((path) => +matches(path));
	const named = files.map((path) => !!place && path.endsWith(place[1]));
	for (let at = 0; at < found.length; at++)
		found[at] = functions[profile.locationFunction[at]] ||
			inFile[profile.locationFile[at]] ||
			+(named[profile.locationFile[at]] &&
				profile.locationLine[at] === Number(place![2]));
	return found;
}
