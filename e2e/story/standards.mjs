// 基準: loading the five documents, reading them, searching them, and what of them binds.

import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { check } from "../lib/browser.mjs";
import { repository } from "../lib/server.mjs";
import { PORT_OFFICER, personPage } from "./people.mjs";

/** The five documents by their running number; a machine without them fails. */
function seeds() {
  const folder = resolve(process.env.SAKIMORI_SEEDS ?? join(repository, "../shared/seeds"));
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => /^00[0-4]_.*\.txt$/.test(name)).sort() : [];
  assert.equal(files.length, 5, `the five documents 000_*.txt to 004_*.txt are missing in ${folder}: put them there or set SAKIMORI_SEEDS`);
  return files.map((name) => join(folder, name));
}

const EDITIONS = ["telecom-safety-review", "nisc-measures-3", "jt-x1051-2018", "action-plan-review-2008", "port-guideline-2024-tos"];
const itemAddress = (edition, number) => `/standards/${edition}/${number.split("/").map(encodeURIComponent).join("/")}`;

/** Loads the document of a running number after a look at what was read. pages: the form is looked at, too. */
export async function loadDocument(page, server, at, { pages = false, whole = false } = {}) {
  await page.goto(`${server.url}/standards/load`);
  if (pages) await check(page, "05-load", { fullPage: true });
  await page.getByLabel("文書のファイル").setInputFiles(seeds()[at]);
  await page.getByRole("button", { name: "読み取る" }).click();
  await page.getByRole("heading", { level: 1, name: "読み取りの確認" }).waitFor({ timeout: 30_000 });
  assert.match(await page.locator("main").innerText(), new RegExp(EDITIONS[at]), "the document is recognised");
  await check(page, `06-load-preview-${at}`, { fullPage: whole });
  await page.getByRole("button", { name: "取り込む", exact: true }).click();
  await page.getByText("本文を取り込みました").waitFor({ timeout: 30_000 });
  assert.ok(page.url().includes(EDITIONS[at]), page.url());
  await check(page, `07-edition-${at}`, { fullPage: whole });
}

export async function load(story) {
  const page = story.officer;
  await page.goto(`${story.server.url}/standards`);
  assert.equal(await page.locator("#standards tr[data-row]").count(), EDITIONS.length);
  await check(page, "04-standards", { fullPage: true });
  for (const at of EDITIONS.keys()) {
    await loadDocument(page, story.server, at, { pages: at === 0, whole: at === 4 });
  }
  await page.goto(`${story.server.url}/standards`);
  await check(page, "08-standards-loaded", { fullPage: true });
  await page.goto(story.server.url);
  assert.equal(await page.getByRole("heading", { name: "はじめの4つの手順" }).count(), 0, "with the texts loaded the first steps are done");
}

export async function browse(story) {
  const page = story.officer;
  await page.goto(story.server.url + itemAddress("telecom-safety-review", "別表第1/第1/1/(11)/オ"));
  await page.getByRole("heading", { name: "実施指針" }).waitFor();
  assert.ok((await page.locator(".level").count()) >= 4, "a level for each class of network");
  assert.ok((await page.locator(".provision").innerText()).length > 10, "the loaded text is shown");
  await check(page, "09-item-levels", { fullPage: true });

  await page.goto(story.server.url + itemAddress("jt-x1051-2018", "11.1.1"));
  await page.locator(".provision__items").first().waitFor();
  await check(page, "10-item-text", { fullPage: true });
  const [here, next] = [page.url(), await page.locator('a[rel="next"]').getAttribute("href")];
  await page.keyboard.press("j");
  await page.waitForURL(story.server.url + next);
  await page.keyboard.press("k");
  await page.waitForURL(here);

  await page.goto(`${story.server.url}/standards/port-guideline-2024-tos`);
  const contents = page.getByRole("navigation", { name: "目次" });
  await contents.locator('summary[aria-label^="2.7 "]').click();
  await contents.getByRole("link", { name: /2\.7\.2/ }).click();
  await page.getByRole("heading", { level: 1, name: /バックアップ/ }).waitFor();
  await check(page, "11-item-port", { fullPage: true });
}

export async function search(story) {
  const page = story.officer;
  await page.goto(story.server.url);
  await page.keyboard.press("/");
  await page.keyboard.type("監査");
  await page.keyboard.press("Enter");
  await page.getByRole("status").getByText(/\d+件/).waitFor();
  const marked = async () => [...new Set(await page.locator("mark").allInnerTexts())];
  assert.deepEqual(await marked(), ["監査"]);
  await check(page, "12-search", { fullPage: true });
  await page.goto(`${story.server.url}/search?q=${encodeURIComponent("ウイルス")}`);
  assert.deepEqual((await marked()).sort(), ["ウィルス", "ウイルス"], "both spellings are found");
  await check(page, "13-search-spellings");
  await page.goto(`${story.server.url}/search?q=${encodeURIComponent("監査 ログ")}`);
  await page.locator("main mark").first().waitFor();
  await page.locator("main ul.links a").first().click();
  await page.getByRole("heading", { name: "公式の本文" }).waitFor();
}

export async function profile(story) {
  const page = await personPage(story, PORT_OFFICER);
  const number = "2.7.1";
  const reasonWith = async (port) => {
    await page.goto(`${story.server.url}/organisation`);
    await page.getByLabel("事業を行う港").fill(port);
    await page.getByRole("button", { name: "保存して判定する" }).click();
    await page.getByText("保存し、適用判定をやり直しました").waitFor();
    await page.goto(`${story.server.url}/applicability?edition=port-guideline-2024-tos`);
    return page.getByRole("row", { name: new RegExp(`^${number.replaceAll(".", "\\.")} `) }).innerText();
  };
  await page.goto(`${story.server.url}/organisation`);
  await check(page, "14-organisation", { fullPage: true });
  assert.doesNotMatch(await reasonWith("清水港"), /指定港: /);
  const reason = await reasonWith("名古屋港");
  assert.match(reason, /強制要件（全ての港と指定港: 名古屋港のため）/);
  await check(page, "15-applicability-port", { fullPage: true });
  await page.context().close();

  await story.officer.goto(`${story.server.url}/applicability`);
  await check(story.officer, "16-applicability-telecom");
}
