// SPDX-License-Identifier: Apache-2.0
#include "core/profile/profile.h"

const struct pyprof_state_info pyprof_states[PYPROF_STATE_COUNT] = {
#define STATE(name, group, word, text) \
	[PYPROF_STATE_##name] = {PYPROF_GROUP_##group, word, text},
#include "core/profile/states.def"
#undef STATE
};

const struct pyprof_exactness_info pyprof_exactnesses[PYPROF_EXACT_COUNT] = {
#define EXACTNESS(name, word, text) [PYPROF_EXACT_##name] = {word, text},
#include "core/profile/exactness.def"
#undef EXACTNESS
};
