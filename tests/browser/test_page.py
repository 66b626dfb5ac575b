# SPDX-License-Identifier: Apache-2.0
"""The HTML report as its readers use it, in a real browser from file://."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

READ_PAGE = Path(__file__).resolve().parent.parent / "support/read_page.py"
TABS = ["lines", "functions", "flame", "source"]


def data_of(path, kind="raw"):
    done = subprocess.run([sys.executable, READ_PAGE, path, kind], check=True,
                          text=True, capture_output=True, timeout=120)
    return json.loads(done.stdout) if kind == "raw" else done.stdout


def column(page, view, name):
    """The cells of a column, by the name its header sorts by."""
    return page.eval(
        f"(t => {{ const n = [...t.tHead.rows[0].cells].findIndex(c =>"
        f"c.querySelector('[data-sort={name}]'));"
        "return [...t.tBodies[0].rows].map(r => r.cells[n].innerText.trim());"
        f"}})(document.querySelector('#{view} table'))")


def shares(page, view, name):
    return [0.05 if "<" in text else 0 if text == "–" else
            float(text.split()[0]) for text in column(page, view, name)]


def visible_tabs(page):
    return page.eval("[...document.querySelectorAll('[role=tabpanel]')]"
                     ".filter(p => p.offsetParent).map(p => p.id)")


def test_head_states_the_facts(open_page):
    page = open_page("realistic")
    head = page.text("#head")
    for fact in ("myservice --port 8080", "CPython 3.13.5 (release)",
                 "pid 4242", "12,000 (100.0 % proven)", "60.0 s",
                 "200 Hz of 100 Hz asked", "preempt", "3, 2, 1", "median",
                 "p99", "% of time"):
        assert fact in head
    assert "implausible data" not in head
    page.click("#more summary")
    assert "implausible data" in page.text("#head")
    assert page.eval("document.title").startswith("pyprof: python3 -m")


def test_every_tab_shows_its_view_alone(open_page):
    page = open_page("realistic")
    for tab in TABS:
        page.click(f"#tab-{tab}")
        assert visible_tabs(page) == [tab]
        assert page.eval("document.querySelectorAll("
                         "'[role=tab][aria-selected=true]').length") == 1
        assert len(page.text(f"#{tab}")) > 50


def test_tabs_by_keys_and_back(open_page):
    page = open_page("realistic")
    page.key("3")
    page.key("4")
    assert visible_tabs(page) == ["source"]
    page.eval("history.back()")
    page.settle()
    assert visible_tabs(page) == ["flame"]
    page.click("#tab-lines")
    page.key("ArrowRight")
    assert visible_tabs(page) == ["functions"]
    assert page.eval("document.activeElement.id") == "tab-functions"
    page.key("ArrowLeft")
    page.key("ArrowLeft")
    assert visible_tabs(page) == ["source"]


def test_lines_agree_with_the_data(open_page, report):
    page = open_page("realistic", "#state=all")
    rows = [line.split("\t") for line in
            data_of(report("realistic"), "").splitlines()]
    whole = sum(int(row[2]) for row in rows)
    wanted = sorted((int(row[2]) for row in rows), reverse=True)
    shown = shares(page, "lines", "self")
    assert len(shown) == min(200, len(rows))
    for share, ns in zip(shown, wanted):
        assert abs(share - 100 * ns / whole) <= 0.051
    totals = sorted((int(row[3]) for row in rows), reverse=True)
    page.click("#lines [data-sort=total]")
    for share, ns in zip(shares(page, "lines", "total"), totals):
        assert abs(share - 100 * ns / whole) <= 0.051


def test_sorting_by_each_column_both_ways(open_page):
    page = open_page("realistic")
    for view in ("lines", "functions"):
        page.click(f"#tab-{view}")
        for name in ("self", "total"):
            if not page.eval(f"document.querySelector('#{view} "
                             f"[data-sort={name}]').closest('th')"
                             ".getAttribute('aria-sort') === 'descending'"):
                page.click(f"#{view} [data-sort={name}]")
            down = shares(page, view, name)
            assert down == sorted(down, reverse=True) and down[0] > down[-1]
            page.click(f"#{view} [data-sort={name}]")
            up = shares(page, view, name)
            assert up == sorted(up) and up[0] < down[0]
        page.click(f"#{view} [data-sort=function]")
        names = column(page, view, "function")
        assert names == sorted(names)
        page.click(f"#{view} [data-sort=function]")
        names = column(page, view, "function")
        assert names == sorted(names, reverse=True)


def test_filter_and_more(open_page):
    page = open_page("realistic")
    assert len(column(page, "lines", "self")) == 200
    page.click("#lines .more")
    every = column(page, "lines", "place")
    assert len(every) > 200
    page.key("/")
    page.type("threading.py")
    found = column(page, "lines", "place")
    assert found and all("threading.py:" in place for place in found)
    assert len(found) == sum("threading.py:" in place for place in every)
    page.type(":no such thing")
    assert column(page, "lines", "place") == []
    page.key("Escape")
    assert page.eval("document.activeElement === document.body")


def test_a_row_leads_to_its_source(open_page):
    page = open_page("realistic")
    place = column(page, "lines", "place")[0]
    page.click("#lines tbody tr td:first-child")
    assert visible_tabs(page) == ["source"]
    name, line = place.rsplit(":", 1)
    assert page.text("#code h2").endswith(name)
    box = page.eval(f"(b => [b.top, b.bottom, innerHeight])(document"
                    f".getElementById('L{line}').getBoundingClientRect())")
    assert 0 <= box[0] < box[1] <= box[2]
    assert "Called from" in page.text(".detail")
    page.eval("history.back()")
    page.settle()
    assert visible_tabs(page) == ["lines"]


def test_source_is_the_file_with_its_times(open_page, report):
    page = open_page("realistic", "#view=source")
    files = page.eval("document.querySelectorAll('#files a').length")
    assert files == len(data_of(report("realistic"))["sources"])
    path = page.text("#code h2")
    shown = page.eval("[...document.querySelectorAll('#code td.source')]"
                      ".map(c => c.textContent)")
    assert shown == Path(path).read_text().splitlines()
    first = page.text("#files a:nth-child(2) bdi")
    page.click("#files a:nth-child(2)")
    assert page.text("#code h2").endswith(first)


def test_callers_and_callees_by_keyboard(open_page):
    page = open_page("realistic", "#view=source")
    page.eval("document.querySelector('tr.hot th button').focus()")
    page.key("Enter")
    assert "Called from" in page.text(".detail")
    assert page.eval("document.activeElement.getAttribute('aria-expanded')"
                     ) == "true"
    page.key("Enter")
    assert page.eval("document.querySelector('.detail') === null")


def test_states_and_threads_change_every_sum(open_page, report):
    page = open_page("realistic")
    data = data_of(report("realistic"))
    waits = [state["group"] == "wait" for state in data["states"]]
    tallies = list(zip(*(data["tallies"][k] for k in
                         ("thread", "state", "ns"))))

    def graph_total():
        page.key("3")
        return page.text("#status")

    def seconds(thread, wanted):
        ns = sum(ns for t, s, ns in tallies
                 if waits[s] in wanted and thread in (None, t))
        return (f"{ns / 1e9:.0f} s" if ns >= 1e11 else
                f"{ns / 1e9:.1f} s" if ns >= 1e10 else f"{ns / 1e9:.2f} s")

    assert f"All {seconds(None, [False])} (100.0 %)" in graph_total()
    page.key("w")
    assert f"All {seconds(None, [True])} (100.0 %)" in graph_total()
    page.key("a")
    assert f"All {seconds(None, [False, True])} (100.0 %)" in graph_total()
    for thread in range(len(data["threads"]["tid"])):
        page.eval(f"location.hash = 'view=flame&state=running"
                  f"&thread={thread}'")
        page.settle()
        assert f"All {seconds(thread, [False])} (100.0 %)" in graph_total()
        page.key("1")
        assert abs(sum(shares(page, "lines", "self")) - 100) < 20


def ink(page):
    """How many pixels of the graph are painted."""
    return page.eval(
        "(c => { const copy = new OffscreenCanvas(c.width, c.height)"
        ".getContext('2d'); copy.drawImage(c, 0, 0); let n = 0;"
        "const d = copy.getImageData(0, 0, c.width, c.height).data;"
        "for (let i = 3; i < d.length; i += 4) n += d[i] > 0;"
        "return n; })(document.getElementById('canvas'))")


def graph_corner(page):
    return page.eval("(b => [b.x, b.y])(document.getElementById('canvas')"
                     ".getBoundingClientRect())")


def test_focus_stays_on_what_was_pressed(open_page):
    page = open_page("realistic")
    for text, button in (("Waiting", "#states button:nth-child(2)"),
                         ("All", "#states button:nth-child(3)"),
                         ("Total", "#lines [data-sort=total]")):
        page.eval(f"document.querySelector('{button}').focus()")
        page.key("Enter")
        assert page.eval("document.activeElement.innerText"
                         ).startswith(text)
    assert page.eval("document.querySelectorAll("
                     "'#states [aria-pressed=true]').length") == 1


def test_flame_zoom_by_mouse(open_page):
    page = open_page("realistic", "#view=flame")
    assert ink(page) > 100000
    x, y = graph_corner(page)
    page.move(x + 30, y + 30)
    page.settle()
    hovered = page.text("#status")
    assert re.search(r"\w+ .*\(\d.* %\) · self", hovered)
    page.click_at(x + 30, y + 30)
    assert "zoom=" in page.eval("location.hash")
    page.move(x + 1200, y + 30)
    page.settle()
    assert page.text("#status") == hovered
    page.key("Escape")
    assert "zoom=" not in page.eval("location.hash")
    page.eval("history.back()")
    page.settle()
    assert "zoom=" in page.eval("location.hash")
    page.click("#reset")
    assert "zoom=" not in page.eval("location.hash")


def test_flame_by_keyboard(open_page):
    page = open_page("realistic", "#view=flame")
    page.eval("document.getElementById('canvas').focus()")
    said = [page.text("#status")]
    for key in ("ArrowDown", "ArrowRight", "ArrowDown"):
        page.key(key)
        said.append(page.text("#status"))
    assert len(set(said)) == 4
    page.key("Enter")
    assert page.text("#status") == said[-1]
    page.key("s")
    assert visible_tabs(page) == ["source"]


def test_flame_search(open_page, report):
    page = open_page("realistic", "#view=flame&state=all")
    page.key("/")
    page.type("typing.py")
    data = data_of(report("realistic"))
    stacks, hits, whole = data["stacks"], 0, 0
    for stack, ns in zip(data["tallies"]["stack"], data["tallies"]["ns"]):
        whole += ns
        while stack:
            function = data["locations"]["function"][
                stacks["location"][stack]]
            if data["strings"][data["functions"]["file"][function]].endswith(
                    "/typing.py"):
                hits += ns
                break
            stack = stacks["parent"][stack]
    assert page.text("#found") == f"{100 * hits / whole:.1f} % matched"


def test_flame_directions_and_groups(open_page):
    page = open_page("realistic", "#view=flame")
    icicle = ink(page)
    x, y = graph_corner(page)
    page.move(x + 600, y + 10)
    page.settle()
    assert page.text("#status").startswith("All ")
    page.key("v")
    height = page.eval("document.getElementById('canvas').clientHeight")
    page.move(x + 600, y + height - 10)
    page.settle()
    assert page.text("#status").startswith("All ")
    assert abs(ink(page) - icicle) < icicle / 10
    page.key("l")
    assert page.eval("location.hash").count("by=line") == 1


def test_a_very_deep_stack_is_drawn_row_by_row(open_page):
    page = open_page("deep", "#view=flame")
    assert page.eval("document.getElementById('tall').clientHeight") == \
        10001 * 20
    assert page.eval("document.getElementById('canvas').height") < 2000
    page.eval("document.getElementById('graph').scrollTop = 1e9")
    page.settle()
    x, y = graph_corner(page)
    height = page.eval("document.getElementById('canvas').clientHeight")
    page.move(x + 20, y + height - 10)
    page.settle()
    assert "self 100 ms (50.0 %)" in page.text("#status")
    assert ink(page) > 1000
    # Recursion counts once.
    page.key("2")
    assert shares(page, "functions", "total") == [100.0, 50.0]


def test_hostile_names_are_shown_and_do_nothing(open_page):
    page = open_page("hostile")
    names = column(page, "lines", "function")
    for name in ("</script><script>alert(1)</script>", "a\"b'c&d<e>",
                 "nul␀in␊line␉tab%41", "\\u202eevil\\u202c",
                 "\\u2028separators\\u2029", "<!--<script>", "__proto__",
                 "関数名", "</noscript></pre>", "]]>", "caf\ufffd \ufffd"):
        assert name in names
    for view in TABS:
        page.click(f"#tab-{view}")
        page.key("a")
        assert visible_tabs(page) == [view]
    assert page.eval("document.scripts.length") == 2
    wide = page.eval("document.documentElement.scrollWidth")
    assert wide <= 1400


def code_of(page):
    return page.eval("[...document.querySelectorAll('#code tbody tr')]"
                     ".filter(r => r.className !== 'detail')"
                     ".map(r => r.cells[r.cells.length - 1].textContent)")


def test_hostile_source_is_text(open_page):
    page = open_page("hostile_source", "#filter=odd.py")
    page.click("#lines tbody tr td:first-child")
    lines = code_of(page)
    assert lines[0] == "x = '</script><script>alert(1)</script>'"
    assert lines[1] == "y = '\\u202eevil␁' # caf\ufffd <b>"
    assert lines[-1] == "w" * 1000 + " …"
    assert page.eval("document.scripts.length") == 2


def test_long_files_say_what_is_left_out(open_page):
    page = open_page("hostile_source", "#view=source")
    assert page.text("#code h2").endswith("/long.py")
    lines = code_of(page)
    assert lines[0] == "2,459 lines left out"
    assert lines[1:-1] == [f"line = {n}" for n in range(2460, 2541)]
    assert lines[-1] == "2,460 lines left out"


@pytest.mark.parametrize("fragment", [
    "#view=nothing&sort=__proto__&zoom=-1&thread=77&file=99999&line=x",
    "#view=source&file=constructor", "#view=flame&zoom=1e9&by=x&look=y",
    "#%ff%", "#view=functions&sort=place"])
def test_any_address_shows_a_page(open_page, fragment):
    page = open_page("realistic", fragment)
    assert len(visible_tabs(page)) == 1


def test_no_samples(open_page):
    page = open_page("empty")
    assert "There are no samples" in page.text("#notes")
    for view in TABS:
        page.click(f"#tab-{view}")
        assert visible_tabs(page) == [view]


def test_without_scripts_there_is_the_text_report(report, browser):
    path = report("realistic")
    browser.scripts(False)
    browser.open(path)
    browser.scripts(True)
    assert browser.eval("document.getElementById('page').hidden")
    text = browser.text("noscript")
    assert text.strip() == data_of(path, "text").strip()


def test_nothing_can_be_fetched(open_page, browser):
    page = open_page("realistic")
    failed = page.eval("fetch('https://example.invalid/').then(() => 'sent',"
                       "() => 'refused')")
    assert failed == "refused"
    assert any("Content Security Policy" in text for text in browser.problems)
    browser.problems.clear()


def test_printing_and_both_themes(open_page, tmp_path):
    page = open_page("realistic")
    try:
        colours = []
        for dark in (False, True):
            page.dark(dark)
            colours.append(page.eval(
                "getComputedStyle(document.body).backgroundColor"))
        assert colours[0] == "rgb(255, 255, 255)" != colours[1]
    finally:
        page.dark(False)
    page.pdf(tmp_path / "page.pdf")
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")


def test_picture_zooms_and_searches(open_page):
    page = open_page("realistic", extension="svg")
    widths = ("[...document.querySelectorAll('g.f')].filter(g =>"
              "g.style.display !== 'none').map(g =>"
              "+g.querySelector('rect').getAttribute('width'))")
    before = page.eval(widths)
    assert before[0] < 1199
    x, y = page.eval("(b => [b.x + b.width / 2, b.y + 5])(document"
                     ".querySelector('g.f').getBoundingClientRect())")
    page.click_at(x, y)
    after = page.eval(widths)
    assert abs(after[0] - 1200) < 0.1 and len(after) < len(before)
    assert " %; self" in page.text("#status")
    page.key("Escape")
    assert page.eval(widths) == pytest.approx(before)
    page.eval("window.prompt = () => 'typing.py'")
    page.key("/")
    assert re.match(r"matched \d+\.\d %: typing.py", page.text("#status"))


def test_picture_with_hostile_names(open_page):
    page = open_page("hostile", extension="svg")
    assert page.eval("document.documentElement.nodeName") == "svg"
    assert page.eval("document.querySelectorAll('script').length") == 1
