# SPDX-License-Identifier: Apache-2.0
"""What is asked of a heap, on a program (leaky.py) of which the answers are
known."""

import json
import os
import re

import pytest

from debugger import Gdb, batch

N = 2000
TYPES = "__main__."


def ask(pid, *commands):
    """The answers to commands as JSON, all of one stop."""
    args = [arg for command in commands
            for arg in ("-ex", "pyprof %s --json" % command)]
    run = batch("-readnever", "-p", str(pid), *args)
    assert "pyprof:" not in run.stderr, run.stderr
    decoder = json.JSONDecoder()
    answers, at = [], 0
    while len(answers) < len(commands):
        at = run.stdout.index("{", at)
        answer, at = decoder.raw_decode(run.stdout, at)
        answers.append(answer)
    return answers


def unzip(answer):
    return {row["type"]: row for row in answer["types"]}


@pytest.fixture
def leaky(each_python, start_program):
    return start_program(each_python, "leaky.py", str(N))


def test_answers(leaky):
    """One stop, all questions: starting a debugger takes longest."""
    (user, only, link, odd, strings, garbage, suspects, top) = ask(
        leaky.pid, "heap path User", "heap path Only",
        "heap path __main__.Link", "heap find Only", "heap strings",
        "heap garbage", "heap suspects --percent 5", "heap top")
    check_paths(user, only, link)
    check_strings(strings)
    check_garbage(garbage)
    check_suspects(suspects)
    check_top(top)
    check_one_path(leaky.pid, odd["objects"][0]["address"])


def check_paths(user, only, link):
    assert user["objects"] == N and user["unreachable"] == 0
    assert [(shape["path"], shape["count"]) for shape in user["shapes"]] == [
        ("__main__.cache[…][…]", N)]
    assert not user["shapes"][0]["scanned"]
    for one in user["biggest"]:
        assert re.fullmatch(r"__main__\.cache\['users'\]\[\d+\]", one["path"])
    # Its frame's variable, by name; where it stands, too.
    (shape,) = only["shapes"]
    assert re.search(r"\bin handle \(.*leaky\.py:\d+\)", shape["path"])
    assert shape["path"].endswith(" only")
    assert [(shape["path"], shape["count"]) for shape in link["shapes"]] == [
        ("__main__.chain.next.next.next…", 47),
        ("__main__.chain.next.next", 1), ("__main__.chain.next", 1),
        ("__main__.chain", 1)]


def check_one_path(pid, address):
    """From an object that a frame holds on to what it holds."""
    (refs,) = ask(pid, "heap refs " + address)
    assert refs["type"] == TYPES + "Only"
    (path,) = ask(pid, "heap path " + address)
    assert path["steps"][0]["kind"] == "root"
    assert path["steps"][-1]["address"] == address
    assert path["path"].endswith(" only")


def check_strings(strings):
    top = {row["text"]: row for row in strings["strings"]}
    same = top["'the same text all over again'"]
    assert same["copies"] == N
    # Each is as big as any other.
    assert same["wasted"] == same["bytes"] // N * (N - 1)
    assert same["length"] == 28
    assert "list %s" % format(N, ",") in same["held_by"]
    # The constant that they are copies of is one more.
    assert top["b'the same bytes'"]["copies"] == N + 1
    assert strings["objects"] - strings["distinct"] >= 2 * N - 1
    assert strings["wasted"] >= same["wasted"]


def check_garbage(garbage):
    types = unzip(garbage)
    assert types[TYPES + "Partner"]["count"] == 200
    assert types[TYPES + "Ring"]["count"] == 10
    assert types["bytes"]["count"] == 1
    assert TYPES + "User" not in types
    # Dicts of instances are part of their cycle, where there are any.
    assert garbage["objects"] in (211, 421)
    assert garbage["cycles"] == 101
    assert "gc.disable()" in garbage["reason"]
    pairs, ring = sorted(garbage["kinds"], key=lambda kind: kind["objects"])
    assert ring["count"] == 1 and ring["types"][TYPES + "Ring"] == 10
    # With its luggage, where the size of that block can be told.
    assert ring["bytes"] >= types["bytes"]["bytes"]
    assert types["bytes"]["bytes"] in (0, *range(100000, 110000))
    assert ring["way"].count(".following →") == 10
    assert pairs["count"] == 100 and pairs["types"][TYPES + "Partner"] == 2
    assert pairs["way"].count(".other →") == 2


