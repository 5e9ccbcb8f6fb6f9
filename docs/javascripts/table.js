/* <bl-table>: the whole table. One cell is marked, and the same cell is marked in the bars of its row or column, in the
   row's line from 0 to 1, in the sentence and in the formula. k slides, and every row is normalized again. */
(() => {
  "use strict";
  const { h, code, shown, number, percent, readK, kSlider, line, roving, smooth, normalize, rowSum, Element, define } = globalThis.bigramlab;
  const WIDEST = 40; // a larger alphabet has no grid: its cells would be too small to hit
  const MOST_BARS = 60;

  define("bl-table", class extends Element {
    build() {
      this.slider = kSlider((k) => this.act({ ...this.state, k }));
      this.head = h("p", { class: "bl-head" });
      this.formula = h("p", { class: "bl-formula" });
      this.sentence = h("p", { class: "bl-sentence" });
      this.line = line((col) => this.act({ ...this.state, col }));
      this.bars = h("div", { class: "bl-bars", role: "listbox", "aria-label": "The bars' probabilities" });
      roving(this.bars, () => [...this.bars.children], () => 1, (at) => this.act(this.barState(at)));
      this.bars.addEventListener("click", (event) => {
        const bar = event.target.closest("[role=option]");
        if (bar) this.act(this.barState([...this.bars.children].indexOf(bar)));
      });
      this.way = h("select", { "aria-label": "Row or column" }, ...["What follows", "What comes before"].map((text) => h("option", {}, text)));
      this.way.addEventListener("change", () => this.act({ ...this.state, turned: this.way.selectedIndex === 1 }));
      this.picker = h("select", { "aria-label": "Letter" });
      this.picker.addEventListener("change", () => this.act({ ...this.state, [this.state.turned ? "col" : "row"]: this.picker.selectedIndex }));
      this.grid = h("table", { class: "bl-grid", role: "grid", "aria-label": "Row: current letter; column: next letter" });
      roving(this.grid, () => this.cells, () => this.size, (at) => this.act(this.cellState(at)));
      this.grid.addEventListener("click", (event) => {
        const at = this.cells.indexOf(event.target.closest("td"));
        if (at >= 0) this.act(this.cellState(at));
      });
      this.readInPassing(this.grid, (target) => {
        const at = this.cells.indexOf(target.closest("td"));
        return at < 0 ? undefined : this.cellState(at);
      });
      this.readInPassing(this.bars, (target) => {
        const place = [...this.bars.children].indexOf(target.closest("[role=option]"));
        return place < 0 ? undefined : this.barState(place);
      });
      this.readInPassing(this.line.node, ({ dataset }) => dataset.id && { ...this.state, col: Number(dataset.id) });
      return [
        this.slider.node,
        h("p", { class: "bl-picker" }, this.way, " ", this.picker),
        h("div", { class: "bl-readout" }, this.head, this.formula, this.line.node, this.sentence),
        this.bars,
        h("div", { class: "bl-scroll bl-wide" }, this.grid),
      ];
    }

    /** A mouse reads as it passes; what is marked returns when it leaves. */
    readInPassing(node, stateAt) {
      node.addEventListener("pointerover", (event) => {
        const state = event.pointerType === "mouse" && stateAt(event.target);
        if (state && this.write(state) !== this.write(this.passed ?? this.state)) this.paintMark((this.passed = state));
      });
      node.addEventListener("pointerleave", () => this.paintMark((this.passed = this.state)));
    }

    barState = (place) => ({ ...this.state, [this.state.turned ? "row" : "col"]: this.listed[place] });
    cellState = (at) => ({ ...this.state, row: Math.floor(at / this.size), col: at % this.size });

    start() {
      const [row, col] = [...(this.dataset.at ?? "")].map((letter) => this.model.vocabulary.indexOf(letter));
      return { row: row > 0 ? row : 0, col: col >= 0 ? col : Math.min(1, this.size - 1), k: this.model.k, turned: false };
    }
    write = ({ row, col, k, turned }) => `${row}-${col}-${k}${turned ? "-turned" : ""}`;
    read(text) {
      if (!/^\d{1,3}-\d{1,3}-[\d.]+(-turned)?$/.test(text)) return undefined;
      const [row, col, k] = [...text.split("-", 2).map(Number), readK(text.split("-")[2])];
      return row < this.size && col < this.size && k !== undefined ? { row, col, k, turned: text.endsWith("-turned") } : undefined;
    }

    /** The nodes for a vocabulary; made again only when the reader brings other words. */
    fill() {
      const { vocabulary, counts } = this.model;
      this.filled = this.model;
      this.paintedK = undefined;
      this.picker.replaceChildren(...vocabulary.map((letter, id) => h("option", {}, id ? shown(letter) : "")));
      this.classList.toggle("bl-nogrid", this.size > WIDEST);
      this.cells = [];
      this.grid.replaceChildren();
      if (this.size > WIDEST) return;
      const column = vocabulary.map((letter) => h("th", { scope: "col" }, shown(letter)));
      const rows = vocabulary.map((letter) => {
        const cells = vocabulary.map(() => h("td", { role: "gridcell", tabindex: -1 }));
        this.cells.push(...cells);
        return h("tr", {}, h("th", { scope: "row" }, shown(letter)), ...cells);
      });
      this.cells.forEach((cell, at) => {
        cell.pair = shown(vocabulary[Math.floor(at / this.size)] + vocabulary[at % this.size]);
        cell.times = number(counts[at]);
      });
      this.grid.append(h("thead", {}, h("tr", {}, h("td"), ...column)), h("tbody", {}, ...rows));
    }

    paint() {
      if (this.filled !== this.model) this.fill();
      const { k } = this.state;
      const { counts } = this.model;
      this.slider.set(k);
      if (this.paintedK !== k) {
        this.paintedK = k;
        this.probs = normalize(smooth(counts, k), this.size);
        this.cells.forEach((cell, at) => {
          const p = this.probs[at];
          const heat = Math.sqrt(p).toFixed(2);
          if (cell.heat !== heat) cell.style.setProperty("--heat", (cell.heat = heat));
          cell.setAttribute("aria-label", `${cell.pair}: ${cell.times} times, ${percent(p)}`);
        });
      }
      this.paintMark((this.passed = this.state));
    }

    paintMark({ row, col, k, turned }) {
      const { vocabulary, counts } = this.model;
      const at = row * this.size + col;
      const p = this.probs[at];
      const rowCount = rowSum(counts, this.size, row);
      this.way.selectedIndex = Number(turned);
      this.picker.options[0].textContent = turned ? ". (the end)" : ". (the start)";
      this.picker.selectedIndex = turned ? col : row;
      this.head.replaceChildren(code(vocabulary[row] + vocabulary[col]),
        ` counted ${number(counts[at])} times · probability ${percent(p)}`);
      const ks = number(k, k % 1 ? 2 : 0);
      this.formula.replaceChildren("P(", code(vocabulary[col]), " after ", code(vocabulary[row]),
        `) = (${number(counts[at])} + ${ks}) / (${number(rowCount)} + ${this.size} × ${ks}) = ${p.toFixed(4)}`);
      this.line.paint(this.probs, vocabulary, row, col);
      this.sentence.replaceChildren(...this.say(row, col));
      if (turned) this.paintBars((id) => this.probs[id * this.size + col], row);
      else this.paintBars((id) => this.probs[row * this.size + id], col);
      if (!this.cells.length) return;
      const marked = this.cells[at];
      if (this.marked && this.marked !== marked) {
        this.marked.tabIndex = -1;
        this.marked.removeAttribute("aria-selected");
      }
      marked.tabIndex = 0;
      marked.setAttribute("aria-selected", "true");
      this.marked = marked;
      this.grid.querySelectorAll(".bl-cross").forEach((node) => node.classList.remove("bl-cross"));
      this.grid.tHead.rows[0].cells[col + 1].classList.add("bl-cross");
      this.grid.tBodies[0].rows[row].classList.add("bl-cross");
    }

    /** The row in words: the likeliest three, the marked one, and all others together. */
    say(row, col) {
      const { vocabulary } = this.model;
      const of = (id) => this.probs[row * this.size + id];
      const ranked = vocabulary.map((_, id) => id).sort((a, b) => of(b) - of(a) || a - b);
      const told = ranked.slice(0, 3);
      if (!told.includes(col)) told.push(col);
      const rest = 1 - told.reduce((sum, id) => sum + of(id), 0);
      const parts = [row ? "After " : "At the start"];
      if (row) parts.push(code(vocabulary[row]));
      parts.push(": ");
      told.forEach((id, place) => {
        const words = [id ? code(vocabulary[id]) : "the end", ` ${percent(of(id))}`];
        if (id === col) parts.push(h("mark", {}, ...words));
        else parts.push(...words);
        parts.push(place < told.length - 1 ? ", " : "");
      });
      if (rest > 1e-9) parts.push(`, all others together ${percent(rest)}`);
      return [...parts, "."];
    }

    /** A bar for each letter, as long as of(id), with one of them marked. */
    paintBars(of, marked) {
      const { vocabulary } = this.model;
      let ids = vocabulary.map((_, id) => id);
      if (this.size > MOST_BARS) {
        ids = ids.sort((a, b) => of(b) - of(a) || a - b).slice(0, MOST_BARS);
        if (!ids.includes(marked)) ids.push(marked);
      }
      this.listed = ids;
      while (this.bars.children.length > ids.length) this.bars.lastChild.remove();
      while (this.bars.children.length < ids.length)
        this.bars.append(h("div", { role: "option" }, h("span", { class: "bl-fill" }), h("b"), h("small")));
      const largest = Math.max(...ids.map(of));
      ids.forEach((id, place) => {
        const bar = this.bars.children[place];
        const text = `${shown(vocabulary[id])} ${percent(of(id))}`;
        bar.style.setProperty("--p", of(id).toFixed(4));
        bar.style.setProperty("--height", (of(id) / largest).toFixed(4));
        bar.tabIndex = id === marked ? 0 : -1;
        bar.setAttribute("aria-selected", String(id === marked));
        bar.setAttribute("aria-label", text);
        bar.children[1].textContent = shown(vocabulary[id]);
        bar.children[2].textContent = percent(of(id));
      });
    }
  });
})();
