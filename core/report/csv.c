// SPDX-License-Identifier: Apache-2.0
//
// A row a line of code, the one with the most self time first, as RFC 4180 has
// tables. Times are integers, nanoseconds. The rows' self times add up to all
// that was sampled: time without a Python frame has a row without a file.
#include <inttypes.h>
#include <string.h>

#include "core/report/formats.h"
#include "core/report/frames.h"

static void put_text(struct pyprof_buf *out, const char *text, size_t length)
{
	_cleanup_buf_ struct pyprof_buf clean = PYPROF_BUF_INIT;
	pyprof_put_utf8(&clean, text, length);
	out->failed |= clean.failed;
	pyprof_buf_putc(out, '"');
	for (size_t i = 0; i < clean.length; i++) {
		if (clean.data[i] == '"')
			pyprof_buf_putc(out, '"');
		pyprof_buf_putc(out, clean.data[i]);
	}
	pyprof_buf_putc(out, '"');
}

static void put_string(const struct pyprof_profile *profile, uint32_t id,
		       struct pyprof_buf *out)
{
	put_text(out, pyprof_profile_string(profile, id),
		 pyprof_profile_string_length(profile, id));
}

static void put_times(const struct pyprof_times *times, struct pyprof_buf *out)
{
	pyprof_buf_printf(out, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64,
			  times->self_samples, times->self_ns,
			  times->total_samples, times->total_ns);
	for (unsigned i = 0; i < PYPROF_GROUP_COUNT; i++)
		pyprof_buf_printf(out, ",%" PRIu64, times->self_group_ns[i]);
	pyprof_buf_puts(out, "\r\n");
}

static void put_frameless(const struct pyprof_frames *frames,
			  const struct pyprof_filter *filter,
			  struct pyprof_buf *out)
{
	struct pyprof_times times = pyprof_frames_frameless(frames, filter);
	if (!times.self_samples)
		return;
	times.total_ns = times.self_ns;
	times.total_samples = times.self_samples;
	pyprof_buf_puts(out, ",,");
	put_text(out, PYPROF_NO_FRAME, strlen(PYPROF_NO_FRAME));
	put_times(&times, out);
}

static void put_lines(const struct pyprof_frames *frames,
		      const struct pyprof_summary *summary,
		      struct pyprof_buf *out)
{
	for (size_t i = 0; i < summary->line_count; i++) {
		const struct pyprof_line_row *row = &summary->lines[i];
		put_string(frames->profile, row->file, out);
		pyprof_buf_printf(out, ",%" PRId32 ",", row->line);
		put_string(frames->profile,
			   pyprof_function_label(
				   &frames->functions[row->function]),
			   out);
		put_times(&row->times, out);
	}
}

static struct pyprof_error *
write_csv(const struct pyprof_profile *profile,
	  const struct pyprof_report_options *options, struct pyprof_buf *out)
{
	_cleanup_(pyprof_summary_cleanup) struct pyprof_summary *summary = NULL;
	struct pyprof_frames frames;
	struct pyprof_error *err = pyprof_summary_create(
		profile, &options->filter, PYPROF_SORT_SELF, &summary);
	if (!err)
		err = pyprof_frames_init(profile, &frames);
	if (err)
		return err;
	pyprof_buf_puts(out, "file,line,function,self_samples,self_ns,"
			     "total_samples,total_ns,self_python_ns,"
			     "self_native_ns,self_wait_ns\r\n");
	put_lines(&frames, summary, out);
	put_frameless(&frames, &options->filter, out);
	pyprof_frames_deinit(&frames);
	return pyprof_buf_error(out);
}

const struct pyprof_report_format pyprof_report_csv = {
	.name = "csv",
	.extension = ".csv",
	.summary = "lines of code with their times, for spreadsheets",
	.write = write_csv,
};
