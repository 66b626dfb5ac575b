# SPDX-License-Identifier: Apache-2.0
"""Two interpreters beside the main one, each with a thread that waits.

Prints `ready` when they do. Ends with status 9 where Python has no module to
make interpreters with.
"""

import os
import sys
import threading

try:
    import _interpreters as interpreters
except ImportError:
    try:
        import _xxsubinterpreters as interpreters
    except ImportError:
        sys.exit(9)

SCRIPT = """
import os

def innermost():
    os.write(%d, b".")
    os.read(%d, 1)

def function_%s():
    innermost()

function_%s()
"""


def run(name, ready, wait):
    interpreter = interpreters.create()
    script = SCRIPT % (ready, wait, name, name)
    interpreters.run_string(interpreter, script)


def wait_here(file):
    os.read(file, 1)


def main():
    here, ready = os.pipe()
    wait, _ = os.pipe()
    for name in ("a", "b"):
        threading.Thread(
            target=run, args=(name, ready, wait), daemon=True).start()
        os.read(here, 1)
    print("ready", flush=True)
    wait_here(0)


main()
