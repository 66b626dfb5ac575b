# SPDX-License-Identifier: Apache-2.0
#
# Turns what `od -An -v -tu1` prints into the C definition of an array called
# `name`, and one of its size.

BEGIN { printf "const char %s[] = {", name }
{
	gsub(/ +/, ",")
	sub(/^,/, "")
	sub(/,$/, "")
	printf "\n%s,", $0
}
END { printf "\n0};\nconst size_t %s_size = sizeof(%s) - 1;\n", name, name }
