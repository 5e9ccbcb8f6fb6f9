"""The page "Is my number right?": what it says of numbers and tables is what `check` says."""

import random

import pytest
import torch
from support import BROWSER, HOSTILE, PLACES, find

from bigramlab import build_vocabulary, check, count_bigrams, load_names, normalize

pytestmark = BROWSER
SAID = {"Right": "right", "A mistake": "mistake", "A step on the way": "step", "Close": "close", "Unknown": "unknown"}
SAID |= {"Too few digits to tell": "unknown"}
NAMES = load_names()
COUNTS = count_bigrams(NAMES, build_vocabulary(NAMES))
LAST = [*range(1, 27), 0]


@pytest.fixture
def say(open_page):
    element = find(open_page(PLACES["number"]), "number")

    def answer(text):
        element.locator("textarea").fill(text)
        return element.locator("[role=status]").first.inner_text()

    return answer


@pytest.mark.parametrize(
    ("text", "verdict", "part"),
    [
        ("2.4540", "Right", "keepdim forgotten"),
        ("tensor(2.4546, dtype=torch.float64)", "Right", "with k = 1"),
        ("2.454014488404093", "Right", "without smoothing"),
        ("2.45409", "Right", "rounding"),
        ("2.45436", "Right", "rounding"),
        ("2.4543561935424805", "Right", "rounding"),
        ("-2.4540", "A mistake", "minus sign missing"),
        ("3.5404", "A mistake", "bits for nats"),
        ("11.6350", "Right", "perplexity"),
        ("559951.8125", "A step on the way", "the sum of the losses with k = 1"),
        ("2.4241", "A step on the way", "the first 3 words only"),
        ("32,033", "Right", "the number of names"),
        ("6763", "Right", "how often n. was counted"),
        ("2.9999", "Unknown", "between 2.454, the counted table's, and 3.296"),
        ("2.45", "Too few digits to tell", "it could be: the loss without smoothing"),
        ("17.48", "A mistake", "mean over the words"),
        ("3.54219", "A mistake", "bits for nats"),
        ("-807722.375", "A mistake", "bits for nats"),
        ("456292", "A mistake", "the number of bigrams, twice"),
        ("2.4540189512", "Right", "the loss with k = 0.01"),  # to all its digits, though another is near
        ("4.866208", "A mistake", "The mean is taken over all cells"),
        ("2.4593", "Unknown", "it may be one of a part of the words, such as dev"),
        ("2.4553", "Right", "the loss with k = 2"),
        ("2.4559", "Unknown", "between"),
        ("2.4551", "Too few digits to tell", "repeats in a word lost"),
        ("2.455082099", "A mistake", "repeats in a word lost"),
        ("2.45494518655", "Unknown", "between"),  # not of float32
        ("2.4549450874328613", "Right", "but for rounding"),
        ("2.374", "A mistake", "no start token"),
    ],
)
def test_a_number_is_told_what_it_is(say, text, verdict, part):
    told = say(text)
    assert told.startswith(verdict)
    assert part in told
    number = float(text.removeprefix("tensor(").split(",")[0] if "tensor" in text else text.replace(",", ""))
    assert check(number).verdict == SAID[verdict]


def tables():
    close, probs = COUNTS.clone(), normalize(COUNTS + 1)
    close[1, 2] += 5
    return {
        "counts": (COUNTS, "Right"),
        "smoothed": (COUNTS + 2.5, "Right"),
        "probabilities": (probs, "Right"),
        "k-read-off": (normalize(COUNTS + 3.7), "Right"),
        "boundary-last": (COUNTS[LAST][:, LAST], "Right"),
        "keepdim": (COUNTS / COUNTS.sum(dim=1), "A mistake"),
        "swapped": (COUNTS.T, "A mistake"),
        "set-to-1": (COUNTS.clamp(max=1), "A mistake"),
        "grand-total": (COUNTS / COUNTS.sum(), "A step on the way"),
        "counted-twice": (2 * COUNTS, "A mistake"),
        "k-after-dividing": (normalize(COUNTS) + 1, "A mistake"),
        "k-not-in-the-sums": ((COUNTS + 1) / COUNTS.sum(dim=1, keepdim=True), "A mistake"),
        "one-cell": (close, "Close"),
        "noise": (torch.randint(100, (27, 27), generator=torch.Generator().manual_seed(1)), "Unknown"),
    }


@pytest.mark.parametrize("name", tables())
def test_a_table_is_pasted_as_python_prints_it(say, name):
    table, verdict = tables()[name]
    assert say(str(table.tolist())).startswith(verdict)
    torch.set_printoptions(threshold=10_000)
    try:
        assert say(str(table)).startswith(verdict)
    finally:
        torch.set_printoptions(profile="default")
    assert check(table).verdict == SAID[verdict]


def test_of_random_numbers_of_four_decimals_hardly_any_is_more_than_unknown(say):
    generator = random.Random(7)
    numbers = [f"{generator.uniform(2.4, 2.6):.4f}" for _ in range(100)]
    told = {number: say(number) for number in numbers}
    known = [number for number, text in told.items() if not text.startswith(("Unknown", "Too few"))]
    assert len(known) <= 3
    assert all((check(float(number)).verdict == "unknown") == (number not in known) for number in numbers)


def test_what_is_no_number_is_asked_for_one(say):
    assert "One number is looked up" in say("emma")
    assert "These are 3 numbers" in say("1 2 3")
    for text in HOSTILE:
        say(text)
    assert say("2.454").startswith("Right")


def test_without_scripts_the_best_known_numbers_are_listed(open_page):
    page = open_page(PLACES["number"], java_script_enabled=False)
    text = find(page, "number").inner_text()
    for part in ("2.45401 is right", "2.45458 is right", "2.45436 is right", "3.54039 is a mistake"):
        assert part in text
