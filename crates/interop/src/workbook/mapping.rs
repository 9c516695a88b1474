//! Other people's layouts: a saved mapping of their columns to ours.

use super::cells::SheetCells;
use super::import::{
    FieldCell, RecognisedRow, RecognisedSheet, Recognition, RowIdentity, field_cells, find_header, grid,
};
use super::layout::{Column, foreign_column};
use super::value::{fold, parse_status};
use sakimori_domain::assurance::AnswerField;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// How a row of a foreign sheet names its item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyMatch {
    /// The number, whatever its width and blanks.
    Number,
    /// The title, whatever its width and blanks; only titles that occur once.
    Title,
    /// The number, else the title.
    NumberThenTitle,
}

/// A saved column mapping; columns by their 0-based place, so that two columns with one header can be told apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnMapping {
    /// Name under which it is saved.
    pub name: String,
    /// Sheet that it reads; empty for every visible sheet with the same headers.
    #[serde(default)]
    pub sheet: String,
    /// 0-based row of the headers; data starts below.
    pub header_row: u32,
    pub key_match: KeyMatch,
    /// Columns of the number; several (章, 節, 項) are joined by a full stop.
    #[serde(default)]
    pub number_columns: Vec<u32>,
    #[serde(default)]
    pub title_column: Option<u32>,
    /// Code of the answer field → column.
    pub fields: BTreeMap<String, u32>,
    /// Code of the answer field → their word → ours, e.g. `status` → `済` → `○`.
    #[serde(default)]
    pub translations: BTreeMap<String, BTreeMap<String, String>>,
    /// Headers seen when it was made: a workbook with others is refused instead of read askew.
    #[serde(default)]
    pub headers: BTreeMap<u32, String>,
}

/// An answer that foreign rows may mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownRow {
    /// Key of the answer.
    pub key: String,
    pub number: String,
    pub title: String,
}

/// Why a mapping does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    #[error("the mapping has no column for the number or the title: choose one")]
    NoKeyColumn,
    #[error("the mapping has no answer column: choose at least one")]
    NoFieldColumn,
    #[error("“{code}” is no answer field: use status, maturity, na-reason, current, plan, due, owner or department")]
    UnknownField { code: String },
    #[error("the workbook has no sheet “{sheet}”: choose the sheet again")]
    NoSheet { sheet: String },
    #[error("{sheet}: column {column} should be headed “{expected}” but is headed “{found}”: check the mapping")]
    OtherHeader { sheet: String, column: String, expected: String, found: String },
}

impl MappingError {
    /// Message of the Japanese pages.
    pub fn ja(&self) -> String {
        match self {
            Self::NoKeyColumn => "番号又は項目名の列が指定されていません。列を選んでください。".to_owned(),
            Self::NoFieldColumn => "回答の列が一つも指定されていません。列を選んでください。".to_owned(),
            Self::UnknownField { code } => format!("「{code}」という回答欄はありません。"),
            Self::NoSheet { sheet } => format!("シート「{sheet}」がありません。シートを選び直してください。"),
            Self::OtherHeader { sheet, column, expected, found } => format!(
                "シート「{sheet}」の{column}列の見出しは「{expected}」のはずですが「{found}」です。対応付けを確かめてください。"
            ),
        }
    }
}

impl ColumnMapping {
    /// The answer fields and their columns, or what is wrong with the mapping.
    pub fn check(&self) -> Result<Vec<(AnswerField, u32)>, MappingError> {
        if self.number_columns.is_empty() && self.title_column.is_none() {
            return Err(MappingError::NoKeyColumn);
        }
        let field = |code: &String| {
            AnswerField::from_code(code).ok_or_else(|| MappingError::UnknownField { code: code.clone() })
        };
        for code in self.translations.keys() {
            field(code)?;
        }
        let mut fields: Vec<_> =
            self.fields.iter().map(|(code, col)| Ok((field(code)?, *col))).collect::<Result<_, _>>()?;
        fields.sort_by_key(|(_, col)| *col);
        if fields.is_empty() { Err(MappingError::NoFieldColumn) } else { Ok(fields) }
    }
}

