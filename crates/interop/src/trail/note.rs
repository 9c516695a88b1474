//! Signed checkpoints in the C2SP formats: signed-note, tlog-checkpoint, tlog-cosignature. Ed25519 throughout.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use signed_note::{
    Note, Signature, Signer as _, StandardSigner, StandardVerifier, Verifier as _, is_key_name_valid, key_id,
};
use tlog_tiles::Hash;

use super::{TrailFault, hash_of};

/// Kind of signature of a log over its own checkpoint.
const ED25519: u8 = 1;
/// Kind of signature of a witness over another's checkpoint.
const COSIGNATURE: u8 = 4;
/// Longest note that is read.
const NOTE_MAX: usize = 100_000;

/// A key that verifies: of a log, or of a witness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    pub name: String,
    pub key: [u8; 32],
}

impl PublicKey {
    /// From a verifier key `name+hash+key` of a log or of a witness.
    ///
    /// # Errors
    /// [`TrailFault::Key`].
    pub fn parse(vkey: &str) -> Result<Self, TrailFault> {
        let fault = || TrailFault::Key(vkey.trim().to_owned());
        let mut parts = vkey.trim().splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else { return Err(fault()) };
        let bytes = STANDARD.decode(key).map_err(|_| fault())?;
        let right = u32::from_str_radix(id, 16).is_ok_and(|id| id == key_id(name, &bytes));
        match bytes.split_first() {
            Some((&(ED25519 | COSIGNATURE), own)) if right && is_key_name_valid(name) => {
                Ok(Self { name: name.to_owned(), key: own.try_into().map_err(|_| fault())? })
            }
            _ => Err(fault()),
        }
    }

    /// The same key under another name: all logs of an installation are signed with one key.
    pub fn named(&self, name: &str) -> Self {
        Self { name: name.to_owned(), key: self.key }
    }

    /// The verifier key of a log.
    pub fn vkey(&self) -> String {
        self.text(ED25519)
    }

    /// The verifier key of a witness.
    pub fn witness_vkey(&self) -> String {
        self.text(COSIGNATURE)
    }

    fn tagged(&self, kind: u8) -> Vec<u8> {
        [&[kind], self.key.as_slice()].concat()
    }

    fn id(&self, kind: u8) -> u32 {
        key_id(&self.name, &self.tagged(kind))
    }

    fn text(&self, kind: u8) -> String {
        format!("{}+{:08x}+{}", self.name, self.id(kind), STANDARD.encode(self.tagged(kind)))
    }

    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        StandardVerifier::new(&self.vkey()).is_ok_and(|verifier| verifier.verify(message, signature))
    }
}

/// A key that signs.
#[derive(Clone)]
pub struct SigningKey {
    pub public: PublicKey,
    secret: [u8; 32],
}

impl SigningKey {
    /// From its parts; whether they belong together shows when it signs for the first time.
    pub fn new(public: PublicKey, secret: [u8; 32]) -> Self {
        Self { public, secret }
    }

    /// The name and the secret of `PRIVATE+KEY+name+hash+key`.
    ///
    /// # Errors
    /// [`TrailFault::Signing`]: nothing of the text is repeated, since it is a secret.
    pub fn parts(text: &str) -> Result<(String, [u8; 32]), TrailFault> {
        let parts: Vec<&str> = text.trim().splitn(5, '+').collect();
        let [_, _, name, _, key] = parts.as_slice() else { return Err(TrailFault::Signing) };
        let bytes = STANDARD.decode(key).map_err(|_| TrailFault::Signing)?;
        match bytes.split_first() {
            Some((&ED25519, own)) if text.starts_with("PRIVATE+KEY+") && is_key_name_valid(name) => {
                Ok(((*name).to_owned(), own.try_into().map_err(|_| TrailFault::Signing)?))
            }
            _ => Err(TrailFault::Signing),
        }
    }

    /// `PRIVATE+KEY+name+hash+key`, as a key file holds it.
    pub fn to_text(&self) -> String {
        let key = STANDARD.encode([&[ED25519], self.secret.as_slice()].concat());
        format!("PRIVATE+KEY+{}+{:08x}+{key}", self.public.name, self.public.id(ED25519))
    }

    /// The same key under another name.
    #[must_use]
    pub fn named(&self, name: &str) -> Self {
        Self { public: self.public.named(name), secret: self.secret }
    }

