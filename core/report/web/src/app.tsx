// SPDX-License-Identifier: Apache-2.0
//
// What is around the views: the head, the tabs, the filter, the foot.

import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { Filters } from "./ui/filters";
import { Head } from "./ui/head";
import { Help } from "./ui/help";
import { Menu } from "./ui/menu";
import { dispatch, keysOfPage } from "./keys";
import type { Key } from "./keys";
import * as state from "./state";
import { views } from "./views";
import type { View } from "./views";

/** `#src=/a/b.py:12` alone means the source view. */
export function currentView(): View {
	const all = views();
	const wanted = state.view.value || (state.src.value ? "source" : "");
	return all.find((view) => view.id === wanted) ?? all[0];
}

const show = (view: View) => state.go({ view: view.id });

/** "1" to "9" for the tabs. */
const tabKeys = (): Key[] => views().slice(0, 9).map((view, at) => (
	{ key: String(at + 1), text: view.title, run: () => show(view) }));

function Tabs({ current }: { current: View }): JSX.Element {
	const all = views();
	const onKeyDown = (event: KeyboardEvent) => {
		const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
		if (!step)
			return;
		const next = all[(all.indexOf(current) + step + all.length) % all.length];
		event.preventDefault();
		show(next);
		requestAnimationFrame(() =>
			document.getElementById("tab-" + next.id)?.focus());
	};
	return <div role="tablist" aria-label="Views" id="tabs"
		onKeyDown={onKeyDown}>
		{all.map((view) => <button role="tab" id={"tab-" + view.id}
			aria-selected={view === current} aria-controls={view.id}
			tabIndex={view === current ? 0 : -1}
			onClick={() => show(view)}>{view.title}</button>)}
	</div>;
}

export function App(): JSX.Element {
	const current = currentView();
	useEffect(() => {
		const listen = (event: KeyboardEvent) => {
			if (!document.querySelector("dialog[open]"))
				dispatch(event, currentView().keys, tabKeys(), keysOfPage());
		};
		addEventListener("keydown", listen);
		return () => removeEventListener("keydown", listen);
	}, []);
	useEffect(() => {
		state.status.value = "";
	}, [current]);
	const Component = current.component;
	return <>
		<Head />
		<nav id="bar" aria-label="Views and filters">
			<Tabs current={current} />
			{current.filtered && <Filters />}
		</nav>
		<main class={current.fills ? "fills" : ""}>
			{views().map((view) => <section role="tabpanel" id={view.id}
				aria-labelledby={"tab-" + view.id} hidden={view !== current}>
				{view === current && <Component />}
			</section>)}
			<Menu />
		</main>
		<footer id="foot"><Status /></footer>
		<div class="unseen" role="status" aria-live="polite" id="spoken">
			<Spoken /></div>
		<Help tables={[["Views", tabKeys()], ["Everywhere", keysOfPage()],
			...views().filter((view) => view.keys).map(
				(view): [string, readonly Key[]] => [view.title, view.keys!])]} />
	</>;
}

function Status(): JSX.Element {
	return <output id="status">{state.status.value || "\u00a0"}</output>;
}

function Spoken(): JSX.Element {
	return <>{state.spoken.value}</>;
}
