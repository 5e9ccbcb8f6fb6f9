"""What the properties are tried on: any words, any vocabulary, any table."""

import torch
from hypothesis import strategies as st

characters = st.characters(exclude_categories=["Cs"], exclude_characters=".")  # all of Unicode, surrogates aside
words = st.text(characters, max_size=12)
# Few letters make the same bigram come again; all of Unicode finds what "a" to "z" never would.
word_lists = st.one_of(st.lists(words, max_size=12), st.lists(st.text("ab\U0001f600", max_size=6), max_size=30))


@st.composite
def vocabularies_and_words(draw):
    """A word list, and a vocabulary that has its characters, others besides, in any order."""
    drawn = draw(word_lists)
    needed = sorted(set("".join([*drawn, draw(words)])))
    return "." + "".join(draw(st.permutations(needed))), drawn


@st.composite
def count_tables(draw, *, square=False, largest=10**6, least_sum=0):
    """Counts of 1 to 7 rows and columns, many of them 0, every row summing to `least_sum` at least."""
    rows = draw(st.integers(1, 7))
    columns = rows if square else draw(st.integers(1, 7))
    cell = st.one_of(st.just(0), st.integers(0, largest))
    row = st.lists(cell, min_size=columns, max_size=columns).filter(lambda cells: sum(cells) >= least_sum)
    return torch.tensor(draw(st.lists(row, min_size=rows, max_size=rows)))


@st.composite
def walkable_tables(draw, largest=20):
    """Square counts in which every row can end the word, while other cells may be 0."""
    counts = draw(count_tables(square=True, largest=largest))
    counts[:, 0] = counts[:, 0].clamp(min=1)
    return counts
