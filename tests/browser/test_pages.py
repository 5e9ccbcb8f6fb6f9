"""Every page: what it links to, weighs and says, and what the home page and the questions do."""

import gzip
import html.parser
import json
import posixpath
import re
import urllib.parse

import pytest
from support import (
    BROWSER,
    CHAPTERS,
    DESKTOP,
    EDIT_URI,
    PHONE,
    PLACES,
    ROOT,
    WITH_ELEMENTS,
    chapter_page,
    find,
    places,
    text_of,
    violations,
)
from tools.questions import QUESTIONS

from bigramlab import (
    build_vocabulary,
    count_bigrams,
    load_names,
)

pytestmark = BROWSER


def use_elements(page):
    """Bring the elements to where they show most."""
    for bet in page.locator("bl-bet").all():
        bet.get_by_role("button", name="Show me").click()
    for question in page.locator(".bl-item").all():
        question.locator(".bl-stack button").first.click()
    for name in ["Draw a number", "100 steps", "A hundred more darts", "One step", "3.5404"]:
        for button in page.get_by_role("button", name=name).all():
            button.click()


COLORS = ["color-contrast", "link-in-text-block"]
OTHERS = {"rules": {rule: {"enabled": False} for rule in COLORS}}
# To look for what lies behind each word takes axe most of its time, and hundreds of them are colored alike by one rule.
ONE_OF_A_KIND = """() => {
    const seen = new Set();
    const parts = (node) => [...node.querySelectorAll("*"), node];
    const kinds = (node) => [...new Set(parts(node).map((one) => one.tagName + one.className))];
    for (const repeated of ["pre span[class]", ".mistake"]) {
        for (const part of document.querySelectorAll(repeated)) {
            const kind = kinds(part).sort().join(" ");
            if (seen.has(kind)) part.replaceWith(...(part.tagName === "SPAN" ? part.childNodes : []));
            seen.add(kind);
        }
    }
}"""


