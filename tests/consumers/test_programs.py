# SPDX-License-Identifier: Apache-2.0
"""Each format in the program that it is for."""

import json
import os
import re
import subprocess
import time
import urllib.parse
from collections import Counter
from pathlib import Path

import jsonschema
import pytest

from programs import HERE, MODULES, PROGRAMS, program
import pythons
import readers
import shapes
from test_formats import no_nul

TIMEOUT = 60
SMALL = [shape for shape in shapes.SHAPES if shape != "million"]


def run(*command, **options):
    options = {"timeout": TIMEOUT, "stdout": subprocess.PIPE,
               "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL,
               "env": {**os.environ, "LC_ALL": "C.UTF-8"}, **options}
    done = subprocess.run(command, **options)
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-2000:]
    return done.stdout.decode(errors="replace")


# pprof

@pytest.mark.parametrize("shape", shapes.SHAPES)
def test_pprof_format(report, node, module, shape):
    reports = report(shape)
    module("pprof-format")
    data = json.loads(run(node, HERE / "read_pprof.mjs", MODULES,
                          reports.path("pprof")))
    assert data["types"] == [["samples", "count"], ["wall", "nanoseconds"]]
    assert data["fallback"] == "wall"
    ns, samples = Counter(), Counter()
    for row in data["rows"]:
        key = row["file"], row["line"]
        ns[key] += row["ns"]
        samples[key] += row["samples"]
        assert row["labels"]["state"] in ("python", "native", "native-gil")
        assert row["labels"]["thread"].endswith(str(row["labels"]["tid"])) or \
            row["labels"]["thread"].endswith(f"({row['labels']['tid']})")
        # pprof takes it for a mangled name where it is there.
        assert not row.get("system")
    wanted = Counter()
    for (file, line), value in reports.truth.lines.items():
        wanted[no_nul(file), line] += value
    assert ns == wanted
    assert sum(samples.values()) == sum(reports.truth.line_samples.values())


def test_pprof_knows_interpreters(report, node, module):
    module("pprof-format")
    data = json.loads(run(node, HERE / "read_pprof.mjs", MODULES,
                          report("mixed").path("pprof")))
    found = {(row["labels"]["thread"], row["labels"].get("interpreter", 0))
             for row in data["rows"]}
    assert found == {("MainThread (1)", 0), ("thread 2", 3)}


@pytest.fixture
def go(tmp_path):
    path = program("go")

    def pprof(*arguments):
        return run(path, "tool", "pprof", *arguments,
                   env={**os.environ, "HOME": str(tmp_path),
                        "PPROF_TMPDIR": str(tmp_path), "LC_ALL": "C.UTF-8"})

    return pprof


@pytest.mark.parametrize("shape", shapes.SHAPES)
def test_go_reads_it(report, go, shape):
    path = report(shape).path("pprof.gz")
    raw = go("-raw", path)
    assert "samples/count wall/nanoseconds[dflt]" in raw
    assert "Mappings\n" in raw
    if report(shape).truth.lines:
        assert go("-traces", path)


def test_go_has_the_same_lines(report, go):
    """As `go tool pprof -top -lines` prints them."""
    for shape in ("realistic", "mixed", "million"):
        truth = report(shape).truth
        top = go("-top", "-lines", "-unit=ns", "-nodecount=1000000",
                 "-nodefraction=0", report(shape).path("pprof"))
        found = Counter()
        for row in top.split("cum%\n")[1].splitlines():
            flat, _, _, _, _, place = row.split(None, 5)
            # Where the line is 0 it prints none, and no file where is none.
            match = re.fullmatch(r"(.+?) (/\S+?)(?::(\d+))?", place)
            if not match:
                assert place == shapes.NO_FRAME
            key = (match[2], int(match[3] or 0)) if match else ("", 0)
            found[key] += int(flat.removesuffix("ns"))
        assert +found == truth.lines


def test_go_shows_names_as_they_are(report, go):
    top = go("-top", "-nodecount=1000000", "-nodefraction=0",
             report("mixed").path("pprof"))
    assert "<lambda>" in top and "<unknown>" not in top


# callgrind

def in_annotate(text):
    costs, functions = Counter(), text.split("file:function\n")[1]
    for row in functions.splitlines():
        match = re.match(r" *([\d,]+) +\([ \d.]+%\) +(.+)$", row)
        if match and match[2] != "???:(all threads)":
            costs[match[2]] += int(match[1].replace(",", ""))
    return costs


