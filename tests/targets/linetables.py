# SPDX-License-Identifier: Apache-2.0
"""Line tables of whole modules, and what the interpreter reads in them.

For each code object, as 32-bit numbers: its first line, the size of its
table, how many instructions it has; the table; then for each instruction its
offset, line, last line, first and last column, -1 where there is none.
"""

import array
import dis
import os
import sys
import types

MODULES = """
argparse ast asyncio/base_events asyncio/tasks dataclasses datetime
_pydatetime difflib inspect subprocess tarfile typing
""".split()


def positions_of_locations(code):
    numbers = array.array("i")
    for index, position in enumerate(code.co_positions()):
        numbers.append(index * 2)
        numbers.extend([-1 if x is None else x for x in position])
    return numbers


def positions_of_lines(code):
    """3.10: ranges, not all of which have a line."""
    numbers = array.array("i")
    for start, end, line in code.co_lines():
        line = -1 if line is None else line
        for offset in range(start, end, 2):
            numbers.extend([offset, line, line, -1, -1])
    return numbers


def positions_of_starts(code):
    numbers = array.array("i")
    lines, line = dict(dis.findlinestarts(code)), code.co_firstlineno
    for offset in range(0, len(code.co_code), 2):
        line = lines.get(offset, line)
        numbers.extend([offset, line, line, -1, -1])
    return numbers


def write(code, out):
    if hasattr(code, "co_positions"):
        table, numbers = code.co_linetable, positions_of_locations(code)
    elif hasattr(code, "co_lines"):
        table, numbers = code.co_linetable, positions_of_lines(code)
    else:
        table, numbers = code.co_lnotab, positions_of_starts(code)
    head = [code.co_firstlineno, len(table), len(numbers) // 5]
    out.write(array.array("i", head).tobytes())
    out.write(table)
    out.write(numbers.tobytes())
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            write(constant, out)


def main():
    folder = os.path.dirname(os.__file__)
    for name in MODULES:
        path = os.path.join(folder, name + ".py")
        if not os.path.exists(path):
            continue
        with open(path, encoding="utf-8") as source:
            code = compile(source.read(), path, "exec", dont_inherit=True)
        write(code, sys.stdout.buffer)


main()
