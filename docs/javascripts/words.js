/* <bl-words>: the reader's own words take the place of the names, here and in the other elements of the page.
   They stay in the page; only "copy link" writes them into an address, behind the # that is never sent. */
(() => {
  "use strict";
  const bl = globalThis.bigramlab;
  const { h, button, code, number, readK, kSlider, smooth, normalize, walk, makeDarts, negativeLogLikelihood, packText, unpackText, Element, define } = bl;
  const LONGEST = 400_000; // characters of the whole list
  const WIDEST = 1000; // characters of the vocabulary: a table of a million cells
  const COMMA = /[,，、]/;
  const EXAMPLES = {
    Greek: "Αθηνά Απόλλων Άρης Άρτεμις Αφροδίτη Δήμητρα Διόνυσος Ερμής Εστία Ήρα Ήφαιστος Ζευς Ποσειδών Περσεφόνη Ορφέας Ευρυδίκη Θησέας Αριάδνη Ιάσων Μήδεια",
    Japanese: "さくら はると ひなた みなと ゆうと あおい りく ゆい そうた めい はな ひまり つむぎ いつき みお れん こはる あさひ ゆづき ほのか",
    Emoji: "🌧🌧🌦🌞 🌞🌞🌦🌧 🌦🌞🌞🌞 🌧🌧🌧🌦 🌞🌦🌧🌧 🌦🌦🌞 🌧🌦🌞🌞 🌞🌞🌞",
  }; // each letter is one code point: what looks like one and is two would be two tokens

  /** The list as Python's read_words takes it: one word a line, blanks at the ends and blank lines dropped. */
  function readWords(text) {
    const words = text.split(/\r\n|\r|\n/).map((line) => line.trim()).filter(Boolean);
    if (text.length > LONGEST) return { problem: `That is ${number(text.length)} characters; this page takes ${number(LONGEST)}. Python has no such limit.` };
    if (!words.length) return { problem: "There is no word in it. Write one a line." };
    const dotted = words.find((word) => word.includes("."));
    if (dotted) return { problem: `“${[...dotted].slice(0, 20).join("")}” contains a ".", which marks where words begin and end. Take it out.` };
    const vocabulary = bl.buildVocabulary(words);
    if (vocabulary.length > WIDEST)
      return { problem: `These words have ${number(vocabulary.length)} different characters; this page takes ${number(WIDEST)}. Python has no such limit.` };
    return { words, vocabulary, counts: bl.countBigrams(words, vocabulary) };
  }

  define("bl-words", class extends Element {
    makesModel = true;

    useModel() {
      bl.ownWords = undefined;
      super.useModel();
      this.names = this.model;
    }

    build() {
      this.area = h("textarea", { rows: 6, spellcheck: "false", dir: "auto", placeholder: "One word a line" });
      this.slider = kSlider((k) => this.act({ ...this.state, k }));
      this.status = h("div", { role: "status" });
      const examples = Object.entries(EXAMPLES).map(([name, list]) =>
        button(name, () => this.take(list.split(" ").join("\n"))));
      return [h("label", { class: "bl-field" }, "Your words, one a line ", this.area),
        h("div", { class: "bl-row" }, button("Use these words", () => this.take(this.area.value), { class: "bl-button bl-primary" }),
          h("span", {}, "or try "), ...examples),
        this.slider.node, this.status];
    }

    start = () => ({ text: "", k: 1 });
    write = ({ text, k }) => `${k}-${packText(text)}`;
    read(text) {
      const [start, ...rest] = text.split("-");
      const k = readK(start);
      const list = unpackText(rest.join("-"));
      return k !== undefined && (list === "" || (list && !readWords(list).problem)) ? { text: list, k } : undefined;
    }

    /** A list with commas may be meant as many words or, who knows, as one. */
    ask(text) {
      this.status.replaceChildren(
        h("p", {}, "There are commas in it. Are they between the words?"),
        h("div", { class: "bl-row" }, button("Split at commas", () => this.take(text.split(COMMA).map((word) => word.trim()).join("\n"))),
          button("Leave them in", () => this.take(text, true))));
    }

    /** A short list is drowned by k = 1: so many cells are empty. */
    take(text, asked) {
      if (!asked && COMMA.test(text)) {
        this.ask(text);
        return;
      }
      const found = readWords(text);
      if (found.problem) {
        this.status.textContent = found.problem;
        return;
      }
      this.act({ text, k: found.words.length < 1000 ? 0.01 : 1 });
      this.area.value = text;
    }

    paint() {
      const { text, k } = this.state;
      if (this.painted !== text) {
        this.painted = text;
        this.area.value = text;
        this.found = text ? readWords(text) : undefined;
      }
      this.slider.set(k);
      bl.ownWords = this.found && { ...this.found, k };
      const { vocabulary, counts } = this.found ?? this.names;
      const size = vocabulary.length;
      const probs = normalize(smooth(counts, k), size);
      const letters = counts.reduce((sum, count) => sum + count, 0);
      const written = walk(probs, size, makeDarts(1, 3000)).map((id) => vocabulary[id]).join("").split(".").slice(0, -1);
      const ranked = [...counts.keys()].filter((cell) => counts[cell]).sort((a, b) => counts[b] - counts[a] || a - b).slice(0, 5);
      this.status.replaceChildren(
        h("p", {}, this.found ? `Your ${number(this.found.words.length)} ${this.found.words.length === 1 ? "word" : "words"}` : `The ${this.dataset.names} names`,
          `: ${number(letters)} pairs, a table of ${size} × ${size}. The loss is ${number(negativeLogLikelihood(counts, probs), 3)} nats per letter; knowing nothing costs log ${size} = ${number(Math.log(size), 3)}.`),
        h("p", {}, "The most common pairs: ", ...ranked.flatMap((cell, place) =>
          [place ? ", " : "", code(vocabulary[Math.floor(cell / size)] + vocabulary[cell % size]), ` ${number(counts[cell])}`]), "."),
        h("p", {}, "New ones: ", ...written.filter(Boolean).slice(0, 10).flatMap((word, place) =>
          [place ? " · " : "", h("bdi", {}, [...word].slice(0, 40).join(""))]), "."));
      document.dispatchEvent(new CustomEvent("bl-words"));
    }

    disconnectedCallback() {
      super.disconnectedCallback();
      bl.ownWords = undefined;
    }
  });
})();
