/* <bl-mistakes>: the list of all mistakes, with a filter above it. An address of the time when all of them stood on one
   page leads on to where the mistake, or the function, is told now. */
(() => {
  "use strict";
  const { h, number, define, unpackText } = globalThis.bigramlab;
  const FEW = 60; // that many are unfolded at once; of more, only how many there are is said

  define("bl-mistakes", class extends HTMLElement {
    connectedCallback() {
      if (this.word) return;
      this.follow();
      this.word = h("input", { type: "text", autocomplete: "off", spellcheck: "false", oninput: () => this.filter() });
      this.chapter = h("select", { onchange: () => this.filter() }, h("option", {}, "all chapters"));
      this.said = h("p", { role: "status" });
      this.sections = [...this.querySelectorAll("section")].map((node) => ({
        node,
        functions: [...node.querySelectorAll("details")].map((folded) => ({
          folded,
          count: folded.querySelector(".count"),
          items: [...folded.querySelectorAll("li")].map((item) => ({ item, text: `${folded.id} ${item.textContent}`.toLowerCase() })),
        })),
      }));
      this.chapter.append(...this.sections.map(({ node }) => h("option", {}, node.querySelector("h3").textContent.split(",")[0])));
      this.prepend(h("div", { class: "bl-row" }, h("label", {}, "A word ", this.word), h("label", {}, "in ", this.chapter)), this.said);
      this.filter();
    }

    follow() {
      const place = unpackText(location.hash.slice(1));
      const link = place && [...this.querySelectorAll("a")].find(({ hash }) => hash === `#${place}`);
      if (link) location.replace(link.href);
    }

    filter() {
      const words = this.word.value.toLowerCase().split(/\s+/).filter(Boolean);
      const chosen = this.chapter.selectedIndex;
      const found = this.sections.map(({ node, functions }, place) => ({
        node,
        functions: functions.map(({ folded, count, items }) => ({
          folded, count, items,
          hits: chosen && place !== chosen - 1 ? [] : items.filter(({ text }) => words.every((word) => text.includes(word))),
        })),
      }));
      const total = found.flatMap(({ functions }) => functions).reduce((sum, { hits }) => sum + hits.length, 0);
      const all = this.querySelectorAll("li").length;
      for (const { node, functions } of found) {
        node.hidden = functions.every(({ hits }) => !hits.length);
        for (const { folded, count, items, hits } of functions) {
          folded.hidden = !hits.length;
          folded.open = words.length > 0 && hits.length > 0 && total <= FEW;
          count.textContent = hits.length === items.length ? items.length : `${hits.length} of ${items.length}`;
          for (const { item } of items) item.hidden = true;
          for (const { item } of hits) item.hidden = false;
        }
      }
      this.said.textContent = total === all ? `${number(all)} mistakes.`
        : total ? `${number(total)} of ${number(all)} mistakes.`
          : "No mistake has these words. Try a shorter one: “mean”, “mask”, “seed”.";
    }
  });
})();
