//! The data of the gap report (課題報告): plain values, already worked out by the caller. Paper, workbook and page therefore
//! show the same numbers.

use crate::error::ReportError;
use crate::print::{Lang, PrintHead};
use crate::radar::{RadarAxis, RadarChart};
use crate::words::words;
use jiff::civil::Date;

/// Most rows of gaps, exclusions and unanswered items together.
pub(crate) const MOST_ROWS: usize = 20_000;

/// The answer to one item: the printed sign and its word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// ○ 実施済
    Met,
    /// △ 一部実施
    Partly,
    /// × 未実施
    Unmet,
    /// － 対象外
    Excluded,
    /// 未回答
    Unanswered,
}

impl Status {
    /// The sign as text; for an unanswered item the word, since a blank would look like an omission.
    pub const fn sign(self, lang: Lang) -> &'static str {
        match self {
            Self::Met => "○",
            Self::Partly => "△",
            Self::Unmet => "×",
            Self::Excluded => "－",
            Self::Unanswered => words(lang).unanswered,
        }
    }
}

/// How many items have which status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    pub met: u32,
    pub partly: u32,
    pub unmet: u32,
    pub excluded: u32,
    pub unanswered: u32,
}

impl Counts {
    /// All items.
    pub const fn total(self) -> u32 {
        self.met + self.partly + self.unmet + self.excluded + self.unanswered
    }

    /// The five counts in the printed order ○ △ × － 未回答.
    pub const fn in_order(self) -> [u32; 5] {
        [self.met, self.partly, self.unmet, self.excluded, self.unanswered]
    }

    /// The sum with another count.
    pub const fn plus(self, other: Self) -> Self {
        Self {
            met: self.met + other.met,
            partly: self.partly + other.partly,
            unmet: self.unmet + other.unmet,
            excluded: self.excluded + other.excluded,
            unanswered: self.unanswered + other.unanswered,
        }
    }
}

/// One row of the record of revisions (改訂履歴).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// e.g. `第1.0版`.
    pub version: String,
    pub date: Date,
    pub description: String,
    /// Who made it, by role.
    pub author: String,
}

/// One box for a signature or seal (起案・確認・承認). What is blank is left empty on paper for the hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    pub role: String,
    pub name: Option<String>,
    pub date: Option<Date>,
}

/// What the system itself keeps of the approval of these very figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalRecord {
    /// How far it has come, in words.
    pub state: String,
    /// Hash of what was put forward.
    pub hash: String,
    pub steps: Vec<ApprovalStep>,
}

/// One step of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalStep {
    pub step: String,
    pub person: String,
    /// Day and minute in Japan.
    pub at: String,
}

/// A standard that the assessment covers, with its counts.
#[derive(Debug, Clone, PartialEq)]
pub struct StandardLine {
    /// Short name; chapters refer to it.
    pub short: String,
    pub title: String,
    /// Printed edition label.
    pub edition: String,
    pub issuer: String,
    pub counts: Counts,
    /// Share achieved, 0..=1; `None` if nothing applicable is answered.
    pub achieved: Option<f64>,
}

/// A chapter of a standard with its counts and the shares of this and of the last assessment.
#[derive(Debug, Clone, PartialEq)]
pub struct ChapterLine {
    /// `short` of its standard.
    pub standard: String,
    pub number: String,
    pub title: String,
    pub counts: Counts,
    pub achieved: Option<f64>,
    pub achieved_last: Option<f64>,
}

/// Counts by force (mandatory, should, in stages, desirable, recommended …), strongest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForceLine {
    /// The word in the report's language; gaps refer to it.
    pub force: String,
    pub counts: Counts,
}

/// An item that falls short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GapLine {
    pub standard: String,
    pub number: String,
    pub title: String,
    /// One of the report's `forces`; an unknown one comes last under its own heading.
    pub force: String,
    /// Why it binds, e.g. 強制要件（五港）、名古屋港のため.
    pub force_reason: String,
    pub status: Status,
    /// 0..=4 or 1..=5 as the organisation's scale has it; `None`: not rated.
    pub maturity: Option<u8>,
    /// 現状
    pub current: String,
    /// 今後の方針
    pub plan: String,
    pub deadline: Option<Date>,
    /// 担当部署
    pub department: String,
}

