// SPDX-License-Identifier: Apache-2.0
#include "tests/support/pythons.h"

#include <check.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define PYTHONS_MAX 64

#define MINOR_OLDEST 8
#define MINOR_NEWEST 15

static const char *setting(const char *name, const char *other)
{
	const char *value = getenv(name);
	return value && *value ? value : other;
}

/* The minor version of ".../3.12.1/bin/python3" or ".../python3.14d". */
static int minor_of(const char *path)
{
	int minor = 0;
	const char *at = strstr(path, "/versions/3.");
	if (at)
		sscanf(at, "/versions/3.%d.", &minor);
	else if ((at = strrchr(path, '/')))
		sscanf(at, "/python3.%d", &minor);
	return minor;
}

static bool is_interpreter(const char *path)
{
	const char *name = strrchr(path, '/') + 1;
	size_t digits = strspn(name + strlen("python"), "0123456789.");
	const char *rest = name + strlen("python") + digits;
	return (!*rest || strcmp(rest, "d") == 0 || strcmp(rest, "t") == 0 ||
		strcmp(rest, "td") == 0) &&
	       minor_of(path) >= MINOR_OLDEST && access(path, X_OK) == 0;
}

static const char *found[PYTHONS_MAX + 1];

static size_t add(size_t count, const char *folder, const char *pattern)
{
	char whole[4096];
	glob_t paths;
	snprintf(whole, sizeof(whole), "%s/%s", folder, pattern);
	if (glob(whole, 0, NULL, &paths))
		return count;
	for (size_t i = 0; i < paths.gl_pathc && count < PYTHONS_MAX; i++) {
		if (is_interpreter(paths.gl_pathv[i]))
			found[count++] = strdup(paths.gl_pathv[i]);
	}
	globfree(&paths);
	return count;
}

static void say_missing(void)
{
	for (int minor = MINOR_OLDEST; minor <= MINOR_NEWEST; minor++) {
		bool is_there = false;
		for (size_t i = 0; found[i]; i++)
			is_there |= minor_of(found[i]) == minor;
		if (!is_there)
			printf("# skip: no interpreter of 3.%d here\n", minor);
	}
	fflush(stdout);
}

const char *const *pythons_all(void)
{
	char folder[4096];
	if (found[0])
		return found;
	snprintf(folder, sizeof(folder), "%s/.pyenv", setting("HOME", ""));
	size_t count = add(0, setting("PYENV_ROOT", folder),
			   "versions/3.*/bin/python3");
	count = add(count, "/usr/bin", "python3.*");
	snprintf(folder, sizeof(folder), "%s/.pythons",
		 setting("PYPROF_SRCDIR", "."));
	add(count, setting("PYPROF_PYTHONS", folder), "bin/python3.*");
	say_missing();
	return found;
}

static void run(const char *path, const char *program, int out)
{
	char text[4096];
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(text, sizeof(text),
		 "%s\nimport os, sys, time\n"
		 "os.write(%d, b'%%x %%d.' %% (sys.hexversion,\n"
		 "    hasattr(sys, 'gettotalrefcount')))\n"
		 "time.sleep(1000)\n",
		 program, out);
	execl(path, path, "-c", text, NULL);
	_exit(127);
}

struct python_child python_start(const char *path, const char *program)
{
	int pipes[2], debug;
	char text[64] = "";
	struct python_child child = {};
	ck_assert_int_eq(pipe(pipes), 0);
	child.pid = fork();
	ck_assert_int_ge(child.pid, 0);
	if (!child.pid)
		run(path, program, pipes[1]);
	close(pipes[1]);
	for (size_t length = 0; !strchr(text, '.');) {
		ssize_t size = read(pipes[0], text + length,
				    sizeof(text) - 1 - length);
		ck_assert_msg(size > 0, "%s does not start", path);
		length += (size_t)size;
	}
	close(pipes[0]);
	ck_assert_int_eq(sscanf(text, "%x %d", &child.version, &debug), 2);
	child.is_debug = debug;
	return child;
}
