//! Random organisations, relations and steps: a model of a few lines says who sees what, and the product must agree.

use std::collections::BTreeMap;

use proptest::prelude::*;
use sakimori_app::tenancy::{self as app, visible};
use sakimori_domain::tenancy::{RelationKind, Side, State, What, rule};
use sakimori_testkit::people::carrier_profile;
use sakimori_testkit::{Database, TestApp};

const NAMES: [&str; 4] = ["kita", "higashi", "minami", "nishi"];

/// One thing that somebody does; numbers choose among what is there.
#[derive(Debug, Clone)]
enum Step {
    Offer { by: usize, upper: bool },
    Accept { by: usize, which: usize, shares: bool },
    Share { by: usize, which: usize, shares: bool },
    End { by: usize, which: usize },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let who = 0..NAMES.len();
    let step = prop_oneof![
        3 => (who.clone(), any::<bool>()).prop_map(|(by, upper)| Step::Offer { by, upper }),
        4 => (who.clone(), 0..6_usize, any::<bool>()).prop_map(|(by, which, shares)| Step::Accept { by, which, shares }),
        2 => (who.clone(), 0..6_usize, any::<bool>()).prop_map(|(by, which, shares)| Step::Share { by, which, shares }),
        1 => (who, 0..6_usize).prop_map(|(by, which)| Step::End { by, which }),
    ];
    proptest::collection::vec(step, 1..24)
}

/// What the model knows of a relation.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Known {
    upper: usize,
    lower: usize,
    shares: bool,
}

struct Scene {
    test: TestApp,
    /// Codes that nobody has accepted: who offered, on which side.
    codes: Vec<(String, usize, bool)>,
    /// By the pair; a second relation of a kind between two is refused.
    standing: BTreeMap<(usize, usize), Known>,
}

impl Scene {
    async fn step(&mut self, step: &Step) {
        let officer = |at: usize| self.test.officer(NAMES[at]);
        let chosen = |shares: bool| if shares { vec!["totals".to_owned(), "name".to_owned()] } else { Vec::new() };
        match *step {
            Step::Offer { by, upper } => {
                let side = if upper { "upper" } else { "lower" };
                let code = app::offer(&self.test.app, &officer(by), "group", side).await.expect("an offer");
                self.codes.push((code, by, upper));
            }
            Step::Accept { by, which, shares } => {
                let Some((code, offered, upper)) = self.codes.get(which).cloned() else { return };
                let (u, l) = if upper { (offered, by) } else { (by, offered) };
                let there = self.standing.contains_key(&(u, l)) || self.standing.contains_key(&(l, u));
                let done = app::accept(&self.test.app, &officer(by), &code, &chosen(shares)).await;
                assert_eq!(done.is_ok(), by != offered && !there, "{step:?}");
                if done.is_ok() {
                    self.codes.remove(which);
                    // The lower side alone shares; where it offered itself, it has not been asked yet.
                    self.standing.insert((u, l), Known { upper: u, lower: l, shares: shares && by == l });
                }
            }
            Step::Share { by, which, shares } => {
                let rows = app::list(&self.test.app, &officer(by)).await.expect("a list");
                let Some(row) = rows.get(which).map(|s| s.row.clone()) else { return };
                let (u, l) = (place(&row.relation.upper), place(&row.relation.lower));
                let done = app::share(&self.test.app, &officer(by), &row.id, row.version, &chosen(shares)).await;
                if let (Ok(()), Some(u), Some(l)) = (done, u, l)
                    && row.relation.state == State::Active
                {
                    assert_eq!(by, l, "only who is seen shares");
                    self.standing.insert((u, l), Known { upper: u, lower: l, shares });
                }
            }
            Step::End { by, which } => {
                let rows = app::list(&self.test.app, &officer(by)).await.expect("a list");
                let Some(row) = rows.get(which).map(|s| s.row.clone()) else { return };
                let done = app::end(&self.test.app, &officer(by), &row.id, row.version).await;
                assert_eq!(done.is_ok(), row.relation.state != State::Ended);
                if let (Some(u), Some(l)) = (place(&row.relation.upper), place(&row.relation.lower)) {
                    if row.relation.state == State::Active {
                        self.standing.remove(&(u, l));
                    }
                } else if done.is_ok() {
                    self.forget(&row.id).await;
                }
            }
        }
    }

    /// An offer that was taken back: its code does not work any more.
    async fn forget(&mut self, _id: &str) {
        let mut left = Vec::new();
        for (code, by, upper) in std::mem::take(&mut self.codes) {
            let other = self.test.officer(NAMES[(by + 1) % NAMES.len()]);
            if app::look(&self.test.app, &other, &code).await.is_ok() {
                left.push((code, by, upper));
            }
        }
        self.codes = left;
    }

    /// The model's word.
    fn should(&self, seer: usize, seen: usize, what: What) -> bool {
        let through = |known: &Known| match (
            known.upper == seer && known.lower == seen,
            known.lower == seer && known.upper == seen,
        ) {
            (true, _) => what != What::Totals || known.shares,
            (_, true) => what == What::Name,
            _ => false,
        };
        seer == seen || self.standing.values().any(through)
    }

    async fn agrees(&self) {
        let mut c = self.test.app.read().await.expect("a connection");
        for (seer, seer_name) in NAMES.iter().enumerate() {
            let officer = self.test.officer(seer_name);
            for (seen, seen_name) in NAMES.iter().enumerate() {
                for what in What::ALL {
                    let found = visible(&self.test.app, &mut c, &officer, seen_name, *what).await.expect("an answer");
                    assert_eq!(found, self.should(seer, seen, *what), "{seer_name} of {seen_name}: {what}");
                }
            }
            let members = app::members(&self.test.app, &officer).await.expect("members");
            let named: Vec<usize> = members.iter().filter_map(|m| place(m.name.trim_start_matches("架空の"))).collect();
            for (seen, seen_name) in NAMES.iter().enumerate() {
                let below = self.standing.contains_key(&(seer, seen));
                assert_eq!(named.contains(&seen), below, "{seer_name} lists {seen_name}");
            }
        }
    }
}

fn place(id: &str) -> Option<usize> {
    NAMES.iter().position(|name| *name == id)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, max_shrink_iters: 20, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_product_shows_what_the_model_says_and_nothing_more(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let test = TestApp::new(Database::Sqlite).await;
            for name in NAMES {
                test.bare_organisation(name, carrier_profile()).await;
            }
            let mut scene = Scene { test, codes: Vec::new(), standing: BTreeMap::new() };
            scene.agrees().await;
            for step in &steps {
                scene.step(step).await;
                scene.agrees().await;
            }
        });
    }
}

/// The rules themselves: what is not written down is no, and the model above knows every kind's rules.
#[test]
fn a_missing_rule_means_no() {
    let given: Vec<String> = RelationKind::ALL
        .iter()
        .flat_map(|kind| Side::ALL.iter().flat_map(move |side| What::ALL.iter().map(move |what| (*kind, *side, *what))))
        .filter(|(kind, side, what)| rule(*kind, *side, *what).is_some())
        .map(|(kind, side, what)| format!("{kind} {side} {what}"))
        .collect();
    let expected = [
        "group upper name",
        "group upper sectors",
        "group upper totals",
        "group lower name",
        "sector-body upper name",
        "sector-body upper sectors",
        "sector-body upper totals",
        "sector-body lower name",
        "supervision upper name",
        "supervision upper sectors",
        "supervision lower name",
        "national upper name",
        "national lower name",
    ];
    assert_eq!(given, expected);
}
