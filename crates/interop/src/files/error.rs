//! Why a file could not be read. One clear message each, with what to do next; nothing is stored when one occurs.

use serde::{Deserialize, Serialize};

use super::Format;

/// Why a file could not be read. `Display` is English; [`FileError::ja`] is the message for the page.
/// Serialisable because it crosses the border of the process that reads foreign files.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum FileError {
    /// The file holds no byte, or no letter.
    #[error("the file is empty; choose the document itself")]
    Empty,
    /// More bytes than are accepted, seen before anything is parsed.
    #[error(
        "the file has {bytes} bytes, more than the {limit} accepted; split the document or export it without images"
    )]
    TooLarge { bytes: u64, limit: u64 },
    /// Neither text nor PDF, HTML, .docx or .xlsx.
    #[error("this is not a kind of file that can be read ({found}); use text, PDF, HTML, .docx or .xlsx")]
    UnknownFormat { found: String },
    /// A format of Office before 2007 (.doc, .xls, .ppt).
    #[error("this is a file of an old Office format; save it as .docx or .xlsx and choose that file")]
    OldOffice,
    /// Bytes that do not belong to the encoding that the rest of the text has.
    #[error(
        "the text is {encoding}, but the byte at offset {offset} (line {line}) does not belong to it; \
         save the file as UTF-8 from the program that wrote it"
    )]
    WrongEncoding { encoding: String, offset: u64, line: u64 },
    /// No encoding fits with certainty. Guessing would store garbled text.
    #[error("the encoding of the text could not be told with certainty ({tried}); save the file as UTF-8")]
    UnsureEncoding { tried: String },
    /// Pages that are images, without any text.
    #[error("the PDF has {pages} pages of images and no text (a scan); run OCR on it and choose the result")]
    ScannedPdf { pages: u64 },
    /// A PDF whose fonts do not say which letters they draw.
    #[error(
        "{unreadable} of {letters} letters in the PDF cannot be told, because its fonts do not say which letters they \
         draw (first on page {page}); export the PDF again with Unicode text, or run OCR on it"
    )]
    UnreadableFonts { unreadable: u64, letters: u64, page: u64 },
    /// The file is encrypted.
    #[error("the {format} file is protected by a password; remove the protection and choose the file again")]
    Password { format: Format },
    /// The end of the file is missing.
    #[error("the {format} file is cut off ({detail}); fetch it again completely")]
    Truncated { format: Format, detail: String },
    /// The inside of the file contradicts its format.
    #[error("the {format} file is damaged ({detail}); open it in its program, save it again and choose that file")]
    Damaged { format: Format, detail: String },
    /// A container that grows far beyond its size.
    #[error("the part {part} of the file unpacks to far more than it should; it was refused as a zip bomb")]
    ZipBomb { part: String },
    /// More of something than one file may have.
    #[error("the file has more than {limit} {what}{}; split the document", place_en(.line))]
    TooMany { what: Counted, limit: u64, line: Option<u64> },
}

/// What [`FileError::TooMany`] counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Counted {
    /// Lines of text.
    Lines,
    /// Characters of one line.
    LineChars,
    /// Bytes of text.
    TextBytes,
    /// Pages.
    Pages,
    /// Characters of one page.
    PageChars,
    /// Cells of a workbook.
    Cells,
    /// Parts of a container.
    Entries,
    /// Levels of nesting.
    Depth,
}

impl std::fmt::Display for Counted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Lines => "lines",
            Self::LineChars => "characters in one line",
            Self::TextBytes => "bytes of text",
            Self::Pages => "pages",
            Self::PageChars => "characters on one page",
            Self::Cells => "cells",
            Self::Entries => "parts in its container",
            Self::Depth => "levels of nesting",
        })
    }
}

impl Counted {
    fn ja(self) -> &'static str {
        match self {
            Self::Lines => "行数",
            Self::LineChars => "1行の文字数",
            Self::TextBytes => "文字データのバイト数",
            Self::Pages => "ページ数",
            Self::PageChars => "1ページの文字数",
            Self::Cells => "セルの数",
            Self::Entries => "内部ファイルの数",
            Self::Depth => "入れ子の深さ",
        }
    }
}

