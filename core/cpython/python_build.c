// SPDX-License-Identifier: Apache-2.0
#include "core/cpython/python_build.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Constants of larger files are not searched. */
#define CONSTANTS_MAX (UINT64_C(64) << 20)

/* sizeof(_PyRuntimeState) is 280 KB in 3.13 and 430 KB in 3.15. */
#define RUNTIME_MIN (UINT64_C(100) << 10)
#define RUNTIME_MAX (UINT64_C(8) << 20)

#define FINAL 0xf0
#define MICRO_UNKNOWN 0xff

bool pyprof_build_is_debug_offsets(const void *head)
{
	uint64_t words[4];
	memcpy(words, head, sizeof(words));
	return memcmp(words, PYPROF_DEBUG_COOKIE, 8) == 0 &&
	       words[1] >> 24 == 3 && words[2] <= 1 &&
	       words[3] >= RUNTIME_MIN && words[3] <= RUNTIME_MAX;
}

/* A number of at most three digits; the rest of the text, or NULL. */
static const char *parse_number(const char *text, uint32_t *ret)
{
	const char *at = text;
	uint32_t value = 0;
	while (isdigit((unsigned char)*at) && at - text < 4)
		value = value * 10 + (uint32_t)(*at++ - '0');
	if (at == text || value > 0xff)
		return NULL;
	*ret = value;
	return at;
}

/* "a1", "b2", "rc3" or nothing. */
static const char *parse_level(const char *text, uint32_t *ret)
{
	static const struct {
		const char *name;
		uint32_t level;
	} levels[] = {{"a", 0xa0}, {"b", 0xb0}, {"rc", 0xc0}};
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		size_t length = strlen(levels[i].name);
		uint32_t serial;
		if (strncmp(text, levels[i].name, length) != 0)
			continue;
		text = parse_number(text + length, &serial);
		if (!text || serial > 0xf)
			return NULL;
		*ret = levels[i].level | serial;
		return text;
	}
	*ret = FINAL;
	return text;
}

/* All of a text as "3.8.18", "3.9.0rc1", "3.10.4+"; 0 if it is none. */
static uint32_t parse_version(const char *text)
{
	uint32_t major, minor, micro, level;
	text = parse_number(text, &major);
	if (!text || *text != '.')
		return 0;
	text = parse_number(text + 1, &minor);
	if (!text || *text != '.')
		return 0;
	text = parse_number(text + 1, &micro);
	if (!text)
		return 0;
	text = parse_level(text, &level);
	if (!text || (text[0] == '+' ? text[1] : text[0]))
		return 0;
	return major << 24 | minor << 16 | micro << 8 | level;
}

/* The "3.8" of ".../libpython3.8.so.1.0", its micro unknown; 0 without. */
static uint32_t version_of_path(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *at = strstr(slash ? slash : path, "python");
	uint32_t major, minor;
	if (at)
		at = parse_number(at + strlen("python"), &major);
	if (!at || *at != '.' || !parse_number(at + 1, &minor))
		return 0;
	return major << 24 | minor << 16 | MICRO_UNKNOWN << 8 | FINAL;
}

/*
 * The version string among the constants. Other software has such strings,
 * too: only one of the version of the file's name counts, or, without such a
 * name, the only one that can be a Python's.
 */
static uint32_t find_version(const char *constants, size_t size, uint32_t hint)
{
	uint32_t found = 0;
	for (size_t i = 0; i + 5 < size; i++) {
		if (constants[i] != '2' && constants[i] != '3')
			continue;
		if (constants[i + 1] != '.' ||
		    (i && (isdigit((unsigned char)constants[i - 1]) ||
			   constants[i - 1] == '.')))
			continue;
		uint32_t version = parse_version(constants + i);
		uint32_t minor = version >> 16;
		if (hint ? minor != hint >> 16
			 : !(minor == 0x207 ||
			     (minor >= 0x300 && minor < 0x310)))
			continue;
		if (found && version != found)
			return hint;
		found = version;
	}
	return found ? found : hint;
}

struct pyprof_error *pyprof_build_scan_version(struct pyprof_target *target,
					       struct pyprof_elf *elf,
					       const char *path, uint32_t *ret)
{
	uint32_t hint = version_of_path(path);
	uint64_t address, size;
	struct pyprof_error *err =
		pyprof_elf_section(elf, ".rodata", &address, &size);
	if (err || size > CONSTANTS_MAX) {
		if (err && !pyprof_error_catch(&err, PYPROF_ERROR_NOT_FOUND))
			return err;
		*ret = hint;
		return NULL;
	}
	_cleanup_free_ char *constants = malloc(size + 1);
	if (!constants)
		return pyprof_error_oom();
	err = pyprof_target_read(target, address, constants, size);
	if (err)
		return err;
	constants[size] = '\0';
	*ret = find_version(constants, size, hint);
	return NULL;
}

static bool has_symbol(struct pyprof_elf *elf, const char *name)
{
	uint64_t address, size;
	_cleanup_error_ struct pyprof_error *err =
		pyprof_elf_symbol(elf, name, &address, &size);
	return !err;
}

/* From the file alone, which the versions before 3.13 need. */
static struct pyprof_error *read_version(struct pyprof_target *target,
					 struct pyprof_elf *elf,
					 const char *path, uint32_t *ret)
{
	uint64_t address, size, version = 0;
	struct pyprof_error *err =
		pyprof_elf_symbol(elf, "Py_Version", &address, &size);
	if (!err) {
		err = pyprof_target_read_u64(target, address, &version);
		if (err)
			return err;
		if (version >> 24 == 3) {
			*ret = (uint32_t)version;
			return NULL;
		}
	}
	pyprof_error_destroy(err);
	uint32_t scanned;
	err = pyprof_build_scan_version(target, elf, path, &scanned);
	if (err)
		return err;
	if (!scanned)
		return pyprof_error_create(PYPROF_ERROR_UNSUPPORTED,
					   "cannot tell the version of the "
					   "CPython in %s",
					   path);
	*ret = scanned;
	return NULL;
}

struct pyprof_error *pyprof_build_identify(struct pyprof_target *target,
					   struct pyprof_elf *elf,
					   const char *path, uint64_t runtime,
					   struct pyprof_build *ret,
					   void *table_ret,
					   size_t *table_size_ret)
{
	struct pyprof_build build = {};
	struct pyprof_error *err = pyprof_target_read(
		target, runtime, table_ret, PYPROF_DEBUG_OFFSETS_MAX);
	if (err)
		return err;
	bool tells = pyprof_build_is_debug_offsets(table_ret);
	if (tells) {
		uint64_t words[3];
		memcpy(words, table_ret, sizeof(words));
		build.version = (uint32_t)words[1];
		build.is_free_threaded = words[2];
	} else if (elf) {
		err = read_version(target, elf, path, &build.version);
		if (err)
			return err;
	} else {
		return pyprof_error_create(PYPROF_ERROR_NOT_FOUND,
					   "no CPython in %s", path);
	}
	/* Only debug builds count all references, and so have these. */
	build.is_debug = elf && (has_symbol(elf, "_Py_NegativeRefcount") ||
				 has_symbol(elf, "_Py_RefTotal"));
	*ret = build;
	*table_size_ret = tells ? PYPROF_DEBUG_OFFSETS_MAX : 0;
	return NULL;
}
