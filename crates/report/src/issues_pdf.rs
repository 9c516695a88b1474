//! 論点表 on paper: A4 landscape, items left, evidence in the middle, points right.

use crate::error::ReportError;
use crate::issues::{IssueItem, IssueRow, IssueTable, spans};
use crate::press::Press;
use crate::render::{Job, Template};
use crate::value::{array, dict, line, record, text};
use typst::foundations::{IntoValue, Value};

impl IssueTable {
    /// The table as a tagged PDF with marking, date and page number on every page.
    ///
    /// # Errors
    /// [`ReportError`]: no font, too many rows, or a fault of the template.
    pub fn pdf(&self, press: &Press) -> Result<Vec<u8>, ReportError> {
        self.check_size()?;
        let data = dict([
            ("edition", line(&self.edition)),
            ("classes", array(self.classes.iter().map(|class| line(class)))),
            ("rows", array(self.rows.iter().map(|row| self.row(row)))),
        ]);
        press.print(Job::new(Template::Issues, &self.head, data))
    }

    fn row(&self, row: &IssueRow) -> Value {
        let height = row.height();
        let blank = IssueItem::default();
        let items = if row.items.is_empty() { std::slice::from_ref(&blank) } else { &row.items };
        let items = items.iter().zip(spans(row.items.len(), height)).map(|(item, span)| {
            let level = |at| line(item.levels.get(at).map_or("", String::as_str));
            record([
                ("number", line(&item.number)),
                ("title", line(&item.title)),
                ("text", text(&item.text)),
                ("levels", array((0..self.classes.len()).map(level))),
                ("span", (span as i64).into_value()),
            ])
        });
        let documents: Vec<(&str, &str)> = match row.evidence.as_slice() {
            [] => vec![("", "")],
            documents => documents.iter().map(|d| (d.title.as_str(), d.content.as_str())).collect(),
        };
        let documents = documents.iter().zip(spans(row.evidence.len(), height)).map(|((title, content), span)| {
            record([("title", text(title)), ("content", text(content)), ("span", (span as i64).into_value())])
        });
        record([
            ("number", i64::from(row.number).into_value()),
            ("height", (height as i64).into_value()),
            ("items", array(items)),
            ("documents", array(documents)),
            ("sign", line(&row.sign)),
            ("point", text(&row.point)),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fonts::FontSearch;
    use crate::issues::IssueEvidence;
    use crate::print::{Lang, PrintHead};

    #[test]
    fn points_with_more_items_than_documents_and_the_other_way_round_are_laid_out() {
        let item = |number: &str, levels: &[&str]| IssueItem {
            number: number.to_owned(),
            title: "予備の設備".to_owned(),
            text: "予備を置くこと。".to_owned(),
            levels: levels.iter().map(|level| (*level).to_owned()).collect(),
        };
        let document = IssueEvidence { title: "報告".to_owned(), content: "停電が続いた。\n".repeat(60) };
        let row = |number, items: Vec<IssueItem>, documents: usize| IssueRow {
            number,
            items,
            evidence: vec![document.clone(); documents],
            sign: "○".to_owned(),
            point: "#panic() を含む論点\n【決定】加える。".to_owned(),
        };
        let head = PrintHead {
            lang: Lang::Ja,
            organisation: "架空の省".to_owned(),
            title: String::new(),
            marking: String::new(),
            report_date: jiff::civil::date(2026, 11, 20),
            checkpoint: sakimori_domain::trail_mark::TrailMark::default(),
        };
        let rows = vec![
            row(1, vec![item("1.1", &["◎", "－"]), item("1.2", &[])], 1),
            row(2, vec![item("1.3", &["○"])], 3),
            row(3, Vec::new(), 0),
        ];
        let table = |classes: &[&str]| IssueTable {
            head: head.clone(),
            edition: "架空の基準".to_owned(),
            classes: classes.iter().map(|class| (*class).to_owned()).collect(),
            rows: rows.clone(),
        };
        for table in [table(&["事業", "自営"]), table(&[]), IssueTable { rows: Vec::new(), ..table(&[]) }] {
            let pdf = table.pdf(&Press::here(FontSearch::from_environment())).expect("a PDF");
            assert!(pdf.starts_with(b"%PDF"));
            assert!(table.xlsx().expect("a workbook").starts_with(b"PK"));
        }
    }
}
