"""The page's own arithmetic, held to Python."""

import pytest
import torch
from support import BROWSER
from tools import hands_on, looking, racing, transforming

from bigramlab import (
    Block,
    Transformer,
    build_vocabulary,
    count_bigrams,
    encode,
    init_transformer,
    keep_top_k,
    keep_top_p,
    load_names,
    mlp_probs,
    negative_log_likelihood,
    normalize,
    sample_words,
    smooth,
    softmax,
    surprisal,
    transformer_logits,
    with_temperature,
)
from bigramlab.lessons.mlp import pieces_of
from bigramlab.lessons.sampling import FEW
from bigramlab.lessons.transformer_training import lay_out

pytestmark = BROWSER


@pytest.mark.parametrize(
    "words", [None, ["Αθηνά", "Ήρα"], ["🌧☀️", "a🌧", "\ufb01n", "\U00010000z"]], ids=["names", "Greek", "emoji"]
)
def test_counts_are_pythons_and_probabilities_and_losses_to_a_billionth(core, words):
    words = words or load_names()
    vocabulary = build_vocabulary(words)
    counts = count_bigrams(words, vocabulary)
    found = core(
        """const vocabulary = bl.buildVocabulary(it.words);
        const counts = bl.countBigrams(it.words, vocabulary);
        const tables = it.ks.map((k) => bl.normalize(bl.smooth(counts, k), vocabulary.length));
        return { vocabulary: vocabulary.join(""), counts: [...counts], tables: tables.map((table) => [...table]),
                 losses: tables.map((table) => bl.negativeLogLikelihood(counts, table)),
                 steps: bl.surprisal(it.words[0], tables[1], vocabulary) };""",
        {"words": words, "ks": [0, 0.01, 1, 10000]},
    )
    assert found["vocabulary"] == vocabulary
    assert found["counts"] == counts.flatten().tolist()
    for k, table, loss in zip([0, 0.01, 1, 10000], found["tables"], found["losses"], strict=True):
        probs = normalize(smooth(counts.double(), k))
        assert table == pytest.approx(probs.flatten().tolist(), abs=1e-9)
        assert loss == pytest.approx(negative_log_likelihood(counts, probs), abs=1e-9)
    probs = normalize(smooth(counts.double(), 0.01))
    assert found["steps"] == pytest.approx(surprisal(words[0], probs, vocabulary).tolist(), abs=1e-9)


