// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * A running process on this machine as a target: memory by
 * process_vm_readv(2), the rest from /proc. Needs no debugger.
 */
#ifndef PYPROF_TARGET_LINUX_PROCESS_H
#define PYPROF_TARGET_LINUX_PROCESS_H

#include "core/target/target.h"

/**
 * Make a target of process `pid`.
 *
 * Fails with GONE when there is no such process and with OS when its memory
 * may not be read; the message then says what to try.
 */
struct pyprof_error *pyprof_linux_process_create(int32_t pid,
						 struct pyprof_target **ret)
	PYPROF_MUST_CHECK;

/**
 * Whether the target is still the program that it was when created: same
 * start time (the pid was not used again) and same executable (no exec). False
 * while the kernel makes it: what is read of it then may lack anything.
 */
bool pyprof_linux_process_same(struct pyprof_target *target);

#endif /* PYPROF_TARGET_LINUX_PROCESS_H */
