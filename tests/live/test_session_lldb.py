# SPDX-License-Identifier: Apache-2.0
"""Sampling changes nothing about a session with LLDB: what LLDB alone has.

Its synchronous mode, which is what files of commands and --batch use, its way
to load plugins, remote platforms; for what all debuggers have see
test_session.py.
"""

import os
import re
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from conftest import or_skip
from debugger_lldb import PLUGIN, Lldb
from terminal import PATIENCE


@pytest.fixture(autouse=True)
def there_is_one():
    or_skip(Lldb)


def errors(run):
    return re.findall(r"(?m)^error: (.*)", run.stderr)


def test_synchronous(python, start_program, steps_library):
    """Commands wait until it stops, and samples are taken meanwhile."""
    program = start_program(python, "steps.py", steps_library)
    run = Lldb.batch(
        "breakpoint set --name steps --condition 'n == 1040'",
        # Where in its round it is at first, nobody knows.
        "pyprof start 500hz", "continue", "continue", "expression n",
        "pyprof status",
        "next", "expression a", "finish", "breakpoint delete 1",
        "pyprof start --for 300ms", "pyprof stop", "pyprof report functions",
        "detach", pid=program.pid)
    assert errors(run) == [], run.stderr
    assert run.stdout.count("stop reason = ") == 1 + 4, run.stdout
    assert "(long) $0 = 1040" in run.stdout
    assert int(re.search(r"samples +(\d+):", run.stdout)[1]) > 0
    assert re.search(r"steps\.py.* main$|main.*steps\.py", run.stdout, re.M)
    assert program.finish()[1] == 0


def say_line_once_traced(program):
    deadline = time.monotonic() + PATIENCE
    while program.status("TracerPid") == "0":
        assert time.monotonic() < deadline
        time.sleep(0.01)
    program.say_line()


def test_synchronous_end(python, start_program):
    program = start_program(python, "session.py", "short")
    # It works on for a moment only, which has to be under LLDB.
    with ThreadPoolExecutor() as pool:
        said = pool.submit(say_line_once_traced, program)
        run = Lldb.batch(
            "pyprof start 500hz", "continue", "pyprof report", pid=program.pid)
        said.result()
    assert errors(run) == [], run.stderr
    assert "exited with status = 7" in run.stdout
    assert "total += i" in run.stdout


def test_loaded_twice_or_by_another_name(tmp_path):
    copy = tmp_path / "copy.so"
    shutil.copy(PLUGIN, copy)
    for path in (PLUGIN, str(copy)):
        run = Lldb.batch(
            "pyprof status", "plugin load " + path, "pyprof status")
        # It says so, and LLDB takes it for loaded or not; either way the
        # first one goes on.
        assert run.stdout.count("# not sampling") >= 1, run.stdout
        assert "loaded already" in run.stdout + run.stderr


class Drawing(Lldb):
    """On a terminal that it completes words on."""

    term = "xterm"

    def press_tab(self, line, completed):
        """Type the beginning of a line, and wait for the rest of it."""
        os.write(self.fd, line.encode() + b"\t")
        self.until(completed)
        # Forget the line.
        os.write(self.fd, b"\x15\n")
        self.until_prompt()


def test_completion():
    # Loaded before it draws: how newer ones draw what is typed is their own.
    with Drawing("--one-line", "plugin load " + PLUGIN, load=False) as lldb:
        lldb.press_tab("pyprof sta", r"\bstart\b[\s\S]*\bstatus\b")
        lldb.press_tab("pyprof ann", r"otate\b")


def test_help():
    run = Lldb.batch("help pyprof", "help pyprof start", "pyprof start --help")
    assert errors(run) == []
    for word in ("start", "report", "heap", "threads"):
        assert re.search(r"(?m)^ +%s +-- " % word, run.stdout)
    assert run.stdout.count("--max-stop PERCENT") >= 2


def test_no_such_process():
    """LLDB says why, and pyprof that there is none."""
    run = subprocess.run(
        [Lldb.program, *Lldb.options, "--one-line",
         "plugin load " + PLUGIN, "--one-line", "pyprof bt"],
        input="process attach --pid 2000000000\npyprof bt\npyprof start\n",
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
    ours = [line for line in errors(run) if line.startswith("pyprof: ")]
    assert len(ours) == 3, run.stderr
    assert len(errors(run)) == 4, run.stderr


def test_remote_platform():
    """Nothing there is read as if it were here."""
    run = Lldb.batch("platform select remote-linux", "pyprof bt")
    assert run.returncode == 1
    assert len(errors(run)) == 1 and errors(run)[0].startswith("pyprof: ")
