// Debian's Chromium through playwright-core, and what every browser test needs: sign in, axe, screenshots, watching for
// errors that nobody would see otherwise.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { copyFile, mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { database, repository } from "./server.mjs";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** The sizes a page is looked at: a desk, and a phone. */
export const desk = { width: 1280, height: 800 };
export const phone = { width: 390, height: 844 };
/** The most of a page that a picture shows, in pixels. */
const LONGEST = 4000;

function executable() {
  const path = process.env.SAKIMORI_CHROMIUM ?? "/usr/bin/chromium";
  if (!existsSync(path)) throw new Error("no Chromium: install the package chromium (./x e2e does) or set SAKIMORI_CHROMIUM");
  return path;
}

/**
 * A browser for one test. `await browser.page()` opens a page with cookies of its own; at the end the test fails if any page
 * had a script error, a blocked resource or a failed request that the test did not announce with `page.expectProblem(/…/)`.
 */
export async function openBrowser(test, { locale = "ja-JP" } = {}) {
  const browser = await chromium.launch({
    executablePath: executable(),
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--lang=ja", // date fields and file buttons in the users' language
    ],
  });
  const problems = [];
  test.after(async () => {
    await browser.close();
    assert.deepEqual(problems, [], "the browser reported problems");
  });

  async function page(options = {}) {
    const context = await browser.newContext({ viewport: desk, locale, timezoneId: "Asia/Tokyo", ...options });
    const opened = await context.newPage();
    opened.setDefaultTimeout(10_000);
    const expected = [];
    opened.expectProblem = (pattern) => expected.push(pattern);
    const note = (text) => {
      if (!expected.some((pattern) => pattern.test(text))) problems.push(`${opened.url()}: ${text}`);
    };
    opened.on("pageerror", (error) => note(`script error: ${error.message}`));
    opened.on("console", (line) => {
      if (line.type() === "error") note(`console: ${line.text()}`);
    });
    opened.on("response", (answer) => {
      if (answer.status() >= 500) note(`${answer.status()} ${answer.url()}`);
    });
    return opened;
  }
  return { page, browser };
}

/** Signs in through the sign-in page, which every page leads to, and waits for what follows it. */
export async function signIn(page, server, name, password) {
  await page.goto(`${server.url}/`);
  await page.locator('input[name="login"]').fill(name);
  await page.locator('input[name="password"]').fill(password);
  await Promise.all([page.waitForNavigation(), page.locator('main form button[type="submit"]').click()]);
  assert.equal(await page.locator('input[name="password"]').count(), 0, `signing in as ${name} did not work`);
}

/**
 * Fails with a readable list if axe finds a violation of WCAG 2.2 A or AA. Parts that are not painted because they are out of
 * sight are painted meanwhile: axe would measure them with their guessed heights, one over the other.
 */
export async function checkAccessibility(page, label = page.url()) {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axeSource);
  const { violations, passes } = await page.evaluate(async () => {
    const unseen = [...document.querySelectorAll("body *")].filter((item) => getComputedStyle(item).contentVisibility === "auto");
    for (const item of unseen) item.style.contentVisibility = "visible";
    try {
      // Where a page happens to be scrolled to, its bar at the top may cut a link in half.
      scrollTo({ top: 0, behavior: "instant" });
      // Rows of one table are made by one template: the first eight stand for the other hundreds, which would take minutes.
      const sample = { include: [["html"]], exclude: [["tbody > tr:nth-child(n+9)"]] };
      return await window.axe.run(sample, {
        runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
        resultTypes: ["violations"],
      });
    } finally {
      for (const item of unseen) item.style.contentVisibility = "";
    }
  });
  const found = violations.map(
    (rule) => `${rule.id}: ${rule.help}\n${rule.nodes.slice(0, 5).map((node) => `    ${node.target} ${node.any[0]?.message ?? ""}`).join("\n")}`,
  );
  assert.ok(passes.length > 0, "axe checked nothing");
  assert.equal(found.length, 0, `${label} has accessibility violations:\n${found.join("\n")}`);
}

/**
 * e2e/out/<database>/<name>.png. With `publish` the picture of the SQLite run also becomes docs/screenshots/<name>.png when
 * SAKIMORI_PUBLISH_SCREENSHOTS is set, so that the pictures in the documentation are the ones the tests made.
 */
export async function screenshot(page, name, { publish = false, fullPage = false } = {}) {
  const folder = join(repository, "e2e/out", database);
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${name}.png`);
  const height = fullPage ? await page.evaluate(() => document.documentElement.scrollHeight) : 0;
  // A page of hundreds of rows is looked at by its first screens.
  const part = height > LONGEST ? { clip: { x: 0, y: 0, width: page.viewportSize().width, height: LONGEST } } : {};
  await page.screenshot({ path, fullPage, animations: "disabled", ...part });
  if (publish && database === "sqlite" && process.env.SAKIMORI_PUBLISH_SCREENSHOTS) {
    const published = join(repository, "docs/screenshots");
    await mkdir(published, { recursive: true });
    await copyFile(path, join(published, `${name}.png`));
  }
  return path;
}

/** The page as it comes out on A4 paper: e2e/out/<database>/<name>.pdf. */
export async function printed(page, name) {
  const folder = join(repository, "e2e/out", database);
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${name}.pdf`);
  await page.pdf({ path, preferCSSPageSize: true, printBackground: false });
  await checkCheckpoint(page, path);
  return path;
}

/** Every sheet of paper says how far the trail had come. */
async function checkCheckpoint(page, path) {
  const squeezed = (text) => text.replaceAll(/\s/g, "");
  const line = squeezed(await page.evaluate(() => document.body.dataset.checkpoint ?? ""));
  assert.match(line, /\/o\/.+\d.{43}=$/, `${page.url()} carries no checkpoint of the trail`);
  const sheets = execFileSync("pdftotext", [path, "-"], { encoding: "utf8" }).split("\f").slice(0, -1);
  sheets.forEach((sheet, at) => assert.ok(squeezed(sheet).includes(line), `${path}: page ${at + 1} prints no checkpoint`));
}

/** Fails if the page can be scrolled sideways: something is wider than the window. */
export async function checkWidth(page, label = page.url()) {
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(overflow <= 0, `${label} scrolls sideways by ${overflow} px`);
}

/** What is true of every page, at the size the page has now: no sideways scrolling, no axe violation, and a picture. */
export async function check(page, name, options = {}) {
  await checkWidth(page, name);
  await screenshot(page, name, options);
  await checkAccessibility(page, name);
}

/** Waits until `condition` holds; for what shows neither as navigation nor as an element. */
export async function eventually(what, condition) {
  for (let i = 0; i < 100; i += 1) {
    if (await condition()) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  assert.fail(`did not happen within 5 s: ${what}`);
}

/** Looks at one page at desk and phone size: axe on both, a screenshot of both, and no sideways scrolling. */
export async function look(page, name, options = {}) {
  for (const [size, suffix] of [[desk, ""], [phone, "-phone"]]) {
    await page.setViewportSize(size);
    await check(page, `${name}${suffix}`, options);
  }
  await page.setViewportSize(desk);
}
