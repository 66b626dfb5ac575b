# SPDX-License-Identifier: Apache-2.0
"""scripts/pyprof: profiles from the shell, and lets go whatever happens."""

import json
import os
import pty
import signal
import subprocess
import time

import pytest

from conftest import PYTHONS, or_skip
from debugger import PATIENCE, Gdb
from debugger_lldb import Lldb

PYPROF = os.path.join(os.path.dirname(__file__), "..", "..", "scripts", "pyprof")


def pyprof(*args, **options):
    """Run it to its end."""
    return subprocess.run(
        [PYPROF, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, timeout=PATIENCE, **options,
    )


def start_pyprof(*args):
    # As from a shell with job control: a script's background jobs ignore ^C.
    return subprocess.Popen(
        [PYPROF, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


class Shell:
    """scripts/pyprof with a debugger."""

    def __init__(self, debugger):
        self.debugger = debugger

    def __str__(self):
        return self.debugger.name

    def words(self, *args):
        # GDB is what is taken without being asked for.
        if self.debugger is Gdb or not args:
            return args
        return [*args[:1], "--debugger", self.debugger.name, *args[1:]]

    def run(self, *args, **options):
        """Run it to its end."""
        return pyprof(*self.words(*args), **options)

    def start(self, *args):
        return start_pyprof(*self.words(*args))


SHELLS = [Shell(Gdb), Shell(Lldb)]


@pytest.fixture(params=SHELLS, ids=str)
def shell(request):
    """Each debugger's in turn."""
    or_skip(request.param.debugger)
    return request.param


def wait_until(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "not in time: " + what
        time.sleep(0.01)


def is_gone(pid):
    try:
        with open("/proc/%d/stat" % pid) as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def tracer(program):
    return int(program.status("TracerPid"))


def is_free(program):
    return tracer(program) == 0 and program.status("State")[0] in "RS"


def python_script(tmp_path, text):
    path = tmp_path / "script.py"
    path.write_text(text)
    return str(path)


@pytest.fixture
def spinning(python, start_program):
    return start_program(python, "session.py", "spin")


def test_record_a_process(shell, spinning, tmp_path):
    output = tmp_path / "profile.collapsed"
    done = shell.run("record", "-p", str(spinning.pid), "-d", "1", "-o", str(output))
    assert (done.returncode, done.stderr) == (0, "")
    assert "leaf" in output.read_text()
    assert is_free(spinning)


def test_hottest_lines(shell, spinning):
    done = shell.run("record", "-p", str(spinning.pid), "-d", "1s", "-r", "200hz")
    assert (done.returncode, done.stderr) == (0, "")
    assert "total += i" in done.stdout
    # The debugger's own chatter stays away.
    assert "LWP" not in done.stdout and "libthread_db" not in done.stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_killed(shell, spinning, number):
    with shell.start("record", "-p", str(spinning.pid)) as script:
        wait_until(lambda: tracer(spinning), "it is attached")
        debugger = tracer(spinning)
        # It finds all that happens now at once, and perhaps before the stop.
        os.kill(debugger, signal.SIGSTOP)
        script.send_signal(number)
        time.sleep(0.1)
        os.kill(debugger, signal.SIGCONT)
        script.wait(PATIENCE)
    wait_until(lambda: is_free(spinning), "it lets go")
    wait_until(lambda: is_gone(debugger), "it ends")
    assert spinning.finish()[1] == 0


def test_terminal_closed(spinning):
    or_skip(Gdb)
    # The first process of the terminal's session, which alone is told.
    pid, terminal = pty.fork()
    if pid == 0:
        try:
            os.execv(PYPROF, [PYPROF, "record", "-p", str(spinning.pid)])
        finally:
            os._exit(127)
    wait_until(lambda: tracer(spinning), "it is attached")
    debugger = tracer(spinning)
    os.close(terminal)
    wait_until(lambda: is_free(spinning), "it lets go")
    wait_until(lambda: is_gone(debugger), "it ends")
    os.waitpid(pid, 0)
    assert spinning.finish()[1] == 0


def test_killed_at_any_moment(shell, spinning):
    for tenths in range(10):
        with shell.start("record", "-p", str(spinning.pid)) as script:
            time.sleep(tenths / 10)
            script.kill()
        wait_until(lambda: is_free(spinning), "it lets go")
    assert spinning.finish()[1] == 0


def test_interrupted(shell, spinning, tmp_path):
    output = tmp_path / "profile.collapsed"
    with shell.start("record", "-p", str(spinning.pid), "-o", str(output)) as script:
        wait_until(lambda: tracer(spinning), "it is attached")
        spinning.until_run(0.5)
        script.send_signal(signal.SIGINT)
        assert script.wait(PATIENCE) == 0
    assert output.stat().st_size
    assert is_free(spinning)


def test_process_ends_meanwhile(shell, python, start_program, tmp_path):
    program = start_program(python, "session.py", "spin")
    output = tmp_path / "profile.collapsed"
    with shell.start("record", "-p", str(program.pid), "-o", str(output)) as script:
        wait_until(lambda: tracer(program), "it is attached")
        program.until_run(0.5)
        assert program.finish()[1] == 0
        assert script.wait(PATIENCE) == 0
    assert "leaf" in output.read_text()


# LLDB starts them all in the same way.
EACH = [(shell, python) for shell in SHELLS for python in PYTHONS
        if shell.debugger is Gdb or python.name in (PYTHONS[0].name, "3.14")]


@pytest.mark.parametrize(
    "shell, some_python", EACH, indirect=["shell"],
    ids=lambda value: getattr(value, "name", None) or str(value))
def test_record_a_command(shell, some_python, tmp_path):
    script = python_script(
        tmp_path,
        "import sys\n"
        "text = sys.stdin.read()\n"
        "sys.stderr.write('to stderr\\n')\n"
        "print('got', text, sys.argv[1:])\n"
        "total = 0\n"
        "for i in range(10_000_000):\n"
        "    total += i\n"
        "sys.exit(7)\n",
    )
    output = tmp_path / "profile.collapsed"
    done = shell.run(
        "record", "-o", str(output), "--",
        some_python.path, script, "-o", "a b", "--", "c", input="input",
    )
    assert done.stdout == "got input ['-o', 'a b', '--', 'c']\n"
    assert done.stderr.startswith("to stderr\n")
    assert done.returncode == 7
    # Nothing of this script, in whose process the command began.
    assert "script.py:7" in output.read_text()
    assert "_become" not in output.read_text()


def test_a_script_that_execs_python(python, tmp_path):
    """As the shims of pyenv do: Python is what was recorded."""
    script = python_script(tmp_path, "for i in range(10_000_000):\n    pass\n")
    shim = tmp_path / "shim"
    shim.write_text('#!/bin/sh\nexec "$@"\n')
    shim.chmod(0o755)
    output = tmp_path / "profile.json"
    done = pyprof("record", "-o", str(output), "--", str(shim),
                  python.path, script)
    assert (done.returncode, done.stdout) == (0, "")
    command = json.loads(output.read_text())["meta"]["command_line"]
    assert command == f"{python.path} {script}"


def test_command_killed_by_a_signal(shell, python):
    done = shell.run(
        "record", "--", python.path, "-c",
        "import os, time; time.sleep(0.5); os.kill(os.getpid(), 11)",
    )
    assert done.returncode == 128 + 11


def test_ctrl_c_is_the_commands_too(shell, python, tmp_path):
    output = tmp_path / "profile.collapsed"
    script = python_script(
        tmp_path,
        "import time\n"
        "end = time.process_time() + 0.5\n"
        "try:\n"
        "    while time.process_time() < end: pass\n"
        "    print('ready', flush=True)\n"
        "    while True: pass\n"
        "except KeyboardInterrupt:\n"
        "    print('caught', flush=True)\n",
    )
    with shell.start("record", "-o", str(output), "--", python.path, script) as run:
        assert run.stdout.readline() == "ready\n"
        os.killpg(run.pid, signal.SIGINT)
        assert run.stdout.readline() == "caught\n"
        assert run.wait(PATIENCE) == 0
    assert output.stat().st_size


def test_killed_while_a_command_runs(shell, python, tmp_path):
    script = python_script(
        tmp_path,
        "import sys\nprint('ready', flush=True)\nsys.stdin.read()\n"
        "print('ran on', flush=True)\n",
    )
    reader, writer = os.pipe()
    run = subprocess.Popen(
        [PYPROF, *shell.words("record", "--", python.path, script)],
        stdin=reader, stdout=subprocess.PIPE, text=True,
    )
    os.close(reader)
    assert run.stdout.readline() == "ready\n"
    run.kill()
    run.wait()
    os.close(writer)
    assert run.stdout.readline() == "ran on\n"
    run.stdout.close()


@pytest.mark.parametrize(
    "args, status, message",
    [
        ([], 2, "required"),
        (["record"], 2, "give either -p PID or -- COMMAND"),
        (["record", "-p", "x"], 2, "x is not a process id"),
        (["record", "-p", "1", "--", "true"], 2, "give either"),
        (["record", "-d", "5 parsecs", "-p", "1"], 2, "is not a time"),
        (["record", "ls"], 2, "behind --"),
        (["top", "x"], 2, "top is not there yet"),
        (["dump"], 2, "give either a process id or a core file"),
        (["dump", "/nowhere"], 1, "neither a process id nor a core file"),
        (["dump", "/dev/null"], 1, "neither a process id nor a core file"),
        (["record", "-p", "2000000000"], 1, "there is no process 2000000000"),
        (["record", "--", "/nowhere/x"], 1, "/nowhere/x: no such program"),
        (["record", "-r", "0hz", "--", "echo", "ran"], 1, "rate 0hz is not"),
        (["record", "-o", "x.nonsense", "--", "echo", "ran"], 1, "x.nonsense"),
        (["record", "-o", "/nowhere/x.txt", "--", "echo", "ran"], 1, "/nowhere"),
        (["record", "-o", "/x/", "--", "echo", "ran"], 1, "cannot write /x/"),
    ],
)
def test_bad_input(shell, args, status, message):
    done = shell.run(*args)
    assert done.returncode == status
    assert done.stdout == ""
    assert done.stderr.startswith("pyprof: ")
    assert done.stderr.count("\n") == 1
    assert message in done.stderr


def test_not_python(shell):
    with subprocess.Popen(["sleep", "100"]) as sleep:
        done = shell.run("record", "-p", str(sleep.pid), "-d", "1")
        sleep.kill()
    assert done.returncode == 1
    assert done.stderr == "pyprof: no Python interpreter in process %d (%s)\n" % (
        sleep.pid, os.path.realpath("/usr/bin/sleep"),
    )


def test_dump_a_process(shell, spinning):
    done = shell.run("dump", "-p", str(spinning.pid))
    assert (done.returncode, done.stderr) == (0, "")
    assert "leaf" in done.stdout or "is_over" in done.stdout
    assert is_free(spinning)


def test_dump_leaves_a_stopped_process_stopped(shell, spinning, tmp_path):
    page = tmp_path / "stacks.html"
    os.kill(spinning.pid, signal.SIGSTOP)
    wait_until(lambda: spinning.status("State")[0] == "T", "it stops")
    done = shell.run("dump", "-p", str(spinning.pid), "-o", str(page), "--locals")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("# wrote %s (" % page)
    assert "#0  " in page.read_text() and "session.py" in page.read_text()
    assert spinning.status("State")[0] == "T"
    os.kill(spinning.pid, signal.SIGCONT)
    assert spinning.finish()[1] == 0


def test_dump_a_core(shell, spinning, tmp_path):
    core = tmp_path / "core"
    subprocess.run(
        ["gdb", "-nx", "-q", "-batch", "-readnever", "-p", str(spinning.pid),
         "-iex", "set debuginfod enabled off", "-ex", "generate-core-file %s" % core],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True,
    )
    done = shell.run("dump", str(core))
    assert (done.returncode, done.stderr) == (0, "")
    assert "  main (" in done.stdout and "session.py" in done.stdout
