/* <bl-name>: how surprising is a name? -log p of each step, beside what knowing nothing costs and what is usual. */
(() => {
  "use strict";
  const {
    h, code, shown, number, percent, readK, kSlider, smooth, normalize, surprisal, mean, negativeLogLikelihood, packText, unpackText, Element, define,
  } = globalThis.bigramlab;
  const LONGEST = 40; // letters

  define("bl-name", class extends Element {
    build() {
      this.input = h("input", { type: "text", maxlength: 2 * LONGEST, autocomplete: "off", autocapitalize: "off", spellcheck: "false" });
      this.input.addEventListener("input", () => this.act({ ...this.state, name: this.clean(this.input.value) }));
      this.slider = kSlider((k) => this.act({ ...this.state, k }));
      this.steps = h("table", { class: "bl-list bl-steps" });
      this.summary = h("div", { role: "status" });
      return [h("div", { class: "bl-row" }, h("label", { class: "bl-field" }, "A name: ", this.input), this.slider.node), this.steps, this.summary];
    }

    /** Written small, as the names of the table are, unless it knows the capital; and not longer than fits. */
    clean(text) {
      const known = new Set(this.model.vocabulary);
      return [...text.trim()].slice(0, LONGEST).map((c) => (known.has(c) ? c : c.toLowerCase())).join("");
    }

    start() {
      const { vocabulary, k } = this.model;
      const name = this.dataset.name;
      const fits = [...name].every((letter) => vocabulary.includes(letter));
      return { name: fits ? name : this.clean(this.model.words?.[0] ?? ""), k };
    }
    write = ({ name, k }) => `${k}-${packText(name)}`;
    read(text) {
      const [start, ...rest] = text.split("-");
      const k = readK(start);
      const name = unpackText(rest.join("-"));
      return k !== undefined && name !== undefined ? { name: this.clean(name), k } : undefined;
    }

    paint() {
      const { vocabulary, counts } = this.model;
      const { name, k } = this.state;
      if (this.clean(this.input.value) !== name) this.input.value = name;
      this.slider.set(k);
      const missing = [...new Set(name)].filter((letter) => letter === "." || !vocabulary.includes(letter));
      if (missing.length || !name) {
        this.steps.replaceChildren();
        this.summary.replaceChildren(...(name
          ? ["The table has no row for ", ...missing.slice(0, 5).flatMap((c, i) => [i ? ", " : "", c === "." ? "a . inside a name" : code(c)]),
            `${missing.length > 5 ? " and others" : ""}. Its letters are `, code(vocabulary.slice(1, 61).join("")), "."]
          : ["Type a name: yours, a neighbor's, or one that nobody has."]));
        return;
      }
      const probs = normalize(smooth(counts, k), this.size);
      const costs = surprisal(name, probs, vocabulary);
      const nothing = Math.log(this.size);
      const usual = negativeLogLikelihood(counts, probs);
      const wide = Math.max(1.25 * nothing, ...costs.filter(Number.isFinite));
      const text = [".", ...name, "."];
      const at = (node, property, value) => (node.style.setProperty(property, `${(100 * value) / wide}%`), node);
      const rows = costs.map((cost, step) => {
        const impossible = cost === Infinity;
        const bar = at(h("span", { class: impossible ? "bl-hits bl-impossible" : "bl-hits" }), "width", impossible ? wide : cost);
        return h("tr", {}, h("th", { scope: "row" }, code(text[step] + text[step + 1])),
          h("td", { class: "bl-track" }, bar, at(h("span", { class: "bl-rule bl-usual" }), "left", usual), at(h("span", { class: "bl-rule" }), "left", nothing)),
          h("td", {}, percent(Math.exp(-cost))), h("td", {}, impossible ? "impossible" : number(cost, 2)));
      });
      this.steps.replaceChildren(
        h("caption", {}, "−log p of each step, in nats: ", h("span", { class: "bl-key bl-usual" }), `usual in these names: ${number(usual, 3)} `,
          h("span", { class: "bl-key" }), `knowing nothing: log ${this.size} = ${number(nothing, 3)}`),
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "step"), h("td"), h("th", { scope: "col" }, "p"), h("th", { scope: "col" }, "−log p"))),
        h("tbody", {}, ...rows));
      this.summary.replaceChildren(...this.say(name, costs, usual));
    }

    say(name, costs, usual) {
      const zero = costs.indexOf(Infinity);
      if (zero >= 0) {
        const pair = [".", ...name, "."].slice(zero, zero + 2).join("");
        return [h("p", {}, h("strong", {}, "Impossible. "), code(pair), " was never counted, and k is 0: one factor of 0 makes the whole product 0. Slide k up.")];
      }
      const average = mean(costs);
      const total = costs.reduce((sum, cost) => sum + cost, 0);
      const better = this.rank(name);
      return [
        h("p", {}, code(name), ` costs ${number(total, 2)} nats in ${costs.length} steps: `, h("strong", {}, `${number(average, 2)} a step`),
          average < usual ? ", less than is usual." : ", more than is usual.",
          ` A walk writes it once in ${number(Math.exp(total), 0).length > 18 ? Math.exp(total).toExponential(1) : number(Math.exp(total), 0)} words.`),
        h("p", {}, better === undefined ? "" : `Of 100 real ${this.model.words ? "words" : "names"}, about ${better} are more surprising a step (measured with k = ${this.model.k}).`),
      ];
    }

    /** Among 100 real names in order of their mean surprisal, how many come after this one. */
    rank(name) {
      const { vocabulary, counts, k, words } = this.model;
      this.ranked ??= new Map();
      if (!this.ranked.has(this.model)) {
        const probs = normalize(smooth(counts, k), this.size);
        const means = words
          ? words.slice(0, 2000).map((word) => mean(surprisal(word, probs, vocabulary))).sort((a, b) => a - b)
          : this.dataset.quantiles.split(" ").map(Number);
        this.ranked.set(this.model, { probs, means });
      }
      const { probs, means } = this.ranked.get(this.model);
      const own = mean(surprisal(name, probs, vocabulary));
      return Math.round((100 * means.filter((other) => other > own).length) / means.length);
    }
  });
})();