@pytest.mark.parametrize("options", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_accessible_fits_logs_no_error_and_asks_no_other_host(site, open_page, scheme, options):
    found = []
    page = open_page("", color_scheme=scheme, **options)
    for place in places(site[0]):
        page.goto(site[1] + place)
        if options is DESKTOP:
            use_elements(page)  # on the phone they stay as they are at first
        if scheme == "light":  # only colors depend on the scheme
            found += [f"{place}: {violation}" for violation in violations(page, **OTHERS)]
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            found.append(f"{place}: wider than the window")
        page.evaluate(ONE_OF_A_KIND)
        colors = violations(page, runOnly={"type": "rule", "values": COLORS})
        found += [f"{place}: {violation}" for violation in colors]
    assert not found, "\n".join(found)


def test_on_a_phone_the_closed_menu_takes_no_key(open_page):
    page = open_page("tutorial/counting.html", **PHONE)
    tabs = 0
    while not page.evaluate("Boolean(document.activeElement.closest('article'))"):
        page.keyboard.press("Tab")
        tabs += 1
    assert tabs < 15
    page.locator("label.md-header__button[for=__drawer]").click()
    page.locator(".md-sidebar--primary").get_by_role("link", name="4. Smoothing").wait_for()


class Parsed(html.parser.HTMLParser):
    """What a built page links to, what it loads, and where it can be linked to."""

    def __init__(self, text):
        super().__init__()
        self.links, self.loaded, self.ids = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if "id" in attributes:
            self.ids.append(attributes["id"])
        scripts = attributes.get("data-scripts", "").split()
        self.loaded += [f"/javascripts/{name}.js" for name in scripts]  # fetched where an element names them
        for key in {"href", "src"} & set(attributes):
            self.links.append(attributes[key])
            if tag in ("script", "img") or attributes.get("rel") in ("stylesheet", "icon"):
                self.loaded.append(attributes[key])


@pytest.fixture(scope="module")
def parsed(site):
    return {place: Parsed((site[0] / place).read_text(encoding="utf-8")) for place in places(site[0])}


def test_every_link_of_the_built_pages_leads_somewhere(site, parsed):
    broken = []
    for place, page in parsed.items():
        for link in page.links:
            url = urllib.parse.urlsplit(urllib.parse.urljoin(site[1] + place, link))
            if not url.geturl().startswith(site[1]):
                continue
            target = url.path.removeprefix("/") or "index.html"
            fragment = urllib.parse.unquote(url.fragment)
            is_state = fragment.partition("=")[0] in PLACES  # of an element
            anchored = not fragment or is_state or fragment in parsed[target].ids
            if not ((site[0] / target).is_file() and anchored):
                broken.append(f"{place}: {link}")
    assert broken == []


def test_no_page_has_an_id_twice(parsed):
    for place, page in parsed.items():
        assert len(page.ids) == len(set(page.ids)), place


def test_the_sitemap_has_every_page(site, parsed):
    listed = re.findall("<loc>(.*?)</loc>", (site[0] / "sitemap.xml").read_text(encoding="utf-8"))
    assert sorted(listed) == [site[1] + place for place in parsed if place != "404.html"]


def test_a_page_weighs_little(site, built, parsed):
    def weight(path):
        return len(gzip.compress((built / path).read_bytes()))

    search = ["search/search_index.json", *(f"assets/{path}" for path in workers(site[0]))]
    for place, page in parsed.items():
        loaded = {posixpath.normpath(posixpath.join("/", posixpath.dirname(place), path))[1:] for path in page.loaded}
        own = [path for path in loaded if path.startswith("javascripts/")]
        assert len(own) >= 10
        assert sum(map(weight, own)) < 40_000, place
        assert sum(map(weight, [place, *search, *loaded])) < 500_000, place


def test_the_search_reads_no_folded_code_and_no_report(built):
    texts = [one["text"] for one in json.loads((built / "search/search_index.json").read_text("utf-8"))["docs"]]
    for folded in ("Source code in", "It should return <pre>"):
        assert not any(folded in text for text in texts), folded


def workers(folder):
    return [path.relative_to(folder / "assets").as_posix() for path in folder.glob("assets/javascripts/workers/*.js")]


def test_a_page_that_does_not_exist_leads_on_from_any_depth(site):
    text = (site[0] / "404.html").read_text(encoding="utf-8")
    main = text[text.index("<article") : text.index("</article>")]
    links = re.findall('href="([^"]*)"', main)
    assert len(links) > 20
    assert all(link.startswith("/") and (site[0] / link[1:]).is_file() for link in links if link != "/")


def test_every_page_has_a_link_to_edit_it(site, parsed):
    for place in parsed.keys() - {"404.html"}:
        text = (site[0] / place).read_text(encoding="utf-8")
        (source,) = re.findall(f'<a href="{EDIT_URI}(.*?)" rel="edit">', text)
        assert (ROOT / "docs" / source).is_file()
        assert source.removesuffix(".md") == place.removesuffix(".html")


def test_a_chapter_says_which_of_how_many_it_is(site):
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    chapters = re.findall(r"^      - \d+\. .*: (tutorial/.*)\.md$", navigation, re.MULTILINE)
    for number, chapter in enumerate(chapters, start=1):
        text = (site[0] / f"{chapter}.html").read_text(encoding="utf-8")
        assert f"Chapter {number} of {len(chapters)}\n" in text
        assert re.search(r"· \d+ minutes to read, more to play\n", text)
    assert '<p class="chapter">' not in (site[0] / "lab.html").read_text(encoding="utf-8")


def test_a_chapter_is_done_when_all_its_questions_are_answered(open_page):
    page = open_page("tutorial/counting.html")
    done = page.locator("bl-done")
    for item in page.locator("bl-quiz .bl-item").all():
        assert done.text_content() == ""
        item.get_by_role("button").first.click()
    assert done.text_content() == "· 1 done"
    page.goto(page.url.replace("counting", "sampling"))
    assert done.text_content() == "· 1 done"
    page.goto(page.url.replace("sampling", "counting"))
    page.get_by_role("button", name="Forget my answers").click()
    assert done.text_content() == ""


def test_every_link_to_a_heading_is_named_after_it(site, parsed):
    for place in parsed:
        text = (site[0] / place).read_text(encoding="utf-8")
        for link in re.findall('<a class="headerlink".*?>', text):
            assert re.search('aria-label="Link to [^"]', link), (place, link)


def test_a_page_describes_itself_to_other_sites(site, parsed):
    for place in parsed:
        text = (site[0] / place).read_text(encoding="utf-8")
        told = dict(re.findall(r'<meta (?:property|name)="((?:og|twitter):\w+)" content="([^"]*)">', text))
        assert {"og:title", "og:description", "og:image", "twitter:card"} <= set(told)
        assert (site[0] / told["og:image"].removeprefix(site[1])).is_file()


def test_the_home_page_writes_names_and_can_be_stopped(open_page):
    page = open_page("")
    sampler = find(page, "sampler")
    before = sampler.locator(".bl-written").inner_text()
    page.wait_for_function("document.querySelector('bl-sampler .bl-path').textContent.length > 2")
    page.wait_for_function("before => document.querySelector('.bl-written').innerText !== before", arg=before)
    sampler.get_by_role("button", name="Pause").click()
    stopped = sampler.inner_text()
    page.wait_for_timeout(2500)
    assert sampler.inner_text() == stopped
    sampler.get_by_role("button", name="Go on").click()
    page.wait_for_function("before => document.querySelector('bl-sampler').innerText !== before", arg=stopped)
    page.locator(".md-tabs").get_by_role("link", name="The lab").click()
    page.wait_for_url("**/lab.html")


def test_the_home_page_writes_as_the_table_says(open_page, core):
    page = open_page("", reduced_motion="reduce")
    sampler = find(page, "sampler")
    assert not sampler.get_by_role("button", name="Pause").is_visible()
    written = set()
    for _ in range(30):
        sampler.get_by_role("button", name="Another").click()
        path = sampler.locator(".bl-path").inner_text()
        assert path.endswith(".")
        written.add(path)
    assert len(written) > 20
    vocabulary = build_vocabulary(load_names())
    seed, place = sampler.evaluate("node => [node.seed, node.darts.length]")
    darts = core("return bl.makeDarts(it - 1, 4096);", seed)[:place]
    ids = core(
        """const probs = bl.normalize(bl.smooth(Float64Array.from(it.counts), 1), 27);
        return bl.walk(probs, 27, it.darts);""",
        {"counts": count_bigrams(load_names(), vocabulary).flatten().tolist(), "darts": darts[::-1]},
    )
    sampler.get_by_role("button", name="Another").click()
    name = "".join(vocabulary[id] for id in ids[: ids.index(0)])
    shown = sampler.locator(".bl-path").inner_text()
    assert f".{name}.".endswith(shown.removeprefix("…"))
    assert shown.startswith("." if len(name) < 15 else (".", "…"))  # of a long name, the end is shown


def test_the_home_page_shows_names_without_scripts(open_page):
    page = open_page("", java_script_enabled=False)
    assert page.locator(".bl-written code").count() >= 8
    assert page.locator(".bl-map polyline").get_attribute("points").count(" ") >= 3


def test_nothing_writes_on_when_the_home_page_is_left(open_page):
    page = open_page("")
    page.evaluate("window.left = document.querySelector('bl-sampler')")
    assert page.evaluate("left.timer > 0")
    page.locator(".md-tabs").get_by_role("link", name="The lab").click()
    page.wait_for_function("!left.isConnected")
    assert page.evaluate("left.timer === 0"), "the page was loaded anew, or the timer is left"


def test_search_works_by_keyboard(searchable, open_page):
    page = open_page("tutorial/counting.html")
    page.keyboard.press("/")
    page.keyboard.type("perplexity", delay=30)
    page.locator(".md-search-result__item").first.wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_function("!location.pathname.endsWith('counting.html')")
    assert "perplexity" in page.locator(".md-content__inner").inner_text().lower()


def test_on_paper_a_page_has_ink_on_white_and_no_frame(open_page):
    page = open_page("tutorial/counting.html", color_scheme="dark")
    page.emulate_media(media="print")
    for part in [".md-header", ".md-tabs", ".md-sidebar--primary", ".md-footer", ".bl-tools"]:
        assert not page.locator(part).first.is_visible(), part
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.querySelector('article h1')).color") == "rgb(28, 36, 48)"
    assert page.locator("bl-bet .bl-choices").first.is_visible()


