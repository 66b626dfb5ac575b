# SPDX-License-Identifier: Apache-2.0
"""The page of a heap, of a program of which is known what it holds."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
BUILD = Path(os.environ.get("PYPROF_BUILDDIR", HERE.parent.parent))
VIEWS = ["suspects", "types", "tree", "strings", "garbage"]


@pytest.fixture(scope="module")
def heap_page(tmp_path_factory):
    """The page of leaky.py's heap."""
    path = tmp_path_factory.mktemp("heap") / "heap.html"
    program = subprocess.Popen(
        [sys.executable, "-I", HERE.parent / "targets/leaky.py", "2000"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        start_new_session=True)
    try:
        assert program.stdout.readline() == "ready\n"
        subprocess.run([BUILD / "tests/support/heap_report_of",
                        str(program.pid), path], check=True, timeout=60)
    finally:
        os.kill(program.pid, signal.SIGKILL)
        program.communicate()
    return path


@pytest.fixture
def page(browser, heap_page):
    """The page, open; in the end nothing may have been asked for or logged."""
    browser.problems.clear()
    browser.requests.clear()
    browser.open(heap_page, "")
    browser.settle()
    yield browser
    assert browser.problems == []
    for url in browser.requests:
        assert url.split("#")[0] in [f"file://{heap_page}", "about:blank"]


def rows(page, view):
    return page.eval(
        f"[...[...document.querySelectorAll('#{view} .rows')].pop()"
        ".tBodies[0].rows].map(row => row.innerText.trim())")


def test_every_tab_shows_its_view_alone(page):
    for view in VIEWS:
        page.click(f"#tab-{view}")
        assert page.eval("[...document.querySelectorAll('[role=tabpanel]')]"
                         ".filter(p => p.offsetParent).map(p => p.id)"
                         ) == [view]
        assert page.text(f"#{view}")
    assert page.eval("document.body.scrollWidth <= innerWidth")


def test_head_states_the_facts(page):
    head = page.text("#head")
    assert "python3 leaky.py <&>" in head
    version = "CPython %d.%d.%d" % sys.version_info[:3]
    assert version in head
    assert re.search(r"Objects\s+[\d,]{5,}", head)
    assert page.eval("document.title") == "pyprof heap: " \
        "python3 leaky.py <&> (pid %s)" % re.search(r"pid (\d+)", head)[1]


def test_types_sort_and_filter(page):
    page.click("#tab-types")
    assert any(line.startswith("__main__.User\t2,000\t")
               for line in rows(page, "types"))
    page.click("#types [data-sort=count]")
    counts = [int(line.split("\t")[1].replace(",", ""))
              for line in rows(page, "types")]
    assert counts == sorted(counts, reverse=True)
    page.click("#types [data-sort=count]")
    counts = [int(line.split("\t")[1].replace(",", ""))
              for line in rows(page, "types")]
    assert counts == sorted(counts)
    page.click("#types input")
    page.type("main__.part")
    assert [line.split("\t")[:2] for line in rows(page, "types")] == [
        ["__main__.Partner", "200"]]


def test_the_tree_opens(page):
    page.click("#tab-tree")
    before = page.eval("document.querySelectorAll('#tree li').length")
    fold = "#tree .fold[aria-expanded=false]:enabled"
    page.click(fold)
    assert page.eval("document.querySelectorAll('#tree li').length") > before


def test_strings_are_text(page):
    page.click("#tab-strings")
    text = page.text("#strings")
    assert "the same text all over again" in text
    assert "</script><img src=x onerror=alert(1)>" in text
    assert page.eval("document.querySelectorAll('img').length") == 0


def test_garbage_names_its_cycles(page):
    page.click("#tab-garbage")
    text = page.text("#garbage")
    assert "automatic collection is off" in text.lower()
    assert "100 cycles of" in text and "__main__.Partner" in text


def test_without_scripts_there_is_text(browser, heap_page):
    browser.scripts(False)
    try:
        browser.open(heap_page, "")
        text = browser.text(".text")
    finally:
        browser.scripts(True)
    assert "__main__.User" in text
    assert "<img" not in text


def test_data_is_json(heap_page):
    page = heap_page.read_text()
    start = page.index('id="data">') + len('id="data">')
    data = json.loads(page[start:page.index("</script>", start)])
    assert data["schema"] == "pyprof/heap/1"
    assert sum(row["count"] for row in data["types"]) <= \
        data["totals"]["objects"]
