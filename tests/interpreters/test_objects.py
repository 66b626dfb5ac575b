#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""All objects of real interpreters against what each says of its own.

    test_objects.py [MODE...]

Modes are rows of MODES, and each of them is for all interpreters that it is
possible with; without any, it is those that the rows name. Prints what
differs, grouped by type, when PYPROF_TEST_VERBOSE is set.
"""

import array
import collections
import glob
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
import tempfile

import tap
import pythons  # found by tap  # noqa: E402

# Environment and options of the program; minors of which a release build is
# tried when nobody asks for more, None for all interpreters there are.
Mode = collections.namedtuple("Mode", "environment options minors")
MODES = {
    "plain": Mode({}, [], None),
    "dev": Mode({}, ["-X", "dev"], (9, 12, 14)),
    "debug": Mode({"PYTHONMALLOC": "debug"}, [], (8, 11, 13)),
    "malloc": Mode({"PYTHONMALLOC": "malloc"}, [], (10, 11, 13, 15)),
    # Without the symbols that tell where an allocator's state is.
    "stripped": Mode({}, [], (8, 9, 10, 11)),
}
# 3.12 and later tell it in other ways than by symbols.
STRIPPED_MINORS = range(8, 12)
TOOL = os.path.join(tap.BUILD, "objects")

# One object of 10000 may have other references than gc.get_referents() tells.
# Which ones those are, and why:
#
#   module          what C keeps for it has a shape that only its function for
#                   the collector knows: names are there and not told of
#   PyCapsule       one of socket's has a function for the collector, too
#   sqlite3.Cache   (3.10) tells of a list that goes through its nodes
#   Pickler, Unpickler  (3.11) tell of their memos since a late micro version
#   ParamSpecArgs, ParamSpecKwargs  do not tell of their type
TOLERATED = 1e-4
# Of these there is no declaration, and they are another with each release:
# their words are scanned, and whatever is an object's address is told of.
# Types of extension modules that do not come with Python, and of their
# compiler.
FOREIGN = re.compile(
    r"(numpy\.(ufunc|_DTypeMeta)|cython_function_or_method"
    r"|_common_types_metatype)$")

Object = collections.namedtuple("Object", "type size told untold")


class Program:
    """tests/targets/objects.py, standing still."""

    def __init__(self, python, mode, folder):
        self.folder = folder
        environment = dict(os.environ, **MODES[mode].environment)
        path = python.path
        if mode == "stripped":
            path = strip(python, folder, environment)
        self.process = subprocess.Popen(
            [path, "-B", "-s", *MODES[mode].options,
             os.path.join(tap.TARGETS, "objects.py"), folder],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, env=environment)
        lines = self.wait_for("recorded")
        ready = [line.split() for line in lines if line.startswith("ready")]
        self.pid = int(ready[-1][1])
        self.blocks = int(ready[-1][2])
        assert ready[-1] == ready[-2], "counts never settle: %s" % ready
        tap.wait_until_asleep(self.pid)

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
        """What interpreters say, {address: Object}; the main one is right
        about what is theirs in common."""
        found = {}
        for path in sorted(glob.glob(os.path.join(self.folder, "truth*"))):
            with open(path) as lines:
                for line in lines:
                    address, type_, size, told = line.rstrip("\n").split("\t")
                    found.setdefault(
                        address, Object(type_, size, told.split(), []))
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


def strip(python, folder, environment):
    """A copy of an interpreter and its library without their symbols."""
    home = os.path.dirname(os.path.dirname(python.path))
    path = os.path.join(folder, os.path.basename(python.path))
    library = glob.glob(os.path.join(home, "lib", "libpython3.%d.so.1.0"
                                     % python.version[1]))
    for source in [python.path, *library]:
        subprocess.run(
            ["strip", "-o", os.path.join(folder, os.path.basename(source)),
             source], check=True)
    environment["PYTHONHOME"] = home
    environment["LD_LIBRARY_PATH"] = folder
    return path


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
                 and not (what == "size" and is_cached(truth[a], seen[a]))]
        if wrong:
            yield ["%d of another %s" % (len(wrong), what)] + grouped(
                truth, wrong, lambda a: "such as %s: %s, not %s" % (
                    a, getattr(seen[a], what), getattr(truth[a], what)))
    wrong = [a for a in both
             if sorted(truth[a].told) != sorted(seen[a].told)]
    own = [a for a in wrong if not FOREIGN.match(truth[a].type)]
    if len(own) > len(truth) * TOLERATED or \
            wrong and "PYPROF_TEST_VERBOSE" in os.environ:
        yield ["%d of %d with other references" % (len(wrong), len(truth))] + \
            grouped(truth, wrong, lambda a: difference(truth, seen, a))


def is_cached(own, ours):
    """A code object of 3.8 to 3.10 may have got its cache in the child."""
    return own.type == "code" and int(own.size) > int(ours.size)


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
        assert not complaints, "\n".join(
            line for lines in complaints for line in lines)
        return "%d" % len(seen)
    finally:
        if program:
            program.end()
        shutil.rmtree(folder)


def is_possible(python, mode):
    return not python.is_free_threaded and (
        mode != "stripped" or python.version[1] in STRIPPED_MINORS)


def runs(pythons_):
    """What is to be tried: pairs of an interpreter and a mode."""
    chosen = set()
    for python in pythons_:
        minor = python.version[1]
        for mode in sys.argv[1:] or MODES:
            minors = MODES[mode].minors
            if not is_possible(python, mode):
                continue
            if not sys.argv[1:] and minors is not None:
                if python.is_debug or minor not in minors or \
                        (minor, mode) in chosen:
                    continue
                chosen.add((minor, mode))
            yield python, mode


def attempt(run):
    """(Whether it is right, a line of it or complaints.)"""
    try:
        return True, check_mode(*run)
    except (AssertionError, subprocess.SubprocessError) as error:
        return False, str(error)


def main():
    found = pythons.find(each_micro=True)
    tried = list(runs(found))
    missing = pythons.missing(found)
    print("1..%d" % (len(tried) + len(missing)))
    failed = 0
    with multiprocessing.Pool(os.cpu_count()) as pool:
        results = pool.imap(attempt, tried, chunksize=1)
        for number, (python, mode) in enumerate(tried, 1):
            is_good, text = next(results)
            name = "%d - objects of %s, %s" % (
                number, python.full_name, mode)
            failed += not is_good
            if is_good:
                print("ok %s: %s" % (name, text))
            else:
                print("not ok " + name)
                for line in text.splitlines():
                    print("# " + line)
            sys.stdout.flush()
    for number, version in enumerate(missing, len(tried) + 1):
        print("ok %d - objects of %s # SKIP not here" % (number, version))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
