//! How much a foreign file may make us do. Every reader checks these while it works, not afterwards.

use serde::{Deserialize, Serialize};

/// The bounds of one reading. The defaults hold official documents of several hundred pages with a wide margin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Bytes of the file itself.
    pub bytes: u64,
    /// Bytes of text that may come out, in UTF-8.
    pub text_bytes: u64,
    /// Lines that may come out.
    pub lines: u64,
    /// Characters of one line.
    pub line_chars: u64,
    /// Pages of a PDF.
    pub pages: u64,
    /// Characters drawn on one page of a PDF.
    pub page_chars: u64,
    /// Entries of a zip container (.docx, .xlsx).
    pub entries: u64,
    /// Bytes of all entries of a container after unpacking.
    pub unpacked_bytes: u64,
    /// Unpacked bytes per packed byte of one entry. Deflate cannot exceed 1032; honest XML stays below 100.
    pub ratio: u64,
    /// Cells of a workbook that hold something.
    pub cells: u64,
    /// Nesting of XML elements.
    pub depth: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 64 << 20,
            text_bytes: 16 << 20,
            lines: 500_000,
            line_chars: 65_536,
            pages: 5_000,
            page_chars: 200_000,
            entries: 5_000,
            unpacked_bytes: 256 << 20,
            ratio: 300,
            cells: 500_000,
            depth: 256,
        }
    }
}
