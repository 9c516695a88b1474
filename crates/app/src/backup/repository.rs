//! The folder that backups go to.
//!
//! ```text
//! repository.json               id and format; nothing secret
//! chunks/ab/NAME.age            compressed and sealed lines; named by a keyed hash of the lines
//! evidence/ab/NAME.age          sealed files of evidence, as the installation has them
//! generations/0007-TIME/        manifest.age (sealed), files.txt (hash and name of every file it needs)
//! ```
//! Making a generation only ever adds files: a place that allows no deleting is enough.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use age::x25519::Recipient;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{BackupError, Manifest, Result};
use crate::durable;
use crate::identity::hex;
use crate::keys::{Keys, seal_for};

const FORMAT: u32 = 1;
/// Smallest, usual and largest chunk, in bytes of lines.
const CHUNK: (usize, usize, usize) = (32 << 10, 128 << 10, 512 << 10);

/// Cuts a stream where its content says so: a row put in moves no later cut.
#[derive(Default)]
pub struct Cutter {
    buffer: Vec<u8>,
}

impl Cutter {
    /// Takes bytes and gives the chunks that are whole.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        self.buffer.extend_from_slice(bytes);
        let mut chunks = Vec::new();
        // A cut depends on at most the largest chunk's bytes: with fewer at hand it might fall elsewhere.
        while self.buffer.len() >= CHUNK.2 {
            chunks.push(self.cut());
        }
        chunks
    }

    /// What is left at the end of a table.
    pub fn end(&mut self) -> Vec<Vec<u8>> {
        let mut chunks = Vec::new();
        while !self.buffer.is_empty() {
            chunks.push(self.cut());
        }
        chunks
    }

    fn cut(&mut self) -> Vec<u8> {
        let (least, usual, most) = CHUNK;
        let length = fastcdc::v2020::FastCDC::new(&self.buffer, least, usual, most)
            .next()
            .map_or(self.buffer.len(), |chunk| chunk.length.max(1));
        let rest = self.buffer.split_off(length);
        std::mem::replace(&mut self.buffer, rest)
    }
}

#[derive(Serialize, Deserialize)]
struct Head {
    format: u32,
    id: String,
}

/// A generation in a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Generation {
    pub sequence: u64,
    #[serde(skip)]
    pub folder: PathBuf,
}

/// The folder.
#[derive(Debug, Clone)]
pub struct Repository {
    pub folder: PathBuf,
    pub id: String,
}

/// Name and hash of a file that a generation needs.
pub type Files = BTreeMap<String, String>;

impl Repository {
    /// The folder of earlier backups, or a new one with this id.
    pub fn open_or_create(folder: &Path, fresh_id: &str) -> Result<Self> {
        durable::create_folder(folder).map_err(BackupError::disk(folder.display().to_string()))?;
        let head = folder.join("repository.json");
        if !head.exists() {
            let occupied = std::fs::read_dir(folder)
                .map_err(BackupError::disk(folder.display().to_string()))?
                .filter_map(std::result::Result::ok)
                .any(|entry| !entry.file_name().to_string_lossy().starts_with('.'));
            if occupied {
                return Err(BackupError::refused(
                    format!("{} には控え以外のファイルがあります。空のフォルダーを指定してください", folder.display()),
                    format!("{} holds other files; name an empty folder", folder.display()),
                ));
            }
            let text = serde_json::to_vec(&Head { format: FORMAT, id: fresh_id.to_owned() })
                .map_err(|error| BackupError::Damaged(error.to_string()))?;
            durable::write(&head, &text).map_err(BackupError::disk(head.display().to_string()))?;
        }
        Self::open(folder)
    }

