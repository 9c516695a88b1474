"use strict";
/* The list component's keyboard, selection and column choice.

   Markup it expects:
     [data-list]                                  the component (id = key under which chosen columns are remembered)
       tr[data-row][data-href]                    a row and the page it opens; [data-edit-href] where "e" leads
         input[type=checkbox][data-select]        its selection box (x)
       input[type=checkbox][data-select-all]      selects every row on the page
       [data-bulk] hidden                         what to do with the selected rows; [data-bulk-count] shows how many
       [data-columns] input[value=NAME]           column choice: hides th/td[data-col=NAME]
   j/k or the arrow keys move, Enter opens, x selects, e edits. */

(() => {
  const { say, typing, plainKey, describeKeys } = sakimori;
  const lists = [...document.querySelectorAll("[data-list]")];
  if (!lists.length) return;

  describeKeys(
    [["j", "k"], `${say("next")}・${say("previous")}`],
    [["Enter"], say("open")],
    [["x"], say("select")],
    [["e"], say("edit")],
  );

  const rowsOf = (list) => [...list.querySelectorAll("tr[data-row]")];
  const activeRow = () => document.querySelector("[data-list] tr[data-row][data-active]");

  function activate(row) {
    const before = activeRow();
    if (before) delete before.dataset.active;
    row.dataset.active = "";
    row.scrollIntoView({ block: "nearest" });
    const link = row.querySelector("a[href]");
    // The focus goes along, so that screen readers and Tab continue from here.
    if (link) link.focus({ preventScroll: true });
  }

  function move(step) {
    const list = activeRow()?.closest("[data-list]") ?? lists[0];
    const rows = rowsOf(list);
    const at = rows.indexOf(activeRow());
    const next = rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + step))];
    if (next) activate(next);
  }

  function paintSelection(list) {
    const boxes = [...list.querySelectorAll("[data-select]")];
    for (const box of boxes) box.closest("tr").setAttribute("aria-selected", box.checked);
    const chosen = boxes.filter((box) => box.checked).length;
    const bulk = list.querySelector("[data-bulk]");
    if (bulk) {
      bulk.hidden = chosen === 0;
      for (const count of bulk.querySelectorAll("[data-bulk-count]")) count.textContent = chosen;
    }
    const all = list.querySelector("[data-select-all]");
    if (all) {
      all.checked = chosen > 0 && chosen === boxes.length;
      all.indeterminate = chosen > 0 && chosen < boxes.length;
    }
  }

  document.addEventListener("keydown", (event) => {
    if (!plainKey(event) || typing(event.target) || document.querySelector("dialog[open]")) return;
    if (event.defaultPrevented || event.target.closest("[data-sheet]")) return; // the sheet has keys of its own
    // Scrollable regions, links and buttons keep their own keys.
    const inList = !event.target.closest("a, button, summary") || event.target.closest("tr[data-row]");
    if (event.key === "j" || (event.key === "ArrowDown" && activeRow())) move(1);
    else if (event.key === "k" || (event.key === "ArrowUp" && activeRow())) move(-1);
    else if (!inList || !activeRow()) return;
    else if (event.key === "Enter" && !event.target.closest("a, button") && activeRow().dataset.href) {
      location.assign(activeRow().dataset.href);
    } else if (event.key === "e" && activeRow().dataset.editHref) location.assign(activeRow().dataset.editHref);
    else if (event.key === "x") activeRow().querySelector("[data-select]")?.click();
    else return;
    event.preventDefault();
  });

  for (const list of lists) {
    list.addEventListener("change", (event) => {
      if (event.target.matches("[data-select-all]")) {
        for (const box of list.querySelectorAll("[data-select]")) box.checked = event.target.checked;
      }
      if (event.target.matches("[data-select], [data-select-all]")) paintSelection(list);
    });
    paintSelection(list);

    const chooser = list.querySelector("[data-columns]");
    if (!chooser) continue;
    const memory = `sakimori.columns.${list.id}`;
    const apply = () => {
      for (const box of chooser.querySelectorAll("input[value]")) {
        for (const cell of list.querySelectorAll(`[data-col="${CSS.escape(box.value)}"]`)) cell.hidden = !box.checked;
      }
    };
    const hidden = new Set((localStorage.getItem(memory) ?? "").split(" ").filter(Boolean));
    for (const box of chooser.querySelectorAll("input[value]")) if (hidden.has(box.value)) box.checked = false;
    chooser.addEventListener("change", () => {
      const off = [...chooser.querySelectorAll("input[value]:not(:checked)")].map((box) => box.value);
      localStorage.setItem(memory, off.join(" "));
      apply();
    });
    apply();
  }
})();
