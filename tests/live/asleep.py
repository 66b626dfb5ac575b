# SPDX-License-Identifier: Apache-2.0
"""Waiting until a program does no more."""

import os
import time


def _look(pid):
    """Whether all of its threads sleep, and how long each has run."""
    states, ran = "", []
    folder = "/proc/%d/task" % pid
    for task in sorted(os.listdir(folder)):
        with open("%s/%s/schedstat" % (folder, task)) as file:
            ran.append(file.read())
        with open("%s/%s/stat" % (folder, task)) as file:
            states += file.read().rpartition(")")[2].split()[0]
    return set(states) == {"S"}, ran


def wait_until_asleep(pid):
    """What a program does behind the line it prints has to be over."""
    before = None
    while True:
        asleep, ran = _look(pid)
        if asleep and ran == before:
            return
        before = ran
        time.sleep(0.02)
