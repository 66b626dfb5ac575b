// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "core/base/gzip.h"
#include "core/report/formats.h"
#include "core/report/report.h"

const struct pyprof_report_format *const pyprof_report_formats[] = {
	&pyprof_report_text,
	&pyprof_report_json,
	&pyprof_report_csv,
	&pyprof_report_collapsed,
	&pyprof_report_html,
	&pyprof_report_svg,
	&pyprof_report_speedscope,
	&pyprof_report_gecko,
	&pyprof_report_chrome_trace,
	&pyprof_report_pprof,
	&pyprof_report_pstats,
	&pyprof_report_callgrind,
	&pyprof_report_scalene,
	&pyprof_report_saved,
	NULL,
};

/* Behind the ending of any format: the file is compressed. */
#define GZIP_EXTENSION ".gz"

/* Whether `length` bytes of a name have an ending, and more before it. */
static bool ends_in(const char *file, size_t length, const char *extension)
{
	size_t size = strlen(extension);
	return length > size &&
	       memcmp(file + length - size, extension, size) == 0;
}

static bool is_gzip(const char *file)
{
	return ends_in(file, strlen(file), GZIP_EXTENSION);
}

static const struct pyprof_report_format *by_name(const char *name)
{
	for (size_t i = 0; pyprof_report_formats[i]; i++) {
		if (strcmp(pyprof_report_formats[i]->name, name) == 0)
			return pyprof_report_formats[i];
	}
	return NULL;
}

static const struct pyprof_report_format *by_extension(const char *file)
{
	const struct pyprof_report_format *best = NULL;
	size_t length = strlen(file);
	if (is_gzip(file))
		length -= strlen(GZIP_EXTENSION);
	for (size_t i = 0; pyprof_report_formats[i]; i++) {
		const struct pyprof_report_format *format =
			pyprof_report_formats[i];
		if (ends_in(file, length, format->extension) &&
		    (!best ||
		     strlen(format->extension) > strlen(best->extension)))
			best = format;
	}
	return best;
}

static struct pyprof_error *none_found(const char *name, const char *file)
{
	_cleanup_buf_ struct pyprof_buf list = PYPROF_BUF_INIT;
	for (size_t i = 0; pyprof_report_formats[i]; i++)
		pyprof_buf_printf(&list, "%s%s", i ? " " : "",
				  name ? pyprof_report_formats[i]->name
				       : pyprof_report_formats[i]->extension);
	if (name)
		return pyprof_error_create(
			PYPROF_ERROR_USAGE,
			"unknown format \"%s\"; there are %s", name, list.data);
	return pyprof_error_create(PYPROF_ERROR_USAGE,
				   "%s does not say its format; end it in one "
				   "of %s, or give --format",
				   file, list.data);
}

struct pyprof_error *
pyprof_report_format_find(const char *name, const char *file,
			  const struct pyprof_report_format **ret)
{
	const struct pyprof_report_format *format =
		name ? by_name(name) : by_extension(file);
	if (!format)
		return none_found(name, file);
	*ret = format;
	return NULL;
}

struct pyprof_error *pyprof_report_compress(const char *file,
					    struct pyprof_buf *bytes)
{
	_cleanup_buf_ struct pyprof_buf packed = PYPROF_BUF_INIT;
	struct pyprof_error *err = pyprof_buf_error(bytes);
	if (err || !is_gzip(file))
		return err;
	err = pyprof_gzip(bytes, &packed);
	if (err)
		return err;
	struct pyprof_buf plain = *bytes;
	*bytes = packed;
	packed = plain;
	return NULL;
}
