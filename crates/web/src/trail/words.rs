//! Events in words: what was done, to what, from what to what.

use std::collections::HashMap;

use sakimori_app::answers::wire_name;
use sakimori_domain::assurance::AnswerField;
use serde_json::{Map, Value};

use super::codes;
use crate::page::Page;

/// Kinds of events: first part of the action, and its words.
pub const KINDS: &[(&str, &str, &str)] = &[
    ("session", "サインイン", "sign-in"),
    ("account", "利用者", "people"),
    ("oidc", "シングルサインオン", "single sign-on"),
    ("oscal", "OSCAL の書き出し", "OSCAL exports"),
    ("certificate", "サーバー証明書", "server certificate"),
    ("token", "APIトークン", "API tokens"),
    ("notice", "お知らせ", "notices"),
    ("department", "部署", "departments"),
    ("deputy", "代理", "deputies"),
    ("approval", "承認", "approvals"),
    ("access-review", "利用者の棚卸し", "access reviews"),
    ("handover", "引継ぎ", "handovers"),
    ("organisation", "組織の属性", "organisation"),
    ("edition", "基準", "standards"),
    ("applicability", "適用判定", "applicability"),
    ("assessment", "自己点検", "assessments"),
    ("answer", "回答", "answers"),
    ("carry", "回答の引き継ぎ", "carrying over"),
    ("evidence", "証跡", "evidence"),
    ("request", "回答依頼", "requests"),
    ("workbook", "Excel の取り込み", "workbooks"),
    ("mapping", "列の対応", "column mappings"),
    ("crosswalk", "対応表", "crosswalks"),
    ("report", "課題報告", "gap reports"),
    ("revision", "改訂・論点", "points for the next edition"),
    ("case", "事例", "incident cases"),
    ("sector-standard", "基準一覧", "sector standards"),
    ("trail", "操作記録", "trail"),
    ("relation", "他組織との関係", "relations"),
    ("key", "封印の鍵", "keys"),
    ("backup", "控え", "backups"),
    ("upkeep", "保全", "upkeep"),
    ("clock", "時計", "clock"),
    ("demo", "デモ", "demonstration"),
];

