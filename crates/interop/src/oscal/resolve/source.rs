//! Files that imports name: under one folder, never the network, bounded in size.

use std::io::Read;
use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;

use super::ResolveError;

/// Largest file that is read.
pub const FILE_MAX: u64 = 32 * 1024 * 1024;

/// The folder under which imports may be read.
#[derive(Debug, Clone)]
pub struct Folder {
    /// Canonical.
    root: PathBuf,
}

impl Folder {
    /// Imports may be read from `root` and below.
    ///
    /// # Errors
    /// There is no such folder.
    pub fn new(root: &Path) -> std::io::Result<Self> {
        Ok(Self { root: root.canonicalize()? })
    }

    /// The name of a file as messages show it: relative to the folder.
    pub fn name(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }

    /// Where the file that `href` of the document `from` names is.
    ///
    /// # Errors
    /// A network address, a place outside of the folder, no such file.
    pub fn locate(&self, from: &Path, href: &str) -> Result<PathBuf, ResolveError> {
        let file = self.name(from);
        let href_of = || href.to_owned();
        let bare = href.split(['#', '?']).next().unwrap_or_default();
        let bare = match scheme(bare) {
            Some("file") => bare["file:".len()..].trim_start_matches("//"),
            Some(_) => return Err(ResolveError::Network { file, href: href_of() }),
            None if bare.starts_with("//") => return Err(ResolveError::Network { file, href: href_of() }),
            None => bare,
        };
        let missing =
            |reason: &str| ResolveError::Missing { file: file.clone(), href: href_of(), reason: reason.into() };
        let path = percent_decode_str(bare).decode_utf8().map_err(|_| missing("UTF-8"))?;
        if path.is_empty() || path.contains('\0') {
            return Err(missing("empty"));
        }
        let joined = from.parent().unwrap_or(Path::new("")).join(&*path);
        // What is outside is refused before it is looked at: the answer must not tell whether a file is there.
        if !lexical(&joined).starts_with(&self.root) {
            return Err(ResolveError::Outside { file, href: href_of() });
        }
        let found = joined.canonicalize().map_err(|error| missing(&error.kind().to_string()))?;
        if !found.starts_with(&self.root) {
            return Err(ResolveError::Outside { file, href: href_of() });
        }
        Ok(found)
    }

    /// The bytes of a file that was located.
    ///
    /// # Errors
    /// A file that cannot be read or is too large.
    pub fn read(&self, path: &Path) -> Result<Vec<u8>, ResolveError> {
        let file = self.name(path);
        let missing = |error: std::io::Error| ResolveError::Missing {
            file: file.clone(),
            href: file.clone(),
            reason: error.kind().to_string(),
        };
        let opened = std::fs::File::open(path).map_err(missing)?;
        if !opened.metadata().map_err(missing)?.is_file() {
            return Err(missing(std::io::ErrorKind::InvalidInput.into()));
        }
        let mut bytes = Vec::new();
        opened.take(FILE_MAX + 1).read_to_end(&mut bytes).map_err(missing)?;
        if bytes.len() as u64 > FILE_MAX {
            return Err(ResolveError::Limit { file, what: "bytes of a file", limit: FILE_MAX as usize });
        }
        Ok(bytes)
    }
}

/// `https` of `https://…`; a single letter would be a drive.
fn scheme(href: &str) -> Option<&str> {
    let (scheme, _) = href.split_once(':')?;
    let is_scheme = scheme.len() > 1
        && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    is_scheme.then_some(scheme)
}

/// The path without `.` and `..`, as written.
fn lexical(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => {
                out.pop();
            }
            std::path::Component::CurDir => {}
            other => out.push(other),
        }
    }
    out
}
