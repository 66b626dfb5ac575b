# SPDX-License-Identifier: Apache-2.0
"""The page of a heap, of a program of which is known what it holds."""

import re
import sys

import pytest

from test_page import data_of

VIEWS = ["heap", "types", "holders", "objects", "strings", "garbage"]


@pytest.fixture
def page(open_file, heap_page):
    return open_file(heap_page)


def rows(page, view):
    return page.eval(
        f"[...document.querySelectorAll('#{view} tbody tr:not(.room)')]"
        ".map(row => row.innerText.trim())")


def counts(page):
    return [int(line.split("\t")[1].replace(",", ""))
            for line in rows(page, "types")]


def test_every_tab_shows_its_view_alone(page):
    for view in VIEWS:
        page.click(f"#tab-{view}")
        assert page.eval("[...document.querySelectorAll('[role=tabpanel]')]"
                         ".filter(p => p.offsetParent).map(p => p.id)"
                         ) == [view]
        assert page.text(f"#{view}")
    assert page.eval("document.body.scrollWidth <= innerWidth")


def test_head_and_summary_state_the_facts(page):
    assert "python3 leaky.py <&>" in page.text("#head")
    summary = page.text("#heap")
    assert "%d.%d.%d" % sys.version_info[:3] in summary
    assert re.search(r"Objects\s+[\d,]{5,}", summary)
    assert re.match(r"pyprof: (heap: )?python3 leaky.py <&> \(pid \d+\)",
                    page.eval("document.title"))


def test_suspects_lead_to_what_they_hold(page):
    suspects = page.text(".suspects")
    assert "__main__.cache['users'] (dict, 0x" in suspects
    page.eval("[...document.querySelectorAll('.suspects li')].find(item =>"
              "item.innerText.includes(\"cache['users']\"))"
              ".querySelector('a').click()")
    page.settle()
    assert "view=holders" in page.eval("location.hash")
    held = page.text(".held")
    assert "dict" in held and "__main__.cache['users']" in held
    assert "at 0x" in held


def test_types_sort_and_filter(page):
    page.click("#tab-types")
    assert any(line.startswith("__main__.User\t2,000\t")
               for line in rows(page, "types"))
    page.click("#types [data-sort=count]")
    assert counts(page) == sorted(counts(page), reverse=True)
    page.click("#types [data-sort=count]")
    assert counts(page) == sorted(counts(page))
    page.click("#find")
    page.type("main__.part")
    assert [line.split("\t")[:2] for line in rows(page, "types")] == [
        ["__main__.Partner", "200"]]


SHEET = "document.querySelector('.sheet canvas')"


def test_holders_are_a_graph(page):
    page.click("#tab-holders")
    page.eval(SHEET + ".focus()")
    page.key("ArrowDown")
    first = page.text("#status")
    assert "holds" in first and "%" in first
    page.key("ArrowDown")
    assert page.text("#status") != first
    assert page.text(".held .path")
    page.key("Enter")
    assert page.eval("document.querySelectorAll('.crumbs button').length") == 3
    page.key("Escape")
    assert page.eval("document.querySelectorAll('.crumbs button').length") == 2
    page.click("#find")
    page.type("__main__.cache['users']")
    page.eval("document.activeElement.blur()")
    page.eval(SHEET + ".focus()")
    page.key("n")
    assert "cache" in page.text(".held")


def test_holders_are_a_tree(page):
    page.click("#tab-holders")
    page.key("t")
    row = "document.querySelector('[role=treegrid] tbody [role=row]')"
    opened = page.eval(row + ".getAttribute('aria-expanded')")
    count = "document.querySelector('[role=treegrid]').ariaRowCount"
    before = int(page.eval(count))
    page.click("#holders .twist")
    assert page.eval(row + ".getAttribute('aria-expanded')") != opened
    assert (int(page.eval(count)) > before) == (opened == "false")
    page.click("#holders tbody [role=row]")
    assert "holds" in page.text(".held")


def test_biggest_objects_say_where_they_are(page):
    page.click("#tab-objects")
    lines = rows(page, "objects")
    assert any("__main__.cache['users']" in line for line in lines)
    page.click("#objects tbody tr:nth-child(2)")
    path = page.text("#objects tr.on .place")
    assert path == page.text(".held .path")


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
    browser.open_without_scripts(heap_page)
    text = browser.text(".text")
    assert "__main__.User" in text
    assert "<img" not in text


def test_data_is_json(heap_page):
    data = data_of(heap_page)["heap"]
    assert data["schema"] == "pyprof/heap/1"
    assert sum(row["count"] for row in data["types"]) <= \
        data["totals"]["objects"]
    sizes = [row["bytes"] for row in data["objects"]]
    assert sizes == sorted(sizes, reverse=True) and len(sizes) == 200
