"""What the pages say of themselves and of each other: descriptions, llms.txt, the laws, the glossary."""

import inspect
import re
from pathlib import Path

import pytest
from tools import listings
from tools.llms import llms_txt
from tools.markup import covered, rich, unbroken
from tools.questions import QUESTIONS
from tools.worksheets import worksheets

import bigramlab
from bigramlab.laws import CARE, LAWS, RESULT

DOCS = Path(__file__).parents[1] / "docs"
PAGES = sorted(DOCS.rglob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(DOCS).as_posix())
def test_a_page_says_in_a_line_what_it_is_about(page):
    described = re.match(r"---\n(?:.+\n)*?description: ([^:\n]+)\n", page.read_text(encoding="utf-8"))
    assert described, "write `description: ...` between two lines of ---, at the top; a colon inside would end it"
    assert len(described[1]) <= 160


def test_the_terms_of_the_glossary_are_sorted():
    terms = glossary()
    assert terms == sorted(terms, key=str.casefold)
    letters = re.findall(r"^## (.)$", (DOCS / "reference" / "glossary.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert letters == sorted({term[0].upper() for term in terms})


def test_every_term_of_the_glossary_is_linked_from_another_page():
    linked = set()
    for page in PAGES:
        if page.name != "glossary.md":
            linked.update(re.findall(r"\(\S*glossary\.md#([\w-]+)\)", page.read_text(encoding="utf-8")))
    assert linked == {term.lower().replace(" ", "-") for term in glossary()}


def glossary():
    return re.findall(r"^### (.+)$", (DOCS / "reference" / "glossary.md").read_text(encoding="utf-8"), re.MULTILINE)


def test_llms_txt_lists_the_pages_under_their_rooms(tmp_path):
    (tmp_path / "room").mkdir()
    for name, about in [("index.md", "The start"), ("room/index.md", "All of it"), ("room/one.md", "One thing")]:
        (tmp_path / name).write_text(f"---\ndescription: {about}\nhide: [toc]\n---\n\n# Page\n", encoding="utf-8")
    nav = [{"Home": "index.md"}, {"Room": ["room/index.md", {"Inner": [{"1. One": "room/one.md"}]}]}]
    config = {
        "site_name": "site",
        "site_description": "About it",
        "site_url": "",
        "docs_dir": str(tmp_path),
        "nav": nav,
    }
    assert llms_txt(config) == (
        "# site\n\n> About it\n\n## Home\n\n- [Home](index.html): The start\n\n"
        "## Room\n\n- [Room](room/index.html): All of it\n- [1. One](room/one.html): One thing\n"
    )
    config["site_url"] = "https://example.org/lab/"
    assert "(https://example.org/lab/room/one.html)" in llms_txt(config)


def test_all_laws_lists_every_law_once():
    listed = re.findall(r"^- (.+)$", listings.all_laws(), re.MULTILINE)
    assert sorted(listed) == sorted(law.sentence for laws in LAWS.values() for law in laws)


def test_all_laws_has_those_about_care_apart():
    for part in re.split(r"^### ", listings.all_laws(), flags=re.MULTILINE)[1:]:
        laws = LAWS[part.splitlines()[0]]
        result, _, care = part.partition("To be careful, too:")
        for kind, listed in ((RESULT, result), (CARE, care)):
            sentences = re.findall(r"^- (.+)$", listed, re.MULTILINE)
            assert sentences == [law.sentence for law in laws if law.kind == kind]


def test_the_reference_begins_with_a_table_of_all_functions():
    listed = re.findall(r"^\| \[`(\w+)`\]", listings.all_functions(), re.MULTILINE)
    assert sorted(listed) == [name for name in bigramlab.__all__ if inspect.isfunction(getattr(bigramlab, name))]


def test_what_a_bet_covers_is_wrapped_up_to_the_comment_and_not_across_another_bet_or_section():
    bet, end = "<figure><bl-bet>?</bl-bet></figure>", "<!-- end of bet -->"
    assert covered(f"{bet}<p>1</p>\n<p>2</p>{end}<p>3</p>") == (
        f'{bet}<div class="bl-covered"><p>1</p>\n<p>2</p></div>{end}<p>3</p>'
    )
    assert (
        covered(f"{bet}<p>1</p>{bet}<p>2</p>{end}") == f'{bet}<p>1</p>{bet}<div class="bl-covered"><p>2</p></div>{end}'
    )
    assert covered(f'{bet}<h2 id="a">A</h2>{end}') == f'{bet}<h2 id="a">A</h2>{end}'


def test_an_option_in_a_line_of_text_is_not_broken_and_code_stays_as_it_is():
    page = "<p><code>sample -n 2 --seed 4</code> and <code>Ctrl-C</code>, <code>a-b -1</code></p>"
    assert unbroken(page) == (
        '<p><code>sample <span class="bl-option">-n</span> 2 <span class="bl-option">--seed</span> 4</code> and '
        '<code><span class="bl-option">Ctrl-C</span></code>, <code>a-b <span class="bl-option">-1</span></code></p>'
    )
    block = '<pre><code><span class="o">--</span>seed -n</code></pre>'
    assert unbroken(block) == block


def test_the_worksheets_have_every_question_and_the_letter_of_its_answer():
    *sheets, answers = worksheets().split('<section class="sheet">')[1:]
    lines = re.findall(r"<li>(.*?)</li>", answers)
    assert len(sheets) == len(lines) == len(QUESTIONS)
    for questions, sheet, line in zip(QUESTIONS.values(), sheets, lines, strict=True):
        listed = re.findall(r"<ol><li>(.*?)</li></ol>", sheet.partition("<ol>")[2])
        letters = re.findall(r"\d ([abc])", line.rpartition(": ")[2])
        for question, choices, letter in zip(questions, listed, letters, strict=True):
            choice = choices.split("</li><li>")["abc".index(letter)]
            assert choice == rich(question.right[0])
            assert rich(question.text) in sheet
