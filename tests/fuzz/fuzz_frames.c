// SPDX-License-Identifier: Apache-2.0
/*
 * An interpreter with threads and frames, in the layout that the first byte
 * picks, and writes into its memory, six bytes each: where, what kind of
 * value, and the value.
 */
#include <stdlib.h>
#include <string.h>

#include "core/cpython/code.h"
#include "core/cpython/frame.h"
#include "core/cpython/thread.h"
#include "tests/support/fake_python.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define THREADS 3
#define HEAP_START UINT64_C(0x10000000)

static void check(struct pyprof_error *err)
{
	pyprof_error_destroy(err);
}

static void build(struct fake_python *fake, uint64_t *threads)
{
	static const uint8_t lines[] = {0xe9, 2, 0xe9, 4, 0xed, 3, 0x80, 1};
	uint64_t interp = fake_python_add_interp(fake, 0);
	uint64_t code = fake_python_code(
		fake, &(struct fake_code){.linetable = lines,
					  .linetable_size = sizeof(lines),
					  .tlbc_count = 2});
	for (int i = 0; i < THREADS; i++) {
		threads[i] = fake_python_add_thread(
			fake, interp, 0x7f0000001000 + 0x1000 * (uint64_t)i,
			i + 1);
		for (int j = 0; j < 12; j++)
			fake_python_push(
				fake, threads[i],
				&(struct fake_frame){
					.kind = j % 4 == 0 ? FAKE_FRAME_SHIM
						: j % 7 == 3
							? FAKE_FRAME_GENERATOR
							: FAKE_FRAME_FUNCTION,
					.code = code,
					.offset = 2 * j,
					.tlbc_index = j & 1,
				});
	}
}

static void write_one(struct fake_python *fake, const uint8_t *data)
{
	uint64_t used = fake->next - HEAP_START;
	uint64_t at = (uint64_t)(data[0] | data[1] << 8 | data[2] << 16) * 8;
	uint64_t value = (uint64_t)(data[4] | data[5] << 8);
	at = HEAP_START + at % (used - 8);
	switch (data[3] % 6) {
	case 0:
		fake_target_write_u8(fake->target, at, (uint8_t)value);
		break;
	case 1:
		fake_target_write_u64(fake->target, at, value);
		break;
	case 2:
		/* Something else in the same memory. */
		fake_target_write_u64(fake->target, at,
				      HEAP_START + value * 8 % used);
		break;
	case 3:
		fake_target_write_u64(fake->target, at,
				      UINT64_C(1) << (value & 63));
		break;
	case 4:
		fake_target_write_u64(fake->target, at, 0 - value);
		break;
	default:
		fake_target_write_u32(fake->target, at, (uint32_t)value);
	}
}

static void walk(struct fake_python *fake, struct pyprof_look *look,
		 struct pyprof_code_cache *cache, uint64_t thread)
{
	struct pyprof_raw_stack stack = {};
	check(pyprof_frames_walk(&fake->python, look, thread, &stack));
	if (stack.count > PYPROF_MAX_FRAMES)
		abort();
	size_t count = stack.count < 64 ? stack.count : 64;
	pyprof_code_cache_prefetch(cache, stack.frames, count);
	for (size_t i = 0; i < count; i++) {
		struct pyprof_frame frame;
		check(pyprof_frame_decode(cache, &stack.frames[i], true,
					  &frame));
	}
	pyprof_raw_stack_deinit(&stack);
}

static void read_threads(struct fake_python *fake)
{
	struct pyprof_threads threads = {};
	check(pyprof_threads_read(&fake->python, &threads));
	check(pyprof_threads_read(&fake->python, &threads));
	pyprof_threads_deinit(&threads);
}

static void decode_all(struct fake_python *fake, const uint64_t *threads)
{
	struct pyprof_strtab *strings = NULL;
	struct pyprof_code_cache *cache = NULL;
	struct pyprof_look *look = NULL;
	check(pyprof_strtab_create(&strings));
	check(pyprof_code_cache_create(&fake->python, strings, &cache));
	check(pyprof_look_create(fake->target, &look));
	read_threads(fake);
	for (int i = 0; i < 2 * THREADS; i++) {
		walk(fake, look, cache, threads[i % THREADS]);
		pyprof_look_refresh(look, NULL, 0, NULL, 0);
		pyprof_code_cache_next_epoch(cache);
	}
	pyprof_look_destroy(look);
	pyprof_code_cache_destroy(cache);
	pyprof_strtab_destroy(strings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	uint64_t threads[THREADS];
	struct fake_python *fake =
		fake_python_create_nth(data[0] % fake_layout_count());
	build(fake, threads);
	for (size_t at = 1; at + 6 <= size; at += 6)
		write_one(fake, data + at);
	decode_all(fake, threads);
	fake_python_destroy(fake);
	return 0;
}
