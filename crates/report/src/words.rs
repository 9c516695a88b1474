//! The printed words in both languages, once, for paper and workbook.

use crate::print::Lang;
use typst::foundations::{Dict, IntoValue};

macro_rules! word_list {
    ($($name:ident: $ja:literal, $en:literal;)+) => {
        /// The printed words of one language.
        pub(crate) struct Words { $(pub(crate) $name: &'static str,)+ }

        const JA: Words = Words { $($name: $ja,)+ };
        const EN: Words = Words { $($name: $en,)+ };

        impl Words {
            /// The words as a value of the template, under the same names.
            pub(crate) fn to_dict(&self) -> Dict {
                let mut dict = Dict::new();
                $(dict.insert(stringify!($name).into(), self.$name.into_value());)+
                dict
            }
        }
    };
}

/// The words of a language.
pub(crate) const fn words(lang: Lang) -> &'static Words {
    match lang {
        Lang::Ja => &JA,
        Lang::En => &EN,
    }
}

word_list! {
    gap_report: "対策状況・課題報告書", "Security gap report";
    organisation: "組織名", "Organisation";
    assessment: "点検名", "Assessment";
    fiscal_year: "対象年度", "Fiscal year";
    report_date: "作成日", "Report date";
    version: "版数", "Version";
    date: "年月日", "Date";
    description: "改訂内容", "Description";
    author: "作成者", "Author";
    revisions: "版数・改訂履歴", "Revision history";
    approvals: "承認欄", "Approval";
    post_and_name: "役職・氏名", "Post and name";
    handling: "取扱区分", "Handling";
    standards_covered: "対象とした基準等", "Standards covered";
    standard: "基準等", "Standard";
    edition: "版", "Edition";
    issuer: "策定者", "Issuer";
    contents: "目次", "Contents";
    overview: "概要", "Overview";
    result: "点検結果の総括", "Summary of results";
    by_standard: "基準等別の状況", "Status by standard";
    by_force: "要求の強さ別の状況", "Status by force of the requirement";
    by_chapter: "章別の状況", "Status by chapter";
    achieved_by_chapter: "章別の達成率", "achievement by chapter";
    chapter: "章", "Chapter";
    force: "要求の強さ", "Force";
    reason: "理由", "Reason";
    total: "計", "Total";
    all_items: "対象項目", "All items";
    standard_title: "名称", "Name";
    maturity_short: "成熟度", "Mat.";
    achieved: "達成率", "Achieved";
    last_time: "前回", "Last time";
    change: "増減", "Change";
    items: "項目", "items";
    met: "実施済", "Met";
    partly: "一部実施", "Partly";
    unmet: "未実施", "Not met";
    excluded: "対象外", "Excluded";
    unanswered: "未回答", "Unanswered";
    unanswered_short: "未回答", "Unans.";
    gaps: "課題一覧", "Gaps";
    gaps_note: "未実施（×）及び一部実施（△）の項目を、要求の強さの順、期限の早い順に示す。",
               "Items not met (×) or partly met (△), by force and then by deadline.";
    gap_count: "課題", "Gaps";
    overdue: "期限超過", "Overdue";
    no_deadline: "未定", "None set";
    number: "番号", "Number";
    title: "項目名", "Title";
    status: "状況", "Status";
    maturity: "成熟度", "Maturity";
    current: "現状", "Current state";
    plan: "今後の方針", "Plan";
    deadline: "期限", "Deadline";
    department: "担当部署", "Department";
    asked_until: "回答期限", "Answer due";
    exclusions: "対象外とした項目", "Items excluded";
    exclusions_note: "対象外（－）とした項目とその理由を示す。", "Items declared not applicable (－), with the reason.";
    unanswered_items: "未回答の項目", "Items without an answer";
    unanswered_note: "作成日の時点で回答のない項目を示す。達成率では 0 として数える。",
                     "Items without an answer on the report date. They count as 0 towards achievement.";
    carried_items: "引き継いだ回答", "Answers carried over";
    carried_note: "ほかの項目への回答から引き継いだ回答と、その元を示す。「要確認」は、まだ誰も確かめていない。",
                  "Answers that followed from answers to other items, with their sources. Those to be confirmed wait for a person.";
    carried_source: "引継ぎの元", "Carried over from";
    sheet_carried: "引継ぎ", "Carried over";
    none: "該当なし", "None";
    checkpoint: "記録との照合", "Trail checkpoint";
    approval_record: "承認の記録", "Record of approval";
    approval_step: "操作", "Step";
    approval_person: "人", "Person";
    approval_moment: "日時", "When";
    approval_state: "状態", "State";
    approval_hash: "対象のハッシュ値", "Hash of the subject";
    legend: "凡例", "Legend";
    legend_text: "○ 実施済　△ 一部実施　× 未実施　－ 対象外", "○ met   △ partly met   × not met   － excluded";
    sheet_overview: "概要", "Overview";
    sheet_chapters: "章別", "Chapters";
    sheet_gaps: "課題一覧", "Gaps";
    sheet_excluded: "対象外", "Excluded";
    sheet_unanswered: "未回答", "Unanswered";
    comparison: "新旧対照表", "Comparison of editions";
    comparison_note: "下線は変更部分", "Changed parts are underlined";
    old: "旧", "Old";
    new: "新", "New";
    old_number: "旧番号", "Old number";
    old_title: "旧項目名", "Old title";
    old_text: "旧本文", "Old text";
    new_number: "新番号", "New number";
    new_title: "新項目名", "New title";
    new_text: "新本文", "New text";
    kind: "区分", "Change";
    remark: "備考", "Remark";
    added: "新設", "Added";
    removed: "削除", "Removed";
    changed: "改正", "Changed";
    moved: "移動", "Moved";
    unchanged: "変更なし", "Unchanged";
    issues: "見直しに関する論点（方向性）", "Points for the next edition";
    issues_legend: "○ 基準への反映　△ 解説への反映　－ 反映しない", "○ into the standard   △ into the commentary   － not taken";
    issue_number: "番号", "No.";
    issue_item: "項目", "Item";
    issue_measure: "対策", "Measure";
    issue_level: "実施指針", "Level";
    issue_evidence: "根拠資料", "Evidence";
    issue_document: "資料名", "Document";
    issue_content: "内容", "What it says";
    issue_point: "論点（方向性）", "Point (direction)";
    rows: "件", "rows";
    filter: "絞り込み", "Filter";
    fill_in_seal: "（署名又は押印）", "(signature)";
}
