/* The model in the page: the functions of the Python package once more, pure, over plain arrays.
   A table is one Float64Array, read row by row: the cell of (current, next) is current * size + next.
   tests/browser/test_core.py holds every function here to the Python one. */
(() => {
  "use strict";

  /** "." and the distinct characters, in the order of their code points, as Python sorts them. */
  function buildVocabulary(words) {
    const characters = new Set();
    for (const word of words) for (const character of word) characters.add(character);
    return [".", ...[...characters].sort((a, b) => a.codePointAt(0) - b.codePointAt(0))];
  }

  function countBigrams(words, vocabulary) {
    const size = vocabulary.length;
    const idOf = new Map(vocabulary.map((character, id) => [character, id]));
    const counts = new Float64Array(size * size);
    for (const word of words) {
      let current = 0;
      for (const character of [...word, "."]) {
        const next = idOf.get(character);
        if (next === undefined) throw new RangeError(`the vocabulary lacks ${character}`);
        counts[current * size + next] += 1;
        current = next;
      }
    }
    return counts;
  }

  const smooth = (counts, k) => counts.map((count) => count + k);

  const rowSum = (table, size, row) => {
    let sum = 0;
    for (let j = 0; j < size; j++) sum += table[row * size + j];
    return sum;
  };

  function normalize(counts, size) {
    const probs = new Float64Array(counts.length);
    for (let i = 0; i < size; i++) {
      const sum = rowSum(counts, size, i);
      for (let j = 0; j < size; j++) probs[i * size + j] = counts[i * size + j] / sum;
    }
    return probs;
  }

  /** Where a dart between 0 and 1 falls on the line of a row: the first piece that ends beyond it. */
  function draw(probs, size, row, dart) {
    const total = rowSum(probs, size, row);
    let end = 0;
    for (let j = 0; j < size; j++) {
      end += probs[row * size + j];
      if (end / total > dart) return j;
    }
    return 0;
  }

  /** The ids that the darts lead to, from row 0 on; a 0 ends one word and begins the next. */
  function walk(probs, size, darts) {
    let current = 0;
    return darts.map((dart) => (current = draw(probs, size, current, dart)));
  }

  /** n numbers between 0 and 1 that depend on the seed alone (mulberry32). */
  function makeDarts(seed, n) {
    let state = seed >>> 0;
    return Array.from({ length: n }, () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    });
  }

  /** -log p of each step through a word, in nats; Infinity for an impossible one. */
  function surprisal(word, probs, vocabulary) {
    let current = 0;
    return [...word, "."].map((character) => {
      const next = vocabulary.indexOf(character);
      const p = probs[current * vocabulary.length + next];
      current = next;
      return 0 - Math.log(p);
    });
  }

  const mean = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

  /** The mean of -log p over all counted bigrams, in nats. */
  function negativeLogLikelihood(counts, probs) {
    let sum = 0;
    let total = 0;
    counts.forEach((count, cell) => {
      if (count) sum -= count * Math.log(probs[cell]);
      total += count;
    });
    return sum / total;
  }

  /** exp of each of n numbers, divided by their sum, in place; the largest is taken off first, so nothing overflows. */
  function toProbs(numbers, at, n) {
    let largest = -Infinity;
    for (let j = at; j < at + n; j++) largest = Math.max(largest, numbers[j]);
    let sum = 0;
    for (let j = at; j < at + n; j++) sum += numbers[j] = Math.exp(numbers[j] - largest);
    for (let j = at; j < at + n; j++) numbers[j] /= sum;
  }

  function softmax(weights, size) {
    const probs = weights.slice();
    for (let at = 0; at < probs.length; at += size) toProbs(probs, at, size);
    return probs;
  }

  /** One step of gradient descent on the loss. All that the gradient needs of the words are their counts:
      the share of the row's bigrams times softmax, less the share of the cell's. */
  function trainingStep(weights, counts, size, rate) {
    const probs = softmax(weights, size);
    const total = counts.reduce((sum, count) => sum + count, 0);
    const trained = new Float64Array(weights.length);
    for (let i = 0; i < size; i++) {
      const row = rowSum(counts, size, i);
      for (let j = i * size; j < (i + 1) * size; j++)
        trained[j] = weights[j] - (rate * (row * probs[j] - counts[j])) / total;
    }
    return trained;
  }

  const shares = (row) => {
    const sum = rowSum(row, row.length, 0);
    return row.map((p) => p / sum);
  };

  /** A row at a temperature: each probability to the power of 1 / temperature, divided by their sum. The largest is
      divided out first, so that no power is too small. */
  function withTemperature(row, temperature) {
    const largest = Math.max(...row);
    return shares(Float64Array.from(row, (p) => Math.pow(p / largest, 1 / temperature)));
  }

  /** The places of a row, that of the largest first. */
  const ranked = (row) => [...row.keys()].sort((a, b) => row[b] - row[a] || a - b);

  /** The k largest of a row, divided by their sum; the others 0. */
  function keepTopK(row, k) {
    const kept = new Set(ranked(row).slice(0, k));
    return shares(row.map((p, id) => (kept.has(id) ? p : 0)));
  }

  /** The fewest largest of a row that have p together, divided by their sum; the others 0. */
  function keepTopP(row, p) {
    if (p >= 1) return row; // however little some have
    const order = ranked(row);
    let before = 0;
    const n = order.findIndex((id) => (before += row[id]) >= p - 1e-12) + 1;
    return keepTopK(row, n || row.length);
  }

  globalThis.bigramlab = {
    buildVocabulary, countBigrams, smooth, normalize, rowSum, draw, walk, makeDarts,
    surprisal, mean, negativeLogLikelihood, toProbs, softmax, trainingStep, withTemperature, keepTopK, keepTopP,
  };
})();
