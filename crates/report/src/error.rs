//! What can go wrong while a report is made.

use std::path::PathBuf;

/// Why no report came out. `Display` is English; [`ReportError::ja`] is the message for the Japanese page.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// No Japanese font in any of the searched directories.
    #[error(
        "no Japanese font found in {}; install the package fonts-noto-cjk (apt-get install fonts-noto-cjk) or point \
         SAKIMORI_FONTS at a directory that holds NotoSansCJK-Regular.ttc",
        list(.searched)
    )]
    FontMissing { searched: Vec<PathBuf> },
    /// A font file is there and cannot be read.
    #[error("the font file {} cannot be read: {source}; check its permissions", .path.display())]
    FontUnreadable { path: PathBuf, source: std::io::Error },
    /// More rows than one report may have.
    #[error("{what} has {rows} rows, more than the {limit} that one report may have; narrow it with the filters")]
    TooManyRows { what: &'static str, rows: usize, limit: usize },
    /// The template and the data do not fit: a fault of the program, not of the user.
    #[error("the PDF could not be laid out: {message}; please report this message")]
    Layout { message: String },
    /// The process that makes PDFs could not be started or broke off.
    #[error("the PDF worker {} failed: {message}; try again, and report this message if it happens again", .program.display())]
    Worker { program: PathBuf, message: String },
    /// The process that makes PDFs took longer than it may.
    #[error("making the PDF took longer than {seconds} s and was stopped; narrow the report and try again")]
    TimedOut { seconds: u64 },
    /// The workbook could not be written.
    #[error("the Excel workbook could not be written: {0}")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
}

impl ReportError {
    /// The message in Japanese, with the next step.
    pub fn ja(&self) -> String {
        match self {
            Self::FontMissing { searched } => format!(
                "日本語フォントが見つかりません（探した場所：{}）。パッケージ fonts-noto-cjk を導入する（apt-get install \
                 fonts-noto-cjk）か、NotoSansCJK-Regular.ttc のあるフォルダーを SAKIMORI_FONTS に指定してください。",
                list(searched)
            ),
            Self::FontUnreadable { path, source } => format!(
                "フォントファイル {} を読めません（{source}）。読み取り権限を確かめてください。",
                path.display()
            ),
            Self::TooManyRows { rows, limit, .. } => format!(
                "行数が {rows} 行あり、一つの帳票の上限（{limit} 行）を超えています。絞り込んでから出力してください。"
            ),
            Self::Layout { message } => {
                format!("PDF を組版できませんでした（{message}）。この文を添えて管理者に知らせてください。")
            }
            Self::Worker { message, .. } => {
                format!(
                    "PDF を作る処理が失敗しました（{message}）。もう一度試し、続くときはこの文を添えて管理者に知らせてください。"
                )
            }
            Self::TimedOut { seconds } => {
                format!("PDF の作成が {seconds} 秒を超えたため中止しました。対象を絞り込んでもう一度試してください。")
            }
            Self::Workbook(error) => {
                format!("Excel ファイルを作れませんでした（{error}）。この文を添えて管理者に知らせてください。")
            }
        }
    }
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}
