# SPDX-License-Identifier: Apache-2.0
"""Heaps of which something is missing, damaged or in flux: what is there is
told of, with what is not said above it, or one line says why not."""

import json
import os
import re
import resource
import shutil
import signal
import struct
import subprocess

import pytest

from conftest import PYTHONS, TARGETS
from debugger import batch, commands

ASKED = ["heap", "heap types --limit 1000", "heap top", "heap tree",
         "heap path list", "heap find dict", "heap strings", "heap garbage",
         "heap suspects", "heap frag"]


def some_pythons():
    """The oldest, and one for each way in which heaps are laid out."""
    minors = {(3, 8), (3, 11), (3, 12), (3, 14)}
    found = {}
    for python in PYTHONS:
        if python.version in minors and not python.is_debug:
            found.setdefault(python.version, python)
    return list(found.values())


each_kind = pytest.mark.parametrize(
    "some_python", some_pythons(), ids=lambda python: python.name)


def complaints(run):
    return [line for line in run.stderr.splitlines() if "pyprof:" in line]


def ask(where, tmp_path, *lines):
    """Answers as JSON, None for what is refused in one line each."""
    paths = [tmp_path / ("%d.json" % number) for number in range(len(lines))]
    for path in paths:
        path.unlink(missing_ok=True)
    run = batch("-readnever", *where, "-ex", "set confirm off", *(
        part for line, path in zip(lines, paths)
        for part in ("-ex", "python\ntry: gdb.execute('pyprof %s --json "
                     "--output %s')\nexcept gdb.error as e: print('no:', e)"
                     % (line.replace("'", "\\'"), path))))
    assert "Traceback" not in run.stderr, run.stderr
    assert run.returncode == 0, (run.returncode, run.stderr)
    refusals = re.findall(r"(?m)^no: (.*)$", run.stdout)
    answers = [json.loads(path.read_text(encoding="utf-8"))
               if path.exists() else None for path in paths]
    assert len(refusals) == answers.count(None), run.stdout
    for text in refusals:
        assert re.fullmatch(r"(pyprof: )?\S.*[^.\s]", text), text
    return answers, refusals


def count_of(answer, name):
    return next((row["count"] for row in answer["types"]
                 if row["type"] == name), 0)


# --- Damaged in the process ---

DAMAGES = ["types", "lengths", "tables", "lists", "cycles"]


@each_kind
@pytest.mark.parametrize("how", DAMAGES)
def test_damaged(some_python, how, start_program, tmp_path):
    program = start_program(some_python, "damaged.py", how)
    answers, refusals = ask(["-p", str(program.pid)], tmp_path, *ASKED)
    assert refusals == []
    types = answers[1]
    left = count_of(types, "__main__.Node")
    assert left == (1000 - 60 if how == "types" else 1000)
    # What refers to objects that are none is known once all was read.
    if how in ("types", "lengths"):
        assert not answers[3]["complete"]
    if how == "cycles":
        assert types["complete"]
        assert count_of(types, "list") > 200000
    os.kill(program.pid, signal.SIGKILL)


@each_kind
def test_inside_a_collection(some_python, start_program, tmp_path):
    program = start_program(some_python, "damaged.py", "collecting")
    answers, refusals = ask(["-p", str(program.pid)], tmp_path, *ASKED)
    assert refusals == []
    for answer in answers:
        assert answer["collecting"] and not answer["complete"]
    assert count_of(answers[1], "__main__.Node") == 1000
    os.kill(program.pid, signal.SIGKILL)


@each_kind
def test_inside_malloc(some_python, start_program, tmp_path):
    """Stopped at the begin of malloc() and in the middle of it."""
    program = start_program(some_python, "damaged.py", "allocating")
    output = tmp_path / "types.json"
    run = batch(
        "-readnever", "-p", str(program.pid), "-ex", "break malloc",
        "-ex", "continue", "-ex", "delete", *commands(
            "pyprof heap types --json --output %s" % output,
            "stepi 25", "pyprof heap types", "pyprof heap frag"))
    assert complaints(run) == [], run.stderr
    assert json.loads(output.read_text())["types"]
    assert run.stdout.count("Count  ") == 1
    os.kill(program.pid, signal.SIGKILL)


# --- Cores ---


def notes_first(path):
    """As kernels write cores: what is cut off is memory, not what it is."""
    data = path.read_bytes()
    offset, size, count = (struct.unpack_from("<Q", data, 32)[0],
                           *struct.unpack_from("<2H", data, 54))
    heads = [list(struct.unpack_from("<2I6Q", data, offset + i * size))
             for i in range(count)]
    parts, at = [], 64 + 56 * count
    heads.sort(key=lambda head: (head[0] != 4, head[3]))
    for head in heads:
        part = data[head[2]:head[2] + head[5]]
        pad = -at % 4096 if head[0] == 1 else 0
        parts.append(bytes(pad) + part)
        head[2] = at + pad
        at += pad + len(part)
    header = bytearray(data[:64])
    struct.pack_into("<Q", header, 32, 64)
    struct.pack_into("<HHHHH", header, 54, 56, count, 0, 0, 0)
    path.write_bytes(bytes(header) + b"".join(
        struct.pack("<2I6Q", *head) for head in heads) + b"".join(parts))


