/* What the elements share: making nodes, the words for numbers and letters, the line from 0 to 1, keys,
   and a base class with undo, reset and a link. Text reaches the page as text nodes only. */
(() => {
  "use strict";
  const bl = globalThis.bigramlab;

  /** A node: attributes by name, "onclick" and the like as listeners, children as nodes or text. */
  function h(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes ?? {}))
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (value !== false && value !== undefined) node.setAttribute(name, value === true ? "" : value);
    node.append(...children);
    return node;
  }

  /** A node of a drawing. */
  function svg(tag, attributes, ...children) {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }

  const button = (text, onclick, attributes) => h("button", { type: "button", class: "bl-button", onclick, ...attributes }, text);

  /** A button that can't be used keeps the focus and says why not by its look. */
  const enable = (node, enabled) => node.setAttribute("aria-disabled", String(!enabled));
  const enabled = (node) => node.getAttribute("aria-disabled") !== "true";

  /** A character as it can be seen: blanks, marks that need a letter, and signs without a shape of their own. */
  const shown = (text) =>
    [...text].map((c) => (c === " " ? "␣" : /\p{M}/u.test(c) ? "◌" + c : /[\p{C}\p{Z}]/u.test(c) ? "□" : c)).join("");
  const code = (text) => h("code", { dir: "auto" }, shown(text));
  const formats = new Map(); // making one takes longer than using it a hundred times
  const number = (value, digits = 0) => {
    if (!formats.has(digits))
      formats.set(digits, new Intl.NumberFormat("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits }));
    return formats.get(digits).format(value);
  };
  const percent = (p) => number(100 * p, p > 0 && p < 0.001 ? 3 : 1) + "%";

  /** Points moved apart until each two are as far as this, so that what is written at them can be read; one may stay. */
  function apart(points, least, stays = -1) {
    const moved = points.map((point) => [...point]);
    for (let round = 0; round < 40; round++)
      moved.forEach((one, i) => moved.slice(0, i).forEach((other, j) => {
        const [x, y] = [one[0] - other[0] || 0.01, one[1] - other[1]];
        const far = Math.hypot(x, y);
        if (far >= least) return;
        const push = (least - far) / far / (i === stays || j === stays ? 1 : 2);
        if (i !== stays) moved[i] = one = [one[0] + x * push, one[1] + y * push];
        if (j !== stays) moved[j] = [other[0] - x * push, other[1] - y * push];
      }));
    return moved;
  }

  const KS = [0, 0.01, 0.1, 0.5, 1, 2, 5, 10, 20, 50, 100, 1000, 10000];

  /** A slider with its value in words: the node, and how to set it. */
  function slider(name, most, choose) {
    const value = h("output");
    const range = h("input", { type: "range", min: 0, max: most, step: 1, "aria-label": name }); // a label names what it has first: the output
    range.addEventListener("input", () => choose(range.valueAsNumber));
    const node = h("label", { class: "bl-k" }, h("span", {}, `${name}: `, value), range);
    const set = (place, words, last = most) => {
      range.max = last;
      range.value = place;
      value.textContent = words;
      range.setAttribute("aria-valuetext", words);
    };
    return { node, set };
  }

  /** A field for a word of these letters, and a note on what is left out of it, since a model can't read it. */
  function wordField(letters, most, take, attributes) {
    const knows = (letter) => letter !== "." && letters.includes(letter);
    const small = (text) => [...text.toLowerCase().normalize("NFD")]; // an accent is a character of its own
    const clean = (text) => small(text).filter(knows).slice(0, most).join("");
    const input = h("input", { type: "text", maxlength: most, autocomplete: "off", autocapitalize: "off", spellcheck: "false", ...attributes });
    const note = h("span", { role: "status", class: "bl-left-out" });
    input.addEventListener("input", () => {
      const word = clean(input.value);
      const others = [...new Set(small(input.value))].filter((letter) => !knows(letter) && !/[\p{M}\s]/u.test(letter));
      take(word);
      set(word);
      note.textContent = others.length ? ` Left out: ${others.map(shown).join(" ")}. These models know ${letters[1]} to ${letters.at(-1)}.` : "";
    });
    const set = (word) => {
      if (input.value !== word) input.value = word;
      note.textContent = "";
    };
    return { input, note, clean, set };
  }

  /** A slider over the values of k. */
  function kSlider(choose) {
    const { node, set } = slider("Smoothing", KS.length - 1, (place) => choose(KS[place]));
    return { node, set: (k) => set(KS.indexOf(k), `k = ${number(k, k % 1 ? 2 : 0)}`) };
  }

  /** The line from 0 to 1, cut into one piece a letter: paint(probs, vocabulary, row, marked, dart). */
  function line(choose) {
    const pieces = h("div", { class: "bl-pieces" });
    const dart = h("div", { class: "bl-dart", hidden: true });
    const ends = h("div", { class: "bl-ends" }, h("span", {}, "0"), h("span", {}, "1"));
    const node = h("div", { class: "bl-line", "aria-hidden": "true" }, dart, pieces, ends);
    if (choose)
      pieces.addEventListener("click", (event) => {
        const id = event.target.dataset.id;
        if (id !== undefined) choose(Number(id));
      });
    const paint = (probs, vocabulary, row, marked, at) => {
      const size = vocabulary.length;
      let left = 0;
      pieces.replaceChildren();
      for (let j = 0; j < size; j++) {
        const p = probs[row * size + j];
        if (p > 0.0005 || j === marked) {
          const piece = h("span", { class: "bl-piece", "data-id": j }, p > 0.027 ? shown(vocabulary[j]) : "");
          piece.style.left = `${100 * left}%`;
          piece.style.width = `${100 * p}%`;
          piece.classList.toggle("bl-odd", j % 2 === 1);
          piece.classList.toggle("bl-marked", j === marked);
          pieces.append(piece);
        }
        left += p;
      }
      dart.hidden = at === undefined;
      if (at !== undefined) dart.style.left = `${100 * at}%`;
    };
    return { node, paint };
  }

  /** One tab stop for many cells: arrows, Home and End (with Ctrl: first and last) move it, and choose(index) follows. */
  function roving(container, items, columns, choose) {
    container.addEventListener("keydown", (event) => {
      const all = items();
      const at = all.indexOf(event.target);
      if (at < 0 || event.altKey || event.metaKey) return;
      const wide = columns();
      const start = at - (at % wide);
      const last = all.length - 1;
      const to = {
        ArrowRight: wide > 1 && at % wide === wide - 1 ? at : at + 1,
        ArrowLeft: wide > 1 && at % wide === 0 ? at : at - 1,
        ArrowDown: at + wide,
        ArrowUp: at - wide,
        Home: event.ctrlKey || wide === 1 ? 0 : start,
        End: event.ctrlKey || wide === 1 ? last : Math.min(start + wide - 1, last),
      }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      if (to < 0 || to > last) return;
      all[to].focus();
      choose(to);
    });
  }

  /** An element with a state: build() makes the nodes once, paint() shows the state, act(state) moves on.
      write(state) makes it a short text for the address, and read(text) takes only what is sound. */
  class Element extends HTMLElement {
    connectedCallback() {
      if (this.fallback) return;
      this.fallback = [...this.childNodes];
      try {
        this.past = [];
        this.useModel();
        const linked = this.linked();
        this.state = linked ?? this.start();
        this.replaceChildren(...this.build(), this.tools());
        this.refresh();
        if (linked) this.scrollIntoView({ block: "center" });
      } catch (error) {
        this.replaceChildren(...this.fallback); // it teaches too
        console.error(error);
        return;
      }
      this.controller = new AbortController();
      const { signal } = this.controller;
      window.addEventListener("hashchange", () => this.follow(), { signal });
      document.addEventListener("bl-words", () => this.remodel(), { signal });
    }

    disconnectedCallback() {
      this.controller?.abort();
    }

    get key() {
      return this.localName.slice(3);
    }

    /** The table of the names, from the tag, or that of the reader's own words. */
    useModel() {
      if (!this.dataset.counts) return;
      const own = {
        vocabulary: [...this.dataset.vocabulary],
        counts: Float64Array.from(this.dataset.counts.split(" "), Number),
        k: 1,
      };
      this.model = bl.ownWords ?? own;
      this.size = this.model.vocabulary.length;
    }

    remodel() {
      if (!this.dataset.counts || this.makesModel) return;
      const before = this.model;
      this.useModel();
      const sameWords = before.counts === this.model.counts; // with another k
      this.past = [];
      if (!sameWords) this.state = this.start();
      else if ("k" in this.state) this.state = { ...this.state, k: this.model.k };
      this.refresh();
    }

    act(state) {
      if (this.write(state) === this.write(this.state)) return;
      this.past.push(this.state);
      if (this.past.length > 1000) this.past.shift();
      this.state = state;
      this.refresh();
    }

    undo() {
      if (!this.past.length) return;
      this.state = this.past.pop();
      this.refresh();
    }

    refresh() {
      const focused = document.activeElement;
      this.paint();
      if (focused.hidden && this.contains(focused))
        (this.querySelector(".bl-row .bl-button:not([hidden])") ?? this.undoButton).focus({ preventScroll: true });
      enable(this.undoButton, this.past.length > 0);
      enable(this.resetButton, this.write(this.state) !== this.write(this.start()));
      this.link.hidden = true;
      this.said.textContent = "";
    }

    linked() {
      const text = new URLSearchParams(location.hash.slice(1)).get(this.key);
      return text === null || text.length > 20000 ? undefined : this.read(text);
    }

    follow() {
      const state = this.linked();
      if (state) this.act(state);
    }

    tools() {
      this.undoButton = button("Undo", () => this.undo());
      this.resetButton = button("Reset", () => enabled(this.resetButton) && this.act(this.start()));
      this.said = h("span", { role: "status" });
      this.link = h("input", { type: "text", readonly: true, "aria-label": "Link to this state", hidden: true });
      return h("div", { class: "bl-tools" }, this.undoButton, this.resetButton,
        button("Copy link", () => this.copy()), this.said, this.link);
    }

    async copy() {
      const text = this.write(this.state);
      const words = this.makesModel ? null : document.querySelector("bl-words");
      const parts = { [this.key]: text, ...(words?.state.text && { words: words.write(words.state) }) };
      this.link.value = `${location.href.split("#")[0]}#${new URLSearchParams(parts)}`;
      if (this.link.value.length > 8000) {
        this.said.textContent = "Too much for an address: keep it in a file.";
        return;
      }
      this.link.hidden = false;
      this.link.select();
      try {
        await navigator.clipboard.writeText(this.link.value);
        this.said.textContent = "Copied.";
      } catch {
        this.said.textContent = "Copy it from here:";
      }
    }
  }

  /** The k of an address, if the slider has it. */
  const readK = (text) => KS.find((k) => String(k) === text);

  /** Free text in an address: encoded once more, so that no quote stands in what the theme looks up as an id. */
  const packText = (text) => encodeURIComponent(text.replace(/\p{Surrogate}/gu, "\ufffd"));
  const unpackText = (text) => {
    try {
      return decodeURIComponent(text);
    } catch {
      return undefined;
    }
  };

  /** localStorage may be full or forbidden; then what was answered lasts as long as the page. */
  const keep = (key, value) => {
    try {
      if (value === undefined) return JSON.parse(localStorage.getItem(key));
      localStorage.setItem(key, JSON.stringify(value));
    } catch {
      /* nothing is lost but the memory */
    }
    return null;
  };

  const define = (name, type) => customElements.get(name) ?? customElements.define(name, type);

  /** Scripts that few pages need are fetched where a tag names them. */
  const here = document.currentScript.src;
  const fetched = new Set();
  function fetchScripts() {
    const named = [...document.querySelectorAll("[data-scripts]")].flatMap((node) => node.dataset.scripts.split(" "));
    for (const name of named)
      if (!fetched.has(name)) {
        fetched.add(name);
        const script = h("script", { src: new URL(`${name}.js`, here) });
        script.async = false; // in this order
        document.head.append(script);
      }
  }

  Object.assign(bl, {
    h, svg, button, enable, enabled, shown, code, number, percent, KS, slider, kSlider, wordField, apart, line, roving, Element, readK, packText, unpackText, keep, define,
  });
  fetchScripts();
  globalThis.document$?.subscribe(fetchScripts); // each page that is opened without loading anew
})();
