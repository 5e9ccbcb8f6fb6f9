"""Bets: 100 % spread over the answers, what they cost, what is covered until then, and what they all cost together."""

import json
import math
import re

import pytest
from support import BROWSER, CHAPTERS, DESKTOP, PHONE, find, violations
from tools.scoring import bets_of

pytestmark = BROWSER

PIECES = 20  # of a range
NEAR = 310  # pixels

SIGHT = """(near) => {
    const isSeen = (node) => node.checkVisibility({ visibilityProperty: true });
    const distance = (bet, { top, bottom }) => Math.max(top - bet.bottom, bet.top - bottom);
    const seen = [];
    const walker = document.createTreeWalker(document.querySelector("article"), NodeFilter.SHOW_TEXT);
    for (let node; (node = walker.nextNode()); ) {
        if (!node.data.trim() || node.parentNode.closest("bl-bet, svg") || !isSeen(node.parentNode)) continue;
        const range = document.createRange();
        range.selectNode(node);
        seen.push([node.data, range.getBoundingClientRect()]);
    }
    return [...document.querySelectorAll("bl-bet")].map((bet) => {
        const place = bet.getBoundingClientRect();
        const made = [];
        const after = [];
        for (let next = bet.parentNode.nextElementSibling; next; next = next.nextElementSibling)
            after.push(...(bet.covered.includes(next) ? next.children : [next]));
        for (const next of after) {
            if (next.matches("h2, figure.bl") || distance(place, next.getBoundingClientRect()) > near) break;
            const isMade = next.matches(".result, .figure, .chart, figure");
            if (isMade && isSeen(next)) made.push(next.outerHTML.slice(0, 80));
        }
        return {
            question: bet.question,
            truth: bet.truth.textContent,
            number: bet.dataset.truth,
            text: seen.filter(([, rect]) => distance(place, rect) <= near).map(([text]) => text).join(""),
            made,
        };
    });
}"""


def given_away(bet):
    """Return what of the text near a bet says its truth: its words, or its number as it may be rounded."""
    words = bet["truth"] if len(bet["truth"]) > 1 else None  # `a` stands in any text
    found = [words] if words and re.search(rf"(?<!\w){re.escape(words)}(?!\w)", bet["text"]) else []
    numbers = [bet["number"]] if bet["number"] else re.findall(r"\d{2,}", bet["truth"].replace(",", ""))
    for number in re.findall(r"\d[\d,]*(?:\.\d+)?", bet["text"]):
        digits = number.replace(",", "")
        decimals = len(digits.partition(".")[2])
        if len(digits.replace(".", "")) > 1 and any(round(float(some), decimals) == float(digits) for some in numbers):
            found.append(number)
    return found


def answers_in_sight(page, site):
    found = []
    for chapter in CHAPTERS:
        page.goto(f"{site[1]}tutorial/{chapter}.html")
        for bet in page.evaluate(SIGHT, NEAR):
            found += [f"{chapter}: {bet['question']} {telling}" for telling in given_away(bet) + bet["made"]]
    return found


