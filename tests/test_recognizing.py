import itertools
import json
import math
import random
import re
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from bigramlab import (
    build_contexts,
    build_vocabulary,
    check,
    count_bigrams,
    encode,
    init_transformer,
    keep_top_k,
    keep_top_p,
    load_names,
    negative_log_likelihood,
    normalize,
    perplexity,
    smooth,
    split_words,
    with_temperature,
)
from bigramlab.judge.making import Made
from bigramlab.judge.reading_examples import EXAMPLES
from bigramlab.judge.recognizing import KEPT, are_the_names, recognize
from bigramlab.judge.slipping import run_slip, slips_of
from bigramlab.lab.tutorial import BLOCK
from bigramlab.laws import ours_for
from bigramlab.lessons.mlp import pieces_of
from bigramlab.mistakes import MISTAKES

pytestmark = pytest.mark.slow

NAMES = load_names()
VOCABULARY = build_vocabulary(NAMES)
COUNTS = count_bigrams(NAMES, VOCABULARY)
PROBS = normalize(smooth(COUNTS, k=1))
WORDS = ["emma", "ava", "mia", "ann", "anna", "eve", "ivy", "vim", "nina", "ana"]
LAST = [*range(1, 27), 0]


def slip(function, name):
    return next(one.run for one in MISTAKES[function] if one.name == name)


def said(value, verdict, *parts, words=None):
    report = check(value, words=words)
    assert report.verdict == verdict, report
    assert bool(report) == (verdict == "right")
    assert len(report.text().splitlines()) <= 30
    for part in parts:
        assert part in " ".join(report.text().split())
    return report


@pytest.mark.parametrize(
    ("number", "what"),
    [
        (2.454, "the loss without smoothing"),
        (2.454014, "the loss without smoothing"),
        (2.4546, "the loss with k = 1"),
        (torch.tensor(2.454577), "the loss with k = 1"),
        (np.float32(2.454014), "the loss without smoothing"),
        (negative_log_likelihood(COUNTS, normalize(smooth(COUNTS, k=0.5))), "the loss with k = 0.5"),
        (perplexity(COUNTS, PROBS), "the perplexity with k = 1"),
        (11.635, "the perplexity without smoothing"),
        (math.log(27), "log 27"),
        (27, "the size of the vocabulary"),
        (32033, "the number of words"),
        (torch.tensor(228146), "the number of bigrams"),
        (6763, "how often `n.` was counted"),
    ],
)
def test_a_right_number_is_right(number, what):
    said(number, "right", what)


@pytest.mark.parametrize("number", [2.45409, 2.45436, 2.454094171524048, 2.4543561935424805, 2.4541, 2.4544])
def test_what_a_loop_in_float32_gives_is_right_and_said_to_be_rounding(number):
    said(number, "right", "float32, whose rounding shows")


def test_a_right_loss_may_come_from_a_wrong_table_and_the_report_says_so():
    for wrong in (COUNTS + 1) / (COUNTS + 1).sum(dim=1), (COUNTS + 1) / (COUNTS + 1).sum(dim=0, keepdim=True):
        loss = negative_log_likelihood(COUNTS, wrong.clamp(max=1))
        said(loss, "right", "keepdim forgotten", "columns divided for rows", "gives this loss, too: check the table")


@pytest.mark.parametrize(
    ("number", "verdict", "what"),
    [
        (-2.454, "mistake", "minus sign missing"),
        (3.5404, "mistake", "bits for nats"),
        (-2.4541, "mistake", "the loss without smoothing, in nats, rounded in float32, with one slip"),
        (3.54219, "mistake", "bits for nats"),  # a loop in float32
        (17.48, "mistake", "mean over the words"),
        (2.8549, "mistake", "mean over the letters"),
        (807726.8, "mistake", "the sum of the losses without smoothing, with one slip. But “bits for nats”"),
        (-807722.375, "mistake", "the log-likelihood without smoothing, rounded in float32, with one slip"),
        (25.2155, "mistake", "bits for nats"),  # and over the words
        (1119782.0, "mistake", "the sum of the losses without smoothing, twice"),
        (456292, "mistake", "the number of bigrams, twice"),
        (559951.8125, "step", "the sum of the losses with k = 1"),
        (-559874, "step", "the log-likelihood without smoothing"),
        (2.4241, "step", "the loss of the first 3 words only"),
        (3.4972, "mistake", "the loss of the first 3 words only, by the model of all, without smoothing, in nats"),
        (-2.4241, "mistake", "minus sign missing"),
        (float("nan"), "mistake", "zero times log 0"),
    ],
)
def test_a_number_that_is_not_the_loss_is_told_what_it_is(number, verdict, what):
    said(number, verdict, what)