def names_of_callgrind(truth, counter):
    """By file and name; with the line where one file has a name twice."""
    twice = Counter((file, name) for file, _, name in truth.total)
    found = Counter()
    for (file, line, name), ns in counter.items():
        if twice[file, name] > 1:
            name = f"{name}:{line}"
        found[f"{file or '???'}:{name}"] += ns
    return +found


@pytest.mark.parametrize("shape", ["one", "mixed", "realistic", "million"])
@pytest.mark.parametrize("inclusive", ["no", "yes"])
def test_callgrind_annotate(report, shape, inclusive):
    annotate = program("callgrind_annotate")
    reports = report(shape)
    text = run(annotate, "--auto=no", "--threshold=100", "--show=ns",
               "--sort=ns", f"--inclusive={inclusive}", "--tree=none",
               reports.path("callgrind"))
    truth = reports.truth
    counter = truth.total if inclusive == "yes" else truth.functions
    wanted = names_of_callgrind(truth, counter)
    assert in_annotate(text) == wanted


def test_callgrind_annotate_reads_odd_ones(report):
    annotate = program("callgrind_annotate")
    for shape in SMALL:
        text = run(annotate, "--auto=no", "--tree=both",
                   report(shape).path("callgrind"))
        ns = sum(report(shape).truth.lines.values())
        ns = f"{ns:,}" if ns else r"\."
        assert re.search(rf"^ *{ns} .*PROGRAM TOTALS\b", text, re.M), text


def test_callgrind_annotate_finds_the_source(report, tmp_path):
    """Costs stand beside the line of source that they are of."""
    annotate = program("callgrind_annotate")
    reports = report("realistic")
    (file, line), ns = reports.truth.lines.most_common(1)[0]
    source = Path(file).read_text().splitlines()[line - 1]
    text = run(annotate, "--auto=yes", "--context=0", "--show=ns",
               reports.path("callgrind"))
    assert re.search(rf"^ *{ns:,} \([ \d.]+%\)  {re.escape(source)}$", text,
                     re.M)


# Python's own

PSTATS = """
import json, pstats, sys
stats = pstats.Stats(sys.argv[1])
print(json.dumps([[*key, round(value[2] * 1e9), round(value[3] * 1e9)]
                  for key, value in stats.stats.items()]))
stats.strip_dirs().sort_stats("cumulative")
stats.stream = open(sys.argv[2], "w", encoding="utf-8")
stats.print_stats(); stats.print_callers(); stats.print_callees()
"""


@pytest.mark.parametrize("python", pythons.find(), ids=lambda p: p.full_name)
def test_pstats(report, tmp_path, python):
    for shape in ("empty", "mixed", "odd_names", "realistic"):
        truth = report(shape).truth
        out = run(python.path, "-c", PSTATS, report(shape).path("pstats"),
                  tmp_path / "printed")
        wanted = sorted([no_nul(file), line, no_nul(name),
                         truth.functions[file, line, name], total]
                        for (file, line, name), total in truth.total.items())
        # It would not load what has no row.
        wanted = wanted or [["", 0, "(no samples)", 0, 0]]
        assert sorted(json.loads(out)) == wanted
        assert (tmp_path / "printed").stat().st_size


# speedscope

@pytest.mark.parametrize("shape", SMALL)
def test_schema_of_speedscope(report, module, shape):
    schema = readers.load(module("speedscope") /
                          "dist/release/file-format-schema.json")
    jsonschema.validate(readers.load(report(shape).path("speedscope.json")),
                        schema)


@pytest.fixture(scope="module")
def browser():
    import chromium
    if not chromium.find():
        pytest.skip("no chromium here")
    with chromium.Page() as page:
        page.size(1400, 900)
        yield page


def open_in_speedscope(browser, module, path, tmp_path):
    import base64
    app = module("speedscope") / "dist/release/index.html"
    script = tmp_path / "profile.js"
    data = base64.b64encode(path.read_bytes()).decode()
    script.write_text(
        f"speedscope.loadFileFromBase64({json.dumps(path.name)}, '{data}')")
    browser.open(app, "#localProfilePath=" +
                 urllib.parse.quote(str(script)))
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        text = browser.eval("document.body.innerText")
        if "Left Heavy" in text or "rror" in text:
            return text
        time.sleep(0.05)
    raise TimeoutError(text)


