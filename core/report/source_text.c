// SPDX-License-Identifier: Apache-2.0
#include "core/report/source_text.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "core/base/utf8.h"

/* Where the line that begins at `at` ends. */
static size_t line_end(const char *bytes, size_t length, size_t at)
{
	while (at < length && bytes[at] != '\n' && bytes[at] != '\r')
		at++;
	return at;
}

static size_t skip_line_end(const char *bytes, size_t length, size_t at)
{
	if (at + 1 < length && bytes[at] == '\r' && bytes[at + 1] == '\n')
		return at + 2;
	return at < length ? at + 1 : at;
}

/* Whether a comment line has a coding declaration of Latin-1 (PEP 263). */
static bool declares_latin1(const char *line, size_t length)
{
	static const char *const names[] = {"latin-1", "latin1", "latin_1",
					    "iso-8859-1", "iso8859-1"};
	const char *end = line + length;
	while (line < end && (*line == ' ' || *line == '\t' || *line == '\f'))
		line++;
	if (line == end || *line != '#')
		return false;
	const char *name = memmem(line, (size_t)(end - line), "coding", 6);
	if (!name)
		return false;
	name += 6;
	if (name == end || (*name != ':' && *name != '='))
		return false;
	for (name++; name < end && (*name == ' ' || *name == '\t'); name++)
		;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t size = strlen(names[i]);
		if ((size_t)(end - name) >= size &&
		    strncasecmp(name, names[i], size) == 0 &&
		    (name + size == end || !isalnum((unsigned char)name[size])))
			return true;
	}
	return false;
}

static bool is_latin1(const char *bytes, size_t length)
{
	size_t at = 0;
	for (unsigned line = 0; line < 2; line++) {
		size_t end = line_end(bytes, length, at);
		if (declares_latin1(bytes + at, end - at))
			return true;
		at = skip_line_end(bytes, length, end);
	}
	return false;
}

static void put_line(const char *line, size_t length, bool latin1,
		     struct pyprof_buf *out)
{
	for (size_t at = 0; at < length;) {
		uint32_t character = (unsigned char)line[at];
		size_t size = 1;
		if (!latin1)
			size = pyprof_utf8_decode(line + at, length - at,
						  &character);
		pyprof_utf8_put(out,
				character ? character
					  : PYPROF_UTF8_REPLACEMENT_CHARACTER);
		at += size;
	}
	pyprof_buf_putc(out, '\0');
}

void pyprof_source_text(const char *bytes, size_t length,
			struct pyprof_buf *out)
{
	bool latin1 = is_latin1(bytes, length);
	size_t at = 0;
	if (length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
		at = 3;
	while (at < length) {
		size_t end = line_end(bytes, length, at);
		put_line(bytes + at, end - at, latin1, out);
		at = skip_line_end(bytes, length, end);
	}
}