def test_a_short_number_is_matched_to_its_digits_and_a_long_one_to_what_rounding_does():
    said(2.453, "unknown")
    moved = 2.454577 * (1 + 1.5e-4)
    said(torch.tensor(moved).item(), "right", "but for rounding")
    said(torch.tensor(moved * 228146).item() / 228146, "right", "but for rounding")  # a sum in float32
    said(moved, "unknown")  # float32 has no such number, so no loop in it has moved it
    said(2.4530123, "unknown")
    said(1.606, "unknown")  # with one digit more it would be the loss of counting what follows 4 tokens
    said(
        2.855101428, "unknown"
    )  # over the letters it is 2.854852, and in a float32 loop 2.854941: no other rounding is known
    said(2.1, "unknown")


@pytest.mark.parametrize(
    ("number", "part"),
    [(2.5, "the loss with k = 1"), (2.45, "the loss without"), (-2.45, "minus sign missing"), (3.54, "bits for nats")],
)
def test_too_few_digits_are_never_right_and_never_wrong(number, part):
    report = said(number, "unknown", f"{number} could be", part, "too few digits to tell, write four decimals")
    assert not report.sections()


@pytest.mark.parametrize(
    ("number", "part"),
    [
        (2.4829, "between 2.454, the counted table's, and 3.296"),
        (3.7693, "above 3.296, that of a model that knows nothing: it may be one at the start of training"),
        (2.1234, "below 2.454, the least that a model of one letter before can have"),
    ],
)
def test_a_number_that_nobody_knows_is_placed_among_the_losses(number, part):
    said(number, "unknown", "none of the values", part)
    assert not check(123.4567).notes


def test_one_slip_that_explains_a_number_leaves_no_room_for_two():
    report = said(3.5412, "mistake", "bits for nats")
    assert all(len(one.slips) == 1 for one in report.candidates)
    assert len(report.candidates) == 1


def test_a_number_of_letters_is_told_to_be_a_wrong_number_of_bigrams_too():
    report = said(196113, "right", "the number of letters in all words", "the number of bigrams, with one slip")
    assert report.candidates[1].slips == ("count_bigrams/no_stop_token",)


@pytest.mark.parametrize("name", ["nll", "loss", "train_loss", "NLL"])
def test_a_variable_that_is_called_a_loss_has_no_log_likelihood(name):
    report = recognize(-559891.0, name=name)
    assert report.verdict == "mistake"
    assert f"`{name}` is -559891, and should be 559891." in report.text()
    assert report.candidates[0].slips == ("negative_log_likelihood/minus_sign_missing",)
    assert recognize(-559891.0, name="log_likelihood").verdict == "step"


def test_nothing_is_guessed():
    generator = random.Random(1)
    numbers = [generator.uniform(2.6, 6) for _ in range(60)]
    assert sum(check(number).verdict == "unknown" for number in numbers) > 55
    for value in (
        math.pi,
        math.inf,
        0.1,
        torch.randn(27, 27),
        torch.randint(100, (27, 27)),
        torch.randn(3, 4, 5),
        [5, 6],
    ):
        said(value, "unknown")


@pytest.mark.parametrize(("low", "high", "number"), [(2.40, 2.60, 400), (1.9, 2.4, 300)])
def test_of_random_numbers_of_four_decimals_about_one_in_a_hundred_is_more_than_unknown(low, high, number):
    generator = random.Random(7)
    verdicts = [check(round(generator.uniform(low, high), 4)).verdict for _ in range(number)]
    assert verdicts.count("unknown") >= 0.985 * number


@pytest.mark.parametrize("seed", [1, 42, 2147483647])
@pytest.mark.parametrize("k", [0.1, 1])
def test_the_losses_of_a_split_are_no_mistakes_and_no_others(seed, k):
    parts = split_words(NAMES, (0.8, 0.1, 0.1), generator=torch.Generator().manual_seed(seed))
    probs = normalize(smooth(count_bigrams(parts[0], VOCABULARY), k=k))
    for part in parts:
        loss = negative_log_likelihood(count_bigrams(part, VOCABULARY), probs)
        for digits in (4, 5, 15):
            said(round(loss, digits), "unknown")


def test_what_many_numbers_would_fit_is_what_it_could_be_until_all_its_digits_are_there():
    counts = slip("count_bigrams", "repeats_in_a_word_lost")(NAMES, VOCABULARY)
    loss = negative_log_likelihood(counts, normalize(counts))
    report = said(round(loss, 4), "unknown", "could be", "repeats in a word lost", "write all of them")
    assert not report.candidates
    said(loss, "mistake", "repeats in a word lost")
    two_tokens = (COUNTS + 4) / (COUNTS.sum(dim=1, keepdim=True) + 4 * 28)
    loss = negative_log_likelihood(COUNTS, two_tokens)
    said(round(loss, 4), "unknown", "could be", "two tokens")
    said(loss, "right", "two tokens")


