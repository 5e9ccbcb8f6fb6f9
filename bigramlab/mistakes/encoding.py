"""What goes wrong between characters and ids."""

from bisect import bisect_left
from typing import Any

import numpy as np
import torch

from bigramlab import plain
from bigramlab.lessons.encoding import build_vocabulary, encode
from bigramlab.lessons.inputs import require_words
from bigramlab.mistakes.mistake import mistake


@mistake("build_vocabulary")
def boundary_forgotten(words: Any) -> Any:
    """The vocabulary has the letters alone: the boundary token "." is missing, so id 0 is a letter.

    Print `build_vocabulary(["emma"])`: it is `"aem"`, and should be `".aem"`.
    """
    return build_vocabulary(words)[1:]


@mistake("build_vocabulary")
def boundary_last(words: Any) -> Any:
    """The boundary token stands last, and not first, so its id changes with the number of letters.

    Print `build_vocabulary(["emma"])[0]`: it is `"a"`, and should be `"."`.
    """
    return build_vocabulary(words)[1:] + "."


@mistake("build_vocabulary")
def order_of_appearance(words: Any) -> Any:
    """The letters stand in the order in which they appear, so other words, or another order, give other ids.

    Print `build_vocabulary(["emma"])`: it is `".ema"`, and should be `".aem"`.
    """
    return "." + "".join(dict.fromkeys("".join(words)))


@mistake("build_vocabulary")
def boundary_sorted_with_the_letters(words: Any) -> Any:
    """The "." is put in before sorting, and is first only where no character is smaller, as `"-"` and `"'"` are.

    Print `build_vocabulary(["jean-luc"])[0]`: it is `"-"`, and should be `"."`.
    """
    return "".join(sorted(build_vocabulary(words)))


@mistake("build_vocabulary")
def list_for_a_str(words: Any) -> Any:
    """The result is a list of characters, and should be one `str`: `"".join(...)` is missing.

    Print `type(build_vocabulary(["emma"]))`: it is `list`.
    """
    return list(build_vocabulary(words))


@mistake("build_vocabulary")
def repeated_characters_kept(words: Any) -> Any:
    """A character stands once for each time it occurs, so it has many ids: `set(...)` is missing.

    Print `build_vocabulary(["emma"])`: it is `".aemm"`, and should be `".aem"`.
    """
    return "." + "".join(sorted("".join(words)))


@mistake("build_vocabulary", careless=True)
def boundary_inside_accepted(words: Any) -> Any:
    """A word with "." in it is accepted, so the vocabulary has "." twice and the word looks like two.

    Call `build_vocabulary(["st.john"])`: it returns a vocabulary, and should refuse.
    """
    require_words(words)
    return plain.build_vocabulary(words)


@mistake("build_vocabulary", careless=True)
def bare_str_accepted(words: Any) -> Any:
    """One bare `str` is accepted, and each of its letters taken for a word.

    Call `build_vocabulary("emma")`: it returns a vocabulary, and should ask whether `["emma"]` was meant.
    """
    return build_vocabulary(list(words))


@mistake("build_vocabulary")
def lowercased(words: Any) -> Any:
    """`.lower()` drops the capitals, so the words themselves can't be encoded.

    Print `build_vocabulary(["Emma"])`: it has no `"E"`.
    """
    return build_vocabulary(word.lower() for word in words)


@mistake("build_vocabulary")
def only_ascii_letters(words: Any) -> Any:
    """Only a to z are kept, so words of other alphabets, or with a hyphen, can't be encoded.

    Print `build_vocabulary(["zoë"])`: it has no `"ë"`.
    """
    letters = ".abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return "".join(character for character in build_vocabulary(words) if character in letters)


@mistake("build_vocabulary")
def alphabet_written_down(words: Any) -> Any:
    """The vocabulary is always a to z, whatever letters the words have.

    Print `build_vocabulary(["emma"])`: it has 27 characters, and should have 4.
    """
    return ".abcdefghijklmnopqrstuvwxyz"


@mistake("build_vocabulary", careless=True)
def words_walked_through_twice(words: Any) -> Any:
    """The words are walked through twice, first to check them, and an iterator has nothing left for the second time.

    Print `build_vocabulary(iter(["emma"]))`: it is `"."`, and should be `".aem"`.
    """
    build_vocabulary(words)
    return build_vocabulary(words)


@mistake("encode")
def boundary_added(word: Any, vocabulary: Any) -> Any:
    """A boundary token is put before and after the word: `encode` should only translate what it is given.

    Print `len(encode("emma", vocabulary))`: it is 6, and should be 4.
    """
    return encode("." + word + ".", vocabulary)


@mistake("encode")
def stop_added(word: Any, vocabulary: Any) -> Any:
    """A boundary token is put after the word: `encode` should only translate what it is given.

    Print `len(encode("emma", vocabulary))`: it is 5, and should be 4.
    """
    return encode(word + ".", vocabulary)


