// SPDX-License-Identifier: Apache-2.0
//
// What Scalene's viewer loads. Its figures are shares of all time that passes
// the filter, in percent, and elapsed_time_sec is that time, so that the
// seconds it shows are right. What it calls system time is waiting here. What
// only Scalene measures, as memory and copying, is 0.
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/report/formats.h"
#include "core/report/frames.h"

/* Decimals of percentages, so that no nanosecond of days is lost. */
#define DECIMALS 15

/* A line or a function with self time. */
struct row {
	/* The file as text: names that differ in bytes that are none are one
	 * name in JSON, and a name must not be there twice. */
	uint32_t file;
	int32_t line, function_line;
	uint32_t function;
	struct pyprof_times times;
};

/* Rows in the order of their files and lines. */
struct rows {
	struct row *items;
	size_t count, next;
};

struct writer {
	const struct pyprof_profile *profile;
	const struct pyprof_summary *summary;
	const struct pyprof_function *functions;
	struct pyprof_source *source;
	struct pyprof_strtab *files;
	struct rows lines, of_functions;
	struct pyprof_json json;
};

static int compare(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->function < y->function ? -1 : x->function > y->function;
}

static struct pyprof_error *add_row(struct writer *writer, struct rows *rows,
				    uint32_t file, int32_t line,
				    uint32_t function,
				    const struct pyprof_times *times)
{
	_cleanup_buf_ struct pyprof_buf clean = PYPROF_BUF_INIT;
	int32_t first = writer->functions[function].first_line;
	struct row *row = &rows->items[rows->count];
	if (!times->self_samples)
		return NULL;
	pyprof_put_utf8(&clean, pyprof_profile_string(writer->profile, file),
			pyprof_profile_string_length(writer->profile, file));
	struct pyprof_error *err = pyprof_buf_error(&clean);
	if (!err)
		err = pyprof_strtab_intern(writer->files, clean.data,
					   clean.length, &row->file);
	if (err)
		return err;
	/* Lines count from 1 there; that is where one goes that is unknown. */
	row->line = line > 0 ? line : 1;
	row->function = function;
	row->function_line = first > 0 ? first : 0;
	row->times = *times;
	rows->count++;
	return NULL;
}

static struct pyprof_error *make_rows(struct writer *writer)
{
	const struct pyprof_summary *summary = writer->summary;
	struct pyprof_error *err = pyprof_strtab_create(&writer->files);
	if (err)
		return err;
	writer->lines.items =
		calloc(summary->line_count + 1, sizeof(struct row));
	writer->of_functions.items =
		calloc(summary->function_count + 1, sizeof(struct row));
	if (!writer->lines.items || !writer->of_functions.items)
		return pyprof_error_oom();
	for (size_t i = 0; !err && i < summary->line_count; i++) {
		const struct pyprof_line_row *row = &summary->lines[i];
		err = add_row(writer, &writer->lines, row->file, row->line,
			      row->function, &row->times);
	}
	for (size_t i = 0; !err && i < summary->function_count; i++) {
		const struct pyprof_function_row *row = &summary->functions[i];
		const struct pyprof_function *function =
			&writer->functions[row->function];
		err = add_row(writer, &writer->of_functions, function->file,
			      function->first_line, row->function, &row->times);
	}
	qsort(writer->lines.items, writer->lines.count, sizeof(struct row),
	      compare);
	qsort(writer->of_functions.items, writer->of_functions.count,
	      sizeof(struct row), compare);
	return err;
}

static void put_string(struct writer *writer, const char *key, uint32_t id)
{
	pyprof_json_key(&writer->json, key);
	pyprof_json_text(&writer->json,
			 pyprof_profile_string(writer->profile, id),
			 pyprof_profile_string_length(writer->profile, id));
}

static void put_int(struct writer *writer, const char *key, int64_t value)
{
	pyprof_json_key(&writer->json, key);
	pyprof_json_int(&writer->json, value);
}

static void put_text(struct writer *writer, const char *key, const char *text)
{
	pyprof_json_key(&writer->json, key);
	pyprof_json_string(&writer->json, text);
}

static void put_bool(struct writer *writer, const char *key, bool value)
{
	pyprof_json_key(&writer->json, key);
	pyprof_json_bool(&writer->json, value);
}

static void put_empty_array(struct writer *writer, const char *key)
{
	pyprof_json_key(&writer->json, key);
	pyprof_json_begin_array(&writer->json);
	pyprof_json_end_array(&writer->json);
}

static void put_percent(struct writer *writer, const char *key, uint64_t ns)
{
	uint64_t all = writer->summary->ns;
	pyprof_json_key(&writer->json, key);
	pyprof_json_double(&writer->json,
			   all ? (double)ns / (double)all * 100 : 0, DECIMALS);
}

static void put_figures(struct writer *writer, const struct row *row)
{
	static const char *const unknown[] = {
		"n_avg_mb",
		"n_copy_mb_s",
		"n_core_utilization",
		"n_gpu_avg_memory_mb",
		"n_gpu_peak_memory_mb",
		"n_gpu_percent",
		"n_growth_mb",
		"n_peak_mb",
		"n_malloc_mb",
		"n_mallocs",
		"n_python_fraction",
		"n_usage_fraction",
	};
	const uint64_t *ns = row->times.self_group_ns;
	put_int(writer, "lineno", row->line);
	put_percent(writer, "n_cpu_percent_python", ns[PYPROF_GROUP_PYTHON]);
	put_percent(writer, "n_cpu_percent_c", ns[PYPROF_GROUP_NATIVE]);
	put_percent(writer, "n_sys_percent", ns[PYPROF_GROUP_WAIT]);
	for (size_t i = 0; i < sizeof(unknown) / sizeof(*unknown); i++)
		put_int(writer, unknown[i], 0);
	put_empty_array(writer, "memory_samples");
	put_empty_array(writer, "cpu_samples_list");
}