/// Actions and their words.
const ACTIONS: &[(&str, &str, &str)] = &[
    ("session.start", "サインインしました", "signed in"),
    ("session.end", "サインアウトしました", "signed out"),
    ("session.refuse", "サインインに失敗しました", "failed to sign in"),
    ("account.lock", "続けて失敗したため受付を止めました", "was locked out after repeated failures"),
    ("session.step", "パスワードを確かめました（サインインの途中）", "showed the password (signing in under way)"),
    ("session.confirm", "本人の確認をしました", "proved anew who they are"),
    ("session.end-own", "自分のほかのサインインを終了しました", "ended own sessions elsewhere"),
    ("account.policy", "サインインの規則を変更しました", "changed the rules of signing in"),
    ("account.return", "長い不在のあとに登録内容を確かめました", "confirmed their data after a long absence"),
    ("account.keep", "未使用の利用者を確認済みにしました", "let an unused account in again"),
    ("account.sessions-ended", "利用者のサインインを終了させました", "ended somebody's sessions"),
    ("account.factor-begin", "第二要素の設定を始めました", "began to set up a second factor"),
    ("account.factor-add", "第二要素を設定しました", "set up a second factor"),
    ("account.factor-remove", "第二要素を取り消しました", "removed a second factor"),
    ("account.factor-reset", "利用者の第二要素を取り消しました", "reset somebody's second factor"),
    ("account.recovery-renew", "回復コードを作り直しました", "made new recovery codes"),
    ("account.recovery-used", "回復コードを使いました", "used a recovery code"),
    ("account.add", "利用者を登録しました", "registered a person"),
    ("account.password-issue", "新しいパスワードを渡しました", "gave a new password"),
    ("account.password", "パスワードを変更しました", "changed the password"),
    ("account.language", "表示の言語を変更しました", "changed the language"),
    ("session.enter", "別の所属組織に切り替えました", "moved to another organisation of theirs"),
    ("account.seat", "役割・部署・期限を変更しました", "changed role, department or last day"),
    ("account.invite", "ほかの組織の利用者を招きました", "offered a seat"),
    ("account.invite-withdraw", "招待を取り消しました", "took an offer back"),
    ("account.join", "招待を引き受けました", "accepted an offered seat"),
    ("account.decline", "招待を断りました", "declined an offered seat"),
    ("account.state", "利用者の利用可否を変更しました", "changed whether a person may sign in"),
    ("deputy.name", "代理を指名しました", "named a deputy"),
    ("deputy.end", "代理を終えました", "ended a deputy's time"),
    ("deputy.begin", "代理としての操作を始めました", "began to act for somebody"),
    ("deputy.leave", "代理としての操作を終えました", "went back to acting for themselves"),
    ("approval.draft", "起案しました", "drafted for approval"),
    ("approval.check", "確認しました", "checked a draft"),
    ("approval.approve", "承認しました", "approved"),
    ("approval.send-back", "差し戻しました", "sent a draft back"),
    ("approval.withdraw", "起案を取り下げました", "withdrew a draft"),
    ("approval.void", "起案後の変更により無効になりました", "became void by a change"),
    ("access-review.open", "棚卸しを始めました", "began an access review"),
    ("access-review.due", "棚卸しの期限を変更しました", "changed when an access review is due"),
    ("access-review.decide", "棚卸しの判断をしました", "decided on a seat"),
    ("access-review.skip", "棚卸し後に変わっていたため見送りました", "left a seat alone that had changed since"),
    ("access-review.close", "棚卸しを完了しました", "closed an access review"),
    ("handover.move", "担当を後任に移しました", "moved duties to a successor"),
    ("handover.make", "人事異動の引継ぎをしました", "handed a person's duties over"),
    ("oidc.set-up", "シングルサインオンを設定しました", "set up single sign-on"),
    ("oidc.remove", "シングルサインオンをやめました", "removed single sign-on"),
    ("oidc.link", "シングルサインオンの本人を利用者に結び付けました", "linked a subject of single sign-on to a person"),
    ("oidc.unlink", "シングルサインオンの結び付きを外しました", "took a link of single sign-on away"),
    ("oidc.enter", "シングルサインオンで入りました", "came in by single sign-on"),
    ("oidc.refuse", "シングルサインオンを断りました", "refused a single sign-on"),
    ("token.create", "APIトークンを作りました", "made an API token"),
    ("token.revoke", "APIトークンを失効させました", "revoked an API token"),
    ("token.ending", "APIトークンの期限が近いことを知らせました", "told of the end of an API token"),
    ("organisation.networks", "接続元の制限を変更しました", "changed where people may come from"),
    ("notice.read", "お知らせを既読にしました", "marked notices as read"),
    ("department.add", "部署を登録しました", "registered a department"),
    ("organisation.change", "組織の属性を変更しました", "changed the organisation's profile"),
    ("organisation.profile", "組織の属性を変更しました", "changed the organisation's profile"),
    ("organisation.found", "組織を登録しました", "registered the organisation"),
    ("relation.offer", "他組織に関係を申し入れました", "offered a relation"),
    ("relation.accept", "他組織との関係が成立しました", "a relation was accepted"),
    ("relation.share", "他組織に見せる件数を変更しました", "changed what a relation shows"),
    ("relation.end", "他組織との関係を終えました", "ended a relation"),
    ("edition.seed", "組み込みの基準を用意しました", "prepared a built-in catalogue"),
    ("edition.ingest", "基準の本文を取り込みました", "loaded a standard's text"),
    ("applicability.refresh", "適用判定をし直しました", "worked out what binds anew"),
    ("applicability.tailor", "適用の個別判断を変更しました", "changed the tailoring"),
    ("assessment.open", "自己点検を始めました", "started an assessment"),
    ("assessment.extend", "自己点検に項目を加えました", "added items to an assessment"),
    ("assessment.state", "自己点検の状態を変更しました", "changed the state of an assessment"),
    ("answer.change", "回答を変更しました", "changed an answer"),
    ("answer.carry-confirm", "引き継いだ回答を確かめました", "confirmed a carried answer"),
    ("carry.apply", "回答を引き継ぎました", "carried answers over"),
    ("carry.undo", "引き継ぎを取り消しました", "took a carry back"),
    ("carry.edition", "新しい版を点検に反映しました", "brought a new edition into an assessment"),
    ("evidence.add", "証跡を追加しました", "added evidence"),
    ("evidence.seal", "証跡のファイルを封印しました", "sealed an evidence file"),
    ("evidence.reseal", "証跡のファイルを新しい鍵で封印し直しました", "sealed an evidence file with the new key"),
    ("evidence.quota", "証跡の上限を変更しました", "changed the limit of evidence"),
    ("evidence.damaged", "壊れた証跡のファイルを見つけました", "found damaged evidence files"),
    ("key.seal", "封印に使う鍵を登録しました", "noted the key that seals"),
    ("key.reseal", "秘密の値を新しい鍵で封印し直しました", "sealed a secret with the new key"),
    ("key.retire", "古い鍵を外しました", "retired a key"),
    ("backup.folder", "控えのフォルダーを登録しました", "noted a folder of backups"),
    ("backup.create", "控えを取りました", "made a backup"),
    ("backup.adopt", "操作記録にない控えの世代を登録しました", "took a backup into the trail that it did not know"),
    ("backup.prune", "古い控えを整理しました", "let an old backup go"),
    ("backup.verify", "控えを点検しました", "checked the backups"),
    ("backup.rehearse", "控えから戻す練習をしました", "rehearsed a restore"),
    ("upkeep.scrub", "データを点検しました", "scrubbed the data"),
    (
        "clock.accept",
        "時計が正しいことを確かめ、先の時刻のものを戻しました",
        "confirmed the clock and brought back what was ahead",
    ),
    ("request.ask", "回答を依頼しました", "sent a request"),
    ("request.return", "回答を提出しました", "returned the answers"),
    ("request.accept", "回答を受領しました", "accepted the answers"),
    ("request.send-back", "回答を差し戻しました", "sent the answers back"),
    ("request.withdraw", "依頼を取り下げました", "withdrew a request"),
    ("request.postpone", "依頼の期限を変更しました", "changed the date of a request"),
    ("request.delegate", "担当者を決めました", "passed a request on"),
    ("request.remind", "督促を記録しました", "noted a reminder"),
    ("workbook.read", "ブックを読み込みました", "read a workbook"),
    ("workbook.map", "ブックの列の対応を決めました", "explained a workbook's columns"),
    ("workbook.apply", "ブックの回答を取り込みました", "took over a workbook's answers"),
    ("workbook.drop", "ブックの取り込みをやめました", "dropped a workbook"),
    ("mapping.save", "列の対応を保存しました", "saved a column mapping"),
    ("mapping.rename", "列の対応の名前を変更しました", "renamed a column mapping"),
    ("mapping.delete", "列の対応を削除しました", "deleted a column mapping"),
    ("report.cover", "課題報告の表紙を変更しました", "changed the cover of the gap report"),
    ("revision.raise", "論点を起こしました", "raised a point"),
    ("revision.change", "論点を書き直しました", "edited a point"),
    ("revision.propose", "論点の方向を案としました", "proposed a direction"),
    ("revision.discuss", "論点の検討に入りました", "took a point up"),
    ("revision.decide", "論点を決定しました", "decided a point"),
    ("revision.reopen", "論点を検討に戻しました", "took a decided point up again"),
    ("revision.withdraw", "論点を取り下げました", "withdrew a point"),
    ("revision.note", "検討の経過を加えました", "noted what was said"),
    ("revision.meeting", "検討会を登録・変更しました", "changed a review meeting"),
    ("revision.draft", "改訂案を作りました", "made a draft edition"),
    ("case.add", "事例を登録しました", "registered an incident case"),
    ("case.change", "事例を書き直しました", "edited an incident case"),
    ("case.take-over", "事例を取り込みました", "took over incident cases"),
    ("case.problem", "問題点を書きました", "wrote a problem of a case"),
    ("case.judge", "問題点と項目の対応を判定しました", "judged what covers a problem"),
    ("sector-standard.add", "基準一覧に加えました", "added a sector standard"),
    ("sector-standard.change", "基準一覧を変更しました", "changed a sector standard"),
    ("sector-standard.take-over", "基準一覧に取り込みました", "took over sector standards"),
    ("sector-standard.step", "見直しの予定を変更しました", "changed the upkeep calendar"),
    ("sector-standard.exclude", "不要とする理由を書きました", "said why an item is not needed"),
    ("evidence.read", "証跡を取り出しました", "took evidence along"),
    ("report.print", "印刷物・一覧を書き出しました", "printed a report or a list"),
    ("workbook.export", "ブックを書き出しました", "exported a workbook"),
    ("crosswalk.export", "対応表を書き出しました", "exported a crosswalk"),
    ("oscal.export", "OSCAL の文書を書き出しました", "exported an OSCAL document"),
    ("certificate.ending", "サーバー証明書の期限を知らせました", "told that the server certificate ends soon"),
    ("trail.read", "操作記録を見ました", "read the trail"),
    ("trail.export", "操作記録を書き出しました", "exported the trail"),
    ("trail.begin", "それまでの記録に証明を付けました", "gave the events so far their proof"),
    ("trail.key", "操作記録の署名鍵を替えました", "replaced the key of the trail"),
    ("trail.expire", "古い記録の文面を消しました（証明は残ります）", "forgot texts of old events; their proof stays"),
    ("trail.cosign", "ほかの環境のチェックポイントに連署しました", "cosigned another installation's checkpoint"),
    ("trail.witnessed", "立会人の連署を受け取りました", "took over a witness's cosignature"),
    ("trail.sink", "操作記録の転送が止まりました", "a sink of the trail stands still"),
    ("demo.seed", "デモのデータを用意しました", "prepared the demonstration"),
];

