// SPDX-License-Identifier: Apache-2.0
/* The kind of the table, the offset in it, and the table. */
#include <stdlib.h>
#include <string.h>

#include "core/cpython/linetable.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct {
		uint8_t kind;
		int16_t first_line;
		uint16_t offset;
	} head;
	if (size < sizeof(head))
		return 0;
	memcpy(&head, data, sizeof(head));
	struct pyprof_position position;
	pyprof_linetable_find(head.kind % 3, data + sizeof(head),
			      size - sizeof(head), head.first_line, head.offset,
			      &position);
	if (position.line < PYPROF_NO_LINE || position.column < -1 ||
	    position.end_line < PYPROF_NO_LINE || position.end_column < -1)
		abort();
	return 0;
}
