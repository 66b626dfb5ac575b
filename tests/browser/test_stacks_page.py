# SPDX-License-Identifier: Apache-2.0
"""The page of stacks: threads as rows that unfold, what was found, variables."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from test_page import AXE, SHOTS, data_of

HERE = Path(__file__).resolve().parent
BUILD = Path(os.environ.get("PYPROF_BUILDDIR", HERE.parent.parent))
PYTHON, WAIT_GIL, WAIT_LOCK, SLEEP = 0, 3, 4, 6
EVIL = "</script><img src=x onerror=alert(1)>"


def escape(text):
    return "".join("%%%02x" % ord(c) if c in "%\t\n\r" or ord(c) < 32 else c
                   for c in str(text))


def lines(*rows):
    return "".join("\t".join(map(escape, row)) + "\n" for row in rows)


def worker(number, state=WAIT_LOCK, file="/srv/app/jobs.py"):
    """A thread that waits for a job."""
    return [("thread", number, "worker", state, 0),
            ("frame", "Condition.wait", "/usr/lib/python3.13/threading.py", 359),
            ("frame", "Worker.run", file, 7)]


def app():
    """Six threads: two wait for each other, two stand at the same line."""
    return lines(
        ("facts", "python3 app.py <&>", 0, 0),
        ("thread", 1, "python3", WAIT_LOCK, 0),
        ("frame", "pay", "/srv/app/pay.py", 12), ("frame", "<module>", "/srv/app/app.py", 3),
        ("thread", 2, "refund", WAIT_LOCK, 0),
        ("frame", "refund", "/srv/app/pay.py", 31),
        ("thread", 3, "spin", PYTHON, 1), ("frame", "spin", "/srv/app/app.py", 9),
        ("thread", 4, "late", WAIT_GIL, 0), ("frame", "late", "/srv/app/app.py", 20),
        *worker(5), *worker(6, SLEEP),
        ("finding", "deadlock", "main waits for what refund holds, and the other way round"),
        ("edge", 0, "lock 0x7f01", 1), ("edge", 1, "lock 0x7f02", 0))


def variables():
    return lines(
        ("facts", "python3 secrets.py", 1, 0),
        ("thread", 1, EVIL, SLEEP, 0),
        ("frame", EVIL, "/srv/%s.py" % EVIL, 5),
        ("local", "token", EVIL), ("local", "__proto__", "{'a': 1}"),
        ("frame", "a\x1b[31m\u202eb", "/srv/b.py", 2), ("local", "x", "1"),
        *worker(2), ("local", "job", "2"), *worker(3), ("local", "job", "3"),
        ("finding", EVIL, EVIL), ("edge", 0, EVIL, 1))


def many():
    rows = [("facts", "python3 many.py", 0, 0)]
    for number in range(1, 2001):
        rows += worker(number, file="/srv/app/%d.py" % (number % 4))
    return lines(*rows)


def source(folder):
    path = folder / ("app%s.py" % "(1)")
    text = ["# too far away"] + [""] * 27 + ["def here():", "    wait()"]
    path.write_text("\n".join(text) + "\n")
    return lines(("facts", "python3 source.py", 0, 0), *[row for number in (1, 2)
                 for row in (("thread", number, "t", SLEEP, 0),
                             ("frame", "here", path, 30))],
                 ("thread", 3, "t", SLEEP, 0), ("frame", "there", path, 29))


PAGES = {
    "app": app,
    "variables": variables,
    "many": many,
    "none": lambda: lines(("facts", "", 0, 1)),
}


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stacks")
    texts = {name: text() for name, text in PAGES.items()}
    for name, text in {**texts, "source": source(folder)}.items():
        subprocess.run(
            [BUILD / "tests/support/stacks_report_of", folder / (name + ".html")],
            input=text.encode(), check=True, timeout=60)
    return folder


@pytest.fixture
def show(open_file, pages):
    """Opens one of PAGES."""
    return lambda name, fragment="": open_file(pages / (name + ".html"),
                                               fragment)


def rows(page, kind="*"):
    """The rows in sight, of a kind: their text without what folds them."""
    return page.eval(
        "[...document.querySelectorAll('.stacks tbody tr:not(.room)')]"
        ".filter(r => '%s' === '*' || r.classList.contains('%s'))"
        ".map(r => r.innerText.replace(/[▾▸]/g, '').trim())" % (kind, kind))


def test_threads_with_their_frames(show):
    page = show("app")
    assert page.eval("document.title") == \
        "pyprof: stacks of python3 app.py <&> (pid 4242)"
    assert "6 Python threads" in page.text("#head")
    groups = rows(page, "group")
    assert [group.split("\t")[0].split(" tid")[0] for group in groups] == [
        "thread 1 (python3, main) selected", "thread 2 (refund)",
        "thread 3 (spin) holds the GIL", "thread 4 (late)",
        "2 threads 5 (worker), 6 (worker)"]
    assert "waiting for a lock 1" in groups[4] and "sleeping 1" in groups[4]
    frames = [row.split() for row in rows(page, "frame")]
    assert frames[:3] == [["0", "pay", "pay.py:12"], ["1", "<module>", "app.py:3"],
                          ["0", "refund", "pay.py:31"]]
    assert page.eval("document.body.scrollWidth <= innerWidth")


def test_findings_lead_to_threads(show):
    page = show("app")
    text = page.text(".findings")
    assert "Deadlock" in text
    assert "thread 1 (python3, main) waits for lock 0x7f01, " \
        "which thread 2 (refund) holds" in " ".join(text.split())
    assert "The GIL is held by thread 3 (tid 4244, spin); " \
        "1 thread waits for it." in text
    assert "2 threads stand at /usr/lib/python3.13/threading.py:359, " \
        "in Condition.wait." in text
    page.click("#tab-about")
    page.click("#tab-threads")
    page.click("#find")
    page.type("late")
    assert len(rows(page, "group")) == 1
    page.eval("[...document.querySelectorAll('.verdict button')].find("
              "b => b.textContent.includes('refund')).click()")
    page.settle()
    assert "thread 2 (refund)" in page.text(".stacks tr.on")


def test_search_and_state_filter(show):
    page = show("app")
    page.key("/")
    page.type("worker.run")
    assert len(rows(page, "group")) == 1
    assert page.eval("document.querySelectorAll('.stacks .found').length") == 1
    assert "find=worker.run" in page.eval("location.hash")
    page.key("Escape")
    assert len(rows(page, "group")) == 5
    page.eval("(s => { s.value = 'wait-gil'; s.dispatchEvent(new Event("
              "'change', {bubbles: true})) })(document.querySelector('#state'))")
    page.settle()
    assert [row.split(" tid")[0] for row in rows(page, "group")] == [
        "thread 4 (late)"]
    page.key("/")
    page.type("nothing of that name")
    assert "No thread passes" in page.text(".stacks")


def test_the_keyboard_is_enough(show):
    page = show("app")
    page.key("c")
    assert rows(page, "frame") == [] and len(rows(page)) == 5
    assert "pay" in rows(page)[0]
    page.eval("document.querySelector('[role=treegrid]').focus()")
    page.key("ArrowDown")
    page.key("ArrowDown")
    chosen = "document.querySelector('.stacks [aria-selected=true]')"
    assert page.eval(chosen + ".ariaExpanded") == "false"
    page.key("ArrowRight")
    assert page.eval(chosen + ".ariaExpanded") == "true"
    page.key("ArrowRight")
    assert "refund" in page.text("#spoken") and "pay.py:31" in page.text("#spoken")
    page.key("ArrowLeft")
    page.key("ArrowLeft")
    assert page.eval(chosen + ".ariaExpanded") == "false"
    page.key("g")
    assert len(rows(page, "group")) == 6
    page.key("c")
    page.key("End")
    page.key("Enter")
    assert page.eval(chosen + ".ariaExpanded") == "true"
    page.key("o")
    assert len(rows(page, "frame")) == 9
    page.key("?")
    text = page.text("#help")
    assert "Equal stacks together" in text and "Self" not in text


def test_members_of_a_group(show):
    page = show("app")
    page.eval("document.querySelector('.stacks tr.members .twist').click()")
    page.settle()
    assert [row.split(" tid")[0] for row in rows(page, "member")] == [
        "thread 5 (worker)", "thread 6 (worker)"]


def test_variables_are_text(show):
    page = show("variables")
    assert rows(page, "local")[:2] == ["token = " + EVIL, "__proto__ = {'a': 1}"]
    assert page.eval("document.querySelectorAll('img').length") == 0
    text = page.text(".stacks")
    assert "\x1b" not in text and "\u202e" not in text
    before = len(rows(page, "local"))
    page.key("v")
    assert rows(page, "local") == []
    page.key("v")
    assert len(rows(page, "local")) > before
    # Of threads together there is no telling whose they are.
    page.key("g")
    assert all("job" not in row for row in rows(page, "local"))
    page.click("#tab-about")
    assert "look before you share" in page.text("#about")


def test_source_around_the_lines(show):
    page = show("source")
    page.click(".stacks tr.frame a")
    code = page.text("#source .code")
    assert "def here():" in code and "too far away" not in code
    assert page.text("#source tr.on").split("\t")[:3] == ["2", "2", "30"]
    page.click("#source tr.on a")
    assert [row.split("\t")[0] for row in rows(page, "group")] == [
        "2 threads 1 (main), 2"]


def test_nothing_private_unless_asked_for(show, pages):
    assert '"locals":[' not in json.dumps(data_of(pages / "app.html"))
    assert all("locals" not in frame for thread in data_of(pages / "app.html")[
        "stacks"]["threads"] for frame in thread.get("frames", []))
    page = show("app", "#view=about")
    assert "No variables." in page.text("#about")


def test_two_thousand_threads(show, pages):
    page = show("many")
    assert len(rows(page, "group")) == 4
    assert rows(page, "group")[0].startswith("500 threads")
    assert "2,000 threads stand at" in page.text(".findings")
    page.key("g")
    page.key("c")
    assert page.eval("document.querySelector('[role=treegrid]').ariaRowCount"
                     ) == "2001"
    assert len(rows(page)) < 100
    page.eval("document.querySelector('[role=treegrid]').focus()")
    page.key("End")
    assert "thread 2000" in page.text(".stacks tr.on")
    # Equal stacks are there once.
    assert sum("frames" in thread for thread in
               data_of(pages / "many.html")["stacks"]["threads"]) == 4
    assert (pages / "many.html").stat().st_size < 200e3
    assert "# and 480 more threads with the same stack" in data_of(
        pages / "many.html", "text")


def test_no_threads_while_it_ran(show):
    page = show("none")
    assert "There are no Python threads." in page.text("#threads")
    assert "ran on meanwhile" in page.text("#threads")
    assert "pid 4242" in page.text("#head")


def test_without_scripts_there_is_text(browser, pages):
    browser.open_without_scripts(pages / "variables.html")
    text = browser.text(".text")
    assert "        token = " + EVIL in text
    assert browser.eval("document.querySelectorAll('img').length") == 0


@pytest.mark.parametrize("name, fragment", [
    ("app", ""), ("variables", ""), ("app", "#view=about"),
    ("source", "#view=source")])
def test_everyone_can_look_and_listen(show, browser, name, fragment):
    page = show(name, fragment)
    SHOTS.mkdir(exist_ok=True)
    if AXE.exists():
        page.eval(AXE.read_text() + ";0")
    try:
        for dark in (False, True):
            page.dark(dark)
            page.eval("document.querySelector('.stacks tbody tr')?.click()")
            page.screenshot(SHOTS / ("stacks-%s%s-%s.png" % (
                name, fragment[6:], "dark" if dark else "light")))
            if AXE.exists():
                assert page.eval(
                    "axe.run().then(r => r.violations.map(v => v.id + ': ' +"
                    "v.nodes.map(n => n.target).slice(0, 3).join('; ')))") == []
        page.size(480, 900)
        page.screenshot(SHOTS / ("stacks-%s%s-narrow.png" % (name, fragment[6:])))
        assert page.eval("document.documentElement.scrollWidth") <= 480
    finally:
        browser.dark(False)
        browser.size(1400, 900)


def test_print_has_all_rows(show):
    page = show("app", "#group=each")
    page.key("c")
    page.eval("dispatchEvent(new Event('beforeprint'))")
    page.settle()
    assert len(rows(page, "group")) == 6
    page.eval("dispatchEvent(new Event('afterprint'))")
