//! The gap report as a workbook: the same numbers as on paper.

use crate::date::{fiscal_year_label, long_date};
use crate::error::ReportError;
use crate::gap::{Counts, GapReport};
use crate::sheet::{
    Formats, finished, fit_row, print_setup, workbook, write_date, write_heads, write_percent, write_text,
};
use crate::value::change;
use crate::words::{Words, words};
use rust_xlsxwriter::{Workbook, Worksheet};

impl GapReport {
    /// The report as a workbook with the sheets 概要, 章別, 課題一覧, 対象外, 未回答, and 引継ぎ where answers were carried over.
    ///
    /// # Errors
    /// [`ReportError`]: too many rows, or the workbook cannot be written.
    pub fn xlsx(&self) -> Result<Vec<u8>, ReportError> {
        self.check_size()?;
        let mut book = workbook(&self.head)?;
        let formats = Formats::new(self.head.lang);
        let words = words(self.head.lang);
        self.overview_sheet(&mut book, &formats, words)?;
        self.chapter_sheet(&mut book, &formats, words)?;
        self.gap_sheet(&mut book, &formats, words)?;
        self.exclusion_sheet(&mut book, &formats, words)?;
        self.unanswered_sheet(&mut book, &formats, words)?;
        if !self.carried.is_empty() {
            self.carried_sheet(&mut book, &formats, words)?;
        }
        finished(book, &self.head, &formats)
    }

    fn overview_sheet(&self, book: &mut Workbook, formats: &Formats, words: &Words) -> Result<(), ReportError> {
        let lang = self.head.lang;
        let facts = [
            (words.organisation, self.head.organisation.clone()),
            (words.assessment, self.head.title.clone()),
            (words.fiscal_year, fiscal_year_label(self.fiscal_year, lang)),
            (words.report_date, long_date(self.head.report_date, lang)),
            (words.version, self.revisions.last().map_or(String::new(), |revision| revision.version.clone())),
            (words.handling, self.head.marking.clone()),
            (words.checkpoint, self.checkpoint.clone()),
        ];
        let head_row = u32::try_from(facts.len()).unwrap_or(0) + 2;
        let sheet = book.add_worksheet();
        print_setup(sheet, &self.head, words.sheet_overview, head_row)?;
        sheet.set_freeze_panes(0, 0)?;
        write_text(sheet, (0, 0), words.gap_report, formats, &formats.title)?;
        for (row, (name, value)) in (1..).zip(&facts) {
            write_text(sheet, (row, 0), name, formats, &formats.head)?;
            write_text(sheet, (row, 1), value, formats, &formats.note)?;
        }
        let heads = counted_heads(&[(words.standard, 16.0), (words.edition, 12.0)], words, &[(words.achieved, 6.0)]);
        write_heads(sheet, head_row, &heads, formats)?;
        let mut row = head_row;
        for line in &self.standards {
            row += 1;
            write_text(sheet, (row, 0), &line.short, formats, &formats.text)?;
            write_text(sheet, (row, 1), &line.edition, formats, &formats.text)?;
            write_counts(sheet, row, 2, line.counts, formats)?;
            write_percent(sheet, (row, 8), line.achieved, formats)?;
        }
        row += 1;
        write_text(sheet, (row, 0), words.total, formats, &formats.head)?;
        write_text(sheet, (row, 1), "", formats, &formats.head)?;
        write_counts(sheet, row, 2, self.total(), formats)?;
        row += 2;
        let force_heads = counted_heads(&[(words.force, 16.0), ("", 12.0)], words, &[]);
        write_heads(sheet, row, &force_heads, formats)?;
        for line in &self.forces {
            row += 1;
            write_text(sheet, (row, 0), &line.force, formats, &formats.text)?;
            write_text(sheet, (row, 1), "", formats, &formats.text)?;
            write_counts(sheet, row, 2, line.counts, formats)?;
        }
        let after = self.revision_rows(sheet, row + 2, formats, words)?;
        let after = self.approval_rows(sheet, after + 1, formats, words)?;
        self.record_rows(sheet, after + 1, formats, words)
    }

