// SPDX-License-Identifier: Apache-2.0
//
// Runs before anything is painted: the theme that was chosen last time.

try {
	const theme = localStorage.getItem("pyprof-theme");
	if (theme === "light" || theme === "dark")
		document.documentElement.dataset.theme = theme;
} catch {
	/* Where nothing can be kept, the browser's setting counts. */
}