@pytest.mark.parametrize("k", [0.01, 0.1])
def test_of_two_losses_that_lie_near_the_one_that_fits_to_the_last_digit_is_told(k):
    loss = negative_log_likelihood(COUNTS, normalize(smooth(COUNTS, k=k)))
    for value in (loss, torch.tensor(loss).item(), round(loss, 10)):
        report = said(value, "right", f"the loss with k = {k}, in nats")
        assert report.candidates[0].sentence == f"the loss with k = {k}, in nats"


def test_the_mean_over_all_cells_is_told_as_that():
    report = said(-PROBS.log().mean(), "mistake", "with one slip", "over all cells of the table, each once")
    assert len(report.candidates) == 1


@pytest.mark.parametrize("k", [0, 0.01, 0.5, 1, 3.7, 100])
def test_k_is_read_off_a_table(k):
    sentence = f"with k = {k}" if k else "without smoothing"
    counts = COUNTS + k
    probs = counts / counts.sum(dim=1, keepdim=True)
    said(counts, "right", f"smoothed with k = {k}" if k else "the counts")
    said(probs, "right", "the probabilities", sentence)
    said(probs.log(), "step", "the logarithms of the probabilities", sentence)


@pytest.mark.parametrize("form", [torch.Tensor.tolist, torch.Tensor.numpy, torch.Tensor.float, torch.Tensor.int])
def test_a_table_may_be_written_in_any_way(form):
    said(form(COUNTS), "right", "the counts")


def test_a_table_that_was_printed_with_four_decimals_is_right():
    said(PROBS.double().round(decimals=4).tolist(), "right", "with k = 1")


def test_another_order_of_tokens_is_right_and_said():
    order = [0, *torch.randperm(26, generator=torch.Generator().manual_seed(1)).add(1).tolist()]
    for table in (COUNTS, PROBS):
        said(table[LAST][:, LAST], "right", "the boundary stands last")
        said(table[order][:, order], "right", "the tokens stand in another order")


@pytest.mark.parametrize("k", [0, 1])
def test_two_tokens_for_the_boundary_are_right_and_said(k):
    wide = torch.zeros(28, 28)
    wide[:26, :26], wide[26, :26], wide[:26, 27] = COUNTS[1:, 1:], COUNTS[0, 1:], COUNTS[1:, 0]
    said(wide + k, "right", "`<S>` and `<E>` are two tokens")
    said((wide + k) / (wide + k).sum(dim=1, keepdim=True), "right", "`<S>` and `<E>` are two tokens")


@pytest.mark.parametrize("order", [[*range(1, 27), 0, 27], [*range(28)], [0, 27, *range(1, 27)]])
def test_a_slip_in_a_table_with_two_tokens_for_the_boundary_is_named(order):
    wide = torch.zeros(28, 28)
    wide[:27, :27], wide[:27, 27] = COUNTS, COUNTS[:, 0]
    wide[:, 0] = 0
    wide = wide[order][:, order]
    no_end = wide.clone()
    no_end[:, order.index(27)] = 0
    said(wide.T.clone(), "mistake", "rows and columns swapped")
    said(no_end, "mistake", "no stop token")
    said((wide + 1) / (wide + 1).sum(dim=1), "mistake", "keepdim forgotten")


def test_the_logarithms_of_a_wrong_table_are_named_by_its_slip():
    said((COUNTS + 1).float().log().log_softmax(0), "mistake", "the logarithms of", "columns divided for rows")
    said(COUNTS.double().log_softmax(1), "mistake", "the logarithms of", "softmax of the counts")


def test_a_number_with_all_its_digits_is_none_that_was_rounded_on_the_way():
    assert check(3.219990763776819).verdict == "unknown"


def test_a_nearly_even_row_says_nothing_of_a_temperature():
    assert check(torch.tensor([0.0] + [1 / 26] * 26)).verdict == "unknown"


def test_targets_have_no_length_of_a_context():
    targets = torch.tensor([VOCABULARY.index(letter) for letter in "".join(NAMES)])
    said(targets, "mistake", "the targets", "final boundary no target")
    assert "length" not in check(targets).headline()


def test_a_table_may_come_from_another_library_that_makes_arrays_of_it():
    class Frame:
        def __array__(self, dtype=None, copy=None):
            return COUNTS.numpy()

    said(Frame(), "right", "the counts")


@pytest.mark.parametrize(
    ("table", "name"),
    [
        (COUNTS / COUNTS.sum(dim=1), "keepdim forgotten"),
        ((COUNTS + 1) / (COUNTS + 1).sum(dim=0, keepdim=True), "columns divided for rows"),
        (COUNTS.T, "rows and columns swapped"),
        (100 * PROBS, "percent for shares"),
        (COUNTS.clamp(max=1), "set to 1"),
        (torch.where(COUNTS == 0, 2, COUNTS), "only zeros smoothed"),
        (normalize(smooth(slip("count_bigrams", "no_boundary")(NAMES, VOCABULARY), k=2.5)), "no boundary"),
    ],
)
def test_a_wrong_table_is_named_by_its_slip(table, name):
    said(table, "mistake", name, "one slip")


