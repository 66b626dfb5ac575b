# SPDX-License-Identifier: Apache-2.0
"""Local variables of frames, compared with what the program says of them."""

import json
import os
import re
import signal

from debugger import batch, commands


def bt(*target, json_to=None):
    flags = "--json --output %s" % json_to if json_to else ""
    run = batch("-readnever", *target,
                *commands("pyprof bt --locals %s" % flags))
    assert "pyprof:" not in run.stderr, run.stderr
    return run.stdout


def frames(path):
    """{function: {variable: text}} of the only thread."""
    with open(path) as file:
        (thread,) = json.load(file)["threads"]
    assert not any(frame["locals_damaged"] for frame in thread["frames"])
    return {frame["function"]: frame["locals"] for frame in thread["frames"]}


def check(found, said):
    for function, variables in said.items():
        for name, text in variables.items():
            assert found[function][name] == text, (function, name)
    assert re.fullmatch(r"<list at 0x\w+ of 4 items: 1, 2, 3, …>",
                        found["inner"]["numbers"])
    assert re.fullmatch(r"<tuple at 0x\w+ of 2 items: 0\.5, 'in a cell'>",
                        found["inner"]["pair"])
    assert re.fullmatch(r"<dict at 0x\w+ of 1 item: 'k': 1>",
                        found["outer"]["key"])
    point = re.fullmatch(r"<__main__\.Point at 0x\w+: (.*)>",
                         found["outer"]["point"])
    assert sorted(point[1].split(", ")) == [".label = 'p7'", ".x = 7"]
    assert "unset" not in found["outer"]


def test_locals(each_python, start_program, tmp_path):
    program = start_program(each_python, "locals.py")
    said = json.loads(program.process.stdout.readline())
    assert said["inner"] and said["outer"]["shared"] == "'in a cell'"
    path = tmp_path / "bt.json"
    bt("-p", str(program.pid), json_to=path)
    check(frames(path), said)
    text = bt("-p", str(program.pid))
    assert "        shared = 'in a cell'\n" in text
    assert os.path.exists("/proc/%d" % program.pid)


def test_locals_of_a_process_that_runs(python, start_program):
    program = start_program(python, "locals.py")
    run = batch("-readnever", "-p", str(program.pid), *commands(
        "continue &", "pyprof bt --locals"))
    assert "runs; interrupt it to see its variables" in run.stderr
    os.kill(program.pid, signal.SIGCONT)
