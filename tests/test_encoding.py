import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bigramlab import BOUNDARY, build_vocabulary, decode, encode, load_names
from bigramlab.laws.strategies import vocabularies, words_and_vocabulary
from bigramlab.lessons.encoding import encode_text, join_words


def test_the_boundary_token_has_id_0():
    assert BOUNDARY == "."
    assert encode(BOUNDARY, build_vocabulary(["emma"])).tolist() == [0]


def test_the_vocabulary_of_the_names():
    assert build_vocabulary(load_names()) == ".abcdefghijklmnopqrstuvwxyz"


def test_no_words_have_the_boundary_alone():
    assert build_vocabulary([]) == build_vocabulary([""]) == "."


@given(words_and_vocabulary())
def test_encoding_round_trips(drawn):
    words, vocabulary = drawn
    for word in words:
        ids = encode(word, vocabulary)
        assert ids.dtype == torch.int64
        assert decode(ids, vocabulary) == word


@given(vocabulary=vocabularies(), data=st.data())
def test_decoding_round_trips(vocabulary, data):
    ids = torch.tensor(data.draw(st.lists(st.integers(0, len(vocabulary) - 1))), dtype=torch.int32)
    assert encode(decode(ids, vocabulary), vocabulary).tolist() == ids.tolist()


@given(drawn=words_and_vocabulary(), batch_size=st.integers(1, 5))
def test_bulk_encoding_is_encoding_word_by_word(drawn, batch_size):
    words, vocabulary = drawn
    texts = list(join_words(words, batch_size))
    assert [word for text in texts for word in text[1:-1].split(".")] == words
    for text in texts:
        assert torch.equal(encode_text(text, vocabulary), encode(text, vocabulary))


def test_worked_example():
    assert encode("emma", ".aem").tolist() == [2, 3, 3, 1]
    assert decode(torch.tensor([2, 3, 3, 1]), ".aem") == "emma"


def test_encode_refuses_a_character_that_the_vocabulary_lacks():
    with pytest.raises(
        ValueError, match="the word 'zoë' contains 'ë', which the vocabulary lacks; mind the case, or build the vocab"
    ):
        encode("zoë", ".eoz")


@pytest.mark.parametrize("id", [-1, 4, 100])
def test_decode_refuses_an_id_that_stands_for_no_token(id):
    with pytest.raises(
        ValueError, match=f"ids holds {id}, which is no id: of 4 tokens the ids go from 0 to 3; use the"
    ):
        decode(torch.tensor([1, id]), ".aem")


def test_build_vocabulary_refuses_a_word_with_the_boundary():
    with pytest.raises(ValueError, match=r"the word 'st\.john' contains '\.', which marks the end of a word; take it"):
        build_vocabulary(["mary", "st.john"])


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: build_vocabulary("emma"), r"words is one str, 'emma'; did you mean \['emma'\]\?"),
        (lambda: build_vocabulary(["emma", 3]), "a word must be a str, got 3"),
        (lambda: build_vocabulary(None), "words must be a list of str, .* got None"),
        (lambda: encode(["e"], ".e"), r"a word must be a str, got \['e'\]"),
        (lambda: encode("e", {"e": 1}), "the vocabulary must be a str"),
        (lambda: decode([1, 2], ".ab"), r"ids must be a tensor of integers such as .* got \[1, 2\]"),
        (lambda: decode(torch.tensor([1.0]), ".ab"), "got a tensor of torch.float32"),
        (lambda: decode(torch.tensor([True]), ".ab"), "got a tensor of torch.bool"),
        (lambda: decode(torch.tensor([1j]), ".ab"), "got a tensor of torch.complex64"),
        (lambda: decode(torch.tensor([1]), ["a"]), "the vocabulary must be a str"),
    ],
)
def test_the_wrong_kind_is_refused(call, message):
    with pytest.raises(TypeError, match=message):
        call()


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("ids", [torch.tensor(1), torch.tensor([[1], [2]])])
def test_decode_takes_one_word_at_a_time(ids):
    with pytest.raises(ValueError, match=r"ids has shape \(.*\), but needs one axis, an id after another: take a row"):
        decode(ids, ".ab")
