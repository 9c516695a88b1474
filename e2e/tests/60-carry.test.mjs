// 答えは一度: an operator answers the telecom standard, sees what of the guideline follows, carries it over after a look at
// every row, confirms it, is asked to look again when a source has changed, and takes the whole of it back.

import assert from "node:assert/strict";
import test from "node:test";
import { eventually, look, openBrowser, printed, signIn } from "../lib/browser.mjs";
import { start } from "../lib/server.mjs";

const PASSWORD = "demo-sakimori-2026";
const SHEET = "/assessments/mikawa-mirai-2026";
const GUIDELINE = "/assessments/mikawa-mirai-2026-guideline";

test("answer once", async (t) => {
  const server = await start(t, "demo");
  const { page: newPage } = await openBrowser(t);
  const page = await newPage();
  await signIn(page, server, "mm-ciso", PASSWORD);
  const go = (path) => page.goto(`${server.url}${path}`);
  const rowOf = (number) => page.locator("tr[data-row]").filter({ has: page.locator(".sheet__number", { hasText: new RegExp(`^${number.replaceAll(".", "\\.")}$`) }) });

  await t.test("a changed source is a task at home, and decided at the row", async () => {
    await go("/");
    await page.getByRole("link", { name: "元の回答が変わった項目を確かめる" }).click();
    assert.equal(await page.locator("tr[data-row]").count(), 1);
    await look(page, "60-carry-changed");
    const detail = await page.locator("tr[data-row] .sheet__title").getAttribute("href");
    await go(detail);
    await page.getByText("その後に変更").waitFor();
    await look(page, "61-carry-detail");
    await Promise.all([page.waitForNavigation(), page.getByRole("button", { name: "いまの回答のままにする" }).click()]);
    await page.getByText("確認済み").first().waitFor();
    await go("/");
    assert.equal(await page.getByText("元の回答が変わった項目を確かめる").count(), 0);
  });

  await t.test("an answer to the telecom standard is seen to follow into the guideline", async () => {
    await go(`${SHEET}?edition=jt-x1051-2018`);
    const row = rowOf("9.4.2");
    await row.locator('input[data-field="status"]').first().focus();
    await page.keyboard.press("1");
    await row.locator('[data-field="current"]').fill("本人であることを二つの要素で確かめている。");
    await row.locator('[data-field="plan"]').focus();
    await eventually("the row says 保存済", async () => /保存済/.test(await row.locator("[data-save-state]").innerText()));
    await go(`${GUIDELINE}/carry?from=mikawa-mirai-2026`);
    await page.getByText("本人であることを二つの要素で確かめている。").first().waitFor();
    await look(page, "62-carry-plan");
    await printed(page, "62-carry-plan");
  });

  await t.test("nothing that has an answer is ticked; what is ticked is carried over and waits to be confirmed", async () => {
    assert.equal(await page.locator('input[name="replace"]:checked').count(), 0);
    const replace = page.locator("tr", { hasText: "主体認証" }).locator('input[name="take"], input[name="replace"]').first();
    await replace.check();
    await Promise.all([page.waitForNavigation(), page.getByRole("button", { name: "選んだ行を引き継ぐ" }).click()]);
    await page.getByText(/件の回答を引き継ぎました/).waitFor();
    await page.getByRole("link", { name: "引き継いだ行を点検表で確かめる" }).click();
    await page.getByText(/要確認.*9\.4\.2/).first().waitFor();
    await look(page, "63-carry-sheet");
    await printed(page, "63-carry-sheet");
    await go(`${GUIDELINE}/report`);
    await page.getByRole("heading", { name: "引き継いだ回答" }).waitFor();
  });

  await t.test("the whole of it is taken back", async () => {
    await go(`${GUIDELINE}/carry?from=mikawa-mirai-2026`);
    page.once("dialog", (dialog) => dialog.accept());
    await Promise.all([page.waitForNavigation(), page.getByRole("button", { name: /反映を取り消す/ }).first().click()]);
    await page.getByText(/取り消しました/).first().waitFor();
    await look(page, "64-carry-undone");
  });

  await t.test("without a newer edition the page says what to do", async () => {
    await go(`${GUIDELINE}/edition-change`);
    await page.getByText("新しい版はありません").waitFor();
    await look(page, "65-edition-change");
  });
});
