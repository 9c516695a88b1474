//! The one public refusal: what happened, why, and what to do next, in Japanese and English.

use sakimori_store::{Failure, Storage, StoreError};

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
    /// Not now: the same again, a moment later, may go through.
    Busy,
    /// The machine cannot keep it: its disk is full or takes no writes.
    Storage,
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

    /// The disk is full, or takes no writes. Reading goes on, and so does writing as soon as the disk takes it.
    pub fn storage(trouble: Storage) -> Self {
        let (code, ja, en) = match trouble {
            Storage::Full => (
                "disk-full",
                "サーバーの記憶領域がいっぱいのため、保存していません。",
                "The server's disk is full; nothing was saved.",
            ),
            Storage::ReadOnly => (
                "disk-read-only",
                "サーバーの記憶領域に書き込めないため、保存していません。",
                "The server's disk takes no writes; nothing was saved.",
            ),
            Storage::Failing => (
                "disk-failing",
                "サーバーの記憶装置で読み書きに失敗したため、保存していません。",
                "The server's disk failed; nothing was saved.",
            ),
        };
        Self::new(RefusalKind::Storage, code, ja, en).next(
            "入力した内容は控えておき、管理者に連絡してください。空きができれば、そのまま保存できるようになります。閲覧は続けられます。",
            "Keep what you typed and tell your administrator. Saving works again as soon as there is room; reading goes on.",
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
            taken if taken.is_taken() => Refusal::conflict().into(),
            other => match other.storage().map(Refusal::storage).or_else(|| busy(other.failure())) {
                Some(refusal) => {
                    tracing::warn!(error = %other, "the database could not do it now");
                    refusal.into()
                }
                None => AppError::Store(other),
            },
        }
    }
}

/// What to say when the database could not do it now.
fn busy(failure: Failure) -> Option<Refusal> {
    let refusal = match failure {
        Failure::RolledBack => Refusal::new(
            RefusalKind::Busy,
            ROLLED_BACK,
            "同じ時に行われた別の処理と重なったため、保存していません。",
            "It met another change at the same moment; nothing was saved.",
        ),
        Failure::Away => Refusal::new(
            RefusalKind::Busy,
            "database-away",
            "データベースにつながらないか、混み合っているため、保存していません。",
            "The database is away or has no room just now; nothing was saved.",
        ),
        Failure::TooLong => Refusal::new(
            RefusalKind::Busy,
            "took-too-long",
            "処理に時間がかかりすぎたため、中止しました。",
            "It took too long and was stopped; nothing was saved.",
        ),
        Failure::Other => return None,
    };
    Some(refusal.next("少し待ってから、もう一度お試しください。", "Wait a moment and try again."))
}

/// Code of a refusal after which nothing happened and the same may be tried at once.
const ROLLED_BACK: &str = "try-again";

impl AppError {
    /// Whether the database undid it because of another transaction: the operation may be done again as it was.
    pub fn is_rolled_back(&self) -> bool {
        self.refusal().is_some_and(|refusal| refusal.code == ROLLED_BACK)
    }

    /// What went wrong at a disk: a full or closed one is told to the person, anything else is ours to look at.
    pub(crate) fn disk(what: &'static str) -> impl Fn(std::io::Error) -> Self {
        use std::io::ErrorKind;
        move |error| {
            tracing::error!(%error, what, "the disk refused");
            match error.kind() {
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                    Refusal::storage(Storage::Full).into()
                }
                ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => {
                    Refusal::storage(Storage::ReadOnly).into()
                }
                _ => AppError::Internal(format!("{what}: {error}")),
            }
        }
    }

    /// The refusal, if it is one.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            AppError::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }
}

/// Attempts at an operation that the database keeps undoing.
const ATTEMPTS: u32 = 4;

/// Does an operation again when the database undid it because of another one at the same moment. On PostgreSQL this is a
/// deadlock; on engines whose transactions are serialisable it is an everyday answer. The whole operation is the closure,
/// so that everything is read anew.
///
/// # Errors
/// What the operation returns; after the last attempt the refusal that asks the person to try again.
pub async fn again<T, F>(app: &crate::App, mut operation: impl FnMut() -> F) -> crate::Result<T>
where
    F: Future<Output = crate::Result<T>>,
{
    for attempt in 1..ATTEMPTS {
        match operation().await {
            Err(error) if error.is_rolled_back() => {
                // Not all at the same moment again.
                let [random]: [u8; 1] = app.random();
                let pause = (10_u64 << attempt) + u64::from(random % 32);
                tokio::time::sleep(std::time::Duration::from_millis(pause)).await;
            }
            other => return other,
        }
    }
    operation().await
}
