# SPDX-License-Identifier: Apache-2.0
"""What it costs to write a large profile, and what Python takes for the same."""

import json
import os
import shutil
import subprocess
import tempfile
import time

from common import row


def collapsed_by_python(path):
    """Seconds to write stacks and counts as text, from lists in memory."""
    with open(path) as file:
        stacks = [line.rpartition(" ") for line in file]
    facts = [(stack.split(";"), int(count)) for stack, _, count in stacks]
    start = time.monotonic()
    with open(path + ".python", "w") as file:
        for frames, count in facts:
            file.write("%s %d\n" % (";".join(frames), count))
    return time.monotonic() - start


def json_by_python(path):
    with open(path) as file:
        facts = json.load(file)
    start = time.monotonic()
    with open(path + ".python", "w") as file:
        json.dump(facts, file)
    return time.monotonic() - start


def measure(args, stacks, folder):
    """{what: (seconds, bytes)}, each at its least of three runs."""
    best = {}
    for _ in range(3):
        output = subprocess.check_output(
            [os.path.join(args.build, "tests/bench/formats"), str(stacks), folder],
            text=True)
        for line in output.splitlines():
            what, ns, size = line.split()
            seconds = int(ns) / 1e9
            best[what] = min(best.get(what, (seconds, int(size))),
                             (seconds, int(size)))
    return best


def bench_formats(args):
    """Saving, loading, comparing and writing a profile of many stacks."""
    stacks = 10_000 if args.quick else 100_000
    where = "{:,} stacks".format(stacks)
    folder = tempfile.mkdtemp(prefix="pyprof-bench-")
    try:
        best = measure(args, stacks, folder)
        for what, (seconds, size) in best.items():
            row(what, where, "%.3f s%s" % (
                seconds, ", %.2f MB" % (size / 1e6) if size else ""))
        compare(best, folder, where)
    finally:
        shutil.rmtree(folder)


def compare(best, folder, where):
    plain = best["collapsed"]
    whole = os.path.join(folder, "x.collapsed")
    python = min(collapsed_by_python(whole) for _ in range(3))
    row("collapsed, of Python's writing it", where,
        "%.2fx (%.3f s)" % (plain[0] / python, python), "<= 3x",
        plain[0] <= 3 * python)
    scope = os.path.join(folder, "x.speedscope.json")
    python = min(json_by_python(scope) for _ in range(3))
    row("speedscope, of json.dump() of it", where,
        "%.2fx (%.3f s)" % (best["speedscope"][0] / python, python), "<= 1x",
        best["speedscope"][0] <= python)
    saved, size = best["save"]
    row("saved, of the same as collapsed", where,
        "%.2fx the time, %.2fx the size" % (
            saved / plain[0], size / plain[1]), "<= 0.2x the size",
        size <= plain[1] * 0.2)
    row("page", where, "%.2f MB" % (best["html"][1] / 1e6), "<= 5 MB",
        best["html"][1] <= 5e6)
