# SPDX-License-Identifier: Apache-2.0
"""The HTML report as its readers use it, in a real browser from file://."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

import profiles

HERE = Path(__file__).resolve().parent
BUILD = Path(os.environ.get("PYPROF_BUILDDIR", HERE.parent.parent))
READ_PAGE = HERE.parent / "support/read_page.py"
AXE = HERE.parent.parent / "core/report/web/node_modules/axe-core/axe.min.js"
VIEWS = ["overview", "flame", "time", "functions", "source", "threads",
         "about"]
SHOTS = BUILD / "screenshots"


def data_of(path, kind="raw"):
    done = subprocess.run([sys.executable, READ_PAGE, path, kind], check=True,
                          text=True, capture_output=True, timeout=120)
    return json.loads(done.stdout) if kind == "raw" else done.stdout


def go(page, fragment):
    """Go to a place in the page that is open."""
    page.eval(f"location.hash = {fragment!r}")
    page.settle()


def column(page, view, name):
    """The cells of a column, by the name its head sorts by; rows in sight."""
    return page.eval(
        f"(t => {{ const n = [...t.tHead.rows[0].cells].findIndex(c =>"
        f"c.querySelector('[data-sort={name}]'));"
        "return [...t.tBodies[0].rows].filter(r => r.className !== 'room')"
        ".map(r => r.cells[n].innerText.trim());"
        f"}})(document.querySelector('#{view} table'))")


def shares(page, view, name):
    return [0.05 if "<" in text else 0 if text == "–" else float(text)
            for text in column(page, view, name)]


def visible_views(page):
    return page.eval("[...document.querySelectorAll('[role=tabpanel]')]"
                     ".filter(p => p.offsetParent).map(p => p.id)")


def test_head_and_overview_state_the_facts(open_page):
    page = open_page("realistic")
    head = page.text("#head")
    for fact in ("myservice --port 8080", "CPython 3.13.5", "pid 4242",
                 "12,000 samples", "60.0 s", "mode preempt"):
        assert fact in head
    text = page.text("#overview")
    for fact in ("100.0 % proven", "200 Hz", "100 Hz asked for", "1, 2",
                 "waited for the GIL", "waiting for input or output"):
        assert fact in text
    page.click("#tab-about")
    assert "implausible data" in page.text("#about")
    assert page.eval("document.title").startswith("pyprof: python3 -m")


def test_every_tab_shows_its_view_alone(open_page):
    page = open_page("realistic")
    assert page.eval("[...document.querySelectorAll('[role=tabpanel]')]"
                     ".map(p => p.id)") == VIEWS
    for tab in VIEWS:
        page.click(f"#tab-{tab}")
        assert visible_views(page) == [tab]
        assert page.eval("document.querySelectorAll("
                         "'[role=tab][aria-selected=true]').length") == 1
        assert len(page.text(f"#{tab}")) > 30


def test_tabs_by_keys_and_back(open_page):
    page = open_page("realistic")
    page.key("4")
    page.key("5")
    assert visible_views(page) == ["source"]
    page.eval("history.back()")
    page.settle()
    assert visible_views(page) == ["functions"]
    page.eval("history.forward()")
    page.settle()
    assert visible_views(page) == ["source"]
    page.click("#tab-overview")
    page.key("ArrowRight")
    assert visible_views(page) == ["flame"]
    assert page.eval("document.activeElement.id") == "tab-flame"
    page.key("ArrowLeft")
    page.key("ArrowLeft")
    assert visible_views(page) == ["about"]


@pytest.mark.parametrize("state", ["running", "waiting", "all"])
def test_figures_are_those_of_the_json_report(open_page, report, state):
    """Without rounding: both have whole nanoseconds and samples."""
    page = open_page("realistic", f"#view=functions&list=lines&states={state}")
    states = ["running", "waiting", "all"].index(state)
    text = profiles.realistic() + f"filter\t{states}\n"
    path = report("realistic").with_name(f"{state}.json")
    subprocess.run([BUILD / "tests/support/report_of", path], check=True,
                   input=text.encode(), timeout=60)
    wanted = json.loads(path.read_text())
    rows = wanted["tables"]["lines"]
    whole = wanted["totals"]["ns"]
    shown = page.eval("document.querySelector('#functions .dim').innerText")
    assert shown == f"{len(rows)} of {len(rows)}"
    for name in ("self", "total"):
        go(page, f"#view=functions&list=lines&states={state}&sort={name}")
        cells = column(page, "functions", name)
        want = sorted((row[name + "_ns"] for row in rows), reverse=True)
        for cell, ns in zip(cells, want):
            figure = 100 * ns / whole
            assert cell in ("–", "0.0", "<0.1") if figure < 0.05 else \
                abs(float(cell) - figure) < 0.0501
    samples = [int(text.replace(",", "").replace("–", "0")) for text in
               column(page, "functions", "samples")]
    go(page, f"#view=functions&list=lines&states={state}&sort=samples")
    samples = [int(text.replace(",", "").replace("–", "0")) for text in
               column(page, "functions", "samples")]
    assert samples == sorted((row["self_samples"] for row in rows),
                             reverse=True)[:len(samples)]


def test_sorting_by_each_column_both_ways(open_page):
    page = open_page("realistic", "#view=functions&sort=name")
    for name in ("self", "total"):
        page.click(f"#functions [data-sort={name}]")
        down = shares(page, "functions", name)
        assert down == sorted(down, reverse=True) and down[0] > down[-1]
        page.click(f"#functions [data-sort={name}]")
        up = shares(page, "functions", name)
        assert up == sorted(up) and up[0] < down[0]
    page.click("#functions [data-sort=name]")
    names = column(page, "functions", "name")
    assert names == sorted(names)
    page.click("#functions [data-sort=name]")
    back = column(page, "functions", "name")
    assert back == sorted(back, reverse=True) and back != names


def test_search_and_its_keys(open_page):
    page = open_page("realistic", "#view=functions&list=lines")
    page.key("/")
    page.type("threading.py")
    found = column(page, "functions", "place")
    assert found and all("threading.py:" in place for place in found)
    page.type(":no such thing")
    assert column(page, "functions", "place") == []
    assert "No samples pass" in page.text("#functions")
    page.key("Escape")
    assert column(page, "functions", "place") != found
    page.key("Escape")
    assert page.eval("document.activeElement === document.body")
    # A regular expression.
    name = column(page, "functions", "name")[0]
    page.key("/")
    page.type("/^%s$/" % re.escape(name))
    assert set(column(page, "functions", "name")) == {name}


def test_rows_are_walked_and_open_their_source(open_page):
    page = open_page("realistic", "#view=functions&list=lines")
    places = column(page, "functions", "place")
    page.eval("document.querySelector('#functions .table').focus()")
    page.key("ArrowDown")
    page.key("ArrowDown")
    assert page.eval("document.querySelector('#functions tr.on td:last-child')"
                     "?.previousSibling != null")
    assert page.text("#spoken").startswith(
        column(page, "functions", "name")[1])
    page.key("Enter")
    assert visible_views(page) == ["source"]
    path, line = page.eval("decodeURIComponent(location.hash)"
                           ".match(/src=([^&]*):(\\d+)/).slice(1)")
    assert places[1] == f"{path[-len(places[1]) + len(line) + 1:]}:{line}"
    assert page.text("#source tr.on th").strip() == line


def test_callers_and_callees_add_up(open_page, report):
    page = open_page("realistic", "#view=functions&states=all")
    page.click("#functions tbody tr:first-child td:first-child")
    name = page.text("#functions .around .self h2")
    data = data_of(report("realistic"))
    names = [data["strings"][n] for n in data["functions"]["qualname"]]
    stacks, whole, calls = data["stacks"], 0, {}
    for stack, ns in zip(data["tallies"]["stack"], data["tallies"]["ns"]):
        whole += ns
        found, before = set(), None
        while stack:
            function = names[data["locations"]["function"][
                stacks["location"][stack]]]
            if function == name and before:
                found.add(before)
            before = function
            stack = stacks["parent"][stack]
        for callee in found:
            calls[callee] = calls.get(callee, 0) + ns
    shown = page.eval("[...document.querySelector('#functions .around')"
                      ".lastChild.querySelectorAll('li')].map(li => "
                      "[li.querySelector('bdi').innerText,"
                      "li.querySelector('.num').innerText])")
    assert len(shown) == min(40, len(calls))
    for callee, share in shown:
        figure = 100 * calls[callee] / whole
        assert share == "<0.1" or abs(float(share) - figure) < 0.0501
    # And they lead on.
    page.click("#functions .around section:last-child li button")
    assert page.text("#functions .around .self h2") == shown[0][0]


def test_threads_and_states_filter(open_page, report):
    page = open_page("realistic", "#view=threads")
    data = data_of(report("realistic"))
    groups = [state["group"] for state in data["states"]]
    running = {}
    for thread, state, ns in zip(*(data["tallies"][c] for c in
                                   ("thread", "state", "ns"))):
        if groups[state] != "wait":
            running[thread] = running.get(thread, 0) + ns
    whole = sum(running.values())
    for share, thread in zip(shares(page, "threads", "running"),
                             sorted(running, key=running.get, reverse=True)):
        assert abs(share - 100 * running[thread] / whole) < 0.0501
    page.click("#threads tbody tr:nth-child(2) td:first-child")
    assert page.eval("location.hash").endswith("threads=1")
    page.key("w")
    assert "states=waiting" in page.eval("location.hash")
    page.click("#tab-functions")
    assert page.text("#functions .around, #functions .dim")
    page.key("0")
    assert "threads" not in page.eval("location.hash")


def test_the_chain_of_filters(open_page):
    page = open_page("realistic", "#view=functions&states=all")
    before = column(page, "functions", "name")
    page.click("#functions tbody tr:first-child td:first-child")
    page.key("x")
    assert before[0] not in column(page, "functions", "name")
    assert page.text("#bar .chip").startswith("hidden: " + before[0])
    page.click("#bar .chip")
    assert column(page, "functions", "name") == before
    page.click("#functions tbody tr:first-child td:first-child")
    page.key("f")
    assert shares(page, "functions", "total")[0] == 100.0 or \
        max(shares(page, "functions", "total")) == 100.0
    page.eval("history.back()")
    page.settle()
    assert page.eval("document.querySelector('#bar .chip')") is None


def test_help_lists_the_keys(open_page):
    page = open_page("realistic")
    page.key("?")
    text = page.text("#help")
    assert "Search, in every view" in text and "Focus" in text
    page.key("Escape")
    assert page.eval("document.querySelector('#help').open") is False
    page.click("#keys")
    assert page.eval("document.querySelector('#help').open") is True
    page.click("#help button")
    assert page.eval("document.querySelector('#help').open") is False


def test_the_theme_is_kept(open_page, report):
    page = open_page("realistic")
    back = "getComputedStyle(document.body).backgroundColor"
    light = page.eval(back)
    page.click("#theme")
    dark = page.eval(back)
    assert dark != light
    page.open(report("realistic"))
    page.settle()
    assert page.eval(back) == dark
    page.click("#theme")
    assert page.eval(back) == light


def code_of(page):
    """The lines of source in sight."""
    return page.eval("[...document.querySelectorAll('#source .code tbody tr')]"
                     ".filter(r => !r.ariaHidden)"
                     ".map(r => r.cells[r.cells.length - 1].textContent)")


def test_a_permalink_shows_its_line(open_page, report):
    data = data_of(report("realistic"))
    file = next(s for s in data["strings"] if s.endswith("/threading.py"))
    page = open_page("realistic", f"#src={file}:100")
    assert visible_views(page) == ["source"]
    assert page.text("#source h2") == file
    text = Path(file).read_text().splitlines()
    shown = code_of(page)
    assert text[99] in shown
    at = shown.index(text[99])
    assert shown[at:at + 10] == text[99:109]


def test_hostile_names_are_shown_and_do_nothing(open_page):
    page = open_page("hostile", "#view=functions&states=all")
    names = column(page, "functions", "name")
    for name in ("</script><script>alert(1)</script>", "a\"b'c&d<e>",
                 "nul␀in␊line␉tab%41", "\\u202eevil\\u202c",
                 "\\u2028separators\\u2029", "<!--<script>", "__proto__",
                 "関数名", "</noscript></pre>", "]]>", "caf\ufffd \ufffd"):
        assert name in names
    for view in VIEWS:
        page.click(f"#tab-{view}")
        assert visible_views(page) == [view]
    assert page.eval("document.scripts.length") == 3
    assert page.eval("document.documentElement.scrollWidth") <= 1400


def test_hostile_source_is_text(open_page, report):
    folder = report("hostile_source").parent
    page = open_page("hostile_source", f"#src={folder}/odd.py")
    lines = code_of(page)
    assert lines[0] == "x = '</script><script>alert(1)</script>'"
    assert lines[1] == "y = '\\u202eevil␁' # caf\ufffd <b>"
    assert lines[-1] == "w" * 1000 + " …"
    assert page.eval("document.scripts.length") == 3


def test_parts_of_lines_are_tinted_and_told(open_page, report):
    folder = report("parts").parent
    page = open_page("parts", f"#src={folder}/parts.py:2")
    code = "#source .code tbody tr:nth-child(2) code"
    marked = f"[...document.querySelectorAll('{code} u')]"
    assert page.text(code) == "x = '🐍é' + sum(big) + len(small)"
    titles = page.eval(f"[...new Map({marked}.map(u => [u.title, ''])).keys()]")
    assert titles == ["10.0 % · 100 ms of the line's self time",
                      "80.0 % · 800 ms of the line's self time"]
    hot = page.eval(f"{marked}.filter(u => u.title.startsWith('80'))"
                    ".map(u => u.textContent).join('')")
    assert hot == "sum(big)"
    listed = page.eval("[...document.querySelectorAll('.parts li')]"
                       ".map(li => li.innerText.split(/\\s{2,}|\\n/))")
    assert listed == [["sum(big)", "80.0 % · 800 ms"],
                      ["'🐍é' + sum(big) + len(small)", "10.0 % · 100 ms"],
                      ["part not known", "10.0 % · 100 ms"]]
    go(page, f"#view=source&states=waiting&src={folder}/parts.py:2")
    assert page.eval(f"{marked}.map(u => u.textContent).join('')") == \
        "len(small)"


def test_long_files_say_what_is_left_out(open_page):
    page = open_page("hostile_source", "#view=source")
    assert page.text("#source h2").endswith("/long.py")
    page.click("#source .row .choice:last-child button:last-child")
    lines = code_of(page)
    assert lines[0] == "2,497 lines left out"
    assert lines[1:-1] == [f"line = {n}" for n in range(2498, 2503)]
    assert lines[-1] == "2,498 lines left out"


@pytest.mark.parametrize("fragment", [
    "#view=nothing&sort=__proto__&zoom=-1&threads=77&fn=99999&ln=x",
    "#view=source&src=constructor", "#view=flame&zoom=1e9&by=x&node=y",
    "#chain=focus.function.9e9~x.y.z~hide.line.-1&range=9-1", "#%ff%",
    "#view=functions&sort=place&list=?"])
def test_any_address_shows_a_page(open_page, fragment):
    page = open_page("realistic", fragment)
    assert len(visible_views(page)) == 1


@pytest.mark.parametrize("kind", ["empty", "single", "deep"])
def test_odd_profiles_have_every_view(open_page, kind):
    page = open_page(kind)
    shown = page.eval("[...document.querySelectorAll('[role=tabpanel]')]"
                      ".map(p => p.id)")
    assert shown == [view for view in VIEWS
                     if view != "time" or kind != "empty"]
    for view in shown:
        page.click(f"#tab-{view}")
        assert visible_views(page) == [view]
    go(page, "#view=functions")
    totals = shares(page, "functions", "total")
    assert totals == {"empty": [], "single": [100.0, 100.0],
                      "deep": [100.0, 50.0]}[kind]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nobody_is_shut_out(open_page, theme):
    """The rules of axe-core, in every view."""
    if not AXE.exists():
        pytest.skip("no axe-core: make web installs it")
    page = open_page("realistic")
    try:
        page.dark(theme == "dark")
        page.eval(AXE.read_text() + ";0")
        for view in VIEWS:
            go(page, f"#view={view}&fn=3&ln=5")
            found = page.eval("axe.run().then(r => r.violations.map(v => "
                              "v.id + ': ' + v.nodes.map(n => n.target)"
                              ".slice(0, 3).join('; ')))")
            assert found == [], view
    finally:
        page.dark(False)


@pytest.mark.parametrize("width", [1400, 480])
def test_pictures_are_taken(open_page, width):
    """For people to look at, in build/screenshots; nothing overflows."""
    SHOTS.mkdir(exist_ok=True)
    page = open_page("realistic")
    try:
        page.size(width, 900)
        for dark in (False, True):
            page.dark(dark)
            for view in VIEWS:
                go(page, f"#view={view}&fn=3")
                page.settle()
                assert page.eval(
                    "document.documentElement.scrollWidth") <= width
                page.screenshot(
                    SHOTS / f"{view}-{width}-{'dark' if dark else 'light'}.png")
    finally:
        page.dark(False)
        page.size(1400, 900)


def test_a_million_samples_open(open_page, report, capsys):
    """Of 100,000 stacks and 2,000 threads; how fast is told, not tested."""
    path = report("vast")
    assert path.stat().st_size <= 5_000_000
    start = time.monotonic()
    page = open_page("vast")
    while not page.eval("document.documentElement.dataset.ready"):
        time.sleep(0.01)
    taken = time.monotonic() - start
    first = page.eval(
        "new Promise(done => new PerformanceObserver(list => list"
        ".getEntriesByName('first-contentful-paint').forEach(e => "
        "done(e.startTime))).observe({type: 'paint', buffered: true}))")
    with capsys.disabled():
        print(f"\nvast: {path.stat().st_size / 1e6:.2f} MB, first view "
              f"{first or 0:.0f} ms, settled {taken:.2f} s")
    assert "1,000,000 samples" in page.text("#head")
    for view in VIEWS:
        page.click(f"#tab-{view}")
        assert visible_views(page) == [view]
    assert page.eval("document.querySelectorAll('*').length") < 20000
    go(page, "#view=threads")
    assert "2,000 of 2,000 threads" in page.text("#threads")
    assert page.eval("document.querySelectorAll('#threads tr').length") < 100


def test_without_scripts_there_is_the_text_report(report, browser):
    path = report("realistic")
    browser.open_without_scripts(path)
    assert browser.text("#page") == ""
    text = browser.text("noscript")
    assert text.strip() == data_of(path, "text").strip()


def test_source_is_whose_was_asked_for(report, tmp_path):
    tmp_path.chmod(0o755)
    def text_of(mode, choice, name="mine.py"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        file.write_text("secret = 1\n")
        file.chmod(mode)
        text = profiles.Text(samples=1)
        text.put("source", choice)
        text.thread(1, "MainThread")
        text.add([("f", str(file), 1, 1)], 0, 1)
        page = tmp_path / "page.html"
        subprocess.run([BUILD / "tests/support/report_of", page], check=True,
                       input=str(text).encode(), timeout=60)
        source = data_of(page)["sources"][0]
        assert ("secret" in page.read_text()) == (source["status"] == "ok")
        assert (source["windows"] == []) == (source["status"] != "ok")
        return source["status"]

    everything, project, nothing = 0, 1, 2
    assert text_of(0o644, everything) == "ok"
    assert text_of(0o644, project) == "ok"
    assert text_of(0o644, nothing) == "private"
    assert text_of(0o600, project) == "private"
    assert text_of(0o600, everything) == "ok"
    assert text_of(0o644, project, "mine.txt") == "private"
    for name in ("lib/python3.14t/os.py", "lib64/python3/site-packages/a.py",
                 "x/dist-packages/b.py"):
        assert text_of(0o644, project, name) == "private"
    assert text_of(0o644, project, "lib/python-tools/a.py") == "ok"


def test_nothing_can_be_fetched(open_page, browser):
    page = open_page("realistic")
    failed = page.eval("fetch('https://example.invalid/').then(() => 'sent',"
                       "() => 'refused')")
    assert failed == "refused"
    failed = page.eval("new Promise(done => Object.assign(new Image(), {"
                       "onload: () => done('sent'),"
                       "onerror: () => done('refused'),"
                       "src: 'https://example.invalid/x.png'}))")
    assert failed == "refused"
    browser.requests.clear()
    assert len([text for text in browser.problems
                if "Content Security Policy" in text]) >= 2
    browser.problems.clear()


def test_printing(open_page, tmp_path):
    page = open_page("realistic", "#view=functions")
    page.pdf(tmp_path / "page.pdf")
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")
    page.settle()
    assert visible_views(page) == ["functions"]


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


def test_what_is_shown_is_taken_along(open_page):
    """The files made in the page have the sums that it shows."""
    page = open_page("realistic", "#view=about&states=all&metric=samples")
    page.eval("window.saved = {}; URL.createObjectURL = blob => {"
              "window.blob = blob; return 'blob:none'; };"
              "HTMLAnchorElement.prototype.click = function() {"
              "saved[this.download] = blob; };")
    page.eval("[...document.querySelectorAll('#about button')]"
              ".forEach(button => button.click())")
    texts = page.eval("(async () => { const texts = {};"
                      "for (const name in saved) texts[name] ="
                      "await saved[name].text(); return texts; })()")
    made = json.loads(texts["profile.speedscope.json"])
    stacks = made["profiles"][0]
    assert sum(stacks["weights"]) == stacks["endValue"] == 12000
    lines = texts["profile.collapsed"].splitlines()
    assert sum(int(line.split()[-1]) for line in lines) == 12000
    pstats = texts["profile.pstats.txt"].splitlines()[1:]
    assert sum(int(line.split()[0]) for line in pstats) == 12000
    top = pstats[0].split()[-1].split("(")[1][:-1]
    page.click("#tab-functions")
    assert top in page.text("#functions tbody tr:first-child")


def test_findings_say_what_the_project_asked_for(open_page):
    page = open_page("parsing")
    assert "Of the project's own code, " in page.text(".findings")
    link = "[...document.querySelectorAll('.findings li')].find(li => " \
        "li.innerText.startsWith('Of the')).querySelector('a')"
    place = page.eval(f"{link}.textContent")
    page.eval(f"{link}.click()")
    page.settle()
    assert place.split(":")[1] == page.text("#source tr.on th")
    assert page.eval("document.querySelector('#own').ariaPressed") == "true"
