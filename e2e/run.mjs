// Runs e2e/tests/*.test.mjs on SQLite and on PostgreSQL and ends with "e2e: N passed, N failed".
//
//   node e2e/run.mjs [PART-OF-A-FILE-NAME…]        (./x e2e sets up the machine and the databases first)
//
// A skipped or to-do test counts as failed: it was not run.

import { readdirSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { spec } from "node:test/reporters";
import { run } from "node:test";

const here = dirname(fileURLToPath(import.meta.url));
const wanted = process.argv.slice(2);
const files = readdirSync(join(here, "tests"))
  .filter((name) => name.endsWith(".test.mjs") && (wanted.length === 0 || wanted.some((part) => name.includes(part))))
  .sort()
  .map((name) => join(here, "tests", name));

let passed = 0;
let failed = 0;

async function suite(database) {
  process.env.SAKIMORI_E2E_DATABASE = database;
  console.log(`\n== ${database} ==`);
  // One file at a time: each starts a server and a browser, and the machine may have two cores.
  const stream = run({ files, concurrency: 1, timeout: 600_000 });
  stream.on("test:pass", (event) => {
    if (files.includes(event.name) || event.details?.type === "suite") return;
    if (event.skip !== undefined || event.todo !== undefined) failed += 1;
    else passed += 1;
  });
  stream.on("test:fail", (event) => {
    if (event.details?.type !== "suite") failed += 1;
  });
  const report = stream.compose(new spec());
  report.pipe(process.stdout, { end: false });
  await new Promise((done, fail) => report.on("end", done).on("error", fail));
}

await rm(join(here, "out"), { recursive: true, force: true });
await mkdir(join(here, "out"), { recursive: true });
if (files.length === 0) failed += 1;
for (const database of ["sqlite", "postgres"]) await suite(database);

console.log(`\ne2e: ${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
