//! Keys of an installation: what is sealed at rest (evidence, second factors, backups) opens with them.
//!
//! The format is age's (age-encryption.org/v1, X25519): a key file is one `AGE-SECRET-KEY-1…` per line, so that in an
//! emergency any age program opens what we sealed. The first key seals; every key opens. Rotation puts a new line on top.
//! A key file may itself be sealed with a passphrase (age's scrypt).
//!
//! A key that another process put into the file is found without a restart: what opens with no key makes us read the
//! file again, once.

use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, PoisonError, RwLock};

use age::DecryptError;
use age::secrecy::{ExposeSecret, SecretString};
use age::x25519::{Identity, Recipient};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::{AppError, Result};

/// First bytes of everything that age seals.
const SEALED_MARK: &[u8] = b"age-encryption.org/v1\n";

/// The keys, newest first. Clones share them.
#[derive(Clone)]
pub struct Keys {
    ring: Arc<RwLock<Vec<Identity>>>,
    file: Option<Arc<KeyFile>>,
}

struct KeyFile {
    path: PathBuf,
    passphrase: Option<SecretString>,
}

impl KeyFile {
    fn read(&self) -> io::Result<Vec<Identity>> {
        let bytes = std::fs::read(&self.path)?;
        let text = match (bytes.starts_with(SEALED_MARK), &self.passphrase) {
            (false, _) => bytes,
            (true, Some(passphrase)) => {
                let identity = age::scrypt::Identity::new(passphrase.clone());
                age::decrypt(&identity, &bytes)
                    .map_err(|_| invalid("the passphrase does not open the key file".to_owned()))?
            }
            (true, None) => {
                return Err(invalid("the key file needs its passphrase (SAKIMORI_KEY_PASSPHRASE)".to_owned()));
            }
        };
        identities(&String::from_utf8(text).map_err(|_| invalid("the key file is not text".to_owned()))?)
    }

    fn bytes(&self, text: &str) -> io::Result<Vec<u8>> {
        let Some(passphrase) = &self.passphrase else { return Ok(text.as_bytes().to_vec()) };
        let recipient = age::scrypt::Recipient::new(passphrase.clone());
        age::encrypt(&recipient, text.as_bytes()).map_err(io::Error::other)
    }
}

fn invalid(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

fn identities(text: &str) -> io::Result<Vec<Identity>> {
    let mut identities = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let identity = Identity::from_str(line).map_err(|_| invalid(format!("line {} is not a key", number + 1)))?;
        identities.push(identity);
    }
    if identities.is_empty() {
        return Err(invalid("the file holds no key".to_owned()));
    }
    Ok(identities)
}

fn text_of(ring: &[Identity]) -> String {
    ring.iter().map(|identity| format!("{}\n", identity.to_string().expose_secret())).collect()
}

/// Seals bytes for public keys.
///
/// # Errors
/// There is none, or the machine gives no random numbers.
pub fn seal_for(recipients: &[Recipient], plain: &[u8]) -> io::Result<Vec<u8>> {
    let list = recipients.iter().map(|recipient| recipient as &dyn age::Recipient);
    let mut writer = age::Encryptor::with_recipients(list).map_err(io::Error::other)?.wrap_output(Vec::new())?;
    writer.write_all(plain)?;
    writer.finish()
}

impl Keys {
    fn of(ring: Vec<Identity>, file: Option<KeyFile>) -> Self {
        Self { ring: Arc::new(RwLock::new(ring)), file: file.map(Arc::new) }
    }

    /// A new key.
    pub fn generate() -> Self {
        Self::of(vec![Identity::generate()], None)
    }

    /// Keys from the text of a key file; lines that begin with `#` are comments.
    ///
    /// # Errors
    /// No key, or a line that is none (its number, never its content).
    pub fn parse(text: &str) -> io::Result<Self> {
        Ok(Self::of(identities(text)?, None))
    }

    /// The keys of a file, which a passphrase may seal.
    ///
    /// # Errors
    /// The file cannot be read, opened or understood.
    pub fn open(path: &Path, passphrase: Option<&str>) -> io::Result<Self> {
        let file = KeyFile { path: path.to_owned(), passphrase: passphrase.map(SecretString::from) };
        Ok(Self::of(file.read()?, Some(file)))
    }

