// What check_pages.py asks of a page, in each of its frames: every function returns a list of texts, empty if all is well.

window.probes = (() => {
  const FOCUSABLE =
    "a[href], button:not([disabled]), input, select, textarea, summary, iframe, " + '[tabindex]:not([tabindex^="-"])';
  const shown = (e) => e.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true });
  const words = (e) => (e.innerText || e.textContent || e.outerHTML).trim().replace(/\s+/g, " ").slice(0, 40);
  const named = (e) => {
    const section = e.closest("section[id]");
    const name =
      e.tagName.toLowerCase() +
      [...e.classList]
        .slice(0, 3)
        .map((c) => "." + c)
        .join("");
    return `${name} ${JSON.stringify(words(e))}` + (section ? ` in #${section.id}` : "");
  };
  const elements = () => [...document.body.querySelectorAll("*")].filter((e) => !e.closest("mjx-container *, svg *"));

  // The parts of a page that a reader sees, as rectangles: lines of text, and pictures, formulas and code as a whole.
  function boxes() {
    const windows = new Map(); // an element -> what its scrolling or cutting ancestors leave in sight
    const clip = (e) => {
      if (!e || e === document.documentElement || e === document.body) {
        return { left: -1e6, top: -1e6, right: 1e6, bottom: 1e6 };
      }
      if (!windows.has(e)) {
        const around = clip(e.parentElement),
          style = getComputedStyle(e);
        const cuts =
          style.overflow + style.clipPath + style.clip !== "visiblenoneauto" &&
          style.display !== "inline" &&
          style.display !== "contents";
        windows.set(e, cuts ? cut(e.getBoundingClientRect(), around) : around);
      }
      return windows.get(e);
    };
    const cut = (a, b) => ({
      left: Math.max(a.left, b.left),
      top: Math.max(a.top, b.top),
      right: Math.min(a.right, b.right),
      bottom: Math.min(a.bottom, b.bottom),
    });
    const found = [];
    const add = (rect, owner, isText) => {
      const inSight = cut(rect, clip(owner));
      if (isText) {
        // a line is as tall as its font says, which is taller than its letters
        const height = rect.bottom - rect.top;
        inSight.top = Math.max(inSight.top, rect.top + 0.2 * height);
        inSight.bottom = Math.min(inSight.bottom, rect.bottom - 0.2 * height);
      }
      if (owner.closest("#pst-back-to-top, .skip-link, .copybtn")) return; // float above
      if (inSight.right - inSight.left > 2 && inSight.bottom - inSight.top > 2) found.push({ ...inSight, owner });
    };
    const WHOLE = "pre, img, iframe, mjx-container, svg, video, canvas";
    for (const e of document.body.querySelectorAll(WHOLE)) {
      if (!e.parentElement.closest(WHOLE) && shown(e)) {
        const rect = e.tagName === "MJX-CONTAINER" ? e.firstElementChild : e;
        if (rect) add(rect.getBoundingClientRect(), e, false);
      }
    }
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT),
      range = document.createRange();
    while (walker.nextNode()) {
      const around = walker.currentNode.parentElement;
      if (!walker.currentNode.data.trim() || around.closest(WHOLE + ", script, style, noscript")) continue;
      if (!shown(around)) continue;
      let owner = around;
      while (getComputedStyle(owner).display.startsWith("inline") && owner !== document.body) {
        owner = owner.parentElement;
      }
      range.selectNodeContents(walker.currentNode);
      for (const rect of range.getClientRects()) add(rect, owner, true);
    }
    return found;
  }

  function layout() {
    const found = [],
      all = boxes().sort((a, b) => a.top - b.top);
    const page = document.documentElement;
    if (page.scrollWidth > page.clientWidth) {
      found.push(`the page scrolls sideways, ${page.scrollWidth} of ${page.clientWidth} px`);
    }
    for (const box of all) {
      if (box.owner.closest("article") && (box.left < -1 || box.right > page.clientWidth + 1)) {
        found.push(`sticks out of the page: ${named(box.owner)}`);
      }
    }
    for (let i = 0; i < all.length; i++) {
      const a = all[i];
      for (let j = i + 1; j < all.length && all[j].top < a.bottom - 1; j++) {
        const b = all[j];
        if (a.owner === b.owner || a.owner.contains(b.owner) || b.owner.contains(a.owner)) continue;
        const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        if (wide > 2) found.push(`${named(a.owner)} overlaps ${named(b.owner)}`);
      }
    }
    for (const e of document.querySelectorAll("article *")) {
      const style = getComputedStyle(e);
      if (e.closest("mjx-container, svg, iframe") || e.clientWidth < 3 || e.clientHeight < 3 || !shown(e)) continue;
      const cuts = (over) => ["hidden", "clip"].includes(over);
      const formula = e.matches(".math") && e.querySelector("svg"); // what is read aloud lies beside it, unseen
      if (formula) {
        const inside = formula.getBoundingClientRect(),
          around = e.getBoundingClientRect();
        if (
          (cuts(style.overflowX) && inside.width > around.width + 1) ||
          (cuts(style.overflowY) && inside.height > around.height + 2)
        )
          found.push(`is cut: ${named(e)}`);
        continue;
      }
      if (cuts(style.overflowX) && e.scrollWidth > e.clientWidth + 1) found.push(`is cut: ${named(e)}`);
      else if (cuts(style.overflowY) && e.scrollHeight > e.clientHeight + 2) found.push(`is cut: ${named(e)}`);
    }
    return [...new Set(found)];
  }

  // What scrolls or is clicked, and no key leads to it.
  function keyboard() {
    const found = [];
    const reached = (e) => e.matches(FOCUSABLE) || [...e.querySelectorAll(FOCUSABLE)].some(shown);
    for (const e of elements()) {
      if (!shown(e)) continue;
      const style = getComputedStyle(e),
        scrolls = (over) => ["auto", "scroll"].includes(over);
      const moves =
        (scrolls(style.overflowX) && e.scrollWidth > e.clientWidth + 1) ||
        (scrolls(style.overflowY) && e.scrollHeight > e.clientHeight + 1);
      if (moves && !reached(e)) found.push(`scrolls, but no key reaches it: ${named(e)}`);
    }
    const CONTROLS =
      '[onclick], [role="button"], [role="link"], [role="tab"], [role="checkbox"], [role="switch"], ' +
      'button[tabindex^="-"]';
    for (const e of document.querySelectorAll(CONTROLS)) {
      const key = e.matches('[tabindex^="-"]') ? null : e.closest(FOCUSABLE) || e.querySelector(FOCUSABLE);
      if (shown(e) && !key) found.push(`can be clicked, but no key reaches it: ${named(e)}`);
    }
    return found;
  }

  // Markdown or TeX that the reader would see as typed: for example in a dropdown without a blank line.
  function asTyped() {
    const found = [],
      walker = document.createTreeWalker(document.querySelector("article") || document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const text = walker.currentNode,
        around = text.parentElement;
      const typed = text.data.match(/\$[^$]+\$|\$\$|\*\*[^*]+\*\*|\]\([^)]*\)|\\begin\{|^#+ /);
      if (typed && !around.closest("pre, code, script, style, .math, mjx-container")) {
        found.push(`shown as typed: '${typed[0]}'`);
      }
    }
    return found;
  }

  // Formulas are read aloud from the MathML beside them. MathJax's menu asks for files that the book does not carry.
  function formulas() {
    const all = [...document.querySelectorAll(".math mjx-container")];
    const mute = all.filter((m) => !m.querySelector("mjx-assistive-mml math")).length;
    const found = mute ? [`${mute} formulas have no MathML to be read aloud`] : [];
    for (const formula of all.slice(0, 1)) {
      formula.dispatchEvent(new MouseEvent("contextmenu", { bubbles: true, cancelable: true, button: 2 }));
      const menus = document.querySelectorAll('[class*="CtxtMenu_Menu"], [class*="CtxtMenu_ContextMenu"]');
      if (menus.length) found.push("a formula offers a menu, which asks for files that are not there");
      for (const menu of menus) menu.remove();
    }
    // An unknown command is no error to MathJax: it prints the command in red.
    for (const e of document.querySelectorAll('[data-mjx-error], [data-mml-node="mtext"][fill="red"]')) {
      found.push(
        "a formula has an error: " +
          (e.getAttribute("data-mjx-error") || "unknown command in " + e.closest(".math").textContent),
      );
    }
    return found;
  }

  // The same page with fewer elements, for axe: one token of each kind in code, formulas without their strokes.
  function thin() {
    const seen = new Set();
    for (const token of document.querySelectorAll("pre span")) {
      const block = token.closest('[class*="highlight-"], .output, details') || token.parentElement;
      const kind = `${token.className}|${token.getAttribute("style")}|${block.className}`;
      if (seen.has(kind)) token.replaceWith(...token.childNodes);
      seen.add(kind);
    }
    for (const code of document.querySelectorAll("pre")) code.normalize();
    for (const svg of document.querySelectorAll("mjx-container svg")) svg.replaceChildren();
  }

  const open = (yes) =>
    document.querySelectorAll("details").forEach((d) => {
      d.open = yes;
    });
  return { layout, keyboard, asTyped, formulas, thin, open };
})();
