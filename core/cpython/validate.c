// SPDX-License-Identifier: Apache-2.0
#include "core/cpython/validate.h"
#include "core/cpython/gil.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/cpython/validate_tests.h"

/* A running program changes what is looked at: look again so often, and then as
 * often with a pause in between, for it may be waiting for a processor. */
#define ATTEMPTS 200
#define PAUSE_NS 1000000

/* Nothing is mapped below. */
#define PAGE_SIZE_MIN 4096

struct test {
	const char *name;
	struct pyprof_error *(*run)(struct pyprof_subject *subject);
	/* Objects can be read all the same where a core lacks this. */
	bool can_lack;
};

struct pyprof_error *pyprof_subject_word(const struct pyprof_subject *subject,
					 uint64_t structure, int32_t offset,
					 uint64_t *ret)
{
	if (!pyprof_plausible_pointer(structure))
		return pyprof_error_at(PYPROF_ERROR_CORRUPT, structure,
				       "not a pointer");
	return pyprof_target_read_u64(subject->python->target,
				      structure + (uint64_t)offset, ret);
}

struct pyprof_error *pyprof_subject_type(const struct pyprof_subject *subject,
					 uint64_t object, uint64_t *ret)
{
	return pyprof_subject_word(subject, object,
				   subject->python->layout.at.object.type, ret);
}

struct pyprof_error *
pyprof_subject_check_kind(const struct pyprof_subject *subject, uint64_t object,
			  uint64_t flag, const char *what)
{
	uint64_t type, flags;
	struct pyprof_error *err = pyprof_subject_type(subject, object, &type);
	if (!err)
		err = pyprof_subject_word(subject, type,
					  subject->python->layout.at.type.flags,
					  &flags);
	/* A pointer may have any bits; no flag is above these. */
	if (!err && (!(flags & flag) || flags > UINT32_MAX))
		err = pyprof_error_at(PYPROF_ERROR_CORRUPT, object, "not %s",
				      what);
	return err;
}

struct pyprof_error *
pyprof_subject_check_type_name(const struct pyprof_subject *subject,
			       uint64_t type, const char *name)
{
	char text[32];
	uint64_t at;
	struct pyprof_error *err = pyprof_subject_word(
		subject, type, subject->python->layout.at.type.name, &at);
	if (err)
		return err;
	if (at < PAGE_SIZE_MIN || at >> 47)
		return pyprof_error_at(PYPROF_ERROR_CORRUPT, type,
				       "type without a name");
	err = pyprof_target_read_cstr(subject->python->target, at, text,
				      sizeof(text));
	if (err && subject->python->target->is_static &&
	    pyprof_error_catch(&err, PYPROF_ERROR_FAULT))
		return NULL;
	if (!err && strcmp(text, name) != 0)
		err = pyprof_error_at(PYPROF_ERROR_CORRUPT, type,
				      "type is not called %s", name);
	return err;
}

static struct pyprof_error *test_types(struct pyprof_subject *subject)
{
	const struct pyprof_python *python = subject->python;
	const struct {
		uint64_t type;
		const char *name;
	} types[] = {{python->code_type, "code"},
		     {python->frame_type, "frame"},
		     {python->unicode_type, "str"},
		     {python->bytes_type, "bytes"},
		     {python->none_type, "NoneType"}};
	size_t checked = 0;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		uint64_t type, type_type;
		if (!types[i].type)
			continue;
		struct pyprof_error *err =
			pyprof_subject_type(subject, types[i].type, &type);
		if (!err)
			err = pyprof_subject_type(subject, type, &type_type);
		if (!err && type_type != type)
			err = pyprof_error_at(PYPROF_ERROR_CORRUPT, type,
					      "type(type) is not type");
		if (!err)
			err = pyprof_subject_check_kind(subject, types[i].type,
							PYPROF_FLAG_TYPE,
							"a type");
		if (!err)
			err = pyprof_subject_check_type_name(
				subject, types[i].type, types[i].name);
		if (err)
			return err;
		checked++;
	}
	snprintf(subject->seen, sizeof(subject->seen),
		 "%zu types by name, and type(type) is type", checked);
	return NULL;
}