/// An item left out, with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExclusionLine {
    pub standard: String,
    pub number: String,
    pub title: String,
    pub reason: String,
    pub department: String,
}

/// An item without an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnansweredLine {
    pub standard: String,
    pub number: String,
    pub title: String,
    pub force: String,
    pub department: String,
    /// When the department was asked to answer by.
    pub asked_until: Option<Date>,
}

/// An answer that was carried over from other items (引継ぎ), with where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarriedLine {
    pub standard: String,
    pub number: String,
    pub title: String,
    pub status: Status,
    /// How, whether confirmed, and each source with edition, number, mark, date and person.
    pub source: String,
}

/// The gap report (課題報告書) of one assessment.
#[derive(Debug, Clone, PartialEq)]
pub struct GapReport {
    pub head: PrintHead,
    /// Calendar year in which the fiscal year starts (April): 2026 is 令和8年度.
    pub fiscal_year: i16,
    /// Fiscal year of the assessment compared with; `None`: this is the first.
    pub last_fiscal_year: Option<i16>,
    pub standards: Vec<StandardLine>,
    pub revisions: Vec<Revision>,
    pub approvals: Vec<Approval>,
    /// `None` where these figures were not put forward, or have changed since.
    pub approval_record: Option<ApprovalRecord>,
    pub chapters: Vec<ChapterLine>,
    pub forces: Vec<ForceLine>,
    pub gaps: Vec<GapLine>,
    pub exclusions: Vec<ExclusionLine>,
    pub unanswered: Vec<UnansweredLine>,
    /// Empty where nothing was carried over; then the report says nothing of it.
    pub carried: Vec<CarriedLine>,
    /// Line that lets a reader check the figures against the trail (e.g. checkpoint number and hash); empty: none.
    pub checkpoint: String,
}

impl GapReport {
    /// Counts over all standards.
    pub fn total(&self) -> Counts {
        self.standards.iter().fold(Counts::default(), |sum, line| sum.plus(line.counts))
    }

    /// The radar of one standard, for paper and page alike.
    pub fn radar(&self, standard: &str) -> RadarChart {
        let lang = self.head.lang;
        let label = |year| crate::date::fiscal_year_label(year, lang);
        let axes = self.chapters.iter().filter(|c| c.standard == standard).map(|chapter| RadarAxis {
            label: format!("{} {}", chapter.number, chapter.title).trim().to_owned(),
            this_year: chapter.achieved,
            last_year: chapter.achieved_last,
        });
        RadarChart {
            lang,
            title: format!("{standard} {}", words(lang).achieved_by_chapter),
            this_year_label: label(self.fiscal_year),
            last_year_label: self.last_fiscal_year.map(label).unwrap_or_else(|| words(lang).last_time.to_owned()),
            axes: axes.collect(),
        }
    }

    /// Gaps grouped by force (strongest first), inside a group by deadline, without deadline last, else as given.
    pub(crate) fn gaps_by_force(&self) -> Vec<(&str, Vec<&GapLine>)> {
        let mut names: Vec<&str> = self.forces.iter().map(|line| line.force.as_str()).collect();
        for gap in &self.gaps {
            if !names.contains(&gap.force.as_str()) {
                names.push(&gap.force);
            }
        }
        let group = |name: &str| {
            let mut rows: Vec<&GapLine> = self.gaps.iter().filter(|gap| gap.force == name).collect();
            rows.sort_by_key(|gap| gap.deadline.map_or((true, Date::MAX), |date| (false, date)));
            rows
        };
        names.into_iter().map(|name| (name, group(name))).filter(|(_, rows)| !rows.is_empty()).collect()
    }

    /// Whether the deadline of a gap had passed on the day of the report.
    pub(crate) fn is_overdue(&self, gap: &GapLine) -> bool {
        gap.deadline.is_some_and(|date| date < self.head.report_date)
    }

    /// Refuses a report that would take unbounded time and memory.
    pub(crate) fn check_size(&self) -> Result<(), ReportError> {
        let lists = [self.gaps.len(), self.exclusions.len(), self.unanswered.len(), self.carried.len()];
        let rows = lists.into_iter().sum::<usize>() + self.chapters.len();
        crate::render::check_rows("the gap report", rows, MOST_ROWS)
    }
}
