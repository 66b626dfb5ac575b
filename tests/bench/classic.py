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


def main():
    gdb.execute("set pagination off")
    pid = gdb.selected_inferior().pid
    end = time.monotonic() + SECONDS
    samples = 0
    while time.monotonic() < end:
        timer = threading.Thread(target=interrupt_soon, args=(pid,))
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        timer.start()
        gdb.execute("continue", to_string=True)
        timer.join()
        gdb.execute("thread apply all backtrace", to_string=True)
        samples += 1
    print("classic %.1f" % (samples / SECONDS))


main()
