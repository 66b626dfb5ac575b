# SPDX-License-Identifier: Apache-2.0
"""Shares of time are what the program itself measures.

With some two thousand samples, what a bound of four points finds is a bias:
time of one phase or thread counted as another's. Samples that were missed, as
on a busy machine, may be anybody's.
"""

import collections
import json
import os
import re
import struct
import subprocess
import sys

import pytest

from conftest import PYTHONS, or_skip
from debugger import Gdb
from debugger_lldb import Lldb
from dumped import Profile

pytestmark = pytest.mark.alone

TARGETS = os.path.join(os.path.dirname(__file__), "..", "targets")
PROGRAM = os.path.join(TARGETS, "phases.py")
SUPPORT = os.path.join(os.path.dirname(__file__), "..", "support")

# And how each runs a command of the shell's.
MODES = {Gdb: ["preempt", "stop", "free"], Lldb: ["preempt", "free"]}
SHELL = {Gdb: "shell ", Lldb: "platform shell "}
PHASES = ["thirty", "seventy", "hashing", "sleeping", "locking", "others"]
WORKERS = ["w1", "w2", "w3"]

# What the thread does in a phase.
STATES = {
    "thirty": "python", "seventy": "python", "hashing": "native",
    "sleeping": "wait-sleep", "locking": "wait-lock", "others": "wait-lock",
    "w1": "python", "w2": "python", "w3": "python",
}

POINTS = 0.04


# Tells the program that it has stood still.
MARK = r"printf '\%o' | dd conv=notrunc status=none of=%s"

class Truth:
    """What tests/targets/phases.py says of its time."""

    def __init__(self, path):
        with open(path, "rb") as file:
            values = [value for value, in struct.iter_unpack("q", file.read())]
        self.main, *self.workers = values[1:5]
        self.ns = dict(zip(PHASES + WORKERS, values[5:]))


def shares(times):
    total = sum(times.values())
    return {name: ns / total for name, ns in times.items()}


def check_shares(found, wanted, bound):
    # The program leaves out what it was at when it was stopped and continued.
    bound += abs(1 - sum(wanted.values()) / sum(found.values()))
    found, wanted = shares(found), shares(wanted)
    for name in wanted:
        assert abs(found[name] - wanted[name]) <= bound, (name, found, wanted)


def check_profile(profile, before, after):
    times = {name: after.ns[name] - before.ns[name] for name in after.ns}
    main = profile.function_states(profile.of_thread(after.main))
    found = {name: main[name] for name in PHASES}
    for name, tid in zip(WORKERS, after.workers):
        found[name] = profile.function_states(profile.of_thread(tid))[name]

    taken, missed = profile.meta["samples"], profile.meta["missed"]
    bound = POINTS + missed / (taken + missed)
    sums = {name: sum(found[name].values()) for name in found}
    for names in (PHASES, WORKERS):
        check_shares({name: sums[name] for name in names},
                     {name: times[name] for name in names}, bound)
    for name, state in STATES.items():
        check_state(state, found[name])


def check_state(state, found):
    total = sum(found.values())
    if state.startswith("wait-"):
        # Awake, it runs without the GIL, or would if there were a CPU.
        assert found[state] >= 0.5 * total, (state, found)
        assert found[state] + found["native"] >= 0.9 * total, (state, found)
    else:
        assert found[state] >= 0.75 * total, (state, found)


def record(debugger, pid, dumps, clock):
    """Profile in each mode, one after the other, in one debugger."""
    shell = SHELL[debugger]
    commands = [shell + "cp %s %s/before" % (clock, dumps)]
    for number, mode in enumerate(MODES[debugger], 1):
        commands += [
            shell + MARK % (number, clock),
            "pyprof start 1khz --mode %s --max-stop 100 --for 2s" % mode,
            shell + "cp %s %s/%s" % (clock, dumps, mode),
            "pyprof dump %s/%s.json" % (dumps, mode),
            "pyprof dump %s/%s.txt" % (dumps, mode),
            "pyprof dump %s/%s.collapsed" % (dumps, mode),
            "pyprof dump %s/%s.html" % (dumps, mode),
            "pyprof reset",
        ]
    run = debugger.batch(*commands, pid=pid)
    assert "pyprof:" not in run.stderr, run.stderr
    assert run.returncode == 0, run.stderr


