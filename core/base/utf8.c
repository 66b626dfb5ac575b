// SPDX-License-Identifier: Apache-2.0
#include "core/base/utf8.h"

size_t pyprof_utf8_character(const char *text, size_t length)
{
	const unsigned char *at = (const unsigned char *)text;
	if (!length)
		return 0;
	unsigned char first = at[0];
	size_t size = first < 0x80		      ? 1
		      : first >= 0xc2 && first < 0xe0 ? 2
		      : first >= 0xe0 && first < 0xf0 ? 3
		      : first >= 0xf0 && first < 0xf5 ? 4
						      : 0;
	if (size > length)
		return 0;
	for (size_t i = 1; i < size; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	if ((first == 0xe0 && at[1] < 0xa0) ||
	    (first == 0xed && at[1] >= 0xa0) ||
	    (first == 0xf0 && at[1] < 0x90) || (first == 0xf4 && at[1] >= 0x90))
		return 0;
	return size;
}
