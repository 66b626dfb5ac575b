# SPDX-License-Identifier: Apache-2.0
"""Self time by line, read out of each format by its own rules.

Each reader takes a path and yields (file, line, ns, samples); samples are None
where the format has none. "" and 0 stand for time without a Python frame.
Readers that read functions instead yield (file, first line, name, ns, total ns).
"""

import csv
import gzip
import json
import marshal
import re
import subprocess
import sys
from collections import defaultdict
from xml.etree import ElementTree

from programs import HERE
from shapes import NO_FRAME

csv.field_size_limit(sys.maxsize)


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def rows_of(table):
    return zip(*(table[key] for key in table if key != "length"))


def of_json(path):
    data = load(path)
    waits = [state["group"] == "wait" for state in data["states"]]
    functions, locations = data["functions"], data["locations"]
    tallies = data["tallies"]
    for stack, state, samples, ns in zip(*(
            tallies[key] for key in ("stack", "state", "samples", "ns"))):
        if waits[state]:
            continue
        location = data["stacks"]["location"][stack]
        if location < 0:
            yield "", 0, ns, samples
            continue
        function = functions[locations["function"][location]]
        line = locations["line"][location]
        yield (function["file"], line if line >= 0 else function["first_line"],
               ns, samples)


def of_html(path):
    """As tests/support/read_page.py takes the data out of the page."""
    done = subprocess.run(
        [sys.executable, "-I", HERE.parent / "support/read_page.py", path,
         "raw"], check=True, timeout=120, stdout=subprocess.PIPE)
    data = json.loads(done.stdout)
    strings, functions = data["strings"], data["functions"]
    locations, tallies = data["locations"], data["tallies"]
    groups = [state["group"] for state in data["states"]]
    for stack, state, samples, ns in zip(*(
            tallies[key] for key in ("stack", "state", "samples", "ns"))):
        if groups[state] == "wait":
            continue
        if not stack:
            yield "", 0, ns, samples
            continue
        location = data["stacks"]["location"][stack]
        function = locations["function"][location]
        yield (strings[functions["file"][function]],
               locations["line"][location], ns, samples)


def of_csv(path):
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, strict=True):
            if not row["line"]:
                assert row["file"] == "" and row["function"] == NO_FRAME
            groups = [int(row[f"self_{name}_ns"])
                      for name in ("python", "native", "wait")]
            assert sum(groups) == int(row["self_ns"])
            yield (row["file"], int(row["line"] or 0), int(row["self_ns"]),
                   int(row["self_samples"]))


def of_collapsed(path):
    for row in path.read_text(encoding="utf-8").split("\n")[:-1]:
        stack, ns = row.rsplit(" ", 1)
        _, *frames = stack.split(";")
        if frames == [NO_FRAME]:
            yield "", 0, int(ns), None
            continue
        # Neither names nor files are quoted here: the last of them is what
        # the innermost frame must end in.
        yield frames[-1], None, int(ns), None


def of_speedscope(path):
    data = load(path)
    frames = data["shared"]["frames"]
    for profile in data["profiles"]:
        assert profile["unit"] == "nanoseconds"
        assert len(profile["samples"]) == len(profile["weights"])
        assert profile["endValue"] == sum(profile["weights"])
        for stack, ns in zip(profile["samples"], profile["weights"]):
            frame = frames[stack[-1]]
            if "file" not in frame:
                assert frame["name"] == NO_FRAME
            yield frame.get("file", ""), frame.get("line", 0), ns, None


def of_gecko(path):
    data = load(path)
    assert data["meta"]["preprocessedProfileVersion"] == 60
    shared = data["shared"]
    strings, functions = shared["stringArray"], shared["funcTable"]
    for name, table in shared.items():
        if isinstance(table, dict):
            assert {len(column) for key, column in table.items()
                    if key != "length"} <= {table["length"]}, name
    prefixes = shared["stackTable"]["prefix"]
    assert all(prefix is None or prefix < row or row >= prefix
               for row, prefix in enumerate(prefixes))
    for thread in data["threads"]:
        samples = thread["samples"]
        assert samples["weightType"] == "tracing-ms"
        assert samples["time"] == sorted(samples["time"])
        for stack, weight in zip(samples["stack"], samples["weight"]):
            if stack is None:
                assert weight == 0
                continue
            frame = shared["stackTable"]["frame"][stack]
            function = shared["frameTable"]["func"][frame]
            source = functions["source"][function]
            file = ""
            if source is not None:
                file = strings[shared["sources"]["filename"][source]]
            else:
                assert strings[functions["name"][function]] == NO_FRAME
            yield (file, shared["frameTable"]["line"][frame] or 0,
                   round(weight * 1e6), None)


