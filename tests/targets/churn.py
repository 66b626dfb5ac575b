# SPDX-License-Identifier: Apache-2.0
"""Never stands still: threads, stacks, objects, code and types come and go,
and every SECONDS the program starts itself anew. usage: churn.py SECONDS"""

import asyncio
import collections
import gc
import os
import random
import sys
import threading
import time


class Slotted:
    __slots__ = ("me", "other")


class Plain:
    pass


kept = []


def a_dict_with_holes():
    made = {str(i): i for i in range(random.randrange(5000))}
    for key in list(made)[::2]:
        del made[key]
    return made


def a_cycle():
    made = Slotted()
    made.me = made
    made.other = Plain()
    made.other.__dict__.update(("x%d" % i, i) for i in range(50))
    return made


MAKERS = [
    a_dict_with_holes,
    a_cycle,
    lambda: [bytes(random.randrange(2000)) for i in range(300)],
    lambda: bytes(random.randrange(1 << 20)),
    lambda: collections.OrderedDict((i, str(i)) for i in range(300)),
    lambda: type("T%d" % random.randrange(1 << 30), (Plain,), {})(),
    lambda: (x for x in range(10)),
    lambda: eval("lambda x: x + %d" % random.randrange(1 << 20)),
    gc.collect,
]


def make():
    kept.append(random.choice(MAKERS)())
    if len(kept) > 200:
        del kept[random.randrange(200):]


def deep(depth):
    if depth:
        deep(depth - 1)
    else:
        make()


def work(until):
    while time.monotonic() < until:
        deep(random.randrange(300))


async def deep_task(depth):
    if depth:
        await deep_task(depth - 1)
    await asyncio.sleep(0.001)


async def tasks(until):
    while time.monotonic() < until:
        await asyncio.gather(
            *(deep_task(random.randrange(30)) for i in range(20)))


def main():
    end = time.monotonic() + float(sys.argv[1])
    threading.Thread(target=lambda: asyncio.run(tasks(end))).start()
    print("ready", flush=True)
    while time.monotonic() < end:
        until = min(end, time.monotonic() + random.random() * 0.2)
        threads = [threading.Thread(target=work, args=(until,))
                   for i in range(random.randrange(1, 6))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    os.execv(sys.executable, [sys.executable] + sys.argv)


main()
