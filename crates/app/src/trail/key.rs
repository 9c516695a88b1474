//! The key that signs checkpoints: a file outside the database, made at the first start.
//!
//! Whoever has all of the database but not this file cannot make a checkpoint. One line per key, the newest first: the
//! first signs, all of them verify. The name in the key is the origin of the installation's logs.

use std::io;
use std::path::Path;

use rustls::crypto::ring::sign::any_eddsa_type;
use rustls::pki_types::PrivatePkcs8KeyDer;
use sakimori_interop::trail::{PublicKey, SigningKey};

/// What stands before the 32 secret bytes of an Ed25519 key in PKCS #8 (RFC 8410).
const PKCS8: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

/// The keys of the trail, newest first.
#[derive(Clone)]
pub struct TrailKey {
    keys: Vec<SigningKey>,
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

/// The public half of a secret.
fn public(name: &str, secret: &[u8; 32]) -> io::Result<PublicKey> {
    let der = [PKCS8.as_slice(), secret].concat();
    let key = any_eddsa_type(&PrivatePkcs8KeyDer::from(der)).map_err(|_| invalid("the key is not an Ed25519 key"))?;
    let info = key.public_key().ok_or_else(|| invalid("the key has no public half"))?;
    let public = info.as_ref().last_chunk::<32>().ok_or_else(|| invalid("the key has no public half"))?;
    Ok(PublicKey { name: name.to_owned(), key: *public })
}

impl TrailKey {
    /// A key from random bytes.
    ///
    /// # Errors
    /// The bytes make no key (which 32 random bytes never do).
    pub fn from_secret(origin: &str, secret: [u8; 32]) -> io::Result<Self> {
        Ok(Self { keys: vec![SigningKey::new(public(origin, &secret)?, secret)] })
    }

    /// Keys from the text of a key file; lines that begin with `#` are comments.
    ///
    /// # Errors
    /// No key, or a line that is none (its number, never its content).
    pub fn parse(text: &str) -> io::Result<Self> {
        let mut keys = Vec::new();
        for (number, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.trim_start().starts_with('#') {
                continue;
            }
            let not_a_key = |_| invalid(&format!("line {} is not a key", number + 1));
            let (name, secret) = SigningKey::parts(line).map_err(not_a_key)?;
            keys.push(SigningKey::new(public(&name, &secret)?, secret));
        }
        if keys.is_empty() { Err(invalid("the file holds no key")) } else { Ok(Self { keys }) }
    }

    /// The keys of a file.
    ///
    /// # Errors
    /// The file cannot be read or understood.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::parse(&std::fs::read_to_string(path)?)
    }

    /// The keys of a file; a missing one is made with a new key, readable by its owner only.
    ///
    /// # Errors
    /// The file cannot be read, made or understood.
    pub fn open_or_create(path: &Path, origin: &str, secret: [u8; 32]) -> io::Result<Self> {
        match Self::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let key = Self::from_secret(origin, secret)?;
                match crate::durable::create_secret(path, key.to_text().as_bytes()) {
                    // Another process was faster; its key is the key.
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Self::open(path),
                    made => made.map(|()| key),
                }
            }
            opened => opened,
        }
    }

    /// The text of a key file.
    pub fn to_text(&self) -> String {
        self.keys.iter().map(|key| format!("{}\n", key.to_text())).collect()
    }

    /// The key that signs. There is one always: `parse` and `from_secret` never make an empty list.
    pub fn signing(&self) -> &SigningKey {
        &self.keys[0]
    }

    /// The origin of the installation's own log; those of the organisations begin with it.
    pub fn origin(&self) -> &str {
        &self.signing().public.name
    }

    /// All public keys, newest first.
    pub fn publics(&self) -> Vec<PublicKey> {
        self.keys.iter().map(|key| key.public.clone()).collect()
    }

    /// The same with a new key on top, of the same origin.
    ///
    /// # Errors
    /// As [`TrailKey::from_secret`].
    pub fn rotated(&self, secret: [u8; 32]) -> io::Result<Self> {
        let mut keys = Self::from_secret(self.origin(), secret)?.keys;
        keys.extend(self.keys.iter().cloned());
        Ok(Self { keys })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_is_read_back_and_names_no_secret() {
        let key = TrailKey::from_secret("sakimori/test", [3; 32]).expect("a key");
        let rotated = key.rotated([4; 32]).expect("rotated");
        let read = TrailKey::parse(&format!("# newest first\n{}", rotated.to_text())).expect("read");
        assert_eq!(read.publics(), rotated.publics());
        assert_eq!(read.publics()[1], key.publics()[0]);
        assert_eq!(read.origin(), "sakimori/test");
        let error = TrailKey::parse("PRIVATE+KEY+x+y+z\n").err().expect("refused").to_string();
        assert_eq!(error, "line 1 is not a key");
    }
}
