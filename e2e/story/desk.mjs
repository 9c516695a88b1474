// 読み取りの手直し: a line that the grammar takes for text becomes a heading by hand, and a citation is a link in the text.

import assert from "node:assert/strict";
import { look } from "../lib/browser.mjs";

/** A guideline of nobody. */
const GUIDE = `架空の浮標指針

第1章 総則
1 目的
浮標を見失わないために守る（別紙１参照）。

2 範囲
港の入口から沖までとする。

見張りの記録
見張りは毎時の様子を帳面に書くこと。

別紙１ 浮標の台帳
浮標の番号を並べること。
`;

export async function correctByHand(page, server) {
  await page.goto(`${server.url}/standards/load`);
  await page.getByLabel("文書のファイル").setInputFiles({ name: "浮標.txt", mimeType: "text/plain", buffer: Buffer.from(GUIDE) });
  await page.getByRole("button", { name: "読み取る" }).click();
  await page.getByRole("link", { name: "行ごとに見て直す" }).click();
  await page.getByRole("heading", { level: 1, name: "読み取りの手直し" }).waitFor();
  await look(page, "desk-lines");

  await page.getByRole("link", { name: "見張りの記録", exact: true }).click();
  await page.getByRole("radio", { name: "見出し", exact: true }).check();
  await page.getByLabel("段", { exact: true }).selectOption({ label: await levelOf(page, "1 目的") });
  await page.getByLabel("番号", { exact: true }).fill("3");
  await look(page, "desk-form");
  await page.getByRole("button", { name: "この行を直す" }).click();
  const tree = page.locator(".desk__tree");
  await tree.getByRole("link", { name: /3\s+見張りの記録/ }).waitFor();
  assert.equal(await page.locator("#corrections li").count(), 1, "the correction is listed");

  await page.getByRole("link", { name: "確認に戻って取り込む" }).click();
  await page.getByLabel("版の識別子（新しい版にするとき）").fill("buoys-1");
  await page.getByRole("button", { name: "取り込む", exact: true }).click();
  await page.getByText("本文を取り込みました").waitFor();
  const edition = page.url().split("?")[0];
  await page.goto(`${edition}/3`);
  await page.getByRole("heading", { level: 1, name: /見張りの記録/ }).waitFor();

  await page.goto(`${edition}/1`);
  const citation = page.locator(".provision a.citation");
  assert.equal(await citation.textContent(), "別紙１", "a citation is a link where it stands");
  await citation.click();
  await page.getByRole("heading", { level: 1, name: /浮標の台帳/ }).waitFor();
}

/** The choice of the level that a heading of the document has. */
async function levelOf(page, heading) {
  const labels = await page.getByLabel("段", { exact: true }).locator("option").allTextContents();
  const found = labels.find((label) => label.includes(heading));
  assert.ok(found, `no level with the example ${heading}: ${labels.join(", ")}`);
  return found;
}
