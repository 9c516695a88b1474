// A ministry's standards officer: three points raised from what is missing, decided, printed, and the draft of the next edition
// beside the present one; the incident cases and the register on the way.

import assert from "node:assert/strict";
import test from "node:test";
import { check, look, openBrowser, printed, signIn } from "../lib/browser.mjs";
import { start } from "../lib/server.mjs";

const OFFICER = "mn-standards";
const PASSWORD = "demo-sakimori-2026";
const STANDARD = "ministry-desk~mock-network-safety";
const GUIDELINE = "nisc-measures-3";
const GAPS = [
  ["4.3", "(1)/ア/(ア)/○教育・訓練の実施", "訓練に委託先を加える", "障害を想定した訓練を、委託先を含めて年に一度行うこと。"],
  ["3.4", "(1)/ウ/(ア)/○証跡管理", "記録を一年残す", "主な設備の動作を監視し、記録を一年以上残すこと。"],
  ["3.1", "(1)/ウ/(イ)/○サービス不能攻撃", "殺到する通信に備える", "インターネットとつながる箇所には、通信を選別し、殺到する通信を抑える装置を置くこと。"],
];

/** Raises a point from an item of the guideline that the standard lacks; the address is the one that a gap row carries. */
async function raise(page, server, [number, asked, title, wording]) {
  const query = new URLSearchParams({ edition: STANDARD, number, from: `${GUIDELINE}:${asked}` });
  await page.goto(`${server.url}/revision/new?${query}`);
  assert.equal(await page.getByLabel("対象の項目の番号").inputValue(), number, "the gap's item is filled in");
  assert.match(await page.getByLabel("箇所").first().inputValue(), new RegExp(asked.split("/").pop()), "the guideline is the evidence");
  await page.getByLabel("件名").fill(title);
  await page.getByLabel("文言を改める").check();
  await page.getByLabel("次の版の文言", { exact: true }).fill(wording);
  await page.getByRole("button", { name: "論点を起こす" }).click();
  await page.getByRole("heading", { level: 1, name: new RegExp(title) }).waitFor();
  return page.url();
}

async function decide(page, url) {
  await page.goto(url);
  await page.getByRole("radio", { name: "○ 基準への反映" }).check();
  await page.getByLabel("決めた人・会議").fill("安全基準見直し検討会");
  await page.getByLabel("決定の内容").fill("基準に反映する。");
  await page.getByRole("button", { name: "決定する" }).click();
  await page.getByRole("button", { name: "検討に戻す" }).waitFor();
}

async function file(page, server, path, begins) {
  const answer = await page.context().request.get(server.url + path);
  assert.equal(answer.status(), 200, path);
  assert.equal((await answer.body()).subarray(0, begins.length).toString(), begins, path);
}

test("a standards officer takes points from gap to draft edition", async (t) => {
  const server = await start(t, "demo");
  const page = await (await openBrowser(t)).page();
  await signIn(page, server, OFFICER, PASSWORD);

  const raised = [];
  await t.test("three points are raised from gaps", async () => {
    for (const gap of GAPS) raised.push(await raise(page, server, gap));
    await page.goto(`${server.url}/revision`);
    await page.getByRole("link", { name: /訓練に委託先を加える/ }).waitFor();
    await look(page, "r10-points", { fullPage: true });
    await page.goto(`${server.url}/revision?view=board`);
    await look(page, "r11-board", { fullPage: true });
  });
  await t.test("what was said is noted, and the points are decided", async () => {
    await page.goto(raised[0]);
    await page.getByLabel("検討の内容").fill("委託先の費用は契約で手当てする。");
    await page.getByRole("button", { name: "経過に加える" }).click();
    await page.locator(".events").first().getByText("委託先の費用は契約で手当てする。").waitFor();
    for (const url of raised) await decide(page, url);
    await look(page, "r12-point", { fullPage: true });
    await printed(page, "r12-point");
    await page.goto(`${raised[0]}/edit`);
    await look(page, "r13-edit", { fullPage: true });
  });
  await t.test("the table of points is printed and taken along", async () => {
    await file(page, server, "/revision/table.pdf", "%PDF");
    await file(page, server, "/revision/table.xlsx", "PK");
  });
  await t.test("the draft edition is made and stands beside the present one", async () => {
    await page.goto(`${server.url}/revision/drafts`);
    await look(page, "r14-drafts", { fullPage: true });
    await page.getByRole("button", { name: "改訂案を作る" }).click();
    await page.getByRole("heading", { level: 1, name: "新旧対照表" }).waitFor();
    const text = await page.locator("main").innerText();
    for (const [, , , wording] of GAPS) assert.ok(text.includes(wording), wording);
    assert.match(text, /削除 1/);
    await check(page, "r15-comparison", { fullPage: true });
    await file(page, server, `${new URL(page.url()).pathname}/table.pdf`, "%PDF");
  });
  await t.test("a cause that no item covers becomes a point", async () => {
    await page.goto(`${server.url}/cases`);
    await look(page, "r20-cases", { fullPage: true });
    await page.getByRole("link", { name: /事例1/ }).click();
    await page.getByRole("heading", { level: 1, name: /事例1/ }).waitFor();
    await look(page, "r21-case", { fullPage: true });
    const last = page.locator("section.panel[id^=p-]").last();
    await last.getByRole("button", { name: "該当する項目なし" }).click();
    await page.goto(`${server.url}/cases/causes`);
    await look(page, "r22-causes", { fullPage: true });
    await page.getByRole("row", { name: /再開の見込みを知らせる役/ }).getByRole("link", { name: "論点にする" }).click();
    assert.match(await page.getByLabel("件名").inputValue(), /再開の見込み/);
    await file(page, server, "/cases/table.pdf", "%PDF");
    await file(page, server, "/cases/table.xlsx", "PK");
  });
  await t.test("the register shows authority and calendar", async () => {
    await page.goto(`${server.url}/sector-standards`);
    await look(page, "r30-register", { fullPage: true });
    await printed(page, "r30-register");
    await page.getByRole("link", { name: "模擬通信設備安全基準" }).click();
    await page.getByRole("heading", { level: 1, name: "模擬通信設備安全基準" }).waitFor();
    await look(page, "r31-standard", { fullPage: true });
    await file(page, server, "/sector-standards/table.pdf", "%PDF");
    await file(page, server, "/sector-standards/table.xlsx", "PK");
  });
  await t.test("the pages in English", async () => {
    await page.goto(`${server.url}/revision`);
    await page.locator("details.menu > summary").first().click();
    await page.getByRole("button", { name: "English" }).click();
    for (const [path, name] of [["/revision", "r40-points-english"], ["/cases", "r41-cases-english"], ["/sector-standards", "r42-register-english"], ["/revision/meetings", "r43-meetings-english"]]) {
      await page.goto(server.url + path);
      await check(page, name, { fullPage: true });
    }
    await page.goto(raised[0]);
    await check(page, "r44-point-english", { fullPage: true });
  });
});
