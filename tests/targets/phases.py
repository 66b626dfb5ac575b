# SPDX-License-Identifier: Apache-2.0
"""A program that knows where its time goes: usage: phases.py FILE

The main thread goes through phases of 9 to 21 ms, each a function; then three
workers do in turn, of one, two and three equal parts. FILE is an array of
64-bit integers: a number, the identifiers of the four threads, and then the
nanoseconds of wall clock that each of PHASES and of WORKERS took so far; so
that whoever looks need not guess what else ran on the machine. To leave out
the time that the program stood still, change the number meanwhile.
"""

import _thread
import hashlib
import mmap
import os
import struct
import sys
import threading
import time

PHASES = ["thirty", "seventy", "hashing", "sleeping", "locking", "others"]
WORKERS = ["w1", "w2", "w3"]
THREADS = 1
TIMES = THREADS + 1 + len(WORKERS)
COUNT = TIMES + len(PHASES) + len(WORKERS)


def step(n):
    i = 0
    while i < n:
        i += 1


def thirty(part):
    step(3 * part)


def seventy(part):
    step(7 * part)


def hashing(data):
    return "é" + hashlib.sha256(data).hexdigest() + str(len(data))


def sleeping():
    time.sleep(0.01)


def locking(lock):
    lock.acquire(True, 0.01)


def others(turns):
    turns[1].release()
    turns[0].acquire()


def w1(part):
    step(4 * part)


def w2(part):
    step(8 * part)


def w3(part):
    step(12 * part)


def how_much(function, make, size):
    """The argument for which a function takes 3 ms of a processor."""
    while True:
        argument = make(size)
        begin = time.thread_time()
        function(argument)
        seconds = time.thread_time() - begin
        if seconds > 0.003:
            return make(int(size * 0.003 / seconds))
        size *= 2


class Clock:
    def __init__(self, path):
        file = os.open(path, os.O_RDWR | os.O_CREAT)
        os.ftruncate(file, COUNT * 8)
        self.memory = mmap.mmap(file, COUNT * 8)
        self.values = [0] * COUNT

    def add(self, index, value):
        self.values[index] += value
        struct.pack_into("q", self.memory, index * 8, self.values[index])

    def number(self):
        return struct.unpack_from("q", self.memory)[0]

    def measure(self, index, function, argument):
        number = self.number()
        begin = time.monotonic_ns()
        function(*argument)
        spent = time.monotonic_ns() - begin
        if self.number() == number:
            self.add(TIMES + index, spent)


def worker(clock, index, function, turns, part):
    clock.add(THREADS + 1 + index, threading.get_native_id())
    mine, following = turns[1 + index], turns[(2 + index) % len(turns)]
    while True:
        mine.acquire()
        clock.measure(len(PHASES) + index, function, (part,))
        following.release()


def main():
    clock = Clock(sys.argv[1])
    clock.add(THREADS, os.getpid())
    part = how_much(step, int, 1000)
    data = how_much(hashing, bytes, 100000) * 5
    turns = [_thread.allocate_lock() for _ in range(1 + len(WORKERS))]
    for lock in turns:
        lock.acquire()
    for index, name in enumerate(WORKERS):
        threading.Thread(
            target=worker, name=name, daemon=True,
            args=(clock, index, globals()[name], turns, part),
        ).start()
    locked = _thread.allocate_lock()
    locked.acquire()
    arguments = [(part,), (part,), (data,), (), (locked,), (turns,)]
    print("ready", flush=True)
    end = time.monotonic() + 120
    while time.monotonic() < end:
        for index, name in enumerate(PHASES):
            clock.measure(index, globals()[name], arguments[index])


main()
