//! The id of a row in our own workbook: which answer it is, which version was exported, and what it said then.
//!
//! The fingerprint of the exported fields makes the import a three-way comparison: a field that the person did not touch
//! is never taken for a change, even if somebody else has changed it on the server meanwhile. The check finds slips
//! (an id overtyped or dragged down by the fill handle); it is no protection against forgery, which rights on the
//! answer are for.

use sakimori_domain::assurance::{Answer, AnswerField};

/// What a row id says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowId {
    pub organisation: String,
    pub assessment: String,
    /// Key of the answer in the assessment.
    pub answer: String,
    /// Version of the answer when it was exported.
    pub version: u64,
    /// Fingerprint of each field as exported, in the order of [`AnswerField::ALL`].
    pub fields: Vec<u32>,
}

const FORMAT: &str = "sk1";

impl RowId {
    /// The id of an answer as exported.
    pub fn of(organisation: &str, assessment: &str, key: &str, version: u64, answer: &Answer) -> Self {
        let fields = AnswerField::ALL.iter().map(|field| fingerprint(&field_text(answer, *field))).collect();
        let (organisation, assessment, answer) = (organisation.to_owned(), assessment.to_owned(), key.to_owned());
        Self { organisation, assessment, answer, version, fields }
    }

    /// The text of the hidden cell.
    pub fn print(&self) -> String {
        let fields: String = self.fields.iter().map(|print| format!("{print:08x}")).collect();
        let body = format!(
            "{FORMAT}|{}|{}|{}|{}|{fields}",
            escape(&self.organisation),
            escape(&self.assessment),
            escape(&self.answer),
            self.version
        );
        let check = fingerprint(&body);
        format!("{body}|{check:08x}")
    }

    /// Reads a hidden cell; `None` when it is not an id of ours or was edited.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (body, check) = text.rsplit_once('|')?;
        if format!("{:08x}", fingerprint(body)) != check {
            return None;
        }
        let parts: Vec<_> = body.split('|').collect();
        let [FORMAT, organisation, assessment, answer, version, fields] = parts[..] else { return None };
        let wanted = AnswerField::ALL.len() * 8;
        if fields.len() != wanted || !fields.is_ascii() {
            return None;
        }
        let fields = (0..wanted).step_by(8).map(|at| u32::from_str_radix(&fields[at..at + 8], 16).ok());
        Some(Self {
            organisation: unescape(organisation),
            assessment: unescape(assessment),
            answer: unescape(answer),
            version: version.parse().ok()?,
            fields: fields.collect::<Option<_>>()?,
        })
    }

    /// Whether a field of an answer still says what was exported.
    pub fn says(&self, field: AnswerField, answer: &Answer) -> bool {
        let place = AnswerField::ALL.iter().position(|f| *f == field);
        place.and_then(|place| self.fields.get(place)) == Some(&fingerprint(&field_text(answer, field)))
    }
}

/// A field as text: codes for marks, digits for levels, ISO for dates; tidied.
pub fn field_text(answer: &Answer, field: AnswerField) -> String {
    match field {
        AnswerField::Status => answer.status.ja().to_owned(),
        AnswerField::Maturity => answer.maturity.map(|m| m.level().to_string()).unwrap_or_default(),
        AnswerField::Due => answer.due.map(|due| due.to_string()).unwrap_or_default(),
        AnswerField::NaReason => sakimori_domain::assurance::tidy_text(&answer.na_reason),
        AnswerField::Current => sakimori_domain::assurance::tidy_text(&answer.current),
        AnswerField::Plan => sakimori_domain::assurance::tidy_text(&answer.plan),
        AnswerField::Owner => sakimori_domain::assurance::tidy_text(&answer.owner),
        AnswerField::Department => sakimori_domain::assurance::tidy_text(&answer.department),
    }
}

/// Letters that Shift_JIS tools interchange, as one: a trip through such a tool is no change.
pub fn same_letters(text: &str) -> String {
    let fold = |c| match c {
        '\u{301C}' => '\u{FF5E}',
        '\u{2014}' => '\u{2015}',
        '\u{2212}' => '\u{FF0D}',
        '\u{2016}' => '\u{2225}',
        other => other,
    };
    text.chars().map(fold).collect()
}

/// FNV-1a, 64 bits folded to 32.
fn fingerprint(text: &str) -> u32 {
    let hash = same_letters(text)
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    (hash >> 32) as u32 ^ hash as u32
}

fn escape(part: &str) -> String {
    part.replace('%', "%25").replace('|', "%7C")
}

fn unescape(part: &str) -> String {
    part.replace("%7C", "|").replace("%25", "%")
}
