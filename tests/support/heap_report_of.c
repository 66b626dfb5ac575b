// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Writes a report of the heap of a process, which stands still meanwhile:
 * heap_report_of PID OUTPUT. The ending of OUTPUT picks the format.
 *
 * heap_report_of PID OUTPUT growth: a page of what grew until a line comes in,
 * after "copied" was printed.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/report/heap_diff_report.h"
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

static struct pyprof_heap *look(struct pyprof_target *target, int32_t pid)
{
	struct pyprof_heap *heap = NULL;
	must(pyprof_heap_create(copy(target, pid), target, NULL, &heap));
	must(pyprof_heap_dominate(heap, NULL));
	return heap;
}

static void write_report(struct pyprof_heap *heap,
			 const struct pyprof_heap_facts *facts,
			 const char *path, struct pyprof_buf *out)
{
	const struct pyprof_heap_report_format *format = NULL;
	struct pyprof_heap_report report = {};
	must(pyprof_heap_report_format_find(NULL, path, &format));
	must(pyprof_heap_report_init(heap, facts, NULL, &report));
	must(format->write(&report, out));
	pyprof_heap_report_deinit(&report);
}

static void write_growth(struct pyprof_target *target, struct pyprof_heap *old,
			 const struct pyprof_heap_facts *facts,
			 struct pyprof_buf *out)
{
	struct pyprof_diff diff = {};
	struct pyprof_heap_diff_view view = {
		.diff = &diff,
		.heaps = {old},
		.facts = {*facts, *facts},
		.type_limit = 5000,
	};
	puts("copied");
	fflush(stdout);
	while (getchar() != '\n') {
	}
	view.heaps[1] = look(target, facts->pid);
	view.facts[1].taken_at += 3725;
	must(pyprof_diff_find(old, view.heaps[1], 200, NULL, &diff));
	must(pyprof_paths_create(view.heaps[1], NULL, &view.paths));
	must(pyprof_heap_diff_html(&view, out));
	pyprof_paths_destroy(view.paths);
	pyprof_diff_deinit(&diff);
	pyprof_heap_destroy(view.heaps[1]);
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	int32_t pid = (int32_t)strtol(argv[1], NULL, 10);
	struct pyprof_target *target = NULL;
	must(pyprof_linux_process_create(pid, &target));
	struct pyprof_heap *heap = look(target, pid);
	struct pyprof_heap_facts facts = {
		.pid = pid,
		.program = "python3 leaky.py <&>",
		.taken_at = 1700000000,
		.memory_bytes = 1 << 24,
	};
	_cleanup_buf_ struct pyprof_buf out = PYPROF_BUF_INIT;
	if (argc == 3)
		write_report(heap, &facts, argv[2], &out);
	else
		write_growth(target, heap, &facts, &out);
	must(pyprof_report_save(argv[2], &out));
	pyprof_heap_destroy(heap);
	pyprof_target_destroy(target);
	return 0;
}
