// Gathers everything the browser receives into dist/, which the binary embeds.
//
//   npm ci && node build.mjs          (or ./x assets, which also skips the work when nothing changed)
//
// No bundler: the style sheets and scripts are small files that are joined in the order of their names, so that
// what a reader finds in src/ is what the browser runs. Third-party files are copied from their npm packages as they are.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "dist");
const source = join(here, "src");

/** Third-party files: [package, path inside it]. Their licence texts go into licenses.txt. */
const packages = {
  htmx: ["htmx.org", "dist/htmx.min.js"],
  tokens: ["@digital-go-jp/design-tokens", "dist/tokens-simple.css"],
};

function packageFile([name, path]) {
  const file = join(here, "node_modules", name, path);
  if (!existsSync(file)) {
    console.error(`${name} has no ${path}: run "npm ci" in crates/web/assets first (or "./x assets" at the top).`);
    process.exit(1);
  }
  return readFileSync(file, "utf8");
}

/** Joins the files of one folder in the order of their names (10-base.css, 20-layout.css, …). */
function joinFolder(folder, extension) {
  return readdirSync(join(source, folder))
    .filter((name) => name.endsWith(extension))
    .sort()
    .map((name) => `/* ${folder}/${name} */\n${readFileSync(join(source, folder, name), "utf8")}`)
    .join("\n");
}

function licences() {
  return Object.values(packages)
    .map(([name]) => {
      const about = JSON.parse(packageFile([name, "package.json"]));
      return `${about.name} ${about.version} (${about.license})\n\n${packageFile([name, "LICENSE"]).trim()}\n`;
    })
    .join("\n----\n\n");
}

const outputs = {
  "sakimori.css": `${packageFile(packages.tokens)}\n${joinFolder("css", ".css")}`,
  "sakimori.js": joinFolder("js", ".js"),
  "htmx.min.js": packageFile(packages.htmx),
  "icons.svg": readFileSync(join(source, "icons.svg"), "utf8"),
  "favicon.svg": readFileSync(join(source, "favicon.svg"), "utf8"),
  "licenses.txt": licences(),
};

const digest = createHash("sha256");
for (const [name, text] of Object.entries(outputs)) {
  digest.update(name).update("\0").update(text).update("\0");
}
// One version for the whole set: it stands in the addresses of the assets, so that browsers may keep them for ever.
outputs["version.txt"] = digest.digest("hex").slice(0, 16);

mkdirSync(dist, { recursive: true });
for (const [name, text] of Object.entries(outputs)) {
  const file = join(dist, name);
  // Untouched files keep their time, so that cargo does not build the web crate again.
  if (!existsSync(file) || readFileSync(file, "utf8") !== text) writeFileSync(file, text);
}

const total = Object.values(outputs).reduce((sum, text) => sum + Buffer.byteLength(text), 0);
console.log(`dist/: ${Object.keys(outputs).length} files, ${Math.round(total / 1024)} KiB`);
