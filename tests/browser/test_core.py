"""The page's own arithmetic, held to Python."""

import pytest
import torch
from support import BROWSER
from tools import hands_on, looking, racing

from bigramlab import (
    build_vocabulary,
    count_bigrams,
    encode,
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
from bigramlab.lessons.sampling import FEW

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
    sizes = {"size": 27, "longest": looking.LONGEST, "scale": looking.SCALE}
    of_transformer = {"width": 24, "layers": len(network.blocks), "heads": network.heads}
    found = core(
        """const looks = it.looking.map((text) => bl.makeLooking(text, { ...it.sizes, width: it.width }));
        const network = bl.makeTransformer(it.numbers, { ...it.sizes, ...it.transformer });
        return { shares: it.rows.map((ids) => looks.map((look, i) => look(ids, i === 1))),
                 probs: it.rows.map((ids) => network(ids).at(-1).probs), stages: network([0]).length,
                 norm: bl.rmsNorm([1, 7], [1, 2]) };""",
        {
            "looking": [kept[name]["numbers"] for name in ("causal", "ahead")],
            "numbers": kept["transformer"]["numbers"],
            "width": looking.WIDTH,
            "transformer": of_transformer,
            "sizes": sizes,
            "rows": rows,
        },
    )
    assert found["norm"] == pytest.approx([0.2, 2.8], abs=1e-5)
    assert found["stages"] == 1 + 2 * len(network.blocks)
    for ids, shares, probs in zip(rows, found["shares"], found["probs"], strict=True):
        for i, name in enumerate(("causal", "ahead")):
            expected = looking.shares_in(looking.network(name), torch.tensor([ids]), ahead=i == 1)[0, 0]
            assert torch.allclose(torch.tensor(shares[i], dtype=torch.float32), expected, atol=1e-4)
        assert torch.allclose(
            torch.tensor(probs), softmax(transformer_logits(network, torch.tensor([ids])))[0], atol=1e-4
        )


def test_the_race_is_trained_as_in_torch(core):
    table, (dev, own) = racing.table(1), racing.train(40)
    found = core(
        """const vocabulary = [...it.vocabulary];
        const [train, dev] = [it.train, it.dev].map((text) => bl.unpackContexts(text, vocabulary, 3));
        const [known, unseen] = [train, dev].map((examples) => bl.bigramsOf(examples, 27, 3));
        const mlp = bl.makeMlp({ size: 27, length: 3, embedding: 2, hidden: 16 });
        let end = 0;
        const ends = Array.from({ length: train.rows }, (_, row) => (end += bl.rowSum(train.counts, 27, row)));
        const zeros = () => new Float64Array(625);
        let training = { step: 0, numbers: Float64Array.from(it.start), mean: zeros(), square: zeros() };
        const found = { dev: [mlp.loss(training.numbers, dev)], own: [], rows: [], known: [...known] };
        found.numbers = mlp.total;
        found.table = bl.negativeLogLikelihood(unseen, bl.normalize(bl.smooth(known, it.k), 27));
        for (let step = 0; step < 40; step++) {
            const rows = bl.chooseRows(ends, bl.makeDarts(it.seed + step + 1, it.batch));
            const { loss, slope } = mlp.gradient(training.numbers, train, rows);
            training = bl.adamStep(training, slope, bl.rateAt(step, it.steps, it.rate));
            found.rows.push(rows);
            found.own.push(loss);
            found.dev.push(mlp.loss(training.numbers, dev));
        }
        return found;""",
        {
            "vocabulary": racing.split()[0],
            "train": racing.pack(racing.examples("train")),
            "dev": racing.pack(racing.examples("dev")),
            "start": racing.start().tolist(),
            "k": table.k,
            "seed": racing.SEED,
            "batch": racing.RECIPE.batch_size,
            "steps": racing.RECIPE.steps,
            "rate": racing.RECIPE.learning_rate,
        },
    )
    assert found["numbers"] == 625
    assert found["known"] == count_bigrams(racing.split()[1], racing.split()[0]).flatten().tolist()
    assert found["table"] == pytest.approx(table.loss, abs=1e-9)
    assert found["rows"] == [racing.batch(step).tolist() for step in range(1, 41)]
    assert found["own"] == pytest.approx(own, abs=1e-4)
    assert found["dev"] == pytest.approx(list(dev.values()), abs=1e-4)


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
