// SPDX-License-Identifier: Apache-2.0
#include "tests/support/program.h"

#include <check.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#define PYTHON "/usr/bin/python3"

pid_t program_start(const char *source)
{
	int out[2];
	ck_assert_int_eq(pipe(out), 0);
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(out[1], STDOUT_FILENO);
		close(out[0]);
		close(out[1]);
		execl(PYTHON, PYTHON, "-u", "-c", source, (char *)NULL);
		_exit(127);
	}
	close(out[1]);
	char c = '\0';
	while (c != '\n')
		ck_assert_msg(read(out[0], &c, 1) == 1,
			      "the program ended before it was ready");
	close(out[0]);
	return pid;
}
