"""What goes wrong on a walk through the table.

Two of these walks can go on forever, as their learners' do: `largest_for_a_draw` and `endless_walks_not_refused`. Run
them with a time limit.
"""

from typing import Any

import torch

from bigramlab.mistakes.mistake import mistake

LONGEST = 100  # where a wrong walk could go on forever, and need not to show its mistake


def _refuse_no_distributions(probs: Any) -> None:
    if not (probs >= 0).all() or ((probs.sum(dim=1) - 1).abs() > 1e-4).any():
        raise ValueError("a row is no probability distribution")


def _refuse_traps(probs: Any) -> None:
    possible = probs > 0
    reached = ending = torch.arange(len(probs)) == 0
    for _ in probs:
        reached = reached | possible[reached].any(dim=0)
        ending = ending | possible[:, ending].any(dim=1)
    if (reached & ~ending).any():
        raise ValueError('a walk can come to where no path leads to "."')


def _refuse(probs: Any) -> None:
    _refuse_no_distributions(probs)
    _refuse_traps(probs)


def _draw(row: Any, generator: Any) -> int:
    return int(torch.multinomial(row, 1, generator=generator))


def _walk(probs: Any, generator: Any, current: int = 0) -> list[int]:
    """Walk as it should be done."""
    ids: list[int] = []
    while not ids or current != 0:
        current = _draw(probs[current], generator)
        ids.append(current)
    return ids


@mistake("sample")
def generator_ignored(probs: Any, *, generator: Any = None) -> Any:
    """The generator is accepted and not passed on to the draw, so the walk can't be repeated.

    Sample twice, with `torch.Generator().manual_seed(1)` each time: the walks differ.
    """
    _refuse(probs)
    return torch.tensor(_walk(probs, None))


@mistake("sample")
def final_boundary_left_out(probs: Any, *, generator: Any = None) -> Any:
    """The 0 that ends the walk is left out, so it can't be seen that the walk is over.

    Print `sample(probs)`: its last id is not 0.
    """
    _refuse(probs)
    return torch.tensor(_walk(probs, generator)[:-1])


@mistake("sample")
def leading_boundary_included(probs: Any, *, generator: Any = None) -> Any:
    """The 0 from which the walk sets out is included, though nobody drew it.

    Print `sample(probs)`: its first id is always 0.
    """
    _refuse(probs)
    return torch.tensor([0, *_walk(probs, generator)])


@mistake("sample")
def never_leaves_row_0(probs: Any, *, generator: Any = None) -> Any:
    """Every letter is drawn from row 0, because the walk never goes to the row of the letter that it drew.

    Give it a table in which `"b"` follows only `"a"`: it draws `"b"` after other letters, or never.
    """
    _refuse(probs)
    ids: list[int] = []
    while len(ids) < LONGEST and ids[-1:] != [0]:
        ids.append(_draw(probs[0], generator))
    return torch.tensor(ids)


@mistake("sample")
def largest_for_a_draw(probs: Any, *, generator: Any = None) -> Any:
    """`argmax` takes the most probable token every time: nothing is drawn, and the walk is always the same or endless.

    Call `sample(probs)` ten times: it gives one walk ten times, if it ends at all.
    """
    _refuse(probs)
    ids: list[int] = []
    current = 0
    while not ids or current != 0:
        current = int(probs[current].argmax())
        ids.append(current)
    return torch.tensor(ids)


@mistake("sample")
def endless_walks_not_refused(probs: Any, *, generator: Any = None) -> Any:
    """A table from which "." can't be reached is not refused at once, and the walk through it goes on and on.

    Call `sample(torch.tensor([[0.0, 1.0], [0.0, 1.0]]))`: it should refuse; if it hangs, stop it with Ctrl-C.
    """
    _refuse_no_distributions(probs)
    return torch.tensor(_walk(probs, generator))


