// SPDX-License-Identifier: Apache-2.0

import type { JSX } from "preact";
import type { View } from "../views";

function Component(): JSX.Element {
	return <p>Threads</p>;
}

export const threadsView: View = {
	id: "threads",
	title: "Threads",
	when: (report) => report.profile !== null,
	component: Component,
	filtered: true,
};
