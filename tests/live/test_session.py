# SPDX-License-Identifier: Apache-2.0
"""Sampling changes nothing about a session with a debugger.

Whatever a user does at its prompt works while pyprof samples as it does
without, nothing is printed that was not asked for, and after `pyprof stop`
the debugger is as it was. Each test is run in each way there is: GDB and LLDB,
and the modes of the sampler. What one debugger alone has is in
test_session_gdb.py and test_session_lldb.py.
"""

import difflib
import os
import re
import signal
import subprocess
import time

import pytest

from conftest import PYTHONS, WAYS, target
from debugger import Gdb
from terminal import PATIENCE


def until_free(program):
    """Wait until nobody traces it, and for a while whether it lives."""
    deadline = time.monotonic() + PATIENCE
    while program.status("TracerPid") != "0":
        assert time.monotonic() < deadline
        time.sleep(0.01)
    with pytest.raises(subprocess.TimeoutExpired):
        program.process.wait(0.5)
    assert program.status("State")[0] in "RS"


def finish(dbg, program):
    """Let go of it, and ask it to end; what it has counted."""
    dbg.run("pyprof stop")
    dbg.run("detach")
    out, status = program.finish()
    assert status == 0, out
    return dict(eval(out.splitlines()[-1]))


# Running


def test_continue_in_background(python, start_program, way):
    program = start_program(python, "session.py", "spin")
    with way.attach(program) as dbg:
        before = dbg.settings()
        way.start(dbg)
        assert len(dbg.break_points()) <= 1
        dbg.resume()
        dbg.until_samples(50)
        assert dbg.quiet(0.5) == ""
        assert dbg.run("help pyprof start").count("--mode")
        text = dbg.halt()
        assert dbg.reasons(text) == ["interrupted"]
        assert "SIGURG" not in text
        dbg.run("pyprof stop")
        assert dbg.break_points() == []
        assert dbg.settings() == before
        finish(dbg, program)


def test_continue_and_control_c(python, start_program, way):
    program = start_program(python, "session.py", "threads")
    with way.attach(program) as dbg:
        way.start(dbg)
        for _ in range(5):
            had = dbg.samples()
            assert dbg.send_resume() == ""
            program.until_run(0.5)
            assert dbg.quiet(0.1) == ""
            dbg.interrupt()
            text = dbg.until_stop()
            assert dbg.reasons(text) == ["interrupted"]
            assert "SIGURG" not in text
            assert dbg.samples() > had
        finish(dbg, program)


def test_stands_still_means_no_samples(python, start_program, way):
    program = start_program(python, "session.py", "spin")
    with way.attach(program) as dbg:
        way.start(dbg)
        dbg.resume()
        dbg.until_samples(20)
        dbg.halt()
        had = dbg.samples()
        dbg.quiet(0.3)
        assert dbg.samples() == had


def test_stepping_and_breakpoints(python, start_program, steps_library, way):
    texts = []
    for armed in (False, True):
        program = start_program(python, "steps.py", steps_library)
        with way.attach(program) as dbg:
            if armed:
                way.start(dbg)
            texts.append(dbg.walk())
            if armed:
                assert dbg.samples() > 0
            dbg.kill()
    assert "\n".join(difflib.unified_diff(
        texts[0].split("\n"), texts[1].split("\n"))) == ""


# Signals of the program's own


def test_storm_of_alarms(python, start_program, way):
    program = start_program(python, "session.py", "alarm")
    with way.attach(program) as dbg:
        way.start(dbg)
        dbg.resume()
        dbg.until_samples(100)
        assert dbg.quiet(0.3) == ""
        dbg.halt()
        assert finish(dbg, program)["alarms"] > 0


@pytest.mark.parametrize("twist", ["urgent", "urgent_and_winch"])
def test_own_sigurg_arrives(python, start_program, way, twist):
    program = start_program(
        python, "session.py", twist,
        *["by itself"] * (not way.debugger.halts_what_forks))
    with way.attach(program) as dbg:
        dbg.let_pass("SIGURG")
        way.start(dbg)
        dbg.resume()
        dbg.until_samples(200)
        assert dbg.quiet(0.3) == ""
        dbg.halt()
        counts = finish(dbg, program)
        # It waits for each before it sends another.
        assert counts["urgent"] > 10
        lost = counts["sent"] - counts["urgent"]
        if twist == "urgent":
            assert lost in (0, 1)
        else:
            # A tick that was under way at the end may have come as well.
            assert lost in (-1, 0, 1)
        assert "winch" not in counts