@mistake("encode", careless=True)
def list_for_a_tensor(word: Any, vocabulary: Any) -> Any:
    """The ids come as a list, and should come as a tensor: `torch.tensor(...)` is missing.

    Print `type(encode("emma", vocabulary))`: it is `list`.
    """
    return encode(word, vocabulary).tolist()


@mistake("encode")
def letters_start_at_0(word: Any, vocabulary: Any) -> Any:
    """The first letter has the id 0, which belongs to ".", so every id is too small by one.

    Print `encode("a", ".abc")`: it is 0, and should be 1.
    """
    return encode(word, vocabulary) - 1


@mistake("encode")
def id_from_ord(word: Any, vocabulary: Any) -> Any:
    """`ord(c) - 96` numbers a to z, whatever the vocabulary says, and gives nonsense for every other character.

    Print `encode("m", ".aem")`: it is 13, and should be 3.
    """
    return torch.tensor([ord(character) - 96 for character in word], dtype=torch.int64)


@mistake("encode", careless=True)
def unknown_skipped(word: Any, vocabulary: Any) -> Any:
    """Characters that the vocabulary lacks are skipped, so another word is encoded than was given.

    Call `encode("emmé", ".aem")`: it returns three ids, and should refuse.
    """
    return encode("".join(character for character in word if character in vocabulary), vocabulary)


@mistake("encode", careless=True)
def unknown_becomes_0(word: Any, vocabulary: Any) -> Any:
    """A character that the vocabulary lacks gets the id 0, as if the word ended there.

    Call `encode("emmé", ".aem")`: its last id is 0, and it should refuse.
    """
    return torch.tensor([max(0, vocabulary.find(character)) for character in word], dtype=torch.int64)


@mistake("encode", careless=True)
def unknown_becomes_minus_1(word: Any, vocabulary: Any) -> Any:
    """What the vocabulary lacks gets the id -1, as from `vocabulary.find`, and -1 then picks the last row of a table.

    Call `encode("emmé", ".aem")`: its last id is -1, and it should refuse; `vocabulary.index` would.
    """
    return torch.tensor([vocabulary.find(character) for character in word], dtype=torch.int64)


@mistake("encode")
def ids_as_floats(word: Any, vocabulary: Any) -> Any:
    """The ids are floats, which can't be used as an index.

    Print `encode("emma", vocabulary).dtype`: it is `torch.float32`, and should be `torch.int64`.
    """
    return encode(word, vocabulary).float()


@mistake("encode", careless=True)
def no_ids_as_floats(word: Any, vocabulary: Any) -> Any:
    """`torch.tensor([])` has no number to take its type from and makes floats, so the empty word has ids of float32.

    Print `encode("", vocabulary).dtype`: it is `torch.float32`; `torch.tensor(ids, dtype=torch.int64)` is right.
    """
    return torch.tensor(encode(word, vocabulary).tolist())


@mistake("encode")
def ids_up_to_255(word: Any, vocabulary: Any) -> Any:
    """The ids are of a type that ends at 255 or before, such as `torch.uint8`; a vocabulary may have more tokens.

    Print `encode(vocabulary[-1], vocabulary)` for a vocabulary of 300 tokens: it should be 299.
    """
    return encode(word, vocabulary).to(torch.uint8)


@mistake("encode")
def blanks_stripped(word: Any, vocabulary: Any) -> Any:
    """`.strip()` takes the blanks off, though they are characters like any other, so there are fewer ids than letters.

    Print `encode(" a", ". a")`: it has one id, and should have two.
    """
    return encode(word.strip(), vocabulary)


@mistake("encode")
def ids_from_the_word_itself(word: Any, vocabulary: Any) -> Any:
    """The ids number the letters of this word, not those of the vocabulary, so no two words agree on them.

    Print `encode("z", ".abcz")` and `encode("a", ".abcz")`: they are equal.
    """
    return encode(word, plain.build_vocabulary([word.replace(".", "")]))


@mistake("encode")
def word_lowercased(word: Any, vocabulary: Any) -> Any:
    """The word is lowercased first, so a capital gets the id of another character, or none.

    Print `encode("A", ".Aa")`: it is 2, and should be 1.
    """
    return encode(word.lower(), vocabulary)


@mistake("encode")
def searched_by_halves(word: Any, vocabulary: Any) -> Any:
    """Each character is searched for by halves, as `bisect` and `searchsorted` do: that needs a sorted vocabulary.

    Print `encode("a", ".ba")`: it is 1, and should be 2.
    """
    return torch.tensor([bisect_left(vocabulary, character) for character in word], dtype=torch.int64)


