//! Editions and their suggestions, kept in memory so that a page of the desk costs a few milliseconds.
//!
//! Texts are kept under the trail's stamp: every write moves it, so kept texts are never older than the last write.
//! A suggester is kept for one pair of texts and one table of synonyms. What people have judged since it was built only
//! makes the order a little better; it is built anew beside, off the asynchronous threads, while the present one answers.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use sakimori_domain::crosswalk::suggest::{Candidate, Judged, Suggester, Synonyms};
use sakimori_domain::standards::Provision;
use sakimori_store::Connection;
use sakimori_store::crosswalk as store;
use sakimori_store::edition::{self, EditionEntry, ProvisionEntry};
use sakimori_store::trail::Stamp;

use super::view::{Direction, Reading};
use crate::{AppError, Refusal, Result};

/// Most Editions and most suggesters kept at one time; an Edition takes about 1 MB, a suggester a few.
const KEPT_MAX: usize = 16;

/// A candidate of the other Edition.
pub type Suggestion = Candidate;

/// An Edition as the crosswalk reads it.
pub struct EditionText {
    pub entry: EditionEntry,
    pub provisions: Vec<ProvisionEntry>,
    /// Places of the Provisions that are judged: controls; where there are none, what has nothing below it.
    pub items: Vec<usize>,
    places: HashMap<String, usize>,
    /// As the suggester reads them: our own words stand in for a text that is not loaded.
    read: Vec<Provision>,
}

impl EditionText {
    fn new(entry: EditionEntry, provisions: Vec<ProvisionEntry>) -> Self {
        let places: HashMap<String, usize> =
            provisions.iter().enumerate().map(|(at, e)| (e.provision.id.clone(), at)).collect();
        let mut items: Vec<usize> = (0..provisions.len())
            .filter(|at| provisions.get(*at).is_some_and(|e| e.provision.is_answerable()))
            .collect();
        if items.is_empty() {
            let parents: std::collections::HashSet<&str> =
                provisions.iter().filter_map(|e| e.provision.parent.as_deref()).collect();
            items = (0..provisions.len())
                .filter(|at| provisions.get(*at).is_some_and(|e| !parents.contains(e.provision.id.as_str())))
                .collect();
        }
        let read = provisions.iter().map(read).collect();
        Self { entry, provisions, items, places, read }
    }

    /// The place of a number.
    pub fn place(&self, number: &str) -> Option<usize> {
        self.places.get(number).copied()
    }

    /// The Provision of a number.
    pub fn get(&self, number: &str) -> Option<&ProvisionEntry> {
        self.place(number).and_then(|at| self.provisions.get(at))
    }

    /// Number and parent's number of every Provision, in order.
    pub fn tree(&self) -> impl Iterator<Item = (&str, &str)> {
        self.provisions.iter().map(|e| (e.provision.id.as_str(), e.provision.parent.as_deref().unwrap_or("")))
    }

    /// From the top of the tree down to the parent.
    pub fn path(&self, number: &str) -> Vec<&ProvisionEntry> {
        let mut found = Vec::new();
        let mut next = self.get(number).and_then(|e| e.provision.parent.as_deref());
        // The depth of a tree bounds this, even if kept parents formed a ring.
        while let Some(entry) = next.and_then(|number| self.get(number)).filter(|_| found.len() < 32) {
            found.push(entry);
            next = entry.provision.parent.as_deref();
        }
        found.reverse();
        found
    }

    fn says_the_same(&self, other: &Self) -> bool {
        self.entry.id == other.entry.id && self.read == other.read
    }
}

/// A Provision with our own question and explanation where the official text is not loaded.
fn read(entry: &ProvisionEntry) -> Provision {
    let mut provision = entry.provision.clone();
    if !entry.has_text {
        provision.text = [entry.guide.question.as_str(), entry.guide.explanation.as_str()].join("\n").trim().to_owned();
    }
    provision
}

/// Words that mean the same: those that ship and the organisation's own.
pub(crate) async fn synonyms(c: &mut Connection, organisation_id: &str) -> Result<Synonyms> {
    let own = store::synonym_groups(c, organisation_id).await?;
    if own.is_empty() {
        return Ok(SHIPPED_ALONE.clone());
    }
    let own = own.into_iter().map(|group| group.words);
    Ok(Synonyms::from_groups(SHIPPED.iter().cloned().chain(own).collect()))
}

/// The groups of words that ship with the product.
pub(super) static SHIPPED: LazyLock<Vec<Vec<String>>> = LazyLock::new(sakimori_interop::synonyms::built_in);
static SHIPPED_ALONE: LazyLock<Synonyms> = LazyLock::new(|| Synonyms::from_groups(SHIPPED.clone()));

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    pub organisation_id: String,
    pub edition_id: String,
}

struct KeptText {
    key: Key,
    stamp: Stamp,
    text: Arc<EditionText>,
}

struct KeptSuggester {
    crosswalk_id: String,
    direction: Direction,
    own: Arc<EditionText>,
    other: Arc<EditionText>,
    synonyms: Synonyms,
    suggestions: Arc<Suggestions>,
}

/// What is kept in memory.
#[derive(Default)]
pub struct Kept {
    texts: Mutex<Vec<KeptText>>,
    suggesters: Mutex<Vec<KeptSuggester>>,
}

/// The judgements that a suggester learns from: own number, other number, confirmed.
type Lessons = Vec<(String, String, bool)>;

