// SPDX-License-Identifier: Apache-2.0
#include "core/command/heap_where.h"

#include <stdlib.h>
#include <string.h>

#include "core/command/heap_rows.h"
#include "core/command/units.h"
#include "core/cpython/text.h"

/** More comparisons than this are a mistake. */
#define TERMS_MAX 16
/** Attributes looked at of one object; dicts have more than that seldom. */
#define ATTRIBUTES_MAX 4096

enum field { SIZE, SHALLOW, BLOCK, LENGTH, REFCOUNT, RETAINED, ATTRIBUTE };
static const char *const field_words[] = {
	[SIZE] = "size",  [SHALLOW] = "shallow",   [BLOCK] = "block",
	[LENGTH] = "len", [REFCOUNT] = "refcount", [RETAINED] = "retained",
};

enum comparison { LE, GE, EQ, NE, LT, GT };
static const char *const operator_words[] = {
	[LE] = "<=", [GE] = ">=", [EQ] = "==",
	[NE] = "!=", [LT] = "<",  [GT] = ">",
};

struct term {
	enum field field;
	enum comparison comparison;
	/** Of ATTRIBUTE, with a point in front as paths have it. */
	char *name;
	/** What to compare with: text, as Python shows it, or a number. */
	char *text;
	bool is_string, is_word;
	int64_t number;
};

struct pyprof_where {
	struct term terms[TERMS_MAX];
	size_t count;
};

void pyprof_where_destroy(struct pyprof_where *where)
{
	if (!where)
		return;
	for (size_t i = 0; i < where->count; i++) {
		free(where->terms[i].name);
		free(where->terms[i].text);
	}
	free(where);
}

bool pyprof_where_needs_retained(const struct pyprof_where *where)
{
	for (size_t i = 0; i < where->count; i++)
		if (where->terms[i].field == RETAINED)
			return true;
	return false;
}

/*
 * Parsing.
 */

static struct pyprof_error *bad(const char *what, const char *rest)
{
	return pyprof_error_create(
		PYPROF_ERROR_USAGE,
		"--where: %s%s%.40s; write size > 1mb, or len >= 10 and "
		".name == 'x'",
		what, *rest ? " at " : "", rest);
}

static const char *skip_blanks(const char *text)
{
	return text + strspn(text, " \t");
}

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || (c & 0x80);
}

static size_t name_length(const char *text)
{
	size_t length = 0;
	while (is_name_char(text[length]))
		length++;
	return length;
}

static struct pyprof_error *parse_name(const char **at, struct term *term)
{
	bool has_point = **at == '.';
	const char *name = *at + has_point;
	size_t length = name_length(name);
	if (!length)
		return bad("a name is missing", *at);
	*at = name + length;
	term->field = ATTRIBUTE;
	for (size_t i = 0; i < ATTRIBUTE && !has_point; i++)
		if (strlen(field_words[i]) == length &&
		    memcmp(field_words[i], name, length) == 0)
			term->field = (enum field)i;
	if (term->field != ATTRIBUTE)
		return NULL;
	_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
	pyprof_buf_putc(&text, '.');
	pyprof_buf_append(&text, name, length);
	term->name = strdup(text.data);
	return term->name ? pyprof_buf_error(&text) : pyprof_error_oom();
}

static struct pyprof_error *parse_operator(const char **at, struct term *term)
{
	size_t count = sizeof(operator_words) / sizeof(*operator_words);
	for (size_t i = 0; i < count; i++) {
		size_t length = strlen(operator_words[i]);
		if (strncmp(*at, operator_words[i], length) == 0) {
			term->comparison = (enum comparison)i;
			*at += length;
			return NULL;
		}
	}
	return bad("<, <=, ==, !=, >= or > is missing", *at);
}

/** The value of a term: in quotes, or up to a blank. */
static struct pyprof_error *parse_value(const char **at, struct term *term)
{
	char quote = **at == '\'' || **at == '"' ? **at : '\0';
	const char *start = *at + (quote != '\0');
	const char *end =
		quote ? strchr(start, quote) : start + strcspn(start, " \t");
	if (!end)
		return bad("the quote is not closed", *at);
	if (end == start && !quote)
		return bad("a value is missing", *at);
	*at = end + (quote != '\0');
	term->is_string = quote;
	term->text = strndup(start, (size_t)(end - start));
	return term->text ? NULL : pyprof_error_oom();
}

