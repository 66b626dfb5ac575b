# SPDX-License-Identifier: Apache-2.0
"""Sampling changes nothing about a session with GDB.

Whatever a user does at GDB's prompt works while pyprof samples as it does
without, nothing is printed that was not asked for, and after `pyprof stop`
GDB is as it was.
"""

import difflib
import json
import os
import re
import signal
import subprocess
import time

import pytest

from conftest import TARGETS, Program, target
from debugger import GDB, LOADER, OPTIONS, PATIENCE, Gdb, batch, settings


@pytest.fixture(params=["stop", "auto"])
def mode(request):
    return request.param


def start(gdb, mode, *options, rate="500hz"):
    text = gdb.run(" ".join(
        ["pyprof start", rate, "--max-stop 100 --mode", mode, *options]))
    assert "pyprof:" not in text, text
    return text


def samples(gdb):
    return json.loads(gdb.run("pyprof status --json"))["samples"]["total"]


def until_samples(gdb, count):
    """Wait, at a prompt, until so many more samples are there."""
    wanted = samples(gdb) + count
    deadline = time.monotonic() + PATIENCE
    while samples(gdb) < wanted:
        assert time.monotonic() < deadline, gdb.run("pyprof status")
        time.sleep(0.05)


def attach(program):
    return Gdb("-p", str(program.pid))


def interrupt_background(gdb):
    """Stop what `continue &` runs; what GDB says of it."""
    gdb.send("interrupt")
    text = gdb.until("received signal SIGINT[^\n]*\n")
    time.sleep(0.2)
    return text + gdb.run("echo")


def lines_of_ours(gdb):
    """The entries of `info breakpoints`; the user has none in these tests."""
    return re.findall(r"(?m)^\d+ .*", gdb.run("info breakpoints"))


# Running


def test_continue_in_background(python, start_program, mode):
    program = start_program(python, "session.py", "spin")
    with attach(program) as gdb:
        before = settings(gdb)
        start(gdb, mode)
        assert len(lines_of_ours(gdb)) <= 1
        gdb.run("continue &")
        until_samples(gdb, 50)
        assert gdb.quiet(0.5) == ""
        assert gdb.run("echo here") == "here"
        text = interrupt_background(gdb)
        assert text.count("received signal") == 1
        assert "SIGURG" not in text
        gdb.run("pyprof stop")
        assert lines_of_ours(gdb) == []
        assert settings(gdb) == before
        gdb.run("detach")
        out, status = program.finish()
        assert status == 0


def test_continue_and_control_c(python, start_program, mode):
    program = start_program(python, "session.py", "threads")
    with attach(program) as gdb:
        start(gdb, mode)
        for _ in range(5):
            had = samples(gdb)
            gdb.send("continue")
            assert gdb.quiet(0.5) == "Continuing.\n"
            gdb.interrupt()
            text = gdb.until_prompt()
            assert text.count("received signal SIGINT") == 1
            assert "SIGURG" not in text
            assert samples(gdb) > had
        gdb.run("detach")
        assert program.finish()[1] == 0


def test_stands_still_means_no_samples(python, start_program, mode):
    program = start_program(python, "session.py", "spin")
    with attach(program) as gdb:
        start(gdb, mode)
        gdb.run("continue &")
        until_samples(gdb, 20)
        interrupt_background(gdb)
        had = samples(gdb)
        gdb.quiet(0.3)
        assert samples(gdb) == had


@pytest.fixture(scope="session")
def steps_library(tmp_path_factory):
    path = tmp_path_factory.mktemp("steps") / "libsteps.so"
    subprocess.run(
        ["cc", "-g", "-O0", "-shared", "-fPIC", "-o", str(path),
         os.path.join(TARGETS, "steps.c")],
        check=True,
    )
    return str(path)


