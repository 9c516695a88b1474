//! What each printed line of a document was read as, for looking at a reading line by line.

use sakimori_domain::standards::Catalogue;

use super::profile::Profile;
use crate::source::SourceLine;

/// What a line was read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineRole {
    Heading,
    /// A word above what follows (管理策, 〔解説〕 …).
    Label,
    Item,
    Note,
    /// The beginning of a paragraph.
    Text,
    /// The continuation of the line before.
    Joined,
    /// A row of a table.
    Table,
    /// Not part of the text.
    Removed,
}

/// A printed line and what it was read as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadLine {
    /// Index of the source line.
    pub source: usize,
    pub role: LineRole,
    /// Level of a heading, 1 at the top; 0 for other lines.
    pub level: u32,
    /// Index of the Provision that the line belongs to.
    pub node: Option<usize>,
    /// A person has said what it is.
    pub by_hand: bool,
}

impl Profile {
    /// Levels of its headings from the top; none where tables are read.
    pub fn heading_levels(&self) -> Vec<u32> {
        let mut levels: Vec<u32> = self.rules.headings.iter().map(|heading| heading.level).collect();
        levels.sort_unstable();
        levels.dedup();
        levels
    }
}

/// Adds the printed lines that no Provision has, as removed; all in the order of the document.
pub(super) fn with_removed(
    lines: &[SourceLine],
    read: Vec<ReadLine>,
    by_hand: impl Fn(usize) -> bool,
) -> Vec<ReadLine> {
    let mut read = read.into_iter().peekable();
    let mut all = Vec::with_capacity(lines.len());
    for source in (0..lines.len()).filter(|at| !lines[*at].text.trim().is_empty()) {
        all.push(read.next_if(|line| line.source == source).unwrap_or_else(|| ReadLine {
            source,
            role: LineRole::Removed,
            level: 0,
            node: None,
            by_hand: by_hand(source),
        }));
    }
    all
}

/// Lines of a document that was read from its tables: only the headings and the first lines of rows are known.
pub(super) fn of_tables(lines: &[SourceLine], catalogue: &Catalogue, removed: impl Fn(usize) -> bool) -> Vec<ReadLine> {
    use std::collections::HashMap;
    let headings: HashMap<u32, usize> =
        catalogue.provisions.iter().enumerate().rev().map(|(at, p)| (p.line, at)).collect();
    let mut node = None;
    let printed = (0..lines.len()).filter(|at| !lines[*at].text.trim().is_empty());
    printed
        .map(|source| {
            let heading = headings.get(&lines[source].line).copied();
            node = heading.or(node);
            let role = match heading {
                _ if removed(source) => LineRole::Removed,
                Some(_) => LineRole::Heading,
                None => LineRole::Table,
            };
            ReadLine { source, role, level: u32::from(heading.is_some()), node, by_hand: removed(source) }
        })
        .collect()
}
