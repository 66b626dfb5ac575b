# SPDX-License-Identifier: Apache-2.0
"""The classic sampler: a timer interrupts the program, GDB walks its stack and
continues it. Sourced in GDB; prints how many samples a second that gives."""

import os
import signal
import threading
import time

import gdb

SECONDS = 3


def interrupt_soon(pid):
    time.sleep(0.0002)
    os.kill(pid, signal.SIGINT)


def walker():
    """CPython's own command for its stacks, where it is there."""
    try:
        gdb.execute("py-bt", to_string=True)
        return "py-bt"
    except gdb.error:
        return "thread apply all backtrace"


def main():
    gdb.execute("set pagination off")
    walk = walker()
    pid = gdb.selected_inferior().pid
    end = time.monotonic() + SECONDS
    samples = 0
    while time.monotonic() < end:
        timer = threading.Thread(target=interrupt_soon, args=(pid,))
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        timer.start()
        gdb.execute("continue", to_string=True)
        timer.join()
        gdb.execute(walk, to_string=True)
        samples += 1
    print("classic %.1f by %s" % (samples / SECONDS, walk))


main()