/// Fields of what changed, and their words. Those of answers come from the domain.
const FIELDS: &[(&str, &str, &str)] = &[
    ("state", "状態", "state"),
    ("login", "ログイン名", "login"),
    ("name", "名称", "name"),
    ("role", "役割", "role"),
    ("step", "残っている手順", "missing step"),
    ("second_factor_roles", "第二要素が必須の役割", "roles that need a second factor"),
    ("idle_minutes", "操作がないときに終了するまで（分）", "minutes until an idle session ends"),
    ("session_hours", "サインインの最長（時間）", "hours of a session"),
    ("password_days", "パスワードの古さを知らせるまで（日）", "days until an old password is mentioned"),
    ("unused_days", "未使用とみなすまで（日）", "days until unused"),
    ("suspend_days", "停止するまで（日）", "days until suspended"),
    ("left", "残り", "left"),
    ("passkeys", "パスキー", "passkeys"),
    ("kind", "種類", "kind"),
    ("department", "部署", "department"),
    ("principal", "本人", "for"),
    ("deputy", "代理", "deputy"),
    ("from", "最初の日", "first day"),
    ("permissions", "任せること", "permissions"),
    ("subject", "対象", "subject"),
    ("successor", "後任", "successor"),
    ("ends_on", "最後の日", "last day"),
    ("scopes", "できること", "scope"),
    ("expires_at", "期限", "until"),
    ("area", "対象", "area"),
    ("networks", "ネットワーク", "networks"),
    ("failures", "失敗の回数", "failures"),
    ("until", "受付を止める期限", "locked until"),
    ("sectors", "分野", "sectors"),
    ("operator_kinds", "事業者の種別", "kinds of operator"),
    ("network_classes", "ネットワークの区分", "network classes"),
    ("ports", "港", "ports"),
    ("audiences", "役割", "audiences"),
    ("marking", "取扱区分", "handling marking"),
    ("file", "ファイル", "file"),
    ("bytes", "大きさ（バイト）", "bytes"),
    ("size", "大きさ（バイト）", "bytes"),
    ("sha256", "ハッシュ値", "hash"),
    ("hash", "ハッシュ値", "hash"),
    ("content", "内容のハッシュ値", "hash of the content"),
    ("grammar", "読み方", "grammar"),
    ("fit", "合った割合（%）", "fit (%)"),
    ("placed", "取り込んだ本文", "texts placed"),
    ("problems", "問題", "problems"),
    ("replaced", "置き換えた本文", "texts replaced"),
    ("editions", "基準", "standards"),
    ("decision", "判断", "decision"),
    ("justification", "判断の理由", "justification"),
    ("title", "題名", "title"),
    ("fiscal_year", "年度", "fiscal year"),
    ("previous", "前回の点検", "last assessment"),
    ("rows", "項目", "items"),
    ("cells", "セル", "cells"),
    ("delegate", "担当者", "delegate"),
    ("message", "連絡文", "message"),
    ("reminded_at", "督促", "reminded"),
    ("mapping", "列の対応", "mapping"),
    ("sheet", "シート", "sheet"),
    ("fields", "列", "columns"),
    ("url", "リンク", "link"),
    ("stage", "段階", "stage"),
    ("direction", "方向", "direction"),
    ("items", "項目", "items"),
    ("point", "論点", "point"),
    ("evidence", "根拠資料", "evidence"),
    ("wording", "次の版の文言", "next wording"),
    ("meeting", "検討会", "meeting"),
    ("text", "内容", "text"),
    ("speaker", "発言者", "speaker"),
    ("on", "日付", "day"),
    ("body", "会議", "meeting"),
    ("round", "回", "round"),
    ("edition", "基準", "standard"),
    ("origin", "出どころ", "origin"),
    ("assessment", "自己点検", "assessment"),
    ("request", "回答依頼", "request"),
    ("format", "形式", "format"),
    ("events", "件数", "events"),
    ("witness", "立会人", "witness"),
    ("sink", "転送先", "sink"),
    ("fault", "障害", "fault"),
    ("filter", "絞り込み", "filter"),
    ("reason", "理由", "reason"),
    ("address", "接続元", "address"),
    ("days", "日数", "days"),
    ("due", "期限", "due"),
    ("side", "自組織の立場", "our side"),
    ("shares", "見せるもの", "shown"),
    ("with", "相手", "other side"),
    ("relation", "関係", "relation"),
    ("rationale", "判定の理由", "rationale"),
    ("review", "確認", "review"),
    ("verdict", "判定", "verdict"),
    ("provisions", "項目", "items"),
    ("problem", "問題点", "problem"),
    ("number", "番号", "number"),
    ("label", "番号・版", "label"),
    ("half", "半期", "half-year"),
    ("action", "操作", "action"),
    ("source", "元", "source"),
    ("target", "先", "target"),
    ("carry", "引き継ぎ", "carry"),
    ("keep", "残す", "keep"),
    ("old", "前の版", "old edition"),
    ("new", "新しい版", "new edition"),
    ("repository", "控えのフォルダー", "folder of backups"),
    ("sequence", "世代", "generation"),
    ("good", "異常なし", "whole"),
    ("error", "誤り", "error"),
    ("key", "鍵", "key"),
    ("sealed", "封印後のハッシュ値", "hash when sealed"),
    ("table", "表", "table"),
    ("column", "列", "column"),
    ("files", "ファイル", "files"),
    ("damaged", "壊れたもの", "damaged"),
    ("trails", "操作記録の異常", "faults of trails"),
    ("database", "データベースの異常", "faults of the database"),
    ("now", "時刻", "time"),
    ("root", "木の値", "root"),
    ("before", "この日より前", "before"),
    ("contact_changed", "連絡先の変更", "contact changed"),
    ("total", "合計", "total"),
    ("to", "最後", "to"),
    ("covered", "受け止める項目あり", "covered"),
    ("partly", "一部", "partly"),
    ("unjudged", "未判定", "not judged"),
];

