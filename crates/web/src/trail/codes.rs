//! Codes in what changed, as words: what a state, a step, a role is called. A code that nobody wrote here stays as it is.

use sakimori_domain::approval;
use sakimori_domain::assurance::AnswerStatus;
use sakimori_domain::crosswalk::Relation;
use sakimori_domain::identity::{Permission, Role, TokenScope};
use sakimori_domain::revision::{CycleStep, Direction, Stage};
use sakimori_domain::standards::{Audience, NetworkClass};

use super::words::{KINDS, Names};
use crate::assurance::view::status_mark;
use crate::page::Page;

/// Characters of a hash that tell two apart.
const HASH_SHOWN: usize = 12;

/// States, decisions and steps, by their codes.
const CODES: &[(&str, &str, &str)] = &[
    ("open", "実施中", "open"),
    ("closed", "締切済み", "closed"),
    ("asked", "依頼中", "asked"),
    ("returned", "提出済み", "returned"),
    ("accepted", "受領済み", "accepted"),
    ("withdrawn", "取下げ", "withdrawn"),
    ("active", "利用中", "active"),
    ("suspended", "停止中", "suspended"),
    ("department", "部署", "department"),
    ("system", "システム", "system"),
    ("ja", "日本語", "Japanese"),
    ("en", "英語", "English"),
    ("in", "適用する", "take on"),
    ("out", "適用しない", "leave out"),
    ("profile", "属性のとおり", "as the profile says"),
    // Access reviews.
    ("keep", "維持", "keep"),
    ("change", "変更", "change"),
    ("remove", "削除", "remove"),
    // Steps of signing in, and factors.
    ("second-factor", "第二要素", "second factor"),
    ("absence", "長い不在のあとの確認", "confirmation after a long absence"),
    ("new-password", "新しいパスワード", "new password"),
    ("set-up", "第二要素の設定", "setting up a second factor"),
    ("totp", "ワンタイムコード", "one-time codes"),
    ("passkey", "パスキー", "passkey"),
    // Where people come from.
    ("members", "組織の全員", "everybody"),
    ("administration", "管理の画面", "administration"),
    // Relations.
    ("group", "企業グループ", "group of companies"),
    ("sector-body", "分野の団体（セプター）", "sector body (CEPTOAR)"),
    ("supervision", "所管", "supervision"),
    ("national", "国の統括", "national office"),
    ("offered", "申し入れ中", "offered"),
    ("ended", "終了", "ended"),
    ("upper", "上位", "upper side"),
    ("lower", "下位", "lower side"),
    ("totals", "自己点検の件数", "counts of assessments"),
    // Duties that are handed over.
    ("request", "回答依頼", "requests"),
    ("draft", "起案", "drafts"),
    ("deputy", "代理", "deputies"),
    ("token", "APIトークン", "API tokens"),
    ("notice", "お知らせ", "notices"),
    ("owner", "回答の担当", "answers in charge of"),
    // Files.
    ("xlsx", "Excel", "Excel"),
    ("csv", "CSV", "CSV"),
    ("pdf", "PDF", "PDF"),
    ("json", "JSON", "JSON"),
    ("svg", "SVG", "SVG"),
];

fn either<'a>(english: bool, ja: &'a str, en: &'a str) -> String {
    if english { en } else { ja }.to_owned()
}

fn known(code: &str, english: bool) -> Option<String> {
    CODES.iter().find(|(known, ..)| *known == code).map(|(_, ja, en)| either(english, ja, en))
}

fn role(code: &str, english: bool) -> Option<String> {
    Role::from_code(code).map(|role| either(english, role.ja(), role.en()))
}

/// Every word of a list of codes that blanks part, or none.
fn each(text: &str, p: &Page, one: impl Fn(&str) -> Option<String>) -> Option<String> {
    let words: Option<Vec<String>> = text.split(' ').filter(|code| !code.is_empty()).map(one).collect();
    words.filter(|words| !words.is_empty()).map(|words| words.join(p.t("、", ", ")))
}

/// A filter of the trail, from the address that it had.
fn filter(address: &str, names: &Names, p: &Page) -> String {
    let query = address.split_once('?').map_or("", |(_, query)| query);
    let parts = form_urlencoded::parse(query.as_bytes()).map(|(key, value)| match key.as_ref() {
        "person" => names.get(value.as_ref()).cloned().unwrap_or_else(|| value.into_owned()),
        "kind" => KINDS
            .iter()
            .find(|(code, ..)| *code == value)
            .map_or_else(|| value.clone().into_owned(), |(_, ja, en)| either(p.english, ja, en)),
        "from" => format!("{} {}", p.date(&value), p.t("から", "on")),
        "to" => format!("{} {}", p.date(&value), p.t("まで", "at the latest")),
        _ => value.into_owned(),
    });
    let parts: Vec<String> = parts.collect();
    if parts.is_empty() { p.t("すべて", "all").to_owned() } else { parts.join(p.t("、", ", ")) }
}

/// Whether a text is the number of something in the database, of which nobody learns anything.
fn is_id(text: &str) -> bool {
    text.len() == 26 && text.starts_with('0') && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

/// The word of a code in a field; `None` where the text speaks for itself.
pub fn code(key: &str, text: &str, names: &Names, p: &Page) -> Option<String> {
    let english = p.english;
    match key {
        "status" => AnswerStatus::from_code(text).map(|status| status_mark(&status, &p.english).to_owned()),
        "role" | "second_factor_roles" => role(text, english),
        "permissions" => {
            each(text, p, |one| Permission::from_code(one).map(|known| either(english, known.ja(), known.en())))
        }
        "scopes" => {
            each(text, p, |one| TokenScope::from_code(one).map(|known| either(english, known.ja(), known.en())))
        }
        "network_classes" => NetworkClass::from_code(text).map(|class| either(english, class.ja(), class.en())),
        "audiences" => Audience::from_code(text).map(|audience| audience.ja().to_owned()),
        "hash" | "sha256" | "content" | "sealed" | "root" => Some(text.chars().take(HASH_SHOWN).collect()),
        "filter" => Some(filter(text, names, p)),
        "stage" if !english => Stage::from_code(text).map(|stage| stage.ja().to_owned()),
        "direction" if !english => Direction::from_code(text).map(|direction| direction.ja().to_owned()),
        "relation" => Relation::from_code(text).map(|relation| either(english, relation.ja(), relation.en())),
        "step" => known(text, english)
            .or_else(|| CycleStep::from_code(text).filter(|_| !english).map(|step| step.ja().to_owned())),
        "kind" => {
            let subject = approval::Kind::from_code(text).map(|kind| either(english, kind.ja(), kind.en()));
            subject.or_else(|| known(text, english))
        }
        "state" => {
            let of_approval = approval::State::from_code(text).map(|state| either(english, state.ja(), state.en()));
            known(text, english).or(of_approval)
        }
        _ if is_id(text) && !names.contains_key(text) => Some(String::new()),
        "decision" | "area" | "side" | "shares" | "format" | "" => known(text, english),
        _ => None,
    }
}
