"""What goes wrong on a walk through the table.

Two of these walks can go on forever, as their learners' do: `largest_for_a_draw` and `endless_walks_not_refused`. Run
them with a time limit.
"""

from collections.abc import Callable
from typing import Any

import torch

from bigramlab import plain
from bigramlab.lessons.inputs import require_distributions
from bigramlab.lessons.normalizing import normalize
from bigramlab.lessons.sampling import sample, sample_words
from bigramlab.mistakes.mistake import mistake

LONGEST = 100  # where a wrong walk could go on forever, and need not to show its mistake


Word = Callable[..., str]


def ids(walk: Callable[[Any, Any], list[int]]) -> Callable[..., Any]:
    """Make `sample` of a walk."""
    return lambda probs, *, generator=None: torch.tensor(walk(probs, generator))


def words(write: Callable[[Word, int], Any]) -> Callable[..., Any]:
    """Make `sample_words` of what writes n words by calling `word()`, or `word(…)` with another generator."""

    def sample_words(probs: Any, vocabulary: Any, n: Any, *, generator: Any = None) -> Any:
        def word(generator: Any = generator) -> str:
            return plain.decode(plain.sample(probs, generator)[:-1], vocabulary)

        return write(word, n)

    return sample_words


@mistake("sample", given=ids)
def generator_ignored(probs: Any, generator: Any) -> list[int]:
    """The generator is accepted and not passed on to the draw, so the walk can't be repeated.

    Sample twice, with `torch.Generator().manual_seed(1)` each time: the walks differ.
    """
    return plain.sample(probs, None)


@mistake("sample", given=ids)
def final_boundary_left_out(probs: Any, generator: Any) -> list[int]:
    """The 0 that ends the walk is left out, so it can't be seen that the walk is over.

    Print `sample(probs)`: its last id is not 0.
    """
    return plain.sample(probs, generator)[:-1]


@mistake("sample", given=ids)
def leading_boundary_included(probs: Any, generator: Any) -> list[int]:
    """The 0 from which the walk sets out is included, though nobody drew it.

    Print `sample(probs)`: its first id is always 0.
    """
    return [0, *plain.sample(probs, generator)]


@mistake("sample", given=ids)
def never_leaves_row_0(probs: Any, generator: Any) -> list[int]:
    """Every letter is drawn from row 0, because the walk never goes to the row of the letter that it drew.

    Give it a table in which `"b"` follows only `"a"`: it draws `"b"` after other letters, or never.
    """
    return plain.sample(probs[:1].expand_as(probs), generator, longest=LONGEST)


@mistake("sample", given=ids)
def largest_for_a_draw(probs: Any, generator: Any) -> list[int]:
    """`argmax` takes the most probable token every time: nothing is drawn, and the walk is always the same or endless.

    Call `sample(probs)` ten times: it gives one walk ten times, if it ends at all.
    """
    return plain.sample(probs, generator, draw=lambda row, _: int(row.argmax()))


@mistake("sample", careless=True)
def endless_walks_not_refused(probs: Any, *, generator: Any = None) -> Any:
    """A table from which "." can't be reached is not refused at once, and the walk through it goes on and on.

    Call `sample(torch.tensor([[0.0, 1.0], [0.0, 1.0]]))`: it should refuse; if it hangs, stop it with Ctrl-C.
    """
    require_distributions("probs", probs)
    return torch.tensor(plain.sample(probs, generator))


@mistake("sample", given=ids)
def seeded_anew_inside(probs: Any, generator: Any) -> list[int]:
    """The generator is seeded inside, at every call, so every walk is the same.

    Call `sample(probs, generator=generator)` ten times: it gives one walk ten times.
    """
    if generator is None:
        torch.manual_seed(42)
    else:
        generator.manual_seed(42)
    return plain.sample(probs, generator)


@mistake("sample", given=ids)
def own_generator_with_a_fixed_seed(probs: Any, generator: Any) -> list[int]:
    """A generator with a fixed seed is made inside, so every walk is the same and the one that was given is not used.

    Call `sample(probs)` ten times: it gives one walk ten times.
    """
    return plain.sample(probs, torch.Generator().manual_seed(42))


@mistake("sample", given=ids)
def global_generator_seeded(probs: Any, generator: Any) -> list[int]:
    """`torch.manual_seed(42)` inside seeds the global generator: each walk is the same, and all other code draws anew.

    Print `torch.rand(1)` after each of two calls: it is the same number twice.
    """
    torch.manual_seed(42)
    return plain.sample(probs, None)


