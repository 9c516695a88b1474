//! Where sealed evidence lies: a folder (the machine's own or a shared one), or a bucket of an S3-compatible store.
//!
//! Names are the SHA-256 of what they name, so writing twice is harmless and nothing is ever overwritten by something
//! else. A folder is written with [`durable`](crate::durable), since object_store's folder does not sync.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use object_store::aws::AmazonS3Builder;
use object_store::{ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, RetryConfig};

use crate::durable;

/// Largest sealed file that is read: the largest upload, and what sealing adds.
const SEALED_MAX: usize = super::FILE_MAX + (1 << 20);

/// A bucket and how to reach it.
#[derive(Debug, Clone, Default)]
pub struct Bucket {
    pub name: String,
    /// Folder within the bucket; may be empty.
    pub prefix: String,
    /// Address of the store; empty for Amazon's own.
    pub endpoint: String,
    pub region: String,
    pub access_key_id: String,
    pub secret_access_key: String,
}

/// A place for sealed evidence.
#[derive(Clone)]
pub enum Shelf {
    Folder(PathBuf),
    Bucket { store: Arc<dyn ObjectStore>, prefix: String },
}

impl Shelf {
    /// A bucket. Without TLS only where the address says `http://` itself.
    ///
    /// # Errors
    /// A setting is missing or wrong.
    pub fn bucket(bucket: &Bucket) -> io::Result<Self> {
        // The process may have chosen its provider already; that one is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&bucket.name)
            .with_access_key_id(&bucket.access_key_id)
            .with_secret_access_key(&bucket.secret_access_key)
            .with_region(if bucket.region.is_empty() { "us-east-1" } else { &bucket.region })
            .with_allow_http(bucket.endpoint.starts_with("http://"))
            // One file at a time is taken away, and not every store knows the request for many.
            .with_disable_bulk_delete(true)
            .with_retry(RetryConfig {
                max_retries: 3,
                retry_timeout: Duration::from_secs(20),
                ..RetryConfig::default()
            });
        if !bucket.endpoint.is_empty() {
            builder = builder.with_endpoint(bucket.endpoint.trim_end_matches('/'));
        }
        let store = builder.build().map_err(io::Error::other)?;
        Ok(Self::Bucket { store: Arc::new(store), prefix: bucket.prefix.trim_matches('/').to_owned() })
    }

    /// Writes sealed bytes under their name. When this returns, they are durable.
    ///
    /// # Errors
    /// The place refuses.
    pub async fn put(&self, name: &str, bytes: Vec<u8>) -> io::Result<()> {
        match self {
            Shelf::Folder(folder) => {
                let path = place(folder, name);
                blocking(move || {
                    durable::create_folder(path.parent().unwrap_or(Path::new(".")))?;
                    durable::write(&path, &bytes)
                })
                .await
            }
            Shelf::Bucket { store, prefix } => {
                // Only where nothing of the name is: a bucket may refuse overwriting altogether.
                let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
                match store.put_opts(&key(prefix, name), bytes.into(), options).await {
                    Ok(_) | Err(object_store::Error::AlreadyExists { .. }) => Ok(()),
                    Err(error) => Err(io::Error::other(error)),
                }
            }
        }
    }

    /// The bytes of a name; none where nothing has it.
    ///
    /// # Errors
    /// The place does not answer.
    pub async fn get(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        match self {
            Shelf::Folder(folder) => {
                let path = place(folder, name);
                blocking(move || super::read_bounded(&path, SEALED_MAX)).await
            }
            Shelf::Bucket { store, prefix } => match store.get(&key(prefix, name)).await {
                Ok(found) if found.meta.size > SEALED_MAX as u64 => Ok(Some(Vec::new())),
                Ok(found) => Ok(Some(found.bytes().await.map_err(io::Error::other)?.to_vec())),
                Err(object_store::Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(io::Error::other(error)),
            },
        }
    }

    /// Takes a name away; nothing happens where nothing has it.
    ///
    /// # Errors
    /// The place refuses.
    pub async fn remove(&self, name: &str) -> io::Result<()> {
        match self {
            Shelf::Folder(folder) => {
                let path = place(folder, name);
                blocking(move || match std::fs::remove_file(path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                    _ => Ok(()),
                })
                .await
            }
            Shelf::Bucket { store, prefix } => match store.delete(&key(prefix, name)).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
                Err(error) => Err(io::Error::other(error)),
            },
        }
    }

    /// Every name.
    ///
    /// # Errors
    /// The place does not answer.
    pub async fn names(&self) -> io::Result<Vec<String>> {
        match self {
            Shelf::Folder(folder) => {
                let folder = folder.clone();
                blocking(move || names_below(&folder)).await
            }
            Shelf::Bucket { store, prefix } => {
                let root = object_store::path::Path::from(prefix.as_str());
                let mut list = store.list((!prefix.is_empty()).then_some(&root));
                let mut names = Vec::new();
                while let Some(entry) = list.next().await {
                    let entry = entry.map_err(io::Error::other)?;
                    names.extend(
                        entry.location.filename().and_then(|name| name.strip_suffix(".age")).map(str::to_owned),
                    );
                }
                names.sort();
                Ok(names)
            }
        }
    }

    /// For reports: where this is.
    pub fn describe(&self) -> String {
        match self {
            Shelf::Folder(folder) => folder.display().to_string(),
            Shelf::Bucket { store, prefix } => format!("{store} {prefix}"),
        }
    }
}

/// Where a name lies in a folder. Names come from the database; anything but hexadecimal would be a path.
pub(crate) fn place(folder: &Path, name: &str) -> PathBuf {
    let clean: String = name.chars().filter(char::is_ascii_hexdigit).collect();
    folder.join(clean.get(..2).unwrap_or("00")).join(format!("{clean}.age"))
}

fn key(prefix: &str, name: &str) -> object_store::path::Path {
    let clean: String = name.chars().filter(char::is_ascii_hexdigit).collect();
    let short = clean.get(..2).unwrap_or("00").to_owned();
    object_store::path::Path::from_iter(
        [prefix.to_owned(), short, format!("{clean}.age")].into_iter().filter(|part| !part.is_empty()),
    )
}

/// Names of the sealed files in a folder of folders.
pub(crate) fn names_below(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(names),
        other => other?,
    };
    for entry in entries {
        let entry = entry?;
        if !entry.file_type()?.is_dir() {
            continue;
        }
        for file in std::fs::read_dir(entry.path())? {
            let name = file?.file_name().to_string_lossy().into_owned();
            names.extend(name.strip_suffix(".age").filter(|name| !name.starts_with('.')).map(str::to_owned));
        }
    }
    names.sort();
    Ok(names)
}

/// Runs disk work beside the requests.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}