def errors_of(browser):
    """It logs how long it took, and its WebGL how slow a machine is."""
    return [problem for problem in browser.problems
            if "'type': 'error'" in problem or
            re.match(r"\w*Error\b", problem)]


# Ten thousand frames deep is more than it manages.
@pytest.mark.parametrize("shape", [s for s in SMALL if s != "deep"])
def test_speedscope(browser, report, module, tmp_path, shape):
    text = open_in_speedscope(browser, module,
                              report(shape).path("speedscope.json"), tmp_path)
    assert errors_of(browser) == []
    assert "Time Order" in text and "Sandwich" in text
    # The name of the first thread stands above it.
    first = readers.load(report(shape).path("speedscope.json"))["profiles"][0]
    assert first["name"].split()[0][:20] in text


def test_speedscope_reads_collapsed_and_callgrind(browser, report, module,
                                                  tmp_path):
    for extension in ("collapsed", "callgrind", "trace.json"):
        text = open_in_speedscope(browser, module,
                                  report("realistic").path(extension),
                                  tmp_path)
        assert "Left Heavy" in text, extension


# The Firefox Profiler

@pytest.fixture
def firefox(node, module, tmp_path):
    """Its command line on a file: a server of its own, and what asks it."""
    script = module("@firefox-devtools/profiler-cli") / "dist/profiler-cli.js"
    servers = []

    def load(path):
        environment = {**os.environ, "PROFILER_CLI_SESSION_DIR": str(tmp_path),
                       "PROFILER_CLI_NO_SYMBOLICATE": "1"}
        session = f"s{len(servers)}"
        server = subprocess.Popen(
            [node, script, "--daemon", path, "--session", session],
            env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        servers.append(server)

        def ask(*arguments):
            out = run(node, script, *arguments, "--session", session,
                      env=environment)
            return json.loads(out) if "--json" in arguments else out

        # Whoever asks before it listens makes it forget the session.
        log = tmp_path / f"{session}.log"
        deadline = time.monotonic() + TIMEOUT
        while not (log.exists() and
                   "Profile loaded successfully" in log.read_text()):
            assert server.poll() is None, server.stdout.read()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.02)
        return ask

    yield load
    for server in servers:
        if server.poll() is None:
            server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


@pytest.mark.parametrize("shape", ["empty", "one", "mixed", "hostile"])
def test_firefox(report, firefox, shape):
    """Self and total time of each function, as it shows them, in ms."""
    ask = firefox(report(shape).path("gecko.json"))
    threads = ask("thread", "list", "--json", "--limit", "1000")["threads"]
    found = Counter(), Counter()
    for thread in threads:
        for function in ask("thread", "functions", "--json", "--limit", "100000",
                            "--thread", thread["threadHandle"])["functions"]:
            found[0][function["nameWithLibrary"]] += function["selfSamples"]
            found[1][function["nameWithLibrary"]] += function["totalSamples"]
    truth, wanted = report(shape).truth, (Counter(), Counter())
    for counter, of_truth in zip(wanted, (truth.functions, truth.total)):
        for (_, _, name), ns in of_truth.items():
            counter[name] += ns / 1e6
    assert +found[0] == +wanted[0]
    assert +found[1] == +wanted[1]


# Scalene

SCALENE = """
import json, sys
from scalene.scalene_json import ScaleneJSONSchema
for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as file:
        ScaleneJSONSchema.model_validate(json.load(file))
"""


@pytest.fixture(scope="session")
def scalene():
    path = PROGRAMS / "venv/bin/python"
    if not (PROGRAMS / "pypi.stamp").exists():
        pytest.skip("no scalene here (pip did not work)")
    return path


def test_schema_of_scalene(report, scalene):
    run(scalene, "-c", SCALENE, *(report(shape).path("scalene.json")
                                  for shape in SMALL))


def test_scalene_shows_it(report, scalene, tmp_path):
    run(scalene, "-m", "scalene", "view", "--html",
        report("realistic").path("scalene.json"), cwd=tmp_path)
    page = (tmp_path / "scalene-profile.html").read_text()
    (file, _), _ = report("realistic").truth.lines.most_common(1)[0]
    assert file in page


# XML

@pytest.mark.parametrize("shape", shapes.SHAPES)
def test_svg_is_xml(report, shape):
    run(program("xmllint"), "--noout", "--nonet", "--huge",
        report(shape).path("svg"))
