// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Interned strings: equal strings get equal small numbers.
 *
 * Id 0 is the empty string. Strings are bytes with a length and may hold NUL;
 * they are stored with a NUL behind them as well. Ids and pointers stay valid
 * until the table is destroyed.
 */
#ifndef PYPROF_BASE_STRTAB_H
#define PYPROF_BASE_STRTAB_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

struct pyprof_strtab;

struct pyprof_error *pyprof_strtab_create(struct pyprof_strtab **ret)
	PYPROF_MUST_CHECK;
void pyprof_strtab_destroy(struct pyprof_strtab *tab);

/** Intern `length` bytes. The only failure is running out of memory. */
struct pyprof_error *pyprof_strtab_intern(struct pyprof_strtab *tab,
					  const char *text, size_t length,
					  uint32_t *ret) PYPROF_MUST_CHECK;

/** The string of an id; the empty string for an id never given out. */
const char *pyprof_strtab_get(const struct pyprof_strtab *tab, uint32_t id);
size_t pyprof_strtab_length(const struct pyprof_strtab *tab, uint32_t id);

/** How many strings there are; ids are below it. */
uint32_t pyprof_strtab_count(const struct pyprof_strtab *tab);

#endif /* PYPROF_BASE_STRTAB_H */
