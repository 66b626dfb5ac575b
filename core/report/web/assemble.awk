# SPDX-License-Identifier: Apache-2.0
#
# Puts the page together: a line /*include NAME*/ becomes the file NAME of the
# directory `dir`. Indentation and comments stay behind, and blanks in styles.

function emit(line, style) {
	sub(/^[ \t]+/, "", line)
	if (line ~ /^\/\*\*?( |$)/)
		comment = 1
	if (style && !comment) {
		gsub(/ \{/, "{", line)
		gsub(/: /, ":", line)
		printf "%s%s", line, line ~ /[,{;}]$|^$/ ? "" : " "
	} else if (!comment && line !~ /^\/\// && line != "") {
		print line
	}
	if (comment && line ~ /\*\/$/)
		comment = 0
}

match($0, /^\/\*include [^*]+\*\/$/) {
	name = dir "/" substr($0, 11, length($0) - 12)
	while ((got = (getline line < name)) > 0)
		emit(line, name ~ /css$/)
	if (got < 0) {
		print "cannot read " name > "/dev/stderr"
		exit 1
	}
	close(name)
	next
}
{ emit($0, 0) }
