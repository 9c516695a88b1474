// Starts the release binary on a free port, with a folder or a PostgreSQL database of its own, and takes both away again.
//
//   SAKIMORI_E2E_DATABASE   sqlite (default) or postgres
//   SAKIMORI_TEST_POSTGRES  postgres://… of a cluster in which databases may be made (./x starts one)
//   SAKIMORI_BIN            another binary than target/release/sakimori

import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
export const repository = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
export const database = process.env.SAKIMORI_E2E_DATABASE ?? "sqlite";

/** How long a start may take before it counts as failed: seeding all catalogues included. */
const START_LIMIT_MS = 30_000;
/** How long a graceful end may take before the process is killed and the test fails. */
const STOP_LIMIT_MS = 10_000;

export function binary() {
  const path = process.env.SAKIMORI_BIN ?? join(repository, process.env.CARGO_TARGET_DIR ?? "target", "release/sakimori");
  if (!existsSync(path)) throw new Error("the binary is not built: cargo build --release -p sakimori");
  return path;
}

function freePort() {
  return new Promise((done, fail) => {
    const probe = createServer().once("error", fail);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });
}

/** A fresh database in the test cluster: {url, drop}. */
async function freshDatabase() {
  const cluster = process.env.SAKIMORI_TEST_POSTGRES;
  if (!cluster) throw new Error("SAKIMORI_TEST_POSTGRES is not set: start the tests with ./x e2e");
  const name = `e2e_${randomBytes(6).toString("hex")}`;
  const sql = (text) => run("psql", ["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--dbname", cluster, "--command", text]);
  await sql(`CREATE DATABASE ${name}`);
  const url = new URL(cluster);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => sql(`DROP DATABASE ${name} WITH (FORCE)`) };
}

/** Runs one command of the binary to its end: {stdout, stderr, code}. */
export async function command(...args) {
  try {
    const { stdout, stderr } = await run(binary(), args, { maxBuffer: 64 << 20, timeout: 120_000 });
    return { stdout, stderr, code: 0 };
  } catch (error) {
    if (typeof error.code !== "number") throw error;
    return { stdout: error.stdout, stderr: error.stderr, code: error.code };
  }
}

/**
 * Starts `sakimori demo` (or serve) for one test; everything is gone when the test ends.
 * Returns {url, store, log(), stop()}; `store` are the flags that point other commands to the same data.
 */
export async function start(test, mode = "demo", extra = []) {
  const home = await mkdtemp(join(tmpdir(), "sakimori-e2e-"));
  const base = database === "postgres" ? await freshDatabase() : null;
  const store = base ? ["--database-url", base.url] : ["--data", join(home, "data")];
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(binary(), [mode, "--listen", `127.0.0.1:${port}`, ...store, ...extra], {
    cwd: home,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let ended = null;
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
  child.on("error", (error) => (ended = String(error)));
  const exit = new Promise((done) => child.on("exit", (code, signal) => done((ended = signal ?? code))));
  const log = () => output;

  async function stop() {
    if (ended !== null) return ended;
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_MS);
    const how = await exit;
    clearTimeout(timer);
    if (how === "SIGKILL") throw new Error(`the server did not end within ${STOP_LIMIT_MS / 1000} s of SIGTERM:\n${output.slice(-4000)}`);
    return how;
  }
  test.after(async () => {
    try {
      await stop();
    } finally {
      await base?.drop();
      await rm(home, { recursive: true, force: true });
    }
  });

  const began = performance.now();
  for (;;) {
    if (ended !== null) throw new Error(`sakimori ${mode} ended at once (${ended}):\n${output.slice(-4000)}`);
    const up = await fetch(`${url}/healthz`).then((answer) => answer.ok, () => false);
    if (up) break;
    if (performance.now() - began > START_LIMIT_MS) throw new Error(`no answer after ${START_LIMIT_MS / 1000} s:\n${output.slice(-4000)}`);
    await new Promise((done) => setTimeout(done, 25));
  }
  return { url, store, home, log, stop, startedInMs: Math.round(performance.now() - began) };
}
