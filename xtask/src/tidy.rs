//! The invariants of ARCHITECTURE.md that a program can check by reading the repository.
//!
//! It runs as `./x tidy` and as a test of this crate, so that a change that breaks one fails with the place and the rule.
//! The checks read text, they do not parse Rust: [`blank`] takes strings and comments out first, which is enough.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Lines a source file may have (invariant 7).
const FILE_LINES: usize = 600;
/// Lines a function may have, from its `fn` to its closing brace (invariant 7).
const FUNCTION_LINES: usize = 70;
/// A file (in its first lines) or a function (just above or inside it) that is longer says why with this.
const LONG_MARK: &str = "tidy: long because";
/// Folders that are made by tools and are not part of the repository.
const MADE: [&str; 7] = [".git", ".cache", "target", "node_modules", "dist", "out", "sakimori-data"];

/// Which crate alone may depend on which packages (by the beginning of their names).
const ONLY: [(&str, &[&str]); 2] = [("store", &["sqlx", "libsqlite3"]), ("report", &["typst"])];
/// What the pure crates must not depend on (invariant 1).
const IMPURE: [&str; 8] = ["tokio", "sqlx", "axum", "serde", "rand", "getrandom", "async", "reqwest"];
const PURE: [&str; 2] = ["domain", "simulation"];

/// One broken rule, with its place.
#[derive(Debug, PartialEq, Eq)]
pub struct Problem {
    path: PathBuf,
    /// Counted from 1; 0 is the file as a whole.
    line: usize,
    message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path.display(), self.line, self.message)
    }
}

/// A text file of the repository.
struct Source {
    path: PathBuf,
    text: String,
}

impl Source {
    fn problem(&self, line: usize, message: impl Into<String>) -> Problem {
        Problem { path: self.path.clone(), line, message: message.into() }
    }

    fn extension(&self) -> &str {
        self.path.extension().and_then(|e| e.to_str()).unwrap_or_default()
    }

    fn name(&self) -> &str {
        self.path.file_name().and_then(|n| n.to_str()).unwrap_or_default()
    }

    /// The crate a file below `crates/` belongs to.
    fn crate_name(&self) -> Option<&str> {
        let mut parts = self.path.iter().filter_map(|p| p.to_str());
        (parts.next() == Some("crates")).then(|| parts.next()).flatten()
    }
}

/// Every broken rule in the repository at `root`, in the order of the paths.
///
/// # Errors
/// When the repository cannot be read.
pub fn check(root: &Path) -> io::Result<Vec<Problem>> {
    let mut sources = Vec::new();
    collect(root, root, &mut sources)?;
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    let mut problems = Vec::new();
    for source in &sources {
        match source.extension() {
            "rs" => check_rust(source, &mut problems),
            "toml" if source.name() == "Cargo.toml" => check_manifest(source, &mut problems),
            "mjs" | "js" => check_script(source, &mut problems),
            _ => {}
        }
        check_places(source, &mut problems);
    }
    check_documents(root, &sources, &mut problems);
    check_named_tests(&sources, &mut problems);
    Ok(problems)
}

/// Reads every text file below `folder`; what is not UTF-8 is not text.
fn collect(root: &Path, folder: &Path, sources: &mut Vec<Source>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        if path.is_symlink() || MADE.contains(&name) {
            continue;
        }
        if path.is_dir() {
            collect(root, &path, sources)?;
        } else if let Ok(text) = fs::read_to_string(&path) {
            let path = path.strip_prefix(root).unwrap_or(&path).to_owned();
            sources.push(Source { path, text });
        }
    }
    Ok(())
}

// ---- Rust sources -----------------------------------------------------------------------------------------------------

