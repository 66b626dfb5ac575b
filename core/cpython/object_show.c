// SPDX-License-Identifier: Apache-2.0
#include "core/cpython/object.h"

#define NAME_MAX_SIZE 256

static void show_object(const struct pyprof_types *types,
			const struct pyprof_object *object,
			struct pyprof_buf *buf)
{
	const struct pyprof_kind *kind = object->type->kind;
	size_t start = buf->length;
	if (kind && kind->show && kind->shows_value) {
		kind->show(types, object, buf);
		if (buf->length > start)
			return;
	}
	pyprof_buf_printf(buf, "<%s at %#llx", object->type->name,
			  (unsigned long long)object->address);
	size_t end = buf->length;
	pyprof_buf_putc(buf, ' ');
	if (kind && kind->show && !kind->shows_value)
		kind->show(types, object, buf);
	if (buf->length == end + 1)
		buf->length = end;
	pyprof_buf_putc(buf, '>');
}

void pyprof_object_show(const struct pyprof_types *types, uint64_t address,
			struct pyprof_buf *buf)
{
	struct pyprof_object object;
	if (pyprof_object_known(types, address, &object)) {
		show_object(types, &object, buf);
		return;
	}
	pyprof_buf_printf(buf, "<no object at %#llx>",
			  (unsigned long long)address);
}

/* A name that is a C string in the target. */
static void show_c_name(const struct pyprof_types *types, uint64_t address,
			struct pyprof_buf *buf)
{
	char name[NAME_MAX_SIZE];
	struct pyprof_error *err = pyprof_target_read_cstr(
		types->python->target, address, name, sizeof(name));
	pyprof_buf_puts(buf, err ? "?" : name);
	pyprof_error_destroy(err);
}

/* A name that is a str, without its quotes. */
static void show_name(const struct pyprof_types *types, uint64_t address,
		      struct pyprof_buf *buf)
{
	_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
	pyprof_object_show(types, address, &text);
	if (text.length >= 2 && text.data[0] == '\'')
		pyprof_buf_append(buf, text.data + 1, text.length - 2);
	else
		pyprof_buf_append(buf, text.data, text.length);
}

void pyprof_edge_show(const struct pyprof_types *types, unsigned kind,
		      uint64_t label, struct pyprof_buf *buf)
{
	unsigned long long number = label;
	switch (kind & PYPROF_EDGE_KIND_MASK) {
	case PYPROF_EDGE_TYPE:
		pyprof_buf_puts(buf, ".__class__");
		return;
	case PYPROF_EDGE_MEMBER:
	case PYPROF_EDGE_WEAK:
		pyprof_buf_printf(buf, ".%s", (const char *)(uintptr_t)label);
		return;
	case PYPROF_EDGE_ITEM:
		pyprof_buf_printf(buf, "[%llu]", number);
		return;
	case PYPROF_EDGE_KEY:
		pyprof_buf_printf(buf, " key %llu", number);
		return;
	case PYPROF_EDGE_VALUE:
		pyprof_buf_putc(buf, '[');
		pyprof_object_show(types, label, buf);
		pyprof_buf_putc(buf, ']');
		return;
	case PYPROF_EDGE_ATTRIBUTE:
		pyprof_buf_putc(buf, '.');
		show_name(types, label, buf);
		return;
	case PYPROF_EDGE_SLOT:
		pyprof_buf_putc(buf, '.');
		show_c_name(types, label, buf);
		return;
	case PYPROF_EDGE_LOCAL:
		pyprof_buf_putc(buf, ' ');
		show_name(types, label, buf);
		return;
	case PYPROF_EDGE_STACK:
		pyprof_buf_printf(buf, " stack %llu", number);
		return;
	default:
		pyprof_buf_printf(buf, " +%#llx", number);
		return;
	}
}
