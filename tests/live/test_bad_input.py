# SPDX-License-Identifier: Apache-2.0
"""Each bad input gets one clear line, and changes nothing."""

import glob
import json
import os
import re
import shutil
import signal
import subprocess
import threading

import pytest

from conftest import PYTHONS, TARGETS
from debugger import batch, commands, Gdb, LOADER, OPTIONS, PATIENCE


def attach(program):
    return ["-readnever", "-p", str(program.pid)]


def complaints(run):
    return [re.sub("^error: ", "", line) for line in run.stderr.splitlines()
            if "pyprof:" in line]


def refused(run):
    """The one line that says why not."""
    lines = complaints(run)
    assert len(lines) == 1, run.stderr
    assert re.match(r"pyprof: [^\s].*[^.\s]$", lines[0]), lines
    assert run.returncode == 1
    return lines[0]


def test_no_process(each_debugger):
    for line in ("start", "start --for 1s", "bt", "threads", "info"):
        message = refused(each_debugger.batch("pyprof " + line))
        assert "no process" in message or "not running" in message, message


@pytest.fixture
def sleeper():
    with subprocess.Popen(["sleep", "100"]) as process:
        yield process
        process.kill()


def test_not_python(each_debugger, sleeper):
    wanted = "no Python interpreter in process %d (%s)" % (
        sleeper.pid, os.path.realpath(shutil.which("sleep")))
    for line in ("pyprof bt", "pyprof info", "pyprof threads",
                 "pyprof start --for 300ms"):
        message = refused(each_debugger.batch(line, pid=sleeper.pid))
        assert message.startswith("pyprof: ") and wanted in message


OLD = sorted(
    path for minor in ("2.7", "3.5", "3.6", "3.7")
    for path in glob.glob(os.path.expanduser(
        "~/.pyenv/versions/%s.*/bin/python%s" % (minor, minor))))


SLEEP = """
import sys, time
sys.stdout.write('ready\\n')
sys.stdout.flush()
time.sleep(100)
"""


def test_too_old():
    if not OLD:
        pytest.skip("no Python older than 3.8")
    for path in OLD:
        version = re.search(r"versions/(\d+\.\d+)", path)[1]
        with subprocess.Popen(
            [path, "-c", SLEEP], stdout=subprocess.PIPE, text=True,
        ) as process:
            assert process.stdout.readline() == "ready\n"
            for line in ("pyprof bt", "pyprof start --for 200ms"):
                message = refused(batch(*attach(process), "-ex", line))
                assert re.search(
                    r"CPython %s\.\d+ is too old: 3\.8 is the oldest supported"
                    % re.escape(version), message), message
            process.kill()


@pytest.fixture
def spinning(python, start_program):
    return start_program(python, "session.py", "spin")


def test_bad_rates_and_options(each_debugger, spinning):
    lines = {
        "start 0hz": "rate 0hz is not between 1hz and 100khz",
        "start 0": "rate 0",
        "start -5hz": "-5hz",
        "start 1000000khz": "rate 1000000khz is not between",
        "start 1e300hz": "1e300hz",
        "start nan": "nan",
        "start inf": "inf",
        "start often": "often",
        "start 100hz 200hz": "200hz",
        "start --mode slow": "slow",
        "start --for 0s": "0s",
        "start --for -1s": "-1s",
        "start --for ever": "ever",
        "start --max-stop 0": "0",
        "start --max-stop 101": "101",
        "start --threads 99": "99",
        "start --nonsense": "--nonsense",
        "report nonsense": "nonsense",
        "bt 99": "99",
        "bt one": "one",
        "bt all --limit -1": "-1",
    }
    with each_debugger.attach(spinning.pid) as dbg:
        before = dbg.signals_and_breakpoints()
        for line, part in lines.items():
            text = dbg.run("pyprof " + line)
            assert re.fullmatch(
                r"(error: )?pyprof: [^\n]+\n", text), (line, text)
            assert part in text, (line, text)
            assert dbg.signals_and_breakpoints() == before, line
        assert "not sampling" in dbg.run("pyprof status")
        dbg.run("detach")
    assert spinning.finish()[1] == 0


def test_bad_output(spinning, tmp_path):
    good = tmp_path / "good.json"
    full = "/dev/full"
    file = tmp_path / "file"
    file.write_text("kept")
    lines = {
        "dump %s/nowhere/x.json" % tmp_path: "No such file or directory",
        "dump %s" % tmp_path: "",
        "dump %s/" % tmp_path: "",
        "dump %s --format json" % tmp_path: "Is a directory",
        "dump %s/x.json" % file: "Not a directory",
        "dump %s --format json" % full: "No space left on device",
        "dump %s/x.nonsense" % tmp_path: ".json",
        "dump %s/x" % tmp_path: ".json",
        "dump %s/x.json --format nonsense" % tmp_path: "json",
        "dump": "",
        "report --output %s/nowhere/x" % tmp_path: "No such file or directory",
        "annotate nowhere.py": "nowhere.py",
    }
    with Gdb("-readnever", "-p", str(spinning.pid)) as gdb:
        gdb.run("pyprof start 500hz --for 300ms")
        for line, part in lines.items():
            text = gdb.run("pyprof " + line)
            assert re.fullmatch(r"pyprof: [^\n]+\n", text), (line, text)
            assert part in text, (line, text)
        assert "the profile is kept" in gdb.run(
            "pyprof dump %s/nowhere/x.json" % tmp_path)
        assert gdb.run("pyprof dump %s" % good).startswith("# wrote ")
    assert json.loads(good.read_text())["meta"]["samples"] > 0
    assert file.read_text() == "kept"
    assert sorted(os.listdir(tmp_path)) == ["file", "good.json"]


