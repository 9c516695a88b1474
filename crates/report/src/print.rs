//! What every printed product carries: language, whose it is, what it is, how it may be handled, as of when.

use jiff::civil::Date;
use sakimori_domain::trail_mark::TrailMark;

/// Language of the printed words; texts typed by people stay as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lang {
    Ja,
    En,
}

impl Lang {
    /// The language tag of the PDF.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ja => "ja",
            Self::En => "en",
        }
    }
}

/// The head that stands on every page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrintHead {
    pub lang: Lang,
    /// Name of the organisation whose figures these are.
    pub organisation: String,
    /// Title of the product: of the assessment, of the list, of the comparison.
    pub title: String,
    /// Handling marking as it is to be printed on every page, e.g. `【社外秘】` or `TLP:AMBER`; empty: none.
    pub marking: String,
    /// Date of the report (Asia/Tokyo), from the caller's clock.
    pub report_date: Date,
    /// Checkpoint of the organisation's trail at the time of printing.
    pub checkpoint: TrailMark,
}
