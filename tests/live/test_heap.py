# SPDX-License-Identifier: Apache-2.0
"""`pyprof heap` says of a program's objects what the program says itself."""

import gzip
import json
import os
import signal
import subprocess

import pytest

from debugger import PATIENCE, Gdb, batch, commands
from test_shell import is_free, pyprof, start_pyprof, tracer, wait_until


class Heap:
    """tests/targets/known.py, and what it says of its objects."""

    def __init__(self, program):
        self.program = program
        self.pid = program.pid
        self.own = json.loads(program.process.stdout.readline())
        wait_until(self.is_waiting, "it waits for input")

    def is_waiting(self):
        with open("/proc/%d/wchan" % self.pid) as file:
            wchan = file.read()
        return self.program.status("State")[0] == "S" and "pipe" in wchan

    def address(self, name):
        return str(self.own[name]["address"])

    def grow(self):
        self.program.process.stdin.write("more\n")
        self.program.process.stdin.flush()
        return int(self.program.process.stdout.readline())


@pytest.fixture
def start_heap(start_program):
    return lambda python, *args: Heap(start_program(python, "known.py", *args))


def look(pid, tmp_path, *lines):
    """What heap commands say as JSON, in order."""
    paths = [tmp_path / ("%d.json" % number) for number in range(len(lines))]
    run = batch("-readnever", "-p", str(pid), *commands(*(
        "pyprof heap %s --json --output %s" % (line, path)
        for line, path in zip(lines, paths))))
    assert "pyprof:" not in run.stderr, run.stderr
    assert run.returncode == 0, run.stderr
    answers = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    for line, answer in zip(lines, answers):
        name = (line.split() or ["summary"])[0]
        assert answer["schema"] == "pyprof/heap-%s/1" % name
        assert answer["pid"] in (pid, 0)
        assert answer["complete"], answer
    return answers


def by_type(answer):
    return {row["type"]: row for row in answer["types"]}


def test_known_objects(each_python, start_heap, tmp_path):
    heap = start_heap(each_python)
    own = heap.own
    types, shown, node, refs, holders, rare, cache = look(
        heap.pid, tmp_path, "types --limit 100000",
        "show " + heap.address("nodes"), "show " + heap.address("node"),
        "refs " + heap.address("slotted"),
        "holders " + heap.address("node"), "holders " + heap.address("rare"),
        "holders " + heap.address("users"),
    )
    rows = by_type(types)
    assert rows["__main__.Node"]["count"] == 10000
    assert rows["__main__.Slotted"]["count"] == 1
    assert rows["__main__.Rare"]["count"] == 2
    assert rows["__main__.Slotted"]["shallow"] == own["slotted"]["size"]
    assert sum(row["count"] for row in types["types"]) == types["objects"]
    assert sum(row["exclusive"] for row in types["types"]) == types["exclusive"]

    assert int(shown["address"], 16) == own["nodes"]["address"]
    assert shown["type"] == "list" and shown["length"] == 10000
    assert shown["shallow"] == own["nodes"]["size"]
    # Describing it took references of its own.
    assert 0 < shown["refcount"] <= own["nodes"]["refcount"]
    assert node["type"] == "__main__.Node"
    assert node["shallow"] == own["node"]["size"]

    told = {int(row["address"], 16) for row in refs["refs"]
            if row["kind"] != "type"}
    # Before 3.9 the type is not told of.
    its_type = {int(row["address"], 16) for row in refs["refs"]} - told
    assert told == set(own["slotted"]["referents"]) - its_type
    names = {row["reference"]: row for row in refs["refs"]}
    assert int(names[".first"]["address"], 16) == own["first"]["address"]
    assert names[".second"]["type"] == "tuple"

    assert [(row["type"], row["reference"]) for row in holders["holders"]
            ] == [("list", "[1234]")]
    assert [int(row["address"], 16) for row in rare["holders"]
            ] == [own["users"]["address"]]
    assert [row["reference"] for row in cache["holders"]] == ["['users']"]


