//! Answers to Provisions: what ○ △ × － mean, when an answer may be kept, how answers are compared and counted.

pub mod applicability;
pub mod carry;

use crate::standards::terms;
use jiff::civil::{Date, date};
use std::fmt;

/// Longest 現状 or 今後の方針, in characters; far below the 32,767 that a spreadsheet cell holds.
pub const LONG_TEXT_MAX_CHARS: usize = 10_000;
/// Longest reason for －, in characters.
pub const REASON_MAX_CHARS: usize = 1_000;
/// Longest name of a person or department, in characters.
pub const NAME_MAX_CHARS: usize = 100;
/// Due dates outside these years are slips of the keyboard, not plans.
pub const DUE_FIRST: Date = date(2000, 1, 1);
/// See [`DUE_FIRST`].
pub const DUE_LAST: Date = date(2099, 12, 31);

terms! {
    /// How far an Organisation does what a Provision asks (対応状況). A blank is a missing answer, never a ×.
    AnswerStatus {
        Yes = "o", "○";
        Partly = "triangle", "△";
        No = "x", "×";
        NotApplicable = "na", "－";
        Unanswered = "blank", "";
    }
}

impl AnswerStatus {
    /// The word beside the mark, for lists and screen readers.
    pub const fn word_ja(self) -> &'static str {
        match self {
            Self::Yes => "対応済み",
            Self::Partly => "一部対応",
            Self::No => "未対応",
            Self::NotApplicable => "対象外",
            Self::Unanswered => "未回答",
        }
    }

    /// The word of the English pages.
    pub const fn word_en(self) -> &'static str {
        match self {
            Self::Yes => "done",
            Self::Partly => "partly done",
            Self::No => "not done",
            Self::NotApplicable => "not applicable",
            Self::Unanswered => "not answered",
        }
    }

    /// Half points towards the score of a chapter; `None` where the answer leaves the count (－).
    pub const fn half_points(self) -> Option<u32> {
        match self {
            Self::Yes => Some(2),
            Self::Partly => Some(1),
            Self::No | Self::Unanswered => Some(0),
            Self::NotApplicable => None,
        }
    }
}

/// How well established a measure is: 0 (nothing yet) and five levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Maturity(u8);

impl Maturity {
    /// Highest level.
    pub const MAX: u8 = 5;
    const NAMES: [(&'static str, &'static str); 6] = [
        ("未着手", "not started"),
        ("個人任せ", "ad hoc"),
        ("慣行として実施", "repeatable"),
        ("文書化し全体で実施", "defined"),
        ("測定し管理", "measured"),
        ("継続的に改善", "improving"),
    ];

    /// A level; `None` above [`Maturity::MAX`].
    pub const fn new(level: u8) -> Option<Self> {
        if level <= Self::MAX { Some(Self(level)) } else { None }
    }

    /// 0 to 5.
    pub const fn level(self) -> u8 {
        self.0
    }

    /// Japanese name of the level.
    pub const fn ja(self) -> &'static str {
        Self::NAMES[self.0 as usize].0
    }

    /// English name of the level.
    pub const fn en(self) -> &'static str {
        Self::NAMES[self.0 as usize].1
    }

    /// All levels, lowest first.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..=Self::MAX).map(Self)
    }
}

terms! {
    /// The fields of an Answer, in the order in which people fill them in.
    AnswerField {
        Status = "status", "対応状況";
        Maturity = "maturity", "成熟度";
        NaReason = "na-reason", "対象外の理由";
        Current = "current", "現状";
        Plan = "plan", "今後の方針";
        Due = "due", "期限";
        Owner = "owner", "担当";
        Department = "department", "担当部署";
    }
}

impl AnswerField {
    /// Longest text of the field in characters; 0 for fields that are not text.
    pub const fn max_chars(self) -> usize {
        match self {
            Self::Current | Self::Plan => LONG_TEXT_MAX_CHARS,
            Self::NaReason => REASON_MAX_CHARS,
            Self::Owner | Self::Department => NAME_MAX_CHARS,
            Self::Status | Self::Maturity | Self::Due => 0,
        }
    }

    /// Name of the field on English pages.
    pub const fn en(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Maturity => "maturity",
            Self::NaReason => "reason for not applicable",
            Self::Current => "current state",
            Self::Plan => "plan",
            Self::Due => "due date",
            Self::Owner => "person in charge",
            Self::Department => "department",
        }
    }
}