@mistake("sample")
def seeded_anew_inside(probs: Any, *, generator: Any = None) -> Any:
    """The generator is seeded inside, at every call, so every walk is the same.

    Call `sample(probs, generator=generator)` ten times: it gives one walk ten times.
    """
    _refuse(probs)
    if generator is None:
        torch.manual_seed(42)
    else:
        generator.manual_seed(42)
    return torch.tensor(_walk(probs, generator))


@mistake("sample")
def own_generator_with_a_fixed_seed(probs: Any, *, generator: Any = None) -> Any:
    """A generator with a fixed seed is made inside, so every walk is the same and the one that was given is not used.

    Call `sample(probs)` ten times: it gives one walk ten times.
    """
    _refuse(probs)
    return torch.tensor(_walk(probs, torch.Generator().manual_seed(42)))


@mistake("sample")
def global_generator_seeded(probs: Any, *, generator: Any = None) -> Any:
    """`torch.manual_seed(42)` inside seeds the global generator: each walk is the same, and all other code draws anew.

    Print `torch.rand(1)` after each of two calls: it is the same number twice.
    """
    _refuse(probs)
    torch.manual_seed(42)
    return torch.tensor(_walk(probs, None))


@mistake("sample")
def state_not_moved_on(probs: Any, *, generator: Any = None) -> Any:
    """A copy of the generator is drawn from, so the given one stays where it is and the next walk is the same.

    Call `sample(probs, generator=generator)` ten times: it gives one walk ten times.
    """
    _refuse(probs)
    copy = torch.Generator()
    copy.set_state(torch.get_rng_state() if generator is None else generator.get_state())
    return torch.tensor(_walk(probs, copy))


@mistake("sample")
def cut_off_after_10(probs: Any, *, generator: Any = None) -> Any:
    """The walk is cut off after 10 tokens, whether it has come to "." or not, so long names have no end.

    Sample a hundred walks: the longest has 10 ids, and the last of them is not always 0.
    """
    _refuse(probs)
    return torch.tensor(_walk(probs, generator)[:10])


@mistake("sample")
def starts_at_row_1(probs: Any, *, generator: Any = None) -> Any:
    """The walk sets out from row 1, the first letter's: words begin where "." stands, in row 0.

    Give it a table in which only `"b"` begins a word: the first letter is not always `"b"`.
    """
    _refuse(probs)
    return torch.tensor(_walk(probs, generator, current=1))


@mistake("sample")
def starts_at_a_random_row(probs: Any, *, generator: Any = None) -> Any:
    """The walk sets out from a row drawn at random, and should set out from row 0, how words begin.

    Give it a table in which only `"b"` begins a word: the first letter is not always `"b"`.
    """
    _refuse(probs)
    start = int(torch.randint(len(probs), (1,), generator=generator))
    return torch.tensor(_walk(probs, generator, current=start))


@mistake("sample")
def rows_and_columns_swapped(probs: Any, *, generator: Any = None) -> Any:
    """The next token is drawn from the current token's column, `probs[:, current]`, and should be from its row.

    Give it a table in which `"b"` follows `"a"` and never the other way: its walks go from `"b"` to `"a"`.
    """
    _refuse(probs)
    ids: list[int] = []
    current = 0
    while len(ids) < LONGEST and (not ids or current != 0):
        current = _draw(probs[:, current], generator)
        ids.append(current)
    return torch.tensor(ids)


@mistake("sample")
def drawn_twice_at_each_step(probs: Any, *, generator: Any = None) -> Any:
    """Two draws are made at each step: one is noted, and the walk goes on from the other.

    Give it a table of a few possible bigrams: its walks have impossible ones.
    """
    _refuse(probs)
    ids: list[int] = []
    current = 0
    while not ids or current != 0:
        ids.append(_draw(probs[current], generator))
        current = _draw(probs[current], generator)
    return torch.tensor(ids)


@mistake("sample")
def list_for_a_tensor(probs: Any, *, generator: Any = None) -> Any:
    """The ids come as a list, and should come as a tensor: `torch.tensor(...)` is missing.

    Print `type(sample(probs))`: it is `list`.
    """
    _refuse(probs)
    return _walk(probs, generator)


