// What leaves the product and comes back: workbook, gap report, printouts.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { check, printed, screenshot } from "../lib/browser.mjs";
import { database, repository } from "../lib/server.mjs";
import { Workbook } from "../lib/workbook.mjs";
import { EDITION } from "./answers.mjs";

const run = promisify(execFile);
const MARKING = "社外秘";

/** Clicks what starts a download and returns the path of the file. */
async function downloaded(story, page, click) {
  const [download] = await Promise.all([page.waitForEvent("download", { timeout: 60_000 }), click()]);
  const path = join(story.server.home, download.suggestedFilename());
  await download.saveAs(path);
  return { path, name: download.suggestedFilename() };
}

export async function workbook(story) {
  const page = story.officer;
  await page.goto(`${story.sheetUrl}/import`);
  await check(page, "44-import", { fullPage: true });
  const { path, name } = await downloaded(story, page, () => page.getByRole("link", { name: "Excelで書き出す" }).click());
  assert.match(name, /^令和8年度.*\.xlsx$/);

  // Two cells are filled in, one of them with a line break, and a third with a word that is no status.
  const book = new Workbook(path);
  const sheet = book.sheets.filter((s) => s.state === "visible")[1].name;
  const rows = await page.goto(`${story.sheetUrl}?edition=${EDITION}`).then(() =>
    page.locator("tr[data-row]").evaluateAll((all) => all.slice(-3).map((row) => ({ id: row.dataset.answerId, number: row.querySelector(".sheet__number").textContent }))),
  );
  const [first, second, third] = rows;
  const current = "夜間の当番が毎日確かめる。\n記録は1年間残す。";
  book.write(sheet, book.place(sheet, first.number, "対応状況"), "△");
  book.write(sheet, book.place(sheet, first.number, "現状"), current);
  book.write(sheet, book.place(sheet, second.number, "今後の方針"), "来年度の計画に入れる。");
  const wrong = book.place(sheet, third.number, "対応状況");
  book.write(sheet, wrong, "たぶん");
  const filled = join(story.server.home, "filled.xlsx");
  await writeFile(filled, book.bytes());

  await page.goto(`${story.sheetUrl}/import`);
  await page.locator('input[type="file"]').setInputFiles(filled);
  await page.getByRole("button", { name: "変わるところを確かめる" }).click();
  await page.getByRole("heading", { level: 1, name: "変わるところの確認" }).waitFor();
  await check(page, "45-import-differences", { fullPage: true });
  const changes = await page.locator("#changes").innerText();
  assert.match(changes, /夜間の当番が毎日確かめる/);
  assert.match(changes, /来年度の計画に入れる/);
  assert.equal(await page.locator("#changes tr[data-row]").count(), 3, "the three cells and nothing else");
  assert.match(await page.getByRole("alert").innerText(), new RegExp(`${wrong}[\\s\\S]*たぶん`));
  await page.getByRole("button", { name: "選んだセルを取り込む" }).click();
  await page.getByText("2項目、3セルを取り込みました").waitFor();
  await check(page, "46-import-done", { fullPage: true });

  await page.goto(`${story.sheetUrl}?edition=${EDITION}`);
  const row = (id) => page.locator(`tr[data-answer-id="${id}"]`);
  assert.equal(await row(first.id).locator('[data-field="current"]').inputValue(), current);
  assert.equal(await row(first.id).locator('input[data-field="status"]:checked').getAttribute("value"), "triangle");
  assert.equal(await row(second.id).locator('[data-field="plan"]').inputValue(), "来年度の計画に入れる。");
  await row(first.id).scrollIntoViewIfNeeded();
  await screenshot(page, "47-sheet-after-import");

  // The same file again changes nothing.
  await page.goto(`${story.sheetUrl}/import`);
  await page.locator('input[type="file"]').setInputFiles(filled);
  await page.getByRole("button", { name: "変わるところを確かめる" }).click();
  await page.getByText("変わるセルはありません").waitFor();
}

/** The text of each page of a PDF. */
async function pdfPages(path) {
  const { stdout } = await run("pdftotext", ["-layout", "-enc", "UTF-8", path, "-"], { maxBuffer: 64 << 20 });
  const pages = stdout.split("\f");
  if (pages.at(-1).trim() === "") pages.pop();
  return pages.map((text) => text.normalize("NFKC"));
}

export async function report(story) {
  const page = story.officer;
  await page.goto(`${story.sheetUrl}/report`);
  await page.getByRole("heading", { level: 1, name: "課題報告" }).waitFor();
  await check(page, "48-report", { fullPage: true });
  const gaps = await page.locator("#gaps tr[data-row]").count();
  assert.ok(gaps > 10, "the half-answered demonstration has gaps");
  assert.ok((await page.locator(".figures").innerText()).includes(String(gaps)));

  const pdf = await downloaded(story, page, () => page.getByRole("link", { name: "PDFで保存" }).click());
  assert.match(pdf.name, /\.pdf$/);
  const pages = await pdfPages(pdf.path);
  assert.ok(pages.length > 3, `${pages.length} pages`);
  for (const [at, text] of pages.entries()) {
    assert.ok(text.includes(MARKING), `page ${at + 1} bears the handling mark:\n${text.slice(0, 400)}`);
    assert.match(text, new RegExp(`\\b${at + 1}\\s*/\\s*${pages.length}\\b`), `page ${at + 1} bears its number`);
  }
  assert.match(pages[0], /改訂履歴|版数/);
  await run("pdftoppm", ["-r", "60", "-png", "-l", "4", pdf.path, join(repository, "e2e/out", database, "49-report-pdf")]);

  const xlsx = await downloaded(story, page, () => page.getByRole("link", { name: "Excelで保存" }).click());
  const book = new Workbook(xlsx.path);
  assert.ok(book.sheets.length >= 2, "the report as a workbook has its tables");
  const texts = book.sheets.flatMap((sheet) => [...book.cells(sheet.name).values()]);
  assert.ok(texts.includes("支社3か所は来年度に行う。") || texts.some((text) => text.includes("支社3か所は来年度に行う")), "what was answered by keyboard is in the workbook");
}

export async function printouts(story) {
  const page = story.officer;
  for (const [address, name] of [
    [`${story.sheetUrl}?edition=${EDITION}&show=gap`, "70-sheet-printed"],
    [`${story.sheetUrl}/report`, "71-report-printed"],
  ]) {
    await page.goto(address);
    await page.emulateMedia({ media: "print" });
    await screenshot(page, name);
    await printed(page, name);
    await page.emulateMedia({ media: null });
  }
}
