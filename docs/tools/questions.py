"""The questions at the end of the chapters, in the order of the tutorial."""

import random
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

    def choices(self) -> list[tuple[str, str, bool]]:
        """Return each choice, its reason, and whether it is right: shuffled, the same way each time, and in no pattern."""
        found = [(*self.right, True), *((choice, reason, False) for choice, reason in self.wrong.items())]
        random.Random(self.text).shuffle(found)
        return found


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
                "It errs less often than a large one": "It errs more: it knows one letter alone. You will see it in its names.",
                "Larger ones need more names than these": "They learn from these names, too, and do better. The baseline says by how much.",
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
            see="#add-one-by-hand",
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
                "`(27,)`: no column at all": "PyTorch takes it for a row and stretches it downward, without a word.",
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
            see="#one-step-by-hand",
        ),
        Question(
            "Why does the model write so many names of one letter?",
            right=(
                "It forgets that the name has just begun",
                "It sees the last letter only, and many names end with that letter.",
            ),
            wrong={
                "Many of the real names have one letter": "None in the list has. Chapter 1 looked, and said why.",
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
            see="#one-name-by-hand",
        ),
        Question(
            "A model has a loss of log 27. What does that tell you?",
            right=(
                "It is as good as knowing nothing",
                "So much does the uniform table cost, in which every token has the same chance.",
            ),
            wrong={
                "It could not be better": "The best loss is 0, for a model that is always certain and right.",
                "It holds a name impossible": "Then its loss would be infinite.",
            },
            see="#one-number-for-all-names",
        ),
        Question(
            "Why don't we choose k on the names that were counted?",
            right=(
                "They want k = 0",
                "Nothing fits them better than their own shares. Only new names show what a zero costs.",
            ),
            wrong={
                "They cost infinitely much at k = 0": "New names may. But each bigram of these was counted, so none has probability 0.",
                "They are too many to try each k": "A loss takes milliseconds. What matters is which names, not how many.",
            },
            see="#new-names",
        ),
    ],
    "neural-bigram": [
        Question(
            "What is `exp` good for in softmax?",
            right=("It makes each number positive", "A weight may be negative, and a probability can't."),
            wrong={
                "It makes the numbers sum to 1": "That is the division by their sum, which comes after it.",
                "It makes the weights smaller": "`exp` of a number is larger than the number. And the weights stay as they are.",
            },
            see="#one-row-by-hand",
        ),
        Question(
            "The gradient of a cell is negative. What does that tell you?",
            right=(
                "Its bigram is predicted too seldom",
                "Predicted minus counted is below 0: it was counted more often than the network says.",
            ),
            wrong={
                "Its weight has fallen below zero": "The gradient is about where the weight should go, not about where it is.",
                "Its bigram never stands in a name": "Then counted is 0, and predicted minus 0 is positive.",
            },
            see="#which-way-is-down",
        ),
        Question(
            "Why does the loss never fall below that of the counts?",
            right=(
                "No table suits these names better",
                "The frequencies are the best probabilities for what was counted.",
            ),
            wrong={
                "The training stops after 1,500 steps": "More steps bring it nearer to the counts, but not past them.",
                "The rate of the training is too small": "A larger one only gets there sooner, or jumps to and fro. The lowest point stays where it is.",
            },
            see="#learn",
        ),
    ],
    "mlp": [
        Question(
            "Why can't the last eight letters just be counted?",
            right=("Most such contexts come only once", "And a row that was seen once knows one next letter."),
            wrong={
                "To count them takes the computer hours": "It takes about a second. The trouble is what the rows then know.",
                "Such a table has too many columns": "It has 27 columns, as before: one for each next token. The rows are too many.",
            },
            see="#why-not-just-count",
        ),
        Question(
            "What is the embedding of a letter?",
            right=("Numbers that were learned for it", "They change in training like all other weights."),
            wrong={
                "Its place in the vocabulary": "That is its id. It says which row of embeddings to take, and nothing of how a letter behaves.",
                "How likely it is to come next": "That is what comes out at the end. The embedding is what goes in.",
            },
            see="#letters-as-points",
        ),
        Question(
            "What would two layers be without the bend between them?",
            right=("No more than a single layer", "Two matrices in a row can be multiplied into one."),
            wrong={
                "A network that learns faster": "It would save a little time, and lose what the second layer is there for.",
                "Unable to give probabilities": "Softmax gives these at the end, from any logits.",
            },
            see="#one-context-by-hand",
        ),
    ],
    "training": [
        Question(
            "How good is the gradient of one minibatch when much is learned already?",
            right=("Nearly chance, but right on average", "Over many steps chance cancels out, and the rest adds up."),
            wrong={
                "Nearly the same as that of all the data": "Not even at the beginning, when the examples agree most.",
                "Chance only: the steps lead nowhere": "Each has a little of the right direction, and that adds up over many steps.",
            },
            see="#a-few-examples-at-once",
        ),
        Question(
            "One gradient is ten times another. How far does AdamW's first step move that number?",
            right=("As far as the other number", "Divided by its own size, each gradient is 1 or −1."),
            wrong={
                "Ten times as far as the other": "So it is with plain steps. AdamW divides by the root of the squares.",
                "A tenth as far as the other": "Dividing by the size makes steps alike. It does not turn them around.",
            },
            see="#steps-that-suit-each-number",
        ),
        Question(
            "Why does the learning rate fall toward the end?",
            right=("Long steps would jump to and fro", "Near the lowest point a minibatch hardly knows the way."),
            wrong={
                "There are no new examples left": "All have come before, and come again. The rate falls for another reason.",
                "Gradients grow toward the end": "What matters is that chance has a larger part in them.",
            },
            see="#a-rate-that-rises-and-falls",
        ),
    ],
    "choosing": [
        Question(
            "Two letters have 1/5 and 4/5. What are they at a temperature of 1/2?",
            right=(
                "1/17 and 16/17",
                "To divide a logarithm by 1/2 is to square: 1/25 and 16/25, divided by their sum.",
            ),
            wrong={
                "2/5 and 8/5": "These are the probabilities divided by 1/2. They don't sum to 1, and divided by their sum they are as before.",
                "1/3 and 2/3": "That is a temperature of 2, the square root of each: higher temperatures bring them closer.",
            },
            see="#temperature",
        ),
        Question(
            "Letters have 0.5, 0.3 and 0.2. Which are left of them for a top-p of 0.6?",
            right=("The first and the second", "0.5 is not enough. The letter that crosses 0.6 is kept, too."),
            wrong={
                "The first alone": "It has 0.5, which is less than 0.6: that much must be kept at least.",
                "All of the three": "The first two have 0.8 together, which is enough.",
            },
            see="#the-likeliest-alone",
        ),
        Question(
            "Why divide again after cutting off?",
            right=("What is left must sum to 1", "Only then is it a distribution that one can draw from."),
            wrong={
                "To make likely letters likelier than others": "The ratios of what is left stay: dividing changes them all alike.",
                "To bring the letters back that were cut": "They stay at 0. What they had goes to the others.",
            },
            see="#the-likeliest-alone",
        ),
    ],
    "attention": [
        Question(
            "A token's query is all zeros. What does the token take?",
            right=(
                "The mean of all values up to its own",
                "It fits every key alike, with a score of 0, so all shares are equal.",
            ),
            wrong={
                "Nothing": "The shares always sum to 1. Nothing is a share of 0 for all, and softmax gives none.",
                "Its own value alone": "For that its own key would have to fit best, and here all fit alike.",
            },
            see="#one-question-a-few-keys",
        ),
        Question(
            "Why does the mask put `-inf` to a score, and not 0?",
            right=("exp(0) is 1, which is a share", "Only exp(-inf) is 0."),
            wrong={
                "Because scores may be negative": "They may, but that alone would not hurt: what counts is what exp makes of the masked ones.",
                "So that the scores sum to 1": "Scores sum to nothing in particular. The shares sum to 1, after softmax.",
            },
            see="#all-at-once-and-nothing-of-the-future",
        ),
        Question(
            "In training, the loss of a network with attention falls to 0.01. What is the first thing to look for?",
            right=(
                "A letter that sees what it should guess",
                "On a long list no honest model comes near that, even if it knows the names by heart: the next letter is in sight.",
            ),
            wrong={
                "A learning rate that is too large": "That makes the loss climb or jump.",
                "Nothing: it has learned the names": "Many names begin alike, and where they part no model can be sure. So the loss can't be 0.",
            },
            see="#what-it-learns-to-look-at",
        ),
    ],
    "transformer": [
        Question(
            "What happens if the places are forgotten?",
            right=("It can't tell in which order the earlier letters stand", "To attention they are a bag."),
            wrong={
                "It sees the later letters": "The mask hides them, with places or without.",
                "It can't read words of different lengths": "It can. Attention takes any number of letters.",
            },
            see="#places",
        ),
        Question(
            "The norm is taken over the whole word, not letter by letter. What is wrong?",
            right=(
                "Each letter learns something of the later ones",
                "The size depends on all of them, so the future leaks.",
            ),
            wrong={
                "The numbers grow from block to block": "They are divided by a size in any case.",
                "Nothing, if the batch is large": "The words of the batch have no part in it. The letters of one word do.",
            },
            see="#a-norm",
        ),
        Question(
            "Why may the keys and values of earlier letters be kept while it writes?",
            right=(
                "They depend on nothing that comes later",
                "That is the mask's doing: a letter's vectors never change again.",
            ),
            wrong={
                "They are the same for all words": "They depend on all the letters before.",
                "The queries contain them": "A query is what a letter asks. It is the one vector that need not be kept.",
            },
            see="#one-contract",
        ),
    ],
    "comparing": [
        Question(
            "Which names are there to choose the `k` of the smoothing?",
            right=("The development names", "They are unread, and the test names stay unread for the end."),
            wrong={
                "The training names": "There k = 0 always looks best: no table is better on the names that it was counted from.",
                "The names for the test": "Then the choice suits them, and no names are left that have no part in it.",
            },
            see="#three-piles-of-names",
        ),
        Question(
            "Why can't an MLP that sees one letter beat the table?",
            right=("The table is the best for one letter", "What the input does not say, no network can know."),
            wrong={
                "The table has more numbers than it": "It is the other way round: the MLP has many times more.",
                "It was trained for too few steps": "It has come to the table's loss. More steps would hardly bring it below.",
            },
            see="#the-race",
        ),
        Question(
            "One copy of a name is in training and one in the test. What does the test then reward?",
            right=("Learning names by heart", "A model that knows this name seems to be good at new ones."),
            wrong={
                "Having few numbers": "Few numbers can't hold many names, so such a model gains little from the copies.",
                "Counting names twice": "In training the name stands once. The other copy is in the test.",
            },
            see="#a-split-that-leaks",
        ),
    ],
    "overfitting": [
        Question(
            "One loss falls, and that on other names rises. What is the network learning?",
            right=("What only its own names have", "It gets surer of these, and expects others less and less."),
            wrong={
                "What names have in common": "That is how it began. Then both losses fell.",
                "Nothing more, for it is done": "It does learn, as the falling loss shows: the wrong thing.",
            },
            see="#15-learning-by-heart",
        ),
        Question(
            "How can a trained network be worse than one that knows nothing?",
            right=("It is sure and often wrong", "Who gives all letters the same chance is never surprised much."),
            wrong={
                "It gives all letters the same chance": "That is the one that knows nothing, with its loss of log 27.",
                "It has read too many names": "It has read too few. More names are harder to know by heart.",
            },
            see="#15-learning-by-heart",
        ),
        Question(
            "What is it that dropout leaves out?",
            right=("Numbers inside the network", "Others in each step, so that none is relied upon."),
            wrong={
                "Names that come too often": "All names are read, again and again. What is missing is inside the network.",
                "Weights that have grown large": "Weight decay makes these smaller. Dropout does not look at how large a number is.",
            },
            see="#what-helps",
        ),
    ],
    "where-next": [
        Question(
            "A model has learned from pages of the web alone. It is given a question. What does it do?",
            right=(
                "It goes on as pages do",
                "Perhaps with an answer, perhaps with ten more questions. To answer is learned from conversations.",
            ),
            wrong={
                "It answers as well as it can": "It was never asked for answers, but for what comes next on a page.",
                "It refuses: a question is no page": "It has a probability for whatever comes next, after any text.",
            },
            see="#how-far-is-it-to-a-chat-model",
        ),
        Question(
            "What becomes one token in byte-pair encoding?",
            right=("The pair that stands there most often", "Then all is counted again, with the new token."),
            wrong={
                "Two letters that sound much the same": "It knows no sounds. It counts pairs, as you did in chapter 3.",
                "Every two letters that are neighbors": "Only one pair in each round, or rare pairs would be tokens, too.",
            },
            see="#other-tokens",
        ),
        Question(
            "One model costs 2 nats a letter, another 3 nats a token of some letters. Which is better?",
            right=("These numbers don't say", "Both losses have to be divided by the same letters first."),
            wrong={
                "The one of 2 nats a letter": "A token of several letters says more, so it may cost more.",
                "The one of 3 nats a token": "It may be, if its tokens are long enough. How long they are was not told.",
            },
            see="#what-can-go-wrong",
        ),
    ],
}
