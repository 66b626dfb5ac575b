// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Sample a process without a debugger, for the benches and the tests of
 * accuracy: what the sampler alone does, in every mode that needs no ticks.
 *
 *   sample PID RATE_HZ SECONDS MODE [MAX_STOP_PERCENT]
 *
 * Prints facts as `# name value` and then one line a tally:
 * exactness, state, samples, ns, tid, stack (outermost first, `name:line`
 * joined by `;`), separated by tabs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/vec.h"
#include "core/sampler/sampler.h"

static int fail(struct pyprof_error *err)
{
	fprintf(stderr, "sample: %s\n", err->message);
	pyprof_error_destroy(err);
	return 1;
}

static int mode_of(const char *name)
{
	for (int mode = 0; pyprof_mode_names[mode]; mode++)
		if (!strcmp(name, pyprof_mode_names[mode]))
			return mode;
	return PYPROF_MODE_COUNT;
}

static void sleep_for(double seconds)
{
	struct timespec time = {
		.tv_sec = (time_t)seconds,
		.tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9),
	};
	while (nanosleep(&time, &time))
		;
}

static void print_facts(struct pyprof_profile *profile,
			struct pyprof_sampler *sampler)
{
	const struct pyprof_profile_meta *meta = pyprof_profile_meta(profile);
	struct pyprof_sampler_status status;
	pyprof_sampler_status(sampler, &status);
	for (int i = 0; i < PYPROF_EXACT_COUNT; i++)
		printf("# %s %llu\n", pyprof_exactnesses[i].word,
		       (unsigned long long)meta->samples[i]);
	for (int i = 0; i < PYPROF_ERROR_COUNT; i++)
		if (meta->bad[i])
			printf("# bad-%d %llu\n", i,
			       (unsigned long long)meta->bad[i]);
	printf("# missed %llu\n", (unsigned long long)meta->missed);
	printf("# cut %llu\n", (unsigned long long)meta->cut);
	printf("# sampled_ns %llu\n", (unsigned long long)meta->sampled_ns);
	printf("# reached_hz %.1f\n", status.reached_hz);
	printf("# mode %s\n", pyprof_mode_names[status.mode]);
	printf("# fallback %s\n", status.fallback);
	printf("# problem %s\n", status.problem);
	printf("# pauses %llu\n", (unsigned long long)meta->pauses.count);
	printf("# pause_total_ns %llu\n",
	       (unsigned long long)meta->pauses.total_ns);
	printf("# pause_median_ns %llu\n",
	       (unsigned long long)pyprof_pauses_percentile(&meta->pauses, 50));
	printf("# pause_p99_ns %llu\n",
	       (unsigned long long)pyprof_pauses_percentile(&meta->pauses, 99));
	printf("# pause_max_ns %llu\n",
	       (unsigned long long)meta->pauses.max_ns);
}

static void print_stack(const struct pyprof_profile *profile, uint32_t stack)
{
	const struct pyprof_stack *stacks;
	const struct pyprof_location *locations;
	const struct pyprof_function *functions;
	pyprof_profile_stacks(profile, &stacks);
	pyprof_profile_locations(profile, &locations);
	pyprof_profile_functions(profile, &functions);
	PYPROF_VEC(uint32_t) path = {};
	for (; stack; stack = stacks[stack].parent)
		if (!pyprof_vec_push(&path, stacks[stack].location))
			break;
	for (size_t i = path.count; i-- > 0;) {
		const struct pyprof_location *at = &locations[path.items[i]];
		printf("%s:%d%s",
		       pyprof_profile_string(profile,
					     functions[at->function].name),
		       at->line, i ? ";" : "");
	}
	pyprof_vec_deinit(&path);
}

static void print_tallies(const struct pyprof_profile *profile)
{
	const struct pyprof_tally *tallies;
	const struct pyprof_profile_thread *threads;
	size_t count = pyprof_profile_tallies(profile, &tallies);
	pyprof_profile_threads(profile, &threads);
	for (size_t i = 0; i < count; i++) {
		const struct pyprof_tally *tally = &tallies[i];
		printf("%s\t%s\t%llu\t%llu\t%d\t",
		       pyprof_exactnesses[tally->exactness].word,
		       pyprof_states[tally->state].word,
		       (unsigned long long)tally->samples,
		       (unsigned long long)tally->ns,
		       threads[tally->thread].tid);
		print_stack(profile, tally->stack);
		putchar('\n');
	}
}

int main(int argc, char **argv)
{
	if (argc < 5) {
		fprintf(stderr, "usage: sample PID RATE_HZ SECONDS MODE "
				"[MAX_STOP_PERCENT]\n");
		return 2;
	}
	struct pyprof_sampler_options options = {
		.mode = (enum pyprof_mode)mode_of(argv[4]),
		.rate_hz = atof(argv[2]),
		.max_stop_percent = argc > 5 ? atof(argv[5]) : 100,
	};
	if (options.mode == PYPROF_MODE_COUNT) {
		fprintf(stderr, "sample: no mode %s\n", argv[4]);
		return 2;
	}
	struct pyprof_profile *profile;
	struct pyprof_sampler *sampler;
	struct pyprof_error *err = pyprof_profile_create(&profile);
	if (err)
		return fail(err);
	err = pyprof_sampler_create(profile, &sampler);
	if (err)
		return fail(err);
	err = pyprof_sampler_start(sampler, atoi(argv[1]), &options);
	if (err)
		return fail(err);
	pyprof_sampler_resumed(sampler);
	sleep_for(atof(argv[3]));
	pyprof_sampler_stopped(sampler);
	pyprof_sampler_lock(sampler);
	pyprof_sampler_unlock(sampler);
	print_facts(profile, sampler);
	print_tallies(profile);
	pyprof_sampler_destroy(sampler);
	pyprof_profile_destroy(profile);
	return 0;
}
