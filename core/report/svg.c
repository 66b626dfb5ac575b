// SPDX-License-Identifier: Apache-2.0
#include "core/report/formats.h"
#include "core/report/header.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/profile/summary.h"
#include "core/report/page.h"

/* Sizes in pixels; frames narrower than the least are left out. */
#define WIDTH 1200.0
#define MARGIN 10
#define ROW 18
#define LINE 17
/* Cells of a line of the head. */
#define HEAD_CELLS 160
#define FOOT 30
#define LEAST_WIDTH 0.1
/* Of a character of the 12 px fixed-width font. */
#define CELL 7.25
/* Names are cut to so many bytes; the script shows them when zoomed in. */
#define NAME_MAX_BYTES 500
/* Colours that files are dealt, and shades for functions. */
#define COLOURS 12
#define SHADES 3

/* Where a frame is; `next` is where its next child begins. */
struct place {
	uint64_t from, next;
};

struct picture {
	const struct pyprof_profile *profile;
	const struct pyprof_function *functions;
	const struct pyprof_summary *summary;
	struct pyprof_buf *out;
	size_t left_out;
	/* Height of what is above the frames. */
	unsigned head;
	uint32_t rows;
};

/* How many bytes of a text fit into `room` cells; wide characters take two. */
static size_t fitting(const char *text, size_t length, size_t room)
{
	size_t at = 0;
	for (size_t cells = 0; at < length;) {
		size_t size = pyprof_utf8_character(text + at, length - at);
		cells += size > 2 ? 2 : 1;
		if (cells > room)
			break;
		at += size ? size : 1;
	}
	return at;
}

/* XML has no controls, no U+FFFE and no U+FFFF, escaped or not. */
static bool is_xml(const char *text, size_t size)
{
	unsigned char first = (unsigned char)text[0];
	if (!size || first == 0x7f || (first < 0x20 && first != '\n'))
		return false;
	return size != 3 || memcmp(text, "\xef\xbf\xbe", 2) ||
	       (unsigned char)text[2] < 0xbe;
}

static void put_xml(struct pyprof_buf *out, const char *text, size_t length)
{
	for (size_t at = 0; at < length;) {
		size_t size = pyprof_utf8_character(text + at, length - at);
		if (text[at] == '<')
			pyprof_buf_puts(out, "&lt;");
		else if (text[at] == '>')
			pyprof_buf_puts(out, "&gt;");
		else if (text[at] == '&')
			pyprof_buf_puts(out, "&amp;");
		else if (text[at] == '\n' || !is_xml(text + at, size))
			pyprof_buf_puts(out, PYPROF_UTF8_REPLACEMENT);
		else
			pyprof_buf_append(out, text + at, size);
		at += size ? size : 1;
	}
}

/* A string of the profile, cut to `room` cells. */
static void put_string(struct picture *picture, uint32_t id, size_t room)
{
	const char *text = pyprof_profile_string(picture->profile, id);
	size_t length = pyprof_profile_string_length(picture->profile, id);
	size_t shown = fitting(text, length, room);
	if (shown < length)
		shown = fitting(text, length, room - 1);
	put_xml(picture->out, text, shown);
	if (shown < length)
		pyprof_buf_puts(picture->out, "\xe2\x80\xa6");
}

static void put_percent(struct picture *picture, uint64_t ns)
{
	uint64_t all = picture->summary->ns;
	pyprof_buf_printf(picture->out, "%.1f %%",
			  all ? 100.0 * (double)ns / (double)all : 0.0);
}

/* One colour for all functions of a file, far apart for the largest files. */
static unsigned colour_of(const struct picture *picture, uint32_t file)
{
	const struct pyprof_summary *summary = picture->summary;
	for (size_t i = 0; i < summary->file_count; i++)
		if (summary->files[i].file == file)
			return (unsigned)i % COLOURS;
	return 0;
}

static unsigned hue_of(unsigned colour)
{
	return (12 + colour * 275 / 2) % 360;
}

static uint32_t name_of(const struct pyprof_function *function)
{
	return function->qualname ? function->qualname : function->name;
}

