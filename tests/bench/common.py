# SPDX-License-Identifier: Apache-2.0
"""What the benches share: the table, target programs, the debuggers."""

import glob
import os
import re
import shutil
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TARGETS = os.path.join(HERE, "..", "targets")
ROWS = []


def row(what, where, measured, goal="", met=None):
    mark = "" if met is None else "ok" if met else "MISSED"
    ROWS.append((what, where, measured, goal, mark))
    print("  %-34s %-22s %-34s %-18s %s" % ROWS[-1], flush=True)


def pythons():
    found = {}
    patterns = [
        os.path.expanduser("~/.pyenv/versions/*/bin/python3.*"),
        "/usr/bin/python3.*",
        os.path.join(
            os.environ.get("PYPROF_PYTHONS", os.path.join(HERE, "../../.pythons")),
            "bin/python3.*",
        ),
    ]
    for pattern in patterns:
        for path in sorted(glob.glob(pattern)):
            match = re.fullmatch(r"python3\.(\d+)", os.path.basename(path))
            if match and 8 <= int(match[1]) <= 15:
                found.setdefault(int(match[1]), path)
    return [found[minor] for minor in sorted(found)]


def name_of(python):
    code = "import sys; print('%d.%d.%d' % sys.version_info[:3])"
    return subprocess.check_output([python, "-c", code], text=True).strip()


class Target:
    """A target program that runs until the block ends."""

    def __init__(self, python, program, *args):
        self.process = subprocess.Popen(
            [python, os.path.join(TARGETS, program), *map(str, args)],
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self):
        line = self.process.stdout.readline().split()
        self.pid = int(line[1])
        time.sleep(0.3)
        return self

    def __exit__(self, *exc):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def gdb(args, pid, *commands):
    """Run commands in a GDB attached to a process; its output."""
    line = ["gdb", "-nx", "-q", "-batch", "-iex", "set debuginfod enabled off",
            "-iex", "set auto-load python-scripts off",
            "-p", str(pid),
            "-ex", "source " + os.path.join(args.build, "gdb-plugin/pyprof.py")]
    for command in commands:
        line += ["-ex", command]
    return subprocess.run(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=900).stdout


def lldb(args, pid, *commands):
    """The same in LLDB; None without LLDB or the plugin."""
    plugin = os.path.join(args.build, "lldb-plugin/.libs/pyprof_lldb.so")
    if not shutil.which("lldb") or not os.path.exists(plugin):
        return None
    line = ["lldb", "--no-lldbinit", "--script-language", "none", "--batch",
            "--one-line-before-file",
            "settings set target.preload-symbols false",
            "--attach-pid", str(pid), "--one-line", "plugin load " + plugin]
    for command in commands:
        line += ["--one-line", command]
    return subprocess.run(line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=900).stdout


DEBUGGERS = {"GDB": gdb, "LLDB": lldb}


def resident(pid):
    with open("/proc/%d/statm" % pid) as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def private(pid):
    """Bytes that are the process's own: pages of files, which a look at them
    maps, are not."""
    with open("/proc/%d/status" % pid) as lines:
        return sum(int(line.split()[1]) * 1024 for line in lines
                   if line.startswith(("RssAnon:", "VmSwap:")))
