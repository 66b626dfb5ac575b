// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/show.h"
#include "core/command/command.h"
#include "core/command/threads.h"

enum { LAYOUT };

static const struct pyprof_option options[] = {
	[LAYOUT] = {.name = "--layout",
		    .kind = PYPROF_OPTION_FLAG,
		    .text = "list every offset of the layout"},
	{},
};

/** All that is printed. */
struct facts {
	struct pyprof_session *session;
	const struct pyprof_inspected *inspected;
	struct pyprof_thread_list list;
	/** "preempt, stop, free", "none: a core dump". */
	struct pyprof_buf modes;
	/** Who holds the GIL of the main interpreter. */
	struct pyprof_buf gil;
	char version[32];
	const char *build;
	bool layout;
};

static void find_modes(struct facts *facts)
{
	if (facts->inspected->core_path) {
		pyprof_buf_puts(&facts->modes, "none (it is a core dump)");
		return;
	}
	pyprof_buf_printf(&facts->modes, "preempt, %sfree",
			  facts->session->ops->arm_ticks ? "stop, " : "");
}

static void find_gil(struct facts *facts)
{
	const struct pyprof_interps *interps = &facts->list.interps;
	const struct pyprof_thread_list *list = &facts->list;
	if (!interps->list.count || !interps->list.items[0].gil) {
		pyprof_buf_puts(&facts->gil, "none");
		return;
	}
	for (size_t i = 0; i < list->views.count; i++) {
		if (!list->views.items[i].has_gil)
			continue;
		pyprof_buf_puts(&facts->gil,
				facts->gil.length ? ", and by " : "held by ");
		pyprof_thread_view_name(&list->views.items[i], &facts->gil);
	}
	if (!facts->gil.length)
		pyprof_buf_puts(&facts->gil, "free");
}

static struct pyprof_error *gather(struct pyprof_session *session,
				   struct facts *facts)
{
	struct pyprof_inspected *inspected = NULL;
	facts->session = session;
	pyprof_buf_init(&facts->modes);
	pyprof_buf_init(&facts->gil);
	struct pyprof_error *err = pyprof_session_inspect(session, &inspected);
	if (!err)
		err = pyprof_thread_list_read(session, inspected, &facts->list);
	if (err)
		return err;
	facts->inspected = inspected;
	pyprof_version_text(inspected->python->build.version, facts->version);
	facts->build = pyprof_build_text(&inspected->python->build);
	find_modes(facts);
	find_gil(facts);
	return NULL;
}

static void release(struct facts *facts)
{
	pyprof_thread_list_deinit(&facts->list);
	pyprof_buf_deinit(&facts->modes);
	pyprof_buf_deinit(&facts->gil);
}

static int32_t offset_of(const struct pyprof_layout *layout, size_t field)
{
	int32_t offset;
	memcpy(&offset,
	       (const char *)&layout->at + pyprof_fields[field].position,
	       sizeof(offset));
	return offset;
}

static void put_layout(const struct pyprof_layout *layout,
		       struct pyprof_buf *out)
{
	pyprof_buf_puts(out, "\n offset  member\n");
	for (size_t i = 0; i < pyprof_field_count; i++) {
		const struct pyprof_field *field = &pyprof_fields[i];
		int32_t offset = offset_of(layout, i);
		if (offset == PYPROF_ABSENT)
			pyprof_buf_puts(out, "      -");
		else
			pyprof_buf_printf(out, "%7d", offset);
		pyprof_buf_printf(out, "  %s.%s: %s\n", field->structure,
				  field->name, field->text);
	}
}

/** Each line of `text` behind a label of the same width. */
static void put_lines(const char *label, const char *text,
		      struct pyprof_buf *out)
{
	while (*text) {
		int length = (int)strcspn(text, "\n");
		pyprof_buf_printf(out, "%-13s %.*s\n", label, length, text);
		text += length + (text[length] == '\n');
		label = "";
	}
}

static void put_interpreters(const struct facts *facts, struct pyprof_buf *out)
{
	const struct pyprof_interps *interps = &facts->list.interps;
	pyprof_buf_printf(out, "%-13s %zu", "interpreters",
			  interps->list.count);
	for (size_t i = 0; i < interps->list.count; i++)
		pyprof_buf_printf(out, "%s%" PRId64 " at 0x%" PRIx64,
				  i ? ", " : ": ", interps->list.items[i].id,
				  interps->list.items[i].address);
	pyprof_buf_putc(out, '\n');
}

