// SPDX-License-Identifier: Apache-2.0
#include "core/heap/path_text.h"

#include <inttypes.h>
#include <string.h>

void pyprof_path_text_begin(struct pyprof_path_text *text,
			    struct pyprof_buf *out)
{
	*text = (struct pyprof_path_text){.out = out};
	pyprof_buf_init(&text->current);
	for (size_t i = 0; i < PYPROF_PATH_TEXT_TAIL; i++)
		pyprof_buf_init(&text->last[i]);
}

static void write_left_out(struct pyprof_path_text *text, uint64_t count)
{
	if (count)
		pyprof_buf_printf(text->out, "…(%" PRIu64 " more)…", count);
}

/** Write one piece; when much was written, it waits among the last ones. */
static void write_piece(struct pyprof_path_text *text, const char *piece)
{
	if (text->written < PYPROF_PATH_TEXT_HEAD) {
		pyprof_buf_puts(text->out, piece);
		text->written++;
		return;
	}
	struct pyprof_buf *slot =
		&text->last[text->next++ % PYPROF_PATH_TEXT_TAIL];
	if (text->waiting < PYPROF_PATH_TEXT_TAIL)
		text->waiting++;
	else
		text->left_out++;
	pyprof_buf_clear(slot);
	pyprof_buf_puts(slot, piece);
}

/** The run of equal steps is over: say how long it was. */
static void end_run(struct pyprof_path_text *text)
{
	if (text->repeats <= PYPROF_PATH_TEXT_REPEATS)
		return;
	_cleanup_buf_ struct pyprof_buf piece = PYPROF_BUF_INIT;
	pyprof_buf_printf(&piece, "…(%" PRIu64 " more)…",
			  text->repeats - PYPROF_PATH_TEXT_REPEATS);
	write_piece(text, piece.data);
}

void pyprof_path_text_step(struct pyprof_path_text *text, const char *step)
{
	if (text->repeats && strcmp(text->current.data, step) == 0) {
		text->repeats++;
	} else {
		end_run(text);
		pyprof_buf_clear(&text->current);
		pyprof_buf_puts(&text->current, step);
		text->repeats = 1;
	}
	if (text->repeats <= PYPROF_PATH_TEXT_REPEATS)
		write_piece(text, step);
}

void pyprof_path_text_end(struct pyprof_path_text *text)
{
	end_run(text);
	write_left_out(text, text->left_out);
	for (uint64_t i = text->next - text->waiting; i < text->next; i++)
		pyprof_buf_puts(text->out,
				text->last[i % PYPROF_PATH_TEXT_TAIL].data);
	pyprof_path_text_deinit(text);
}

void pyprof_path_text_copy(const struct pyprof_path_text *text,
			   struct pyprof_buf *out, struct pyprof_path_text *ret)
{
	*ret = *text;
	ret->out = out;
	pyprof_buf_init(&ret->current);
	pyprof_buf_append(&ret->current, text->current.data,
			  text->current.length);
	for (size_t i = 0; i < PYPROF_PATH_TEXT_TAIL; i++) {
		pyprof_buf_init(&ret->last[i]);
		pyprof_buf_append(&ret->last[i], text->last[i].data,
				  text->last[i].length);
	}
}

void pyprof_path_text_deinit(struct pyprof_path_text *text)
{
	pyprof_buf_deinit(&text->current);
	for (size_t i = 0; i < PYPROF_PATH_TEXT_TAIL; i++)
		pyprof_buf_deinit(&text->last[i]);
}

static bool is_identifier_byte(char c, bool is_first)
{
	bool is_digit = c >= '0' && c <= '9';
	char lower = (char)(c | 0x20);
	return (lower >= 'a' && lower <= 'z') || c == '_' || (c & 0x80) ||
	       (is_digit && !is_first);
}

bool pyprof_is_identifier(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!is_identifier_byte(text[i], i == 0))
			return false;
	return length > 0;
}
