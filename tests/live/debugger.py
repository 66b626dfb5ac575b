# SPDX-License-Identifier: Apache-2.0
"""Driving a real GDB: as a user at its prompt (Gdb), and in batch (batch())."""

import os
import pty
import re
import select
import signal
import subprocess
import time

BUILDDIR = os.environ.get("PYPROF_BUILDDIR", os.getcwd())
LOADER = os.environ.get(
    "PYPROF_GDB_LOADER", os.path.join(BUILDDIR, "gdb-plugin", "pyprof.py")
)
GDB = os.environ.get("PYPROF_GDB", "gdb")

# Only ever ends a test that hangs; nothing is measured by it.
PATIENCE = 90

PROMPT = "(gdb) "

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


class Hung(AssertionError):
    """GDB did not come back; the message holds what it printed."""


class Gdb:
    """A GDB on a terminal, used by its prompt.

    with Gdb("-p", str(pid)) as gdb:
        assert "frame" in gdb.run("bt")
    """

    def __init__(self, *args, load=True):
        self.pid, self.fd = pty.fork()
        if not self.pid:
            os.environ["TERM"] = "dumb"
            os.environ["LC_ALL"] = "C.UTF-8"
            os.environ.pop("PYTHONHOME", None)
            os.execvp(GDB, [GDB, *OPTIONS, *args])
        self.output = ""
        self.log = ""
        self.ended = None
        self.start = self.until_prompt()
        if load:
            text = self.run("source " + LOADER)
            assert text == "", text

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def _read(self, seconds):
        """Take in what comes within some seconds; False at the end of it."""
        ready, _, _ = select.select([self.fd], [], [], seconds)
        if not ready:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            data = b""
        text = data.decode("utf-8", "replace").replace("\r", "")
        self.output += text
        self.log += text
        return bool(data)

    def until(self, pattern):
        """Everything up to and including a match of a regular expression."""
        deadline = time.monotonic() + PATIENCE
        while True:
            match = re.search(pattern, self.output)
            if match:
                text = self.output[: match.end()]
                self.output = self.output[match.end():]
                return text
            if time.monotonic() > deadline:
                raise Hung("no %r in:\n%s" % (pattern, self.log))
            if not self._read(1):
                raise Hung("GDB ended, no %r in:\n%s" % (pattern, self.log))

    def until_prompt(self):
        """Everything up to the next prompt, without it."""
        return self.until(re.escape(PROMPT) + r"\Z")[: -len(PROMPT)]

    def send(self, line):
        """Type a line, without waiting for what it does."""
        os.write(self.fd, line.encode() + b"\n")
        self.until(re.escape(line) + r"\n")

    def run(self, line):
        """Type a line; what it printed until the next prompt."""
        self.send(line)
        return self.until_prompt()

    def interrupt(self):
        """Type Ctrl-C."""
        os.write(self.fd, b"\x03")

    def quiet(self, seconds):
        """What is printed, unasked, in some seconds."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self._read(max(0, deadline - time.monotonic()))
        text, self.output = self.output, ""
        return text

    def value(self, expression):
        """A value as GDB prints it, without the $1 =."""
        return self.run("output " + expression).strip()

    def close(self):
        """Quit; the exit status of GDB. It has to end by itself."""
        if self.ended is not None:
            return self.ended
        try:
            os.write(self.fd, b"quit\n")
        except OSError:
            pass
        deadline = time.monotonic() + PATIENCE
        hung = False
        while self._read(1):
            if time.monotonic() > deadline:
                hung = True
                os.kill(self.pid, signal.SIGKILL)
                break
        _, self.ended = os.waitpid(self.pid, 0)
        os.close(self.fd)
        if hung:
            raise Hung("GDB did not end:\n" + self.log)
        return self.ended


def commands(*lines):
    """Arguments for batch() that run GDB's commands in turn."""
    return [arg for line in lines for arg in ("-ex", line)]


def batch(*args, input=None, **options):
    """Run GDB in batch with the plugin loaded; args as on its command line."""
    return subprocess.run(
        [GDB, *OPTIONS, "-batch", "-ex", "source " + LOADER, *args],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, timeout=PATIENCE, text=True, **options,
    )


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
