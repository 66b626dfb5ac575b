// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_heap CORE COUNT [FIRST]: each command that looks at a heap, on a small
 * core and on COUNT damaged copies of it, number FIRST (0) and so on. What is
 * done to a copy depends on its number alone: COUNT 1 does one of them again.
 *
 * The copy is a file in memory. What is asked for of memory and how often work
 * says how far it is are counted, and have bounds.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/command/command.h"
#include "core/command/session.h"
#include "tests/support/fake_host.h"

/* The largest piece of memory, all of them together, text of one command, and
 * how often one command says how far it is. */
#define PIECE_MAX ((size_t)64 << 20)
#define MEMORY_MAX ((size_t)1 << 30)
#define TEXT_MAX ((size_t)1 << 20)
#define STEPS_MAX 100000

#define EDITS_MAX 32

static const char *const commands[] = {
	"bt all --locals --limit 64",
	/* When this is refused, what follows is, too. */
	"heap",
	"heap types --json",
	"heap top --json",
	"heap tree",
	"heap path dict",
	"heap find Node --json",
	"heap strings",
	"heap garbage --json",
	"heap suspects",
	"heap frag",
};

/* What is asked of one object. */
static const char *const questions[] = {
	"heap path",	    "heap refs --json", "heap holders",
	"heap show --json", "heap tree",
};

struct edit {
	size_t at;
	uint64_t was;
};

static uint8_t *original, *copy;
static size_t size;
static int file;
static char path[64];
static struct edit edits[EDITS_MAX];
static size_t edit_count;
static size_t cut;
static uint64_t state;
static uint64_t number;
static const char *running;
static atomic_size_t asked, largest;

static void say_where(const char *what)
{
	fprintf(stderr, "damage %llu, %s: %s\n", (unsigned long long)number,
		running, what);
}

static void fail(const char *what)
{
	say_where(what);
	exit(1);
}

static void crashed(int sig)
{
	say_where(strsignal(sig));
	signal(sig, SIG_DFL);
	raise(sig);
}

/*
 * Memory that is asked for.
 */

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);

static void count(size_t bytes)
{
	atomic_fetch_add(&asked, bytes);
	size_t known = atomic_load(&largest);
	while (bytes > known &&
	       !atomic_compare_exchange_weak(&largest, &known, bytes))
		;
}

void *__wrap_malloc(size_t bytes)
{
	count(bytes);
	return __real_malloc(bytes);
}

void *__wrap_calloc(size_t items, size_t bytes)
{
	size_t all;
	count(__builtin_mul_overflow(items, bytes, &all) ? SIZE_MAX : all);
	return __real_calloc(items, bytes);
}

void *__wrap_realloc(void *old, size_t bytes)
{
	count(bytes);
	return __real_realloc(old, bytes);
}

/*
 * Damage.
 */

/* splitmix64: good from any seed on. */
static uint64_t next_random(uint64_t below)
{
	uint64_t mixed = state += UINT64_C(0x9e3779b97f4a7c15);
	mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
	return (mixed ^ mixed >> 31) % below;
}

static uint64_t word_at(size_t at)
{
	uint64_t word;
	memcpy(&word, original + at, sizeof(word));
	return word;
}

/* A word that holds something, most of the time. */
static size_t some_word(void)
{
	size_t at = 0;
	for (int i = 0; i < 8; i++) {
		at = next_random(size / 8) * 8;
		if (word_at(at))
			break;
	}
	return at;
}

static uint64_t damaged(uint64_t word)
{
	static const uint64_t odd[] = {0,
				       1,
				       8,
				       0x7fff,
				       UINT32_MAX,
				       INT64_MAX,
				       UINT64_MAX,
				       UINT64_C(1) << 60,
				       UINT64_C(1) << 46,
				       UINT64_C(0xdddddddddddddddd)};
	switch (next_random(6)) {
	case 0:
		return word ^ UINT64_C(1) << next_random(64);
	case 1:
		return word ^ next_random(256) << 8 * next_random(8);
	case 2:
		return odd[next_random(sizeof(odd) / sizeof(odd[0]))];
	case 3:
		return word + 16 * next_random(64) - 16 * 32;
	default:
		/* What is elsewhere: another type, a cycle. */
		return word_at(some_word());
	}
}

static void damage(void)
{
	state = number << 20;
	edit_count = 1 + next_random(EDITS_MAX);
	for (size_t i = 0; i < edit_count; i++) {
		size_t at =
			next_random(64) ? some_word() : next_random(512) * 8;
		uint64_t word = damaged(word_at(at));
		edits[i].at = at;
		memcpy(copy + at, &word, sizeof(word));
	}
	cut = next_random(6) ? size : next_random(size);
	if (cut < size && ftruncate(file, (off_t)cut))
		fail("ftruncate");
}