/* The main interpreter is the oldest and has id 0. */
static struct pyprof_error *test_interps(struct pyprof_subject *subject)
{
	struct pyprof_python *python = subject->python;
	const struct pyprof_offsets *at = &python->layout.at;
	struct pyprof_error *err =
		pyprof_interps_read(python, &subject->interps);
	if (err)
		return err;
	const struct pyprof_interp *list = subject->interps.list.items;
	size_t count = subject->interps.list.count;
	/* There was one a moment ago: the program has ended meanwhile. */
	if (!count)
		return pyprof_error_create(
			PYPROF_ERROR_NOT_FOUND,
			"Python is not initialised any more");
	for (size_t i = 0; i < count; i++) {
		if (i ? list[i].id <= list[i - 1].id : list[i].id != 0)
			return pyprof_error_at(PYPROF_ERROR_CORRUPT,
					       list[i].address,
					       "interpreter with id %lld",
					       (long long)list[i].id);
	}
	uint64_t main_interp = 0;
	if (pyprof_has(&python->layout, runtime.interpreters_main)) {
		err = pyprof_subject_word(subject, python->runtime,
					  at->runtime.interpreters_main,
					  &main_interp);
		if (err)
			return err;
		if (main_interp != list[0].address)
			return pyprof_error_at(PYPROF_ERROR_CORRUPT,
					       main_interp,
					       "another main interpreter");
	}
	snprintf(subject->seen, sizeof(subject->seen), "%zu, main one first",
		 count);
	return NULL;
}

/* Newer thread states have larger serial numbers. */
static struct pyprof_error *check_serials(struct pyprof_subject *subject)
{
	const struct pyprof_python *python = subject->python;
	uint64_t last = 0;
	if (!pyprof_has(&python->layout, thread.id))
		return NULL;
	for (size_t i = 0; i < subject->threads.list.count; i++) {
		const struct pyprof_thread *thread =
			&subject->threads.list.items[i];
		uint64_t id;
		struct pyprof_error *err =
			pyprof_subject_word(subject, thread->address,
					    python->layout.at.thread.id, &id);
		if (err)
			return err;
		bool is_first = !i || thread[-1].interp != thread->interp;
		if (id > UINT32_MAX || (!is_first && id <= last))
			return pyprof_error_at(PYPROF_ERROR_CORRUPT,
					       thread->address,
					       "thread state with serial "
					       "number %llu",
					       (unsigned long long)id);
		last = id;
	}
	return NULL;
}

static struct pyprof_error *test_threads(struct pyprof_subject *subject)
{
	struct pyprof_error *err =
		pyprof_threads_read(subject->python, &subject->threads);
	if (!err)
		err = check_serials(subject);
	if (err)
		return err;
	size_t with_os = 0, count = subject->threads.list.count;
	for (size_t i = 0; i < count; i++)
		with_os += subject->threads.list.items[i].tid != 0;
	if (!count)
		return pyprof_error_create(PYPROF_ERROR_NOT_FOUND,
					   "Python is not initialised yet");
	if (!with_os)
		return pyprof_error_create(PYPROF_ERROR_CORRUPT,
					   "no thread state belongs to a "
					   "thread of the process");
	snprintf(subject->seen, sizeof(subject->seen),
		 "%zu linked both ways, %zu of them on a thread of the process",
		 count, with_os);
	return NULL;
}

/* A holder is a thread state of one of the interpreters. */
static struct pyprof_error *check_holder(const struct pyprof_subject *subject,
					 uint64_t holder)
{
	uint64_t interp;
	struct pyprof_error *err = pyprof_subject_word(
		subject, holder, subject->python->layout.at.thread.interp,
		&interp);
	for (size_t i = 0; !err && i < subject->interps.list.count; i++) {
		if (subject->interps.list.items[i].address == interp)
			return NULL;
	}
	return err ? err
		   : pyprof_error_at(PYPROF_ERROR_CORRUPT, holder,
				     "GIL is held by no thread");
}

static struct pyprof_error *check_gil(struct pyprof_subject *subject,
				      uint64_t address)
{
	const struct pyprof_layout *layout = &subject->python->layout;
	struct pyprof_gil gil;
	uint32_t locked;
	struct pyprof_error *err =
		pyprof_gil_read(subject->python, address, &gil);
	if (!err)
		err = pyprof_target_read_u32(subject->python->target,
					     address + layout->at.gil.locked,
					     &locked);
	if (err)
		return err;
	/* Not created, free, held. */
	if (locked + 1 > 2)
		return pyprof_error_at(PYPROF_ERROR_CORRUPT, address,
				       "GIL in state %d", (int32_t)locked);
	if (gil.last_holder && !pyprof_plausible_pointer(gil.last_holder))
		return pyprof_error_at(PYPROF_ERROR_CORRUPT, address,
				       "GIL was held by no thread");
	if (locked == 1 && gil.holder)
		return check_holder(subject, gil.holder);
	return NULL;
}

