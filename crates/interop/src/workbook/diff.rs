//! What an import would change, cell by cell, and every problem with its cell. Computes; writes nothing.

use super::cells::CellKind;
use super::import::{FieldCell, RecognisedRow, RecognisedSheet, Recognition, RowIdentity};
use super::row_id::{RowId, field_text, same_letters};
use super::value::{cell_name, fold, parse_date, parse_maturity, parse_status};
use sakimori_domain::assurance::{Answer, AnswerField, AnswerStatus, tidy_text};
use std::collections::{HashMap, HashSet};

/// An answer as the server has it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurrentAnswer {
    pub organisation: String,
    pub assessment: String,
    /// Key of the answer in the assessment.
    pub key: String,
    pub version: u64,
    /// Number of the Provision.
    pub provision: String,
    pub answer: Answer,
}

/// One cell that would change an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellChange {
    pub sheet: String,
    /// e.g. `D12`.
    pub cell: String,
    /// Key of the answer.
    pub row_id: String,
    pub provision: String,
    pub field: AnswerField,
    /// As the server has it.
    pub now: String,
    /// As the sheet has it: marks as printed, dates in ISO, levels as a digit.
    pub new: String,
    /// Version that the comparison was made with; the write must check it again.
    pub version: u64,
    /// Somebody changed this field on the server after the export, to something else: a person has to choose.
    pub conflict: bool,
    /// The row has an error that has to be put right first; the change is shown but cannot be taken.
    pub blocked: bool,
}

impl CellChange {
    /// Puts the new value into an answer. The value was read by this module, so it always fits its field.
    pub fn apply(&self, answer: &mut Answer) {
        set_field(answer, self.field, &self.new);
    }
}

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The cell or row is not taken.
    Error,
    /// Taken, but worth a look.
    Notice,
}

/// A problem and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellProblem {
    pub sheet: String,
    pub cell: String,
    /// Stable, kebab-case.
    pub code: String,
    pub severity: Severity,
    pub message_ja: String,
    pub message_en: String,
}

/// The whole proposal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportDiff {
    pub changes: Vec<CellChange>,
    pub problems: Vec<CellProblem>,
    /// Rows that were recognised and change nothing.
    pub unchanged: usize,
    /// Keys of answers that no row of the workbook names: they stay as they are.
    pub missing_rows: Vec<String>,
    /// Rows that belong to no answer, as `sheet!A1`.
    pub unknown_rows: Vec<String>,
}

impl ImportDiff {
    /// Changes that may be taken without a person's choice.
    pub fn ready(&self) -> impl Iterator<Item = &CellChange> {
        self.changes.iter().filter(|change| !change.conflict && !change.blocked)
    }
}

/// Compares a workbook with the answers as they are now.
pub fn diff(current: &[CurrentAnswer], recognition: &Recognition) -> ImportDiff {
    let by_key: HashMap<&str, &CurrentAnswer> = current.iter().map(|answer| (answer.key.as_str(), answer)).collect();
    let mut named: HashMap<&str, usize> = HashMap::new();
    for row in recognition.sheets.iter().flat_map(|sheet| &sheet.rows) {
        if let Some(key) = key_of(row) {
            *named.entry(key).or_default() += 1;
        }
    }
    let mut work =
        Work { by_number: numbers(current), by_key, named, seen: HashSet::new(), out: ImportDiff::default() };
    for sheet in &recognition.sheets {
        for row in &sheet.rows {
            work.row(sheet, row);
        }
    }
    let Work { seen, mut out, .. } = work;
    out.missing_rows = current.iter().filter(|a| !seen.contains(a.key.as_str())).map(|a| a.key.clone()).collect();
    out
}

fn key_of(row: &RecognisedRow) -> Option<&str> {
    match &row.identity {
        RowIdentity::Id(id) => Some(&id.answer),
        RowIdentity::Key(key) => Some(key),
        RowIdentity::Broken(_) | RowIdentity::Absent => None,
    }
}

/// Answers by number, numbers that several Editions share left out.
fn numbers(current: &[CurrentAnswer]) -> HashMap<String, Option<&CurrentAnswer>> {
    let mut numbers: HashMap<String, Option<&CurrentAnswer>> = HashMap::new();
    for answer in current {
        numbers.entry(fold(&answer.provision)).and_modify(|known| *known = None).or_insert(Some(answer));
    }
    numbers
}

/// The answer of a row, and the id that named it.
type Found<'a> = (&'a CurrentAnswer, Option<&'a RowId>);