static void repair(void)
{
	if (cut < size) {
		if (ftruncate(file, (off_t)size))
			fail("ftruncate");
		memcpy(copy + cut, original + cut, size - cut);
	}
	for (size_t i = 0; i < edit_count; i++)
		memcpy(copy + edits[i].at, original + edits[i].at, 8);
}

/*
 * Looking at it.
 */

static void check(struct pyprof_buf *out, struct pyprof_error *err,
		  const struct fake_host *host)
{
	if (host->asked > STEPS_MAX)
		fail("too many steps");
	if (atomic_load(&largest) > PIECE_MAX ||
	    atomic_load(&asked) > MEMORY_MAX)
		fail("too much memory");
	if (out->length > TEXT_MAX)
		fail("too much text");
	if (err && (!err->message[0] || strchr(err->message, '\n')))
		fail("an error that is not one line");
}

/* Returns whether it was answered. */
static bool ask(struct pyprof_session *session, const char *line)
{
	_cleanup_buf_ struct pyprof_buf out = PYPROF_BUF_INIT;
	struct fake_host *host = session->host;
	running = line;
	host->asked = 0;
	atomic_store(&asked, 0);
	atomic_store(&largest, 0);
	struct pyprof_error *err = pyprof_command_run(session, line, &out);
	check(&out, err, host);
	if (getenv("FUZZ_VERBOSE"))
		printf("%s: %s\n%s", line, err ? err->message : "", out.data);
	bool is_good = !err;
	pyprof_error_destroy(err);
	return is_good;
}

/* An object of the program's, which is where nothing was damaged, too. */
static uint64_t some_object(struct pyprof_session *session)
{
	struct pyprof_snapshot *current = session->heaps.current;
	if (!current || !current->heap || !current->heap->index.count)
		return 0;
	return pyprof_index_address(
		&current->heap->index,
		(uint32_t)next_random(current->heap->index.count));
}

/* How many commands had an answer. */
static size_t look(void)
{
	struct pyprof_session *session = NULL;
	struct fake_host host;
	size_t answers = 0;
	fake_host_init(&host);
	host.inferior = (struct pyprof_inferior){.kind = PYPROF_INFERIOR_CORE,
						 .core_path = path};
	struct pyprof_error *err =
		pyprof_session_create(&fake_host_ops, &host, &session);
	if (err)
		fail(err->message);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (i < 2 || session->heaps.current)
			answers += ask(session, commands[i]);
	uint64_t object = some_object(session);
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		char line[64];
		snprintf(line, sizeof(line), "%s %#llx", questions[i],
			 (unsigned long long)object);
		if (object)
			answers += ask(session, line);
	}
	pyprof_session_destroy(session);
	fake_host_deinit(&host);
	return answers;
}

static void read_core(const char *name)
{
	struct stat info;
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	file = memfd_create("core", MFD_CLOEXEC);
	if (fd < 0 || file < 0 || fstat(fd, &info))
		fail(strerror(errno));
	size = (size_t)info.st_size & ~(size_t)7;
	original = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (ftruncate(file, (off_t)size))
		fail(strerror(errno));
	copy = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (size < 4096 || original == MAP_FAILED || copy == MAP_FAILED)
		fail("the core cannot be mapped");
	memcpy(copy, original, size);
	close(fd);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
}

int main(int argc, char **argv)
{
	static const int signals[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE,
				      SIGXCPU};
	const size_t all = sizeof(commands) / sizeof(commands[0]) +
			   sizeof(questions) / sizeof(questions[0]);
	if (argc < 3)
		return 2;
	running = "start";
#ifdef __SANITIZE_ADDRESS__
	/* Says more, and which damage it was by what is called last. */
	(void)signals;
	(void)crashed;
#else
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], crashed);
#endif
	read_core(argv[1]);
	if (look() != all)
		fail("not all that is asked of the core itself has an answer");
	unsigned long long wanted = strtoull(argv[2], NULL, 0);
	unsigned long long first = argc > 3 ? strtoull(argv[3], NULL, 0) : 0;
	size_t whole = 0, none = 0;
	for (number = first; number < first + wanted; number++) {
		damage();
		size_t answers = look();
		whole += answers == all;
		none += !answers;
		repair();
	}
	printf("1..1\nok 1 - %llu damaged cores from number %llu on; "
	       "%zu could be read, %zu not at all\n",
	       wanted, first, whole, none);
	return 0;
}
