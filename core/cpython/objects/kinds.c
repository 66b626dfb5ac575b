// SPDX-License-Identifier: Apache-2.0
#include "core/cpython/objects/fixed.h"

#define WORDS(...) ((const char *const[]){__VA_ARGS__})

/* Simple types: their name and their references, word by word. */
#define PLAIN(symbol, type_name, ...)                                      \
	static const struct pyprof_kind plain_##symbol = {                 \
		.name = type_name,                                         \
		.size_position = -1,                                       \
		.words = WORDS(__VA_ARGS__),                               \
		.word_count = sizeof(WORDS(__VA_ARGS__)) / sizeof(char *), \
	};
#include "core/cpython/objects/plain.def"
#undef PLAIN

const struct pyprof_kind *const pyprof_kinds[] = {
#define KIND(symbol) &pyprof_kind_##symbol,
#include "core/cpython/objects/kinds.def"
#undef KIND
#define PLAIN(symbol, type_name, ...) &plain_##symbol,
#include "core/cpython/objects/plain.def"
#undef PLAIN
#define FIXED(symbol, ...) &pyprof_fixed_##symbol.kind,
#define FIXED_SIZED(symbol, ...) &pyprof_fixed_##symbol.kind,
#define FIXED_FULL(symbol, ...) &pyprof_fixed_##symbol.kind,
#include "core/cpython/objects/fixed.def"
#undef FIXED
#undef FIXED_SIZED
#undef FIXED_FULL
	NULL,
};
