// SPDX-License-Identifier: Apache-2.0
#include "config.h"
#include "core/report/stacks_report.h"

static void put_string(struct pyprof_json *json, const char *key,
		       const char *text)
{
	pyprof_json_key(json, key);
	pyprof_json_string(json, text);
}

static void put_int(struct pyprof_json *json, const char *key, int64_t value)
{
	pyprof_json_key(json, key);
	pyprof_json_int(json, value);
}

static void put_bool(struct pyprof_json *json, const char *key, bool value)
{
	pyprof_json_key(json, key);
	pyprof_json_bool(json, value);
}

static void put_locals(const struct pyprof_stacks_report *report,
		       const struct pyprof_stacks_frame *frame,
		       struct pyprof_json *json)
{
	if (!report->facts.has_locals)
		return;
	pyprof_json_key(json, "locals");
	pyprof_json_begin_object(json);
	for (size_t i = 0; i < frame->local_count; i++) {
		const struct pyprof_stacks_local *local =
			&report->locals.items[frame->first_local + i];
		put_string(json, local->name, local->value);
	}
	pyprof_json_end_object(json);
	put_bool(json, "locals_damaged", frame->locals_damaged);
}

static void put_frame(const struct pyprof_stacks_report *report,
		      const struct pyprof_stacks_frame *frame,
		      struct pyprof_json *json)
{
	const struct pyprof_position *at = &frame->position;
	const struct {
		const char *key;
		int32_t value;
		int32_t least;
	} places[] = {
		{"line", at->line, 1},
		{"end_line", at->end_line, 1},
		{"column", at->column, 0},
		{"end_column", at->end_column, 0},
	};
	pyprof_json_begin_object(json);
	put_string(json, "function", frame->name);
	put_string(json, "qualname", frame->qualname);
	put_string(json, "file", frame->file);
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		pyprof_json_key(json, places[i].key);
		if (places[i].value >= places[i].least)
			pyprof_json_int(json, places[i].value);
		else
			pyprof_json_null(json);
	}
	put_string(json, "source", frame->source);
	put_locals(report, frame, json);
	pyprof_json_end_object(json);
}

static void put_thread(const struct pyprof_stacks_report *report,
		       const struct pyprof_stacks_thread *thread,
		       bool with_frames, struct pyprof_json *json)
{
	pyprof_json_begin_object(json);
	put_int(json, "number", thread->number);
	put_int(json, "tid", thread->tid);
	pyprof_json_key(json, "ident");
	pyprof_json_address(json, thread->ident);
	put_string(json, "name", thread->name);
	put_int(json, "interpreter", thread->interpreter);
	put_bool(json, "main", thread->is_main);
	put_bool(json, "selected", thread->is_selected);
	put_bool(json, "gil", thread->has_gil);
	put_string(json, "state",
		   thread->has_state ? pyprof_states[thread->state].word
				     : NULL);
	if (with_frames) {
		pyprof_json_key(json, "frames");
		pyprof_json_begin_array(json);
		for (size_t i = 0; i < thread->frame_count; i++)
			put_frame(
				report,
				&report->frames.items[thread->first_frame + i],
				json);
		pyprof_json_end_array(json);
	}
	pyprof_json_key(json, "left_out");
	pyprof_json_uint(json, thread->left_out);
	put_bool(json, "complete", !*thread->why);
	put_string(json, "why", thread->why);
	pyprof_json_key(json, "same_as");
	pyprof_json_uint(json, thread->same_as);
	pyprof_json_end_object(json);
}

static void put_edges(const struct pyprof_stacks_report *report,
		      const struct pyprof_stacks_finding *finding,
		      struct pyprof_json *json)
{
	pyprof_json_key(json, "edges");
	pyprof_json_begin_array(json);
	for (size_t i = 0; i < finding->edge_count; i++) {
		const struct pyprof_stacks_edge *edge =
			&report->edges.items[finding->first_edge + i];
		pyprof_json_begin_object(json);
		pyprof_json_key(json, "waiter");
		pyprof_json_uint(json, edge->waiter);
		put_string(json, "what", edge->what);
		pyprof_json_key(json, "holder");
		if (edge->holder == PYPROF_STACKS_NOBODY)
			pyprof_json_null(json);
		else
			pyprof_json_uint(json, edge->holder);
		pyprof_json_end_object(json);
	}
	pyprof_json_end_array(json);
}

static void put_findings(const struct pyprof_stacks_report *report,
			 struct pyprof_json *json)
{
	pyprof_json_key(json, "findings");
	pyprof_json_begin_array(json);
	for (size_t i = 0; i < report->findings.count; i++) {
		const struct pyprof_stacks_finding *finding =
			&report->findings.items[i];
		pyprof_json_begin_object(json);
		put_string(json, "title", finding->title);
		put_string(json, "text", finding->text);
		put_edges(report, finding, json);
		pyprof_json_end_object(json);
	}
	pyprof_json_end_array(json);
}

static void put_facts(const struct pyprof_stacks_report *report,
		      struct pyprof_json *json)
{
	const struct pyprof_stacks_facts *facts = &report->facts;
	put_bool(json, "whole", facts->is_whole);
	put_int(json, "others", (int64_t)facts->others);
	put_string(json, "program", facts->program);
	put_string(json, "python", facts->python);
	put_string(json, "build", facts->build);
	put_string(json, "host", facts->host);
	put_string(json, "debugger", facts->debugger);
	put_string(json, "pyprof", PACKAGE_VERSION);
	put_int(json, "taken_at", facts->taken_at);
	put_bool(json, "locals", facts->has_locals);
	enum pyprof_source_choice choice =
		report->source ? pyprof_source_choice(report->source)
			       : PYPROF_SOURCE_NO_FILE;
	put_string(json, "source_choice", pyprof_source_choices[choice]);
}

void pyprof_stacks_report_json(const struct pyprof_stacks_report *report,
			       bool is_short, struct pyprof_json *json)
{
	pyprof_json_begin_object(json);
	put_string(json, "schema", "pyprof/bt/1");
	put_int(json, "pid", report->facts.pid);
	put_string(json, "core", report->facts.core_path);
	put_bool(json, "running", report->facts.is_running);
	pyprof_json_key(json, "threads");
	pyprof_json_begin_array(json);
	for (size_t i = 0; i < report->threads.count; i++) {
		const struct pyprof_stacks_thread *thread =
			&report->threads.items[i];
		put_thread(report, thread,
			   !is_short || report->facts.has_locals ||
				   thread->same_as == i,
			   json);
	}
	pyprof_json_end_array(json);
	put_findings(report, json);
	put_facts(report, json);
	pyprof_json_end_object(json);
}
