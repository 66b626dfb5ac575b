# SPDX-License-Identifier: Apache-2.0
"""Driving a real GDB: as a user at its prompt (Gdb), and in batch (batch())."""

import os
import re
import shutil
import time

from terminal import BUILDDIR, PATIENCE, Debugger, Hung, run_batch

LOADER = os.environ.get(
    "PYPROF_GDB_LOADER", os.path.join(BUILDDIR, "gdb-plugin", "pyprof.py")
)
GDB = os.environ.get("PYPROF_GDB", "gdb")

OPTIONS = [
    "-nx", "-q",
    "-iex", "set debuginfod enabled off",
    "-iex", "set auto-load no",
    "-iex", "set pagination off",
    "-iex", "set width 0",
    "-iex", "set confirm off",
    "-iex", "set style enabled off",
    "-iex", "set print thread-events off",
    "-iex", "set print inferior-events off",
]

# What else the classes of debuggers and their tests are made of.
__all__ = ["BUILDDIR", "GDB", "Gdb", "Hung", "LOADER", "OPTIONS", "PATIENCE",
           "batch", "commands", "settings"]


def commands(*lines):
    """Arguments for batch() that run GDB's commands in turn."""
    return [arg for line in lines for arg in ("-ex", line)]


def batch(*args, input=None, **options):
    """Run GDB in batch with the plugin loaded; args as on its command line."""
    return run_batch(
        [GDB, *OPTIONS, "-batch", "-ex", "source " + LOADER, *args], **options)


SETTINGS = [
    "info signals",
    "info breakpoints",
    "info display",
    "show convenience",
    "show non-stop",
    "show scheduler-locking",
    "show pagination",
    "show confirm",
    "show environment",
    "show print",
    "show width",
    "info inferiors",
]


def settings(gdb):
    """What GDB says of its settings, as one text to compare."""
    text = "\n".join(gdb.run(command) for command in SETTINGS)
    # History values and GDB's own bookkeeping come and go with any command.
    text = re.sub(r"(?m)^\$(_\w*|\d*) = .*\n|^.* = void\n", "", text)
    # Our convenience function stays.
    return re.sub(r"(?m)^.*_pyprof_tick.*\n", "", text)


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


def same_numbers(text):
    """Breakpoints by the order in which they come; no pids, no addresses."""
    numbers = []

    def number(match):
        if match.group(2) not in numbers:
            numbers.append(match.group(2))
        return "%spoint %d" % (match.group(1), numbers.index(match.group(2)))

    text = re.sub(r"(?i)(\w*)point (\d+)", number, text)
    return re.sub(r"0x[0-9a-f]+|[Pp]rocess \d+|LWP \d+", "X", text)


class Gdb(Debugger):
    """A GDB on a terminal, used by its prompt.

    with Gdb("-p", str(pid)) as gdb:
        assert "frame" in gdb.run("bt")
    """

    name = "gdb"
    prompt = "(gdb) "
    program = GDB
    options = OPTIONS

    @classmethod
    def why_not(cls):
        return None if shutil.which(GDB) else "there is no gdb"

    @classmethod
    def attach(cls, pid):
        return cls("-p", str(pid))

    @classmethod
    def launch(cls, path, *args):
        gdb = cls(path)
        gdb.run("set args %s < /dev/null > /dev/null" % " ".join(args))
        gdb.relaunch()
        return gdb

    @classmethod
    def batch(cls, *lines, pid=None, core=None, executable=None):
        args = ["-readnever", *([executable] if executable else [])]
        if pid:
            args += ["-p", str(pid)]
        if core:
            args += ["-core", str(core)]
        return batch(*args, *commands(*lines))

    def load(self):
        return self.run("source " + LOADER)

    def relaunch(self):
        self.run("starti")

    def resume(self):
        return self.run("continue &")

    def halt(self):
        self.send("interrupt")
        text = self.until("received signal SIGINT[^\n]*\n")
        time.sleep(0.2)
        return text + self.run("echo")

    def send_resume(self):
        self.send("continue")
        return self.until("Continuing.\n")[: -len("Continuing.\n")]

    def until_stop(self):
        return self.until_prompt()

    def reasons(self, text):
        found = re.findall(
            r"received signal (SIG\w+)|(reakpoint) \d+, |exited with code (\d+)"
            r"|(exited normally)|terminated with signal (SIG\w+)", text)
        return [
            "interrupted" if signal == "SIGINT" else signal if signal else
            "breakpoint" if stop else "exited %d" % int(code, 8) if code else
            "exited 0" if normally else "killed by " + killer
            for signal, stop, code, normally, killer in found]

    def killed_by(self, name):
        return "killed by " + name

    def let_pass(self, name):
        self.run("handle %s nostop noprint pass" % name)

    def kill(self):
        self.run("kill")

    def until_exec(self):
        self.until("is executing new program: [^\n]*\n")

    def break_at(self, function, condition=None):
        self.run("break " + function
                 + (" if " + condition if condition else ""))

    def break_points(self):
        return re.findall(r"(?m)^\d+ .*", self.run("info breakpoints"))

    def value(self, expression):
        """A value as GDB prints it, without the $1 =."""
        return self.run("output " + expression).strip()

    def settings(self):
        return settings(self)

    def signals_and_breakpoints(self):
        return self.run("info breakpoints") + self.run("info signals SIGURG")

    def walk(self):
        text = ""
        for line in STEPS.split("\n"):
            *more, last = line.split(";")
            for part in more:
                self.send(part)
                self.until(">")
            text += "> %s\n%s" % (line, self.run(last))
        assert text.count("Temporary breakpoint") == 4
        assert text.count("Old value") == 2
        return same_numbers(text)
