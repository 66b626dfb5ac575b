# SPDX-License-Identifier: Apache-2.0
"""Profiles that are saved, looked at later, and compared."""

import json
import re

import pytest

from test_shell import pyprof

REPORTS = [
    "report --json --limit 0",
    "report functions --json --limit 0 --state all",
    "report threads --json",
    "report tree --json --limit 0 --state all",
    "report --thread main",
    "annotate session.py --function spin",
]


def save(each_debugger, program, path, mode="auto"):
    """Sample a program and save that; what the reports were."""
    with each_debugger.attach(program.pid) as dbg:
        dbg.run("pyprof start 500hz --max-stop 100 --mode " + mode)
        dbg.resume()
        dbg.until_samples(100)
        dbg.halt()
        dbg.run("pyprof stop")
        reports = [dbg.run("pyprof " + line) for line in REPORTS]
        assert not any("pyprof:" in text for text in reports), reports
        assert dbg.run("pyprof save %s" % path).startswith("# wrote ")
    return reports


@pytest.fixture
def program(python, start_program):
    return start_program(python, "session.py", "threads")


def test_saved_and_loaded_without_a_process(each_debugger, program, tmp_path):
    path = tmp_path / "x.pyprof"
    reports = save(each_debugger, program, path)
    program.finish()
    with each_debugger() as dbg:
        said = dbg.run("pyprof load %s" % path)
        assert re.match(r"# .*/x\.pyprof: [\d,]+ samples in ", said), said
        assert [dbg.run("pyprof " + line) for line in REPORTS] == reports
        assert "not sampling; loaded" in dbg.run("pyprof status")
        for ending in ("html", "txt", "json", "collapsed", "pyprof"):
            to = tmp_path / ("out." + ending)
            assert dbg.run("pyprof dump %s" % to).startswith("# wrote "), to
        dbg.run("pyprof load %s/out.pyprof" % tmp_path)
        assert [dbg.run("pyprof " + line) for line in REPORTS] == reports
        facts = json.loads(dbg.run("pyprof diff %s --json" % path))
        assert facts["functions_changed"] == facts["lines_changed"] == 0
        assert "put away" in dbg.run("pyprof reset")
        assert "nothing was sampled yet" in dbg.run("pyprof report")


def test_what_is_loaded_is_not_sampled_into(each_debugger, program, tmp_path):
    path = tmp_path / "x.pyprof"
    reports = save(each_debugger, program, path)
    with each_debugger.attach(program.pid) as dbg:
        dbg.run("pyprof load %s" % path)
        assert "put away" in dbg.run("pyprof start 500hz")
        assert "pyprof stop first" in dbg.run("pyprof load %s" % path)
        dbg.resume()
        dbg.until_samples(50)
        dbg.halt()
        dbg.run("pyprof stop")
        count = dbg.samples()
        assert "is kept" in dbg.run("pyprof load %s" % path)
        assert [dbg.run("pyprof " + line) for line in REPORTS] == reports
        dbg.run("pyprof reset")
        assert dbg.samples() == count
    program.finish()


def test_two_ways_of_sampling_are_not_compared(each_debugger, program, tmp_path):
    one, two = tmp_path / "one.pyprof", tmp_path / "two.pyprof"
    save(each_debugger, program, one, "preempt")
    save(each_debugger, program, two, "free")
    program.finish()
    with each_debugger() as dbg:
        said = dbg.run("pyprof diff %s %s" % (one, two))
        assert re.fullmatch(r"(error: )?pyprof: .* hard to compare: mode preempt and "
                            r"free; --force [^\n]*\n", said), said
        said = dbg.run("pyprof diff %s %s --force" % (one, two))
        assert "# they are hard to compare: mode preempt and free" in said
        assert "by function:" in said and "by line:" in said
        to = tmp_path / "d.html"
        dbg.run("pyprof diff %s %s --force --output %s" % (one, two, to))
        assert to.read_text().startswith("<!doctype html>")


def test_bad_files(each_debugger, program, tmp_path):
    good = tmp_path / "good.pyprof"
    save(each_debugger, program, good)
    program.finish()
    data = good.read_bytes()
    (tmp_path / "cut.pyprof").write_bytes(data[:40])
    (tmp_path / "newer.pyprof").write_bytes(data[:16] + b"\2" + data[17:])
    (tmp_path / "other.pyprof").write_text("a text\n" * 10)
    (tmp_path / "empty.pyprof").write_text("")
    damaged = bytearray(data)
    damaged[100] ^= 1
    (tmp_path / "damaged.pyprof").write_bytes(damaged)
    before = sorted(tmp_path.iterdir())
    lines = {
        "load nowhere.pyprof": "No such file or directory",
        "load %s" % tmp_path: "Is a directory",
        "load /dev/null": "not a regular file",
        "load %s/cut.pyprof" % tmp_path: "is cut off before its first sample",
        "load %s/damaged.pyprof" % tmp_path: "is damaged",
        "load %s/newer.pyprof" % tmp_path: "newer pyprof",
        "load %s/other.pyprof" % tmp_path: "not a profile",
        "load %s/empty.pyprof" % tmp_path: "not a profile",
        "load": "",
        "diff": "",
        "diff %s %s/newer.pyprof" % (good, tmp_path): "newer pyprof",
        "diff %s --output %s/d.svg" % (good, tmp_path): ".html, .json or .txt",
        "diff %s --output %s/no/d.html" % (good, tmp_path): "No such file",
        "save %s/no/x.pyprof" % tmp_path: "No such file or directory",
        "save %s" % tmp_path: "Is a directory",
        "save /dev/full": "No space left on device",
        "save %s/x.html" % tmp_path: "pyprof dump",
        "dump %s/x.nonsense" % tmp_path: ".pyprof",
    }
    with each_debugger() as dbg:
        dbg.run("pyprof load %s" % good)
        report = dbg.run("pyprof report")
        for line, part in lines.items():
            text = dbg.run("pyprof " + line)
            assert re.fullmatch(r"(error: )?pyprof: [^\n]+\n", text), (line, text)
            assert part in text, (line, text)
            assert dbg.run("pyprof report") == report, line
    assert sorted(tmp_path.iterdir()) == before
    assert good.read_bytes() == data


def test_from_the_shell(program, tmp_path):
    path, page = tmp_path / "x.pyprof", tmp_path / "x.html"
    done = pyprof("record", "-p", str(program.pid), "-d", "1", "-o", str(path))
    assert (done.returncode, done.stderr) == (0, "")
    done = pyprof("report", str(path), "functions", "--limit", "3")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Function" in done.stdout and "of" in done.stdout
    done = pyprof("report", str(path), "-o", str(page))
    assert (done.returncode, done.stderr) == (0, "")
    assert page.read_text().startswith("<!doctype html>")
    done = pyprof("diff", str(path), str(path), "--by", "time")
    assert (done.returncode, done.stderr) == (0, "")
    assert "by function:" in done.stdout
    done = pyprof("report", str(tmp_path / "nowhere.pyprof"))
    assert done.returncode == 1 and done.stdout == ""
    assert re.fullmatch(r"pyprof: cannot read [^\n]*\n", done.stderr)
    assert pyprof("report").returncode == 2
    assert pyprof("diff", str(path)).returncode == 2
    program.finish()