# Threads and processes that come and go


@pytest.mark.parametrize("twist", ["churn", "forks", "threads"])
def test_comings_and_goings(python, start_program, way, twist):
    program = start_program(python, "session.py", twist)
    with way.attach(program) as dbg:
        way.start(dbg)
        dbg.resume()
        dbg.until_samples(300)
        text = dbg.quiet(0.3)
        assert re.sub(r"\[Detaching after v?fork.*\]\n", "", text) == ""
        if twist == "forks" and not dbg.halts_what_forks:
            program.close()
            return
        # forks prints at any time, so no output is compared from here on
        assert dbg.reasons(dbg.halt()) == ["interrupted"]
        dbg.quiet(0.3)
        finish(dbg, program)


def test_exit(python, start_program, way):
    program = start_program(python, "session.py", "short")
    with way.attach(program) as dbg:
        program.say_line()
        way.start(dbg)
        text = dbg.go()
        assert dbg.reasons(text) == ["exited 7"]
        assert text.count("\n") == 1, text
        assert dbg.samples() > 0
        assert dbg.run("pyprof stop").count("\n") <= 1
        assert dbg.break_points() == []


def test_crash(python, start_program, way):
    program = start_program(python, "session.py", "crash")
    with way.attach(program) as dbg:
        program.say_line()
        way.start(dbg)
        assert dbg.reasons(dbg.go()) == ["SIGSEGV"]
        had = dbg.samples()
        assert had > 0
        assert dbg.reasons(dbg.go()) == [dbg.killed_by("SIGSEGV")]
        assert dbg.samples() >= had


def test_exec(python, start_program, way):
    program = start_program(python, "session.py", "again")
    with way.attach(program) as dbg:
        way.start(dbg)
        dbg.resume()
        program.say_line()
        dbg.until_exec()
        dbg.until_samples(100)
        dbg.halt()
        dbg.run("pyprof stop")
        assert dbg.break_points() == []
        finish(dbg, program)


def test_detach(python, start_program, way):
    program = start_program(python, "session.py", "spin")
    with way.attach(program) as dbg:
        way.start(dbg)
        dbg.resume()
        dbg.until_samples(50)
        dbg.run("detach")
        until_free(program)
        had = dbg.samples()
        dbg.quiet(0.3)
        assert dbg.samples() == had
        assert program.finish()[1] == 0


def test_kill(python, start_program, way):
    program = start_program(python, "session.py", "spin")
    with way.attach(program) as dbg:
        way.start(dbg)
        dbg.resume()
        dbg.until_samples(50)
        dbg.halt()
        dbg.kill()
        had = dbg.samples()
        assert had > 0
        dbg.run("pyprof stop")
        assert dbg.break_points() == []
        assert program.process.wait(PATIENCE) == -signal.SIGKILL


def test_run_again(python, way):
    with way.debugger.launch(
            python.path, target("session.py"), "short") as dbg:
        way.start(dbg)
        had = 0
        for _ in range(3):
            assert dbg.reasons(dbg.go()) == ["exited 7"]
            assert dbg.samples() > had
            had = dbg.samples()
            dbg.relaunch()
        dbg.kill()
        dbg.run("pyprof stop")
        assert dbg.break_points() == []


# The end


def test_quit(python, start_program, way):
    program = start_program(python, "session.py", "threads")
    dbg = way.attach(program)
    way.start(dbg)
    dbg.resume()
    dbg.until_samples(50)
    if not way.debugger.lets_go_of_what_runs:
        dbg.halt()
    assert dbg.close() == 0
    until_free(program)
    assert program.finish()[1] == 0


def test_killed_debugger(python, start_program, way):
    program = start_program(python, "session.py", "threads")
    dbg = way.attach(program)
    way.start(dbg)
    dbg.resume()
    dbg.until_samples(50)
    os.kill(dbg.pid, signal.SIGKILL)
    dbg.close()
    # The debugger's own breakpoints are in it still, so it is not let go far.
    until_free(program)


def test_many_cycles(python, start_program, way):
    program = start_program(python, "session.py", "threads")
    with way.attach(program) as dbg:
        before = dbg.settings()
        dbg.resume()
        for _ in range(30):
            way.start(dbg)
            dbg.until_samples(3)
            dbg.run("pyprof stop")
        dbg.halt()
        assert dbg.settings() == before
        assert dbg.break_points() == []
        finish(dbg, program)


# start --for


