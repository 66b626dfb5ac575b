# SPDX-License-Identifier: Apache-2.0
"""Stands still in frames whose variables are known.

Prints "ready" and then, as one line of JSON, what repr() says of the
variables of plain types, by function.
"""
import json
import sys
import time


class Point:
    def __init__(self, x):
        self.x = x
        self.label = "p%d" % x


def plain(frame):
    """repr() of the variables that have plain values."""
    types = (int, float, bool, str, bytes, type(None))
    return {
        name: repr(value)
        for name, value in frame.f_locals.items()
        if type(value) in types
    }


def outer(count, *rest, key=None, **more):
    shared = "in a cell"
    point = Point(7)
    flag = True
    big = -(1 << 40)
    nothing = None
    unset = 1
    del unset

    def inner(text, data=b"\x00bytes"):
        numbers = [1, 2, 3, 4]
        pair = (0.5, shared)
        frame = sys._getframe()
        said = {"inner": plain(frame), "outer": plain(frame.f_back),
                "generate": plain(frame.f_back.f_back)}
        del frame
        print("ready", flush=True)
        print(json.dumps(said), flush=True)
        time.sleep(1000)
        return numbers, pair, data

    inner("t\u00e9xt 'quoted'\n")
    return point, flag, big, nothing


def generate():
    value = 2.5
    yield outer(3, "a", key={"k": 1}, z=value)


next(generate())
