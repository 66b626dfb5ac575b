# SPDX-License-Identifier: Apache-2.0
"""What tests/live/test_session.py looks at: a program with a twist.

usage: session.py TWIST [by itself]

It works until a line comes on its standard input, at the latest for two
minutes, and prints what it has counted. TWIST says what is special about it.
"""

import os
import select
import signal
import subprocess
import sys
import threading
import time

DEADLINE = time.monotonic() + 120
counts = {}


def leaf(n):
    total = 0
    for i in range(n):
        total += i
    return total


def middle(n):
    return leaf(n) + 1


def work():
    for _ in range(10):
        middle(200)


def is_over():
    if time.monotonic() > DEADLINE:
        return True
    return bool(select.select([sys.stdin], [], [], 0)[0])


def count(name):
    def handler(signum, frame):
        counts[name] = counts.get(name, 0) + 1
    return handler


def spin():
    while not is_over():
        work()


def sleep():
    """All threads sleep, at the same place all the time."""
    for _ in range(3):
        threading.Thread(target=time.sleep, args=(120,), daemon=True).start()
    select.select([sys.stdin], [], [], 120)


def alarm():
    """A storm of SIGALRM."""
    signal.signal(signal.SIGALRM, count("alarms"))
    signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
    spin()
    signal.setitimer(signal.ITIMER_REAL, 0)


def urgent():
    """SIGURG of its own, from itself and, unless told not to, from a child."""
    signal.signal(signal.SIGURG, count("urgent"))
    sent = 0
    while not is_over():
        before = counts.get("urgent", 0)
        if sent % 2 and len(sys.argv) == 2:
            subprocess.call(["kill", "-URG", str(os.getpid())])
        else:
            os.kill(os.getpid(), signal.SIGURG)
        sent += 1
        while counts.get("urgent", 0) == before and not is_over():
            work()
        for _ in range(20):
            work()
    counts["sent"] = sent


def urgent_and_winch():
    """Likewise, and it handles the other signal that ticks can be, too."""
    signal.signal(signal.SIGWINCH, count("winch"))
    urgent()


def blocked():
    """SIGURG blocked in all threads."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGURG])
    spin()


def churn():
    """Threads that come and go."""
    made = 0
    while not is_over():
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        made += len(threads)
    counts["threads"] = made


def threads():
    """Four threads that work."""
    for _ in range(3):
        threading.Thread(target=spin, daemon=True).start()
    spin()


def forks():
    """Children that come and go."""
    children = 0
    while not is_over():
        assert subprocess.call(["true"]) == 0
        work()
        children += 1
    counts["children"] = children


def last_work():
    """Some work after the line on standard input."""
    spin()
    end = time.process_time() + 0.5
    while time.process_time() < end:
        work()


def short():
    """Ends with status 7."""
    last_work()
    sys.exit(7)


def crash():
    last_work()
    os.kill(os.getpid(), signal.SIGSEGV)


def again():
    """Becomes another program, `spin`."""
    last_work()
    os.read(0, 1)
    os.execv(sys.executable, [sys.executable, __file__, "spin"])


def main():
    twist = globals()[sys.argv[1]]
    print("ready", flush=True)
    twist()
    print(sorted(counts.items()), flush=True)


main()
