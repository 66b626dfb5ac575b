// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The instructions of one code object that frames were seen at: where each
 * lies in the source and what it does.
 */
#ifndef PYPROF_CPYTHON_CODE_INSTR_H
#define PYPROF_CPYTHON_CODE_INSTR_H

#include "core/base/vec.h"
#include "core/cpython/code.h"

struct pyprof_instr {
	int64_t offset;
	struct pyprof_position position;
	enum pyprof_opcode_class opcode_class;
	/** When the class was read: instructions are specialised over time. */
	uint64_t class_epoch;
};

/** Zero-initialise. */
struct pyprof_instrs {
	/** In order of offset. */
	PYPROF_VEC(struct pyprof_instr) list;
	/** Where each thread-local copy of the bytecode is, and when so. */
	PYPROF_VEC(uint64_t) tlbc;
	uint64_t tlbc_epoch;
};

void pyprof_instrs_deinit(struct pyprof_instrs *instrs);

/** pyprof_frame_decode() with the code object found. */
struct pyprof_error *
pyprof_instrs_decode(struct pyprof_instrs *instrs,
		     const struct pyprof_python *python,
		     const struct pyprof_code *code, uint64_t epoch,
		     const struct pyprof_raw_frame *raw, bool want_opcode,
		     struct pyprof_frame *ret) PYPROF_MUST_CHECK;

#endif /* PYPROF_CPYTHON_CODE_INSTR_H */
