//! Documents written for the tests, each with one trap of real documents.

use sakimori_domain::standards::{Catalogue, Item, Provision, ProvisionKind, Strength};
use sakimori_interop::grammar::{Profile, check, facts_only, read, suggest};
use sakimori_interop::source::lines_of;

const GRAMMAR: &str = r#"
name = "kept-for-tests"
[text]
joining = "wrapped"
[[noise]]
code = "running-head"
pattern = '^見張り規程$'
[[noise]]
code = "page-number"
pattern = '^[0-9]{1,3}$'
[footnote]
pattern = '^(?P<number>[0-9]{1,2})\s+(?P<text>\S.*)$'
[[rewrite]]
pattern = '（＊注）'
code = "note-mark"
[[heading]]
name = "annex"
level = 1
pattern = '^別紙(?P<number>[0-9０-９]+)\s+(?P<title>\S.*)$'
id = "別紙{number}"
kind = "annex"
[[heading]]
name = "chapter"
level = 1
pattern = '^(?P<number>[0-9])\s+(?P<title>[^0-9\s].{0,30})$'
kind = "clause"
gap = 0
not_under = ["annex"]
[[heading]]
name = "section"
level = 2
pattern = '^(?P<number>[0-9]\.[0-9]{1,2})\s+(?P<title>\S.{0,40})$'
kind = "group"
nested_number = true
gap = 0
not_under = ["annex"]
[[heading]]
name = "annex-section"
level = 2
pattern = '^(?P<number>[0-9]\.[0-9]{1,2})\s+(?P<title>\S.{0,40})$'
id = "{annex}/{number}"
kind = "group"
under = ["annex"]
[[suffix]]
pattern = '\s*【要検討事項】$'
consideration = "must"
[[label]]
name = "asked"
pattern = '^【求めること】$'
item_kind = "requirement"
control = true
statement = true
lost_glyph = "➢"
[[label]]
name = "example"
pattern = '^〔例〕?$'
item_kind = "example"
[[list]]
name = "arrow"
pattern = '^(?P<label>➢)\s*(?P<text>\S.*)$'
rank = 1
[[list]]
name = "group"
pattern = '^(?P<label>●)\s*(?P<text>\S.*)$'
rank = 1
group = true
[[list]]
name = "letter"
pattern = '^(?P<label>[a-z]\))\s*(?P<text>\S.*)$'
rank = 2
[[list]]
name = "check"
pattern = '^(?P<label>✓)\s*(?P<text>\S.*)$'
rank = 3
[[note]]
pattern = '^[※＊]'
[[mark]]
pattern = '^※.*強制要件.*全ての港'
value = "全ての港"
[[strength]]
pattern = '望ましい(こと)?$'
value = "recommended"
[[strength]]
pattern = '検討(する|すること)$'
value = "consider"
[[strength]]
pattern = 'こと$'
value = "required"
[[reference]]
pattern = 'TEL\.?\s*([0-9]+(?:\.[0-9]+)+)'
to = 'TEL.$1'
"#;

fn grammar() -> Profile {
    Profile::parse(GRAMMAR).unwrap_or_else(|faults| panic!("{faults:?}"))
}

fn reading(text: &str) -> Catalogue {
    read(&grammar(), &lines_of(text)).catalogue
}

fn node<'a>(catalogue: &'a Catalogue, id: &str) -> &'a Provision {
    let ids: Vec<&str> = catalogue.provisions.iter().map(|p| p.id.as_str()).collect();
    catalogue.provisions.iter().find(|p| p.id == id).unwrap_or_else(|| panic!("{id} is not among {ids:?}"))
}

fn texts(items: &[Item]) -> Vec<&str> {
    items.iter().map(|item| item.text.as_str()).collect()
}

fn codes(catalogue: &Catalogue) -> Vec<&str> {
    catalogue.problems.iter().map(|problem| problem.code.as_str()).collect()
}

#[test]
fn a_running_head_and_a_page_number_inside_a_sentence_are_cut_out() {
    let read = reading(
        "1 見張り\n夜の見張りは二人で行い、交代の時刻と引き継いだ内容を日誌に書き残して翌朝までに上\n見張り規程\n12\n長へ渡すこと。\n",
    );
    assert_eq!(
        node(&read, "1").text,
        "夜の見張りは二人で行い、交代の時刻と引き継いだ内容を日誌に書き残して翌朝までに上長へ渡すこと。"
    );
    assert_eq!(codes(&read), ["running-head", "page-number"]);
}