struct Work<'a> {
    by_key: HashMap<&'a str, &'a CurrentAnswer>,
    by_number: HashMap<String, Option<&'a CurrentAnswer>>,
    /// How many rows name a key.
    named: HashMap<&'a str, usize>,
    seen: HashSet<&'a str>,
    out: ImportDiff,
}

struct Place<'a> {
    sheet: &'a RecognisedSheet,
    row: u32,
}

impl Place<'_> {
    fn problem(
        &self,
        col: u32,
        severity: Severity,
        code: &str,
        ja: impl Into<String>,
        en: impl Into<String>,
    ) -> CellProblem {
        CellProblem {
            sheet: self.sheet.name.clone(),
            cell: cell_name(self.row, col),
            code: code.to_owned(),
            severity,
            message_ja: ja.into(),
            message_en: en.into(),
        }
    }
}

impl<'a> Work<'a> {
    fn row(&mut self, sheet: &RecognisedSheet, row: &'a RecognisedRow) {
        let place = Place { sheet, row: row.row };
        match self.find(&place, row) {
            Ok((answer, id)) => {
                self.seen.insert(&answer.key);
                self.compare(&place, row, answer, id);
            }
            Err(problem) => {
                if let Some(problem) = problem {
                    self.out.problems.push(*problem);
                }
                self.out.unknown_rows.push(format!("{}!{}", sheet.name, cell_name(row.row, row.identity_col)));
            }
        }
    }

    /// The answer that a row is about.
    fn find(&mut self, place: &Place<'_>, row: &'a RecognisedRow) -> Result<Found<'a>, Option<Box<CellProblem>>> {
        let error = |code, ja: String, en: String| {
            Err(Some(Box::new(place.problem(row.identity_col, Severity::Error, code, ja, en))))
        };
        let id = match &row.identity {
            RowIdentity::Id(id) => Some(id),
            RowIdentity::Key(_) => None,
            RowIdentity::Broken(_) => {
                return error(
                    "row-id-edited",
                    "行IDが書き換えられています。出力した表からこの行の行IDを戻すか、行ごと貼り直してください。".into(),
                    "the row id was edited: restore it from the exported sheet".into(),
                );
            }
            RowIdentity::Absent => return self.find_by_number(place, row),
        };
        let Some(key) = key_of(row) else { return Err(None) };
        let Some(answer) = self.by_key.get(key).copied() else {
            return error(
                "row-unknown",
                "この行は今回の点検にありません（別の点検の表か、対象から外れた項目です）。".into(),
                "this row is not part of the assessment: another assessment's sheet, or an item taken out".into(),
            );
        };
        if id.is_some_and(|id| id.organisation != answer.organisation || id.assessment != answer.assessment) {
            return error(
                "other-assessment",
                "別の組織又は別の点検から出力した行です。この点検から出力した表を使ってください。".into(),
                "the row was exported from another organisation or assessment: use this assessment's sheet".into(),
            );
        }
        if self.named.get(key).is_some_and(|count| *count > 1) {
            self.seen.insert(&answer.key);
            let number = &answer.provision;
            return error(
                "duplicate-row",
                format!("同じ項目（{number}）の行が複数あります。複写した行を削除し、一行だけ残してください。"),
                format!("several rows are about {number}: delete the copies and keep one"),
            );
        }
        Ok((answer, id))
    }

    /// An inserted row counts when its number names exactly one answer that no other row names.
    fn find_by_number(
        &mut self,
        place: &Place<'_>,
        row: &RecognisedRow,
    ) -> Result<Found<'a>, Option<Box<CellProblem>>> {
        let filled = row.values.iter().any(|value| !value.text.trim().is_empty());
        let found = self.by_number.get(&fold(&row.number)).copied().flatten();
        if let Some(answer) =
            found.filter(|a| filled && !self.named.contains_key(a.key.as_str()) && !self.seen.contains(a.key.as_str()))
        {
            self.out.problems.push(place.problem(
                row.identity_col,
                Severity::Notice,
                "matched-by-number",
                format!("行IDがないため、番号（{}）で対応付けました。", answer.provision),
                format!("no row id: matched by its number ({})", answer.provision),
            ));
            return Ok((answer, None));
        }
        if !filled {
            return Err(None);
        }
        Err(Some(Box::new(place.problem(
            row.identity_col,
            Severity::Error,
            "row-without-id",
            "行IDがなく、どの項目か分かりません。追加した行の内容は、もとの項目の行に移してください。",
            "no row id, so the item is not known: move the content to the row of its item",
        ))))
    }

    fn compare(&mut self, place: &Place<'_>, row: &RecognisedRow, current: &CurrentAnswer, id: Option<&RowId>) {
        let mut result = current.answer.clone();
        let mut changes = Vec::new();
        let mut blocked = false;
        for value in &row.values {
            let new = match read_value(value) {
                Ok(new) => new,
                Err(unread) => {
                    self.out.problems.push(place.problem(
                        value.col,
                        Severity::Error,
                        unread.code,
                        unread.ja,
                        unread.en,
                    ));
                    continue;
                }
            };
            let now = field_text(&current.answer, value.field);
            set_field(&mut result, value.field, &new);
            // An untouched cell is no change, even when the server has moved on since the export.
            let untouched = id.is_some_and(|id| id.says(value.field, &result));
            // Without an id nothing says that the cell was ever filled, so a blank erases nothing.
            let silent = id.is_none() && new.is_empty();
            if same_letters(&new) == same_letters(&now) || untouched || silent {
                set_field(&mut result, value.field, &now);
                continue;
            }
            let conflict = match id {
                Some(id) => id.version < current.version && !id.says(value.field, &current.answer),
                None => !now.is_empty(),
            };
            changes.push((value, now, new, conflict));
        }
        if changes.is_empty() {
            self.out.unchanged += 1;
            return;
        }
        for refusal in result.refusals() {
            blocked = true;
            let col = place.sheet.fields.iter().find(|(field, _)| *field == refusal.field()).map(|(_, col)| *col);
            let col = col.unwrap_or(row.identity_col);
            self.out.problems.push(place.problem(
                col,
                Severity::Error,
                refusal.code(),
                refusal.ja(),
                refusal.to_string(),
            ));
        }
        self.out.changes.extend(changes.into_iter().map(|(value, now, new, conflict)| CellChange {
            sheet: place.sheet.name.clone(),
            cell: cell_name(row.row, value.col),
            row_id: current.key.clone(),
            provision: current.provision.clone(),
            field: value.field,
            now,
            new,
            version: current.version,
            conflict,
            blocked,
        }));
    }
}