static struct pyprof_error *test_gil(struct pyprof_subject *subject)
{
	const struct pyprof_layout *layout = &subject->python->layout;
	const struct pyprof_interp *list = subject->interps.list.items;
	size_t count = 0;
	for (size_t i = 0; i < subject->interps.list.count; i++) {
		if (!list[i].gil)
			continue;
		struct pyprof_error *err = check_gil(subject, list[i].gil);
		if (err)
			return err;
		count++;
	}
	if (!count && !subject->python->build.is_free_threaded)
		return pyprof_error_create(PYPROF_ERROR_CORRUPT, "no GIL");
	if (count && pyprof_has(layout, interp.own_gil) && list[0].gil &&
	    list[0].gil !=
		    list[0].address + (uint64_t)layout->at.interp.own_gil)
		return pyprof_error_at(PYPROF_ERROR_CORRUPT, list[0].gil,
				       "the main interpreter's GIL is not its "
				       "own");
	snprintf(subject->seen, sizeof(subject->seen), "%s",
		 count ? "state and holder are plausible" : "there is none");
	return NULL;
}

static const struct test tests[] = {
	{"types", test_types, false},
	{"interpreters", test_interps, false},
	{"threads", test_threads, true},
	{"GIL", test_gil, true},
	{"frames", pyprof_validate_frames, true},
};

/* Whether an error is that memory of the process is not in a core of it: cut
 * off, or filtered out. A wrong pointer leads elsewhere. */
static bool is_lacking(const struct pyprof_python *python,
		       const struct pyprof_error *err)
{
	struct pyprof_target *target = python->target;
	const struct pyprof_mapping *maps;
	size_t count;
	if (!target->is_static || err->code != PYPROF_ERROR_FAULT)
		return false;
	_cleanup_error_ struct pyprof_error *failed =
		target->ops->mappings(target, &maps, &count);
	for (size_t i = 0; !failed && i < count; i++)
		if (err->address >= maps[i].start && err->address < maps[i].end)
			return true;
	return false;
}

static struct pyprof_error *refuse(const struct pyprof_python *python,
				   const struct test *test,
				   struct pyprof_error *err)
{
	_cleanup_error_ struct pyprof_error *reason = err;
	char version[32];
	if (err->code == PYPROF_ERROR_OOM || err->code == PYPROF_ERROR_GONE ||
	    err->code == PYPROF_ERROR_NOT_FOUND)
		return no_cleanup_ptr(reason);
	if (is_lacking(python, err))
		return pyprof_error_create(
			PYPROF_ERROR_UNSUPPORTED,
			"too much of CPython %s is missing: %s: %s",
			pyprof_version_text(python->build.version, version),
			test->name, reason->message);
	return pyprof_error_create(
		PYPROF_ERROR_UNSUPPORTED,
		"the layout of CPython %s (%s) does not fit: %s: %s",
		pyprof_version_text(python->build.version, version),
		python->layout.source, test->name, reason->message);
}

static struct pyprof_error *check_initialised(struct pyprof_python *python)
{
	uint64_t head;
	struct pyprof_error *err = pyprof_target_read_u64(
		python->target,
		python->runtime + python->layout.at.runtime.interpreters_head,
		&head);
	if (!err && !head)
		err = pyprof_error_create(PYPROF_ERROR_NOT_FOUND,
					  "Python is not initialised yet");
	return err;
}

static void subject_deinit(struct pyprof_subject *subject)
{
	pyprof_interps_deinit(&subject->interps);
	pyprof_threads_deinit(&subject->threads);
}

static struct pyprof_error *run_test(struct pyprof_subject *subject,
				     const struct test *test)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};
	struct pyprof_error *err = test->run(subject);
	for (int again = 1; err && again < 2 * ATTEMPTS &&
			    pyprof_is_transient(subject->python->target, err);
	     again++) {
		if (again >= ATTEMPTS)
			nanosleep(&pause, NULL);
		pyprof_error_destroy(err);
		err = test->run(subject);
	}
	return err;
}

struct pyprof_error *pyprof_python_validate(struct pyprof_python *python)
{
	_cleanup_(subject_deinit) struct pyprof_subject subject = {
		.python = python};
	struct pyprof_error *err = check_initialised(python);
	if (err)
		return err;
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		err = run_test(&subject, &tests[i]);
		if (err && tests[i].can_lack && is_lacking(python, err)) {
			snprintf(subject.seen, sizeof(subject.seen),
				 "not looked at: %.100s", err->message);
			pyprof_error_destroy(err);
			err = NULL;
		}
		if (err)
			return refuse(python, &tests[i], err);
		pyprof_buf_printf(&python->validations, "%s: %s\n",
				  tests[i].name, subject.seen);
	}
	return pyprof_buf_error(&python->validations);
}
