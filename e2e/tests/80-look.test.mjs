// What people see of accounts, approval and the trail: every page at a desk, on a phone and on paper, as each role; both
// versions after a conflict; the choice of an organisation; the review's day.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { check, checkWidth, desk, look, openBrowser, phone, printed, signIn } from "../lib/browser.mjs";
import { start } from "../lib/server.mjs";

const PASSWORD = "demo-sakimori-2026";

/** The pages of each role that issue of accounts and trail brought. */
const PAGES = {
  "mm-admin": [
    "/",
    "/me",
    "/me/second-factor",
    "/me/tokens",
    "/me/duties",
    "/seats",
    "/notices",
    "/administration",
    "/administration/sign-in",
    "/administration/sign-in-rules",
    "/administration/networks",
    "/administration/tokens",
    "/administration/upkeep",
    "/handovers",
    "/trail",
    "/confirm",
  ],
  "mm-ciso": ["/", "/access-reviews", "/approvals", "/administration/relations", "/members"],
  "mm-operations-a": ["/"],
  "mm-audit-a": ["/", "/access-reviews"],
  "mm-executive": ["/"],
  "ct-desk-a": ["/", "/members"],
  "mn-desk-a": ["/"],
  "no-desk-a": ["/"],
};
/** Those that are printed. */
const PAPER = ["/administration", "/trail", "/members", "/me/duties", "/administration/sign-in"];

async function language(page, server, code) {
  await page.goto(`${server.url}/seats`);
  await page.locator("details.menu > summary").click();
  await page.getByRole("button", { name: code === "en" ? "English" : "日本語" }).click();
  await page.locator(`html[lang="${code}"]`).waitFor();
}

/** Width and height of the sheets of a PDF, in points, without more than the file itself. */
function sheets(path) {
  const boxes = readFileSync(path, "latin1").matchAll(/\/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)\s*\]/g);
  return [...boxes].map(([, width, height]) => [Math.round(width), Math.round(height)].sort((a, b) => a - b));
}

test("every page of accounts and the trail is whole at a desk, on a phone and on paper", async (t) => {
  const browser = await openBrowser(t);
  const server = await start(t, "demo");
  for (const [login, paths] of Object.entries(PAGES)) {
    const page = await browser.page();
    await signIn(page, server, login, PASSWORD);
    for (const path of paths) {
      const name = `look-${login}${path.replaceAll("/", "-")}`;
      await page.goto(`${server.url}${path}`);
      await look(page, name, { fullPage: true });
      if (!PAPER.includes(path)) continue;
      const paper = sheets(await printed(page, name));
      assert.ok(paper.length > 0 && paper.every(([short, long]) => Math.abs(short - 595) < 3 && Math.abs(long - 842) < 3), `${name} is A4: ${paper}`);
      await page.emulateMedia({ media: "print" });
      assert.equal(await page.locator("form.panel:visible, .tabs:visible a:not([aria-current]):visible").count(), 0, `${name}: no form on paper`);
      await page.emulateMedia({ media: null });
    }
  }
});

test("the pages speak the reader's language", async (t) => {
  const browser = await openBrowser(t);
  const server = await start(t, "demo");
  const page = await browser.page();
  page.expectProblem(/403|404/);
  await signIn(page, server, "mm-admin", PASSWORD);
  await language(page, server, "en");
  const japanese = /[ぁ-んァ-ヶ]{2,}/;
  for (const path of ["/me/tokens", "/administration/sign-in-rules", "/administration/networks", "/administration/upkeep", "/handovers"]) {
    await page.goto(`${server.url}${path}`);
    const text = await page.locator("main").innerText();
    assert.doesNotMatch(text, japanese, `${path} in English`);
    await page.setViewportSize(phone);
    await checkWidth(page, `${path} in English`);
    await page.setViewportSize(desk);
  }
  for (const [path, title] of [["/access-reviews", "Not allowed"], ["/handovers/nothing", "Not found"]]) {
    await page.goto(`${server.url}${path}`);
    assert.equal(await page.locator("h1").innerText(), title, `${path} refuses in English`);
  }
  await language(page, server, "ja");
  // Switching the language comes back to the page where it was asked for.
  assert.equal(new URL(page.url()).pathname, "/seats");
});

test("the boxes of a token's scope can be read and ticked", async (t) => {
  const browser = await openBrowser(t);
  const server = await start(t, "demo");
  const page = await browser.page();
  await signIn(page, server, "mm-ciso", PASSWORD);
  await page.goto(`${server.url}/me/tokens`);
  const label = await page.locator("label.choice", { hasText: "回答を書く" }).boundingBox();
  assert.ok(label.width > 80 && label.height < 60, `the words stand beside their box: ${JSON.stringify(label)}`);
  await page.getByLabel("名称（使うプログラム）").fill("集計");
  await page.getByLabel("基準を読む").check();
  await page.getByRole("button", { name: "トークンを作る" }).click();
  await page.getByLabel("トークン", { exact: true }).waitFor();
  await check(page, "token-made");
});

