// A sheet of hundreds of rows whose chapters come in as they come into sight; the cover of its report; the trail; the handbook.

import assert from "node:assert/strict";
import test from "node:test";
import { eventually, look, openBrowser, printed, signIn } from "../lib/browser.mjs";
import { start } from "../lib/server.mjs";

const SHEET = "/assessments/mikawa-mirai-2026";

test("a long sheet, its report's cover, the trail and the handbook", async (t) => {
  const server = await start(t);
  const browser = await openBrowser(t);
  const page = await browser.page();
  await signIn(page, server, "mm-ciso", "demo-sakimori-2026");

  // Not all rows are sent at once; what is out of sight comes in by chapter link, by keyboard and for printing.
  await page.goto(`${server.url}${SHEET}`);
  const rows = page.locator("tr[data-row]");
  const waiting = page.locator("tbody[data-rows-url]");
  assert.ok((await rows.count()) < 200 && (await waiting.count()) > 0, "only the first chapters are there");
  const last = page.locator("[data-chapter]").last();
  const id = await last.getAttribute("data-chapter");
  await last.click();
  await eventually("the last chapter's rows are there", async () => (await page.locator(`#${id} tr[data-row]`).count()) > 0);
  await page.goto(`${server.url}${SHEET}`);
  const before = await page.locator("section.sheet__chapter", { has: page.locator("tr[data-row]") }).count();
  await rows.last().locator(".sheet__item").click();
  for (let n = 0; n < 3; n += 1) await page.keyboard.press("j");
  await eventually("j goes on into the next chapter", async () =>
    page.evaluate((n) => [...document.querySelectorAll("section.sheet__chapter")].findIndex((c) => c.querySelector("tr[data-active]")) >= n, before),
  );
  await page.keyboard.press("Escape");
  await look(page, "80-long-sheet");
  await page.goto(`${server.url}${SHEET}?all=1`);
  assert.equal(await waiting.count(), 0);
  const all = await rows.count();
  assert.ok(all > 300, `${all} rows`);
  const bare = await browser.page({ javaScriptEnabled: false });
  await signIn(bare, server, "mm-ciso", "demo-sakimori-2026");
  await bare.goto(`${server.url}${SHEET}`);
  await bare.locator(`#${id} tbody[data-rows-url] a`).click();
  assert.ok((await bare.locator(`#${id} tr[data-row]`).count()) > 0, "without scripts a link opens the chapter");

  // The cover is stored and stays.
  await page.goto(`${server.url}${SHEET}/report`);
  const versions = page.locator('input[name="revision-version"]');
  const filled = await versions.evaluateAll((fields) => fields.filter((field) => field.value).length);
  await versions.nth(filled).fill("第1.1版");
  await page.locator('input[name="revision-description"]').nth(filled).fill("期限を見直し");
  await page.locator("#cover button[type=submit]").click();
  await page.waitForURL(/cover=stored/);
  assert.equal(await versions.nth(filled).inputValue(), "第1.1版");
  await look(page, "81-cover");
  await printed(page, "81-report-page");

  // The trail says it in words.
  await page.goto(`${server.url}/trail?kind=report`);
  assert.match(await page.locator("tbody tr").first().innerText(), /課題報告の表紙を変更しました[\s\S]*第1\.1版/);
  await look(page, "82-trail");
  await page.locator('a[href="/help"]').click();
  await look(page, "83-handbook");
});
