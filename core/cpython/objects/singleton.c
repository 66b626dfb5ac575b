// SPDX-License-Identifier: Apache-2.0
//
// Objects of which there is one: their type tells all.
#include "core/cpython/object.h"

static void show_none(const struct pyprof_types *types,
		      const struct pyprof_object *object,
		      struct pyprof_buf *buf)
{
	(void)types;
	(void)object;
	pyprof_buf_puts(buf, "None");
}

static void show_ellipsis(const struct pyprof_types *types,
			  const struct pyprof_object *object,
			  struct pyprof_buf *buf)
{
	(void)types;
	(void)object;
	pyprof_buf_puts(buf, "Ellipsis");
}

static void show_not_implemented(const struct pyprof_types *types,
				 const struct pyprof_object *object,
				 struct pyprof_buf *buf)
{
	(void)types;
	(void)object;
	pyprof_buf_puts(buf, "NotImplemented");
}

const struct pyprof_kind pyprof_kind_none = {
	.name = "NoneType",
	.size_position = -1,
	.show = show_none,
	.shows_value = true,
};

const struct pyprof_kind pyprof_kind_ellipsis = {
	.name = "ellipsis",
	.size_position = -1,
	.show = show_ellipsis,
	.shows_value = true,
};

const struct pyprof_kind pyprof_kind_not_implemented = {
	.name = "NotImplementedType",
	.size_position = -1,
	.show = show_not_implemented,
	.shows_value = true,
};
