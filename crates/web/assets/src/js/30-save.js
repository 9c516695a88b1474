"use strict";
/* Autosave that loses no word.

   Markup it expects:
     [data-row][data-save-url][data-version]      one record; data-version is a number or text the server understands
       input/select/textarea named status, maturity, current, plan, due, owner, na_reason
         (or any name given in data-field, where the form of a chapter needs longer names)
       .save-state[data-save-state]               where the state of this row is written (aria-live is set here)
     [data-save-summary]                          once per page: the state of everything

   Sends  PATCH data-save-url  {"version": …, "status": "triangle", "current": "…", …}   only the fields that changed
          with the headers content-type: application/json and x-csrf-token.
   Expects 200 {"version": …, "saved_at": "2026-11-20T12:03:00+09:00"}
           409 {"version": …, "current": {field: value, …}}   somebody was faster: both are shown, the person decides
           400/422 {"message": "…"}                           refused: the words stay in the field, the reason beside it
           401/403                                            kept until signed in again
   Every change is written to localStorage before it is sent and removed when the server has confirmed it, so a closed
   lid, a lost line or a stopped server costs nothing. Unsent changes come back into their fields when the page is opened
   again. The status － is sent together with its reason only, since the server refuses it without one. */

(() => {
  const { say, meta, element, message } = sakimori;
  const person = meta("person") || "-";
  const prefix = `sakimori.save.${person}.`;
  const typingPause = 700; // ms after the last key before a text is sent
  const retry = { first: 2000, most: 60000 }; // ms

  // ---- the local copy: one entry per record {version, fields, stamp} ------------------------------------------------
  const local = {
    get: (url) => JSON.parse(localStorage.getItem(prefix + url) ?? "null"),
    set(url, entry) {
      try {
        localStorage.setItem(prefix + url, JSON.stringify(entry));
      } catch {
        message(say("storageFull"), "error");
        memory.set(url, entry);
      }
    },
    drop(url) {
      localStorage.removeItem(prefix + url);
      memory.delete(url);
    },
    urls() {
      const kept = Object.keys(localStorage)
        .filter((key) => key.startsWith(prefix))
        .map((key) => key.slice(prefix.length));
      return [...new Set([...kept, ...memory.keys()])];
    },
  };
  const memory = new Map(); // only used while localStorage is full
  const entryOf = (url) => local.get(url) ?? memory.get(url) ?? null;
  const blocked = new Map(); // url -> "conflict" | "refused": waits for the person, not for the line
  const inFlight = new Set();
  let delay = retry.first;
  let retryTimer = 0;
  let stamp = 0;

  const rowOf = (url) => document.querySelector(`[data-row][data-save-url="${CSS.escape(url)}"]`);
  const nameOf = (control) => control.dataset.field ?? control.name;
  const controlsOf = (row, name) => [...row.querySelectorAll("input, select, textarea")].filter((c) => nameOf(c) === name);

  /** The value of a field of a row: the chosen radio button, the checkbox as true/false, or the text. */
  function read(row, name) {
    const controls = controlsOf(row, name);
    if (!controls.length) return undefined;
    if (controls[0].type === "radio") return controls.find((c) => c.checked)?.value ?? "";
    if (controls[0].type === "checkbox") return controls[0].checked;
    return controls[0].value;
  }
  function write(row, name, value) {
    for (const control of controlsOf(row, name)) {
      if (control.type === "radio") control.checked = control.value === String(value ?? "");
      else if (control.type === "checkbox") control.checked = Boolean(value);
      else control.value = value ?? "";
    }
    row.dispatchEvent(new CustomEvent("sakimori:written", { bubbles: true, detail: { name } }));
  }

  // ---- what the person sees -----------------------------------------------------------------------------------------
  const clock = (text) => {
    const time = new Date(text ?? Date.now());
    return `${String(time.getHours()).padStart(2, "0")}:${String(time.getMinutes()).padStart(2, "0")}`;
  };
  function show(url, state, text) {
    for (const place of rowOf(url)?.querySelectorAll("[data-save-state]") ?? []) {
      place.dataset.state = state;
      place.textContent = text;
    }
    const waiting = local.urls().length;
    for (const place of document.querySelectorAll("[data-save-summary]")) {
      place.dataset.state = waiting ? "waiting" : state;
      place.textContent = waiting > 1 || (waiting && state === "saved") ? `${say("saving")} ${waiting}` : text;
    }
  }

  // ---- sending ------------------------------------------------------------------------------------------------------
  const needsReason = (entry, row) =>
    (entry.fields.status ?? (row && read(row, "status"))) === "na" &&
    "status" in entry.fields &&
    !String(entry.fields.na_reason ?? (row && read(row, "na_reason")) ?? "").trim();

  async function send(url, keepalive = false) {
    const entry = entryOf(url);
    if (!entry || inFlight.has(url) || blocked.has(url)) return;
    const row = rowOf(url);
    if (needsReason(entry, row)) {
      show(url, "waiting", say("needReason"));
      return;
    }
    inFlight.add(url);
    show(url, "saving", say("saving"));
    try {
      const response = await fetch(url, {
        method: "PATCH",
        credentials: "same-origin",
        keepalive,
        redirect: "error",
        headers: { "content-type": "application/json", accept: "application/json", "x-csrf-token": meta("csrf-token") },
        body: JSON.stringify({ ...entry.fields, version: entry.version }),
      });
      const body = await response.json().catch(() => ({}));
      settle(url, entry, response.status, body);
    } catch {
      later(url, say("waiting"));
    } finally {
      inFlight.delete(url);
    }
    // Something was written while this was under way.
    const rest = entryOf(url);
    if (rest && rest.stamp !== entry.stamp && !blocked.has(url)) send(url);
  }

  function settle(url, entry, status, body) {
    if (status >= 200 && status < 300) {
      delay = retry.first;
      const row = rowOf(url);
      if (row && body.version !== undefined) row.dataset.version = body.version;
      const now = entryOf(url);
      if (!now || now.stamp === entry.stamp) local.drop(url);
      else {
        // Keep what changed since, on top of the version just made.
        const fields = Object.fromEntries(Object.entries(now.fields).filter(([name, value]) => entry.fields[name] !== value));
        local.set(url, { ...now, fields, version: body.version ?? now.version });
      }
      show(url, "saved", `${say("saved")} ${clock(body.saved_at)}`);
      row?.dispatchEvent(new CustomEvent("sakimori:saved", { bubbles: true, detail: body }));
    } else if (status === 409) {
      blocked.set(url, "conflict");
      show(url, "conflict", say("conflict"));
      showConflict(url, body);
    } else if (status === 401 || status === 403) {
      later(url, say("signedOut"));
    } else if (status === 408 || status === 429 || status >= 500) {
      later(url, say("waiting"));
    } else {
      blocked.set(url, "refused");
      show(url, "refused", body.message ?? say("refused"));
    }
  }

  function later(url, text) {
    show(url, "waiting", text);
    clearTimeout(retryTimer);
    retryTimer = setTimeout(flush, delay);
    delay = Math.min(delay * 2, retry.most);
  }

  /** Sends everything unsent, also of other pages; one tab at a time where the browser can tell. */
  function flush() {
    const all = async () => {
      for (const url of local.urls()) await send(url);
    };
    if (navigator.locks) navigator.locks.request("sakimori-save", { ifAvailable: true }, (lock) => lock && all());
    else all();
  }

  // ---- two people in one row ----------------------------------------------------------------------------------------
  function showConflict(url, body) {
    const row = rowOf(url);
    if (!row) {
      message(`${say("conflict")}: ${say("unsentElsewhere")}`, "error");
      return;
    }
    row.querySelector(".conflict")?.remove();
    const entry = entryOf(url);
    const theirs = body.current ?? {};
    const lines = Object.entries(entry.fields).map(([name, value]) => {
      const label = controlsOf(row, name)[0]?.getAttribute("aria-label") ?? name;
      return element("tr", {}, element("th", { scope: "row" }, label), element("td", {}, String(value)), element("td", {}, String(theirs[name] ?? "")));
    });
    const head = element("tr", {}, ...["field", "mineColumn", "theirsColumn"].map((w) => element("th", { scope: "col" }, say(w))));
    const resolve = (mine) => {
      blocked.delete(url);
      box.remove();
      row.dataset.version = body.version;
      for (const [name, value] of Object.entries(theirs)) {
        if (!mine || !(name in entry.fields)) write(row, name, value);
      }
      if (mine) local.set(url, { ...entryOf(url), version: body.version, stamp: ++stamp });
      else local.drop(url);
      if (mine) send(url);
      else show(url, "saved", say("saved"));
    };
    const box = element(
      "div",
      { class: "conflict", role: "alertdialog", "aria-label": say("conflict") },
      element("strong", {}, say("conflict")),
      element("table", {}, element("thead", {}, head), element("tbody", {}, ...lines)),
      element(
        "div",
        { class: "row" },
        element("button", { type: "button", class: "button button--small", onclick: () => resolve(true) }, say("mine")),
        element("button", { type: "button", class: "button button--outline button--small", onclick: () => resolve(false) }, say("theirs")),
      ),
    );
    (row.querySelector("[data-save-state]")?.parentElement ?? row.lastElementChild).append(box);
    box.scrollIntoView({ block: "nearest" });
  }

  // ---- noticing changes ---------------------------------------------------------------------------------------------
  const timers = new Map();
  function note(row, name, soon) {
    const url = row.dataset.saveUrl;
    const value = read(row, name);
    if (value === undefined) return;
    const before = entryOf(url);
    const fields = { ...before?.fields, [name]: value };
    // － and its reason belong together.
    if (name === "status" || name === "na_reason") {
      for (const other of ["status", "na_reason"]) {
        const text = read(row, other);
        if (text !== undefined) fields[other] = text;
      }
    }
    local.set(url, { version: before?.version ?? row.dataset.version, fields, stamp: `${Date.now()}.${++stamp}` });
    if (blocked.get(url) === "refused") blocked.delete(url);
    if (!blocked.has(url)) show(url, "saving", say("saving"));
    clearTimeout(timers.get(url));
    timers.set(url, setTimeout(() => send(url), soon ? 0 : typingPause));
  }
  const changed = (event, soon) => {
    const row = event.target.closest?.("[data-row][data-save-url]");
    const name = row && nameOf(event.target);
    if (name && !event.target.matches("[data-select]")) note(row, name, soon);
  };
  document.addEventListener("input", (event) => changed(event, event.target.matches("input[type=radio], input[type=checkbox], select")));
  document.addEventListener("change", (event) => changed(event, true));

  window.addEventListener("online", flush);
  window.addEventListener("pagehide", () => {
    for (const url of local.urls()) if (rowOf(url)) send(url, true);
  });

  // ---- coming back ----------------------------------------------------------------------------------------------------
  for (const place of document.querySelectorAll("[data-save-summary]")) place.setAttribute("aria-live", "polite");
  /** Puts unsent words back into their fields; for rows that come into the page later, too. Returns how many rows had some. */
  function restore(scope) {
    let restored = 0;
    for (const url of local.urls()) {
      const row = rowOf(url);
      const entry = entryOf(url);
      if (!row || !entry || !scope.contains(row)) continue;
      for (const [name, value] of Object.entries(entry.fields)) write(row, name, value);
      restored += 1;
    }
    return restored;
  }
  const restored = restore(document);
  if (restored) message(`${say("restored")} (${restored})`);
  if (local.urls().length) flush();

  sakimori.save = { read, write, note, flush, restore };
})();
