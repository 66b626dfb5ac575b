// SPDX-License-Identifier: Apache-2.0
#include "core/command/output.h"

#include <stdlib.h>
#include <string.h>

#include "core/command/command.h"
#include "core/report/report.h"

void pyprof_output_expand(const char *path, struct pyprof_buf *out)
{
	const char *home = getenv("HOME");
	bool in_home = home && path[0] == '~' && path[1] == '/';
	pyprof_buf_printf(out, "%s%s", in_home ? home : "", path + in_home);
}

struct pyprof_error *
pyprof_output_kind(const struct pyprof_arguments *arguments, const char *what,
		   enum pyprof_output_kind *ret)
{
	const struct pyprof_report_format *format = NULL;
	_cleanup_error_ struct pyprof_error *none = NULL;
	if (arguments->output)
		none = pyprof_report_format_find(NULL, arguments->output,
						 &format);
	const char *name = format ? format->name : "txt";
	if (strcmp(name, "html") == 0 && !arguments->json)
		*ret = PYPROF_OUTPUT_PAGE;
	else if (strcmp(name, "json") == 0)
		*ret = PYPROF_OUTPUT_JSON;
	else if (strcmp(name, "txt") == 0)
		*ret = arguments->json ? PYPROF_OUTPUT_JSON
				       : PYPROF_OUTPUT_TEXT;
	else
		return pyprof_error_create(
			PYPROF_ERROR_USAGE,
			"%s: %s is written as .html, .json or .txt",
			arguments->output, what);
	return NULL;
}

struct pyprof_error *pyprof_output_save(const char *path,
					struct pyprof_buf *bytes,
					struct pyprof_buf *out)
{
	_cleanup_buf_ struct pyprof_buf expanded = PYPROF_BUF_INIT;
	pyprof_output_expand(path, &expanded);
	struct pyprof_error *err = pyprof_buf_error(&expanded);
	if (!err)
		err = pyprof_report_compress(expanded.data, bytes);
	if (!err)
		err = pyprof_report_save(expanded.data, bytes);
	if (err)
		return err;
	pyprof_buf_printf(out, "# wrote %s (%zu bytes)\n", expanded.data,
			  bytes->length);
	return NULL;
}

struct pyprof_error *pyprof_output_save_profile(const char *path,
						struct pyprof_buf *bytes,
						struct pyprof_buf *out)
{
	struct pyprof_error *err = pyprof_output_save(path, bytes, out);
	if (!err || err->code != PYPROF_ERROR_OS)
		return err;
	_cleanup_error_ struct pyprof_error *inner = err;
	return pyprof_error_create(inner->code, "%s (the profile is kept)",
				   inner->message);
}
