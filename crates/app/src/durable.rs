//! Files that must not be lost: written to a temporary name, synced, renamed, the folder synced. When a function here
//! returns, what it wrote survives a power cut; before that, nothing is there under the final name.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

/// Writes a file whole, readable by its owner only. An existing file is replaced.
///
/// # Errors
/// The disk refuses; then the final name is as it was.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("file");
    let draft = folder.join(format!(".{name}.draft-{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| std::fs::rename(&draft, path));
    if let Err(error) = written {
        let _ = std::fs::remove_file(&draft);
        return Err(error);
    }
    sync_folder(folder)
}

/// Writes a new file with a secret, making its folder (for the owner only) where it is missing. The name appears with the
/// whole content behind it: of several processes that make the same secret, one does, and none reads half of it.
///
/// # Errors
/// The disk refuses, or the file is there already.
pub fn create_secret(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    create_folder(folder)?;
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("file");
    let draft = folder.join(format!(".{name}.new-{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    // Unlike a rename, a link does not replace what is there.
    let named = written.and_then(|()| std::fs::hard_link(&draft, path));
    let _ = std::fs::remove_file(&draft);
    named?;
    sync_folder(folder)
}

/// Makes a folder and those above it, and makes their names durable.
///
/// A folder that is there is not yet a durable one: somebody else may have made it a moment ago, or a process that was
/// killed before its sync. So each is synced once by this process, whoever made it.
///
/// # Errors
/// The disk refuses.
pub fn create_folder(folder: &Path) -> io::Result<()> {
    if folder.as_os_str().is_empty() || (durable_folders().contains(folder) && folder.is_dir()) {
        return Ok(());
    }
    let above = folder.parent().filter(|above| !above.as_os_str().is_empty());
    if let Some(above) = above {
        create_folder(above)?;
    }
    let made = match std::fs::DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => true,
        Err(_) if folder.is_dir() => false,
        Err(error) => return Err(error),
    };
    match sync_folder(above.unwrap_or(Path::new("."))) {
        // What stands above the installation may be closed to us; then it was not we who made it.
        Err(error) if made || error.kind() != io::ErrorKind::PermissionDenied => return Err(error),
        _ => {}
    }
    durable_folders().insert(folder.to_owned());
    Ok(())
}

fn durable_folders() -> MutexGuard<'static, HashSet<PathBuf>> {
    static SYNCED: LazyLock<Mutex<HashSet<PathBuf>>> = LazyLock::new(Mutex::default);
    SYNCED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes the names in a folder durable.
///
/// # Errors
/// The disk refuses.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })?.sync_all()
}
