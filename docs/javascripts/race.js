/* <bl-race>: a counted table against an MLP that trains while one looks. The state is the step that the MLP is to come
   to. It gets there a piece a frame, so the page stays quick; where it has been is kept, so undo needs no training. */
(() => {
  "use strict";
  const {
    h, svg, button, enable, number, smooth, normalize, rowSum, makeDarts, negativeLogLikelihood, unpackContexts, bigramsOf, makeMlp, chooseRows,
    rateAt, adamStep, Element, define,
  } = globalThis.bigramlab;
  const WIDTH = 600;
  const HEIGHT = 300;
  const LEFT = 68;
  const TOP = 30; // of the axis; the words stand above and below it
  const BOTTOM = 270;
  const calm = matchMedia("(prefers-reduced-motion: reduce)");

  define("bl-race", class extends Element {
    build() {
      this.prepare();
      this.run = button("", () => this.runOrPause(), { class: "bl-button bl-primary" });
      this.one = button("One step", () => this.goal < this.most && this.act({ goal: this.at + 1 }));
      this.status = h("p", { role: "status" });
      this.chart = h("div", { class: "bl-chart bl-race-chart" });
      this.mlpLoss = h("td");
      const row = (name, numbers, cell) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, number(numbers)), cell);
      this.standings = h("table", { class: "bl-list bl-standings" },
        h("thead", {}, h("tr", {}, ...["model", "numbers", "loss, nats per letter"].map((title) => h("th", { scope: "col" }, title)))),
        h("tbody", {}, row(`the counted table, k = ${this.dataset.k}`, this.size ** 2, h("td", {}, number(this.table, 3))),
          row(`the MLP, context ${this.dataset.length}`, this.mlp.total, this.mlpLoss)));
      const { names, others } = this.dataset;
      const rules = h("p", {}, `Both learn from the same ${names} names, and are judged by ${others} dev names that neither saw.`);
      return [rules, this.chart, this.standings, h("div", { class: "bl-row" }, this.run, this.one), this.status];
    }

    /** Both models: the table is ready as soon as it is counted, the MLP has all before it. */
    prepare() {
      const { vocabulary, train, dev, k, weights, ...rest } = this.dataset;
      const [length, embedding, hidden] = [rest.length, rest.embedding, rest.hidden].map(Number);
      this.size = [...vocabulary].length;
      [this.train, this.dev] = [train, dev].map((text) => unpackContexts(text, [...vocabulary], length));
      [this.most, this.batch, this.rate, this.seed] = [rest.steps, rest.batch, rest.rate, rest.seed].map(Number);
      const [known, unseen] = [this.train, this.dev].map((examples) => bigramsOf(examples, this.size, length));
      this.table = negativeLogLikelihood(unseen, normalize(smooth(known, Number(k)), this.size));
      let end = 0;
      this.ends = Float64Array.from({ length: this.train.rows }, (_, row) => (end += rowSum(this.train.counts, this.size, row)));
      this.mlp = makeMlp({ size: this.size, length, embedding, hidden });
      const numbers = Float64Array.from(weights.split(" "), Number);
      this.made = new Map(); // by step: the network, and its loss on the dev names
      this.keep({ step: 0, numbers, mean: new Float64Array(numbers.length), square: new Float64Array(numbers.length) });
      this.at = 0;
    }

    start = () => ({ goal: 0 });
    write = ({ goal }) => String(goal);
    read(text) {
      this.most ??= Number(this.dataset.steps);
      return /^\d{1,5}$/.test(text) && Number(text) <= this.most ? { goal: Number(text) } : undefined;
    }

    get goal() {
      return this.state.goal;
    }

    /** A pause is no act of its own: undo goes to where the run began. */
    runOrPause() {
      if (this.at === this.goal) {
        this.act({ goal: this.most });
        return;
      }
      this.state = { goal: this.at };
      this.refresh();
    }

    keep(training) {
      this.made.set(training.step, { ...training, loss: this.mlp.loss(training.numbers, this.dev) });
    }

    /** Train on, to the next step whose loss is drawn: every one at first, later every tenth. */
    advance() {
      const next = Math.min(this.goal, this.at < 100 ? this.at + 1 : 10 * Math.floor(this.at / 10) + 10);
      if (!this.made.has(next)) {
        let training = this.made.get(this.at);
        while (training.step < next) {
          const rows = chooseRows(this.ends, makeDarts(this.seed + training.step + 1, this.batch));
          const { slope } = this.mlp.gradient(training.numbers, this.train, rows);
          training = adamStep(training, slope, rateAt(training.step, this.most, this.rate));
        }
        this.keep(training);
      }
      this.at = next;
    }

    /** What a frame has time for; the rest in the next one, unless the page has gone on without this element. */
    frame() {
      this.waiting = false;
      if (this.controller.signal.aborted || this.at === this.goal) return;
      const begun = performance.now();
      do this.advance();
      while (calm.matches && this.at < this.goal && performance.now() - begun < 8);
      if (!calm.matches || this.at === this.goal) this.paint();
      else this.goOn();
    }

    goOn() {
      if (this.waiting || this.at === this.goal) return;
      this.waiting = true;
      requestAnimationFrame(() => this.frame());
    }

    paint() {
      if (this.goal < this.at) this.at = Math.max(...[...this.made.keys()].filter((step) => step <= this.goal));
      const running = this.at !== this.goal;
      const text = running ? "Pause" : this.at === 0 ? "Start the race" : this.at < this.most ? "Go on" : "The race is over";
      if (this.run.textContent !== text) this.run.textContent = text;
      enable(this.run, running || this.at < this.most);
      enable(this.one, this.goal < this.most);
      const points = [...this.made.values()].filter(({ step }) => step <= this.at).sort((a, b) => a.step - b.step);
      const loss = points.at(-1).loss;
      const above = points.map((point) => point.loss >= this.table).lastIndexOf(true);
      const passed = points[above + 1]?.step; // from here on it was below, up to now
      this.mlpLoss.textContent = `${number(loss, 3)} after ${number(this.at)} ${this.at === 1 ? "step" : "steps"}`;
      const said = this.say(passed, loss);
      if (this.status.textContent !== said) this.status.textContent = said; // so that it is read out once, not sixty times a second
      this.draw(points, passed);
      this.goOn();
    }

    say(passed, loss) {
      if (this.goal === 0) return "The table is counted already. The MLP's numbers are random still.";
      const than = passed === undefined ? "The MLP is above the table still." : `From step ${number(passed)} on, the MLP was below the table.`;
      if (this.at !== this.goal) return passed === undefined ? "The MLP trains." : `The MLP trains. ${than}`;
      if (this.at < this.most) return than;
      return `${than} It ends ${number(Math.abs(this.table - loss), 3)} nats ${loss < this.table ? "lower" : "higher"}, with ` +
        `${number(this.size ** 2 - this.mlp.total)} numbers fewer: it looks back ${this.dataset.length} letters, and similar letters share what they learn.`;
    }

    /** The dev loss by steps: the MLP's as a curve, the table's and that of knowing nothing as lines. */
    draw(points, passed) {
      const nothing = Math.log(this.size);
      const [top, bottom] = [3.4, 2.15];
      const last = [20, 50, 100, 200, 500].find((most) => this.at <= most) ?? this.most; // the axis grows with the race
      const x = (step) => (LEFT + ((WIDTH - LEFT - 8) * step) / last).toFixed(1);
      const y = (loss) => (TOP + (BOTTOM - TOP) * ((top - Math.min(loss, top)) / (top - bottom))).toFixed(1);
      const words = (at, height, text, end) => svg("text", { x: at, y: height, ...(end && { "text-anchor": end }) }, text);
      const rule = (loss, text, name, lower) => [svg("line", { x1: LEFT, x2: WIDTH, y1: y(loss), y2: y(loss), class: name }),
        words(WIDTH, Number(y(loss)) + lower, text, "end")];
      const axis = [svg("line", { x1: LEFT, x2: LEFT, y1: TOP, y2: BOTTOM, class: "bl-axis" }),
        svg("line", { x1: LEFT, x2: WIDTH, y1: BOTTOM, y2: BOTTOM, class: "bl-axis" }),
        ...[2.4, 2.7, 3, 3.3].map((loss) => words(LEFT - 8, Number(y(loss)) + 5, loss.toFixed(1), "end")),
        words(LEFT, BOTTOM + 24, "0"), words(WIDTH, BOTTOM + 24, `${number(last)} steps`, "end"),
        words(0, 20, "loss on dev names, nats per letter")];
      const end = points.at(-1);
      const label = `The MLP's loss on the dev names: ${number(points[0].loss, 3)} at first, ${number(end.loss, 3)} after ${number(end.step)} steps. ` +
        `The table: ${number(this.table, 3)}. Knowing nothing: ${number(nothing, 3)} nats per letter.`;
      this.chart.replaceChildren(svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label }, ...axis,
        ...rule(nothing, `knowing nothing: log ${this.size} = ${number(nothing, 3)}`, "bl-rule", 24),
        ...rule(this.table, `━ the counted table: ${number(this.table, 3)}`, "bl-goal", 48), // below where the curve can be
        svg("polyline", { points: points.map(({ step, loss }) => `${x(step)},${y(loss)}`).join(" "), class: "bl-losses" }),
        ...(passed === undefined ? [] : [svg("circle", { cx: x(passed), cy: y(this.table), r: 6, class: "bl-passed" })]),
        svg("circle", { cx: x(end.step), cy: y(end.loss), r: 5 })));
    }
  });
})();
