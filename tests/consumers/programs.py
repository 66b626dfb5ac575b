# SPDX-License-Identifier: Apache-2.0
"""Where the programs are that read pyprof's files, and what was built."""

import os
import shutil
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[1:1] = [str(HERE.parent / "live"), str(HERE.parent / "browser")]

BUILD = Path(os.environ.get("PYPROF_BUILDDIR", HERE.parent.parent / "build"))
PROGRAMS = BUILD / "tests/consumers/programs"
MODULES = PROGRAMS / "node_modules"


def has(macro):
    """Whether the build was configured with something: "HAVE_ZLIB"."""
    return f"#define {macro} 1\n" in (BUILD / "config.h").read_text()


def program(name):
    """The path of a program; skips the test where it is not."""
    path = shutil.which(name)
    if not path:
        pytest.skip(f"no {name} here")
    return path