def test_find_tree_and_summary(each_python, start_heap, tmp_path):
    heap = start_heap(each_python)
    summary, same, found, some, none, big, top, tree, below = look(
        heap.pid, tmp_path, "summary", "summary --limit 3",
        "find Node --limit 3", "find __main__.Node --where 'number < 10'",
        "find Node --where \"name == 'node-x'\"",
        "find bytearray --where 'retained > 1mb and len == 3000000'",
        "top --limit 5", "tree", "tree " + heap.address("nodes"),
    )
    assert summary["objects"] == same["objects"] and len(same["types"]) == 3
    assert summary["garbage_objects"] >= 0
    assert summary["blocks"] and summary["object_bytes"]
    assert found["count"] == 10000 and len(found["objects"]) == 3
    assert some["count"] == 10 and none["count"] == 0
    assert [int(row["address"], 16) for row in big["objects"]
            ] == [heap.own["big"]["address"]]
    first = top["objects"][0]
    if first["type"] == "bytes":
        # From 3.15 on a bytearray keeps its bytes in an object of their own.
        assert each_python.version >= (3, 15)
    else:
        assert first == {**big["objects"][0], "retained": first["retained"],
                         "path": "__main__.big"}
    assert first["retained"] >= 3000000
    assert top["holders"][0]["retained"] >= top["holders"][1]["retained"]
    assert any(row["type"] == "bytearray" for row in tree["tree"])
    assert below["retained"] >= heap.own["nodes"]["size"]
    assert below["tree"][0]["type"] == "__main__.Node"
    assert below["tree"][0]["count"] == 10000
    retained = 0
    for row in below["tree"]:
        if row["depth"] == 0:
            retained += row["retained"]
    assert retained <= below["retained"]


def test_retained_types(each_python, start_heap, tmp_path):
    heap = start_heap(each_python)
    plain, retained = look(heap.pid, tmp_path, "types --limit 100000",
                           "types --sort retained --limit 100000")
    assert all(row["retained"] is None for row in plain["types"])
    rows = by_type(retained)
    assert (rows["__main__.Node"]["retained"]
            > rows["__main__.Node"]["exclusive"])
    order = [row["retained"] for row in retained["types"]]
    assert order == sorted(order, reverse=True)


def without_header(text):
    return "".join(line for line in text.splitlines(True)
                   if not line.startswith("#"))


def test_core_is_as_live(each_python, start_heap, tmp_path):
    heap = start_heap(each_python)
    lines = ["types --limit 100000", "types --retained", "top", "tree",
             "show " + heap.address("node"), "refs " + heap.address("cache"),
             "find Node --where 'number == 7'",
             "holders " + heap.address("rare")]
    core = str(tmp_path / "core")

    def write(name):
        return ["pyprof heap %s --output %s/%s%d" % (line, tmp_path, name, i)
                for i, line in enumerate(lines)]

    run = batch("-readnever", "-p", str(heap.pid),
                *commands(*write("live"), "gcore " + core))
    assert "pyprof:" not in run.stderr, run.stderr
    run = batch("-readnever", "-core", core, *commands(*write("core")))
    assert "pyprof:" not in run.stderr, run.stderr
    for i in range(len(lines)):
        live = without_header((tmp_path / ("live%d" % i)).read_text())
        assert live.strip()
        assert live == without_header((tmp_path / ("core%d" % i)).read_text())


def attach(heap):
    return Gdb("-readnever", "-p", str(heap.pid))


def count_of(text, name):
    """The count in a row of `heap types`."""
    return next(int(line.split()[0].replace(",", ""))
                for line in text.splitlines() if line.endswith("  " + name))


def test_snapshots_while_it_runs(python, start_heap):
    heap = start_heap(python)
    with attach(heap) as gdb:
        assert "the process may run on" in gdb.run("pyprof heap snapshot before")
        gdb.run("continue &")
        assert heap.grow() == 15000
        text = gdb.run("pyprof heap types --limit 1000")
        assert "the process runs: this is the newest snapshot" in text
        assert count_of(text, "__main__.Node") == 10000
        gdb.halt()
        text = gdb.run("pyprof heap types --limit 1000")
        assert count_of(text, "__main__.Node") == 15000
        # Nothing has run: the copy is the same.
        assert gdb.run("pyprof heap types --limit 1000") == text
        assert "snapshot 1: " in gdb.run("pyprof heap snapshot")
        text = gdb.run("pyprof heap types --limit 1000 --snapshot before")
        assert count_of(text, "__main__.Node") == 10000
        assert "snapshot before: " in text
        text = gdb.run("pyprof heap types --limit 1000 --snapshot 1")
        assert count_of(text, "__main__.Node") == 15000
        assert ("there is no snapshot befor; did you mean before?"
                in gdb.run("pyprof heap types --snapshot befor"))
        gdb.run("detach")
        text = gdb.run("pyprof heap types --limit 1000")
        assert "there is no process: this is the newest snapshot" in text
        assert count_of(text, "__main__.Node") == 15000


