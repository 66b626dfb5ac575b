// SPDX-License-Identifier: Apache-2.0
#include "core/base/nearest.h"

#include <string.h>

/** Longer words are not compared; no right word is that long. */
#define MAX_WORD 40

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t pyprof_edit_distance(const char *a, const char *b)
{
	size_t a_length = strlen(a), b_length = strlen(b);
	if (a_length > MAX_WORD || b_length > MAX_WORD)
		return a_length > b_length ? a_length : b_length;

	/* Rows of the usual table: the two before the one being filled. */
	size_t rows[3][MAX_WORD + 1];
	size_t *before = rows[0], *last = rows[1], *row = rows[2];
	for (size_t j = 0; j <= b_length; j++)
		last[j] = j;
	for (size_t i = 1; i <= a_length; i++) {
		row[0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			size_t change = last[j - 1] + (a[i - 1] != b[j - 1]);
			row[j] = min(change, min(last[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				row[j] = min(row[j], before[j - 2] + 1);
		}
		size_t *oldest = before;
		before = last;
		last = row;
		row = oldest;
	}
	return last[b_length];
}

void pyprof_nearest_offer(struct pyprof_nearest *nearest, const char *wrong,
			  const char *right)
{
	size_t length = strlen(wrong);
	size_t distance = pyprof_edit_distance(wrong, right);
	/* The beginning of a word is as good as one letter missing. */
	if (length && strncmp(wrong, right, length) == 0)
		distance = min(distance, 1);
	/* A third of the letters wrong is another word. */
	if (distance > 1 + length / 3)
		return;
	if (!nearest->word || distance < nearest->distance)
		*nearest = (struct pyprof_nearest){right, distance};
}
