//! Checks that the front-end files exist before the crate embeds them.
//!
//! They are made by `./x assets` (npm packages by their lock file, then `node build.mjs`) and are not committed. Running
//! npm from here instead would make every `cargo check` depend on Node and on the network, so this only says what to do.

use std::path::Path;

/// Everything `crates/web` embeds; the same list stands in `assets/build.mjs`.
const FILES: [&str; 7] =
    ["sakimori.css", "sakimori.js", "htmx.min.js", "icons.svg", "favicon.svg", "licenses.txt", "version.txt"];

fn main() {
    let missing: Vec<&str> = FILES.into_iter().filter(|name| !Path::new("assets/dist").join(name).is_file()).collect();
    for name in FILES {
        println!("cargo::rerun-if-changed=assets/dist/{name}");
    }
    if !missing.is_empty() {
        println!(
            "cargo::error=the front-end files are not built (crates/web/assets/dist lacks {}): run `./x assets` at the top of the repository, then build again",
            missing.join(", ")
        );
    }
}
