//! Whether a line goes on with the block before it: what is known about Japanese typesetting.

use super::super::clean::Line;
use super::super::words::{
    begins_inside, cannot_begin, ends_sentence, first_piece, is_link, open_bracket, splits_katakana,
};
use super::{Reader, Start};

impl Reader<'_> {
    /// Whether an unmarked line goes on with the block before it.
    pub(super) fn continues(&self, line: &Line) -> bool {
        let Some(block) = &self.block else { return false };
        let open = open_bracket(&block.text).is_some_and(|letters| letters <= 240);
        match &block.start {
            Start::Heading { .. } => return self.awaits_title(),
            Start::Label { rest: None, .. } => return false,
            _ => {}
        }
        let titles = |line: &Line| {
            self.rules.headings.iter().any(|h| h.title_before.as_ref().is_some_and(|t| t.is_match(&line.text)))
        };
        if !self.wrapped || titles(line) {
            return false;
        }
        let text_end = block.text.trim_end();
        if line.gap.is_some_and(|gap| gap >= self.block_gap) && !text_end.ends_with('、') {
            return false;
        }
        if open || text_end.ends_with(['、', '・', '，']) {
            return true;
        }
        let Some(first) = line.text.chars().next() else { return false };
        if cannot_begin(first) || matches!(first, '（' | '(') && !ends_sentence(text_end) {
            return true;
        }
        let is_item = matches!(block.start, Start::Item { .. });
        let full = if block.lines > 1 { block.margin.saturating_sub(block.label_width) } else { block.margin };
        let slack = 3 + full / 25;
        if is_item && line.width > full + slack {
            return false;
        }
        if !ends_sentence(text_end) {
            let inside = begins_inside(&line.text) || splits_katakana(text_end, &line.text);
            if inside && block.last_width * 4 >= full * 3 || is_item && is_link(&line.text) {
                return true;
            }
        }
        // A closing line is shorter than the margin by more than the piece that would have had to fit.
        let was_full = block.last_width + first_piece(&line.text) + slack > full;
        if is_item {
            return was_full;
        }
        // Between two paragraphs nothing is lost if they are read as one, so a running sentence may end a little early.
        if ends_sentence(text_end) {
            was_full && block.last_width + 2 >= full
        } else {
            was_full || block.last_width * 5 >= full * 4
        }
    }
}