STEPS = """\
break steps if n == 1007
continue
delete $bpnum
set var rounds = 0
backtrace 1
step
backtrace 2
until
until
until
print i
advance 18
print a
next
next
step
info locals
finish
finish
tbreak steps if n == 1011
continue
watch rounds
continue
delete $bpnum
break steps
ignore $bpnum 30
continue
print n
delete $bpnum
watch total if rounds % 7 == 0
continue
print rounds % 7
delete $bpnum
break inner
commands;silent;print n;end
continue
continue
delete $bpnum
call steps(10)
tbreak steps if n == 1001
continue
up
down
step
return 5
next
print a
kill"""


def walk(gdb):
    """Step through steps.c; what is the same each time."""
    text = ""
    for line in STEPS.split("\n"):
        *more, last = line.split(";")
        for part in more:
            gdb.send(part)
            gdb.until(">")
        text += "> %s\n%s" % (line, gdb.run(last))
    # Breakpoints by the order in which they come; no pids, no addresses.
    numbers = []

    def number(match):
        if match.group(2) not in numbers:
            numbers.append(match.group(2))
        return "%spoint %d" % (match.group(1), numbers.index(match.group(2)))

    text = re.sub(r"(?i)(\w*)point (\d+)", number, text)
    return re.sub(r"0x[0-9a-f]+|process \d+|LWP \d+", "X", text)


def test_stepping_and_breakpoints(python, start_program, steps_library, mode):
    texts = []
    for armed in (False, True):
        program = start_program(python, "steps.py", steps_library)
        with attach(program) as gdb:
            if armed:
                start(gdb, mode)
            texts.append(walk(gdb))
            if armed:
                assert samples(gdb) > 0
    assert texts[0].count("Temporary breakpoint") == 4
    assert texts[0].count("Old value") == 2
    assert "\n".join(difflib.unified_diff(
        texts[0].split("\n"), texts[1].split("\n"))) == ""


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


def test_every_stepi_steps(python, start_program, steps_library, mode):
    program = start_program(python, "steps.py", steps_library)
    with attach(program) as gdb:
        gdb.run("tbreak inner")
        gdb.run("continue")
        start(gdb, mode, rate="20khz")
        *more, last = STEP_BY_INSTRUCTION.split("\n")
        for line in more:
            gdb.send(line)
            gdb.until(">")
        gdb.run(last)
        text = gdb.run("python print('still', steps(500))")
        assert text.endswith("still 0\n")


# Signals of the program's own


def test_storm_of_alarms(python, start_program, mode):
    program = start_program(python, "session.py", "alarm")
    with attach(program) as gdb:
        start(gdb, mode)
        gdb.run("continue &")
        until_samples(gdb, 100)
        assert gdb.quiet(0.3) == ""
        interrupt_background(gdb)
        gdb.run("detach")
        out, status = program.finish()
        assert status == 0
        assert dict(eval(out))["alarms"] > 0


@pytest.mark.parametrize("twist", ["urgent", "urgent_and_winch"])
def test_own_sigurg_arrives(python, start_program, mode, twist):
    program = start_program(python, "session.py", twist)
    with attach(program) as gdb:
        start(gdb, mode)
        gdb.run("continue &")
        until_samples(gdb, 200)
        assert gdb.quiet(0.3) == ""
        interrupt_background(gdb)
        gdb.run("pyprof stop")
        gdb.run("detach")
        out, status = program.finish()
        assert status == 0
        # It waits for each before it sends another.
        counts = dict(eval(out))
        assert counts["urgent"] > 10
        lost = counts["sent"] - counts["urgent"]
        if twist == "urgent":
            assert lost in (0, 1)
        else:
            # A tick that was under way at the end may have come as well.
            assert lost in (-1, 0, 1)
        assert "winch" not in counts


def test_blocked_sigurg(python, start_program):
    program = start_program(python, "session.py", "blocked")
    with attach(program) as gdb:
        before = settings(gdb)
        start(gdb, "stop")
        assert "SIGWINCH" in gdb.run("info breakpoints")
        gdb.run("continue &")
        until_samples(gdb, 50)
        interrupt_background(gdb)
        gdb.run("pyprof stop")
        assert settings(gdb) == before


