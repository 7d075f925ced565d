// What scrolls must be reached by keys. The theme makes tab stops of it when a page opens or changes its width, but not
// of formulas, nor of what a dropdown opens.

(() => {
  const formulas = () => {
    for (const box of document.querySelectorAll("div.math mjx-container, span.math")) {
      const drawn = box.querySelector("svg");
      const scrolls = drawn && drawn.getBoundingClientRect().width > box.clientWidth + 1;
      box.classList.toggle("course-scrolls", Boolean(scrolls));
      if (scrolls) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  };
  let timer;
  addEventListener("resize", () => {
    clearTimeout(timer);
    timer = setTimeout(formulas, 300);
  });
  addEventListener("load", () => window.MathJax?.startup?.promise?.then(formulas));
  document.addEventListener("toggle", () => dispatchEvent(new Event("resize")), true);
})();
