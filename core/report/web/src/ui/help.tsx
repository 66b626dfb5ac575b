// SPDX-License-Identifier: Apache-2.0
//
// The dialog of keys and meanings.

import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Key } from "../keys";
import { helpOpen, report } from "../state";

function Meanings(): JSX.Element {
	return <>
		<h2>Meanings</h2>
		<p><b>Self</b> is time spent in a line or function itself; <b>total</b> is
		self and all that it called, counted once however often it is in the
		stack. Percentages are shares of the time that the filter lets through,
		added up over threads.</p>
		<p><i class="dot python" />Python runs bytecode,
		<i class="dot native" />native runs C code, <i class="dot wait" />waiting
		is blocked: for the GIL, a lock, input or output, or asleep.</p>
	</>;
}

export function Help({ tables }:
	{ tables: readonly (readonly [string, readonly Key[]])[] }): JSX.Element {
	const dialog = useRef<HTMLDialogElement>(null);
	const isOpen = helpOpen.value;
	useEffect(() => {
		if (isOpen && !dialog.current?.open)
			dialog.current?.showModal();
		else if (!isOpen)
			dialog.current?.close();
	}, [isOpen]);
	const close = () => {
		helpOpen.value = false;
	};
	return <dialog id="help" aria-label="Help" ref={dialog} onClose={close}
		onKeyDown={(event) => event.key === "?" && close()}>
		{report.value.profile && <Meanings />}
		<div class="keys">{tables.map(([title, keys]) => <section>
			<h2>{title}</h2>
			<dl>{keys.filter((key) => key.text).map((key) => <div>
				<dt><kbd>{key.shown ?? key.key}</kbd></dt><dd>{key.text}</dd>
			</div>)}</dl>
		</section>)}</div>
		<button onClick={close}>Close</button>
	</dialog>;
}
