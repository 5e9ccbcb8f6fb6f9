/* <bl-walk>: draw a number, append the letter that it falls on. The state is a seed, how many letters are appended,
   whether a number is drawn, and how many hundreds more were thrown at the row: everything else follows from it. */
(() => {
  "use strict";
  const { h, svg, button, code, shown, number, line, smooth, normalize, draw, walk, makeDarts, Element, define } = globalThis.bigramlab;
  const MOST = 999; // letters; a link stays short, and a replay quick
  const SHOWN = 8; // letters of the tally
  const WIDEST = 40; // letters: of a larger alphabet, the picture has only those that the word visits
  const TAIL = 28; // letters of a long word: two lines on a phone, so that the buttons stay where they are
  const MARKS = 20; // steps of a word that are numbered in the picture

  define("bl-walk", class extends Element {
    build() {
      this.path = h("p", { class: "bl-path", dir: "auto" });
      this.from = h("p", { class: "bl-sentence" });
      this.line = line();
      this.step = button("", () => this.next(), { class: "bl-button bl-primary bl-step" });
      this.finish = button("Finish this word", () => this.toEnd());
      this.hundred = button("A hundred more darts", () => this.state.hundreds < 99 && this.act({ ...this.state, hundreds: this.state.hundreds + 1 }));
      this.status = h("p", { role: "status" });
      this.map = h("div", { class: "bl-map" });
      this.tally = h("div", { class: "bl-tally" });
      this.written = h("p", { class: "bl-written" });
      return [this.path, this.from, this.line.node, // nothing above the buttons changes its height, so they stay under the finger
        h("div", { class: "bl-row" }, this.step, this.finish, this.hundred), this.status, this.tally, this.map, this.written];
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
      const tail = now.slice(-TAIL).map((id, place, all) =>
        h("span", { class: place === all.length - 1 ? "bl-last" : "" }, shown(vocabulary[id])));
      this.path.replaceChildren(h("span", { class: now.length ? "" : "bl-last" }, now.length > TAIL ? "…" : "."), ...tail);
      this.from.replaceChildren(...(finished ? ["The word is finished. The next one starts at ", code("."), ":"]
        : current === 0 ? ["At the start, ", code("."), ":"] : ["After ", code(vocabulary[current]), ":"]));
      this.line.paint(this.probs, vocabulary, current, drawn ? next : -1, drawn ? darts[steps] : undefined);
      const p = this.probs[current * this.size + next];
      this.step.replaceChildren(...(drawn ? ["Append ", code(vocabulary[next])] : ["Draw a number"]));
      this.status.replaceChildren(...(drawn
        ? [`${darts[steps].toFixed(4)} falls into the piece of `, code(vocabulary[next]), `, which is ${p.toFixed(4)} long`,
          next ? "." : ": the word ends here."]
        : steps ? ["Appended ", code(vocabulary[current]), finished ? ". It was drawn like any other letter." : ". Its row comes next."]
          : ["The line from 0 to 1 is cut into one piece for each letter, as long as its probability. Every number on it is as likely as any other."]));
      this.paintTally(current);
      this.paintMap(finished && drawn ? [0] : [0, ...now], drawn ? next : -1);
      const words = ids.slice(0, steps).map((id) => vocabulary[id]).join("").split(".").slice(0, -1);
      this.written.replaceChildren(...(words.length ? [`Written so far (${words.length}): `] : []),
        ...words.slice(-12).flatMap((word, place) => [place ? " " : "", word ? code(word) : h("em", {}, "(a word without letters)")]));
    }

    /** The path on the table: each step is a cell, in the row of where one was and the column of where one goes. From
        there it is up or down to the diagonal, where the letter has its own row. */
    paintMap(path, next) {
      const { vocabulary } = this.model;
      const all = next < 0 ? path : [...path, next];
      const ids = this.size <= WIDEST ? vocabulary.map((_, id) => id) : [...new Set(all)].sort((a, b) => a - b);
      const at = new Map(ids.map((id, place) => [id, place + 2]));
      const visited = new Set(all);
      const row = path.length > 1 && path.at(-1) === 0 ? -1 : path.at(-1); // no row comes next when the word is finished
      const letter = (x, y, id) => svg("text", { x, y: y + 0.3, class: visited.has(id) ? "bl-visited" : "" }, shown(vocabulary[id]));
      const cells = ids.flatMap((i) => ids.flatMap((j) => {
        const heat = Math.sqrt(this.probs[i * this.size + j]);
        return heat < 0.1 ? [] : [svg("rect", { x: at.get(j) - 0.5, y: at.get(i) - 0.5, width: 1, height: 1, "fill-opacity": (0.7 * heat).toFixed(2) })];
      }));
      const steps = all.slice(1).map((id, step) => ({ id, from: all[step], number: step + 1 })).slice(-MARKS);
      const points = steps.flatMap(({ id, from }, step) => [...(step ? [`${at.get(from)},${at.get(from)}`] : []), `${at.get(id)},${at.get(from)}`]);
      const numbers = new Map(); // a cell that is visited twice has two
      for (const { id, from, number: step } of steps) {
        const place = [at.get(id), at.get(from)].join();
        numbers.set(place, [...(numbers.get(place) ?? []), step]);
      }
      const marks = [...numbers].map(([place, some]) => {
        const [x, y] = place.split(",").map(Number);
        const text = some.join(",");
        return svg("g", { class: next >= 0 && some.at(-1) === all.length - 1 ? "bl-next" : "" }, svg("circle", { cx: x, cy: y, r: 0.9 }),
          svg("text", { x, y: y + 0.36, "font-size": text.length > 2 ? 2.4 / text.length : 1.05 }, text));
      });
      const label = steps.length
        ? `The path on the table: ${steps.map(({ from, id }) => `row ${shown(vocabulary[from])}, column ${shown(vocabulary[id])}`).join("; ")}.`
        : "The table, before the first step: row .";
      const drawing = svg("svg", { viewBox: `0 0 ${ids.length + 2.4} ${ids.length + 2.4}`, role: "img", "aria-label": label },
        svg("g", { class: "bl-heat" }, ...cells),
        ...(row < 0 ? [] : [svg("rect", { x: 1.5, y: at.get(row) - 0.5, width: ids.length, height: 1, class: "bl-row-now" })]),
        ...ids.flatMap((id) => [letter(0.5, at.get(id), id), letter(at.get(id), 0.5, id)]),
        svg("polyline", { points: points.join(" ") }), ...marks);
      const words = row < 0 ? "The walk on the table: each step was a cell, in the row of the letter before and the column of the letter drawn."
        : "The walk on the table: the framed row is the line above, and the letter that is drawn says which row comes next.";
      drawing.style.maxWidth = `${Math.min(26, 2 * (ids.length + 2.4))}rem`; // a small alphabet has a small table
      this.map.replaceChildren(h("p", {}, words), drawing);
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
