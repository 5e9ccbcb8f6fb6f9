/* <bl-memorize>: the same training on few names and on many: the loss on its own names, that on others, and the gap between.
   The trainings were done with the package; the state is which of them is shown, and whether it was stopped in time. */
(() => {
  "use strict";
  const { h, svg, code, number, percent, slider, Element, define } = globalThis.bigramlab;
  const [WIDTH, HEIGHT, LEFT, TOP, BOTTOM] = [600, 320, 40, 34, 280];
  const HIGHEST = 8; // nats

  define("bl-memorize", class extends Element {
    build() {
      this.rows = JSON.parse(this.dataset.rows);
      this.nothing = Math.log(Number(this.dataset.size));
      this.slider = slider("Names learned", this.rows.length - 1, (place) => this.act({ ...this.state, place }));
      this.stop = h("input", { type: "checkbox" });
      this.stop.addEventListener("change", () => this.act({ ...this.state, best: this.stop.checked }));
      this.picture = h("div", { class: "bl-chart bl-gap", onclick: (event) => this.point(event) });
      this.written = h("p", { class: "bl-written" });
      this.status = h("p", { role: "status" });
      return [this.slider.node, h("p", {}, h("label", {}, this.stop, " Stop in time, where the loss on dev names is lowest")),
        this.picture, this.status, this.written];
    }

    start = () => ({ place: 0, best: false });
    write = ({ place, best }) => `${place}~${Number(best)}`;
    read(text) {
      const rows = JSON.parse(this.dataset.rows).length;
      if (!/^\d{1,2}~[01]$/.test(text)) return undefined;
      const [place, best] = text.split("~").map(Number);
      return place < rows ? { place, best: best === 1 } : undefined;
    }

    /** Choose the training that stands nearest to where the picture was clicked. */
    point(event) {
      const box = this.picture.firstChild.getBoundingClientRect();
      const at = (WIDTH * (event.clientX - box.left)) / box.width;
      const far = this.rows.map(({ names }) => Math.abs(this.x(names) - at));
      this.act({ ...this.state, place: far.indexOf(Math.min(...far)) });
    }

    paint() {
      const { place, best } = this.state;
      const { names } = this.rows[place];
      const { steps, train, test, copied, words } = this.shown(this.rows[place]);
      this.slider.set(place, number(names));
      this.stop.checked = best;
      this.status.textContent = `${number(names)} names, ${number(steps)} steps: ${number(train, 2)} nats on these names, ${number(test, 2)} on the test names. ` +
        `The gap is ${number(test - train, 2)}. ${test > this.nothing ? "That is worse than knowing nothing. " : ""}` +
        `Of the words that it writes, ${percent(copied)} are copies.`;
      this.written.replaceChildren("It writes: ", ...words.flatMap(([word, known]) => [known ? h("mark", {}, code(word)) : code(word), " "]),
        words.some(([, known]) => known) ? "(marked: a name that it learned from)" : "");
      this.draw();
    }

    shown(row) {
      return row[this.state.best ? "best" : "end"];
    }

    /** Each place is twice as many names as the one before, so it stands as far on. */
    x(names) {
      const [least, most] = [this.rows[0].names, this.rows.at(-1).names].map(Math.log);
      return LEFT + 20 + ((WIDTH - LEFT - 60) * (Math.log(names) - least)) / (most - least);
    }

    draw() {
      const y = (loss) => BOTTOM - ((BOTTOM - TOP) * loss) / HIGHEST;
      const words = (x, height, text, end = "start", name = "") => svg("text", { x, y: height, "text-anchor": end, class: name }, text);
      const curve = (part) => this.rows.map((row) => `${this.x(row.names).toFixed(1)},${y(this.shown(row)[part]).toFixed(1)}`);
      const { names } = this.rows[this.state.place];
      const { train, test } = this.shown(this.rows[this.state.place]);
      const at = this.x(names);
      const near = at < WIDTH / 2; // the words stand where there is room
      const beside = (loss, lower, text) => words(at + (near ? 12 : -12), y(loss) + lower, text, near ? "start" : "end", "bl-told");
      const label = `The losses by how many names were learned. With ${number(names)}: ${number(train, 2)} nats on its own names, ${number(test, 2)} on the test names.`;
      this.picture.replaceChildren(svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label },
        svg("polygon", { points: [...curve("test"), ...curve("train").reverse()].join(" "), class: "bl-between-curves" }),
        svg("line", { x1: LEFT, x2: WIDTH, y1: BOTTOM, y2: BOTTOM, class: "bl-axis" }),
        svg("line", { x1: LEFT, x2: WIDTH, y1: y(this.nothing), y2: y(this.nothing), class: "bl-rule" }),
        words(WIDTH, y(this.nothing) - 16, `knowing nothing: ${number(this.nothing, 2)}`, "end"),
        ...[0, 2, 4, 6, 8].map((loss) => words(LEFT - 10, y(loss) + 5, String(loss), "end")),
        words(WIDTH, 24, "loss, nats", "end"),
        ...[0, 3, 6, this.rows.length - 1].map((place) => this.rows[place]?.names).filter(Boolean).map((some) => words(this.x(some), BOTTOM + 26, number(some), "middle")),
        svg("polyline", { points: curve("train").join(" "), class: "bl-own" }), svg("polyline", { points: curve("test").join(" "), class: "bl-others" }),
        svg("line", { x1: at, x2: at, y1: y(train), y2: y(test), class: "bl-goal" }),
        svg("circle", { cx: at, cy: y(train), r: 6, class: "bl-own" }), svg("circle", { cx: at, cy: y(test), r: 6, class: "bl-others" }),
        beside(test, -10, `test ${number(test, 2)}`), beside(train, test - train > 2 ? -14 : 24, `its own ${number(train, 2)}`)));
    }
  });
})();
