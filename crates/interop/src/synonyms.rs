//! The table of synonyms (同義語) that ships in `content/synonyms`, and tables in the same form.

use serde::Deserialize;

/// Largest table, in bytes, and most groups and words of one group.
const TABLE_MAX: usize = 1 << 20;
pub const GROUPS_MAX: usize = 5_000;
pub const WORDS_MAX: usize = 100;

/// Why a table was refused.
#[derive(Debug, thiserror::Error)]
pub enum SynonymsError {
    #[error(
        "同義語表が大きすぎます（上限 1 MiB）。分けて登録してください。 / The table of synonyms is larger than 1 MiB: divide it"
    )]
    TooLarge,
    #[error(
        "同義語表を TOML として読めません: {0}。[[group]] と words = [\"…\", \"…\"] の形にしてください。 / The table of synonyms is not sound TOML: {0}"
    )]
    Toml(#[from] Box<toml::de::Error>),
    #[error("同義語表の {number} 番目の組: {ja} / group {number} of the table of synonyms: {en}")]
    Group { number: usize, ja: &'static str, en: &'static str },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(default)]
    group: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    words: Vec<String>,
}

/// Reads a table: `[[group]]` with `words = [...]`, two words or more each.
///
/// # Errors
/// It is too large, no sound TOML, or a group has too few or too many words, or an empty one; nothing of it is taken then.
pub fn parse(text: &str) -> Result<Vec<Vec<String>>, SynonymsError> {
    if text.len() > TABLE_MAX {
        return Err(SynonymsError::TooLarge);
    }
    let table: Table = toml::from_str(text).map_err(Box::new)?;
    let mut groups = Vec::with_capacity(table.group.len());
    for (at, group) in table.group.into_iter().enumerate() {
        let refuse = |ja, en| Err(SynonymsError::Group { number: at + 1, ja, en });
        if at >= GROUPS_MAX {
            return refuse("組は 5,000 までです", "there are more than 5,000 groups");
        }
        if !(2..=WORDS_MAX).contains(&group.words.len()) {
            return refuse("語は 2 から 100 までにしてください", "it needs 2 to 100 words");
        }
        if group.words.iter().any(|word| !word.chars().any(char::is_alphanumeric)) {
            return refuse("文字のない語があります", "a word has no letter");
        }
        groups.push(group.words);
    }
    Ok(groups)
}

/// The groups that ship with the product.
pub fn built_in() -> Vec<Vec<String>> {
    #[expect(clippy::expect_used, reason = "checked by a test: it is part of the program")]
    parse(include_str!("../../../content/synonyms/synonyms.toml")).expect("the built-in table is sound")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_table_is_sound_and_says_no_word_twice() {
        let groups = built_in();
        assert!(groups.len() >= 100, "{}", groups.len());
        let mut seen = std::collections::HashSet::new();
        for word in groups.iter().flatten() {
            assert!(seen.insert(sakimori_domain::text::fold(word)), "{word} stands in the table twice");
        }
    }

    #[test]
    fn a_faulty_table_is_refused_with_its_place() {
        assert_eq!(parse("[[group]]\nwords = ['鍵', '錠']").expect("sound"), [["鍵", "錠"]]);
        let told = |text: &str| parse(text).expect_err("refused").to_string();
        assert!(told("[[group]]\nwords = ['鍵', '錠']\n[[group]]\nwords = ['鍵']").contains("group 2"));
        assert!(told("[[group]]\nwords = ['鍵', '・']").contains("no letter"));
        assert!(told("[[group]]\nwort = ['鍵', '錠']").contains("TOML"));
        assert!(told(&" ".repeat(TABLE_MAX + 1)).contains("1 MiB"));
    }
}
