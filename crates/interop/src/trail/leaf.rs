//! A leaf: one salted commitment per field of an event, so that a text can be forgotten and its proof stays.
//!
//! Each field has a salt of its own, made from the event's one salt. Of an event whose texts have expired the salt itself
//! is forgotten and only the salts of the fields that stay are kept: nobody can try names against a commitment.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use tlog_tiles::{Hash, record_hash};

/// Fields of an event.
pub const FIELD_COUNT: usize = 11;
/// Their names, in the order in which they are hashed.
pub const FIELDS: [&str; FIELD_COUNT] = [
    "at",
    "actor.id",
    "actor.name",
    "on-behalf-of.id",
    "on-behalf-of.name",
    "address",
    "action",
    "subject.kind",
    "subject.id",
    "before",
    "after",
];
/// Which of them are texts that may expire: names of people, addresses, what was written.
const EXPIRING: [bool; FIELD_COUNT] = [false, false, true, false, true, true, false, false, false, true, true];

/// Bytes of a salt.
pub const SALT: usize = 16;
/// Bytes of each commitment that are kept beside the leaf, to tell which field does not fit.
const MARK: usize = 3;

type Commitment = [u8; 32];

/// An event as the proof sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// Place in the trail, counted from 1; the leaf stands at `position - 1`.
    pub position: u64,
    pub values: [String; FIELD_COUNT],
    /// Base64 of the event's salt; empty when its texts have expired.
    pub salt: String,
    /// Base64 of what is kept of an event whose texts have expired; else empty.
    pub kept: String,
    /// Base64 of the hash of the leaf; it may be left out of an export.
    pub leaf: String,
    /// Base64 of the beginnings of the commitments and of the place; it may be left out of an export.
    pub marks: String,
}

fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

fn field_salt(salt: &[u8], field: usize) -> [u8; SALT] {
    let whole = digest(&[b"sakimori/trail/salt/v1\n", salt, FIELDS[field].as_bytes()]);
    std::array::from_fn(|byte| whole[byte])
}

fn commitment(salt: &[u8; SALT], field: usize, text: &str) -> Commitment {
    digest(&[b"sakimori/trail/field/v1\n", salt, FIELDS[field].as_bytes(), b"\n", text.as_bytes()])
}

/// The leaf's bytes: a line that says what it is, then the commitments in the order of [`FIELDS`].
fn leaf_of(commitments: &[Commitment; FIELD_COUNT]) -> Hash {
    let mut data = b"sakimori/trail/leaf/v1\n".to_vec();
    for commitment in commitments {
        data.extend_from_slice(commitment);
    }
    record_hash(&data)
}

fn place(leaf: &Hash, position: u64) -> [u8; 32] {
    digest(&[b"sakimori/trail/place/v1\n", &leaf.0, &position.to_be_bytes()])
}

impl Entry {
    /// Seals a new event at its position: fills in salt, leaf and marks.
    pub fn seal(&mut self, salt: &[u8; SALT]) {
        self.salt = STANDARD.encode(salt);
        self.kept = String::new();
        let commitments = std::array::from_fn(|field| commitment(&field_salt(salt, field), field, &self.values[field]));
        let leaf = leaf_of(&commitments);
        self.leaf = leaf.to_string();
        self.marks = marks(&commitments, &leaf, self.position);
    }

    /// The leaf that the fields make; `None` when the salt or what was kept cannot be read.
    pub fn leaf_hash(&self) -> Option<Hash> {
        self.commitments().map(|commitments| leaf_of(&commitments))
    }

    /// Whether the texts have expired.
    pub fn expired(&self) -> bool {
        !self.kept.is_empty()
    }

    /// Forgets the texts that may expire; the leaf stays what it was.
    pub fn expire(&mut self) -> bool {
        let (Some(commitments), Ok(salt)) = (self.commitments(), STANDARD.decode(&self.salt)) else { return false };
        if self.expired() {
            return false;
        }
        let mut kept = Vec::new();
        for field in 0..FIELD_COUNT {
            if EXPIRING[field] {
                kept.extend_from_slice(&commitments[field]);
                self.values[field] = String::new();
            } else {
                kept.extend_from_slice(&field_salt(&salt, field));
            }
        }
        self.kept = STANDARD.encode(kept);
        self.salt = String::new();
        true
    }

