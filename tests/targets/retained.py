#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Objects whose retained sizes are known: retained.py.

Prints `part NAME ADDRESS [ADDRESS]...`: a holder, and all objects that would go
with it; `shared ADDRESS...`: objects that several hold; `garbage ADDRESS...`:
objects in cycles that nothing holds; `size ADDRESS BYTES`: what sys.getsizeof()
says of one that is a single block. Then `ready PID`, and stands still.
"""

import gc
import os
import signal
import sys
import weakref


class Leaf:
    __slots__ = ("load", "below")

    def __init__(self, load, below=None):
        self.load = load
        self.below = below


class Link:
    __slots__ = ("next", "previous", "load")


class Plain:
    pass


class Watched:
    __slots__ = ("load", "__weakref__")


KEEP = {}
PARTS = []
SHARED = []
GARBAGE = []
SIZED = []


def part(name, holder, *held):
    PARTS.append([name, id(holder)] + [id(one) for one in held])
    return holder


def blob(size):
    made = os.urandom(size)
    SIZED.append((id(made), sys.getsizeof(made)))
    return made


def dict_of_lists():
    """300 lists of 5 bytes objects in one dict, which is in another."""
    cache = {}
    for i in range(1000, 1300):
        row = [blob(50 + i % 300) for _ in range(5)]
        cache[i] = part("row", row, *row)
    held = [one for row in cache.values() for one in row]
    KEEP["lists"] = part("dict of lists", cache, *cache, *cache.values(), *held)


def linked_list():
    """Each of 2000 refers to the next and the one before."""
    links = [Link() for _ in range(2000)]
    for i, link in enumerate(links):
        link.next = links[i + 1] if i + 1 < len(links) else None
        link.previous = links[i - 1] if i else None
        link.load = blob(40)
    loads = [link.load for link in links]
    KEEP["linked"] = part("linked list", links[0], *links[1:], *loads)
    part("half a linked list", links[1000], *links[1001:], *loads[1000:])


def leaves():
    """Objects of one type, some of which hold another one of it."""
    made, held = [], []
    for i in range(100):
        inner = Leaf(blob(100))
        outer = Leaf(blob(200), inner)
        part("leaf", outer, inner, outer.load, inner.load)
        made.append(outer)
        held += [outer, inner, outer.load, inner.load]
    KEEP["leaves"] = part("leaves", made, *held)


def shared():
    """What two hold belongs to what holds both."""
    common = blob(5000)
    left, right = [common, blob(20)], [common, blob(30)]
    both = (left, right)
    part("one of two", left, left[1])
    part("the other", right, right[1])
    SHARED.append(id(common))
    KEEP["both"] = part("both of two", both, left, right, common, left[1],
                        right[1])


def interned():
    """Strings that the table of interned strings has, too."""
    words = [sys.intern("interned by retained.py %d" % i) for i in range(50)]
    mortal = sys.version_info[:2] != (3, 12)
    KEEP["words"] = part("interned", words, *(words if mortal else ()))


def watched():
    """Weak references hold nothing."""
    one = Watched()
    one.load = blob(300)
    KEEP["weak"] = weakref.ref(one)
    KEEP["watched"] = part("watched", one, one.load)


def garbage():
    for _ in range(20):
        first, second = Plain(), Plain()
        first.other, second.other = second, first
        first.load = blob(100)
        GARBAGE.extend([id(first), id(second), id(first.load)])


def stand_still(mine):
    for line in PARTS:
        print("part", line[0].replace(" ", "-"),
              *("%x" % address for address in line[1:]))
    print("shared", *("%x" % address for address in SHARED))
    print("garbage", *("%x" % address for address in GARBAGE))
    for address, size in SIZED:
        print("size %x %d" % (address, size))
    print("ready", os.getpid(), flush=True)
    signal.pause()
    return mine


def local():
    """What a variable of a frame holds."""
    rows = [blob(64) for _ in range(10)]
    part("local", rows, *rows)
    return stand_still(rows)


def main():
    gc.disable()
    dict_of_lists()
    linked_list()
    leaves()
    shared()
    interned()
    watched()
    garbage()
    local()


if __name__ == "__main__":
    main()