    /// What the system itself keeps of the approval.
    fn record_rows(
        &self,
        sheet: &mut Worksheet,
        head_row: u32,
        formats: &Formats,
        words: &Words,
    ) -> Result<(), ReportError> {
        let Some(kept) = &self.approval_record else { return Ok(()) };
        let wide = (2, 8);
        write_text(sheet, (head_row, 0), words.approval_record, formats, &formats.head)?;
        write_text(sheet, (head_row, 1), words.approval_moment, formats, &formats.head)?;
        sheet.merge_range(head_row, wide.0, head_row, wide.1, words.approval_person, &formats.head)?;
        let state = (words.approval_state, "", kept.state.as_str());
        let hash = (words.approval_hash, "", kept.hash.as_str());
        let steps = kept.steps.iter().map(|step| (step.step.as_str(), step.at.as_str(), step.person.as_str()));
        for (row, (what, at, who)) in (head_row + 1..).zip(steps.chain([state, hash])) {
            write_text(sheet, (row, 0), what, formats, &formats.text)?;
            write_text(sheet, (row, 1), at, formats, &formats.text)?;
            sheet.merge_range(row, wide.0, row, wide.1, "", &formats.text)?;
            write_text(sheet, (row, wide.0), who, formats, &formats.text)?;
        }
        Ok(())
    }

    /// A row per box for approval, left empty for the hand where the box is; returns the row below them.
    fn approval_rows(
        &self,
        sheet: &mut Worksheet,
        head_row: u32,
        formats: &Formats,
        words: &Words,
    ) -> Result<u32, ReportError> {
        if self.approvals.is_empty() {
            return Ok(head_row);
        }
        let wide = (2, 8);
        write_text(sheet, (head_row, 0), words.approvals, formats, &formats.head)?;
        write_text(sheet, (head_row, 1), words.date, formats, &formats.head)?;
        sheet.merge_range(head_row, wide.0, head_row, wide.1, words.post_and_name, &formats.head)?;
        for (row, line) in (head_row + 1..).zip(&self.approvals) {
            write_text(sheet, (row, 0), &line.role, formats, &formats.text)?;
            write_date(sheet, (row, 1), line.date, formats)?;
            sheet.merge_range(row, wide.0, row, wide.1, "", &formats.text)?;
            write_text(sheet, (row, wide.0), line.name.as_deref().unwrap_or(""), formats, &formats.text)?;
        }
        Ok(head_row + u32::try_from(self.approvals.len()).unwrap_or(0) + 1)
    }

    /// The record of revisions; returns the row below it.
    fn revision_rows(
        &self,
        sheet: &mut Worksheet,
        head_row: u32,
        formats: &Formats,
        words: &Words,
    ) -> Result<u32, ReportError> {
        // The description and the author take several of the narrow columns of counts each.
        let (wide, author) = ((2, 6), (7, 8));
        write_text(sheet, (head_row, 0), words.version, formats, &formats.head)?;
        write_text(sheet, (head_row, 1), words.date, formats, &formats.head)?;
        sheet.merge_range(head_row, wide.0, head_row, wide.1, words.description, &formats.head)?;
        sheet.merge_range(head_row, author.0, head_row, author.1, words.author, &formats.head)?;
        for (row, line) in (head_row + 1..).zip(&self.revisions) {
            write_text(sheet, (row, 0), &line.version, formats, &formats.text)?;
            write_date(sheet, (row, 1), Some(line.date), formats)?;
            // merge_range would read a text that looks like a number as one; the cell is therefore written again as text.
            sheet.merge_range(row, wide.0, row, wide.1, "", &formats.text)?;
            write_text(sheet, (row, wide.0), &line.description, formats, &formats.text)?;
            sheet.merge_range(row, author.0, row, author.1, "", &formats.text)?;
            write_text(sheet, (row, author.0), &line.author, formats, &formats.text)?;
        }
        Ok(head_row + u32::try_from(self.revisions.len()).unwrap_or(0) + 1)
    }