def test_ptrace_refused(spinning):
    if os.geteuid():
        pytest.skip("not root: there is nobody to be refused")
    if not shutil.which("setpriv"):
        pytest.skip("no setpriv")
    run = subprocess.run(
        ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
         "gdb", *OPTIONS, "-batch", "-readnever", "-ex", "source " + LOADER,
         "-p", str(spinning.pid), "-ex", "pyprof start --for 100ms"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, timeout=PATIENCE,
        env=dict(os.environ, HOME="/"),
    )
    if "pyprof.py" in run.stderr and "No such file" in run.stderr:
        pytest.skip("nobody cannot read the build")
    assert "ptrace: Operation not permitted" in run.stderr
    refused(run)
    assert spinning.finish()[1] == 0


def kill_in_the_middle(program):
    """Once it has run for a while, as it does when it is sampled alone."""
    program.until_run(0.5)
    os.kill(program.pid, signal.SIGKILL)


def test_killed_in_the_middle(python, start_program, tmp_path):
    for mode in ("preempt", "stop", "free"):
        program = start_program(python, "session.py", "threads")
        output = tmp_path / (mode + ".json")
        killer = threading.Thread(
            target=kill_in_the_middle, args=(program,), daemon=True)
        with Gdb("-readnever", "-p", str(program.pid)) as gdb:
            killer.start()
            text = gdb.run("pyprof start 500hz --mode %s --for 60s" % mode)
            assert "terminated with signal SIGKILL" in text
            assert "pyprof:" not in text
            assert gdb.run("pyprof dump %s" % output).startswith("# wrote ")
            assert "pyprof: " in gdb.run("pyprof bt")
            assert "No breakpoints" in gdb.run("info breakpoints")
        assert json.loads(output.read_text())["meta"]["samples"] > 0


# Memory of the target that is nothing like what it should be.

GARBAGE = [0x4141414141414141, 0x10, 0xffffffffffffffff, 1 << 60]


class Memory:
    """The structures of a stopped process, through GDB."""

    def __init__(self, gdb):
        self.gdb = gdb
        self.info = json.loads(gdb.run("pyprof info --layout --json"))
        self.at = self.info["offsets"]
        self.interp = int(self.info["interpreters"][0]["address"], 16)
        self.thread = self.read(self.interp + self.at["interp.threads_head"])
        self.place = self.frame_place()
        self.frame = self.read(self.place)
        # A thread that has only just been started has no frame yet.
        while not self.frame:
            self.thread = self.member(self.thread, "thread.next")
            assert self.thread, "no thread has a frame"
            self.place = self.frame_place()
            self.frame = self.read(self.place)
        self.code = self.member(self.frame, "frame.code") & ~7

    def frame_place(self):
        """Where the address of the thread's newest frame is."""
        if self.at["thread.frame"] is not None:
            return self.thread + self.at["thread.frame"]
        if self.at["thread.current_frame"] is not None:
            return self.thread + self.at["thread.current_frame"]
        place = self.read(self.thread + self.at["thread.cframe"])
        return place + self.at["cframe.current_frame"]

    def read(self, address):
        return int(self.gdb.value("/x *(unsigned long *)%d" % address), 16)

    def write(self, address, value):
        text = self.gdb.run(
            "set var *(unsigned long *)%d = %du" % (address, value))
        assert text == "", text

    def member(self, address, name):
        return self.read(address + self.at[name])

    def corruptions(self):
        """Places, and what to write there."""
        def at(address, name):
            if self.at[name] is None:
                return None
            return address + self.at[name]

        size = self.at["object.size"]
        filename = self.member(self.code, "code.filename")
        linetable = self.member(self.code, "code.linetable")
        yield self.place, GARBAGE + [self.thread, self.code]
        yield at(self.interp, "interp.threads_head"), GARBAGE + [self.frame]
        yield at(self.interp, "interp.next"), GARBAGE + [self.interp]
        yield at(self.thread, "thread.next"), GARBAGE + [self.thread]
        yield at(self.thread, "thread.datastack_chunk"), GARBAGE + [self.frame]
        yield at(self.thread, "thread.datastack_top"), GARBAGE
        yield at(self.thread, "thread.thread_id"), GARBAGE
        yield at(self.frame, "frame.previous"), GARBAGE + [self.frame]
        yield at(self.frame, "frame.code"), GARBAGE + [self.thread, filename]
        yield at(self.frame, "frame.instr"), GARBAGE
        for name in ("filename", "name", "qualname", "linetable"):
            yield at(self.code, "code." + name), GARBAGE + [self.code]
        yield at(self.code, "code.firstlineno"), GARBAGE
        yield self.code + size, GARBAGE
        yield filename + self.at["unicode.length"], GARBAGE
        yield filename + self.at["unicode.state"], GARBAGE
        yield linetable + size, GARBAGE


