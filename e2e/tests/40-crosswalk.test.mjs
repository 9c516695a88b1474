// 照合: items are judged with the keyboard, the coverage shows it, and the 対照表 goes out as a workbook and comes back.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { promisify } from "node:util";
import { check, openBrowser, printed, signIn } from "../lib/browser.mjs";
import { start } from "../lib/server.mjs";
import { Workbook } from "../lib/workbook.mjs";
import { OFFICER, AUDITOR, personPage, readPrinted } from "../story/people.mjs";

const run = promisify(execFile);

/** Waits until the desk has been replaced by the answer of the last key. */
const judged = (page, count) => page.waitForFunction((n) => document.querySelectorAll(".candidate--confirmed").length === n, count);

async function judge(story) {
  const page = story.officer;
  await page.goto(`${story.server.url}/crosswalks`);
  await check(page, "81-crosswalks", { fullPage: true });
  await page.locator("#source").selectOption("port-guideline-2024-tos");
  await page.locator("#target").selectOption("nisc-measures-3");
  await page.getByRole("button", { name: "照合を始める" }).click();
  await page.locator("[data-crosswalk-desk]").waitFor();
  story.id = new URL(page.url()).pathname.split("/")[2];
  await check(page, "82-desk");

  const first = await page.locator(".xdesk__item h2").innerText();
  await page.keyboard.press("2");
  await page.keyboard.press("<");
  await judged(page, 1);
  await page.keyboard.press("1");
  await page.keyboard.press("~");
  await judged(page, 2);
  assert.match(await page.locator('[data-digit="1"]').innerText(), /一部重なる/, "candidates keep their digits while one judges");
  await page.keyboard.press("u");
  await judged(page, 1);
  await page.keyboard.press("r");
  await page.keyboard.type("範囲は相手のほうが広い。");
  await page.keyboard.press("Escape");
  await check(page, "83-desk-judged", { fullPage: true });

  // Enter leads to the next item of which nothing has been said; ten items take far less than three seconds each.
  const began = Date.now();
  for (let item = 0; item < 10; item += 1) {
    const here = await page.locator(".xdesk__item h2").innerText();
    await page.keyboard.press("Enter");
    await page.waitForFunction((before) => document.querySelector(".xdesk__item h2").innerText !== before, here);
    const none = item % 3 === 2;
    await page.keyboard.press(none ? "n" : "=");
    await (none ? page.getByRole("button", { name: "「対応なし」を外す" }).waitFor() : judged(page, 1));
  }
  const each = (Date.now() - began) / 10;
  assert.ok(each < 3000, `an item takes ${each} ms`);
  assert.notEqual(await page.locator(".xdesk__item h2").innerText(), first);
  assert.match(await page.locator(".xdesk__progress").innerText(), /^11 \//);

  // Where one stopped: the next open item, also after a new start.
  await page.goto(`${story.server.url}/crosswalks/${story.id}/desk`);
  assert.equal(await page.locator(".candidate--confirmed").count(), 0);
  await page.keyboard.press("f");
  await page.keyboard.type("入退出");
  await page.keyboard.press("Enter");
  await page.waitForURL(/find=/);
  await page.keyboard.press("?");
  await page.getByRole("dialog").getByText("候補を却下する").waitFor();
  await page.keyboard.press("Escape");
}

async function coverage(story) {
  const page = story.officer;
  await page.goto(`${story.server.url}/crosswalks/${story.id}/coverage`);
  await check(page, "84-coverage", { fullPage: true });
  const cell = page.locator(".matrix__cell a").first();
  const shown = Number(await cell.innerText());
  await cell.click();
  await page.waitForURL(/own=/);
  assert.equal(await page.locator("#rows tr[data-row]").count(), shown, "the rows behind the number");
  await page.goto(`${story.server.url}/crosswalks/${story.id}/coverage?cover=not`);
  assert.equal(await page.locator("#rows tr[data-row]").count(), 3);
  await printed(page, "84-coverage");
  const answer = await page.request.get(`${story.server.url}/crosswalks/${story.id}/table.pdf`);
  assert.equal(answer.status(), 200);
  const pdf = join(story.server.home, "table.pdf");
  await writeFile(pdf, await answer.body());
  const { stdout } = await run("pdftotext", ["-layout", pdf, "-"]);
  assert.match(stdout, /対照表/);
  assert.match(stdout, /社外秘/);
  assert.match(stdout.replace(/\s/g, ""), /カバーなし（対応する項目がない）/);
}

async function workbook(story) {
  const page = story.officer;
  await page.goto(`${story.server.url}/crosswalks/${story.id}/import`);
  await check(page, "85-crosswalk-import");
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Excelで書き出す" }).click()]);
  const path = join(story.server.home, "taishohyo.xlsx");
  await download.saveAs(path);
  const book = new Workbook(path);
  const sheet = book.sheets.find((one) => one.state === "visible").name;
  const open = await page.goto(`${story.server.url}/crosswalks/${story.id}/coverage?cover=unjudged`).then(() => page.locator("#rows tr[data-row] th a").first().innerText());
  book.write(sheet, book.place(sheet, open, "相手の番号"), "(1)/エ/(ア)/○入退出の管理");
  book.write(sheet, book.place(sheet, open, "関係"), "⊃ 相手を含む");
  book.write(sheet, book.place(sheet, open, "理由・備考"), "表計算で記入した理由。");
  const filled = join(story.server.home, "taishohyo-filled.xlsx");
  await writeFile(filled, book.bytes());
  await page.goto(`${story.server.url}/crosswalks/${story.id}/import`);
  await page.locator('input[type="file"]').setInputFiles(filled);
  await page.getByRole("button", { name: "変わるところを見る" }).click();
  await page.getByRole("heading", { level: 1, name: "変わるところの確認" }).waitFor();
  assert.equal(await page.locator("#changes tr[data-row]").count(), 1, "the row that was filled in and nothing else");
  await check(page, "86-crosswalk-changes", { fullPage: true });
  await page.getByRole("button", { name: "選んだ行を取り込む" }).click();
  await page.getByRole("heading", { level: 1, name: "カバーの状況" }).waitFor();
  assert.match(await page.locator("#rows").innerText(), /表計算で記入した理由/);
}

async function review(story) {
  const page = await personPage(story, "mm-security-a");
  await page.goto(`${story.server.url}/crosswalks/${story.id}/desk?at=${encodeURIComponent(await firstJudged(story))}`);
  await page.locator(".candidate--confirmed").first().click({ position: { x: 8, y: 8 } });
  await page.getByPlaceholder(/第二確認者の所見/).first().fill("範囲が狭すぎる。");
  await page.getByRole("button", { name: "異論" }).first().click();
  await page.locator(".candidate").getByText("異論", { exact: true }).first().waitFor();
  await page.getByRole("link", { name: /異論あり/ }).click();
  await page.waitForURL(/disputed=1/);
}

async function firstJudged(story) {
  await story.officer.goto(`${story.server.url}/crosswalks/${story.id}/coverage?cover=covered`);
  return story.officer.locator("#rows tr[data-row] th a").first().innerText();
}

async function around(story) {
  const page = story.officer;
  await page.goto(`${story.server.url}/crosswalks/synonyms`);
  await page.locator("#words").fill("荷役計画、積付計画");
  await page.getByRole("button", { name: "加える" }).click();
  await page.locator('input[value="荷役計画、積付計画"]').waitFor();
  await check(page, "87-synonyms", { fullPage: true });
  // The demonstration has a contradiction and a derived candidate to look at.
  await page.goto(`${story.server.url}/crosswalks/mikawa-mirai-nisc-measures-3-jt-x1051-2018/coverage`);
  await page.getByText(/矛盾が\d+件あります/).waitFor();
  await check(page, "88-coverage-demo", { fullPage: true });
  await page.goto(`${story.server.url}/crosswalks/mikawa-mirai-telecom-safety-review-nisc-measures-3/desk?at=${encodeURIComponent("別表第2/8/(3)")}`);
  await page.getByText("導出", { exact: true }).first().waitFor();
  await check(page, "89-desk-derived");
  await page.goto(`${story.server.url}/standards/jt-x1051-2018/12.2.1`);
  await page.getByRole("heading", { name: "ほかの基準との対応" }).waitFor();

  const auditor = await personPage(story, AUDITOR);
  await auditor.goto(`${story.server.url}/crosswalks/${story.id}/desk`);
  assert.equal(await auditor.locator("button[name=verdict]").count(), 0, "an auditor reads and does not judge");
}

async function withoutScripts(story) {
  const page = await story.page({ javaScriptEnabled: false });
  await signIn(page, story.server, OFFICER, story.password);
  await page.goto(`${story.server.url}/crosswalks/${story.id}/desk`);
  await page.locator(".candidate button[value=equal]").first().click();
  assert.equal(await page.locator(".candidate--confirmed").count(), 1, "the desk works as a form");
}

test("two standards are lined up", async (t) => {
  const server = await start(t, "demo");
  const { page } = await openBrowser(t);
  const story = { server, page };
  await t.test("the demonstration prints its logins", () => readPrinted(story));
  await t.test("items are judged with the keyboard", async () => {
    story.officer = await personPage(story, OFFICER);
    await judge(story);
  });
  await t.test("the coverage shows what was judged, on screen and on paper", () => coverage(story));
  await t.test("the 対照表 comes back as a workbook, compared before it is taken", () => workbook(story));
  await t.test("a second person disagrees", () => review(story));
  await t.test("synonyms, contradictions, derived candidates, neighbours of an item", () => around(story));
  await t.test("the desk without scripts", () => withoutScripts(story));
});
