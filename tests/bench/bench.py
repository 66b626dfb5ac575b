#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What pyprof costs and how exact it is, as one table.

    bench.py --build DIR [--quick] [--only WORD] [--python EXE]...

Absolute times say little on a shared machine; ratios are taken in one run.
Peers are used where they are installed and skipped by name where they are not.
"""

import argparse
import json
import mmap
import os
import re
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time

from bench_formats import bench_formats
from bench_heap import bench_heap
from common import DEBUGGERS, HERE, ROWS, Target, gdb, name_of, pythons, resident, row


class Sampled:
    """What tests/bench/sample printed."""

    def __init__(self, text):
        self.facts, self.tallies = {}, []
        for line in text.splitlines():
            if line.startswith("# "):
                name, _, value = line[2:].partition(" ")
                self.facts[name] = value
            else:
                exact, state, samples, ns, tid, stack = line.split("\t")
                self.tallies.append(
                    (exact, state, int(samples), int(ns), int(tid), stack)
                )

    def number(self, name):
        return float(self.facts.get(name, 0))


def sample(build, pid, rate, seconds, mode, max_stop=100):
    command = [os.path.join(build, "tests/bench/sample")]
    command += map(str, (pid, rate, seconds, mode, max_stop))
    return Sampled(subprocess.run(command, check=True, text=True,
                                  stdout=subprocess.PIPE).stdout)


def impossible(stack):
    """Whether a stack of abc.py is one that never existed."""
    names = [frame.rpartition(":")[0] for frame in stack.split(";")]
    digits = [name for name in names if re.fullmatch(r"[abc]\d", name)]
    if len({name[1] for name in digits}) > 1:
        return True
    return [name[0] for name in digits] != ["a", "b", "c"][: len(digits)]


def bench_exact(args):
    """Impossible stacks among the proven, share proven, pause."""
    wanted = 2000 if args.quick else 100000
    for python in args.python:
        for threads in (1, 4, 16):
            seconds = wanted / 5000
            with Target(python, "abc.py", threads, seconds + 60) as target:
                seen = sample(args.build, target.pid, 5000, seconds, "preempt")
            proven = bad = bad_rest = rest = 0
            for exact, _, samples, _, _, stack in seen.tallies:
                wrong = samples if impossible(stack) else 0
                if exact == "proven":
                    proven, bad = proven + samples, bad + wrong
                else:
                    rest, bad_rest = rest + samples, bad_rest + wrong
            ticks = seen.number("proven") + seen.number("inexact")
            share = 100 * seen.number("proven") / max(ticks, 1)
            where = "%s, %d thr" % (name_of(python), threads)
            row("impossible among proven", where,
                "%d of %d (rest: %d of %d)" % (bad, proven, bad_rest, rest),
                "0", bad == 0)
            row("share proven", where, "%.2f %%" % share, ">= 97 %", share >= 97)
            median = seen.number("pause_median_ns") / 1000
            p99 = seen.number("pause_p99_ns") / 1000
            # Before 3.11 frames are read one by one; three change here.
            most = 15 if int(name_of(python).split(".")[1]) > 10 else 15 + 3 * 2
            row("held a sample, median, p99", where,
                "%.1f us, %.1f us" % (median, p99), "<= %d us, 200 us" % most,
                median <= most and p99 <= 200)


def counted(counter):
    return struct.unpack("=Q", counter[:8])[0]


def speed(counter, seconds):
    start, before = time.monotonic(), counted(counter)
    time.sleep(seconds)
    return (counted(counter) - before) / (time.monotonic() - start)


def slowdown(args, python, rate, mode, threads, native):
    """Median ratio of the program's speed without and with the sampler, in
    alternating slices of one run of the program."""
    slices = 6 if args.quick else 24
    ratios = []
    with tempfile.NamedTemporaryFile() as file:
        file.write(bytes(8))
        file.flush()
        counter = mmap.mmap(file.fileno(), 8)
        with Target(python, "abc.py", threads, 600, file.name, native) as target:
            for _ in range(slices):
                plain = speed(counter, 0.5)
                sampler = subprocess.Popen(
                    [os.path.join(args.build, "tests/bench/sample")]
                    + [str(target.pid), str(rate), "0.9", mode],
                    stdout=subprocess.DEVNULL)
                time.sleep(0.2)
                busy = speed(counter, 0.5)
                sampler.wait()
                plain = (plain + speed(counter, 0.5)) / 2
                ratios.append(plain / busy)
        counter.close()
    return statistics.median(ratios)


def bench_slowdown(args):
    python = args.python[-1]
    for threads, native in ((1, 0), (50, 100)):
        for rate, goal in ((100, 1.005), (1000, 1.02)):
            ratio = slowdown(args, python, rate, "preempt", threads, native)
            row("slowdown, preempt %d hz" % rate,
                "%s, %d+%d thr" % (name_of(python), threads, native),
                "%.4fx" % ratio, "<= %.3fx" % goal, ratio <= goal)


def bench_rate(args):
    seconds = 1 if args.quick else 5
    for python in args.python:
        with Target(python, "abc.py", 1, 120) as target:
            for mode in ("preempt", "free"):
                seen = sample(args.build, target.pid, 100000, seconds, mode)
                row("highest rate, " + mode, name_of(python),
                    "%.0f samples/s" % seen.number("reached_hz"))
            austin = shutil.which("austin")
            if austin:
                out = subprocess.run(
                    [austin, "-i", "1", "-x", str(seconds), "-p",
                     str(target.pid)], stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE, text=True)
                lines = sum(1 for line in out.stdout.splitlines()
                            if line.startswith("P"))
                row("highest rate, austin", name_of(python),
                    "%.0f samples/s" % (lines / seconds))
            else:
                row("highest rate, austin", name_of(python), "skipped: not installed")


def bench_shares(args):
    for python in args.python:
        for mode in ("preempt", "free"):
            with Target(python, "shares.py", "lines", 120) as target:
                seconds = 2 if args.quick else 10
                seen = sample(args.build, target.pid, 1000, seconds, mode)
            total = thirty = 0
            for _, state, _, ns, _, stack in seen.tallies:
                if state in ("python", "native-gil"):
                    if "thirty:" in stack or "seventy:" in stack:
                        total += ns
                        thirty += ns if "thirty:" in stack else 0
            error = abs(100 * thirty / max(total, 1) - 30)
            row("error of a known share, " + mode, name_of(python),
                "%.2f points" % error, "<= 1 point", error <= 1)


def gdb_status(args, pid, *commands):
    output = gdb(args, pid, *commands, "pyprof status --json")
    return json.loads(output[output.index("{"):output.rindex("}") + 1])


def wrong_samples(path):
    """Of a profile as collapsed stacks: impossible ones, and all, in ns."""
    wrong = total = 0
    with open(path, encoding="utf-8") as file:
        for line in file:
            stack, _, time_ns = line.rpartition(" ")
            names = re.findall(r"\b([abc]\d) \(", stack)
            total += int(time_ns)
            wrong += int(time_ns) if impossible(
                ";".join(name + ":" for name in names)) else 0
    return wrong, total


def slowdown_by(run, args, python, mode):
    """Median ratio of the program's speed without and with a debugger that
    samples it at 100 hz, from two seconds after its start."""
    ratios = []
    with tempfile.NamedTemporaryFile() as file:
        file.write(bytes(8))
        file.flush()
        counter = mmap.mmap(file.fileno(), 8)
        with Target(python, "abc.py", 1, 600, file.name) as target:
            for _ in range(1 if args.quick else 5):
                plain = speed(counter, 3)
                debugger = threading.Thread(target=run, args=(
                    args, target.pid,
                    "pyprof start 100hz --mode %s --for 8s" % mode))
                debugger.start()
                time.sleep(4)
                busy = speed(counter, 3)
                debugger.join()
                plain = (plain + speed(counter, 3)) / 2
                ratios.append(plain / busy)
        counter.close()
    return statistics.median(ratios)


def bench_debuggers(args):
    """Preempt mode by each debugger's own command."""
    python = "/usr/bin/python3"
    seconds = 3 if args.quick else 10
    for name, run in DEBUGGERS.items():
        with Target(python, "abc.py", 4, 600) as target, \
                tempfile.NamedTemporaryFile(suffix=".collapsed") as file:
            output = run(args, target.pid,
                         "pyprof start 100hz --mode preempt --for %ds" % seconds,
                         "pyprof dump " + file.name, "pyprof status --json")
            if not output or '"pause"' not in output:
                row("preempt 100 hz, in " + name, name_of(python), "skipped: none")
                continue
            status = json.loads(re.search(r'\{"schema".*\}', output)[0])
            wrong, total = wrong_samples(file.name)
        where = name_of(python) + ", 4 thr"
        row("preempt 100 hz, in " + name, where,
            "%.1f samples/s" % status["reached_hz"], ">= 90/s",
            status["reached_hz"] >= 90)
        row("held a sample, in " + name, where, "%.1f us, %.1f us" % (
            status["pause"]["median_us"], status["pause"]["p99_us"]))
        row("impossible stacks, in " + name, where,
            "%d of %d ms" % (wrong // 10**6, total // 10**6), "0", not wrong)
        row("slowdown, in " + name, name_of(python) + ", 1 thr",
            "%.3fx" % slowdown_by(run, args, python, "preempt"))


def bench_copy(args):
    """A heap copied by each debugger's own command, the best of three."""
    python = "/usr/bin/python3"
    with Target(python, "heap.py", 20000 if args.quick else 150000) as target:
        for name, run in DEBUGGERS.items():
            output = run(args, target.pid, *["pyprof heap snapshot it"] * 3)
            found = re.findall(r"([\d.]+) MB copied in ([\d.]+) ms", output or "")
            if not found:
                row("heap copied, in " + name, name_of(python), "skipped: none")
                continue
            speed = max(float(size) / float(ms) for size, ms in found)
            row("heap copied, in " + name, name_of(python),
                "%.2f GB/s" % speed, ">= 1 GB/s", speed >= 1)


# Debian's python3-dbg brings CPython's own commands for GDB.
PY_BT = "/usr/share/gdb/auto-load/usr/bin/python3.%d-gdb.py"


def bench_stop(args):
    """Stop mode in GDB against the classic loop in the same GDB."""
    python = "/usr/bin/python3"
    commands = PY_BT % int(name_of(python).split(".")[1])
    walk = ["source " + commands] if os.path.exists(commands) else []
    seconds = 2 if args.quick else 10
    start = "pyprof start 5khz --mode stop --max-stop 100 --for %ds" % seconds
    with Target(python, "abc.py", 1, 600) as target:
        reached = gdb_status(args, target.pid, start)["reached_hz"]
        match = re.search(r"classic ([\d.]+) by (.*)", gdb(
            args, target.pid, *walk, "source " + os.path.join(HERE, "classic.py")))
        classic = float(match[1]) if match else 0.0
    row("stop mode, asked 5 khz", name_of(python) + ", 1 thr",
        "%.0f samples/s" % reached, ">= 2000/s", reached >= 2000)
    row("stop mode against the classic loop", name_of(python) + ", 1 thr",
        "%.0fx (%s: %.0f/s)" % (reached / max(classic, 1), match[2], classic),
        ">= 20x", reached >= 20 * classic)
    with Target(python, "deep.py", 50, 20, 600) as target:
        reached = gdb_status(args, target.pid, start)["reached_hz"]
    row("stop mode, 50 threads x 20 frames", name_of(python),
        "%.0f samples/s" % reached, ">= 1000/s", reached >= 1000)


def bench_stop_slowdown(args):
    """What stop mode at 100 hz costs the program after two seconds."""
    python = args.python[-1]
    ratio = slowdown_by(gdb, args, python, "stop")
    row("slowdown, stop 100 hz", name_of(python), "%.3fx" % ratio,
        "<= 1.05x", ratio <= 1.05)


def bench_memory(args):
    """Growth of GDB while it samples a steady program at 1 khz."""
    python = args.python[-1]
    minutes = 0.5 if args.quick else 10
    with Target(python, "shares.py", "lines", 60 * minutes + 60) as target:
        debugger = subprocess.Popen(
            ["gdb", "-nx", "-q", "-batch", "--readnever",
             "-iex", "set debuginfod enabled off", "-p", str(target.pid),
             "-ex", "source " + os.path.join(args.build, "gdb-plugin/pyprof.py"),
             "-ex", "pyprof start 1khz --for %ds" % (60 * minutes)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(60 * minutes * 0.1)
        early = resident(debugger.pid)
        time.sleep(60 * minutes * 0.85)
        late = resident(debugger.pid)
        debugger.wait()
    row("growth of GDB after the first tenth", name_of(python),
        "%d KiB in %g minutes" % ((late - early) // 1024, minutes * 0.85),
        "none", late - early <= 256 * 1024)


BENCHES = {
    "exact": bench_exact,
    "slowdown": bench_slowdown,
    "rate": bench_rate,
    "shares": bench_shares,
    "debuggers": bench_debuggers,
    "copy": bench_copy,
    "stop": bench_stop,
    "stop-slowdown": bench_stop_slowdown,
    "memory": bench_memory,
    "heap": bench_heap,
    "formats": bench_formats,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default=".")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", choices=sorted(BENCHES))
    parser.add_argument("--python", action="append")
    args = parser.parse_args()
    args.python = args.python or pythons()
    for name, bench in BENCHES.items():
        if args.only in (None, name):
            print("%s: %s" % (name, bench.__doc__ or ""))
            bench(args)
    return 1 if any(mark == "MISSED" for *_, mark in ROWS) else 0


sys.exit(main())