static void put_frame(struct picture *picture,
		      const struct pyprof_tree_row *row, double x, double width)
{
	struct pyprof_buf *out = picture->out;
	const struct pyprof_function *function =
		&picture->functions[row->function];
	unsigned y = picture->head + row->depth * ROW;
	pyprof_buf_puts(out, "<g class=\"f\"><title>");
	put_string(picture, name_of(function), NAME_MAX_BYTES);
	pyprof_buf_putc(out, '\n');
	put_string(picture, function->file, NAME_MAX_BYTES);
	pyprof_buf_printf(out, ":%" PRId32 "\ntotal %.3f s, ",
			  function->first_line,
			  (double)row->times.total_ns / 1e9);
	put_percent(picture, row->times.total_ns);
	pyprof_buf_printf(out, "; self %.3f s, ",
			  (double)row->times.self_ns / 1e9);
	put_percent(picture, row->times.self_ns);
	pyprof_buf_printf(
		out,
		"; %" PRIu64 " samples</title>"
		"<rect class=\"c%u s%u\" x=\"%.2f\" y=\"%u\" "
		"width=\"%.2f\" height=\"%d\"/>"
		"<text x=\"%.2f\" y=\"%u\">",
		row->times.total_samples, colour_of(picture, function->file),
		row->function % SHADES, x, y, width, ROW - 1, x + 3, y + 13);
	size_t room = width > 6 ? (size_t)((width - 6) / CELL) : 0;
	if (room >= 3)
		put_string(picture, name_of(function), room);
	pyprof_buf_puts(out, "</text></g>\n");
}

/* Parents come before their children in the tree. */
static struct pyprof_error *put_frames(struct picture *picture)
{
	const struct pyprof_summary *summary = picture->summary;
	_cleanup_free_ struct place *places =
		calloc(summary->tree_count + 1, sizeof(*places));
	if (!places)
		return pyprof_error_oom();
	uint64_t roots = 0;
	double scale = summary->ns ? WIDTH / (double)summary->ns : 0;
	for (size_t i = 0; i < summary->tree_count; i++) {
		const struct pyprof_tree_row *row = &summary->tree[i];
		uint64_t *from =
			row->parent == i ? &roots : &places[row->parent].next;
		places[i] = (struct place){.from = *from, .next = *from};
		*from += row->times.total_ns;
		double width = (double)row->times.total_ns * scale;
		if (width < LEAST_WIDTH) {
			picture->left_out++;
			continue;
		}
		if (row->depth >= picture->rows)
			picture->rows = row->depth + 1;
		put_frame(picture, row, (double)places[i].from * scale, width);
	}
	return pyprof_buf_error(picture->out);
}

static void put_style(struct pyprof_buf *out)
{
	pyprof_buf_puts(out,
			"<style>\nsvg{background:#fff;color:#1c2127;font:12px "
			"ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',"
			"monospace}\ntext{fill:currentColor}\n"
			".title{font-size:15px;font-weight:bold}\n"
			".dim{fill:#5c6570}\ng.f{cursor:pointer}\n"
			"g.f text{pointer-events:none}\n"
			".s1{fill-opacity:.85}.s2{fill-opacity:.7}\n"
			"g.f:hover rect{stroke:currentColor}\n");
	for (unsigned i = 0; i < COLOURS; i++)
		pyprof_buf_printf(out, ".c%u{fill:hsl(%u,62%%,78%%)}\n", i,
				  hue_of(i));
	pyprof_buf_puts(out, ".hit rect{fill:#c78bff}\n"
			     "@media screen and (prefers-color-scheme:dark){\n"
			     "svg{background:#16191d;color:#dfe3e8}\n"
			     ".dim{fill:#9aa4af}\n");
	for (unsigned i = 0; i < COLOURS; i++)
		pyprof_buf_printf(out, ".c%u{fill:hsl(%u,34%%,30%%)}\n", i,
				  hue_of(i));
	pyprof_buf_puts(out, ".hit rect{fill:#8a4fc0}\n}\n</style>\n");
}

static void begin_text(struct pyprof_buf *out, const char *attributes, int y)
{
	pyprof_buf_printf(out, "<text %s x=\"0\" y=\"%d\">", attributes, y);
}

