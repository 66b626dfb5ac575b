// SPDX-License-Identifier: Apache-2.0
#include "core/heap/text_pool.h"

#include <string.h>

/** Objects between two looks at whether the user wants it to end. */
#define PROGRESS_EVERY (1u << 20)

/** More types than these are str or bytes in no interpreter. */
#define MAX_TYPES 4

static uint64_t mixed(uint64_t value)
{
	value *= UINT64_C(0x9e3779b97f4a7c15);
	return value ^ value >> 32;
}

static uint32_t hash_of(const struct pyprof_text_view *view)
{
	uint64_t hash = mixed(view->size + view->is_str), word;
	const uint8_t *bytes = view->bytes;
	uint64_t left = view->size;
	for (; left >= sizeof(word); left -= sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		hash = mixed(hash ^ word);
		bytes += sizeof(word);
	}
	word = 0;
	memcpy(&word, bytes, left);
	return (uint32_t)mixed(mixed(hash ^ word) + 1);
}

static bool get(const struct pyprof_heap *heap, uint64_t address,
		struct pyprof_pooled_text *text)
{
	if (!pyprof_object_at(heap->types, address, 0, &text->object) ||
	    !pyprof_text_view(heap->types, &text->object, &text->view))
		return false;
	text->hash = hash_of(&text->view);
	return true;
}

bool pyprof_text_pool_get(const struct pyprof_heap *heap, uint32_t id,
			  struct pyprof_pooled_text *ret)
{
	struct pyprof_pooled_text text = {.id = id};
	if (!get(heap, pyprof_index_address(&heap->index, id), &text))
		return false;
	*ret = text;
	return true;
}

struct pyprof_error *pyprof_text_pool_walk(
	const struct pyprof_heap *heap, const struct pyprof_progress *progress,
	struct pyprof_error *(*each)(void *context,
				     const struct pyprof_pooled_text *text),
	void *context)
{
	uint64_t types[MAX_TYPES] = {};
	size_t count = 0;
	for (size_t i = 0; i < heap->by_type.count && count < MAX_TYPES; i++) {
		const struct pyprof_type *type = heap->by_type.items[i].type;
		if (type && pyprof_text_is_plain(type))
			types[count++] = type->address;
	}
	int32_t type_offset = heap->types->layout->at.object.type;
	struct pyprof_index_walk walk = {};
	struct pyprof_pooled_text text = {};
	uint64_t address;
	while (pyprof_index_next(&heap->index, &walk, &text.id, &address)) {
		struct pyprof_error *err = NULL;
		if (text.id % PROGRESS_EVERY == 0)
			err = pyprof_progress(progress, "looking at text",
					      text.id, heap->index.count);
		const uint8_t *bytes = pyprof_memory_at(
			heap->memory, address + type_offset, 8);
		bool is_text = false;
		for (size_t i = 0; bytes && i < count; i++)
			is_text |= types[i] == pyprof_word(bytes, 0);
		if (!err && is_text && get(heap, address, &text))
			err = each(context, &text);
		if (err)
			return err;
	}
	return NULL;
}
