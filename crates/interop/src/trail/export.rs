//! An exported trail: JSON Lines, the first with the checkpoint and the keys, then one line per event. It needs nothing
//! beside the public key to be verified.

use std::io::{BufRead, Read as _};

use serde::{Deserialize, Serialize};

use super::TrailFault;
use super::audit::{Anchor, Finding, Walk};
use super::leaf::{Entry, FIELD_COUNT, FIELDS};
use super::note::{PublicKey, Remembered, SignedCheckpoint};
use super::proof::{FIRST_LINE, TlogProof};

/// Name and version of the format.
pub const FORMAT: &str = "sakimori-trail/1";
/// Longest line that is read: an event with what it changed.
const LINE_MAX: u64 = 16 << 20;

/// The first line.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Head {
    pub format: String,
    pub origin: String,
    /// The organisation's name when it was exported, for people.
    pub organisation: String,
    /// Verifier key of the log. For comparison only: take the key from elsewhere.
    pub key: String,
    /// The signed note over the events that follow.
    pub checkpoint: String,
    /// The newest one that a witness cosigned; empty without witnesses.
    #[serde(default)]
    pub witnessed: String,
}

/// The line of an event: its fields by their names, and what opens their commitments.
pub fn line(entry: &Entry) -> String {
    let mut object = serde_json::Map::new();
    object.insert("position".to_owned(), entry.position.into());
    for (name, value) in FIELDS.iter().zip(&entry.values) {
        object.insert((*name).to_owned(), value.as_str().into());
    }
    let opening = if entry.expired() { ("kept", &entry.kept) } else { ("salt", &entry.salt) };
    // The leaf and its marks prove nothing; with them a fault is named more closely.
    for (name, value) in [opening, ("leaf", &entry.leaf), ("marks", &entry.marks)] {
        object.insert(name.to_owned(), value.as_str().into());
    }
    serde_json::Value::Object(object).to_string()
}

/// The event of a line.
///
/// # Errors
/// [`TrailFault::Export`] with the number of the line.
pub fn entry(number: u64, line: &str) -> Result<Entry, TrailFault> {
    let fault = |why: &str| TrailFault::Export(format!("line {number}: {why}"));
    let object: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(line).map_err(|error| fault(&error.to_string()))?;
    let text = |name: &str| object.get(name).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
    let mut values: [String; FIELD_COUNT] = std::array::from_fn(|_| String::new());
    for (value, name) in values.iter_mut().zip(FIELDS) {
        if !object.contains_key(name) {
            return Err(fault(&format!("no {name}")));
        }
        *value = text(name);
    }
    let position = object.get("position").and_then(serde_json::Value::as_u64).filter(|p| *p > 0);
    let position = position.ok_or_else(|| fault("no position"))?;
    Ok(Entry { position, values, salt: text("salt"), kept: text("kept"), leaf: text("leaf"), marks: text("marks") })
}

/// What must hold beside the file itself.
#[derive(Default)]
pub struct Demand {
    /// The key that must have signed.
    pub key: Option<PublicKey>,
    /// Checkpoints given out before, with which the trail must agree.
    pub against: Vec<Remembered>,
    /// Witnesses that must have cosigned.
    pub witnesses: Vec<PublicKey>,
}

/// What came out.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Verdict {
    pub origin: String,
    pub events: u64,
    pub expired: u64,
    /// Size and short root of the checkpoint.
    pub checkpoint: u64,
    pub root: String,
    pub findings: Vec<Finding>,
    pub more_findings: u64,
}

/// Checks the log's signatures, and that each required witness stands at one of the checkpoints.
fn check_signatures(demand: &Demand, key: &PublicKey, given: &[&SignedCheckpoint], walk: &mut Walk) {
    for signed in given.iter().filter(|signed| !signed.signed_by(key)) {
        walk.found(Finding::NotSigned { checkpoint: signed.checkpoint.size });
    }
    let checkpoint = given.iter().map(|signed| signed.checkpoint.size).max().unwrap_or(0);
    for witness in &demand.witnesses {
        if given.iter().all(|signed| signed.cosigned_by(witness).is_none()) {
            walk.found(Finding::NotWitnessed { checkpoint, witness: witness.name.clone() });
        }
    }
}

