// The scripts of list, sheet and autosave, on the component page.

import assert from "node:assert/strict";
import test from "node:test";
import { checkAccessibility, look, openBrowser } from "../lib/browser.mjs";
import { componentPage } from "../lib/component-page.mjs";

async function open(t) {
  const site = await componentPage(t);
  const browser = await openBrowser(t);
  const page = await browser.page();
  await page.goto(site.url);
  const row = (id) => page.locator(`tr[data-answer-id="${id}"]`);
  const state = (id) => row(id).locator("[data-save-state]");
  const field = (id, name) => row(id).locator(`[data-field="${name}"]`);
  return { site, browser, page, row, state, field };
}
const waitFor = async (what, condition) => {
  for (let i = 0; i < 100; i += 1) {
    if (await condition()) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  assert.fail(`did not happen: ${what}`);
};

test("the components pass axe and fit desk and phone", async (t) => {
  const { page } = await open(t);
  await look(page, "components");
});

test("the sheet is filled in from the keyboard and saved as it is written", async (t) => {
  const { site, page, state, field } = await open(t);
  await field(4, "status").first().focus();
  await page.keyboard.press("2");
  await waitFor("the status is saved", () => site.rows.get("/nowhere/4")?.fields.status === "triangle");
  await page.keyboard.press("Tab");
  await page.keyboard.type("端末1台ずつ登録している");
  await waitFor("the text is saved", () => site.rows.get("/nowhere/4")?.fields.current === "端末1台ずつ登録している");
  await waitFor("the page says so", async () => (await state(4).textContent()).includes("保存済 12:03"));
  assert.equal(await field(4, "status").nth(1).isChecked(), true, "digits in a text are text");

  await page.keyboard.press("Control+Enter");
  assert.equal(await page.evaluate(() => document.activeElement.closest("tr").dataset.answerId), "5");
  await page.keyboard.press("k");
  assert.equal(await page.evaluate(() => document.activeElement.closest("tr").dataset.answerId), "4");
});

test("－ waits for its reason", async (t) => {
  const { site, page, field, state } = await open(t);
  await field(0, "status").first().focus();
  await page.keyboard.press("4");
  await waitFor("the reason is asked for", async () => (await state(0).textContent()).includes("理由"));
  assert.equal(site.sent.length, 0);
  await page.keyboard.type("この設備を持たない");
  await waitFor("both are saved", () => site.rows.get("/nowhere/0")?.fields.na_reason === "この設備を持たない");
  assert.equal(site.rows.get("/nowhere/0").fields.status, "na");
});

test("no word is lost while the server is away, not even by closing the page", async (t) => {
  const { site, page, field, state } = await open(t);
  page.expectProblem(/Failed to load resource|ERR_/);
  site.mode = "away";
  await field(2, "current").fill("書きかけの文");
  await waitFor("the page says it is not sent", async () => (await state(2).textContent()).includes("未送信"));
  await page.reload();
  assert.equal(await field(2, "current").inputValue(), "書きかけの文");
  site.mode = "signed-out";
  await page.reload();
  assert.equal(await field(2, "current").inputValue(), "書きかけの文");
  site.mode = "ok";
  await page.evaluate(() => window.dispatchEvent(new Event("online")));
  await waitFor("it is sent", () => site.rows.get("/nowhere/2")?.fields.current === "書きかけの文");
  await waitFor("the copy is gone", async () => (await page.evaluate(() => Object.keys(localStorage).length)) === 0);
});

test("two people in one row: both texts are shown, the person decides", async (t) => {
  for (const [choice, expected] of [["自分の内容にする", "私の文"], ["相手の内容にする", "同僚の文"]]) {
    const { site, page, row, field } = await open(t);
    page.expectProblem(/409/);
    site.rows.set("/nowhere/1", { version: 7, fields: { current: "同僚の文" } });
    await field(1, "current").fill("私の文");
    const conflict = row(1).locator(".conflict");
    await conflict.waitFor();
    assert.match(await conflict.textContent(), /私の文.*同僚の文/s);
    await checkAccessibility(page, "conflict");
    await conflict.getByText(choice).click();
    await waitFor("it is settled", async () => (await conflict.count()) === 0);
    await waitFor("the chosen text stands", () => site.rows.get("/nowhere/1").fields.current === expected);
    assert.equal(await field(1, "current").inputValue(), expected);
  }
});

test("the list is walked and selected from the keyboard", async (t) => {
  const { page } = await open(t);
  await page.keyboard.press("/");
  assert.equal(await page.evaluate(() => document.activeElement.name), "q");
  await page.locator("#items tbody tr").first().locator("a").focus();
  await page.keyboard.press("?");
  await page.locator("dialog[open] .keys").waitFor();
  await page.keyboard.press("Escape");
  await page.locator("#items [data-select]").nth(1).click();
  assert.equal(await page.locator("#items [data-bulk-count]").textContent(), "1");
  await page.locator("#items [data-select-all]").click();
  assert.equal(await page.locator("#items tr[aria-selected=true]").count(), 7);
});
