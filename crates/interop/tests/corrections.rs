//! Corrections by hand, on a document of nobody: each kind, at once, and again in the next edition.

use sakimori_domain::standards::{Catalogue, Provision};
use sakimori_interop::grammar::{Correction, LineRole, Verdict, read_corrected};
use sakimori_interop::source::{SourceLine, lines_of};
use sakimori_interop::{Profile, read};

/// Headings that look like text, text that looks like a heading, a running head that stands too seldom to be seen.
const HARBOUR: &str = "\
架空の浮標指針
第1章 総則
1 目的
浮標を見失わないために守ることを決める。
灯台広報 秋の号
2 範囲
港の入口から沖の浮標までとする。
見張りの記録
見張りは毎時の様子を帳面に書くこと。
3 本の綱で結ぶこと
乗組員は次を行う。
結び目を確かめること。
その結果を書き残すこと。
4 点検
綱は月に一度点検すること。
浮標の番号は台帳と同じにすること。
";

fn generic() -> &'static Profile {
    Profile::built_in().iter().find(|profile| profile.name() == "generic").expect("the generic grammar")
}

fn correction(text: &str, before: &str, verdict: Verdict, to: &str) -> Correction {
    Correction::new(text, before, verdict, to).expect("a sound correction")
}

fn heading(level: u32, number: &str, title: &str) -> Verdict {
    Verdict::Heading { level, number: number.to_owned(), title: title.to_owned() }
}

fn by_title<'a>(catalogue: &'a Catalogue, title: &str) -> &'a Provision {
    catalogue.provisions.iter().find(|p| p.title == title).unwrap_or_else(|| panic!("no item {title}: {catalogue:#?}"))
}

fn role(lines: &[SourceLine], read: &[sakimori_interop::grammar::ReadLine], text: &str) -> LineRole {
    let found = read.iter().find(|line| lines[line.source].text == text).expect("a printed line");
    found.role
}

fn corrections() -> Vec<Correction> {
    vec![
        correction("灯台広報 秋の号", "", Verdict::Noise, ""),
        correction("見張りの記録", "港の入口から沖の浮標までとする。", heading(5, "2の2", "見張りの記録"), ""),
        correction("3 本の綱で結ぶこと", "", Verdict::Text, ""),
        correction("結び目を確かめること。", "", Verdict::Item { depth: 1 }, ""),
        correction("その結果を書き残すこと。", "", Verdict::Joined, ""),
        correction("浮標の番号は台帳と同じにすること。", "", Verdict::Text, "2"),
    ]
}

#[test]
fn what_a_person_says_of_a_line_holds() {
    let lines = lines_of(HARBOUR);
    let plain = read(generic(), &lines);
    assert!(by_title(&plain.catalogue, "範囲").text.contains("見張りの記録"), "the trap is one");
    assert!(plain.catalogue.provisions.iter().any(|p| p.title.starts_with("本の綱")), "the trap is one");

    let given = corrections();
    let read = read_corrected(generic(), &lines, &given);
    let catalogue = &read.catalogue;
    assert!(!by_title(catalogue, "目的").text.contains("秋の号"));
    assert!(catalogue.problems.iter().any(|p| p.code == "removed-by-hand" && p.line == 5));
    let watch = by_title(catalogue, "見張りの記録");
    assert_eq!((watch.id.as_str(), watch.parent.as_deref()), ("2の2", Some("第1章")));
    assert!(watch.text.starts_with("見張りは毎時"));
    assert!(watch.text.contains("3 本の綱で結ぶこと"), "a line that is no heading is text: {watch:#?}");
    assert_eq!(watch.items.len(), 1);
    assert_eq!(watch.items[0].text, "結び目を確かめること。その結果を書き残すこと。");
    let range = by_title(catalogue, "範囲");
    assert!(range.text.ends_with("浮標の番号は台帳と同じにすること。"), "{range:#?}");
    assert!(!by_title(catalogue, "点検").text.contains("台帳"));

    let role = |text: &str| role(&lines, &read.lines, text);
    assert_eq!(role("見張りの記録"), LineRole::Heading);
    assert_eq!(role("3 本の綱で結ぶこと"), LineRole::Text);
    assert_eq!(role("結び目を確かめること。"), LineRole::Item);
    assert_eq!(role("その結果を書き残すこと。"), LineRole::Joined);
    assert_eq!(role("灯台広報 秋の号"), LineRole::Removed);
    let printed = HARBOUR.lines().filter(|line| !line.trim().is_empty()).count();
    assert_eq!(read.lines.len(), printed, "every printed line has its role");
    assert_eq!(read.lines.iter().filter(|line| line.by_hand).count(), given.len());
}

#[test]
fn corrections_hold_in_the_next_edition_and_one_without_its_line_is_said() {
    let next = HARBOUR
        .replace("架空の浮標指針", "架空の浮標指針（第二版）")
        .replace("港の入口から沖の浮標までとする。", "港の入口から沖の浮標まで、夜も含む。")
        .replace("灯台広報 秋の号\n", "")
        .replace("見張りの記録\n", "見張り　の　記録\n");
    let lines = lines_of(&next);
    let given = corrections();
    let read = read_corrected(generic(), &lines, &given);
    assert_eq!(by_title(&read.catalogue, "見張りの記録").id, "2の2");
    let unused: Vec<_> = read.catalogue.problems.iter().filter(|p| p.code == "correction-unused").collect();
    assert_eq!(unused.len(), 1);
    assert!(unused[0].message.contains("秋の号"));
}

#[test]
fn a_place_that_does_not_exist_loses_nothing() {
    let lines = lines_of(HARBOUR);
    let given = [correction("浮標の番号は台帳と同じにすること。", "", Verdict::Text, "9.9")];
    let read = read_corrected(generic(), &lines, &given);
    assert!(by_title(&read.catalogue, "点検").text.contains("台帳と同じ"));
    assert!(read.catalogue.problems.iter().any(|p| p.code == "correction-without-place" && p.line == 16));
}

#[test]
fn a_heading_by_hand_before_everything_and_a_line_of_the_front_matter_are_kept() {
    let jt = Profile::built_in().iter().find(|profile| profile.name().starts_with("002")).expect("built in");
    let lines = lines_of("前書きの行\n残したい行\n");
    let given = [
        correction("前書きの行", "", heading(1, "0", "前書き"), ""),
        correction("残したい行", "", Verdict::Item { depth: 3 }, ""),
    ];
    let read = read_corrected(jt, &lines, &given);
    let front = by_title(&read.catalogue, "前書き");
    assert_eq!(front.items.len(), 1, "an inner item without an outer one is an outer one: {front:#?}");
    assert_eq!(front.items[0].text, "残したい行");
}

#[test]
fn a_table_reader_takes_out_what_is_noise_and_every_line_has_a_role() {
    let tables = Profile::built_in().iter().find(|profile| profile.name().starts_with("003")).expect("built in");
    let lines = lines_of("図の飾り文字\n\n本文らしい行\n");
    let given = [correction("図の飾り文字", "", Verdict::Noise, "")];
    let read = read_corrected(tables, &lines, &given);
    assert_eq!(role(&lines, &read.lines, "図の飾り文字"), LineRole::Removed);
    assert!(!read.catalogue.problems.iter().any(|p| p.message.contains("図の飾り文字")));
    assert_eq!(read.lines.len(), 2);
}
