//! Are these the keys of this database? Asked at every start, before anything is sealed or opened.
//!
//! The database keeps, per key that sealed something, its public half and a known value sealed with it. Starting with
//! other keys would seal new things with a key that nobody keeps, and open nothing of the old.

use sakimori_store::durable::{self as store, SealKey};
use serde_json::json;

use crate::{Actor, App, Refusal, RefusalKind, Result};

const KNOWN: &[u8] = b"sakimori key check";

/// The keys that a database needs, before the application is there: none in a new one.
///
/// # Errors
/// A database error.
pub async fn needed(database: &sakimori_store::Store) -> Result<Vec<String>> {
    let mut c = database.read().await?;
    Ok(store::seal_keys(&mut c).await?.into_iter().filter(|key| key.state != "retired").map(|key| key.key_id).collect())
}

/// Refuses to go on with keys that are not this database's; a new key on top of the right ones is noted.
///
/// # Errors
/// A key is missing that the database needs; a database error.
pub async fn require(app: &App) -> Result<()> {
    let known = store::seal_keys(&mut app.read().await?).await?;
    if known.iter().any(|key| key.state == "sealing" && key.key_id == app.keys().id()) {
        return require_all(app, &known);
    }
    note_sealing_key(app).await
}

/// Notes the key that seals now, after making sure, in the same transaction, that the others are there.
///
/// # Errors
/// As [`require`].
pub async fn note_sealing_key(app: &App) -> Result<()> {
    let system = Actor::system("");
    let mut op = app.operate_as(&system).await?;
    let id = app.keys().id();
    // The event first: its trail is the lock behind which two first starts stand in line.
    op.trail_new("key.seal", ("key", &id), &json!({ "key": id })).await?;
    require_all(app, &store::seal_keys(&mut op.write).await?)?;
    let check_value = app.keys().seal_text(KNOWN)?;
    let key = SealKey { key_id: id, check_value, state: "sealing".to_owned(), added_at: op.now.clone() };
    store::add_seal_key(&mut op.write, &key).await?;
    op.commit().await
}

fn require_all(app: &App, known: &[SealKey]) -> Result<()> {
    for key in known.iter().filter(|key| key.state != "retired") {
        if !app.keys().unseal_text(&key.check_value).is_ok_and(|plain| plain == KNOWN) {
            return Err(wrong_key(&key.key_id, &app.keys().ids()).into());
        }
    }
    Ok(())
}

/// What an operator is told whose keys are not those of the database.
pub fn wrong_key(needed: &str, given: &[String]) -> Refusal {
    let given = if given.is_empty() { "-".to_owned() } else { given.join(", ") };
    Refusal::new(
        RefusalKind::Storage,
        "wrong-key",
        format!("このデータは鍵 {needed} で封印されていますが、その鍵がありません（あるのは {given}）。"),
        format!("this data is sealed with key {needed}, which is not among those given ({given})."),
    )
    .next(
        "金庫などに控えた鍵ファイルを --key-file か SAKIMORI_KEY で指定してください。新しい鍵は作っていません。",
        "Give the key file that you keep in the safe with --key-file or SAKIMORI_KEY. No new key was made.",
    )
}