    /// A new file with a new key, readable by its owner only.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn create(path: &Path, passphrase: Option<&str>) -> io::Result<Self> {
        let file = KeyFile { path: path.to_owned(), passphrase: passphrase.map(SecretString::from) };
        let ring = vec![Identity::generate()];
        match crate::durable::create_secret(path, &file.bytes(&text_of(&ring))?) {
            Ok(()) => Ok(Self::of(ring, Some(file))),
            // Another process that starts at the same moment was faster: its key is the installation's.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(Self::of(file.read()?, Some(file))),
            Err(error) => Err(error),
        }
    }

    /// The keys of a file; a missing file is made with a new key, readable by its owner only.
    ///
    /// # Errors
    /// The file cannot be read, written or understood.
    pub fn open_or_create(path: &Path) -> io::Result<Self> {
        match Self::open(path, None) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::create(path, None),
            other => other,
        }
    }

    fn ring(&self) -> std::sync::RwLockReadGuard<'_, Vec<Identity>> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The text of a key file with these keys: for the safe, and for nothing else.
    pub fn to_text(&self) -> String {
        text_of(&self.ring())
    }

    /// The public half of the key that seals.
    pub fn recipient(&self) -> Recipient {
        // No function here makes an empty list.
        self.ring()[0].to_public()
    }

    /// The public half of the key that seals, as text: its name.
    pub fn id(&self) -> String {
        self.recipient().to_string()
    }

    /// The public halves of all keys, newest first.
    pub fn ids(&self) -> Vec<String> {
        self.ring().iter().map(|identity| identity.to_public().to_string()).collect()
    }

    /// Reads the file again, where there is one.
    ///
    /// # Errors
    /// It cannot be read; then the keys stay as they were.
    pub fn reload(&self) -> io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let fresh = file.read()?;
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// Puts a new key on top, in the file first.
    ///
    /// # Errors
    /// The keys were given without a file, or it cannot be written; then the keys stay as they were.
    pub fn rotate(&self) -> io::Result<String> {
        let fresh = Identity::generate();
        let id = fresh.to_public().to_string();
        self.rewrite(|ring| ring.insert(0, fresh))?;
        Ok(id)
    }

    /// Takes a key out, in the file first. The one that seals stays.
    ///
    /// # Errors
    /// As [`Keys::rotate`].
    pub fn forget(&self, id: &str) -> io::Result<()> {
        self.rewrite(|ring| {
            let sealing = ring[0].to_public().to_string();
            ring.retain(|identity| {
                let own = identity.to_public().to_string();
                own == sealing || own != id
            });
        })
    }

    fn rewrite(&self, change: impl FnOnce(&mut Vec<Identity>)) -> io::Result<()> {
        let Some(file) = &self.file else {
            return Err(invalid("the keys were given without a file; change them where they come from".to_owned()));
        };
        let mut ring = file.read()?;
        change(&mut ring);
        crate::durable::write(&file.path, &file.bytes(&text_of(&ring))?)?;
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = ring;
        Ok(())
    }

    /// Seals bytes: only these keys open them again.
    ///
    /// # Errors
    /// The machine gives no random numbers.
    pub fn seal(&self, plain: &[u8]) -> Result<Vec<u8>> {
        age::encrypt(&self.recipient(), plain).map_err(|error| AppError::Internal(format!("sealing: {error}")))
    }

    /// Opens what [`Keys::seal`] made, with whichever key fits.
    ///
    /// # Errors
    /// Sealed with a key that is not here, or changed since.
    pub fn unseal(&self, sealed: &[u8]) -> Result<Vec<u8>> {
        let opened = match open(&self.ring(), sealed) {
            Err(DecryptError::NoMatchingKeys) => None,
            other => Some(other),
        };
        // Another process may have put a newer key into the file.
        let opened = match opened {
            Some(opened) => opened,
            None => {
                let _ = self.reload();
                open(&self.ring(), sealed)
            }
        };
        opened.map_err(|error| AppError::Internal(format!("what was sealed does not open: {error}")))
    }

    /// Whether one of the keys (but the one of this id) opens what begins so; the rest of it is not looked at.
    pub fn opens_but(&self, id: &str, beginning: &[u8]) -> bool {
        let ring = self.ring();
        let Ok(decryptor) = age::Decryptor::new_buffered(beginning) else { return false };
        let others = ring.iter().filter(|identity| identity.to_public().to_string() != id);
        decryptor.decrypt(others.map(|identity| identity as &dyn age::Identity)).is_ok()
    }

    /// As [`Keys::seal`], as a text for a column (base64).
    ///
    /// # Errors
    /// As [`Keys::seal`].
    pub fn seal_text(&self, plain: &[u8]) -> Result<String> {
        Ok(STANDARD.encode(self.seal(plain)?))
    }

    /// Opens what [`Keys::seal_text`] made.
    ///
    /// # Errors
    /// As [`Keys::unseal`]; it is no base64.
    pub fn unseal_text(&self, sealed: &str) -> Result<Vec<u8>> {
        self.unseal(&from_text(sealed)?)
    }

    /// Whether the key that seals now opens this.
    pub fn is_newest(&self, sealed: &str) -> bool {
        from_text(sealed).is_ok_and(|sealed| open(&self.ring()[..1], &sealed).is_ok())
    }
}

