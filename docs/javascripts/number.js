/* <bl-number>: what is this number, or this table? It is looked up among all that the package makes of the names, rightly
   and with one slip. The state is what was typed. judge/reading_numbers.py and judge/reading.py do the same in Python. */
(() => {
  "use strict";
  const { h, button, shown, number, packText, unpackText, rowSum, Element, define } = globalThis.bigramlab;
  const LONGEST = 60_000; // characters
  const SHORT = 6; // digits, up to which a number is matched to its digits
  const LOOSE = 2e-4;
  const TIGHT = 3e-6;
  const DIGITS = 1.2e-7; // of a number with all its digits: how far it is off, as its table is of float32
  const CHANCE = 0.01; // how many of the numbers nearby may be hit by chance where something is said of one
  const NEARBY = 0.01; // of the number itself
  const EARLY = "the loss of the first 3 words only, by the model of all, without smoothing"; // where lectures look first
  const EXACT = 6e-5; // four decimals of a probability, rounded
  const COUNTED = 2e-3;
  const FEW = 4; // digits: with fewer, and fewer than three decimals, a number could be much
  const ROUNDED = ", added up one by one in float32, whose rounding shows in the fifth digit";
  const NAMES = { right: "Right", step: "A step on the way", few: "Too few digits to tell; it could be", near: "Unknown, as too much lies as near; it could be", mistake: "A mistake", close: "Close", unknown: "Unknown" };
  const PART = /[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?/gi;

  /** The numbers of a text as Python prints it, each as it was written. */
  function read(text) {
    const plain = text.replace(/\b(?:dtype|device|grad_fn|requires_grad)\s*=[^,)]*/g, " ");
    const single = plain.trim().match(/^[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$/);
    if (single) return [single[0].replaceAll(",", "")];
    return plain.replace(/(^|[^\w.])[A-Za-z_]\w*/g, "$1 ").match(PART) ?? [];
  }

  /** How many digits were written, how many of them behind the point, and half a unit of the last. */
  function precision(written) {
    const [mantissa, power] = written.toLowerCase().replace(/^[-+]/, "").split("e");
    const decimals = (mantissa.split(".")[1] ?? "").length - Number(power ?? 0);
    const digits = mantissa.replace(".", "").replace(/^0+/, "").length;
    return { digits, decimals, unit: 0.5000001 * 10 ** -decimals, whole: !mantissa.includes(".") && !power };
  }

  const often = (times) => (times === 2 ? "twice" : `${times} times`);
  const withK = (k) => (k ? `with k = ${k}` : "without smoothing");

  /** The k that makes a table of the counts, as counts or as probabilities; undefined if none does. */
  function kOf(table, counts, size, shares) {
    let [above, below] = [0, 0];
    const sums = Array.from({ length: size }, (_, row) => rowSum(counts, size, row));
    for (let cell = 0; cell < table.length; cell++) {
      const sum = sums[Math.floor(cell / size)];
      const slope = shares ? size * table[cell] - 1 : 1;
      above += slope * (shares ? counts[cell] - table[cell] * sum : table[cell] - counts[cell]);
      below += slope * slope;
    }
    const exact = above / below;
    const short = Number(exact.toFixed(1));
    const near = Math.abs(short - exact) < 0.005 ? short : Number(exact.toPrecision(3)); // as one would write it
    return [near, short, 0].find((k) => k >= 0 && Number.isFinite(k) && off(table, counts, sums, size, shares, k).length === 0);
  }

  /** The cells that are others than the counts and k say. */
  function off(table, counts, sums, size, shares, k) {
    const cells = [];
    for (let cell = 0; cell < table.length; cell++) {
      const expected = should(counts, sums, size, shares, k, cell);
      if (!(Math.abs(table[cell] - expected) <= (shares ? EXACT : COUNTED))) cells.push(cell);
    }
    return cells;
  }

  const should = (counts, sums, size, shares, k, cell) =>
    shares ? (counts[cell] + k) / (sums[Math.floor(cell / size)] + k * size) : counts[cell] + k;

  const permuted = (table, size, order) => table.map((_, cell) => table[order[Math.floor(cell / size)] * size + order[cell % size]]);

  define("bl-number", class extends Element {
    build() {
      this.known = JSON.parse(this.dataset.known);
      this.numbers = this.known.numbers.map(([known, verdict, what, common, digits, slip, place]) => ({ known, common, digits, slip,
        verdict: this.known.texts[verdict], what: this.known.texts[what], place: this.known.texts[place] }));
      this.vocabulary = [...this.dataset.vocabulary];
      this.counts = Float64Array.from(this.dataset.table.split(" "), Number);
      this.area = h("textarea", { rows: 3, spellcheck: "false", autocapitalize: "off" });
      this.area.addEventListener("input", () => this.take(this.area.value.slice(0, LONGEST)));
      this.answer = h("div", { role: "status" });
      const examples = ["2.4540", "2.45436", "3.5404", "11.6350"].map((text) => button(text, () => this.act({ text })));
      return [h("label", { class: "bl-field" }, "A loss or another number, or a table of all its cells ", this.area),
        h("div", { class: "bl-row" }, h("span", {}, "Try "), ...examples), this.answer];
    }

    start = () => ({ text: "" });
    write = ({ text }) => packText(text);
    read(text) {
      const typed = unpackText(text);
      return typed === undefined || (typed && !this.fits(typed)) ? undefined : { text: typed };
    }

    /** One number, or as many as the table has cells: anything else is no state, and asked for again. */
    fits = (text) => [1, [...this.dataset.vocabulary].length ** 2].includes(read(text).length) && text.length <= LONGEST;

    take(text) {
      if (!text.trim() || this.fits(text)) return this.act({ text: text.trim() && text });
      const size = this.vocabulary.length;
      const some = read(text).length;
      this.answer.replaceChildren(h("p", {}, /^\s*-?\d+,\d+\s*$/.test(text) ? `Write a point, not a comma: ${text.trim().replace(",", ".")}. ` : some ? `These are ${number(some)} numbers. ` : "There is no number in it. ",
        `One number is looked up, or a table of ${size} rows of ${size}; check(value) in Python takes more.`));
    }

    paint() {
      const { text } = this.state;
      if (this.area.value !== text) this.area.value = text;
      if (!text.trim()) {
        this.answer.replaceChildren(h("p", {}, "It is compared with what can be made of the names. Nothing that you type leaves this page."));
        return;
      }
      const written = read(text);
      const found = written.length === 1 ? this.ofNumber(written[0]) : this.ofTable(Float64Array.from(written, Number));
      const [first, ...rest] = found;
      if (!first) {
        this.answer.replaceChildren(h("p", {}, h("strong", {}, "Unknown. "),
          `It is none of the values that are known of the names, neither right nor wrong by one slip. ${this.remark(written)}`));
        return;
      }
      const also = first.verdict === "right" && /^the loss (?:with k|without)/.test(first.what) ? this.known.also : [];
      this.answer.replaceChildren(
        h("p", { class: `bl-is-${first.verdict}` }, h("strong", {}, `${NAMES[first.verdict]}: `), ...this.told(first)),
        ...rest.slice(0, 2).map((other) => h("p", {}, "Or ", ...this.told(other))),
        ...(also.length ? [h("p", {}, "But a table that is wrong by ",
          ...also.flatMap((key, place) => [place ? (place === also.length - 1 ? " or " : ", ") : "", "“", this.named(key), "”"]),
          " gives this loss, too: check the table.")] : []));
    }

    told({ what, slip, place }) {
      const text = (slip === undefined ? what : what.replace(ROUNDED, ", rounded in float32")).split("`").map((part, at) => (at % 2 ? h("code", {}, part) : part));
      if (slip === undefined) return [...text, "."];
      const reason = this.known.mistakes[slip][1].split("`").map((part, at) => (at % 2 ? h("code", {}, part) : part));
      return [...text, ", with one slip, “", this.named(slip), `”${place ? `, ${place}` : ""}: `, ...reason];
    }

    named(key) {
      const [name, , place] = this.known.mistakes[key];
      return h("a", { href: `../explanation/${place}` }, name);
    }

    /** What a number is: what it fits exactly, or else what rounding may have moved; right before wrong. */
    ofNumber(written) {
      const value = Number(written);
      const { digits, decimals, unit, whole } = precision(written);
      if (!Number.isFinite(value)) return [];
      const counted = whole || Number.isInteger(value) ? this.ofCount(value, this.known.words) : [];
      const found = whole && Math.abs(value) < 10000 ? counted : [...counted, ...this.ofLoss(value, digits, decimals, unit)];
      return found[0]?.verdict === "right" ? found.filter(({ verdict }) => verdict === "right") : found;
    }

    /** Where a number that nobody knows lies among the losses. */
    remark([written, ...others]) {
      const [best, nothing] = [this.numbers[0].known, Math.log(this.vocabulary.length)];
      const value = Number(written);
      if (others.length || precision(written).whole || value < best / 2 || value > 2 * nothing) return "";
      if (value < best) return `As a loss it lies below ${best.toPrecision(4)}, the least that a model of one letter before can have on all these words: it may be one of fewer words, or of a model that sees more.`;
      if (value > nothing) return `As a loss it lies above ${nothing.toPrecision(4)}, that of a model that knows nothing: it may be one at the start of training, from random weights.`;
      return `As a loss it lies between ${best.toPrecision(4)}, the counted table's, and ${nothing.toPrecision(4)}, that of a model that knows nothing: it may be one of a part of the words, such as dev, or one during training; a penalty on the weights adds to it.`;
    }

    /** What a number measures: each sieve is finer than those after it. */
    ofLoss(value, digits, decimals, unit) {
      const near = (fits, bound) => {
        const within = this.numbers.filter((one) => fits(one) && Math.abs(one.known - value) <= bound);
        const some = within.some(({ common }) => common) ? within.filter(({ common }) => common) : within;
        const rank = ({ verdict, what, known }) => [verdict !== "right", what.includes(ROUNDED), Math.abs(known - value)];
        some.sort((a, b) => rank(a).map((one, at) => one - rank(b)[at]).find((one) => one) ?? 0);
        return [...new Map(some.reverse().map((one) => [`${one.what.replace(ROUNDED, "")}|${one.slip}|${one.place}`, one])).values()].reverse();
      };
      if (digits < FEW && decimals < 3) {
        const [first] = near((one) => one.common && one.verdict === "right", unit);
        return first ? [{ ...first, verdict: "few" }] : [];
      }
      const size = digits > SHORT ? Math.abs(value) : 0;
      const single = digits < 10 || this.mayBeSingle(value);
      const [exact, tight, close, loose] = [Math.max(unit, DIGITS * size), Math.max(unit, TIGHT * size), 2 * TIGHT * size, single ? LOOSE * size : 0];
      const inTable = ({ slip, place }) => slip !== undefined && !place && /#(?:count_bigrams|smooth|normalize)-/.test(this.known.mistakes[slip][2]);
      const short = ({ known, verdict }) => verdict === "mistake" && `${Math.abs(known)}`.replace(".", "").replace(/^0+|0+$/g, "").length <= FEW;
      const known = (fits) => (one) => digits >= one.digits && (!short(one) || Math.abs(one.known - value) <= exact) && fits(one);
      const sieves = [[({ verdict }) => verdict !== "mistake", exact], [({ common, verdict, what }) => verdict !== "mistake" && (common || !what.includes(ROUNDED)), tight],
        [({ common, verdict, what }) => verdict !== "mistake" && common && what.includes(ROUNDED), close], [({ common }) => common, tight],
        [({ common, verdict }) => common && verdict !== "mistake", loose], [(one) => one.common && inTable(one), loose], [() => true, tight]];
      for (const [fits, bound] of sieves) {
        const found = bound > 0 ? near(known(fits), bound) : [];
        if (!found.length) continue;
        const off = ({ known }) => Math.abs(known - value);
        const best = found.reduce((one, other) => (off(other) < off(one) ? other : one));
        const others = this.numbers.filter((one) => known(fits)(one) && (one.slip !== best.slip || one.place !== best.place || one.slip === undefined));
        if (found.some((one) => this.isUsual(one)) || this.chance(value, others, Math.max(exact, off(best))) <= CHANCE)
          return found.map((one) => (bound > tight && !one.what.includes(ROUNDED) ? { ...one, what: `${one.what}, but for rounding` } : one));
        return found[0].verdict === "right" || found[0].common ? [{ ...found[0], verdict: digits > SHORT ? "near" : "few" }] : [];
      }
      return [];
    }

    /** Whether it is a number of float32, or a sum in float32 that was divided. */
    mayBeSingle(value) {
      const total = this.counts.reduce((sum, count) => sum + count, 0);
      return [value, value * total].some((one) => Math.abs(Math.fround(one) - one) <= 4e-16 * Math.abs(one));
    }

    /** Whether people find it so often that few digits will do: what is right for all words, and two slips. */
    isUsual({ verdict, what, common, slip }) {
      const [, , place] = this.known.mistakes[slip] ?? ["", "", ""];
      return (verdict === "right" && !what.includes(ROUNDED) && !/tokens|how common/.test(what))
        || ((common || what.startsWith(EARLY)) && (verdict !== "mistake" || /#negative_log_likelihood-(?:minus_sign_missing|bits_for_nats)$/.test(place)));
    }

    /** How many of the numbers nearby lie as near to one that is known, without counting this one's own. */
    chance(value, others, reach) {
      const nearby = Math.max(NEARBY * Math.abs(value), 20 * reach);
      const away = others.filter((one) => Math.abs(one.known - value) > reach && Math.abs(one.known - value) < nearby && !this.isUsual(one));
      return (new Set(away.map(({ known }) => Math.round(known / (2 * reach)))).size * reach) / nearby;
    }

    /** What a whole number counts. */
    ofCount(value, words) {
      const size = this.vocabulary.length;
      const total = this.counts.reduce((sum, count) => sum + count, 0);
      const facts = [[words, "the number of names"], [size, "the size of the vocabulary"], [total, "the number of bigrams"],
        [total - words, "the number of letters in all names"], [size * size, "the number of cells in the table"]];
      const found = facts.filter(([fact]) => fact === value).map(([, what]) => ({ what, verdict: "right" }));
      for (const [one, what] of [[total, "bigrams"], [words, "names"]])
        if (value % one === 0 && value / one > 1 && value / one < 6)
          found.push({ what: `the number of ${what}, ${often(value / one)}. Perhaps the cell that counts was run again`, verdict: "mistake" });
      const cells = [...this.counts.keys()].filter((cell) => this.counts[cell] === value);
      if (value >= 100 && cells.length && cells.length <= 3)
        found.push({ what: `how often ${cells.map((cell) => `\`${this.pair(cell)}\``).join(" or ")} was counted`, verdict: "right" });
      return found;
    }

    pair = (cell) => shown(this.vocabulary[Math.floor(cell / this.vocabulary.length)] + this.vocabulary[cell % this.vocabulary.length]);

    /** What a table is: counts or probabilities with any k, in the usual order or with "." last; then with a slip; then close. */
    ofTable(table) {
      const size = this.vocabulary.length;
      const first = [size - 1, ...Array(size - 1).keys()]; // "." is last: bring it to the front
      for (const [order, said] of [[undefined, ""], [first, "; the boundary stands last"]]) {
        const ours = order ? permuted(table, size, order) : table;
        for (const shares of [false, true]) {
          const k = kOf(ours, this.counts, size, shares);
          if (k !== undefined)
            return [{ what: `${shares ? "the probabilities" : "the counts"}${k || shares ? `, ${withK(k)}` : ""}${said}`, verdict: "right" }];
        }
      }
      const total = this.counts.reduce((sum, count) => sum + count, 0);
      if (table.every((cell, at) => Math.abs(cell - this.counts[at] / total) <= 2e-6))
        return [{ what: "each pair's share of all pairs: divide each row by its own sum", verdict: "step" }];
      const times = Math.round(table.reduce((sum, cell) => sum + cell, 0) / total);
      if (times > 1 && table.every((cell, at) => Math.abs(cell - times * this.counts[at]) <= COUNTED))
        return [{ what: `the counts of all words, counted ${often(times)}. It was added to what stood there: perhaps the cell was run again, without a new table of zeros above the loop`, verdict: "mistake" }];
      const sums = [...Array(size).keys()].map((row) => rowSum(table, size, row));
      for (let column = 0; column < size; column++)
        sums.push([...Array(size).keys()].reduce((sum, row) => sum + table[row * size + column], 0));
      const slips = this.known.tables.filter(([, , known]) =>
        known.split(" ").every((sum, at) => Math.abs(sum - sums[at]) <= Math.max(1.5e-3, 1e-4 * Math.abs(sum))));
      return slips.length ? slips.slice(0, 3).map(([slip, what]) => ({ slip: slip ?? undefined, what, verdict: "mistake" })) : this.close(table);
    }

    close(table) {
      const size = this.vocabulary.length;
      const sums = Array.from({ length: size }, (_, row) => rowSum(this.counts, size, row));
      for (const shares of [false, true])
        for (const k of [0, 1]) {
          const cells = off(table, this.counts, sums, size, shares, k);
          if (cells.length < table.length / 10) {
            const expected = should(this.counts, sums, size, shares, k, cells[0]);
            const many = cells.length > 1 ? `${cells.length} cells are` : "one cell is";
            return [{ verdict: "close", what: `${shares ? "the probabilities" : "the counts"}, ${withK(k)}, but ${many} not: where \`${this.pair(cells[0])}\` is counted `
              + `stands ${Number(table[cells[0]].toPrecision(6))}, and should stand ${Number(expected.toPrecision(6))}` }];
          }
        }
      return [];
    }
  });
})();
