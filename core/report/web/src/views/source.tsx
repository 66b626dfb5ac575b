// SPDX-License-Identifier: Apache-2.0

import type { JSX } from "preact";
import type { View } from "../views";

function Component(): JSX.Element {
	return <p>Source</p>;
}

export const sourceView: View = {
	id: "source",
	title: "Source",
	when: (report) => report.profile !== null,
	component: Component,
	filtered: true,
};
