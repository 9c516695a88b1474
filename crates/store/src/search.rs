//! Full-text search: bigrams of folded text (`sakimori_domain::text`) in FTS5 or a tsvector.
//!
//! The one place with two statement texts. A word of two characters is one bigram, a longer one a phrase of bigrams,
//! a single character the prefix of one: exact on both databases without a dictionary.

use sakimori_domain::text::{query_grams, search_grams};

use crate::connection::params;
use crate::{Connection, Result, Write};

/// Something that can be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchEntry {
    /// '' for everybody, else the organisation that may find it.
    pub owner: String,
    /// `provision` …
    pub kind: String,
    /// Edition id for a provision.
    pub scope: String,
    /// Number for a provision.
    pub subject: String,
    pub title: String,
    pub body: String,
}

/// Replaces all entries of one owner, kind and scope.
pub async fn replace(w: &mut Write, owner: &str, kind: &str, scope: &str, entries: &[SearchEntry]) -> Result<()> {
    w.run("DELETE FROM search_entry WHERE owner = $1 AND kind = $2 AND scope = $3", params![owner, kind, scope])
        .await?;
    for e in entries {
        insert(w, e).await?;
    }
    Ok(())
}

/// Adds an entry.
pub(crate) async fn insert(w: &mut Write, e: &SearchEntry) -> Result<()> {
    let grams = search_grams(&[&e.subject, &e.title, &e.body].map(String::as_str).join("\n"));
    let (sql, tokens) = if w.is_postgres() {
        (
            "INSERT INTO search_entry (tokens, owner, kind, scope, subject, title, body) VALUES ($1::tsvector, $2, $3, $4, $5, $6, $7)",
            tsvector(&grams, &e.owner),
        )
    } else {
        (
            "INSERT INTO search_entry (tokens, owner, kind, scope, subject, title, body) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            grams.join(" "),
        )
    };
    w.run(sql, params![tokens, &e.owner, &e.kind, &e.scope, &e.subject, &e.title, &e.body]).await?;
    Ok(())
}

/// Entries that hold every word of the query, at most `limit`; an organisation's own entry hides the shared one of the
/// same subject.
pub async fn find(c: &mut Connection, organisation_id: &str, query: &str, limit: i64) -> Result<Vec<SearchEntry>> {
    let words = query_grams(query);
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let rows = if c.is_postgres() {
        c.all(
            "SELECT owner, kind, scope, subject, title, body FROM search_entry
             WHERE tokens @@ $1::tsquery AND owner IN ('', $2)
             ORDER BY scope, owner DESC, LENGTH(body) LIMIT $3",
            params![tsquery(&words, organisation_id), organisation_id, limit],
        )
        .await?
    } else {
        c.all(
            "SELECT owner, kind, scope, subject, title, body FROM search_entry
             WHERE search_entry MATCH $1 AND owner IN ('', $2)
             ORDER BY scope, owner DESC, LENGTH(body) LIMIT $3",
            params![fts(&words), organisation_id, limit],
        )
        .await?
    };
    let mut found: Vec<SearchEntry> = Vec::with_capacity(rows.len());
    for row in &rows {
        let entry = SearchEntry {
            owner: row.text(0)?,
            kind: row.text(1)?,
            scope: row.text(2)?,
            subject: row.text(3)?,
            title: row.text(4)?,
            body: row.text(5)?,
        };
        if !found.iter().any(|f| f.kind == entry.kind && f.scope == entry.scope && f.subject == entry.subject) {
            found.push(entry);
        }
    }
    Ok(found)
}

/// Whose entry it is, as a word of the index: among thousands of organisations a common word is looked up together with its
/// owner, and not in everybody's texts first. No gram begins with `@`.
fn owner_word(owner: &str) -> String {
    format!("'@{}'", owner.replace('\'', "''"))
}

/// Grams hold letters and digits only, so that quoting is enough for both query languages.
fn tsvector(grams: &[String], owner: &str) -> String {
    // A tsvector keeps positions up to 16,383; later ones all count as the last and would make phrases inexact.
    grams
        .iter()
        .take(16_000)
        .enumerate()
        .map(|(i, gram)| format!("'{gram}':{}", i + 1))
        .chain([owner_word(owner)])
        .collect::<Vec<_>>()
        .join(" ")
}

fn tsquery(words: &[Vec<String>], owner: &str) -> String {
    let phrase = |word: &Vec<String>| match word.as_slice() {
        [single] if single.chars().count() == 1 => format!("'{single}':*"),
        grams => format!("({})", grams.iter().map(|gram| format!("'{gram}'")).collect::<Vec<_>>().join(" <-> ")),
    };
    let owners = format!("({} | {})", owner_word(""), owner_word(owner));
    words.iter().map(phrase).chain([owners]).collect::<Vec<_>>().join(" & ")
}

fn fts(words: &[Vec<String>]) -> String {
    let phrase = |word: &Vec<String>| match word.as_slice() {
        [single] if single.chars().count() == 1 => format!("\"{single}\"*"),
        grams => format!("\"{}\"", grams.join(" ")),
    };
    words.iter().map(phrase).collect::<Vec<_>>().join(" AND ")
}
