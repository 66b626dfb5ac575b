// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_running PROGRAM COUNT: each command, COUNT times, on a Python program
 * that a debugger says stands still while it goes on, and becomes another one:
 * what is read twice is not the same twice. There are no right answers; there
 * is an answer, or an error of one line, in a time and with a memory that have
 * bounds.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/command/command.h"
#include "core/command/session.h"
#include "tests/support/fake_host.h"

#define PYTHON "/usr/bin/python3"
#define TEXT_MAX ((size_t)64 << 20)

/* The program starts itself anew after so many seconds. */
#define RUNS_FOR "0.5"

static const char *const commands[] = {
	"info",
	"threads",
	"bt all --locals --limit 64",
	"bt all --json",
	"heap",
	"heap types --json",
	"heap top --json",
	"heap tree",
	"heap path dict",
	"heap path Plain",
	"heap strings",
	"heap garbage --json",
	"heap suspects",
	"heap frag",
	"heap find Plain",
};

static const char *running = "start";

static void fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", running, what);
	exit(1);
}

static pid_t start(const char *program)
{
	int out[2];
	if (pipe(out))
		fail("pipe");
	pid_t pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(out[1], STDOUT_FILENO);
		close(out[0]);
		close(out[1]);
		execl(PYTHON, PYTHON, program, RUNS_FOR, (char *)NULL);
		_exit(127);
	}
	close(out[1]);
	char c = '\0';
	while (c != '\n')
		if (read(out[0], &c, 1) != 1)
			fail("the program ended before it was ready");
	/* The other end stays open: the program says so again. */
	return pid;
}

/* Returns whether it was answered. */
static bool ask(struct pyprof_session *session, const char *line)
{
	_cleanup_buf_ struct pyprof_buf out = PYPROF_BUF_INIT;
	running = line;
	_cleanup_error_ struct pyprof_error *err =
		pyprof_command_run(session, line, &out);
	if (out.length > TEXT_MAX)
		fail("too much text");
	if (err && (!err->message[0] || strchr(err->message, '\n')))
		fail("an error that is not one line");
	return !err;
}

/* How many commands of one session had an answer. */
static size_t look(pid_t pid)
{
	struct pyprof_session *session = NULL;
	struct fake_host host;
	size_t answers = 0;
	fake_host_init(&host);
	host.inferior = (struct pyprof_inferior){.kind = PYPROF_INFERIOR_LOCAL,
						 .pid = pid};
	if (pyprof_session_create(&fake_host_ops, &host, &session))
		fail("no session");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		answers += ask(session, commands[i]);
	pyprof_session_destroy(session);
	fake_host_deinit(&host);
	return answers;
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	pid_t pid = start(argv[1]);
	size_t answers = 0, count = strtoul(argv[2], NULL, 0);
	for (size_t i = 0; i < count; i++)
		answers += look(pid);
	if (waitpid(pid, NULL, WNOHANG) == pid)
		fail("the program has ended");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	if (!answers)
		fail("nothing was ever answered");
	printf("1..1\nok 1 - %zu sessions, %zu answers\n", count, answers);
	return 0;
}
