#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A heap in a bad state: damaged.py HOW, prints `ready` and stands still.

sound       nothing is wrong
types       pointers to types are overwritten
lengths     lists, tuples and texts say that they are absurdly long
tables      dicts and lists refer to nowhere
lists       the collector's list is a ring without its head
cycles      lists that hold themselves and each other, very deep
allocating  does not stand still, but takes memory and gives it back
collecting  stands still inside of a collection
"""

import ctypes
import gc
import os
import sys

WORD = ctypes.sizeof(ctypes.c_void_p)
NOWHERE = 0x414141414140
HEAD = object.__basicsize__


def word(address):
    return ctypes.c_ulonglong.from_address(address)


class Node:
    def __init__(self, number):
        self.number = number
        self.next = None


def stand_still():
    os.write(1, b"ready\n")
    os.read(0, 1)
    os._exit(0)


def damage_types(nodes):
    for i, node in enumerate(nodes[:60]):
        word(id(node) + HEAD - WORD).value = (
            0, 8, NOWHERE, id(node), 2**64 - 1, id(nodes))[i % 6]


def damage_lengths(nodes):
    for i, value in enumerate((2**60, 2**63, 2**64 - 1, 2**40, 10**7)):
        for victim in ([i], (i, i), "text %d" % i, b"bytes %d" % i, i + 1 << 99,
                       bytearray(9)):
            nodes.append(victim)
            word(id(victim) + HEAD).value = value


def damage_tables(nodes):
    for value in (8, NOWHERE, 2**64 - 8, id(nodes), id(Node)):
        for victim, offset in (({"a": value}, 2), ({"a": value}, 3),
                               ([value], 1), ({value}, 3), ([value], 2)):
            nodes.append(victim)
            word(id(victim) + HEAD + offset * WORD).value = value


def damage_lists(nodes):
    gc.collect()
    first, second = [], []
    nodes += [first, second]
    # Their heads refer to each other: there is no way on.
    head = word(id(first) - 2 * WORD)
    word(id(second) - 2 * WORD).value = id(first) - 2 * WORD | head.value & 3
    head.value = id(second) - 2 * WORD | head.value & 3


def damage_cycles(nodes):
    inner = []
    for _ in range(200000):
        inner = [inner]
    ring = [inner]
    ring.append(ring)
    twin = [ring]
    ring.append(twin)
    nodes += [ring, twin]


class Blocking:
    def __del__(self):
        stand_still()


def main():
    how = sys.argv[1]
    nodes = [Node(i) for i in range(1000)]
    gc.collect()
    gc.disable()
    if how == "collecting":
        blocking = Blocking()
        blocking.itself = blocking
        del blocking
        gc.collect()
    elif how == "allocating":
        os.write(1, b"ready\n")
        while True:
            nodes[0] = bytearray(1000)
    elif how != "sound":
        globals()["damage_" + how](nodes)
    stand_still()


main()