static void put_text(const struct facts *facts, struct pyprof_buf *out)
{
	const struct pyprof_python *python = facts->inspected->python;
	if (facts->inspected->core_path)
		pyprof_buf_printf(out, "# core dump %s\n",
				  facts->inspected->core_path);
	else
		pyprof_buf_printf(out, "# process %d%s\n",
				  facts->inspected->pid,
				  facts->list.is_running ? ", running" : "");
	pyprof_buf_printf(out, "%-13s %s\n", "file", python->path);
	pyprof_buf_printf(out, "%-13s %s %s\n", "version", facts->version,
			  facts->build);
	pyprof_buf_printf(out, "%-13s by %s, _PyRuntime at 0x%" PRIx64 "\n",
			  "found", python->found_by, python->runtime);
	pyprof_buf_printf(out, "%-13s %s\n", "layout", python->layout.source);
	put_interpreters(facts, out);
	pyprof_buf_printf(out, "%-13s %zu, and %zu without Python\n", "threads",
			  facts->list.views.count, facts->list.others);
	pyprof_buf_printf(out, "%-13s %s\n", "GIL", facts->gil.data);
	pyprof_buf_printf(out, "%-13s %s\n", "sampling", facts->modes.data);
	put_lines("validated", python->validations.data, out);
	if (facts->layout)
		put_layout(&python->layout, out);
}

static void put_json_address(struct pyprof_json *json, const char *key,
			     uint64_t address)
{
	pyprof_json_key(json, key);
	pyprof_json_address(json, address);
}

static void put_json_layout(const struct pyprof_layout *layout,
			    struct pyprof_json *json)
{
	pyprof_json_key(json, "offsets");
	pyprof_json_begin_object(json);
	for (size_t i = 0; i < pyprof_field_count; i++) {
		char name[96];
		int32_t offset = offset_of(layout, i);
		snprintf(name, sizeof(name), "%s.%s",
			 pyprof_fields[i].structure, pyprof_fields[i].name);
		pyprof_json_key(json, name);
		if (offset == PYPROF_ABSENT)
			pyprof_json_null(json);
		else
			pyprof_json_int(json, offset);
	}
	pyprof_json_end_object(json);
}

static void put_json_lists(const struct facts *facts, struct pyprof_json *json)
{
	const struct pyprof_interps *interps = &facts->list.interps;
	pyprof_json_key(json, "interpreters");
	pyprof_json_begin_array(json);
	for (size_t i = 0; i < interps->list.count; i++) {
		pyprof_json_begin_object(json);
		pyprof_json_key(json, "id");
		pyprof_json_int(json, interps->list.items[i].id);
		put_json_address(json, "address",
				 interps->list.items[i].address);
		put_json_address(json, "gil", interps->list.items[i].gil);
		pyprof_json_end_object(json);
	}
	pyprof_json_end_array(json);
	pyprof_json_key(json, "validations");
	pyprof_json_begin_array(json);
	const char *text = facts->inspected->python->validations.data;
	while (*text) {
		size_t length = strcspn(text, "\n");
		pyprof_json_text(json, text, length);
		text += length + (text[length] == '\n');
	}
	pyprof_json_end_array(json);
}

static void put_json(const struct facts *facts, struct pyprof_buf *out)
{
	const struct pyprof_python *python = facts->inspected->python;
	struct pyprof_json writer = PYPROF_JSON_INIT(out), *json = &writer;
	const struct {
		const char *key, *value;
	} texts[] = {
		{"schema", "pyprof/info/1"},
		{"core", facts->inspected->core_path},
		{"file", python->path},
		{"version", facts->version},
		{"build", facts->build},
		{"found_by", python->found_by},
		{"layout", python->layout.source},
		{"gil", facts->gil.data},
		{"sampling", facts->modes.data},
	};
	pyprof_json_begin_object(json);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		pyprof_json_key(json, texts[i].key);
		pyprof_json_string(json, texts[i].value);
	}
	pyprof_json_key(json, "pid");
	pyprof_json_int(json, facts->inspected->pid);
	put_json_address(json, "runtime", python->runtime);
	pyprof_json_key(json, "threads");
	pyprof_json_uint(json, facts->list.views.count);
	pyprof_json_key(json, "others");
	pyprof_json_uint(json, facts->list.others);
	put_json_lists(facts, json);
	if (facts->layout)
		put_json_layout(&python->layout, json);
	pyprof_json_end_object(json);
	pyprof_buf_putc(out, '\n');
}

static struct pyprof_error *run(struct pyprof_session *session,
				const struct pyprof_arguments *arguments,
				struct pyprof_buf *out)
{
	struct facts facts = {.layout = arguments->options[LAYOUT].given};
	struct pyprof_error *err = gather(session, &facts);
	if (!err && arguments->json)
		put_json(&facts, out);
	else if (!err)
		put_text(&facts, out);
	release(&facts);
	return err;
}

const struct pyprof_command pyprof_cmd_info = {
	.name = "info",
	.summary = "Show which interpreter was found, and how it is read",
	.flags = PYPROF_COMMAND_JSON,
	.options = options,
	.run = run,
};
