// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fake_objects.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/expect.h"
#include "tests/support/fake_python.h"

#define ROOM_BEFORE 32
#define SLOTS 8
#define ENTRIES 5

uint64_t fake_alloc(struct fake_objects *fake, size_t size)
{
	uint64_t address = fake->next;
	fake->next += (size + 15) & ~(size_t)15;
	expect(fake->next <= FAKE_OBJECTS_START + FAKE_OBJECTS_SIZE);
	return address;
}

static uint8_t *at(struct fake_objects *fake, uint64_t address, size_t size)
{
	uint64_t offset = address - FAKE_OBJECTS_START;
	expect(offset + size <= FAKE_OBJECTS_SIZE);
	return fake->bytes + offset;
}

void fake_word(struct fake_objects *fake, uint64_t address, int32_t offset,
	       uint64_t value)
{
	if (offset != PYPROF_ABSENT)
		memcpy(at(fake, address + (uint64_t)offset, 8), &value, 8);
}

void fake_byte(struct fake_objects *fake, uint64_t address, int32_t offset,
	       uint8_t value)
{
	if (offset != PYPROF_ABSENT)
		*at(fake, address + (uint64_t)offset, 1) = value;
}

uint64_t fake_text(struct fake_objects *fake, const char *text)
{
	size_t size = strlen(text) + 1;
	uint64_t address = fake_alloc(fake, size);
	memcpy(at(fake, address, size), text, size);
	return address;
}

static void begin_object(struct fake_objects *fake, uint64_t address,
			 uint64_t type)
{
	const struct pyprof_layout *layout = &fake->python.layout;
	uint32_t one = 1;
	memcpy(at(fake, address + (uint64_t)layout->at.object.refcount, 4),
	       &one, 4);
	fake_word(fake, address, layout->at.object.type, type);
}

uint64_t fake_type(struct fake_objects *fake, const struct fake_type *type)
{
	const struct pyprof_offsets *o = &fake->python.layout.at;
	uint64_t address =
		fake_alloc(fake, (size_t)o->heap_type.size + ROOM_BEFORE) +
		ROOM_BEFORE;
	begin_object(fake, address, type->meta ? type->meta : fake->type);
	bool is_root = !type->base && !fake->object;
	fake_word(fake, address, o->type.base,
		  is_root      ? 0
		  : type->base ? type->base
			       : fake->object);
	fake_word(fake, address, o->type.name, fake_text(fake, type->name));
	fake_word(fake, address, o->type.flags,
		  type->flags | PYPROF_TYPE_READY);
	fake_word(fake, address, o->type.basicsize, (uint64_t)type->basicsize);
	fake_word(fake, address, o->type.itemsize, (uint64_t)type->itemsize);
	fake_word(fake, address, o->type.dictoffset,
		  (uint64_t)type->dictoffset);
	if (!(type->flags & PYPROF_TYPE_HEAP))
		return address;
	fake_word(fake, address, o->heap_type.cached_keys, type->cached_keys);
	fake_word(fake, address, o->heap_type.qualname,
		  fake_str(fake, type->qualname ? type->qualname : type->name));
	return address;
}

uint64_t fake_object(struct fake_objects *fake, uint64_t type, size_t extra)
{
	uint64_t basicsize;
	memcpy(&basicsize,
	       at(fake, type, 0) + fake->python.layout.at.type.basicsize, 8);
	uint64_t address =
		fake_alloc(fake, ROOM_BEFORE + basicsize + extra) + ROOM_BEFORE;
	begin_object(fake, address, type);
	return address;
}

uint64_t fake_str(struct fake_objects *fake, const char *text)
{
	const struct pyprof_layout *layout = &fake->python.layout;
	size_t length = strlen(text);
	uint64_t str = fake_object(fake, fake->str, length);
	/* Kind 1, compact, ASCII. */
	uint32_t state = (1u | 1u << 3 | 1u << 4) << layout->unicode_kind_shift;
	fake_word(fake, str, layout->at.unicode.length, length);
	memcpy(at(fake, str + (uint64_t)layout->at.unicode.state, 4), &state,
	       4);
	memcpy(at(fake, str + (uint64_t)layout->at.unicode.ascii_data,
		  length + 1),
	       text, length + 1);
	return str;
}

uint64_t fake_int(struct fake_objects *fake, uint32_t digit)
{
	const struct pyprof_offsets *o = &fake->python.layout.at;
	uint64_t integer = fake_object(fake, fake->integer, 8);
	if (pyprof_has(&fake->python.layout, integer.tag))
		fake_word(fake, integer, o->integer.tag, 1 << 3);
	else
		fake_word(fake, integer, o->object.var_size, 1);
	memcpy(at(fake, integer + (uint64_t)o->integer.digits, 4), &digit, 4);
	return integer;
}

