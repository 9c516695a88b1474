//! File readers: the bytes of a document a person chose, to its lines with their places.
//!
//! The kind of file is told by its content, never by its name. Whatever cannot be read with certainty is refused with
//! one [`FileError`]; what was read with a loss is listed in [`SourceText::problems`]. Foreign files are parsed in a
//! child process by the application (`sakimori_app::sandbox`), since a parser may run out of memory or time.

mod cells;
mod cid;
mod container;
mod docx;
mod encoding;
mod error;
mod html;
mod layout;
mod limits;
mod numbering;
mod output;
mod pdf;
mod xml;

use serde::{Deserialize, Serialize};

pub use cells::{Cell, CellBook, CellSheet, read_cells};
pub use error::{Counted, FileError};
pub use limits::Limits;

use crate::source::SourceLine;

/// What kind of file it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Plain text in the encoding of that name.
    Text(TextEncoding),
    Pdf,
    Html,
    Docx,
    Xlsx,
    /// A zip container that is not known further yet (only in errors).
    Zip,
    /// An Office document of unknown kind (only in errors: encrypted ones do not say).
    Office,
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(encoding) => write!(f, "text ({encoding})"),
            Self::Pdf => f.write_str("PDF"),
            Self::Html => f.write_str("HTML"),
            Self::Docx => f.write_str("Word (.docx)"),
            Self::Xlsx => f.write_str("Excel (.xlsx)"),
            Self::Zip => f.write_str("zip"),
            Self::Office => f.write_str("Office"),
        }
    }
}

/// The encodings that text may come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TextEncoding {
    Utf8,
    Utf16Le,
    Utf16Be,
    ShiftJis,
    EucJp,
    Iso2022Jp,
}

impl std::fmt::Display for TextEncoding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16Le => "UTF-16LE",
            Self::Utf16Be => "UTF-16BE",
            Self::ShiftJis => "Shift_JIS",
            Self::EucJp => "EUC-JP",
            Self::Iso2022Jp => "ISO-2022-JP",
        })
    }
}

/// The lines of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceText {
    pub format: Format,
    /// Lines in reading order. Cells of a table row are separated by tabs. `line` counts through the whole document;
    /// `page` is the page, the sheet, or 0.
    pub lines: Vec<SourceLine>,
    /// What was read with a loss, in the order of the pages.
    pub problems: Vec<FileProblem>,
}

/// A loss that does not make the rest useless.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum FileProblem {
    /// A page that shows images and no text.
    PageWithoutText { page: u32 },
    /// Letters whose font does not say what they are; they stand as U+FFFD in the text.
    UnreadableLetters { page: u32, count: u64 },
}

impl FileProblem {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::PageWithoutText { .. } => "page-without-text",
            Self::UnreadableLetters { .. } => "unreadable-letters",
        }
    }

    /// The page it is on.
    pub fn page(&self) -> u32 {
        match self {
            Self::PageWithoutText { page } | Self::UnreadableLetters { page, .. } => *page,
        }
    }

    /// The message in Japanese.
    pub fn ja(&self) -> String {
        match self {
            Self::PageWithoutText { page } => format!("{page} ページは画像だけで、文字を読み取れません。"),
            Self::UnreadableLetters { page, count } => {
                format!("{page} ページの {count} 文字は、フォントに対応表がなく特定できません。")
            }
        }
    }
}

/// Reads a document into lines.
///
/// `name` is the file's name as the person sees it; it is never used to decide how to read.
///
/// # Errors
/// One [`FileError`] that says what is wrong with the file and what to do; nothing is returned in part.
pub fn read_file(name: &str, bytes: &[u8], limits: &Limits) -> Result<SourceText, FileError> {
    let _ = name;
    check_size(bytes, limits)?;
    let text = match sniff(bytes) {
        Kind::Pdf => pdf::read(bytes, limits),
        Kind::Zip => match container::Container::open(bytes, limits)?.kind()? {
            Format::Docx => docx::read(bytes, limits),
            _ => cells::read_lines(bytes, limits),
        },
        Kind::Ole => Err(ole_error(bytes)),
        Kind::Other => encoding::read(bytes, limits),
        Kind::Known(found) => Err(FileError::UnknownFormat { found: found.to_owned() }),
    }?;
    if text.lines.iter().all(|line| line.text.trim().is_empty()) {
        return Err(FileError::Empty);
    }
    Ok(text)
}

fn check_size(bytes: &[u8], limits: &Limits) -> Result<(), FileError> {
    let size = bytes.len() as u64;
    match size {
        0 => Err(FileError::Empty),
        _ if size > limits.bytes => Err(FileError::TooLarge { bytes: size, limit: limits.bytes }),
        _ => Ok(()),
    }
}

enum Kind {
    Pdf,
    Zip,
    /// The container of old Office files and of encrypted new ones.
    Ole,
    /// Text or HTML, if anything.
    Other,
    /// A kind that is recognised and not read.
    Known(&'static str),
}

/// Tells the kind from the first bytes. PDF readers accept up to 1,024 bytes before the header, so we do.
fn sniff(bytes: &[u8]) -> Kind {
    const MAGIC: [(&[u8], &str); 9] = [
        (b"\x89PNG", "PNG image"),
        (b"\xff\xd8\xff", "JPEG image"),
        (b"GIF8", "GIF image"),
        (b"II*\0", "TIFF image"),
        (b"MM\0*", "TIFF image"),
        (b"\x1f\x8b", "gzip"),
        (b"7z\xbc\xaf", "7-Zip"),
        (b"Rar!", "RAR"),
        (b"{\\rtf", "RTF"),
    ];
    let head = &bytes[..bytes.len().min(1024)];
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return Kind::Zip;
    }
    if head.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        return Kind::Ole;
    }
    if head.windows(5).any(|window| window == b"%PDF-") {
        return Kind::Pdf;
    }
    MAGIC.iter().find(|(magic, _)| head.starts_with(magic)).map_or(Kind::Other, |(_, found)| Kind::Known(found))
}

/// An encrypted .docx or .xlsx is an OLE file with a stream of this name (MS-OFFCRYPTO 2.3); others are the old formats.
fn ole_error(bytes: &[u8]) -> FileError {
    let name: Vec<u8> = "EncryptedPackage".bytes().flat_map(|byte| [byte, 0]).collect();
    match bytes.windows(name.len()).any(|window| window == name) {
        true => FileError::Password { format: Format::Office },
        false => FileError::OldOffice,
    }
}
