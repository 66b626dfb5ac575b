// SPDX-License-Identifier: Apache-2.0
//
// The page that compares two profiles begins here, as main.tsx is that of one.

import { start } from "./start";
import { aboutView } from "./views/about";
import { diffView } from "./views/diff";
import { diffSourceView } from "./views/diff-source";

start([diffView, diffSourceView, aboutView]);
