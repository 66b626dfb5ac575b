// SPDX-License-Identifier: Apache-2.0
//
// The page of profiles, one or two of them, begins here: its views in the order
// of their tabs and number keys. To add one: a file in views/ and a row here.
// README.md says what a view may use.

import { start } from "./start";
import { aboutView } from "./views/about";
import { flameView } from "./views/flame";
import { functionsView } from "./views/functions";
import { overviewView } from "./views/overview";
import { sourceView } from "./views/source";
import { threadsView } from "./views/threads";
import { timeView } from "./views/time";

start([
	overviewView,
	flameView,
	timeView,
	functionsView,
	sourceView,
	threadsView,
	aboutView,
]);
