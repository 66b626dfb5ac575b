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
