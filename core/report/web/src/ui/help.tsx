// SPDX-License-Identifier: Apache-2.0
//
// The dialog of keys and meanings.

import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Key } from "../keys";
import { helpOpen, report } from "../state";

/** What the figures of a profile are. */
export function Meanings(): JSX.Element {
	return <section>
		<h2>What the figures mean</h2>
		<p><b>Self</b> is the time of samples whose innermost Python frame is
		there: its own bytecode, and native code that it called. <b>Total</b> is
		the time of samples with it anywhere in the stack, once however often.
		Percentages are shares of what the filter lets through; times are of the
		clock on the wall, added up over threads.</p>
		<p><b>Running</b> is <i class="dot python" />Python, bytecode, and
		<i class="dot native" />native, C code; <i class="dot wait" /><b>waiting
		</b> is being blocked: for the GIL, a lock, input or output, or asleep.
		</p>
	</section>;
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
