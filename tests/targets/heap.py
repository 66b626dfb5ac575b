#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A heap of everyday objects: heap.py [N], 14 objects for each of N.

Dict records of str, int, list and float; instances with a __dict__, each
linked to the one before; instances with __slots__ in a dict whose keys are
tuples; sets. Prints `ready PID BLOCKS` when it is built, BLOCKS being what
sys.getallocatedblocks() says, and stands still until it is ended.
"""

import gc
import os
import signal
import sys


class Node:
    def __init__(self, number, previous):
        self.number = number
        self.previous = previous
        self.label = "node %d" % number


class Point:
    __slots__ = ("x", "y")

    def __init__(self, x, y):
        self.x = x
        self.y = y


def build(count):
    records = []
    previous = None
    points = {}
    sets = []
    for i in range(count):
        records.append({
            "name": "record number %d" % i,
            "id": i + 1000,
            "tags": [i, str(i), i * 0.5],
            "weight": i * 1.25,
        })
        previous = Node(i + 1000000, previous)
        if i % 2 == 0:
            points[(i, i + 1)] = Point(i * 0.1, -i)
        if i % 20 == 0:
            sets.append({i, str(-i)})
    return records, previous, points, sets


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000000
    gc.disable()
    heap = build(count)
    gc.enable()
    gc.collect()
    out = sys.stdout.fileno()
    pid = os.getpid()
    # Looking up an attribute can free a name that the type cache held.
    write, pause, count_blocks = os.write, signal.pause, sys.getallocatedblocks
    # What the line is made of is there when it is made anew: counted, too.
    rounds = 0
    while rounds < 3:
        write(out, b"")
        blocks = count_blocks()
        line = b"ready %d %d\n" % (pid, blocks)
        rounds += 1
    write(out, line)
    pause()
    return heap


if __name__ == "__main__":
    main()
