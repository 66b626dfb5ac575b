// SPDX-License-Identifier: Apache-2.0
//
// The page of a heap begins here, as main.tsx is that of profiles.

import { start } from "./start";
import { heapViews } from "./views/heap";

start(heapViews);
