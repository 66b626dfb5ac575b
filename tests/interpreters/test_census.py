#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""All blocks of real interpreters against how many each says there are."""

import os
import subprocess

import tap

COUNT = 2000
# Of what the target makes for each of COUNT, at least.
OBJECTS = 20 * COUNT


def facts(python, allocator):
    """What the interpreter says it has allocated, and what pyprof says."""
    environ = dict(os.environ, PYTHONMALLOC=allocator)
    target = subprocess.Popen(
        [python.path, os.path.join(tap.TARGETS, "heap.py"), str(COUNT)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environ,
    )
    try:
        word, pid, told = target.stdout.readline().split()
        assert word == b"ready", target.stderr.read()
        tap.wait_until_asleep(int(pid))
        found = subprocess.run(
            [os.path.join(tap.BUILD, "..", "bench", "heap"), pid.decode()],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300,
        )
    finally:
        target.kill()
        target.communicate()
    text = found.stdout.decode("utf-8")
    error = found.stderr.decode("utf-8")
    if not found.returncode:
        return int(told), dict(line[2:].split(None, 1)
                               for line in text.splitlines()
                               if line.startswith("# "))
    assert "free-threaded" in error, error
    return int(told), None


def check_pools(told, found, allocator):
    number = {name: int(value) for name, value in found.items()
              if value.lstrip("-").isdigit()}
    assert number["allocator"] == 0, "allocator %d" % number["allocator"]
    assert number["debug_hooks"] or allocator != "debug", "no debug hooks"
    # Who has no symbols does not tell what the C library serves.
    if number["raw_blocks"] >= 0:
        assert number["allocated_blocks"] == told, (
            "%d blocks, not %d" % (number["allocated_blocks"], told))
    else:
        assert found["found_by"] == "pool headers", found["found_by"]
        assert 0 <= told - number["blocks"] < 2000, (
            "%d blocks of %d" % (number["blocks"], told))
    parts = ("object_blocks", "buffer_blocks", "freelist_blocks",
             "other_blocks")
    assert sum(number[part] for part in parts) == number["blocks"]
    assert number["other_blocks"] < number["blocks"] / 50, (
        "%d blocks of no known use" % number["other_blocks"])
    parts = ("object_bytes", "buffer_bytes", "freelist_bytes", "other_bytes",
             "free_bytes", "header_bytes")
    assert sum(number[part] for part in parts) == number["arena_bytes"]
    for damage in ("pools_damaged", "pools_missing", "damaged_arenas",
                   "damaged_objects", "cut_gc_lists"):
        assert number[damage] == 0, "%s: %d" % (damage, number[damage])
    assert number["objects"] >= OBJECTS
    return number["objects"]


def check(python):
    told, found = facts(python, "default")
    if found is None:
        return "free-threaded: refused"
    objects = check_pools(told, found, "default")
    check_pools(*facts(python, "debug"), "debug")
    told, found = facts(python, "malloc")
    assert found["allocator"] == "1", "allocator %s" % found["allocator"]
    assert int(found["objects"]) >= OBJECTS
    return "%d objects" % objects


tap.run("blocks of", check)