def test_the_same_random_numbers_walk_the_same_way(core):
    vocabulary = build_vocabulary(load_names())
    counts = count_bigrams(load_names(), vocabulary)
    probs = normalize(smooth(counts.double(), k=1))
    words = sample_words(probs, vocabulary, FEW, generator=torch.Generator().manual_seed(4))
    darts = torch.rand(4096, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    letters = core(
        """const vocabulary = [...it.vocabulary];
        const probs = bl.normalize(bl.smooth(Float64Array.from(it.counts), 1), vocabulary.length);
        return bl.walk(probs, vocabulary.length, it.darts).map((id) => vocabulary[id]).join("");""",
        {"vocabulary": vocabulary, "counts": counts.flatten().tolist(), "darts": darts.tolist()},
    )
    assert letters.startswith("".join(word + "." for word in words))


def test_what_is_chosen_is_as_in_python(core):
    vocabulary = build_vocabulary(load_names())
    counts = count_bigrams(load_names(), vocabulary).double()
    probs = normalize(smooth(counts, k=1) + torch.arange(27) / 1000)  # no two are equal: either might be kept
    ways = [(temperature, k, p) for temperature in (0.3, 1, 2) for k in (1, 5, 27) for p in (0.25, 0.9, 1)]
    found = core(
        """return it.ways.flatMap(([t, k, p]) => it.rows.map((row) =>
            [...bl.keepTopP(bl.keepTopK(bl.withTemperature(Float64Array.from(row), t), k), p)]));""",
        {"ways": ways, "rows": probs.tolist()},
    )
    ours = [keep_top_p(keep_top_k(with_temperature(probs.log(), t), k), p) for t, k, p in ways]
    assert torch.tensor(found, dtype=torch.float64).flatten().tolist() == pytest.approx(
        torch.cat(ours).flatten().tolist(), abs=1e-9
    )


def test_darts_are_between_0_and_1_and_evenly_spread(core):
    darts = core("return bl.makeDarts(5, 100000);")
    assert all(0 <= dart < 1 for dart in darts)
    assert darts != core("return bl.makeDarts(6, 100000);")
    assert darts[:10] == core("return bl.makeDarts(5, 10);")
    tenths = torch.histc(torch.tensor(darts), bins=10, min=0, max=1)
    assert (tenths - 10_000).abs().max() < 600  # 6.3 standard deviations


def test_training_goes_as_in_torch(core):
    names = load_names()
    vocabulary = build_vocabulary(names)
    counts = count_bigrams(names, vocabulary)
    weights = torch.zeros(27, 27, dtype=torch.float64, requires_grad=True)
    losses = []
    for _ in range(301):
        loss = -(counts * weights.log_softmax(dim=1)).sum() / counts.sum()
        (gradient,) = torch.autograd.grad(loss, weights)
        weights = (weights - 50 * gradient).detach().requires_grad_()
        losses.append(loss.item())
    found = core(
        """const counts = Float64Array.from(it);
        let weights = new Float64Array(729);
        return Array.from({ length: 301 }, () => {
            const loss = bl.negativeLogLikelihood(counts, bl.softmax(weights, 27));
            weights = bl.trainingStep(weights, counts, 27, 50);
            return loss;
        });""",
        counts.flatten().tolist(),
    )
    assert found == pytest.approx(losses, abs=1e-4)


def test_attention_and_the_transformer_compute_as_in_torch(core):
    vocabulary = build_vocabulary(load_names())
    kept, words = looking.kept(), ["", "emma", "maximilian"]
    rows = [[0, *encode(word, vocabulary).tolist()] for word in words]
    network = looking.transformer()
    sizes = {"size": 27, "longest": looking.LONGEST}
    of_transformer = {"width": 24, "layers": len(network.blocks), "heads": network.heads}
    found = core(
        """const sizes = { ...it.sizes, width: it.width, scale: it.scale };
        const looks = it.looking.map((text) => bl.makeLooking(text, sizes));
        const network = bl.makeTransformer({ ...it.sizes, ...it.transformer });
        const numbers = Float64Array.from(it.numbers.split(" "), (one) => Number(one) / it.scale);
        return { shares: it.rows.map((ids) => looks.map((look, i) => look(ids, i === 1))),
                 probs: it.rows.map((ids) => network.stages(numbers, ids).at(-1).probs),
                 last: it.rows.map((ids) => [...network.expect(numbers, ids)]),
                 stages: network.stages(numbers, [0]).length };""",
        {
            "looking": [kept[name]["numbers"] for name in ("causal", "ahead")],
            "numbers": kept["transformer"]["numbers"],
            "scale": looking.SCALE,
            "width": looking.WIDTH,
            "transformer": of_transformer,
            "sizes": sizes,
            "rows": rows,
        },
    )
    assert found["stages"] == 1 + 2 * len(network.blocks)
    for ids, shares, probs, last in zip(rows, found["shares"], found["probs"], found["last"], strict=True):
        for i, name in enumerate(("causal", "ahead")):
            expected = looking.shares_in(looking.network(name), torch.tensor([ids]), ahead=i == 1)[0, 0]
            assert torch.allclose(torch.tensor(shares[i], dtype=torch.float32), expected, atol=1e-4)
        ours = softmax(transformer_logits(network, torch.tensor([ids])))[0]
        assert torch.allclose(torch.tensor(probs), ours, atol=1e-4)
        assert last == probs[-1]


@pytest.mark.parametrize("sizes", [(5, 1, 1), (6, 2, 3), (8, 3, 2)], ids=str)
def test_the_transformer_goes_back_as_torch_does(core, sizes):
    words, vocabulary = ["", "b", "abba", "abc", "abca"], ".abc"
    width, layers, heads = sizes
    sizes = {"longest": 6, "width": width, "layers": layers, "heads": heads}
    network = init_transformer(4, **sizes, generator=torch.Generator().manual_seed(1))
    pieces = [(3 * piece.double()).requires_grad_() for piece in pieces_of(network)]  # so that all of it matters
    blocks = tuple(Block(*pieces[2 + 8 * layer : 10 + 8 * layer]) for layer in range(layers))
    network = Transformer(*pieces[:2], blocks, *pieces[-2:], heads)
    ids, targets = lay_out(words, vocabulary, 6)
    loss = looking.loss_of(transformer_logits(network, ids), targets)
    slopes = torch.autograd.grad(loss, pieces)
    found = core(
        """const network = bl.makeTransformer({ size: 4, ...it.sizes });
        const numbers = Float64Array.from(it.numbers);
        const { loss, slope } = network.gradient(numbers, it.words);
        return { loss, slope: [...slope], cost: network.cost(numbers, it.words) };""",
        {
            "sizes": sizes,
            "numbers": torch.cat([piece.flatten() for piece in pieces]).tolist(),
            "words": [encode(word, vocabulary).tolist() for word in words],
        },
    )
    assert found["loss"] == pytest.approx(loss.item(), abs=1e-9)
    assert found["cost"] == pytest.approx(loss.item() * sum(len(word) + 1 for word in words), abs=1e-9)
    assert found["slope"] == pytest.approx(torch.cat([slope.flatten() for slope in slopes]).tolist(), abs=1e-9)


def test_the_race_is_trained_as_in_torch(core):
    (dev, own), transformer = racing.train(40), transforming.train(40)
    found = core(
        """const vocabulary = [...it.vocabulary];
        const [names, others] = [it.train, it.dev].map((text) => bl.unpackWords(text, vocabulary));
        const [train, dev] = [names, others].map((words) => bl.countContexts(words, 27, 3));
        const mlp = bl.makeMlp({ size: 27, length: 3, embedding: 2, hidden: 16 });
        const transformer = bl.makeTransformer({ size: 27, ...it.sizes });
        const letters = others.reduce((sum, word) => sum + word.length + 1, 0);
        let end = 0;
        const ends = Array.from({ length: train.rows }, (_, row) => (end += bl.rowSum(train.counts, 27, row)));
        let [first, second] = it.starts.map((numbers) => {
            const zeros = new Float64Array(numbers.length);
            return { step: 0, numbers: Float64Array.from(numbers), mean: zeros, square: zeros };
        });
        const found = { dev: [], own: [], rows: [], others: { dev: [], own: [] } };
        const score = () => {
            found.dev.push(mlp.loss(first.numbers, dev));
            found.others.dev.push(transformer.cost(second.numbers, others) / letters);
        };
        found.words = names.map((ids) => ids.map((id) => vocabulary[id]).join(""));
        found.counts = [...train.counts];
        score();
        for (let step = 0; step < 40; step++) {
            const rate = bl.rateAt(step, it.steps, it.rate);
            const rows = bl.chooseRows(ends, bl.makeDarts(it.seed + step + 1, it.batch));
            const one = mlp.gradient(first.numbers, train, rows);
            first = bl.adamStep(first, one.slope, rate);
            const darts = bl.makeDarts(it.seed + step + 1, it.words);
            const some = darts.map((dart) => names[Math.floor(dart * names.length)]);
            const other = transformer.gradient(second.numbers, some);
            second = bl.adamStep(second, other.slope, rate);
            found.rows.push(rows);
            found.own.push(one.loss);
            found.others.own.push(other.loss);
            if (it.drawn.includes(step + 1)) score();
        }
        return found;""",
        {
            "vocabulary": racing.split()[0],
            "train": racing.pack(racing.split()[1]),
            "dev": racing.pack(racing.split()[2]),
            "sizes": transforming.SIZES,
            "starts": [racing.start().tolist(), transforming.start().tolist()],
            "drawn": racing.DRAWN,
            "seed": racing.SEED,
            "batch": racing.RECIPE.batch_size,
            "words": transforming.BATCH,
            "steps": racing.RECIPE.steps,
            "rate": racing.RECIPE.learning_rate,
        },
    )
    assert found["words"] == sorted(racing.split()[1])
    assert found["counts"] == racing.examples("train").counts.flatten().tolist()
    assert found["rows"] == [racing.batch(step).tolist() for step in range(1, 41)]
    assert found["own"] == pytest.approx(own, abs=1e-6)
    assert found["dev"] == pytest.approx(list(dev.values()), abs=1e-6)
    assert found["others"]["own"] == pytest.approx(transformer.own, abs=1e-6)
    assert found["others"]["dev"] == pytest.approx(list(transformer.dev.values()), abs=1e-6)


def test_the_poked_network_computes_as_the_package(core):
    flat, contexts = racing.end(), [[0, 0, 0], [5, 13, 13], [26, 17, 1]]
    network = racing.unflatten(flat)
    found = core(
        """const mlp = bl.makeMlp({ size: 27, length: 3, embedding: 2, hidden: 16 });
        return it.contexts.map((context) => mlp.look(Float64Array.from(it.numbers), context));""",
        {"numbers": flat.tolist(), "contexts": contexts},
    )
    for context, seen in zip(torch.tensor(contexts), found, strict=True):
        row = network.embedding[context].flatten()
        mixed = row @ network.weights[0] + network.biases[0]
        expected = {
            "row": row,
            "mixed": mixed,
            "bent": mixed * mixed.sigmoid(),
            "probs": mlp_probs(network, context[None])[0],
        }
        for stage, values in expected.items():
            assert seen[stage] == pytest.approx(values.tolist(), abs=1e-4), stage


@pytest.mark.parametrize(
    ("start", "rates", "steps"),
    [
        ((-3.0, -3.0), (30.0, 0.1), 200),
        ((4.0, 0.25), (90.0, 1.0), 200),
        ((-4.0, 4.0), (1000.0, 3.0), 20),  # where all diverges, each rounding grows with every step
    ],
)
def test_both_balls_roll_as_the_package_steps(core, start, rates, steps):
    counts, _, cells = hands_on._hill()
    found = core(
        """const hill = bl.makeHill(it.hill);
        const paths = bl.rollDown(hill, it.start, { plain: it.rates[0], adamw: it.rates[1] }, it.steps);
        return ["plain", "adamw"].map((name) => paths[name].map((point) => [...point, hill.loss(point)]));""",
        {
            "hill": {
                "counts": [counts[cell].item() for cell in cells],
                "rows": [counts[row].sum().item() for row, _ in cells],
                "total": counts.sum().item(),
            },
            "start": start,
            "rates": rates,
            "steps": steps,
        },
    )
    for path, balls in zip(found, hands_on.roll_down(start, rates, steps), strict=True):
        assert len(path) == steps + 1
        expected = [[*ball.point.tolist(), ball.loss] for ball in balls]
        assert torch.tensor(path).double() == pytest.approx(torch.tensor(expected).double(), abs=1e-4)


def test_python_throws_the_same_darts(core):
    for seed in (0, 1, 42, 2**32 - 1):
        assert core("return bl.makeDarts(it, 1000)", seed) == racing.darts(seed, 1000).tolist()
