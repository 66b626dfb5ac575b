# SPDX-License-Identifier: Apache-2.0
"""Programs whose time is spent on lines in known shares.

Each `spin` line runs the same number of identical steps, counted and not
timed, so that the share of a line follows from the counts alone:

    shares.py lines        30 % in thirty(), 70 % in seventy()
    shares.py threads      three threads, 1 : 2 : 3
    shares.py SECONDS as a second argument ends it (default 60).
"""

# SPDX-License-Identifier: Apache-2.0
import os
import sys
import threading
import time


def step(n):
    i = 0
    while i < n:
        i += 1


def thirty():
    for _ in range(30):
        step(100)


def seventy():
    for _ in range(70):
        step(100)


def lines(end):
    while time.monotonic() < end:
        for _ in range(20):
            thirty()
            seventy()


def threads(end):
    """Three threads that take turns, of one, two and three equal steps."""
    turns = [threading.Semaphore(0) for _ in range(3)]

    def worker(index):
        following = turns[(index + 1) % 3]
        while time.monotonic() < end:
            turns[index].acquire()
            for _ in range(index + 1):
                step(2000)
            following.release()
        following.release()

    workers = [
        threading.Thread(target=worker, args=(index,), name="w%d" % (index + 1))
        for index in range(3)
    ]
    for thread in workers:
        thread.start()
    turns[0].release()
    for thread in workers:
        thread.join()


def main():
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 60
    end = time.monotonic() + seconds
    print("ready", os.getpid(), flush=True)
    {"lines": lines, "threads": threads}[sys.argv[1]](end)


main()
