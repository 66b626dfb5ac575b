# SPDX-License-Identifier: Apache-2.0
"""Keeps few of many objects, so that memory is in use for nearly nothing."""

import sys
import threading

many = [{"id": number, "name": "name %d" % number} for number in range(200000)]
kept = many[::500]
del many
large = [bytearray(100000 + number) for number in range(100)]
text = [("%d " % number) * 1000 for number in range(2000)]
del text[::2]
gone = threading.Event()
threads = [threading.Thread(target=gone.wait, daemon=True) for _ in range(3)]
for thread in threads:
    thread.start()
print("ready", flush=True)
sys.stdin.readline()
