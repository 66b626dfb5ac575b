// SPDX-License-Identifier: Apache-2.0

import type { JSX } from "preact";
import type { View } from "../views";

function Component(): JSX.Element {
	return <p>About these data</p>;
}

export const aboutView: View = {
	id: "about",
	title: "About these data",
	when: (report) => report.profile !== null,
	component: Component,
	filtered: true,
};
