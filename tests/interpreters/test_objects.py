#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""All objects of real interpreters against what each says of its own.

    test_objects.py [MODE...]

Modes are rows of MODES; without any, all of them. Prints what differs, grouped
by type, when PYPROF_TEST_VERBOSE is set.
"""

import array
import collections
import os
import re
import shutil
import subprocess
import sys
import tempfile

import tap

MODES = {
    "plain": ({}, []),
    "dev": ({}, ["-X", "dev"]),
    "debug": ({"PYTHONMALLOC": "debug"}, []),
    "malloc": ({"PYTHONMALLOC": "malloc"}, []),
}
TOOL = os.path.join(tap.BUILD, "objects")
# One object of 10000 may have other references than gc.get_referents() tells,
# and more of those types whose C members nothing is known of but that they are
# words, among which addresses of objects are.
TOLERATED = 1e-4
SCANNED = re.compile(
    r"(numpy|_cython\w*|_ctypes|ctypes|sqlite3|_sre|_json|_pickle|zlib|_csv)\."
    r"|(module|StgDict|SRE_Scanner|keys|items|PyCapsule|Struct|_struct\.Struct)$"
    r"|__main__\.\w+Struct$|(cython_function_or_method"
    r"|_common_types_metatype)$"
    # Their names are told of by some releases of 3.13.
    r"|typing\.(TypeVar|TypeAliasType)$")
# What these own is told by C structures that no header declares.
UNSIZED = re.compile(
    r"(_ctypes|ctypes\._endian)\.\w+$|(StgDict|_pickle\.Pickler"
    r"|_queue\.SimpleQueue)$|numpy\.(float64|bool)$")

Object = collections.namedtuple("Object", "type size told untold")


class Program:
    """tests/targets/objects.py, standing still."""

    def __init__(self, python, mode, folder):
        self.folder = folder
        environment, options = MODES[mode]
        self.process = subprocess.Popen(
            [python.path, "-B", "-s", *options,
             os.path.join(tap.TARGETS, "objects.py"), folder],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, env=dict(os.environ, **environment))
        lines = self.wait_for("recorded")
        ready = [line.split() for line in lines if line.startswith("ready")]
        self.pid = int(ready[-1][1])
        self.blocks = int(ready[-1][2])
        assert ready[-1] == ready[-2], "counts never settle: %s" % ready

    def wait_for(self, word):
        lines = []
        for line in self.process.stdout:
            lines.append(line.decode().strip())
            # The parent may have printed less than all by now.
            if word == "recorded" and word in lines and \
                    sum(line.startswith("ready") for line in lines) == 10 or \
                    word == lines[-1] == "judged":
                return lines
        raise AssertionError("ended before '%s': %s" % (word, lines))

    def truth(self):
        found = {}
        with open(os.path.join(self.folder, "truth")) as lines:
            for line in lines:
                address, type_, size, told = line.rstrip("\n").split("\t")
                found[address] = Object(type_, size, told.split(), [])
        return found

    def judge(self, addresses):
        """{address: (type, size, whether it was handed out)}."""
        with open(os.path.join(self.folder, "asked"), "wb") as out:
            array.array("Q", [int(a, 16) for a in addresses]).tofile(out)
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()
        self.wait_for("judged")
        with open(os.path.join(self.folder, "judged")) as lines:
            rows = [line.rstrip("\n").split("\t") for line in lines]
        return {row[0]: row[1:] for row in rows}

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


def look(*arguments):
    result = subprocess.run([TOOL, *map(str, arguments)], timeout=300,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert result.returncode == 0, "%d: %s" % (
        result.returncode, result.stderr.decode())
    return result.stdout.decode("utf-8", "replace")


def parse(text):
    census, found = {}, {}
    for line in text.splitlines():
        kind, *words = line.split("\t")
        if kind == "census":
            census[words[0]] = int(words[1])
        elif kind == "object":
            address, type_, size, _block, told, untold = words
            found[address] = Object(type_, size, told.split(), untold.split())
    return census, found


def grouped(objects, addresses, describe):
    """Some lines about these, by type, the most frequent first."""
    by_type = collections.defaultdict(list)
    for address in addresses:
        by_type[objects[address].type].append(address)
    rows = sorted(by_type.items(), key=lambda item: -len(item[1]))
    return ["  %6d %s, %s" % (len(list_), type_, describe(list_[0]))
            for type_, list_ in rows[:40]]


def name(objects, addresses):
    return " ".join("%s:%s" % (a, objects[a].type if a in objects else "?")
                    for a in addresses[:6])


def compare(truth, seen):
    """Complaints, each a list of lines."""
    missing = truth.keys() - seen.keys()
    if missing:
        yield ["%d missing" % len(missing)] + grouped(
            truth, missing, lambda a: "such as %s of %s bytes" % (
                a, truth[a].size))
    both = truth.keys() & seen.keys()
    for what in ("type", "size"):
        wrong = [a for a in both
                 if getattr(truth[a], what) != getattr(seen[a], what)
                 and not (what == "size" and is_unsized(truth[a], seen[a]))]
        if wrong:
            yield ["%d of another %s" % (len(wrong), what)] + grouped(
                truth, wrong, lambda a: "such as %s: %s, not %s" % (
                    a, getattr(seen[a], what), getattr(truth[a], what)))
    wrong = [a for a in both
             if sorted(truth[a].told) != sorted(seen[a].told)]
    plain = [a for a in wrong if not SCANNED.match(truth[a].type)]
    if len(plain) > len(truth) * TOLERATED or \
            len(wrong) > len(truth) * 30 * TOLERATED or \
            wrong and "PYPROF_TEST_VERBOSE" in os.environ:
        yield ["%d of %d with other references" % (len(wrong), len(truth))] + \
            grouped(truth, wrong, lambda a: difference(truth, seen, a))


def is_unsized(own, ours):
    """A code object of 3.8 to 3.10 may have got its cache in the child."""
    return UNSIZED.match(own.type) or \
        own.type == "code" and int(own.size) > int(ours.size)


def difference(truth, seen, address):
    own = collections.Counter(truth[address].told)
    ours = collections.Counter(seen[address].told)
    return "such as %s: lacks [%s], invents [%s]" % (
        address, name(truth, list((own - ours).elements())),
        name(seen, list((ours - own).elements())))


def check_unlisted(program, truth, seen):
    """What pyprof finds and the interpreter cannot reach has to be real.

    Two are younger than the judge: the numbers that the program printed.
    """
    unlisted = sorted(seen.keys() - truth.keys())
    judged = program.judge(unlisted)
    wrong = [a for a in unlisted
             if judged.get(a) != [seen[a].type, seen[a].size, "0"]]
    younger = [a for a in wrong if seen[a].type in ("int", "bytes")]
    if len(younger) <= 2:
        wrong = [a for a in wrong if a not in younger]
    if wrong:
        yield ["%d invented" % len(wrong)] + grouped(
            seen, wrong, lambda a: "such as %s of %s bytes, judged %s" % (
                a, seen[a].size, judged.get(a)))


def check_core(program, text):
    """A core of the process tells the same."""
    path = os.path.join(program.folder, "core")
    subprocess.run(["gcore", "-o", path, str(program.pid)], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   stdin=subprocess.DEVNULL)
    path += ".%d" % program.pid
    executable = os.readlink("/proc/%d/exe" % program.pid)
    of_core = look(path, executable)
    os.unlink(path)
    if of_core != text:
        pairs = zip(text.splitlines(), of_core.splitlines())
        yield ["the core tells another thing"] + [
            line for pair in [p for p in pairs if p[0] != p[1]][:10]
            for line in pair]


def check_mode(python, mode):
    folder = tempfile.mkdtemp(prefix="pyprof-objects-")
    program = None
    try:
        program = Program(python, mode, folder)
        text = look(program.pid)
        census, seen = parse(text)
        truth = program.truth()
        complaints = list(compare(truth, seen))
        complaints += check_unlisted(program, truth, seen)
        blocks = census["blocks"] + census["raw_blocks"]
        # Stripped interpreters do not tell of the C library's share.
        is_known = mode != "malloc" and census["raw_blocks"] >= 0
        if is_known and blocks != program.blocks:
            complaints.append(["%d blocks, not %d" % (blocks, program.blocks)])
        for key in ("damaged_objects", "damaged_edges", "pools_damaged",
                    "cut_gc_lists", "pools_missing", "lost_objects"):
            if census[key]:
                complaints.append(["%s is %d" % (key, census[key])])
        if shutil.which("gcore"):
            complaints += check_core(program, text)
        assert not complaints, "%s:\n" % mode + "\n".join(
            line for lines in complaints for line in lines)
        return "%d %s" % (len(seen), mode)
    finally:
        if program:
            program.end()
        shutil.rmtree(folder)


def check(python):
    failed, passed = [], []
    for mode in sys.argv[1:] or MODES:
        try:
            passed.append(check_mode(python, mode))
        except AssertionError as error:
            failed.append(str(error))
    assert not failed, "\n".join(failed)
    return ", ".join(passed)


if __name__ == "__main__":
    tap.run("objects of", check)
