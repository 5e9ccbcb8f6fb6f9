"""How to be wrong: the list with its filter, and old addresses."""

import re

import pytest
from support import BROWSER, BUSY, PHONE, longest_task

from bigramlab.mistakes import MISTAKES

pytestmark = BROWSER
OVERVIEW = "explanation/how-to-be-wrong.html"
CHAPTER = "explanation/how-to-be-wrong/smoothing.html"


def shown(page):
    return page.locator("bl-mistakes li:visible").count()


def test_a_word_or_a_chapter_leaves_what_has_it(open_page):
    page = open_page(OVERVIEW)
    said = page.locator("bl-mistakes [role=status]")
    every = page.locator("bl-mistakes li").count()
    assert said.inner_text() == f"{every} mistakes."
    assert shown(page) == 0  # all are folded
    page.get_by_label("A word").fill("keepdim SUMS")
    hits = page.locator("bl-mistakes li").evaluate_all(
        "items => items.filter((item) => /keepdim/i.test(item.textContent) && /sums/i.test(item.textContent)).length"
    )
    assert said.inner_text() == f"{hits} of {every} mistakes."
    assert shown(page) == hits > 0
    page.get_by_label("A word").fill("")
    page.locator("bl-mistakes select").select_option("4. Smoothing")
    first, second = (mistake.name.replace("_", " ") for mistake in MISTAKES["smooth"][:2])
    folded = f"smooth {len(MISTAKES['smooth'])} {first}, {second}, …"
    assert page.locator("bl-mistakes summary:visible").all_inner_texts() == [folded]
    page.get_by_label("A word").fill("no such word")
    assert "No mistake has these words" in said.inner_text()
    page.get_by_label("A word").fill("")
    page.locator("bl-mistakes select").select_option("all chapters")
    assert said.inner_text() == f"{every} mistakes."


@pytest.mark.parametrize("anchor", ["smooth", "smooth-k_multiplied"])
def test_an_old_address_leads_to_where_it_stands_now(open_page, site, anchor):
    page = open_page(f"{OVERVIEW}#{anchor}")
    page.wait_for_url(f"{site[1]}{CHAPTER}#{anchor}")
    page = open_page((site[0] / OVERVIEW).as_uri() + f"#{anchor}")  # from the disk, too
    page.wait_for_url(f"**/{CHAPTER}#{anchor}")


def test_an_old_address_works_without_scripts(open_page):
    page = open_page(f"{OVERVIEW}#smooth-k_multiplied", java_script_enabled=False)
    link = page.locator("#smooth-k_multiplied a")
    assert link.get_attribute("href") == "how-to-be-wrong/smoothing.html#smooth-k_multiplied"
    assert link.is_visible()  # a browser unfolds what an address names


def test_no_mistake_is_a_block_that_the_theme_measures(site):
    for path in [site[0] / OVERVIEW, *(site[0] / "explanation" / "how-to-be-wrong").iterdir()]:
        text = path.read_text(encoding="utf-8")
        assert len(re.findall("<pre", text)) > 10
        assert not re.findall(r"<pre[^>]*>\s*(?:<span></span>)?<code", text), path.name


def longest_of(chromium, address):
    """Return the longest task of the page at an address, in milliseconds of a processor that is four times slower."""
    context = chromium.new_context(**PHONE)
    page = context.new_page()
    context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 4})
    chromium.start_tracing(page=page, categories=["toplevel"])
    page.goto(address)
    page.wait_for_timeout(1500)
    trace = chromium.stop_tracing()
    context.close()
    return longest_task(trace)


@BUSY
@pytest.mark.parametrize("place", [OVERVIEW, CHAPTER, "explanation/how-to-be-wrong/mlp.html"])
def test_the_mistakes_block_the_tab_hardly_longer_than_a_page_of_text(chromium, site, place):
    times = {path: min(longest_of(chromium, site[1] + path) for _ in range(2)) for path in (place, "404.html")}
    assert times[place] < max(200, 2 * times["404.html"])  # on a quick machine 200 ms; on any, what the theme takes
