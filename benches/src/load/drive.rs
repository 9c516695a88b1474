//! People who turn pages: one kept-open connection each, a pause after every page.

use std::time::Duration;

use anyhow::Result;
use serde_json::Value;

use super::fill::{Filled, id_of, organisation_of};
use crate::clock::{Durations, Watch};
use crate::http::{Client, Session};

/// The pages and how often in a hundred.
const PAGES: [(&str, u64); 10] = [
    ("home", 22),
    ("assessments", 6),
    ("sheet", 14),
    ("rows as JSON", 10),
    ("one answer", 8),
    ("search", 10),
    ("item", 8),
    ("trail", 6),
    ("requests", 4),
    ("save one answer", 12),
];
const WORDS: [&str; 6] = ["監査", "記録", "委託", "アクセス", "暗号", "教育 訓練"];

/// What came of a drive.
pub struct Driven {
    pub pages: Vec<(&'static str, Durations)>,
    pub errors: usize,
    pub first_error: Option<String>,
    pub seconds: f64,
}

/// A small generator: the same pages in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end.max(1)
    }

    fn of<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        list.get(usize::try_from(self.below(list.len() as u64)).ok()?)
    }
}

/// Lets everybody turn pages for a while.
///
/// # Errors
/// Somebody cannot connect.
pub async fn drive(address: &str, filled: &Filled, users: usize, pause: Duration, time: Duration) -> Result<Driven> {
    let watch = Watch::start();
    let mut people = tokio::task::JoinSet::new();
    for user in 1..=users {
        let session = Session::of(&format!("sakimori={user:064}"), "load");
        let client = Client::connect(address, &session).await?;
        let organisation = organisation_of(user, filled.organisations);
        let person = Person {
            client,
            address: address.to_owned(),
            session,
            dice: Dice(0x9E37_79B9_7F4A_7C15 ^ (user as u64 * 0x0100_0193)),
            assessment: id_of(&filled.assessment, organisation),
            answers: filled.answers.iter().map(|id| id_of(id, organisation)).collect(),
            items: filled.items.clone(),
            edition: filled.edition.clone(),
            mine: user % filled.answers.len(),
            saved: 0,
        };
        people.spawn(person.turn_pages(watch, pause, time));
    }
    let mut driven = Driven {
        pages: PAGES.iter().map(|(name, _)| (*name, Durations::default())).collect(),
        errors: 0,
        first_error: None,
        seconds: time.as_secs_f64(),
    };
    while let Some(person) = people.join_next().await {
        for (page, result) in person? {
            match result {
                Ok(took) => driven.pages[page].1.add(took),
                Err(error) => {
                    driven.errors += 1;
                    driven.first_error.get_or_insert(format!("{}: {error:#}", PAGES[page].0));
                }
            }
        }
    }
    Ok(driven)
}

struct Person {
    client: Client,
    address: String,
    session: Session,
    dice: Dice,
    assessment: String,
    answers: Vec<String>,
    items: Vec<String>,
    edition: String,
    /// The answer that this person writes.
    mine: usize,
    saved: u64,
}

impl Person {
    async fn turn_pages(mut self, watch: Watch, pause: Duration, time: Duration) -> Vec<(usize, Result<Duration>)> {
        let mut done = Vec::new();
        loop {
            // Between nothing and twice the mean.
            let share = self.dice.below(2000);
            tokio::time::sleep(pause.mul_f64(share as f64 / 1000.0)).await;
            if watch.elapsed() >= time {
                return done;
            }
            let page = self.choose();
            let result = self.page(page).await;
            if result.is_err()
                && let Ok(client) = Client::connect(&self.address, &self.session).await
            {
                self.client = client;
            }
            done.push((page, result));
        }
    }

    fn choose(&mut self) -> usize {
        let mut left = self.dice.below(100);
        for (at, (_, share)) in PAGES.iter().enumerate() {
            if left < *share {
                return at;
            }
            left -= share;
        }
        0
    }

    async fn page(&mut self, page: usize) -> Result<Duration> {
        let assessment = &self.assessment;
        let answer = self.dice.of(&self.answers).cloned().unwrap_or_default();
        let path = match page {
            1 => "/assessments".to_owned(),
            2 => format!("/assessments/{assessment}"),
            3 => format!("/api/v1/assessments/{assessment}/answers"),
            4 => format!("/answers/{answer}"),
            5 => {
                let word = self.dice.of(&WORDS).copied().unwrap_or_default();
                format!("/search?{}", form_urlencoded::Serializer::new(String::new()).append_pair("q", word).finish())
            }
            6 => {
                let item = self.dice.of(&self.items).cloned().unwrap_or_default();
                let item: String = item.split('/').map(escaped).collect::<Vec<_>>().join("/");
                format!("/standards/{}/{item}", self.edition)
            }
            7 => "/trail".to_owned(),
            8 => "/requests".to_owned(),
            9 => return self.save().await,
            _ => "/".to_owned(),
        };
        let watch = Watch::start();
        self.client.get(&path).await?;
        Ok(watch.elapsed())
    }

    /// Writes a field of the own answer. Others may write other fields of it meanwhile: fields merge.
    async fn save(&mut self) -> Result<Duration> {
        self.saved += 1;
        let path = format!("/api/v1/answers/{}", self.answers[self.mine]);
        let text = format!("{}回目に確かめ、残る局舎の予定を委託先と取り決めた。", self.saved);
        let mut version = 1;
        let mut took = Duration::ZERO;
        for _ in 0..3 {
            let body = serde_json::json!({ "version": version, "plan": text }).to_string();
            let watch = Watch::start();
            let status = self.client.send("PATCH", &path, "application/json", &body).await?;
            took += watch.elapsed();
            let told: Value = serde_json::from_slice(self.client.body())?;
            match (status, told["version"].as_i64()) {
                (200, _) => return Ok(took),
                // The last drive wrote it, or somebody else: go on from there.
                (409, Some(now)) => version = now,
                _ => anyhow::bail!("PATCH {path}: status {status}: {told}"),
            }
        }
        anyhow::bail!("PATCH {path}: contested three times")
    }
}

fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