def gcore(program, path):
    run = batch("-readnever", "-p", str(program.pid), "-ex", "gcore %s" % path)
    assert path.exists(), run.stderr
    notes_first(path)


@each_kind
def test_cut_cores(some_python, start_program, tmp_path):
    program = start_program(some_python, "damaged.py", "sound")
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    gcore(program, whole)
    os.kill(program.pid, signal.SIGKILL)
    size = whole.stat().st_size
    answered = 0
    shutil.copy(whole, cut)
    # What is at the end is by chance, but for the end of the stack.
    for left in (size - 4096, *(size * percent // 100
                                for percent in range(95, 0, -15))):
        os.truncate(cut, left)
        answers, refusals = ask(["-core", str(cut)], tmp_path, *ASKED, "bt")
        heaps = answers[:-1]
        # All of them, or for one reason none.
        assert len(set(refusals[:len(heaps)])) <= 2, refusals
        if None in heaps[:2]:
            continue
        answered += 1
        for answer in heaps:
            assert answer is None or (
                answer["missing_bytes"] and not answer["complete"])
    assert answered
    answers, refusals = ask(["-core", str(whole)], tmp_path, *ASKED)
    assert refusals == []
    assert count_of(answers[1], "__main__.Node") == 1000


@pytest.fixture
def own_copy(tmp_path):
    """Makes a copy of an interpreter, which can go away."""
    def copy(python):
        path = tmp_path / "bin" / os.path.basename(
            os.path.realpath(python.path))
        path.parent.mkdir()
        shutil.copy(os.path.realpath(python.path), path)
        home = subprocess.run(
            [python.path, "-c", "import sys; print(sys.prefix)"],
            stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
        return path, dict(os.environ, PYTHONHOME=home)
    return copy


@each_kind
@pytest.mark.parametrize("other", [False, True], ids=["gone", "another"])
def test_without_the_binary(some_python, other, own_copy, tmp_path):
    """Newer ones tell of themselves, but for the names of types."""
    path, environment = own_copy(some_python)
    core = tmp_path / "core"
    with subprocess.Popen(
        [path, os.path.join(TARGETS, "damaged.py"), "sound"],
        env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout.readline() == b"ready\n"
        batch("-readnever", "-p", str(process.pid), "-ex", "gcore %s" % core)
        process.kill()
    run = batch("-readnever", "-core", str(core), "-ex", "pyprof info")
    if not re.search(r"(?m)^file +%s$" % re.escape(str(path)), run.stdout):
        pytest.skip("this interpreter is in a library")
    path.unlink()
    if other:
        shutil.copy("/bin/cat", path)
    answers, refusals = ask(["-core", str(core)], tmp_path, *ASKED)
    if answers[1]:
        assert answers[1]["objects"] > 1000
        assert answers[1]["nameless_objects"] > 0
        assert not answers[1]["complete"]
    else:
        assert len(refusals) == len(ASKED)
        assert "Python" in refusals[0]


# Bits: private and shared memory without a file, with one, ELF headers.
FILTERS = [0x33, 0x32, 0x31, 0x13, 0x10, 0x7f]


def kernel_core(python, filter_bits, folder):
    """A core that the kernel wrote, filtered; None where it writes none."""
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    with subprocess.Popen(
        [python.path, os.path.join(TARGETS, "damaged.py"), "sound"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, unlimited),
    ) as process:
        assert process.stdout.readline() == b"ready\n"
        with open("/proc/%d/coredump_filter" % process.pid, "w") as file:
            file.write("%#x" % filter_bits)
        process.send_signal(signal.SIGABRT)
        process.wait()
    found = [name for name in os.listdir(folder) if name.startswith("core")]
    return folder / found[0] if found else None


@each_kind
def test_filtered_cores(some_python, tmp_path):
    with open("/proc/sys/kernel/core_pattern") as file:
        if file.read().startswith(("|", "/")):
            pytest.skip("cores of the kernel go elsewhere")
    for bits in FILTERS:
        folder = tmp_path / ("%x" % bits)
        folder.mkdir()
        core = kernel_core(some_python, bits, folder)
        if not core:
            pytest.skip("the kernel writes no core file here")
        answers, refusals = ask(["-core", str(core)], tmp_path, *ASKED)
        if bits & 1:
            assert refusals == [], (hex(bits), refusals)
            assert count_of(answers[1], "__main__.Node") == 1000
        else:
            # What the program could write is not in it at all.
            assert len(refusals) == len(ASKED), hex(bits)
        shutil.rmtree(folder)
