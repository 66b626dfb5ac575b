// SPDX-License-Identifier: Apache-2.0
#include "core/cpython/python_libc.h"

#include <string.h>

#include "core/image/elf.h"

/* Bytes of a thread descriptor that are searched for the thread's id. */
#define DESCRIPTOR_SEARCHED 1600

/* Numbers of CPUs are below this on any machine that there is. */
#define CPUS_MAX 65536

/* Where in struct rseq the kernel writes the number of the CPU. */
#define RSEQ_CPU_ID 4

static bool is_fatal(const struct pyprof_error *err)
{
	return err && (err->code == PYPROF_ERROR_OOM ||
		       err->code == PYPROF_ERROR_GONE);
}

/* Forget an error that only means that something is not known. */
static struct pyprof_error *forgive(struct pyprof_error *err)
{
	if (is_fatal(err))
		return err;
	pyprof_error_destroy(err);
	return NULL;
}

/* pthread_self() of the main thread, which is its thread descriptor; or 0. */
static uint64_t read_main_thread(const struct pyprof_python *python)
{
	uint64_t ident = 0;
	if (!pyprof_has(&python->layout, runtime.main_thread))
		return 0;
	_cleanup_error_ struct pyprof_error *err = pyprof_target_read_u64(
		python->target,
		python->runtime + python->layout.at.runtime.main_thread,
		&ident);
	return !err && pyprof_plausible_pointer(ident) ? ident : 0;
}

/* The main thread's id as the target itself sees it; 0 when not known. */
static struct pyprof_error *read_main_tid(const struct pyprof_python *python,
					  uint64_t ident, int32_t *ret)
{
	struct pyprof_target *target = python->target;
	const struct pyprof_os_thread *threads;
	size_t count;
	*ret = 0;
	struct pyprof_error *err =
		target->ops->threads(target, &threads, &count);
	if (err)
		return forgive(err);
	for (size_t i = 0; i < count; i++) {
		if (threads[i].thread_pointer
			    ? threads[i].thread_pointer == ident
			    : threads[i].tid == target->pid)
			*ret = threads[i].inner_tid;
	}
	return NULL;
}

static struct pyprof_error *find_tid_offset(struct pyprof_python *python,
					    uint64_t ident)
{
	int32_t tid, words[DESCRIPTOR_SEARCHED / sizeof(int32_t)];
	struct pyprof_error *err = read_main_tid(python, ident, &tid);
	if (err || !tid)
		return err;
	err = pyprof_target_read(python->target, ident, words, sizeof(words));
	if (err)
		return forgive(err);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (words[i] == tid) {
			python->tid_offset = (int32_t)(i * sizeof(words[0]));
			return NULL;
		}
	}
	return NULL;
}

static bool is_libc(const char *path)
{
	static const char *const names[] = {"ld-linux", "ld-2", "libc.so.6",
					    "libc-2"};
	const char *slash = strrchr(path, '/');
	for (size_t i = 0; slash && i < sizeof(names) / sizeof(names[0]); i++) {
		if (strncmp(slash + 1, names[i], strlen(names[i])) == 0)
			return true;
	}
	return false;
}

/*
 * What glibc says of the areas that it registered with the kernel; NOT_FOUND
 * in a library that does not say.
 */
static struct pyprof_error *read_rseq(struct pyprof_target *target,
				      struct pyprof_elf *elf,
				      int64_t *offset_ret, uint32_t *size_ret)
{
	uint64_t offset_at, size_at, size, offset;
	struct pyprof_error *err =
		pyprof_elf_symbol(elf, "__rseq_offset", &offset_at, &size);
	if (!err)
		err = pyprof_elf_symbol(elf, "__rseq_size", &size_at, &size);
	if (!err)
		err = pyprof_target_read_u64(target, offset_at, &offset);
	if (!err)
		err = pyprof_target_read_u32(target, size_at, size_ret);
	if (!err)
		*offset_ret = (int64_t)offset;
	return err;
}

/* Whether the kernel really keeps the area of the main thread. */
static bool has_cpu(struct pyprof_target *target, uint64_t area)
{
	uint32_t cpu;
	_cleanup_error_ struct pyprof_error *err =
		pyprof_target_read_u32(target, area + RSEQ_CPU_ID, &cpu);
	return !err && cpu < CPUS_MAX;
}

static struct pyprof_error *find_rseq(struct pyprof_python *python,
				      uint64_t ident, const char *path)
{
	_cleanup_(pyprof_elf_cleanup) struct pyprof_elf *elf = NULL;
	int64_t offset = 0;
	uint32_t size = 0;
	struct pyprof_error *err = pyprof_elf_open(python->target, path, &elf);
	if (!err)
		err = read_rseq(python->target, elf, &offset, &size);
	if (err)
		return forgive(err);
	if (size && has_cpu(python->target, ident + (uint64_t)offset)) {
		python->rseq_offset = offset;
		python->has_rseq = true;
	}
	return NULL;
}

static struct pyprof_error *search_libc(struct pyprof_python *python,
					uint64_t ident)
{
	const struct pyprof_mapping *maps;
	size_t count;
	for (size_t i = 0; !python->has_rseq; i++) {
		/* Again each time: opening a file may read them, too. */
		struct pyprof_error *err = python->target->ops->mappings(
			python->target, &maps, &count);
		if (err)
			return forgive(err);
		if (i >= count)
			return NULL;
		if (!maps[i].executable || !is_libc(maps[i].path))
			continue;
		err = find_rseq(python, ident, maps[i].path);
		if (err)
			return err;
	}
	return NULL;
}

struct pyprof_error *pyprof_python_read_libc(struct pyprof_python *python)
{
	python->tid_offset = -1;
	uint64_t ident = read_main_thread(python);
	if (!ident)
		return NULL;
	struct pyprof_error *err = find_tid_offset(python, ident);
#ifdef __x86_64__
	/* Elsewhere, a descriptor is not where the thread pointer points. */
	if (!err)
		err = search_libc(python, ident);
#endif
	return err;
}