    fn chapter_sheet(&self, book: &mut Workbook, formats: &Formats, words: &Words) -> Result<(), ReportError> {
        let sheet = book.add_worksheet();
        print_setup(sheet, &self.head, words.sheet_chapters, 0)?;
        let lead = [(words.standard, 12.0), (words.number, 7.0), (words.chapter, 24.0)];
        let tail = [(words.achieved, 6.0), (words.last_time, 6.0), (words.change, 6.0)];
        write_heads(sheet, 0, &counted_heads(&lead, words, &tail), formats)?;
        for (row, line) in (1..).zip(&self.chapters) {
            write_text(sheet, (row, 0), &line.standard, formats, &formats.text)?;
            write_text(sheet, (row, 1), &line.number, formats, &formats.text)?;
            write_text(sheet, (row, 2), &line.title, formats, &formats.text)?;
            write_counts(sheet, row, 3, line.counts, formats)?;
            write_percent(sheet, (row, 9), line.achieved, formats)?;
            write_percent(sheet, (row, 10), line.achieved_last, formats)?;
            let points = change(line.achieved, line.achieved_last);
            match points.trim_start_matches(['+', '±']).parse::<f64>() {
                Ok(number) => _ = sheet.write_number_with_format(row, 11, number, &formats.number)?,
                Err(_) => write_text(sheet, (row, 11), &points, formats, &formats.centre)?,
            }
        }
        Ok(())
    }

    fn gap_sheet(&self, book: &mut Workbook, formats: &Formats, words: &Words) -> Result<(), ReportError> {
        let sheet = book.add_worksheet();
        print_setup(sheet, &self.head, words.sheet_gaps, 0)?;
        let heads = [
            (words.standard, 8.0),
            (words.number, 6.0),
            (words.title, 14.0),
            (words.force, 8.0),
            (words.reason, 9.0),
            (words.status, 3.0),
            (words.maturity, 3.5),
            (words.current, 17.0),
            (words.plan, 17.0),
            (words.deadline, 5.5),
            (words.overdue, 4.5),
            (words.department, 7.0),
        ];
        write_heads(sheet, 0, &heads, formats)?;
        let groups = self.gaps_by_force();
        for (row, gap) in (1..).zip(groups.iter().flat_map(|(_, rows)| rows)) {
            for (at, text) in [(0, &gap.standard), (1, &gap.number), (2, &gap.title), (3, &gap.force)] {
                write_text(sheet, (row, at), text, formats, &formats.text)?;
            }
            write_text(sheet, (row, 4), &gap.force_reason, formats, &formats.text)?;
            write_text(sheet, (row, 5), gap.status.sign(self.head.lang), formats, &formats.centre)?;
            match gap.maturity {
                Some(level) => _ = sheet.write_number_with_format(row, 6, level, &formats.number)?,
                None => _ = sheet.write_blank(row, 6, &formats.number)?,
            }
            write_text(sheet, (row, 7), &gap.current, formats, &formats.text)?;
            write_text(sheet, (row, 8), &gap.plan, formats, &formats.text)?;
            write_date(sheet, (row, 9), gap.deadline, formats)?;
            let overdue = if self.is_overdue(gap) { words.overdue } else { "" };
            write_text(sheet, (row, 10), overdue, formats, &formats.centre)?;
            write_text(sheet, (row, 11), &gap.department, formats, &formats.text)?;
            let texts = [&gap.title, &gap.force, &gap.force_reason, &gap.current, &gap.plan, &gap.department];
            let widths = [2, 3, 4, 7, 8, 11].map(|at: usize| heads[at].1);
            fit_row(sheet, row, texts.map(String::as_str).into_iter().zip(widths))?;
        }
        finish(sheet, self.gaps.len(), 11)
    }

