// SPDX-License-Identifier: Apache-2.0
#include "core/base/utf8.h"

#include <stdbool.h>

struct range {
	uint32_t first, last;
};

/* Characters that go onto the one before them, or are not seen at all. */
static const struct range zero_width[] = {
	{0x0300, 0x036f},   {0x0483, 0x0489},	{0x0591, 0x05bd},
	{0x05bf, 0x05bf},   {0x05c1, 0x05c2},	{0x05c4, 0x05c5},
	{0x0610, 0x061a},   {0x064b, 0x065f},	{0x0670, 0x0670},
	{0x06d6, 0x06dc},   {0x06df, 0x06e4},	{0x06e7, 0x06e8},
	{0x06ea, 0x06ed},   {0x0711, 0x0711},	{0x0730, 0x074a},
	{0x07a6, 0x07b0},   {0x0900, 0x0902},	{0x093a, 0x093a},
	{0x093c, 0x093c},   {0x0941, 0x0948},	{0x094d, 0x094d},
	{0x0951, 0x0957},   {0x0e31, 0x0e31},	{0x0e34, 0x0e3a},
	{0x0e47, 0x0e4e},   {0x1ab0, 0x1aff},	{0x1dc0, 0x1dff},
	{0x200b, 0x200f},   {0x2028, 0x202e},	{0x2060, 0x206f},
	{0x20d0, 0x20ff},   {0x302a, 0x302d},	{0x3099, 0x309a},
	{0xfe00, 0xfe0f},   {0xfe20, 0xfe2f},	{0xfeff, 0xfeff},
	{0x1f3fb, 0x1f3ff}, {0xe0001, 0xe01ef},
};

/* East Asian wide and full-width characters, and emoji. */
static const struct range double_width[] = {
	{0x1100, 0x115f},   {0x231a, 0x231b},	{0x2329, 0x232a},
	{0x23e9, 0x23ec},   {0x23f0, 0x23f0},	{0x23f3, 0x23f3},
	{0x25fd, 0x25fe},   {0x2614, 0x2615},	{0x2648, 0x2653},
	{0x267f, 0x267f},   {0x2693, 0x2693},	{0x26a1, 0x26a1},
	{0x26aa, 0x26ab},   {0x26bd, 0x26be},	{0x26c4, 0x26c5},
	{0x26ce, 0x26ce},   {0x26d4, 0x26d4},	{0x26ea, 0x26ea},
	{0x26f2, 0x26f3},   {0x26f5, 0x26f5},	{0x26fa, 0x26fa},
	{0x26fd, 0x26fd},   {0x2705, 0x2705},	{0x270a, 0x270b},
	{0x2728, 0x2728},   {0x274c, 0x274c},	{0x274e, 0x274e},
	{0x2753, 0x2755},   {0x2757, 0x2757},	{0x2795, 0x2797},
	{0x27b0, 0x27b0},   {0x27bf, 0x27bf},	{0x2b1b, 0x2b1c},
	{0x2b50, 0x2b50},   {0x2b55, 0x2b55},	{0x2e80, 0x303e},
	{0x3041, 0x4dbf},   {0x4e00, 0xa4cf},	{0xa960, 0xa97f},
	{0xac00, 0xd7a3},   {0xf900, 0xfaff},	{0xfe30, 0xfe6f},
	{0xff00, 0xff60},   {0xffe0, 0xffe6},	{0x1f18e, 0x1f18e},
	{0x1f191, 0x1f19a}, {0x1f200, 0x1f320}, {0x1f32d, 0x1f64f},
	{0x1f680, 0x1f6ff}, {0x1f7e0, 0x1f7eb}, {0x1f90c, 0x1f9ff},
	{0x1fa70, 0x1faff}, {0x20000, 0x3fffd},
};

/* Marks that turn the direction of the text behind them. */
static const struct range turning[] = {
	{0x061c, 0x061c},
	{0x200e, 0x200f},
	{0x202a, 0x202e},
	{0x2066, 0x2069},
};

static bool is_in(uint32_t character, const struct range *ranges, size_t count)
{
	size_t low = 0;
	while (low < count) {
		size_t middle = (low + count) / 2;
		if (character > ranges[middle].last)
			low = middle + 1;
		else if (character < ranges[middle].first)
			count = middle;
		else
			return true;
	}
	return false;
}

#define IS_IN(character, ranges) \
	is_in(character, ranges, sizeof(ranges) / sizeof((ranges)[0]))

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

size_t pyprof_utf8_decode(const char *text, size_t length, uint32_t *ret)
{
	/* What bits of the first byte belong to the character. */
	static const unsigned char bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	size_t size = pyprof_utf8_character(text, length);
	if (!size) {
		*ret = PYPROF_UTF8_REPLACEMENT_CHARACTER;
		return 1;
	}
	*ret = (unsigned char)text[0] & bits[size];
	for (size_t i = 1; i < size; i++)
		*ret = *ret << 6 | ((unsigned char)text[i] & 0x3f);
	return size;
}

void pyprof_utf8_put(struct pyprof_buf *buf, uint32_t character)
{
	if (character < 0x80) {
		pyprof_buf_putc(buf, (char)character);
		return;
	}
	if (character > 0x10ffff)
		character = PYPROF_UTF8_REPLACEMENT_CHARACTER;
	unsigned more = character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
	static const unsigned char first[] = {0, 0xc0, 0xe0, 0xf0};
	pyprof_buf_putc(buf, (char)(first[more] | character >> 6 * more));
	while (more--)
		pyprof_buf_putc(buf,
				(char)(0x80 | (character >> 6 * more & 0x3f)));
}

unsigned pyprof_utf8_width(uint32_t character)
{
	if (character < 0x300)
		return 1;
	if (IS_IN(character, zero_width))
		return 0;
	return IS_IN(character, double_width) ? 2 : 1;
}

size_t pyprof_utf8_fit(const char *text, size_t length, size_t columns)
{
	size_t used = 0;
	for (size_t at = 0; at < length;) {
		uint32_t character;
		size_t size =
			pyprof_utf8_decode(text + at, length - at, &character);
		used += pyprof_utf8_width(character);
		if (used > columns)
			return at;
		at += size;
	}
	return length;
}

size_t pyprof_utf8_columns(const char *text, size_t length)
{
	size_t columns = 0;
	for (size_t at = 0; at < length;) {
		uint32_t character;
		at += pyprof_utf8_decode(text + at, length - at, &character);
		columns += pyprof_utf8_width(character);
	}
	return columns;
}

void pyprof_utf8_put_visible(struct pyprof_buf *buf, const char *text,
			     size_t length)
{
	for (size_t at = 0; at < length;) {
		uint32_t character;
		size_t size =
			pyprof_utf8_decode(text + at, length - at, &character);
		if (character == '\t')
			pyprof_buf_puts(buf, "    ");
		else if (character < 0x20 ||
			 (character >= 0x7f && character < 0xa0) ||
			 character == 0x2028 || character == 0x2029 ||
			 character == PYPROF_UTF8_REPLACEMENT_CHARACTER ||
			 IS_IN(character, turning))
			pyprof_buf_puts(buf, PYPROF_UTF8_REPLACEMENT);
		else
			pyprof_buf_append(buf, text + at, size);
		at += size;
	}
}
