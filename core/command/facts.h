// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The facts about a run that a profile states besides its samples: which
 * program, machine and debugger.
 */
#ifndef PYPROF_COMMAND_FACTS_H
#define PYPROF_COMMAND_FACTS_H

#include "core/command/session.h"

/**
 * Fill in what is known of the sampled process; what cannot be found out any
 * more stays as it is. The sampler adds what it knows of the interpreter and
 * the program that it samples.
 */
void pyprof_facts_fill(struct pyprof_session *session);

/**
 * Whether the debugger we live in has started the process itself, directly or
 * by its server, rather than attached to it.
 */
bool pyprof_facts_is_launched(int32_t pid);

#endif /* PYPROF_COMMAND_FACTS_H */
