// SPDX-License-Identifier: Apache-2.0
#include "core/base/show.h"
#include "core/base/utf8.h"
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

/* Of a container, and of each of its items. */
#define PREVIEW_ITEMS 3
#define PREVIEW_BYTES 60

/* Takes in the first items of an object. */
struct preview {
	struct pyprof_edge_sink sink;
	const struct pyprof_types *types;
	struct pyprof_buf *buf;
	unsigned count;
	/** These are the items of an instance's dict. */
	bool in_dict;
};

static void put_cut(const struct pyprof_types *types, uint64_t address,
		    struct pyprof_buf *buf)
{
	size_t start = buf->length;
	pyprof_object_show(types, address, buf);
	size_t length = buf->length - start;
	size_t fit = pyprof_utf8_fit(buf->data + start, length, PREVIEW_BYTES);
	if (fit == length)
		return;
	buf->length = start + fit;
	pyprof_buf_puts(buf, "\xe2\x80\xa6");
}

static void show_attributes(struct preview *preview, uint64_t dict)
{
	struct pyprof_object object;
	if (preview->in_dict ||
	    !pyprof_object_known(preview->types, dict, &object))
		return;
	preview->in_dict = true;
	pyprof_object_edges(preview->types, &object, &preview->sink);
	preview->in_dict = false;
}

static void put_item(struct pyprof_edge_sink *sink, uint64_t target,
		     unsigned kind, uint64_t label)
{
	struct preview *preview = (struct preview *)sink;
	kind &= PYPROF_EDGE_KIND_MASK;
	if (pyprof_edge_is_dict(kind, label)) {
		show_attributes(preview, target);
		return;
	}
	if (kind != PYPROF_EDGE_ITEM && kind != PYPROF_EDGE_VALUE &&
	    kind != PYPROF_EDGE_ATTRIBUTE && kind != PYPROF_EDGE_SLOT)
		return;
	if (preview->count++ >= PREVIEW_ITEMS)
		return;
	pyprof_buf_puts(preview->buf, preview->count > 1 ? ", " : ": ");
	if (preview->in_dict)
		kind = PYPROF_EDGE_ATTRIBUTE;
	if (kind == PYPROF_EDGE_VALUE) {
		put_cut(preview->types, label, preview->buf);
		pyprof_buf_puts(preview->buf, ": ");
	} else if (kind != PYPROF_EDGE_ITEM) {
		pyprof_edge_show(preview->types, kind, label, preview->buf);
		pyprof_buf_puts(preview->buf, " = ");
	}
	put_cut(preview->types, target, preview->buf);
}

void pyprof_object_preview(const struct pyprof_types *types, uint64_t address,
			   struct pyprof_buf *buf)
{
	struct preview preview = {
		.sink = {put_item},
		.types = types,
		.buf = buf,
	};
	struct pyprof_object object;
	pyprof_object_show(types, address, buf);
	if (!buf->length || buf->data[buf->length - 1] != '>' ||
	    !pyprof_object_known(types, address, &object))
		return;
	buf->length--;
	pyprof_object_edges(types, &object, &preview.sink);
	if (preview.count > PREVIEW_ITEMS)
		pyprof_buf_puts(buf, ", \xe2\x80\xa6");
	pyprof_buf_putc(buf, '>');
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
	if (text.length >= 2 && (text.data[0] == '\'' || text.data[0] == '"'))
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
