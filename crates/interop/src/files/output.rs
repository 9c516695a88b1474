//! Collects lines and refuses too many of them while they come, so that no reader can outgrow its limits.

use super::{Counted, FileError, Limits};
use crate::source::SourceLine;

/// The lines of a document while it is read.
pub(super) struct Lines<'a> {
    limits: &'a Limits,
    lines: Vec<SourceLine>,
    bytes: u64,
    page: u32,
    paged: bool,
}

impl<'a> Lines<'a> {
    /// Starts with page 1; the pages count only if [`Lines::next_page`] or [`Lines::set_page`] is ever called.
    pub(super) fn new(limits: &'a Limits) -> Self {
        Self { limits, lines: Vec::new(), bytes: 0, page: 1, paged: false }
    }

    /// Adds a line; a line break inside starts another.
    pub(super) fn push(&mut self, text: &str) -> Result<(), FileError> {
        text.split('\n').try_for_each(|line| self.push_one(line.trim_end()))
    }

    fn push_one(&mut self, text: &str) -> Result<(), FileError> {
        let line = self.lines.len() as u64 + 1;
        let too_many = |what, limit| Err(FileError::TooMany { what, limit, line: Some(line) });
        self.bytes += text.len() as u64 + 1;
        if line > self.limits.lines {
            return too_many(Counted::Lines, self.limits.lines);
        }
        if self.bytes > self.limits.text_bytes {
            return too_many(Counted::TextBytes, self.limits.text_bytes);
        }
        if text.len() as u64 > self.limits.line_chars && text.chars().count() as u64 > self.limits.line_chars {
            return too_many(Counted::LineChars, self.limits.line_chars);
        }
        self.lines.push(SourceLine {
            text: text.to_owned(),
            page: self.page,
            line: line.try_into().unwrap_or(u32::MAX),
        });
        Ok(())
    }

    /// Checks text that is still growing into a line.
    pub(super) fn check_growing(&self, text: &str) -> Result<(), FileError> {
        // A character has at most four bytes, so this cannot refuse a line that is short enough.
        if text.len() as u64 > self.limits.line_chars.saturating_mul(4) {
            let line = Some(self.lines.len() as u64 + 1);
            return Err(FileError::TooMany { what: Counted::LineChars, limit: self.limits.line_chars, line });
        }
        Ok(())
    }

    /// Adds a blank line unless the last one is blank already, or there is none.
    pub(super) fn blank(&mut self) -> Result<(), FileError> {
        match self.lines.last() {
            Some(last) if !last.text.is_empty() => self.push_one(""),
            _ => Ok(()),
        }
    }

    pub(super) fn set_page(&mut self, page: u32) {
        self.page = page;
        self.paged = true;
    }

    pub(super) fn next_page(&mut self) {
        self.set_page(self.page.saturating_add(1));
    }

    /// The lines, without trailing blank ones.
    pub(super) fn finish(mut self) -> Vec<SourceLine> {
        while self.lines.last().is_some_and(|line| line.text.is_empty()) {
            self.lines.pop();
        }
        if !self.paged {
            self.lines.iter_mut().for_each(|line| line.page = 0);
        }
        self.lines
    }
}
