/* <bl-walk>: draw a number, append the letter that it falls on. The state is a seed, how many letters are appended,
   whether a number is drawn, and how many hundreds more were thrown at the row: everything else follows from it. */
(() => {
  "use strict";
  const { h, button, code, shown, number, line, smooth, normalize, draw, walk, makeDarts, Element, define } = globalThis.bigramlab;
  const MOST = 999; // letters; a link stays short, and a replay quick
  const SHOWN = 8; // letters of the tally

  define("bl-walk", class extends Element {
    build() {
      this.path = h("p", { class: "bl-path", dir: "auto" });
      this.from = h("p", { class: "bl-sentence" });
      this.line = line();
      this.step = button("", () => this.next(), { class: "bl-button bl-primary" });
      this.finish = button("Finish this word", () => this.toEnd());
      this.hundred = button("A hundred more darts", () => this.state.hundreds < 99 && this.act({ ...this.state, hundreds: this.state.hundreds + 1 }));
      this.status = h("p", { role: "status" });
      this.tally = h("div", { class: "bl-tally" });
      this.written = h("p", { class: "bl-written" });
      return [this.path, this.from, this.line.node, this.status,
        h("div", { class: "bl-row" }, this.step, this.finish, this.hundred), this.tally, this.written];
    }

    start() {
      this.seed ??= this.dataset.seed ? Number(this.dataset.seed) : crypto.getRandomValues(new Uint32Array(1))[0];
      return { seed: this.seed, steps: 0, drawn: 0, hundreds: 0 };
    }
    write = ({ seed, steps, drawn, hundreds }) => [seed, steps, drawn, hundreds].join("-");
    read(text) {
      if (!/^\d{1,10}-\d{1,3}-[01]-\d{1,2}$/.test(text)) return undefined;
      const [seed, steps, drawn, hundreds] = text.split("-").map(Number);
      return seed < 2 ** 32 ? { seed, steps, drawn, hundreds } : undefined;
    }

    next() {
      const { steps, drawn } = this.state;
      if (steps + 1 > MOST) return;
      this.act(drawn ? { ...this.state, steps: steps + 1, drawn: 0, hundreds: 0 } : { ...this.state, drawn: 1 });
    }

    /** Append letters until the next ".", however many that takes. */
    toEnd() {
      const { seed, steps } = this.state;
      const ids = walk(this.probs, this.size, makeDarts(seed, MOST));
      const end = ids.indexOf(0, steps);
      this.act({ ...this.state, steps: end < 0 ? MOST - 1 : end + 1, drawn: 0, hundreds: 0 });
    }

    paint() {
      const { vocabulary, counts, k } = this.model;
      const { seed, steps, drawn } = this.state;
      this.probs = normalize(smooth(counts, k), this.size);
      const darts = makeDarts(seed, steps + 1);
      const ids = walk(this.probs, this.size, darts);
      const current = steps ? ids[steps - 1] : 0;
      const begin = steps > 1 ? ids.lastIndexOf(0, steps - 2) + 1 : 0; // of the word being written, or just finished
      const now = ids.slice(begin, steps);
      const finished = steps > 0 && current === 0;
      const next = ids[steps];
      const tail = now.slice(-60).map((id, place, all) =>
        h("span", { class: place === all.length - 1 ? "bl-last" : "" }, shown(vocabulary[id])));
      this.path.replaceChildren(h("span", { class: now.length ? "" : "bl-last" }, now.length > 60 ? "…" : "."), ...tail);
      this.from.replaceChildren(...(finished ? ["The word is finished. The next one starts at ", code("."), " again: "]
        : current === 0 ? ["At the start, ", code("."), ": "] : ["After ", code(vocabulary[current]), ": "]),
        "the line from 0 to 1, cut into one piece for each letter, as long as its probability.");
      this.line.paint(this.probs, vocabulary, current, drawn ? next : -1, drawn ? darts[steps] : undefined);
      const p = this.probs[current * this.size + next];
      this.step.replaceChildren(...(drawn ? ["Append ", code(vocabulary[next])] : ["Draw a number"]));
      this.status.replaceChildren(...(drawn
        ? [`${darts[steps].toFixed(4)} falls into the piece of `, code(vocabulary[next]), `, which is ${p.toFixed(4)} long`,
          next ? "." : ": the word ends here."]
        : steps ? ["Appended ", code(vocabulary[current]), finished ? ". It was drawn like any other letter." : ". Its row comes next."]
          : ["Every number between 0 and 1 is as likely as any other."]));
      this.paintTally(current);
      const words = ids.slice(0, steps).map((id) => vocabulary[id]).join("").split(".").slice(0, -1);
      this.written.replaceChildren(...(words.length ? [`Written so far (${words.length}): `] : []),
        ...words.slice(-12).flatMap((word, place) => [place ? " " : "", word ? code(word) : h("em", {}, "(a word without letters)")]));
    }

    paintTally(row) {
      const { seed, steps, hundreds } = this.state;
      this.tally.replaceChildren();
      if (!hundreds) return;
      const { vocabulary } = this.model;
      const hits = new Array(this.size).fill(0);
      const n = 100 * hundreds;
      for (const dart of makeDarts((seed ^ 0x9e3779b9) + steps, n)) hits[draw(this.probs, this.size, row, dart)] += 1;
      const expected = (id) => n * this.probs[row * this.size + id];
      const ranked = vocabulary.map((_, id) => id).sort((a, b) => expected(b) - expected(a) || a - b);
      const most = Math.max(...hits, expected(ranked[0]));
      const told = ranked.slice(0, SHOWN).map((id) => [code(vocabulary[id]), hits[id], expected(id)]);
      const others = ranked.slice(SHOWN);
      if (others.length)
        told.push(["others", others.reduce((sum, id) => sum + hits[id], 0), others.reduce((sum, id) => sum + expected(id), 0)]);
      const wide = Math.max(most, ...told.map(([, hit, mean]) => Math.max(hit, mean)));
      const rows = told.map(([name, hit, mean]) => {
        const bar = h("span", { class: "bl-hits" });
        const tick = h("span", { class: "bl-tick" });
        bar.style.width = `${(100 * hit) / wide}%`;
        tick.style.left = `${(100 * mean) / wide}%`;
        return h("tr", {}, h("th", { scope: "row" }, name), h("td", { class: "bl-track" }, bar, tick),
          h("td", {}, number(hit)), h("td", {}, number(mean, 1)));
      });
      this.tally.append(h("table", { class: "bl-list" },
        h("caption", {}, `${number(n)} more darts at this line. The tick is what is expected: ${number(n)} times the piece's length.`),
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "letter"), h("td"), h("th", { scope: "col" }, "darts"), h("th", { scope: "col" }, "expected"))),
        h("tbody", {}, ...rows)));
    }
  });
})();
