// The server is up, says so, refuses what it must, and ends when asked to.

import assert from "node:assert/strict";
import test from "node:test";
import { start } from "../lib/server.mjs";

test("health, readiness and metrics answer without a sign-in", async (t) => {
  const server = await start(t, "serve");
  const get = (path) => fetch(server.url + path, { redirect: "manual" });

  assert.equal((await get("/healthz")).status, 200);
  assert.equal((await get("/readyz")).status, 200);
  const metrics = await get("/metrics");
  assert.equal(metrics.status, 200);
  assert.match(metrics.headers.get("content-type"), /^text\/plain/);
  assert.match(await metrics.text(), /^# TYPE /m);

  assert.equal(await server.stop(), 0, "SIGTERM ends the server with status 0");
});

test("every page carries the security headers", async (t) => {
  const server = await start(t, "serve");
  const answer = await fetch(`${server.url}/`);
  const policy = answer.headers.get("content-security-policy") ?? "";
  assert.match(policy, /default-src 'self'|default-src 'none'/);
  assert.doesNotMatch(policy, /unsafe-inline|unsafe-eval|\*/);
  assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
  assert.match(answer.headers.get("referrer-policy") ?? "", /no-referrer|same-origin/);
  assert.match(policy, /frame-ancestors 'none'/);
});
