// SPDX-License-Identifier: Apache-2.0
#include "core/cpython/code_instr.h"

#include <string.h>

/* Threads that have run a code object, at most. */
#define TLBC_MAX 65536

#define UNIT_SIZE 2

/* EXTENDED_ARG of 3.8-3.10, where f_lasti stays on such prefixes. */
#define EXTENDED_ARG 144
#define PREFIXES_MAX 3

void pyprof_instrs_deinit(struct pyprof_instrs *instrs)
{
	pyprof_vec_deinit(&instrs->list);
	pyprof_vec_deinit(&instrs->tlbc);
	instrs->tlbc_epoch = 0;
}

/* An array of copies, by index of the thread, behind its length. */
static struct pyprof_error *read_tlbc(struct pyprof_instrs *instrs,
				      struct pyprof_target *target,
				      uint64_t array)
{
	uint64_t count;
	struct pyprof_error *err =
		pyprof_target_read_u64(target, array, &count);
	if (err)
		return err;
	if (count > TLBC_MAX)
		return pyprof_error_at(PYPROF_ERROR_CORRUPT, array,
				       "implausible copies of bytecode");
	if (!pyprof_vec_reserve(&instrs->tlbc, count))
		return pyprof_error_oom();
	err = pyprof_target_read(target, array + sizeof(count),
				 instrs->tlbc.items, count * sizeof(uint64_t));
	if (!err)
		instrs->tlbc.count = count;
	return err;
}

static struct pyprof_error *refresh_tlbc(struct pyprof_instrs *instrs,
					 const struct pyprof_python *python,
					 const struct pyprof_code *code,
					 uint64_t epoch)
{
	if (instrs->tlbc_epoch == epoch)
		return NULL;
	instrs->tlbc.count = 0;
	uint64_t array;
	struct pyprof_error *err = pyprof_target_read_u64(
		python->target, code->address + python->layout.at.code.tlbc,
		&array);
	if (!err && array)
		err = read_tlbc(instrs, python->target, array);
	if (!err)
		instrs->tlbc_epoch = epoch;
	return err;
}

/* Where the bytecode that a frame runs begins. */
static struct pyprof_error *find_bytecode(struct pyprof_instrs *instrs,
					  const struct pyprof_python *python,
					  const struct pyprof_code *code,
					  uint64_t epoch, uint32_t index,
					  uint64_t *ret)
{
	uint64_t bytecode = code->bytecode;
	if (index && pyprof_has(&python->layout, code.tlbc)) {
		struct pyprof_error *err =
			refresh_tlbc(instrs, python, code, epoch);
		if (err)
			return err;
		if (index < instrs->tlbc.count && instrs->tlbc.items[index])
			bytecode = instrs->tlbc.items[index];
	}
	*ret = bytecode;
	return NULL;
}

static struct pyprof_error *find_offset(const struct pyprof_layout *layout,
					const struct pyprof_code *code,
					const struct pyprof_raw_frame *raw,
					uint64_t bytecode, int64_t *ret)
{
	int64_t offset = (int64_t)raw->instr;
	if (layout->frames != PYPROF_FRAMES_OBJECTS)
		offset = (int64_t)(raw->instr - bytecode);
	/* A frame that has not begun is one unit before the first. */
	if (offset < -UNIT_SIZE || offset >= code->bytecode_size ||
	    (offset >= 0 && offset % UNIT_SIZE))
		return pyprof_error_at(PYPROF_ERROR_CORRUPT, raw->code,
				       "instruction %+lld is not in the code",
				       (long long)offset);
	*ret = offset;
	return NULL;
}