def test_snapshot_outlives_the_process(each_python, start_heap):
    heap = start_heap(each_python)
    with attach(heap) as gdb:
        gdb.run("pyprof heap snapshot last")
        gdb.run("kill")
        text = gdb.run("pyprof heap types --limit 1000")
        assert count_of(text, "__main__.Node") == 10000
        text = gdb.run("pyprof heap refs " + heap.address("slotted"))
        assert ".first" in text


def test_snapshot_file(each_python, start_heap, tmp_path):
    heap = start_heap(each_python)
    path = str(tmp_path / "it.pyheap")
    lines = ["types --limit 1000", "tree", "refs " + heap.address("cache")]
    with attach(heap) as gdb:
        text = gdb.run("pyprof heap snapshot " + path)
        if "without zstd" in text:
            pytest.skip("built without zstd")
        assert text.startswith("# wrote " + path)
        live = [without_header(gdb.run("pyprof heap " + line))
                for line in lines]
        gdb.run("kill")
    assert os.stat(path).st_mode & 0o077 == 0
    run = batch("-readnever", *commands(*(
        "pyprof heap %s --snapshot %s --output %s/%d" % (line, path, tmp_path, i)
        for i, line in enumerate(lines))))
    assert "pyprof:" not in run.stderr, run.stderr
    for i, text in enumerate(live):
        assert text == without_header((tmp_path / str(i)).read_text())
    assert count_of(shell(path, "types", "--limit", "1000"),
                    "__main__.Node") == 10000


def test_running_is_refused(python, start_heap):
    heap = start_heap(python)
    with attach(heap) as gdb:
        gdb.run("continue &")
        text = gdb.run("pyprof heap types")
        assert ("pyprof: process %d is running; interrupt it first"
                % heap.pid) in text
        gdb.halt()
        assert "__main__.Node" in gdb.run("pyprof heap types --limit 1000")


def test_written_memory_is_noticed(python, start_heap):
    heap = start_heap(python)
    with attach(heap) as gdb:
        before = gdb.run("pyprof heap show " + heap.address("big"))
        assert "length     3000000" in before
        gdb.run("set var *(long *)(%s + 16) = 2999999" % heap.address("big"))
        after = gdb.run("pyprof heap show " + heap.address("big"))
        assert "length     2999999" in after
        gdb.run("set var *(long *)(%s + 16) = 3000000" % heap.address("big"))


def test_refusals(python, start_heap):
    heap = start_heap(python)
    with attach(heap) as gdb:
        for line, answer in (
            ("heap show 0x10", "there is no object at 0x10"),
            ("heap show %d" % (2 ** 64 - 8), "there is no object at 0xffff"),
            ("heap show 1e9", "1e9 is not an address"),
            ("heap refs nodes", "nodes is not an address"),
            ("heap show", "heap show needs ADDRESS"),
            ("heap find Nod", "there is no object of a type Nod; did you mean "),
            ("heap find Node --where 'size >'", "--where: a value is missing"),
            ("heap find Node --where 'name == x'", "that is no number"),
            ("heap types --sort sise", "did you mean size?"),
            ("heap types --snapshot x", "there is no snapshot x"),
            ("heap tpyes", "there is no command heap tpyes; did you mean "
                           "heap types?"),
        ):
            text = gdb.run("pyprof " + line)
            assert text.startswith("pyprof: ") and answer in text, text
            assert len(text.splitlines()) == 1
        inside = gdb.run("pyprof heap show %d"
                         % (heap.own["node"]["address"] + 8))
        assert "__main__.Node" in inside


def test_not_python():
    with subprocess.Popen(["sleep", "1000"]) as process:
        try:
            run = batch("-p", str(process.pid), "-ex", "pyprof heap types")
            assert "pyprof: no Python" in run.stderr, run.stderr
            run = batch("-ex", "pyprof heap")
            assert "pyprof: no process; start or attach first" in run.stderr
        finally:
            process.kill()


