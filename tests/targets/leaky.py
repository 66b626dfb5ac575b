# SPDX-License-Identifier: Apache-2.0
"""A program that leaks in ways that are known: leaky.py [N].

A cache of N entries that nothing empties, N texts that are all the same,
cycles of garbage that nobody collects, a linked list, one object that only a
frame holds. Prints "ready"; each line that it gets makes the list `grown` longer
by N and the cache by N / 10, which it answers by "grown".
"""

import gc
import sys

N = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
CYCLES = 100


# For those who show it.
HOSTILE = ["</script><img src=x onerror=alert(1)>", "<!--", "\u202e", "\0"]


class User:
    def __init__(self, name):
        self.name = name
        self.posts = [name, name + "!"]


class Link:
    __slots__ = ("next", "value")


class Partner:
    """Two of them refer to each other: a cycle, with their dicts perhaps."""


class Ring:
    """So many in a circle."""


class Only:
    """There is one, in a frame."""


cache = {"users": {}, "hits": 0}
copies = []
grown = []
chain = None
# Not a name: it is no attribute.
globals()["not an identifier"] = ["odd"]


def fill():
    global chain
    for i in range(N):
        cache["users"][i] = User("user number %d" % i)
        copies.append("".join(["the same ", "text all ", "over again"]))
        copies.append(bytes(bytearray(b"the same bytes")))
    for _ in range(500):
        copies.append("".join(HOSTILE))
    for i in range(50):
        link = Link()
        link.next, link.value = chain, i
        chain = link


def litter():
    """CYCLES pairs, and one ring of ten that holds a big bytes object."""
    for _ in range(CYCLES):
        a, b = Partner(), Partner()
        a.other, b.other = b, a
    ring = [Ring() for _ in range(10)]
    for i, one in enumerate(ring):
        one.following = ring[(i + 1) % len(ring)]
    ring[0].luggage = bytes(100000)


def handle(rows):
    only = Only()
    only.rows = rows
    print("ready", flush=True)
    for _ in sys.stdin:
        for i in range(N):
            grown.append(("row", len(grown) + 1000, float(i)))
        for i in range(N // 10):
            cache["users"][len(cache["users"])] = User("late user %d" % i)
        print("grown", flush=True)
    return only


def main():
    gc.collect()
    gc.disable()
    litter()
    fill()
    handle([{"key": "value %d" % i} for i in range(10)])


main()
