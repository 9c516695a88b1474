"use strict";
/* Core: words, keys, menus, dialogs, messages, the rail. Every page works without scripts; this makes it pleasant.

   Markup it expects (all optional):
     <html lang="ja|en">                         the language of the words below
     <meta name="csrf-token" content="…">        sent as header x-csrf-token with every htmx request and save
     <meta name="person" content="…">            id of the signed-in person; keeps unsent words of two people apart
     [data-rail-toggle]                          button that narrows the rail (cookie sakimori_rail=narrow)
     details.menu                                closes on Escape and on a click outside
     [data-search]                               the search field; "/" puts the cursor there
     [data-key="n"]                              link, button or field that the key "n" activates outside of text fields
     [data-key-label]                            what the help card says about that key (default: its text)
     [data-print]                                button that prints the page
     [data-confirm="question"]                   form or button: asked before it is sent
     [data-autosubmit]                           select or checkbox that sends its form when changed
     [data-dialog="id"] [data-dialog-close]      opens / closes <dialog id="id">
     <body data-handling="社外秘">                handling mark: printed in the top margin of every page
     [data-messages]                             aria-live container for short lines
   Forms with method post are sent once: a second click while the first is under way does nothing. */

const sakimori = (() => {
  const root = document.documentElement;
  const english = root.lang.startsWith("en");

  /** Words shown by scripts: [Japanese, English]. */
  const words = {
    saved: ["保存済", "Saved"],
    saving: ["保存中…", "Saving…"],
    waiting: ["未送信（つながり次第送ります）", "Not sent yet (retrying)"],
    signedOut: ["未送信（サインインし直してください）", "Not sent: please sign in again"],
    needReason: ["対象外の理由を記入してください", "Please give the reason for －"],
    conflict: ["ほかの人が先に変更しました", "Somebody else changed this first"],
    refused: ["保存できません", "Cannot be saved"],
    mine: ["自分の内容にする", "Keep mine"],
    theirs: ["相手の内容にする", "Take theirs"],
    field: ["項目", "Field"],
    mineColumn: ["自分", "Mine"],
    theirsColumn: ["相手", "Theirs"],
    notLoaded: ["読み込めませんでした。もう一度お試しください", "This could not be loaded; try again"],
    unsentElsewhere: ["ほかのページに未送信の内容があります", "There are unsent changes on other pages"],
    storageFull: ["この端末に控えを残せません。ページを閉じずにお待ちください", "No space for a local copy: keep this page open"],
    restored: ["未送信だった内容を戻しました", "Unsent changes were put back"],
    keys: ["キーボード操作", "Keyboard"],
    close: ["閉じる", "Close"],
    failed: ["サーバーにつながりません。少し待ってからもう一度お試しください", "The server cannot be reached. Please try again shortly"],
    next: ["次の行", "Next row"],
    previous: ["前の行", "Previous row"],
    open: ["開く", "Open"],
    select: ["選択する／外す", "Select or deselect"],
    edit: ["編集する", "Edit"],
    help: ["この一覧を表示", "Show this list"],
    search: ["検索", "Search"],
    setStatus: ["○ △ × － を付ける", "Set ○ △ × －"],
    takeOver: ["前回の回答を引き継ぐ", "Take over last year's answer"],
    nextRow: ["次の行へ", "To the next row"],
    leaveField: ["入力欄から出る", "Leave the field"],
    detail: ["詳細を横に開く", "Open the detail beside"],
  };
  const say = (name) => words[name][english ? 1 : 0];

  const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? "";

  /** Creates an element with attributes and children; the only way scripts make markup, so that no text becomes HTML. */
  function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
      else made.setAttribute(name, value);
    }
    made.append(...children);
    return made;
  }

  function message(text, kind = "") {
    const box = document.querySelector("[data-messages]");
    if (!box) return;
    const line = element("p", { class: kind ? `message message--${kind}` : "message" }, text);
    box.append(line);
    setTimeout(() => line.remove(), kind === "error" ? 12000 : 5000);
  }

  /** True while a key press belongs to what the person is writing. */
  function typing(target) {
    if (!(target instanceof Element)) return false;
    if (target.closest("select, textarea, [contenteditable]")) return true;
    const input = target.closest("input");
    return Boolean(input) && !["checkbox", "radio", "button", "submit", "reset"].includes(input.type);
  }
  const plainKey = (event) => !event.ctrlKey && !event.metaKey && !event.altKey && !event.isComposing;

  // ---- keys -------------------------------------------------------------------------------------------------------
  const help = []; // [keys, words], in the order of registration
  const describeKeys = (...entries) => help.push(...entries);
  describeKeys([["/"], say("search")], [["?"], say("help")]);

  function showHelp() {
    const list = element("dl", { class: "keys" });
    const own = [...document.querySelectorAll("[data-key]")].map((item) => [
      [item.dataset.key],
      item.dataset.keyLabel ?? item.textContent.trim(),
    ]);
    for (const [keys, text] of [...help, ...own]) {
      const shown = keys.flatMap((key, index) => [index ? " " : "", element("kbd", {}, key)]);
      list.append(element("dt", {}, ...shown), element("dd", {}, text));
    }
    const dialog = element(
      "dialog",
      { class: "dialog", "aria-labelledby": "keys-title" },
      element(
        "div",
        { class: "dialog__head" },
        element("h2", { id: "keys-title" }, say("keys")),
        element("button", { class: "button button--outline button--small", type: "button", "data-dialog-close": "" }, say("close")),
      ),
      list,
    );
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  }

  document.addEventListener("keydown", (event) => {
    if (!plainKey(event) || typing(event.target) || document.querySelector("dialog[open]")) return;
    if (event.key === "?") {
      event.preventDefault();
      showHelp();
      return;
    }
    const target =
      event.key === "/"
        ? document.querySelector("[data-search]")
        : [...document.querySelectorAll("[data-key]")].find((item) => item.dataset.key === event.key);
    if (!target) return;
    event.preventDefault();
    if (target.matches("input, select, textarea")) {
      target.focus();
      target.select?.();
    } else target.click();
  });

  // ---- rail, menus, dialogs, print ----------------------------------------------------------------------------------
  root.dataset.script = "";
  document.addEventListener("click", (event) => {
    const on = (selector) => event.target.closest(selector);
    if (on("[data-rail-toggle]")) {
      const narrow = root.dataset.rail !== "narrow";
      if (narrow) root.dataset.rail = "narrow";
      else delete root.dataset.rail;
      document.cookie = `sakimori_rail=${narrow ? "narrow" : ""}; path=/; max-age=${narrow ? 31536000 : 0}; samesite=lax`;
    }
    if (on("[data-print]")) window.print();
    const opener = on("[data-dialog]");
    if (opener) document.getElementById(opener.dataset.dialog)?.showModal();
    if (on("[data-dialog-close]")) on("dialog")?.close();
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
    const asking = on("button[data-confirm], a[data-confirm]");
    if (asking && !window.confirm(asking.dataset.confirm)) event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-autosubmit]")) event.target.form?.requestSubmit();
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.confirm && !window.confirm(form.dataset.confirm)) {
      event.preventDefault();
      return;
    }
    if (form.method !== "post") return;
    if (form.dataset.sending !== undefined) {
      event.preventDefault();
      return;
    }
    form.dataset.sending = "";
    setTimeout(() => delete form.dataset.sending, 8000);
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sending]")) delete form.dataset.sending;
  });

  // The mark is free text and the checkpoint is of this moment, so they cannot stand in the style sheet; a sheet made here
  // is what the security policy allows.
  for (const [name, box, font] of [
    ["handling", "@top-right", "bold 10pt sans-serif"],
    ["checkpoint", "@bottom-left", "5.5pt sans-serif"],
  ]) {
    const words = document.body.dataset[name];
    if (!words) continue;
    const text = [...words].map((c) => `\\${c.codePointAt(0).toString(16)} `).join("");
    const page = new CSSStyleSheet();
    page.replaceSync(`@page { ${box} { content: "${text}"; font: ${font}; } }`);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, page];
  }

  // ---- htmx ---------------------------------------------------------------------------------------------------------
  document.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["x-csrf-token"] = meta("csrf-token");
  });
  document.addEventListener("htmx:sendError", () => message(say("failed"), "error"));
  document.addEventListener("htmx:responseError", () => message(say("failed"), "error"));

  return { say, meta, element, message, typing, plainKey, describeKeys, english };
})();
