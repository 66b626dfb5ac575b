// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Functions that core/ must not call, made into errors.
 *
 * The core lives in somebody's debugger: it must not end it (abort, exit,
 * assert), write to its terminal behind its back (printf, puts), write past a
 * buffer (strcpy, sprintf), or depend on state that another thread changes
 * (gmtime, strtok, rand, setlocale).
 *
 * The build includes this file before every file of core/; nobody includes it
 * by hand. The headers that declare these functions come first, so that the
 * declarations themselves still compile. Calls that system headers bring in
 * (uthash's own exit) are found by scripts/check-style in the objects.
 */
#ifndef PYPROF_BASE_BANNED_H
#define PYPROF_BASE_BANNED_H

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BANNED(function) function##_is_banned_here_see_banned_h

/* Ends the debugger. */
#undef abort
#define abort() BANNED(abort)
#undef exit
#define exit(status) BANNED(exit)
#undef _exit
#define _exit(status) BANNED(_exit)
#undef _Exit
#define _Exit(status) BANNED(_Exit)
/* Including assert.h would define it anew; scripts/check-style sees to that. */
#undef assert
#define assert(condition) BANNED(assert)

/* Writes to the debugger's terminal: append to a buffer (buf.h). */
#undef printf
#define printf(...) BANNED(printf)
#undef vprintf
#define vprintf(...) BANNED(vprintf)
#undef puts
#define puts(text) BANNED(puts)
#undef putchar
#define putchar(c) BANNED(putchar)
#undef perror
#define perror(text) BANNED(perror)

/* Does not know how large the buffer is: snprintf, memcpy, buf.h. */
#undef strcpy
#define strcpy(to, from) BANNED(strcpy)
#undef strcat
#define strcat(to, from) BANNED(strcat)
#undef strncpy
#define strncpy(to, from, size) BANNED(strncpy)
#undef strncat
#define strncat(to, from, size) BANNED(strncat)
#undef stpcpy
#define stpcpy(to, from) BANNED(stpcpy)
#undef sprintf
#define sprintf(...) BANNED(sprintf)
#undef vsprintf
#define vsprintf(...) BANNED(vsprintf)
#undef alloca
#define alloca(size) BANNED(alloca)

/* Shares state with other threads of the debugger. */
#undef strtok
#define strtok(text, separators) BANNED(strtok)
#undef gmtime
#define gmtime(time) BANNED(gmtime)
#undef localtime
#define localtime(time) BANNED(localtime)
#undef ctime
#define ctime(time) BANNED(ctime)
#undef asctime
#define asctime(time) BANNED(asctime)
#undef strerror
#define strerror(number) BANNED(strerror)
#undef rand
#define rand() BANNED(rand)
#undef random
#define random() BANNED(random)
#undef setlocale
#define setlocale(category, name) BANNED(setlocale)
#undef setenv
#define setenv(name, value, overwrite) BANNED(setenv)
#undef signal
#define signal(number, handler) BANNED(signal)

/* Takes any text for a number. */
#undef atoi
#define atoi(text) BANNED(atoi)
#undef atol
#define atol(text) BANNED(atol)
#undef atof
#define atof(text) BANNED(atof)

#endif /* PYPROF_BASE_BANNED_H */