#[test]
fn a_head_that_returns_on_every_page_is_found_without_a_rule() {
    let things = ["桟橋", "綱", "灯", "櫂", "帆", "鐘"];
    let page = |(n, thing): (usize, &&str)| {
        format!("渡船場の手引き 改訂二版\n{} {thing}\n{thing}は朝ごとに確かめること。\n", n + 1)
    };
    let text = things.iter().enumerate().map(page).collect::<Vec<_>>().join("\u{c}");
    let read = reading(&text);
    assert_eq!(read.provisions.len(), 6);
    assert!(read.provisions.iter().all(|p| !p.text.contains("改訂二版")), "{read:?}");
    assert_eq!(codes(&read), ["running-head"; 6]);
}

#[test]
fn a_paragraph_after_a_list_is_not_swallowed_into_its_last_item() {
    let read = reading(
        "1 綱\n次のとおり備えること。\na) 太い綱を二本\nb) 細い綱を、予備を含めて五本、濡れない棚に巻いて置いておくものとし、月に一度は数\nを数える\n以上のほか、嵐の前には綱の端を調べ、ほつれたものを結び直しておくことが望ましい。\n",
    );
    let one = node(&read, "1");
    assert_eq!(
        texts(&one.items),
        ["太い綱を二本", "細い綱を、予備を含めて五本、濡れない棚に巻いて置いておくものとし、月に一度は数を数える"]
    );
    assert!(one.text.ends_with("結び直しておくことが望ましい。"), "{}", one.text);
}

#[test]
fn letters_that_restart_stay_in_one_flat_list() {
    let read = reading("1 灯\n灯は次の色とする。\na) 赤\nb) 緑\n消すときは次による。\na) 朝\nb) 霧の晴れたとき\n");
    let labels: Vec<&str> = node(&read, "1").items.iter().map(|item| item.label.as_str()).collect();
    assert_eq!(labels, ["a)", "b)", "a)", "b)"]);
}

#[test]
fn footnotes_that_look_like_headings_and_their_glued_digits_go() {
    let read = reading(
        "1 霧笛\n霧笛1は霧の出た時に鳴らすこと。\n1 霧笛：霧の日に音で位置を知らせる笛\nhttps://example.jp/horn\n2 鐘\n鐘は夜に鳴らさないこと。\n",
    );
    assert_eq!(node(&read, "1").text, "霧笛は霧の出た時に鳴らすこと。");
    assert_eq!(node(&read, "2").title, "鐘");
    assert_eq!(codes(&read), ["footnote"]);
    assert!(read.problems[0].message.contains("example.jp/horn"), "the footnote is kept in the problem");
}

#[test]
fn an_annex_that_numbers_anew_has_ids_of_its_own() {
    let read = reading("1 本編\n1.1 見張り\n2 終わりに\n別紙１ 様式\n1.1 日誌\n1.2 引継書\n");
    let ids: Vec<&str> = read.provisions.iter().map(|p| p.id.as_str()).collect();
    assert_eq!(ids, ["1", "1.1", "2", "別紙1", "別紙1/1.1", "別紙1/1.2"]);
    assert_eq!(node(&read, "別紙1/1.2").parent.as_deref(), Some("別紙1"));
}

#[test]
fn a_requirement_without_its_glyph_is_still_an_item() {
    let read = reading(
        "1 舵\n1.1 舵の手入れ\n【求めること】\n 船頭は、舵を毎朝動かして確かめること。\n〔例〕\n●舵の確かめ方（例）〕\n✓ 左右に一杯まで切る\n",
    );
    let section = node(&read, "1.1");
    assert_eq!(section.kind, ProvisionKind::Control);
    assert_eq!(section.items[0].label, "➢");
    assert_eq!(section.items[0].strength, Strength::Required);
    assert_eq!(section.items[1].text, "舵の確かめ方（例）");
    assert_eq!(codes(&read), ["lost-glyph"]);
}