impl FileError {
    /// The stable code for programs, e.g. `file.too-large`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "file.empty",
            Self::TooLarge { .. } => "file.too-large",
            Self::UnknownFormat { .. } => "file.unknown-format",
            Self::OldOffice => "file.old-office",
            Self::WrongEncoding { .. } => "file.wrong-encoding",
            Self::UnsureEncoding { .. } => "file.unsure-encoding",
            Self::ScannedPdf { .. } => "file.scanned-pdf",
            Self::UnreadableFonts { .. } => "file.unreadable-fonts",
            Self::Password { .. } => "file.password",
            Self::Truncated { .. } => "file.truncated",
            Self::Damaged { .. } => "file.damaged",
            Self::ZipBomb { .. } => "file.zip-bomb",
            Self::TooMany { .. } => "file.too-many",
        }
    }

    /// What happened, in Japanese, with the next step in [`FileError::next_ja`].
    pub fn ja(&self) -> String {
        match self {
            Self::Empty => "ファイルが空です。".to_owned(),
            Self::TooLarge { bytes, limit } => {
                format!("ファイルの大きさ（{bytes} バイト）が上限（{limit} バイト）を超えています。")
            }
            Self::UnknownFormat { found } => format!("読み取れない種類のファイルです（{found}）。"),
            Self::OldOffice => "旧形式の Office ファイル（.doc、.xls など）です。".to_owned(),
            Self::WrongEncoding { encoding, offset, line } => format!(
                "文字コードは {encoding} のようですが、{line} 行目（先頭から {offset} バイト）に当てはまらないバイトがあります。"
            ),
            Self::UnsureEncoding { tried } => {
                format!("文字コードを確実に判定できません（{tried}）。推測では読み込みません。")
            }
            Self::ScannedPdf { pages } => {
                format!("この PDF（{pages} ページ）は画像だけで、文字の情報がありません（スキャン文書）。")
            }
            Self::UnreadableFonts { unreadable, letters, page } => format!(
                "PDF のフォントに文字の対応表がなく、{letters} 文字のうち {unreadable} 文字を特定できません（最初は {page} ページ）。"
            ),
            Self::Password { format } => format!("{format} ファイルがパスワードで保護されています。"),
            Self::Truncated { format, detail } => format!("{format} ファイルが途中で切れています（{detail}）。"),
            Self::Damaged { format, detail } => format!("{format} ファイルが壊れています（{detail}）。"),
            Self::ZipBomb { part } => {
                format!("ファイル内の {part} が異常な大きさに展開されるため、受け付けませんでした（zip 爆弾）。")
            }
            Self::TooMany { what, limit, line } => {
                let place = line.map(|line| format!("{line} 行目：")).unwrap_or_default();
                format!("{place}{}が上限（{limit}）を超えています。", what.ja())
            }
        }
    }

    /// What the person can do now, in Japanese.
    pub fn next_ja(&self) -> &'static str {
        match self {
            Self::Empty => "文書のファイルを選び直してください。",
            Self::TooLarge { .. } => "文書を分けるか、画像を除いて書き出してください。",
            Self::UnknownFormat { .. } => {
                "テキスト、PDF、HTML、Word（.docx）、Excel（.xlsx）のいずれかを選んでください。"
            }
            Self::OldOffice => "Word 又は Excel で開き、.docx 又は .xlsx で保存し直してください。",
            Self::WrongEncoding { .. } | Self::UnsureEncoding { .. } => {
                "元のソフトで UTF-8 として保存し直してください。"
            }
            Self::ScannedPdf { .. } => "OCR（文字認識）をかけた PDF を選んでください。",
            Self::UnreadableFonts { .. } => "元の文書から PDF を作り直すか、OCR（文字認識）をかけてください。",
            Self::Password { .. } => "保護を解除して保存し直してください。",
            Self::Truncated { .. } => "もう一度最後まで取得してください。",
            Self::Damaged { .. } => "元のソフトで開いて保存し直してください。",
            Self::ZipBomb { .. } => "入手元を確かめてください。",
            Self::TooMany { .. } => "文書を分けてください。",
        }
    }
}

fn place_en(line: &Option<u64>) -> String {
    line.map(|line| format!(" (line {line})")).unwrap_or_default()
}
