// Measures the assessment sheet with 1,209 rows in Chromium, every field filled in and last year's answers beside:
//
//   node e2e/measure/sheet.mjs [ROWS]        (needs target/release/sakimori; prints a table for docs/performance.md)
//
// Not a test: it asserts no time, since a time says as much about the machine as about the page.

import { openBrowser, signIn } from "../lib/browser.mjs";
import { start } from "../lib/server.mjs";

const rows = Number(process.argv[2] ?? 1209);
const perChapter = 40;
const LOGIN = ["mm-ciso", "demo-sakimori-2026"];

const ends = [];
const scope = { after: (end) => ends.unshift(end) };

/** A guideline of our own with as many numbered requirements as wanted. */
function guideline() {
  const lines = ["架空施設のための安全対策の指針", ""];
  for (let row = 0; row < rows; row += 1) {
    const [chapter, place] = [Math.floor(row / perChapter) + 1, (row % perChapter) + 1];
    if (place === 1) lines.push(`第${chapter}章　対策の分野その${chapter}`, "");
    lines.push(`${chapter}.${place}　対策の項目その${place}`, `施設の管理者は、分野${chapter}の設備${place}について、点検の手順を定めること。`, "");
  }
  return lines.join("\n");
}

/** Opens an assessment over the given edition and fills every row through the API, as the page would. */
async function assessment(page, server, title, edition, previous) {
  await page.goto(`${server.url}/assessments/new`);
  await page.fill("#title", title);
  for (const box of await page.locator('input[name="edition"]').all()) await box.setChecked((await box.getAttribute("value")) === edition);
  await page.selectOption("#previous", previous);
  await page.locator('main form button[type="submit"]').click();
  await page.waitForURL(/\/assessments\/[0-9a-z]+$/);
  const id = page.url().split("/").at(-1);
  const filled = await page.evaluate(async (assessment) => {
    const token = document.querySelector('meta[name="csrf-token"]').content;
    const answers = [];
    for (let after = ""; ; ) {
      const list = await (await fetch(`/api/v1/assessments/${assessment}/answers?after=${after}`)).json();
      const part = list.answers ?? list.items ?? list;
      answers.push(...part);
      if (!list.next) break;
      after = list.next;
    }
    const marks = ["o", "triangle", "x"];
    const text = "機器の台帳を四半期ごとに見直し、変更のたびに責任者が確かめている。地方の局舎は年度末までに同じ手順へそろえる。";
    for (const [at, answer] of answers.entries()) {
      const sent = await fetch(`/api/v1/answers/${answer.id}`, {
        method: "PATCH",
        headers: { "content-type": "application/json", "x-csrf-token": token },
        body: JSON.stringify({ version: answer.version, status: marks[at % 3], current: `${text} ${at}`, plan: text, due: "2027-03-31", owner: "設備運用課", maturity: "3" }),
      });
      if (!sent.ok) throw new Error(`${sent.status} ${await sent.text()}`);
    }
    return answers.length;
  }, id);
  return { id, filled };
}

/** Frame times in ms while the sheet is scrolled from top to bottom by `step` pixels a frame. */
const scroll = (page, step) =>
  page.evaluate(async (step) => {
    const box = document.querySelector(".sheet__scroll");
    const frames = [];
    let last = await new Promise(requestAnimationFrame);
    box.scrollTop = 0;
    for (;;) {
      const before = box.scrollTop;
      box.scrollTop += step;
      const now = await new Promise(requestAnimationFrame);
      frames.push(now - last);
      last = now;
      if (box.scrollTop === before && !document.querySelector("[data-rows-url]")) break;
      if (frames.length > 4000) break;
    }
    return frames;
  }, step);

const share = (list, p) => [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * p))];
const ms = (value) => `${value.toFixed(1)} ms`;

