// SPDX-License-Identifier: Apache-2.0
//
// The page of stacks begins here, as main.tsx is that of profiles.

import { start } from "./start";
import { stacksViews } from "./views/stacks";

start(stacksViews);
