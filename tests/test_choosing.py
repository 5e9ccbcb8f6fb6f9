import pytest
import torch

from bigramlab import generate_words, keep_top_k, keep_top_p, with_temperature

ROW = torch.tensor([[0.1, 0.6, 0.2, 0.1]])


def test_worked_examples():
    quarter = torch.tensor([[1 / 4, 3 / 4]]).log()
    assert with_temperature(quarter, 0.5).tolist()[0] == pytest.approx([0.1, 0.9])
    assert keep_top_k(ROW, 2).tolist()[0] == pytest.approx([0, 0.75, 0.25, 0])
    assert keep_top_p(ROW, 0.7).tolist()[0] == pytest.approx([0, 0.75, 0.25, 0])
    assert keep_top_p(ROW, 0.6).tolist()[0] == pytest.approx([0, 1, 0, 0])  # as much as p will do


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_the_precision_stays(dtype):
    assert with_temperature(ROW.to(dtype).log(), 2).dtype == dtype
    assert keep_top_k(ROW.double(), 2).dtype == torch.float64
    assert keep_top_p(ROW.double(), 0.7).dtype == torch.float64


def test_logits_may_be_integers():
    assert with_temperature(torch.tensor([[0, 0]]), 1).tolist() == [[0.5, 0.5]]


def test_a_temperature_near_0_gives_no_nan():
    logits = torch.tensor([[-1e30, 1e30, float("-inf")], [0.0, 0.0, -1.0]])
    assert with_temperature(logits, 1e-300).tolist() == [[0, 1, 0], [0.5, 0.5, 0]]


def test_what_comes_in_stays_as_it_was():
    row = ROW.clone()
    keep_top_k(row, 1), keep_top_p(row, 0.5), with_temperature(row, 2)
    assert torch.equal(row, ROW)


def test_a_rule_is_asked_before_each_draw():
    probs = torch.tensor([[0.0, 0.6, 0.4], [0.5, 0.1, 0.4], [0.9, 0.1, 0.0]])

    def model(contexts):
        return probs[contexts[:, -1]]

    assert generate_words(model, ".ab", 3, choose=lambda rows: keep_top_k(rows, 1)) == ["a"] * 3
    with pytest.raises(ValueError, match="row 0 of next_probs"):
        generate_words(model, ".ab", 3, choose=lambda rows: rows * 0.5)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: with_temperature(ROW, 0), "temperature is 0, but must be a finite number above 0"),
        (lambda: with_temperature(ROW, float("nan")), "temperature is nan"),
        (lambda: with_temperature(ROW[0], 1), "logits has shape"),
        (lambda: keep_top_k(ROW, 0), "k is 0, but there can't be fewer than 1"),
        (lambda: keep_top_k(2 * ROW, 1), r"probs\[0, 1\] is 1.2"),
        (lambda: keep_top_p(ROW, 0), "p is 0, but must be a finite number above 0"),
        (lambda: keep_top_p(ROW, 90), "p is 90, but all tokens together have 1, so no p is larger; try 0.9"),
        (lambda: keep_top_p(ROW / 2, 0.5), "row 0 of probs sums to 0.5"),
    ],
)
def test_what_cannot_work_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.usefixtures("unchecked")
def test_the_wrong_kind_is_refused():
    for call in (lambda: with_temperature(ROW, "1"), lambda: keep_top_k(ROW, 1.5), lambda: keep_top_p(ROW.tolist(), 1)):
        with pytest.raises(TypeError):
            call()
