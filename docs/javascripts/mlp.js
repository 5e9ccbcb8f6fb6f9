/* The MLP in the page: what contexts, mlp, optimizing and training of bigramlab.lessons do, for one hidden layer, written
   out without autograd.
   All numbers of the network stand in one Float64Array: embedding, both matrices, both biases.
   tests/browser/test_core.py holds every function here to the Python one. */
(() => {
  "use strict";
  const { rowSum, toProbs } = globalThis.bigramlab;

  /** Sorted words, each as its ids, from their text: how many letters a word shares with the one before, and the rest.
      `0anna 3e` is `anna` and `anne`. */
  function unpackWords(text, vocabulary) {
    const idOf = new Map(vocabulary.map((letter, id) => [letter, id]));
    let ids = [];
    return text.split(" ").map((one) => {
      ids = ids.slice(0, parseInt(one, 10));
      for (const letter of one) if (idOf.has(letter)) ids.push(idOf.get(letter));
      return ids;
    });
  }

  /** The distinct contexts of words, and how often each token came after each. */
  function countContexts(words, size, length) {
    const places = size ** length;
    const all = new Float64Array(places * size); // of every context there could be
    for (const ids of words) {
      let context = 0;
      for (let i = 0; i <= ids.length; i++) {
        const cell = context * size + (ids[i] ?? 0);
        all[cell]++;
        context = cell % places;
      }
    }
    const found = [];
    for (let context = 0; context < places; context++) if (rowSum(all, size, context)) found.push(context);
    const contexts = new Uint16Array(found.length * length);
    const counts = new Float64Array(found.length * size);
    found.forEach((context, row) => {
      for (let place = 0; place < length; place++) contexts[row * length + place] = Math.floor(context / size ** (length - 1 - place)) % size;
      counts.set(all.subarray(context * size, (context + 1) * size), row * size);
    });
    return { contexts, counts, rows: found.length };
  }

  /** The network of these sizes: what it expects after a context, how it comes to that, its loss, and its loss with the gradient. */
  function makeMlp({ size, length, embedding, hidden }) {
    const inputs = length * embedding;
    const first = size * embedding;
    const second = first + inputs * hidden;
    const firstBias = second + hidden * size;
    const secondBias = firstBias + hidden;
    const total = secondBias + size;
    const input = new Float64Array(inputs);
    const sum = new Float64Array(hidden); // of a hidden unit, before the bend
    const gate = new Float64Array(hidden); // its sigmoid
    const probs = new Float64Array(size);
    const off = new Float64Array(size); // how the loss changes with each logit

    /** Look up, concatenate, go through the layers: fills `probs` for the context of a row. */
    function forward(numbers, contexts, row) {
      for (let place = 0; place < length; place++)
        for (let e = 0; e < embedding; e++)
          input[place * embedding + e] = numbers[contexts[row * length + place] * embedding + e];
      for (let j = 0; j < size; j++) probs[j] = numbers[secondBias + j];
      for (let u = 0; u < hidden; u++) {
        let z = numbers[firstBias + u];
        for (let i = 0; i < inputs; i++) z += input[i] * numbers[first + i * hidden + u];
        sum[u] = z;
        gate[u] = 1 / (1 + Math.exp(-z));
        const value = z * gate[u];
        for (let j = 0; j < size; j++) probs[j] += value * numbers[second + u * size + j];
      }
      toProbs(probs, 0, size);
    }

    /** How likely each token is after a context, which is a list of ids. */
    function expect(numbers, context) {
      forward(numbers, context, 0);
      return probs.slice();
    }

    /** The mean of -log p over all that was counted, in nats. */
    function loss(numbers, { contexts, counts, rows }) {
      let cost = 0;
      let seen = 0;
      for (let row = 0; row < rows; row++) {
        forward(numbers, contexts, row);
        for (let j = 0; j < size; j++) {
          const count = counts[row * size + j];
          if (!count) continue;
          cost -= count * Math.log(probs[j]);
          seen += count;
        }
      }
      return cost / seen;
    }

    /** The loss of some rows, each with the same weight, and how it changes with each number of the network. */
    function gradient(numbers, { contexts, counts }, batch) {
      const slope = new Float64Array(total);
      let cost = 0;
      for (const row of batch) {
        forward(numbers, contexts, row);
        let seen = 0;
        for (let j = 0; j < size; j++) seen += counts[row * size + j];
        for (let j = 0; j < size; j++) {
          const share = counts[row * size + j] / seen;
          if (share) cost -= (share * Math.log(probs[j])) / batch.length;
          off[j] = (probs[j] - share) / batch.length;
          slope[secondBias + j] += off[j];
        }
        for (let u = 0; u < hidden; u++) {
          const value = sum[u] * gate[u];
          let back = 0;
          for (let j = 0; j < size; j++) {
            slope[second + u * size + j] += value * off[j];
            back += numbers[second + u * size + j] * off[j];
          }
          back *= gate[u] * (1 + sum[u] * (1 - gate[u])); // through the bend
          slope[firstBias + u] += back;
          for (let i = 0; i < inputs; i++) {
            slope[first + i * hidden + u] += input[i] * back;
            const id = contexts[row * length + Math.floor(i / embedding)];
            slope[id * embedding + (i % embedding)] += numbers[first + i * hidden + u] * back;
          }
        }
      }
      return { loss: cost, slope };
    }

    /** All that a context becomes on its way: its row, the row mixed, what is bent of it, and the probabilities. */
    function look(numbers, context) {
      forward(numbers, context, 0);
      return { row: [...input], mixed: [...sum], bent: Array.from(sum, (z, u) => z * gate[u]), probs: [...probs] };
    }

    return { expect, look, loss, gradient, total };
  }

  /** Which rows a step learns from: darts on a line on which each row is as long as it is frequent. `ends` are the
      running totals of the rows. */
  function chooseRows(ends, darts) {
    return darts.map((dart) => {
      const at = dart * ends[ends.length - 1];
      let low = 0;
      let high = ends.length - 1;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (ends[middle] > at) high = middle;
        else low = middle + 1;
      }
      return low;
    });
  }

  /** The rate of a step, counted from 0: down to 0 along a cosine. */
  const rateAt = (step, steps, rate) => (rate * (1 + Math.cos((Math.PI * step) / steps))) / 2;

  /** One step of Adam; what came before is left as it was. */
  function adamStep({ step, numbers, mean, square }, slope, rate) {
    const next = { step: step + 1, numbers: numbers.slice(), mean: mean.slice(), square: square.slice() };
    for (let i = 0; i < numbers.length; i++) {
      next.mean[i] = 0.9 * mean[i] + 0.1 * slope[i];
      next.square[i] = 0.99 * square[i] + 0.01 * slope[i] ** 2;
      const direction = next.mean[i] / (1 - 0.9 ** next.step);
      next.numbers[i] -= (rate * direction) / (Math.sqrt(next.square[i] / (1 - 0.99 ** next.step)) + 1e-8);
    }
    return next;
  }

  Object.assign(globalThis.bigramlab, { unpackWords, countContexts, makeMlp, chooseRows, rateAt, adamStep });
})();
