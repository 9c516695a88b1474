//! Writes a first grammar for a document that none of the built-in ones fits.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::profile::Profile;
use super::{clean, wire};
use crate::source::SourceLine;

/// Lines with the form of a heading from which on a level is taken for one.
const HEADINGS_FROM: usize = 2;

/// Writes a first grammar in TOML: the heading levels and list marks that the document shows, its running heads and the
/// labels that stand alone on a line again and again. It passes [`super::check`] and reads the document.
pub fn suggest(lines: &[SourceLine]) -> String {
    let texts: Vec<&str> =
        lines.iter().take(clean::LINES_MAX).map(|l| l.text.trim()).filter(|t| !t.is_empty()).collect();
    let mut out = String::from(
        "# 文書から自動で書き起こした取込文法です。名前と [edition] を直し、docs/import-grammars.md を見ながら手を入れてください。\n\
         # Written from the document; adjust the name and [edition], see docs/import-grammars.md.\n\
         name = \"my-guideline\"\ntitle = \"文書から書き起こした文法\"\n\n[edition]\nid = \"my-guideline\"\nstandard = \"my-guideline\"\n",
    );
    let _ = writeln!(out, "title = {}", quoted(&document_title(&texts)));
    if lines.first().is_some_and(|line| line.page == 0) && pages_by_blank(lines) {
        out.push_str("\n[text]\npages = \"leading-blank\"\n");
    }
    out.push_str(
        "\n# ページ番号と柱\n[[noise]]\ncode = \"page-number\"\npattern = '^[-－–\\s]*[0-9０-９]{1,4}[-－–\\s]*$'\n",
    );
    let heads = running_heads(&texts);
    for head in &heads {
        let _ = write!(
            out,
            "\n[[noise]]\ncode = \"running-head\"\npattern = {}\n",
            quoted(&format!("^{}$", regex::escape(head)))
        );
    }
    out.push_str("\n# 見出し（level が小さいほど上位）\n");
    let generic = Profile::built_in().iter().find(|profile| profile.name() == "generic");
    let forms = generic.map_or(&[][..], |profile| &profile.wire().heading);
    let lists = generic.map_or(&[][..], |profile| &profile.wire().list);
    write_headings(&mut out, &texts, forms);
    out.push_str("\n# 箇条（rank が大きいほど内側）\n");
    write_lists(&mut out, &texts, lists);
    write_labels(&mut out, &texts, &heads, lists);
    out.push_str(CUES);
    out
}

/// Obligation cues that hold for all Japanese standards.
const CUES: &str = "\n# 文末の強さ\n[[strength]]\npattern = '(望ましい|望まれる|推奨する|推奨される)(こと)?$'\nvalue = \"recommended\"\n\
\n[[strength]]\npattern = '検討(する|すること|を行う|を行うこと)$'\nvalue = \"consider\"\n\
\n[[strength]]\npattern = '(こと|なければならない|ならない|ものとする)$'\nvalue = \"required\"\n\
\n[[note]]\npattern = '^(※|＊|\\*|注[0-9０-９]*[：:])'\n\
\n# 引用\n[[reference]]\npattern = '((?:別紙|別表|附属書)[0-9A-Z]+)'\nto = '$1'\n";

/// A TOML string: literal where possible, since patterns are full of backslashes.
fn quoted(text: &str) -> String {
    if text.contains('\'') { format!("{text:?}") } else { format!("'{text}'") }
}

fn document_title(texts: &[&str]) -> String {
    let title = texts.iter().find(|text| (4..=40).contains(&text.chars().count()) && !text.contains('。'));
    title.map_or_else(|| "新しい基準".to_owned(), |t| t.chars().filter(|c| !c.is_control()).collect())
}

fn pages_by_blank(lines: &[SourceLine]) -> bool {
    let starts =
        lines.windows(2).filter(|pair| !pair[0].text.trim().is_empty() && pair[1].text.starts_with(' ')).count();
    let blanks = lines.iter().filter(|line| line.text.trim().is_empty()).count();
    starts >= 3 && blanks * 10 >= lines.len() * 4
}