fn check_rust(source: &Source, problems: &mut Vec<Problem>) {
    let lines = source.text.lines().count();
    let excused = source.text.lines().take(30).any(|line| line.contains(LONG_MARK));
    if lines > FILE_LINES && !excused {
        problems.push(
            source.problem(0, format!("{lines} lines; split it at {FILE_LINES}, or say `{LONG_MARK} …` at its top")),
        );
    }
    let code = blank(&source.text);
    for (number, line) in code.lines().enumerate() {
        for word in ["todo!", "unimplemented!", "#[ignore", "dbg!"] {
            if line.contains(word) {
                problems.push(source.problem(number + 1, format!("{word} is work not done or a test not run")));
            }
        }
        let forbidden = ONLY.iter().flat_map(|(owner, packages)| packages.iter().map(move |package| (owner, package)));
        for (owner, package) in forbidden {
            let inside = source.crate_name().is_some_and(|name| name != *owner);
            if inside && line.contains(&format!("{package}::")) {
                problems.push(source.problem(number + 1, format!("only crates/{owner} knows {package}")));
            }
        }
    }
    let original: Vec<&str> = source.text.lines().collect();
    for (first, last) in functions(&code) {
        let length = last - first + 1;
        let excused = original[first.saturating_sub(6)..last].iter().any(|line| line.contains(LONG_MARK));
        if length > FUNCTION_LINES && !excused {
            problems.push(source.problem(
                first,
                format!("a function of {length} lines; split it at {FUNCTION_LINES}, or say `{LONG_MARK} …`"),
            ));
        }
    }
}

