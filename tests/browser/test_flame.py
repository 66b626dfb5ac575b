# SPDX-License-Identifier: Apache-2.0
"""The flame graph: a canvas, so tests look at what is said of its frames."""

import json

SHEET = "document.querySelector('.sheet canvas')"


def box(page):
    return page.eval(f"(b => [b.x, b.y, b.width, b.height])"
                     f"({SHEET}.getBoundingClientRect())")


def frame_at(page, level, part=0.02):
    """Point at a level, and what the status says then."""
    x, y, wide, _ = box(page)
    page.move(x + wide * part, y + 20 * level + 10)
    page.settle()
    return page.text("#status")


def click_frame(page, level, part=0.02):
    x, y, wide, _ = box(page)
    page.click_at(x + wide * part, y + 20 * level + 10)


def name(status):
    return status.split(" · ")[0]


def crumbs(page):
    return page.eval("[...document.querySelectorAll('.crumbs button')]"
                     ".map(b => b.textContent)")


def calm(page):
    """No animation: what is asked for is there at once."""
    page.call("Emulation.setEmulatedMedia", features=[
        {"name": "prefers-reduced-motion", "value": "reduce"}])


def share(status, word):
    return float(status.split(word + " ")[1].split(" %")[0].replace("<", ""))


def test_pointing_says_what_a_frame_is(open_page):
    page = open_page("realistic", "#view=flame&states=all")
    assert name(frame_at(page, 0)) == "all"
    assert share(frame_at(page, 0), "total") == 100
    first = frame_at(page, 1)
    assert ".py" in first and "self" in first
    hint = page.text(".hint")
    assert name(first) in hint and "Total" in hint and "Self" in hint
    page.move(2, 2)
    page.settle()
    assert page.eval("document.querySelector('.hint') === null")


def test_a_click_zooms_and_escape_goes_back(open_page):
    page = open_page("realistic", "#view=flame")
    calm(page)
    frame = name(frame_at(page, 2))
    click_frame(page, 2)
    assert crumbs(page)[-1] == frame and len(crumbs(page)) == 3
    assert "zoom=" in page.eval("location.hash")
    for part in (0.01, 0.5, 0.99):
        assert name(frame_at(page, 2, part)) == frame
    page.eval(SHEET + ".focus()")
    page.key("Escape")
    assert len(crumbs(page)) == 2
    page.eval("history.back()")
    page.settle()
    assert crumbs(page)[-1] == frame
    page.click(".crumbs button")
    assert crumbs(page) == ["all"]


def test_it_is_walked_with_keys(open_page):
    page = open_page("realistic", "#view=flame")
    calm(page)
    page.eval(SHEET + ".focus()")
    page.key("ArrowDown")
    first = name(page.text("#status"))
    assert first == name(frame_at(page, 1))
    page.key("ArrowDown")
    second = name(page.text("#spoken"))
    page.key("ArrowRight")
    beside = name(page.text("#spoken"))
    page.key("ArrowLeft")
    assert name(page.text("#spoken")) == second != beside
    page.key("ArrowUp")
    assert name(page.text("#spoken")) == first
    page.key("Enter")
    assert crumbs(page)[-1] == first
    page.key("Escape")
    assert crumbs(page) == ["all"]
    page.key("v")
    page.key("ArrowUp")
    assert name(page.text("#spoken")) == second


def test_what_is_chosen_is_chosen_in_every_view(open_page):
    page = open_page("realistic", "#view=flame")
    frame = name(frame_at(page, 1))
    click_frame(page, 1)
    page.click("#tab-functions")
    page.settle()
    assert frame in page.text("#functions tr.on")


def test_a_search_says_how_much_it_finds(open_page):
    page = open_page("realistic", "#view=flame&states=all")
    page.click("#find")
    page.type("threading.py")
    found = float(page.text("#found").split(" %")[0])
    assert 0 < found < 100
    page.key("Escape")
    assert page.eval("document.querySelector('#found') === null")
    page.type("/./")
    assert page.text("#found").startswith("100.0 %")
    page.eval("document.activeElement.blur()")
    page.eval(SHEET + ".focus()")
    page.key("n")
    biggest = share(page.text("#spoken"), "total")
    page.key("n")
    assert share(page.text("#spoken"), "total") <= biggest
    page.key("N")
    assert share(page.text("#spoken"), "total") == biggest


