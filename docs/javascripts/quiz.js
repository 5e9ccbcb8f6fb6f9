/* <bl-quiz>: a chapter's questions. Every choice has its own reason. What was answered stays in this browser.
   <bl-done>: how many chapters are done, which is to say that each of their questions was answered. */
(() => {
  "use strict";
  const { h, button, define, keep } = globalThis.bigramlab;

  define("bl-quiz", class extends HTMLElement {
    connectedCallback() {
      if (this.items) return;
      this.items = [...this.querySelectorAll(".bl-item")];
      this.key = `bl-quiz:${this.dataset.name}`;
      this.panels = this.items.map((item, index) => this.panel(item, index));
      this.count = h("p", { role: "status" });
      this.append(this.count, button("Forget my answers", () => this.restore([]), { class: "bl-button bl-quiet" }));
      const kept = keep(this.key);
      this.restore(Array.isArray(kept) ? kept : []);
    }

    panel(item, index) {
      const details = item.querySelector("details");
      const choices = [...details.querySelectorAll("li")];
      const reason = h("div", { class: "bl-reason", role: "status" });
      const buttons = choices.map((choice, number) => {
        const node = button("", () => this.answer(index, number), { "aria-pressed": "false" });
        node.append(...choice.querySelector(".bl-choice").cloneNode(true).childNodes);
        return node;
      });
      details.hidden = true;
      item.querySelector(".bl-choices").hidden = true;
      item.append(h("div", { class: "bl-row bl-stack" }, ...buttons), reason);
      return { choices, buttons, reason };
    }

    answer(index, number) {
      this.answers[index] = number;
      keep(this.key, this.answers);
      this.paint();
    }

    /** Only numbers of choices that exist are taken from the store. */
    restore(kept) {
      this.answers = this.panels.map(({ choices }, index) => (choices[kept[index]] ? kept[index] : null));
      keep(this.key, this.answers);
      this.paint();
    }

    paint() {
      let right = 0;
      this.panels.forEach(({ choices, buttons, reason }, index) => {
        const chosen = choices[this.answers[index]];
        const good = chosen?.hasAttribute("data-right") ?? false;
        right += good;
        buttons.forEach((node, number) => {
          node.setAttribute("aria-pressed", String(choices[number] === chosen));
          node.classList.toggle("bl-right", choices[number] === chosen && good);
          node.classList.toggle("bl-wrong", choices[number] === chosen && !good);
        });
        if (!chosen) reason.replaceChildren();
        else reason.replaceChildren(h("strong", {}, good ? "✓ Yes. " : "✗ Not this one. "),
          ...chosen.querySelector(".bl-because").cloneNode(true).childNodes);
      });
      this.count.textContent = `${right} of ${this.panels.length} right`;
      document.dispatchEvent(new Event("bl-answered"));
    }
  });

  define("bl-done", class extends HTMLElement {
    connectedCallback() {
      document.addEventListener("bl-answered", this);
      this.handleEvent();
    }

    disconnectedCallback() {
      document.removeEventListener("bl-answered", this);
    }

    handleEvent() {
      const answered = (kept) => Array.isArray(kept) && kept.length > 0 && kept.every(Number.isInteger);
      const done = this.dataset.chapters.split(" ").filter((name) => answered(keep(`bl-quiz:${name}`))).length;
      this.textContent = done ? `· ${done} done` : "";
    }
  });
})();
