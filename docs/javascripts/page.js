/* What the theme leaves out for who has no mouse or no screen: what scrolls sideways is reached with the Tab key, and
   regions have names of their own. */
(() => {
  "use strict";
  const WIDE = ".md-typeset__scrollwrap, .md-typeset pre > code, .md-typeset table:not([class]), .figure, .bl-scroll";

  function reach() {
    for (const node of document.querySelectorAll(WIDE))
      if (node.scrollWidth > node.clientWidth) node.tabIndex = 0;
  }

  function name() {
    document.querySelector(".md-search")?.setAttribute("aria-label", "Search");
    for (const tools of document.querySelectorAll("nav.md-code__nav")) {
      const group = document.createElement("div"); // with dozens of them, landmarks would lead nowhere
      group.className = tools.className;
      group.append(...tools.childNodes);
      tools.replaceWith(group);
    }
    for (const nav of document.querySelectorAll(".md-nav[aria-labelledby]")) {
      const title = nav.querySelector(":scope > .md-nav__title").textContent.trim();
      nav.removeAttribute("aria-labelledby"); // where the section has a page of its own, that label is empty
      nav.setAttribute("aria-label", title);
    }
  }

  function mend() {
    reach();
    name();
  }

  addEventListener("load", mend);
  addEventListener("resize", reach);
  globalThis.document$?.subscribe(() => requestAnimationFrame(mend)); // each page, after the theme has done its part
})();