    /// The folder of earlier backups; `path` may be one of its generations.
    pub fn open(path: &Path) -> Result<Self> {
        let folder = match path.parent().filter(|above| above.file_name().is_some_and(|name| name == "generations")) {
            Some(generations) => generations.parent().unwrap_or(path),
            None => path,
        };
        let head = folder.join("repository.json");
        let text = read_kept(&head).map_err(|_| {
            BackupError::refused(
                format!("{} は控えのフォルダーではありません（repository.json がありません）", folder.display()),
                format!("{} is no folder of backups (it has no repository.json)", folder.display()),
            )
        })?;
        let head: Head = serde_json::from_slice(&text)
            .map_err(|error| BackupError::Damaged(format!("{}: {error}", head.display())))?;
        if head.format != FORMAT {
            return Err(BackupError::refused(
                format!("この控えの形式 {} は、このプログラムより新しいものです", head.format),
                format!("format {} of this backup is newer than this program", head.format),
            ));
        }
        Ok(Self { folder: folder.to_owned(), id: head.id })
    }

    /// Its generations, oldest first.
    pub fn generations(&self) -> Result<Vec<Generation>> {
        let folder = self.folder.join("generations");
        let mut found = Vec::new();
        let entries = match std::fs::read_dir(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(found),
            other => other.map_err(BackupError::disk(folder.display().to_string()))?,
        };
        for entry in entries.filter_map(std::result::Result::ok) {
            let name = entry.file_name().to_string_lossy().into_owned();
            let number: Option<u64> = name.split('-').next().and_then(|number| number.parse().ok());
            // A number that no night could reach is no generation of ours, and another one follows each.
            let number = number.filter(|number| *number < u64::from(u32::MAX));
            // A folder without its manifest is a backup that did not come to its end.
            if let Some(sequence) = number.filter(|_| entry.path().join("manifest.age").exists()) {
                found.push(Generation { sequence, folder: entry.path() });
            }
        }
        found.sort_by_key(|generation| generation.sequence);
        Ok(found)
    }

    /// Where a chunk or a file of evidence lies.
    pub fn place(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The files that a generation needs, as its list says.
    pub fn files(&self, generation: &Generation) -> Result<(Files, String)> {
        let path = generation.folder.join("files.txt");
        let bytes = read_kept(&path).map_err(BackupError::disk(path.display().to_string()))?;
        let text = String::from_utf8(bytes).map_err(|_| BackupError::Damaged(path.display().to_string()))?;
        let mut files = Files::new();
        for line in text.lines() {
            let Some((hash, name)) = line.split_once(' ') else {
                return Err(BackupError::Damaged(format!("{}: {line}", path.display())));
            };
            if !safe(name) {
                return Err(BackupError::Damaged(format!("{}: {name}", path.display())));
            }
            files.insert(name.to_owned(), hash.to_owned());
        }
        Ok((files, hex(&Sha256::digest(text.as_bytes()))))
    }

    /// What a generation holds, and the hash of its sealed manifest.
    pub fn manifest(&self, generation: &Generation, keys: &Keys) -> Result<(Manifest, String)> {
        let (sealed, hash) = self.sealed_manifest(generation)?;
        let text = keys.unseal(&sealed).map_err(|_| closed(generation.sequence))?;
        let manifest: Manifest = serde_json::from_slice(&text).map_err(|error| {
            BackupError::Damaged(format!("manifest of generation {}: {error}", generation.sequence))
        })?;
        Ok((manifest, hash))
    }

    /// The sealed manifest and its hash.
    pub fn sealed_manifest(&self, generation: &Generation) -> Result<(Vec<u8>, String)> {
        let path = generation.folder.join("manifest.age");
        let sealed = read_kept(&path).map_err(BackupError::disk(path.display().to_string()))?;
        let hash = hex(&Sha256::digest(&sealed));
        Ok((sealed, hash))
    }

    /// The first bytes of a sealed file: enough to see which keys open it.
    pub fn beginning(&self, name: &str) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        std::fs::File::open(self.place(name))
            .and_then(|file| file.take(4096).read_to_end(&mut bytes))
            .map_err(BackupError::disk(name.to_owned()))?;
        Ok(bytes)
    }