#[test]
fn a_mark_belongs_to_the_group_before_it() {
    let read = reading(
        "1 港\n1.1 出入り\n〔例〕\n●門の番\n門では名を確かめること。\n✓ 名簿と照らす\n※    は、港の法では強制要件（全ての港（＊注））\n＊注：小さな港を含む\n●柵の見回り\n✓ 朝と夕に回る\n",
    );
    let section = node(&read, "1.1");
    assert_eq!(section.items[0].marks.len(), 1);
    assert!(section.items[0].items[0].marks.is_empty() && section.items[1].marks.is_empty());
    assert_eq!(section.marks.len(), 1, "the Provision knows that something in it is marked");
    assert_eq!(section.items[0].text, "門の番\n門では名を確かめること。");
    assert!(section.text.contains("＊注：小さな港を含む"));
}

#[test]
fn spaced_out_letters_and_overprinted_titles_are_read_once() {
    let read = reading("1 見 張 り の 心 得\n1.1 灯灯台台のの守守りり方方\n");
    assert_eq!(node(&read, "1").title, "見張りの心得");
    assert_eq!(node(&read, "1.1").title, "灯台の守り方");
}

#[test]
fn a_title_twice_on_its_line_is_read_once() {
    let read = reading("1 灯台の番\n別紙1 灯台守の心得 別紙1 灯台守の心得\n");
    assert_eq!(node(&read, "別紙1").title, "灯台守の心得");
    assert_eq!(codes(&read), ["overprint"]);
}

#[test]
fn a_class_at_the_end_of_a_title_may_break_over_lines() {
    let read = reading("1 番\n1.1 夜の番を立てる場所と刻限を決めて番の者に知らせておく 【要検討事\n項】\n番は二人。\n");
    let section = node(&read, "1.1");
    assert_eq!(section.title, "夜の番を立てる場所と刻限を決めて番の者に知らせておく");
    assert_eq!(section.consideration.map(|c| c.code()), Some("must"));
    assert_eq!(section.text, "番は二人。");
}

#[test]
fn a_reference_split_over_lines_is_found() {
    let read = reading(
        "1 合図\n旗の合図は別の規程に従い、迷ったときは当直の長に尋ね、答えを得てから返すこと（TEL. \n3.1.2参照）。\n",
    );
    assert_eq!(node(&read, "1").references, ["TEL.3.1.2"]);
}

#[test]
fn numbers_that_do_not_follow_are_text_and_a_problem() {
    let read = reading("1 船\n7 艘まで\n2 櫂\n");
    assert_eq!(read.provisions.len(), 2);
    assert_eq!(codes(&read), ["number-out-of-order"]);
    assert_eq!(node(&read, "1").text, "7 艘まで");
}

#[test]
fn a_repeated_number_keeps_both_provisions() {
    let read = reading("別紙1 甲\n別紙1 乙\n");
    assert_eq!(read.provisions.len(), 2);
    assert_ne!(read.provisions[0].id, read.provisions[1].id);
    assert_eq!(codes(&read), ["repeated-number"]);
}

const UNSEEN: &str = "渡船組合 安全の手引き\n\n第１章　総則\n第１節　目的\nこの手引きは、渡し船の安全を守るために組合員が行うことを定める。\n第２節　責任者\n組合員は、船ごとに責任者を一人決めること。\n　ア　責任者の仕事\n・出船の前に船底を確かめる\n・客の数を数える\n第２章　天気\n第１節　風\n（１）強い風のとき\n① 船を出さない\n② 綱を増やす\n（２）弱い風のとき\n見張りを置くことが望ましい。\n別紙１　点検表\n";

#[test]
fn the_generic_grammar_finds_headings_and_lists_of_an_unseen_document() {
    let generic = Profile::built_in().iter().find(|p| p.name() == "generic").expect("the generic grammar");
    let read = read(generic, &lines_of(UNSEEN)).catalogue;
    let rows: Vec<(&str, Option<&str>)> =
        read.provisions.iter().map(|p| (p.id.as_str(), p.parent.as_deref())).collect();
    assert_eq!(
        rows,
        [
            ("第1章", None),
            ("第1章/第1節", Some("第1章")),
            ("第1章/第2節", Some("第1章")),
            ("第1章/第2節/ア", Some("第1章/第2節")),
            ("第2章", None),
            ("第2章/第1節", Some("第2章")),
            ("第2章/第1節/(1)", Some("第2章/第1節")),
            ("第2章/第1節/(2)", Some("第2章/第1節")),
            ("別紙1", None),
        ]
    );
    assert_eq!(texts(&node(&read, "第1章/第2節/ア").items), ["出船の前に船底を確かめる", "客の数を数える"]);
    assert_eq!(texts(&node(&read, "第2章/第1節/(1)").items), ["船を出さない", "綱を増やす"]);
    assert_eq!(node(&read, "第2章/第1節/(2)").strength, Strength::Recommended);
    assert!(node(&read, "第2章/第1節/(2)").is_answerable());
}

