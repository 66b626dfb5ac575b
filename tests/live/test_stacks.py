# SPDX-License-Identifier: Apache-2.0
"""`pyprof bt` says what the program says of its own stacks."""

import gzip
import json
import linecache
import os
import re
import resource
import shutil
import signal
import subprocess
import sys

import pytest

from asleep import wait_until_asleep
from conftest import target
from debugger import batch, commands, PATIENCE

READ_PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                         "../support/read_page.py")


class Standing:
    """tests/targets/stacks.py, and what it says of its stacks."""

    def __init__(self, path, *args, **options):
        self.path = path
        self.process = subprocess.Popen(
            [path, "-I", target("stacks.py"), *args],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            start_new_session=True, env=dict(os.environ, MALLOC_ARENA_MAX="1"),
            **options,
        )
        self.pid = self.process.pid
        own = json.loads(self.process.stdout.readline())
        self.threads = {thread["ident"]: thread for thread in own["threads"]}
        self.main = own["main"]
        self.inner = own["inner"]
        # Its last thread blocks right behind what it printed.
        wait_until_asleep(self.pid)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self.process.poll() is None:
            os.kill(self.pid, signal.SIGKILL)
        self.process.communicate()


def look(*args):
    """Run GDB, all of which has to work; what it printed."""
    run = batch("-readnever", *args)
    assert "pyprof:" not in run.stderr, run.stderr
    assert run.returncode == 0, run.stderr
    return run.stdout


def as_printed(text):
    """Lone surrogates are no text."""
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


def own_frame(frame):
    file, name, qualname, *places = frame[:7]
    return [as_printed(file), as_printed(name), as_printed(qualname),
            *(None if place < 0 else place for place in places)]


def seen_frame(frame):
    return [frame[key] for key in (
        "file", "function", "qualname",
        "line", "end_line", "column", "end_column")]


def check_json(standing, path):
    with open(path, encoding="utf-8") as file:
        check(standing, json.load(file))


def check(standing, seen):
    assert seen["pid"] in (standing.pid, 0) and not seen["running"]
    threads = {int(thread["ident"], 16): thread for thread in seen["threads"]
               if thread["interpreter"] == 0}
    # One of them is in another interpreter as well.
    assert standing.inner == [
        [frame["function"], frame["line"]] for thread in seen["threads"]
        if thread["interpreter"] != 0 for frame in thread["frames"]]
    # All but the one that reports, which cannot say where it waits.
    assert len(threads) == len(standing.threads) + 1
    for ident, own in standing.threads.items():
        thread = threads[ident]
        assert thread["complete"] and thread["why"] in ("", None)
        assert thread["main"] == (ident == standing.main)
        assert thread["tid"] == own["native"]
        assert own["name"] in (thread["name"], None)
        frames = [seen_frame(frame) for frame in thread["frames"]]
        wanted = [own_frame(frame) for frame in own["frames"]]
        assert frames[:50] == wanted[:50]
        assert frames == wanted


def traceback(frames):
    """As Python prints it; source files as they are."""
    lines = ["Traceback (most recent call last):\n"]
    for file, name, _, line, *_ in reversed(frames):
        lines.append('  File "%s", line %d, in %s\n' % (
            as_printed(file), line, as_printed(name)))
        source = linecache.getline(as_printed(file), line).strip()
        if source and not file.startswith("<"):
            lines.append("    %s\n" % source)
    return "".join(lines)


def check_traceback(standing, path):
    text = path.read_text(encoding="utf-8")
    found = dict(re.findall(
        r"# thread \d+ \(tid (\d+),(?![^\n]*, interpreter)[^\n]*\n"
        r"(.*?)(?=\n# thread|\Z)", text, re.S))
    for own in standing.threads.values():
        assert found[str(own["native"])] == traceback(own["frames"])


def test_live(each_python, tmp_path):
    with Standing(each_python.path) as standing:
        look("-p", str(standing.pid), *commands(
            "pyprof bt all --json --output %s/bt.json" % tmp_path,
            "pyprof bt all --traceback --output %s/traceback" % tmp_path,
        ))
        check_json(standing, tmp_path / "bt.json")
        check_traceback(standing, tmp_path / "traceback")


def test_files(each_debugger, python, tmp_path):
    """What a page holds, and JSON, is what the program says of itself."""
    page, packed = tmp_path / "bt.html", tmp_path / "bt.json.gz"
    with Standing(python.path, "50") as standing:
        run = each_debugger.batch(
            "pyprof bt all --output %s" % page,
            "pyprof bt all --locals --source none --output %s" % packed,
            "pyprof bt --output %s/bt.svg" % tmp_path, pid=standing.pid)
        assert "bt.svg: bt is written as .html, .json or .txt" in run.stderr
        read = subprocess.run([sys.executable, READ_PAGE, page, "raw"],
                              check=True, capture_output=True)
        data = json.loads(read.stdout)
        stacks = data["stacks"]
        for thread in stacks["threads"]:
            thread.setdefault(
                "frames", stacks["threads"][thread["same_as"]].get("frames"))
        check(standing, stacks)
        # Nothing of what is not the project's, and no variables.
        library = [source for source in data["sources"]
                   if "/lib/python" in source["file"]]
        assert library and all(source["status"] == "private" and
                               not source["windows"] for source in library)
        assert not any(frame["source"] for thread in stacks["threads"]
                       for frame in thread["frames"]
                       if "/lib/python" in frame["file"])
        assert not stacks["locals"]
        assert not any("locals" in frame for thread in stacks["threads"]
                       for frame in thread["frames"])
        with gzip.open(packed, "rt", encoding="utf-8") as file:
            variables = json.load(file)
        check(standing, variables)
        assert variables["locals"]
        frames = [frame for thread in variables["threads"]
                  for frame in thread["frames"]]
        assert any(frame["locals"].get("level") == "0" for frame in frames)
        assert not any(frame["source"] for frame in frames)
        assert sorted(os.listdir(tmp_path)) == ["bt.html", "bt.json.gz"]