    fn sign_bytes(&self, message: &[u8]) -> Result<Vec<u8>, TrailFault> {
        let signer = StandardSigner::new(&self.to_text()).map_err(|_| TrailFault::Signing)?;
        signer.sign(message).map_err(|_| TrailFault::Signing)
    }

    /// Signs a checkpoint of one's own log; its origin is the name of the key.
    ///
    /// # Errors
    /// [`TrailFault::Signing`].
    pub fn sign(&self, checkpoint: Checkpoint) -> Result<SignedCheckpoint, TrailFault> {
        let key = self.named(&checkpoint.origin);
        let body = checkpoint.to_text();
        let own = key.sign_bytes(body.as_bytes())?;
        let line = signature(&key.public.name, key.public.id(ED25519), own)?;
        Ok(SignedCheckpoint { checkpoint, body, signatures: vec![line] })
    }

    /// Cosigns a checkpoint of another's log as a witness: "at this moment I saw this, and it continued what I saw before".
    ///
    /// # Errors
    /// [`TrailFault::Signing`].
    pub fn cosign(&self, seen: &SignedCheckpoint, at_second: u64) -> Result<String, TrailFault> {
        let own = self.sign_bytes(&cosigned(&seen.body, at_second))?;
        let stamped = [at_second.to_be_bytes().as_slice(), &own].concat();
        let line = signature(&self.public.name, self.public.id(COSIGNATURE), stamped)?;
        Ok(line_of(&line))
    }
}

fn signature(name: &str, id: u32, bytes: Vec<u8>) -> Result<Signature, TrailFault> {
    Signature::new(name.to_owned(), id, bytes).map_err(|_| TrailFault::Signing)
}

fn line_of(signature: &Signature) -> String {
    String::from_utf8_lossy(&signature.to_bytes()).into_owned()
}

fn cosigned(body: &str, at_second: u64) -> Vec<u8> {
    format!("cosignature/v1\ntime {at_second}\n{body}").into_bytes()
}

/// The head of a tree: whose, how large, which root.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    pub origin: String,
    pub size: u64,
    pub root: Hash,
}

