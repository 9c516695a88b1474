//! What of the trail stands on everything that is printed or taken along: the checkpoint of the organisation's trail.

/// A signed checkpoint, as it is printed; empty where the trail could not be signed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrailMark {
    /// Origin, number of events and root hash, in one line: the foot of a page, a header, a property.
    pub line: String,
    /// The signed note (C2SP tlog-checkpoint), several lines: the end of a document, a sheet, a field.
    pub note: String,
}

/// Name of the header that carries the line of every file that is taken along.
pub const TRAIL_MARK_HEADER: &str = "sakimori-checkpoint";

impl TrailMark {
    /// What it is called.
    pub const fn title(english: bool) -> &'static str {
        if english { "Trail checkpoint" } else { "記録との照合" }
    }

    /// What it is for, in one sentence.
    pub const fn hint(english: bool) -> &'static str {
        if english {
            "The signed checkpoint of the trail when this was made. sakimori trail verify --against takes it."
        } else {
            "作成時の操作記録に署名したチェックポイントです。sakimori trail verify --against で照合できます。"
        }
    }

    /// There is nothing to print.
    pub const fn is_empty(&self) -> bool {
        self.line.is_empty()
    }
}