def test_users_handling_comes_back(python, start_program, mode):
    program = start_program(python, "session.py", "spin")
    with attach(program) as gdb:
        gdb.run("handle SIGURG stop print nopass")
        gdb.run("handle SIGWINCH nostop print pass")
        before = settings(gdb)
        for _ in range(2):
            start(gdb, mode)
            gdb.run("continue &")
            until_samples(gdb, 20)
            interrupt_background(gdb)
            gdb.run("pyprof stop")
            assert settings(gdb) == before


# Threads and processes that come and go


@pytest.mark.parametrize("twist", ["churn", "forks", "threads"])
def test_comings_and_goings(python, start_program, mode, twist):
    program = start_program(python, "session.py", twist)
    with attach(program) as gdb:
        start(gdb, mode)
        gdb.run("continue &")
        until_samples(gdb, 300)
        text = gdb.quiet(0.3)
        assert re.sub(r"\[Detaching after v?fork.*\]\n", "", text) == ""
        # forks prints at any time, so no output is compared from here on
        gdb.send("interrupt")
        gdb.until("received signal SIGINT")
        gdb.quiet(0.3)
        gdb.run("pyprof stop")
        gdb.run("detach")
        out, status = program.finish()
        assert status == 0, out


def test_exit(python, start_program, mode):
    program = start_program(python, "session.py", "short")
    with attach(program) as gdb:
        program.say_line()
        start(gdb, mode)
        text = gdb.run("continue")
        assert re.fullmatch(
            r"Continuing\.\n\[Inferior 1 \(process \d+\) exited with code 07\]"
            r"\n", text)
        assert samples(gdb) > 0
        assert gdb.run("pyprof stop").count("\n") <= 1
        assert lines_of_ours(gdb) == []


def test_crash(python, start_program, mode):
    program = start_program(python, "session.py", "crash")
    with attach(program) as gdb:
        program.say_line()
        start(gdb, mode)
        text = gdb.run("continue")
        assert "received signal SIGSEGV" in text
        had = samples(gdb)
        assert had > 0
        text = gdb.run("continue")
        assert "terminated with signal SIGSEGV" in text
        assert samples(gdb) >= had


def test_exec(python, start_program, mode):
    program = start_program(python, "session.py", "again")
    with attach(program) as gdb:
        program.say_line()
        start(gdb, mode)
        gdb.send("continue &")
        gdb.until("is executing new program: [^\n]*\n")
        until_samples(gdb, 100)
        interrupt_background(gdb)
        gdb.run("pyprof stop")
        assert lines_of_ours(gdb) == []
        gdb.run("detach")
        assert program.finish()[1] == 0


def test_detach(python, start_program, mode):
    program = start_program(python, "session.py", "spin")
    with attach(program) as gdb:
        start(gdb, mode)
        gdb.run("continue &")
        until_samples(gdb, 50)
        gdb.run("detach")
        had = samples(gdb)
        assert program.status("TracerPid") == "0"
        gdb.quiet(0.3)
        assert samples(gdb) == had
        assert program.finish()[1] == 0


def test_kill(python, start_program, mode):
    program = start_program(python, "session.py", "spin")
    with attach(program) as gdb:
        start(gdb, mode)
        gdb.run("continue &")
        until_samples(gdb, 50)
        interrupt_background(gdb)
        gdb.run("kill")
        had = samples(gdb)
        assert had > 0
        gdb.run("pyprof stop")
        assert lines_of_ours(gdb) == []
        assert program.process.wait(PATIENCE) == -signal.SIGKILL


