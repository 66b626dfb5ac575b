# SPDX-License-Identifier: Apache-2.0
"""Calls steps(n) of steps.c, for n from 1000 to 1049 and again.

usage: steps.py LIBRARY
"""

import ctypes
import select
import sys
import time


def work(n):
    total = 0
    for i in range(n):
        total += i
    return total


def main():
    # PyDLL keeps the GIL, so that the sampler looks at this thread in C too.
    steps = ctypes.PyDLL(sys.argv[1]).steps
    deadline = time.monotonic() + 120
    print("ready", flush=True)
    n = 0
    while not select.select([sys.stdin], [], [], 0)[0]:
        steps(1000 + n % 50)
        work(20000)
        n += 1
        if time.monotonic() > deadline:
            break


main()