    fn commitments(&self) -> Option<[Commitment; FIELD_COUNT]> {
        if self.kept.is_empty() {
            let salt = STANDARD.decode(&self.salt).ok().filter(|salt| salt.len() == SALT)?;
            return Some(std::array::from_fn(|field| {
                commitment(&field_salt(&salt, field), field, &self.values[field])
            }));
        }
        let kept = STANDARD.decode(&self.kept).ok()?;
        let mut rest = kept.as_slice();
        let mut commitments = [[0; 32]; FIELD_COUNT];
        for field in 0..FIELD_COUNT {
            if EXPIRING[field] {
                // A text that stands again where one was forgotten was never proven.
                if !self.values[field].is_empty() {
                    return None;
                }
                let (own, after) = rest.split_first_chunk::<32>()?;
                (commitments[field], rest) = (*own, after);
            } else {
                let (salt, after) = rest.split_first_chunk::<SALT>()?;
                (commitments[field], rest) = (commitment(salt, field, &self.values[field]), after);
            }
        }
        rest.is_empty().then_some(commitments)
    }

    /// The fields whose commitments do not begin as they did; all of them unknown when the marks cannot be read.
    pub fn altered_fields(&self) -> Vec<&'static str> {
        let (Some(now), Ok(marks)) = (self.commitments(), STANDARD.decode(&self.marks)) else { return Vec::new() };
        if marks.len() != (FIELD_COUNT + 1) * MARK {
            return Vec::new();
        }
        let differs = |field: &usize| marks.get(field * MARK..(field + 1) * MARK) != Some(&now[*field][..MARK]);
        (0..FIELD_COUNT).filter(differs).map(|field| FIELDS[field]).collect()
    }

    /// Whether the event stands where it was written, by the mark of its place: true also when there is no mark.
    pub fn stands_at(&self, position: u64) -> bool {
        let (Ok(leaf), Ok(marks)) = (super::hash_of(&self.leaf), STANDARD.decode(&self.marks)) else { return true };
        marks.get(FIELD_COUNT * MARK..).is_none_or(|mark| mark == &place(&leaf, position)[..MARK])
    }
}

fn marks(commitments: &[Commitment; FIELD_COUNT], leaf: &Hash, position: u64) -> String {
    let mut marks: Vec<u8> = commitments.iter().flat_map(|commitment| commitment[..MARK].to_vec()).collect();
    marks.extend_from_slice(&place(leaf, position)[..MARK]);
    STANDARD.encode(marks)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        let mut entry =
            Entry { position: 7, values: std::array::from_fn(|field| format!("値{field}")), ..Entry::default() };
        entry.seal(&[5; SALT]);
        entry
    }

    #[test]
    fn a_changed_field_is_named_and_a_moved_event_seen() {
        let mut entry = entry();
        assert_eq!(entry.leaf_hash().expect("a leaf").to_string(), entry.leaf);
        assert!(entry.altered_fields().is_empty() && entry.stands_at(7) && !entry.stands_at(8));
        entry.values[10] = "ほかの値".to_owned();
        assert_ne!(entry.leaf_hash().expect("a leaf").to_string(), entry.leaf);
        assert_eq!(entry.altered_fields(), ["after"]);
    }

    #[test]
    fn texts_are_forgotten_and_the_leaf_stays() {
        let mut entry = entry();
        assert!(entry.expire() && !entry.expire());
        assert!(entry.salt.is_empty() && entry.values[2].is_empty() && !entry.values[6].is_empty());
        assert_eq!(entry.leaf_hash().expect("a leaf").to_string(), entry.leaf);
        assert!(entry.altered_fields().is_empty());
        let mut changed = entry.clone();
        changed.values[6] = "answer.other".to_owned();
        assert_eq!(changed.altered_fields(), ["action"]);
        entry.values[2] = "だれか".to_owned();
        assert_eq!(entry.leaf_hash(), None, "no text may be put where one was forgotten");
    }

    #[test]
    fn a_text_moved_to_the_next_field_is_another_leaf() {
        let mut one = Entry::default();
        let mut two = Entry::default();
        one.values[9] = "x".to_owned();
        two.values[10] = "x".to_owned();
        one.seal(&[1; SALT]);
        two.seal(&[1; SALT]);
        assert_ne!(one.leaf, two.leaf);
    }
}