def test_run_again(python, mode):
    with Gdb(python.path) as gdb:
        gdb.run("set args %s short < /dev/null > /dev/null"
                % target("session.py"))
        gdb.run("starti")
        start(gdb, mode)
        had = 0
        for _ in range(3):
            text = gdb.run("continue")
            assert "exited with code 07" in text
            assert samples(gdb) > had
            had = samples(gdb)
            gdb.run("starti")
        gdb.run("kill")
        gdb.run("pyprof stop")
        assert lines_of_ours(gdb) == []


# The end


def test_quit_while_it_runs(python, start_program, mode):
    program = start_program(python, "session.py", "threads")
    gdb = attach(program)
    start(gdb, mode)
    gdb.run("continue &")
    until_samples(gdb, 50)
    assert gdb.close() == 0
    assert program.status("TracerPid") == "0"
    assert program.finish()[1] == 0


def test_killed_debugger(python, start_program, mode):
    program = start_program(python, "session.py", "threads")
    gdb = attach(program)
    start(gdb, mode)
    gdb.run("continue &")
    until_samples(gdb, 50)
    os.kill(gdb.pid, signal.SIGKILL)
    gdb.close()
    # GDB's own breakpoints are in it still, so it is not let go far.
    with pytest.raises(subprocess.TimeoutExpired):
        program.process.wait(0.5)
    assert program.status("TracerPid") == "0"
    assert program.status("State")[0] in "RS"


def test_deleting_the_catchpoint(python, start_program):
    program = start_program(python, "session.py", "spin")
    with attach(program) as gdb:
        before = gdb.run("info signals SIGURG")
        start(gdb, "stop")
        gdb.run("delete")
        assert gdb.run("info signals SIGURG") == before
        assert lines_of_ours(gdb) == []
        gdb.send("continue")
        gdb.quiet(0.3)
        gdb.interrupt()
        assert "received signal SIGINT" in gdb.until_prompt()
        gdb.run("pyprof stop")
        assert lines_of_ours(gdb) == []


def test_many_cycles(python, start_program, mode):
    program = start_program(python, "session.py", "threads")
    with attach(program) as gdb:
        before = settings(gdb)
        gdb.run("continue &")
        for _ in range(30):
            start(gdb, mode)
            until_samples(gdb, 3)
            gdb.run("pyprof stop")
        interrupt_background(gdb)
        assert settings(gdb) == before
        assert lines_of_ours(gdb) == []
        gdb.run("detach")
        assert program.finish()[1] == 0


# start --for


@pytest.mark.parametrize("twist", ["spin", "sleep", "blocked", "churn"])
def test_run_for(python, start_program, mode, twist):
    program = start_program(python, "session.py", twist)
    with attach(program) as gdb:
        before = settings(gdb)
        for _ in range(2):
            text = start(gdb, mode, "--for 300ms")
            assert "received signal" not in text
            assert "Catchpoint" not in text
            assert program.status("State").startswith("t")
        assert lines_of_ours(gdb) == []
        assert settings(gdb) == before
        gdb.run("detach")
        assert program.finish()[1] == 0


def test_run_for_no_tick_reaches_the_program(python, start_program, mode):
    program = start_program(python, "session.py", "urgent")
    with attach(program) as gdb:
        for _ in range(5):
            start(gdb, mode, "--for 100ms")
        gdb.run("detach")
        counts = dict(eval(program.finish()[0]))
        assert counts["sent"] - counts["urgent"] in (0, 1)


def test_run_for_ends_with_the_program(python, start_program, mode):
    program = start_program(python, "session.py", "short")
    with attach(program) as gdb:
        program.say_line()
        text = start(gdb, mode, "--for 60s")
        assert "exited with code 07" in text
        assert samples(gdb) > 0


def test_run_for_and_breakpoint(python, start_program, steps_library, mode):
    program = start_program(python, "steps.py", steps_library)
    with attach(program) as gdb:
        gdb.run("break steps if n == 1040")
        text = start(gdb, mode, "--for 60s")
        assert re.search(r"Breakpoint \d+, .*steps \(n=1040\)", text)
        assert len(lines_of_ours(gdb)) == 1
        assert gdb.value("n") == "1040"


