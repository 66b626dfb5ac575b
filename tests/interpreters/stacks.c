// SPDX-License-Identifier: Apache-2.0
/*
 * stacks PYTHON SCRIPT: start a program, wait for its first line of output,
 * print that, and then what the decoders say of its threads:
 *
 *	python	VERSION	LAYOUT'S SOURCE
 *	thread	IDENT	TID	MAIN	INTERPRETER	FRAMES	END	MISSES
 *	frame	FILE	NAME	QUALNAME	LINE	END	COLUMN END
 *OFFSET
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "core/cpython/code.h"
#include "core/cpython/frame.h"
#include "core/cpython/thread.h"
#include "core/target/linux_process.h"

struct program {
	pid_t pid;
	int input, output;
};

static void start(char **argv, struct program *program)
{
	int in[2], out[2];
	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		exit(2);
	program->pid = fork();
	if (!program->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(in[0], 0);
		dup2(out[1], 1);
		execv(argv[0], argv);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	program->input = in[1];
	program->output = out[0];
}

/* Pass the program's line on. */
static bool pass_line(int fd)
{
	char text[65536];
	ssize_t got;
	while ((got = read(fd, text, sizeof(text))) > 0) {
		fwrite(text, 1, (size_t)got, stdout);
		if (text[got - 1] == '\n')
			return true;
	}
	return false;
}

static struct pyprof_error *print_frame(struct pyprof_code_cache *cache,
					const struct pyprof_strtab *strings,
					const struct pyprof_raw_frame *raw)
{
	struct pyprof_frame frame;
	struct pyprof_error *err =
		pyprof_frame_decode(cache, raw, true, &frame);
	if (err)
		return err;
	if (frame.hidden)
		return NULL;
	printf("frame\t%s\t%s\t%s\t%d\t%d\t%d\t%d\t%lld\n",
	       pyprof_strtab_get(strings, frame.code->file),
	       pyprof_strtab_get(strings, frame.code->name),
	       pyprof_strtab_get(strings, frame.code->qualname),
	       frame.position.line, frame.position.end_line,
	       frame.position.column, frame.position.end_column,
	       (long long)frame.offset);
	return NULL;
}

static struct pyprof_error *print_thread(const struct pyprof_python *python,
					 struct pyprof_code_cache *cache,
					 const struct pyprof_strtab *strings,
					 const struct pyprof_thread *thread)
{
	_cleanup_(pyprof_look_cleanup) struct pyprof_look *look = NULL;
	_cleanup_(pyprof_raw_stack_deinit) struct pyprof_raw_stack stack = {};
	struct pyprof_error *err = pyprof_look_create(python->target, &look);
	/* The second time from warm pieces. */
	for (int i = 0; !err && i < 2; i++) {
		pyprof_look_refresh(look, NULL, 0, NULL, 0);
		err = pyprof_frames_walk(python, look, thread->address, &stack);
	}
	if (err)
		return err;
	printf("thread\t%llu\t%d\t%d\t%lld\t%zu\t%d\t%zu\n",
	       (unsigned long long)thread->ident, thread->tid, thread->is_main,
	       (long long)thread->interp_id, stack.count, stack.end,
	       pyprof_look_misses(look));
	pyprof_code_cache_prefetch(cache, stack.frames, stack.count);
	for (size_t i = 0; !err && i < stack.count; i++)
		err = print_frame(cache, strings, &stack.frames[i]);
	return err;
}

static struct pyprof_error *print_threads(struct pyprof_python *python,
					  struct pyprof_strtab *strings)
{
	_cleanup_(pyprof_code_cache_cleanup) struct pyprof_code_cache *cache =
		NULL;
	_cleanup_(pyprof_threads_deinit) struct pyprof_threads threads = {};
	struct pyprof_error *err =
		pyprof_code_cache_create(python, strings, &cache);
	/* The second time from the first one's addresses. */
	for (int i = 0; !err && i < 2; i++)
		err = pyprof_threads_read(python, &threads);
	for (size_t i = 0; !err && i < threads.list.count; i++)
		err = print_thread(python, cache, strings,
				   &threads.list.items[i]);
	return err;
}

static struct pyprof_error *look_at(pid_t pid)
{
	_cleanup_(pyprof_target_cleanup) struct pyprof_target *target = NULL;
	_cleanup_(pyprof_python_cleanup) struct pyprof_python *python = NULL;
	struct pyprof_error *err = pyprof_linux_process_create(pid, &target);
	if (!err)
		err = pyprof_python_find(target, &python);
	if (err)
		return err;
	char version[32];
	printf("python\t%s\t%s\n",
	       pyprof_version_text(python->build.version, version),
	       python->layout.source);
	struct pyprof_strtab *strings;
	err = pyprof_strtab_create(&strings);
	if (err)
		return err;
	err = print_threads(python, strings);
	pyprof_strtab_destroy(strings);
	return err;
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	struct program program;
	start(argv + 1, &program);
	struct pyprof_error *err = NULL;
	bool has_begun = pass_line(program.output);
	if (has_begun)
		err = look_at(program.pid);
	kill(program.pid, SIGKILL);
	waitpid(program.pid, NULL, 0);
	if (err)
		printf("error\t%s\n", err->message);
	bool failed = err != NULL;
	pyprof_error_destroy(err);
	return has_begun && !failed ? 0 : 1;
}