def resident(pid):
    """Bytes of memory of a process."""
    with open("/proc/%d/statm" % pid) as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_interrupted(python, start_heap):
    """Ctrl-C once the copy has begun; where else, tests/unit says."""
    heap = start_heap(python, "1000000")
    with attach(heap) as gdb:
        before = resident(gdb.pid)
        gdb.send("pyprof heap tree")
        wait_until(lambda: resident(gdb.pid) > before + (16 << 20),
                   "a copy of the heap")
        gdb.interrupt()
        text = gdb.until_prompt()
        # One line, behind how far it was, if that was shown.
        assert text.endswith("pyprof: interrupted\n"), text
        assert text.count("\n") == 1, text
        # GDB is as it was, and the second try works.
        assert gdb.value("1 + 1") == "2"
        assert "Retained bytes" in gdb.run("pyprof heap tree")
    assert heap.grow() == 15000


def shell(*args):
    done = pyprof("heap", *args)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def test_shell(each_python, start_heap):
    heap = start_heap(each_python)
    text = shell("-p", str(heap.pid), "types", "--limit", "1000")
    assert is_free(heap.program)
    assert count_of(text, "__main__.Node") == 10000
    assert "garbage" in shell("-p", str(heap.pid))
    assert "10,000 found" in shell("find", "Node", "-p", str(heap.pid))
    answer = json.loads(shell(str(heap.pid), "tree", "--json"))
    assert answer["schema"] == "pyprof/heap-tree/1"
    assert is_free(heap.program)
    assert heap.grow() == 15000


def test_shell_compares(python, start_heap, tmp_path):
    """What was saved with what is saved later, and with the process."""
    heap = start_heap(python)
    pid, old, new, page = (str(heap.pid), tmp_path / "old", tmp_path / "new",
                           tmp_path / "growth.html")
    shell("-p", pid, "snapshot", "%s.pyheap" % old)
    assert heap.grow() == 15000
    shell("-p", pid, "snapshot", "%s.pyheap" % new)
    with_process = json.loads(
        shell("-p", pid, "diff", "%s.pyheap" % old, "--json"))
    nodes = [row for row in with_process["types"]
             if row["type"] == "__main__.Node"]
    assert [row["count_delta"] for row in nodes] == [5000]
    answer = shell("diff", "%s.pyheap" % old, "%s.pyheap" % new, "-o",
                   str(page))
    assert answer.startswith("# wrote %s (" % page)
    text = page.read_text()
    assert "<title>pyprof: growth of " in text and "who holds more:" in text
    answer = shell("%s.pyheap" % new, "-o", str(tmp_path / "all.json.gz"))
    assert answer.startswith("# wrote ")
    with gzip.open(tmp_path / "all.json.gz", "rt") as file:
        assert json.load(file)["schema"] == "pyprof/heap/1"
    assert is_free(heap.program)


def test_shell_refuses(python, start_heap, tmp_path):
    heap = start_heap(python)
    for status, answer, args in (
        (2, "pyprof: give either a process id", ()),
        (1, "pyprof: there is no process 999999999", ("-p", "999999999")),
        (1, "neither a process id nor a core", ("/nonexistent", "types")),
        (1, "did you mean heap types", ("-p", str(heap.pid), "typse")),
        (2, "say what to compare with", ("-p", str(heap.pid), "diff")),
        (1, "cannot read /nonexistent", ("diff", "/nonexistent", "/none")),
    ):
        done = pyprof("heap", *args)
        assert done.returncode == status and done.stdout == ""
        assert answer in done.stderr, done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert is_free(heap.program)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM,
                                    signal.SIGKILL])
def test_shell_killed(python, start_heap, number):
    heap = start_heap(python, "1000000")
    for tenths in range(0, 20, 2):
        with start_pyprof("heap", "-p", str(heap.pid), "tree") as script:
            if tenths:
                wait_until(lambda: tracer(heap.program) or script.poll()
                           is not None, "GDB is attached")
            try:
                script.wait(tenths / 10)
            except subprocess.TimeoutExpired:
                script.send_signal(number)
            script.wait(PATIENCE)
            script.stdout.read()
        wait_until(lambda: is_free(heap.program), "GDB lets go")
    assert heap.grow() == 15000
