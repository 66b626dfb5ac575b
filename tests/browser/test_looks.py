# SPDX-License-Identifier: Apache-2.0
"""Graphs, their tables, heaps and diffs: for everyone, and to be looked at."""

import pytest

from test_page import AXE, SHOTS

PAGES = ("heap_page", "growth_page")
LOOKS = {
    "flame": ("phases", "#view=flame&states=all"),
    "flame-up": ("phases", "#view=flame&shape=flame&with=ap&tint=state"),
    "flame-zoomed": ("realistic", "#view=flame&zoom=0&tint=self&by=module"),
    "flame-search": ("phases", "#view=flame&states=all&find=orders.py"),
    "flame-callers": ("realistic", "#view=flame&way=callers&order=first"),
    "call-tree": ("phases", "#view=flame&form=tree&states=all&find=price"),
    "time": ("phases", "#view=time&states=all"),
    "time-range": ("phases", "#view=time&range=14000000000-24000000000"
                   "&threads=1.2"),
    "time-table": ("phases", "#view=time&show=table"),
    "parts": ("parts", "#view=source&states=all"),
    "time-zoomed": ("phases", "#view=time&win=12000000000-30000000000"
                    "&range=14000000000-24000000000"),
    "own": ("phases", "#view=functions&own=1&list=lines"),
    "diff": ("compared_unlike", ""),
    "diff-source": ("compared_source", "#view=source"),
    "diff-tree": ("compared", "#form=tree"),
    "diff-list": ("compared", "#form=rows&by=line"),
    "heap": ("heap_page", ""),
    "types": ("heap_page", "#view=types"),
    "holders": ("heap_page", "#view=holders&find=cache"),
    "holders-tree": ("heap_page", "#view=holders&form=tree"),
    "objects": ("heap_page", "#view=objects"),
    "strings": ("heap_page", "#view=strings"),
    "garbage": ("heap_page", "#view=garbage"),
    "growth": ("growth_page", ""),
    "growth-types": ("growth_page", "#view=types"),
    "growth-holders": ("growth_page", "#view=holders"),
}


@pytest.fixture(params=LOOKS)
def look(request, browser, report):
    """A page in a state, and its name."""
    kind, fragment = LOOKS[request.param]
    browser.open(request.getfixturevalue(kind) if kind in PAGES
                 else report(kind), fragment)
    browser.settle()
    yield browser, request.param
    browser.dark(False)
    browser.size(1400, 900)
    assert browser.problems == []


def point_at_something(page):
    """So that there is a hint, and a selection."""
    at = page.eval("(c => c && (b => [b.x + 200, b.y + 50])"
                   "(c.getBoundingClientRect()))"
                   "(document.querySelector('.sheet canvas'))")
    if at:
        page.move(*at)
    page.eval("document.querySelector('tbody tr:nth-child(3)')?.click()")
    page.key("o")


def test_everyone_can_look_and_listen(look):
    """The rules of axe-core in both themes; pictures for people to look at, in
    build/screenshots; nothing overflows."""
    page, name = look
    SHOTS.mkdir(exist_ok=True)
    if AXE.exists():
        page.eval(AXE.read_text() + ";0")
    for dark in (False, True):
        page.dark(dark)
        point_at_something(page)
        page.screenshot(SHOTS / f"look-{name}-{'dark' if dark else 'light'}.png")
        if AXE.exists():
            assert page.eval(
                "axe.run().then(r => r.violations.map(v => v.id + ': ' +"
                "v.nodes.map(n => n.target).slice(0, 3).join('; ')))") == []
    page.size(480, 900)
    page.screenshot(SHOTS / f"look-{name}-narrow.png")
    assert page.eval("document.documentElement.scrollWidth") <= 480


def test_forced_colours_have_outlines(browser, report):
    """Where the system chooses colours there are no fills to tell by."""
    try:
        browser.call("Emulation.setEmulatedMedia", features=[
            {"name": "forced-colors", "value": "active"}])
        browser.open(report("phases"), "#view=flame&states=all")
        browser.settle()
        colours = browser.eval(
            "(c => { const d = c.getContext('2d').getImageData(0, 0,"
            "c.width, 200).data, seen = new Set();"
            "for (let i = 0; i < d.length; i += 4)"
            "  seen.add(d[i] + ' ' + d[i + 1] + ' ' + d[i + 2]);"
            "return [...seen]; })(document.querySelector('.sheet canvas'))")
        greys = [c for c in colours if len(set(c.split())) == 1]
        assert len(greys) >= len(colours) * 0.9
    finally:
        browser.dark(False)
