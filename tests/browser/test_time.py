# SPDX-License-Identifier: Apache-2.0
"""The view of time: a range marked there is what all views count."""

import re

STRIP = "document.querySelector('.lanes canvas')"
BODY = "document.querySelector('.lanes .sheet canvas')"
GUTTER = 176


def box(page, canvas):
    return page.eval(f"(b => [b.x, b.y, b.width, b.height])"
                     f"({canvas}.getBoundingClientRect())")


def drag(page, start, end, canvas=STRIP):
    """Mark from one part of the time to another."""
    x, y, wide, _ = box(page, canvas)
    xs = [x + GUTTER + part * (wide - GUTTER) for part in (start, end)]
    mouse = lambda kind, at: page.call(
        "Input.dispatchMouseEvent", type=kind, x=at, y=y + 12,
        button="left", buttons=1, clickCount=1)
    mouse("mousePressed", xs[0])
    mouse("mouseMoved", sum(xs) / 2)
    mouse("mouseMoved", xs[1])
    mouse("mouseReleased", xs[1])
    page.settle()


def marked(page):
    found = re.search(r"range=(\d+)-(\d+)", page.eval("location.hash"))
    return found and [round(int(part) / 60e9, 3) for part in found.groups()]


def hottest(page):
    return page.eval("[...document.querySelectorAll('.hottest li a')]"
                     ".map(a => a.textContent)")


def test_dragging_marks_a_range_that_all_views_count(open_page):
    page = open_page("phases", "#view=time&states=all")
    assert {"Discounts.apply", "JSONDecoder.raw_decode"} <= set(hottest(page))
    drag(page, 0.11, 0.22)
    start, end = marked(page)
    assert abs(start - 0.11) < 0.01 and abs(end - 0.22) < 0.01
    assert set(hottest(page)) == {"JSONDecoder.raw_decode", "loads"}
    for view, absent in (("functions", "Discounts.apply"), ("flame", None)):
        page.click(f"#tab-{view}")
        if absent:
            assert "JSONDecoder.raw_decode" in page.text(f"#{view}")
            assert absent not in page.text(f"#{view} tbody")
        assert "6.6" in page.text(".chip") and "13.2" in page.text(".chip")
    page.click("#tab-time")
    page.click(".chip")
    assert marked(page) is None
    page.eval("history.back()")
    page.settle()
    assert marked(page) is not None


def test_a_click_drops_the_range(open_page):
    page = open_page("phases", "#view=time&range=0-6000000000")
    x, y, wide, _ = box(page, STRIP)
    page.click_at(x + wide * 0.7, y + 12)
    assert marked(page) is None


def test_the_range_is_moved_with_keys(open_page):
    page = open_page("phases", "#view=time&states=all")
    page.eval(BODY + ".focus()")
    page.key("ArrowRight")
    assert marked(page) == [0, 0.1]
    page.key("ArrowRight")
    assert marked(page) == [0.01, 0.11]
    assert re.search(r"600 ms to 6.60 s: [\d.]+ s", page.text("#spoken"))
    page.call("Input.dispatchKeyEvent", type="keyDown", key="ArrowRight",
              modifiers=8)
    page.settle()
    assert marked(page) == [0.01, 0.12]
    page.key("Escape")
    assert marked(page) is None


def test_lanes_say_what_threads_did(open_page):
    page = open_page("phases", "#view=time&states=all")
    x, y, wide, _ = box(page, BODY)
    page.move(x + GUTTER + (wide - GUTTER) * 0.5, y + 10)
    page.settle()
    assert re.match(r"MainThread \(7001\) at 30\.\d s: waiting for a lock in "
                    r"Queue.get", page.text("#status"))
    page.eval(BODY + ".focus()")
    page.key("ArrowDown")
    assert page.text("#spoken").startswith("pool-worker_0 (7002)")
    page.key("Enter")
    assert "threads=1" in page.eval("location.hash")
    assert "Queue.get" in hottest(page)
    page.key("Enter")
    assert "threads=" not in page.eval("location.hash")


def test_the_table_says_the_same(open_page):
    page = open_page("phases", "#view=time&states=all")
    page.key("g")
    rows = "document.querySelectorAll('#time tbody tr:not(.room)')"
    assert "600 ms" in page.eval(f"{rows}[0].innerText")
    page.eval(f"{rows}[2].click()")
    page.settle()
    assert marked(page) == [0.02, 0.03]
    assert "on" in page.eval(f"{rows}[2].className")


def test_a_search_dims_what_it_does_not_find(open_page):
    page = open_page("phases", "#view=time&states=all&show=table")
    rows = "document.querySelectorAll('#time tbody tr:not(.room)')"
    whole = page.eval(f"{rows}[15].innerText")
    page.click("#find")
    page.type("json")
    assert page.eval(f"{rows}[15].innerText") == whole
    assert "0 ns" in page.eval(f"{rows}[5].innerText")


def test_thousands_of_threads_scroll(open_page):
    page = open_page("crowd", "#view=time&states=all")
    assert page.eval("document.querySelector('.sheet').scrollHeight") >= 40000
    assert page.eval("document.querySelectorAll('#time *').length") < 300
    page.eval("document.querySelector('.sheet').scrollTop = 1e9")
    page.settle()
    x, y, wide, high = box(page, BODY)
    page.move(x + GUTTER + 10, y + high - 10)
    page.settle()
    assert page.text("#status").startswith("worker-1999 ")


def test_where_the_time_is_not_known_there_is_no_tab(open_page):
    page = open_page("empty")
    assert page.eval("document.querySelector('#tab-time') === null")


def shown(page):
    found = re.search(r"win=(\d+)-(\d+)", page.eval("location.hash"))
    return found and [round(int(part) / 60e9, 3) for part in found.groups()]


def test_the_time_is_zoomed_and_panned(open_page):
    page = open_page("phases", "#view=time&states=all")
    drag(page, 0.25, 0.75)
    page.key("Enter")
    assert shown(page) == marked(page)
    assert abs(shown(page)[0] - 0.25) < 0.01
    x, y, wide, _ = box(page, BODY)
    page.move(x + GUTTER + (wide - GUTTER) * 0.5, y + 10)
    page.settle()
    assert re.match(r"MainThread \(7001\) at (29\.9|30\.\d) s",
                    page.text("#status"))
    page.key("+")
    start, end = shown(page)
    assert abs(end - start - 0.25) < 0.01 and abs(start - 0.375) < 0.01
    page.key(".")
    assert shown(page)[0] > start
    page.key(",")
    page.key("-")
    assert abs(shown(page)[0] - 0.25) < 0.01
    page.call("Input.dispatchMouseEvent", type="mouseWheel", modifiers=2,
              x=x + GUTTER + 1, y=y + 10, deltaX=0, deltaY=-300)
    page.settle()
    assert abs(shown(page)[0] - 0.25) < 0.02 and shown(page)[1] < 0.5
    page.key("0")
    assert shown(page) is None and marked(page) is not None
    page.key("0")
    assert marked(page) is None


def test_the_table_has_what_is_shown(open_page):
    page = open_page("phases",
                     "#view=time&states=all&show=table&win=6000000000-12000000000")
    rows = "document.querySelectorAll('#time tbody tr:not(.room)')"
    assert page.eval(f"{rows}[0].innerText").startswith("6.00 s\t6.06 s")
    page.click("#time [aria-label=Zoom] button:last-child")
    assert shown(page) is None
