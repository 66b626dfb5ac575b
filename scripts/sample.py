#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A program to try pyprof on: it keeps busy for a while in ways that are known.

usage: sample.py [SECONDS]

Three threads, each with a hot line of another kind, which the comments name:
one computes in Python, one in C without the GIL, one mostly waits.
"""

import hashlib
import sys
import threading
import time

TEXT = "the quick brown fox jumps over the lazy dog " * 500
BLOCK = bytes(1 << 20)


def count_letters(text):
    counts = {}
    for letter in text:
        counts[letter] = counts.get(letter, 0) + 1  # hot: Python code
    return counts


def most_frequent(text):
    counts = count_letters(text)
    return max(counts, key=counts.get)


def process_text(deadline):
    while time.monotonic() < deadline:
        most_frequent(TEXT)


def checksum(deadline):
    while time.monotonic() < deadline:
        hashlib.sha256(BLOCK).digest()  # hot: C code that lets the GIL go
        time.sleep(0.01)


def poll(deadline):
    while time.monotonic() < deadline:
        time.sleep(0.05)  # waits; no line of a report on running code


def main():
    deadline = time.monotonic() + float(sys.argv[1] if sys.argv[1:] else 60)
    threads = [
        threading.Thread(target=checksum, args=(deadline,), name="checksum"),
        threading.Thread(target=poll, args=(deadline,), name="poll"),
    ]
    for thread in threads:
        thread.start()
    process_text(deadline)
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
