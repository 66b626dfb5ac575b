// SPDX-License-Identifier: Apache-2.0
#include "core/base/strtab.h"

#include <stdlib.h>
#include <string.h>

/* Running out of memory inside uthash must not end the debugger. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "core/base/vec.h"

struct entry {
	UT_hash_handle hh;
	size_t length;
	uint32_t id;
	char text[];
};

struct pyprof_strtab {
	struct entry *hash;
	PYPROF_VEC(struct entry *) entries;
};

struct pyprof_error *pyprof_strtab_create(struct pyprof_strtab **ret)
{
	struct pyprof_strtab *tab = calloc(1, sizeof(*tab));
	if (!tab)
		return pyprof_error_oom();
	uint32_t empty;
	struct pyprof_error *err = pyprof_strtab_intern(tab, "", 0, &empty);
	if (err) {
		pyprof_strtab_destroy(tab);
		return err;
	}
	*ret = tab;
	return NULL;
}

void pyprof_strtab_destroy(struct pyprof_strtab *tab)
{
	if (!tab)
		return;
	HASH_CLEAR(hh, tab->hash);
	for (size_t i = 0; i < tab->entries.count; i++)
		free(tab->entries.items[i]);
	pyprof_vec_deinit(&tab->entries);
	free(tab);
}

struct pyprof_error *pyprof_strtab_intern(struct pyprof_strtab *tab,
					  const char *text, size_t length,
					  uint32_t *ret)
{
	struct entry *entry;
	HASH_FIND(hh, tab->hash, text, length, entry);
	if (entry) {
		*ret = entry->id;
		return NULL;
	}
	if (!pyprof_vec_reserve(&tab->entries, 1))
		return pyprof_error_oom();
	entry = malloc(sizeof(*entry) + length + 1);
	if (!entry)
		return pyprof_error_oom();
	entry->length = length;
	entry->id = (uint32_t)tab->entries.count;
	memcpy(entry->text, text, length);
	entry->text[length] = '\0';
	HASH_ADD_KEYPTR(hh, tab->hash, entry->text, length, entry);
	if (!entry->hh.tbl) {
		free(entry);
		return pyprof_error_oom();
	}
	tab->entries.items[tab->entries.count++] = entry;
	*ret = entry->id;
	return NULL;
}

const char *pyprof_strtab_get(const struct pyprof_strtab *tab, uint32_t id)
{
	return id < tab->entries.count ? tab->entries.items[id]->text : "";
}

size_t pyprof_strtab_length(const struct pyprof_strtab *tab, uint32_t id)
{
	return id < tab->entries.count ? tab->entries.items[id]->length : 0;
}

uint32_t pyprof_strtab_count(const struct pyprof_strtab *tab)
{
	return (uint32_t)tab->entries.count;
}
