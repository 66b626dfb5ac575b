# SPDX-License-Identifier: Apache-2.0
"""Driving a real LLDB: as a user at its prompt, and in batch.

At its prompt LLDB is asynchronous: a command that resumes comes back at once,
and what stops is told later, without a new prompt. In batch it is synchronous.
"""

import glob
import os
import re
import shutil
import signal

from debugger import same_numbers
from terminal import BUILDDIR, Debugger, run_batch

PLUGIN = os.environ.get("PYPROF_LLDB_PLUGIN", os.path.join(
    BUILDDIR, "lldb-plugin", ".libs", "pyprof_lldb.so"))


def _newest():
    """lldb, or the newest lldb-N."""
    if shutil.which("lldb"):
        return "lldb"
    found = [
        name for folder in os.environ.get("PATH", "").split(":")
        for name in glob.glob(os.path.join(folder, "lldb-[0-9][0-9]"))]
    return max(found, key=lambda path: path[-2:], default="lldb")


LLDB = os.environ.get("PYPROF_LLDB") or _newest()

# What Debian's LLDB without Python says of it, whatever is asked.
OPTIONS = ["--no-lldbinit", "--no-use-colors", "--script-language", "none"]

QUIETLY = [
    "settings set auto-confirm true",
    "settings set stop-disassembly-display never",
    "settings set symbols.enable-external-lookup false",
]

# What stops or ends a program is told so, some time.
STOPPED = r"(Process \d+ exited|stop reason = |error: )[^\n]*\n"

# It does nothing, and says what nothing else does. The terminal's echo of a
# line may come before prompts that are still to be drawn; this does not.
MARK = "settings show auto-confirm"
MARKED = r"auto-confirm \(boolean\) = \w+\n"

SETTINGS = [
    "settings show target",
    "settings show interpreter",
    "settings show symbols",
    "settings show stop-line-count-before",
    "settings show auto-confirm",
    "process handle",
    "breakpoint list",
    "breakpoint list --internal",
    "watchpoint list",
    "target stop-hook list",
]

# Commands behind a ! let the program run.
STEPS = """\
breakpoint set --name steps --condition "n == 1007"
!continue
breakpoint delete 1
expression rounds = 0
thread backtrace --count 1
!step
thread backtrace --count 2
!next
!next
!next
expression i
!thread until 12
!finish
expression a
!next
!next
!step
frame variable
!finish
breakpoint set --name steps --condition "n == 1011" --one-shot true
!continue
watchpoint set variable rounds
!continue
watchpoint delete 1
breakpoint set --name steps --ignore-count 30
!continue
expression n
breakpoint delete 3
breakpoint set --name inner
breakpoint command add --one-liner "frame variable n" 4
!continue
!continue
breakpoint delete 4
expression steps(10)
breakpoint set --name steps --condition "n == 1001" --one-shot true
!continue
up
down
!step
!finish
!next
expression b"""