@mistake("encode")
def searched_by_halves_in_numpy(word: Any, vocabulary: Any) -> Any:
    """All characters are searched for by halves, as NumPy's `searchsorted` does: that needs a sorted vocabulary.

    Print `encode("a", ".ba")`: it is 1, and should be 2.
    """
    held, wanted = (np.array([*map(ord, characters)], dtype=np.int64) for characters in (vocabulary, word))
    return torch.from_numpy(np.searchsorted(held, wanted))


@mistake("decode", careless=True)
def negative_ids_accepted(ids: Any, vocabulary: Any) -> Any:
    """A negative id is not refused: Python counts it from the end, so -1 becomes the last letter.

    Call `decode(torch.tensor([-1]), ".abc")`: it is `"c"`, and should be refused.
    """
    return plain.decode(ids.tolist(), vocabulary)


@mistake("decode")
def boundaries_dropped(ids: Any, vocabulary: Any) -> Any:
    """Every 0 is left out, and should become the "." that it stands for.

    Print `decode(torch.tensor([1, 0]), ".abc")`: it is `"a"`, and should be `"a."`.
    """
    return plain.decode(ids[ids != 0].tolist(), vocabulary)


@mistake("decode")
def stopped_at_the_first_boundary(ids: Any, vocabulary: Any) -> Any:
    """The first 0 ends it, and what follows is lost: `decode` should translate all that it is given.

    Print `decode(torch.tensor([1, 0, 2]), ".abc")`: it is `"a"`, and should be `"a.b"`.
    """
    word, _, _ = plain.decode(ids.tolist(), vocabulary).partition(".")
    return word


@mistake("decode")
def list_of_characters(ids: Any, vocabulary: Any) -> Any:
    """The result is a list of characters, and should be one `str`: `"".join(...)` is missing.

    Print `type(decode(torch.tensor([1, 2]), ".abc"))`: it is `list`.
    """
    return list(plain.decode(ids.tolist(), vocabulary))


@mistake("decode")
def joined_with_blanks(ids: Any, vocabulary: Any) -> Any:
    """The characters are joined with `" "`, and should be joined with nothing between them.

    Print `decode(torch.tensor([1, 2]), ".abc")`: it is `"a b"`, and should be `"ab"`.
    """
    return " ".join(plain.decode(ids.tolist(), vocabulary))


@mistake("decode")
def one_character_too_early(ids: Any, vocabulary: Any) -> Any:
    """`vocabulary[id - 1]` is the character before the right one, because "." already takes the place 0.

    Print `decode(torch.tensor([2]), ".abc")`: it is `"a"`, and should be `"b"`.
    """
    return plain.decode((ids - 1).tolist(), vocabulary)


@mistake("decode")
def character_from_chr(ids: Any, vocabulary: Any) -> Any:
    """`chr(id + 96)` is right for the 26 letters a to z and for no other vocabulary.

    Print `decode(torch.tensor([3]), ".aem")`: it is `"c"`, and should be `"m"`.
    """
    return "".join(chr(id + 96) if id else "." for id in ids.tolist())


@mistake("decode")
def last_id_left_out(ids: Any, vocabulary: Any) -> Any:
    """The last id is cut off, as if it were always the final 0.

    Print `decode(torch.tensor([1, 2]), ".abc")`: it is `"a"`, and should be `"ab"`.
    """
    return plain.decode(ids.tolist()[:-1], vocabulary)


@mistake("decode")
def boundaries_stripped(ids: Any, vocabulary: Any) -> Any:
    """`.strip(".")` takes the boundaries off both ends: `decode` should translate all that it is given.

    Print `decode(torch.tensor([0, 1, 0]), ".abc")`: it is `"a"`, and should be `".a."`.
    """
    return plain.decode(ids.tolist(), vocabulary).strip(".")


@mistake("decode", careless=True)
def unknown_ids_skipped(ids: Any, vocabulary: Any) -> Any:
    """Ids outside the vocabulary are skipped, so another word comes out than was put in.

    Call `decode(torch.tensor([1, 9]), ".abc")`: it is `"a"`, and should be refused.
    """
    return plain.decode([id for id in ids.tolist() if 0 <= id < len(vocabulary)], vocabulary)


@mistake("decode", careless=True)
def ids_wrapped_around(ids: Any, vocabulary: Any) -> Any:
    """`id % len(vocabulary)` makes some letter of every number, so wrong ids go unseen.

    Call `decode(torch.tensor([5]), ".abc")`: it is `"a"`, and should be refused.
    """
    return plain.decode((ids % len(vocabulary)).tolist(), vocabulary)


@mistake("decode")
def ids_changed_on_the_way(ids: Any, vocabulary: Any) -> Any:
    """The ids are set to 0 one by one, in the caller's own tensor.

    Call `decode(ids, vocabulary)` and then print `ids`: they are all 0.
    """
    word = plain.decode(ids.tolist(), vocabulary)
    ids[:] = 0
    return word