static bool is_constant(const char *text)
{
	return strcmp(text, "None") == 0 || strcmp(text, "True") == 0 ||
	       strcmp(text, "False") == 0;
}

/** Whether the value suits the field. */
static struct pyprof_error *check_value(struct term *term)
{
	if (term->is_string && term->field == ATTRIBUTE)
		return NULL;
	if (term->is_string)
		return bad("a number is to be compared with", term->text);
	term->is_word = term->field == ATTRIBUTE && is_constant(term->text);
	if (term->is_word)
		return NULL;
	struct pyprof_error *err =
		pyprof_parse_integer(term->text, &term->number);
	if (err && pyprof_error_catch(&err, PYPROF_ERROR_USAGE))
		err = pyprof_parse_size(term->text, &term->number);
	if (err && pyprof_error_catch(&err, PYPROF_ERROR_USAGE))
		err = bad("that is no number; text is written in quotes",
			  term->text);
	return err;
}

static struct pyprof_error *parse_term(const char **at, struct term *term)
{
	struct pyprof_error *err = parse_name(at, term);
	*at = skip_blanks(*at);
	if (!err)
		err = parse_operator(at, term);
	*at = skip_blanks(*at);
	if (!err)
		err = parse_value(at, term);
	return err ? err : check_value(term);
}

/** Go past `and`, or to the end. */
static struct pyprof_error *parse_join(const char **at)
{
	*at = skip_blanks(*at);
	if (!**at)
		return NULL;
	bool is_word = strncmp(*at, "and", 3) == 0 && name_length(*at) == 3;
	bool is_sign = strncmp(*at, "&&", 2) == 0;
	if (!is_word && !is_sign)
		return bad("`and` is missing", *at);
	*at = skip_blanks(*at + (is_word ? 3 : 2));
	return **at ? NULL : bad("something is missing behind `and`", "");
}

struct pyprof_error *pyprof_where_parse(const char *text,
					struct pyprof_where **ret)
{
	_cleanup_(pyprof_where_cleanup) struct pyprof_where *where =
		calloc(1, sizeof(*where));
	if (!where)
		return pyprof_error_oom();
	const char *at = skip_blanks(text);
	do {
		if (where->count == TERMS_MAX)
			return bad("too many conditions", at);
		struct pyprof_error *err =
			parse_term(&at, &where->terms[where->count++]);
		if (!err)
			err = parse_join(&at);
		if (err)
			return err;
	} while (*at);
	*ret = no_cleanup_ptr(where);
	return NULL;
}

/*
 * Looking at objects.
 */

static bool compare(enum comparison comparison, int order)
{
	switch (comparison) {
	case LE:
		return order <= 0;
	case GE:
		return order >= 0;
	case EQ:
		return order == 0;
	case NE:
		return order != 0;
	case LT:
		return order < 0;
	case GT:
		return order > 0;
	}
	return false;
}

static int order_of(int64_t a, int64_t b)
{
	return a < b ? -1 : a > b;
}

/** The number that a field is; false when the object has none. */
static bool read_field(const struct pyprof_heap *heap, uint32_t id,
		       const struct pyprof_object *object, enum field field,
		       int64_t *ret)
{
	struct pyprof_object_sizes sizes = {};
	uint64_t value = 0;
	bool is_immortal = false;
	if (field == SIZE || field == SHALLOW || field == BLOCK)
		pyprof_heap_sizes(heap, object, &sizes);
	if (field == LENGTH &&
	    !pyprof_object_length(heap->types, object, &value))
		return false;
	if (field == RETAINED)
		value = heap->dominators.retained[id];
	*ret = field == SIZE	  ? (int64_t)sizes.exclusive
	       : field == SHALLOW ? (int64_t)sizes.shallow
	       : field == BLOCK	  ? (int64_t)sizes.block
				  : (int64_t)value;
	if (field == REFCOUNT)
		*ret = pyprof_refcount(heap->types, object->bytes,
				       &is_immortal);
	return !is_immortal;
}