impl Checkpoint {
    /// Origin, size and root hash, a line each: what is signed.
    pub fn to_text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, self.root)
    }

    /// The same in one line, as it is printed.
    pub fn to_line(&self) -> String {
        format!("{} {} {}", self.origin, self.size, self.root)
    }

    /// From a line as it is printed.
    ///
    /// # Errors
    /// [`TrailFault::Checkpoint`].
    pub fn parse_line(line: &str) -> Result<Self, TrailFault> {
        let fault = || TrailFault::Checkpoint("not a line of origin, size and root hash".to_owned());
        let mut parts = line.split_whitespace();
        let (Some(origin), Some(size), Some(root), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(fault());
        };
        let size = size.parse().map_err(|_| fault())?;
        Ok(Self { origin: origin.to_owned(), size, root: hash_of(root).map_err(|_| fault())? })
    }

    /// The beginning of the root that people compare by eye.
    pub fn short_root(&self) -> String {
        self.root.0.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A checkpoint as it is passed on: its text, a blank line, signatures.
#[derive(Debug, Clone, PartialEq)]
pub struct SignedCheckpoint {
    pub checkpoint: Checkpoint,
    /// What is signed.
    body: String,
    signatures: Vec<Signature>,
}

impl SignedCheckpoint {
    /// From a signed note.
    ///
    /// # Errors
    /// [`TrailFault::Checkpoint`].
    pub fn parse(note: &str) -> Result<Self, TrailFault> {
        let fault = |why: &str| TrailFault::Checkpoint(why.to_owned());
        if note.len() > NOTE_MAX {
            return Err(fault("too long"));
        }
        Note::from_bytes(note.as_bytes()).map_err(|_| fault("not a signed note"))?;
        let (body, lines) = note.rsplit_once("\n\n").ok_or_else(|| fault("no blank line before the signatures"))?;
        let body = format!("{body}\n");
        let head = tlog_tiles::Checkpoint::from_bytes(body.as_bytes())
            .map_err(|_| fault("origin, size and root hash must be its first three lines"))?;
        let lines = lines.lines().map(|line| Signature::from_bytes(line.as_bytes()));
        let signatures: Vec<Signature> = lines.collect::<Result<_, _>>().map_err(|_| fault("a signature line"))?;
        let checkpoint = Checkpoint { origin: head.origin().to_owned(), size: head.size(), root: *head.hash() };
        Ok(Self { checkpoint, body, signatures })
    }

    /// The signed note.
    pub fn to_text(&self) -> String {
        let lines: String = self.signatures.iter().map(line_of).collect();
        format!("{}\n{lines}", self.body)
    }

    /// Whether the log itself signed it. The key of the installation is good for each of its logs.
    pub fn signed_by(&self, key: &PublicKey) -> bool {
        let origin = &self.checkpoint.origin;
        let own = *origin == key.name || origin.strip_prefix(&key.name).is_some_and(|rest| rest.starts_with('/'));
        let key = key.named(origin);
        own && self.by(&key, ED25519).any(|signature| key.verifies(self.body.as_bytes(), signature))
    }

    /// When a witness cosigned it, in seconds since 1970; `None` when it did not.
    pub fn cosigned_by(&self, witness: &PublicKey) -> Option<u64> {
        self.by(witness, COSIGNATURE).find_map(|signature| {
            let (time, own) = signature.split_first_chunk::<8>()?;
            let at = u64::from_be_bytes(*time);
            witness.verifies(&cosigned(&self.body, at), own).then_some(at)
        })
    }

    /// The line with which a witness cosigned it; `None` when it did not.
    pub fn line_of(&self, witness: &PublicKey) -> Option<String> {
        self.cosigned_by(witness)?;
        let id = witness.id(COSIGNATURE);
        self.signatures.iter().find(|s| s.name() == witness.name && s.id() == id).map(line_of)
    }

    /// Signatures that bear the name and the id of a key.
    fn by(&self, key: &PublicKey, kind: u8) -> impl Iterator<Item = &[u8]> {
        let (name, id) = (key.name.clone(), key.id(kind));
        let of_key = move |s: &&Signature| s.name() == name && s.id() == id;
        self.signatures.iter().filter(of_key).map(Signature::signature)
    }

    /// Adds signature lines (of witnesses); one that is there already is not added again.
    ///
    /// # Errors
    /// [`TrailFault::Checkpoint`]: not a signature line.
    pub fn add(&mut self, lines: &str) -> Result<(), TrailFault> {
        for line in lines.lines().filter(|line| !line.trim().is_empty()) {
            let fault = |_| TrailFault::Checkpoint("a signature line".to_owned());
            let signature = Signature::from_bytes(line.as_bytes()).map_err(fault)?;
            if !self.signatures.contains(&signature) {
                self.signatures.push(signature);
            }
        }
        Ok(())
    }

    /// Names that stand at the signatures.
    pub fn names(&self) -> Vec<&str> {
        self.signatures.iter().map(Signature::name).collect()
    }
}

/// A checkpoint that somebody kept: the signed note, or the line of it that stands on paper.
#[derive(Debug, Clone, PartialEq)]
pub enum Remembered {
    Signed(SignedCheckpoint),
    Line(Checkpoint),
}

impl Remembered {
    /// From a signed note, or from a text with the line of a printed page.
    ///
    /// # Errors
    /// [`TrailFault::Checkpoint`]: neither.
    pub fn parse(text: &str) -> Result<Self, TrailFault> {
        let signed = SignedCheckpoint::parse(text).or_else(|fault| {
            // A printed signature is broken into lines, and what was copied by hand ends as it ends.
            SignedCheckpoint::parse(&rejoined(text).ok_or(fault)?)
        });
        match signed {
            Ok(signed) => Ok(Self::Signed(signed)),
            Err(fault) => text.lines().find_map(printed).map(Self::Line).ok_or(fault),
        }
    }

    /// What was kept.
    pub fn checkpoint(&self) -> &Checkpoint {
        match self {
            Self::Signed(note) => &note.checkpoint,
            Self::Line(checkpoint) => checkpoint,
        }
    }

    /// The signed note, if it is one. A line bears no signature: it is what the paper says.
    pub const fn signed(&self) -> Option<&SignedCheckpoint> {
        match self {
            Self::Signed(note) => Some(note),
            Self::Line(_) => None,
        }
    }
}

impl From<SignedCheckpoint> for Remembered {
    fn from(note: SignedCheckpoint) -> Self {
        Self::Signed(note)
    }
}

/// A line as it stands on a page, with what it is called before it.
fn printed(line: &str) -> Option<Checkpoint> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [.., origin, size, root] = words.as_slice() else { return None };
    let origin = origin.rsplit('：').next().unwrap_or(origin);
    Checkpoint::parse_line(&format!("{origin} {size} {root}")).ok()
}

