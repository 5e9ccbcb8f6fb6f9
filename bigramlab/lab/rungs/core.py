"""The hints on each exercise of the core."""

from bigramlab.lab.rungs.climbing import Rungs

__all__ = ["CORE"]

CORE = {
    "build_vocabulary": Rungs(
        'Collect every different character of all the words, sort them, and put "." in front.',
        '`set` keeps each character once, `sorted` puts them in order, and `"".join(...)` makes one str of them.',
        """
        characters = set()
        for word in words:
            characters.update(<<word>>)
        return "." + "".join(<<sorted(characters)>>)
        """,
    ),
    "encode": Rungs(
        'A character\'s id is its position in the vocabulary: "." has 0, the next one 1. Find that of each character.',
        "A dict from character to id finds it at once, and `enumerate(vocabulary)` gives both. `torch.tensor(...)` "
        "makes a tensor of a list; with `dtype=torch.int64` it holds whole numbers even if the list is empty.",
        """
        id_of = {character: id for id, character in enumerate(vocabulary)}
        return torch.tensor([<<id_of[character]>> for character in word], dtype=torch.int64)
        """,
    ),
    "decode": Rungs(
        "The other way round: each id is a position in the vocabulary. Find the character that stands there.",
        "`ids.tolist()` makes plain numbers of the tensor, `vocabulary[2]` is the character at position 2, and "
        '`"".join(...)` makes one str of many.',
        """
        return "".join(<<vocabulary[id]>> for id in ids.tolist())
        """,
    ),
    "count_bigrams": Rungs(
        'Put "." before and after each word, go through its pairs of neighbors, and add 1 to the cell of each pair: '
        "the row is that of the first character, the column that of the second.",
        "`torch.zeros(size, size, dtype=torch.int64)` is a table of zeros, and `zip(text, text[1:])` pairs each "
        "character with the next one.",
        """
        id_of = {character: id for id, character in enumerate(vocabulary)}
        counts = torch.zeros(len(vocabulary), len(vocabulary), dtype=torch.int64)
        for word in words:
            text = <<"." + word + ".">>
            for current, following in zip(text, text[1:]):
                counts[<<id_of[current], id_of[following]>>] += 1
        return counts
        """,
    ),
    "smooth": Rungs(
        "Add k to every cell, and return a new table; the one that was given stays as it was.",
        "A tensor plus a number is a new tensor, with the number added to each cell. (`counts += k` would change the "
        "table that was given.)",
        """
        return <<counts + k>>
        """,
    ),
    "normalize": Rungs(
        "Divide each count by the sum of its own row. Then every row sums to 1.",
        "`counts.sum(dim=1)` adds up each row. With `keepdim=True` the sums stay a column beside the table, so that "
        "each one divides its own row.",
        """
        row_sums = <<counts.sum(dim=1, keepdim=True)>>
        return counts / row_sums
        """,
    ),
    "sample": Rungs(
        'Begin in the row of ".", whose id is 0. Draw the next id as that row says, go to the row of that id, and draw '
        "again, until 0 is drawn. Keep all that was drawn, the last 0, too.",
        "`torch.multinomial(row, 1, generator=generator)` draws an id, each as often as its probability in the row "
        "says. `.item()` makes a plain number of it.",
        """
        ids = []
        current = 0
        while True:
            current = torch.multinomial(<<probs[current]>>, 1, generator=generator).item()
            ids.append(<<current>>)
            if <<current == 0>>:
                return torch.tensor(ids)
        """,
    ),
    "sample_words": Rungs(
        'A word is what a walk wrote, decoded, without the "." at its end. Make n of them, each by a walk of its own.',
        "Your own `sample`, above, makes a walk. Your `decode` makes text of it, once the file has "
        "`from ch02_encoding import decode` at its top. Hand the generator on to `sample`, the same one each time.",
        """
        # at the top of the file: from ch02_encoding import decode
        words = []
        for _ in range(n):
            ids = sample(probs, generator=<<generator>>)
            words.append(decode(<<ids[:-1]>>, vocabulary))
        return words
        """,
    ),
    "negative_log_likelihood": Rungs(
        "A bigram costs -log of its probability, and one that was counted c times costs that c times. Add up all "
        "costs, and divide by how many bigrams there are, the sum of all counts.",
        "`probs.log()` takes the log of each cell. But 0 times the log of 0 is nan, no number. So leave out the cells "
        "that were never counted: with `seen = counts > 0`, `counts[seen]` and `probs[seen]` are the others.",
        """
        seen = counts > 0
        costs = <<counts[seen] * -probs[seen].double().log()>>
        return (costs.sum() / <<counts.sum()>>).item()
        """,
    ),
    "softmax": Rungs(
        "Take exp of each number: all become positive, as counts are. Then divide them by their sum, as in normalize.",
        "`logits.exp()` takes exp of each. `dim=-1` is the last dimension, whether there is a row or a table. Subtract "
        "the largest first, `logits.amax(dim=-1, keepdim=True)`: it changes no share, and exp can't become too large.",
        """
        weights = (logits - logits.amax(dim=-1, keepdim=True)).exp()
        return weights / <<weights.sum(dim=-1, keepdim=True)>>
        """,
    ),
    "cross_entropy": Rungs(
        "Each row of logits becomes probabilities by softmax. Take that of the token that came, the target, from each "
        "row. The loss is the mean of their -log.",
        "`torch.arange(len(targets))` numbers the rows 0, 1, 2 and so on, and `probs[rows, targets]` takes from each "
        "row the cell of its target. Your `softmax` stands above.",
        """
        rows = torch.arange(len(targets))
        p = softmax(logits)[<<rows, targets>>]
        return <<-p.log().mean()>>
        """,
    ),
    "train_neural_bigram": Rungs(
        "In each step, subtract learning_rate times the gradient from the weights; then note the loss. The gradient is "
        "what is predicted minus what was counted, both as shares of all bigrams.",
        "Counted is `shares = counts / counts.sum()`. Predicted is softmax of the weights, each row times its part in "
        "all, `shares.sum(dim=1, keepdim=True)`. The loss is the sum of -shares times the log of softmax. The penalty "
        "adds weight_penalty times `(weights**2).mean()` to the loss, and so weight_penalty times "
        "`2 * weights / weights.numel()` to the gradient.",
        """
        if weights is None:
            weights = torch.zeros(counts.shape)
        shares = counts / counts.sum()
        row_shares = shares.sum(dim=1, keepdim=True)
        losses = []
        for _ in range(steps):
            gradient = <<row_shares * softmax(weights) - shares>>
            gradient = gradient + weight_penalty * 2 * weights / weights.numel()
            weights = <<weights - learning_rate * gradient>>
            loss = -(shares * softmax(weights).log()).sum()
            loss = loss + weight_penalty * (weights**2).mean()
            losses.append(loss.item())
        return weights, losses
        """,
    ),
    "build_contexts": Rungs(
        'Each word begins with a context of zeros. For each of its characters and for the "." at its end, keep the '
        "context and the id that comes. Then the context moves on: the oldest id goes, the new one stands last.",
        '`[0] * context_length` is the first context. `context[1:] + [id]` is the next one, a new list. `word + "."` '
        "has all that is to be predicted. At the end `torch.tensor(...)` makes tensors of both lists.",
        """
        id_of = {character: id for id, character in enumerate(vocabulary)}
        contexts, targets = [], []
        for word in words:
            context = [0] * context_length
            for character in word + ".":
                contexts.append(<<context>>)
                targets.append(<<id_of[character]>>)
                context = <<context[1:] + [id_of[character]]>>
        return torch.tensor(contexts), torch.tensor(targets)
        """,
    ),
    "mlp_logits": Rungs(
        "Look up the numbers of each token of a context, and lay them side by side: a row for each context. Then go "
        "through the layers: times the matrix, plus the bias, and the bend x · sigmoid(x), but no bend after the last.",
        "`parameters.embedding[contexts]` looks up all of them, and `.flatten(start_dim=1)` lays those of a context "
        "side by side. A layer is `rows @ weight + bias`, and `rows.sigmoid()` takes the sigmoid of each number.",
        """
        rows = parameters.embedding[contexts].flatten(start_dim=1)
        layers = list(zip(parameters.weights, parameters.biases))
        for weight, bias in layers[:-1]:
            rows = <<rows @ weight + bias>>  # the layer
            rows = <<rows * rows.sigmoid()>>  # the bend
        weight, bias = layers[-1]
        return <<rows @ weight + bias>>
        """,
    ),
    "with_temperature": Rungs(
        "Divide all logits by the temperature, and take softmax of each row.",
        "A tensor divided by a number is a new tensor. `torch.softmax(..., dim=1)` works along the rows, and so does "
        "the softmax that you wrote.",
        """
        return torch.softmax(<<logits / temperature>>, dim=1)
        """,
    ),
    "keep_top_k": Rungs(
        "Find the k largest of each row, write them into a row of zeros at their places, and divide by their sum.",
        "`probs.topk(k, dim=1)` gives the `values` and their places, the `indices`. "
        "`zeros.scatter(1, indices, values)` writes them there. `torch.zeros_like(probs)` is a table of zeros.",
        """
        likeliest = probs.topk(<<k>>, dim=1)
        kept = torch.zeros_like(probs).scatter(1, <<likeliest.indices, likeliest.values>>)
        return <<kept / kept.sum(dim=1, keepdim=True)>>
        """,
    ),
    "keep_top_p": Rungs(
        "Sort each row, the largest first. A token is kept if those before it have less than p together. Put what is "
        "kept back to its place, and divide by its sum.",
        "`probs.sort(dim=1, descending=True)` gives the values and where they stood. `cumsum(dim=1)` adds up along the "
        "row, each with itself: subtract the value itself for what stands before it.",
        """
        likeliest, order = probs.sort(dim=1, descending=True)
        before = <<likeliest.cumsum(dim=1) - likeliest>>
        kept = likeliest * (<<before < p>>)
        kept = torch.zeros_like(probs).scatter(1, <<order>>, kept)
        return kept / kept.sum(dim=1, keepdim=True)
        """,
    ),
    "attention_shares": Rungs(
        "Each query and each key make a score, their dot product divided by √numbers. A later token's score becomes "
        "-inf. Then softmax along each row.",
        "`queries @ keys.transpose(2, 3)` has all dot products. `torch.ones(t, t).triu(1)` has ones above the "
        "diagonal, where the later tokens are, and `masked_fill(mask, -math.inf)` writes `-inf` where a mask of bools "
        "says so.",
        """
        import math
        tokens, numbers = queries.shape[2:]
        scores = queries @ <<keys.transpose(2, 3)>> / <<math.sqrt(numbers)>>
        later = torch.ones(tokens, tokens, dtype=torch.bool).triu(<<1>>)
        return torch.softmax(scores.masked_fill(later, <<-math.inf>>), dim=-1)
        """,
    ),
    "attend": Rungs(
        "The shares say how much each token takes of each. What it takes is the sum of share · value.",
        "That sum, for all tokens at once, is one product of matrices: `shares @ values`. The shares are those of "
        "`attention_shares`.",
        """
        import math
        tokens, numbers = queries.shape[2:]
        scores = queries @ keys.transpose(2, 3) / math.sqrt(numbers)
        later = torch.ones(tokens, tokens, dtype=torch.bool).triu(1)
        shares = torch.softmax(scores.masked_fill(later, -math.inf), dim=-1)
        return <<shares @ values>>
        """,
    ),
    "rms_norm": Rungs(
        "Divide each vector by the root of the mean of its squares, and multiply by the gain.",
        "`x.square().mean(dim=-1, keepdim=True)` has one mean for each vector. Add 0.00001 to it, so that a vector of "
        "zeros stays one.",
        """
        size = (<<x.square().mean(dim=-1, keepdim=True)>> + 0.00001).sqrt()
        return <<x / size>> * gain
        """,
    ),
    "block": Rungs(
        "Twice the same: norm, compute, add. First attention computes: queries, keys and values are the normed "
        "vectors times a matrix each, cut into heads. Then the small network: a matrix, max(0, x)², a matrix.",
        "`bigramlab` has `rms_norm`, `split_heads`, `attend` and `merge_heads`: import them. `.relu()` is max(0, x), "
        "and `.square()` its square.",
        """
        from bigramlab import attend, merge_heads, rms_norm, split_heads
        normed = rms_norm(x, parameters.attention_gain)
        queries = split_heads(normed @ parameters.query, heads)
        keys = split_heads(normed @ parameters.key, heads)
        values = split_heads(normed @ parameters.value, heads)
        x = <<x + merge_heads(attend(queries, keys, values)) @ parameters.output>>
        hidden = <<rms_norm(x, parameters.hidden_gain)>> @ parameters.widen
        return x + <<hidden.relu().square()>> @ parameters.narrow
        """,
    ),
}
