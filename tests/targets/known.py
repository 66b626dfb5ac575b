# SPDX-License-Identifier: Apache-2.0
"""Holds known objects, says where, and waits; grows by a line of input.

With a number as argument it holds that many more small objects.
"""

import gc
import json
import sys

NODES = 10000
GROWTH = 5000


class Node:
    def __init__(self, number):
        self.number = number
        self.name = "node-%d" % number
        self.next = None


class Slotted:
    __slots__ = ("first", "second")

    def __init__(self):
        self.first = [1, 2, 3]
        self.second = ("a", "b")


class Rare:
    """One object of it, which one thing alone holds."""


nodes = [Node(number) for number in range(NODES)]
slotted = Slotted()
big = bytearray(3000000)
cache = {"users": [Rare()], 17: "seventeen"}
cycle = [Rare()]
# Not many: most programs have millions of them, but slowly.
filler = [[number] for number in range(int((sys.argv[1:] or ["0"])[0]))]


def describe(thing):
    return {
        "address": id(thing),
        "type": type(thing).__name__,
        "size": sys.getsizeof(thing),
        "refcount": sys.getrefcount(thing),
        "referents": sorted({id(other) for other in gc.get_referents(thing)}),
    }


def main():
    gc.collect()
    print("ready")
    print(json.dumps({
        "nodes": describe(nodes), "node": describe(nodes[1234]),
        "slotted": describe(slotted), "first": describe(slotted.first),
        "big": describe(big), "cache": describe(cache),
        "users": describe(cache["users"]), "rare": describe(cache["users"][0]),
    }), flush=True)
    while sys.stdin.readline().strip():
        nodes.extend(Node(number) for number in range(GROWTH))
        print(len(nodes), flush=True)


if __name__ == "__main__":
    main()
