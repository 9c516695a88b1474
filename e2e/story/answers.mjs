// The assessment sheet: a new one, the keyboard, two people at once, and a browser without scripts.

import assert from "node:assert/strict";
import { check, desk, eventually, screenshot } from "../lib/browser.mjs";
import { OFFICER, personPage } from "./people.mjs";

export const EDITION = "jt-x1051-2018";
const rowOf = (page, id) => page.locator(`tr[data-answer-id="${id}"]`);
const field = (row, name) => row.locator(`[data-field="${name}"]`);
const status = (row) => row.locator('input[data-field="status"]:checked').getAttribute("value");
/** Waits until a row says that everything in it is saved. */
const saved = (row) => eventually("the row says 保存済", async () => /^保存済 \d\d:\d\d$/.test(await row.locator("[data-save-state]").innerText()));

export async function begin(story) {
  const page = story.officer;
  await page.goto(`${story.server.url}/assessments`);
  await check(page, "20-assessments", { fullPage: true });
  await page.getByRole("link", { name: "自己点検を始める" }).click();
  await page.getByLabel("題名").fill("令和8年度 期末点検");
  for (const box of await page.locator('input[name="edition"]').all()) await box.setChecked((await box.getAttribute("value")) === EDITION);
  await page.getByLabel("前回の点検").selectOption({ label: "令和8年度 自己点検" });
  await check(page, "21-assessment-new", { fullPage: true });
  await page.getByRole("button", { name: "始める" }).click();
  await page.getByRole("heading", { level: 1, name: "令和8年度 期末点検" }).waitFor();
  story.newSheetUrl = page.url();
  await check(page, "22-sheet-new");

  // Last time's answer is taken over with one key.
  const id = await page.locator("tr[data-row][data-previous]").first().getAttribute("data-answer-id");
  const row = rowOf(page, id);
  const previous = JSON.parse(await row.getAttribute("data-previous"));
  await field(row, "status").first().focus();
  await page.keyboard.press("y");
  await saved(row);
  await page.reload();
  assert.equal(await status(rowOf(page, id)), previous.status);
  assert.equal(await field(rowOf(page, id), "current").inputValue(), previous.current);
}

/** The half-answered assessment of the demonstration, one standard, only what is not answered. */
async function openBlankRows(page, story) {
  await page.goto(`${story.server.url}/assessments`);
  await page.getByRole("link", { name: "令和8年度 自己点検" }).click();
  await page.getByRole("heading", { level: 1, name: "令和8年度 自己点検" }).waitFor();
  story.sheetUrl = page.url();
  await page.goto(`${story.sheetUrl}?edition=${EDITION}&show=blank`);
}

export async function keyboard(story) {
  const page = story.officer;
  await openBlankRows(page, story);
  await page.goto(`${story.sheetUrl}?edition=${EDITION}`);
  await check(page, "23-sheet");
  await page.goto(`${story.sheetUrl}?edition=${EDITION}&show=blank`);
  await screenshot(page, "24-sheet-unanswered");

  const ids = await page.locator("tr[data-row]").evaluateAll((rows) => rows.slice(0, 4).map((row) => row.dataset.answerId));
  assert.equal(ids.length, 4, "the demonstration leaves rows to answer");
  await page.keyboard.press("j");
  const texts = ["手順書を定め、年1回見直している。", "本社は済み。支社3か所は来年度に行う。", "", "この設備を持たない。"];
  for (const [at, id] of ids.entries()) {
    const row = rowOf(page, id);
    assert.equal(await page.evaluate(() => document.activeElement.closest("tr")?.dataset.answerId), id, "Ctrl+Enter leads to the next row");
    await page.keyboard.press(String(at + 1));
    if (at < 2) await page.keyboard.press("Tab"); // to 現状; － leads to its reason by itself
    if (texts[at]) await page.keyboard.type(texts[at]);
    if (at === 1) await screenshot(page, "25-sheet-writing");
    await saved(row);
    await page.keyboard.press("Control+Enter");
  }
  await screenshot(page, "26-sheet-saved");

  // The picture of the README: a common desk screen.
  await page.setViewportSize({ width: 1536, height: 864 });
  await page.goto(`${story.sheetUrl}?edition=${EDITION}`);
  await page.locator("tr[data-row]").nth(1).locator('input[data-field="status"]:checked').focus();
  await screenshot(page, "assessment-sheet", { publish: true });
  await page.setViewportSize(desk);

  await page.goto(`${story.sheetUrl}?edition=${EDITION}`);
  const shown = await Promise.all(ids.map((id) => status(rowOf(page, id))));
  assert.deepEqual(shown, ["o", "triangle", "x", "na"], "the reloaded page shows what was answered");
  assert.equal(await field(rowOf(page, ids[0]), "current").inputValue(), texts[0]);
  assert.equal(await field(rowOf(page, ids[3]), "na_reason").inputValue(), texts[3]);
  story.answered = ids;

  // The detail opens beside the sheet, with who wrote what and when.
  await rowOf(page, ids[1]).locator("a[data-detail-url]").click();
  const detail = page.locator("#detail");
  await detail.getByRole("heading", { name: "履歴" }).waitFor();
  await eventually("the history names the text", async () => (await detail.innerText()).includes(texts[1]));
  await check(page, "27-sheet-detail");
  await page.goto(`${story.server.url}/answers/${ids[1]}`);
  await check(page, "28-answer", { fullPage: true });
}

