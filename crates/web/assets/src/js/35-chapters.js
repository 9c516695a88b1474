"use strict";
/* Chapters of a long sheet come in when they come into sight, so that a thousand rows open as fast as a hundred.

   Markup it expects:
     section.sheet__chapter                                  a chapter
       tbody[data-rows-url="/…"][data-rows="37"]             its rows are not here yet: where they are, and how many
         tr > td > a                                         the way to them without scripts
   Gives   sakimori.chapters.load(section)                   a promise of true when rows were brought in
   Tells   sakimori:rows on the tbody when its rows are there. */

(() => {
  const { message, say } = sakimori;
  const rowHeight = 72; // px: what a row takes on average, so that the scroll bar tells the truth before the rows are there
  const ahead = "1200px 0px"; // how far before they are seen chapters are fetched
  const underWay = new Map();

  const waiting = (chapter) => chapter?.querySelector("tbody[data-rows-url]");

  async function fetchRows(body) {
    try {
      const response = await fetch(body.dataset.rowsUrl, { credentials: "same-origin", headers: { accept: "text/html" } });
      if (!response.ok || response.redirected) throw new Error(String(response.status));
      const made = document.createElement("template");
      // Our own server's rows, escaped there like every page.
      made.innerHTML = await response.text();
      body.style.height = "";
      body.replaceChildren(made.content);
      delete body.dataset.rowsUrl;
      sakimori.save?.restore(body);
      body.dispatchEvent(new CustomEvent("sakimori:rows", { bubbles: true }));
      return true;
    } catch {
      message(say("notLoaded"), "error");
      return false;
    }
  }

  function load(chapter) {
    const body = waiting(chapter);
    if (!body) return Promise.resolve(false);
    if (!underWay.has(body)) {
      watcher.unobserve(chapter);
      const job = fetchRows(body).finally(() => underWay.delete(body));
      underWay.set(body, job);
    }
    return underWay.get(body);
  }

  const box = document.querySelector(".sheet__scroll");
  const scrolls = box && getComputedStyle(box).overflowY !== "visible";
  const watcher = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) if (entry.isIntersecting) load(entry.target);
    },
    { root: scrolls ? box : null, rootMargin: ahead },
  );
  for (const body of document.querySelectorAll("tbody[data-rows-url]")) {
    body.style.height = `${Number(body.dataset.rows) * rowHeight}px`;
    watcher.observe(body.closest(".sheet__chapter"));
  }
  sakimori.chapters = { load };
})();
