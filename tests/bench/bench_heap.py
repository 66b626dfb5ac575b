# SPDX-License-Identifier: Apache-2.0
"""What looking at a heap costs, and what others take for the same."""

import os
import re
import shutil
import subprocess
import tempfile
import time

from common import HERE, Target, gdb, name_of, private, row


# What pip can install of those that count objects from within.
PEERS = ("guppy3", "pympler")


def tool(args, *arguments):
    """Facts that tests/bench/heap printed, and the seconds it took in all."""
    start = time.monotonic()
    done = subprocess.run(
        [os.path.join(args.build, "tests/bench/heap"), *map(str, arguments)],
        stdout=subprocess.PIPE, text=True)
    seconds = time.monotonic() - start
    facts = {"seconds": seconds}
    for line in done.stdout.splitlines():
        if line.startswith("# "):
            name, _, value = line[2:].partition(" ")
            facts[name] = int(value) if re.fullmatch(r"-?\d+", value) else value
    return facts if done.returncode == 0 else None


def best(args, *arguments, runs=3):
    """Each fact at its least, of some runs: other work only adds."""
    every = [tool(args, *arguments) for _ in range(runs)]
    if None in every:
        return None
    return {name: min(facts[name] for facts in every) for name in every[0]}


def figures(where, facts):
    objects = facts["objects"]
    rate = facts["typed_objects"] / facts["typed_cpu_ns"] * 1000
    row("enumerate and type, one core", where, "%.1f M objects/s" % rate,
        ">= 40 M/s", rate >= 40)
    row("and count all sizes, all cores", where,
        "%.1f M objects/s" % (objects / facts["enumerate_ns"] * 1000))
    pause = facts["pause_ns"] / 1e9 / (facts["memory_copy"] / 2**30)
    row("the process stands still", where, "%.3f s/GB" % pause,
        "<= 0.35 s/GB", pause <= 0.35)
    whole = sum(facts[name] for name in (
        "pause_ns", "enumerate_ns", "link_ns", "dominate_ns")) / 1e9
    row("full graph and retained sizes", where,
        "%.2f s (%s)" % (whole, " + ".join(
            "%.2f" % (facts[name] / 1e9) for name in (
                "pause_ns", "enumerate_ns", "link_ns", "dominate_ns"))),
        "<= 4 s", whole <= 4)
    memory = facts["memory_peak_beyond_copy"] / objects
    row("memory beyond the copy", where, "%.1f B/object, %.2f references" % (
        memory, facts["edges"] / objects), "<= 40 B/object", memory <= 40)


def command_in_gdb(args, pid):
    """Seconds from `pyprof heap types` to its table, in a GDB that is there."""
    clock = "python import time; %s"
    text = gdb(args, pid, clock % "begun = time.time()", "pyprof heap types",
               clock % "print('took', time.time() - begun)")
    took = re.search(r"^took ([\d.]+)", text, re.M)
    return float(took[1]) if took and "dict" in text else None


def with_peers(python, folder):
    """An interpreter of the same kind that has the others installed; or the
    same one, where they cannot be had."""
    inside = os.path.join(folder, "bin", "python")
    for command in ([python, "-m", "venv", folder],
                    [inside, "-m", "pip", "install", "--quiet", *PEERS]):
        done = subprocess.run(command, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            print("# %s: %s" % (" ".join(command[1:]), (
                done.stdout.strip().splitlines() or ["?"])[-1]))
            return python
    return inside


def peers(python, count, seconds):
    """Others on a copy of the same heap; the ratio is to `seconds`."""
    with tempfile.TemporaryDirectory() as folder:
        from_within(with_peers(python, folder), name_of(python), count,
                    seconds)
    if not shutil.which("pyheap_dump"):
        row("types by pyheap", name_of(python),
            "skipped: not installed, and not on PyPI")


def from_within(python, name_of_it, count, seconds):
    """Those that count their own process's objects."""
    where = "%s, N=%d" % (name_of_it, count)
    for name in PEERS:
        done = subprocess.run(
            [python, os.path.join(HERE, "heap_peer.py"), name, str(count)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode == 3:
            row("types by " + name, where, "skipped: not installed")
            continue
        if done.returncode:
            row("types by " + name, where, "failed: " + (
                done.stderr.strip().splitlines() or ["?"])[-1][:40])
            continue
        took, objects, added = done.stdout.split()[-3:]
        row("types by " + name, where,
            "%.1f s, %.1f M objects, +%.0f MB" % (
                float(took), int(objects) / 1e6, int(added) / 1e6),
            "10x ours", float(took) >= 10 * seconds)


def bench_live(args, python, count):
    where = name_of(python)
    with Target(python, "heap.py", count) as target:
        before = private(target.pid)
        facts = best(args, target.pid, "dominate")
        if not facts:
            row("heap", where, "failed")
            return
        where += ", %.1f M" % (facts["objects"] / 1e6)
        typing = best(args, target.pid, "typing")
        for name in ("typed_objects", "typed_cpu_ns"):
            facts[name] = typing[name]
        figures(where, facts)
        types = best(args, target.pid, "census")["seconds"]
        row("types, from command to table", where + ", tool",
            "%.2f s" % types, "<= 1.5 s", types <= 1.5)
        found = [command_in_gdb(args, target.pid) for _ in range(2)]
        if None in found:
            row("types, from command to table", where + ", GDB", "failed")
        else:
            row("types, from command to table", where + ", GDB",
                "%.2f s" % min(found), "<= 1.5 s", min(found) <= 1.5)
        changed = best(args, target.pid, "diff", runs=2)
        if changed:
            row("diff of two snapshots", where,
                "%.2f s" % (changed["diff_ns"] / 1e9), "<= 1 s a 10 M",
                changed["diff_ns"] / 1e9 <=
                max(1, facts["objects"] / 10e6))
        added = private(target.pid) - before
        row("added to the process", where, "%d bytes" % added, "0", added <= 0)
    peers(python, count, types)


def bench_core(args, python, count):
    """A core file: everything that is asked of it is where it is mapped."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
        path = os.path.join(folder, "core")
        with Target(python, "heap.py", count) as target:
            subprocess.run(
                ["gdb", "-nx", "-q", "-batch", "--readnever",
                 "-iex", "set debuginfod enabled off", "-p", str(target.pid),
                 "-ex", "gcore " + path], stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL)
            executable = os.path.realpath("/proc/%d/exe" % target.pid)
        if not os.path.exists(path):
            row("core", name_of(python), "no core was written")
            return
        size = os.path.getsize(path) / 2**30
        facts = best(args, path, "census", executable)
        where = "%s, %.1f GB" % (name_of(python), size)
        if not facts:
            row("core to type table", where, "failed")
            return
        row("core to type table", where, "%.2f s" % facts["seconds"],
            "<= 1 s/GB", facts["seconds"] <= max(size, 0.5))
        memory = facts["census_bytes"] / facts["objects"]
        row("memory for a core's types", where, "%.2f B/object" % memory,
            "<= 1 B/object", memory <= 1)


def bench_heap(args):
    """Heap: the figures, and others on the same heap."""
    found = [python for python in args.python
             if name_of(python).startswith("3.12.")]
    python = (found or args.python[-1:])[0]
    count = 50000 if args.quick else 1000000
    bench_live(args, python, count)
    bench_core(args, python, count if args.quick else 4600000)
