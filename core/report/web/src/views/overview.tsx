// SPDX-License-Identifier: Apache-2.0

import type { JSX } from "preact";
import type { View } from "../views";

function Component(): JSX.Element {
	return <p>Overview</p>;
}

export const overviewView: View = {
	id: "overview",
	title: "Overview",
	when: (report) => report.profile !== null,
	component: Component,
	filtered: true,
};
