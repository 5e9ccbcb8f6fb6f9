"""The hints on each of the extras."""

from bigramlab.lab.rungs.climbing import Rungs

__all__ = ["EXTRA"]

EXTRA = {
    "read_words": Rungs(
        "Each line of the file is a word. Take away the blanks and the line break around it, and leave out lines that "
        "have nothing else.",
        "A loop over an open file yields its lines, and `line.strip()` is a line without what is blank at its ends. "
        'Open it with encoding="utf-8-sig", which also takes away the mark that some editors write at the beginning.',
        """
        words = []
        with open(path, encoding="utf-8-sig") as file:
            for line in file:
                word = <<line.strip()>>
                if <<word>>:
                    words.append(word)
        return words
        """,
    ),
    "split_words": Rungs(
        "Copies of a word must not be separated, or a model is tested on what it has seen. So shuffle the distinct "
        "words, and lay all copies of each into the list in which their middle falls. Then shuffle each list.",
        "`Counter(words)` counts the copies of each. `torch.randperm(n, generator=generator)` has the numbers from 0 "
        "to n - 1 in random order. A list ends where the shares up to it, times the number of words, end.",
        """
        from collections import Counter

        def shuffled(items):
            order = torch.randperm(len(items), generator=generator)
            return [items[i] for i in order.tolist()]

        copies = Counter(words)
        cuts = [sum(fractions[:i]) for i in range(1, len(fractions))]
        lists, laid = [[] for _ in fractions], 0
        for word in shuffled(<<list(copies)>>):
            middle = laid + <<copies[word] / 2>>
            place = sum(middle >= cut * copies.total() for cut in cuts)
            lists[place] += <<[word] * copies[word]>>
            laid += copies[word]
        return [shuffled(part) for part in lists]
        """,
    ),
    "most_common_bigrams": Rungs(
        "Make a list of all pairs with their counts, sort it by the counts, the largest first, and take the first n.",
        "Two loops over the vocabulary make the pairs. `counts[row, column].item()` is a plain number, and "
        "`cells.sort(key=..., reverse=True)` sorts by what the key returns; equal ones stay in their order.",
        """
        cells = []
        for row, current in enumerate(vocabulary):
            for column, following in enumerate(vocabulary):
                count = counts[row, column].item()
                cells.append((<<current + following>>, count))
        cells.sort(key=lambda cell: <<cell[1]>>, reverse=True)
        return <<cells[:n]>>
        """,
    ),
    "perplexity": Rungs(
        "It is exp of the loss, the mean of -log p over all bigrams.",
        "The loss is what `negative_log_likelihood` computes, above. `.exp()` of a tensor becomes inf where it is too "
        "large; `math.exp` would raise an error.",
        """
        seen = counts > 0
        costs = counts[seen] * -probs[seen].double().log()
        loss = <<costs.sum() / counts.sum()>>
        return <<loss.exp()>>.item()
        """,
    ),
    "surprisal": Rungs(
        'Put "." before and after the word. Each pair of neighbors has a probability in the table, and costs -log of '
        "it: return all of these costs.",
        "`vocabulary.index(character)` is an id. `probs[rows, columns]`, with two lists of ids, takes one cell for "
        "each pair of them.",
        """
        ids = [vocabulary.index(character) for character in <<"." + word + ".">>]
        return -probs[<<ids[:-1], ids[1:]>>].log()
        """,
    ),
    "score_contexts": Rungs(
        "Ask the model for its probabilities after all contexts. Take that of the target from each row. The loss is "
        "the mean of their -log.",
        "`next_probs(contexts)` has a row for each context, and `probs[rows, targets]` takes from each row the cell of "
        "its target, if `rows` numbers them: `torch.arange(len(targets))`.",
        """
        probs = <<next_probs(contexts)>>
        rows = torch.arange(len(targets))
        p = probs[<<rows, targets>>].double()
        return <<-p.log().mean()>>.item()
        """,
    ),
    "generate_words": Rungs(
        "A word begins with a context of zeros. Ask the model, draw an id, add its character to the word and its id to "
        'the context, from which the oldest goes. When ".", whose id is 0, is drawn, the word ends.',
        "The model wants a batch: `next_probs(torch.tensor([context]))` has a single row. "
        "`torch.multinomial(row, 1, generator=generator)` draws an id from it. `choose`, if it is given, changes the "
        "probabilities before that.",
        """
        words = []
        for _ in range(n):
            word, context = "", [0] * context_length
            while True:
                probs = next_probs(torch.tensor([context]))
                if choose is not None:
                    probs = <<choose(probs)>>
                id = torch.multinomial(probs[0], 1, generator=generator).item()
                if <<id == 0>>:
                    break
                word += <<vocabulary[id]>>
                context = <<context[1:] + [id]>>
            words.append(word)
        return words
        """,
    ),
    "count_contexts": Rungs(
        "Find the distinct contexts, sorted: each has a row in the table of counts. Then go through all examples, and "
        "add 1 in the row of the context and the column of the target.",
        "`contexts.unique(dim=0)` has the distinct rows, sorted. A dict from `tuple(row)` to its number finds a row "
        "again: a list can't be a key.",
        """
        distinct = contexts.unique(dim=0)
        rows = enumerate(distinct.tolist())
        number_of = {tuple(row): number for number, row in rows}
        counts = torch.zeros(len(distinct), vocab_size, dtype=torch.int64)
        for context, target in zip(contexts.tolist(), targets.tolist()):
            counts[<<number_of[tuple(context)], target>>] += 1
        return distinct, counts
        """,
    ),
    "init_mlp": Rungs(
        "The first layer takes all numbers of a context's tokens, and each other one what the layer before it gives; "
        "the last gives a logit for each token. Random weights are multiplied by √(2 / inputs), so that numbers stay "
        "about as large on their way, and the last ones are divided by 10.",
        "`zip(sizes, sizes[1:])` has the inputs and outputs of each layer. "
        "`torch.randn(inputs, outputs, generator=generator)` draws a matrix; `torch.zeros(outputs)` is a bias.",
        """
        sizes = [<<context_length * embedding_size>>, *hidden_sizes, vocab_size]
        embedding = torch.randn(vocab_size, embedding_size, generator=generator)
        weights = []
        for inputs, outputs in zip(sizes, sizes[1:]):
            weight = torch.randn(inputs, outputs, generator=generator)
            weights.append(weight * <<(2 / inputs) ** 0.5>>)
        weights[-1] = <<weights[-1] / 10>>
        biases = [torch.zeros(size) for size in <<sizes[1:]>>]
        return MLP(embedding, tuple(weights), tuple(biases))
        """,
    ),
    "learning_rate_at": Rungs(
        "While it warms up, the rate rises in a straight line to `recipe.learning_rate`. From then on it falls to 0 "
        "along half a wave of the cosine.",
        "The cosine of 0 is 1, and that of π is -1: so `(1 + math.cos(math.pi * done)) / 2` falls from 1 to 0, while "
        "`done`, the part of the falling steps that is over, goes from 0 to 1.",
        """
        import math
        rising = <<recipe.warm_up * recipe.steps>>
        if step < rising:
            return recipe.learning_rate * min(1.0, <<(step + 1) / rising>>)
        done = <<(step - rising) / (recipe.steps - rising)>>
        return recipe.learning_rate * (1 + math.cos(math.pi * done)) / 2
        """,
    ),
    "minibatches": Rungs(
        "Shuffle the numbers from 0 to n - 1, and cut them into pieces: the last may be smaller. When all were given, "
        "shuffle anew, and so on without end.",
        "`torch.randperm(n, generator=generator)` has the numbers in random order. A function with `yield` gives one "
        "piece, and goes on after that when the next one is asked for.",
        """
        while True:
            order = <<torch.randperm(n, generator=generator)>>
            for start in range(0, n, batch_size):
                yield order[<<start : start + batch_size>>]
        """,
    ),
    "adamw_step": Rungs(
        "Keep a running mean of the gradient, and one of its square. As both began at 0, divide them by "
        "1 - decay**step. The step goes along the mean, divided by the root of the square. The decay of the weights is "
        "a part of them that is taken off besides.",
        "A running mean is `decay * old + (1 - decay) * new`. Add 1e-8 to the root, so that nothing is divided by 0. "
        "Write no `+=`: what comes in stays as it was.",
        """
        mean = mean_decay * mean + (1 - mean_decay) * <<gradient>>
        square = square_decay * square + (1 - square_decay) * <<gradient**2>>
        right_mean = mean / (1 - mean_decay**step)
        right_square = <<square / (1 - square_decay**step)>>
        direction = right_mean / (right_square.sqrt() + 1e-8)
        kept = parameters * (1 - <<learning_rate * weight_decay>>)
        return kept - learning_rate * direction, mean, square
        """,
    ),
    "split_heads": Rungs(
        "Each token's vector is cut into equal pieces, the first for the first head. Then the heads have to stand "
        "before the tokens.",
        "`x.view(batch, tokens, heads, -1)` cuts the last axis, and `.transpose(1, 2)` has two axes change places.",
        """
        batch, tokens, width = x.shape
        pieces = x.view(<<batch, tokens, heads, width // heads>>)
        return pieces.transpose(<<1, 2>>)
        """,
    ),
    "merge_heads": Rungs(
        "What `split_heads` did, the other way round: the tokens stand before the heads again, and then the pieces of "
        "each token are laid side by side.",
        "`.transpose(1, 2)` has two axes change places, and `.flatten(start_dim=2)` makes one axis of the last two.",
        """
        pieces = x.transpose(<<1, 2>>)
        return pieces.flatten(start_dim=<<2>>)
        """,
    ),
    "init_transformer": Rungs(
        "Random matrices, each divided by the root of how many numbers go in. The last one of attention, of the small "
        "network and of the whole are ten times smaller; the embedding and the places are 0.3 times random numbers. "
        "The gains are 1.",
        "A small function inside that makes a matrix of given sizes saves much writing. `Block(...)` takes the pieces "
        "in their order: gain, query, key, value, output, gain, widen, narrow.",
        """
        def matrix(inputs, outputs, scale=1.0):
            random = torch.randn(inputs, outputs, generator=generator)
            return random * <<scale / inputs**0.5>>

        embedding = torch.randn(vocab_size, width, generator=generator) * 0.3
        places = <<torch.randn(longest, width, generator=generator) * 0.3>>
        blocks = []
        for _ in range(layers):
            query, key, value = (matrix(width, width) for _ in range(3))
            output = matrix(width, width, 0.1)
            widen, narrow = matrix(width, 4 * width), <<matrix(4 * width, width, 0.1)>>
            first, second = torch.ones(width), torch.ones(width)
            blocks.append(
                Block(first, query, key, value, output, second, widen, narrow)
            )
        blocks, gain = tuple(blocks), torch.ones(width)
        last = matrix(<<width, vocab_size>>, 0.1)
        return Transformer(embedding, places, blocks, gain, last, heads)
        """,
    ),
    "transformer_logits": Rungs(
        "Look up each token's vector, and add that of its place. Send all through the blocks, one after the other. "
        "Then a norm, and the last matrix.",
        "`parameters.embedding[ids]` looks up all vectors, and the first rows of `parameters.places` are added to "
        "those of each word. `bigramlab` has `block` and `rms_norm`: import them.",
        """
        from bigramlab import block, rms_norm
        x = parameters.embedding[ids] + <<parameters.places[: ids.shape[1]]>>
        for one in parameters.blocks:
            x = <<block(one, x, parameters.heads)>>
        return <<rms_norm(x, parameters.gain)>> @ parameters.unembedding
        """,
    ),
    "transformer_probs": Rungs(
        'A context has its "." on the left, and the network begins with one. So move each context to the left until '
        'its last "." stands first. Then take the logits at the place of its last letter, and softmax.',
        "`(places * (contexts == 0)).amax(dim=1)` is where the last 0 of each row stands. `x.gather(1, index)` takes "
        "from each row what stands at the places that the same row of `index` names.",
        """
        from bigramlab import transformer_logits
        length = contexts.shape[1]
        places = torch.arange(length)
        begins = (places * (contexts == 0)).amax(dim=1, keepdim=True)
        moved = contexts.gather(1, (<<places + begins>>).clamp(max=length - 1))
        ends = <<length - 1 - begins[:, 0]>>
        logits = transformer_logits(parameters, moved)
        of_last = logits[torch.arange(len(moved)), <<ends>>]
        return of_last.softmax(dim=1).detach()
        """,
    ),
    "extend": Rungs(
        "It is the whole network, but for the new tokens alone. Their places begin where the earlier ones ended. In "
        "each block, the kept keys and values are put before the new ones, and both together are kept for the next "
        "call.",
        "`torch.cat([earlier, new], dim=2)` joins tokens. `cache[number][0].shape[2]` is how many were read. A new "
        "token may look at all of these, so the mask has its ones further to the right: `triu(begin + 1)`.",
        """
        import math
        from bigramlab import merge_heads, rms_norm, split_heads
        begin = cache[0][0].shape[2] if cache else 0
        x = parameters.embedding[ids]
        x = x + parameters.places[<<begin : begin + ids.shape[1]>>]
        kept = []
        for number, one in enumerate(parameters.blocks):
            normed = rms_norm(x, one.attention_gain)
            queries = split_heads(normed @ one.query, parameters.heads)
            keys = split_heads(normed @ one.key, parameters.heads)
            values = split_heads(normed @ one.value, parameters.heads)
            if cache:
                keys = torch.cat([<<cache[number][0], keys>>], dim=2)
                values = torch.cat([cache[number][1], values], dim=2)
            kept.append((<<keys, values>>))
            scores = queries @ keys.transpose(2, 3) / math.sqrt(queries.shape[3])
            later = torch.ones(scores.shape[2:], dtype=torch.bool).triu(<<begin + 1>>)
            shares = scores.masked_fill(later, -math.inf).softmax(dim=-1)
            x = x + merge_heads(shares @ values) @ one.output
            hidden = rms_norm(x, one.hidden_gain) @ one.widen
            x = x + hidden.relu().square() @ one.narrow
        return rms_norm(x, parameters.gain) @ parameters.unembedding, tuple(kept)
        """,
    ),
    "sample_transformer_words": Rungs(
        "`generate_words` writes with any model. Give it a function that has the network's probabilities, and contexts "
        "as long as the network reads. With a cache it is quicker, and writes the same.",
        "`transformer_probs(parameters, contexts)` has them; a function inside yours may call it. `parameters.longest` "
        "is how many tokens it reads. `choose` and `generator` are handed on.",
        """
        from bigramlab import generate_words, transformer_probs

        def next_probs(contexts):
            return <<transformer_probs(parameters, contexts)>>

        return generate_words(
            next_probs,
            vocabulary,
            n,
            context_length=<<parameters.longest>>,
            choose=choose,
            generator=generator,
        )
        """,
    ),
}