/** Whether the references of an object have one of a name, and its target. */
static bool find_named(const struct pyprof_heap *heap,
		       const struct pyprof_object *object, const char *name,
		       uint64_t *ret)
{
	_cleanup_(pyprof_heap_edges_deinit) struct pyprof_heap_edges edges = {};
	_cleanup_error_ struct pyprof_error *err =
		pyprof_heap_edges_read(heap, object, 0, ATTRIBUTES_MAX, &edges);
	_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
	for (size_t i = 0; i < edges.items.count; i++) {
		const struct pyprof_heap_edge *edge = &edges.items.items[i];
		pyprof_buf_clear(&text);
		pyprof_edge_show(heap->types, edge->kind, edge->label, &text);
		if (strcmp(text.data, name) == 0) {
			*ret = edge->target;
			return true;
		}
	}
	return false;
}

/** The value of a key of a dict; keys are shown as `['name']`. */
static bool find_attribute(const struct pyprof_heap *heap,
			   const struct pyprof_object *object, const char *name,
			   uint64_t *ret)
{
	uint64_t dict = 0;
	struct pyprof_object found;
	if (find_named(heap, object, name, ret))
		return true;
	if (!find_named(heap, object, ".__dict__", &dict))
		return false;
	uint32_t id = pyprof_index_id(&heap->index, dict);
	if (id == PYPROF_NO_OBJECT || !pyprof_heap_object(heap, id, &found))
		return false;
	_cleanup_buf_ struct pyprof_buf key = PYPROF_BUF_INIT;
	pyprof_buf_printf(&key, "['%s']", name + 1);
	return find_named(heap, &found, key.data, ret);
}

static bool is_str(const struct pyprof_heap *heap, uint64_t address)
{
	struct pyprof_object object;
	uint32_t id = pyprof_index_id(&heap->index, address);
	enum { UNICODE = 28 };
	return id != PYPROF_NO_OBJECT &&
	       pyprof_heap_object(heap, id, &object) &&
	       object.type->flags >> UNICODE & 1;
}

static bool matches_text(const struct pyprof_heap *heap,
			 const struct term *term, uint64_t address)
{
	_cleanup_buf_ struct pyprof_buf text = PYPROF_BUF_INIT;
	if (!is_str(heap, address))
		return false;
	/* One more than fits is enough to tell that it is another one. */
	_cleanup_error_ struct pyprof_error *err = pyprof_text_read_str(
		heap->python, address, strlen(term->text) + 1, &text);
	return !err && compare(term->comparison, strcmp(text.data, term->text));
}

static bool matches_attribute(const struct pyprof_heap *heap,
			      const struct pyprof_object *object,
			      const struct term *term)
{
	uint64_t address = 0;
	int64_t number = 0;
	if (!find_attribute(heap, object, term->name, &address))
		return false;
	if (term->is_string)
		return matches_text(heap, term, address);
	if (is_str(heap, address))
		return false;
	_cleanup_buf_ struct pyprof_buf shown = PYPROF_BUF_INIT;
	pyprof_object_show(heap->types, address, &shown);
	if (term->is_word)
		return compare(term->comparison,
			       strcmp(shown.data, term->text));
	_cleanup_error_ struct pyprof_error *err =
		pyprof_parse_integer(shown.data, &number);
	return !err &&
	       compare(term->comparison, order_of(number, term->number));
}

bool pyprof_where_matches(struct pyprof_where *where,
			  const struct pyprof_heap *heap, uint32_t id,
			  const struct pyprof_object *object)
{
	for (size_t i = 0; i < where->count; i++) {
		const struct term *term = &where->terms[i];
		int64_t value = 0;
		if (term->field == ATTRIBUTE) {
			if (!matches_attribute(heap, object, term))
				return false;
			continue;
		}
		if (!read_field(heap, id, object, term->field, &value) ||
		    !compare(term->comparison, order_of(value, term->number)))
			return false;
	}
	return true;
}
