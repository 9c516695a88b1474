//! Columns of our own workbook, and the words by which columns of any workbook are known.

use super::value::fold;
use super::words::Language;
use sakimori_domain::assurance::AnswerField;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Column {
    RowId,
    Number,
    Title,
    Question,
    Force,
    Reason,
    Field(AnswerField),
    LastStatus,
    LastCurrent,
    LastPlan,
    /// Where a carried answer came from.
    Source,
}

/// One column of the sheet: what, header in Japanese and in English, width in characters.
pub const COLUMNS: &[(Column, &str, &str, f64)] = &[
    (Column::RowId, "行ID（変更しないでください）", "Row ID (do not change)", 12.0),
    (Column::Number, "番号", "Number", 14.0),
    (Column::Title, "項目", "Item", 28.0),
    (Column::Question, "確認事項", "Question", 38.0),
    (Column::Force, "拘束力", "Force", 14.0),
    (Column::Reason, "適用の理由", "Why it binds", 24.0),
    (Column::Field(AnswerField::Status), "対応状況", "Status", 9.0),
    (Column::Field(AnswerField::Maturity), "成熟度", "Maturity", 16.0),
    (Column::Field(AnswerField::NaReason), "対象外の理由", "Why not applicable", 22.0),
    (Column::Field(AnswerField::Current), "現状", "Current state", 40.0),
    (Column::Field(AnswerField::Plan), "今後の方針", "Plan", 40.0),
    (Column::Field(AnswerField::Due), "期限", "Due", 12.0),
    (Column::Field(AnswerField::Owner), "担当", "Owner", 14.0),
    (Column::Field(AnswerField::Department), "担当部署", "Department", 16.0),
    (Column::LastStatus, "前回の対応状況", "Last status", 9.0),
    (Column::LastCurrent, "前回の現状", "Last current state", 30.0),
    (Column::LastPlan, "前回の今後の方針", "Last plan", 30.0),
    (Column::Source, "引継ぎの元", "Carried over from", 34.0),
];

/// 0-based row of the headers in our own sheets.
pub const HEADER_ROW: u32 = 2;
/// How far down a header row is looked for.
pub const HEADER_SEARCH_ROWS: u32 = 50;
/// Name of the very hidden sheet.
pub const METADATA_SHEET: &str = "_sakimori";
/// Version of this layout, in the metadata sheet.
pub const FORMAT_VERSION: &str = "1";

/// The 0-based place of a column in our own layout.
pub fn place(column: Column) -> u16 {
    let place = COLUMNS.iter().position(|(c, ..)| *c == column);
    place.and_then(|place| u16::try_from(place).ok()).unwrap_or(u16::MAX)
}

/// The column of one of our own headers in either language, whatever its width, blanks and line breaks.
pub fn own_column(header: &str) -> Option<Column> {
    let folded = fold(header);
    COLUMNS.iter().find(|(_, ja, en, _)| fold(ja) == folded || fold(en) == folded).map(|(column, ..)| *column)
}

/// Whether a sheet is our instructions, in either language.
pub fn is_guide(sheet_name: &str) -> bool {
    [Language::Ja, Language::En].iter().any(|language| language.guide_sheet() == sheet_name)
}

/// Header words of other people's layouts, the most telling first.
pub const FOREIGN_WORDS: &[(Column, &[&str])] = &[
    (Column::Number, &["項番", "番号", "項目番号", "管理番号", "no.", "no", "条項", "id", "章節番号", "要求事項番号"]),
    (
        Column::Title,
        &["項目名", "項目", "管理策", "対策項目", "要求事項", "チェック項目", "点検項目", "設問", "標題", "タイトル"],
    ),
    (
        Column::Field(AnswerField::Status),
        &["対応状況", "実施状況", "回答", "評価", "判定", "点検結果", "結果", "適合状況", "実施有無", "○×", "status"],
    ),
    (Column::Field(AnswerField::Maturity), &["成熟度", "成熟度レベル", "レベル", "段階", "maturity"]),
    (
        Column::Field(AnswerField::NaReason),
        &["対象外の理由", "対象外理由", "適用除外理由", "除外理由", "該当しない理由"],
    ),
    (
        Column::Field(AnswerField::Current),
        &["現状", "現在の状況", "対応内容", "実施内容", "対策内容", "具体的内容", "備考", "コメント"],
    ),
    (
        Column::Field(AnswerField::Plan),
        &["今後の方針", "今後の対応", "改善計画", "対応方針", "対応予定", "是正計画", "今後の予定"],
    ),
    (Column::Field(AnswerField::Due), &["期限", "対応期限", "完了予定日", "実施予定日", "予定日", "完了予定", "due"]),
    (Column::Field(AnswerField::Owner), &["担当", "担当者", "責任者", "記入者", "回答者", "owner"]),
    (
        Column::Field(AnswerField::Department),
        &["担当部署", "部署", "所管部署", "主管部署", "回答部署", "部門", "department"],
    ),
];

/// The column that a foreign header speaks of: the whole header first, then a header that contains the word.
pub fn foreign_column(header: &str) -> Option<Column> {
    let folded = fold(header);
    if folded.is_empty() || folded.starts_with("前回") {
        return None;
    }
    let exact = FOREIGN_WORDS.iter().find(|(_, words)| words.contains(&folded.as_str()));
    let contained = || {
        let hits = FOREIGN_WORDS.iter().flat_map(|(column, words)| words.iter().map(move |word| (*column, *word)));
        hits.filter(|(_, word)| word.chars().count() > 1 && !word.is_ascii() && folded.contains(word))
            .max_by_key(|(_, word)| word.chars().count())
    };
    exact.map(|(column, _)| *column).or_else(|| contained().map(|(column, _)| column))
}
