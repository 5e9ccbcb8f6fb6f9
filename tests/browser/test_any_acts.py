"""Any acts in any order, any input, any address."""

import random
import re

import pytest
from support import BROWSER, HOSTILE, PLACES, find, text_of

pytestmark = BROWSER


ACTS = """(node, seed) => {
    let state = seed;
    const below = (n) => Math.floor(n * ((state = (state * 48271) % 2147483647) / 2147483647));
    const controls = [...node.querySelectorAll("button, input, select, textarea, td[role], [role=option]")].filter(
        (control) => !control.closest(".bl-tools") && control.getClientRects().length && !control.readOnly);
    const control = controls[below(controls.length)];
    const texts = ["emma", "zz", "", "abke", "Zoë", "anna\\nbob\\nanna", "x", "🌧☀️\\n☀️☀️"];
    if (control.type === "range") control.valueAsNumber = below(14);
    else if (control.localName === "select") control.selectedIndex = below(control.options.length);
    else if (control.type === "text" || control.localName === "textarea") control.value = texts[below(texts.length)];
    else control.click();
    for (const name of ["input", "change"]) control.dispatchEvent(new Event(name, { bubbles: true }));
}"""


@pytest.mark.parametrize("tag", PLACES)
def test_fifty_acts_can_be_linked_to_and_undone_to_the_start(open_page, tag):
    page = open_page(PLACES[tag])
    element = find(page, tag)
    start = text_of(element)
    for seed in random.Random(tag).sample(range(1, 2**31 - 1), 50):
        element.evaluate(ACTS, seed)
        assert not re.search(r"NaN|undefined|null|\[object", text_of(element)), seed
    assert element.evaluate("node => node.past.length") >= 5
    element.evaluate("node => node.refresh()")  # what was typed and not yet used, or refused, is no state
    element.get_by_role("button", name="Copy link").click()
    link = element.get_by_role("textbox", name="Link to this state").input_value()
    state = element.evaluate("node => node.write(node.state)")
    assert find(open_page(link), tag).evaluate("node => node.write(node.state)") == state
    for _ in range(element.evaluate("node => node.past.length")):
        element.get_by_role("button", name="Undo").evaluate("button => button.click()")
    assert element.get_by_role("button", name="Undo").get_attribute("aria-disabled") == "true"
    if tag == "words":
        element.get_by_role("textbox", name="Your words").fill("")
    assert text_of(element).replace("Copied.", "") == start


def test_a_bet_stays_sound_through_fifty_acts(open_page):
    page = open_page("tutorial/evaluating.html")
    element = find(page, "bet")
    for seed in range(1, 51):
        element.evaluate(ACTS, seed * 40_000_003)
        assert "NaN" not in text_of(element)


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_hostile_text_does_no_harm(open_page, number):
    text = HOSTILE[number]
    page = open_page("lab.html")
    find(page, "name").get_by_role("textbox", name="A name").fill(text)
    find(page, "words").get_by_role("textbox", name="Your words").fill(text)
    page.get_by_role("button", name="Use these words").click()
    page.locator("bl-walk").get_by_role("button", name="Finish this word").click()
    assert page.evaluate("typeof hacked") == "undefined"
    assert page.locator("figure.bl img, figure.bl script").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    if len(text) < 1000:
        find(page, "words").get_by_role("button", name="Copy link").click()
        link = find(page, "words").get_by_role("textbox", name="Link to this state").input_value()
        assert text_of(find(open_page(link), "words")) == text_of(find(page, "words")).replace("Copied.", "")


UNSOUND = [
    "",
    "-",
    "999-999-1",
    "-1--1-NaN",
    "1e9-1e9-0-99",
    "1-%253Cimg%20src=x%20onerror=hacked=1%253E",
    "1-%25",
    "50-50x1e9",
    "9" * 30000,
]
GO = """(address) => new Promise((done) => {
    addEventListener("hashchange", done, { once: true });
    location.hash = address;
})"""
ANEW = """(node) => {
    const other = node.cloneNode(false); // as the page has it before its scripts come
    other.append(...node.fallback);
    node.replaceWith(other);
}"""


@pytest.mark.parametrize("tag", PLACES)
def test_an_unsound_address_is_ignored_or_harmless(open_page, tag):
    page = open_page(PLACES[tag])
    element = find(page, tag)
    for value in UNSOUND:
        page.evaluate(GO, f"{tag}={value}")
        for begins in (False, True):
            if begins:
                element.evaluate(ANEW)
            assert element.evaluate("node => Boolean(node.controller)"), value[:20]
            assert not re.search(r"NaN|undefined|\[object", text_of(element)), value[:20]
            assert page.evaluate("typeof hacked") == "undefined"


def test_kept_answers_that_make_no_sense_are_dropped(open_page):
    page = open_page("tutorial/counting.html")
    for kept in ["{", '"x"', "[99, -1, {}]", "[null, true]", "{}"]:
        page.evaluate("(kept) => localStorage.setItem('bl-quiz:counting', kept)", kept)
        page.reload()
        assert "0 of 4 right" in find(page, "quiz").inner_text()


def test_reduced_motion_shows_the_end_at_once(open_page):
    for motion, moving in [("no-preference", True), ("reduce", False)]:
        page = open_page("tutorial/sampling.html", reduced_motion=motion)
        find(page, "walk").get_by_role("button", name="Draw a number").click()
        name = page.locator(".bl-dart").evaluate("dart => getComputedStyle(dart).animationName")
        assert (name != "none") == moving
        page = open_page("tutorial/comparing.html", reduced_motion=motion)
        drawn = find(page, "race").evaluate(
            """async (node) => {
                let drawn = 0;
                new MutationObserver(() => drawn++).observe(node.chart, { childList: true });
                node.runOrPause();
                while (node.at < node.goal) await new Promise(requestAnimationFrame);
                await new Promise((done) => setTimeout(done));
                return drawn;
            }"""
        )
        assert drawn > 50 if moving else drawn == 2  # the beginning and the end
