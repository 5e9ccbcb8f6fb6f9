/* Attention in the page: what the lesson attention does, for one word, over plain arrays. The Transformer is in transformer.js.
   <bl-shares>: one question, three keys. <bl-attention>: which letters a letter takes from, in a small network.
   <bl-stream>: a letter's vector on its way through a Transformer, read after each part.
   tests/browser/test_core.py holds the functions here to the Python ones. */
(() => {
  "use strict";
  const bl = globalThis.bigramlab;
  const { h, svg, button, code, number, percent, slider, wordField, roving, softmax, packText, unpackText, Element, define } = bl;

  const dot = (one, other) => one.reduce((sum, value, i) => sum + value * other[i], 0);
  const added = (one, other) => one.map((value, i) => value + other[i]);
  /** A vector times a matrix, which is a list of its rows. */
  const through = (vector, matrix) => matrix[0].map((_, j) => vector.reduce((sum, value, i) => sum + value * matrix[i][j], 0));

  /** The shares that each token takes: of itself and the earlier ones, or of all if it may look ahead. */
  function attentionShares(queries, keys, ahead = false) {
    return queries.map((query, place) => {
      const scores = keys.map((key, other) => (ahead || other <= place ? dot(query, key) / Math.sqrt(query.length) : -Infinity));
      return [...softmax(Float64Array.from(scores), scores.length)];
    });
  }

  /** Whole numbers in a text, so many to 1, cut into matrices of these shapes, each a list of rows. */
  function unpackNumbers(text, shapes, scale) {
    const numbers = Array.from(text.split(" "), (one) => Number(one) / scale);
    let begin = 0;
    return shapes.map(([rows, columns]) => Array.from({ length: rows }, () => numbers.slice(begin, (begin += columns))));
  }

  function makeLooking(text, { size, longest, width, scale }) {
    const shapes = [[size, width], [longest, width], ...Array(4).fill([width, width]), [width, size]];
    const [embedding, places, query, key] = unpackNumbers(text, shapes, scale);
    return (ids, ahead) => {
      const x = ids.map((id, place) => added(embedding[id], places[place]));
      return attentionShares(x.map((one) => through(one, query)), x.map((one) => through(one, key)), ahead);
    };
  }

  Object.assign(bl, { attentionShares, makeLooking });

  define("bl-shares", class extends Element {
    build() {
      this.sliders = [
        slider("Query of the last", 16, (at) => this.act({ ...this.state, query: (at - 8) / 2 })),
        slider("Key of the first", 16, (at) => this.act({ ...this.state, key: (at - 8) / 2 })),
      ];
      this.bars = h("div", { class: "bl-tally" });
      this.status = h("p", { role: "status" });
      return [...this.sliders.map(({ node }) => node), this.bars, this.status];
    }
    start = () => ({ query: 1, key: 2 });
    write = ({ query, key }) => `${query}~${key}`;
    read(text) {
      const [query, key] = text.split("~").map(Number);
      const sound = (value) => Math.abs(value) <= 4 && Number.isInteger(2 * value);
      return sound(query) && sound(key) ? { query, key } : undefined;
    }
    paint() {
      const { query, key } = this.state;
      const keys = [key, 0, 0];
      const shares = attentionShares([[0], [0], [query]], keys.map((one) => [one]))[2];
      this.sliders[0].set(2 * query + 8, number(query, 1));
      this.sliders[1].set(2 * key + 8, number(key, 1));
      this.bars.replaceChildren(bars(["letter", "key", "query · key", "share"],
        [..."ann"].map((letter, i) => [[code(letter), number(keys[i], 1), number(query * keys[i], 1)], shares[i]]), "What the last letter takes of each"));
      this.status.textContent = shares.every((share) => Math.abs(share - 1 / 3) < 1e-9) ? "It takes the same of all three: their mean."
        : `It takes ${percent(shares[0])} of the first letter, and ${percent(shares[1] + shares[2])} of the others.`;
    }
  });

  /** A table of rows of cells and a share, drawn as a bar. */
  function bars(head, rows, caption) {
    const drawn = rows.map(([cells, share]) => {
      const bar = h("span", { class: "bl-hits" });
      bar.style.width = `${100 * share}%`;
      return h("tr", {}, h("th", { scope: "row" }, cells[0]), ...cells.slice(1).map((cell) => h("td", {}, cell)), h("td", { class: "bl-track" }, bar), h("td", {}, percent(share)));
    });
    return h("table", { class: "bl-list" }, h("caption", { class: "bl-unseen" }, caption),
      h("thead", {}, h("tr", {}, ...head.slice(0, -1).map((title) => h("th", { scope: "col" }, title)), h("td"), h("th", { scope: "col" }, head.at(-1)))),
      h("tbody", {}, ...drawn));
  }

  /** An element with a word and a letter of it that is looked at. */
  class OfWord extends Element {
    build() {
      const { size, width, layers, heads, scale } = Object.fromEntries(Object.entries(this.dataset).map(([name, value]) => [name, Number(value)]));
      this.sizes = { size: this.letters.length, longest: this.longest + 1, width, layers, heads, scale };
      this.row = h("div", { class: "bl-row", role: "group", "aria-label": "The letters of the name" });
      roving(this.row, () => [...this.row.children], () => Infinity, (at) => this.act({ ...this.state, at }));
      this.status = h("p", { role: "status" });
      return [h("p", {}, h("label", {}, "A name: ", this.field.input), this.field.note), this.row, ...this.parts(), this.status];
    }
    write = ({ word, at, ahead }) => [at, Number(Boolean(ahead)), packText(word)].join("~");
    read(text) {
      const [at, ahead, ...rest] = text.split("~");
      const word = unpackText(rest.join("~"));
      if (word === undefined || word !== this.field.clean(word) || !/^\d{1,2}$/.test(at) || Number(at) > word.length || !/^[01]$/.test(ahead)) return undefined;
      return { word, at: Number(at), ahead: ahead === "1" };
    }
    linked() {
      this.letters ??= [...this.dataset.vocabulary];
      this.longest ??= Number(this.dataset.longest) - 1;
      this.field ??= wordField(this.letters, this.longest, (word) => this.act({ ...this.state, word, at: word.length }), { "aria-label": "A name" });
      return super.linked();
    }
    /** Show the word, and return its ids. */
    paintWord(told) {
      const { word, at } = this.state;
      this.field.set(word);
      const focused = this.row.contains(document.activeElement);
      this.row.replaceChildren(...[..."." + word].map((letter, place) =>
        button(letter, () => this.act({ ...this.state, at: place }), { "aria-pressed": String(place === at), tabindex: place === at ? 0 : -1, "aria-label": told(letter, place) })));
      if (focused) this.row.children[at].focus();
    }
    ids = () => [..."." + this.state.word].map((letter) => this.letters.indexOf(letter));
  }

  const STEP = 40; // from letter to letter
  define("bl-attention", class extends OfWord {
    parts() {
      this.picture = h("div", { class: "bl-arcs" });
      this.ahead = h("input", { type: "checkbox" });
      this.ahead.addEventListener("change", () => this.act({ ...this.state, ahead: this.ahead.checked }));
      this.written = h("p", { class: "bl-written" });
      this.networks = [this.dataset.causal, this.dataset.ahead].map((text) => makeLooking(text, this.sizes));
      return [this.picture, h("p", {}, h("label", {}, this.ahead, " Let it look ahead")), this.written];
    }
    start = () => ({ word: this.dataset.word, at: this.dataset.word.length, ahead: false });
    paint() {
      const { word, at, ahead } = this.state;
      const shares = this.networks[Number(ahead)](this.ids(), ahead)[at];
      this.paintWord((letter, place) => (place === at ? `${letter}, which looks: ${percent(shares[place])} of itself` : `${letter}: ${percent(shares[place])}`));
      this.ahead.checked = ahead;
      this.draw([..."." + word], at, shares);
      const best = shares.indexOf(Math.max(...shares));
      const which = best === at ? "itself" : `${best > at ? "the later " : "the earlier "}“${("." + word)[best]}”`;
      this.status.textContent = `At “${("." + word)[at]}” it takes most of ${which}, ${percent(shares[best])}. ` +
        `Its loss in training: ${this.dataset[ahead ? "lossAhead" : "lossCausal"]} nats a letter.`;
      this.written.replaceChildren("It writes: ", ...this.dataset[ahead ? "wordsAhead" : "wordsCausal"].split(" ").flatMap((one) => [code(one), " "]));
    }
    draw(letters, at, shares) {
      const wide = STEP * Math.max(letters.length, 8);
      const height = 30 + 9 * Math.max(at, letters.length - 1 - at, 2);
      const x = (place) => STEP * (place + 0.5);
      const arcs = shares.map((share, place) => {
        if (share < 0.005) return "";
        const [middle, up] = [(x(at) + x(place)) / 2, height - 18 * Math.abs(at - place) - (place === at ? 22 : 8)];
        const path = place === at ? `M${x(at) - 7} ${height}C${x(at) - 16} ${up} ${x(at) + 16} ${up} ${x(at) + 7} ${height}` : `M${x(at)} ${height}Q${middle} ${up} ${x(place)} ${height}`;
        return svg("path", { d: path, class: "bl-arc", "stroke-width": (0.8 + 11 * share).toFixed(1) });
      });
      const names = letters.map((letter, place) => svg("text", { x: x(place), y: height + 26, "text-anchor": "middle", class: place === at ? "bl-at" : "" }, letter));
      const told = letters.map((_, place) => svg("text", { x: x(place), y: height + 46, "text-anchor": "middle", class: "bl-share" }, shares[place] < 0.005 ? "" : `${Math.round(100 * shares[place])}%`));
      this.picture.replaceChildren(svg("svg", { viewBox: `0 0 ${wide} ${height + 54}`, "aria-hidden": "true", style: `max-width: ${wide * 1.2}px` }, ...arcs.filter(Boolean), ...names, ...told));
    }
  });

  define("bl-stream", class extends OfWord {
    parts() {
      this.table = h("div", { class: "bl-scroll" });
      this.network = bl.makeTransformer(this.sizes);
      this.numbers = Float64Array.from(this.dataset.numbers.split(" "), (one) => Number(one) / this.sizes.scale);
      return [this.table];
    }
    start = () => ({ word: this.dataset.word, at: this.dataset.word.length, ahead: false });
    paint() {
      const { word, at } = this.state;
      const stages = this.network.stages(this.numbers, this.ids());
      this.paintWord((letter, place) => (place === at ? `${letter}, whose vector is shown` : letter));
      const rows = stages.map(({ name, x, probs }) => {
        const likely = probs[at].map((p, id) => [p, this.letters[id]]).sort((a, b) => b[0] - a[0]).slice(0, 3);
        return h("tr", {}, h("th", { scope: "row" }, name),
          ...likely.map(([p, letter]) => h("td", {}, code(letter), ` ${percent(p)}`)), h("td", {}, strip(x[at])));
      });
      this.table.replaceChildren(h("table", { class: "bl-list" },
        h("caption", { class: "bl-unseen" }, `The vector at ${("." + word)[at]}, and which letter it would be read as`),
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "after"), h("th", { scope: "colgroup", colspan: 3 }, "the next letter"), h("th", { scope: "col" }, "vector"))),
        h("tbody", {}, ...rows)));
      const best = (probs) => this.letters[probs[at].indexOf(Math.max(...probs[at]))];
      const changes = stages.slice(1).filter(({ probs }, i) => best(probs) !== best(stages[i].probs)).map(({ name }) => name);
      this.status.textContent = `After “${word.slice(0, at) || "."}” it expects “${best(stages.at(-1).probs)}”. ` +
        (changes.length ? `The likeliest letter changed in: ${changes.join("; ")}.` : "No part changed the likeliest letter.");
    }
  });

  /** A vector as cells, the darker the larger, those below 0 of another color. */
  function strip(vector) {
    const most = Math.max(...vector.map(Math.abs), 1e-9);
    const cells = vector.map((value, i) => svg("rect", { x: 5 * i, y: 0, width: 5, height: 16, class: value < 0 ? "bl-below" : "bl-above", "fill-opacity": (Math.abs(value) / most).toFixed(2) }));
    return svg("svg", { viewBox: `0 0 ${5 * vector.length} 16`, width: 5 * vector.length, height: 16, preserveAspectRatio: "none", role: "img", "aria-label": `${vector.length} numbers, the largest ${number(most, 2)} from 0` }, ...cells);
  }
})();
