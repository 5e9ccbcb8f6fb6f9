/* <bl-poke>: the MLP of the race after its training, to poke: a context, its letters as points, the mix, the bend, 27 bars.
   The state is the context, the letter of it that is chosen, and where letters were moved to, in tenths. */
(() => {
  "use strict";
  const { h, svg, button, number, percent, slider, wordField, apart, roving, makeMlp, Element, define } = globalThis.bigramlab;
  const SIDE = 400; // of the plane

  /** Numbers as bars, up from a line or down. */
  function signed(values, most, label) {
    const bar = (value, i) => svg("rect", { x: 12 * i + 1, width: 10, y: 30 - 30 * Math.max(0, value / most), height: Math.max(0.5, (30 * Math.abs(value)) / most), class: value < 0 ? "bl-below" : "bl-above" });
    return svg("svg", { viewBox: `0 0 ${12 * values.length} 60`, style: `max-width: ${15 * values.length}px`, role: "img", "aria-label": `${label}: ${values.map((value) => number(value, 1)).join(", ")}` },
      ...values.map(bar), svg("line", { x1: 0, x2: 12 * values.length, y1: 30, y2: 30, class: "bl-axis" }));
  }

  define("bl-poke", class extends Element {
    build() {
      this.prepare();
      this.row = h("div", { class: "bl-row", role: "group", "aria-label": "The letters of the context" });
      roving(this.row, () => [...this.row.children], () => Infinity, (at) => this.act({ ...this.state, at }));
      this.grip = svg("circle", { r: 24, class: "bl-grip" }); // it stays: a finger would lose what is made anew
      this.grip.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false }); // elsewhere a finger scrolls
      this.points = svg("g", {});
      this.map = svg("svg", { viewBox: `0 0 ${SIDE} ${SIDE}`, role: "img" }, this.grip, this.points);
      this.plane = h("div", { class: "bl-chart bl-plane" }, this.map);
      this.plane.addEventListener("pointerdown", (event) => this.grab(event));
      this.plane.addEventListener("pointermove", (event) => this.plane.hasPointerCapture(event.pointerId) && this.move(this.placeOf(event), true));
      const most = 20 * this.reach;
      this.sliders = [0, 1].map((axis) => slider(["First number", "Second number"][axis], most, (place) => {
        const point = this.pointOf(this.context()[this.state.at]).map((value) => Math.round(10 * value));
        point[axis] = place - most / 2;
        this.move(point);
      }));
      this.parts = h("div", { class: "bl-stages" });
      this.chances = h("div", { class: "bl-chart bl-chances" });
      this.status = h("p", { role: "status" });
      return [h("p", {}, h("label", {}, "The letters before: ", this.field.input), this.field.note), this.row, this.plane,
        h("div", { class: "bl-pair" }, ...this.sliders.map(({ node }) => node)), this.parts, this.chances, this.status];
    }

    prepare() {
      if (this.numbers) return;
      const { vocabulary, weights, ...rest } = this.dataset;
      this.letters = [...vocabulary];
      const [length, embedding, hidden] = [rest.length, rest.embedding, rest.hidden].map(Number);
      this.length = length;
      this.field = wordField(this.letters, length, (word) => this.act({ ...this.state, word, at: length - 1 }), { size: 6 });
      this.numbers = Float64Array.from(weights.split(" "), Number);
      this.mlp = makeMlp({ size: this.letters.length, length, embedding, hidden });
      this.reach = Math.ceil(Math.max(...this.numbers.slice(0, this.letters.length * embedding).map(Math.abs)));
    }

    context = () => [...this.state.word.padStart(this.length, ".")].map((letter) => this.letters.indexOf(letter));
    pointOf = (id) => this.state.moved[id]?.map((tenths) => tenths / 10) ?? [...this.numbers.slice(2 * id, 2 * id + 2)];

    start = () => ({ word: this.dataset.word, at: this.dataset.word.length - 1, moved: {} });
    write = ({ word, at, moved }) => [at, word, ...Object.entries(moved).map(([id, [x, y]]) => `${id}:${x}:${y}`)].join("~");
    read(text) {
      this.prepare();
      const [at, word, ...points] = text.split("~");
      const moved = {};
      for (const point of points) {
        if (!/^\d{1,2}(:-?\d{1,3}){2}$/.test(point)) return undefined;
        const [id, x, y] = point.split(":").map(Number);
        if (id >= this.letters.length || Math.max(Math.abs(x), Math.abs(y)) > 10 * this.reach) return undefined;
        moved[id] = [x, y];
      }
      if (word === undefined || word !== this.field.clean(word) || !/^\d$/.test(at) || Number(at) >= this.length) return undefined;
      return { word, at: Number(at), moved };
    }

    /** Move the chosen letter; while it is dragged, undo leads to where it was before. */
    move(point, dragged = false) {
      const state = { ...this.state, moved: { ...this.state.moved, [this.context()[this.state.at]]: point } };
      if (!dragged) return this.act(state);
      if (!this.dragged) { // the first move of a drag, by which it begins to be one
        this.dragged = true;
        return this.act(state);
      }
      this.state = state;
      this.refresh();
    }

    placeOf(event) {
      const box = this.map.getBoundingClientRect();
      const tenths = (share) => Math.round(10 * this.reach * Math.max(-1, Math.min(1, 2 * share - 1)));
      return [tenths((event.clientX - box.left) / box.width), tenths(1 - (event.clientY - box.top) / box.height)];
    }

    /** Take the chosen letter, by what a finger can hit, and drag it. */
    grab(event) {
      if (event.target !== this.grip) return;
      event.preventDefault();
      this.plane.setPointerCapture(event.pointerId);
      this.dragged = false;
    }

    paint() {
      const { word, at, moved } = this.state;
      const context = this.context();
      const letters = context.map((id) => this.letters[id]);
      this.field.set(word);
      const focused = this.row.contains(document.activeElement);
      this.row.replaceChildren(...letters.map((letter, place) => button(letter, () => this.act({ ...this.state, at: place }),
        { "aria-pressed": String(place === at), tabindex: place === at ? 0 : -1 })));
      if (focused) this.row.children[at].focus();
      const point = this.pointOf(context[at]);
      this.sliders.forEach(({ set }, axis) => set(Math.round(10 * (point[axis] + this.reach)), `${number(point[axis], 1)}, of ${letters[at]}`));
      const numbers = this.numbers.slice();
      for (const id of Object.keys(moved)) numbers.set(this.pointOf(Number(id)), 2 * id);
      const seen = this.mlp.look(numbers, context);
      const learned = this.mlp.look(this.numbers, context).probs;
      this.drawPlane(context, at);
      this.stages(seen);
      this.draw(seen.probs, learned);
      const likely = (probs) => probs.map((p, id) => [p, this.letters[id]]).sort((a, b) => b[0] - a[0]).slice(0, 3).map(([p, letter]) => `${letter} ${percent(p)}`).join(", ");
      this.status.textContent = `After “${letters.join("")}” it expects ${likely(seen.probs)}.` + (Object.keys(moved).length ? ` As it learned: ${likely(learned)}.` : "");
    }

    stages({ row, mixed, bent }) {
      const most = Math.max(...mixed.map(Math.abs), 1e-9);
      const stage = (title, values, size) => h("div", {}, h("p", {}, title), signed(values, size, title));
      this.parts.replaceChildren(stage("The row", row, Math.max(...row.map(Math.abs), 1e-9)), stage("mixed", mixed, most), stage("bent", bent, most));
    }

    drawPlane(context, at) {
      const place = (value) => (SIDE * (value + this.reach)) / (2 * this.reach);
      const places = this.letters.map((_, id) => this.pointOf(id)).map(([x, y]) => [place(x), SIDE - place(y)]);
      const written = apart(places, parseFloat(getComputedStyle(this.map).fontSize), context[at]);
      const marks = places.flatMap(([x1, y1], id) => { // of letters that stand aside: where they are
        const [x2, y2] = written[id];
        return Math.hypot(x2 - x1, y2 - y1) < 4 ? [] : [svg("line", { x1, y1, x2, y2 }), svg("circle", { cx: x1, cy: y1, r: 2 })];
      });
      const letters = this.letters.map((letter, id) => {
        const name = id === context[at] ? "bl-held" : context.includes(id) ? "bl-at" : "";
        return svg("text", { x: written[id][0], y: written[id][1] + 6, "text-anchor": "middle", class: name }, letter);
      });
      const [x, y] = this.pointOf(context[at]);
      this.points.replaceChildren(...marks, ...letters);
      this.grip.setAttribute("cx", place(x));
      this.grip.setAttribute("cy", SIDE - place(y));
      this.map.setAttribute("aria-label", `The letters as points; ${this.letters[context[at]]} is at ${number(x, 1)}, ${number(y, 1)}`);
    }

    /** The chances of all letters; a line at each where it stood before anything was moved. */
    draw(probs, learned) {
      const most = Math.max(...probs, ...learned);
      const y = (p) => 120 - (110 * p) / most;
      this.chances.replaceChildren(svg("svg", { viewBox: "0 0 600 145", role: "img", "aria-label": "The chance of each letter to come next" },
        ...probs.flatMap((p, id) => [svg("rect", { x: 22 * id + 5, width: 14, y: y(p), height: 120 - y(p), class: "bl-above" }),
          svg("line", { x1: 22 * id + 3, x2: 22 * id + 21, y1: y(learned[id]), y2: y(learned[id]), class: "bl-goal" }),
          svg("text", { x: 22 * id + 12, y: 140, "text-anchor": "middle" }, this.letters[id])])));
    }
  });
})();