def of_chrome_trace(path):
    """Slices lie in one another; self time is what their children leave."""
    open_slices, last = defaultdict(list), defaultdict(int)
    for event in load(path)["traceEvents"]:
        thread = event["tid"]
        if event["ph"] == "M":
            continue
        at = round(event["ts"] * 1000)
        assert at >= last[thread]
        slices = open_slices[thread]
        if slices:
            _, file, line = slices[-1]
            yield file, line, at - last[thread], None
        last[thread] = at
        key = (event["name"], event.get("args", {}).get("file", ""),
               event.get("args", {}).get("line", 0))
        if event["ph"] == "B":
            slices.append(key)
        else:
            assert event["ph"] == "E" and slices.pop() == key
    assert not any(open_slices.values())


def of_callgrind(path):
    """By the grammar of the manual's chapter on the format."""
    names = {"fl": {}, "fn": {}}
    now, summary, skip = {}, None, False
    total = [0, 0]
    for row in path.read_text(encoding="utf-8").split("\n"):
        match = re.fullmatch(r"(c?)(fl|fn)=\((\d+)\)(?: (.*))?", row)
        if match:
            called, kind, number, name = match.groups()
            if name is not None:
                assert number not in names[kind]
                names[kind][number] = name
            now[called + kind] = names[kind][number]
        elif row.startswith("calls="):
            skip = True
        elif re.fullmatch(r"\d+ \d+ \d+", row):
            line, ns, samples = map(int, row.split())
            if not skip:
                total[0] += ns
                total[1] += samples
                file = "" if now["fn"] == NO_FRAME else now["fl"]
                yield file, line, ns, samples
            skip = False
        elif row.startswith("summary: "):
            summary = [int(cost) for cost in row.split()[1:]]
        else:
            assert not row or row.startswith("#") or re.match(r"\w+: ", row)
    assert summary == total


def of_scalene(path):
    data = load(path)
    all_ns = round(data["elapsed_time_sec"] * 1e9)
    for file, about in data["files"].items():
        of_lines = 0
        for line in about["lines"]:
            share = (line["n_cpu_percent_python"] + line["n_cpu_percent_c"] +
                     line["n_sys_percent"])
            of_lines += share
            yield file, line["lineno"], round(share / 100 * all_ns), None
        of_functions = sum(
            function["n_cpu_percent_python"] + function["n_cpu_percent_c"] +
            function["n_sys_percent"] for function in about["functions"])
        assert abs(of_lines - about["percent_cpu_time"]) < 1e-9
        assert abs(of_lines - of_functions) < 1e-9


def of_gzip(path):
    with gzip.open(path, "rb") as file:
        plain = path.with_suffix("")
        assert file.read() == plain.read_bytes()
    yield from of_csv(plain)


READERS = {
    "json": of_json,
    "html": of_html,
    "csv": of_csv,
    "csv.gz": of_gzip,
    "speedscope.json": of_speedscope,
    "gecko.json": of_gecko,
    "trace.json": of_chrome_trace,
    "callgrind": of_callgrind,
    "scalene.json": of_scalene,
}


def svg_functions(path):
    """(function, file:line): (self s, samples of it and its callees)."""
    name = "{http://www.w3.org/2000/svg}"
    found = defaultdict(lambda: [0, 0])
    for group in ElementTree.parse(path).getroot().iter(name + "g"):
        lines = group.find(name + "title").text.split("\n")
        times = re.fullmatch(
            r"total ([\d.]+) s, [\d.]+ %; self ([\d.]+) s, [\d.]+ %; "
            r"(\d+) samples", lines[2])
        found[lines[0], lines[1]][0] += round(float(times[2]) * 1e9)
        found[lines[0], lines[1]][1] += int(times[3])
    return found


def pstats_functions(path):
    """(file, line, name): (self ns, total ns)."""
    with open(path, "rb") as file:
        stats = marshal.load(file)
        assert not file.read()
    return {key: (round(self_s * 1e9), round(total_s * 1e9))
            for key, (_, _, self_s, total_s, _) in stats.items()}
