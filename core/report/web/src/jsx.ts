// SPDX-License-Identifier: Apache-2.0
//
// What elements in .tsx files are made with; the build adds it to each.

export { Fragment, h } from "preact";
