/* <bl-bet>: a question, and a bet before the answer: 100% are spread over choices, or over the pieces of a range.
   The fallback inside the tag holds question, choices and answer. What follows the tag on its page, up to the comment
   "end of bet", is covered until one bets or asks to be shown: by the page itself, before this script has come. */
(() => {
  "use strict";
  const bl = globalThis.bigramlab;
  const { h, button, number, slider, define, keep } = bl;
  const KEY = "bl-bets";
  const PIECES = 20;
  const SPREADS = 20; // of the slider that says how sure one is
  const FLOOR = 0.01; // of the 100%, which stays spread evenly
  let here = {}; // the bets as they were last kept, where the browser keeps none

  /** -log p of what was true, in nats; without the floor it could be infinite. */
  const lossOf = ({ shares, truth }) => -Math.log((1 - FLOOR) * shares[truth] + FLOOR / shares.length);

  function isSound(bet) {
    if (!Array.isArray(bet?.shares) || !bet.shares.every((share) => typeof share === "number" && share >= 0)) return false;
    const sum = bet.shares.reduce((total, share) => total + share, 0);
    return Number.isInteger(bet.truth) && bet.truth in bet.shares && Math.abs(sum - 1) < 0.01;
  }

  /** What was bet so far: of each question, the chapter, the shares and which of them was on the truth. */
  const bets = () => new Map(Object.entries(keep(KEY) ?? here).filter(([, bet]) => isSound(bet)));

  function putBets(made) {
    here = Object.fromEntries(made);
    keep(KEY, here);
    for (const node of document.querySelectorAll("bl-bet, bl-score")) node.restore?.();
  }

  /** The shares with another one at a place; the others keep their proportions. */
  function give(shares, place, share) {
    const rest = 1 - shares[place];
    const other = (old) => (rest > 0.001 ? (old * (1 - share)) / rest : (1 - share) / (shares.length - 1));
    return shares.map((old, at) => (at === place ? share : other(old)));
  }

  /** A bell over the pieces of the line from 0 to 1. But for its ends, half of it lies within the spread. */
  function bell(center, spread) {
    const below = (x) => 1 / (1 + Math.exp((Math.log(3) * (center - x)) / spread));
    return Array.from({ length: PIECES }, (_, n) => (below((n + 1) / PIECES) - below(n / PIECES)) / (below(1) - below(0)));
  }

  const pieceOf = (x) => Math.min(PIECES - 1, Math.floor(PIECES * x));
  const percent = (share) => number(100 * share) + "%";

  /** What follows a bet and gives its answer away. */
  function coveredBy(figure) {
    const nodes = [];
    for (let node = figure.nextSibling; node; node = node.nextSibling)
      if (node.nodeType === Node.ELEMENT_NODE) nodes.push(node);
      else if (node.nodeType === Node.COMMENT_NODE && node.data.trim() === "end of bet") break;
    return nodes.some((node) => node.matches("h2, figure:has(bl-bet)")) ? [] : nodes;
  }

  /** Bars, one for each piece of a range; that of the truth is marked, once it is known. */
  function paintBars(bars, shares, truth) {
    bars.replaceChildren(...shares.map((share, place) => {
      const bar = h("span", { class: place === truth ? "bl-on-truth" : "" });
      bar.style.setProperty("--height", Math.min(1, 0.02 + 3 * share)); // a third of all is as high as it gets
      return bar;
    }));
  }

  define("bl-bet", class extends HTMLElement {
    connectedCallback() {
      if (this.answer) return;
      this.answer = this.querySelector("details");
      this.truth = this.answer.querySelector(".bl-truth");
      this.choices = this.querySelector(".bl-choices");
      this.question = this.querySelector(".bl-question").textContent;
      this.covered = coveredBy(this.closest("figure"));
      this.stake = h("div", {}, ...(this.dataset.max ? this.range() : this.rows()), h("div", { class: "bl-row" },
        button("That's my bet", () => this.bet(), { class: "bl-button bl-primary" }),
        button("Show me, without a bet", () => this.show(), { class: "bl-button bl-quiet" })));
      this.outcome = h("div", { class: "bl-outcome", role: "status" });
      this.again = button("Bet again", () => this.takeBack(), { class: "bl-button bl-quiet" });
      this.choices.hidden = this.answer.hidden = true;
      this.append(this.stake, this.outcome, this.again);
      this.restore();
    }

    /** A row for each choice. A tap gives it half of what the others have, its slider any share. */
    rows() {
      const items = [...this.choices.children];
      this.place = items.findIndex((item) => item.textContent === this.truth.textContent);
      this.shares = items.map(() => 1 / items.length);
      const set = (place, share) => {
        this.shares = give(this.shares, place, share);
        paint();
      };
      const rows = items.map((item, place) => {
        const choose = button("", () => set(place, (1 + this.shares[place]) / 2));
        choose.append(...item.cloneNode(true).childNodes);
        const range = h("input", { type: "range", min: 0, max: 100, step: 1, "aria-label": `Share of ${item.textContent}` });
        range.addEventListener("input", () => set(place, range.valueAsNumber / 100));
        const share = h("output");
        return { choose, range, share };
      });
      const paint = () => rows.forEach(({ choose, range, share }, place) => {
        range.value = 100 * this.shares[place];
        share.textContent = percent(this.shares[place]);
        range.setAttribute("aria-valuetext", share.textContent);
        choose.style.setProperty("--share", share.textContent);
      });
      paint();
      return [h("p", { class: "bl-note" }, "Tap what you think; tap again if you are surer. Or use the sliders."),
        ...rows.map(({ choose, range, share }) => h("div", { class: "bl-stake" }, choose, range, share))];
    }

    /** A bell over the range: where it stands, and how wide it is. A tap on a bar moves it there, another narrows it. */
    range() {
      const [min, max, step, truth] = ["min", "max", "step", "truth"].map((name) => Number(this.dataset[name]));
      const steps = Math.round((max - min) / step);
      this.place = pieceOf((truth - min) / (max - min));
      const words = (value, unit) => number(value, step % 1 && value % 1 ? 1 : 0) + (value === 1 ? unit.replace(/s$/, "") : unit);
      const set = (at, wide) => {
        [center, spread] = [Math.max(0, Math.min(at, steps)), Math.max(0, wide)];
        this.shares = bell(center / steps, (spread + 1) / (2 * SPREADS));
        where.set(center, words(min + center * step, this.dataset.unit));
        sure.set(spread, number(((spread + 1) / (2 * SPREADS)) * (max - min), max - min < 50 ? 1 : 0)
          + (this.dataset.unit === "%" ? " points" : this.dataset.unit));
        paintBars(bars, this.shares);
      };
      const where = slider("Around", steps, (at) => set(at, spread));
      const sure = slider("Give or take", SPREADS - 1, (wide) => set(center, wide));
      const bars = h("div", { class: "bl-bell", "aria-hidden": "true" });
      const to = ({ clientX }, narrower) => {
        const { left, width } = bars.getBoundingClientRect();
        const x = (clientX - left) / width;
        const same = pieceOf(x) === pieceOf(center / steps);
        set(same ? center : Math.round(x * steps), same ? spread - narrower : spread);
      };
      bars.addEventListener("pointerdown", (event) => to(event, 2));
      bars.addEventListener("pointermove", (event) => event.buttons && to(event, 0));
      let [center, spread] = [Math.round(steps / 2), 7]; // in the middle: a start gives nothing away
      set(center, spread);
      return [h("div", {}, bars, h("div", { class: "bl-ends", "aria-hidden": "true" },
        h("span", {}, words(min, this.dataset.unit)), h("span", {}, words(max, this.dataset.unit)))), where.node, sure.node];
    }

    bet() {
      const page = location.pathname.split("/").pop().replace(/\.html$/, "");
      putBets(bets().set(this.question, { page, shares: this.shares, truth: this.place }));
      this.again.focus({ preventScroll: true });
    }

    takeBack() {
      const made = bets();
      made.delete(this.question);
      this.shown = false;
      putBets(made);
      this.stake.querySelector("button, input").focus({ preventScroll: true });
    }

    show() {
      this.shown = true;
      this.restore();
      this.again.focus({ preventScroll: true });
    }

    /** Open if there is a bet, or if one was to be shown without; else covered. */
    restore() {
      const kept = bets().get(this.question);
      const bet = kept?.shares.length === this.shares.length ? { ...kept, truth: this.place } : undefined;
      const open = Boolean(bet || this.shown);
      this.classList.toggle("bl-done", open);
      for (const node of this.covered) node.classList.toggle("bl-covered", !open);
      this.stake.hidden = open;
      this.again.hidden = !open;
      this.outcome.replaceChildren(...(open ? this.told(bet) : []));
    }

    told(bet) {
      const pair = (name, ...value) => h("div", {}, h("dt", {}, name), h("dd", {}, ...value));
      const copy = (node) => [...node.cloneNode(true).childNodes];
      const reason = this.answer.querySelector(".bl-reason").cloneNode(true);
      const truth = pair("The truth", ...copy(this.truth));
      if (!bet) return [h("dl", {}, truth), reason];
      const { shares } = bet;
      const bars = h("div", { class: "bl-bell", "aria-hidden": "true" });
      if (this.dataset.max) paintBars(bars, shares, this.place);
      const most = Math.max(...shares) - 1e-9;
      const favorites = shares.filter((share) => share > most).length;
      const favorite = favorites === 1 ? this.choices.children[shares.findIndex((share) => share > most)] : undefined;
      const gap = favorite?.dataset.gap ?? "none";
      return [
        h("dl", {}, truth, pair(this.dataset.max ? "You gave the bar it is in" : "You gave it", percent(shares[this.place])),
          pair("Your loss", `${number(lossOf(bet), 2)} nats`), pair("Knowing nothing", `${number(Math.log(shares.length), 2)} nats`)),
        ...(this.dataset.max ? [bars] : []),
        ...(gap === "none" ? [] : [h("p", {}, "Your favorite was ", ...copy(favorite), `: ${gap}.`)]),
        reason,
      ];
    }
  });

  Object.assign(bl, { bets, putBets, lossOf });
})();
