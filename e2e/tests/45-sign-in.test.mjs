// Second factors in a browser: one-time codes without scripts, passkeys with the browser's virtual authenticator, rules.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import test from "node:test";
import { checkAccessibility, checkWidth, openBrowser, screenshot, signIn } from "../lib/browser.mjs";
import { start } from "../lib/server.mjs";

const PASSWORD = "demo-sakimori-2026";

/** The six digits of an app (RFC 6238) at a moment. */
function oneTimeCode(secret, seconds) {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret.replaceAll(" ", "")].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(seconds / 30)));
  const mac = createHmac("sha1", key).update(counter).digest();
  const at = mac[19] & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/** A page on localhost, where passkeys are bound to a name, with an authenticator that always says yes. */
async function withAuthenticator(browser, server) {
  const page = await browser.page();
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("WebAuthn.enable");
  const options = { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true };
  const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", {
    options: { ...options, automaticPresenceSimulation: true },
  });
  return { page, cdp, authenticatorId, site: { ...server, url: server.url.replace("127.0.0.1", "localhost") } };
}

test("one-time codes are set up and asked for, without scripts", async (t) => {
  // The browser ends first: what its last page still asks for must find the server.
  const browser = await openBrowser(t);
  const server = await start(t, "demo");
  const page = await browser.page({ javaScriptEnabled: false });
  page.expectProblem(/422|401/);
  await signIn(page, server, "mm-ciso", PASSWORD);
  await page.goto(`${server.url}/me/second-factor`);
  await page.getByRole("button", { name: "ワンタイムコードを設定する" }).click();
  const secret = await page.locator("#totp code").innerText();
  const now = Date.now() / 1000;
  await page.getByLabel("6桁のコード").fill(oneTimeCode(secret, now));
  await page.getByRole("button", { name: "設定する", exact: true }).click();
  const codes = await page.locator("main code").allInnerTexts();
  assert.equal(codes.length, 10);
  await page.getByRole("link", { name: /保管しました/ }).click();

  const again = await browser.page({ javaScriptEnabled: false });
  again.expectProblem(/422|401/);
  await again.goto(`${server.url}/sign-in?next=/me`);
  await again.getByLabel("ログイン名").fill("mm-ciso");
  await again.getByLabel("パスワード").fill(PASSWORD);
  await again.getByRole("button", { name: "サインイン" }).click();
  await again.getByLabel("コード", { exact: true }).fill("000000");
  await again.getByRole("button", { name: "次へ" }).click();
  assert.match(await again.locator("[role=alert]").first().innerText(), /コードが違う/);
  await again.getByLabel("コード", { exact: true }).fill(oneTimeCode(secret, now + 30));
  await again.getByRole("button", { name: "次へ" }).click();
  assert.equal(new URL(again.url()).pathname, "/me");
});

test("a passkey is added and signs in", async (t) => {
  // The browser ends first: what its last page still asks for must find the server.
  const browser = await openBrowser(t);
  const server = await start(t, "demo");
  const { page, cdp, authenticatorId, site } = await withAuthenticator(browser, server);
  page.expectProblem(/422/);
  await signIn(page, site, "mm-ciso", PASSWORD);
  await page.goto(`${site.url}/me/second-factor`);
  await checkAccessibility(page, "second factors");
  await page.getByLabel("名前").fill("事務所の端末");
  await page.getByRole("button", { name: "パスキーを追加する" }).click();
  await page.getByRole("heading", { name: "回復コード" }).waitFor();
  await checkAccessibility(page, "recovery codes");
  await screenshot(page, "recovery-codes");
  await page.getByRole("link", { name: /保管しました/ }).click();
  await page.goto(`${site.url}/me/second-factor`);
  await page.locator("#passkeys li", { hasText: "事務所の端末" }).waitFor();
  await screenshot(page, "second-factors", { fullPage: true });

  const halfWay = async () => {
    await page.context().clearCookies();
    await page.goto(`${site.url}/sign-in?next=/me`);
    await page.getByLabel("ログイン名").fill("mm-ciso");
    await page.getByLabel("パスワード").fill(PASSWORD);
    await page.getByRole("button", { name: "サインイン" }).click();
    await page.getByRole("button", { name: "パスキーを使う" }).waitFor();
  };
  await halfWay();
  await checkAccessibility(page, "second step");
  await screenshot(page, "second-step");
  await page.getByRole("button", { name: "パスキーを使う" }).click();
  await page.waitForURL(`${site.url}/me`);

  // Another authenticator knows nothing of this account.
  await halfWay();
  await cdp.send("WebAuthn.clearCredentials", { authenticatorId });
  await page.getByRole("button", { name: "パスキーを使う" }).click();
  await page.locator("[data-passkey-problem]:not([hidden])").waitFor();
  assert.equal(new URL(page.url()).pathname, "/sign-in/second-factor");
});

test("rules, sessions and notices are pages that everybody can use", async (t) => {
  // The browser ends first: what its last page still asks for must find the server.
  const browser = await openBrowser(t);
  const server = await start(t, "demo");
  const page = await browser.page();
  page.expectProblem(/401/);
  await signIn(page, server, "mm-ciso", PASSWORD);
  for (const path of ["/me", "/notices", "/administration/sign-in-rules", "/administration/upkeep", "/confirm"]) {
    await page.goto(`${server.url}${path}`);
    await checkAccessibility(page, path);
    await checkWidth(page, path);
    await screenshot(page, `sign-in${path.replaceAll("/", "-")}`, { fullPage: true });
  }
  await page.getByRole("group").or(page.locator("details.menu")).last().click();
  await page.getByRole("button", { name: "English" }).click();
  for (const path of ["/me", "/administration/sign-in-rules"]) {
    await page.goto(`${server.url}${path}`);
    await screenshot(page, `sign-in-en${path.replaceAll("/", "-")}`, { fullPage: true });
  }
});
