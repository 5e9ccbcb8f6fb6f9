/* The Transformer in the page: what attention, heads, blocks and transformer of bigramlab.lessons do, for one word at a
   time, written out without autograd.
   All numbers of the network stand in one Float64Array, piece by piece. What stands at the tokens of a word is in arrays
   of rows, one a token; a gradient of such rows is called `off`: how the loss changes with each of them.
   tests/browser/test_core.py holds every function here to the Python one. */
(() => {
  "use strict";
  const { toProbs } = globalThis.bigramlab;
  const TINY = 1e-5; // so that a vector of zeros stays one

  /** Rows of x, from one to another, times a matrix; and, if there is one, what they are added to. */
  function multiply(x, matrix, y, inputs, from, to, base) {
    const outputs = matrix.length / inputs;
    for (let row = from; row < to; row++)
      for (let j = 0; j < outputs; j++) {
        let sum = base ? base[row * outputs + j] : 0;
        for (let i = 0; i < inputs; i++) sum += x[row * inputs + i] * matrix[i * outputs + j];
        y[row * outputs + j] = sum;
      }
  }

  /** Back through it: what comes of `off` is added to that of x and that of the matrix. */
  function multiplyBack(x, matrix, off, xOff, matrixOff, inputs, to) {
    const outputs = matrix.length / inputs;
    for (let row = 0; row < to; row++)
      for (let i = 0; i < inputs; i++) {
        let back = 0;
        for (let j = 0; j < outputs; j++) {
          back += matrix[i * outputs + j] * off[row * outputs + j];
          matrixOff[i * outputs + j] += x[row * inputs + i] * off[row * outputs + j];
        }
        xOff[row * inputs + i] += back;
      }
  }

  function sizeOf(x, row, width) {
    let squares = 0;
    for (let i = row * width; i < (row + 1) * width; i++) squares += x[i] ** 2;
    return Math.sqrt(squares / width + TINY);
  }

  function norm(x, gain, y, from, to) {
    const width = gain.length;
    for (let row = from; row < to; row++) {
      const size = sizeOf(x, row, width);
      for (let i = 0; i < width; i++) y[row * width + i] = (x[row * width + i] / size) * gain[i];
    }
  }

  function normBack(x, gain, off, xOff, gainOff, to) {
    const width = gain.length;
    for (let row = 0; row < to; row++) {
      const size = sizeOf(x, row, width);
      let along = 0; // how much of it would only make the vector longer, which the norm undoes
      for (let i = 0; i < width; i++) along += x[row * width + i] * gain[i] * off[row * width + i];
      for (let i = 0; i < width; i++) {
        const at = row * width + i;
        gainOff[i] += (off[at] * x[at]) / size;
        xOff[at] += (gain[i] * off[at]) / size - (x[at] * along) / (width * size ** 3);
      }
    }
  }

  /** What a token takes with a head: its shares of the tokens up to it, and the values that they are shares of. */
  function attend({ query, key, value, shares, taken }, { width, heads, longest }, from, to) {
    const wide = width / heads;
    for (let row = from; row < to; row++)
      for (let head = 0; head < heads; head++) {
        const at = (row * heads + head) * longest;
        for (let other = 0; other <= row; other++) {
          let score = 0;
          for (let d = head * wide; d < (head + 1) * wide; d++) score += query[row * width + d] * key[other * width + d];
          shares[at + other] = score / Math.sqrt(wide);
        }
        toProbs(shares, at, row + 1);
        for (let d = head * wide; d < (head + 1) * wide; d++) {
          let sum = 0;
          for (let other = 0; other <= row; other++) sum += shares[at + other] * value[other * width + d];
          taken[row * width + d] = sum;
        }
      }
  }

  function attendBack({ query, key, value, shares }, off, { width, heads, longest }, to) {
    const wide = width / heads;
    for (let row = 0; row < to; row++)
      for (let head = 0; head < heads; head++) {
        const at = (row * heads + head) * longest;
        let mean = 0;
        for (let other = 0; other <= row; other++) {
          let back = 0;
          for (let d = head * wide; d < (head + 1) * wide; d++) {
            back += off.taken[row * width + d] * value[other * width + d];
            off.value[other * width + d] += shares[at + other] * off.taken[row * width + d];
          }
          off.shares[at + other] = back;
          mean += shares[at + other] * back;
        }
        for (let other = 0; other <= row; other++) {
          const back = (shares[at + other] * (off.shares[at + other] - mean)) / Math.sqrt(wide); // of the score
          for (let d = head * wide; d < (head + 1) * wide; d++) {
            off.query[row * width + d] += back * key[other * width + d];
            off.key[other * width + d] += back * query[row * width + d];
          }
        }
      }
  }

  const addTo = (sum, numbers, n) => {
    for (let i = 0; i < n; i++) sum[i] += numbers[i];
  };

  /** The network of these sizes: what it expects after a word's tokens, how it comes to that, and its loss, with the gradient. */
  function makeTransformer(sizes) {
    const { size, longest, width, layers, heads } = sizes;
    const wider = 4 * width;
    const each = (make) => Array.from({ length: layers }, make);

    /** The pieces of a network, or of its gradient: they share its memory. */
    function cut(numbers) {
      let end = 0;
      const piece = (rows, columns = 1) => numbers.subarray(end, (end += rows * columns));
      const square = () => piece(width, width);
      return {
        embedding: piece(size, width), places: piece(longest, width),
        blocks: each(() => ({ gain: piece(width), query: square(), key: square(), value: square(), output: square(),
          second: piece(width), widen: piece(width, wider), narrow: piece(wider, width) })),
        gain: piece(width), unembedding: piece(width, size),
      };
    }

    /** Room for all that stands at the tokens on their way; a block's `x` is what it gives. */
    function makeRoom() {
      const rows = (n) => new Float64Array(longest * n);
      const block = () => ({ normed: rows(width), query: rows(width), key: rows(width), value: rows(width), shares: rows(heads * longest),
        taken: rows(width), middle: rows(width), again: rows(width), wide: rows(wider), bent: rows(wider), x: rows(width) });
      return { x: rows(width), blocks: each(block), normed: rows(width), probs: rows(size) };
    }
    const room = makeRoom();
    const off = makeRoom();
    const offs = [off, ...off.blocks].flatMap((of) => Object.values(of).filter(ArrayBuffer.isView));

    /** The tokens' way through the network, from one on; what stands at those before it is there already. */
    function forward(of, ids, from = 0) {
      const to = ids.length;
      for (let row = from; row < to; row++)
        for (let i = 0; i < width; i++) room.x[row * width + i] = of.embedding[ids[row] * width + i] + of.places[row * width + i];
      let x = room.x;
      room.blocks.forEach((at, layer) => {
        const block = of.blocks[layer];
        norm(x, block.gain, at.normed, from, to);
        for (const name of ["query", "key", "value"]) multiply(at.normed, block[name], at[name], width, from, to);
        attend(at, sizes, from, to);
        multiply(at.taken, block.output, at.middle, width, from, to, x);
        norm(at.middle, block.second, at.again, from, to);
        multiply(at.again, block.widen, at.wide, width, from, to);
        for (let i = from * wider; i < to * wider; i++) at.bent[i] = Math.max(0, at.wide[i]) ** 2;
        multiply(at.bent, block.narrow, at.x, wider, from, to, at.middle);
        x = at.x;
      });
      read(of, x, from, to);
    }

    function read(of, x, from, to) {
      norm(x, of.gain, room.normed, from, to);
      multiply(room.normed, of.unembedding, room.probs, width, from, to);
      for (let row = from; row < to; row++) toProbs(room.probs, row * size, size);
    }

    /** The same way back, from what `off.probs` holds of the logits; adds to the gradient. */
    function backward(of, gradient, ids) {
      const to = ids.length;
      const passed = [[room.x, off.x], ...room.blocks.map(({ x }, layer) => [x, off.blocks[layer].x])];
      multiplyBack(room.normed, of.unembedding, off.probs, off.normed, gradient.unembedding, width, to);
      normBack(passed[layers][0], of.gain, off.normed, passed[layers][1], gradient.gain, to);
      for (let layer = layers - 1; layer >= 0; layer--) {
        const [block, slope, at, back] = [of, gradient, room, off].map(({ blocks }) => blocks[layer]);
        const [x, xOff] = passed[layer];
        multiplyBack(at.bent, block.narrow, back.x, back.bent, slope.narrow, wider, to);
        for (let i = 0; i < to * wider; i++) back.wide[i] = 2 * Math.max(0, at.wide[i]) * back.bent[i];
        multiplyBack(at.again, block.widen, back.wide, back.again, slope.widen, width, to);
        addTo(back.middle, back.x, to * width);
        normBack(at.middle, block.second, back.again, back.middle, slope.second, to);
        multiplyBack(at.taken, block.output, back.middle, back.taken, slope.output, width, to);
        attendBack(at, back, sizes, to);
        for (const name of ["query", "key", "value"]) multiplyBack(at.normed, block[name], back[name], back.normed, slope[name], width, to);
        addTo(xOff, back.middle, to * width);
        normBack(x, block.gain, back.normed, xOff, slope.gain, to);
      }
      addTo(gradient.places, off.x, to * width);
      ids.forEach((id, row) => addTo(gradient.embedding.subarray(id * width), off.x.subarray(row * width), width));
    }

    /** How likely each token is after these ids, of which the first is that of ".". */
    function expect(numbers, ids) {
      forward(cut(numbers), ids);
      return room.probs.slice((ids.length - 1) * size, ids.length * size);
    }

    /** What stands at each token after each part, and how likely each letter would come next, were it read there. */
    function stages(numbers, ids) {
      const of = cut(numbers);
      forward(of, ids);
      const passed = room.blocks.flatMap(({ middle, x }, i) => [[`block ${i + 1}, attention`, middle], [`block ${i + 1}, small network`, x]]);
      const rows = (all, n) => ids.map((_, row) => [...all.subarray(row * n, (row + 1) * n)]);
      return [["letter and place", room.x], ...passed].map(([name, x]) => {
        read(of, x, 0, ids.length);
        return { name, x: rows(x, width), probs: rows(room.probs, size) };
      });
    }

    /** The sum of -log p over words, in nats. Many begin as the one before, as they are sorted: what stands there is kept. */
    function cost(numbers, words) {
      const of = cut(numbers);
      let sum = 0;
      let before = [];
      for (const word of words) {
        const ids = [0, ...word];
        let shared = 0;
        while (shared < ids.length && ids[shared] === before[shared]) shared++;
        forward(of, ids, shared);
        ids.forEach((_, row) => (sum -= Math.log(room.probs[row * size + (ids[row + 1] ?? 0)])));
        before = ids;
      }
      return sum;
    }

    /** The mean of -log p over some words, and how it changes with each number of the network. */
    function gradient(numbers, words) {
      const slope = new Float64Array(numbers.length);
      const [of, into] = [numbers, slope].map(cut);
      const letters = words.reduce((sum, word) => sum + word.length + 1, 0);
      let loss = 0;
      for (const word of words) {
        const ids = [0, ...word];
        forward(of, ids);
        for (const rows of offs) rows.fill(0);
        off.probs.set(room.probs.subarray(0, ids.length * size));
        ids.forEach((_, row) => {
          const target = row * size + (ids[row + 1] ?? 0);
          loss -= Math.log(room.probs[target]) / letters;
          off.probs[target] -= 1;
        });
        for (let i = 0; i < ids.length * size; i++) off.probs[i] /= letters;
        backward(of, into, ids);
      }
      return { loss, slope };
    }

    return { expect, stages, cost, gradient };
  }

  globalThis.bigramlab.makeTransformer = makeTransformer;
})();