def test_the_text_of_a_picture_can_be_read_on_a_phone(open_page, site):
    small = []
    page = open_page("", **PHONE)
    for place in places(site[0]):
        if place != "404.html" and re.search("<svg role|<bl-", (site[0] / place).read_text(encoding="utf-8")):
            page.goto(site[1] + place)
            small += page.evaluate(
                """place => [...document.querySelectorAll("article svg text")]
                    .filter((text) => text.textContent.trim() && text.getClientRects().length)
                    .map((text) => [text, text.getScreenCTM()])
                    .map(([text, at]) => [text, parseFloat(getComputedStyle(text).fontSize) * Math.hypot(at.a, at.b)])
                    .filter(([, size]) => size < 9.95)
                    .map(([text, size]) => `${place}: ${text.textContent} has ${size.toFixed(1)} px`)""",
                place,
            )
    assert not small, small


SHIFTS = """window.shifted = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) shifted += entry.value;
}).observe({ type: "layout-shift", buffered: true });"""


@pytest.mark.parametrize("options", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_page_that_comes_slowly_hardly_shifts(chromium, site, options):
    for place in ["index.html", "lab.html", *(f"tutorial/{name}.html" for name in ("counting", "normalizing", "mlp"))]:
        context = chromium.new_context(**options)
        page = context.new_page()
        page.add_init_script(SHIFTS)
        slow = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 90_000}
        context.new_cdp_session(page).send("Network.emulateNetworkConditions", slow)  # a slow 4G
        page.goto(site[1] + place)
        page.wait_for_timeout(700)
        assert page.evaluate("shifted") < 0.1, place
        context.close()


