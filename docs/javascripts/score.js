/* <bl-score>: what the bets of all chapters cost, beside knowing nothing, and how often what was believed came true.
   The fallback inside the tag lists the chapters, and how many bets each has. */
(() => {
  "use strict";
  const { h, svg, button, enable, enabled, number, define, bets, putBets, lossOf, mean } = globalThis.bigramlab;
  const FEW = 10; // bets, of which nothing can be said yet
  const GROUPS = 5; // of the shares, from 0 to 100%
  const WIDTH = 400;
  const HEIGHT = 260;
  const LEFT = 48;

  /** The shares in groups of like size: how many, their mean, and how many of them were on the truth. */
  function calibration(made) {
    const given = made.flatMap(({ shares, truth }) => shares.map((share, place) => ({ share, came: place === truth })));
    return Array.from({ length: GROUPS }, (_, group) => {
      const some = given.filter(({ share }) => Math.min(GROUPS - 1, Math.floor(GROUPS * share)) === group);
      return { n: some.length, share: mean(some.map(({ share }) => share)), came: some.filter(({ came }) => came).length };
    }).filter(({ n }) => n > 0);
  }

  function draw(groups) {
    const x = (share) => LEFT + (WIDTH - LEFT - 20) * share;
    const y = (share) => HEIGHT - (HEIGHT - 46) * share;
    const text = (at, words, anchor = "start") => svg("text", { x: at[0], y: at[1], "text-anchor": anchor }, words);
    const told = groups.map(({ n, share, came }) => `of ${n} shares of about ${number(100 * share)}%, ${came} were on the truth`);
    return svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT + 34}`, role: "img", "aria-label": `Your calibration: ${told.join("; ")}.` },
      svg("line", { x1: LEFT, x2: x(1), y1: y(0), y2: y(0), class: "bl-axis" }),
      svg("line", { x1: LEFT, x2: LEFT, y1: y(0), y2: y(1), class: "bl-axis" }),
      svg("line", { x1: x(0), x2: x(1), y1: y(0), y2: y(1) }),
      text([0, 14], "↑ how often it came true"),
      text([x(1), HEIGHT + 28], "what you gave →", "end"),
      ...[0, 0.5, 1].map((share) => text([LEFT - 6, y(share) + 5], `${100 * share}%`, "end")),
      ...[0, 0.5].map((share) => text([x(share), HEIGHT + 28], `${100 * share}%`, "middle")),
      svg("polyline", { points: groups.map(({ n, share, came }) => `${x(share)},${y(came / n)}`).join(" ") }),
      ...groups.flatMap(({ n, share, came }) => [
        svg("circle", { cx: x(share), cy: y(came / n), r: 6 }),
        text([x(share), y(came / n) - 12], `${came} of ${n}`, share > 0.8 ? "end" : share < 0.2 ? "start" : "middle"),
      ]));
  }

  define("bl-score", class extends HTMLElement {
    connectedCallback() {
      if (this.chapters) return;
      this.chapters = [...this.querySelectorAll("li")];
      this.told = h("div", { role: "status" });
      this.chart = h("div", { class: "bl-chart" });
      this.undoButton = button("Undo", () => this.undo());
      this.resetButton = button("Forget my bets", () => this.reset());
      this.querySelector("p").remove(); // what it says is said by the rest
      this.prepend(this.told, this.chart);
      this.append(h("div", { class: "bl-tools" }, this.undoButton, this.resetButton));
      this.restore();
    }

    reset() {
      if (!enabled(this.resetButton)) return;
      this.past = bets();
      putBets(new Map());
    }

    undo() {
      if (!enabled(this.undoButton)) return;
      const past = new Map([...this.past, ...bets()]); // and what was bet since
      this.past = undefined;
      putBets(past);
    }

    /** Say what is kept now. Of a chapter that has changed, at most as many bets count as it has. */
    restore() {
      const all = [...bets().values()];
      const made = this.chapters.flatMap((chapter) => {
        const some = all.filter(({ page }) => page === chapter.dataset.page).slice(0, Number(chapter.dataset.bets));
        chapter.querySelector("b").textContent = `${some.length} of ${chapter.dataset.bets}`;
        return some;
      });
      this.told.replaceChildren(...(made.length ? this.sum(made) : [h("p", {}, "You have not bet yet, and that is no loss: "
        + "go back to any chapter, bet before you read on, and see here how good a model you are.")]));
      this.chart.replaceChildren(...(made.length ? [draw(calibration(made))] : []));
      enable(this.resetButton, made.length > 0);
      enable(this.undoButton, Boolean(this.past));
    }

    sum(made) {
      const loss = mean(made.map(lossOf));
      const nothing = mean(made.map(({ shares }) => Math.log(shares.length)));
      const pair = (name, value) => h("div", {}, h("dt", {}, name), h("dd", {}, value));
      const verdict = made.length < FEW ? "That is too few bets to tell." : loss < nothing - 0.005 ? "You did better than knowing nothing."
        : loss < nothing + 0.005 ? "It cost you as much as knowing nothing."
        : "Knowing nothing would have cost less: now and then you were sure of what was not so, and that costs much.";
      return [
        h("dl", {}, pair("Your loss", `${number(loss, 2)} nats a bet`), pair("Knowing nothing", `${number(nothing, 2)} nats a bet`),
          pair("Bets made", `${made.length} of ${this.dataset.bets}`)),
        h("p", {}, `${verdict} It is as if you had chosen among ${number(Math.exp(loss), 1)} equally likely answers, in place of ${number(Math.exp(nothing), 1)}.`),
        h("p", {}, "Of what you gave 30%, three in ten should have come true: the dashed line. Below it you gave too much, above it too little."),
      ];
    }
  });
})();