@mistake("sample")
def any_table_accepted(probs: Any, *, generator: Any = None) -> Any:
    """Counts are taken for probabilities, because `torch.multinomial` accepts rows of any sum.

    Call `sample(torch.tensor([[2.0, 3.0], [1.0, 1.0]]))`: it returns a walk, and should refuse.
    """
    _refuse_traps(probs)
    return torch.tensor(_walk(probs, generator))


@mistake("sample")
def possible_tokens_drawn_alike(probs: Any, *, generator: Any = None) -> Any:
    """All tokens that are possible are drawn equally often, however probable each is.

    Give it a row of 0.9 and 0.1 and sample a thousand times: both come about 500 times.
    """
    _refuse(probs)
    return torch.tensor(_walk((probs > 0).float(), generator))


@mistake("sample")
def probabilities_not_looked_at(probs: Any, *, generator: Any = None) -> Any:
    """`torch.randint` draws all tokens equally often, the impossible ones too.

    Give it a table in which one step is possible in each row: it takes other steps.
    """
    _refuse(probs)
    return torch.tensor(_walk(torch.ones_like(probs), generator))


@mistake("sample")
def first_letter_not_drawn(probs: Any, *, generator: Any = None) -> Any:
    """The first token is always the most probable one, and only the others are drawn.

    Sample a hundred walks: all begin with the same letter.
    """
    _refuse(probs)
    first = int(probs[0].argmax())
    return torch.tensor([first, *(_walk(probs, generator, current=first) if first else [])])


@mistake("sample")
def no_letter_twice(probs: Any, *, generator: Any = None) -> Any:
    """A token that was drawn is not put back, so no walk has a letter twice.

    Sample a thousand walks of the names: none has two `"a"` in it, so there is no `anna`.
    """
    _refuse(probs)
    left, current = probs.clone(), 0
    ids: list[int] = []
    while not ids or current != 0:
        current = _draw(left[current], generator)
        left[:, current] = 0
        ids.append(current)
    return torch.tensor(ids)


@mistake("sample")
def empty_walk_forbidden(probs: Any, *, generator: Any = None) -> Any:
    """The first draw can't be 0, though the table says that it may: then walks don't come as often as they should.

    Give it a table whose first row is 0.5 and 0.5 and sample a hundred walks: half of them should be only a 0.
    """
    _refuse(probs)
    row = probs[0].clone()
    row[0] = 0
    first = _draw(row, generator)
    return torch.tensor([first, *_walk(probs, generator, current=first)])


@mistake("sample")
def probabilities_squared(probs: Any, *, generator: Any = None) -> Any:
    """The probabilities are sharpened, as by a temperature of 1/2, so the common steps come even more often.

    Give it a row of 0.75 and 0.25 and sample a thousand times: the second comes about 100 times, and should come 250.
    """
    _refuse(probs)
    return torch.tensor(_walk(probs**2, generator))


@mistake("sample")
def running_sums_in_place(probs: Any, *, generator: Any = None) -> Any:
    """`probs.cumsum_`, with its underscore, writes the running sums into the caller's own table.

    Call `sample(probs)` and then print `probs`: every row ends with 1.
    """
    _refuse(probs)
    ends = probs.cumsum_(dim=1)
    ids: list[int] = []
    while not ids or ids[-1] != 0:
        dart = torch.rand(1, generator=generator)
        hit = int((ends[ids[-1] if ids else 0] <= dart).sum())
        ids.append(min(hit, len(probs) - 1))
    return torch.tensor(ids)


def _word(probs: Any, vocabulary: Any, generator: Any) -> str:
    return "".join(vocabulary[id] for id in _walk(probs, generator)[:-1])