/// Fields of the cover of the gap report.
const COVER_FIELDS: [(&str, &str, &str); 6] = [
    ("revisions", "改訂履歴", "revisions"),
    ("approvals", "承認欄", "boxes for approval"),
    ("version", "版数", "version"),
    ("date", "年月日", "date"),
    ("description", "改訂内容", "what changed"),
    ("author", "作成者", "author"),
];

/// Entries of a list that are shown one by one.
const LIST_SHOWN: usize = 8;
fn word(table: &[(&'static str, &'static str, &'static str)], code: &str, english: bool) -> Option<&'static str> {
    table.iter().find(|(known, ..)| *known == code).map(|(_, ja, en)| if english { *en } else { *ja })
}

/// What an action's code means; a new code falls back to its kind and then to a general word, so that no event is hidden.
pub fn action(action: &str, english: bool) -> &'static str {
    let known = word(ACTIONS, action, english);
    let kind = || word(KINDS, action.split('.').next().unwrap_or(action), english);
    known.or_else(kind).unwrap_or(if english { "did something" } else { "操作しました" })
}

/// What a field's code means.
fn field(code: &str, english: bool) -> String {
    let of_answer = AnswerField::ALL.iter().find(|field| wire_name(**field) == code);
    let known = of_answer.map(|field| if english { field.en() } else { field.ja() });
    let known = known.or_else(|| word(FIELDS, code, english)).or_else(|| word(&COVER_FIELDS, code, english));
    known.unwrap_or(code).to_owned()
}

/// A field that changed: its word, before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub field: String,
    pub before: String,
    pub after: String,
}

/// Ids of things of the organisation, and their names.
pub type Names = HashMap<String, String>;

/// What changed, from the JSON before and after; a field that stayed as it was is left out.
pub fn changes(before: &str, after: &str, names: &Names, p: &Page) -> Vec<Change> {
    let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap_or(Value::Null);
    let (before, after) = (parse(before), parse(after));
    let (Some(old), Some(new)) = (fields(&before), fields(&after)) else {
        let change = Change {
            field: p.t("内容", "value").to_owned(),
            before: text("", &before, names, p),
            after: text("", &after, names, p),
        };
        return if change.before == change.after { Vec::new() } else { vec![change] };
    };
    let mut keys: Vec<&String> = new.keys().chain(old.keys().filter(|key| !new.contains_key(*key))).collect();
    // The order of the JSON is that of the alphabet; people read an answer in the order of the sheet.
    keys.sort_by_key(|key| {
        AnswerField::ALL.iter().position(|field| wire_name(*field) == key.as_str()).unwrap_or(usize::MAX)
    });
    let shown = |map: &Map<String, Value>, key: &String| map.get(key).map_or(String::new(), |v| text(key, v, names, p));
    let change =
        |key: &String| Change { field: field(key, p.english), before: shown(&old, key), after: shown(&new, key) };
    keys.into_iter().map(change).filter(|change| change.before != change.after).collect()
}

/// The fields of an object; none of nothing.
fn fields(value: &Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(map) => Some(map.clone()),
        Value::Null => Some(Map::new()),
        _ => None,
    }
}

