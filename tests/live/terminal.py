# SPDX-License-Identifier: Apache-2.0
"""A debugger on a terminal, used by its prompt.

What a test says to any debugger is in Debugger; how GDB and LLDB want to hear
it is in debugger.py and debugger_lldb.py, one class each. To add a debugger,
write such a class and name it in conftest.py's WAYS.
"""

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

BUILDDIR = os.environ.get("PYPROF_BUILDDIR", os.getcwd())

# Only ever ends a test that hangs; nothing is measured by it.
PATIENCE = int(os.environ.get("PYPROF_PATIENCE", "90"))


class Hung(AssertionError):
    """The debugger did not come back; the message holds what it printed."""


class Debugger:
    """What all debuggers can do, in words common to them.

    with Gdb.attach(pid) as dbg:
        dbg.resume()
        assert dbg.reasons(dbg.halt()) == ["interrupted"]
    """

    # What a class says of its debugger.
    name = prompt = program = None
    options = []
    # Of the terminal: one on which nothing is drawn.
    term = "dumb"
    # Whether quitting lets go of a process that runs.
    lets_go_of_what_runs = True
    # Whether it can interrupt a program whose children end all the time.
    halts_what_forks = True
    # "detach" is the same word in all of them.

    def __init__(self, *args, load=True):
        self.pid, self.fd = pty.fork()
        if not self.pid:
            os.environ["TERM"] = self.term
            os.environ["LC_ALL"] = "C.UTF-8"
            os.environ.pop("PYTHONHOME", None)
            os.execvp(self.program, [self.program, *self.options, *args])
        if self.term != "dumb":
            fcntl.ioctl(self.fd, termios.TIOCSWINSZ,
                        struct.pack("4H", 50, 200, 0, 0))
        self.output = ""
        self.log = ""
        self.ended = None
        self.start = self.until_prompt()
        if load:
            text = self.load()
            assert text == "", text

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    # A debugger's own words

    @classmethod
    def why_not(cls):
        """Why there is none to test; None when there is."""
        raise NotImplementedError

    @classmethod
    def attach(cls, pid):
        """A debugger that has stopped a process and loaded the plugin."""
        raise NotImplementedError

    @classmethod
    def launch(cls, path, *args):
        """One whose program, its output thrown away, is at its first
        instruction."""
        raise NotImplementedError

    @classmethod
    def batch(cls, *lines, pid=None, core=None, executable=None):
        """Run commands and leave: the plugin loaded, a process attached to or
        a core open. What subprocess.run() returns; the commands are not in
        what was printed."""
        raise NotImplementedError

    def load(self):
        """Load the plugin; what is said of it."""
        raise NotImplementedError

    def load_again(self):
        """Load it a second time; what is said of it."""
        return self.load()

    def relaunch(self):
        """Run the program that was launched from its start again."""
        raise NotImplementedError

    def resume(self):
        """Let it run and come back to the prompt; what is printed."""
        raise NotImplementedError

    def halt(self):
        """Stop what runs in the background; what is printed."""
        raise NotImplementedError

    def send_resume(self):
        """Let it run, as with Ctrl-C in mind; what is printed at once."""
        raise NotImplementedError

    def until_stop(self):
        """What is printed until what was resumed has stopped or ended."""
        raise NotImplementedError

    def go(self):
        """Let it run until it stops by itself; what is printed."""
        self.send_resume()
        return self.until_stop()

    def kill(self):
        """End the program, and be told."""
        raise NotImplementedError

    def reasons(self, text):
        """Why it stopped, each time: "interrupted", "breakpoint", "exited 7"
        or the name of a signal."""
        raise NotImplementedError

    def killed_by(self, name):
        """What reasons() calls an end by a signal."""
        raise NotImplementedError

    def let_pass(self, name):
        """Have a signal passed on to the program without a stop."""
        raise NotImplementedError

    def until_exec(self):
        """Wait until what runs has become another program."""
        raise NotImplementedError

    def break_at(self, function, condition=None):
        """Set a breakpoint in C."""
        raise NotImplementedError

    def break_points(self):
        """The entries in the list of breakpoints."""
        raise NotImplementedError

    def value(self, expression):
        """A number, as text."""
        raise NotImplementedError

    def settings(self):
        """What it says of its settings, as one text to compare."""
        raise NotImplementedError

    def signals_and_breakpoints(self):
        """What a command that is refused must not have touched."""
        raise NotImplementedError

    def walk(self):
        """Step through steps.c; what is the same each time."""
        raise NotImplementedError

    # What pyprof says

    def samples(self):
        return json.loads(self.run("pyprof status --json"))["samples"]["total"]

    def until_samples(self, count):
        """Wait, at a prompt, until so many more samples are there."""
        wanted = self.samples() + count
        deadline = time.monotonic() + PATIENCE
        while self.samples() < wanted:
            assert time.monotonic() < deadline, self.run("pyprof status")
            time.sleep(0.05)

    # The terminal

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
                raise Hung("it ended, no %r in:\n%s" % (pattern, self.log))

    def until_prompt(self):
        """Everything up to the next prompt, without it."""
        return self.until(re.escape(self.prompt) + r"\Z")[: -len(self.prompt)]

    def send(self, line):
        """Type a line, without waiting for what it does; what was printed
        before it."""
        os.write(self.fd, line.encode() + b"\n")
        return self.until(re.escape(line) + r"\n")[: -len(line) - 1]

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

    def close(self):
        """Quit; the exit status. It has to end by itself."""
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
            raise Hung(self.name + " did not end:\n" + self.log)
        return self.ended


def run_batch(command, **options):
    """Run a debugger that ends by itself."""
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, timeout=PATIENCE, text=True, **options,
    )