const RULES: &str = "渡船組合安全規程\n（目的）\n第１条　この規程は、渡し船の安全を守ることを目的とする。\n（責任者）\n第２条　組合長は、船ごとに責任者を一人置かなければならない。\n２　責任者は、次の事項を行う。\n一　船底を確かめること。\n二　客の数を数えること。\n第３条　この規程は、毎年見直すものとする。\n";

#[test]
fn the_generic_grammar_reads_in_house_rules_in_articles() {
    let generic = Profile::built_in().iter().find(|p| p.name() == "generic").expect("the generic grammar");
    let read = read(generic, &lines_of(RULES)).catalogue;
    let rows: Vec<(&str, &str)> = read.provisions.iter().map(|p| (p.id.as_str(), p.title.as_str())).collect();
    assert_eq!(rows, [("第1条", "目的"), ("第2条", "責任者"), ("第3条", "")]);
    assert_eq!(node(&read, "第1条").text, "この規程は、渡し船の安全を守ることを目的とする。");
    let second = node(&read, "第2条");
    assert_eq!((second.strength, second.items[0].label.as_str()), (Strength::Required, "２"));
    assert_eq!(texts(&second.items[0].items), ["船底を確かめること。", "客の数を数えること。"]);
}

#[test]
fn a_suggested_grammar_is_sound_and_reads_its_document() {
    let written = suggest(&lines_of(UNSEEN));
    assert_eq!(check(&written), []);
    let profile = Profile::parse(&written).expect("checked");
    let read = read(&profile, &lines_of(UNSEEN)).catalogue;
    assert_eq!(node(&read, "第1章/第2節").title, "責任者");
    assert_eq!(node(&read, "第2章/第1節/(1)").items.len(), 2);
    let empty = suggest(&[]);
    assert_eq!(check(&empty), [], "even an empty document gives a sound grammar");
}

#[test]
fn faults_of_a_grammar_are_located_and_say_the_next_step() {
    let text = "name = \"x\"\n[[heading]]\nname = \"a\"\nlevel = 1\npattern = '^(?P<number>[0-9]'\nkind = \"chapter\"\nunder = [\"b\"]\n[[strenght]]\npattern = 'x'\nvalue = \"y\"\n";
    let faults = check(text);
    let found: Vec<(u32, &str)> = faults.iter().map(|fault| (fault.line, fault.key.as_str())).collect();
    assert_eq!(found, [(0, "strenght"), (5, "heading[1].pattern"), (6, "heading[1].kind"), (7, "heading[1].under")]);
    assert!(faults.iter().all(|fault| !fault.ja.is_empty() && !fault.en.is_empty()));
    assert_eq!(check("name = ").len(), 1);
    assert_eq!(check("name = \"x\"")[0].key, "heading");
}

#[test]
fn hostile_grammars_and_documents_stay_small() {
    let huge = "name = \"x\"\n[[heading]]\nname = \"a\"\nlevel = 1\nkind = \"clause\"\n\
                pattern = '^(?P<number>(([0-9]{1,200}){1,200}){1,200})(?P<title>.*)$'\n";
    assert_eq!(check(huge)[0].key, "heading[1].pattern");
    let long = format!("1 長い行\n{}\n", "あ".repeat(100_000));
    assert!(codes(&reading(&long)).contains(&"line-too-long"));
    let deep = "（".repeat(5_000) + "\n" + &"a) x\n".repeat(5_000);
    assert_eq!(reading(&format!("1 深い\n{deep}")).provisions.len(), 1);
    assert!(reading("").provisions.is_empty());
    assert!(codes(&reading("見出しのない文。\n")).contains(&"before-first-heading"));
}

#[test]
fn facts_keep_numbers_and_drop_sentences() {
    let read = reading("1 舵\n1.1 舵の手入れ\n【求めること】\n➢ 船頭は、舵を毎朝動かして確かめること。\n");
    let facts = facts_only(&read);
    let section = node(&facts, "1.1");
    assert_eq!((section.title.as_str(), section.text.as_str()), ("舵の手入れ", ""));
    assert_eq!((section.items.len(), section.items[0].text.as_str()), (1, ""));
    assert_eq!(section.items[0].strength, Strength::Required);
}
