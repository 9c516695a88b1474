//! What a program with a token may do at most (API トークンの範囲).

use super::Permission;
use crate::standards::terms;

terms! {
    /// One area that a token opens. Never more than its holder may at the time of use.
    TokenScope {
        ReadStandards = "read-standards", "基準を読む";
        ReadCrosswalks = "read-crosswalks", "照合を読む";
        ReadAnswers = "read-answers", "点検と回答を読む";
        WriteAnswers = "write-answers", "回答を書く";
    }
}

impl TokenScope {
    /// The scope in English.
    pub const fn en(self) -> &'static str {
        match self {
            TokenScope::ReadStandards => "read standards",
            TokenScope::ReadCrosswalks => "read crosswalks",
            TokenScope::ReadAnswers => "read assessments and answers",
            TokenScope::WriteAnswers => "write answers",
        }
    }

    /// The permissions that the scope lets through.
    pub const fn permissions(self) -> &'static [Permission] {
        use Permission as P;
        match self {
            TokenScope::ReadStandards => &[P::ReadStandards],
            TokenScope::ReadCrosswalks => &[P::ReadCrosswalk],
            TokenScope::ReadAnswers => &[P::ReadAssessments, P::ReadOwnRequests],
            TokenScope::WriteAnswers => &[P::AnswerAll, P::AnswerOwn],
        }
    }
}
