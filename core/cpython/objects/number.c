// SPDX-License-Identifier: Apache-2.0
//
// int, bool, float and complex.
#include <inttypes.h>
#include <string.h>

#include "core/cpython/objects/dict_table.h"

#define DIGIT_BITS 30
#define DIGITS_SHOWN 2

static uint64_t digit_count(const struct pyprof_layout *layout,
			    const uint8_t *bytes)
{
	if (pyprof_has(layout, integer.tag))
		return pyprof_word(bytes, layout->at.integer.tag) >> 3;
	int64_t size = (int64_t)pyprof_word(bytes, layout->at.object.var_size);
	return size < 0 ? 0 - (uint64_t)size : (uint64_t)size;
}

static bool is_negative(const struct pyprof_layout *layout,
			const uint8_t *bytes)
{
	if (pyprof_has(layout, integer.tag))
		return (pyprof_word(bytes, layout->at.integer.tag) & 3) == 2;
	return (int64_t)pyprof_word(bytes, layout->at.object.var_size) < 0;
}

static bool int_size(const struct pyprof_types *types,
		     const struct pyprof_object *object, uint64_t *ret)
{
	const struct pyprof_layout *layout = types->layout;
	uint64_t digits = digit_count(layout, object->bytes);
	if (digits >> 40)
		return false;
	if (!digits && layout->objects.zero_has_digit)
		digits = 1;
	*ret = (uint64_t)layout->at.integer.digits + 4 * digits;
	return true;
}

static int64_t value_of(const struct pyprof_layout *layout,
			const uint8_t *bytes, uint64_t digits)
{
	int64_t value = 0;
	for (uint64_t i = digits; i-- > 0;) {
		uint32_t digit;
		memcpy(&digit, bytes + layout->at.integer.digits + 4 * i, 4);
		value = value << DIGIT_BITS | digit;
	}
	return is_negative(layout, bytes) ? -value : value;
}

bool pyprof_int_value(const struct pyprof_types *types, uint64_t address,
		      int64_t *ret)
{
	const struct pyprof_layout *layout = types->layout;
	uint64_t size = (uint64_t)layout->at.integer.digits;
	const uint8_t *bytes = pyprof_memory_at(types->memory, address, size);
	uint64_t digits = bytes ? digit_count(layout, bytes) : UINT64_MAX;
	if (digits > DIGITS_SHOWN ||
	    !pyprof_memory_at(types->memory, address, size + 4 * digits))
		return false;
	*ret = value_of(layout, bytes, digits);
	return true;
}

static void show_int(const struct pyprof_types *types,
		     const struct pyprof_object *object, struct pyprof_buf *buf)
{
	const struct pyprof_layout *layout = types->layout;
	uint64_t digits = digit_count(layout, object->bytes);
	uint64_t size = (uint64_t)layout->at.integer.digits + 4 * digits;
	if (digits <= DIGITS_SHOWN &&
	    pyprof_memory_at(types->memory, object->address, size))
		pyprof_buf_printf(buf, "%" PRId64,
				  value_of(layout, object->bytes, digits));
	else
		pyprof_buf_printf(buf, "<int of %" PRIu64 " bits>",
				  digits * DIGIT_BITS);
}

static void show_bool(const struct pyprof_types *types,
		      const struct pyprof_object *object,
		      struct pyprof_buf *buf)
{
	uint64_t digits = digit_count(types->layout, object->bytes);
	pyprof_buf_puts(buf, digits ? "True" : "False");
}

static void show_double(const uint8_t *at, struct pyprof_buf *buf)
{
	double value;
	memcpy(&value, at, sizeof(value));
	size_t start = buf->length;
	pyprof_buf_printf(buf, "%.17g", value);
	if (!strpbrk(buf->data + start, ".en"))
		pyprof_buf_puts(buf, ".0");
}

static void show_float(const struct pyprof_types *types,
		       const struct pyprof_object *object,
		       struct pyprof_buf *buf)
{
	show_double(object->bytes + types->layout->at.object.size, buf);
}

static void show_complex(const struct pyprof_types *types,
			 const struct pyprof_object *object,
			 struct pyprof_buf *buf)
{
	const uint8_t *parts = object->bytes + types->layout->at.object.size;
	pyprof_buf_putc(buf, '(');
	show_double(parts, buf);
	pyprof_buf_puts(buf, ", ");
	show_double(parts + 8, buf);
	pyprof_buf_puts(buf, "j)");
}

const struct pyprof_kind pyprof_kind_int = {
	.name = "int",
	.subclass_bit = 24,
	.size_position = -1,
	.size = int_size,
	.show = show_int,
	.shows_value = true,
};

const struct pyprof_kind pyprof_kind_bool = {
	.name = "bool",
	.size_position = -1,
	.size = int_size,
	.show = show_bool,
	.shows_value = true,
};

const struct pyprof_kind pyprof_kind_float = {
	.name = "float",
	.size_position = -1,
	.show = show_float,
	.shows_value = true,
};

const struct pyprof_kind pyprof_kind_complex = {
	.name = "complex",
	.size_position = -1,
	.show = show_complex,
	.shows_value = true,
};
