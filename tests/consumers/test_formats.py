# SPDX-License-Identifier: Apache-2.0
"""Self time of each line is the same in every format, whatever it is called."""

import json
import re
from collections import Counter

import jsonschema
import pytest

import readers
import shapes
from programs import HERE, has


def one_line(text):
    return "".join(" " if c < " " or c == "\x7f" else c for c in text)


def no_nul(text):
    return text.replace("\0", "\ufffd")


def in_callgrind(text):
    text = one_line(no_nul(text))
    return text if text.strip(" ") else "???"


def same(text):
    return text


#: How a name looks in a format that cannot hold all of them.
SPELLING = {"csv": no_nul, "csv.gz": no_nul, "callgrind": in_callgrind,
            "scalene.json": no_nul}


def spelled(counter, spelling):
    found = Counter()
    for (file, line), value in counter.items():
        found[spelling(file) if line or file else "", line] += value
    return found


@pytest.mark.parametrize("extension", readers.READERS)
@pytest.mark.parametrize("shape", shapes.SHAPES)
def test_lines(report, shape, extension):
    reports = report(shape)
    spelling = SPELLING.get(extension, same)
    ns, samples = Counter(), Counter()
    for file, line, of_ns, of_samples in readers.READERS[extension](
            reports.path(extension)):
        ns[file, max(line, 0)] += of_ns
        samples[file, max(line, 0)] += of_samples or 0
    wanted = spelled(reports.truth.lines, spelling)
    if extension == "scalene.json":
        # It has no place for what belongs to no file, and lines from 1 on.
        wanted.pop(("", 0), None)
        for (file, line), value in list(wanted.items()):
            if not line:
                wanted[file, 1] += wanted.pop((file, line))
    assert +ns == wanted
    if +samples:
        assert +samples == spelled(reports.truth.line_samples, spelling)
    else:
        assert extension not in ("json", "csv", "callgrind") or not wanted


@pytest.mark.parametrize("shape", shapes.SHAPES)
def test_collapsed(report, shape):
    reports = report(shape)

    def name(text):
        return one_line(text).replace(";", ":")

    found, wanted = Counter(), Counter()
    for frame, _, ns, _ in readers.of_collapsed(reports.path("collapsed")):
        found[frame] += ns
    for (function, file, line), ns in reports.truth.frames.items():
        frame = f"{name(function)} ({name(file)}:{line})"
        wanted["" if function == shapes.NO_FRAME else frame] += ns
    assert found == wanted


@pytest.mark.parametrize("shape", shapes.SHAPES)
def test_functions_of_pstats(report, shape):
    reports = report(shape)
    found = readers.pstats_functions(reports.path("pstats"))
    wanted = {}
    # pstats would not load what has no row.
    if not reports.truth.total:
        wanted = {("", 0, "(no samples)"): (0, 0)}
    for (file, line, name), total in reports.truth.total.items():
        self_ns, total_ns = wanted.get((no_nul(file), line, no_nul(name)),
                                       (0, 0))
        wanted[no_nul(file), line, no_nul(name)] = (
            self_ns + reports.truth.functions[file, line, name],
            total_ns + total)
    assert found == wanted


@pytest.mark.parametrize("shape", ["empty", "one", "mixed"])
def test_functions_of_svg(report, shape):
    """Where none is too narrow to be drawn; it has no lines."""
    truth = report(shape).truth
    found = readers.svg_functions(report(shape).path("svg"))
    wanted = Counter()
    for (file, line, name), ns in truth.functions.items():
        wanted[name, f"{file}:{line}"] += ns
    # That is the room that is left at the right end.
    wanted.pop((shapes.NO_FRAME, ":0"), None)
    assert Counter({(name, re.sub(r":-\d+$", ":0", place)): ns
                    for (name, place), (ns, _) in found.items()
                    if ns}) == wanted


@pytest.mark.parametrize("shape", shapes.SHAPES)
def test_schema_of_json(report, shape):
    schema = json.loads((HERE / "profile.schema.json").read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    jsonschema.Draft7Validator(schema).validate(
        readers.load(report(shape).path("json")))


def test_gzip_is_written(report):
    assert has("HAVE_ZLIB") == ("csv.gz" in report("one").extensions)