/// Reads the sheets of a foreign workbook by a mapping; the result goes to [`super::diff::diff`] like our own.
pub fn apply_mapping(
    sheets: &[SheetCells],
    mapping: &ColumnMapping,
    known: &[KnownRow],
) -> Result<Recognition, MappingError> {
    let fields = mapping.check()?;
    let index = KnownIndex::new(known);
    let mut recognition = Recognition::default();
    for sheet in
        sheets.iter().filter(|sheet| if mapping.sheet.is_empty() { !sheet.hidden } else { sheet.name == mapping.sheet })
    {
        match check_headers(sheet, mapping) {
            Ok(()) => recognition.sheets.push(read_foreign(sheet, mapping, &fields, &index)),
            Err(error) if !mapping.sheet.is_empty() => return Err(error),
            Err(_) => recognition.skipped.push(sheet.name.clone()),
        }
    }
    if recognition.sheets.is_empty() {
        return Err(MappingError::NoSheet { sheet: mapping.sheet.clone() });
    }
    Ok(recognition)
}

fn check_headers(sheet: &SheetCells, mapping: &ColumnMapping) -> Result<(), MappingError> {
    for (col, expected) in &mapping.headers {
        // The header of a merged cell may stand in the row above.
        let found = sheet
            .cells
            .iter()
            .filter(|cell| cell.col == *col && (cell.row == mapping.header_row || cell.row + 1 == mapping.header_row));
        let found: Vec<_> = found.map(|cell| cell.text.as_str()).collect();
        if !found.iter().any(|text| fold(text) == fold(expected)) {
            let column = super::value::cell_name(0, *col).trim_end_matches('1').to_owned();
            let (expected, found) = (expected.clone(), found.join(" "));
            return Err(MappingError::OtherHeader { sheet: sheet.name.clone(), column, expected, found });
        }
    }
    Ok(())
}

struct KnownIndex<'a> {
    numbers: HashMap<String, Option<&'a str>>,
    titles: HashMap<String, Option<&'a str>>,
}

impl<'a> KnownIndex<'a> {
    fn new(known: &'a [KnownRow]) -> Self {
        let (mut numbers, mut titles) = (HashMap::new(), HashMap::new());
        for row in known {
            // What two items share names neither.
            numbers.entry(fold(&row.number)).and_modify(|key| *key = None).or_insert(Some(row.key.as_str()));
            titles.entry(fold(&row.title)).and_modify(|key| *key = None).or_insert(Some(row.key.as_str()));
        }
        Self { numbers, titles }
    }

    fn find(&self, key_match: KeyMatch, number: &str, title: &str) -> Option<&'a str> {
        // Some people print a full stop after the number: `2.1.`.
        let folded = fold(number);
        let by_number =
            || self.numbers.get(&folded).or_else(|| self.numbers.get(folded.trim_end_matches('.'))).copied().flatten();
        let by_title = || self.titles.get(&fold(title)).copied().flatten();
        match key_match {
            KeyMatch::Number => by_number(),
            KeyMatch::Title => by_title(),
            KeyMatch::NumberThenTitle => by_number().or_else(by_title),
        }
    }
}

fn read_foreign(
    sheet: &SheetCells,
    mapping: &ColumnMapping,
    fields: &[(AnswerField, u32)],
    index: &KnownIndex<'_>,
) -> RecognisedSheet {
    let key_cols = || mapping.number_columns.iter().chain(&mapping.title_column);
    let identity_col = key_cols().next().copied().unwrap_or(0);
    let mut rows = Vec::new();
    let mut carried = vec![String::new(); mapping.number_columns.len()];
    for (row, cells) in grid(sheet).range(mapping.header_row + 1..) {
        let text = |col: &u32| cells.get(col).map_or("", |cell| cell.text.trim());
        let parts: Vec<_> = mapping.number_columns.iter().map(text).collect();
        let number = carry(&mut carried, &parts);
        let title = mapping.title_column.as_ref().map_or("", text);
        let mut values = field_cells(cells, fields);
        values.iter_mut().for_each(|value| translate(value, mapping));
        let filled = values.iter().any(|value| !value.text.trim().is_empty());
        let found = index.find(mapping.key_match, &number, title);
        // Headings and remarks between the rows say nothing about an answer.
        let identity = match found {
            Some(key) => RowIdentity::Key(key.to_owned()),
            None if filled => RowIdentity::Absent,
            None => continue,
        };
        rows.push(RecognisedRow { row: *row, identity_col, identity, number, values });
    }
    RecognisedSheet { name: sheet.name.clone(), header_row: mapping.header_row, fields: fields.to_vec(), rows }
}

/// The number of a row from its parts. A chapter merged over its rows stands in the first of them only, so all parts but
/// the last are carried down until one to their left or they themselves change.
fn carry(carried: &mut [String], parts: &[&str]) -> String {
    let Some((last, _)) = parts.split_last() else { return String::new() };
    for (place, part) in parts.iter().enumerate().filter(|(_, part)| !part.is_empty()) {
        carried[place] = (*part).to_owned();
        carried[place + 1..].iter_mut().for_each(String::clear);
    }
    let place = carried.len() - 1;
    carried[place] = (*last).to_owned();
    if last.is_empty() && parts.iter().all(|part| part.is_empty()) {
        return String::new();
    }
    let filled: Vec<_> = carried.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    filled.join(".")
}

