"use strict";
/* Passkeys: asks the server what to ask, lets the browser ask the person, and sends the answer with the form.

   Markup it expects:
     form[data-passkey="/address/of/the/first/half"]   data-passkey-kind="create" or "get"
       input[name=csrf]                                the token of the page
       input[name=answer]                              takes the browser's answer, as JSON
       [data-passkey-problem]                          takes a sentence when nothing comes of it
     [data-passkey-origin]                             the address that passkeys are bound to
   Without scripts the button sends an empty answer, which the server refuses in words. */

(() => {
  const english = document.documentElement.lang.startsWith("en");
  const word = (ja, en) => (english ? en : ja);

  const bytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const listed = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

  /** What the browser is asked, from the server's JSON. */
  function question(options) {
    const key = { ...options.publicKey, challenge: bytes(options.publicKey.challenge) };
    if (key.user) key.user = { ...key.user, id: bytes(key.user.id) };
    if (key.excludeCredentials) key.excludeCredentials = listed(key.excludeCredentials);
    if (key.allowCredentials) key.allowCredentials = listed(key.allowCredentials);
    return { publicKey: key };
  }

  /** The browser's answer as the server reads it. */
  function answer(credential) {
    const { response } = credential;
    const common = { id: credential.id, rawId: text(credential.rawId), type: credential.type, extensions: {} };
    const data = { clientDataJSON: text(response.clientDataJSON) };
    if (response.attestationObject) {
      return { ...common, response: { ...data, attestationObject: text(response.attestationObject) } };
    }
    const userHandle = response.userHandle ? text(response.userHandle) : null;
    const proof = { authenticatorData: text(response.authenticatorData), signature: text(response.signature), userHandle };
    return { ...common, response: { ...data, ...proof } };
  }

  async function ask(form) {
    const headers = { "content-type": "application/json", accept: "application/json", "x-csrf-token": form.csrf.value };
    const reply = await fetch(form.dataset.passkey, { method: "POST", headers, body: "{}" });
    const options = await reply.json();
    if (options.code === "confirm-needed") {
      location.assign(`/confirm?next=${encodeURIComponent(location.pathname + location.search)}`);
      return false;
    }
    if (!reply.ok) throw new Error(options.message);
    const create = form.dataset.passkeyKind === "create";
    const credential = await navigator.credentials[create ? "create" : "get"](question(options));
    form.answer.value = JSON.stringify(answer(credential));
    return true;
  }

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const problem = form.querySelector("[data-passkey-problem]");
    const tell = (sentence) => {
      problem.textContent = sentence;
      problem.hidden = false;
    };
    const origin = form.dataset.passkeyOrigin;
    if (origin && origin !== location.origin) {
      tell(word(`パスキーは、このサイトを ${origin} で開いたときに使えます。`, `Passkeys work where this site is opened as ${origin}.`));
    } else if (!window.PublicKeyCredential) {
      tell(word("このブラウザはパスキーに対応していません。", "This browser knows no passkeys."));
    }
    form.addEventListener(
      "submit",
      async (event) => {
        if (form.answer.value !== "" || event.submitter?.hasAttribute("data-passkey-plain")) return;
        event.preventDefault();
        event.stopImmediatePropagation();
        problem.hidden = true;
        try {
          if (await ask(form)) form.submit();
        } catch (error) {
          const refused = error.name === "NotAllowedError" || error.name === "InvalidStateError";
          tell(refused ? word("パスキーの確認が取り消されたか、時間切れになりました。", "The passkey was cancelled or took too long.") : error.message);
        }
      },
      { capture: true },
    );
  }
})();