@mistake("sample", given=ids)
def state_not_moved_on(probs: Any, generator: Any) -> list[int]:
    """A copy of the generator is drawn from, so the given one stays where it is and the next walk is the same.

    Call `sample(probs, generator=generator)` ten times: it gives one walk ten times.
    """
    copy = torch.Generator()
    copy.set_state(torch.get_rng_state() if generator is None else generator.get_state())
    return plain.sample(probs, copy)


@mistake("sample", given=ids)
def each_token_only_once(probs: Any, generator: Any) -> list[int]:
    """A token that was drawn is never drawn again in the same walk, and a letter may come more than once.

    Give it a table in which `"a"` follows `"a"` half of the time: no walk has two of them.
    """
    seen: list[int] = []

    def draw(row: Any, generator: Any) -> int:
        left = row.clone()
        left[seen] = 0
        seen.append(plain.draw(left, generator) if left.sum() > 0 else 0)
        return seen[-1]

    return plain.sample(probs, generator, draw=draw)


@mistake("sample", given=ids)
def cut_off_after_10(probs: Any, generator: Any) -> list[int]:
    """The walk is cut off after 10 tokens, whether it has come to "." or not, so long names have no end.

    Sample a hundred walks: the longest has 10 ids, and the last of them is not always 0.
    """
    return plain.sample(probs, generator)[:10]


@mistake("sample", given=ids)
def starts_at_row_1(probs: Any, generator: Any) -> list[int]:
    """The walk sets out from row 1, the first letter's: words begin where "." stands, in row 0.

    Give it a table in which only `"b"` begins a word: the first letter is not always `"b"`.
    """
    return plain.sample(probs, generator, start=1)


@mistake("sample", given=ids)
def starts_at_a_random_row(probs: Any, generator: Any) -> list[int]:
    """The walk sets out from a row drawn at random, and should set out from row 0, how words begin.

    Give it a table in which only `"b"` begins a word: the first letter is not always `"b"`.
    """
    start = int(torch.randint(len(probs), (1,), generator=generator))
    return plain.sample(probs, generator, start=start)


@mistake("sample", given=ids)
def rows_and_columns_swapped(probs: Any, generator: Any) -> list[int]:
    """The next token is drawn from the current token's column, `probs[:, current]`, and should be from its row.

    Give it a table in which `"b"` follows `"a"` and never the other way: its walks go from `"b"` to `"a"`.
    """
    return plain.sample(probs.T, generator, longest=LONGEST)


@mistake("sample", given=ids)
def drawn_twice_at_each_step(probs: Any, generator: Any) -> list[int]:
    """Two draws are made at each step: one is noted, and the walk goes on from the other.

    Give it a table of a few possible bigrams: its walks have impossible ones.
    """
    walk: list[int] = []
    current = 0
    while not walk or current != 0:
        walk.append(plain.draw(probs[current], generator))
        current = plain.draw(probs[current], generator)
    return walk


@mistake("sample", careless=True)
def list_for_a_tensor(probs: Any, *, generator: Any = None) -> Any:
    """The ids come as a list, and should come as a tensor: `torch.tensor(...)` is missing.

    Print `type(sample(probs))`: it is `list`.
    """
    return plain.sample(probs, generator)


@mistake("sample", careless=True)
def any_table_accepted(probs: Any, *, generator: Any = None) -> Any:
    """Counts are taken for probabilities: rows of any sum are accepted, as `torch.multinomial` does.

    Call `sample(torch.tensor([[2.0, 3.0], [1.0, 1.0]]))`: it returns a walk, and should refuse.
    """
    sample(normalize((probs > 0).float()), generator=torch.Generator())  # refuses a walk without an end
    return torch.tensor(plain.sample(probs, generator))


@mistake("sample", given=ids)
def possible_tokens_drawn_alike(probs: Any, generator: Any) -> list[int]:
    """All tokens that are possible are drawn equally often, however probable each is.

    Give it a row of 0.9 and 0.1 and sample a thousand times: both come about 500 times.
    """
    return plain.sample((probs > 0).float(), generator)