def html_lines(path):
    run = subprocess.run(
        [sys.executable, os.path.join(SUPPORT, "read_page.py"), path, "raw"],
        stdout=subprocess.PIPE, check=True, text=True,
    )
    data = json.loads(run.stdout)
    groups = [state["group"] for state in data["states"]]
    found = collections.Counter()
    columns = data["tallies"]
    for stack, state, ns in zip(
            columns["stack"], columns["state"], columns["ns"]):
        if stack and groups[state] != "wait":
            at = data["stacks"]["location"][stack]
            function = data["locations"]["function"][at]
            file = data["functions"]["file"][function]
            found[data["strings"][file], data["locations"]["line"][at]] += ns
    return found


def collapsed_lines(path):
    found = collections.Counter()
    for line in path.read_text().splitlines():
        stack, ns = line.rsplit(" ", 1)
        match = re.search(r" \(([^();]*):(\d+)\)$", stack)
        if match and ";" in stack:
            key = match[1], int(match[2])
            found[key] += int(ns)
    return found


def text_lines(path):
    section = path.read_text().split("# Lines\n")[1].split("\n\n")[0]
    found = collections.Counter()
    for row in section.splitlines()[1:]:
        match = re.match(
            r" *[\d.]+ +[\d.]+ +([\d.]+)(?: +[\d.]+)* +\S*/(\S+):(\d+)", row)
        if match and match[1] != ".":
            found[match[2], int(match[3])] += round(float(match[1]) * 1e9)
    return found


def check_formats(path):
    """Self times are the same in all formats, but for rounding."""
    wanted = Profile(path.with_suffix(".json")).self_lines()
    assert wanted
    assert html_lines(path.with_suffix(".html")) == wanted
    assert collapsed_lines(path.with_suffix(".collapsed")) == wanted
    found = text_lines(path.with_suffix(".txt"))
    for (file, line), ns in wanted.items():
        if "phases.py" in file:
            assert abs(found["phases.py", line] - ns) <= 500000


def check_parts(profile, python):
    """The time of a line is in the part of it that took it."""
    with open(PROGRAM, "rb") as file:
        source = file.read().split(b"\n")
    found = collections.Counter()
    for row in profile.json["tables"]["lines"]:
        spans = row["spans"]
        assert sum(span["self_ns"] for span in spans) <= row["self_ns"]
        if python.version < (3, 11):
            assert not spans
        elif row["function"] == "hashing":
            text = source[row["line"] - 1]
            found["all"] += row["self_ns"]
            for span in spans:
                assert span["end_line"] == row["line"]
                part = text[span["column"]:span["end_column"]]
                found[part.decode()] += span["self_ns"]
    # All of it, but for what was sampled just before and behind the call.
    assert (found["all"] > 0) == (python.version >= (3, 11))
    assert found["hashlib.sha256(data)"] >= 0.9 * found["all"], found


# The sampler is the same in LLDB: two are enough.
EACH = [(debugger, python) for debugger in MODES for python in PYTHONS
        if debugger is Gdb or python.name in (PYTHONS[0].name, "3.14")]


@pytest.mark.parametrize(
    "debugger, some_python", EACH, ids=lambda value: value.name)
def test_shares(debugger, some_python, start_program, tmp_path):
    or_skip(debugger)
    clock = tmp_path / "clock"
    program = start_program(some_python, "phases.py", str(clock))
    record(debugger, program.pid, tmp_path, clock)
    before = Truth(tmp_path / "before")
    for mode in MODES[debugger]:
        profile = Profile(tmp_path / (mode + ".json"))
        assert profile.meta["mode"] == mode
        after = Truth(tmp_path / mode)
        check_profile(profile, before, after)
        check_formats(tmp_path / mode)
        check_parts(profile, some_python)
        before = after
