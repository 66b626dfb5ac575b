# SPDX-License-Identifier: Apache-2.0
"""Profiles, in the language of report_of, and what every format must say of them.

truth() reads the text itself: nothing of pyprof has a part in it.
"""

import codecs
import random
from collections import Counter
from urllib.parse import unquote_to_bytes

import programs  # noqa: F401: where profiles is
from profiles import HOSTILE, Text, deep, empty, hostile, realistic

NO_FRAME = "(no Python frame)"
WAITING = range(3, 9)
TICK_NS = 10_000_000


def one():
    text = Text(samples=1)
    text.thread(1, "MainThread")
    text.add([("f", "/tmp/a.py", 1, 2)], 0, 1)
    return str(text)


def mixed():
    """Threads without a name, interpreters, recursion, no frames, no lines."""
    text = Text("python3 mixed.py", 500)
    text.put("thread", 1, "MainThread", 0)
    main, f = ("<module>", "/tmp/m.py", 1, 40), ("f", "/tmp/m.py", 3, 5)
    g, h = ("C.g", "/tmp/m.py", 10, 12), ("h", "/tmp/n.py", -7, -1)
    for state in range(9):
        text.add([main, f, g], state, state + 1)
        text.add([main, f, g, f, g, f], state, 2)
        text.add([main, f, f, f, g, h], state, 3)
        text.add([], state, 4)
        text.add([h], state, 5)
    for line in (1, 2, 3, 2, 1):
        text.add([("<lambda>", "/tmp/m.py", line, line)], 0, line)
    text.put("thread", 2, "", 3)
    text.add([f, ("<lambda>", "/tmp/m.py", 8, 8), f], 1, 7)
    text.put("thread", 3, "waits", 2)
    text.add([main], 6, 100)
    return str(text)


def odd_names():
    """Names that a separator of some format could break; of threads, too."""
    odd = [*HOSTILE, "", " ", "a;b", "a b 12", "f (x.py:3)", "tab\there",
           "line\nbreak\r\n", "\\", "(1) one", "=1+1", "'quoted'", '"',
           "fn=(2) x", "100%", "\x7f\x1b[31m", "�", "🐍" * 9,
           b"\xff\xfe", b"\xed\xb2\x80 surrogate", b"cut \xf0\x9f\x90"]
    text = Text("python3 odd;names\n.py", 1000)
    for number, name in enumerate(odd):
        text.thread(number + 1, name)
        text.add([("main", "/tmp/m.py", 1, 2), (name, "/tmp/n.py", 3, 4)], 0,
                 number + 1)
        text.add([(name, name, 5, 6)], 1, 2)
    return str(text)


def million():
    """A million samples, in the order in which they would come."""
    dice = random.Random(5)
    text = Text("python3 many.py", 1_000_000)
    stacks = []
    for _ in range(300):
        depth = dice.randrange(1, 12)
        stacks.append([(f"f{dice.randrange(90)}", f"/tmp/{at % 4}.py", 1,
                        dice.randrange(1, 60)) for at in range(depth)])
    for tid in range(1, 9):
        text.thread(tid, f"worker-{tid}")
        for _ in range(6250):
            text.add(dice.choice(stacks), dice.choice((0, 0, 0, 1, 2, 5)), 20)
    return str(text)


SHAPES = {function.__name__: function for function in
          (empty, one, mixed, odd_names, hostile, deep, realistic, million)}


codecs.register_error("each-byte", lambda error: (
    "\ufffd" * (error.end - error.start), error.end))


def _string(text):
    return unquote_to_bytes(text).decode(errors="each-byte")


class Truth:
    """What is in a profile, of the samples of threads that ran."""

    def __init__(self, text):
        self.lines, self.functions = Counter(), Counter()
        self.line_samples, self.frames = Counter(), Counter()
        self.total = Counter()
        self.threads = []
        stack = []
        for row in text.splitlines():
            word, *values = row.split("\t")
            if word == "thread":
                self.threads.append((int(values[0]), _string(values[1])))
            elif word == "stack":
                at = iter(values if values != [""] else [])
                stack = [(_string(name), _string(file), int(first), int(line))
                         for name, file, first, line in zip(at, at, at, at)]
            elif word == "add" and int(values[0]) not in WAITING:
                self._add(stack, int(values[1]))

    def _add(self, stack, samples):
        if not samples:
            return
        line_key, function_key = ("", 0), ("", 0, NO_FRAME)
        if stack:
            name, file, first, line = stack[-1]
            line_key = file, max(line if line >= 0 else first, 0)
            function_key = file, max(first, 0), name
        self.lines[line_key] += samples * TICK_NS
        self.line_samples[line_key] += samples
        self.frames[(function_key[2], *line_key)] += samples * TICK_NS
        self.functions[function_key] += samples * TICK_NS
        for key in {(file, max(first, 0), name)
                    for name, file, first, _ in stack} or {function_key}:
            self.total[key] += samples * TICK_NS