def check_top(top):
    """Modules are looked into: what the program keeps comes first."""
    assert [row["path"] for row in top["holders"][:2]] == [
        "__main__.cache", "__main__.copies"]
    sizes = [row["retained"] for row in top["holders"]]
    assert sizes == sorted(sizes, reverse=True)
    assert not any(row["type"] == "module" for row in top["holders"])
    # By themselves, what a module has may well be big.
    assert "__main__.copies" in [row["path"] for row in top["objects"]]


def check_suspects(suspects):
    points = {suspect["point_path"]: suspect
              for suspect in suspects["suspects"]}
    cache = points["__main__.cache['users']"]
    (users,) = [row for row in cache["contents"]
                if row["type"] == TYPES + "User"]
    assert users["count"] == N
    assert cache["point_objects"] > 3 * N
    assert "holds" in cache["sentence"]
    copies = points["__main__.copies"]
    # The list itself, N of each and the hostile ones.
    assert copies["point_objects"] == 1 + 2 * N + 500


def test_diff(leaky):
    """Snapshots of a process that grew in between, by a known number."""
    with Gdb("-p", str(leaky.pid)) as gdb:
        assert "snapshot" in gdb.run("pyprof heap snapshot before")
        # It has not run since.
        assert "compared with itself" in gdb.run("pyprof heap diff before")
        gdb.run("detach")
        leaky.say_line()
        assert leaky.process.stdout.readline() == "grown\n"
        gdb.run("attach %d" % leaky.pid)
        gdb.run("pyprof heap snapshot after")
        text = gdb.run("pyprof heap diff before after --json")
        itself = gdb.run("pyprof heap diff after after")
    diff = json.loads(text)
    assert not diff["unrelated"]
    types = unzip(diff)
    tuples = types["tuple"]
    # The interpreter makes one or the other of its own.
    assert N <= tuples["count_delta"] <= N + 20
    assert tuples["came"] >= tuples["count_delta"]
    assert types[TYPES + "User"]["count_delta"] == N // 10
    assert types["float"]["came"] >= N - 200
    holders = {row["path"]: row for row in diff["holders"]}
    grown = holders["__main__.grown"]
    assert grown["new_objects"] >= 2 * N
    assert grown["delta"] == \
        grown["retained_after"] - grown["retained_before"] > N * 64
    users = holders["__main__.cache['users']"]
    assert users["new_objects"] >= N // 10 * 3
    assert "compared with itself" in itself


def test_dump(python, start_program, tmp_path):
    leaky = start_program(python, "leaky.py", str(N))
    files = [tmp_path / name for name in
             ("heap.html", "heap-2.json", "any.json", "heapsort.json",
              "heap.svg")]
    run = batch("-readnever", "-p", str(leaky.pid),
                *[arg for line in (
                    "pyprof dump %s" % files[0], "pyprof dump %s" % files[1],
                    "pyprof dump --heap %s" % files[2])
                  for arg in ("-ex", line)])
    assert run.returncode == 0, run.stderr
    # Names that mean the profile, of which there is none, or no format.
    for file, words in ((files[3], "nothing was sampled yet"),
                        (files[4], "end it in .html or .json")):
        run = batch("-p", str(leaky.pid), "-ex", "pyprof dump %s" % file)
        assert words in run.stderr
        assert not file.exists()
    assert sorted(os.listdir(tmp_path)) == [
        "any.json", "heap-2.json", "heap.html"]
    one, other = (json.loads(files[i].read_text()) for i in (1, 2))
    assert one["schema"] == "pyprof/heap/1" and one["types"] == other["types"]
    types = {row["type"]: row for row in one["types"]}
    assert types[TYPES + "User"]["count"] == N
    assert one["garbage"]["objects"] in (211, 421)
    page = files[0].read_text()
    assert "default-src 'none'" in page
    assert "<img" not in page


def test_paths_of_what_is_no_object(python, start_program):
    leaky = start_program(python, "leaky.py", "10")
    run = batch("-readnever", "-p", str(leaky.pid),
                "-ex", "pyprof heap path Userr")
    assert "did you mean" in run.stderr and "User" in run.stderr
    run = batch("-readnever", "-p", str(leaky.pid),
                "-ex", "pyprof heap path 0x10")
    assert "there is no object at 0x10" in run.stderr
    run = batch("-readnever", "-p", str(leaky.pid),
                "-ex", "pyprof heap diff nothing")
    assert "nothing" in run.stderr