@pytest.mark.parametrize("k", [0.1, 1])
def test_a_k_in_the_wrong_place_is_told(k):
    sums = COUNTS.sum(dim=1, keepdim=True)
    said(normalize(COUNTS) + k, "mistake", f"with k = {k}", "added after dividing", "should be 1.")
    said((COUNTS + k) / sums, "mistake", f"with k = {k}", "but not to the sums")
    said(COUNTS / (sums + 27 * k), "mistake", f"with k = {k}", "but not to the counts")
    said(COUNTS / (sums + 1), "mistake", "with k = 1", "added once to the sum of each row, and not")
    said((COUNTS + k) / (sums + k), "mistake", f"with k = {k}", "but only once to the sum")


def test_the_loss_of_a_table_with_k_in_the_wrong_place_is_told():
    probs = (COUNTS + 1) / COUNTS.sum(dim=1, keepdim=True)
    said(-(COUNTS * probs.log()).sum() / COUNTS.sum(), "mistake", "the loss with k = 1", "but not to the sums")


def test_what_shows_a_slip_is_true_of_the_value_itself():
    """Each line says what the value has somewhere, and what should stand there: both are computed again here."""
    tables = [COUNTS.T, COUNTS.clamp(max=1), COUNTS / COUNTS.sum(dim=1), 100 * PROBS, 2 * COUNTS, COUNTS + COUNTS.T]
    tables += [torch.tensor(slip("count_bigrams", "no_boundary")(NAMES, VOCABULARY).tolist())]
    words = [[f"{name}\n" for name in NAMES], [*NAMES, ""], NAMES[:-1], sorted(set(NAMES))]
    for value in (
        *tables,
        *(table.tolist() for table in tables),
        *words,
        build_contexts(NAMES, VOCABULARY, 3)[0].flip(1),
    ):
        report = recognize(value, name="mine")
        seen = [text for label, text, _ in report.sections() if label == "To see it"]
        assert len(seen) == (report.verdict == "mistake")
        for text in seen:
            place, found = re.fullmatch(r"`(.+?)` is (.+?), and should be .+\.", text).groups()
            shown = eval(place, {"mine": value})
            shown = shown.tolist() if isinstance(shown, torch.Tensor) else shown
            assert found == (f"{shown:.7g}" if isinstance(shown, int | float) else f"`{shown!r}`")


@pytest.mark.parametrize("k", [0, 1])
@pytest.mark.parametrize("times", [2, 3])
def test_what_was_counted_more_than_once_is_said_before_any_smoothing(times, k):
    often = "twice" if times == 2 else "3 times"
    said(times * COUNTS + k, "mistake", f"counted {often}", "the cell was run again, without a new table of zeros")
    said(times * COUNTS.sum(dim=1), "mistake", often)
    said(NAMES * times, "mistake", often)
    said(build_contexts(NAMES * times, VOCABULARY, 1)[1], "mistake", often)
    first = count_bigrams(NAMES[:5], VOCABULARY)
    said(COUNTS + first + k, "mistake", "the first 5 of them once more")
    said(first + k, "step", "the counts of the first 5 words only")


def test_two_slips_are_told_as_two():
    counts = slip("count_bigrams", "no_start_token")(NAMES, VOCABULARY) + 1
    said(counts / counts.sum(dim=0, keepdim=True), "mistake", "no start token", "columns divided", "two slips")
    probs = counts / counts.sum(dim=1, keepdim=True)
    right_twice = negative_log_likelihood(slip("count_bigrams", "no_start_token")(NAMES, VOCABULARY), probs)
    said(-right_twice, "mistake", "no start token", "minus sign missing", "two slips")
    said(float(f"{-right_twice:.3g}"), "unknown")


def test_a_true_and_unfinished_table_is_a_step():
    said(COUNTS / COUNTS.sum(), "step", "divide each row by its own sum")
    said(torch.zeros(27, 27), "step", "nothing is counted yet")
    said(torch.full((27, 27), 1 / 27), "right", "knows nothing")
    said(COUNTS[5], "step", "the row of `e`")
    said(PROBS[0], "step", "the row of `.` of the probabilities, with k = 1")
    for row in (normalize(COUNTS)[0], normalize(COUNTS)[:1], (COUNTS[0] / COUNTS[0].sum()).tolist()):
        said(row, "step", "the row of `.` of the probabilities, without smoothing.")
    said(COUNTS.sum(dim=1, keepdim=True), "right", "sums of the rows")


