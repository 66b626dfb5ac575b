// SPDX-License-Identifier: Apache-2.0
//
// Which columns of a table are shown.
#include <string.h>
#include <strings.h>

#include "core/base/nearest.h"
#include "core/base/vec.h"
#include "core/report/cells.h"

static struct pyprof_error *no_field(const struct pyprof_table *table,
				     const char *name)
{
	_cleanup_buf_ struct pyprof_buf list = PYPROF_BUF_INIT;
	struct pyprof_nearest nearest = {};
	for (size_t i = 0; i < pyprof_table_columns(table); i++) {
		const char *field = pyprof_table_field(table, i);
		if (!field)
			continue;
		pyprof_nearest_offer(&nearest, name, field);
		pyprof_buf_printf(&list, "%s%s", list.length ? " " : "", field);
	}
	return pyprof_error_create(
		PYPROF_ERROR_USAGE,
		"there is no field \"%.60s\"%s%s%s; there are %s", name,
		nearest.word ? ", did you mean " : "",
		nearest.word ? nearest.word : "", nearest.word ? "?" : "",
		list.data);
}

static struct pyprof_error *find(const struct pyprof_table *table,
				 const char *name, size_t *ret)
{
	for (size_t i = 0; i < pyprof_table_columns(table); i++) {
		const char *field = pyprof_table_field(table, i);
		if (field && strcasecmp(field, name) == 0) {
			*ret = i;
			return NULL;
		}
	}
	return no_field(table, name);
}

struct pyprof_error *pyprof_cells_choose(const struct pyprof_report_view *view,
					 struct pyprof_table *table)
{
	PYPROF_VEC(size_t) columns = {};
	struct pyprof_error *err = NULL;
	if (!view->fields)
		return NULL;
	for (const char *at = view->fields; !err && *at;) {
		size_t length = strcspn(at, ","), column = 0;
		_cleanup_free_ char *name = strndup(at, length);
		err = name ? find(table, name, &column) : pyprof_error_oom();
		if (!err && !pyprof_vec_push(&columns, column))
			err = pyprof_error_oom();
		at += length + (at[length] == ',');
	}
	if (!err)
		err = pyprof_table_keep(table, columns.items, columns.count);
	pyprof_vec_deinit(&columns);
	return err;
}
