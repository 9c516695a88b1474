// Who signs in, what they may do, in which language.

import assert from "node:assert/strict";
import { check, checkAccessibility, screenshot, signIn } from "../lib/browser.mjs";

export const OFFICER = "mm-ciso";
export const MEMBER = "mm-customer-head";
export const PORT_OFFICER = "uw-ciso";
export const AUDITOR = "mm-audit-head";
export const ADMINISTRATOR = "mm-admin";

/** A page of a person who is signed in. */
export async function personPage(story, login, options) {
  const page = await story.page(options);
  await signIn(page, story.server, login, story.password);
  return page;
}

/** What a person reads in the terminal is what the story uses. */
export function readPrinted(story) {
  const printed = story.server.log();
  story.password = /パスワードはすべて[^:：]*[:：]\s*(\S+)/.exec(printed)?.[1];
  assert.ok(story.password, `the password is printed:\n${printed}`);
  assert.match(printed, new RegExp(story.server.url));
  for (const login of [OFFICER, MEMBER, PORT_OFFICER, AUDITOR, ADMINISTRATOR]) assert.match(printed, new RegExp(`^\\s+${login}\\s`, "m"));
}

export async function officerSignsIn(story) {
  const page = await story.page();
  await page.goto(story.server.url);
  await check(page, "01-sign-in");
  page.expectProblem(/status of 401/);
  await page.getByLabel("ログイン名").fill(OFFICER);
  await page.getByLabel("パスワード").fill("not the password");
  await page.getByRole("button", { name: "サインイン" }).click();
  await page.getByRole("alert").waitFor();
  await check(page, "02-sign-in-refused");
  await signIn(page, story.server, OFFICER, story.password);
  await page.getByRole("heading", { level: 1, name: "ホーム" }).waitFor();
  await page.getByText("これはデモです").waitFor();
  await check(page, "03-home", { fullPage: true });
  story.officer = page;
}

export async function english(story) {
  const page = story.officer;
  await page.goto(`${story.server.url}/`);
  await page.locator("details.menu > summary").first().click();
  await page.getByRole("button", { name: "English" }).click();
  await page.getByRole("heading", { level: 1, name: "Home" }).waitFor();
  assert.equal(await page.locator("html").getAttribute("lang"), "en");
  const home = await page.locator("main").innerText();
  await check(page, "60-home-english", { fullPage: true });
  assert.match(home, /To do/);
  await page.goto(`${story.server.url}/assessments`);
  await page.getByRole("heading", { level: 1, name: "Self-assessment" }).waitFor();
  await check(page, "61-assessments-english");
  await page.locator("details.menu > summary").first().click();
  await page.getByRole("button", { name: "日本語" }).click();
  await page.getByRole("heading", { level: 1, name: "自己点検" }).waitFor();
}

export async function auditor(story) {
  const page = await personPage(story, AUDITOR);
  const csrf = await page.locator('meta[name="csrf-token"]').getAttribute("content");
  await page.goto(`${story.sheetUrl}?show=gap`);
  await check(page, "62-auditor-sheet");
  const row = page.locator("tr[data-row]").first();
  assert.equal(await row.locator("input[type=radio]:not(:disabled)").count(), 0, "no status can be chosen");
  assert.equal(await row.locator("textarea:not([readonly])").count(), 0, "no text can be written");
  assert.equal(await page.getByRole("button", { name: "この章を保存する" }).count(), 0);

  // Whoever goes round the page is refused as well.
  page.expectProblem(/status of 40[34]/);
  const [save, version] = [await row.getAttribute("data-save-url"), Number(await row.getAttribute("data-version"))];
  const answer = await page.evaluate(
    async ([url, token, body]) =>
      (await fetch(url, { method: "PATCH", headers: { "content-type": "application/json", "x-csrf-token": token }, body: JSON.stringify(body) })).status,
    [save, csrf, { version, status: "o" }],
  );
  assert.equal(answer, 403);
  const refused = await page.goto(`${story.server.url}/administration/sign-in`);
  assert.ok([403, 404].includes(refused.status()));
  await check(page, "63-refused");
  await page.goto(`${story.server.url}/trail`);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await check(page, "64-trail");
  await page.context().close();
}

export async function administrator(story) {
  const page = await personPage(story, ADMINISTRATOR);
  await page.locator("details.menu > summary").first().click();
  await page.getByRole("link", { name: "利用者と部署" }).click();
  await check(page, "65-people", { fullPage: true });
  const login = "mm-new-operator";
  const password = "correct horse battery 26";
  const form = page.locator('form[action="/administration/accounts"]');
  await form.getByLabel("氏名").fill("設備運用部 新任担当");
  await form.getByLabel("ログイン名").fill(login);
  await form.getByLabel(/パスワード/).fill(password);
  await form.getByLabel("役割").selectOption("department-member");
  await form.getByLabel(/^部署/).selectOption({ label: "設備運用部" });
  await form.getByRole("button", { name: "登録する" }).click();
  await page.getByRole("row", { name: new RegExp(login) }).waitFor();
  await check(page, "66-people-added", { fullPage: true });
  // Forgotten before it was used: the administrator gives another, which is shown once.
  await page.goto(`${story.server.url}/administration/sign-in`);
  await page.getByRole("row", { name: new RegExp(login) }).getByRole("button", { name: /パスワードを新しくする/ }).click();
  await page.getByRole("heading", { level: 1, name: "新しいパスワード" }).waitFor();
  const issued = await page.locator("dd code").nth(1).textContent();
  await check(page, "66-password-issued");
  await page.context().close();

  const added = await story.page();
  await signIn(added, story.server, login, issued);
  await added.getByRole("heading", { level: 1, name: "自分のパスワードを決める" }).waitFor();
  await check(added, "66-own-password");
  // The first one was used already, so it does not come back.
  const own = "seven rusty anchors at dawn 26";
  for (const name of ["new", "again"]) await added.locator(`input[name="${name}"]`).fill(own);
  await added.getByRole("button", { name: "決めて進む" }).click();
  await added.getByText("設備運用部 新任担当").first().waitFor();
  await added.goto(`${story.server.url}/me`);
  await check(added, "67-my-settings");
  await added.context().close();
}

export async function signsOut(story) {
  const page = story.officer;
  await page.goto(`${story.server.url}/`);
  await page.locator("details.menu > summary").first().click();
  await screenshot(page, "80-menu");
  await page.getByRole("button", { name: "サインアウト" }).click();
  await page.getByLabel("ログイン名").waitFor();
  await page.goto(story.sheetUrl);
  await page.getByLabel("ログイン名").waitFor();
  await checkAccessibility(page);
}