def menu(page, text):
    x, y, wide, _ = box(page)
    page.move(x + wide * 0.02, y + 30)
    for kind in ("mousePressed", "mouseReleased"):
        page.call("Input.dispatchMouseEvent", type=kind, x=x + wide * 0.02,
                  y=y + 30, button="right", clickCount=1)
    page.settle()
    texts = page.eval("[...document.querySelectorAll('.menu button')]"
                      ".map(b => b.textContent)")
    page.click(f".menu button:nth-child({1 + texts.index(text)})")
    page.settle()


def test_the_menu_focuses_ignores_and_hides(open_page):
    page = open_page("realistic", "#view=flame")
    first = frame_at(page, 1)
    menu(page, "Focus: only stacks with it")
    assert "focus.function." in page.eval("location.hash")
    assert name(first) in page.text(".chip")
    page.click(".chip")
    menu(page, "Hide its frames")
    assert name(frame_at(page, 1)) != name(first)
    page.click(".chip")
    menu(page, "Focus its callers")
    assert name(frame_at(page, 1, 0.5)) == name(first)
    assert share(frame_at(page, 1, 0.5), "total") == 100
    page.click(".chip")
    page.key("i")
    menu(page, "Ignore: no stacks with it")
    assert page.eval("location.hash").count("ignore.function.") == 1


def test_directions_have_the_same_whole(open_page):
    page = open_page("realistic", "#view=flame&states=all")
    whole = frame_at(page, 0)
    for change in ("i", "l"):
        page.key(change)
        assert frame_at(page, 0) == whole
    page.key("i")
    page.click("#flame [aria-label=Frames] button:first-child")
    assert frame_at(page, 0) == whole
    assert "(142" in frame_at(page, 1)


def test_the_table_is_the_same_tree(open_page):
    page = open_page("realistic", "#view=flame")
    first = frame_at(page, 1)
    page.key("g")
    row = "document.querySelector('[role=treegrid] tbody [role=row]')"
    assert name(first) in page.eval(row + ".innerText")
    assert str(share(first, "total")) in page.eval(row + ".innerText")
    page.eval("document.querySelector('[role=treegrid]').focus()")
    page.key("Home")
    opened = page.eval(row + ".getAttribute('aria-expanded')")
    page.key("ArrowLeft")
    assert page.eval(row + ".getAttribute('aria-expanded')") != opened
    page.key("ArrowRight")
    page.key("ArrowRight")
    assert page.eval("document.querySelector('[role=row][aria-selected=true]')"
                     ".getAttribute('aria-level')") == "2"


def test_deep_stacks_scroll(open_page):
    page = open_page("deep", "#view=flame")
    assert page.eval("document.querySelector('.sheet').scrollHeight") > 199000
    page.eval("document.querySelector('.sheet').scrollTop = 1e9")
    page.settle()
    assert "down" in page.eval(
        f"(b => {{ const c = {SHEET};"
        "return c.width > 0 && 'down'; })()")
    x, y, wide, high = box(page)
    page.move(x + 40, y + high - 15)
    page.settle()
    assert name(page.text("#status")) == "down"
    page.key("l")
    page.click("#flame [aria-label=Frames] button:first-child")
    assert page.eval("document.querySelector('.sheet > div').offsetHeight") < 900


def test_nothing_is_shown_as_nothing(open_page):
    page = open_page("empty", "#view=flame")
    assert "No samples" in page.text("#flame")


def test_hostile_names_are_drawn(open_page):
    for fragment in ("", "&form=tree", "&with=a", "&by=line&way=callers"):
        page = open_page("hostile", "#view=flame&states=all" + fragment)
        assert page.eval("document.querySelectorAll('#page script').length") == 0