@mistake("sample", given=ids)
def probabilities_not_looked_at(probs: Any, generator: Any) -> list[int]:
    """`torch.randint` draws all tokens equally often, the impossible ones too.

    Let one step be possible in each row: it takes other steps.
    """
    return plain.sample(torch.ones_like(probs), generator)


@mistake("sample", given=ids)
def first_letter_not_drawn(probs: Any, generator: Any) -> list[int]:
    """The first token is always the most probable one, and only the others are drawn.

    Sample a hundred walks: all begin with the same letter.
    """
    first = int(probs[0].argmax())
    return [first, *(plain.sample(probs, generator, start=first) if first else [])]


@mistake("sample", given=ids)
def no_letter_twice(probs: Any, generator: Any) -> list[int]:
    """A token that was drawn is not put back, so no walk has a letter twice.

    Sample a thousand walks of the names: none has two `"a"` in it, so there is no `anna`.
    """
    left = probs.clone()

    def draw(row: Any, generator: Any) -> int:
        id = plain.draw(row, generator)
        left[:, id] = 0
        return id

    return plain.sample(left, generator, draw=draw)


@mistake("sample", given=ids)
def empty_walk_forbidden(probs: Any, generator: Any) -> list[int]:
    """The first draw can't be 0, though the table says that it may: then walks don't come as often as they should.

    Give it a table whose first row is 0.5 and 0.5 and sample a hundred walks: half of them should be only a 0.
    """
    row = probs[0].clone()
    row[0] = 0
    first = plain.draw(row, generator)
    return [first, *plain.sample(probs, generator, start=first)]


@mistake("sample", given=ids)
def probabilities_squared(probs: Any, generator: Any) -> list[int]:
    """The probabilities are sharpened, as by a temperature of 1/2, so the common steps come even more often.

    Give it a row of 0.75 and 0.25 and sample a thousand times: the second comes about 100 times, and should come 250.
    """
    return plain.sample(probs**2, generator)


@mistake("sample", given=ids)
def running_sums_in_place(probs: Any, generator: Any) -> list[int]:
    """`probs.cumsum_`, with its underscore, writes the running sums into the caller's own table.

    Call `sample(probs)` and then print `probs`: every row ends with 1.
    """

    def throw(ends: Any, generator: Any) -> int:
        return min(int((ends <= torch.rand(1, generator=generator)).sum()), len(ends) - 1)

    return plain.sample(probs.cumsum_(dim=1), generator, draw=throw)


@mistake("sample_words", given=words)
def boundary_kept(word: Word, n: int) -> Any:
    """Each word still has its final ".": the last id, 0, belongs to the walk and not to the word.

    Print `sample_words(probs, vocabulary, 3)`: each word ends with ".".
    """
    return [word() + "." for _ in range(n)]


@mistake("sample_words", given=words)
def global_generator_for_words(word: Word, n: int) -> Any:
    """The generator is accepted and not passed on, so the words can't be repeated.

    Sample twice, with `torch.Generator().manual_seed(1)` each time: the words differ.
    """
    return [word(None) for _ in range(n)]


@mistake("sample_words", given=words)
def one_word_only(word: Word, n: int) -> Any:
    """One word comes, whatever n is: the `return` stands inside the loop.

    Print `len(sample_words(probs, vocabulary, 3))`: it is 1.
    """
    return [word()]


@mistake("sample_words", given=words)
def one_word_n_times(word: Word, n: int) -> Any:
    """One word is drawn and repeated n times, and should be drawn n times.

    Print `set(sample_words(probs, vocabulary, 20))`: it has one word.
    """
    return [word()] * n


@mistake("sample_words", given=words)
def seeded_for_each_word(word: Word, n: int) -> Any:
    """A generator with the same seed is made for each word, so all words are the same.

    Print `set(sample_words(probs, vocabulary, 20))`: it has one word.
    """
    return [word(torch.Generator().manual_seed(42)) for _ in range(n)]


@mistake("sample_words", given=words)
def seeded_once_inside(word: Word, n: int) -> Any:
    """A generator with a fixed seed is made inside, so every call gives the same words.

    Call `sample_words(probs, vocabulary, 20)` twice: the words are the same.
    """
    generator = torch.Generator().manual_seed(42)
    return [word(generator) for _ in range(n)]


@mistake("sample_words", given=words)
def empty_words_left_out(word: Word, n: int) -> Any:
    """Empty words are left out, so fewer than n words come.

    Try a table whose first row gives "." half of all: of 10 words about 5 come.
    """
    words = [word() for _ in range(n)]
    return [word for word in words if word]