    /// Lines of a chunk.
    pub fn lines(&self, name: &str, keys: &Keys) -> Result<Vec<u8>> {
        // Anybody can seal a manifest for a key that is public: what it names stays inside the folder.
        if !safe(name) {
            return Err(BackupError::Damaged(format!("{name} is no chunk of this folder")));
        }
        let path = self.place(name);
        let sealed = read_kept(&path).map_err(BackupError::disk(name.to_owned()))?;
        let packed =
            keys.unseal(&sealed).map_err(|_| BackupError::Damaged(format!("{name} does not open, or was changed")))?;
        let mut lines = Vec::new();
        ZlibDecoder::new(packed.as_slice())
            .take(2 * CHUNK.2 as u64)
            .read_to_end(&mut lines)
            .map_err(|error| BackupError::Damaged(format!("{name}: {error}")))?;
        Ok(lines)
    }
}

/// No key at hand opens a manifest.
pub fn closed(sequence: u64) -> BackupError {
    BackupError::refused(
        format!("第{sequence}世代の目録を開けません。控えを取ったときの鍵ファイルを --key-file で指定してください"),
        format!("the manifest of generation {sequence} does not open; give the key file of that time with --key-file"),
    )
}

/// A file of a backup. What is no plain file is not read: a pipe says nothing, a device never ends, a link leads elsewhere.
pub(super) fn read_kept(path: &Path) -> std::io::Result<Vec<u8>> {
    if std::fs::symlink_metadata(path)?.is_file() {
        return std::fs::read(path);
    }
    Err(std::io::Error::other("not a plain file"))
}

/// Only names that we write: nothing leads out of the folder.
fn safe(name: &str) -> bool {
    let mut parts = name.split('/');
    matches!(parts.next(), Some("chunks" | "evidence"))
        && parts.clone().count() == 2
        && parts.all(|part| part.chars().all(|c| c.is_ascii_hexdigit() || ".age".contains(c)) && !part.contains(".."))
}

/// Name of a file of evidence in a folder of backups.
pub fn evidence_name(sealed_hash: &str) -> String {
    format!("evidence/{}/{sealed_hash}.age", sealed_hash.get(..2).unwrap_or("00"))
}

/// Writes one generation.
pub struct Writer {
    pub repository: Repository,
    recipients: Vec<Recipient>,
    name_key: [u8; 32],
    /// Files that earlier generations of the folder need: whole when they were written.
    known: HashMap<String, String>,
    pub files: Files,
    /// Files and bytes that were not there before.
    pub written: (u64, u64),
}

impl Writer {
    /// A writer for these recipients.
    pub fn new(repository: Repository, recipients: Vec<Recipient>, name_key: [u8; 32]) -> Result<Self> {
        let mut known = HashMap::new();
        for generation in repository.generations()? {
            known.extend(repository.files(&generation)?.0);
        }
        Ok(Self { repository, recipients, name_key, known, files: Files::new(), written: (0, 0) })
    }

