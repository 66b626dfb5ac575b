// SPDX-License-Identifier: Apache-2.0
#include "core/cpython/thread_names.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/strtab.h"
#include "core/base/utf8.h"
#include "core/cpython/object.h"
#include "core/cpython/objects/dict_table.h"
#include "core/cpython/text.h"
#include "core/cpython/text_view.h"
#include "core/cpython/thread.h"

/* Characters of a name; each has four bytes at the most. */
#define NAME_CHARS_MAX (PYPROF_THREAD_NAME_MAX / 4 - 2)

struct named {
	int64_t interp_id;
	uint64_t ident;
	uint32_t name;
};

struct pyprof_thread_names {
	struct pyprof_strtab *strings;
	/** In order of interp and ident. */
	PYPROF_VEC(struct named) list;
};

struct reading {
	struct pyprof_types *types;
	struct pyprof_thread_names *names;
	const struct pyprof_interp *interp;
	bool failed;
};

void pyprof_thread_names_destroy(struct pyprof_thread_names *names)
{
	if (!names)
		return;
	pyprof_vec_deinit(&names->list);
	pyprof_strtab_destroy(names->strings);
	free(names);
}

/*
 * Attributes.
 */

/* Looks for one of an object, or of its dict. */
struct search {
	struct pyprof_edge_sink sink;
	struct pyprof_types *types;
	const char *name;
	uint64_t dict, found;
};

static bool is_text(struct pyprof_types *types, uint64_t address,
		    const char *text)
{
	struct pyprof_object object;
	struct pyprof_text_view view;
	return pyprof_object_at(types, address, 0, &object) &&
	       pyprof_text_view(types, &object, &view) && view.is_str &&
	       view.size == strlen(text) &&
	       memcmp(view.bytes, text, view.size) == 0;
}

static void look_at(struct pyprof_edge_sink *sink, uint64_t target,
		    unsigned kind, uint64_t label)
{
	struct search *search = (struct search *)sink;
	unsigned what = kind & PYPROF_EDGE_KIND_MASK;
	if (pyprof_edge_is_dict(kind, label))
		search->dict = target;
	else if ((what == PYPROF_EDGE_ATTRIBUTE || what == PYPROF_EDGE_VALUE) &&
		 is_text(search->types, label, search->name))
		search->found = target;
}

/* The address of an attribute, 0 when there is none. */
static uint64_t attribute(struct pyprof_types *types, uint64_t address,
			  const char *name)
{
	struct search search = {
		.sink = {look_at},
		.types = types,
		.name = name,
	};
	struct pyprof_object object;
	if (pyprof_object_at(types, address, 0, &object))
		(void)pyprof_object_edges(types, &object, &search.sink);
	if (!search.found && search.dict &&
	    pyprof_object_at(types, search.dict, 0, &object))
		(void)pyprof_object_edges(types, &object, &search.sink);
	return search.found;
}

/*
 * threading._active: thread objects by identifier.
 */

struct taker {
	struct pyprof_edge_sink sink;
	struct reading *reading;
};

/* Note a name, as a line may show it; false when out of memory. */
static bool note(struct reading *reading, int64_t ident, uint64_t name)
{
	_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
	_cleanup_buf_ struct pyprof_buf shown = PYPROF_BUF_INIT;
	struct named named = {reading->interp->id, (uint64_t)ident, 0};
	_cleanup_error_ struct pyprof_error *err = pyprof_text_read_str(
		reading->types->python, name, NAME_CHARS_MAX, &text);
	if (err || !text.length)
		return true;
	pyprof_utf8_put_visible(&shown, text.data, text.length);
	err = pyprof_buf_error(&shown);
	if (!err)
		err = pyprof_strtab_intern(reading->names->strings, shown.data,
					   shown.length, &named.name);
	return !err && pyprof_vec_push(&reading->names->list, named);
}

