//! Keys of an installation: what is sealed at rest (evidence, second factors, backups) opens with them.
//!
//! The format is age's (age-encryption.org/v1, X25519): a key file is one `AGE-SECRET-KEY-1…` per line, so that in an
//! emergency any age program opens what we sealed. The first key seals; every key opens. Rotation puts a new line on top.

use std::io::{self, Read};
use std::path::Path;
use std::str::FromStr;

use age::secrecy::ExposeSecret;
use age::x25519::{Identity, Recipient};

use crate::{AppError, Result};

/// The keys, newest first.
#[derive(Clone)]
pub struct Keys {
    identities: Vec<Identity>,
}

impl Keys {
    /// A new key.
    pub fn generate() -> Self {
        Self { identities: vec![Identity::generate()] }
    }

    /// Keys from the text of a key file; lines that begin with `#` are comments.
    ///
    /// # Errors
    /// No key, or a line that is none (its number, never its content).
    pub fn parse(text: &str) -> io::Result<Self> {
        let mut identities = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let identity = Identity::from_str(line)
                .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, format!("line {} is not a key", number + 1)))?;
            identities.push(identity);
        }
        if identities.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the file holds no key"));
        }
        Ok(Self { identities })
    }

    /// The keys of a file; a missing file is made with a new key, readable by its owner only.
    ///
    /// # Errors
    /// The file cannot be read, written or understood.
    pub fn open_or_create(path: &Path) -> io::Result<Self> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let keys = Self::generate();
                match crate::durable::create_secret(path, keys.to_text().as_bytes()) {
                    Ok(()) => Ok(keys),
                    // Another process that starts at the same moment was faster: its key is the installation's.
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                        Self::parse(&std::fs::read_to_string(path)?)
                    }
                    Err(error) => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// The text of a key file with these keys.
    pub fn to_text(&self) -> String {
        self.identities.iter().map(|identity| format!("{}\n", identity.to_string().expose_secret())).collect()
    }

    /// The public half of the key that seals.
    pub fn recipient(&self) -> Recipient {
        // `parse` and `generate` never make an empty list.
        self.identities[0].to_public()
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
        self.open(sealed).map_err(|error| AppError::Internal(format!("what was sealed does not open: {error}")))
    }

    fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, age::DecryptError> {
        let decryptor = age::Decryptor::new_buffered(sealed)?;
        let mut plain = Vec::with_capacity(sealed.len());
        decryptor
            .decrypt(self.identities.iter().map(|identity| identity as &dyn age::Identity))?
            .read_to_end(&mut plain)?;
        Ok(plain)
    }

    /// Seals a stream.
    ///
    /// # Errors
    /// Writing fails.
    pub fn seal_stream<R: Read, W: io::Write>(&self, mut plain: R, sealed: W) -> io::Result<W> {
        let recipient = self.recipient();
        let encryptor = age::Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient))
            .map_err(io::Error::other)?;
        let mut writer = encryptor.wrap_output(sealed)?;
        io::copy(&mut plain, &mut writer)?;
        let mut sealed = writer.finish()?;
        sealed.flush()?;
        Ok(sealed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_key_still_opens_and_a_foreign_one_does_not() {
        let old = Keys::generate();
        let sealed = old.seal(b"secret").expect("sealed");
        let rotated =
            Keys::parse(&format!("# new first\n{}{}", Keys::generate().to_text(), old.to_text())).expect("keys");
        assert_eq!(rotated.unseal(&sealed).expect("opens"), b"secret");
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
}
