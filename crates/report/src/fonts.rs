//! Finding the Japanese font. Files are read when a report is made and let go afterwards; nothing stays in memory.

use crate::error::ReportError;
use std::path::{Path, PathBuf};
use typst::foundations::Bytes;
use typst::text::{Font, FontBook, FontInfo};

/// Where Debian's fonts-noto-cjk puts its files.
const NOTO_DIR: &str = "/usr/share/fonts/opentype/noto";
/// Where packages put fonts in general.
const FONTS_DIR: &str = "/usr/share/fonts";
/// Folders below a search directory that are looked into, and how deep.
const DEEPEST: usize = 5;
/// Most entries looked at below one search directory.
const MOST_ENTRIES: usize = 20_000;
/// Largest font file that is read, in bytes.
const LARGEST_FILE: u64 = 96 * 1024 * 1024;

/// Fonts that read well in print, best first: file name of the regular weight, of the bold one, and the family to look for
/// inside (collections hold the Japanese face among others).
const WANTED: [(&str, &str, &str); 7] = [
    ("NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc", "Noto Sans CJK JP"),
    ("NotoSansCJKjp-Regular.otf", "NotoSansCJKjp-Bold.otf", "Noto Sans CJK JP"),
    ("NotoSansJP-Regular.otf", "NotoSansJP-Bold.otf", "Noto Sans JP"),
    ("NotoSansJP-Regular.ttf", "NotoSansJP-Bold.ttf", "Noto Sans JP"),
    ("SourceHanSansJP-Regular.otf", "SourceHanSansJP-Bold.otf", "Source Han Sans JP"),
    ("ipaexg.ttf", "", "IPAexGothic"),
    ("ipag.ttf", "", "IPAGothic"),
];

/// The directories searched for a Japanese font, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FontSearch {
    directories: Vec<PathBuf>,
}

impl FontSearch {
    /// Searches exactly these directories and what is below them.
    pub fn in_directories(directories: Vec<PathBuf>) -> Self {
        Self { directories }
    }

    /// The directories named in `SAKIMORI_FONTS` (separated like `PATH`), then those of the Debian font packages.
    pub fn from_environment() -> Self {
        let named = std::env::var_os("SAKIMORI_FONTS");
        let mut directories: Vec<PathBuf> =
            named.iter().flat_map(std::env::split_paths).filter(|path| !path.as_os_str().is_empty()).collect();
        directories.extend([PathBuf::from(NOTO_DIR), PathBuf::from(FONTS_DIR)]);
        Self { directories }
    }

    /// The directories, in the order of the search.
    pub fn directories(&self) -> &[PathBuf] {
        &self.directories
    }

    /// Whether a report can be made, without reading the font (for a start-up check).
    ///
    /// # Errors
    /// [`ReportError::FontMissing`] with the directories searched.
    pub fn check(&self) -> Result<(), ReportError> {
        self.find().map(|_| ())
    }

    fn find(&self) -> Result<FoundFont, ReportError> {
        for directory in &self.directories {
            let files = files_below(directory);
            for (regular, bold, family) in WANTED {
                let named = |name: &str| files.iter().find(|path| path.file_name().is_some_and(|n| n == name));
                if let Some(path) = named(regular) {
                    return Ok(FoundFont { regular: path.clone(), bold: named(bold).cloned(), family });
                }
            }
        }
        Err(ReportError::FontMissing { searched: self.directories.clone() })
    }

    /// Reads the font files.
    pub(crate) fn load(&self) -> Result<LoadedFonts, ReportError> {
        let found = self.find()?;
        let mut fonts = Vec::new();
        for path in std::iter::once(&found.regular).chain(&found.bold) {
            let data = read(path)?;
            fonts.extend(japanese_face(&data, found.family));
        }
        if fonts.is_empty() {
            return Err(ReportError::FontMissing { searched: vec![found.regular] });
        }
        let book = FontBook::from_fonts(&fonts);
        Ok(LoadedFonts { fonts, book, family: found.family })
    }
}

/// The fonts of one report.
pub(crate) struct LoadedFonts {
    pub(crate) fonts: Vec<Font>,
    pub(crate) book: FontBook,
    pub(crate) family: &'static str,
}

struct FoundFont {
    regular: PathBuf,
    bold: Option<PathBuf>,
    family: &'static str,
}

/// The face of the family in a font file or collection.
fn japanese_face(data: &Bytes, family: &str) -> Option<Font> {
    // A collection holds at most a few dozen faces; parsing stops at the first that fits.
    (0..64)
        .take_while(|index| *index == 0 || data.starts_with(b"ttcf"))
        .map_while(|index| FontInfo::new(data, index).map(|info| (index, info)))
        .find(|(_, info)| info.family == family)
        .and_then(|(index, _)| Font::new(data.clone(), index))
}

fn read(path: &Path) -> Result<Bytes, ReportError> {
    let unreadable = |source| ReportError::FontUnreadable { path: path.to_owned(), source };
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > LARGEST_FILE {
        return Err(unreadable(std::io::Error::new(std::io::ErrorKind::FileTooLarge, "larger than 96 MiB")));
    }
    Ok(Bytes::new(std::fs::read(path).map_err(unreadable)?))
}

/// Files below a directory, in the order of their names, not following links out of it.
fn files_below(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut entries_left = MOST_ENTRIES;
    let mut waiting = vec![(directory.to_owned(), 0)];
    while let Some((folder, depth)) = waiting.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            if entries_left == 0 {
                return files;
            }
            entries_left -= 1;
            let path = entry.path();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && depth < DEEPEST => waiting.push((path, depth + 1)),
                Ok(kind) if !kind.is_dir() => files.push(path),
                _ => {}
            }
        }
    }
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_font_names_the_package_and_the_places() {
        let error = FontSearch::in_directories(vec![PathBuf::from("nowhere-at-all")]).check().expect_err("no font");
        assert!(matches!(error, ReportError::FontMissing { .. }));
        assert!(error.to_string().contains("fonts-noto-cjk") && error.to_string().contains("nowhere-at-all"));
        assert!(error.ja().contains("fonts-noto-cjk"));
    }
}