test("who was slower sees both versions side by side and saves what shall hold", async (t) => {
  const browser = await openBrowser(t);
  const server = await start(t, "demo");
  const page = await browser.page();
  page.expectProblem(/409/);
  await signIn(page, server, "mm-ciso", PASSWORD);
  await page.goto(`${server.url}/organisation`);
  const other = await page.context().newPage();
  await other.goto(`${server.url}/organisation`);
  await other.getByLabel("取扱区分").fill("関係者限り");
  await other.getByRole("button", { name: "保存して判定する" }).click();
  await other.locator(".notice--success").waitFor();
  await page.getByLabel("取扱区分").fill("極秘");
  await page.getByRole("button", { name: "保存して判定する" }).click();
  const row = page.getByRole("row", { name: /取扱区分/ });
  await row.getByText("関係者限り").waitFor();
  assert.equal(await row.getByRole("textbox").inputValue(), "極秘");
  assert.match(await row.innerText(), /違います/);
  assert.doesNotMatch(await page.getByRole("row", { name: /名称/ }).first().innerText(), /違います/);
  await look(page, "conflict", { fullPage: true });
  await page.getByRole("button", { name: "この内容で保存する" }).click();
  await page.goto(`${server.url}/organisation`);
  assert.equal(await page.getByLabel("取扱区分").inputValue(), "極秘");
});

test("whoever belongs to several organisations is asked in which of them they begin", async (t) => {
  const browser = await openBrowser(t);
  const server = await start(t, "demo");
  const admin = await browser.page();
  await signIn(admin, server, "mm-admin", PASSWORD);
  await admin.goto(`${server.url}/administration`);
  const invite = admin.locator('form[action="/administration/invitations"]').filter({ hasText: "ほかの組織の利用者を招く" });
  await invite.getByLabel("ログイン名").fill("uw-audit");
  await invite.getByLabel("役割").selectOption("auditor");
  await invite.getByRole("button", { name: "招く" }).click();
  const page = await browser.page();
  await signIn(page, server, "uw-audit", PASSWORD);
  assert.equal(new URL(page.url()).pathname, "/", "one organisation: nothing is asked");
  await page.goto(`${server.url}/seats`);
  await page.getByRole("button", { name: "引き受ける" }).click();
  await page.context().clearCookies();
  await page.goto(`${server.url}/sign-in?next=/trail`);
  await page.getByLabel("ログイン名").fill("uw-audit");
  await page.getByLabel("パスワード").fill(PASSWORD);
  await page.getByRole("button", { name: "サインイン" }).click();
  await page.getByRole("heading", { name: "どの組織で始めますか" }).waitFor();
  await look(page, "seats-begin", { fullPage: true });
  await page.getByRole("row", { name: /三河みらい通信/ }).getByRole("button").click();
  assert.equal(new URL(page.url()).pathname, "/trail");
  const here = page.locator(".topbar__organisation");
  assert.match(await here.innerText(), /三河みらい通信/);
  await here.click();
  assert.equal(new URL(page.url()).pathname, "/seats");
});

test("an access review has a day of its own, and a handover chooses its successor from the people", async (t) => {
  const browser = await openBrowser(t);
  const server = await start(t, "demo");
  const page = await browser.page();
  page.expectProblem(/422/);
  await signIn(page, server, "mm-ciso", PASSWORD);
  await page.goto(`${server.url}/access-reviews`);
  const last = await page.getByLabel("終える期限").inputValue();
  await page.getByRole("button", { name: "棚卸しを始める" }).click();
  await page.getByRole("heading", { name: /利用者の棚卸し/ }).waitFor();
  await page.getByRole("combobox", { name: /担当A の判断/ }).first().selectOption("keep");
  await page.getByRole("button", { name: /担当A の判断を保存する/ }).first().click();
  await look(page, "access-review", { fullPage: true });
  const day = `${Number(last.slice(0, 4))}-03-10`;
  await page.getByLabel("終える期限").fill(day);
  await page.getByRole("button", { name: "期限を変える" }).click();
  await page.getByText(`${Number(last.slice(0, 4))}年3月10日`).first().waitFor();

  const admin = await browser.page();
  await signIn(admin, server, "mm-admin", PASSWORD);
  await admin.goto(`${server.url}/administration`);
  await admin.getByRole("link", { name: "設備運用部 担当A" }).click();
  await look(admin, "seat", { fullPage: true });
  await admin.getByRole("link", { name: "人事異動の引継ぎ" }).click();
  await look(admin, "handover-prepare", { fullPage: true });
  await admin.getByLabel("後任").selectOption({ label: "設備運用部 担当B（部署担当者 ・ 設備運用部）" });
  await admin.getByLabel("異動の事由").fill("定期異動");
  admin.on("dialog", (dialog) => dialog.accept());
  await admin.getByRole("button", { name: "引き継ぐ" }).click();
  await admin.getByRole("heading", { name: "引継書" }).waitFor();
  await look(admin, "handover-note", { fullPage: true });
  await printed(admin, "handover-note");
});

test("the first page of each role says what there is to do, and nothing that is not theirs", async (t) => {
  const browser = await openBrowser(t);
  const server = await start(t, "demo");
  const home = async (login) => {
    const page = await browser.page();
    await signIn(page, server, login, PASSWORD);
    return page.locator("main").innerText();
  };
  assert.match(await home("mm-admin"), /控えを取る[\s\S]*第二要素なし/);
  for (const login of ["mm-audit-a", "mm-executive"]) assert.doesNotMatch(await home(login), /に回答する/, `${login} answers nothing`);
  assert.match(await home("mm-operations-a"), /に回答する/);
  assert.match(await home("ct-desk-a"), /傘下の状況[\s\S]*三河みらい通信/);
  for (const login of ["mn-desk-a", "no-desk-a"]) {
    const text = await home(login);
    assert.match(text, /傘下の状況/);
    assert.doesNotMatch(text, /自己点検はありません/, `${login} makes no assessments`);
  }
});
