#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Line tables of whole modules against each interpreter's own reading."""

import os
import subprocess

import tap


def check(python):
    with subprocess.Popen(
        [python.path, "-I", os.path.join(tap.TARGETS, "linetables.py")],
        stdout=subprocess.PIPE,
    ) as writer:
        result = subprocess.run(
            [os.path.join(tap.BUILD, "linetables"), str(python.version[1])],
            stdin=writer.stdout, stdout=subprocess.PIPE, text=True,
            timeout=300,
        )
    assert writer.returncode == 0, "cannot print its line tables"
    assert result.returncode == 0, result.stdout[-2000:]
    return result.stdout.strip()


tap.run("line tables of", check)
