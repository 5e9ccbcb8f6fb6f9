import codeop
import importlib
import json
import re
import sys
import textwrap
from pathlib import Path

import pytest
import torch
from tools import (
    architectures,
    catalogue,
    catching,
    charts,
    drawings,
    experiments,
    keeping,
    looking,
    memorizing,
    palette,
    trainings,
    transforming,
)
from tools.catalogue import entry
from tools.elements import quiz
from tools.exercises import exercise, table_of_exercises
from tools.figures import inline_svg
from tools.markup import minutes_of
from tools.mistaken import answers, lines_of
from tools.questions import QUESTIONS

import bigramlab
from bigramlab import build_vocabulary, count_bigrams, load_names, normalize, plot_bigrams, smooth
from bigramlab.chapters import CHAPTERS, LESSONS
from bigramlab.lab.exercises import Exercise
from bigramlab.laws import CARE, LAWS, RESULT
from bigramlab.mistakes import MISTAKES, Mistake

DOCS = Path(__file__).parents[1] / "docs"
NAVIGATION = (DOCS.parent / "mkdocs.yml").read_text(encoding="utf-8")
PAGES = [pytest.param(path.read_text(encoding="utf-8"), id=path.stem) for path in (DOCS / "tutorial").glob("*.md")]

BLOCKS = [
    pytest.param(textwrap.dedent(block), id=f"{path.stem}-{number}")
    for path in sorted(DOCS.rglob("*.md"))
    for number, block in enumerate(
        re.findall(r"```python exec=[^\n]*\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
    )
]


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_can_be_typed_into_a_session_line_by_line(block):
    typed = []
    for line in [*block.splitlines(), ""]:
        typed.append(line.replace('f"""', '"""'))  # Python 3.12.1's codeop does not wait for the end of an f-string
        if codeop.compile_command("\n".join(typed), symbol="single"):  # raises a SyntaxError where a session would
            typed = []
    assert not "".join(typed)


def test_every_block_of_the_tutorial_is_executed_when_the_site_is_built():
    for path in DOCS.rglob("*.md"):
        for fence in re.findall(r"^ *```python.*", path.read_text(encoding="utf-8"), re.MULTILINE):
            assert 'exec="on"' in fence, path.name


@pytest.mark.parametrize("chapter", PAGES)
def test_a_chapter_has_at_most_900_words_of_prose(chapter):
    assert len(words_of_prose(chapter)) <= 900


def test_code_front_matter_and_targets_of_links_are_no_prose():
    page = "---\nhide: [toc]\n---\n\n# A title\n\nTwo words.\n\n```python\nno = words\n```\n"
    assert words_of_prose(page + '\n    ```sh\n    nor here\n    ```\n\n[a link](nor/here.md "or here")\n') == [
        *("A", "title", "Two", "words", "a", "link")
    ]


def words_of_prose(page):
    """Return the words of a page that were typed as prose: what blocks print does not count."""
    page = re.sub(r"\A---\n.*?^---\n", "", page, flags=re.DOTALL | re.MULTILINE)
    page = re.sub(r"^( *)```.*?^\1```$", "", page, flags=re.DOTALL | re.MULTILINE)
    return re.findall(r"\w[\w'-]*", re.sub(r"\]\([^)]*\)", "]", page))


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_chapter_has_the_shape_of_all_chapters(name):
    chapter = (DOCS / "tutorial" / f"{name}.md").read_text(encoding="utf-8")
    assert re.match(r"(---\n.*?\n---\n\n)?# \d+\. .+\n\n\*\*.+\?\*\* ", chapter, re.DOTALL), "a title and a question"
    assert len(re.findall(r"\bbet\(", chapter)) >= 2
    assert re.search(r"\b(inline_svg|draw_\w+)\(|figure", chapter), "a picture"
    assert chapter.count("**One thing to do.** ") == 1
    asked = {3: "## Three questions", 4: "## Three questions, and one from before"}[quiz(name).count("bl-item")]
    headings = re.findall(r"^## .+", chapter, re.MULTILINE)
    ends = ["## What can go wrong", asked, "## Your turn"]
    assert [heading for heading in headings if heading in ends or "questions" in heading] == ends


@pytest.mark.parametrize("name", ["evaluating", "neural-bigram"])
def test_what_is_not_the_path_stands_in_the_explanations(name):
    chapter = (DOCS / "tutorial" / f"{name}.md").read_text(encoding="utf-8")
    assert chapter.count("\n## ") <= 9
    assert len(words_of_prose(chapter)) <= 680
    assert "](../explanation/" in chapter


def test_a_minute_is_200_words_of_text_and_code_that_are_not_folded():
    words = "<p>one&nbsp;two</p> " * 300
    assert minutes_of(words) == 3
    assert minutes_of(f"{words}<details>{words}</details><svg><text>{words}</text></svg> 27 0.5") == 3
    assert minutes_of("<p>short</p>") == 1


@pytest.fixture(scope="module")
def counted():
    names = load_names()
    vocabulary = build_vocabulary(names)
    return count_bigrams(names, vocabulary), vocabulary


def test_a_heatmap_crosses_the_empty_cells_and_colors_all_others(counted):
    counts, vocabulary = counted
    empty = (counts == 0).sum().item()
    before, after = drawings.draw_shares(counts, vocabulary, "k = 0"), drawings.draw_shares(counts + 1, vocabulary, "")
    assert before.count("l.4 .4m0-.4l-.4 .4") == empty > 0
    assert before.count("h1v1h-1z") == counts.numel() - empty
    assert after.count("h1v1h-1z") == counts.numel()
    assert f"{empty} cells are 0" in before


@pytest.mark.slow
def test_a_heatmap_of_matplotlib_follows_the_scheme(counted):
    figure = plot_bigrams(*counted)
    assert {text.get_color() for text in figure.axes[0].texts} == {"black", "white"}
    svg = inline_svg(figure, "The counts")
    letters = re.findall(r'<text style="([^"]*)"[^>]*>(?:qu|a\.)<', svg)
    assert len(letters) == 2
    assert all("fill: currentColor" in style for style in letters)


def test_a_walk_shows_the_probability_of_each_step_and_what_else_was_likely(counted):
    counts, vocabulary = counted
    probs = normalize(smooth(counts, k=1))
    picture = drawings.draw_walk("qi", probs, vocabulary, others=2)
    q, i, u = (vocabulary.index(letter) for letter in "qiu")
    told = f". to q {probs[0, q]:.0%}, q to i {probs[q, i]:.0%}, i to . {probs[i, 0]:.0%}"
    assert f'aria-label="A walk: {told}"' in picture
    assert f">{probs[i, 0]:.0%}</text>" in picture
    assert f">u {probs[q, u]:.0%}</text>" in picture
    assert picture.count("<circle") == 4
    taken = drawings.draw_walk("qu", probs, vocabulary, others=2)
    assert f">u {probs[q, u]:.0%}</text>" not in taken  # what was taken is not listed as something else


def test_the_drawn_division_has_row_sums_of_1_with_keepdim_only():
    picture = drawings.draw_division(torch.tensor([[3, 1], [2, 4]]))
    assert "row 1 sums to 1.00 with keepdim=True, row 2 sums to 1.00 with keepdim=True" in picture
    assert "row 1 sums to 0.92 without, row 2 sums to 1.17 without" in picture  # 3/4 + 1/6 and 2/4 + 4/6
    assert re.findall(r">(\d/\d)<", picture) == ["3/4", "1/4", "2/6", "4/6", "3/4", "1/6", "2/4", "4/6"]


def test_the_chapters_of_the_site_are_those_of_the_package():
    rows = [f"{number}. {one.title}: tutorial/{one.page}.md" for number, one in enumerate(CHAPTERS, start=1)]
    plain = r"(?: \(.+\))?"  # what others call it, for the menu and the search
    assert [f"{title}: {page}" for title, page in re.findall(rf"- (.+?){plain}: (tutorial/.+)", NAVIGATION)] == rows
    assert list(QUESTIONS) == [chapter.page for chapter in CHAPTERS]


@pytest.mark.parametrize("place", range(len(CHAPTERS)))
def test_a_chapter_has_its_number_and_title_and_names_functions_of_its_lessons(place):
    chapter = CHAPTERS[place]
    page = (DOCS / "tutorial" / f"{chapter.page}.md").read_text(encoding="utf-8")
    assert re.findall(r"^# (.+)$", page, re.MULTILINE)[0] == f"{place + 1}. {chapter.title}"
    for lesson in chapter.lessons:
        assert any(name in page for name in importlib.import_module(f"bigramlab.lessons.{lesson.name}").__all__)
        assert f"(../reference/{lesson.name}.md)" in page


def test_the_reference_has_a_page_on_each_lesson_in_reading_order():
    pages = re.findall(r"- .+: reference/(.+)\.md", NAVIGATION)
    assert pages == [*(lesson.name for lesson in LESSONS), "checking", "laws", "glossary"]
    for chapter in CHAPTERS:
        for lesson in chapter.lessons:
            page = (DOCS / "reference" / f"{lesson.name}.md").read_text(encoding="utf-8")
            assert f"::: bigramlab.lessons.{lesson.name}\n" in page
            assert f"[{chapter.title}](../tutorial/{chapter.page}.md)" in page
            assert (f"(laws.md#{lesson.name})" in page) == lesson.laws


def names_in(chapter):
    return [name for lesson in chapter.lessons for name in (*lesson.core, *lesson.extra)]


@pytest.mark.parametrize("chapter", list(filter(names_in, CHAPTERS)), ids=lambda chapter: chapter.page)
def test_a_chapter_ends_with_all_its_exercises_and_no_other(chapter):
    page = (DOCS / "tutorial" / f"{chapter.page}.md").read_text(encoding="utf-8")
    assert f'\nprint(exercise("{chapter.page}"))\n' in page
    shown = exercise(chapter.page)
    begin, names = shown.splitlines()[0], names_in(chapter)
    assert re.findall(r'^\?\?\? success "A solution: `(\w+)`"$', shown, re.MULTILINE) == names
    assert [name for name in re.findall(r"`(\w+)`", begin) if name != "pytest"] == names
    files = dict.fromkeys(Exercise.named(name).file for name in names)
    assert re.findall(r"`(ch\w+\.py)`", begin) == list(files)
    for name in names:
        listed = re.search(rf'^\?\?\? abstract "The laws of `{name}`"$(.*?)^\?\?\?', shown, re.MULTILINE | re.DOTALL)[1]
        result, _, care = listed.partition("To be careful, too:")
        for kind, part in ((RESULT, result), (CARE, care)):
            assert re.findall(r"- (.+)", part) == [law.sentence for law in LAWS[name] if law.kind == kind]


def test_the_table_of_exercises_has_them_all():
    rows = [re.findall(r"`(\w+)`", row) for row in table_of_exercises().splitlines()[2:]]
    assert list(map(sorted, rows)) == [sorted(names_in(chapter)) for chapter in CHAPTERS if names_in(chapter)]


def test_a_chapter_without_exercises_asks_for_none():
    for chapter in CHAPTERS:
        page = (DOCS / "tutorial" / f"{chapter.page}.md").read_text(encoding="utf-8")
        assert ("print(exercise(" in page) == bool(names_in(chapter))


@pytest.mark.parametrize("name", ["MLP", "AdamW", "overfitting", "gradient descent"])
def test_the_menu_has_the_words_that_others_use(name):
    assert re.search(rf"- \d+\. .+ \({name}\): tutorial/", NAVIGATION)


def test_the_best_k_is_0_on_train_and_not_on_dev_as_the_pages_say():
    rows = charts.losses_by_k((-3, -2, -1, 0, 1))
    train, dev = [row[1] for row in rows], [row[2] for row in rows]
    assert train == sorted(train)
    assert min(dev) not in (dev[0], dev[-1])


def test_the_home_page_says_how_the_exercises_begin():
    assert "bigramlab start my-lab" in (DOCS / "index.md").read_text(encoding="utf-8")


TRAININGS = [experiments.embedding, experiments.overfitting, experiments.comparison, experiments.races]
TRAININGS += [looking.looking, architectures.architectures, memorizing.memorizing]


@pytest.mark.parametrize("experiment", TRAININGS, ids=lambda experiment: experiment.__name__)
def test_a_kept_training_fits_the_code(experiment):
    kept = json.loads(keeping.path_of(experiment).read_text(encoding="utf-8"))
    assert kept["key"] == keeping.key_of_training(experiment.__module__), (
        "what the trainings depend on has changed: run `mkdocs build`, commit its result"
    )


def test_the_kept_race_fits_the_code():
    kept = json.loads(transforming.KEPT.read_text(encoding="utf-8"))
    assert kept["key"] == keeping.key_of_training("tools.transforming"), "run `mkdocs build`, commit its result"


@pytest.mark.slow
def test_the_kept_catalogue_fits_the_laws_and_the_mistakes():
    kept = json.loads(catching.KEPT.read_text(encoding="utf-8"))
    assert kept["key"] == catching.key(), "laws or mistakes have changed: run `mkdocs build` and commit its result"
    assert kept["caught"].keys() == {f"{name}/{mistake.name}" for name, some in MISTAKES.items() for mistake in some}
    for key, caught in kept["caught"].items():
        assert caught["law"] in {law.name for law in LAWS[key.split("/")[0]]}


@pytest.fixture
def as_kept(monkeypatch):
    """Take what is kept of the mistakes, even if it does not fit the code any more: another test says so."""
    kept = json.loads(catching.KEPT.read_text(encoding="utf-8"))["caught"]
    monkeypatch.setattr(catalogue, "caught", lambda: kept)


@pytest.mark.usefixtures("as_kept")
def test_the_ten_best_mistakes_exist_and_stand_first():
    assert len(set(catalogue.BEST)) == 10
    titles = [key.split("/")[1].replace("_", " ") for key in catalogue.BEST]
    assert re.findall(r"^### (.+)$", catalogue.best(), re.MULTILINE) == titles


def test_every_mistake_is_listed_once_and_told_on_a_page_of_the_navigation():
    listed = re.findall(r'<li id="([^"]+)"><a href="([^"#]+)#([^"]+)">', catalogue.all_mistakes())
    assert [own for own, _, _ in listed] == [linked for _, _, linked in listed]
    assert sorted(own for own, _, _ in listed) == sorted(
        f"{m.function}-{m.name}" for some in MISTAKES.values() for m in some
    )
    for page in {page for _, page, _ in listed}:
        path = f"explanation/{page.removesuffix('html')}md"
        assert f": {path}\n" in NAVIGATION
        (named,) = re.findall(r'wrong_in\("(.+)"\)', (DOCS / path).read_text(encoding="utf-8"))
        assert page == f"how-to-be-wrong/{named}.html"


@pytest.mark.usefixtures("as_kept")
def test_a_chapter_of_mistakes_tells_all_that_are_listed():
    for page in ("smoothing", "normalizing"):
        listed = re.findall(rf'href="how-to-be-wrong/{page}.html#(\w+-\w+)"', catalogue.all_mistakes())
        assert re.findall(r"^### .* \{: #(.+) \}$", catalogue.wrong_in(page), re.MULTILINE) == listed
        assert len(listed) > 10


@pytest.mark.usefixtures("as_kept")
def test_no_line_of_code_is_empty_at_which_markdown_would_end_it():
    code = re.findall(r"<pre[^>]*>\n(.*?)</pre>", catalogue.wrong_in("attention"), re.DOTALL)
    assert sum("&#8203;" in part for part in code) > 10  # tensors of four axes have such lines
    assert not [part for part in code if re.search(r"\n\s*\n", part)]


def mistake_named(function, name):
    return catalogue.named(f"{function}/{name}")


def test_a_mistake_shows_its_lines_without_docstring_and_annotations():
    assert lines_of(mistake_named("normalize", "keepdim_forgotten")) == (
        "def keepdim_forgotten(counts):\n    return counts / counts.sum(dim=1)"
    )
    assert lines_of(mistake_named("smooth", "nothing_added_by_default")).startswith(
        "def nothing_added_by_default(counts, k=0):"  # the default is what is wrong
    )


def test_what_a_mistake_returns_stands_beside_what_it_should():
    mistake = mistake_named("smooth", "k_multiplied")
    assert answers(mistake, "smooth(tensor([[2]]), 3)") == ("tensor([[6]])", "tensor([[5]])")
    assert answers(mistake, "smooth(tensor([[0.]]), 0.)") is None  # no difference can be seen
    assert answers(mistake, "smooth(tensor([[-1]]), 3)") is None  # ours refuses it
    assert answers(mistake, "smooth(<a tensor>)") is None
    assert answers(mistake, "smooth(open('here'))") is None  # more than plain values
    sampled = "sample(tensor([[1.]]), generator=torch.Generator().manual_seed(0))"
    assert answers(mistake_named("sample", "leading_boundary_included"), sampled) is None  # draws may differ
    caught_by = {"law": LAWS["smooth"][0].name, "call": "smooth(tensor([[2]]), 3)", "problem": "`k` differs"}
    told = entry(mistake, caught_by)
    assert "<dt>It returns</dt><dd><pre>\ntensor([[6]])</pre></dd>" in told
    assert "<dt>It should return</dt><dd><pre>\ntensor([[5]])</pre></dd>" in told
    assert "<dt>But</dt><dd><code>k</code> differs</dd>" in told
    assert "<dt>But</dt>" not in entry(mistake, caught_by | {"problem": LAWS["smooth"][0].sentence})  # it is said below


@pytest.mark.slow
@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_caught_again_as_it_is_kept(name):
    mistake = MISTAKES[name][0]
    again, kept = catching.catch(mistake), catching.caught()[f"{name}/{mistake.name}"]
    assert (again["law"], *again) == (kept["law"], *kept)  # how small the call is depends on the machine


def changes_what_comes_in(counts, k=1):
    counts += k
    return counts


def prints(counts, k=1):
    sys.stdout.write(str(k))
    return smooth(counts, k)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("run", "careless", "sentence"),
    [
        (changes_what_comes_in, False, "What comes in is left as it was."),
        (prints, True, "Nothing is printed."),
    ],
)
def test_a_law_that_all_functions_share_can_be_what_catches_a_mistake(run, careless, sentence):
    mistake = Mistake("smooth", "a_slip", "It slips.", "Look.", run, careless)
    caught_by = catching.catch(mistake)
    assert next(law.sentence for law in LAWS["smooth"] if law.name == caught_by["law"]) == sentence
    assert caught_by["call"].startswith("smooth(")


