//! Words that mean the same (同義語): those that ship, and the organisation's own.

use sakimori_domain::identity::Permission;
use sakimori_domain::text::fold;
use sakimori_store::crosswalk::{self as store, SynonymGroup};

use crate::{Actor, App, Refusal, Result};

/// Most groups of one organisation, words of a group, letters of a word.
const GROUPS_MAX: usize = 500;
const WORDS_MAX: usize = 30;
const WORD_MAX: usize = 40;

/// The shipped groups, and the organisation's own.
pub struct SynonymTable {
    pub shipped: &'static [Vec<String>],
    pub own: Vec<SynonymGroup>,
}

/// The table as it holds for the actor's organisation.
///
/// # Errors
/// A role that may not; a database error.
pub async fn synonym_table(app: &App, actor: &Actor) -> Result<SynonymTable> {
    actor.require(Permission::ReadCrosswalk)?;
    let own = store::synonym_groups(&mut app.read().await?, &actor.organisation_id).await?;
    Ok(SynonymTable { shipped: &super::kept::SHIPPED, own })
}

fn refused(ja: String, en: &str) -> Refusal {
    Refusal::invalid("synonyms", ja, en).next(
        "「、」か改行で区切って、2語以上を書いてください。",
        "Write two words or more, divided by commas or lines.",
    )
}

/// The words of a group as a person wrote them, divided by 、 , or a line's end.
fn words(text: &str) -> Result<Vec<String>> {
    let mut found: Vec<String> = Vec::new();
    let (mut same, whole): (Vec<String>, _) = (Vec::new(), text.chars().take(WORDS_MAX * (WORD_MAX + 8)));
    for word in whole.collect::<String>().split(['、', ',', '，', '\n', '\r']).map(str::trim).filter(|w| !w.is_empty())
    {
        let folded = fold(word).split_whitespace().collect::<String>();
        if folded.is_empty() || word.chars().count() > WORD_MAX || word.chars().any(char::is_control) {
            return Err(refused(
                format!("語は文字を含む{WORD_MAX}文字以内で書いてください。"),
                "A word has letters, and at most 40.",
            )
            .into());
        }
        if !same.contains(&folded) {
            same.push(folded);
            found.push(word.to_owned());
        }
    }
    if !(2..=WORDS_MAX).contains(&found.len()) {
        return Err(refused(
            format!("1つの組は2〜{WORDS_MAX}語です（表記の違いだけの語は同じ語と数えます）。"),
            "A group has 2 to 30 different words.",
        )
        .into());
    }
    Ok(found)
}

/// Adds a group, or changes the one of `id` over the version that was seen.
///
/// # Errors
/// Words that make no group, too many groups, somebody was faster; a role that may not; a database error.
pub async fn put_synonyms(app: &App, actor: &Actor, (id, version): (&str, i64), text: &str) -> Result<()> {
    let words = words(text)?;
    let mut op = app.operate(actor, Permission::EditCrosswalk).await?;
    let organisation_id = &actor.organisation_id;
    let own = store::synonym_groups(&mut op.write, organisation_id).await?;
    if id.is_empty() {
        if own.len() >= GROUPS_MAX {
            return Err(refused(format!("組は{GROUPS_MAX}までです。"), "There are too many groups.").into());
        }
        let group = SynonymGroup { id: app.new_id(), words, version: 1 };
        op.trail_new("synonyms.add", ("synonyms", &group.id), &group.words).await?;
        store::insert_synonym_group(&mut op.write, organisation_id, &group).await?;
    } else {
        let before = own.into_iter().find(|group| group.id == id).ok_or_else(Refusal::not_found)?;
        let group = SynonymGroup { id: id.to_owned(), words, version };
        op.trail("synonyms.change", ("synonyms", id), Some(&before.words), Some(&group.words)).await?;
        store::update_synonym_group(&mut op.write, organisation_id, &group).await?;
    }
    op.commit().await
}

/// Deletes a group.
///
/// # Errors
/// A group that is not there, somebody was faster; a role that may not; a database error.
pub async fn delete_synonyms(app: &App, actor: &Actor, id: &str, version: i64) -> Result<()> {
    let mut op = app.operate(actor, Permission::EditCrosswalk).await?;
    let organisation_id = &actor.organisation_id;
    let own = store::synonym_groups(&mut op.write, organisation_id).await?;
    let before = own.into_iter().find(|group| group.id == id).ok_or_else(Refusal::not_found)?;
    op.trail::<_, ()>("synonyms.delete", ("synonyms", id), Some(&before.words), None).await?;
    store::delete_synonym_group(&mut op.write, organisation_id, id, version).await?;
    op.commit().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_two_different_words_or_more() {
        assert_eq!(words("格付け、重要度による分類\n格付").unwrap(), ["格付け", "重要度による分類", "格付"]);
        for faulty in ["", "格付け", "サーバー、サーバ", "…、格付け", &"長".repeat(41)] {
            assert!(words(faulty).is_err(), "{faulty}");
        }
    }
}
