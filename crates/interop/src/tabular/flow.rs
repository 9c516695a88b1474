//! A page of flattened text as one run of characters without blanks, in which cells are found by their first words.

use unicode_normalization::UnicodeNormalization;

use crate::source::SourceLine;

/// NFKC without blanks: the form in which cues are compared, so that width and line breaks do not matter.
pub(crate) fn squeeze(text: &str) -> Vec<char> {
    text.nfkc().filter(|c| !c.is_whitespace()).collect()
}

/// NFKC without blanks, as text.
pub(crate) fn squeezed(text: &str) -> String {
    squeeze(text).into_iter().collect()
}

/// Puts a continuation behind what stands already: Japanese is joined without a blank, two words of Latin script with one.
pub(crate) fn join_line(out: &mut String, next: &str) {
    let next = next.trim();
    let ascii = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    if ascii(out.chars().next_back()) && ascii(next.chars().next()) {
        out.push(' ');
    }
    out.push_str(next);
}

/// Where a kept character comes from.
#[derive(Debug, Clone, Copy)]
struct Origin {
    line: usize,
    from: usize,
    to: usize,
    block: usize,
}

/// The characters of some lines without blanks, with their origin and whether a cell has taken them.
pub(crate) struct Flow<'a> {
    lines: Vec<&'a SourceLine>,
    chars: Vec<char>,
    origins: Vec<Origin>,
    used: Vec<bool>,
}

impl<'a> Flow<'a> {
    pub fn new(lines: &[&'a SourceLine]) -> Self {
        let mut flow = Flow { lines: lines.to_vec(), chars: Vec::new(), origins: Vec::new(), used: Vec::new() };
        let mut block = 0;
        for (index, line) in lines.iter().enumerate() {
            if line.text.trim().is_empty() {
                block += 1;
                continue;
            }
            for (from, c) in line.text.char_indices().filter(|(_, c)| !c.is_whitespace()) {
                let origin = Origin { line: index, from, to: from + c.len_utf8(), block };
                for folded in std::iter::once(c).nfkc().filter(|c| !c.is_whitespace()) {
                    flow.chars.push(folded);
                    flow.origins.push(origin);
                }
            }
        }
        flow.used = vec![false; flow.chars.len()];
        flow
    }

    pub fn len(&self) -> usize {
        self.chars.len()
    }

    /// 1-based line of the source; 0 behind the end.
    pub fn line(&self, at: usize) -> u32 {
        self.origins.get(at).map_or(0, |origin| self.lines[origin.line].line)
    }

    pub fn page(&self, at: usize) -> u32 {
        self.origins.get(at).map_or(0, |origin| self.lines[origin.line].page)
    }

    pub fn is_used(&self, at: usize) -> bool {
        self.used.get(at).copied().unwrap_or(true)
    }

    pub fn take(&mut self, from: usize, to: usize) {
        for at in from..to.min(self.used.len()) {
            self.used[at] = true;
        }
    }

    pub fn starts_with(&self, at: usize, cue: &[char]) -> bool {
        self.chars.get(at..).is_some_and(|rest| rest.starts_with(cue))
    }

    /// Whether a character is the first of its printed line.
    pub fn at_line_start(&self, at: usize) -> bool {
        at == 0 || self.origins[at - 1].line != self.origins[at].line
    }

    /// First place from `from` on where the cue stands on characters that nothing has taken.
    pub fn find(&self, cue: &[char], from: usize, wanted: impl Fn(&Self, usize) -> bool) -> Option<usize> {
        if cue.is_empty() || cue.len() > self.len() {
            return None;
        }
        (from..=self.len() - cue.len())
            .find(|&at| self.starts_with(at, cue) && (at..at + cue.len()).all(|i| !self.used[i]) && wanted(self, at))
    }

    /// End of the block (text between blank lines) that a character stands in.
    pub fn block_end(&self, at: usize) -> usize {
        let block = self.origins[at].block;
        (at..self.len()).find(|&i| self.origins[i].block != block).unwrap_or(self.len())
    }

    /// End of the printed line that a character stands in.
    pub fn line_end(&self, at: usize) -> usize {
        let line = self.origins[at].line;
        (at..self.len()).find(|&i| self.origins[i].line != line).unwrap_or(self.len())
    }

    /// Start of the printed line that a character stands in.
    pub fn line_start(&self, at: usize) -> usize {
        (0..=at).rev().find(|&i| self.at_line_start(i)).unwrap_or(0)
    }

    /// The text as printed of some characters, lines joined.
    pub fn text(&self, places: impl IntoIterator<Item = usize>) -> String {
        let mut out = String::new();
        let mut piece: Option<Origin> = None;
        let flush = |out: &mut String, piece: Option<Origin>| {
            if let Some(piece) = piece {
                join_line(out, &self.lines[piece.line].text[piece.from..piece.to]);
            }
        };
        let mut last = 0;
        for at in places {
            let origin = self.origins[at];
            match &mut piece {
                Some(open) if open.line == origin.line && at <= last + 1 => open.to = open.to.max(origin.to),
                _ => {
                    flush(&mut out, piece.take());
                    piece = Some(origin);
                }
            }
            last = at;
        }
        flush(&mut out, piece);
        out
    }

    /// The text of some characters line by line, each with its line number.
    pub fn printed(&self, places: impl IntoIterator<Item = usize>) -> Vec<(u32, String)> {
        let mut lines: Vec<(usize, Vec<usize>)> = Vec::new();
        for at in places {
            let line = self.origins[at].line;
            match lines.last_mut() {
                Some((open, places)) if *open == line => places.push(at),
                _ => lines.push((line, vec![at])),
            }
        }
        lines.into_iter().map(|(line, places)| (self.lines[line].line, self.text(places))).collect()
    }

    /// Runs of characters of one block that nothing has taken: what was not understood.
    pub fn leftovers(&self) -> Vec<(u32, String)> {
        let mut runs: Vec<Vec<usize>> = Vec::new();
        for at in (0..self.len()).filter(|&at| !self.used[at]) {
            match runs.last_mut() {
                Some(run)
                    if run.last() == Some(&(at.wrapping_sub(1)))
                        && self.origins[at - 1].block == self.origins[at].block =>
                {
                    run.push(at);
                }
                _ => runs.push(vec![at]),
            }
        }
        runs.into_iter().map(|run| (self.line(run[0]), self.text(run))).collect()
    }
}