/// One Organisation's answer to one Provision in one Assessment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: AnswerStatus,
    pub maturity: Option<Maturity>,
    /// Why the Provision does not apply; needed with －.
    pub na_reason: String,
    /// 現状
    pub current: String,
    /// 今後の方針
    pub plan: String,
    /// 期限
    pub due: Option<Date>,
    /// 担当
    pub owner: String,
    /// 担当部署
    pub department: String,
}

impl Default for Answer {
    fn default() -> Self {
        Self {
            status: AnswerStatus::Unanswered,
            maturity: None,
            na_reason: String::new(),
            current: String::new(),
            plan: String::new(),
            due: None,
            owner: String::new(),
            department: String::new(),
        }
    }
}

/// Why an answer is not kept. Each says the field and the next step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerRefusal {
    /// － without a reason.
    #[error("not applicable needs a reason: write why the item does not apply")]
    ReasonMissing,
    /// A text over the limit of its field.
    #[error("{} has {chars} characters, at most {max}: shorten it or attach a file as evidence", field.en())]
    TooLong { field: AnswerField, chars: usize, max: usize },
    /// A control character that no keyboard writes and no printer prints.
    #[error("{} has an invisible control character (U+{code_point:04X}): type the text again", field.en())]
    ControlCharacter { field: AnswerField, code_point: u32 },
    /// A due date that cannot be meant.
    #[error("the due date {due} is outside {DUE_FIRST} to {DUE_LAST}: check the year")]
    DueOutOfRange { due: Date },
}

impl AnswerRefusal {
    /// Stable code for the API and for problem lists.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::ReasonMissing => "na-reason-missing",
            Self::TooLong { .. } => "text-too-long",
            Self::ControlCharacter { .. } => "control-character",
            Self::DueOutOfRange { .. } => "due-out-of-range",
        }
    }

    /// The field to correct.
    pub const fn field(&self) -> AnswerField {
        match self {
            Self::ReasonMissing => AnswerField::NaReason,
            Self::TooLong { field, .. } | Self::ControlCharacter { field, .. } => *field,
            Self::DueOutOfRange { .. } => AnswerField::Due,
        }
    }

    /// Message of the Japanese pages.
    pub fn ja(&self) -> String {
        match self {
            Self::ReasonMissing => "「－（対象外）」には理由が必要です。対象外の理由を記入してください。".to_owned(),
            Self::TooLong { field, chars, max } => format!(
                "{}は{chars}文字あり、上限の{max}文字を超えています。短くするか、証跡ファイルとして添付してください。",
                field.ja()
            ),
            Self::ControlCharacter { field, code_point } => {
                format!("{}に見えない制御文字（U+{code_point:04X}）があります。入力し直してください。", field.ja())
            }
            Self::DueOutOfRange { due } => {
                format!("期限 {due} は {DUE_FIRST} から {DUE_LAST} の範囲にありません。年を確かめてください。")
            }
        }
    }
}

impl Answer {
    /// The text fields with their names.
    fn texts(&self) -> [(AnswerField, &str); 5] {
        [
            (AnswerField::NaReason, &self.na_reason),
            (AnswerField::Current, &self.current),
            (AnswerField::Plan, &self.plan),
            (AnswerField::Owner, &self.owner),
            (AnswerField::Department, &self.department),
        ]
    }

    /// The answer as it is kept: line ends are LF, blanks at the ends of texts are gone. Nothing else is changed.
    pub fn tidied(mut self) -> Self {
        for text in [&mut self.na_reason, &mut self.current, &mut self.plan, &mut self.owner, &mut self.department] {
            *text = tidy_text(text);
        }
        self
    }

    /// Everything that forbids keeping the answer; empty when it may be kept.
    pub fn refusals(&self) -> Vec<AnswerRefusal> {
        let mut found = Vec::new();
        if self.status == AnswerStatus::NotApplicable && self.na_reason.trim().is_empty() {
            found.push(AnswerRefusal::ReasonMissing);
        }
        for (field, text) in self.texts() {
            let (chars, max) = (text.chars().count(), field.max_chars());
            if chars > max {
                found.push(AnswerRefusal::TooLong { field, chars, max });
            }
            if let Some(c) = text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
                found.push(AnswerRefusal::ControlCharacter { field, code_point: c as u32 });
            }
        }
        if let Some(due) = self.due.filter(|due| *due < DUE_FIRST || *due > DUE_LAST) {
            found.push(AnswerRefusal::DueOutOfRange { due });
        }
        found
    }

    /// The tidied answer, or the first thing that forbids keeping it.
    pub fn checked(self) -> Result<Self, AnswerRefusal> {
        let tidied = self.tidied();
        match tidied.refusals().into_iter().next() {
            Some(refusal) => Err(refusal),
            None => Ok(tidied),
        }
    }

    /// Whether nothing at all has been filled in.
    pub fn is_blank(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the answer is a promise not kept: still open (△, ×, blank) after its due date.
    pub fn is_overdue(&self, today: Date) -> bool {
        !matches!(self.status, AnswerStatus::Yes | AnswerStatus::NotApplicable)
            && self.due.is_some_and(|due| due < today)
    }
}

