// SPDX-License-Identifier: Apache-2.0
#include "core/cpython/thread.h"

#include <stdlib.h>
#include <string.h>

#include "core/cpython/thread_os.h"

/* A list that a running program changed meanwhile is read again. */
#define ATTEMPTS 4

/* A thread state is read up to its last word of interest at once. */
#define SPAN_MAX 1024

struct state {
	uint64_t address;
	uint64_t prev, next, interp;
	uint64_t ident;
	uint64_t native;
};

/* Thread states of the last time, read again in one call. */
struct hints {
	PYPROF_VEC(struct state) list;
};

static struct pyprof_error *unreadable(uint64_t address, const char *what)
{
	return pyprof_error_at(PYPROF_ERROR_FAULT, address, "cannot read %s",
			       what);
}

static struct pyprof_error *read_interp_gil(const struct pyprof_python *python,
					    uint64_t interp, uint64_t *ret)
{
	const struct pyprof_layout *layout = &python->layout;
	if (!pyprof_has(layout, interp.gil)) {
		*ret = python->runtime + layout->at.runtime.gil;
		return NULL;
	}
	uint64_t gil;
	uint32_t enabled = 1;
	struct pyprof_error *err = pyprof_target_read_u64(
		python->target, interp + layout->at.interp.gil, &gil);
	if (!err && gil && pyprof_has(layout, gil.enabled))
		err = pyprof_target_read_u32(
			python->target, gil + layout->at.gil.enabled, &enabled);
	if (err)
		return err;
	*ret = enabled ? gil : 0;
	return NULL;
}

static struct pyprof_error *read_interp(const struct pyprof_python *python,
					uint64_t address,
					struct pyprof_interp *ret,
					uint64_t *next_ret)
{
	const struct pyprof_layout *layout = &python->layout;
	uint64_t id, next, runtime = python->runtime;
	const struct pyprof_range ranges[] = {
		{address + layout->at.interp.id, &id, sizeof(id)},
		{address + layout->at.interp.next, &next, sizeof(next)},
		{address + layout->at.interp.runtime, &runtime,
		 sizeof(runtime)},
	};
	size_t count = pyprof_has(layout, interp.runtime) ? 3 : 2;
	if (!pyprof_plausible_pointer(address))
		return pyprof_error_at(PYPROF_ERROR_CORRUPT, address,
				       "not an interpreter");
	if (pyprof_target_readv(python->target, ranges, count) != count)
		return unreadable(address, "an interpreter");
	if (runtime != python->runtime)
		return pyprof_error_at(PYPROF_ERROR_CORRUPT, address,
				       "interpreter of another runtime");
	uint64_t gil;
	struct pyprof_error *err = read_interp_gil(python, address, &gil);
	if (err)
		return err;
	*ret = (struct pyprof_interp){
		.address = address, .id = (int64_t)id, .gil = gil};
	*next_ret = next;
	return NULL;
}

static int compare_interps(const void *a, const void *b)
{
	const struct pyprof_interp *left = a, *right = b;
	return (left->id > right->id) - (left->id < right->id);
}

static struct pyprof_error *walk_interps(const struct pyprof_python *python,
					 struct pyprof_interps *ret)
{
	uint64_t address;
	struct pyprof_error *err = pyprof_target_read_u64(
		python->target,
		python->runtime + python->layout.at.runtime.interpreters_head,
		&address);
	if (err)
		return err;
	while (address) {
		struct pyprof_interp interp;
		if (ret->list.count == PYPROF_MAX_INTERPRETERS)
			return pyprof_error_at(PYPROF_ERROR_CORRUPT, address,
					       "endless list of interpreters");
		err = read_interp(python, address, &interp, &address);
		if (err)
			return err;
		if (!pyprof_vec_push(&ret->list, interp))
			return pyprof_error_oom();
	}
	if (ret->list.count)
		qsort(ret->list.items, ret->list.count,
		      sizeof(*ret->list.items), compare_interps);
	return NULL;
}

void pyprof_interps_deinit(struct pyprof_interps *interps)
{
	pyprof_vec_deinit(&interps->list);
}

