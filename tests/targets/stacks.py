# SPDX-License-Identifier: Apache-2.0
"""Threads that stand still in every kind of frame.

Prints one line of JSON, what the interpreter itself says of their stacks, and
waits until it is killed. One of them is ten thousand calls deep, or as many as
the first argument says.
"""

import _thread
import ast
import functools
import json
import os
import sys
import threading
import time

DEPTH = int(sys.argv[1]) if len(sys.argv) > 1 else 10000

gate = _thread.allocate_lock()
gate.acquire()
ready = []


def block():
    ready.append(_thread.get_ident())
    gate.acquire()


def deep(level):
    if level:
        deep(level - 1)
    else:
        block()


def generator():
    yield from inner_generator()


def inner_generator():
    block()
    yield 1


def from_generator():
    for _ in generator():
        pass


class Awaitable:
    def __await__(self):
        block()
        yield


async def inner_coroutine():
    await Awaitable()


async def async_generator():
    await inner_coroutine()
    yield 1


async def coroutine():
    async for _ in async_generator():
        pass


def from_coroutine():
    try:
        coroutine().send(None)
    except StopIteration:
        pass


def key(value):
    if value == 3:
        functools.reduce(reducing, [1, 2])
    return value


def reducing(left, right):
    return list(map(lambda value: block(), [left, right]))


def from_c():
    sorted([1, 2, 3], key=key)


def from_comprehension():
    return [
        [block() for _ in range(1)]
        for _ in range(1)
    ]


def from_string():
    exec("def f():\n\n  block()\nf()\n", globals())


def from_class_body():
    class Body:
        x = (
            1,
            block(),
        )


class Descriptor:
    def __get__(self, instance, owner):
        block()

    def __eq__(self, other):
        return self.attribute

    attribute = property(lambda self: block())


def from_operator():
    return Descriptor() == 1


def from_unicode():
    text = (
        "def gr\u00f6\u00dfe():\n"
        "    \u540d\u524d(  'x')\n"
        "def \u540d\u524d(a):\n"
        "    '\u00e4\u00f6\u00fc'; \U00020000()\n"
        "def \U00020000():\n"
        "    block()\n"
    )
    names = {"block": block}
    exec(compile(text, "\u00fcn\u00ef \U0001d518.py", "exec"), names)
    names["gr\u00f6\u00dfe"]()


def from_odd_file():
    names = {"block": block}
    exec(compile("block()", "\udc80\ud800.py", "exec"), names)


def from_lines_before_the_first():
    tree = ast.parse("def f():\n  x = 1\n  block()\n  x = 2\nf()")
    ast.increment_lineno(tree, 1000)
    for node in ast.walk(tree.body[0].body[1]):
        if hasattr(node, "lineno"):
            node.lineno = node.end_lineno = 3
    exec(compile(tree, "<backwards>", "exec"), globals())


def from_long_code():
    lines = "\n" * 300 + "x = 1\n" * 500 + "\n" * 70000 + "block()\n"
    exec(compile(lines, "<long>", "exec"), globals())


def from_many_locals():
    names = ["v%d" % i for i in range(600)]
    text = "def f():\n" + "".join(" %s = 1\n" % name for name in names)
    text += " block()\n return (%s)\nf()\n" % ",".join(names)
    exec(compile(text, "<wide>", "exec"), globals())


try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters

inner = interpreters.create()
inner_pipe = os.pipe()


def from_interpreter():
    """Here and in another interpreter: one OS thread, two thread states."""
    ready.append(_thread.get_ident())
    interpreters.run_string(inner, (
        "import os, time\n"
        "def inner():\n"
        "    os.write(%d, b'x')\n"
        "    time.sleep(100000)\n"
        "inner()\n"
    ) % inner_pipe[1])


INNER = [["inner", 4], ["<module>", 5]]


def code_view(code):
    return [
        code.co_filename,
        code.co_name,
        getattr(code, "co_qualname", code.co_name),
    ]


def position(frame):
    """Line, last line, columns: as the interpreter decodes its own tables."""
    code, offset = frame.f_code, frame.f_lasti
    if not hasattr(code, "co_positions"):
        return [frame.f_lineno, frame.f_lineno, -1, -1]
    if offset not in positions.setdefault(code, {}):
        for index, found in enumerate(code.co_positions()):
            positions[code][index * 2] = found
    line, end_line, column, end_column = positions[code][offset]
    assert line == frame.f_lineno
    return [-1 if x is None else x
            for x in (line, end_line, column, end_column)]


positions = {}


def view(frame):
    frames = []
    while frame:
        frames.append(
            code_view(frame.f_code) + position(frame) + [frame.f_lasti]
        )
        frame = frame.f_back
    return frames


def stacks(natives):
    me = _thread.get_ident()
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    return [
        {"ident": ident, "native": natives.get(ident),
         "name": names.get(ident), "frames": view(frame)}
        for ident, frame in sorted(sys._current_frames().items())
        if ident != me
    ]


def stacks_at_rest(natives):
    """What does not change any more: all have come to where they block."""
    while len(ready) < len(natives) - 1 or not waiting:
        time.sleep(0.01)
    os.read(inner_pipe[0], 1)
    same, before = 0, None
    while same < 5:
        time.sleep(0.02)
        now = stacks(natives)
        same = same + 1 if now == before else 0
        before = now
    return before


def report(natives):
    text = json.dumps({"main": threading.main_thread().ident,
                       "threads": stacks_at_rest(natives), "inner": INNER})
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
    gate.acquire()


waiting = []


def main():
    sys.setrecursionlimit(DEPTH * 2)
    bodies = [function for name, function in sorted(globals().items())
              if name.startswith("from_")]
    bodies.append(lambda: deep(DEPTH))
    threading.stack_size((1 << 20) + DEPTH * (50 << 10))
    started = [threading.Thread(target=body, daemon=True) for body in bodies]
    for thread in started:
        thread.start()
    natives = {thread.ident: thread.native_id for thread in started}
    natives[_thread.get_ident()] = os.getpid()
    threading.stack_size(0)
    threading.Thread(target=report, args=(natives,), daemon=True).start()
    waiting.append(True)
    os.read(0, 1)


main()
