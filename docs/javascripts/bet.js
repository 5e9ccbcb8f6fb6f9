/* <bl-bet>: a question, and a bet before the answer. The fallback inside the tag holds question, choices and answer. */
(() => {
  "use strict";
  const { h, button, number, define } = globalThis.bigramlab;

  define("bl-bet", class extends HTMLElement {
    connectedCallback() {
      if (this.answer) return;
      this.answer = this.querySelector("details");
      this.choices = this.querySelector(".bl-choices");
      this.stake = this.dataset.max ? this.slider() : this.buttons();
      this.outcome = h("div", { class: "bl-outcome", role: "status" });
      this.skip = button("Show me, without a bet", () => this.reveal(), { class: "bl-button bl-quiet" });
      this.again = button("Bet again", () => this.cover(), { class: "bl-button bl-quiet" });
      this.choices.hidden = true;
      this.answer.hidden = true;
      this.append(this.stake, this.skip, this.outcome, this.again);
      this.again.hidden = true;
    }

    buttons() {
      const row = h("div", { class: "bl-row" });
      for (const item of this.choices.children) {
        const choose = button("", () => this.reveal(item.cloneNode(true).childNodes, item.dataset.gap));
        choose.append(...item.cloneNode(true).childNodes);
        row.append(choose);
      }
      return row;
    }

    slider() {
      const { min, max, step, unit } = this.dataset;
      const value = h("output");
      const range = h("input", { type: "range", min, max, step });
      const show = () => {
        value.textContent = number(range.valueAsNumber, step % 1 ? 1 : 0) + unit;
        range.setAttribute("aria-valuetext", value.textContent);
      };
      range.value = this.dataset.from;
      range.addEventListener("input", show);
      show();
      const bet = () => this.reveal([value.textContent], this.gap(range.valueAsNumber), range.valueAsNumber);
      return h("div", { class: "bl-row" }, h("label", { class: "bl-k" }, h("span", {}, "Your bet: ", value), range),
        button("That's my bet", bet, { class: "bl-button bl-primary" }));
    }

    gap(bet) {
      const { truth, step, unit } = this.dataset;
      const digits = step % 1 ? 1 : 0;
      const off = Math.abs(bet - truth);
      if (off <= step / 2) return "none: as near as the slider goes";
      return `${number(off, digits)}${unit === "%" ? " points" : unit} too ${bet > truth ? "high" : "low"}`;
    }

    reveal(bet, gap, at) {
      const truth = this.answer.querySelector(".bl-truth").cloneNode(true).childNodes;
      const pair = (name, ...value) => h("div", {}, h("dt", {}, name), h("dd", {}, ...value));
      const pairs = bet ? [pair("Your bet", ...bet), pair("The truth", ...truth), pair("The gap", gap)] : [pair("The truth", ...truth)];
      const reason = this.answer.querySelector(".bl-reason").cloneNode(true);
      this.outcome.replaceChildren(h("dl", {}, ...pairs), ...(at === undefined ? [] : [this.scale(at)]), reason);
      this.classList.add("bl-done");
      this.stake.hidden = this.skip.hidden = true;
      this.again.hidden = false;
      this.again.focus({ preventScroll: true });
    }

    /** Bet and truth on the slider's own scale: the gap as something to see. */
    scale(bet) {
      const { min, max, truth } = this.dataset;
      const place = (value) => (100 * (value - min)) / (max - min);
      const mark = (name, value) => {
        const node = h("span", { class: `bl-mark bl-mark-${name}` });
        node.style.left = `${place(value)}%`;
        return node;
      };
      const between = h("span", { class: "bl-between" });
      between.style.left = `${Math.min(place(bet), place(truth))}%`;
      between.style.width = `${Math.abs(place(bet) - place(truth))}%`;
      return h("div", { class: "bl-scale", "aria-hidden": "true" }, between, mark("bet", bet), mark("truth", truth));
    }

    cover() {
      this.outcome.replaceChildren();
      this.classList.remove("bl-done");
      this.stake.hidden = this.skip.hidden = false;
      this.again.hidden = true;
      this.stake.querySelector("button, input").focus({ preventScroll: true });
    }
  });
})();
