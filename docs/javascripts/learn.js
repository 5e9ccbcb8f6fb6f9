/* <bl-learn>: the same table, learned. All weights start at 0, and softmax of each row comes to the shares of the counts. */
(() => {
  "use strict";
  const { h, svg, button, shown, number, smooth, normalize, softmax, trainingStep, negativeLogLikelihood, Element, define } = globalThis.bigramlab;
  const RATES = [1, 5, 10, 20, 50, 100, 200, 500, 1000];
  const MOST = 2000; // steps
  const WIDEST = 100; // letters: a step is to take no longer than a blink
  const LETTERED = 40; // letters: more can't be read
  const WIDTH = 600;
  const HEIGHT = 220;

  /** A table as a picture of size × size points, with its letters above and beside it: the strength of each cell is given,
      -1 to 1, and shows in the page's own orange and blue. */
  function picture(label) {
    const canvas = h("canvas", { role: "img", "aria-label": label });
    const letters = ["bl-letters bl-above-it", "bl-letters bl-beside-it"].map((name) => h("div", { class: name, "aria-hidden": "true" }));
    const paint = (vocabulary, strength) => {
      const size = vocabulary.length;
      canvas.width = canvas.height = size;
      const context = canvas.getContext("2d");
      const page = getComputedStyle(canvas);
      const [less, more] = ["--bl-walk", "--md-typeset-a-color"].map((name) => page.getPropertyValue(name));
      for (let cell = 0; cell < size * size; cell++) {
        const value = strength(cell);
        context.fillStyle = value < 0 ? less : more;
        context.globalAlpha = Math.min(1, Math.abs(value));
        context.fillRect(cell % size, Math.floor(cell / size), 1, 1);
      }
      const named = size <= LETTERED ? vocabulary : [];
      for (const node of letters) node.replaceChildren(...named.map((letter) => h("span", {}, shown(letter))));
    };
    return { node: h("div", {}, h("p", {}, label), h("div", { class: "bl-lettered" }, ...letters, canvas)), paint };
  }

  define("bl-learn", class extends Element {
    build() {
      this.counted = picture("Counted: each row divided by its sum");
      this.learned = picture("Learned: softmax of the weights");
      this.difference = picture("The difference: blue too much, orange too little");
      this.rate = h("select");
      this.rate.append(...RATES.map((rate) => h("option", {}, String(rate))));
      this.rate.addEventListener("change", () => this.act({ ...this.state, rate: RATES[this.rate.selectedIndex] }));
      this.status = h("p", { role: "status" });
      this.chart = h("div", { class: "bl-chart" });
      const steps = [1, 10, 100].map((n) => button(n === 1 ? "1 step" : `${n} steps`, () => this.train(n), { class: "bl-button bl-primary" }));
      return [h("div", { class: "bl-row" }, h("label", { class: "bl-picker-always" }, "Rate ", this.rate), ...steps), this.status,
        h("div", { class: "bl-pictures" }, this.learned.node, this.counted.node, this.difference.node), this.chart];
    }

    connectedCallback() {
      super.connectedCallback();
      if (!this.controller) return; // it shows its fallback
      this.scheme ??= new MutationObserver(() => this.paint());
      this.scheme.observe(document.body, { attributeFilter: ["data-md-color-scheme"] });
    }

    disconnectedCallback() {
      super.disconnectedCallback();
      this.scheme?.disconnect();
    }

    useModel() {
      super.useModel();
      this.target = normalize(this.model.counts, this.size);
      this.floor = negativeLogLikelihood(this.model.counts, this.target);
      this.blank = { weights: new Float64Array(this.size ** 2), losses: [Math.log(this.size)] };
    }

    /** acts are pairs [rate, steps]; weights and losses follow from them and are kept beside. */
    start = () => ({ rate: 50, acts: [], ...this.blank });
    write = ({ rate, acts }) => [rate, ...acts.map((act) => act.join("x"))].join("-");
    read(text) {
      const [rate, ...acts] = text.split("-");
      let state = { ...this.start(), rate: Number(rate) };
      if (!RATES.includes(state.rate) || acts.length > 200) return undefined;
      for (const act of acts) {
        const [pace, steps] = act.split("x").map(Number);
        if (!RATES.includes(pace) || ![1, 10, 100].includes(steps)) return undefined;
        const trained = this.trained(state, pace, steps);
        if (!trained.acts) return undefined;
        state = { ...trained, rate: state.rate };
      }
      return state;
    }

    /** The state after n more steps; or, if the loss rises or there are too many, what happened instead. */
    trained(state, rate, n) {
      const losses = [...state.losses];
      if (losses.length + n > MOST + 1) return { full: true };
      let { weights } = state;
      for (let step = 0; step < n; step++) {
        weights = trainingStep(weights, this.model.counts, this.size, rate);
        const loss = negativeLogLikelihood(this.model.counts, softmax(weights, this.size));
        losses.push(loss);
        if (!(loss <= losses.at(-2) + 1e-9)) return { risen: losses };
      }
      return { rate, acts: [...state.acts, [rate, n]], weights, losses };
    }

    train(n) {
      const { rate } = this.state;
      if (this.size > WIDEST) {
        this.status.textContent = `A table of ${this.size} × ${this.size} weights is too slow to learn here; Python has no such limit.`;
        return;
      }
      const result = this.trained(this.state, rate, n);
      if (result.acts) {
        this.act(result);
        return;
      }
      if (result.full) this.status.textContent = `That would be more than ${number(MOST)} steps; what is left to gain is in the fourth decimal.`;
      else {
        const [before, after] = result.risen.slice(-2);
        this.status.textContent = `The rate ${rate} is too large: step ${result.risen.length - 1} raised the loss from ${number(before, 5)} to ${number(after, 5)}. ` +
          "The gradient says which way is down, not how far; so long a step lands higher on the other side. Taken back: try a smaller rate.";
        this.draw(this.state.losses, result.risen);
      }
    }

    paint() {
      const { rate, weights, losses } = this.state;
      this.rate.selectedIndex = RATES.indexOf(rate);
      const probs = softmax(weights, this.size);
      this.counted.paint(this.model.vocabulary, (cell) => Math.sqrt(this.target[cell]));
      this.learned.paint(this.model.vocabulary, (cell) => Math.sqrt(probs[cell]));
      let largest = 0;
      this.difference.paint(this.model.vocabulary, (cell) => {
        const off = probs[cell] - this.target[cell];
        largest = Math.max(largest, Math.abs(off));
        return Math.sign(off) * Math.sqrt(Math.abs(off));
      });
      const steps = losses.length - 1;
      this.status.textContent = `${number(steps)} ${steps === 1 ? "step" : "steps"}: loss ${number(losses.at(-1), 4)} nats per letter, ` +
        `${number(losses.at(-1) - this.floor, 4)} above the floor. No cell is further off than ${number(100 * largest, 1)} points.` +
        (steps ? "" : " All weights are 0, so every letter has the same chance.");
      this.draw(losses);
    }

    /** The loss as a line, between the line of knowing nothing and the floor; a failed run dashed. */
    draw(losses, risen) {
      const nothing = Math.log(this.size);
      const top = nothing + 0.25 * (nothing - this.floor);
      const bottom = this.floor - 0.2 * (nothing - this.floor);
      const last = Math.max(10, losses.length - 1, (risen?.length ?? 0) - 1);
      const x = (step) => (6 + ((WIDTH - 12) * step) / last).toFixed(1); // room for the circle
      const y = (loss) => ((HEIGHT * (top - Math.min(loss, top))) / (top - bottom)).toFixed(1);
      const rule = (loss, text, lift) => [svg("line", { x1: 0, x2: WIDTH, y1: y(loss), y2: y(loss), class: "bl-rule" }),
        svg("text", { x: WIDTH, y: Number(y(loss)) + lift, "text-anchor": "end" }, text)];
      const points = (some) => some.map((loss, step) => `${x(step)},${y(loss)}`).join(" ");
      this.chart.replaceChildren(svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT + 32}`, role: "img", "aria-label": "The loss after each step" },
        ...rule(nothing, `knowing nothing: log ${this.size} = ${number(nothing, 3)}`, -7),
        ...rule(this.floor, `the floor, the counts' own loss: ${number(this.floor, 3)}`, 24),
        ...(risen ? [svg("polyline", { points: points(risen), class: "bl-risen" })] : []),
        svg("polyline", { points: points(losses), class: "bl-losses" }),
        svg("circle", { cx: x(losses.length - 1), cy: y(losses.at(-1)), r: 5 }),
        svg("text", { x: 0, y: HEIGHT - 6 }, "↑ loss"),
        svg("text", { x: 0, y: HEIGHT + 26 }, "step 0"),
        svg("text", { x: WIDTH, y: HEIGHT + 26, "text-anchor": "end" }, `step ${last}`)));
    }
  });
})();