/// A note as it was copied off a page: three lines, then signatures that begin with a dash and go on in further lines.
fn rejoined(text: &str) -> Option<String> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let head: Vec<&str> = lines.by_ref().take(3).collect();
    let mut signatures: Vec<String> = Vec::new();
    for line in lines {
        match signatures.last_mut() {
            _ if line.starts_with('—') => signatures.push(line.to_owned()),
            // Broken after the name or within the base64.
            Some(last) if last.matches(' ').count() < 2 => last.extend([" ", line]),
            Some(last) => last.push_str(line),
            None => return None,
        }
    }
    Some(format!("{}\n\n{}\n", head.join("\n"), signatures.join("\n")))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use tlog_tiles::record_hash;

    /// A key pair of a published example of the signed-note format.
    pub(crate) fn key() -> SigningKey {
        let public =
            PublicKey::parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").expect("key");
        let text = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
        let (name, secret) = SigningKey::parts(text).expect("parts");
        assert_eq!(name, public.name);
        let key = SigningKey::new(public, secret);
        assert_eq!(key.to_text(), text);
        key
    }

    #[test]
    fn a_checkpoint_is_signed_read_back_and_cosigned() {
        let key = key();
        let checkpoint = Checkpoint { origin: "PeterNeumann/o/alpha".to_owned(), size: 3, root: record_hash(b"x") };
        let signed = key.sign(checkpoint.clone()).expect("signed");
        let mut read = SignedCheckpoint::parse(&signed.to_text()).expect("read");
        assert_eq!(read, signed);
        assert!(read.signed_by(&key.public) && read.signed_by(&key.public.named("PeterNeumann/o/alpha")));
        assert!(!read.signed_by(&key.public.named("Peter")), "another installation whose name begins alike");
        let witness = key.named("witness.example");
        let line = witness.cosign(&read, 1_800_000_000).expect("cosigned");
        read.add(&line).expect("added");
        read.add(&line).expect("added once");
        let again = SignedCheckpoint::parse(&read.to_text()).expect("read");
        assert_eq!(again.names().len(), 2);
        assert_eq!(again.cosigned_by(&witness.public), Some(1_800_000_000));
        assert_eq!(again.cosigned_by(&key.public), None);
        let vkey = witness.public.witness_vkey();
        assert_eq!(PublicKey::parse(&vkey), Ok(witness.public));
        let forged = signed.to_text().replacen("\n3\n", "\n2\n", 1);
        assert!(!SignedCheckpoint::parse(&forged).expect("well formed").signed_by(&key.public));
    }

    #[test]
    fn what_was_printed_is_read_back() {
        let checkpoint = Checkpoint { origin: "PeterNeumann/o/alpha".to_owned(), size: 3, root: record_hash(b"x") };
        let signed = key().sign(checkpoint.clone()).expect("signed");
        let note = signed.to_text();
        assert_eq!(Remembered::parse(&note), Ok(Remembered::Signed(signed.clone())));
        let line = checkpoint.to_line();
        for page in
            [format!("記録との照合\n{line}\n"), format!("記録との照合：{line}"), format!("Trail checkpoint: {line}")]
        {
            assert_eq!(Remembered::parse(&page), Ok(Remembered::Line(checkpoint.clone())), "{page}");
        }
        // As a page breaks it, and without the blank line.
        let (body, signature) = note.split_once("\n\n").expect("a note");
        let (first, rest) = signature.split_at(60);
        for broken in [
            format!("{body}\n{first}\n{rest}"),
            format!("{body}\n\n{}", signature.replacen("alpha ", "alpha\n", 1)),
            note.trim_end().to_owned(),
        ] {
            assert_eq!(Remembered::parse(&broken), Ok(Remembered::Signed(signed.clone())), "{broken}");
        }
        for none in ["", "a b c", "origin 3 abc", "one\ntwo\nthree\nfour"] {
            assert!(Remembered::parse(none).is_err(), "{none}");
        }
    }

    #[test]
    fn what_is_no_checkpoint_and_no_key_is_refused() {
        assert!(SignedCheckpoint::parse("origin\n3\nabc\n\n— x AAAAAAA=\n").is_err());
        assert!(PublicKey::parse("name+00000000+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").is_err());
        assert!(SigningKey::parts("PRIVATE+KEY+x").is_err());
    }
}