fn text(key: &str, value: &Value, names: &Names, p: &Page) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(yes) => if *yes { p.t("はい", "yes") } else { p.t("いいえ", "no") }.to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => string(key, text, names, p),
        Value::Array(list) => {
            let shown: Vec<_> = list.iter().take(LIST_SHOWN).map(|value| text(key, value, names, p)).collect();
            let rest = list.len().saturating_sub(LIST_SHOWN);
            let more = match (rest, p.english) {
                (0, _) => String::new(),
                (rest, false) => format!(" ほか{rest}件"),
                (rest, true) => format!(" and {rest} more"),
            };
            format!("{}{more}", shown.join(p.t("、", ", ")))
        }
        Value::Object(map) => {
            let filled = map.iter().map(|(key, value)| (key, text(key, value, names, p)));
            let parts = filled.filter(|(_, text)| !text.is_empty());
            parts.map(|(key, text)| format!("{} {text}", field(key, p.english))).collect::<Vec<_>>().join(" / ")
        }
    }
}

fn string(key: &str, text: &str, names: &Names, p: &Page) -> String {
    if let Some(known) = codes::code(key, text, names, p).or_else(|| names.get(text).cloned()) {
        return known;
    }
    if text.parse::<jiff::Timestamp>().is_ok() {
        return p.moment(text);
    }
    if text.parse::<jiff::civil::Date>().is_ok() { p.date(text) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_belongs_to_a_kind_and_is_named_once() {
        for (at, (code, ..)) in ACTIONS.iter().enumerate() {
            let kind = code.split('.').next().unwrap_or("");
            assert!(KINDS.iter().any(|(known, ..)| *known == kind), "{code}");
            assert!(ACTIONS[..at].iter().all(|(other, ..)| other != code), "{code}");
        }
        assert_eq!(action("answer.something-new", false), "回答");
        assert_eq!(action("unheard.of", true), "did something");
    }
}
