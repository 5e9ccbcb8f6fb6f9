/* <bl-count>: a window slides over `.emma.`; the reader finds the cell that goes up by one. The state is how far one is. */
(() => {
  "use strict";
  const { h, button, code, number, roving, Element, define } = globalThis.bigramlab;

  define("bl-count", class extends Element {
    build() {
      this.text = `.${this.dataset.word}.`;
      this.letters = [...new Set(this.text)].sort();
      this.all = this.dataset.all.split(" ").map(Number);
      this.last = this.text.length; // 5 pairs, then one more act: all the other names
      this.window = h("p", { class: "bl-window", "aria-hidden": "true" },
        ...[...this.text].map((letter) => h("span", {}, letter)));
      this.task = h("p", { role: "status" });
      this.cells = this.letters.flatMap((current, i) =>
        this.letters.map((next, j) =>
          h("button", { type: "button", class: "bl-cell", tabindex: i + j ? -1 : 0, onclick: () => this.choose(current + next) })));
      const size = this.letters.length;
      const table = h("table", { class: "bl-small" },
        h("thead", {}, h("tr", {}, h("td"), ...this.letters.map((letter) => h("th", { scope: "col" }, letter)))),
        h("tbody", {}, ...this.letters.map((letter, i) =>
          h("tr", {}, h("th", { scope: "row" }, letter),
            ...this.cells.slice(i * size, (i + 1) * size).map((cell) => h("td", {}, cell))))));
      roving(table, () => this.cells, () => size, (index) => {
        this.cells.forEach((cell, other) => (cell.tabIndex = other === index ? 0 : -1));
      });
      this.help = button("Count it for me", () => this.act(this.state + 1));
      this.others = button(`Now the other ${this.dataset.others}`, () => this.act(this.last), { class: "bl-button bl-primary" });
      return [this.window, this.task, h("div", { class: "bl-scroll" }, table), h("div", { class: "bl-row" }, this.help, this.others)];
    }

    start = () => 0;
    write = (state) => String(state);
    read(text) {
      const most = this.dataset.word.length + 2;
      return /^\d\d?$/.test(text) && Number(text) <= most ? Number(text) : undefined;
    }

    pair = (step) => this.text.slice(step, step + 2);

    choose(pair) {
      if (this.state >= this.last - 1) return;
      const wanted = this.pair(this.state);
      if (pair === wanted) this.act(this.state + 1);
      else this.task.replaceChildren("That is the cell of ", code(pair), ": row ", code(pair[0]), ", column ", code(pair[1]),
        ". The window shows ", code(wanted), ": the row is its first letter, the column its second.");
    }

    paint() {
      const done = this.state >= this.last - 1;
      const whole = this.state === this.last;
      [...this.window.children].forEach((span, at) =>
        span.classList.toggle("bl-in", !done && (at === this.state || at === this.state + 1)));
      const seen = Array.from({ length: Math.min(this.state, this.last - 1) }, (_, step) => this.pair(step));
      this.cells.forEach((cell, index) => {
        const pair = this.letters[Math.floor(index / this.letters.length)] + this.letters[index % this.letters.length];
        const count = whole ? this.all[index] : seen.filter((other) => other === pair).length;
        cell.textContent = number(count);
        cell.setAttribute("aria-label", `row ${pair[0]}, column ${pair[1]}: ${number(count)}`);
        cell.classList.toggle("bl-some", count > 0);
        cell.classList.toggle("bl-new", !whole && pair === seen.at(-1));
      });
      this.help.hidden = done;
      this.others.hidden = !done || whole;
      const task = whole
        ? [`All ${this.dataset.names} names are counted: ${this.dataset.total} pairs. These are ${this.cells.length} of the table's ${this.dataset.cells} cells.`]
        : done
          ? [`Done: ${this.text.length - 2} letters, ${this.last - 1} pairs, and ${this.last - 1} cells went up by one. The rest is patience.`]
          : [`Pair ${this.state + 1} of ${this.last - 1}: the window shows `, code(this.pair(this.state)), ". Which cell goes up by one? Row: first letter. Column: second letter."];
      this.task.replaceChildren(...task);
    }
  });
})();
