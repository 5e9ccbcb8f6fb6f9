/* <bl-sampler>: names being written from the table, a draw and a letter at a time. One timer moves it: it stops when the
   reader says so, when the element leaves the page, and by itself after some names. */
(() => {
  "use strict";
  const { h, button, shown, line, smooth, normalize, draw, makeDarts, define } = globalThis.bigramlab;
  const PAUSES = { draw: 700, append: 450, end: 1100 }; // milliseconds
  const NAMES = 12; // after so many it rests
  const LISTED = 9;
  const FITTING = 15; // letters that have room
  const DARTS = 4096;

  define("bl-sampler", class extends HTMLElement {
    connectedCallback() {
      if (!this.path) this.build();
      this.still = matchMedia("(prefers-reduced-motion: reduce)").matches;
      this.toggle.hidden = this.still;
      this.begin();
      if (this.still) this.finish();
      else this.play();
    }

    disconnectedCallback() {
      this.pause();
    }

    build() {
      const { vocabulary, counts, seed } = this.dataset;
      this.vocabulary = [...vocabulary];
      this.size = this.vocabulary.length;
      this.probs = normalize(smooth(Float64Array.from(counts.split(" "), Number), 1), this.size);
      this.seed = seed ? Number(seed) : crypto.getRandomValues(new Uint32Array(1))[0];
      this.darts = [];
      this.map = this.querySelector("svg");
      this.path = h("p", { class: "bl-path", "aria-hidden": "true" });
      this.line = line();
      this.toggle = button("", () => (this.timer ? this.pause() : this.play()));
      this.written = this.querySelector(".bl-written");
      this.said = h("span", { role: "status", class: "bl-unseen" });
      this.querySelector(".bl-stage").replaceChildren(this.path, this.line.node,
        h("p", { class: "bl-note" }, "Each letter has a piece of this line, as long as it is likely to come next. A random number picks one."),
        h("div", { class: "bl-row" }, this.toggle, button("Another", () => this.another()), this.said),
        this.written);
    }

    play() {
      this.left = NAMES;
      this.toggle.textContent = "Pause";
      this.timer = setTimeout(() => this.tick(), PAUSES.draw);
    }

    pause() {
      clearTimeout(this.timer);
      this.timer = 0;
      this.toggle.textContent = "Go on";
    }

    /** Leave the name as it is, and write a new one: at once, for who wants nothing to move. */
    another() {
      this.pause();
      this.begin();
      if (this.still) this.finish();
      else this.play();
    }

    tick() {
      if (this.dart === undefined) this.throwDart();
      else this.append();
      this.paint();
      const ended = this.ids.at(-1) === 0;
      if (ended) {
        this.list();
        this.left -= 1;
      }
      if (ended && this.left === 0) this.pause();
      else this.timer = setTimeout(() => this.tick(), PAUSES[ended ? "end" : this.dart === undefined ? "append" : "draw"]);
    }

    begin() {
      this.ids = [];
      this.dart = undefined;
      this.paint();
    }

    throwDart() {
      if (this.ids.at(-1) === 0) this.ids = []; // the name is finished: the next one begins
      if (!this.darts.length) this.darts = makeDarts(this.seed++, DARTS);
      this.dart = this.darts.pop();
      this.next = draw(this.probs, this.size, this.ids.at(-1) ?? 0, this.dart);
    }

    append() {
      this.ids.push(this.next);
      this.dart = undefined;
    }

    finish() {
      do {
        this.throwDart();
        this.append();
      } while (this.next);
      this.paint();
      this.list();
    }

    list() {
      const name = this.ids.slice(0, -1).map((id) => this.vocabulary[id]).join("");
      if (!name) return;
      this.written.prepend(h("code", {}, shown(name)), " ");
      while (this.written.childElementCount > LISTED) this.written.lastElementChild.remove();
      if (this.still) this.said.textContent = name;
    }

    paint() {
      const letters = this.ids.map((id) => shown(this.vocabulary[id]));
      const long = letters.length > FITTING;
      const start = h("span", { class: letters.length ? "" : "bl-last" }, long ? "…" : ".");
      this.path.replaceChildren(start, ...letters.slice(-FITTING, -1), h("span", { class: "bl-last" }, letters.at(-1) ?? ""));
      this.line.paint(this.probs, this.vocabulary, this.ids.at(-1) ?? 0, this.dart === undefined ? -1 : this.next, this.dart);
      const steps = this.ids.map((id, place) => [id + 0.45, (this.ids[place - 1] ?? 0) + 0.45]);
      const [x, y] = steps.at(-1) ?? [0, 0];
      this.map.querySelector("circle").setAttribute("r", steps.length ? 0.6 : 0);
      this.map.querySelector("rect").setAttribute("y", (this.ids.at(-1) ?? 0) - 0.15);
      this.map.querySelector("polyline").setAttribute("points", steps.join(" "));
      this.map.querySelector("circle").setAttribute("cx", x);
      this.map.querySelector("circle").setAttribute("cy", y);
    }
  });
})();
