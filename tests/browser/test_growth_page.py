# SPDX-License-Identifier: Apache-2.0
"""The page of what grew between two snapshots, by a known number."""

import pytest

from test_heap_page import rows
from test_page import data_of


@pytest.fixture
def page(open_file, growth_page):
    return open_file(growth_page)


def test_summary_says_what_grew_and_who_holds_it(page):
    text = page.text("#growth")
    assert "1 h 2 min" in text
    assert "▲ +" in page.text(".facts .more")
    first = page.text(".suspects li")
    assert first.startswith("__main__.grown")
    assert "6,000 new objects" in first or "5,9" in first
    assert "tuple" in page.text(".bars")
    assert page.eval("document.querySelector('#tab-growth').ariaSelected"
                     ) == "true"
    # It leads to the holder, selected.
    page.click(".suspects a")
    assert "view=holders" in page.eval("location.hash")
    assert "__main__.grown" in page.text(".held .path")
    assert page.text("#holders tr.on").startswith("▲ +")


def test_types_are_chosen_sorted_and_found(page):
    page.click("#tab-types")
    lines = rows(page, "types")
    assert any(line.startswith("tuple") for line in lines)
    users = [line for line in lines if line.startswith("__main__.User")]
    assert "▲ +200\n\t2,000\t2,200\t200" in users[0]
    page.key("t")
    assert "only=grown" in page.eval("location.hash")
    assert all("▲ +" in line for line in rows(page, "types"))
    page.click("#types [data-sort=count]")
    # An int or two come and go with the interpreter's own reading of a line.
    first, *_ = lines = rows(page, "types")
    assert first.startswith("int\t")
    more = [int(line.split("▲ +")[2].split("\t")[0].replace(",", ""))
            for line in lines]
    assert more == sorted(more, reverse=True) and abs(more[0] - 2200) < 10
    page.click("#find")
    page.type("main__.us")
    assert [line.split("\t")[0].strip() for line in rows(page, "types")
            ] == ["__main__.User"]


def test_holders_are_walked_with_keys(page):
    page.click("#tab-holders")
    page.eval("document.querySelector('#holders .table').focus()")
    page.key("ArrowDown")
    first = page.text(".held .path")
    page.key("ArrowDown")
    assert page.text(".held .path") != first
    assert page.text("#spoken").startswith("▲ +")


def test_without_scripts_there_is_text(browser, growth_page):
    browser.open_without_scripts(growth_page)
    text = browser.text(".text")
    assert "who holds more:" in text and "__main__.grown" in text
    assert "__main__.User" in text


def test_data_is_json(growth_page):
    data = data_of(growth_page)["growth"]
    assert data["schema"] == "pyprof/heap-diff/1"
    assert len(data["types"]) == data["types_changed"]
    assert sum(row["bytes_delta"] for row in data["types"]) == \
        data["bytes_after"] - data["bytes_before"]
    assert sum(row["came"] for row in data["types"]) == data["came"]
