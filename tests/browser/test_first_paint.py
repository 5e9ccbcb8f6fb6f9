"""What a reader sees before the scripts have come: how soon, that nothing moves then, and no answer of a bet."""

import gzip
import posixpath
import re

import pytest
from support import (
    BROWSER,
    CHAPTERS,
    PHONE,
    WITH_ELEMENTS,
    find,
    places,
)

pytestmark = BROWSER

SHIFTS = """
    globalThis.shifts = [];
    new PerformanceObserver((list) => {
        for (const { value, sources } of list.getEntries()) // all: a fresh window passes for recent input
            shifts.push([value, sources.map(({ node }) => node?.nodeName)]);
    }).observe({ type: "layout-shift", buffered: true });
"""
PAINTED = "() => performance.getEntriesByName('first-contentful-paint').length"
SETTLED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 300))))"
TELLING = "It would write this one word forever"


def held_back(page):
    """Hold the scripts of a page back; return a function that lets them come."""
    waiting, come = [], []
    page.route("**/*.js", lambda route: route.continue_() if come else waiting.append(route))

    def let_come():
        come.append(True)
        for route in waiting:
            route.continue_()

    return let_come


def test_little_is_waited_for_before_a_page_is_painted(site):
    folder, _ = site
    for place in places(folder):
        text = (folder / place).read_text(encoding="utf-8")
        head = text[: text.index("</head>")]
        assert not re.search("<script[^>]* src=", head), place
        styles = re.findall('<link rel="stylesheet" href="([^"]*)"', head)
        assert len(styles) >= 4
        files = [posixpath.normpath(posixpath.join("/", posixpath.dirname(place), style))[1:] for style in styles]
        files = [place.lstrip("/") for place in files]
        # at 1.6 megabits a second, 40 KB take a fifth of a second
        assert sum(len(gzip.compress((folder / file).read_bytes())) for file in files) < 40_000, place


@pytest.mark.parametrize("place", dict.fromkeys(["index.html", *WITH_ELEMENTS]))
def test_nothing_moves_when_the_scripts_come_late(open_page, site, place):
    page = open_page("404.html", **PHONE)
    page.add_init_script(SHIFTS)
    let_come = held_back(page)
    page.goto(site[1] + place, wait_until="commit")
    page.wait_for_function(PAINTED)
    let_come()
    page.wait_for_load_state("load")
    page.evaluate(SETTLED)
    shifts = page.evaluate("shifts")
    assert sum(value for value, _ in shifts) < 0.1, shifts


def test_what_gives_a_bet_away_is_covered_before_the_scripts_come(open_page, site):
    page = open_page("404.html", **PHONE)
    let_come = held_back(page)
    page.goto(site[1] + "tutorial/sampling.html", wait_until="commit")
    page.wait_for_function(PAINTED)
    telling = page.get_by_text(TELLING)
    telling.wait_for(state="attached")
    assert not page.evaluate("customElements.get('bl-bet')")
    assert not telling.is_visible()
    let_come()
    button = find(page, "bet").get_by_role("button", name="Show me")
    button.wait_for()
    assert not telling.is_visible()
    button.click()
    assert telling.is_visible()


def test_what_gives_a_bet_away_is_open_if_its_script_does_not_come(open_page, site):
    page = open_page("404.html")
    page.route("**/bet.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    page.goto(site[1] + "tutorial/sampling.html")
    assert not page.evaluate("customElements.get('bl-bet')")
    assert page.get_by_text(TELLING).is_visible()


def test_a_page_is_built_with_all_its_covers(site):
    for chapter in CHAPTERS:
        text = (site[0] / "tutorial" / f"{chapter}.html").read_text(encoding="utf-8")
        assert text.count('<div class="bl-covered">') == text.count("</div><!-- end of bet -->")
        assert text.count("<!-- end of bet -->") == text.count("</div><!-- end of bet -->"), chapter


def test_a_closed_drawer_is_left_out_and_an_open_one_leads_on(open_page):
    page = open_page("tutorial/sampling.html", **PHONE)
    link = page.locator(".md-sidebar--primary a", has_text="7. Evaluating").first
    assert not link.evaluate("node => node.checkVisibility()")
    page.locator(".md-header label[for=__drawer]").tap()
    link.tap()
    page.get_by_role("heading", name="7. Evaluating", level=1).wait_for()
    assert not link.evaluate("node => node.checkVisibility()")