static void take(struct pyprof_edge_sink *sink, uint64_t target, unsigned kind,
		 uint64_t label)
{
	struct reading *reading = ((struct taker *)sink)->reading;
	struct pyprof_object object;
	int64_t ident;
	if ((kind & PYPROF_EDGE_KIND_MASK) != PYPROF_EDGE_VALUE ||
	    reading->names->list.count == PYPROF_MAX_THREADS ||
	    !pyprof_object_at(reading->types, label, 0, &object) ||
	    !pyprof_int_value(reading->types, label, &ident))
		return;
	uint64_t name = attribute(reading->types, target, "_name");
	if (name && !note(reading, ident, name))
		reading->failed = true;
}

static void read_interp(struct reading *reading)
{
	struct pyprof_types *types = reading->types;
	uint64_t modules;
	_cleanup_error_ struct pyprof_error *err = pyprof_target_read_u64(
		types->python->target,
		reading->interp->address +
			(uint64_t)types->layout->at.interp.modules,
		&modules);
	if (err)
		return;
	uint64_t module = pyprof_dict_find(types, modules, "threading");
	uint64_t active = module ? attribute(types, module, "_active") : 0;
	struct taker taker = {{take}, reading};
	struct pyprof_object object;
	if (active && pyprof_object_at(types, active, 0, &object))
		(void)pyprof_object_edges(types, &object, &taker.sink);
}

/*
 * All of it.
 */

static int compare(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	if (x->interp_id != y->interp_id)
		return x->interp_id < y->interp_id ? -1 : 1;
	return (x->ident > y->ident) - (x->ident < y->ident);
}

static struct pyprof_error *read_all(struct pyprof_types *types,
				     struct pyprof_thread_names *names)
{
	struct reading reading = {.types = types, .names = names};
	struct pyprof_interps interps = {};
	struct pyprof_error *err = pyprof_interps_read(types->python, &interps);
	if (!err && !pyprof_has(types->layout, interp.modules))
		interps.list.count = 0;
	for (size_t i = 0; !err && i < interps.list.count; i++) {
		reading.interp = &interps.list.items[i];
		read_interp(&reading);
	}
	pyprof_interps_deinit(&interps);
	if (!err && reading.failed)
		err = pyprof_error_oom();
	if (!err && names->list.count)
		qsort(names->list.items, names->list.count,
		      sizeof(*names->list.items), compare);
	return err;
}

struct pyprof_error *
pyprof_thread_names_read(const struct pyprof_python *python,
			 struct pyprof_thread_names **ret)
{
	_cleanup_(
		pyprof_thread_names_cleanup) struct pyprof_thread_names *names =
		calloc(1, sizeof(*names));
	_cleanup_(pyprof_memory_cleanup) struct pyprof_memory *memory = NULL;
	_cleanup_(pyprof_target_cleanup) struct pyprof_target *view = NULL;
	_cleanup_(pyprof_types_cleanup) struct pyprof_types *types = NULL;
	struct pyprof_python seen = *python;
	if (!names)
		return pyprof_error_oom();
	struct pyprof_error *err = pyprof_strtab_create(&names->strings);
	if (!err)
		err = pyprof_memory_lazy(python->target, &memory);
	if (!err)
		err = pyprof_memory_target(memory, python->target, &view);
	seen.target = view;
	if (!err)
		err = pyprof_types_create(memory, &seen, &types);
	if (!err)
		err = read_all(types, names);
	if (err)
		return err;
	*ret = no_cleanup_ptr(names);
	return NULL;
}

const char *pyprof_thread_name(const struct pyprof_thread_names *names,
			       int64_t interp_id, uint64_t ident)
{
	const struct named wanted = {.interp_id = interp_id, .ident = ident};
	const struct named *found =
		names->list.count
			? bsearch(&wanted, names->list.items, names->list.count,
				  sizeof(wanted), compare)
			: NULL;
	return found ? pyprof_strtab_get(names->strings, found->name) : "";
}
