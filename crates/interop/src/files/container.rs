//! The zip container of .docx and .xlsx: opened only after every part proved to unpack within its limits.

use std::io::{BufReader, Cursor, Read};

use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

use super::{Counted, FileError, Format, Limits};

/// A part of a container while it is unpacked.
type Part<'p, 'a> = BufReader<ZipFile<'p, Cursor<&'a [u8]>>>;

/// Below this size no part is a bomb, however well it packs: small parts of blanks pack without bound.
const HARMLESS_BYTES: u64 = 4 << 20;

/// An opened container.
pub(super) struct Container<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
}

impl<'a> Container<'a> {
    /// Opens a container and unpacks every XML part once to nowhere, so that what follows is known to be bounded.
    /// Sizes that the container claims are not believed.
    pub(super) fn open(bytes: &'a [u8], limits: &Limits) -> Result<Self, FileError> {
        let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| zip_error(&error))?;
        if archive.len() as u64 > limits.entries {
            return Err(FileError::TooMany { what: Counted::Entries, limit: limits.entries, line: None });
        }
        let mut left = limits.unpacked_bytes;
        for index in 0..archive.len() {
            let data = archive.by_index_raw(index).map_err(|error| zip_error(&error))?;
            if data.encrypted() {
                return Err(FileError::Password { format: Format::Zip });
            }
            let name = data.name().map(|name| name.into_owned()).unwrap_or_default();
            drop(data);
            if name.ends_with(".xml") || name.ends_with(".rels") {
                let part = archive.by_index(index).map_err(|error| zip_error(&error))?;
                left -= drain(part, &name, left, limits.ratio)?;
            }
        }
        Ok(Self { archive })
    }

    /// Which document it holds.
    pub(super) fn kind(&self) -> Result<Format, FileError> {
        let has = |name| self.archive.index_for_name(name).is_some();
        match (has("word/document.xml"), has("xl/workbook.xml")) {
            (true, _) => Ok(Format::Docx),
            (_, true) => Ok(Format::Xlsx),
            _ => {
                Err(FileError::UnknownFormat { found: "a zip container without a .docx or .xlsx document".to_owned() })
            }
        }
    }

    /// A part as a stream; `None` where there is no such part.
    pub(super) fn part(&mut self, name: &str) -> Result<Option<Part<'_, 'a>>, FileError> {
        match self.archive.by_name(name) {
            Ok(file) => Ok(Some(BufReader::new(file))),
            Err(ZipError::FileNotFound) => Ok(None),
            Err(error) => Err(zip_error(&error)),
        }
    }
}

/// Reads a part to its end and returns its size; its checksum is verified on the way.
fn drain(mut part: ZipFile<'_, Cursor<&[u8]>>, name: &str, left: u64, ratio: u64) -> Result<u64, FileError> {
    let most = part.compressed_size().saturating_mul(ratio).max(HARMLESS_BYTES).min(left);
    let (mut buffer, mut size) = (vec![0; 64 << 10], 0_u64);
    loop {
        let read = part
            .read(&mut buffer)
            .map_err(|error| FileError::Damaged { format: Format::Zip, detail: format!("part {name}: {error}") })?;
        size += read as u64;
        if size > most {
            return Err(FileError::ZipBomb { part: name.to_owned() });
        }
        if read == 0 {
            return Ok(size);
        }
    }
}

fn zip_error(error: &ZipError) -> FileError {
    match error {
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => FileError::Password { format: Format::Zip },
        // The table of contents stands at the end: without it, the end is missing.
        ZipError::InvalidArchive(_) | ZipError::Io(_) => {
            FileError::Truncated { format: Format::Zip, detail: format!("its table of contents: {error}") }
        }
        other => FileError::Damaged { format: Format::Zip, detail: other.to_string() },
    }
}
