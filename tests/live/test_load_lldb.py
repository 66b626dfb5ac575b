# SPDX-License-Identifier: Apache-2.0
"""Loading LLDB's plugin: into LLDB, twice, and into what is no LLDB."""

import subprocess
import sys

import pytest

import debugger
import debugger_lldb

ENTRY = "_ZN4lldb16PluginInitializeENS_10SBDebuggerE"

# A process without any of LLDB's functions.
ELSEWHERE = """
import ctypes, os, sys
plugin = ctypes.CDLL(sys.argv[1], os.RTLD_LAZY)
start = getattr(plugin, sys.argv[2])
start.restype = ctypes.c_bool
sys.exit(start(ctypes.create_string_buffer(64)))
"""


def batch(*commands):
    """What LLDB prints that runs these commands."""
    reason = debugger_lldb.Lldb.why_not()
    if reason:
        pytest.skip(reason)
    words = [debugger_lldb.LLDB, *debugger_lldb.OPTIONS, "--batch"]
    for command in commands:
        words += ["--one-line", command]
    done = subprocess.run(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, timeout=debugger.PATIENCE)
    return done.stdout


def load():
    return "plugin load " + debugger_lldb.PLUGIN


def test_twice_says_so_and_is_harmless():
    text = batch(load(), load(), "pyprof status")
    assert text.count("pyprof: it is loaded already\n") == 1, text
    assert text.endswith("(lldb) pyprof status\n# not sampling\n"), text


def test_every_command_has_help_of_its_own():
    text = batch(load(), "help pyprof", "help pyprof start", "help pyprof heap")
    for word in ("start", "report", "heap", "threads"):
        assert "\n      %s " % word in text, text
    assert "pyprof start [RATE] [--mode auto|preempt|stop|free]" in text
    assert "pyprof heap types [--sort" in text


def test_what_is_no_lldb_is_refused():
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, debugger_lldb.PLUGIN, ENTRY],
        stderr=subprocess.PIPE, text=True, timeout=debugger.PATIENCE)
    assert done.returncode == 0
    assert done.stderr.startswith("pyprof: this LLDB has no lldb::SB")
    assert done.stderr.endswith("; LLDB 14 or newer is needed\n")
    assert done.stderr.count("\n") == 1