@pytest.mark.slow
def test_what_no_law_catches_is_no_mistake():
    right = Mistake("perplexity", "none", "It is right.", "Look.", bigramlab.perplexity)
    with pytest.raises(RuntimeError, match="no law catches the mistake perplexity/none"):
        catching.catch(right)


def test_the_vowels_are_the_group_that_the_bet_on_embeddings_means():
    assert trainings.keep_together("aeiou")
    assert not trainings.keep_together("jqvxz")
    assert not trainings.keep_together("abcde")


@pytest.mark.slow
def test_a_training_gives_again_what_is_kept():
    kept, again = keeping.training(experiments.embedding), experiments.embedding()
    assert again["dev"] == pytest.approx(kept["dev"], abs=0.02)
    kept, again = keeping.training(experiments.comparison)["results"], experiments.comparison(transformer=None)
    assert [before["name"] for before in kept[-1:]] == ["Transformer"]  # it alone takes minutes
    for before, now in zip(kept[:-1], again["results"], strict=True):
        assert now["name"] == before["name"]
        for part in ("train", "dev", "test"):
            assert now[part] == pytest.approx(before[part], abs=0.02)


def test_no_network_loses_less_on_its_own_names_than_can_be():
    train, _, _ = experiments.honest_split()
    examples = bigramlab.build_contexts(
        train[: experiments.BY_HEART], build_vocabulary(load_names()), experiments.CONTEXT
    )
    _, counts = bigramlab.count_contexts(*examples, 27)
    least = bigramlab.negative_log_likelihood(counts, normalize(counts))
    for name in ("by heart", "held back"):
        assert all(loss > least for _, loss in trainings.run_of(name)["train"])
    assert trainings.run_of("by heart")["train"][-1][1] < least + 0.05


def test_a_k_for_a_short_list_is_better_than_1_as_two_pages_say():
    names = load_names()
    vocabulary = build_vocabulary(names)
    train, dev, _ = bigramlab.split_words(names, generator=torch.Generator().manual_seed(1))
    others = count_bigrams(dev, vocabulary)
    for n in (10, 100, 1000):
        counts = count_bigrams(train[:n], vocabulary)
        losses = [bigramlab.negative_log_likelihood(others, normalize(smooth(counts, k))) for k in (0.3, 1)]
        assert losses[0] < losses[1]


def test_the_colors_of_the_card_are_those_of_the_light_scheme():
    light = (DOCS / "stylesheets" / "extra.css").read_text(encoding="utf-8").partition("@media")[0]
    for color in (palette.PAPER, palette.PRINT, palette.BLUE, palette.ORANGE):
        assert color in light


@pytest.mark.slow
def test_a_chart_has_the_colors_of_the_page_alone():
    chart = charts.draw_losses_by_k(200, most=2)
    assert set(re.findall(r"#[0-9a-f]{6}\b", chart)) <= {"#000000"}  # of a clip path
    for color in (palette.INK, palette.FIRST, palette.SECOND):
        assert palette.IN_PAGE[color] in chart