def test_every_element_of_a_page_is_alive(open_page):
    for place in WITH_ELEMENTS:
        page = open_page(place)
        elements = page.locator("figure.bl > *")
        assert elements.count() >= (1 if place.startswith("how-to/") else 3)
        alive = elements.evaluate_all(
            "nodes => nodes.map(({ answer, items, chapters, controller, path }) =>"
            " Boolean(answer || items || chapters || controller || path))"
        )
        assert all(alive), place


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_has_two_bets_and_its_questions(open_page, chapter):
    page = open_page(f"tutorial/{chapter}.html")
    assert page.locator("bl-bet").count() >= 2
    assert page.locator("bl-quiz .bl-item").count() == 3 + (chapter != CHAPTERS[0])  # and one from an earlier chapter


def test_without_scripts_every_element_teaches(open_page):
    for place in WITH_ELEMENTS:
        page = open_page(place, java_script_enabled=False)
        for figure in page.locator("figure.bl").all():
            assert len(figure.inner_text()) > 20, place
        for bet in page.locator("bl-bet").all():
            bet.locator("summary").click()
            assert bet.locator(".bl-truth").is_visible()
        for question in page.locator(".bl-item").all():
            question.locator("summary").click()
            assert question.locator(".bl-because").count() == 3


def test_the_site_works_from_the_disk(site, open_page):
    page = open_page((site[0] / "tutorial" / "counting.html").as_uri())
    find(page, "count").get_by_role("button", name="Count it for me").click()
    assert "Pair 2 of 5" in find(page, "count").inner_text()


def test_going_there_and_back_leaves_nothing_running(open_page):
    page = open_page("lab.html")
    page.evaluate(
        """() => {
            window.running = new Set();
            window.stayed = true;
            const start = setInterval;
            window.setInterval = (...args) => { const id = start(...args); running.add(id); return id; };
            const stop = clearInterval;
            window.clearInterval = (id) => { running.delete(id); stop(id); };
            window.left = [...document.querySelectorAll("figure.bl > *")];
        }"""
    )
    page.locator("bl-words").get_by_role("button", name="Greek").click()
    for title, place in [("7. Evaluating", "tutorial/evaluating.html"), ("The lab", "lab.html")] * 2:
        page.locator(".md-nav--primary").get_by_text(title, exact=True).evaluate("node => node.closest('a').click()")
        page.wait_for_url("**/" + place)
        page.locator(".md-nav--primary a.md-nav__link--active", has_text=title).wait_for(state="attached")
        page.wait_for_function("document.querySelector('bl-name')?.state && !left.some(node => node.isConnected)")
    assert page.evaluate("stayed"), "the page was loaded anew, so nothing was tested"
    assert page.evaluate("left.every(node => node.controller.signal.aborted)")
    page.wait_for_function("running.size === 0", timeout=20_000)  # the theme's own need a moment
    assert "emma" in text_of(find(page, "name"))  # and not a Greek word


def test_a_chapter_has_three_questions_with_three_choices():
    for some in QUESTIONS.values():
        assert len(some) == 3
        assert all(len(question.wrong) == 2 for question in some)


def test_a_right_answer_is_given_away_neither_by_length_nor_by_place(site):
    places, longest, shortest = [0, 0, 0], 0, 0
    items = [item for chapter in QUESTIONS for item in built_items(site, chapter)[:3]]
    for item in items:
        choices = re.findall(r'<li( data-right)?><span class="bl-choice">(.*?)</span>', item)
        assert sum(bool(right) for right, _ in choices) == 1
        lengths = [len(re.sub("<.*?>", "", choice)) for _, choice in choices]
        place = next(place for place, (right, _) in enumerate(choices) if right)
        places[place] += 1
        longest += lengths[place] == max(lengths) and lengths.count(max(lengths)) == 1
        shortest += lengths[place] == min(lengths) and lengths.count(min(lengths)) == 1
    assert min(places) >= len(items) // 6
    assert longest <= len(items) / 2
    assert shortest <= len(items) / 2


@pytest.mark.parametrize("chapter", QUESTIONS)
def test_the_paragraphs_that_quizzes_link_to_exist(site, chapter):
    for item in built_items(site, chapter):
        links = re.findall(r'href="([^"]*)"', item)
        assert len(links) == 3
        page, anchor = links[0].split("#")
        assert f'id="{anchor}"' in chapter_page(site, page.removesuffix(".html") or chapter)


def built_items(site, chapter):
    return re.findall(r'<li class="bl-item">.*?</details></li>', chapter_page(site, chapter), re.DOTALL)
