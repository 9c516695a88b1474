//! What is wrong with a document, and where.

use std::fmt;

/// A place in a JSON document (RFC 6901), built while walking.
#[derive(Debug, Clone, Default)]
pub struct Pointer(Vec<Step>);

#[derive(Debug, Clone)]
enum Step {
    Name(String),
    Index(usize),
}

impl Pointer {
    /// Goes into a member.
    pub fn push_name(&mut self, name: &str) {
        self.0.push(Step::Name(name.to_owned()));
    }

    /// Goes into an item of a list.
    pub fn push_index(&mut self, index: usize) {
        self.0.push(Step::Index(index));
    }

    /// How many steps it is from the top.
    pub fn depth(&self) -> usize {
        self.0.len()
    }

    /// Goes back out.
    pub fn pop(&mut self) {
        self.0.pop();
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.0 {
            match step {
                Step::Name(name) => write!(f, "/{}", name.replace('~', "~0").replace('/', "~1"))?,
                Step::Index(index) => write!(f, "/{index}")?,
            }
        }
        Ok(())
    }
}

/// How much a fault matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The document is not valid.
    Error,
    /// It is valid, but somebody should look.
    Warning,
}

impl Severity {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// One fault of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub severity: Severity,
    /// JSON pointer.
    pub pointer: String,
    /// Stable, kebab-case.
    pub code: &'static str,
    pub ja: String,
    pub en: String,
}

impl Fault {
    /// An error.
    pub fn new(at: &Pointer, code: &'static str, ja: String, en: String) -> Self {
        Self { severity: Severity::Error, pointer: at.to_string(), code, ja, en }
    }

    /// A warning.
    pub fn warning(at: &Pointer, code: &'static str, ja: String, en: String) -> Self {
        Self { severity: Severity::Warning, ..Self::new(at, code, ja, en) }
    }

    /// What to do about it: Japanese and English.
    pub fn next(&self) -> (&'static str, &'static str) {
        match self.code {
            "type" | "enum" | "pattern" | "uri-reference" => ("その値を書き直してください。", "Correct the value."),
            "required" => ("その項目を加えてください。", "Add the member."),
            "unknown-member" => (
                "綴りを確かめ、独自の情報なら props（自分の ns）に移してください。",
                "Check the spelling; information of your own goes into props with your own ns.",
            ),
            "empty" => ("項目ごと消してください。", "Take the member out."),
            "id-twice" | "uuid-twice" => ("どちらかを別の値にしてください。", "Give one of them another value."),
            "param-unknown" => {
                ("params に加えるか、参照の綴りを直してください。", "Add the parameter or correct the reference.")
            }
            "link-unknown" | "resource-unknown" | "party-unknown" | "role-unknown" | "item-unknown" => {
                ("参照先を加えるか、参照を直してください。", "Add what is meant or correct the reference.")
            }
            "include-both" => ("一方だけを残してください。", "Leave one of the two."),
            "include-none" => {
                ("include-all か include-controls を加えてください。", "Add include-all or include-controls.")
            }
            "set-twice" => ("一つにまとめてください。", "Join them into one."),
            "relationship-unknown" => (
                "equal-to、subset-of、superset-of、intersects-with、no-relationship から選んでください。",
                "Use equal-to, subset-of, superset-of, intersects-with or no-relationship.",
            ),
            // What is told of imports has its next step in it.
            _ => ("", ""),
        }
    }
}