/// The heading forms of the generic grammar that the document uses, numbered from the top; the plain number if it uses none.
fn write_headings(out: &mut String, texts: &[&str], forms: &[wire::Heading]) {
    let count = |form: &wire::Heading| {
        let regex = regex::Regex::new(form.pattern.get_ref());
        regex.map_or(0, |regex| texts.iter().filter(|text| text.len() < 600 && regex.is_match(text)).count())
    };
    let alone = ["annex", "part", "chapter"];
    let shows = |form: &&wire::Heading| {
        let count = count(form);
        count >= HEADINGS_FROM || count >= 1 && alone.contains(&form.name.as_str())
    };
    let mut shown: Vec<&wire::Heading> = forms.iter().filter(shows).collect();
    if shown.is_empty() {
        shown.extend(forms.iter().find(|form| form.name == "one"));
    }
    for form in shown {
        let id = form.id.as_ref().map_or("{number}", |id| id.get_ref().as_str());
        let _ = write!(
            out,
            "\n[[heading]]\nname = \"{}\"\nlevel = {}\npattern = {}\nid = \"{id}\"\nkind = \"{}\"\n",
            form.name,
            form.level,
            quoted(form.pattern.get_ref()),
            form.kind.get_ref()
        );
        if let Some(leaf) = &form.leaf_kind {
            let _ = writeln!(out, "leaf_kind = \"{}\"", leaf.get_ref());
        }
        if let Some(before) = &form.title_before {
            let _ = writeln!(out, "title_before = {}", quoted(before.get_ref()));
        }
        if let Some(gap) = form.gap {
            let _ = writeln!(out, "gap = {gap}");
        }
    }
}

fn write_lists(out: &mut String, texts: &[&str], lists: &[wire::List]) {
    let used = lists.iter().filter(|list| {
        regex::Regex::new(list.pattern.get_ref()).is_ok_and(|regex| texts.iter().any(|text| regex.is_match(text)))
    });
    for list in used {
        let pattern = quoted(list.pattern.get_ref());
        let _ = write!(out, "\n[[list]]\nname = \"{}\"\npattern = {pattern}\nrank = {}\n", list.name, list.rank);
    }
}

/// Short lines without digits of their own that come again on many pages.
fn running_heads<'a>(texts: &[&'a str]) -> Vec<&'a str> {
    let labels = repeated(texts);
    let near_number = |head: &str| {
        texts
            .windows(2)
            .filter(|pair| {
                pair[0] == head && pair[1].chars().all(|c| c.is_numeric())
                    || pair[1] == head && pair[0].chars().all(|c| c.is_numeric())
            })
            .count()
    };
    labels.into_iter().filter(|(text, count)| near_number(text) * 2 >= *count).map(|(text, _)| text).collect()
}

/// Short lines that are printed at least three times.
fn repeated<'a>(texts: &[&'a str]) -> Vec<(&'a str, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for text in texts {
        if (2..=30).contains(&text.chars().count())
            && !text.ends_with(['。', '、'])
            && !text.chars().all(char::is_numeric)
        {
            *counts.entry(text).or_default() += 1;
        }
    }
    counts.into_iter().filter(|(_, count)| *count >= 3).take(60).collect()
}

/// Bracketed lines (【…】, 〔…〕) and repeated short lines are labels; those that speak of asking make a control.
fn write_labels(out: &mut String, texts: &[&str], heads: &[&str], lists: &[wire::List]) {
    let lists: Vec<regex::Regex> =
        lists.iter().filter_map(|list| regex::Regex::new(list.pattern.get_ref()).ok()).collect();
    let bracketed = |text: &str| text.starts_with(['【', '〔', '［']) && text.ends_with(['】', '〕', '］']);
    let found: Vec<&str> = repeated(texts)
        .into_iter()
        .map(|(text, _)| text)
        .filter(|text| !heads.contains(text) && !lists.iter().any(|list| list.is_match(text)))
        .filter(|text| bracketed(text) || text.chars().count() <= 16 && !text.ends_with('い'))
        .take(30)
        .collect();
    if !found.is_empty() {
        out.push_str("\n# 見出し語（単独の行に繰り返し現れる語）\n");
    }
    for (index, label) in found.iter().enumerate() {
        let _ = write!(
            out,
            "\n[[label]]\nname = \"label-{}\"\npattern = {}\n",
            index + 1,
            quoted(&format!("^{}$", regex::escape(label)))
        );
        if label.contains("求め") || label.contains("要件") || *label == "管理策" || label.contains("遵守") {
            out.push_str("item_kind = \"requirement\"\ncontrol = true\nstatement = true\n");
        } else if label.contains('例') {
            out.push_str("item_kind = \"example\"\n");
        } else {
            out.push_str("item_kind = \"guidance\"\n");
        }
    }
}