/// The source with strings, characters and comments replaced by blanks; line breaks stay where they are.
fn blank(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = match chars[at] {
            '/' if chars.get(at + 1) == Some(&'/') => until(&chars, at, |c| c == '\n'),
            '/' if chars.get(at + 1) == Some(&'*') => block_comment_end(&chars, at),
            '"' => string_end(&chars, at),
            '\'' => char_end(&chars, at),
            'r' if starts_raw_string(&chars, at) => raw_string_end(&chars, at),
            _ => at,
        };
        if end == at {
            out.push(chars[at]);
            at += 1;
        } else {
            out.extend(chars[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
            at = end;
        }
    }
    out
}

fn until(chars: &[char], from: usize, stop: impl Fn(char) -> bool) -> usize {
    chars[from..].iter().position(|c| stop(*c)).map_or(chars.len(), |found| from + found)
}

fn block_comment_end(chars: &[char], start: usize) -> usize {
    let mut depth = 0;
    let mut at = start;
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => {
                depth += 1;
                at += 2;
            }
            ('*', Some('/')) => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    chars.len()
}

fn string_end(chars: &[char], start: usize) -> usize {
    let mut at = start + 1;
    while at < chars.len() {
        match chars[at] {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    chars.len()
}

/// The end of a character literal; `start` itself for a lifetime.
fn char_end(chars: &[char], start: usize) -> usize {
    match (chars.get(start + 1), chars.get(start + 2)) {
        (Some('\\'), _) => until(chars, start + 3, |c| c == '\'') + 1,
        (Some(_), Some('\'')) => start + 3,
        _ => start,
    }
    .min(chars.len())
}

fn starts_raw_string(chars: &[char], at: usize) -> bool {
    let inside_word = at > 0 && (chars[at - 1].is_alphanumeric() && chars[at - 1] != 'b' || chars[at - 1] == '_');
    let quote = until(chars, at + 1, |c| c != '#');
    !inside_word && chars.get(quote) == Some(&'"')
}

fn raw_string_end(chars: &[char], start: usize) -> usize {
    let quote = until(chars, start + 1, |c| c != '#');
    let hashes = quote - start - 1;
    let mut at = quote + 1;
    while at < chars.len() {
        let after = at + 1 + hashes;
        if chars[at] == '"' && after <= chars.len() && chars[at + 1..after].iter().all(|c| *c == '#') {
            return after;
        }
        at += 1;
    }
    chars.len()
}

/// First and last line (from 1) of every function with a body in blanked source.
fn functions(code: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut line = 1;
    let mut depth = 0_usize;
    let mut word = String::new();
    // A function whose body has not begun (its line), and those whose body is open (line, depth outside of the body).
    let mut announced: Option<usize> = None;
    let mut brackets = 0_usize;
    let mut open: Vec<(usize, usize)> = Vec::new();
    for c in code.chars() {
        if c.is_alphanumeric() || c == '_' {
            word.push(c);
            continue;
        }
        // `fn(` is the type of a function pointer.
        if word == "fn" && c.is_whitespace() {
            announced = Some(line);
            brackets = 0;
        }
        word.clear();
        match c {
            '\n' => line += 1,
            '(' | '[' => brackets += 1,
            ')' | ']' => brackets = brackets.saturating_sub(1),
            ';' if brackets == 0 => announced = None,
            '{' => {
                if let Some(first) = announced.take_if(|_| brackets == 0) {
                    open.push((first, depth));
                }
                depth += 1;
            }
            '}' => {
                depth = depth.saturating_sub(1);
                if let Some((first, _)) = open.pop_if(|(_, outside)| *outside == depth) {
                    found.push((first, line));
                }
            }
            _ => {}
        }
    }
    found
}

// ---- manifests, scripts, places ----------------------------------------------------------------------------------------

/// The package names in the dependency tables of a manifest, with their lines.
fn dependencies(manifest: &str) -> Vec<(usize, &str)> {
    let mut table = "";
    let mut found = Vec::new();
    for (number, line) in manifest.lines().enumerate() {
        let line = line.trim();
        if line.starts_with('[') {
            table = line;
        } else if table.ends_with("dependencies]") && !table.starts_with("[workspace") {
            let name = line.split(['.', '=', ' ']).next().unwrap_or_default();
            if !name.is_empty() && !name.starts_with('#') {
                found.push((number + 1, name));
            }
        }
    }
    found
}

fn check_manifest(source: &Source, problems: &mut Vec<Problem>) {
    let Some(name) = source.crate_name() else { return };
    for (line, package) in dependencies(&source.text) {
        if PURE.contains(&name) && IMPURE.iter().any(|impure| package.starts_with(impure)) {
            problems.push(source.problem(line, format!("crates/{name} is pure: no {package}")));
        }
        for (owner, packages) in ONLY {
            if name != owner && packages.iter().any(|beginning| package.starts_with(beginning)) {
                problems.push(source.problem(line, format!("only crates/{owner} depends on {package}")));
            }
        }
    }
    if !source.text.contains("[lints]") {
        problems.push(source.problem(0, "has no `[lints] workspace = true`"));
    }
}

fn check_script(source: &Source, problems: &mut Vec<Problem>) {
    for (number, line) in source.text.lines().enumerate() {
        for word in ["test.skip", "test.only", "test.todo", ".skip(", ".only("] {
            if line.contains(word) {
                problems.push(source.problem(number + 1, format!("{word} keeps a test from running")));
            }
        }
    }
}

/// No paths of a machine and no addresses of a package registry: the repository must work anywhere.
fn check_places(source: &Source, problems: &mut Vec<Problem>) {
    if source.name() == "Cargo.lock" {
        return;
    }
    // Put together here, so that this file does not contain what it looks for.
    let homes = ["work", "farm", "root", "home"].map(|top| format!("/{top}/"));
    let registries = ["registry.npmjs", "index.crates", "static.crates", "deb.debian"].map(|host| format!("{host}."));
    for (number, line) in source.text.lines().enumerate() {
        let after = |home: &String| {
            line.match_indices(home.as_str()).map(|(at, _)| &line[at + home.len()..]).collect::<Vec<_>>()
        };
        if homes.iter().flat_map(after).any(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase())) {
            problems.push(source.problem(number + 1, "a path of one machine"));
        }
        if registries.iter().any(|host| line.contains(host.as_str())) {
            problems.push(source.problem(number + 1, "the address of a package registry; name the package only"));
        }
    }
}

// ---- documents ---------------------------------------------------------------------------------------------------------

/// Every relative link in a document leads somewhere, and every document is reached by one.
fn check_documents(root: &Path, sources: &[Source], problems: &mut Vec<Problem>) {
    let documents: Vec<&Source> = sources.iter().filter(|s| s.extension() == "md").collect();
    let mut reached = BTreeSet::new();
    for document in &documents {
        let folder = document.path.parent().unwrap_or(Path::new(""));
        for (line, target) in links(&document.text) {
            let file = normal(&folder.join(target.split('#').next().unwrap_or_default()));
            if root.join(&file).exists() {
                reached.insert(file);
            } else {
                problems.push(document.problem(line, format!("a link to {target}, which does not exist")));
            }
        }
    }
    for document in documents {
        let top = document.path.components().count() == 1;
        if !top && !reached.contains(&document.path) && !reached.iter().any(|r| document.path.parent() == Some(r)) {
            problems.push(document.problem(0, "no document links to this one"));
        }
    }
}

/// Documents whose tests, named as `file::test`, are there.
const NAMES_TESTS: [&str; 2] = ["docs/threat-model.md", "docs/security-review.md"];

/// Every test that a document names exists, in a file of that name.
fn check_named_tests(sources: &[Source], problems: &mut Vec<Problem>) {
    for document in sources.iter().filter(|s| NAMES_TESTS.iter().any(|name| s.path == Path::new(name))) {
        for (number, line) in document.text.lines().enumerate() {
            for name in line.split('`').skip(1).step_by(2).filter(|name| name.contains("::")) {
                let mut parts = name.rsplit("::").filter(|part| *part != "tests");
                let (test, file) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
                let head = format!("fn {test}(");
                let is_there = |s: &Source| {
                    let stem = s.path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
                    s.extension() == "rs" && stem == file && s.text.contains(&head)
                };
                if !sources.iter().any(is_there) {
                    problems.push(document.problem(number + 1, format!("names the test {name}, which does not exist")));
                }
            }
        }
    }
}

/// The relative targets of `[…](target)` with their lines, outside of code blocks.
fn links(text: &str) -> Vec<(usize, &str)> {
    let mut fenced = false;
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        for part in line.split("](").skip(1) {
            let target = part.split(')').next().unwrap_or_default();
            if !target.is_empty()
                && !target.contains("://")
                && !target.starts_with('#')
                && !target.starts_with("mailto:")
            {
                found.push((number + 1, target));
            }
        }
    }
    found
}

/// The path without `.` and `..`.
fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => {
                out.pop();
            }
            std::path::Component::CurDir => {}
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_is_tidy() {
        let problems = check(&crate::repository()).expect("the repository can be read");
        let shown: Vec<String> = problems.iter().map(Problem::to_string).collect();
        assert!(shown.is_empty(), "{} problems:\n{}", shown.len(), shown.join("\n"));
    }

    #[test]
    fn strings_and_comments_do_not_count() {
        let code = blank("let a = \"}\\\"{\"; // {\nlet b = '{'; /* { /* } */ */ let c: &'a str = r#\"\"}\"#;");
        assert_eq!(code.matches(['{', '}', '"']).count(), 0, "{code}");
        assert_eq!(code.lines().count(), 2);
        assert!(code.contains("&'a str"));
    }

    #[test]
    fn functions_are_measured_from_fn_to_brace() {
        let code =
            "trait T {\n fn a();\n fn b() -> [u8; 2] {\n  if x { y }\n }\n}\nconst P: fn(u8) = q;\nfn c() {\n}\n";
        assert_eq!(functions(code), [(3, 5), (8, 9)]);
    }

    fn source(path: &str, text: &str) -> Source {
        Source { path: path.into(), text: text.into() }
    }

    #[test]
    fn long_functions_are_found_unless_they_say_why() {
        let body = "    x();\n".repeat(FUNCTION_LINES);
        for (head, expected) in [("fn long() {\n", 1), ("// tidy: long because it is a table\nfn long() {\n", 0)] {
            let mut problems = Vec::new();
            check_rust(&source("crates/app/src/lib.rs", &format!("{head}{body}}}\n")), &mut problems);
            assert_eq!(problems.len(), expected, "{head}");
        }
    }

    #[test]
    fn crates_keep_to_their_packages() {
        let manifest = "[dependencies]\nserde.workspace = true\nsqlx = \"0\"\n[dev-dependencies]\ntypst-pdf.workspace = true\n[lints]\n";
        let mut problems = Vec::new();
        check_manifest(&source("crates/domain/Cargo.toml", manifest), &mut problems);
        let lines: Vec<usize> = problems.iter().map(|p| p.line).collect();
        assert_eq!(lines, [2, 3, 3, 5]);
    }

    #[test]
    fn machine_paths_are_found() {
        let mut problems = Vec::new();
        let home = format!("see /{}/somebody/x and https://example.org/{}/\n", "home", "work");
        check_places(&source("README.md", &home), &mut problems);
        assert_eq!(problems.len(), 1);
    }

    #[test]
    fn links_are_read_outside_of_code() {
        let text = "[a](docs/a.md#x) [b](https://example.org) [c](#here)\n```\n[d](none.md)\n```\n";
        assert_eq!(links(text), [(1, "docs/a.md#x")]);
        assert_eq!(normal(Path::new("docs/adr/../a.md")), Path::new("docs/a.md"));
    }
}