    /// Keeps lines and returns the name of their chunk.
    pub fn chunk(&mut self, lines: &[u8]) -> Result<String> {
        let mut hash = Sha256::new();
        hash.update(self.name_key);
        for recipient in &self.recipients {
            hash.update(recipient.to_string());
        }
        hash.update(lines);
        let id = hex(&hash.finalize());
        let name = format!("chunks/{}/{id}.age", id.get(..2).unwrap_or("00"));
        if self.files.contains_key(&name) || self.has(&name) {
            return Ok(name);
        }
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::new(6));
        let packed = packed.write_all(lines).and_then(|()| packed.finish()).map_err(BackupError::disk("zlib"))?;
        let sealed = seal_for(&self.recipients, &packed).map_err(BackupError::disk("sealing"))?;
        self.write(&name, &sealed)?;
        Ok(name)
    }

    /// Whether an earlier generation has the file; then this one needs it too.
    pub fn has(&mut self, name: &str) -> bool {
        let Some(hash) = self.known.get(name) else { return false };
        if !self.repository.place(name).exists() {
            return false;
        }
        self.files.insert(name.to_owned(), hash.clone());
        true
    }

    /// Writes a file that nothing had yet.
    pub fn write(&mut self, name: &str, sealed: &[u8]) -> Result<()> {
        let path = self.repository.place(name);
        let folder = path.parent().unwrap_or(Path::new("."));
        durable::create_folder(folder)
            .and_then(|()| durable::write(&path, sealed))
            .map_err(BackupError::disk(path.display().to_string()))?;
        self.files.insert(name.to_owned(), hex(&Sha256::digest(sealed)));
        self.written.0 += 1;
        self.written.1 += sealed.len() as u64;
        Ok(())
    }

    /// The list of files and its hash; the manifest is written after it and makes the generation.
    pub fn list(&self) -> (String, String) {
        let mut text = String::new();
        for (name, hash) in &self.files {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{hash} {name}");
        }
        let hash = hex(&Sha256::digest(text.as_bytes()));
        (text, hash)
    }

    /// Writes list and manifest: now the generation is there. Returns the hash of its manifest.
    pub fn finish(&self, manifest: &Manifest, list: &str) -> Result<String> {
        let time: String = manifest.at.chars().filter(|c| c.is_ascii_alphanumeric()).take(15).collect();
        let folder = self.repository.folder.join("generations").join(format!("{:06}-{time}", manifest.sequence));
        let text = serde_json::to_vec(manifest).map_err(|error| BackupError::Damaged(error.to_string()))?;
        let sealed = seal_for(&self.recipients, &text).map_err(BackupError::disk("sealing"))?;
        durable::create_folder(&folder)
            .and_then(|()| durable::write(&folder.join("files.txt"), list.as_bytes()))
            .and_then(|()| durable::write(&folder.join("manifest.age"), &sealed))
            .map_err(BackupError::disk(folder.display().to_string()))?;
        Ok(hex(&Sha256::digest(&sealed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_put_in_moves_no_later_cut_and_pieces_do_not_matter() {
        let text: Vec<u8> =
            (0..60_000).flat_map(|n: u64| format!("[{},\"row\"]\n", n * n * 7919).into_bytes()).collect();
        let cut = |text: &[u8], piece: usize| {
            let mut cutter = Cutter::default();
            let mut chunks: Vec<Vec<u8>> = text.chunks(piece).flat_map(|part| cutter.push(part)).collect();
            chunks.extend(cutter.end());
            chunks
        };
        let whole = cut(&text, text.len());
        assert_eq!(whole.concat(), text);
        assert_eq!(whole, cut(&text, 1_000), "the same cuts however the bytes arrive");
        let mut changed = text.clone();
        changed.splice(100..100, b"[\"new\"]\n".iter().copied());
        let fresh = cut(&changed, 5_000).into_iter().filter(|chunk| !whole.contains(chunk)).count();
        assert!(whole.len() > 5 && fresh <= 2, "{fresh} of {}", whole.len());
    }

    #[test]
    fn no_name_of_a_list_leads_out_of_the_folder() {
        assert!(safe("chunks/ab/abcdef.age") && safe(&evidence_name("abcdef")));
        for name in ["chunks/../../x", "../chunks/ab/x", "chunks/ab/../x", "/etc/passwd", "manifest.age", "chunks/ab"] {
            assert!(!safe(name), "{name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_backup_is_made_of_plain_files() {
        let folder = std::env::temp_dir().join(format!("sakimori-plain-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("a"), b"text").expect("a file");
        std::os::unix::fs::symlink("/dev/zero", folder.join("endless")).expect("a link");
        assert_eq!(read_kept(&folder.join("a")).expect("a plain file"), b"text");
        assert!(read_kept(&folder.join("endless")).is_err() && read_kept(&folder).is_err());
        std::fs::remove_dir_all(&folder).expect("removed");
    }
}
