// 回答依頼: asked by the officer, answered on a phone, seen on the board.

import assert from "node:assert/strict";
import { check, desk, eventually, phone, screenshot } from "../lib/browser.mjs";
import { EDITION } from "./answers.mjs";
import { MEMBER, personPage } from "./people.mjs";

const DEPARTMENT = "お客さまサービス部";
const dayFromNow = (days) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

export async function ask(story) {
  const page = story.officer;
  await page.goto(`${story.server.url}/requests`);
  await check(page, "31-requests", { fullPage: true });

  // Rows are selected in the sheet, with the key x.
  await page.goto(`${story.newSheetUrl.split("?")[0]}?edition=${EDITION}&show=blank`);
  const rows = page.locator("tr[data-row]");
  await rows.nth(0).locator('input[data-field="status"]').first().focus();
  await page.keyboard.press("x");
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  const bulk = page.locator("[data-sheet-bulk]");
  await bulk.getByText("2件を選択中").waitFor();
  await check(page, "32-sheet-selected");
  await bulk.getByRole("button", { name: "回答を依頼" }).click();

  await page.getByLabel("依頼先").selectOption({ label: DEPARTMENT });
  await page.getByLabel("期限").fill(dayFromNow(14));
  await page.getByLabel("連絡文").fill("窓口で分かる範囲で構いません。\n不明な点は統括室まで。");
  await check(page, "33-request-new", { fullPage: true });
  await page.getByRole("button", { name: "依頼する", exact: true }).click();
  await page.getByRole("heading", { level: 1, name: new RegExp(DEPARTMENT) }).waitFor();
  await check(page, "34-request", { fullPage: true });
  story.requestUrl = page.url();
}

export async function answer(story) {
  const page = await personPage(story, MEMBER, { viewport: phone, hasTouch: true, isMobile: true });
  await check(page, "35-member-home-phone", { fullPage: true });
  await page.goto(`${story.server.url}/requests`);
  await check(page, "36-member-requests-phone", { fullPage: true });
  assert.equal(await page.getByRole("link", { name: "お客さまサービス部" }).count() > 0, true);
  await page.locator(`a[href="${new URL(story.requestUrl).pathname}"]`).first().click();
  await page.getByText("窓口で分かる範囲で構いません").waitFor();
  assert.equal(await page.locator("tr[data-row]").count(), 2, "the department sees its part");
  await check(page, "37-member-part-phone", { fullPage: true });

  for (const [at, row] of (await page.locator("tr[data-row]").all()).entries()) {
    await row.locator(".status-pick label").nth(at).tap();
    await row.locator('[data-field="current"]').fill(at ? "夜間は警備会社に任せている。" : "窓口の全員が研修を受けた。");
    await eventually("the row is saved", async () => /^保存済/.test(await row.locator("[data-save-state]").innerText()));
  }
  await check(page, "38-member-answered-phone", { fullPage: true });
  await page.setViewportSize(desk);
  await check(page, "39-member-part", { fullPage: true });

  // What was not asked of the department does not exist for it.
  page.expectProblem(/status of 40[34]/);
  assert.ok([403, 404].includes((await page.goto(story.sheetUrl)).status()));
  assert.equal((await page.goto(`${story.server.url}/answers/${story.answered[0]}`)).status(), 404);

  await page.setViewportSize(phone);
  await page.goto(story.requestUrl);
  page.once("dialog", (dialog) => dialog.accept());
  await Promise.all([page.waitForNavigation(), page.getByRole("button", { name: "回答を提出する" }).tap()]);
  assert.equal(await page.getByRole("button", { name: "回答を提出する" }).count(), 0, "nothing can be changed any more");
  await screenshot(page, "40-member-returned-phone", { fullPage: true });
  await page.context().close();
}

export async function board(story) {
  const page = story.officer;
  await page.goto(`${story.server.url}/requests`);
  const line = page.getByRole("row", { name: /令和8年度 期末点検/ });
  assert.match(await line.innerText(), /2 \/ 2/);
  assert.match(await line.innerText(), /提出|回答済|返/);
  await check(page, "41-board", { fullPage: true });
  await line.getByRole("link").first().click();
  assert.equal(await page.locator('[data-field="current"]').first().inputValue(), "窓口の全員が研修を受けた。");
  await Promise.all([page.waitForNavigation(), page.getByRole("button", { name: "受領する" }).click()]);
  await check(page, "42-request-accepted", { fullPage: true });
  await page.goto(`${story.server.url}/requests/reminders`);
  await check(page, "43-reminders", { fullPage: true });
}
