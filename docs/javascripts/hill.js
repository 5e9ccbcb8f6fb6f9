/* <bl-hill>: a hill and two balls. The height is the loss of the bigram network as two of its weights move, all others being
   as counted; the balls go down by plain steps and by AdamW. The state is where they start, both rates, and the step that
   they are to come to; their paths follow from it. */
(() => {
  "use strict";
  const { h, svg, button, enable, number, percent, slider, adamStep, Element, define } = globalThis.bigramlab;
  const PLAIN = [1, 3, 10, 30, 60, 90, 110, 150, 300, 1000];
  const ADAMW = [0.01, 0.03, 0.1, 0.3, 1, 3];
  const LEVELS = [0.00003, 0.00012, 0.0005, 0.002, 0.008, 0.03, 0.12]; // of the lines: each four times as high, roughly
  const MOST = 200; // steps
  const REACH = 5; // how far the picture goes from the lowest point, in each direction
  const PLACES = 32; // of a slider: from -4 to 4
  const [WIDTH, HEIGHT] = [480, 400];
  const calm = matchMedia("(prefers-reduced-motion: reduce)");

  /** The loss above its lowest, along each of the weights, and its slope there. A weight is measured from where it is best:
      at 0 the network predicts what was counted. */
  function makeHill({ counts, rows, total }) {
    const predicted = (x, i) => 1 / (1 + (rows[i] / counts[i] - 1) * Math.exp(-x));
    const along = (x, i) => (rows[i] / total) * (Math.log(1 + (Math.expm1(x) * counts[i]) / rows[i]) - (x * counts[i]) / rows[i]);
    const loss = (point) => along(point[0], 0) + along(point[1], 1);
    const slope = (point) => Float64Array.from(point, (x, i) => (rows[i] * predicted(x, i) - counts[i]) / total);
    return { predicted, along, loss, slope };
  }

  /** Where both balls are after 0, 1, 2 ... steps. */
  function rollDown(hill, start, { plain, adamw }, steps) {
    const paths = { plain: [start], adamw: [start] };
    const zeros = new Float64Array(start.length);
    let training = { step: 0, numbers: Float64Array.from(start), mean: zeros, square: zeros };
    for (let step = 0; step < steps; step++) {
      const at = paths.plain[step];
      const slope = hill.slope(at);
      paths.plain.push(at.map((x, i) => x - plain * slope[i]));
      training = adamStep(training, hill.slope(training.numbers), adamw);
      paths.adamw.push([...training.numbers]);
    }
    return paths;
  }

  /** Where a function that rises from 0 at 0 has a value; the end, if it stays below it until there. */
  function reach(value, f, end) {
    let [low, high] = [0, end];
    if (f(end) < value) return end;
    for (let n = 0; n < 40; n++) {
      const middle = (low + high) / 2;
      if (f(middle) < value) low = middle;
      else high = middle;
    }
    return low;
  }

  /** The line on which the loss has one value, as points around the lowest. */
  function contour(hill, level) {
    const [f, g] = [0, 1].map((i) => (x) => hill.along(x, i));
    const [bottom, top] = [-2 * REACH, 2 * REACH].map((end) => reach(level, g, end));
    const ys = Array.from({ length: 61 }, (_, n) => (bottom + top - (top - bottom) * Math.cos((Math.PI * n) / 60)) / 2);
    const side = (end) => ys.map((y) => [reach(level - g(y), f, end), y]);
    return [...side(-2 * REACH), ...side(2 * REACH).reverse()];
  }

  const xOf = (x) => (WIDTH * (x + REACH)) / (2 * REACH);
  const yOf = (y) => (HEIGHT * (REACH - y)) / (2 * REACH);
  const points = (path) => path.map(([x, y]) => `${xOf(x).toFixed(1)},${yOf(y).toFixed(1)}`).join(" ");
  const away = (x) => Math.abs(x) > REACH;
  const inside = (x) => Math.max(0.1 - REACH, Math.min(REACH - 0.1, x));
  const weight = (place) => (place * 8) / PLACES - 4;

  Object.assign(globalThis.bigramlab, { makeHill, rollDown });

  define("bl-hill", class extends Element {
    build() {
      const numbers = (text) => text.split(" ").map(Number);
      const { pairs, counted, rows, total } = this.dataset;
      this.pairs = pairs.split(" ");
      this.hill = makeHill({ counts: numbers(counted), rows: numbers(rows), total: Number(total) });
      this.lines = LEVELS.map((level) => svg("polygon", { points: points(contour(this.hill, level)), class: "bl-level" }));
      this.at = 0;
      const choose = (name) => (place) => this.act({ ...this.state, [name]: place });
      this.sliders = {
        plain: slider("Rate, plain", PLAIN.length - 1, choose("plain")),
        adamw: slider("Rate, AdamW", ADAMW.length - 1, choose("adamw")),
        x: slider(`Start, ${this.pairs[0][1]}`, PLACES, choose("x")),
        y: slider(`Start, ${this.pairs[1][1]}`, PLACES, choose("y")),
      };
      this.picture = h("div", { class: "bl-chart bl-slope", onclick: (event) => this.put(event) });
      this.run = button("", () => this.runOrPause(), { class: "bl-button bl-primary" });
      this.one = button("One step", () => this.goal < MOST && this.act({ ...this.state, steps: this.at + 1 }));
      this.table = h("div", { class: "bl-scroll" });
      this.status = h("p", { role: "status" });
      return [this.picture, h("div", { class: "bl-row" }, this.run, this.one),
        h("div", { class: "bl-pair" }, ...Object.values(this.sliders).map(({ node }) => node)), this.table, this.status];
    }

    start = () => ({ x: 4, y: 4, plain: PLAIN.indexOf(30), adamw: ADAMW.indexOf(0.1), steps: 0 });
    write = ({ x, y, plain, adamw, steps }) => [x, y, plain, adamw, steps].join("~");
    read(text) {
      if (!/^\d{1,3}(~\d{1,3}){4}$/.test(text)) return undefined;
      const [x, y, plain, adamw, steps] = text.split("~").map(Number);
      const sound = x <= PLACES && y <= PLACES && plain < PLAIN.length && adamw < ADAMW.length && steps <= MOST;
      return sound ? { x, y, plain, adamw, steps } : undefined;
    }

    get goal() {
      return this.state.steps;
    }

    /** The start is put where the picture was clicked, as near as the sliders can. */
    put(event) {
      const box = this.picture.firstChild.getBoundingClientRect();
      const place = (share) => Math.max(0, Math.min(PLACES, Math.round((((2 * share - 1) * REACH + 4) * PLACES) / 8)));
      this.act({ ...this.state, x: place((event.clientX - box.left) / box.width), y: place(1 - (event.clientY - box.top) / box.height) });
    }

    /** A pause is no act of its own: undo goes to where the run began. */
    runOrPause() {
      if (this.at === this.goal) {
        this.act({ ...this.state, steps: MOST });
        return;
      }
      this.state = { ...this.state, steps: this.at };
      this.refresh();
    }

    goOn() {
      if (this.waiting || this.at === this.goal) return;
      this.waiting = true;
      requestAnimationFrame(() => {
        this.waiting = false;
        if (this.controller.signal.aborted || this.at >= this.goal) return;
        this.at += 1;
        this.paint();
      });
    }

    paint() {
      if (this.at > this.goal || calm.matches) this.at = this.goal;
      const { x, y, plain, adamw } = this.state;
      const set = (name, value, digits) => this.sliders[name].set(this.state[name], number(value, digits));
      set("x", weight(x), 2);
      set("y", weight(y), 2);
      set("plain", PLAIN[plain]);
      set("adamw", ADAMW[adamw], 2);
      const running = this.at < this.goal;
      const text = running ? "Pause" : this.at === 0 ? "Let them roll" : this.at < MOST ? "Go on" : `${MOST} steps are all`;
      if (this.run.textContent !== text) this.run.textContent = text;
      enable(this.run, running || this.at < MOST);
      enable(this.one, this.goal < MOST);
      const paths = rollDown(this.hill, [weight(x), weight(y)], { plain: PLAIN[plain], adamw: ADAMW[adamw] }, this.at);
      this.draw(paths);
      this.compare(paths);
      const said = running ? "They roll." : this.at === 0 ? "Both stand at the start. Click in the picture, or use the sliders, to move the start."
        : `Plain steps: ${this.say(paths.plain)} AdamW: ${this.say(paths.adamw)}`;
      if (this.status.textContent !== said) this.status.textContent = said;
      this.goOn();
    }

    /** What became of a ball, in words. */
    say(path) {
      const losses = path.map(this.hill.loss);
      const higher = losses.findIndex((loss) => loss > losses[0] + 1e-9);
      const [x, y] = path.at(-1);
      if (away(x) || away(y) || losses.at(-1) > losses[0] + 1e-9)
        return `diverged. Step ${higher < 0 ? path.findIndex((point) => point.some(away)) : higher} went too far: the rate is too large.`;
      const last = path.slice(-5);
      const across = [0, 1].some((i) => last.length === 5 && last.slice(1).every((point, n) => point[i] * last[n][i] < 0) &&
        Math.abs(last[4][i]) > 0.9 * Math.abs(last[2][i]) && Math.abs(last[4][i]) > 0.2);
      if (across) return "jumps to and fro across the valley, and hardly comes down: the rate is too large.";
      if (losses.at(-1) < LEVELS[0]) return "at the bottom, nearly.";
      if (Math.abs(x) < 0.5) return `down in the valley, but not along it: ${number(Math.abs(y), 1)} to go.`;
      return "still on the slope.";
    }

    compare({ plain, adamw }) {
      const row = (name, mark, point) => h("tr", {}, h("th", { scope: "row" }, h("span", { class: mark, "aria-hidden": "true" }), name),
        h("td", {}, number(this.hill.loss(point), 5)), ...[0, 1].map((i) => h("td", {}, percent(this.hill.predicted(point[i], i)))));
      const heads = ["", "loss above the lowest", ...this.pairs.map(([current, next]) => `${next} after ${current}`)];
      this.table.replaceChildren(h("table", { class: "bl-list bl-standings" }, h("caption", {}, `After ${number(this.at)} ${this.at === 1 ? "step" : "steps"}`),
        h("thead", {}, h("tr", {}, ...heads.map((title) => (title ? h("th", { scope: "col" }, title) : h("td"))))),
        h("tbody", {}, row("plain steps", "bl-plain", plain.at(-1)), row("AdamW", "bl-adamw", adamw.at(-1)), row("as counted", "bl-lowest", [0, 0]))));
    }

    draw({ plain, adamw }) {
      const words = (x, y, text, end) => svg("text", { x, y, "text-anchor": end }, text);
      const ball = ([x, y], name, r) => svg("rect", { x: xOf(inside(x)) - r, y: yOf(inside(y)) - r, width: 2 * r, height: 2 * r, rx: name === "bl-plain" ? r : 2, class: name });
      const [across, up] = this.pairs.map(([current, next]) => `weight of ${next} after ${current}`);
      const at = ([x, y]) => `${number(x, 1)}, ${number(y, 1)}`;
      const label = `A narrow valley, seen from above: across, the ${across}; upward, the ${up}. Its lowest point is at 0, 0. ` +
        `The ball of plain steps is at ${at(plain.at(-1))}, that of AdamW at ${at(adamw.at(-1))}.`;
      this.picture.replaceChildren(svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label }, ...this.lines,
        svg("path", { d: `M${xOf(0) - 6} ${yOf(0)}h12m-6 -6v12`, class: "bl-cross-mark" }),
        ...[[plain, "bl-plain"], [adamw, "bl-adamw"]].map(([path, name]) => svg("polyline", { points: points(path), class: name })),
        ball(plain.at(-1), "bl-plain", 8), ball(adamw.at(-1), "bl-adamw", 7),
        words(WIDTH - 8, HEIGHT - 10, `${across} →`, "end"), words(8, 26, `↑ ${up}`, "start")));
    }
  });
})();