/// The 年度 of a date: it begins in April.
pub fn fiscal_year(date: Date) -> i16 {
    if date.month() >= 4 { date.year() } else { date.year() - 1 }
}

/// A text as it is kept: CRLF and CR become LF, blanks at both ends go. Comparing tidied texts makes no false changes.
pub fn tidy_text(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").trim().to_owned()
}

terms! {
    /// How an answer moved since the last Assessment (前回比).
    Change {
        Improved = "improved", "改善";
        Worse = "worse", "後退";
        Same = "same", "変化なし";
        NotComparable = "not-comparable", "比較できない";
    }
}

/// Compares two answers to the same Provision: first by mark, then, with equal marks, by maturity where both have one.
/// A missing answer and － have no better or worse.
pub fn compare(last: &Answer, now: &Answer) -> Change {
    let rank = |status: AnswerStatus| match status {
        AnswerStatus::Unanswered => None,
        other => other.half_points(),
    };
    if last.status == AnswerStatus::NotApplicable && now.status == AnswerStatus::NotApplicable {
        return Change::Same;
    }
    let (Some(before), Some(after)) = (rank(last.status), rank(now.status)) else {
        return Change::NotComparable;
    };
    let by_maturity = match (last.maturity, now.maturity) {
        (Some(a), Some(b)) => b.cmp(&a),
        _ => std::cmp::Ordering::Equal,
    };
    match after.cmp(&before).then(by_maturity) {
        std::cmp::Ordering::Greater => Change::Improved,
        std::cmp::Ordering::Less => Change::Worse,
        std::cmp::Ordering::Equal => Change::Same,
    }
}

/// Counts of answers by mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    pub yes: u32,
    pub partly: u32,
    pub no: u32,
    pub not_applicable: u32,
    pub unanswered: u32,
}

impl Tally {
    /// Counts one more answer.
    pub fn add(&mut self, status: AnswerStatus) {
        *match status {
            AnswerStatus::Yes => &mut self.yes,
            AnswerStatus::Partly => &mut self.partly,
            AnswerStatus::No => &mut self.no,
            AnswerStatus::NotApplicable => &mut self.not_applicable,
            AnswerStatus::Unanswered => &mut self.unanswered,
        } += 1;
    }

    /// All rows, answered or not.
    pub const fn total(&self) -> u32 {
        self.yes + self.partly + self.no + self.not_applicable + self.unanswered
    }

    /// Rows with any mark.
    pub const fn answered(&self) -> u32 {
        self.total() - self.unanswered
    }

    /// Rows that count towards the score: all but －.
    pub const fn counted(&self) -> u32 {
        self.total() - self.not_applicable
    }

    /// 0 to 1: ○ is 1, △ a half, × and blank 0, － left out; `None` when nothing counts.
    pub fn score(&self) -> Option<f64> {
        (self.counted() > 0).then(|| f64::from(2 * self.yes + self.partly) / f64::from(2 * self.counted()))
    }

    /// Progress of answering, 0 to 1; `None` without rows.
    pub fn progress(&self) -> Option<f64> {
        (self.total() > 0).then(|| f64::from(self.answered()) / f64::from(self.total()))
    }
}

impl FromIterator<AnswerStatus> for Tally {
    fn from_iter<I: IntoIterator<Item = AnswerStatus>>(statuses: I) -> Self {
        let mut tally = Self::default();
        statuses.into_iter().for_each(|status| tally.add(status));
        tally
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "○{} △{} ×{} －{} 未回答{}", self.yes, self.partly, self.no, self.not_applicable, self.unanswered)
    }
}

/// One axis of the radar: a chapter and its counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChapterTally {
    /// `id` of the chapter.
    pub chapter: String,
    pub tally: Tally,
}

/// Counts answers per chapter, chapters in the order of their first row.
pub fn roll_up<'a>(rows: impl IntoIterator<Item = (&'a str, AnswerStatus)>) -> Vec<ChapterTally> {
    let mut chapters: Vec<ChapterTally> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for (chapter, status) in rows {
        let place = *places.entry(chapter).or_insert_with(|| {
            chapters.push(ChapterTally { chapter: chapter.to_owned(), tally: Tally::default() });
            chapters.len() - 1
        });
        chapters[place].tally.add(status);
    }
    chapters
}