def check_survives(gdb, what):
    """One line in place of an answer, or an answer of sane length."""
    said = set()
    for line in ("bt all", "threads", "info"):
        text = gdb.run("pyprof " + line)
        lines = text.splitlines()
        problems = [line for line in lines if line.startswith("pyprof: ")]
        assert text and len(text) < 100000, what
        assert problems in ([], lines), (what, text)
        assert len(problems) <= 1, (what, text)
        said.update(re.findall("(?m)^pyprof:|the stack ends here", text))
    return said


def check_fresh(program, memory):
    """The same for who has not seen it in order; SIGSTOP keeps it still."""
    places = [memory.interp + memory.at["interp.threads_head"],
              memory.interp + memory.at["interp.next"],
              memory.place,
              int(memory.info["runtime"], 16)
              + memory.at["runtime.interpreters_head"]]
    for place in places:
        kept = memory.read(place)
        for value in (0x4141414141414141, place):
            memory.write(place, value)
            memory.gdb.run("detach")
            run = batch(*attach(program), "-ex", "pyprof bt all")
            assert len(complaints(run)) <= 1, run.stderr
            assert complaints(run) or "the stack ends here" in run.stdout
            memory.gdb.run("attach %d" % program.pid)
        memory.write(place, kept)


def some_pythons():
    """One for each way that frames are linked."""
    minors = {(3, 8), (3, 12), (3, 14)}
    return [PYTHONS[0]] + [
        python for python in PYTHONS[1:]
        if python.version in minors and not python.is_debug]


@pytest.mark.parametrize(
    "some_python", some_pythons(), ids=lambda python: python.name)
def test_corrupted_memory(some_python, start_program):
    program = start_program(some_python, "session.py", "threads")
    with Gdb("-readnever", "-p", str(program.pid)) as gdb:
        memory = Memory(gdb)
        wanted = gdb.run("pyprof bt all")
        said = set()
        for address, values in memory.corruptions():
            if address is None:
                continue
            kept = memory.read(address)
            for value in values:
                memory.write(address, value)
                said |= check_survives(gdb, (hex(address), hex(value)))
            memory.write(address, kept)
        assert gdb.run("pyprof bt all") == wanted
        assert said == {"pyprof:", "the stack ends here"}
        os.kill(program.pid, signal.SIGSTOP)
        check_fresh(program, memory)
        # The program itself will not survive this.
        os.kill(program.pid, signal.SIGCONT)
        memory.write(memory.place, 0x4141414141414141)
        text = gdb.run("pyprof start 500hz --for 300ms")
        assert text.count("pyprof: ") <= 1
        gdb.run("pyprof status")
        gdb.run("kill")


# What is below {new} becomes the root, as of a container or of a jail.
ROOTS = {
    "pivot_root": "cd '{new}'; mkdir old; pivot_root . old; umount -l old; exec",
    "chroot": "exec chroot '{new}'",
}

ELSEWHERE = """
set -e
mount --make-rprivate /
mount --bind '{new}' '{new}'
mount --bind /usr '{new}/usr'
mount -t proc proc '{new}/proc'
cp -r '{targets}' '{new}/app'
%s /usr/bin/python3 /app/session.py spin
"""


@pytest.fixture(params=sorted(ROOTS))
def elsewhere(request, tmp_path):
    """A program that runs where its files are not those that we see."""
    new = tmp_path / "new"
    for folder in ("usr", "proc", "dev", "tmp", "etc"):
        (new / folder).mkdir(parents=True)
    for name in ("lib", "lib64", "bin", "sbin"):
        if os.path.islink("/" + name):
            os.symlink(os.readlink("/" + name), new / name)
    script = (ELSEWHERE % ROOTS[request.param]).format(new=new, targets=TARGETS)
    process = subprocess.Popen(
        ["unshare", "--mount", "--pid", "--fork", "--kill-child",
         "sh", "-c", script],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True)
    if process.stdout.readline() != "ready\n":
        reason = process.communicate()[1].strip()
        pytest.skip("no other mount namespace: " + reason)
    with open("/proc/%d/task/%d/children" % (process.pid, process.pid)) as file:
        yield int(file.read().split()[0])
    process.kill()
    process.communicate()


def test_other_mount_namespace(elsewhere, tmp_path):
    """Its files are read where it has them: source lines come from there."""
    output = tmp_path / "profile.txt"
    run = batch("-readnever", "-p", str(elsewhere), *commands(
        "pyprof bt", "pyprof info", "pyprof start 500hz --for 500ms",
        "pyprof dump %s" % output))
    assert complaints(run) == [], run.stderr
    assert "(/app/session.py:" in run.stdout
    assert "        twist()\n" in run.stdout
    assert "/usr/bin/python3" in run.stdout
    text = output.read_text()
    assert "/app/session.py:" in text
    assert "total += i" in text
    assert not os.path.exists("/app/session.py")