def test_the_picture_is_svg(open_page):
    page = open_page("hostile", "#view=flame&states=all")
    page.eval("window.saved = null; URL.createObjectURL = blob => {"
              "window.saved = blob; return 'blob:none'; };"
              "HTMLAnchorElement.prototype.click = () => {};")
    page.click("#svg")
    text = page.eval("window.saved.text()")
    assert text.startswith("<?xml")
    assert page.eval(
        "(text => { const made = new DOMParser().parseFromString(text,"
        "'image/svg+xml'); return [made.querySelector('parsererror') === null,"
        "made.querySelectorAll('script').length,"
        "made.querySelectorAll('title').length > 10]; })"
        f"({json.dumps(text)})") == [True, 0, True]


def test_modules_and_threads_are_filtered_like_functions(open_page):
    page = open_page("phases", "#view=flame&states=all&by=module")
    calm(page)
    page.eval(SHEET + ".focus()")
    page.key("ArrowDown")
    module = name(page.text("#status"))
    page.key("f")
    assert page.text(".chip").startswith("with " + module)
    page.eval("history.back()")
    page.settle()
    menu(page, "Hide its frames")
    assert "hide.module." in page.eval("location.hash")
    assert module not in name(frame_at(page, 1))
    page.key("0")
    page.click("#flame [aria-label=Frames] button:first-child")
    page.eval(SHEET + ".focus()")
    page.key("ArrowDown")
    thread = name(page.text("#status"))
    whole = frame_at(page, 0)
    page.key("x")
    assert "threads=%21" in page.eval("location.hash")
    assert name(frame_at(page, 1)) != thread and frame_at(page, 0) != whole
    assert "threads" in page.text("#thread option:checked")
    page.key("f")
    assert page.eval("document.querySelector('#thread').value") != "many"


def test_own_code_has_the_time_of_what_it_calls(open_page):
    page = open_page("phases", "#view=functions&states=all&list=lines")
    page.key("p")
    assert page.eval("document.querySelector('#own').ariaPressed") == "true"
    places = page.eval("[...document.querySelectorAll('#functions tbody "
                       "a.place')].map(a => a.title)")
    assert places and all(p.startswith("/srv/shop/") for p in places)
    page.key("p")
    assert "own" not in page.eval("location.hash")


def test_threads_are_walked_with_t(open_page):
    page = open_page("phases", "#view=flame&states=all")
    page.key("t")
    first = page.text("#thread option:checked")
    assert page.text("#spoken") in first and "threads=" in \
        page.eval("location.hash")
    page.key("t")
    assert page.text("#thread option:checked") != first
    page.key("T")
    page.key("T")
    assert "threads=" not in page.eval("location.hash")


def test_the_menu_opens_with_a_key_and_copies(open_page):
    page = open_page("phases", "#view=functions&states=all")
    page.eval("navigator.clipboard.writeText = async text => "
              "void (window.copied = text)")
    page.key("o")
    assert page.eval("document.querySelector('.menu') === null")
    page.click("#functions tbody tr:first-child td:first-child")
    page.eval("document.querySelector('#functions .table').focus()")
    page.key("o")
    assert page.eval("document.activeElement.role") == "menuitem"
    page.key("ArrowUp")
    page.key("ArrowUp")
    page.key("Enter")
    assert page.eval("window.copied").split("/")[-1].split(":")[1].isdigit()
    assert page.eval("document.activeElement.className") == "table"
    page.key("o")
    page.key("ArrowUp")
    page.key("Enter")
    prompt = page.eval("window.copied")
    row = page.text("#functions tr.on")
    assert f"self {row.split()[0]} %, total {row.split()[1]} %" in prompt
    assert "Called by: " in prompt and page.text("#status").startswith("copied")
    page.key("o")
    assert page.eval(
        "(m => m.top >= document.querySelector('#functions tr.on')"
        ".getBoundingClientRect().top)"
        "(document.querySelector('.menu').getBoundingClientRect())")
    page.key("Escape")
    assert page.eval("document.querySelector('.menu') === null")
    page.eval("document.querySelector('#functions tbody tr:nth-child(3)')"
              ".dispatchEvent(new MouseEvent('contextmenu', {bubbles: true,"
              "cancelable: true, clientX: 300, clientY: 300}))")
    page.settle()
    assert page.eval("document.activeElement.role") == "menuitem"
    assert page.eval("document.querySelector('#functions tbody "
                     "tr:nth-child(3)').className") == "on"
