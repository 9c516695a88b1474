//! A Crosswalk read from one side.

use std::collections::HashMap;
use std::sync::Arc;

use sakimori_domain::crosswalk::suggest::Synonyms;
use sakimori_domain::crosswalk::{Cover, Link, MappingStatus, Relation, coverage};
use sakimori_domain::identity::Permission;
use sakimori_store::crosswalk::{self as store, Crosswalk, Mapping};
use sakimori_store::trail;

use super::kept::{EditionText, Key, Suggestions};
use crate::{Actor, App, Refusal, Result};

/// From which side a Crosswalk is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Direction {
    /// The items are the source's.
    #[default]
    Forward,
    /// The items are the target's; relations are turned around.
    Reverse,
}

impl Direction {
    /// Stable code of addresses; anything else reads forward.
    pub fn from_code(code: &str) -> Self {
        if code == "reverse" { Self::Reverse } else { Self::Forward }
    }

    /// Stable code of addresses; empty for the usual one.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Forward => "",
            Self::Reverse => "reverse",
        }
    }

    /// The other way.
    pub const fn turned(self) -> Self {
        match self {
            Self::Forward => Self::Reverse,
            Self::Reverse => Self::Forward,
        }
    }
}

/// A Mapping as it reads from one side.
#[derive(Debug, Clone)]
pub struct Reading {
    /// Number in the Edition whose items are walked through; empty where the other side's Provision has no counterpart.
    pub own: String,
    /// Number in the other Edition; empty: no counterpart.
    pub other: String,
    pub relation: Relation,
    pub mapping: Mapping,
}

impl Reading {
    fn of(mapping: Mapping, direction: Direction) -> Self {
        let (source, target) = (mapping.source_number.clone(), mapping.target_number.clone());
        match direction {
            Direction::Forward => Self { own: source, other: target, relation: mapping.relation, mapping },
            Direction::Reverse => Self { own: target, other: source, relation: mapping.relation.reversed(), mapping },
        }
    }

    /// Somebody confirmed it.
    pub fn is_confirmed(&self) -> bool {
        self.mapping.status == MappingStatus::Confirmed
    }

    /// Somebody said that it is none.
    pub fn is_rejected(&self) -> bool {
        self.mapping.status == MappingStatus::Rejected
    }

    /// The second reviewer disagreed, and nobody has decided anew since.
    pub fn is_disputed(&self) -> bool {
        self.mapping.review == "disagreed"
    }

    /// As the rules of the domain read it, if it counts as a fact.
    pub fn link(&self) -> Option<Link<'_>> {
        self.is_confirmed().then_some(Link { source: &self.own, target: &self.other, relation: self.relation })
    }
}

/// How many items are covered, partly, not, not judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    pub covered: usize,
    pub partly: usize,
    pub not: usize,
    pub unjudged: usize,
}

impl Progress {
    /// All items.
    pub const fn total(&self) -> usize {
        self.covered + self.partly + self.not + self.unjudged
    }

    /// Items of which something has been said.
    pub const fn judged(&self) -> usize {
        self.covered + self.partly + self.not
    }
}

/// A Crosswalk with both Editions and all its Mappings, read from one side.
pub struct View {
    pub crosswalk: Crosswalk,
    pub direction: Direction,
    /// The Edition whose items are walked through.
    pub own: Arc<EditionText>,
    pub other: Arc<EditionText>,
    /// In the order of the own numbers as text.
    pub readings: Vec<Reading>,
    /// Cover of every Provision of `own`, in its order.
    pub covers: Vec<Cover>,
    synonyms: Synonyms,
}

impl View {
    /// Covers of the items, which leaves headings and definitions out.
    pub fn progress(&self) -> Progress {
        super::counted(self.own.items.iter().filter_map(|at| self.covers.get(*at)).copied())
    }

    /// The Mappings of an own Provision.
    pub fn of(&self, number: &str) -> impl Iterator<Item = &Reading> {
        self.readings.iter().filter(move |reading| reading.own == number)
    }

    /// The suggestions for the own items.
    pub(super) fn suggestions(&self, app: &App) -> Arc<Suggestions> {
        let sides = (&self.own, &self.other);
        app.crosswalks.suggestions(&self.crosswalk.id, self.direction, sides, &self.synonyms, &self.readings)
    }

    /// Cover of an own Provision by its place in the Edition.
    pub fn cover(&self, at: usize) -> Cover {
        self.covers.get(at).copied().unwrap_or(Cover::Unjudged)
    }
}

/// Reads a Crosswalk. Texts are loaded again only when something of the organisation has changed since.
///
/// # Errors
/// A Crosswalk that is not the actor's; a role that may not; a database error.
pub async fn view(app: &App, actor: &Actor, id: &str, direction: Direction) -> Result<View> {
    actor.require(Permission::ReadCrosswalk)?;
    let mut c = app.read().await?;
    let organisation_id = &actor.organisation_id;
    let stamp = trail::stamp(&mut c, organisation_id).await?;
    let crosswalk = store::crosswalk(&mut c, organisation_id, id).await?.ok_or_else(Refusal::not_found)?;
    let mappings = store::mappings(&mut c, organisation_id, id).await?;
    let key = |edition: &str| Key { organisation_id: organisation_id.clone(), edition_id: edition.to_owned() };
    let source = app.crosswalks.text(&mut c, key(&crosswalk.source_edition), stamp).await?;
    let target = app.crosswalks.text(&mut c, key(&crosswalk.target_edition), stamp).await?;
    let synonyms = super::kept::synonyms(&mut c, organisation_id).await?;
    drop(c);
    let (own, other) = match direction {
        Direction::Forward => (source, target),
        Direction::Reverse => (target, source),
    };
    let mut readings: Vec<Reading> = mappings.into_iter().map(|mapping| Reading::of(mapping, direction)).collect();
    readings.sort_by(|a, b| (&a.own, &a.other).cmp(&(&b.own, &b.other)));
    let tree: Vec<(&str, &str)> = own.tree().collect();
    let links: Vec<Link<'_>> = readings.iter().filter_map(Reading::link).collect();
    let covers = coverage(&tree, &links);
    Ok(View { crosswalk, direction, own, other, readings, covers, synonyms })
}

/// Names of the organisation's people by account, for "judged by".
pub(super) async fn names(app: &App, organisation_id: &str) -> Result<HashMap<String, String>> {
    let members = sakimori_store::identity::members(&mut app.read().await?, organisation_id).await?;
    Ok(members.into_iter().map(|member| (member.account_id, member.display_name)).collect())
}
