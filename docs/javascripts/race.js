/* <bl-race>: a counted table against an MLP and a Transformer, which train while one looks. The state is the step that
   both are to come to. They get there a piece at a time, so the page stays quick; where they have been is kept, so undo
   needs no training. */
(() => {
  "use strict";
  const { h, svg, button, enable, number, rowSum, makeDarts, unpackWords, countContexts, makeMlp, makeTransformer, chooseRows, rateAt, adamStep, Element, define } =
    globalThis.bigramlab;
  const WIDTH = 600;
  const HEIGHT = 300;
  const LEFT = 68;
  const TOP = 30; // of the axis; the words stand above and below it
  const BOTTOM = 270;
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const listed = (text) => Float64Array.from(text.split(" "), Number);

  /** How the MLP runs: the contexts of a step, and all that the dev names have, which are soon scored. */
  function runMlp({ sizes, batch }, words, seed) {
    const [train, dev] = words.map((some) => countContexts(some, sizes.size, sizes.length));
    const mlp = makeMlp(sizes);
    let end = 0;
    const ends = Float64Array.from({ length: train.rows }, (_, row) => (end += rowSum(train.counts, sizes.size, row)));
    return {
      slope: (numbers, step) => mlp.gradient(numbers, train, chooseRows(ends, makeDarts(seed + step, batch))).slope,
      *score(numbers) {
        return mlp.loss(numbers, dev);
      },
    };
  }

  /** How the Transformer runs: the names of a step, and all dev names, some at a time. */
  function runTransformer({ sizes, batch }, [train, dev], seed) {
    const transformer = makeTransformer(sizes);
    const letters = dev.reduce((sum, word) => sum + word.length + 1, 0);
    return {
      slope: (numbers, step) => transformer.gradient(numbers, makeDarts(seed + step, batch).map((dart) => train[Math.floor(dart * train.length)])).slope,
      *score(numbers) {
        let cost = 0;
        for (let begin = 0; begin < dev.length; begin += 200) {
          cost += transformer.cost(numbers, dev.slice(begin, begin + 200));
          yield;
        }
        return cost / letters;
      },
    };
  }

  define("bl-race", class extends Element {
    build() {
      const { k, vocabulary, table, runners, names, others } = this.dataset;
      this.size = [...vocabulary].length;
      this.table = Number(table);
      this.most = Number(this.dataset.steps);
      this.runners = JSON.parse(runners).map((runner) => ({ ...runner, cell: h("td") }));
      const trainings = this.runners.map(({ weights }) => {
        const numbers = listed(weights);
        return { step: 0, numbers, mean: numbers.map(() => 0), square: numbers.map(() => 0) };
      });
      this.made = new Map([[0, { step: 0, trainings, losses: this.runners.map(({ loss }) => loss) }]]); // by step
      this.at = 0;
      this.run = button("", () => this.runOrPause(), { class: "bl-button bl-primary" });
      this.one = button("One step", () => this.goal < this.most && this.act({ goal: this.at + 1 }));
      this.status = h("p", { role: "status" });
      this.chart = h("div", { class: "bl-chart bl-race-chart" });
      this.after = h("th", { scope: "col" });
      const row = (name, look, numbers, cell) => h("tr", {}, h("th", { scope: "row" }, h("span", { class: `bl-dash ${look}` }), name), h("td", {}, number(numbers)), cell);
      this.standings = h("table", { class: "bl-list bl-standings" },
        h("thead", {}, h("tr", {}, ...["model", "numbers"].map((title) => h("th", { scope: "col" }, title)), this.after)),
        h("tbody", {}, row(`the counted table, k = ${k}`, "bl-goal", this.size ** 2, h("td", {}, number(this.table, 3))),
          ...this.runners.map(({ name, reads, look, cell }, i) => row(`the ${name}, ${reads}`, look, trainings[i].numbers.length, cell))));
      const rules = h("p", {}, `All learn from the same ${names} names, and are judged by ${others} dev names that none of them saw.`);
      return [rules, this.chart, this.standings, h("div", { class: "bl-row" }, this.run, this.one), this.status];
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

    /** Before the first step, the names are unpacked; it stops after each piece of work, as the two below do. */
    *prepare() {
      const { vocabulary, train, dev, seed } = this.dataset;
      const words = [];
      for (const text of [train, dev]) {
        words.push(unpackWords(text, [...vocabulary]));
        yield;
      }
      const mlp = runMlp(this.runners[0], words, Number(seed));
      yield;
      this.paces = [mlp, runTransformer(this.runners[1], words, Number(seed))];
    }

    /** Train on, to the next step whose losses are drawn: every one at first, later every twentieth. */
    *advance() {
      const every = this.at < 20 ? 1 : this.at < 100 ? 5 : 20;
      const next = Math.min(this.goal, every * Math.floor(this.at / every) + every);
      if (!this.paces) yield* this.prepare();
      if (!this.made.has(next)) yield* this.train(next);
      this.at = next;
    }

    *train(next) {
      let { trainings } = this.made.get(this.at);
      for (let step = this.at; step < next; step++) {
        const rate = rateAt(step, this.most, Number(this.dataset.rate));
        trainings = trainings.map((training, i) => adamStep(training, this.paces[i].slope(training.numbers, step + 1), rate));
        yield;
      }
      const losses = [];
      for (const [i, { numbers }] of trainings.entries()) losses.push(yield* this.paces[i].score(numbers));
      this.made.set(next, { step: next, trainings, losses });
    }

    /** What a frame has time for; the rest in the next one, unless the page has gone on without this element. */
    frame() {
      this.waiting = false;
      if (this.controller.signal.aborted || this.at === this.goal) return;
      const begun = performance.now();
      let come = false; // to a step that is drawn
      while (!(come && !calm.matches) && this.at !== this.goal && performance.now() - begun < 10) {
        this.work ??= this.advance();
        come = this.work.next().done;
        if (come) this.work = undefined;
      }
      if (calm.matches ? this.at === this.goal : come) this.paint();
      else this.goOn();
    }

    goOn() {
      if (this.waiting || this.at === this.goal) return;
      this.waiting = true;
      requestAnimationFrame(() => this.frame());
    }

    paint() {
      this.work = undefined; // it was on its way to where nobody may want to go any more
      if (this.goal < this.at) this.at = Math.max(...[...this.made.keys()].filter((step) => step <= this.goal));
      const running = this.at !== this.goal;
      const text = running ? "Pause" : this.at === 0 ? "Start the race" : this.at < this.most ? "Go on" : "The race is over";
      if (this.run.textContent !== text) this.run.textContent = text;
      enable(this.run, running || this.at < this.most);
      enable(this.one, this.goal < this.most);
      const points = [...this.made.values()].filter(({ step }) => step <= this.at).sort((a, b) => a.step - b.step);
      const above = this.runners.map((_, i) => points.map(({ losses }) => losses[i] >= this.table).lastIndexOf(true));
      const passed = above.map((at) => points[at + 1]?.step); // from here on it was below, up to now
      this.after.textContent = `loss after ${number(this.at)} ${this.at === 1 ? "step" : "steps"}`;
      this.runners.forEach(({ cell }, i) => (cell.textContent = number(points.at(-1).losses[i], 3)));
      const said = this.say(passed);
      if (this.status.textContent !== said) this.status.textContent = said; // so that it is read out once, not sixty times a second
      this.draw(points, passed);
      this.goOn();
    }

    say(passed) {
      if (this.goal === 0) return "The table is counted already. The numbers of the networks are random still.";
      const told = this.runners.map(({ name }, i) => (passed[i] === undefined ? `The ${name} is above the table still.` : `From step ${number(passed[i])} on, the ${name} was below the table.`)).join(" ");
      if (this.at !== this.goal) return passed.some(Boolean) ? `The networks train. ${told}` : "The networks train.";
      return this.at < this.most ? told : `${told} ${this.dataset.verdict}`;
    }

    /** The dev losses by steps: the networks' as curves, the table's and that of knowing nothing as lines. */
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
      const curves = this.runners.flatMap(({ look }, i) => [
        svg("polyline", { points: points.map(({ step, losses }) => `${x(step)},${y(losses[i])}`).join(" "), class: look }),
        ...(passed[i] === undefined ? [] : [svg("circle", { cx: x(passed[i]), cy: y(this.table), r: 6, class: "bl-passed" })]),
        svg("circle", { cx: x(end.step), cy: y(end.losses[i]), r: 5 - 2 * i, class: look })]); // the second one on the first
      const label = `Losses on the dev names, in nats per letter, after ${number(end.step)} steps. ` + this.runners.map(({ name }, i) =>
        `The ${name}: ${number(end.losses[i], 3)}, at first ${number(points[0].losses[i], 3)}. `).join("") +
        `The table: ${number(this.table, 3)}. Knowing nothing: ${number(nothing, 3)}.`;
      this.chart.replaceChildren(svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label }, ...axis,
        ...rule(nothing, `knowing nothing: log ${this.size} = ${number(nothing, 3)}`, "bl-rule", 24),
        ...rule(this.table, `━ the counted table: ${number(this.table, 3)}`, "bl-goal", 48), // below where the curves can be
        ...curves));
    }
  });
})();