struct pyprof_error *pyprof_interps_read(struct pyprof_python *python,
					 struct pyprof_interps *ret)
{
	_cleanup_(pyprof_interps_deinit) struct pyprof_interps found = {};
	struct pyprof_error *err = walk_interps(python, &found);
	if (err)
		return err;
	struct pyprof_interps old = *ret;
	*ret = found;
	found = old;
	return NULL;
}

static size_t extend(size_t span, int32_t offset)
{
	size_t end = offset < 0 ? 0 : (size_t)offset + sizeof(uint64_t);
	return end > span ? end : span;
}

static size_t state_span(const struct pyprof_offsets *at)
{
	size_t span = extend(0, at->thread.prev);
	span = extend(span, at->thread.next);
	span = extend(span, at->thread.interp);
	span = extend(span, at->thread.thread_id);
	span = extend(span, at->thread.native_thread_id);
	return span < SPAN_MAX ? span : SPAN_MAX;
}

static uint64_t word(const char *copy, int32_t offset)
{
	uint64_t value = 0;
	if (offset >= 0 && offset <= SPAN_MAX - (int)sizeof(value))
		memcpy(&value, copy + offset, sizeof(value));
	return value;
}

static struct state decode_state(const struct pyprof_offsets *at,
				 uint64_t address, const char *copy)
{
	return (struct state){
		.address = address,
		.prev = word(copy, at->thread.prev),
		.next = word(copy, at->thread.next),
		.interp = word(copy, at->thread.interp),
		.ident = word(copy, at->thread.thread_id),
		.native = word(copy, at->thread.native_thread_id),
	};
}

static struct pyprof_error *read_state(const struct pyprof_python *python,
				       uint64_t address, struct state *ret)
{
	const struct pyprof_offsets *at = &python->layout.at;
	char copy[SPAN_MAX];
	if (!pyprof_plausible_pointer(address))
		return pyprof_error_at(PYPROF_ERROR_CORRUPT, address,
				       "not a thread state");
	struct pyprof_error *err = pyprof_target_read(python->target, address,
						      copy, state_span(at));
	if (err)
		return err;
	*ret = decode_state(at, address, copy);
	return NULL;
}

static int compare_states(const void *a, const void *b)
{
	const struct state *left = a, *right = b;
	return (left->address > right->address) -
	       (left->address < right->address);
}

/* Hints only save time: where they fail, states are read one by one. */
static void read_hints(const struct pyprof_python *python,
		       const struct pyprof_threads *old, struct hints *ret)
{
	const struct pyprof_offsets *at = &python->layout.at;
	size_t span = state_span(at), count = old->list.count;
	_cleanup_free_ char *copies = calloc(count, span);
	_cleanup_free_ struct pyprof_range *ranges =
		calloc(count, sizeof(*ranges));
	if (!count || !copies || !ranges ||
	    !pyprof_vec_reserve(&ret->list, count))
		return;
	for (size_t i = 0; i < count; i++)
		ranges[i] = (struct pyprof_range){
			.address = old->list.items[i].address,
			.buffer = copies + i * span,
			.size = span,
		};
	for (size_t done = 0; done < count; done++) {
		size_t end =
			done + pyprof_target_readv(python->target,
						   ranges + done, count - done);
		for (; done < end; done++)
			ret->list.items[ret->list.count++] = decode_state(
				at, ranges[done].address, ranges[done].buffer);
	}
	qsort(ret->list.items, ret->list.count, sizeof(*ret->list.items),
	      compare_states);
}

static const struct state *find_hint(const struct hints *hints,
				     uint64_t address)
{
	struct state key = {.address = address};
	if (!hints->list.count)
		return NULL;
	return bsearch(&key, hints->list.items, hints->list.count, sizeof(key),
		       compare_states);
}

static bool links(const struct state *state, const struct state *newer,
		  uint64_t interp)
{
	return state->interp == interp &&
	       state->prev == (newer ? newer->address : 0);
}

/* The thread state at an address, whose links have to be right. */
static struct pyprof_error *get_state(const struct pyprof_python *python,
				      const struct hints *hints,
				      uint64_t address,
				      const struct state *newer,
				      uint64_t interp, struct state *ret)
{
	const struct state *hint = find_hint(hints, address);
	if (hint && links(hint, newer, interp)) {
		*ret = *hint;
		return NULL;
	}
	struct state state;
	struct pyprof_error *err = read_state(python, address, &state);
	if (err)
		return err;
	if (!links(&state, newer, interp))
		return pyprof_error_at(PYPROF_ERROR_CORRUPT, address,
				       "thread state with wrong links");
	*ret = state;
	return NULL;
}

