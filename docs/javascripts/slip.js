/* <bl-slip>: a function with a famous slip. One may pick the line before `check`, asked when the page was built, says
   what is wrong. The state is the function, the line picked, and whether the report is open. */
(() => {
  "use strict";
  const { h, button, enable, enabled, roving, Element, define } = globalThis.bigramlab;

  /** Text with what stands between backticks as code. */
  const rich = (text) => text.split("`").map((part, at) => (at % 2 ? h("code", {}, part) : part));

  define("bl-slip", class extends Element {
    build() {
      this.task = h("p");
      this.lines = h("div", { class: "bl-lines", role: "group", "aria-label": "The lines: which is wrong?" });
      roving(this.lines, () => [...this.lines.children], () => 1, (line) => this.act({ ...this.state, line }));
      this.check = button("Check", () => enabled(this.check) && this.act({ ...this.state, open: true }), { class: "bl-button bl-primary" });
      this.another = button("Another one", () => this.act({ at: (this.state.at + 1) % this.slips.length, line: -1, open: false }));
      this.status = h("p", { role: "status", class: "bl-head" });
      this.report = h("dl", { class: "bl-report" });
      this.links = h("p");
      return [this.task, this.lines, h("div", { class: "bl-row" }, this.check, this.another), this.status, this.report, this.links];
    }
    linked() {
      this.slips ??= JSON.parse(this.dataset.slips);
      return super.linked();
    }
    start = () => ({ at: 0, line: -1, open: false });
    write = ({ at, line, open }) => [at, line + 1, Number(open)].join("~");
    read(text) {
      if (!/^\d~\d~[01]$/.test(text)) return undefined;
      const [at, line, open] = text.split("~").map(Number);
      const slip = this.slips[at];
      return slip && line <= slip.code.split("\n").length ? { at, line: line - 1, open: open === 1 } : undefined;
    }
    paint() {
      const { at, line, open } = this.state;
      const slip = this.slips[at];
      const focused = this.lines.contains(document.activeElement);
      this.task.replaceChildren(h("strong", {}, `${at + 1} of ${this.slips.length}. `), ...rich(slip.task));
      this.lines.replaceChildren(...slip.code.split("\n").map((text, i) =>
        h("button", { type: "button", class: open && i === slip.line ? "bl-wrong" : "", "aria-pressed": String(i === line), tabindex: i === Math.max(line, 0) ? 0 : -1,
          onclick: () => !this.state.open && this.act({ ...this.state, line: i }) }, text)));
      if (focused) this.lines.children[Math.max(line, 0)].focus();
      enable(this.check, !open);
      const found = line < 0 ? "" : line === slip.line ? "You found the line. " : `It is line ${slip.line + 1}. `;
      this.status.replaceChildren(...(open ? [found, ...rich(slip.headline)] : []));
      this.report.replaceChildren(...(open ? slip.sections : []).flatMap(([label, text, isCode]) =>
        [h("dt", {}, label), h("dd", {}, ...(isCode ? [h("pre", { tabindex: 0, "aria-label": label, role: "region" }, text)] : rich(text)))]));
      this.links.replaceChildren(...(open ? slip.links : []).flatMap(([text, href], i) => [i ? " · " : "", h("a", { href }, text)]));
    }
  });
})();
