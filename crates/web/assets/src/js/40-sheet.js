"use strict";
/* The assessment sheet at the keyboard.

   Markup it expects:
     [data-sheet]                                       the sheet; [data-presence-url] optional (see below);
                                                        [data-filtered] when it does not show every row
       form[data-sheet-form]                            a chapter's form for browsers without scripts; never sent with them
       input[data-select]                               selection box of a row (x); [data-select-chapter] all of a chapter
     [data-sheet-bulk]                                  what to do with selected rows, anywhere; [data-bulk-count] how many
       [data-chapter="ch-2"]                            link of the chapter list; [data-count] and svg.bar inside are kept true
       section.sheet__chapter#ch-2                      a chapter
         tr[data-row][data-answer-id][data-save-url][data-version]     (saving: js/30-save.js)
           [data-previous='{"status":"o","current":"…"}']              on the row: the last assessment's answer
           input[type=radio] named status, values o triangle x na      (.status-pick; the codes of the API)
           [data-na-reason]                             block with the reason field, shown while the status is －
           a[data-detail-url]                           detail of the row; loaded into #detail with htmx
     aside#detail
   Outside of text fields: 1 ○ 2 △ 3 × 4 －, j/k or arrows move, e goes to 現状, y takes over last year's answer, x selects,
   Enter opens the detail. Anywhere: Ctrl+Enter goes to the next row, Escape leaves a text field.
   Presence: PATCH data-presence-url {"row": answer-id} every 15 s and on each move; answer {"others": [{"row": …, "name": …}]}. */

