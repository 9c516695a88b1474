// Serves the component page with the product's security policy and a small imitation of the saving interface, so that the
// scripts of list, sheet and autosave can be tried at their edges (a server that is away, a colleague who was faster).

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { repository } from "./server.mjs";

const types = { ".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml" };

/** {url, rows: Map of path -> {version, fields}, mode: "ok" | "away" | "signed-out", sent: [[path, body]…]} */
export async function componentPage(test) {
  const state = { rows: new Map(), mode: "ok", sent: [] };
  const server = createServer(async (request, response) => {
    const path = normalize(decodeURI(new URL(request.url, "http://local").pathname));
    const answer = (status, body, type = "application/json") => {
      response.writeHead(status, {
        "content-type": type,
        "content-security-policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'",
      });
      response.end(typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body));
    };
    if (request.method === "PATCH") {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      const { version, ...fields } = JSON.parse(Buffer.concat(chunks));
      if (state.mode === "away") return request.socket.destroy();
      if (state.mode === "signed-out") return answer(401, {});
      const row = state.rows.get(path) ?? { version: 1, fields: {} };
      state.sent.push([path, fields]);
      if (String(version) !== String(row.version)) return answer(409, { version: row.version, current: row.fields });
      const saved = { version: row.version + 1, fields: { ...row.fields, ...fields } };
      state.rows.set(path, saved);
      return answer(200, { version: saved.version, saved_at: "2026-11-20T12:03:00+09:00" });
    }
    try {
      const file = await readFile(join(repository, "crates/web/assets", path));
      return answer(200, file, types[extname(path)] ?? "text/plain");
    } catch {
      return answer(404, "not found", "text/plain");
    }
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  test.after(() => new Promise((done) => (server.closeAllConnections(), server.close(done))));
  state.url = `http://127.0.0.1:${server.address().port}/src/styleguide.html`;
  return state;
}