@mistake("sample_words")
def boundary_kept(probs: Any, vocabulary: Any, n: Any, *, generator: Any = None) -> Any:
    """Each word still has its final ".": the last id, 0, belongs to the walk and not to the word.

    Print `sample_words(probs, vocabulary, 3)`: each word ends with ".".
    """
    _refuse(probs)
    return [_word(probs, vocabulary, generator) + "." for _ in range(n)]


@mistake("sample_words")
def global_generator_for_words(probs: Any, vocabulary: Any, n: Any, *, generator: Any = None) -> Any:
    """The generator is accepted and not passed on, so the words can't be repeated.

    Sample twice, with `torch.Generator().manual_seed(1)` each time: the words differ.
    """
    _refuse(probs)
    return [_word(probs, vocabulary, None) for _ in range(n)]


@mistake("sample_words")
def one_word_only(probs: Any, vocabulary: Any, n: Any, *, generator: Any = None) -> Any:
    """One word comes, whatever n is: the `return` stands inside the loop.

    Print `len(sample_words(probs, vocabulary, 3))`: it is 1.
    """
    _refuse(probs)
    return [_word(probs, vocabulary, generator)]


@mistake("sample_words")
def one_word_n_times(probs: Any, vocabulary: Any, n: Any, *, generator: Any = None) -> Any:
    """One word is drawn and repeated n times, and should be drawn n times.

    Print `set(sample_words(probs, vocabulary, 20))`: it has one word.
    """
    _refuse(probs)
    return [_word(probs, vocabulary, generator)] * n


@mistake("sample_words")
def seeded_for_each_word(probs: Any, vocabulary: Any, n: Any, *, generator: Any = None) -> Any:
    """A generator with the same seed is made for each word, so all words are the same.

    Print `set(sample_words(probs, vocabulary, 20))`: it has one word.
    """
    _refuse(probs)
    return [_word(probs, vocabulary, torch.Generator().manual_seed(42)) for _ in range(n)]


@mistake("sample_words")
def seeded_once_inside(probs: Any, vocabulary: Any, n: Any, *, generator: Any = None) -> Any:
    """A generator with a fixed seed is made inside, so every call gives the same words.

    Call `sample_words(probs, vocabulary, 20)` twice: the words are the same.
    """
    _refuse(probs)
    generator = torch.Generator().manual_seed(42)
    return [_word(probs, vocabulary, generator) for _ in range(n)]


@mistake("sample_words")
def empty_words_left_out(probs: Any, vocabulary: Any, n: Any, *, generator: Any = None) -> Any:
    """Empty words are left out, so fewer than n words come.

    Try a table whose first row gives "." half of all: of 10 words about 5 come.
    """
    _refuse(probs)
    words = [_word(probs, vocabulary, generator) for _ in range(n)]
    return [word for word in words if word]


@mistake("sample_words")
def repeated_words_left_out(probs: Any, vocabulary: Any, n: Any, *, generator: Any = None) -> Any:
    """A word that was drawn before is left out, so fewer than n words come, and the common ones too seldom.

    Print `len(sample_words(probs, vocabulary, 1000))`: it is less than 1000.
    """
    _refuse(probs)
    return list(dict.fromkeys(_word(probs, vocabulary, generator) for _ in range(n)))


@mistake("sample_words")
def one_letter_too_early(probs: Any, vocabulary: Any, n: Any, *, generator: Any = None) -> Any:
    """`vocabulary[id - 1]` is the character before the right one, because "." already takes the place 0.

    Give it a table with one possible walk, to 1 and back: it gives ".", and should give the first letter.
    """
    _refuse(probs)
    return ["".join(vocabulary[id - 1] for id in _walk(probs, generator)[:-1]) for _ in range(n)]


@mistake("sample_words")
def one_word_too_many(probs: Any, vocabulary: Any, n: Any, *, generator: Any = None) -> Any:
    """One word too many comes, as when a loop runs over `range(n + 1)`, or an empty piece is left after the last ".".

    Print `len(sample_words(probs, vocabulary, 3))`: it is 4.
    """
    _refuse(probs)
    return [_word(probs, vocabulary, generator) for _ in range(n)] + [""]


