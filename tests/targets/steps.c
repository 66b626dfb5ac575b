// SPDX-License-Identifier: Apache-2.0
//
// Code to step through, line by line, with a debugger: see steps.py.
volatile long total;
volatile long rounds;

static long inner(long n)
{
	long sum = 0;
	for (long i = 0; i < n; i++)
		sum += i;
	return sum;
}

long steps(long n)
{
	long a = inner(n);
	long b = inner(n + 1);
	total = a + b;
	rounds++;
	return total;
}