struct Unread {
    code: &'static str,
    ja: String,
    en: String,
}

/// The value of a cell in the form of [`field_text`].
fn read_value(value: &FieldCell) -> Result<String, Unread> {
    let shown: String = value.text.chars().take(40).collect();
    let unread = |code, ja: String, en: String| Err(Unread { code, ja, en });
    if value.kind == CellKind::Error {
        return unread(
            "formula-error",
            format!("数式の結果がエラー（{shown}）です。値を入力してください。"),
            format!("the formula gives an error ({shown}): type the value"),
        );
    }
    match value.field {
        AnswerField::Status => match parse_status(&value.text) {
            Some(status) => Ok(status.ja().to_owned()),
            None => unread(
                "status-unknown",
                format!("「{shown}」は対応状況として読めません。○ △ × － のいずれかにしてください。"),
                format!("“{shown}” is no status: use ○ △ × or －"),
            ),
        },
        AnswerField::Maturity => match parse_maturity(&value.text) {
            Some(level) => Ok(level.map(|level| level.level().to_string()).unwrap_or_default()),
            None => unread(
                "maturity-unknown",
                format!("「{shown}」は成熟度として読めません。0 から 5 の数字にしてください。"),
                format!("“{shown}” is no maturity level: use 0 to 5"),
            ),
        },
        AnswerField::Due => match parse_date(&value.text, value.kind) {
            Some(due) => Ok(due.map(|due| due.to_string()).unwrap_or_default()),
            None => unread(
                "date-unknown",
                format!(
                    "「{shown}」は日付として読めません。2026/3/31 や 令和8年3月31日 のように年から書いてください。"
                ),
                format!("“{shown}” is no date: write it with the year, such as 2026/3/31"),
            ),
        },
        _ => Ok(tidy_text(&value.text)),
    }
}

/// Sets a field from the form of [`field_text`].
fn set_field(answer: &mut Answer, field: AnswerField, text: &str) {
    match field {
        AnswerField::Status => answer.status = parse_status(text).unwrap_or(AnswerStatus::Unanswered),
        AnswerField::Maturity => answer.maturity = parse_maturity(text).flatten(),
        AnswerField::Due => answer.due = parse_date(text, CellKind::Date).flatten(),
        AnswerField::NaReason => answer.na_reason = text.to_owned(),
        AnswerField::Current => answer.current = text.to_owned(),
        AnswerField::Plan => answer.plan = text.to_owned(),
        AnswerField::Owner => answer.owner = text.to_owned(),
        AnswerField::Department => answer.department = text.to_owned(),
    }
}
