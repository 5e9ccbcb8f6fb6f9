/* <bl-turn>: the models as points in a box, by numbers, seconds and loss. Each flat chart is a view of it from one side.
   The state is how far it is turned and tilted, in steps of five degrees. */
(() => {
  "use strict";
  const { h, svg, button, number, slider, apart, Element, define } = globalThis.bigramlab;
  const [STEP, TURNS, TILTS] = [5, 36, 18];
  const [WIDTH, HEIGHT, SIZE, EDGE] = [480, 420, 130, 56]; // a word's middle is no nearer to the edge
  const VIEWS = { "loss by numbers": [0, 0], "loss by seconds": [18, 0], "seconds by numbers": [0, 18] };
  const CORNERS = [-1, 1].flatMap((x) => [-1, 1].flatMap((y) => [-1, 1].map((z) => [x, y, z])));
  const radians = (place) => (place * STEP * Math.PI) / 180;

  /** Where a point of the box stands on the screen. */
  function project([x, y, z], { turn, tilt }) {
    const [a, b] = [radians(turn), radians(tilt)];
    const deep = y * Math.cos(a) - x * Math.sin(a);
    return [WIDTH / 2 + SIZE * (x * Math.cos(a) + y * Math.sin(a)), HEIGHT / 2 - SIZE * (z * Math.cos(b) + deep * Math.sin(b))];
  }

  define("bl-turn", class extends Element {
    build() {
      this.models = JSON.parse(this.dataset.models);
      const scaled = [Math.log, Math.log, (loss) => loss].map((scale, i) => {
        const values = this.models.map((model) => scale(model[i + 1]));
        const [least, most] = [Math.min(...values), Math.max(...values)];
        return values.map((value) => (2 * (value - least)) / (most - least) - 1);
      });
      this.points = this.models.map((_, i) => scaled.map((values) => values[i]));
      const views = Object.entries(VIEWS).map(([name, [turn, tilt]]) => button(name, () => this.act({ turn, tilt })));
      this.turn = slider("Turn", TURNS, (turn) => this.act({ ...this.state, turn }));
      this.tilt = slider("Tilt", TILTS, (tilt) => this.act({ ...this.state, tilt }));
      this.picture = h("div", { class: "bl-chart bl-turned" });
      this.picture.addEventListener("pointerdown", (event) => this.grab(event));
      this.picture.addEventListener("pointermove", (event) => this.held && this.drag(event));
      for (const end of ["pointerup", "pointercancel"]) this.picture.addEventListener(end, () => (this.held = undefined));
      this.status = h("p", { role: "status" });
      const row = ([name, numbers, seconds, loss], i) => h("tr", {}, h("th", { scope: "row" }, `${i + 1}. ${name}`),
        ...[number(numbers), number(seconds, seconds < 1 ? 3 : 1), number(loss, 3)].map((text) => h("td", {}, text)));
      const list = h("table", { class: "bl-list bl-standings" },
        h("thead", {}, h("tr", {}, ...["model", "numbers", "seconds", "test loss"].map((title) => h("th", { scope: "col" }, title)))),
        h("tbody", {}, ...this.models.map(row)));
      return [h("div", { class: "bl-row" }, ...views), this.picture, h("div", { class: "bl-pair" }, this.turn.node, this.tilt.node), this.status, list];
    }

    start = () => ({ turn: 7, tilt: 4 });
    write = ({ turn, tilt }) => `${turn}~${tilt}`;
    read(text) {
      if (!/^\d{1,2}~\d{1,2}$/.test(text)) return undefined;
      const [turn, tilt] = text.split("~").map(Number);
      return turn <= TURNS && tilt <= TILTS ? { turn, tilt } : undefined;
    }

    grab(event) {
      this.held = { x: event.clientX, y: event.clientY, ...this.state, moved: false };
      this.picture.setPointerCapture(event.pointerId);
    }

    /** Turn with the hand; undo leads to where it was before the drag. */
    drag(event) {
      const within = (place, most) => Math.max(0, Math.min(most, Math.round(place)));
      const state = { turn: within(this.held.turn + (event.clientX - this.held.x) / 10, TURNS), tilt: within(this.held.tilt + (event.clientY - this.held.y) / 10, TILTS) };
      if (this.write(state) === this.write(this.state)) return;
      if (!this.held.moved) this.act(state);
      else {
        this.state = state;
        this.refresh();
      }
      this.held.moved = true;
    }

    paint() {
      const { turn, tilt } = this.state;
      this.turn.set(turn, `${turn * STEP}°`);
      this.tilt.set(tilt, `${tilt * STEP}°`);
      const view = Object.entries(VIEWS).find(([, places]) => places.join() === [turn, tilt].join())?.[0];
      this.status.textContent = view ? `From here it is the flat chart: ${view}.` : "Drag the box, or choose one of the three sides.";
      const at = (point) => project(point, this.state);
      const line = (one, other, name) => {
        const [[x1, y1], [x2, y2]] = [at(one), at(other)];
        return svg("line", { x1, y1, x2, y2, class: name });
      };
      const edges = CORNERS.flatMap((one, i) => CORNERS.slice(i + 1).filter((other) => one.filter((value, axis) => value !== other[axis]).length === 1)
        .map((other) => line(one, other, "bl-axis")));
      const words = (point, text) => {
        const [x, y] = at(point);
        return svg("text", { x: Math.max(EDGE, Math.min(x, WIDTH - EDGE)), y, "text-anchor": "middle" }, text);
      };
      const places = this.points.map(at);
      const numbers = apart(places, 34); // where a point lies close to another, its number stands beside it
      const spots = places.flatMap(([cx, cy], i) => [svg("line", { x1: cx, y1: cy, x2: numbers[i][0], y2: numbers[i][1], class: "bl-aside" }), svg("circle", { cx, cy, class: "bl-spot" })]);
      const dots = numbers.flatMap(([cx, cy], i) => [svg("circle", { cx, cy, r: 11 }), svg("text", { x: cx, y: cy + 5, "text-anchor": "middle", class: "bl-inside" }, String(i + 1))]);
      const label = `${this.models.length} models as points, by numbers, seconds and loss, turned by ${turn * STEP} and tilted by ${tilt * STEP} degrees.`;
      this.picture.replaceChildren(svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label }, ...edges,
        ...this.points.map((point) => line(point, [point[0], point[1], -1], "bl-stem")), ...spots, ...dots,
        ...(turn === 18 && !tilt ? [] : [words([0, -1.25, -1.25], "numbers →")]), ...(turn === 0 && !tilt ? [] : [words([1.25, 0, -1.25], "seconds →")]),
        ...(tilt === TILTS ? [] : [words([-1.2, -1.2, 1.15], "↑ loss")])));
    }
  });
})();
