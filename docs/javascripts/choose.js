/* <bl-choose>: the row of a letter, and three knobs: temperature, top-k and top-p. The same darts write the names each
   time, so that a knob alone changes them. */
(() => {
  "use strict";
  const { h, code, shown, number, percent, smooth, normalize, draw, makeDarts, withTemperature, keepTopK, keepTopP, slider, Element, define } = globalThis.bigramlab;
  const TEMPERATURES = [0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 1, 1.2, 1.5, 2, 3, 5, 10];
  const SHOWN = 12; // letters that have a bar of their own
  const NAMES = 12;
  const LONGEST = 24; // letters of a name that is shown
  const SEED = 2018;

  define("bl-choose", class extends Element {
    build() {
      this.letter = h("select", { "aria-label": "The letter before" });
      this.letter.addEventListener("change", () => this.act({ ...this.state, row: this.letter.selectedIndex }));
      this.knobs = [
        slider("Temperature", TEMPERATURES.length - 1, (at) => this.act({ ...this.state, temperature: TEMPERATURES[at] })),
        slider("Top-k", 26, (at) => this.act({ ...this.state, k: at + 1 })),
        slider("Top-p", 19, (at) => this.act({ ...this.state, part: 5 * (at + 1) })),
      ];
      this.bars = h("div", { class: "bl-tally" });
      this.status = h("p", { role: "status" });
      this.written = h("p", { class: "bl-written" });
      return [h("p", {}, h("label", {}, "After ", this.letter)), ...this.knobs.map(({ node }) => node),
        this.bars, this.status, this.written];
    }

    start() {
      return { row: Math.min(1, this.size - 1), temperature: 1, k: this.size, part: 100 };
    }
    write = ({ row, temperature, k, part }) => [row, temperature, k, part].join("-");
    read(text) {
      if (!/^\d{1,5}-[\d.]{1,4}-\d{1,5}-\d{1,3}$/.test(text)) return undefined;
      const [row, temperature, k, part] = text.split("-").map(Number);
      const sound = row < this.size && TEMPERATURES.includes(temperature) && k >= 1 && k <= this.size && part >= 5 && part <= 100 && part % 5 === 0;
      return sound ? { row, temperature, k, part } : undefined;
    }

    /** What is drawn from after a letter. */
    chosen(row) {
      const { temperature, k, part } = this.state;
      const probs = this.probs.subarray(row * this.size, (row + 1) * this.size);
      return keepTopP(keepTopK(withTemperature(probs, temperature), k), part / 100);
    }

    paint() {
      const { vocabulary, counts, k } = this.model;
      const { row, temperature, part } = this.state;
      this.probs = normalize(smooth(counts, k), this.size);
      this.letter.replaceChildren(...vocabulary.map((letter) => h("option", {}, shown(letter))));
      this.letter.selectedIndex = row;
      this.knobs[0].set(TEMPERATURES.indexOf(temperature), String(temperature));
      this.knobs[1].set(this.state.k - 1, this.state.k === this.size ? `${this.size}, all` : String(this.state.k), this.size - 1);
      this.knobs[2].set(part / 5 - 1, part === 100 ? "100%, all" : `${part}%`);
      const now = this.chosen(row);
      const before = this.probs.subarray(row * this.size, (row + 1) * this.size);
      this.paintBars(before, now);
      const kept = now.filter((p) => p > 0).length;
      const told = kept === this.size ? "All letters are kept." : `${number(kept)} of ${number(this.size)} are kept, above the line, and divided by their sum.`;
      this.status.textContent = `${told} The tick is the probability that the model gave.`;
      this.written.replaceChildren("It writes: ", ...this.names().flatMap((name, at) => [at ? " " : "", code(name)]));
    }

    paintBars(before, now) {
      const ranked = this.model.vocabulary.map((_, id) => id).sort((a, b) => now[b] - now[a] || before[b] - before[a] || a - b);
      const rows = ranked.slice(0, SHOWN).map((id) => [code(this.model.vocabulary[id]), before[id], now[id]]);
      const others = ranked.slice(SHOWN);
      const sum = (of) => others.reduce((total, id) => total + of[id], 0);
      if (others.length) rows.push(["others", sum(before), sum(now)]);
      const wide = Math.max(...rows.flatMap(([, was, is]) => [was, is]));
      const cut = rows.findIndex(([, , is]) => is === 0);
      const drawn = rows.map(([name, was, is], at) => {
        const bar = h("span", { class: "bl-hits" });
        const tick = h("span", { class: "bl-tick" });
        bar.style.width = `${(100 * is) / wide}%`;
        tick.style.left = `${(100 * was) / wide}%`;
        return h("tr", { class: at === cut ? "bl-cut" : "" }, h("th", { scope: "row" }, name), h("td", { class: "bl-track" }, bar, tick),
          h("td", {}, is > 0 ? percent(is) : "dropped"));
      });
      this.bars.replaceChildren(h("table", { class: "bl-list" },
        h("caption", { class: "bl-unseen" }, "How likely each next letter is"),
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "next"), h("td"), h("th", { scope: "col" }, "chance"))),
        h("tbody", {}, ...drawn)));
    }

    names() {
      const rows = new Map();
      const darts = makeDarts(SEED, NAMES * LONGEST);
      return Array.from({ length: NAMES }, (_, name) => {
        let [id, text] = [0, ""];
        for (let place = 0; place < LONGEST; place++) {
          if (!rows.has(id)) rows.set(id, this.chosen(id));
          id = draw(rows.get(id), this.size, 0, darts[name * LONGEST + place]);
          if (id === 0) return text || "·";
          text += this.model.vocabulary[id];
        }
        return `${text}…`;
      });
    }
  });
})();
