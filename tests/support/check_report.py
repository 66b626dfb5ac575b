# SPDX-License-Identifier: Apache-2.0
"""Whether the reports of one profile agree.

usage: check_report.py DIR

DIR holds report.json, report.txt and report.collapsed. What the tables of the
first say is computed anew from its stacks, and compared with the others.
"""

import json
import re
import sys
from collections import Counter
from pathlib import Path


def plain(name):
    """A name as the collapsed format has it."""
    return "".join(
        ":" if c == ";" else " " if c < " " or c == "\x7f" else c for c in name
    )


def recompute(profile):
    """Self time by frame and by (file, line), total by the latter, running."""
    groups = [state["group"] for state in profile["states"]]
    functions = profile["functions"]
    locations = list(zip(*profile["locations"].values()))
    stacks = list(zip(*profile["stacks"].values()))
    frame_ns, self_ns, total_ns = Counter(), Counter(), Counter()

    def frame_of(stack):
        function = functions[locations[stacks[stack][1]][0]]
        return function["qualname"] or function["name"], *line_of(stack)

    def line_of(stack):
        function, line = locations[stacks[stack][1]]
        function = functions[function]
        line = line if line >= 0 else function["first_line"]
        return function["file"], line

    for stack, _, state, _, _, ns in zip(*profile["tallies"].values()):
        if groups[state] == "wait":
            continue
        if stack:
            self_ns[line_of(stack)] += ns
            frame_ns[frame_of(stack)] += ns
        seen = set()
        while stack:
            seen.add(line_of(stack))
            stack = stacks[stack][0]
        total_ns.update(dict.fromkeys(seen, ns))
    return frame_ns, self_ns, total_ns


def check_table(profile, self_ns, total_ns):
    rows = profile["tables"]["lines"]
    assert len(rows) == len(total_ns), (len(rows), len(total_ns))
    for row in rows:
        key = row["file"], row["line"]
        assert row["self_ns"] == self_ns[key], row
        assert row["total_ns"] == total_ns[key], row


def check_collapsed(text, frame_ns):
    found = Counter()
    for line in text.split("\n")[:-1]:
        stack, weight = line.rsplit(" ", 1)
        frames = stack.split(";")
        if frames[1:] != ["(no Python frame)"]:
            found[frames[-1]] += int(weight)
    wanted = Counter()
    for (name, file, line), ns in frame_ns.items():
        wanted[plain(f"{name} ({file}:{max(line, 0)})")] += ns
    assert found == wanted, (found, wanted)


def check_text(text, self_ns):
    """Where nothing is left out, shortened or replaced in the text."""
    wanted = Counter()
    for (file, line), ns in self_ns.items():
        wanted[f"{file}:{line}"] += ns // 1000000
    if len(wanted) > 50 or any(re.search(r"[^\w./:]|.{40}", key) for key in wanted):
        return
    found = Counter()
    section = text.split("# Lines\n")[1].split("\n\n")[0].splitlines()
    for row in section[1:]:
        match = re.match(r" *[\d.]+ +[\d.]+ +([\d.]+)(?: +[\d.]+)* +(\S+)", row)
        if match and match[1] != ".":
            found[match[2]] += round(float(match[1]) * 1000)
    assert found == wanted, (found, wanted)


def main():
    folder = Path(sys.argv[1])
    text = (folder / "report.json").read_text(encoding="utf-8")
    for bad in "<>&\u2028\u2029":
        assert bad not in text, ascii(bad)
    profile = json.loads(text)
    assert profile["schema"] == "pyprof/profile/1"
    frame_ns, self_ns, total_ns = recompute(profile)
    check_table(profile, self_ns, total_ns)
    collapsed = (folder / "report.collapsed").read_bytes()
    collapsed = collapsed.decode("utf-8", errors="replace")
    check_collapsed(collapsed, frame_ns)
    check_text((folder / "report.txt").read_text(encoding="utf-8"), self_ns)


main()
