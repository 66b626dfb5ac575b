// SPDX-License-Identifier: Apache-2.0
//
// Picklers and unpicklers: rows of fixed.def, and the memos that they keep.
#include "core/cpython/objects/extension.h"

#include "core/cpython/objects/fixed.h"
#include "core/cpython/objects/members.h"

#define COUNT_MAX (UINT64_C(1) << 32)
/* The first version whose collector goes through memos. */
#define MEMO_TOLD 11

static unsigned memo_kind(const struct pyprof_types *types)
{
	return PYPROF_EDGE_KEY |
	       (pyprof_is_told(types->layout, MEMO_TOLD) ? 0
							 : PYPROF_EDGE_UNTOLD);
}

/* --- Picklers: a table of objects and numbers --- */

/* Words of the table's head: mask, used, allocated, entries. */
#define MEMO_SIZE 32
#define MEMO_ENTRY 16

struct memo {
	uint64_t head, entries, count;
};

static bool read_memo(const struct pyprof_types *types,
		      const struct pyprof_object *object, struct memo *ret)
{
	*ret = (struct memo){.head = pyprof_fixed_word(types, object, 0)};
	if (!ret->head)
		return true;
	const uint8_t *head =
		pyprof_memory_at(types->memory, ret->head, MEMO_SIZE);
	if (!head)
		return false;
	ret->count = pyprof_word(head, 16);
	ret->entries = pyprof_word(head, 24);
	return ret->count < COUNT_MAX;
}

/* A row without `self` of persistent_id() (3.13) is a word shorter. */
static uint64_t output_of(const struct pyprof_types *types,
			  const struct pyprof_object *object)
{
	bool is_short = pyprof_fixed_kind(object)->word_count == 16;
	return pyprof_fixed_word(types, object, is_short ? 5 : 6);
}

bool pyprof_pickler_size(const struct pyprof_types *types,
			 const struct pyprof_object *object, uint64_t *ret)
{
	const struct pyprof_offsets *at = &types->layout->at;
	struct memo memo;
	uint64_t output = output_of(types, object);
	if (!read_memo(types, object, &memo))
		return false;
	*ret = (uint64_t)object->type->basicsize;
	if (memo.head)
		*ret += MEMO_SIZE + memo.count * MEMO_ENTRY;
	if (!output)
		return true;
	const uint8_t *bytes = pyprof_memory_at(types->memory, output,
						(uint64_t)at->bytes.data);
	uint64_t length =
		bytes ? pyprof_word(bytes, at->object.var_size) : UINT64_MAX;
	*ret += (uint64_t)at->bytes.data + 1 + length;
	return length < PYPROF_ARRAY_MAX;
}

bool pyprof_pickler_buffers(const struct pyprof_types *types,
			    const struct pyprof_object *object,
			    struct pyprof_buffer_sink *sink)
{
	struct memo memo;
	if (!read_memo(types, object, &memo))
		return false;
	if (memo.head)
		sink->buffer(sink, memo.head, MEMO_SIZE);
	if (memo.entries)
		sink->buffer(sink, memo.entries, memo.count * MEMO_ENTRY);
	return true;
}

bool pyprof_pickler_edges(const struct pyprof_types *types,
			  const struct pyprof_object *object,
			  struct pyprof_edge_sink *sink)
{
	struct memo memo;
	if (!read_memo(types, object, &memo))
		return false;
	const uint8_t *entries = pyprof_memory_at(types->memory, memo.entries,
						  memo.count * MEMO_ENTRY);
	if (!entries)
		return !memo.count;
	for (uint64_t i = 0; i < memo.count; i++)
		pyprof_edge(sink, pyprof_word(entries + i * MEMO_ENTRY, 0),
			    memo_kind(types), i);
	return true;
}

/* --- Unpicklers: an array of objects, texts, and marks --- */

/* Where things are, by how long the structure is. */
static const struct unpickler_words {
	uint8_t count, line, encoding;
} unpickler_words[] = {
	{31, 16, 25},
	{32, 17, 26},
	{35, 17, 28},
	{36, 18, 29},
};

struct unpickler {
	uint64_t memo, memo_count, marks, marks_count;
	/** The line being read, the encoding, how to handle errors. */
	uint64_t texts[3];
};

static bool read_unpickler(const struct pyprof_types *types,
			   const struct pyprof_object *object,
			   struct unpickler *ret)
{
	const struct unpickler_words *words = unpickler_words;
	while (words->count != pyprof_fixed_kind(object)->word_count)
		words++;
	*ret = (struct unpickler){
		.memo = pyprof_fixed_word(types, object, 1),
		.memo_count = pyprof_fixed_word(types, object, 2),
		.texts = {pyprof_fixed_word(types, object, words->line),
			  pyprof_fixed_word(types, object, words->encoding),
			  pyprof_fixed_word(types, object,
					    words->encoding + 1)},
		.marks = pyprof_fixed_word(types, object, words->encoding + 2),
		.marks_count =
			pyprof_fixed_word(types, object, words->encoding + 4),
	};
	if (!ret->memo)
		ret->memo_count = 0;
	if (!ret->marks)
		ret->marks_count = 0;
	return ret->memo_count < COUNT_MAX && ret->marks_count < COUNT_MAX;
}

bool pyprof_unpickler_size(const struct pyprof_types *types,
			   const struct pyprof_object *object, uint64_t *ret)
{
	struct unpickler unpickler;
	if (!read_unpickler(types, object, &unpickler))
		return false;
	*ret = (uint64_t)object->type->basicsize + unpickler.memo_count * 8 +
	       unpickler.marks_count * 8;
	for (int i = 0; i < 3; i++)
		*ret += pyprof_cstr_size(types, unpickler.texts[i]);
	return true;
}

bool pyprof_unpickler_buffers(const struct pyprof_types *types,
			      const struct pyprof_object *object,
			      struct pyprof_buffer_sink *sink)
{
	struct unpickler unpickler;
	if (!read_unpickler(types, object, &unpickler))
		return false;
	if (unpickler.memo_count)
		sink->buffer(sink, unpickler.memo, unpickler.memo_count * 8);
	if (unpickler.marks_count)
		sink->buffer(sink, unpickler.marks, unpickler.marks_count * 8);
	for (int i = 0; i < 3; i++) {
		uint64_t size = pyprof_cstr_size(types, unpickler.texts[i]);
		if (size)
			sink->buffer(sink, unpickler.texts[i], size);
	}
	return true;
}

bool pyprof_unpickler_edges(const struct pyprof_types *types,
			    const struct pyprof_object *object,
			    struct pyprof_edge_sink *sink)
{
	struct unpickler unpickler;
	if (!read_unpickler(types, object, &unpickler))
		return false;
	const uint8_t *memo = pyprof_memory_at(types->memory, unpickler.memo,
					       unpickler.memo_count * 8);
	if (!memo)
		return !unpickler.memo_count;
	for (uint64_t i = 0; i < unpickler.memo_count; i++)
		pyprof_edge(sink, pyprof_word(memo + i * 8, 0),
			    memo_kind(types), i);
	return true;
}