def test_a_table_with_a_few_other_cells_is_close_and_the_first_is_named():
    counts, probs = COUNTS.clone(), PROBS.clone()
    counts[1, 2] += 5
    probs[13, 1] = 0.5
    said(counts, "close", "in the row of `a` and the column of `b` stands 546, and should stand 541")
    said(probs, "close", "in the row of `m` and the column of `a` stands 0.5")


@pytest.mark.parametrize("length", [1, 3, 8])
def test_contexts_and_targets_are_recognized(length):
    contexts, targets = build_contexts(NAMES, VOCABULARY, length)
    said(contexts, "right", f"the contexts of {length} of the words")
    said(targets, "right", "the targets of the words")
    said((contexts, targets), "right", "the contexts", "the targets")
    if length > 1:
        said((contexts.flip(1), targets), "mistake", "newest first", "`value[0][1]` is")
        said(contexts.flip(1), "mistake", "newest first", "`value[1]` is")
    part = build_contexts(NAMES[:5], VOCABULARY, length)
    said(part[0], "step", "the first 5 words only")
    train, *_ = split_words(NAMES, generator=torch.Generator().manual_seed(1))
    said(build_contexts(train, VOCABULARY, length)[0], "right", "a part of a split")


def test_contexts_and_targets_of_other_words_are_recognized_with_a_slip():
    words = [name[::-1] for name in NAMES[:200]]
    no_end = next(slip for slip in slips_of("build_contexts") if slip.name == "final_boundary_no_target")
    without_ends = no_end.run(words, build_vocabulary(words), 4)[1]
    assert "final boundary no target" in check(without_ends, words=words).text()  # first: no length is known yet
    contexts = build_contexts(words, build_vocabulary(words), 4)[0]
    assert check(contexts, words=words)
    assert "newest first" in check(contexts.flip(1), words=words).text()


@pytest.mark.parametrize("length", [3, 5])
def test_contexts_that_run_across_words_are_told_however_they_are_cut(length):
    text = encode("." + ".".join(NAMES) + ".", VOCABULARY)
    windows = text.unfold(0, length, 1)
    for contexts in (windows, windows[:-1], windows[1:], windows[:100]):
        report = said(contexts, "mistake", "contexts run on", f"and should be `{[0] * length}`")
        place = int(re.search(r"`value\[(\d+)\]`", report.text())[1])
        assert contexts[place, -1] == 0 < contexts[place, -2]
    said(windows[: len(NAMES[0]) + 1], "unknown")  # of one word alone


def test_ids_and_one_hot_rows_are_recognized():
    said(encode("olivia", VOCABULARY), "right", "the ids of `olivia`")
    contexts, _ = build_contexts(NAMES[:1], VOCABULARY, 1)
    said(torch.nn.functional.one_hot(contexts[:, 0], 27).float(), "step", "the first word only, one-hot")


def test_lists_of_words_and_of_letters_are_recognized():
    said(NAMES, "right", "the words")
    said(VOCABULARY, "right", "the vocabulary")
    said(VOCABULARY[1:], "step", "still to be put before them")
    said(sorted(NAMES), "right", "in another order")
    said(NAMES[:10], "step", "the first 10 words only")
    said(sorted(set(NAMES)), "mistake", "repeated words dropped")
    said([f"{name}\n" for name in NAMES], "mistake", "line breaks kept")
    said([*(f"{name}\n" for name in NAMES[:-1]), NAMES[-1]], "mistake", "line breaks kept")
    said([*NAMES, ""], "mistake", "blank lines kept")
    said(["\ufeffemma", *NAMES[1:]], "mistake", "byte order mark kept")
    said(NAMES[:-1], "mistake", "last line dropped")
    said(["emmas", *NAMES[1:]], "close", "'emmas', which should be 'emma'")
    said(["mor", "axx", "minaymoryles"], "unknown")
    for size in (25626, 3203, 3204):
        said(size, "right", "% of the words")


@pytest.mark.parametrize("words", [[f"{name}\n" for name in NAMES], [*NAMES, ""], sorted(set(NAMES)), NAMES[::-1]])
def test_names_with_a_slip_in_them_are_no_words_of_ones_own(words):
    assert are_the_names(words)
    report = check(COUNTS, words=words)
    assert (report.verdict, report.words) == ("right", "the names")
    assert not are_the_names(WORDS)
    assert not are_the_names(NAMES[:1000])