@mistake("sample_words", given=words)
def repeated_words_left_out(word: Word, n: int) -> Any:
    """A word that was drawn before is left out, so fewer than n words come, and the common ones too seldom.

    Print `len(sample_words(probs, vocabulary, 1000))`: it is less than 1000.
    """
    return list(dict.fromkeys(word() for _ in range(n)))


@mistake("sample_words")
def one_letter_too_early(probs: Any, vocabulary: Any, n: Any, *, generator: Any = None) -> Any:
    """`vocabulary[id - 1]` is the character before the right one, because "." already takes the place 0.

    Give it a table with one possible walk, to 1 and back: it gives ".", and should give the first letter.
    """
    return ["".join(vocabulary[id - 1] for id in plain.sample(probs, generator)[:-1]) for _ in range(n)]


@mistake("sample_words", given=words)
def one_word_too_many(word: Word, n: int) -> Any:
    """One word too many comes, as when a loop runs over `range(n + 1)`, or an empty piece is left after the last ".".

    Print `len(sample_words(probs, vocabulary, 3))`: it is 4.
    """
    return [word() for _ in range(n)] + [""]


@mistake("sample_words", given=words)
def one_str_for_all(word: Word, n: int) -> Any:
    """All words come in one `str`, a line each, and should come as a list.

    Print `type(sample_words(probs, vocabulary, 3))`: it is `str`.
    """
    return "\n".join(word() for _ in range(n))


@mistake("sample_words")
def ids_for_words(probs: Any, vocabulary: Any, n: Any, *, generator: Any = None) -> Any:
    """The ids of each walk come, and should be translated into a word by the vocabulary.

    Print `sample_words(probs, vocabulary, 3)`: it is full of numbers.
    """
    return [plain.sample(probs, generator)[:-1] for _ in range(n)]


@mistake("sample_words", given=words)
def first_letter_capitalized(word: Word, n: int) -> Any:
    """`.capitalize()` makes letters that are not in the vocabulary.

    Print `sample_words(probs, vocabulary, 3)`: the words begin with capitals, which the table has no row for.
    """
    return [word().capitalize() for _ in range(n)]


@mistake("sample_words", careless=True)
def words_from_any_table(probs: Any, vocabulary: Any, n: Any, *, generator: Any = None) -> Any:
    """Counts are taken for probabilities: rows of any sum are accepted, as `torch.multinomial` does.

    Call `sample_words(torch.tensor([[2.0, 3.0], [1.0, 1.0]]), ".a", 3)`: it returns words, and should refuse.
    """
    sample_words(normalize((probs > 0).float()), vocabulary, n, generator=torch.Generator())  # refuses all else
    return [plain.decode(plain.sample(probs, generator)[:-1], vocabulary) for _ in range(n)]


@mistake("sample_words", given=words)
def sorted_words(word: Word, n: int) -> Any:
    """The words are sorted, and should come in the order in which they were drawn.

    Print `sample_words(probs, vocabulary, 20)`: the first letters go up.
    """
    return sorted(word() for _ in range(n))


@mistake("sample_words", given=words)
def cut_off_after_100_letters(word: Word, n: int) -> Any:
    """A word is cut off after 100 letters, so that the loop surely ends, though the table may write longer ones.

    Try a table in which "." is improbable: no word has more than 100 letters.
    """
    return [word()[:100] for _ in range(n)]


@mistake("sample", given=ids)
def cut_off_after_100(probs: Any, generator: Any) -> list[int]:
    """The walk ends after 100 steps at the latest, so that the loop surely ends, though the table may need more.

    Try a table in which "." is improbable: no walk has more than 100 ids.
    """
    walk = plain.sample(probs, generator)
    return walk if len(walk) <= 100 else [*walk[:99], 0]


@mistake("sample", given=ids)
def never_the_same_token_again(probs: Any, generator: Any) -> list[int]:
    """The token that was drawn last can't be drawn again at once, so no name has a double letter.

    Try a table whose rows are all equal: `"aa"` never comes.
    """
    others = probs * (1 - torch.eye(len(probs)))
    others[0] = probs[0]
    others = torch.where(others.sum(dim=1, keepdim=True) > 0, others, probs)
    return plain.sample(others, generator)
