# SPDX-License-Identifier: Apache-2.0
"""A core file says the same in every debugger, byte for byte."""

import re

import pytest

from conftest import or_skip
from debugger import Gdb
from debugger_lldb import Lldb
from test_heap import start_heap  # a fixture

assert start_heap

LINES = [
    "bt all", "bt all --locals", "bt all --traceback", "bt all --json",
    "threads", "threads --json",
    "heap", "heap types --limit 40", "heap types --retained", "heap top",
    "heap tree --depth 3", "heap strings", "heap garbage", "heap suspects",
    "heap frag", "heap find Node --limit 5", "heap path __main__.Rare",
    "heap types --json",
]

# On the console: what is said, between lines of the status.
SPOKEN = ["info", "info --json", "bt all", "heap types --limit 5"]
STATUS = "# not sampling\n"

# What each debugger numbers in its own way, and takes for selected.
NUMBERS = [
    (r'"number": \d+', '"number": N'),
    (r'"selected": (true|false)', '"selected": X'),
    # And when it was looked at, in seconds.
    (r'"taken_at": \d+', '"taken_at": TIME'),
    (r"(?m)^# thread \d+ ", "# thread N "),
    (r"held by thread \d+ ", "held by thread N "),
    (r'"debugger":"[^"]*"', '"debugger":NAME'),
]


def say(debugger, core, folder):
    """What each command says of a core."""
    folder.mkdir()
    paths = [folder / str(number) for number in range(len(LINES))]
    lines = ["pyprof status"]
    for line in SPOKEN:
        lines += ["pyprof " + line, "pyprof status"]
    for line, path in zip(LINES, paths):
        lines.append("pyprof %s --output %s" % (line, path))
    run = debugger.batch(*lines, core=core)
    assert "pyprof: " not in run.stderr, run.stderr
    assert run.returncode == 0, run.stderr
    spoken = run.stdout.split(STATUS)[1:-1]
    assert len(spoken) == len(SPOKEN)
    return spoken + [path.read_text(encoding="utf-8") for path in paths]


def by_thread(text):
    """Without numbers of threads, and in no order of theirs."""
    for pattern, name in NUMBERS:
        text = re.sub(pattern, name, text)
    return text


@pytest.fixture
def core(each_python, start_heap, tmp_path):
    or_skip(Lldb)
    heap = start_heap(each_python)
    path = tmp_path / "core"
    run = Gdb.batch("gcore %s" % path, pid=heap.pid)
    assert path.exists(), run.stderr
    yield path
    path.unlink()


def test_same_text(core, tmp_path):
    in_gdb = say(Gdb, core, tmp_path / "gdb")
    in_lldb = say(Lldb, core, tmp_path / "lldb")
    for line, one, other in zip(SPOKEN + LINES, in_gdb, in_lldb):
        assert by_thread(other) == by_thread(one), line
