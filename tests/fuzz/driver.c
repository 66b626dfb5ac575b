// SPDX-License-Identifier: Apache-2.0
/*
 * FUZZER CORPUS [COUNT [SEED]]: run a fuzzer without libFuzzer: on each file
 * of a folder, then on COUNT mutations of them, the same ones each time. A
 * crash leaves the input in FUZZER.crash.
 *
 * With clang, link a fuzzer with -fsanitize=fuzzer instead of this file.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INPUT_MAX 8192
#define FILES_MAX 256

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	uint8_t data[INPUT_MAX];
	size_t size;
};

static struct input files[FILES_MAX];
static size_t file_count;
static struct input current;
static char crash_path[4096];

static uint64_t state;

/* xorshift64 */
static uint64_t next_random(uint64_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return below ? state % below : 0;
}

static void keep_crash(int sig)
{
	int fd = open(crash_path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd >= 0)
		(void)!write(fd, current.data, current.size);
	(void)!write(1, "not ok 1\n", 9);
	signal(sig, SIG_DFL);
	raise(sig);
}

static void run(const struct input *input)
{
	current = *input;
	/* Of its exact size, so that sanitizers see reads behind its end. */
	uint8_t *copy = malloc(input->size ? input->size : 1);
	if (!copy)
		exit(2);
	memcpy(copy, input->data, input->size);
	LLVMFuzzerTestOneInput(copy, input->size);
	free(copy);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void read_file(int folder, const char *name)
{
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || file_count == FILES_MAX)
		exit(2);
	ssize_t size = read(fd, files[file_count].data, INPUT_MAX);
	close(fd);
	if (size < 0)
		exit(2);
	files[file_count++].size = (size_t)size;
}

/* In order of name: the same run everywhere. */
static void read_corpus(const char *path)
{
	char *names[FILES_MAX];
	size_t count = 0;
	DIR *folder = opendir(path);
	if (!folder)
		exit(2);
	struct dirent *entry;
	while ((entry = readdir(folder)) && count < FILES_MAX)
		if (entry->d_name[0] != '.')
			names[count++] = strdup(entry->d_name);
	qsort(names, count, sizeof(*names), compare_names);
	for (size_t i = 0; i < count; i++) {
		read_file(dirfd(folder), names[i]);
		free(names[i]);
	}
	closedir(folder);
}

static void mutate_once(struct input *input)
{
	static const uint64_t odd[] = {
		0, 1, 8, 0x7fff, UINT32_MAX, UINT64_MAX, UINT64_C(1) << 60};
	size_t at = next_random(input->size + 1);
	size_t rest = input->size - at;
	switch (next_random(5)) {
	case 0:
		if (rest)
			input->data[at] ^= (uint8_t)(1 << next_random(8));
		break;
	case 1:
		if (rest)
			input->data[at] = (uint8_t)next_random(256);
		break;
	case 2:
		if (rest >= 8)
			memcpy(input->data + at, &odd[next_random(7)], 8);
		break;
	case 3:
		input->size = at;
		break;
	default:
		if (input->size < INPUT_MAX) {
			memmove(input->data + at + 1, input->data + at, rest);
			input->data[at] = (uint8_t)next_random(256);
			input->size++;
		}
	}
}

static void run_mutation(void)
{
	struct input input = files[next_random(file_count)];
	for (uint64_t count = 1 + next_random(16); count; count--)
		mutate_once(&input);
	run(&input);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	long count = argc > 2 ? atol(argv[2]) : 1000;
	state = argc > 3 ? strtoull(argv[3], NULL, 0) : 0x9e3779b97f4a7c15;
	snprintf(crash_path, sizeof(crash_path), "%s.crash", argv[0]);
	signal(SIGSEGV, keep_crash);
	signal(SIGABRT, keep_crash);
	signal(SIGBUS, keep_crash);
	signal(SIGFPE, keep_crash);
	read_corpus(argv[1]);
	if (!file_count)
		return 2;
	for (size_t i = 0; i < file_count; i++)
		run(&files[i]);
	for (long i = 0; i < count; i++)
		run_mutation();
	printf("1..1\nok 1 - %zu inputs and %ld mutations\n", file_count,
	       count);
	return 0;
}
