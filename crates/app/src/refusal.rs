//! The one public refusal: what happened, why, and what to do next, in Japanese and English.

use sakimori_store::StoreError;

/// What sort of refusal it is; decides the HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// The input cannot be taken as it is.
    Invalid,
    /// Nobody is signed in.
    SignInNeeded,
    /// The role does not allow it.
    Forbidden,
    /// There is no such thing, or the actor may not know of it.
    NotFound,
    /// Somebody else changed the same thing in the meantime.
    Conflict,
    /// Too large, too many.
    Limit,
    /// Too often: later it will be taken.
    TooOften,
}

/// Why something was not done. Nothing of it was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub kind: RefusalKind,
    /// Stable, kebab-case.
    pub code: &'static str,
    /// What happened and why (です・ます).
    pub ja: String,
    pub en: String,
    /// What to do next.
    pub next_ja: String,
    pub next_en: String,
}

impl Refusal {
    /// A refusal with its next step.
    pub fn new(kind: RefusalKind, code: &'static str, ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self { kind, code, ja: ja.into(), en: en.into(), next_ja: String::new(), next_en: String::new() }
    }

    /// Bad input.
    pub fn invalid(code: &'static str, ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self::new(RefusalKind::Invalid, code, ja, en)
    }

    /// Adds what to do next.
    #[must_use]
    pub fn next(mut self, ja: impl Into<String>, en: impl Into<String>) -> Self {
        self.next_ja = ja.into();
        self.next_en = en.into();
        self
    }

    /// There is no such thing: the same answer for what is not there and for what the actor may not know of.
    pub fn not_found() -> Self {
        Self::new(RefusalKind::NotFound, "not-found", "お探しのものは見つかりません。", "There is nothing here.")
            .next("一覧に戻って選び直してください。", "Go back to the list and choose again.")
    }

    /// The role does not allow it.
    pub fn forbidden() -> Self {
        Self::new(
            RefusalKind::Forbidden,
            "forbidden",
            "この操作を行う権限がありません。",
            "Your role does not allow this.",
        )
        .next(
            "必要な場合は、管理者に役割の変更を依頼してください。",
            "If you need it, ask the administrator for another role.",
        )
    }

    /// Somebody was faster.
    pub fn conflict() -> Self {
        Self::new(
            RefusalKind::Conflict,
            "conflict",
            "ほかの人が先に更新したため、保存していません。",
            "Somebody else changed this first; nothing was saved.",
        )
        .next("最新の内容を確かめて、もう一度入力してください。", "Look at the latest state and enter it again.")
    }
}

/// Why an operation did not happen.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error("{}: {}", .0.code, .0.en)]
    Refused(Box<Refusal>),
    #[error(transparent)]
    Store(StoreError),
    /// Something inside broke; the message is for the log, not for the person.
    #[error("{0}")]
    Internal(String),
}

impl From<Refusal> for AppError {
    fn from(refusal: Refusal) -> Self {
        AppError::Refused(Box::new(refusal))
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(_) => Refusal::conflict().into(),
            other => AppError::Store(other),
        }
    }
}

impl AppError {
    /// The refusal, if it is one.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            AppError::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }
}
