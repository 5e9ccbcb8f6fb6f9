"""The questions at the end of the chapters, in the order of the tutorial."""

from typing import NamedTuple


class Question(NamedTuple):
    """A question with three choices.

    Args:
        text: The question.
        right: The right choice and why it is right.
        wrong: Each wrong choice with the reason why someone might think so, and why it isn't.
        see: The anchor of the paragraph that says it, such as `#one-name-by-hand`.
    """

    text: str
    right: tuple[str, str]
    wrong: dict[str, str]
    see: str


QUESTIONS = {
    "setting-up": [
        Question(
            "What is a bigram?",
            right=("A pair of neighboring letters", "The model looks at one letter and guesses its neighbor."),
            wrong={
                "A word that has two letters": "A word of any length has bigrams: one for each pair of neighbors in it.",
                "A letter that stands twice": "The two may be the same, as in `mm`, but they need not be.",
            },
            see="#what-the-model-has-to-learn",
        ),
        Question(
            "Why begin with a model that is so simple?",
            right=("Whatever comes later has to beat it", "That is what a baseline is for: a number to compare with."),
            wrong={
                "It writes names as well as any other": "It sees one letter only, and you will soon see that in its names.",
                "Larger models can't learn from names": "They can, and do better. Without a baseline you could not say by how much.",
            },
            see="#what-the-model-has-to-learn",
        ),
        Question(
            "Why do some names stand in the list twice?",
            right=("They were given to girls and to boys", "The list has the girls' names first and then the boys'."),
            wrong={
                "They are the most frequent of all names": "How often a name was given shows in its place in the list, not in copies of it.",
                "They were spelled in two different ways": "Two spellings are two different names here. The copies are equal, letter by letter.",
            },
            see="#the-names",
        ),
    ],
    "encoding": [
        Question(
            "What holds for every word over the vocabulary?",
            right=("Decoding its ids gives it back", "One step undoes the other, so nothing is lost on the way."),
            wrong={
                "Encoding it twice changes nothing": "`encode` takes text and gives numbers. Numbers can't be encoded again.",
                "Its ids stand in rising order": "They stand in the order of its letters: `emma` is 5, 13, 13, 1.",
            },
            see="#there-and-back",
        ),
        Question(
            "Why must the boundary be a sign that no name contains?",
            right=(
                "Inside a name it would look like an end",
                "The model could not tell a name that goes on from one that stops.",
            ),
            wrong={
                "PyTorch keeps the dot for this purpose": "PyTorch knows numbers, not signs. We chose the dot.",
                "Only such a sign can have the number 0": "Any sign can have id 0. We put this one there because it is easy to remember.",
            },
            see="#the-boundary-token",
        ),
        Question(
            "Which id has the letter `b`?",
            right=("2", "`.` has 0, `a` has 1, `b` has 2."),
            wrong={
                "1": "So it would be without the boundary token, which took 0 and moved all letters on by one.",
                "3": "Python counts from 0, and the first sign is the boundary token: 0, then `a`, then `b`.",
            },
            see="#the-boundary-token",
        ),
    ],
    "counting": [
        Question(
            "How many bigrams does `olivia` add to the table?",
            right=(
                "7",
                "Six letters and two boundaries are eight signs, and a window of two has seven places on them.",
            ),
            wrong={
                "6": "Those are its letters. With a `.` before and after, there is one pair more than letters.",
                "8": "Those are the signs of `.olivia.`. A pair needs two, so there is one pair less.",
            },
            see="#one-name-by-hand",
        ),
        Question(
            "Which cell does the end of `emma` raise by one?",
            right=(
                "Row `a`, column `.`",
                "The row is the current token, the column the next one: after `a` comes the end.",
            ),
            wrong={
                "Row `.`, column `a`": "That is a name that begins with `a`. Rows are the current token, columns the next.",
                "Row `m`, column `a`": "That is the last pair of letters. The end is one step later.",
            },
            see="#all-names-in-a-table",
        ),
        Question(
            "Why can't row sums show that rows and columns are swapped?",
            right=(
                "Each letter is left as often as it is reached",
                "So a letter's row and its column have the same sum.",
            ),
            wrong={
                "The rows of the table all have the same sum": "They differ much: `a` is common and `q` is rare.",
                "The table stays the same when it is swapped": "It does not: look at `qu` and `uq`.",
            },
            see="#what-can-go-wrong",
        ),
    ],
    "smoothing": [
        Question(
            "What do you pretend with k = 1?",
            right=("That each bigram was seen once more", "Every cell goes up by one, the full ones too."),
            wrong={
                "That each bigram was seen just once": "Then nothing would be left of the counts. One is added to them.",
                "That each empty cell was seen once": "The full ones go up too, or a bigram seen once would be as rare as one never seen.",
            },
            see="#add-one",
        ),
        Question(
            "Which rows does smoothing change most?",
            right=("Those that few names visit", "A little is a lot for a row that has little: look at `q`."),
            wrong={
                "Those with large counts": "One more is nothing where there are thousands.",
                "It changes all rows alike": "By the same number, yes, but not by the same share.",
            },
            see="#how-much-is-too-much",
        ),
        Question(
            "What does the model believe when k is huge?",
            right=("That all letters are equally likely", "What was counted drowns in what was added."),
            wrong={
                "That what it saw is all there is": "That is k = 0, the other end of the dial.",
                "That nothing is possible any more": "Everything is possible, and all of it alike.",
            },
            see="#how-much-is-too-much",
        ),
    ],
    "normalizing": [
        Question(
            "What sums to 1 in the model's table?",
            right=("Every row", "A row says what follows its letter, and something always does."),
            wrong={
                "Every column": "A column collects what comes before its letter. Nothing makes that 1.",
                "The whole table": "It has 27 rows that sum to 1 each, so all together make 27.",
            },
            see="#one-row-by-hand",
        ),
        Question(
            "Which shape must the sums have, to divide each row by its own?",
            right=("`(27, 1)`: one column", "Each sum then stands beside its row, and is stretched across it."),
            wrong={
                "`(1, 27)`: one row": "Then each number stands above a column, and divides that.",
                "`(27,)`: one axis only": "PyTorch takes it for a row and stretches it downward, without a word.",
            },
            see="#all-rows-at-once",
        ),
        Question(
            "A cell of the picture shows 0.000. What do you know?",
            right=("Its bigram is rare", "It is less than 0.0005, and now and then it will come."),
            wrong={
                "It can never come": "After smoothing no cell is 0. Three decimals only don't show it.",
                "It was never seen": "It may have been: a few times in a row of thousands is 0.000, too.",
            },
            see="#0000-is-not-0",
        ),
    ],
    "sampling": [
        Question(
            "What makes the model autoregressive?",
            right=("What it wrote is what it reads next", "Each letter is drawn from the row of the one before."),
            wrong={
                "It throws a dart to choose each letter": "Dice do that too. It is about where the row comes from.",
                "It goes back and corrects its letters": "It never goes back: what is written stays.",
            },
            see="#a-whole-name",
        ),
        Question(
            "You draw again, with the same table and seed. What comes?",
            right=("The same names once more", "The seed decides the random numbers, and they decide the letters."),
            wrong={
                "Other names, as it is random": "The numbers only look random: the generator makes the same ones from the same seed.",
                "The same names, but shuffled": "The order is part of it: each draw takes the next number.",
            },
            see="#one-step",
        ),
        Question(
            "Why does the model write so many names of one letter?",
            right=(
                "It forgets that the name has just begun",
                "It sees the last letter only, and many names end with that letter.",
            ),
            wrong={
                "Many of the real names have one letter": "None has. Chapter 1 looked.",
                "Adding one made such names more likely": "Hardly: an `a` was at the end of thousands of names before anything was added.",
            },
            see="#why-are-they-strange",
        ),
    ],
    "evaluating": [
        Question(
            "What is the surprisal of a step that is certain?",
            right=("0", "−log 1 = 0: what is certain does not surprise."),
            wrong={
                "1": "That is its probability. Its logarithm is 0.",
                "∞": "That is the surprisal of what has probability 0.",
            },
            see="#the-probability-of-a-name",
        ),
        Question(
            "A model has a loss of log 27. What does that tell you?",
            right=("It has learned nothing", "So much does the uniform table cost: every token has the same chance."),
            wrong={
                "It could not be better": "The best loss is 0, for a model that is always certain and right.",
                "It holds a name impossible": "Then its loss would be infinite.",
            },
            see="#one-number-for-all-names",
        ),
        Question(
            "The table without smoothing has the lower loss on its own names. Why smooth?",
            right=(
                "One new bigram would cost it everything",
                "A single probability of 0 makes the loss on new names infinite.",
            ),
            wrong={
                "Its loss on these names was computed wrongly": "It is right: on the names it was counted from, no table is better.",
                "Without smoothing the rows don't sum to 1": "They do: each row is divided by its own sum either way.",
            },
            see="#what-smoothing-costs-and-what-it-saves",
        ),
    ],
}
