//! File readers on documents made here: what comes out, and what is refused how.

mod containers;
mod make;
mod pdf;
mod text;

use sakimori_interop::files::{FileError, Limits, SourceText, read_file};

/// Reads with the default limits.
fn read(bytes: &[u8]) -> Result<SourceText, FileError> {
    read_file("document", bytes, &Limits::default())
}

/// The lines that came out.
fn lines(bytes: &[u8]) -> Vec<String> {
    read(bytes).expect("the document is readable").lines.into_iter().map(|line| line.text).collect()
}

/// The code of the refusal; every refusal also has both messages and a next step.
fn refusal(bytes: &[u8]) -> &'static str {
    let error = read(bytes).expect_err("the document must be refused");
    assert!(error.ja().chars().count() > 5 && error.to_string().len() > 10 && !error.next_ja().is_empty());
    error.code()
}
