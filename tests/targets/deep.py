# SPDX-License-Identifier: Apache-2.0
"""Threads that all run Python code at the bottom of deep stacks.

    deep.py THREADS FRAMES SECONDS
"""

import os
import sys
import threading
import time


def descend(frames, end):
    if frames > 1:
        return descend(frames - 1, end)
    while time.monotonic() < end:
        for _ in range(1000):
            pass


def main():
    threads, frames = int(sys.argv[1]), int(sys.argv[2])
    end = time.monotonic() + float(sys.argv[3])
    for _ in range(threads - 1):
        threading.Thread(target=descend, args=(frames, end), daemon=True).start()
    print("ready", os.getpid(), flush=True)
    descend(frames, end)


main()
