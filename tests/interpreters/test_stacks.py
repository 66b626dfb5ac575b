#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Stacks of real interpreters against what each says of its own."""

import json
import os
import re
import subprocess

import tap


def read(python):
    """What the interpreter says, and what pyprof says."""
    result = subprocess.run(
        [os.path.join(tap.BUILD, "stacks"), python.path, "-I",
         os.path.join(tap.TARGETS, "stacks.py")],
        stdout=subprocess.PIPE, timeout=300,
    )
    text = result.stdout.decode("utf-8").split("\n")
    assert result.returncode == 0, "\n".join(text[1:])[-2000:]
    return json.loads(text[0]), parse(text[1:])


def parse(lines):
    threads = []
    for line in lines:
        kind, *words = line.split("\t")
        if kind == "thread":
            ident, tid, is_main, interp, count, end, misses = map(int, words)
            assert end == 0, "walk of %d frames ended with %d" % (count, end)
            assert misses == 0, "%d misses of a warm look" % misses
            threads.append({"ident": ident, "tid": tid, "main": is_main,
                            "interp": interp, "frames": []})
        elif kind == "frame":
            threads[-1]["frames"].append(words[:3] + list(map(int, words[3:])))
    return threads


def as_printed(frame):
    """Lone surrogates are no text."""
    return [re.sub("[\ud800-\udfff]", "\ufffd", word)
            if isinstance(word, str) else word for word in frame]


def compare_frames(own, seen):
    assert len(own) == len(seen), "%d frames, not %d: %s" % (
        len(seen), len(own), [frame[1] for frame in seen[:20]])
    for index, (expected, frame) in enumerate(zip(own, seen)):
        assert as_printed(expected) == frame, (
            "frame %d of %d is %s, not %s"
            % (index, len(own), frame, as_printed(expected)))


def check(python):
    own, seen = read(python)
    inner = [thread for thread in seen if thread["interp"] != 0]
    seen = [thread for thread in seen if thread["interp"] == 0]
    by_ident = {thread["ident"]: thread for thread in seen}
    frames = 0
    for thread in own["threads"]:
        ident = thread["ident"]
        assert ident in by_ident, "no thread %#x" % ident
        found = by_ident[ident]
        assert found["tid"] == thread["native"], (
            "tid %s, not %s" % (found["tid"], thread["native"]))
        assert found["main"] == (ident == own["main"])
        compare_frames(thread["frames"], found["frames"])
        frames += len(thread["frames"])
    # One thread is in another interpreter as well.
    assert [thread["tid"] for thread in inner] == [
        by_ident[thread["ident"]]["tid"] for thread in inner]
    assert [[frame[1], frame[3]] for thread in inner
            for frame in thread["frames"]] == own["inner"]
    # All but the one that reports.
    assert len(seen) == len(own["threads"]) + 1
    assert seen[0]["main"], "the main thread is not the oldest"
    return "%d threads, %d frames" % (len(own["threads"]), frames)


tap.run("stacks of", check)