async function measure() {
  const server = await start(scope);
  const { page: open } = await openBrowser(scope);
  const page = await open();
  page.setDefaultTimeout(120_000);
  await signIn(page, server, ...LOGIN);
  await page.goto(`${server.url}/standards/load`);
  await page.setInputFiles('input[type="file"]', { name: "guideline.txt", mimeType: "text/plain", buffer: Buffer.from(guideline()) });
  await page.locator('main form[enctype] button[type="submit"]').click();
  await page.waitForURL(/\/standards\/load\/.+/);
  await page.locator('main form:not([action$="/cancel"]) button[type="submit"]').first().click();
  await page.waitForURL(/\/standards\/[^/]+$/);
  const edition = decodeURIComponent(page.url().split("/").at(-1).split("?")[0]);
  const last = await assessment(page, server, "昨年度", edition, "");
  const now = await assessment(page, server, "今年度", edition, last.id);

  const address = `${server.url}/assessments/${now.id}`;
  const weights = [];
  page.on("response", async (answer) => weights.push([answer.url(), (await answer.body().catch(() => Buffer.alloc(0))).length]));
  await page.goto(address, { waitUntil: "load" });
  await page.goto(address, { waitUntil: "load" });
  const timing = await page.evaluate(() => {
    const [entry] = performance.getEntriesByType("navigation");
    return { first: entry.responseStart, dom: entry.domContentLoadedEventEnd, load: entry.loadEventEnd };
  });
  const weight = weights.filter(([url]) => url === address).at(-1)[1];
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  const memory = async () => {
    await session.send("HeapProfiler.collectGarbage");
    const { metrics } = await session.send("Performance.getMetrics");
    const of = (name) => metrics.find((metric) => metric.name === name).value;
    return `${(of("JSHeapUsedSize") / 1e6).toFixed(1)} MB of scripts, ${of("Nodes")} nodes`;
  };
  const fresh = await memory();
  const reading = await scroll(page, 60);
  const whole = await memory();
  const again = await scroll(page, 400);
  await page.locator("tr[data-row] .sheet__item").nth(5).click();
  const field = page.locator('tr[data-row] textarea[data-field="current"]').nth(5);
  await field.click();
  const keys = await field.evaluate(async (area) => {
    const times = [];
    for (const letter of "手順を定め、四半期ごとに確かめる".repeat(3)) {
      const began = performance.now();
      area.setRangeText(letter, area.value.length, area.value.length, "end");
      area.dispatchEvent(new InputEvent("input", { bubbles: true, data: letter }));
      await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
      times.push(performance.now() - began);
    }
    return times;
  });
  await page.keyboard.press("Escape");
  const steps = await page.evaluate(async () => {
    const times = [];
    for (let n = 0; n < 60; n += 1) {
      const began = performance.now();
      document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "j", bubbles: true, cancelable: true }));
      await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
      times.push(performance.now() - began);
    }
    return times;
  });
  const table = [
    ["rows in the sheet", `${now.filled}`],
    ["page as sent", `${(weight / 1e6).toFixed(2)} MB`],
    ["first byte / parsed / loaded", `${ms(timing.first)} / ${ms(timing.dom)} / ${ms(timing.load)}`],
    ["frames while reading (60 px each), all rows come in", `median ${ms(share(reading, 0.5))}, p95 ${ms(share(reading, 0.95))}, longest ${ms(Math.max(...reading))}, n ${reading.length}`],
    ["frames of a fast scroll (400 px each)", `median ${ms(share(again, 0.5))}, p95 ${ms(share(again, 0.95))}, longest ${ms(Math.max(...again))}, n ${again.length}`],
    ["a letter typed until it is painted", `median ${ms(share(keys, 0.5))}, p95 ${ms(share(keys, 0.95))}`],
    ["j to the next row until it is painted", `median ${ms(share(steps, 0.5))}, p95 ${ms(share(steps, 0.95))}`],
    ["memory as opened", fresh],
    ["memory with all rows", whole],
  ];
  for (const [what, value] of table) console.log(`| ${what} | ${value} |`);
}

try {
  await measure();
} finally {
  for (const end of ends) await end();
}
