/* <bl-back>: five models that look back further and further, from none to all letters. The state is the model, the word
   that all of them go on with, and how often new names were asked for. The names of the start are in the tag.
   tests/browser/test_home.py holds what a model expects here to what it expects in Python. */
(() => {
  "use strict";
  const { h, svg, button, code, number, slider, wordField, smooth, normalize, draw, makeDarts, makeMlp, makeTransformer, packText, unpackText, Element, define } =
    globalThis.bigramlab;
  const WAYS = 3; // to go on
  const TRIES = 12; // to find as many that differ
  const [WIDE, HIGH, BAR] = [200, 92, 30]; // of the picture of the losses

  /** Bytes in a text, each with its sign, as numbers: so many at each step. */
  function unpackBytes({ bytes, steps }) {
    const packed = Int8Array.from(atob(bytes), (letter) => letter.charCodeAt(0));
    let end = 0;
    return steps.flatMap(([n, step]) => Array.from(packed.subarray(end, (end += n)), (byte) => byte * step));
  }

  /** A model: for the ids from the first "." on, how likely each token comes next. */
  function makeModel(model, size) {
    if (model.counts) {
      const counts = Float64Array.from(model.counts.split(" "), Number);
      const rows = counts.length / size;
      const probs = Array.from({ length: rows }, (_, row) => normalize(smooth(counts.slice(row * size, (row + 1) * size), model.k), size).slice(0, size));
      return (ids) => probs[Math.min(ids.at(-1), rows - 1)];
    }
    const numbers = Float64Array.from(unpackBytes(model));
    if (model.longest) {
      const network = makeTransformer({ ...model, size });
      return (ids) => network.expect(numbers, ids);
    }
    const network = makeMlp({ ...model, size });
    return (ids) => network.expect(numbers, [...Array(model.length).fill(0), ...ids].slice(-model.length));
  }

  Object.assign(globalThis.bigramlab, { makeModel });

  define("bl-back", class extends Element {
    prepare() {
      if (this.models) return;
      this.letters = [...this.dataset.vocabulary];
      this.longest = Number(this.dataset.longest);
      this.field = wordField(this.letters, this.longest - 1, (word) => this.act({ ...this.state, word }));
      this.models = JSON.parse(this.dataset.models);
      this.expect = this.models.map((model) => makeModel(model, this.letters.length));
      this.made = new Map(); // what was written, as it is the same whenever one comes back
    }
    linked() {
      this.prepare();
      return super.linked();
    }
    build() {
      const last = this.models.length - 1;
      this.slider = slider("Looks back", last, (at) => this.act({ ...this.state, at }));
      const ends = h("div", { class: "bl-ends", "aria-hidden": "true" }, ...this.models.map(({ looks }) => h("span", {}, looks.split(" ")[0])));
      this.names = h("p", { class: "bl-names" });
      this.picture = h("div", { class: "bl-falls" });
      this.status = h("p", { role: "status" });
      this.ways = h("tbody");
      const caption = h("caption", { class: "bl-unseen" }, "How each model goes on");
      return [this.slider.node, ends,
        h("div", { class: "bl-seen" }, this.names, h("div", {}, this.picture, this.status)),
        h("div", { class: "bl-row" }, h("label", {}, "Begin with your own name: ", this.field.input), this.field.note,
          button("Other endings", () => this.act({ ...this.state, turn: (this.state.turn + 1) % 1000 }), { "aria-label": "Other names and endings" })),
        h("table", { class: "bl-list bl-ways" }, caption, this.ways)];
    }
    start = () => ({ at: 0, turn: 0, word: this.dataset.word });
    write = ({ at, turn, word }) => [at, turn, packText(word)].join("~");
    read(text) {
      const [at, turn, ...rest] = text.split("~");
      const word = unpackText(rest.join("~"));
      if (word === undefined || word !== this.field.clean(word) || !/^\d$/.test(at) || Number(at) >= this.models.length || !/^\d{1,3}$/.test(turn)) return undefined;
      return { at: Number(at), turn: Number(turn), word };
    }

    /** Go on with a word until the model ends it, or there is no room. */
    goOn(at, word, darts) {
      const ids = [0, ...[...word].map((letter) => this.letters.indexOf(letter))];
      while (ids.length <= this.longest) {
        const next = draw(this.expect[at](ids), this.letters.length, 0, darts.pop());
        if (next === 0) return word;
        ids.push(next);
        word += this.letters[next];
      }
      return `${word}…`;
    }

    /** So many different ways in which a model goes on; the same each time. */
    some(at, word, turn, most) {
      const key = [at, word, turn, most].join("~");
      if (!this.made.has(key)) {
        const darts = makeDarts(turn * this.models.length + at, TRIES * (this.longest + 1));
        const found = new Set();
        for (let tries = 0; tries < TRIES && found.size < most; tries++) {
          const made = this.goOn(at, word, darts);
          if (made) found.add(made);
        }
        this.made.set(key, [...found]);
      }
      return this.made.get(key);
    }

    paint() {
      const { at, turn, word } = this.state;
      const { looks, what, loss, words } = this.models[at];
      const names = turn ? this.some(at, "", turn, words.length) : words;
      this.slider.set(at, looks);
      this.names.replaceChildren(...names.flatMap((name) => [code(name), " "]));
      this.draw(at);
      this.status.replaceChildren(h("b", {}, what), ". Loss: ", h("strong", {}, number(loss, 2)), ` nats a letter, on names that it never saw: as if it chose among ${number(Math.exp(loss), 1)} equally likely letters.`);
      this.field.set(word);
      this.ways.replaceChildren(...this.models.map((model, i) =>
        h("tr", { class: i === at ? "bl-at" : "" }, h("th", { scope: "row" }, model.looks),
          h("td", {}, ...this.some(i, word, turn, WAYS).flatMap((name) => [h("code", {}, h("b", {}, name.slice(0, word.length)), name.slice(word.length)), " "])))));
    }

    /** The losses of all as bars, that of this one strong. */
    draw(at) {
      const most = Math.log(this.letters.length);
      const wide = WIDE / this.models.length;
      const bars = this.models.flatMap(({ loss }, i) => {
        const high = (HIGH - 20) * (loss / most);
        return [svg("rect", { x: i * wide + (wide - BAR) / 2, y: HIGH - high, width: BAR, height: high, class: i === at ? "bl-at" : "" }),
          svg("text", { x: (i + 0.5) * wide, y: HIGH - high - 5, "text-anchor": "middle" }, number(loss, 2))];
      });
      this.picture.replaceChildren(svg("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, "aria-hidden": "true" }, ...bars));
    }
  });
})();