class Lldb(Debugger):
    """An LLDB on a terminal, asynchronous as users have it."""

    name = "lldb"
    prompt = "(lldb) "
    program = LLDB
    options = OPTIONS + ["--source-quietly"] + [
        arg for line in QUIETLY for arg in ("--one-line-before-file", line)]

    # LLDB 14 waits for 40 seconds and kills it, with and without a plugin.
    lets_go_of_what_runs = False
    # Now and then it loses its own SIGSTOP when a child's end comes with it.
    halts_what_forks = False

    @classmethod
    def why_not(cls):
        if not shutil.which(LLDB):
            return "there is no lldb"
        if not os.path.exists(PLUGIN):
            return "the LLDB plugin was not built"
        return None

    @classmethod
    def attach(cls, pid):
        lldb = cls("-p", str(pid))
        # It tells of each child that ends.
        lldb.run("process handle --notify false SIGCHLD")
        return lldb

    @classmethod
    def launch(cls, path, *args):
        lldb = cls()
        lldb.run("target create " + path)
        lldb.run("settings set target.input-path /dev/null")
        lldb.run("settings set target.output-path /dev/null")
        lldb.run("settings set -- target.run-args " + " ".join(args))
        lldb.relaunch()
        return lldb

    @classmethod
    def batch(cls, *lines, pid=None, core=None, executable=None):
        first = QUIETLY + [
            "settings set target.preload-symbols false",
            "plugin load " + PLUGIN,
        ]
        args = [cls.program, *OPTIONS, "--batch", "--source-quietly"]
        for line in first:
            args += ["--one-line-before-file", line]
        args += ["--file", executable] if executable else []
        args += ["--attach-pid", str(pid)] if pid else []
        args += ["--core", str(core)] if core else []
        for line in lines:
            args += ["--one-line", line]
        return run_batch(args)

    def until_prompt(self):
        # What is told behind it comes when it comes.
        return self.until(re.escape(self.prompt))[: -len(self.prompt)]

    def load(self):
        return self.run("plugin load " + PLUGIN)

    def load_again(self):
        return self.load().replace("pyprof: it is loaded already\n", "")

    def relaunch(self):
        self.run("process launch --stop-at-entry")

    def resume(self):
        text = self.run("process continue")
        # It takes it for stopped until it has heard that it is not.
        while "is running" not in self.run("process status"):
            pass
        return re.sub(r"^Process \d+ resuming\n", "", text)

    def halt(self):
        self.send("process interrupt")
        return self.until_stop()

    def send_resume(self):
        text = self.run("process continue")
        text = re.sub(r"^Process \d+ resuming\n", "", text)
        if not re.search(STOPPED, text):
            return text
        # It was so quick that until_stop() is to see it.
        self.output = text + self.output
        return ""

    def until_stop(self):
        text = self.until(STOPPED)
        assert "error: " not in text, self.log
        # What comes before the next command's end is the rest of it.
        return text + self.settle()

    def settle(self):
        """Wait until it has done all that it was told, and drawn its prompts,
        however many they are; what was printed meanwhile."""
        text = self.send(MARK) + self.until(MARKED)
        self.until_prompt()
        return re.sub(MARKED, "", text.replace(self.prompt, ""))

    def kill(self):
        self.send("process kill")
        self.until_stop()

    def reasons(self, text):
        found = re.findall(
            r"stop reason = (?:signal (SIG\w+)|(?:one-shot )?(breakpoint) )"
            r"|stop reason = unknown (crash) reason"
            r"|(\.\.\. Interrupted)|exited with status = (-?\d+)", text)
        return [
            "interrupted" if name == "SIGSTOP" or ended else
            name if name else "SIGSEGV" if crash else
            "breakpoint" if stop else "exited " + code
            for name, stop, crash, ended, code in found]

    def killed_by(self, name):
        return "exited %d" % signal.Signals[name]

    def let_pass(self, name):
        self.run("process handle --stop false --notify false --pass true "
                 + name)

    def until_exec(self):
        """It stops there, for the user to look around."""
        assert "stop reason = exec" in self.until_stop()
        self.resume()

    def break_at(self, function, condition=None):
        self.run("breakpoint set --name " + function + (
            " --condition '%s'" % condition if condition else ""))

    def break_points(self):
        return re.findall(r"(?m)^\d+: .*", self.run("breakpoint list"))

    def value(self, expression):
        return self.run("expression --format d -- " + expression
                        ).rpartition(" = ")[2].strip()

    def settings(self):
        return "\n".join(self.run(command) for command in SETTINGS)

    def signals_and_breakpoints(self):
        return self.run("breakpoint list") + self.run("process handle SIGURG")

    def walk(self):
        text = ""
        for line in STEPS.split("\n"):
            text += "> " + line + "\n"
            if line[0] == "!":
                self.send(line[1:])
                text += self.until_stop()
            else:
                text += self.run(line)
        assert self.reasons(text) == ["breakpoint"] * 7, text
        assert text.count("old value: ") == 1
        # That it resumes may be told once it has stopped.
        return same_numbers(re.sub(r"Process \d+ resuming\n", "", text))