@mistake("sample_words")
def one_str_for_all(probs: Any, vocabulary: Any, n: Any, *, generator: Any = None) -> Any:
    """All words come in one `str`, a line each, and should come as a list.

    Print `type(sample_words(probs, vocabulary, 3))`: it is `str`.
    """
    _refuse(probs)
    return "\n".join(_word(probs, vocabulary, generator) for _ in range(n))


@mistake("sample_words")
def ids_for_words(probs: Any, vocabulary: Any, n: Any, *, generator: Any = None) -> Any:
    """The ids of each walk come, and should be translated into a word by the vocabulary.

    Print `sample_words(probs, vocabulary, 3)`: it is full of numbers.
    """
    _refuse(probs)
    return [_walk(probs, generator)[:-1] for _ in range(n)]


@mistake("sample_words")
def first_letter_capitalized(probs: Any, vocabulary: Any, n: Any, *, generator: Any = None) -> Any:
    """`.capitalize()` makes letters that are not in the vocabulary.

    Print `sample_words(probs, vocabulary, 3)`: the words begin with capitals, which the table has no row for.
    """
    _refuse(probs)
    return [_word(probs, vocabulary, generator).capitalize() for _ in range(n)]


@mistake("sample_words")
def words_from_any_table(probs: Any, vocabulary: Any, n: Any, *, generator: Any = None) -> Any:
    """Counts are taken for probabilities, because `torch.multinomial` accepts rows of any sum.

    Call `sample_words(torch.tensor([[2.0, 3.0], [1.0, 1.0]]), ".a", 3)`: it returns words, and should refuse.
    """
    _refuse_traps(probs)
    return [_word(probs, vocabulary, generator) for _ in range(n)]


@mistake("sample_words")
def sorted_words(probs: Any, vocabulary: Any, n: Any, *, generator: Any = None) -> Any:
    """The words are sorted, and should come in the order in which they were drawn.

    Print `sample_words(probs, vocabulary, 20)`: the first letters go up.
    """
    _refuse(probs)
    _refuse_misfits(probs, vocabulary, n)
    return sorted(_word(probs, vocabulary, generator) for _ in range(n))


@mistake("sample_words")
def cut_off_after_100_letters(probs: Any, vocabulary: Any, n: Any, *, generator: Any = None) -> Any:
    """A word is cut off after 100 letters, so that the loop surely ends, though the table may write longer ones.

    Try a table in which "." is improbable: no word has more than 100 letters.
    """
    _refuse(probs)
    _refuse_misfits(probs, vocabulary, n)
    return [_word(probs, vocabulary, generator)[:100] for _ in range(n)]


def _refuse_misfits(probs: Any, vocabulary: Any, n: Any) -> None:
    if n < 0 or len(vocabulary) != len(probs) or vocabulary[0] != "." or len({*vocabulary}) < len(vocabulary):
        raise ValueError("n is negative, or the vocabulary does not fit")


@mistake("sample")
def cut_off_after_100(probs: Any, *, generator: Any = None) -> Any:
    """The walk ends after 100 steps at the latest, so that the loop surely ends, though the table may need more.

    Try a table in which "." is improbable: no walk has more than 100 ids.
    """
    _refuse(probs)
    ids = _walk(probs, generator)
    return torch.tensor(ids if len(ids) <= 100 else [*ids[:99], 0])


@mistake("sample")
def never_the_same_token_again(probs: Any, *, generator: Any = None) -> Any:
    """The token that was drawn last can't be drawn again at once, so no name has a double letter.

    Try a table whose rows are all equal: `"aa"` never comes.
    """
    _refuse(probs)
    others = probs * (1 - torch.eye(len(probs)))
    others[0] = probs[0]
    others = torch.where(others.sum(dim=1, keepdim=True) > 0, others, probs)
    return torch.tensor(_walk(others, generator))
