# SPDX-License-Identifier: Apache-2.0
"""The Pythons there are to test with.

Looked for on PATH, in pyenv's folder, in the folder that
scripts/fetch-pythons fills, and in $PYPROF_PYTHONS: executables, or folders
like that one, separated by colons. Each version is taken once, release and
debug.
"""

import glob
import os
import subprocess

MINORS = range(8, 16)

_PROBE = """
import sys, sysconfig
print(*sys.version_info[:3],
      int(hasattr(sys, "gettotalrefcount")),
      int(bool(sysconfig.get_config_var("Py_GIL_DISABLED"))),
      sys.executable, sep="|")
"""


class Python:
    """One interpreter."""

    def __init__(self, path, version, micro, is_debug, is_free_threaded):
        self.path = path
        self.version = version
        self.micro = micro
        self.is_debug = is_debug
        self.is_free_threaded = is_free_threaded

    @property
    def name(self):
        return "%d.%d%s%s" % (
            *self.version, "t" * self.is_free_threaded, "d" * self.is_debug
        )

    @property
    def full_name(self):
        return self.name.replace(
            ".%d" % self.version[1], ".%d.%d" % (self.version[1], self.micro)
        )


def _candidates():
    yield "/usr/bin/python3"
    root = os.path.join(os.path.dirname(__file__), "..", "..")
    folders = [os.path.join(root, ".pythons", "bin")]
    for entry in os.environ.get("PYPROF_PYTHONS", "").split(":"):
        if os.path.isdir(entry):
            folders.append(os.path.join(entry, "bin"))
        elif entry:
            yield entry
    folders += os.environ.get("PATH", "").split(":")
    folders += sorted(
        glob.glob(os.path.expanduser("~/.pyenv/versions/*/bin"))
    )
    for folder in folders:
        if folder.endswith("/shims"):
            continue
        for minor in MINORS:
            for suffix in ("", "d", "-dbg", "t"):
                yield os.path.join(folder, "python3.%d%s" % (minor, suffix))


def _probe(path):
    try:
        text = subprocess.run(
            [path, "-I", "-c", _PROBE], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
            timeout=60, check=True, text=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    major, minor, micro, debug, threaded, executable = text.strip().split("|")
    return Python(
        os.path.realpath(executable), (int(major), int(minor)), int(micro),
        debug == "1", threaded == "1",
    )


def find(each_micro=False):
    """All Pythons, the system's own first; each micro version if asked."""
    found, seen = {}, set()
    for path in _candidates():
        real = os.path.realpath(path)
        if real in seen or not os.access(path, os.X_OK):
            continue
        seen.add(real)
        python = _probe(path)
        if python and python.version[0] == 3 and python.version[1] in MINORS:
            key = (python.name, python.micro if each_micro else None)
            found.setdefault(key, python)
    return list(found.values())


def missing(found):
    """Names of versions that are supported and not there."""
    names = {python.name for python in found}
    wanted = ["3.%d%s" % (minor, kind) for minor in MINORS for kind in ("", "d")]
    return [name for name in wanted if name not in names]
