# SPDX-License-Identifier: Apache-2.0
"""The page that compares two profiles."""

SHEET = "document.querySelector('.sheet canvas')"


def rows(page):
    return page.eval("[...document.querySelectorAll('#diff tbody "
                     "tr:not(.room)')].map(row => row.innerText)")


def row(page, name):
    return next(line for line in rows(page) if name in line)


def point(page, level, part=0.02):
    x, y, wide = page.eval(f"(b => [b.x, b.y, b.width])"
                           f"({SHEET}.getBoundingClientRect())")
    page.move(x + wide * part, y + 20 * level + 10)
    page.settle()
    return page.text("#status")


def test_the_list_has_signs_and_words(open_page):
    page = open_page("compared", "#form=rows")
    assert "▲ +6.7 %" in row(page, "audit")
    assert "new" in row(page, "audit")
    assert "▼ −8.3 %" in row(page, "legacy_tax")
    assert "removed" in row(page, "legacy_tax")
    assert "▼ −20.0 %" in row(page, "Discounts.apply")
    page.click("#diff [aria-label=Which] button:nth-child(2)")
    assert len(rows(page)) == 1 and "audit" in rows(page)[0]
    page.click("#diff [aria-label=Which] button:nth-child(3)")
    assert len(rows(page)) == 1 and "legacy_tax" in rows(page)[0]


def test_times_can_be_shares_or_as_measured(open_page):
    page = open_page("compared", "#form=rows&norm=none")
    assert "▲ +2.00 s" in row(page, "audit")
    assert "▼ −16.0 s" in row(page, "Discounts.apply")
    page.eval("(s => { s.value = 'share';"
              "s.dispatchEvent(new Event('change')); })"
              "(document.querySelector('#norm'))")
    page.settle()
    assert "%" in row(page, "audit")
    page.click("#diff [data-sort=name]")
    assert "norm=share" in page.eval("location.hash")


def test_the_graph_is_as_wide_as_what_changed(open_page):
    page = open_page("compared", "")
    whole = point(page, 0, 0.5)
    assert "before" in whole and "after" in whole
    assert "handle_order" in point(page, 4, 0.5)
    page.eval(SHEET + ".focus()")
    for _ in range(5):
        page.key("ArrowDown")
    assert "▼" in page.text("#status") and "price" in page.text("#status")
    page.key("Enter")
    assert page.eval("document.querySelectorAll('.crumbs button').length") == 6
    page.key("Escape")
    assert "▲ more time" in page.text("#diff .under")


def test_the_tree_says_the_same(open_page):
    page = open_page("compared", "#form=tree")
    assert "_run_module" in rows(page)[0]
    assert "▼" in row(page, "price")
    page.eval("document.querySelector('[role=treegrid]').focus()")
    page.key("ArrowDown")
    assert page.eval("document.querySelector('[role=row].on') !== null")


def test_what_was_not_taken_alike_is_said_loudly(open_page):
    page = open_page("compared_unlike")
    text = page.text("#diff [role=alert]")
    assert "mode: preempt before, stop after" in text
    page = open_page("compared")
    assert page.eval("document.querySelector('[role=alert]') === null")


def test_keys_and_search(open_page):
    page = open_page("compared")
    for key in "ggi":
        page.key(key)
    page.key("l")
    assert "by=line" in page.eval("location.hash")
    page.click("#find")
    page.type("audit")
    assert len(rows(page)) == 1


def test_the_source_has_both_sides(open_page):
    page = open_page("compared_source", "#view=source")
    lines = lambda: page.eval(
        "[...document.querySelectorAll('#source tbody tr:not(.gap)')]"
        ".map(row => row.innerText.split('\t').map(t => t.trim()))")
    assert ["4.0 %", "7.0 %", "▲ +3.0 %", "3", "for i in range(n):"] in lines()
    assert ["5.0 %", "1.0 %", "▼ −4.0 %", "4", "total += i"] in lines()
    page.key("s")
    assert ["9.0 %", "8.0 %", "▼ −1.0 %", "36", "work(10)"] in lines()
    page.key("c")
    assert "27 lines left out" in page.text("#source .gap")
    assert "compared.py" in page.text("#source .files [aria-current]")
    page = open_page("compared_source", "#form=rows&by=line")
    page.click("#diff tbody tr:first-child td:first-child")
    page.key("Enter")
    assert page.text("#source tr.on th") == "4"


def test_threads_are_compared_by_name(open_page):
    page = open_page("compared_source", "#form=rows")
    whole = page.text(".whole")
    page.key("t")
    page.key("t")
    assert "thread=helper" in page.eval("location.hash")
    assert "5.0 %" in page.text(".whole") and whole != page.text(".whole")
    page.key("t")
    assert page.text(".whole") == whole
    page = open_page("compared")
    assert page.eval("document.querySelector('#thread') === null")


def test_files_and_modules_are_compared(open_page):
    page = open_page("compared", "#form=rows&by=module")
    assert "▼ −20.0 %" in row(page, "pricing")
    page.key("l")
    page.key("l")
    page.key("l")
    assert "▼ −20.0 %" in row(page, "pricing.py")
