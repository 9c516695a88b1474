// A ministry's standards officer with the real documents: the reviewed standard, the guideline and the telecom ISMS are loaded,
// twenty items are judged from the suggestions, coverage is read from both sides, three gaps become points, both tables print.

import assert from "node:assert/strict";
import test from "node:test";
import { check, openBrowser, printed, signIn } from "../lib/browser.mjs";
import { start } from "../lib/server.mjs";
import { loadDocument } from "../story/standards.mjs";

const OFFICER = "mn-standards";
const PASSWORD = "demo-sakimori-2026";
const JUDGED = 20;
/** The first candidate is confirmed as lying in it, meeting it, or there is none: in turn. */
const PLACE = "別表第1/第1/1/(11)/オ";
const KEYS = ["<", "~", "n", "="];

async function judge(page) {
  for (let item = 0; item < JUDGED; item += 1) {
    const here = await page.locator(".xdesk__item h2").innerText();
    const key = KEYS[item % KEYS.length];
    if (key !== "n") await page.keyboard.press("1");
    await page.keyboard.press(key);
    if (key === "n") await page.getByRole("button", { name: "「対応なし」を外す" }).waitFor();
    else await page.waitForFunction(() => document.querySelectorAll(".candidate--confirmed").length === 1);
    await page.keyboard.press("Enter");
    await page.waitForFunction((before) => document.querySelector(".xdesk__item h2").innerText !== before, here);
  }
}

async function raise(page, address, title) {
  await page.goto(address);
  assert.match(await page.getByLabel("箇所").first().inputValue(), /\//, "what the guideline asks is the evidence");
  // The standard has no counterpart: where it belongs is for the officer to say.
  await page.getByLabel("対象の項目の番号").fill(PLACE);
  await page.getByLabel("件名").fill(title);
  await page.getByRole("button", { name: "論点を起こす" }).click();
  await page.getByRole("heading", { level: 1, name: new RegExp(title) }).waitFor();
}

async function pdf(page, address) {
  const answer = await page.context().request.get(address);
  assert.equal(answer.status(), 200, address);
  assert.equal((await answer.body()).subarray(0, 4).toString(), "%PDF", address);
}

test("a standards officer lines the real documents up", async (t) => {
  const server = await start(t, "demo");
  const page = await (await openBrowser(t)).page();
  await signIn(page, server, OFFICER, PASSWORD);
  let walk;

  await t.test("the three documents are loaded", async () => {
    for (const at of [0, 1, 2]) await loadDocument(page, server, at);
  });
  await t.test("twenty items are judged from the suggestions", async () => {
    await page.goto(`${server.url}/crosswalks`);
    await page.locator("#source").selectOption("nisc-measures-3");
    await page.locator("#target").selectOption("telecom-safety-review");
    await page.getByRole("button", { name: "照合を始める" }).click();
    await page.locator("[data-crosswalk-desk]").waitFor();
    walk = `${server.url}/crosswalks/${new URL(page.url()).pathname.split("/")[2]}`;
    assert.equal(await page.locator(".candidate").count(), 10, "ten candidates stand beside the item");
    await check(page, "p10-desk-texts", { fullPage: true });
    await judge(page);
    assert.match(await page.locator(".xdesk__progress").innerText(), new RegExp(`^${JUDGED} /`));
  });
  const gaps = [];
  await t.test("coverage is read from both sides", async () => {
    await page.goto(`${walk}/coverage?cover=not`);
    assert.equal(await page.locator("#rows tr[data-row]").count(), JUDGED / KEYS.length, "what has no counterpart");
    gaps.push(...(await page.getByRole("link", { name: "論点にする" }).evaluateAll((links) => links.slice(0, 3).map((link) => link.href))));
    await check(page, "p11-coverage", { fullPage: true });
    await printed(page, "p11-coverage");
    await page.goto(`${walk}/coverage?direction=reverse`);
    await page.locator(".matrix").waitFor();
    await check(page, "p12-coverage-reverse");
    await pdf(page, `${walk}/table.pdf`);
  });
  await t.test("three gaps become points, and their table prints", async () => {
    assert.equal(gaps.length, 3, "a gap leads to a point in one click");
    for (const [at, address] of gaps.entries()) await raise(page, address, `指針との差 その${at + 1}`);
    await page.goto(`${server.url}/revision`);
    assert.equal(await page.getByRole("link", { name: /指針との差 その/ }).count(), 3);
    await check(page, "p13-points", { fullPage: true });
    await pdf(page, `${server.url}/revision/table.pdf`);
  });
});