/* Index of the first instruction that is not below an offset. */
static size_t lower_bound(const struct pyprof_instrs *instrs, int64_t offset)
{
	size_t low = 0, high = instrs->list.count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (instrs->list.items[middle].offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Find or decode an instruction. NULL: out of memory. */
static struct pyprof_instr *get(struct pyprof_instrs *instrs,
				enum pyprof_linetable_kind kind,
				const struct pyprof_code *code, int64_t offset)
{
	size_t index = lower_bound(instrs, offset);
	if (index < instrs->list.count &&
	    instrs->list.items[index].offset == offset)
		return &instrs->list.items[index];
	if (!pyprof_vec_reserve(&instrs->list, 1))
		return NULL;
	struct pyprof_instr *instr = &instrs->list.items[index];
	memmove(instr + 1, instr,
		(instrs->list.count - index) * sizeof(*instr));
	instrs->list.count++;
	*instr = (struct pyprof_instr){.offset = offset};
	pyprof_linetable_find(kind, code->linetable, code->linetable_size,
			      code->first_line, offset, &instr->position);
	return instr;
}

/* The opcode at an instruction, behind the prefixes where they count. */
static struct pyprof_error *read_opcode(const struct pyprof_python *python,
					const struct pyprof_code *code,
					uint64_t bytecode, int64_t offset,
					uint8_t *ret)
{
	bool has_prefixes = python->layout.frames == PYPROF_FRAMES_OBJECTS;
	uint8_t units[PREFIXES_MAX + 1][UNIT_SIZE];
	int64_t count = has_prefixes ? PREFIXES_MAX + 1 : 1;
	if (count > (code->bytecode_size - offset) / UNIT_SIZE)
		count = (code->bytecode_size - offset) / UNIT_SIZE;
	struct pyprof_error *err =
		pyprof_target_read(python->target, bytecode + (uint64_t)offset,
				   units, (size_t)count * UNIT_SIZE);
	if (err)
		return err;
	int64_t at = 0;
	while (has_prefixes && at + 1 < count && units[at][0] == EXTENDED_ARG)
		at++;
	*ret = units[at][0];
	return NULL;
}

static struct pyprof_error *read_class(const struct pyprof_python *python,
				       const struct pyprof_code *code,
				       uint64_t epoch, uint64_t bytecode,
				       struct pyprof_instr *instr)
{
	const uint8_t *classes = python->layout.opcode_classes;
	if (!classes || instr->class_epoch == epoch || instr->offset < 0 ||
	    code->bytecode_size - instr->offset < UNIT_SIZE)
		return NULL;
	uint8_t opcode;
	struct pyprof_error *err =
		read_opcode(python, code, bytecode, instr->offset, &opcode);
	if (err)
		return err;
	instr->opcode_class = classes[opcode];
	instr->class_epoch = epoch;
	return NULL;
}

struct pyprof_error *pyprof_instrs_decode(struct pyprof_instrs *instrs,
					  const struct pyprof_python *python,
					  const struct pyprof_code *code,
					  uint64_t epoch,
					  const struct pyprof_raw_frame *raw,
					  bool want_opcode,
					  struct pyprof_frame *ret)
{
	const struct pyprof_layout *layout = &python->layout;
	uint64_t bytecode;
	int64_t offset;
	struct pyprof_error *err = find_bytecode(instrs, python, code, epoch,
						 raw->tlbc_index, &bytecode);
	if (err)
		return err;
	err = find_offset(layout, code, raw, bytecode, &offset);
	if (err)
		return err;
	struct pyprof_instr *instr =
		get(instrs, layout->linetable, code, offset);
	if (!instr)
		return pyprof_error_oom();
	if (want_opcode) {
		err = read_class(python, code, epoch, bytecode, instr);
		if (err)
			return err;
	}
	*ret = (struct pyprof_frame){
		.code = code,
		.position = instr->position,
		.offset = offset,
		.opcode_class =
			want_opcode ? instr->opcode_class : PYPROF_OPCODE_PLAIN,
		.hidden = pyprof_has(layout, code.firsttraceable) &&
			  !(raw->flags & PYPROF_RAW_GENERATOR) &&
			  offset < code->first_traceable,
	};
	return NULL;
}