static void put_line(struct writer *writer, const struct row *row)
{
	struct pyprof_json *json = &writer->json;
	const char *file = pyprof_strtab_get(writer->files, row->file);
	pyprof_json_begin_object(json);
	put_text(writer, "line",
		 writer->source
			 ? pyprof_source_line(writer->source, file, row->line)
			 : "");
	put_figures(writer, row);
	put_int(writer, "start_region_line", row->line);
	put_int(writer, "end_region_line", row->line);
	put_int(writer, "start_outermost_loop", row->line);
	put_int(writer, "end_outermost_loop", row->line);
	put_int(writer, "start_function_line", row->function_line);
	put_int(writer, "end_function_line", row->function_line);
	pyprof_json_end_object(json);
}

static void put_function(struct writer *writer, const struct row *row)
{
	pyprof_json_begin_object(&writer->json);
	put_string(writer, "line",
		   pyprof_function_label(&writer->functions[row->function]));
	put_figures(writer, row);
	pyprof_json_end_object(&writer->json);
}

/* Write the rows of a file, which come next; their time. */
static uint64_t put_rows(struct writer *writer, struct rows *rows,
			 const char *key, uint32_t file,
			 void (*put)(struct writer *, const struct row *))
{
	uint64_t ns = 0;
	pyprof_json_key(&writer->json, key);
	pyprof_json_begin_array(&writer->json);
	for (; rows->next < rows->count; rows->next++) {
		const struct row *row = &rows->items[rows->next];
		if (row->file != file)
			break;
		put(writer, row);
		ns += row->times.self_ns;
	}
	pyprof_json_end_array(&writer->json);
	return ns;
}

/* Files are numbered by their lines, so those of both tables are the same. */
static void put_files(struct writer *writer)
{
	struct pyprof_json *json = &writer->json;
	pyprof_json_key(json, "files");
	pyprof_json_begin_object(json);
	while (writer->lines.next < writer->lines.count) {
		uint32_t file = writer->lines.items[writer->lines.next].file;
		pyprof_json_key(json, pyprof_strtab_get(writer->files, file));
		pyprof_json_begin_object(json);
		put_rows(writer, &writer->of_functions, "functions", file,
			 put_function);
		uint64_t ns = put_rows(writer, &writer->lines, "lines", file,
				       put_line);
		put_percent(writer, "percent_cpu_time", ns);
		put_empty_array(writer, "imports");
		pyprof_json_key(json, "leaks");
		pyprof_json_begin_object(json);
		pyprof_json_end_object(json);
		pyprof_json_end_object(json);
	}
	pyprof_json_end_object(json);
}

static void put_all(struct writer *writer)
{
	struct pyprof_json *json = &writer->json;
	const struct pyprof_profile_meta *meta =
		pyprof_profile_meta_const(writer->profile);
	pyprof_json_begin_object(json);
	put_string(writer, "program", meta->command_line);
	put_text(writer, "entrypoint_dir", "");
	put_text(writer, "filename", "");
	pyprof_json_key(json, "elapsed_time_sec");
	pyprof_json_double(json, (double)writer->summary->ns / 1e9, 9);
	put_int(writer, "start_time_absolute", meta->started_at);
	put_int(writer, "start_time_perf", 0);
	put_int(writer, "alloc_samples", 0);
	put_bool(writer, "gpu", false);
	put_text(writer, "gpu_device", "");
	put_int(writer, "growth_rate", 0);
	pyprof_json_key(json, "max_footprint_fname");
	pyprof_json_null(json);
	pyprof_json_key(json, "max_footprint_lineno");
	pyprof_json_null(json);
	put_int(writer, "max_footprint_mb", 0);
	put_int(writer, "max_footprint_python_fraction", 0);
	put_bool(writer, "memory", false);
	put_empty_array(writer, "samples");
	put_empty_array(writer, "stacks");
	put_files(writer);
	pyprof_json_end_object(json);
	pyprof_buf_putc(json->out, '\n');
}

static struct pyprof_error *
write_scalene(const struct pyprof_profile *profile,
	      const struct pyprof_report_options *options,
	      struct pyprof_buf *out)
{
	_cleanup_(pyprof_summary_cleanup) struct pyprof_summary *summary = NULL;
	struct pyprof_error *err = pyprof_summary_create(
		profile, &options->filter, PYPROF_SORT_SELF, &summary);
	if (err)
		return err;
	struct writer writer = {
		.profile = profile,
		.summary = summary,
		.source = options->source,
		.json = PYPROF_JSON_INIT_LINES(out, 5),
	};
	pyprof_profile_functions(profile, &writer.functions);
	err = make_rows(&writer);
	if (!err)
		put_all(&writer);
	free(writer.lines.items);
	free(writer.of_functions.items);
	pyprof_strtab_destroy(writer.files);
	return err ? err : pyprof_buf_error(out);
}

const struct pyprof_report_format pyprof_report_scalene = {
	.name = "scalene",
	.extension = ".scalene.json",
	.summary = "for Scalene's viewer: lines with their shares of the time",
	.write = write_scalene,
};
