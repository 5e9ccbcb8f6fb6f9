/* What every page needs for the keyboard: what scrolls sideways can be reached. The theme does so for code, and only
   where there is a mouse. */
(() => {
  "use strict";
  const WIDE = ".md-typeset__scrollwrap, .md-typeset pre > code, .md-typeset table:not([class]), .figure, .bl-scroll";

  function reach() {
    for (const node of document.querySelectorAll(WIDE))
      if (node.scrollWidth > node.clientWidth) node.tabIndex = 0;
  }

  addEventListener("resize", reach);
  globalThis.document$?.subscribe(() => requestAnimationFrame(reach)); // each page, after the theme has wrapped its tables
  addEventListener("load", reach);
})();