/// Suggestions of one pair in one direction. Built when they are asked for first.
pub struct Suggestions {
    own: Arc<EditionText>,
    other: Arc<EditionText>,
    synonyms: Synonyms,
    /// What has been judged by now.
    lessons: Mutex<Arc<Lessons>>,
    built: Mutex<Option<Built>>,
    first: tokio::sync::Mutex<()>,
    building: AtomicBool,
}

#[derive(Clone)]
struct Built {
    lessons: Arc<Lessons>,
    suggester: Arc<Suggester>,
}

impl Kept {
    /// An Edition with its texts.
    pub(super) async fn text(&self, c: &mut Connection, key: Key, stamp: Stamp) -> Result<Arc<EditionText>> {
        let before = {
            let kept = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
            match kept.iter().find(|k| k.key == key) {
                Some(k) if k.stamp == stamp => return Ok(k.text.clone()),
                Some(k) => Some(k.text.clone()),
                None => None,
            }
        };
        let entry = edition::edition(c, &key.organisation_id, &key.edition_id).await?.ok_or_else(Refusal::not_found)?;
        let provisions = edition::provisions(c, &key.organisation_id, &key.edition_id).await?;
        let fresh = EditionText::new(entry, provisions);
        // The same text stays the same in memory, so that what was worked out from it is still known to be right.
        let text = match before {
            Some(before) if before.says_the_same(&fresh) => before,
            _ => Arc::new(fresh),
        };
        let mut kept = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|k| k.key != key);
        kept.push(KeptText { key, stamp, text: text.clone() });
        if kept.len() > KEPT_MAX {
            kept.remove(0);
        }
        Ok(text)
    }

    /// The suggestions of a Crosswalk for these texts, synonyms and judgements.
    pub(super) fn suggestions(
        &self,
        crosswalk_id: &str,
        direction: Direction,
        (own, other): (&Arc<EditionText>, &Arc<EditionText>),
        synonyms: &Synonyms,
        readings: &[Reading],
    ) -> Arc<Suggestions> {
        let lessons: Lessons = readings
            .iter()
            .filter(|r| !r.own.is_empty() && !r.other.is_empty() && (r.is_confirmed() || r.is_rejected()))
            .map(|r| (r.own.clone(), r.other.clone(), r.is_confirmed()))
            .collect();
        let mut kept = self.suggesters.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |k: &&KeptSuggester| k.crosswalk_id == crosswalk_id && k.direction == direction;
        if let Some(k) = kept.iter().find(same)
            && Arc::ptr_eq(&k.own, own)
            && Arc::ptr_eq(&k.other, other)
            && k.synonyms == *synonyms
        {
            k.suggestions.learn(lessons);
            return k.suggestions.clone();
        }
        kept.retain(|k| !same(&k));
        let suggestions = Arc::new(Suggestions {
            own: own.clone(),
            other: other.clone(),
            synonyms: synonyms.clone(),
            lessons: Mutex::new(Arc::new(lessons)),
            built: Mutex::new(None),
            first: tokio::sync::Mutex::new(()),
            building: AtomicBool::new(false),
        });
        kept.push(KeptSuggester {
            crosswalk_id: crosswalk_id.to_owned(),
            direction,
            own: own.clone(),
            other: other.clone(),
            synonyms: synonyms.clone(),
            suggestions: suggestions.clone(),
        });
        if kept.len() > KEPT_MAX {
            kept.remove(0);
        }
        suggestions
    }
}

impl Suggestions {
    fn learn(&self, lessons: Lessons) {
        let mut now = self.lessons.lock().unwrap_or_else(PoisonError::into_inner);
        if **now != lessons {
            *now = Arc::new(lessons);
        }
    }

    fn lessons(&self) -> Arc<Lessons> {
        self.lessons.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn present(&self) -> Option<Built> {
        self.built.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Builds with what has been judged by now.
    fn build(&self) -> Arc<Suggester> {
        let lessons = self.lessons();
        let judged: Vec<Judged<'_>> = lessons
            .iter()
            .map(|(source, target, confirmed)| Judged { source, target, confirmed: *confirmed })
            .collect();
        let suggester = Arc::new(Suggester::new(&self.own.read, &self.other.read, &self.synonyms, &judged));
        *self.built.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(Built { lessons, suggester: suggester.clone() });
        suggester
    }

    /// The suggester with every judgement in it: what files and the API give.
    pub(super) async fn exact(self: &Arc<Self>) -> Result<Arc<Suggester>> {
        if let Some(built) = self.present().filter(|built| built.lessons == self.lessons()) {
            return Ok(built.suggester);
        }
        let this = self.clone();
        tokio::task::spawn_blocking(move || this.build())
            .await
            .map_err(|error| AppError::Internal(format!("suggestions: {error}")))
    }

    /// The present suggester; where judgements have come in since, the next one is built beside.
    pub(super) async fn ready(self: &Arc<Self>) -> Result<Arc<Suggester>> {
        let Some(built) = self.present() else {
            // One builds, the others wait for it.
            let _turn = self.first.lock().await;
            return match self.present() {
                Some(built) => Ok(built.suggester),
                None => self.exact().await,
            };
        };
        if built.lessons != self.lessons() && !self.building.swap(true, Ordering::AcqRel) {
            let this = self.clone();
            tokio::task::spawn_blocking(move || {
                this.build();
                this.building.store(false, Ordering::Release);
            });
        }
        Ok(built.suggester)
    }
}
