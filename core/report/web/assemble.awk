# SPDX-License-Identifier: Apache-2.0
#
# A script without its indentation, its comments and its empty lines.

{
	sub(/^[ \t]+/, "")
	if (/^\/\*\*?( |$)/)
		comment = 1
	if (!comment && !/^\/\// && $0 != "")
		print
	if (comment && /\*\/$/)
		comment = 0
}
