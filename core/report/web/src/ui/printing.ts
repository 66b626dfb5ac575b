// SPDX-License-Identifier: Apache-2.0
//
// Whether the page is being printed: nothing scrolls then.

import { signal } from "@preact/signals";

export const printing = signal(false);

globalThis.addEventListener?.("beforeprint", () => printing.value = true);
globalThis.addEventListener?.("afterprint", () => printing.value = false);