export async function twoPeople(story) {
  const [id] = story.answered;
  const mine = story.officer;
  const theirs = await personPage(story, "mm-security-a");
  mine.expectProblem(/status of 409/);
  theirs.expectProblem(/status of 409/);
  for (const page of [mine, theirs]) await page.goto(`${story.sheetUrl}?edition=${EDITION}`);
  const [my, their] = [rowOf(mine, id), rowOf(theirs, id)];

  // Different fields: both are kept although the second page has not seen the first change.
  await field(my, "plan").fill("改訂の担当を決める。");
  await saved(my);
  await field(their, "owner").fill("統括室 担当A");
  await saved(their);
  await mine.reload();
  assert.equal(await field(my, "plan").inputValue(), "改訂の担当を決める。");
  assert.equal(await field(my, "owner").inputValue(), "統括室 担当A");
  await theirs.reload();

  // The same field: the second is asked, with both texts before their eyes.
  await field(my, "current").fill("手順書を定め、半年ごとに見直している。");
  await saved(my);
  await field(their, "current").fill("手順書は改訂中である。");
  const choice = their.getByRole("alertdialog");
  await choice.waitFor();
  assert.match(await choice.innerText(), /半年ごとに見直している/);
  assert.match(await choice.innerText(), /改訂中である/);
  await eventually("the other person is shown in the row", async () => (await their.locator(".sheet__item").getAttribute("data-other")) !== null);
  await check(theirs, "29-sheet-two-people");
  await choice.getByRole("button", { name: "相手の内容にする" }).click();
  assert.equal(await field(their, "current").inputValue(), "手順書を定め、半年ごとに見直している。");
  await theirs.reload();
  assert.equal(await field(their, "current").inputValue(), "手順書を定め、半年ごとに見直している。");
  await theirs.context().close();
}

export async function withoutScripts(story) {
  const page = await story.page({ javaScriptEnabled: false });
  await page.goto(story.server.url);
  await page.getByLabel("ログイン名").fill(OFFICER);
  await page.getByLabel("パスワード").fill(story.password);
  await page.getByRole("button", { name: "サインイン" }).click();
  await page.getByRole("heading", { level: 1, name: "ホーム" }).waitFor();
  const address = `${story.sheetUrl}?edition=${EDITION}&show=blank`;
  await page.goto(address);
  const id = await page.locator("tr[data-row]").first().getAttribute("data-answer-id");
  const row = rowOf(page, id);
  await field(row, "status").nth(1).check();
  await field(row, "current").fill("紙の台帳で管理している。\n電子化を検討中。");
  await screenshot(page, "30-sheet-without-scripts");
  await page.locator("form[data-sheet-form]", { has: row }).getByRole("button", { name: "この章を保存する" }).click();
  await page.getByRole("heading", { level: 1, name: "令和8年度 自己点検" }).waitFor();
  await page.goto(`${story.sheetUrl}?edition=${EDITION}`);
  assert.equal(await status(row), "triangle");
  assert.equal(await field(row, "current").inputValue(), "紙の台帳で管理している。\n電子化を検討中。");
  await page.context().close();
}
