# SPDX-License-Identifier: Apache-2.0
"""Loading the plugin: how it is found, and what a second load does."""

import os

import debugger


def load(*paths):
    """What a GDB prints that loads these files and asks for the status."""
    with debugger.Gdb(load=False) as gdb:
        for path in paths:
            text = gdb.run("source " + path)
            assert text == "", text
        return gdb.run("pyprof status")


def test_through_a_link_in_another_folder(tmp_path):
    link = tmp_path / "pyprof.py"
    os.symlink(debugger.LOADER, link)
    assert load(str(link)) == "# not sampling\n"


def test_twice_is_harmless():
    assert load(debugger.LOADER, debugger.LOADER) == "# not sampling\n"


def test_without_the_module_says_where_it_looked(tmp_path):
    copy = tmp_path / "pyprof.py"
    with open(debugger.LOADER) as file:
        copy.write_text(file.read())
    with debugger.Gdb(load=False) as gdb:
        text = gdb.run("source %s" % copy)
    assert text.startswith("pyprof: no _pyprof.so beside %s" % tmp_path), text