/// How everything that [`Keys::seal_text`] made begins.
pub fn text_mark() -> String {
    let mark = STANDARD.encode(SEALED_MARK);
    // The last group depends on what follows.
    mark.chars().take(mark.len() - 4).collect()
}

fn from_text(sealed: &str) -> Result<Vec<u8>> {
    STANDARD.decode(sealed).map_err(|error| AppError::Internal(format!("what was sealed is no base64: {error}")))
}

fn open(ring: &[Identity], sealed: &[u8]) -> Result<Vec<u8>, DecryptError> {
    let decryptor = age::Decryptor::new_buffered(sealed)?;
    let mut plain = Vec::with_capacity(sealed.len());
    decryptor.decrypt(ring.iter().map(|identity| identity as &dyn age::Identity))?.read_to_end(&mut plain)?;
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_key_still_opens_and_a_foreign_one_does_not() {
        let old = Keys::generate();
        let sealed = old.seal(b"secret").expect("sealed");
        let text = old.seal_text(b"secret").expect("sealed");
        let rotated =
            Keys::parse(&format!("# new first\n{}{}", Keys::generate().to_text(), old.to_text())).expect("keys");
        assert_eq!(rotated.unseal(&sealed).expect("opens"), b"secret");
        assert_eq!(rotated.unseal_text(&text).expect("opens"), b"secret");
        assert!(text.starts_with(&text_mark()) && old.is_newest(&text) && !rotated.is_newest(&text));
        let beginning = &sealed[..sealed.len() - 1];
        assert!(rotated.opens_but("", beginning) && rotated.opens_but(&rotated.id(), beginning));
        assert!(!rotated.opens_but(&old.id(), beginning), "only the old key opens it");
        assert!(Keys::generate().unseal(&sealed).is_err());
        let mut changed = sealed;
        *changed.last_mut().expect("bytes") ^= 1;
        assert!(old.unseal(&changed).is_err());
    }

    #[test]
    fn a_key_file_that_is_none_names_the_line_and_not_its_content() {
        let error = Keys::parse("# comment\nnot a key\n").err().expect("refused").to_string();
        assert!(error.contains("line 2") && !error.contains("not a key\n"), "{error}");
        assert!(Keys::parse("\n").is_err());
    }

    #[test]
    fn a_key_that_another_process_added_is_found_and_a_passphrase_seals_the_file() {
        let folder = std::env::temp_dir().join(format!("sakimori-keys-{}", std::process::id()));
        let path = folder.join("keys/seal.key");
        let _ = std::fs::remove_dir_all(&folder);
        let one = Keys::create(&path, Some("灯台と曳船")).expect("made");
        assert!(std::fs::read(&path).expect("there").starts_with(SEALED_MARK), "sealed on the disk");
        assert!(Keys::open(&path, None).is_err() && Keys::open(&path, Some("別")).is_err());
        let other = Keys::open(&path, Some("灯台と曳船")).expect("opens");
        let first = one.id();
        let second = one.rotate().expect("rotated");
        assert_ne!(first, second);
        let sealed = one.seal(b"after the rotation").expect("sealed");
        assert_eq!(other.unseal(&sealed).expect("finds the new key"), b"after the rotation");
        assert_eq!(other.ids(), [second.clone(), first.clone()]);
        one.forget(&second).expect("the sealing key stays");
        assert_eq!(one.id(), second);
        one.forget(&first).expect("forgotten");
        assert_eq!(Keys::open(&path, Some("灯台と曳船")).expect("opens").ids(), [second]);
        std::fs::remove_dir_all(&folder).expect("clean");
    }
}
