// SPDX-License-Identifier: Apache-2.0
//
// The page of a heap, or of two of one process, begins here, as main.tsx is that
// of profiles.

import { start } from "./start";
import { growthViews } from "./views/growth";
import { heapViews } from "./views/heap";

start([...heapViews, ...growthViews]);
