# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the live tests: interpreters, and programs run by them."""

import os
import shutil
import signal
import subprocess
import time

import pytest

import debugger
import debugger_lldb
import pythons

TARGETS = os.path.join(os.path.dirname(__file__), "..", "targets")

PYTHONS = pythons.find()


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "alone: measures time, so nothing else is to run meanwhile")


def pytest_report_header(config):
    return "pythons: " + ", ".join(
        "%s (%s)" % (python.name, python.path) for python in PYTHONS
    )


def pytest_terminal_summary(terminalreporter):
    for name in pythons.missing(PYTHONS):
        terminalreporter.write_line("SKIPPED: no Python %s to test" % name)
    reason = debugger_lldb.Lldb.why_not()
    if reason:
        terminalreporter.write_line("SKIPPED: all of LLDB: " + reason)


def heed_signals():
    """What nohup or a shell's & start ignores some, and so would all that is
    started here."""
    for number in (signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_sessionstart(session):
    heed_signals()
    if not shutil.which(debugger.GDB):
        pytest.exit("there is no gdb", returncode=1)
    if not PYTHONS:
        pytest.exit("there is no Python 3.8 or newer", returncode=1)


@pytest.fixture(params=PYTHONS, ids=lambda python: python.name)
def each_python(request):
    """Each interpreter in turn."""
    return request.param


@pytest.fixture
def python():
    """The system's own interpreter, for what does not depend on which."""
    return PYTHONS[0]


class Way:
    """A debugger, and a mode of the sampler in it."""

    def __init__(self, debugger, mode):
        self.debugger = debugger
        self.mode = mode

    def __str__(self):
        return "%s-%s" % (self.debugger.name, self.mode)

    def attach(self, program):
        return self.debugger.attach(program.pid)

    def start(self, dbg, *options, rate="500hz"):
        """Arm the sampler; what is said."""
        text = dbg.run(" ".join(
            ["pyprof start", rate, "--max-stop 100 --mode", self.mode,
             *options]))
        assert "pyprof:" not in text, text
        return text


# Stop mode is GDB's alone.
WAYS = [Way(debugger.Gdb, "stop"), Way(debugger.Gdb, "auto"),
        Way(debugger_lldb.Lldb, "auto")]


def or_skip(kind):
    """Skip what needs a debugger that is not there."""
    reason = kind.why_not()
    if reason:
        pytest.skip(reason)


@pytest.fixture(params=WAYS, ids=str)
def way(request):
    """Each debugger and mode in turn."""
    or_skip(request.param.debugger)
    return request.param


@pytest.fixture(params=[debugger.Gdb, debugger_lldb.Lldb],
                ids=lambda kind: kind.name)
def each_debugger(request):
    """Each debugger's class in turn."""
    or_skip(request.param)
    return request.param


class Program:
    """A program of tests/targets/ that runs, and has said that it is ready."""

    def __init__(self, python, name, *args):
        self.command = [python.path, os.path.join(TARGETS, name), *args]
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, start_new_session=True,
        )
        line = self.process.stdout.readline()
        assert line == "ready\n", line

    @property
    def pid(self):
        return self.process.pid

    def status(self, field):
        """A field of /proc/PID/status."""
        with open("/proc/%d/status" % self.pid) as file:
            for line in file:
                if line.startswith(field + ":"):
                    return line.split(":", 1)[1].strip()
        return None

    def seconds_run(self):
        """Of all processors, by now."""
        with open("/proc/%d/stat" % self.pid) as file:
            user, system = file.read().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def until_run(self, seconds):
        """Wait until it has run for so long, however long that takes."""
        deadline = time.monotonic() + debugger.PATIENCE
        end = self.seconds_run() + seconds
        while self.seconds_run() < end:
            assert time.monotonic() < deadline, self.status("State")
            time.sleep(0.01)

    def say_line(self):
        """Give it a line on standard input: the time to end has come."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def finish(self):
        """Ask it to end; what it printed since, and its exit status."""
        out, _ = self.process.communicate("\n", timeout=debugger.PATIENCE)
        return out, self.process.returncode

    def close(self):
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
        self.process.communicate()


@pytest.fixture
def start_program():
    """Start programs: start_program(python, "spin.py", "arg")."""
    programs = []

    def start(python, name, *args):
        programs.append(Program(python, name, *args))
        return programs[-1]

    yield start
    for program in programs:
        program.close()


@pytest.fixture(scope="session")
def steps_library(tmp_path_factory):
    """What tests/targets/steps.py calls."""
    path = tmp_path_factory.mktemp("steps") / "libsteps.so"
    subprocess.run(
        ["cc", "-g", "-O0", "-shared", "-fPIC", "-o", str(path),
         target("steps.c")],
        check=True,
    )
    return str(path)


def target(name):
    """The path of a program of tests/targets/."""
    return os.path.join(TARGETS, name)
