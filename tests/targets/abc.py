# SPDX-License-Identifier: Apache-2.0
"""The hardest program to sample exactly: one-line functions in a tight loop.

`a0` calls only `b0`, which calls only `c0`, and so on for ten digits, so that a
stack in which two digits differ never existed.

    abc.py THREADS SECONDS [COUNTER [NATIVE]]

COUNTER is a file of eight bytes in which the rounds done so far are counted, to
measure how fast the program runs; NATIVE more threads wait in native code.
"""

# SPDX-License-Identifier: Apache-2.0
import mmap
import os
import struct
import sys
import threading
import time

TEMPLATE = """
def c{0}(x):
    return x + 1
def b{0}(x):
    return c{0}(x) + c{0}(x)
def a{0}(x):
    return b{0}(x) + b{0}(x)
"""


def main():
    threads, seconds = int(sys.argv[1]), float(sys.argv[2])
    end = time.monotonic() + seconds
    names = {}
    for digit in range(10):
        exec(TEMPLATE.format(digit), names)
    functions = [names["a%d" % digit] for digit in range(10)]
    rounds = [0] * threads
    counter = bytearray(8)
    if len(sys.argv) > 3:
        with open(sys.argv[3], "r+b") as file:
            counter = mmap.mmap(file.fileno(), 8)

    def loop(index):
        while time.monotonic() < end:
            for _ in range(200):
                for function in functions:
                    function(1)
            rounds[index] += 1
            counter[:8] = struct.pack("=Q", sum(rounds))

    for _ in range(int(sys.argv[4]) if len(sys.argv) > 4 else 0):
        threading.Thread(target=time.sleep, args=(seconds,), daemon=True).start()
    for index in range(1, threads):
        threading.Thread(target=loop, args=(index,), daemon=True).start()
    print("ready", os.getpid(), flush=True)
    loop(0)
    print("rounds", sum(rounds), flush=True)


main()