def test_words_of_ones_own_are_made_anew(capfd):
    vocabulary = build_vocabulary(WORDS)
    counts = count_bigrams(WORDS, vocabulary)
    probs = normalize(counts + 1)
    said(counts, "right", "the counts", words=WORDS)
    assert "making wrong values" in capfd.readouterr().err
    said(probs, "right", "with k = 1", words=WORDS)
    said(negative_log_likelihood(counts, probs), "right", "the loss with k = 1", words=WORDS)
    said(counts / counts.sum(dim=1), "mistake", "keepdim forgotten", words=WORDS)
    said(slip("count_bigrams", "no_stop_token")(WORDS, vocabulary), "mistake", "no stop token", words=WORDS)
    assert "making wrong values" not in capfd.readouterr().err  # once is enough
    said(COUNTS, "unknown", words=WORDS)
    said(2.454, "right", words=iter(NAMES))


@pytest.mark.parametrize("value", [None, [[1, 2], [3]], [None], True, object(), 1j])
def test_what_is_no_value_is_refused(value):
    with pytest.raises(TypeError, match="check takes"):
        check(value)


@pytest.mark.parametrize(
    "value",
    [
        torch.tensor([]),
        torch.full((27, 27), math.nan),
        torch.full((27, 27), math.inf),
        torch.zeros(27, 27, dtype=torch.bool),
        torch.zeros(27, 27, dtype=torch.complex64),
        torch.randn(27, 27, requires_grad=True),
        torch.zeros(5, 3, dtype=torch.int64),
        torch.ones(2, 3, 4),
        np.zeros(27, dtype=np.uint16),
        10**400,
        1e308,
        -0.0,
        5e-324,
        [torch.tensor(1.0), torch.tensor(2.0)],
        [],
        [""],
    ],
    ids=lambda value: type(value).__name__,  # the same in each test process
)
def test_an_odd_value_is_unknown_and_does_no_harm(value):
    said(value, "unknown")


def test_a_number_may_come_in_any_kind_of_box():
    for kind in (np.float16, np.float64, torch.tensor, lambda x: torch.tensor([x]), lambda x: [[x]]):
        said(kind(2.455), "right", "with k = 1")
    said(COUNTS.to_sparse(), "right", "the counts")
    said(list(COUNTS), "right", "the counts")


def test_no_words_are_refused():
    with pytest.raises(ValueError, match="words is empty"):
        check(2.5, words=[])
    with pytest.raises(TypeError):
        check(2.5, words="emma")


def test_an_answer_comes_within_a_second():
    check(2.454)
    chosen = keep_top_p(with_temperature(PROBS.log(), 0.8), 0.9)
    unknown = torch.rand(27, 27, generator=torch.Generator().manual_seed(1)).softmax(dim=1)
    for value in (
        COUNTS,
        COUNTS.T,
        2.9999,
        build_contexts(NAMES, VOCABULARY, 3)[0],
        NAMES,
        chosen,
        unknown,
        PROBS[1] / 2,
    ):
        start = time.process_time()
        check(value)
        assert time.process_time() - start < 1


def test_the_values_are_left_as_they_were():
    counts = COUNTS.float()
    check(counts / counts.sum(dim=1))
    check(counts)
    assert torch.equal(counts, COUNTS.float())


def test_what_is_kept_is_small_and_read_as_it_was_written():
    assert KEPT.stat().st_size < 400_000
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    made = Made.from_json(kept)
    assert made.counts == COUNTS.tolist()
    assert {key: value for key, value in kept.items() if key != "key"} == json.loads(json.dumps(made.to_json()))


@pytest.mark.parametrize("function", ["count_bigrams", "smooth", "normalize", "negative_log_likelihood", "perplexity"])
def test_the_mistakes_of_each_step_are_known_by_their_number(function):
    kept = Made.from_json(json.loads(KEPT.read_text(encoding="utf-8")))
    known = {key for one in kept.numbers for key, _ in one.slips} | {*kept.also}
    assert len([one for one in slips_of(function) if f"{function}/{one.name}" in known]) >= 5


A, Q = (PROBS[VOCABULARY.index(letter)] for letter in "aq")


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        (with_temperature(PROBS.log(), 0.5), ["the probabilities, with k = 1, at a temperature of 0.5"]),
        (with_temperature(PROBS.log(), 0.1), ["at a temperature of 0.1"]),
        (with_temperature(PROBS.log(), 100), ["at a temperature of 100"]),
        (with_temperature(normalize(COUNTS).log(), 2), ["without smoothing, at a temperature of 2"]),
        (with_temperature(PROBS[LAST][:, LAST].log(), 0.7), ["the boundary last, with k = 1, at a temperature of 0.7"]),
        (with_temperature(A[None].log(), 0.8), ["the row of `a`", "at a temperature of 0.8"]),
        (keep_top_k(PROBS, 5), ["the 5 likeliest alone (top-k).", "4 with “one too many”"]),
        (keep_top_k(A[None], 4)[0], ["the row of `a`", "the 4 likeliest alone (top-k) or the likeliest that have 0.5"]),
        (keep_top_k(Q[None], 1), ["the row of `q`", "the likeliest alone (top-k of 1)"]),
        (keep_top_p(PROBS, 0.8), ["the likeliest that have 0.8 together (top-p).", "0.2 with “p taken for"]),
        (keep_top_p(Q[None], 0.9).tolist(), ["the row of `q`", "the likeliest that have 0.9 together (top-p)"]),
        (keep_top_p(with_temperature(PROBS.log(), 0.8), 0.9), ["temperature of 0.8 and the likeliest that have 0.9"]),
        (with_temperature(PROBS.log(), 0.5).double().round(decimals=4).numpy(), ["at a temperature of 0.5"]),
    ],
)  # fmt: skip
def test_how_the_next_letter_is_chosen_is_read_off(value, parts):
    said(value, "right", *parts)


