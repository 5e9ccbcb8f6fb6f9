import pytest
import torch

from bigramlab import load_names
from bigramlab.judge.moments import misnamed_moments
from bigramlab.judge.reviewed import Thing
from bigramlab.judge.reviewing import review

pytestmark = pytest.mark.slow

WORDS = load_names()[:200]
LETTERS = sorted({letter for word in WORDS for letter in word})


def said(code, *, words=WORDS):
    names = {"words": words, "stoi": {letter: i for i, letter in enumerate([".", *LETTERS])}, "torch": torch}
    things = []
    for line in filter(None, code.splitlines()):
        exec(line, names)
        name = line.split(" = ")[0].strip()
        things.append(Thing(name, names[name], reads=frozenset({*line.replace("[", " ").split()} & names.keys())))
    return {item.name: item.text for item in review(things, names, words=words).items if item.is_wrong}


LINE = "tokens = torch.tensor([stoi[c] for word in words for c in '.' + word] + [0])\n"
NO_BOUNDARY = "tokens = torch.tensor([0] + [stoi[c] for word in words for c in word] + [0])\n"
SHIFTED = "xs = tokens [:-1]\nys = tokens [1:]"
BATCH = """
x = torch.stack([tokens[i:i + 8] for i in range(0, 160, 10)])
y = torch.stack([tokens[i + 1:i + 9] for i in range(0, 160, 10)])
"""


@pytest.mark.parametrize(("ends", "used"), [("[0] +", SHIFTED), ("+ [0]", SHIFTED), ("[0] +", BATCH)])
def test_a_line_of_letters_alone_has_lost_where_words_end(ends, used):
    assert "no boundary" in said(NO_BOUNDARY.replace(ends, "") + used)["tokens"]


def test_so_has_a_list():
    line = NO_BOUNDARY.replace("torch.tensor(", "list(")
    assert "no boundary" in said(line + SHIFTED)["tokens"]


@pytest.mark.parametrize("used", [SHIFTED, BATCH])
def test_a_line_with_boundaries_has_not(used):
    assert "tokens" not in said(LINE + used)
    assert "tokens" not in said(LINE.replace("'.' + word] + [0]", "word + '.']") + used)


def test_letters_that_are_only_counted_need_no_boundary():
    assert "tokens" not in said(NO_BOUNDARY + "seen = tokens .bincount()\nmost = tokens .max()")


def test_numbers_that_are_no_letters_are_left_alone():
    letters = sum(map(len, WORDS))
    assert "tokens" not in said(f"tokens = torch .arange({letters}) % 27\n" + SHIFTED)


X = torch.randn(64, 10, generator=torch.Generator().manual_seed(1)) * torch.linspace(0.5, 3, 10)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("bnstdi", X.var(0, keepdim=True), "the variance of `hpreact`"),
        ("bnstd_running", X.var(0), "the variance of `hpreact`"),
        ("xvar", X.std(0), "the standard deviation of `hpreact`"),
        ("bnvar", X.std(1, keepdim=True), "the standard deviation of `hpreact`"),
        ("bnstdi", X.std(0, keepdim=True), ""),
        ("bnstdi", X.std(0, correction=0), ""),
        ("bnvar", X.var(0), ""),
        ("bnvar_inv", X.std(0), ""),
        ("std", X.std(), ""),
        ("stdout", X.var(0), ""),
        ("variables", X.std(0), ""),
        ("bnstd_running", 0.999 * torch.ones(10) + 0.001 * X.std(0), ""),
    ],
)
def test_a_variance_is_not_to_be_called_a_deviation(name, value, told):
    things = [Thing("hpreact", X), Thing(name, value, reads=frozenset({"hpreact"}))]
    assert [text for _, text in misnamed_moments(things)] == ([text] if (text := _text(told)) else [])


def _text(told):
    other = "standard deviation" if "the variance" in told else "variance"
    return f"it is {told}, and its name says {other}" if told else ""


def test_what_is_its_own_square_is_neither():
    ones = torch.tensor([[-1.0], [1.0]] * 32).expand(-1, 10)
    things = [Thing("x", ones), Thing("xstd", ones.var(0, correction=0), reads=frozenset({"x"}))]
    assert [*misnamed_moments(things)] == []
