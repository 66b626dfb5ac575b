# SPDX-License-Identifier: Apache-2.0
"""One TAP line for each interpreter there is, and a skip for each missing."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "live"))
import pythons  # noqa: E402
from asleep import wait_until_asleep  # noqa: E402,F401

BUILD = os.path.join(
    os.environ.get("PYPROF_BUILDDIR", os.path.join(HERE, "../..")),
    "tests/interpreters",
)
TARGETS = os.path.join(HERE, "..", "targets")


def run(name, check):
    """check(python) raises AssertionError, or returns a line to print."""
    found = pythons.find(each_micro=True)
    missing = pythons.missing(found)
    print("1..%d" % (len(found) + len(missing)))
    for number, python in enumerate(found, 1):
        label = "%s %s" % (name, python.full_name)
        try:
            print("ok %d - %s: %s" % (number, label, check(python)))
        except AssertionError as error:
            print("not ok %d - %s" % (number, label))
            for line in str(error).splitlines():
                print("# " + line)
        sys.stdout.flush()
    for number, version in enumerate(missing, len(found) + 1):
        print("ok %d - %s %s # SKIP not here" % (number, name, version))