    fn exclusion_sheet(&self, book: &mut Workbook, formats: &Formats, words: &Words) -> Result<(), ReportError> {
        let sheet = book.add_worksheet();
        print_setup(sheet, &self.head, words.sheet_excluded, 0)?;
        let heads = [
            (words.standard, 12.0),
            (words.number, 8.0),
            (words.title, 26.0),
            (words.reason, 40.0),
            (words.department, 12.0),
        ];
        write_heads(sheet, 0, &heads, formats)?;
        for (row, line) in (1..).zip(&self.exclusions) {
            let cells = [&line.standard, &line.number, &line.title, &line.reason, &line.department];
            for (at, text) in (0..).zip(cells) {
                write_text(sheet, (row, at), text, formats, &formats.text)?;
            }
            fit_row(sheet, row, cells.map(String::as_str).into_iter().zip(heads.map(|head| head.1)))?;
        }
        finish(sheet, self.exclusions.len(), 4)
    }

    fn carried_sheet(&self, book: &mut Workbook, formats: &Formats, words: &Words) -> Result<(), ReportError> {
        let sheet = book.add_worksheet();
        print_setup(sheet, &self.head, words.sheet_carried, 0)?;
        let heads = [
            (words.standard, 12.0),
            (words.number, 10.0),
            (words.title, 26.0),
            (words.status, 5.0),
            (words.carried_source, 44.0),
        ];
        write_heads(sheet, 0, &heads, formats)?;
        for (row, line) in (1..).zip(&self.carried) {
            for (at, text) in (0..).zip([&line.standard, &line.number, &line.title]) {
                write_text(sheet, (row, at), text, formats, &formats.text)?;
            }
            write_text(sheet, (row, 3), line.status.sign(self.head.lang), formats, &formats.centre)?;
            write_text(sheet, (row, 4), &line.source, formats, &formats.text)?;
            fit_row(sheet, row, [(line.title.as_str(), heads[2].1), (line.source.as_str(), heads[4].1)])?;
        }
        finish(sheet, self.carried.len(), 4)
    }

    fn unanswered_sheet(&self, book: &mut Workbook, formats: &Formats, words: &Words) -> Result<(), ReportError> {
        let sheet = book.add_worksheet();
        print_setup(sheet, &self.head, words.sheet_unanswered, 0)?;
        let heads = [
            (words.standard, 12.0),
            (words.number, 8.0),
            (words.title, 34.0),
            (words.force, 14.0),
            (words.department, 14.0),
            (words.asked_until, 8.0),
        ];
        write_heads(sheet, 0, &heads, formats)?;
        for (row, line) in (1..).zip(&self.unanswered) {
            let cells = [&line.standard, &line.number, &line.title, &line.force, &line.department];
            for (at, text) in (0..).zip(cells) {
                write_text(sheet, (row, at), text, formats, &formats.text)?;
            }
            write_date(sheet, (row, 5), line.asked_until, formats)?;
        }
        finish(sheet, self.unanswered.len(), 5)
    }
}

/// Leading columns, the five counts with their signs and the total, trailing columns.
fn counted_heads<'a>(lead: &[(&'a str, f64)], words: &'a Words, tail: &[(&'a str, f64)]) -> Vec<(&'a str, f64)> {
    let counts = ["○", "△", "×", "－", words.unanswered_short, words.total].map(|name| (name, 4.0));
    lead.iter().copied().chain(counts).chain(tail.iter().copied()).collect()
}

fn write_counts(
    sheet: &mut Worksheet,
    row: u32,
    first: u16,
    counts: Counts,
    formats: &Formats,
) -> Result<(), ReportError> {
    for (at, count) in (first..).zip(counts.in_order().into_iter().chain([counts.total()])) {
        sheet.write_number_with_format(row, at, count, &formats.number)?;
    }
    Ok(())
}

/// Filter buttons on the headings of a sheet that has rows.
fn finish(sheet: &mut Worksheet, rows: usize, last_column: u16) -> Result<(), ReportError> {
    if rows > 0 {
        sheet.autofilter(0, 0, u32::try_from(rows).unwrap_or(u32::MAX), last_column)?;
    }
    Ok(())
}