static void reverse(struct pyprof_thread *threads, size_t count)
{
	for (size_t i = 0; i < count / 2; i++) {
		struct pyprof_thread other = threads[count - 1 - i];
		threads[count - 1 - i] = threads[i];
		threads[i] = other;
	}
}

/* As far as its thread state tells. */
static struct pyprof_thread describe(const struct state *state, int64_t interp)
{
	return (struct pyprof_thread){
		.address = state->address,
		.interp = state->interp,
		.interp_id = interp,
		.ident = state->ident,
		/* Still as the target sees it. */
		.tid = (int32_t)state->native,
	};
}

/* Append an interpreter's threads; the list has the newest first. */
static struct pyprof_error *walk_threads(const struct pyprof_python *python,
					 const struct hints *hints,
					 const struct pyprof_interp *interp,
					 struct pyprof_threads *found)
{
	uint64_t address;
	struct pyprof_error *err = pyprof_target_read_u64(
		python->target,
		interp->address + python->layout.at.interp.threads_head,
		&address);
	if (err)
		return err;
	size_t first = found->list.count;
	struct state state, *newer = NULL;
	while (address) {
		if (found->list.count == PYPROF_MAX_THREADS)
			return pyprof_error_at(PYPROF_ERROR_CORRUPT, address,
					       "endless list of threads");
		err = get_state(python, hints, address, newer, interp->address,
				&state);
		if (err)
			return err;
		if (!pyprof_vec_push(&found->list,
				     describe(&state, interp->id)))
			return pyprof_error_oom();
		newer = &state;
		address = state.next;
	}
	if (newer)
		reverse(found->list.items + first, found->list.count - first);
	return NULL;
}

static void hints_deinit(struct hints *hints)
{
	pyprof_vec_deinit(&hints->list);
}

static struct pyprof_error *read_all(struct pyprof_python *python,
				     const struct pyprof_threads *old,
				     struct pyprof_threads *found)
{
	_cleanup_(pyprof_interps_deinit) struct pyprof_interps interps = {};
	_cleanup_(hints_deinit) struct hints hints = {};
	struct pyprof_error *err = pyprof_interps_read(python, &interps);
	if (err)
		return err;
	read_hints(python, old, &hints);
	found->list.count = 0;
	for (size_t i = 0; i < interps.list.count; i++) {
		err = walk_threads(python, &hints, &interps.list.items[i],
				   found);
		if (err)
			return err;
	}
	return NULL;
}

void pyprof_threads_deinit(struct pyprof_threads *threads)
{
	pyprof_vec_deinit(&threads->list);
}

struct pyprof_error *pyprof_threads_read(struct pyprof_python *python,
					 struct pyprof_threads *ret)
{
	_cleanup_(pyprof_threads_deinit) struct pyprof_threads found = {};
	struct pyprof_error *err = read_all(python, ret, &found);
	for (int i = 1;
	     err && pyprof_is_transient(python->target, err) && i < ATTEMPTS;
	     i++) {
		pyprof_error_destroy(err);
		err = read_all(python, ret, &found);
	}
	if (err)
		return err;
	err = pyprof_threads_find_os(python, found.list.items,
				     found.list.count);
	if (err)
		return err;
	struct pyprof_threads old = *ret;
	*ret = found;
	found = old;
	return NULL;
}

struct pyprof_error *pyprof_thread_resolve(struct pyprof_python *python,
					   uint64_t tstate,
					   struct pyprof_thread *ret)
{
	struct state state;
	struct pyprof_interp interp;
	uint64_t next;
	struct pyprof_error *err = read_state(python, tstate, &state);
	if (err)
		return err;
	err = read_interp(python, state.interp, &interp, &next);
	if (err)
		return err;
	struct pyprof_thread thread = describe(&state, interp.id);
	err = pyprof_threads_find_os(python, &thread, 1);
	if (err)
		return err;
	*ret = thread;
	return NULL;
}

uint64_t pyprof_thread_rseq(const struct pyprof_python *python, uint64_t ident)
{
	if (!python->has_rseq || !ident)
		return 0;
	return ident + (uint64_t)python->rseq_offset;
}