/// Verifies an exported trail, or the proof of one event.
///
/// # Errors
/// The file is neither; it is not read further. What is read and is not true is a finding.
pub fn verify<R: BufRead>(mut file: R, demand: &Demand) -> Result<Verdict, TrailFault> {
    let fault = |why: String| TrailFault::Export(why);
    let mut line = String::new();
    let read = |file: &mut R, line: &mut String| {
        line.clear();
        let count = file.by_ref().take(LINE_MAX).read_line(line);
        count.map(|count| count > 0).map_err(|error| fault(error.to_string()))
    };
    read(&mut file, &mut line)?;
    if line.trim_end() == FIRST_LINE {
        let mut rest = String::new();
        file.by_ref().take(LINE_MAX).read_to_string(&mut rest).map_err(|error| TrailFault::Proof(error.to_string()))?;
        return verify_proof(&format!("{line}{rest}"), demand);
    }
    let head: Head = serde_json::from_str(&line).map_err(|error| fault(format!("line 1: {error}")))?;
    if head.format != FORMAT {
        return Err(fault(format!("line 1: the format is {}, not {FORMAT}", head.format)));
    }
    let signed = SignedCheckpoint::parse(&head.checkpoint)?;
    let own = PublicKey::parse(&head.key)?;
    let key = demand.key.as_ref().unwrap_or(&own);
    let mut walk = Walk::new();
    let witnessed = (!head.witnessed.is_empty()).then(|| SignedCheckpoint::parse(&head.witnessed)).transpose()?;
    let kept = demand.against.iter().filter_map(Remembered::signed);
    let given: Vec<&SignedCheckpoint> = std::iter::once(&signed).chain(witnessed.as_ref()).chain(kept).collect();
    check_signatures(demand, key, &given, &mut walk);
    let heads = given.iter().map(|note| &note.checkpoint).chain(demand.against.iter().map(Remembered::checkpoint));
    if let Some(other) = heads.clone().find(|head| head.origin != signed.checkpoint.origin) {
        return Err(TrailFault::Checkpoint(format!("it is of {}", other.origin)));
    }
    let anchors: Vec<Anchor> = heads.map(|head| Anchor { size: head.size, root: head.root }).collect();
    let mut number = 1;
    while read(&mut file, &mut line)? {
        number += 1;
        if !line.trim().is_empty() {
            walk.entry(&entry(number, &line)?);
            anchors.iter().for_each(|anchor| walk.anchor(anchor));
        }
    }
    if let Some(largest) = anchors.iter().map(|anchor| anchor.size).max() {
        walk.beyond(largest);
    }
    let (events, expired) = (walk.size(), walk.expired());
    let (findings, more_findings) = walk.end();
    let (checkpoint, root) = (signed.checkpoint.size, signed.checkpoint.short_root());
    Ok(Verdict { origin: signed.checkpoint.origin, events, expired, checkpoint, root, findings, more_findings })
}

fn verify_proof(text: &str, demand: &Demand) -> Result<Verdict, TrailFault> {
    let proof = TlogProof::parse(text)?;
    let event = entry(1, &proof.extra)?;
    let key = demand.key.as_ref().ok_or_else(|| TrailFault::Key("--key".to_owned()))?;
    let mut walk = Walk::new();
    check_signatures(demand, key, &[&proof.checkpoint], &mut walk);
    let right = event.position == proof.index + 1;
    let holds = event.leaf_hash().is_some_and(|leaf| proof.holds(leaf, key));
    let (findings, more_findings) = walk.end();
    let altered = (!right || !holds) && findings.is_empty();
    let findings =
        if altered { vec![Finding::Altered { event: event.position, fields: Vec::new() }] } else { findings };
    let checkpoint = proof.checkpoint.checkpoint;
    Ok(Verdict {
        events: 1,
        expired: u64::from(event.expired()),
        checkpoint: checkpoint.size,
        root: checkpoint.short_root(),
        origin: checkpoint.origin,
        findings,
        more_findings,
    })
}