def stacks(path):
    """What it says of each thread, without what a core has not: the thread's
    name, what it was doing, the debugger's number of it; and without what it
    says of all of them on top."""
    text = path.read_text(encoding="utf-8")
    blocks = re.sub(
        r"(?m)^# thread \d+ \(tid (\d+)[^)]*\)(.*): .*$", r"# thread \1\2", text
    ).strip().split("\n\n")
    return sorted(block for block in blocks if block.startswith("# thread"))


def check_core(standing, core, live, tmp_path, *executable):
    output = tmp_path / "core-bt"
    look(*executable, "-core", str(core), *commands(
        "pyprof bt all --output %s" % output,
        "pyprof bt all --json --output %s.json" % output,
    ))
    assert stacks(output) == stacks(live)
    check_json(standing, "%s.json" % output)


def test_core(each_python, tmp_path):
    """Of GDB's own making; without naming the executable."""
    core, live = tmp_path / "core", tmp_path / "live"
    with Standing(each_python.path, "50") as standing:
        run = batch("-readnever", "-p", str(standing.pid), *commands(
            "pyprof bt all --output %s" % live, "gcore %s" % core))
        # All but the vsyscall page, which nobody can read.
        if re.search("Memory read failed.* at 0x(?!f{8})", run.stderr):
            pytest.skip("GDB cannot save stacks with this libc's guard pages")
        check_core(standing, core, live, tmp_path)
    core.unlink()


def kernel_core(standing, folder):
    os.kill(standing.pid, signal.SIGABRT)
    standing.process.wait(PATIENCE)
    found = [name for name in os.listdir(folder) if name.startswith("core")]
    if not found:
        pytest.skip("the kernel writes no core file here")
    return folder / found[0]


def test_core_of_the_kernel(each_python, tmp_path):
    with open("/proc/sys/kernel/core_pattern") as file:
        if file.read().startswith(("|", "/")):
            pytest.skip("cores of the kernel go elsewhere")
    folder = tmp_path / "cwd"
    folder.mkdir()
    live = tmp_path / "live"
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    with Standing(
        each_python.path, "50", cwd=folder,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, unlimited),
    ) as standing:
        look("-p", str(standing.pid), *commands(
            "pyprof bt all --output %s" % live))
        core = kernel_core(standing, folder)
        check_core(standing, core, live, tmp_path)
        check_core(standing, core, live, tmp_path, standing.path)
        core.unlink()


@pytest.fixture
def stripped(python, tmp_path):
    """A copy of an interpreter that no debug info can be found for."""
    if not shutil.which("objcopy"):
        pytest.skip("no objcopy")
    path = tmp_path / os.path.basename(python.path)
    subprocess.run(
        ["objcopy", "--strip-all", "--remove-section=.note.gnu.build-id",
         "--remove-section=.gnu_debuglink", python.path, str(path)], check=True)
    return str(path)


def test_stripped(stripped, tmp_path):
    with Standing(stripped, "50") as standing:
        core, live = tmp_path / "core", tmp_path / "live"
        look("-p", str(standing.pid), *commands(
            "pyprof bt all --output %s" % live,
            "pyprof bt all --json --output %s.json" % live,
            "gcore %s" % core))
        check_json(standing, "%s.json" % live)
        # The executable goes elsewhere.
        elsewhere = tmp_path / "elsewhere"
        os.rename(stripped, elsewhere)
        look("-p", str(standing.pid), *commands(
            "pyprof bt all --json --output %s.json" % live))
        check_json(standing, "%s.json" % live)
        check_core(standing, core, live, tmp_path, str(elsewhere))
        core.unlink()


def test_interpreters(each_python, tmp_path):
    output = tmp_path / "bt.json"
    with subprocess.Popen(
        [each_python.path, target("interpreters.py")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:
        if process.stdout.readline() != "ready\n":
            assert process.wait() == 9
            pytest.skip("%s makes no interpreters" % each_python.name)
        look("-p", str(process.pid), *commands(
            "pyprof bt all --json --output %s" % output,
            "pyprof start 500hz --for 300ms",
            "pyprof dump %s/profile.json" % tmp_path,
        ))
        process.kill()
    threads = json.loads(output.read_text())["threads"]
    names = {thread["interpreter"]:
             [frame["function"] for frame in thread["frames"]]
             for thread in threads}
    assert names[0][0] in ("wait_here", "run")
    first, second = sorted(set(names) - {0})
    assert names[first][:3] == ["innermost", "function_a", "<module>"]
    assert names[second][:3] == ["innermost", "function_b", "<module>"]
    profile = json.loads((tmp_path / "profile.json").read_text())
    functions = {function["name"] for function in profile["functions"]}
    assert {"wait_here", "function_a", "function_b"} <= functions
