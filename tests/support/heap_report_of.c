// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Writes a report of the heap of a process, which stands still meanwhile:
 * heap_report_of PID OUTPUT. The ending of OUTPUT picks the format.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/report/heap_report.h"
#include "core/report/report.h"
#include "core/target/linux_process.h"

static void must(struct pyprof_error *err)
{
	if (!err)
		return;
	fprintf(stderr, "heap_report_of: %s\n", err->message);
	exit(1);
}

static struct pyprof_memory *copy(struct pyprof_target *target, int32_t pid)
{
	struct pyprof_memory *memory = NULL;
	kill(pid, SIGSTOP);
	struct pyprof_error *err = pyprof_memory_create(target, NULL, &memory);
	kill(pid, SIGCONT);
	must(err);
	return memory;
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	int32_t pid = (int32_t)strtol(argv[1], NULL, 10);
	const struct pyprof_heap_report_format *format = NULL;
	struct pyprof_heap_report report = {};
	struct pyprof_target *target = NULL;
	struct pyprof_heap *heap = NULL;
	must(pyprof_heap_report_format_find(NULL, argv[2], &format));
	must(pyprof_linux_process_create(pid, &target));
	must(pyprof_heap_create(copy(target, pid), target, NULL, &heap));
	struct pyprof_heap_facts facts = {
		.pid = pid,
		.program = "python3 leaky.py <&>",
		.taken_at = 1700000000,
	};
	must(pyprof_heap_report_init(heap, &facts, NULL, &report));
	_cleanup_buf_ struct pyprof_buf out = PYPROF_BUF_INIT;
	must(format->write(&report, &out));
	must(pyprof_report_save(argv[2], &out));
	pyprof_heap_report_deinit(&report);
	pyprof_heap_destroy(heap);
	pyprof_target_destroy(target);
	return 0;
}
