# SPDX-License-Identifier: Apache-2.0
"""Sampling changes nothing about a session with GDB: what GDB alone has.

Ticks by a signal and its catchpoint, non-stop mode, the machine interface;
for what all debuggers have see test_session.py.
"""

import os
import re
import subprocess
import time

import pytest

from conftest import WAYS
from debugger import GDB, LOADER, OPTIONS, PATIENCE, Gdb, batch, settings

GDBS = [way for way in WAYS if way.debugger is Gdb]
STOP = GDBS[0]


@pytest.fixture(params=GDBS, ids=str)
def way(request):
    return request.param


STEP_BY_INSTRUCTION = """\
python
def steps(count):
    still = 0
    for _ in range(count):
        before = gdb.selected_frame().pc()
        gdb.execute("stepi", False, True)
        still += gdb.selected_frame().pc() == before
    return still
end"""


def test_every_stepi_steps(python, start_program, steps_library, way):
    program = start_program(python, "steps.py", steps_library)
    with way.attach(program) as gdb:
        gdb.run("tbreak inner")
        gdb.run("continue")
        way.start(gdb, rate="20khz")
        *more, last = STEP_BY_INSTRUCTION.split("\n")
        for line in more:
            gdb.send(line)
            gdb.until(">")
        gdb.run(last)
        text = gdb.run("python print('still', steps(500))")
        assert text.endswith("still 0\n")


def test_blocked_sigurg(python, start_program):
    program = start_program(python, "session.py", "blocked")
    with STOP.attach(program) as gdb:
        before = settings(gdb)
        STOP.start(gdb)
        assert "SIGWINCH" in gdb.run("info breakpoints")
        gdb.run("continue &")
        gdb.until_samples(50)
        gdb.halt()
        gdb.run("pyprof stop")
        assert settings(gdb) == before


def test_users_handling_comes_back(python, start_program, way):
    program = start_program(python, "session.py", "spin")
    with way.attach(program) as gdb:
        gdb.run("handle SIGURG stop print nopass")
        gdb.run("handle SIGWINCH nostop print pass")
        before = settings(gdb)
        for _ in range(2):
            way.start(gdb)
            gdb.run("continue &")
            gdb.until_samples(20)
            gdb.halt()
            gdb.run("pyprof stop")
            assert settings(gdb) == before


def test_deleting_the_catchpoint(python, start_program):
    program = start_program(python, "session.py", "spin")
    with STOP.attach(program) as gdb:
        before = gdb.run("info signals SIGURG")
        STOP.start(gdb)
        gdb.run("delete")
        assert gdb.run("info signals SIGURG") == before
        assert gdb.break_points() == []
        gdb.send("continue")
        program.until_run(0.2)
        gdb.interrupt()
        assert "received signal SIGINT" in gdb.until_prompt()
        gdb.run("pyprof stop")
        assert gdb.break_points() == []


def until_stopped(gdb, numbers):
    """Until it has told of each of these threads, in whatever order."""
    left = set(numbers)
    while left:
        text = gdb.until(r"Thread \d+ .*stopped\.\n")
        left.discard(re.findall(r"Thread (\d+) .*stopped", text)[-1])


def test_non_stop(python, start_program, way):
    program = start_program(python, "session.py", "threads")
    # It says that it is ready before it starts them.
    while len(os.listdir("/proc/%d/task" % program.pid)) < 4:
        time.sleep(0.01)
    with Gdb() as gdb:
        gdb.run("set non-stop on")
        gdb.send("attach %d" % program.pid)
        # The first is told of before the prompt.
        until_stopped(gdb, "234")
        before = settings(gdb)
        way.start(gdb)
        gdb.run("continue -a &")
        gdb.until_samples(100)
        assert gdb.quiet(0.3) == ""
        gdb.send("interrupt -a")
        until_stopped(gdb, "1234")
        had = gdb.samples()
        assert gdb.quiet(0.3) == ""
        assert gdb.samples() == had
        gdb.run("pyprof stop")
        assert settings(gdb) == before
        gdb.run("detach")
        assert program.finish()[1] == 0


def test_machine_interface(python, start_program, way):
    program = start_program(python, "session.py", "short")
    commands = [
        "-gdb-set mi-async on",
        "-target-attach %d" % program.pid,
        '-interpreter-exec console "pyprof start 500hz --mode %s"' % way.mode,
        "-exec-continue",
    ]
    gdb = subprocess.Popen(
        [GDB, *OPTIONS, "-ex", "source " + LOADER, "-i=mi3"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )
    text = ""
    for command in commands:
        gdb.stdin.write(command + "\n")
        gdb.stdin.flush()
        for line in gdb.stdout:
            text += line
            assert not line.startswith("^error"), text
            if line.startswith(("^done", "^running")):
                break
    program.say_line()
    for line in gdb.stdout:
        text += line
        if line.startswith("*stopped") and "exited" in line:
            break
    rest, _ = gdb.communicate(
        '-interpreter-exec console "pyprof status --json"\n-gdb-exit\n',
        PATIENCE)
    assert gdb.returncode == 0
    # One for attaching, one for the end.
    assert text.count("*stopped") == 2, text
    assert text.count("*running") <= 1 + 1, text
    assert int(re.search(r'total\W+(\d+)', rest).group(1)) > 0


# The command itself


def test_completion():
    run = batch("-ex", "complete pyprof sta", "-ex",
                "complete pyprof start --mo",
                "-ex", "complete pyprof start --mode fr")
    assert run.stdout.split("\n")[:4] == [
        "pyprof start", "pyprof status", "pyprof start --mode",
        "pyprof start --mode free"]
