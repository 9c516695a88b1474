"use strict";
/* The review desk: an item is judged with two keys and without waiting for a page.

   Markup it expects:
     [data-crosswalk-desk]                  everything that changes from item to item; replaced as a whole
       [data-candidate=NUMBER]              a candidate; [data-digit] the key that chooses it
         button[name=verdict]               the relations, "reject", "clear"; their forms work without scripts too
         input[name=rationale]
       [data-next-open-link]                the next item of which nothing has been said
   The page stays the one that the server rendered: forms are sent and links are followed by fetch, and the desk of the
   answer takes the place of this one. The pages of the next items are fetched beforehand; every judgement drops them. */

(() => {
  const { message, typing, plainKey, describeKeys, english } = sakimori;
  const desk = () => document.querySelector("[data-crosswalk-desk]");
  if (!desk()) return;

  const word = (ja, en) => (english ? en : ja);
  describeKeys(
    [["1", "…", "0"], word("候補を選ぶ", "Choose a candidate")],
    [["="], word("同等と確定する", "Confirm: asks the same")],
    [["<"], word("相手に含まれると確定する", "Confirm: lies in the other")],
    [[">"], word("相手を含むと確定する", "Confirm: holds the other")],
    [["~"], word("一部重なると確定する", "Confirm: overlaps")],
    [["x"], word("候補を却下する", "Reject the candidate")],
    [["r"], word("理由を書く（Enter で保存）", "Write the rationale (Enter saves)")],
    [["Enter"], word("次の未判定へ", "Next item not judged")],
  );
  const verdicts = { "=": "equal", "<": "subset-of", ">": "superset-of", "~": "intersects", x: "reject" };

  // ---- which candidate is chosen --------------------------------------------------------------------------------------
  const candidates = () => [...desk().querySelectorAll("[data-candidate]")];
  const chosen = () => desk().querySelector("[data-candidate][data-chosen]");

  function choose(candidate, scroll = true) {
    const before = chosen();
    if (before) delete before.dataset.chosen;
    if (!candidate) return;
    candidate.dataset.chosen = "";
    if (scroll) candidate.scrollIntoView({ block: "nearest" });
  }
  const withNumber = (number) => candidates().find((one) => one.dataset.candidate === number);
  const firstOpen = () =>
    candidates().find((one) => one.dataset.digit && !one.matches(".candidate--confirmed, .candidate--rejected")) ??
    candidates()[0];

  function move(step) {
    const all = candidates();
    const at = all.indexOf(chosen());
    choose(all[Math.min(all.length - 1, Math.max(0, at + step))]);
  }

  // ---- pages --------------------------------------------------------------------------------------------------------------
  const ahead = new Map(); // address -> promise of a page's text
  let turn = Promise.resolve(); // one thing after the other, in the order of the keys

  async function page(address, options = {}) {
    const response = await fetch(address, { credentials: "same-origin", ...options });
    const text = await response.text();
    return { address: response.url, ok: response.ok, text };
  }

  function fetchAhead() {
    for (const link of desk().querySelectorAll("a[rel=next], a[data-next-open-link]")) {
      if (!ahead.has(link.href)) ahead.set(link.href, page(link.href).catch(() => null));
    }
  }

  /** While one item is judged its candidates keep their places and digits, whatever the suggestions have learnt from it. */
  function keepPlaces(fresh) {
    const place = new Map(candidates().filter((one) => one.dataset.digit).map((one, at) => [one.dataset.candidate, at]));
    const rows = [...fresh.querySelectorAll("[data-candidate][data-digit]")];
    if (rows.length === 0) return;
    const list = rows[0].parentElement;
    const digits = rows.map((row) => row.dataset.digit);
    rows.sort((a, b) => (place.get(a.dataset.candidate) ?? rows.length) - (place.get(b.dataset.candidate) ?? rows.length));
    for (const [at, row] of rows.entries()) {
      row.dataset.digit = digits[at];
      row.querySelector(".candidate__key").textContent = digits[at];
      list.append(row);
    }
  }

  function show(answer, keep) {
    const next = new DOMParser().parseFromString(answer.text, "text/html");
    const fresh = next.querySelector("[data-crosswalk-desk]");
    if (!fresh) {
      // A refusal, or the session has ended: say it, or let the browser show it.
      const words = next.querySelector("main p")?.textContent.trim();
      if (answer.ok || !words) location.assign(answer.address);
      else message(words, "error");
      return;
    }
    const itemOf = (part) => part.querySelector(".xdesk__item h2").textContent;
    const same = itemOf(desk()) === itemOf(fresh);
    if (same) keepPlaces(fresh);
    desk().replaceWith(document.adoptNode(fresh));
    document.title = next.title;
    if (location.href !== answer.address) history[same ? "replaceState" : "pushState"]({}, "", answer.address);
    choose((keep && withNumber(keep)) || firstOpen(), Boolean(keep));
    if (!keep) window.scrollTo(0, 0);
    fetchAhead();
  }

  /** Runs one step after those before it; a failure is said and stops nothing. */
  const queue = (step) => {
    turn = turn.then(step).catch(() => message(word("サーバーにつながりません。もう一度お試しください", "The server cannot be reached. Try again"), "error"));
    return turn;
  };

  const open = (address) =>
    queue(async () => {
      const kept = ahead.get(address);
      ahead.delete(address);
      show((await kept) ?? (await page(address)), "");
    });

  async function send(form, button, keep) {
    const body = new URLSearchParams(new FormData(form));
    if (button?.name) body.set(button.name, button.value);
    ahead.clear();
    show(await page(form.action, { method: "POST", body }), keep);
    delete form.dataset.sending;
  }

  function judge(number, verdict) {
    // Looked up when its turn comes: the step before may have replaced the desk.
    queue(async () => {
      const candidate = withNumber(number);
      const button = candidate?.querySelector(`button[name=verdict][value="${verdict}"]`);
      if (!button) return;
      const all = candidates();
      const after = all[all.indexOf(candidate) + 1]?.dataset.candidate;
      await send(button.form, button, verdict === "reject" ? after : number);
    });
  }

  // ---- keys, links, forms ---------------------------------------------------------------------------------------------------
  document.addEventListener("keydown", (event) => {
    if (!plainKey(event) || document.querySelector("dialog[open]")) return;
    if (typing(event.target)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const digit = /^[0-9]$/.test(event.key) && desk().querySelector(`[data-digit="${event.key}"]`);
    if (digit) choose(digit);
    else if (verdicts[event.key] && chosen()) judge(chosen().dataset.candidate, verdicts[event.key]);
    else if (event.key === "r" && chosen()) chosen().querySelector("input[name=rationale]")?.focus();
    else if (event.key === "ArrowDown" && chosen()) move(1);
    else if (event.key === "ArrowUp" && chosen()) move(-1);
    else if (event.key === "Enter" && !event.target.closest("a, button, summary")) {
      queue(() => void desk().querySelector("[data-next-open-link]")?.click());
    } else return;
    event.preventDefault();
  });

  document.addEventListener("click", (event) => {
    const candidate = event.target.closest("[data-candidate]");
    if (candidate) choose(candidate, false);
    const link = event.target.closest("[data-crosswalk-desk] a[href]");
    const plain = !event.defaultPrevented && event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey;
    if (!link || !plain || !/\/desk$/.test(new URL(link.href).pathname) || link.origin !== location.origin) return;
    event.preventDefault();
    open(link.href);
  });

  document.addEventListener("submit", (event) => {
    const form = event.target.closest("[data-crosswalk-desk] form");
    if (!form || event.defaultPrevented) return;
    event.preventDefault();
    if (form.method === "get") {
      open(`${form.action}?${new URLSearchParams(new FormData(form))}`);
      return;
    }
    // Enter in the rationale of a judged pair saves it with the relation that stands; before, it asks for one.
    let button = event.submitter;
    const candidate = form.closest("[data-candidate]");
    if (form.matches(".candidate__form") && document.activeElement?.name === "rationale") {
      button = form.querySelector('button[aria-pressed="true"]');
      document.activeElement.blur();
      if (!button) {
        delete form.dataset.sending;
        message(word("= < > ~ で関係を付けると、理由も保存します", "Set the relation with = < > ~: the rationale is saved with it"));
        return;
      }
    }
    queue(() => send(form, button, candidate?.dataset.candidate ?? ""));
  });

  window.addEventListener("popstate", () => {
    if (desk()) open(location.href);
  });
  choose(firstOpen(), false);
  fetchAhead();
})();
