// SPDX-License-Identifier: Apache-2.0
/*
 * linetables MINOR: decode the line tables on standard input, which
 * tests/targets/linetables.py writes, and compare with what it says.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cpython/layouts/layouts.h"
#include "core/cpython/linetable.h"

#define TABLE_MAX (1 << 24)

struct said {
	int32_t offset, line, end_line, column, end_column;
};

static bool read_all(void *buffer, size_t size)
{
	return fread(buffer, 1, size, stdin) == size;
}

static bool equal(const struct said *said,
		  const struct pyprof_position *position)
{
	return said->line == position->line &&
	       said->end_line == position->end_line &&
	       said->column == position->column &&
	       said->end_column == position->end_column;
}

static size_t compare(enum pyprof_linetable_kind kind, const uint8_t *table,
		      int32_t size, int32_t first_line, int32_t count)
{
	size_t wrong = 0;
	for (int32_t i = 0; i < count; i++) {
		struct said said;
		struct pyprof_position position;
		if (!read_all(&said, sizeof(said)))
			exit(2);
		pyprof_linetable_find(kind, table, (size_t)size, first_line,
				      said.offset, &position);
		if (equal(&said, &position))
			continue;
		if (!wrong++)
			printf("first line %d, offset %d: "
			       "%d-%d, %d-%d, not %d-%d, %d-%d\n",
			       first_line, said.offset, position.line,
			       position.end_line, position.column,
			       position.end_column, said.line, said.end_line,
			       said.column, said.end_column);
	}
	return wrong;
}

int main(int argc, char **argv)
{
	const struct pyprof_known_version *version =
		argc > 1 ? pyprof_known_version(atoi(argv[1])) : NULL;
	if (!version)
		return 2;
	size_t tables = 0, positions = 0, wrong = 0;
	int32_t head[3];
	while (read_all(head, sizeof(head))) {
		if (head[1] < 0 || head[1] > TABLE_MAX || head[2] < 0)
			return 2;
		uint8_t *table = malloc((size_t)head[1] + 1);
		if (!table || !read_all(table, (size_t)head[1]))
			return 2;
		wrong += compare(version->linetable, table, head[1], head[0],
				 head[2]);
		free(table);
		tables++;
		positions += (size_t)head[2];
	}
	printf("%zu tables, %zu instructions, %zu wrong\n", tables, positions,
	       wrong);
	return wrong || !tables;
}