uint64_t fake_keys(struct fake_objects *fake, const uint64_t *keys,
		   const uint64_t *values, size_t count)
{
	const struct pyprof_layout *layout = &fake->python.layout;
	const struct pyprof_offsets *o = &layout->at;
	bool is_new = pyprof_has(layout, keys.log2_slots);
	int32_t size = is_new ? 16 : 24, key = is_new ? 0 : 8;
	uint64_t table = fake_alloc(fake, (size_t)o->keys.indices + SLOTS +
						  (size_t)size * ENTRIES);
	expect(count <= ENTRIES);
	fake_word(fake, table, o->keys.refcount, 1);
	fake_word(fake, table, o->keys.slots, SLOTS);
	fake_byte(fake, table, o->keys.log2_slots, 3);
	fake_byte(fake, table, o->keys.log2_index_bytes, 3);
	fake_byte(fake, table, o->keys.kind, values ? 1 : 2);
	fake_word(fake, table, o->keys.usable, ENTRIES - count);
	fake_word(fake, table, o->keys.nentries, count);
	uint64_t entry = table + (uint64_t)o->keys.indices + SLOTS;
	for (size_t i = 0; i < count; i++, entry += (uint64_t)size) {
		fake_word(fake, entry, key, keys[i]);
		fake_word(fake, entry, key + 8, values ? values[i] : 0);
	}
	return table;
}

uint64_t fake_dict(struct fake_objects *fake, const uint64_t *keys,
		   const uint64_t *values, size_t count)
{
	const struct pyprof_offsets *o = &fake->python.layout.at;
	uint64_t dict = fake_object(fake, fake->dict, 0);
	fake_word(fake, dict, o->dict.used, count);
	fake_word(fake, dict, o->dict.keys,
		  fake_keys(fake, keys, values, count));
	return dict;
}

/* `type`, `object` and what they need, each of which needs the others. */
static void add_types(struct fake_objects *fake)
{
	const struct pyprof_offsets *o = &fake->python.layout.at;
	fake->type = fake_type(
		fake, &(struct fake_type){
			      .name = "type",
			      .flags = UINT64_C(1) << PYPROF_TYPE_SUBCLASS_BIT |
				       PYPROF_TYPE_GC,
			      .basicsize = o->heap_type.size,
			      .itemsize = o->member.size,
			      .dictoffset = o->type.dict});
	fake_word(fake, fake->type, o->object.type, fake->type);
	fake->object = fake_type(
		fake, &(struct fake_type){.name = "object",
					  .basicsize = o->object.size});
	fake_word(fake, fake->type, o->type.base, fake->object);
	fake->str = fake_type(
		fake, &(struct fake_type){.name = "str",
					  .flags = UINT64_C(1) << 28,
					  .basicsize = o->unicode.size});
	fake->integer = fake_type(
		fake, &(struct fake_type){.name = "int",
					  .flags = UINT64_C(1) << 24,
					  .basicsize = o->integer.digits,
					  .itemsize = 4});
	fake->tuple =
		fake_type(fake, &(struct fake_type){.name = "tuple",
						    .flags = UINT64_C(1) << 26 |
							     PYPROF_TYPE_GC,
						    .basicsize = o->tuple.size,
						    .itemsize = 8});
	fake->list =
		fake_type(fake, &(struct fake_type){.name = "list",
						    .flags = UINT64_C(1) << 25 |
							     PYPROF_TYPE_GC,
						    .basicsize = o->list.size});
	fake->dict =
		fake_type(fake, &(struct fake_type){.name = "dict",
						    .flags = UINT64_C(1) << 29 |
							     PYPROF_TYPE_GC,
						    .basicsize = o->dict.size});
}

struct fake_objects *fake_objects_create(const struct pyprof_layout *layout)
{
	struct fake_objects *fake = calloc(1, sizeof(*fake));
	expect(fake != NULL);
	fake->bytes = calloc(1, FAKE_OBJECTS_SIZE);
	fake->memory = calloc(1, sizeof(*fake->memory));
	expect(fake->bytes != NULL && fake->memory != NULL);
	fake->next = FAKE_OBJECTS_START;
	fake->python.layout = *layout;
	expect(pyprof_vec_push(
		&fake->memory->segments,
		(struct pyprof_memory_segment){.start = FAKE_OBJECTS_START,
					       .end = FAKE_OBJECTS_START +
						      FAKE_OBJECTS_SIZE,
					       .bytes = fake->bytes,
					       .writable = true,
					       .path = ""}));
	expect_ok(pyprof_memory_index(fake->memory));
	expect_ok(pyprof_memory_target(fake->memory, NULL, &fake->target));
	fake->python.target = fake->target;
	fake->python.runtime = fake_alloc(fake, 4096);
	add_types(fake);
	fake->python.unicode_type = fake->str;
	return fake;
}

void fake_objects_destroy(struct fake_objects *fake)
{
	if (!fake)
		return;
	pyprof_types_destroy(fake->types);
	pyprof_target_destroy(fake->target);
	pyprof_memory_destroy(fake->memory);
	free(fake->bytes);
	free(fake);
}

struct fake_objects *fake_objects_create_nth(int index)
{
	struct pyprof_layout layout = fake_layout(index);
	return fake_objects_create(&layout);
}

struct pyprof_types *fake_objects_types(struct fake_objects *fake)
{
	if (!fake->types)
		expect_ok(pyprof_types_create(fake->memory, &fake->python,
					      &fake->types));
	return fake->types;
}