@pytest.mark.parametrize("options", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_no_answer_stands_in_plain_sight_of_its_bet(open_page, site, options):
    found = answers_in_sight(open_page("", **options), site)
    assert not found, "\n".join(found)


def test_without_the_covers_many_answers_would_stand_in_plain_sight(open_page, site):
    page = open_page("")
    page.add_init_script(
        "addEventListener('load', () => document.querySelectorAll('bl-bet').forEach((bet) => {"
        "bet.covered.forEach((node) => node.classList.remove('bl-covered')) }))"
    )
    assert len(answers_in_sight(page, site)) > 15  # so the test above looks at something


def numbers_of(bet):
    return dict(zip(bet.locator("dt").all_inner_texts(), bet.locator("dd").all_inner_texts(), strict=True))


def cost(share, n):
    return f"{-math.log(0.99 * share + 0.01 / n):.2f} nats"


def test_a_tap_gives_a_choice_half_of_what_the_others_have(open_page, act):
    page = open_page("tutorial/counting.html", **act.options)
    bet = find(page, "bet")
    shares = bet.locator(".bl-stake output")
    assert shares.all_inner_texts() == ["25%"] * 4
    act(bet.get_by_role("button", name="an", exact=True))
    act(bet.get_by_role("button", name="n.", exact=True))
    act(bet.get_by_role("button", name="n.", exact=True))
    given = [0.625 / 4, 0.125 / 4, 0.125 / 4 + 0.75, 0.125 / 4]
    assert shares.all_inner_texts() == [f"{100 * share:.0f}%" for share in given]
    assert not bet.locator(".bl-truth").is_visible()
    act(bet.get_by_role("button", name="That's my bet"))
    told = {"The truth": "n.", "You gave it": "78%", "Your loss": cost(given[2], 4), "Knowing nothing": "1.39 nats"}
    assert numbers_of(bet) == told
    assert bet.locator(".bl-outcome .bl-reason").is_visible()
    page.reload()
    assert numbers_of(bet) == told
    act(bet.get_by_role("button", name="Bet again"))
    assert bet.locator("dd").count() == 0
    act(bet.get_by_role("button", name="an", exact=True))
    act(bet.get_by_role("button", name="That's my bet"))
    assert "Your favorite was an: an comes" in bet.locator(".bl-outcome").inner_text()
    act(bet.get_by_role("button", name="Bet again"))
    page.reload()
    assert bet.get_by_role("button", name="That's my bet").is_visible()
    assert page.context.cookies() == []


def test_a_slider_gives_any_share_and_no_loss_is_infinite(open_page):
    page = open_page("tutorial/counting.html")
    bet = find(page, "bet")
    slider = bet.get_by_role("slider", name="Share of a.")
    slider.focus()
    slider.press("End")
    assert [node.get_attribute("aria-valuetext") for node in bet.get_by_role("slider").all()] == [
        "0%",
        "100%",
        "0%",
        "0%",
    ]
    bet.get_by_role("button", name="That's my bet").press("Enter")
    assert numbers_of(bet)["Your loss"] == f"{math.log(400):.2f} nats"
    bet.get_by_role("button", name="Bet again").press("Enter")
    slider.focus()
    slider.press("Home")
    assert bet.locator(".bl-stake output").all_inner_texts() == ["33%", "0%", "33%", "33%"]


def test_a_bet_on_a_range_is_a_bell_to_move_and_to_narrow(open_page, act):
    page = open_page("tutorial/smoothing.html", **act.options)
    bet = page.locator("bl-bet[data-unit='%']").first  # how often a `u` follows `q`
    where, wide = bet.get_by_role("slider").all()
    if act.kind == "keyboard":
        where.focus()
        for key in ["End", *["ArrowLeft"] * 23]:
            where.press(key)
        wide.focus()
        wide.press("Home")
    else:
        bars = bet.locator(".bl-bell")
        bars.scroll_into_view_if_needed()
        box = bars.bounding_box()
        at = (box["x"] + 0.77 * box["width"], box["y"] + box["height"] / 2)
        for _ in range(6):  # the first moves it, the others narrow it
            page.mouse.click(*at) if act.kind == "mouse" else page.touchscreen.tap(*at)
    assert where.get_attribute("aria-valuetext") == "77%"
    assert wide.input_value() == "0"
    act(bet.get_by_role("button", name="That's my bet"))

    def below(x):
        return 1 / (1 + 3 ** ((0.77 - x) / 0.025))

    share = (below(0.8) - below(0.75)) / (below(1) - below(0))
    assert numbers_of(bet) == {
        "The truth": "75.7%",
        "You gave the bar it is in": f"{100 * share:.0f}%",
        "Your loss": cost(share, PIECES),
        "Knowing nothing": f"{math.log(PIECES):.2f} nats",
    }
    marked = "nodes => nodes.map((node) => node.classList.contains('bl-on-truth'))"
    assert bet.locator(".bl-outcome .bl-bell span").evaluate_all(marked).index(True) == 15


def test_what_gives_the_answer_away_is_covered_until_one_bets_or_asks(open_page, act):
    page = open_page("tutorial/sampling.html", **act.options)
    bet = find(page, "bet")
    telling = page.get_by_text("It would write this one word forever")
    assert not telling.is_visible()
    place = telling.bounding_box()["height"]
    act(bet.get_by_role("button", name="Show me"))
    assert telling.is_visible()
    assert telling.bounding_box()["height"] == place  # nothing was moved for the cover
    assert bet.locator("dt").all_inner_texts() == ["The truth"]
    act(bet.get_by_role("button", name="Bet again"))
    assert not telling.is_visible()
    act(bet.get_by_role("button", name="That's my bet"))
    assert telling.is_visible()
    page.reload()
    assert telling.is_visible()


def test_every_cover_of_a_page_has_its_end(site, open_page):
    page = open_page("")
    for chapter in CHAPTERS:
        ends = (site[0] / "tutorial" / f"{chapter}.html").read_text(encoding="utf-8").count("<!-- end of bet -->")
        page.goto(f"{site[1]}tutorial/{chapter}.html")
        assert page.locator("bl-bet").count() == bets_of(chapter)
        covers = page.evaluate("[...document.querySelectorAll('bl-bet')].filter((bet) => bet.covered.length).length")
        assert covers == ends, chapter


def test_without_scripts_and_on_paper_nothing_is_covered(open_page):
    page = open_page("tutorial/sampling.html", java_script_enabled=False)
    assert page.get_by_text("It would write this one word forever").is_visible()
    page.goto(page.url.replace("sampling", "where-next"))
    assert "With scripts, this page adds up what you bet" in find(page, "score").inner_text()
    page = open_page("tutorial/sampling.html")
    page.emulate_media(media="print")
    assert page.get_by_text("It would write this one word forever").is_visible()
    bet = find(page, "bet")
    assert bet.locator(".bl-choices").is_visible()
    assert not bet.get_by_role("slider").first.is_visible()
    assert not bet.locator(".bl-truth").is_visible()  # a printed chapter is a work sheet


def test_bets_are_kept_on_pages_from_the_disk(site, open_page):
    page = open_page((site[0] / "tutorial" / "counting.html").as_uri())
    find(page, "bet").get_by_role("button", name="That's my bet").click()
    page.goto((site[0] / "tutorial" / "where-next.html").as_uri())
    assert "3. Counting: 1 of 2" in find(page, "score").inner_text()


def test_a_browser_that_keeps_nothing_forgets_with_the_page(open_page):
    page = open_page("")
    page.add_init_script(
        """for (const name of ["getItem", "setItem"]) {
            const own = Storage.prototype[name];
            Storage.prototype[name] = function (key, ...rest) {
                if (key.startsWith("bl-")) throw new Error("full"); // the theme wants the rest
                return own.call(this, key, ...rest);
            };
        }"""
    )
    page.goto(page.url + "tutorial/where-next.html")
    find(page, "bet").get_by_role("button", name="That's my bet").click()
    assert numbers_of(find(page, "bet"))["Your loss"] == "1.10 nats"
    assert "16. Where to go from here: 1 of 2" in find(page, "score").inner_text()
    page.reload()
    assert "You have not bet yet" in find(page, "score").inner_text()


UNSOUND = [
    {"page": "counting", "shares": [0.5, 0.4], "truth": 0},
    {"page": "counting", "shares": [2, -1], "truth": 0},
    {"page": "counting", "shares": [0.5, 0.5], "truth": 2},
    {"page": "counting", "shares": ["1", "0"], "truth": 0},
    {"page": 1, "shares": [0.5, 0.5], "truth": 0},
    {"shares": []},
    None,
    "x",
]


@pytest.mark.parametrize("kept", ["{", "null", "[1]", '"x"', "7", json.dumps(dict(enumerate(UNSOUND)))], ids=range(6))
def test_kept_bets_that_make_no_sense_are_dropped(open_page, kept):
    page = open_page("tutorial/where-next.html")
    page.evaluate("(kept) => localStorage.setItem('bl-bets', kept)", kept)
    page.reload()
    assert "You have not bet yet" in find(page, "score").inner_text()
    assert find(page, "bet").get_by_role("button", name="That's my bet").is_visible()


MADE = {  # two of the three that count are true; the fourth is of a chapter that is no more
    "one": {"page": "counting", "shares": [0.7, 0.1, 0.1, 0.1], "truth": 0},
    "two": {"page": "counting", "shares": [0.7, 0.3], "truth": 1},
    "three": {"page": "mlp", "shares": [0.05] * 20, "truth": 3},
    "four": {"page": "gone", "shares": [0.5, 0.5], "truth": 0},
}


def test_the_last_chapter_says_how_good_a_model_the_reader_is(open_page, act):
    page = open_page("tutorial/where-next.html", **act.options)
    score = find(page, "score")
    assert "You have not bet yet" in score.inner_text()
    assert score.get_by_role("link", name="3. Counting").is_visible()
    assert score.locator("svg").count() == 0
    page.evaluate("(made) => localStorage.setItem('bl-bets', JSON.stringify(made))", MADE)
    page.reload()
    loss = sum(-math.log(0.99 * share + 0.01 / n) for share, n in [(0.7, 4), (0.3, 2), (0.05, 20)]) / 3
    nothing = sum(map(math.log, [4, 2, 20])) / 3
    told = {
        "Your loss": f"{loss:.2f} nats a bet",
        "Knowing nothing": f"{nothing:.2f} nats a bet",
        "Bets made": f"3 of {sum(map(bets_of, CHAPTERS))}",
    }
    assert numbers_of(score) == told
    assert (
        f"among {math.exp(loss):.1f} equally likely answers, in place of {math.exp(nothing):.1f}" in score.inner_text()
    )
    label = score.get_by_role("img").get_attribute("aria-label")
    low, some, high = re.findall(r"of (\d+) shares of about (\d+)%, (\d+) were on the truth", label)
    assert (low, some, high) == (("23", "6", "1"), ("1", "30", "1"), ("2", "70", "1"))
    shown = score.locator("svg text").all_text_contents()
    assert {"1 of 23", "1 of 1", "1 of 2"} <= set(shown)
    act(score.get_by_role("button", name="Forget my bets"))
    assert "You have not bet yet" in score.inner_text()
    assert page.evaluate("localStorage.getItem('bl-bets')") == "{}"
    act(score.get_by_role("button", name="Undo"))
    assert numbers_of(score) == told
    act(find(page, "bet").get_by_role("button", name="That's my bet"))
    assert numbers_of(score)["Bets made"].startswith("4 of ")


@pytest.mark.parametrize(
    ("truth", "verdict"),
    [(0, "You did better than"), (1, "Knowing nothing would have cost less"), (None, "It cost you as much as")],
)
def test_the_verdict_follows_the_loss(open_page, truth, verdict):
    page = open_page("tutorial/where-next.html")
    bet = {"page": "mlp", "shares": [0.5, 0.5] if truth is None else [0.9, 0.1], "truth": truth or 0}
    bets = {number: {**bet, "page": chapter} for number, chapter in enumerate(CHAPTERS)}  # one in each chapter
    page.evaluate("(made) => localStorage.setItem('bl-bets', JSON.stringify(made))", bets)
    page.reload()
    assert verdict in find(page, "score").inner_text()
    page.evaluate("(made) => localStorage.setItem('bl-bets', JSON.stringify(made))", {"one": bet})
    page.reload()
    assert "That is too few bets to tell." in find(page, "score").inner_text()


@pytest.mark.parametrize("options", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_bets_and_what_they_cost_are_accessible(site, open_page, scheme, options):
    page = open_page("tutorial/where-next.html", color_scheme=scheme, **options)
    page.evaluate("(made) => localStorage.setItem('bl-bets', JSON.stringify(made))", MADE)
    for place in ["tutorial/where-next.html", "tutorial/smoothing.html"]:
        page.goto(site[1] + place)
        for covered in [True, False]:
            assert violations(page) == []
            assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
            if covered:
                for bet in page.locator("bl-bet").all():
                    bet.get_by_role("button", name="That's my bet").click()


def test_a_page_that_is_reached_without_loading_anew_has_its_covers(open_page):
    page = open_page("tutorial/counting.html")
    page.evaluate("window.stayed = true")
    page.locator(".md-footer__link--next").click()
    page.get_by_role("heading", name="4. Smoothing").wait_for()
    bet = find(page, "bet")
    is_seen = "node.checkVisibility({ visibilityProperty: true })"
    telling = bet.evaluate(f"bet => bet.covered.map((node) => {is_seen})")
    assert telling
    assert not any(telling)
    bet.get_by_role("button", name="That's my bet").click()
    kept = page.evaluate("Object.values(JSON.parse(localStorage.getItem('bl-bets')))")
    assert [one["page"] for one in kept] == ["smoothing"]
    assert page.evaluate("stayed"), "the page was loaded anew, so nothing was tested"