fn translate(value: &mut FieldCell, mapping: &ColumnMapping) {
    let Some(words) = mapping.translations.get(value.field.code()) else { return };
    let folded = fold(&value.text);
    if let Some((_, ours)) = words.iter().find(|(theirs, _)| fold(theirs) == folded) {
        value.text.clone_from(ours);
    }
}

/// Words that people write instead of marks.
const STATUS_WORDS: &[(&str, &[&str])] = &[
    (
        "○",
        &[
            "済",
            "対応済",
            "対応済み",
            "実施済",
            "実施済み",
            "実施",
            "適合",
            "はい",
            "有",
            "あり",
            "yes",
            "y",
            "ok",
            "完了",
            "◎",
            "a",
        ],
    ),
    ("△", &["一部", "一部対応", "一部実施", "部分適合", "対応中", "実施中", "検討中", "観察", "partial", "b"]),
    ("×", &["未", "未対応", "未実施", "不適合", "いいえ", "無", "なし", "no", "n", "ng", "c"]),
    ("－", &["対象外", "該当なし", "適用外", "適用除外", "該当せず", "n/a", "na", "/"]),
];

/// Proposes a mapping from the header words and, for the status column, from the words that stand in it. `None` when no
/// sheet has a column for the item and one for the status or a text.
pub fn guess_mapping(sheets: &[SheetCells]) -> Option<ColumnMapping> {
    let best = sheets
        .iter()
        .filter(|sheet| !sheet.hidden)
        .filter_map(|sheet| {
            let grid = grid(sheet);
            let (header_row, columns) = find_header(&grid, 2, foreign_column)?;
            let has_key = columns.iter().any(|(column, _)| matches!(column, Column::Number | Column::Title));
            let has_field = columns.iter().any(|(column, _)| matches!(column, Column::Field(_)));
            (has_key && has_field).then_some((sheet, header_row, columns))
        })
        .max_by_key(|(sheet, _, columns)| (columns.len(), sheet.cells.len()))?;
    let (sheet, header_row, columns) = best;
    let col_of = |wanted| columns.iter().find(|(column, _)| *column == wanted).map(|(_, col)| *col);
    let (number, title) = (col_of(Column::Number), col_of(Column::Title));
    let fields: BTreeMap<_, _> = columns
        .iter()
        .filter_map(
            |(column, col)| {
                if let Column::Field(field) = column { Some((field.code().to_owned(), *col)) } else { None }
            },
        )
        .collect();
    let header = |col: u32| {
        let at = |row: u32| sheet.cells.iter().find(|cell| cell.col == col && cell.row == row);
        at(header_row).or_else(|| at(header_row.checked_sub(1)?)).map(|cell| cell.text.clone())
    };
    let headers = columns.iter().filter_map(|(_, col)| Some((*col, header(*col)?))).collect();
    let words =
        col_of(Column::Field(AnswerField::Status)).map(|col| guess_words(sheet, header_row, col)).unwrap_or_default();
    let mut translations = BTreeMap::new();
    if !words.is_empty() {
        translations.insert(AnswerField::Status.code().to_owned(), words);
    }
    Some(ColumnMapping {
        name: sheet.name.clone(),
        sheet: sheet.name.clone(),
        header_row,
        key_match: match (number, title) {
            (Some(_), Some(_)) => KeyMatch::NumberThenTitle,
            (None, _) => KeyMatch::Title,
            _ => KeyMatch::Number,
        },
        number_columns: number.into_iter().collect(),
        title_column: title,
        fields,
        translations,
        headers,
    })
}

/// The words of a status column that are no mark of ours but have a known meaning.
fn guess_words(sheet: &SheetCells, header_row: u32, col: u32) -> BTreeMap<String, String> {
    let mut words = BTreeMap::new();
    for cell in sheet.cells.iter().filter(|cell| cell.col == col && cell.row > header_row) {
        let folded = fold(&cell.text);
        if parse_status(&cell.text).is_some() || folded.chars().count() > 10 {
            continue;
        }
        if let Some((mark, _)) = STATUS_WORDS.iter().find(|(_, theirs)| theirs.contains(&folded.as_str())) {
            words.insert(cell.text.trim().to_owned(), (*mark).to_owned());
        }
    }
    words
}