CHOICES = [("with_temperature", PROBS.log(), 0.5), ("keep_top_k", PROBS, 4), ("keep_top_p", PROBS, 0.8)]


@pytest.mark.parametrize(("function", "given", "number"), CHOICES)
def test_a_slip_in_how_the_next_letter_is_chosen_is_named(function, given, number):
    named = set()
    for mistake in slips_of(function):
        value = run_slip(mistake, given, number)
        if not value.is_floating_point() or value.shape != given.shape:  # a token that was drawn, or less than a table
            continue
        report = check(value)
        slips = {slip for one in report.candidates for slip in one.slips}
        if report.verdict == "mistake":
            assert f"{function}/{mistake.name}" in slips, mistake.name
            named |= slips
        else:  # it is right for another number, which is said, or else nothing is chosen at all
            also = ("temperature", "top-k", "top-p", "with k = 1", "a table of zeros")
            assert any(part in report.candidates[0].sentence for part in also), mistake.name
    assert len(named) >= 4
    row = run_slip(next(one for one in slips_of("keep_top_k") if one.name == "not_divided_again"), A[None], 4)
    said(row, "mistake", "the row of `a`", "not divided again", "`value[0][0]` is")


def test_of_a_temperature_it_is_said_which_slip_gives_the_same():
    said(with_temperature(PROBS.log(), 2), "right", "0.5 with “multiplied by the temperature”", "is 2 what you asked")


def printed_on(page):
    """Return the tensors that a page's own code prints."""
    found, names = [], {"print": lambda *given: found.extend(one for one in given if isinstance(one, torch.Tensor))}
    text = (Path(__file__).parents[1] / "docs" / "tutorial" / f"{page}.md").read_text(encoding="utf-8")
    for block in BLOCK.finditer(text):
        if 'source="block"' in block["options"]:
            exec(block["code"], names)
    return [one for one in found if one.isfinite().all()]


@pytest.mark.parametrize(("page", "least"), [("choosing", 5), ("attention", 6), ("transformer", 1)])
def test_what_the_last_chapters_print_is_known(page, least):
    printed = printed_on(page)
    assert len(printed) >= least
    for value in printed:
        report = check(value)
        assert report.verdict in ("right", "step"), (value, report)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"{example.function} {example.of}")
def test_an_example_is_known_made_right_and_made_wrong(example):
    ours = ours_for(example.function)(*example.arguments)
    said(ours, "right", f"what `{example.function}` gives for {example.of}")
    if (rounded := ours.double().round(decimals=4)).frac().any():
        said(rounded.tolist(), "right", f"`{example.function}`")
    for mistake in slips_of(example.function):
        wrong = run_slip(mistake, *example.arguments)
        report = check(wrong)
        if report.verdict == "mistake":
            slips = [slip for one in report.candidates for slip in one.slips]
            assert f"{example.function}/{mistake.name}" in slips


@pytest.mark.parametrize(
    ("function", "least"),
    [("attention_shares", 16), ("attend", 7), ("split_heads", 5), ("merge_heads", 4), ("rms_norm", 11)],
)
def test_most_slips_of_attention_and_of_the_norm_are_known_by_an_example(function, least):
    wrong = [
        run_slip(mistake, *example.arguments)
        for example in EXAMPLES
        for mistake in slips_of(function)
        if example.function == function
    ]
    named = {slip for one in wrong for found in check(one).candidates for slip in found.slips}
    assert len({slip for slip in named if slip.startswith(f"{function}/")}) >= least


