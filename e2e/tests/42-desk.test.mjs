// The reading desk on the demonstration.

import test from "node:test";
import { openBrowser, signIn } from "../lib/browser.mjs";
import { start } from "../lib/server.mjs";
import { correctByHand } from "../story/desk.mjs";

test("a line is corrected by hand, and a citation is a link", async (t) => {
  const server = await start(t, "demo");
  const browser = await openBrowser(t);
  const page = await browser.page();
  await signIn(page, server, "mm-ciso", "demo-sakimori-2026");
  await correctByHand(page, server);
});
