//! Properties of the trail's proof: whatever is written verifies, and whatever single thing is done to it is named.
//! Pure, on exports; what somebody with the whole database can do is in `trail_proof`.

use proptest::prelude::*;
use sakimori_app::trail::TrailKey;
use sakimori_interop::trail::export::{self, Demand, Head};
use sakimori_interop::trail::{Checkpoint, Edge, Entry, Finding, SignedCheckpoint, hash_of};

const ORIGIN: &str = "sakimori.example/o/alpha";

fn key() -> TrailKey {
    TrailKey::from_secret("sakimori.example", [9; 32]).expect("a key")
}

prop_compose! {
    fn some_event()(values in prop::collection::vec("[ -~あ-ん\\n\"]{0,12}", 11), salt in prop::array::uniform16(any::<u8>()))
        -> ([String; 11], [u8; 16]) {
        (values.try_into().expect("eleven"), salt)
    }
}

/// A trail of these events, some of which have expired, and the checkpoint over it.
fn trail(events: &[([String; 11], [u8; 16])], expired: &[bool]) -> (Vec<Entry>, SignedCheckpoint) {
    let mut edge = Edge::default();
    let mut entries = Vec::new();
    for (at, (values, salt)) in events.iter().enumerate() {
        let mut entry = Entry { position: at as u64 + 1, values: values.clone(), ..Entry::default() };
        entry.seal(salt);
        edge.push(hash_of(&entry.leaf).expect("a leaf"));
        if expired.get(at).copied().unwrap_or(false) {
            assert!(entry.expire());
        }
        entries.push(entry);
    }
    let checkpoint = Checkpoint { origin: ORIGIN.to_owned(), size: edge.size(), root: edge.root() };
    (entries, key().signing().sign(checkpoint).expect("signed"))
}

fn findings(entries: &[Entry], signed: &SignedCheckpoint) -> Vec<Finding> {
    let head = Head {
        format: export::FORMAT.to_owned(),
        origin: ORIGIN.to_owned(),
        organisation: "架空の組織".to_owned(),
        key: key().publics()[0].named(ORIGIN).vkey(),
        checkpoint: signed.to_text(),
        witnessed: String::new(),
    };
    let mut file = serde_json::to_string(&head).expect("a head") + "\n";
    for entry in entries {
        file += &(export::line(entry) + "\n");
    }
    let demand = Demand { key: Some(key().publics()[0].clone()), ..Demand::default() };
    export::verify(file.as_bytes(), &demand).expect("an export").findings
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_written_verifies(
        events in prop::collection::vec(some_event(), 1..40),
        expired in prop::collection::vec(any::<bool>(), 40),
    ) {
        let (entries, signed) = trail(&events, &expired);
        prop_assert_eq!(findings(&entries, &signed), []);
    }

    #[test]
    fn an_altered_field_is_named(
        events in prop::collection::vec(some_event(), 1..30),
        expired in prop::collection::vec(any::<bool>(), 30),
        at in any::<prop::sample::Index>(),
        field in 0..11_usize,
    ) {
        let (mut entries, signed) = trail(&events, &expired);
        let at = at.index(entries.len());
        entries[at].values[field].push('x');
        let event = at as u64 + 1;
        let found = findings(&entries, &signed);
        let named = matches!(&found[..], [Finding::Altered { event: named, fields }]
            if *named == event && (fields.len() == 1 || entries[at].expired()));
        prop_assert!(named, "{:?}", found);
    }

    #[test]
    fn a_removed_event_is_named(
        events in prop::collection::vec(some_event(), 2..30),
        at in any::<prop::sample::Index>(),
    ) {
        let (mut entries, signed) = trail(&events, &[]);
        let at = at.index(entries.len());
        let is_last = at == entries.len() - 1;
        entries.remove(at);
        let event = at as u64 + 1;
        let found = findings(&entries, &signed);
        if is_last {
            let rolled_back = Finding::RolledBack { events: at as u64, checkpoint: event };
            prop_assert_eq!(&found[0], &rolled_back);
        } else {
            let removed = Finding::Removed { first: event, last: event };
            prop_assert_eq!(&found[0], &removed);
        }
    }

    #[test]
    fn two_events_that_changed_places_are_named(
        events in prop::collection::vec(some_event(), 2..30),
        one in any::<prop::sample::Index>(),
        two in any::<prop::sample::Index>(),
    ) {
        let (mut entries, signed) = trail(&events, &[]);
        let (one, two) = (one.index(entries.len()), two.index(entries.len()));
        prop_assume!(one != two && entries[one].leaf != entries[two].leaf);
        entries.swap(one, two);
        for (at, entry) in entries.iter_mut().enumerate() {
            entry.position = at as u64 + 1;
        }
        let (first, second) = (one.min(two) as u64 + 1, one.max(two) as u64 + 1);
        let found = findings(&entries, &signed);
        // A neighbour that moved up looks like one that was removed before it.
        let named = match &found[..] {
            [Finding::Reordered { event, with }, ..] => (*event, *with) == (first, second),
            [Finding::Removed { first: gone, .. }, ..] => *gone == first && second == first + 1,
            _ => false,
        };
        prop_assert!(named, "{} and {}: {:?}", first, second, found);
    }

    #[test]
    fn an_inserted_event_and_a_forged_root_are_found(
        events in prop::collection::vec(some_event(), 2..30),
        more in some_event(),
        at in any::<prop::sample::Index>(),
    ) {
        let (entries, signed) = trail(&events, &[]);
        let mut longer = events.clone();
        longer.insert(at.index(events.len() + 1), more);
        let (forged, _) = trail(&longer, &[]);
        prop_assert!(!findings(&forged, &signed).is_empty() || forged[..entries.len()] == entries[..]);
        let (_, mut other) = trail(&longer, &[]);
        other.checkpoint.origin = ORIGIN.to_owned();
        prop_assert!(!findings(&entries, &other).is_empty(), "fewer events than were signed");
    }
}

/// An auditor is handed a file by somebody who may mean ill: it must not take for ever.
#[test]
fn an_event_that_claims_a_place_far_away_does_not_take_for_ever() {
    let events: Vec<_> = (0..3_u8).map(|n| (std::array::from_fn(|field| format!("{n}{field}")), [n; 16])).collect();
    for far in [u64::MAX, u64::MAX - 1, u64::MAX / 2] {
        let (mut entries, signed) = trail(&events, &[]);
        entries[2].position = far;
        let found = findings(&entries, &signed);
        assert!(matches!(found[0], Finding::Removed { first: 3, .. }), "{found:?}");
        let (mut entries, signed) = trail(&events, &[]);
        entries[0].position = far;
        assert!(matches!(findings(&entries, &signed)[0], Finding::Removed { first: 1, .. }));
    }
}
