// A search leads to the place on the page, not only to its top: the words are marked, and what is folded around the
// first of them opens. Sphinx would mark them, but the theme loads the search on each page, which turns that off.
window.addEventListener("load", async () => {
  const article = document.querySelector("article.bd-article");
  if (!article || document.querySelector("#search-results")) return;
  let terms = "";
  try {
    terms = localStorage.getItem("sphinx_highlight_terms") ?? "";
    localStorage.removeItem("sphinx_highlight_terms");
  } catch {
    return; // no storage, as in a private window: the page opens at its top
  }
  for (const term of terms.split(/\s+/).filter(Boolean)) _highlightText(article, term, "highlighted");

  const found = [...article.querySelectorAll(".highlighted:not(.course-explained *)")];
  const first = found.find((word) => word.closest("p, li, td, h1, h2, h3")) ?? found[0];
  if (!first || location.hash) return;
  for (let fold = first.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  await window.MathJax?.startup?.promise; // formulas move what is below them
  first.scrollIntoView({ block: "center" });
});