(() => {
  const sheet = document.querySelector("[data-sheet]");
  if (!sheet) return;
  const { say, meta, typing, plainKey, describeKeys } = sakimori;
  const { read, write, note } = sakimori.save;

  const statusKeys = { 1: "o", 2: "triangle", 3: "x", 4: "na" };
  const bars = { o: "yes", triangle: "partly", x: "no", na: "na" }; // code of a status: its part of the bar
  describeKeys(
    [["1", "2", "3", "4"], say("setStatus")],
    [["j", "k"], `${say("next")}・${say("previous")}`],
    [["Ctrl+Enter"], say("nextRow")],
    [["e"], say("edit")],
    [["Esc"], say("leaveField")],
    [["y"], say("takeOver")],
    [["Enter"], say("detail")],
    [["x"], say("select")],
  );

  const rows = () => [...sheet.querySelectorAll("tr[data-row]")];
  let active = null;

  function setActive(row) {
    if (active === row) return;
    if (active) delete active.dataset.active;
    active = row;
    row.dataset.active = "";
    presence();
  }
  function go(row) {
    if (!row) return;
    setActive(row);
    const target = row.querySelector("input[type=radio]:checked") ?? row.querySelector("input[type=radio]:not(:disabled)") ?? row.querySelector("a");
    target?.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }
  async function step(by) {
    const all = rows();
    const chapter = active?.closest(".sheet__chapter");
    const next = by > 0 ? chapter?.nextElementSibling : chapter?.previousElementSibling;
    const ofChapter = chapter ? [...chapter.querySelectorAll("tr[data-row]")] : [];
    if (next && active === ofChapter.at(by > 0 ? -1 : 0) && (await sakimori.chapters.load(next))) return step(by);
    go(all[active ? Math.min(all.length - 1, Math.max(0, all.indexOf(active) + by)) : 0]);
  }

  function setStatus(row, value) {
    const radio = [...row.querySelectorAll("input[type=radio]")].find((r) => (r.dataset.field ?? r.name) === "status" && r.value === value);
    if (!radio || radio.disabled) return;
    radio.checked = true;
    radio.focus({ preventScroll: true });
    afterStatus(row, true);
    note(row, "status", true);
  }
  /** Shows the reason field exactly while the status is －, and keeps the chapter's count true. */
  function afterStatus(row, byHand) {
    const reason = row.querySelector("[data-na-reason]");
    const notApplicable = read(row, "status") === "na";
    if (reason) {
      reason.hidden = !notApplicable;
      const field = reason.querySelector("input, textarea");
      if (notApplicable && byHand && field && !field.value) field.focus();
    }
    countChapter(row.closest(".sheet__chapter"));
  }
  function countChapter(chapter) {
    const link = chapter && sheet.querySelector(`[data-chapter="${CSS.escape(chapter.id)}"]`);
    // A filtered chapter shows only some of its rows: the server's count stays.
    if (!link || sheet.dataset.filtered !== undefined) return;
    const statuses = [...chapter.querySelectorAll("tr[data-row]")].map((row) => read(row, "status"));
    const share = (value) => (100 * statuses.filter((s) => s === value).length) / Math.max(1, statuses.length);
    const count = link.querySelector("[data-count]");
    if (count) count.textContent = `${statuses.filter(Boolean).length} / ${statuses.length}`;
    let x = 0;
    for (const [value, name] of Object.entries(bars)) {
      const part = link.querySelector(`.bar__${name}`);
      part?.setAttribute("x", x);
      part?.setAttribute("width", share(value));
      x += share(value);
    }
  }

  function takeOver(row) {
    const previous = JSON.parse(row.dataset.previous ?? "null");
    if (!previous) return;
    for (const [name, value] of Object.entries(previous)) {
      if (read(row, name) === undefined) continue;
      write(row, name, value);
      note(row, name, true);
    }
    afterStatus(row, false);
  }

  function openDetail(row) {
    const link = row.querySelector("a[data-detail-url]");
    const detail = document.getElementById("detail");
    if (!link || !detail || !window.htmx) return false;
    detail.hidden = false;
    window.htmx.ajax("GET", link.dataset.detailUrl, { target: "#detail", swap: "innerHTML" });
    return true;
  }

  sheet.addEventListener("keydown", (event) => {
    const row = event.target.closest("tr[data-row]");
    if (row && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      setActive(row);
      step(1);
      return;
    }
    if (row && event.key === "Escape" && typing(event.target)) {
      event.preventDefault();
      go(row);
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || !plainKey(event) || typing(event.target) || document.querySelector("dialog[open]")) return;
    const inside = sheet.contains(event.target) || event.target === document.body;
    if (!inside) return;
    const row = active;
    if (event.key === "j" || event.key === "ArrowDown") step(1);
    else if (event.key === "k" || event.key === "ArrowUp") step(-1);
    else if (!row) return;
    else if (statusKeys[event.key]) setStatus(row, statusKeys[event.key]);
    else if (event.key === "e") row.querySelector('[data-field="current"], [name="current"]')?.focus();
    else if (event.key === "y") takeOver(row);
    else if (event.key === "x") row.querySelector("[data-select]")?.click();
    else if (event.key === "Enter" && !event.target.closest("a, button, summary")) {
      if (!openDetail(row)) return;
    } else return;
    event.preventDefault();
  });

  sheet.addEventListener("focusin", (event) => {
    const row = event.target.closest("tr[data-row]");
    if (row) setActive(row);
  });
  sheet.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-detail-url]");
    const row = event.target.closest("tr[data-row]");
    if (row) setActive(row);
    if (link && plainKey(event) && !event.shiftKey && openDetail(row)) event.preventDefault();
  });
  sheet.addEventListener("change", (event) => {
    const row = event.target.closest("tr[data-row]");
    if (row && event.target.type === "radio") afterStatus(row, true);
    if (event.target.matches("[data-select-chapter]")) {
      const chapter = event.target.closest(".sheet__chapter");
      sakimori.chapters.load(chapter).then(() => {
        for (const box of chapter.querySelectorAll("[data-select]")) box.checked = event.target.checked;
        paintSelection();
      });
    }
    if (event.target.matches("[data-select], [data-select-chapter]")) paintSelection();
  });
  // Autosave has taken over what the form would send; Enter in a field must not leave the page.
  sheet.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-sheet-form]")) return;
    event.preventDefault();
    sakimori.save.flush();
  });

  function paintSelection() {
    const boxes = [...sheet.querySelectorAll("[data-select]")];
    for (const box of boxes) box.closest("tr").setAttribute("aria-selected", box.checked);
    const chosen = boxes.filter((box) => box.checked).length;
    for (const bulk of document.querySelectorAll("[data-sheet-bulk]")) {
      bulk.hidden = chosen === 0;
      for (const count of bulk.querySelectorAll("[data-bulk-count]")) count.textContent = chosen;
    }
  }
  paintSelection();
  sheet.addEventListener("sakimori:written", (event) => {
    const row = event.target.closest("tr[data-row]");
    if (row && event.detail.name === "status") afterStatus(row, false);
  });
  const settle = (scope) => {
    for (const row of scope.querySelectorAll("tr[data-row]")) {
      const reason = row.querySelector("[data-na-reason]");
      if (reason) reason.hidden = read(row, "status") !== "na";
    }
  };
  settle(sheet);
  sheet.addEventListener("sakimori:rows", (event) => settle(event.target));

  // ---- the chapter one is in ------------------------------------------------------------------------------------------
  const watcher = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        for (const link of sheet.querySelectorAll("[data-chapter]")) {
          if (link.dataset.chapter === entry.target.id) link.setAttribute("aria-current", "true");
          else link.removeAttribute("aria-current");
        }
      }
    },
    { root: sheet.querySelector(".sheet__scroll"), rootMargin: "-10% 0px -80% 0px" },
  );
  for (const chapter of sheet.querySelectorAll(".sheet__chapter")) watcher.observe(chapter);

  // ---- who else is here -----------------------------------------------------------------------------------------------
  let presenceTimer = 0;
  async function presence() {
    const url = sheet.dataset.presenceUrl;
    if (!url) return;
    clearTimeout(presenceTimer);
    presenceTimer = setTimeout(presence, 15000);
    if (document.hidden) return;
    try {
      const response = await fetch(url, {
        method: "PATCH",
        credentials: "same-origin",
        headers: { "content-type": "application/json", accept: "application/json", "x-csrf-token": meta("csrf-token") },
        body: JSON.stringify({ row: active?.dataset.answerId ?? null }),
      });
      if (!response.ok) return;
      const { others = [] } = await response.json();
      for (const cell of sheet.querySelectorAll(".sheet__item[data-other]")) delete cell.dataset.other;
      for (const { row, name } of others) {
        const found = sheet.querySelector(`tr[data-answer-id="${CSS.escape(String(row))}"] .sheet__item`);
        if (found) found.dataset.other = name;
      }
    } catch {
      // Presence is a courtesy: the next round tries again, and saving reports a lost line by itself.
    }
  }
  presence();
})();
