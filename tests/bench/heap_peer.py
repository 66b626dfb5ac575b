#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The heap of tests/targets/heap.py, counted by a tool from within.

    heap_peer.py guppy3|pympler N

Prints `SECONDS OBJECTS BYTES-ADDED`; exits with 3 when the tool is not there.
"""

import gc
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "targets"))
import heap  # noqa: E402


def peak():
    with open("/proc/self/status") as lines:
        for line in lines:
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024


def guppy3():
    from guppy import hpy
    inspect = hpy().heap

    def count():
        found = inspect()
        str(found)
        return found.count
    return count


def pympler():
    from pympler import muppy, summary

    def count():
        objects = muppy.get_objects()
        summary.summarize(objects)
        return len(objects)
    return count


def main():
    try:
        count = {"guppy3": guppy3, "pympler": pympler}[sys.argv[1]]()
    except ImportError:
        sys.exit(3)
    gc.disable()
    kept = heap.build(int(sys.argv[2]))
    before, start = peak(), time.monotonic()
    objects = count()
    print(time.monotonic() - start, objects, peak() - before)
    return kept


if __name__ == "__main__":
    main()