def test_what_shows_a_slip_in_an_example_is_true_of_the_value():
    keys = torch.tensor([[2.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    queries = torch.tensor([[0.0, 0.0], [0.0, 2.0], [1.0, 0.0]])
    unmasked = (queries @ keys.T / 2**0.5).softmax(dim=1)
    said(unmasked, "mistake", "mask forgotten", "`value[0][0]` is 0.3333333, and should be 1.")
    said(unmasked[None, None], "mistake", "mask forgotten", "`value[0][0][0][0]` is 0.3333333, and should be 1.")
    said((keys @ queries[2]).softmax(dim=0), "mistake", "scale forgotten", "should be 0.6728418.")


def test_the_size_of_a_transformer_is_known():
    said(sum(p.numel() for p in pieces_of(init_transformer(27, longest=16))), "right", "how many numbers a Transformer")


def test_what_a_slip_gives_for_any_numbers_says_nothing_of_an_example():
    for size in (2, 3, 4):
        means = torch.tril(torch.ones(size, size))
        said(means / means.sum(dim=1, keepdim=True), "unknown")
        said((means / means.sum(dim=1, keepdim=True))[None, None], "unknown")
        said(ours_for("attention_shares")(*[torch.ones(1, 1, size, 2)] * 2), "unknown")


def test_few_or_plain_numbers_are_no_example():
    for value in ([1.0, 0.0], [0.0, 1.0, 0.0], [0.5, 0.5], [0.2, 0.8], [[1.0, 2.0], [3.0, 4.0]], [3.0, 1.0, 2.0]):
        said(value, "unknown")


# Dicts, and what follows two tokens


def dicts_of(table, vocabulary):
    """Write a table as people write it without tensors."""
    cells = {(a, b): table[i, j].item() for i, a in enumerate(vocabulary) for j, b in enumerate(vocabulary)}
    cells = {pair: number for pair, number in cells.items() if number}
    nested = {}
    for (a, b), number in cells.items():
        nested.setdefault(a, {})[b] = number
    yield cells
    yield {a + b: number for (a, b), number in cells.items()}
    yield {(vocabulary.index(a), vocabulary.index(b)): number for (a, b), number in cells.items()}
    yield nested
    yield {a: [*row.items()] for a, row in nested.items()}
    yield {a: ([*row], [*row.values()]) for a, row in nested.items()}
    yield {a: table[i].tolist() for i, a in enumerate(vocabulary)}


def test_a_dict_of_numbers_by_tokens_is_the_table_that_it_is():
    counts = count_bigrams(NAMES, VOCABULARY).double()
    probs = counts / counts.sum(1, keepdim=True)
    for value in dicts_of(counts, VOCABULARY):
        assert check(value).headline() == "This dict is right: the counts."
    for value in dicts_of(probs, VOCABULARY):
        assert check(value).headline() == "This dict is right: the probabilities, without smoothing."
    for value in dicts_of(counts / counts.sum(0), VOCABULARY):
        report = check(value)
        assert report.verdict == "mistake"
        assert [one.slips for one in report.candidates] == [("normalize/columns_divided_for_rows",)]


def test_the_line_to_see_it_has_the_keys_of_the_dict():
    counts = count_bigrams(NAMES, VOCABULARY).T
    pairs, text, ids, nested, *_ = dicts_of(counts, VOCABULARY)
    assert "`value['.', 'n']` is 6763" in str(check(pairs))
    assert "`value['.n']` is 6763" in str(check(text))
    assert "`value['.']['n']` is 6763" in str(check(nested))
    assert check(ids).verdict == "mistake"


def test_a_table_of_what_follows_two_tokens_is_known():
    contexts, targets = build_contexts(NAMES, VOCABULARY, 2)
    counts = torch.zeros(27, 27, 27).index_put_((*contexts.T, targets), torch.ones(()), accumulate=True)
    smoothed = counts + 1
    probs = smoothed / smoothed.sum(2, keepdim=True)
    assert check(counts).headline().endswith("is right: the counts of what follows two tokens.")
    for table in (probs, probs.view(-1, 27)):
        assert check(table).headline().endswith("is right: the probabilities of what follows two tokens, with k = 1.")
    one = counts.clone()
    one[0, 0] = 0  # with one "." before each word
    assert check(one).verdict == "right"
    for wrong, told in (
        (smoothed / smoothed.sum(1, keepdim=True), "the middle axis"),
        (smoothed / smoothed.sum(0, keepdim=True), "the first axis"),
        (smoothed / smoothed.sum(2), "Without `keepdim=True`"),
        (smoothed / smoothed.sum((1, 2), keepdim=True), "all pairs that begin with it"),
        (probs.transpose(0, 1), "the wrong order"),
    ):
        report = check(wrong)
        assert report.verdict == "mistake"
        assert told in str(report).replace("\n               ", " ")


def test_a_list_of_pairs_of_ids_is_no_list_of_contexts():
    pairs = [[VOCABULARY.index(a), VOCABULARY.index(b)] for name in NAMES for a, b in itertools.pairwise(f".{name}.")]
    assert check(pairs).verdict == "right"
    assert check(torch.tensor(pairs).T).verdict == "right"  # the first tokens in one row, the targets in another
    assert check(torch.tensor(pairs).T.flip(0)).verdict != "mistake"
