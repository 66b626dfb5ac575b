# SPDX-License-Identifier: Apache-2.0
"""`pyprof heap frag` accounts for all memory that the kernel counts."""

import json

from debugger import batch


def rollup(text):
    return {line.split()[0][:-1]: int(line.split()[1]) * 1024
            for line in text.splitlines() if line.endswith(" kB")}


def look(tmp_path, *args, name="frag", options="", after=()):
    """What it says, and what the kernel says in the same moment."""
    path = tmp_path / (name + ".json")
    run = batch("-readnever", *args, "-ex", "pyprof heap frag --json "
                "--output %s %s" % (path, options), *after)
    assert "pyprof:" not in run.stderr, run.stderr
    answer = json.loads(path.read_text(encoding="utf-8"))
    assert answer["schema"] == "pyprof/heap-frag/1" and answer["complete"]
    uses = {row["use"]: row["bytes"] for row in answer["uses"]}
    assert sum(uses.values()) == answer["total"] + answer["excess"]
    return answer, uses


def test_all_memory_is_accounted_for(each_python, start_program, tmp_path):
    program = start_program(each_python, "frag.py")
    kernel = tmp_path / "rollup"
    core = tmp_path / "core"
    answer, uses = look(
        tmp_path, "-p", str(program.pid),
        "-ex", "shell cat /proc/%d/smaps_rollup >%s" % (program.pid, kernel),
        # Which lets GDB read what nobody has touched yet.
        after=("-ex", "gcore %s" % core))
    counted = rollup(kernel.read_text())
    # Reading maps pages of files, which are in memory anyway.
    assert 0 <= answer["resident"] - counted["Rss"] <= 4 << 20
    assert answer["total"] == answer["resident"] + answer["swapped"]
    own = answer["total"] - uses["files"]
    assert abs(own - counted["Anonymous"] - counted["Swap"]) <= 64 << 10
    assert answer["excess"] <= 256 << 10
    assert uses.get("unknown", 0) < 0.02 * answer["total"]

    # What was freed is free; what is large is not in pools.
    assert answer["malloc_error"] is None
    assert uses["large"] > 100 * 100000
    assert uses["malloc_free"] + uses["malloc_top"] > 1 << 20
    assert uses["free_blocks"] + uses["slack"] > 10 << 20
    assert uses["stacks"] > 3 * 4096
    assert answer["pinned_arenas"] > 0
    assert any(row["type"] == "dict" for row in answer["pins"])
    blocks = sum(row["used"] for row in answer["classes"])
    assert all(row["used"] + row["free"] == row["capacity"]
               for row in answer["classes"])
    assert blocks > 10000

    # A core tells the same of what Python knows.
    dumped, dumped_uses = look(tmp_path, "-core", str(core), name="core")
    for key in ("objects", "buffers", "freelists", "other_blocks"):
        assert dumped_uses[key] == uses[key], key
    assert dumped["pinned_arenas"] == answer["pinned_arenas"]
    assert dumped["classes"] == answer["classes"]
    assert dumped["malloc_arenas"] == answer["malloc_arenas"]


def test_holders(python, start_program, tmp_path):
    program = start_program(python, "frag.py")
    answer, _ = look(tmp_path, "-p", str(program.pid),
                     options="--holders --limit 10")
    holders = [row["holder"] for row in answer["pins"]
               if row["type"] == "dict"]
    assert any(holder.startswith("list at 0x") for holder in holders)