@pytest.mark.parametrize("twist", ["spin", "sleep", "blocked", "churn"])
def test_run_for(python, start_program, way, twist):
    program = start_program(python, "session.py", twist)
    with way.attach(program) as dbg:
        before = dbg.settings()
        for _ in range(2):
            text = way.start(dbg, "--for 300ms")
            assert dbg.reasons(text) == []
            assert "Catchpoint" not in text
            assert program.status("State").startswith("t")
        assert dbg.break_points() == []
        assert dbg.settings() == before
        finish(dbg, program)


def test_run_for_no_tick_reaches_the_program(python, start_program, way):
    program = start_program(
        python, "session.py", "urgent",
        *["by itself"] * (not way.debugger.halts_what_forks))
    with way.attach(program) as dbg:
        dbg.let_pass("SIGURG")
        for _ in range(5):
            way.start(dbg, "--for 100ms")
        counts = finish(dbg, program)
        assert counts["sent"] - counts["urgent"] in (0, 1)


def test_run_for_ends_with_the_program(python, start_program, way):
    program = start_program(python, "session.py", "short")
    with way.attach(program) as dbg:
        program.say_line()
        text = way.start(dbg, "--for 60s")
        assert dbg.reasons(text) == ["exited 7"]
        assert dbg.samples() > 0


def test_run_for_and_breakpoint(python, start_program, steps_library, way):
    program = start_program(python, "steps.py", steps_library)
    with way.attach(program) as dbg:
        dbg.break_at("steps", "n == 1040")
        text = way.start(dbg, "--for 60s")
        assert dbg.reasons(text) == ["breakpoint"]
        assert "steps" in text and "n=1040" in text
        assert len(dbg.break_points()) == 1
        assert dbg.value("n") == "1040"


def test_run_for_and_control_c(python, start_program, way):
    program = start_program(python, "session.py", "threads")
    with way.attach(program) as dbg:
        dbg.send("pyprof start 500hz --mode %s --for 60s" % way.mode)
        program.until_run(0.5)
        dbg.interrupt()
        assert dbg.reasons(dbg.until_prompt()) == ["interrupted"]
        assert dbg.samples() > 0


def test_run_for_of_what_runs(python, start_program, way):
    program = start_program(python, "session.py", "spin")
    with way.attach(program) as dbg:
        way.start(dbg)
        dbg.resume()
        text = dbg.run("pyprof start --for 1s")
        assert re.fullmatch(
            r"(error: )?pyprof: process \d+ runs already; .*\n", text)
        dbg.until_samples(20)
        dbg.halt()


# The command itself


def test_loading_twice_is_harmless(python, start_program, way):
    program = start_program(python, "session.py", "spin")
    with way.attach(program) as dbg:
        way.start(dbg)
        assert dbg.load_again() == ""
        dbg.resume()
        dbg.until_samples(10)
        dbg.halt()


def test_unknown_command():
    run = Gdb.batch("pyprof strat")
    assert run.returncode == 1
    assert re.fullmatch(r"pyprof: .*\bstart\b.*\n", run.stderr), run.stderr


def test_unknown_option(each_debugger):
    run = each_debugger.batch("pyprof start --mdoe free")
    assert run.returncode == 1
    assert re.search(
        r"(?m)^(error: )?pyprof: .*--mode\b.*\n", run.stderr), run.stderr


def test_bare_command_is_help(each_debugger):
    run = each_debugger.batch("pyprof")
    assert run.returncode == 0
    assert "start" in run.stdout


def test_no_process(each_debugger):
    for command in ("start", "start --for 1s"):
        run = each_debugger.batch("pyprof " + command)
        assert run.returncode == 1
        assert run.stderr.count("pyprof: ") == 1, run.stderr


# Every interpreter; in LLDB, which reads them by the same code, a few


EACH = [(way, python) for way in WAYS for python in PYTHONS
        if way.debugger is Gdb or python.name in (PYTHONS[0].name, "3.8", "3.14")]


@pytest.mark.parametrize(
    "way, some_python", EACH, indirect=["way"],
    ids=lambda value: getattr(value, "name", None) or str(value))
def test_each_interpreter(some_python, start_program, way):
    program = start_program(some_python, "session.py", "threads")
    with way.attach(program) as dbg:
        before = dbg.settings()
        way.start(dbg)
        dbg.resume()
        dbg.until_samples(100)
        assert dbg.quiet(0.2) == ""
        dbg.halt()
        dbg.run("pyprof stop")
        assert dbg.settings() == before
        finish(dbg, program)