/* What every report states; the lines of prose begin with "# ". */
static void put_head(struct picture *picture, char *prose)
{
	struct pyprof_buf *out = picture->out;
	int y = LINE;
	begin_text(out, "class=\"title\"", y);
	pyprof_buf_puts(out, "pyprof</text>\n");
	for (char *line; (line = strsep(&prose, "\n")) && *line;) {
		begin_text(out, "class=\"dim\"", y += LINE);
		put_xml(out, line + 2, strlen(line + 2));
		pyprof_buf_puts(out, "</text>\n");
	}
	/* The script says there what it can do. */
	begin_text(out, "id=\"status\"", y + LINE);
	pyprof_buf_puts(out, "</text>\n");
}

static void put_foot(struct picture *picture)
{
	struct pyprof_buf *out = picture->out;
	begin_text(out, "class=\"dim\"",
		   (int)(picture->head + picture->rows * ROW) + FOOT / 2 + 4);
	if (!picture->summary->ns)
		pyprof_buf_puts(out, "There are no such samples.");
	else if (picture->left_out)
		pyprof_buf_printf(out,
				  "%zu frames narrower than %.1f pixels are "
				  "left out.",
				  picture->left_out, LEAST_WIDTH);
	pyprof_buf_puts(out, "</text>\n<script><![CDATA[\n");
	pyprof_buf_append(out, pyprof_report_svg_script,
			  pyprof_report_svg_script_size);
	pyprof_buf_puts(out, "]]></script>\n</svg>\n");
}

/* The size comes first and is known last, so frames have their own buffer. */
static struct pyprof_error *put_picture(struct picture *picture, char *prose)
{
	struct pyprof_buf *out = picture->out;
	_cleanup_buf_ struct pyprof_buf frames = PYPROF_BUF_INIT;
	picture->head = 3 * LINE + ROW / 2;
	for (const char *at = prose; (at = strchr(at, '\n')); at++)
		picture->head += LINE;
	picture->out = &frames;
	struct pyprof_error *err = put_frames(picture);
	picture->out = out;
	if (err)
		return err;
	unsigned height = picture->head + picture->rows * ROW + FOOT;
	int width = (int)WIDTH + 2 * MARGIN;
	pyprof_buf_printf(out,
			  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			  "<svg xmlns=\"http://www.w3.org/2000/svg\" "
			  "width=\"%d\" height=\"%u\" "
			  "viewBox=\"%d 0 %d %u\" role=\"img\">\n<title>",
			  width, height, -MARGIN, width, height);
	pyprof_buf_puts(out, "pyprof: ");
	put_string(picture,
		   pyprof_profile_meta_const(picture->profile)->command_line,
		   NAME_MAX_BYTES);
	pyprof_buf_puts(out, "</title>\n");
	put_style(out);
	put_head(picture, prose);
	pyprof_buf_append(out, frames.data, frames.length);
	put_foot(picture);
	return pyprof_buf_error(out);
}

static struct pyprof_error *
write_svg(const struct pyprof_profile *profile,
	  const struct pyprof_report_options *options, struct pyprof_buf *out)
{
	_cleanup_(pyprof_summary_cleanup) struct pyprof_summary *summary = NULL;
	struct pyprof_error *err = pyprof_summary_create(
		profile, &options->filter, PYPROF_SORT_TOTAL, &summary);
	if (err)
		return err;
	struct picture picture = {
		.profile = profile,
		.summary = summary,
		.out = out,
	};
	pyprof_profile_functions(profile, &picture.functions);
	_cleanup_buf_ struct pyprof_buf prose = PYPROF_BUF_INIT;
	pyprof_report_header(profile, summary, &options->filter, HEAD_CELLS,
			     &prose);
	err = pyprof_buf_error(&prose);
	return err ? err : put_picture(&picture, prose.data);
}

const struct pyprof_report_format pyprof_report_svg = {
	.name = "svg",
	.extension = ".svg",
	.summary = "a flame graph as a picture, with zoom and search",
	.write = write_svg,
};
