#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Retained sizes in real interpreters: against brute force on the references
that pyprof found, and against what tests/targets/retained.py knows of itself.
"""

import collections
import itertools
import os
import random
import re
import subprocess

import tap

Object = collections.namedtuple("Object",
                                "type exclusive retained dominator targets")
# Objects besides the program's own whose retained size is computed.
SAMPLE = 40


class Heap:
    """What tests/interpreters/retained printed."""

    def __init__(self, text):
        self.objects, self.roots, self.types = {}, {}, {}
        for line in text.splitlines():
            word, *fields = line.split("\t")
            if word == "object":
                address, type_, exclusive, retained, dominator, targets = fields
                self.objects[address] = Object(
                    type_, int(exclusive), int(retained), dominator,
                    targets.split())
            elif word == "root":
                self.roots.setdefault(fields[0], fields[1])
            else:
                self.types[fields[0]] = int(fields[1])
        # The graph by number, which is walked again and again.
        self.numbers = {address: i for i, address in enumerate(self.objects)}
        self.targets = [
            [self.numbers[target] for target in one.targets]
            for one in self.objects.values()]
        self.weights = [one.exclusive for one in self.objects.values()]

    def reached(self, without=None):
        """A byte for each object: whether a root reaches it."""
        seen = bytearray(len(self.objects))
        if without is not None:
            seen[self.numbers[without]] = 1
        todo = [self.numbers[root] for root in self.roots if root != without]
        for number in todo:
            seen[number] = 1
        while todo:
            for target in self.targets[todo.pop()]:
                if not seen[target]:
                    seen[target] = 1
                    todo.append(target)
        if without is not None:
            seen[self.numbers[without]] = 0
        return seen

    def weight(self, seen):
        return sum(itertools.compress(self.weights, seen))

    def exclusive(self, addresses):
        return sum(self.objects[address].exclusive for address in addresses)


class Program:
    def __init__(self, python):
        self.process = subprocess.Popen(
            [python.path, "-B", "-s",
             os.path.join(tap.TARGETS, "retained.py")],
            stdout=subprocess.PIPE, text=True)
        self.parts, self.sizes = [], {}
        self.shared = self.garbage = ()
        for line in self.process.stdout:
            word, *fields = line.split()
            if word == "part":
                self.parts.append(fields)
            elif word == "shared":
                self.shared = fields
            elif word == "garbage":
                self.garbage = fields
            elif word == "size":
                self.sizes[fields[0]] = int(fields[1])
            elif word == "ready":
                self.pid = int(fields[0])
                tap.wait_until_asleep(self.pid)
                return
        raise AssertionError("the program ended")

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def look(program):
    done = subprocess.run(
        [os.path.join(tap.BUILD, "retained"), str(program.pid)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stderr
    return Heap(done.stdout)


def block(size):
    """Bytes that allocators of CPython without debug hooks give."""
    return (size + 15) // 16 * 16 if size <= 512 else \
        max(32, (size + 8 + 15) // 16 * 16)


def check_brute_force(heap, addresses):
    reached = heap.reached()
    all_of_them = heap.weight(reached)
    for is_reached, (address, found) in zip(reached, heap.objects.items()):
        assert (found.dominator != "-") == bool(is_reached), \
            "%s %s is reached, or is not" % (found.type, address)
    for address in addresses:
        found = heap.objects[address]
        expected = 0
        if reached[heap.numbers[address]]:
            expected = all_of_them - heap.weight(heap.reached(address))
        assert found.retained == expected, "%s %s retains %d, not %d" % (
            found.type, address, found.retained, expected)


def check_known(heap, program, has_hooks):
    for name, holder, *held in program.parts:
        expected = heap.exclusive([holder] + held)
        retained = heap.objects[holder].retained
        assert retained == expected, "%s retains %d, not %d" % (
            name, retained, expected)
    for address in program.shared:
        for _, holder, *_ in program.parts:
            assert heap.objects[address].dominator != holder or \
                heap.objects[holder].type == "tuple"
    for address in program.garbage:
        assert heap.objects[address].dominator == "-", "garbage is reached"
        assert heap.objects[address].retained == 0
    if not has_hooks:
        for address, size in program.sizes.items():
            assert heap.objects[address].exclusive == block(size), \
                "a block of %d for %d" % (
                    heap.objects[address].exclusive, size)
    leaves = [one for name, *one in program.parts if name == "leaf"]
    assert heap.types["__main__.Leaf"] == sum(
        heap.exclusive(leaf) for leaf in leaves), "retained of a type"
    local = [one[1] for one in program.parts if one[0] == "local"][0]
    # Before 3.11 variables belong to frames, which are objects; what is on
    # their stacks is known by the frame alone.
    assert re.match(r"in (local|stand_still) \(.*retained\.py:\d+\)",
                    heap.roots.get(local, "")), \
        "a variable is called '%s'" % heap.roots.get(local)


def check(python):
    program = Program(python)
    try:
        heap = look(program)
    finally:
        program.end()
    own = {address for _, *part in program.parts for address in part[:3]}
    others = random.Random(0).sample(sorted(heap.objects), SAMPLE)
    has_hooks = os.path.basename(python.path).endswith(("d", "-dbg"))
    check_known(heap, program, has_hooks)
    check_brute_force(heap, random.Random(0).sample(sorted(own), SAMPLE) +
                      others + list(program.shared))
    return "%d objects, %d roots" % (len(heap.objects), len(heap.roots))


tap.run("retained sizes", check)