def test_run_for_and_control_c(python, start_program, mode):
    program = start_program(python, "session.py", "threads")
    with attach(program) as gdb:
        gdb.send("pyprof start 500hz --mode %s --for 60s" % mode)
        gdb.quiet(0.5)
        gdb.interrupt()
        assert "received signal SIGINT" in gdb.until_prompt()
        assert samples(gdb) > 0


def test_run_for_of_what_runs(python, start_program, mode):
    program = start_program(python, "session.py", "spin")
    with attach(program) as gdb:
        start(gdb, mode)
        gdb.run("continue &")
        text = gdb.run("pyprof start --for 1s")
        assert re.fullmatch(r"pyprof: process \d+ runs already; .*\n", text)
        until_samples(gdb, 20)


# Other ways to use GDB


def test_non_stop(python, start_program, mode):
    program = start_program(python, "session.py", "threads")
    # It says that it is ready before it starts them.
    while len(os.listdir("/proc/%d/task" % program.pid)) < 4:
        time.sleep(0.01)
    with Gdb() as gdb:
        gdb.run("set non-stop on")
        gdb.send("attach %d" % program.pid)
        gdb.until("Thread 4 .*stopped")
        gdb.quiet(0.3)
        before = settings(gdb)
        start(gdb, mode)
        gdb.run("continue -a &")
        until_samples(gdb, 100)
        assert gdb.quiet(0.3) == ""
        gdb.send("interrupt -a")
        gdb.until("Thread 4 .*stopped")
        gdb.quiet(0.3)
        had = samples(gdb)
        assert gdb.quiet(0.3) == ""
        assert samples(gdb) == had
        gdb.run("pyprof stop")
        assert settings(gdb) == before
        gdb.run("detach")
        assert program.finish()[1] == 0


def test_machine_interface(python, start_program, mode):
    program = start_program(python, "session.py", "short")
    commands = [
        "-gdb-set mi-async on",
        "-target-attach %d" % program.pid,
        '-interpreter-exec console "pyprof start 500hz --mode %s"' % mode,
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


def test_loading_twice_is_harmless(python, start_program):
    program = start_program(python, "session.py", "spin")
    with attach(program) as gdb:
        start(gdb, "auto")
        assert gdb.run("source " + LOADER) == ""
        gdb.run("continue &")
        until_samples(gdb, 10)


def test_unknown_command():
    run = batch("-ex", "pyprof strat")
    assert run.returncode == 1
    assert re.fullmatch(r"pyprof: .*\bstart\b.*\n", run.stderr), run.stderr


def test_bare_command_is_help():
    run = batch("-ex", "pyprof")
    assert run.returncode == 0
    assert "start" in run.stdout


def test_completion():
    run = batch("-ex", "complete pyprof sta", "-ex",
                "complete pyprof start --mo",
                "-ex", "complete pyprof start --mode fr")
    assert run.stdout.split("\n")[:4] == [
        "pyprof start", "pyprof status", "pyprof start --mode",
        "pyprof start --mode free"]


def test_no_process():
    for command in ("start", "start --for 1s"):
        run = batch("-ex", "pyprof " + command)
        assert run.returncode == 1
        assert re.fullmatch(r"pyprof: .*\n", run.stderr), run.stderr


# Every interpreter


def test_each_interpreter(each_python, start_program, mode):
    program = start_program(each_python, "session.py", "threads")
    with attach(program) as gdb:
        before = settings(gdb)
        start(gdb, mode)
        gdb.run("continue &")
        until_samples(gdb, 100)
        assert gdb.quiet(0.2) == ""
        interrupt_background(gdb)
        gdb.run("pyprof stop")
        assert settings(gdb) == before
        gdb.run("detach")
        assert program.finish()[1] == 0
