//! A made-up operator and its assessment, in any size.

use jiff::civil::date;
use sakimori_report::*;

pub fn head(lang: Lang) -> PrintHead {
    let (organisation, title, marking) = match lang {
        Lang::Ja => ("みなと北陸通信株式会社", "令和8年度 情報セキュリティ自己点検", "【社外秘】"),
        Lang::En => ("Minato Hokuriku Telecom", "Self-assessment FY2026", "TLP:AMBER"),
    };
    PrintHead {
        lang,
        organisation: organisation.into(),
        title: title.into(),
        marking: marking.into(),
        report_date: date(2026, 11, 20),
        checkpoint: sakimori_domain::trail_mark::TrailMark {
            line: "sakimori/test/o/minato 12 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".into(),
            note: "sakimori/test/o/minato\n12\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n\n— sakimori/test/o/minato Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n".into(),
        },
    }
}

const CHAPTERS: [(&str, &str); 11] = [
    ("5", "情報セキュリティのための方針群"),
    ("6", "情報セキュリティのための組織"),
    ("7", "人的資源のセキュリティ"),
    ("8", "資産の管理"),
    ("9", "アクセス制御"),
    ("10", "暗号"),
    ("11", "物理的及び環境的セキュリティ"),
    ("12", "運用のセキュリティ"),
    ("13", "通信のセキュリティ"),
    ("16", "情報セキュリティインシデント管理"),
    ("18", "順守"),
];

const CURRENT: [&str; 4] = [
    "設備ごとの担当者が表計算で管理しているが、更新の時期が決まっておらず、半年以上前の内容が残っている。",
    "規程はあるものの、委託先の作業員には周知していない。\n点検の記録は紙で保管。",
    "未着手。",
    "本社のサーバー室では実施済み。地方局舎（12か所）のうち 7 か所で VPN 装置の更新が終わっていない。",
];
const PLAN: [&str; 4] = [
    "台帳を一本化し、四半期ごとに突合する。まず基幹系から始め、令和9年度末までに全局舎へ広げる。",
    "委託契約の更改に合わせて条項を加え、年1回の教育を義務付ける。",
    "予算要求中。当面は監視の強化で補う。",
    "=HYPERLINK(\"http://example.invalid\") #strong[x] $x^2$ <script>alert(1)</script>",
];

/// Counts per chapter: enough for a picture.
fn chapter(standard: &str, at: usize) -> ChapterLine {
    let (number, title) = CHAPTERS[at % CHAPTERS.len()];
    let n = at as u32;
    ChapterLine {
        standard: standard.into(),
        number: number.into(),
        title: title.into(),
        counts: Counts { met: 6 + n % 5, partly: 2 + n % 3, unmet: n % 4, excluded: n % 2, unanswered: (n + 1) % 3 },
        achieved: (at != 4).then(|| 0.42 + 0.05 * f64::from(n % 9)),
        achieved_last: (at != 7).then(|| 0.30 + 0.06 * f64::from(n % 7)),
    }
}

pub fn report(lang: Lang, gaps: usize, rest: usize) -> GapReport {
    let chapters: Vec<ChapterLine> =
        (0..11).map(|at| chapter("JT-X1051", at)).chain((0..5).map(|at| chapter("港湾GL", at))).collect();
    let sum = |name: &str| {
        chapters.iter().filter(|c| c.standard == name).fold(Counts::default(), |sum, c| sum.plus(c.counts))
    };
    let standard = |short: &str, title: &str, edition: &str, issuer: &str| StandardLine {
        short: short.into(),
        title: title.into(),
        edition: edition.into(),
        issuer: issuer.into(),
        counts: sum(short),
        achieved: Some(0.63),
    };
    let forces = ["必須（強制要件）", "実施すべき（◎）", "段階的に実施すべき（◎＊）", "望ましい（○）"];
    GapReport {
        head: head(lang),
        fiscal_year: 2026,
        last_fiscal_year: Some(2025),
        standards: vec![
            standard("JT-X1051", "電気通信事業者のための管理策の指針", "第2版", "標準化団体"),
            standard("港湾GL", "港湾分野の指針 システム構築・運用編", "2024年版", "所管省庁"),
        ],
        revisions: vec![
            revision("第0.9版", "部門内の確認のため初稿を作成"),
            revision("第1.0版", "経営会議に付議するため、期限と担当を確定"),
        ],
        approvals: vec![
            Approval { role: "起案".into(), name: Some("対策推進課".into()), date: Some(date(2026, 11, 18)) },
            Approval { role: "確認".into(), name: None, date: None },
            Approval { role: "承認".into(), name: None, date: None },
        ],
        forces: forces
            .iter()
            .zip(0_u32..)
            .map(|(force, n)| ForceLine {
                force: (*force).into(),
                counts: Counts { met: 30 + n, partly: 9, unmet: 4 + n, excluded: 2, unanswered: 5 },
            })
            .collect(),
        gaps: (0..gaps).map(|at| gap(at, forces[at % 4])).collect(),
        exclusions: (0..rest).map(exclusion).collect(),
        unanswered: (0..rest).map(|at| unanswered(at, forces[at % 4])).collect(),
        carried: (0..rest).map(carried).collect(),
        chapters,
        approval_record: Some(ApprovalRecord {
            state: "承認済み".into(),
            hash: "3f9a".repeat(16),
            steps: ["起案", "確認", "承認"]
                .map(|step| ApprovalStep {
                    step: step.into(),
                    person: "設備 花子（管理 太郎 の代理）".into(),
                    at: "2026-11-20 09:30".into(),
                })
                .into(),
        }),
        checkpoint: "操作記録 第48213号　SHA-256 3f9a…c07e（令和8年11月20日 9時00分 時点）".into(),
    }
}

fn revision(version: &str, description: &str) -> Revision {
    Revision {
        version: version.into(),
        date: date(2026, 11, 16),
        description: description.into(),
        author: "セキュリティ責任者".into(),
    }
}

fn gap(at: usize, force: &str) -> GapLine {
    GapLine {
        standard: if at.is_multiple_of(3) { "港湾GL".into() } else { "JT-X1051".into() },
        number: format!("{}.{}.{}", 5 + at % 14, 1 + at % 3, 1 + at % 7),
        title: ["端末管理台帳の整備と更新", "委託先における情報の取扱い", "特権アカウントの棚卸し"][at % 3].into(),
        force: force.into(),
        force_reason: ["五港、名古屋港のため", "事業用ネットワークのため", ""][at % 3].into(),
        status: if at.is_multiple_of(2) { Status::Unmet } else { Status::Partly },
        maturity: (at % 5 != 4).then_some((at % 5) as u8),
        current: CURRENT[at % 4].into(),
        plan: PLAN[(at / 2) % 4].into(),
        deadline: (at % 6 != 5).then(|| date(2026 + (at % 3) as i16, 1 + (at % 12) as i8, 28)),
        department: ["情報システム部", "設備運用課", "総務部"][at % 3].into(),
    }
}

fn exclusion(at: usize) -> ExclusionLine {
    ExclusionLine {
        standard: "JT-X1051".into(),
        number: format!("14.2.{}", 1 + at),
        title: "開発を外部へ委託する場合の監督".into(),
        reason: "自社での開発を行っておらず、外部委託による開発もないため。".into(),
        department: "情報システム部".into(),
    }
}

fn unanswered(at: usize, force: &str) -> UnansweredLine {
    UnansweredLine {
        standard: "港湾GL".into(),
        number: format!("2.{}.{}", 1 + at % 7, 1 + at % 4),
        title: "監視カメラの記録の保存".into(),
        force: force.into(),
        department: "設備運用課".into(),
        asked_until: Some(date(2026, 12, 10)),
    }
}

fn carried(at: usize) -> CarriedLine {
    CarriedLine {
        standard: "港湾GL".into(),
        number: format!("2.2.{}", 1 + at),
        title: "接続の管理".into(),
        status: if at.is_multiple_of(2) { Status::Met } else { Status::Partly },
        source: "引継ぎ（要確認）：JT-X1051 13.1.3 ○ 2026-10-02 設備運用課".into(),
    }
}

pub fn list(lang: Lang, rows: usize) -> ListSheet {
    let column = |name: &str, width: f64, kind| ListColumn { name: name.into(), width, kind };
    let row = |at: usize| {
        vec![
            Cell::Text(format!("{}.{}", 5 + at / 40, at % 40)),
            Cell::from(["端末管理台帳の整備", "-外部接続点の一覧", "=1+1"][at % 3]),
            Cell::from(["○", "△", "×", "－"][at % 4]),
            Cell::Text(CURRENT[at % 4].into()),
            Cell::Number(at as f64 * 1000.0),
            Cell::Number(0.25),
            Cell::Date(date(2026, 11, 20)),
            Cell::from("情報システム部"),
        ]
    };
    ListSheet {
        head: head(lang),
        filter: "状況：△・×　担当：情報システム部".into(),
        columns: vec![
            column("番号", 5.0, ColumnKind::Text),
            column("項目名", 14.0, ColumnKind::Text),
            column("状況", 4.0, ColumnKind::Sign),
            column("現状", 26.0, ColumnKind::Text),
            column("金額", 6.0, ColumnKind::Number),
            column("達成率", 5.0, ColumnKind::Percent),
            column("期限", 7.0, ColumnKind::Date),
            column("担当", 9.0, ColumnKind::Text),
        ],
        rows: (0..rows).map(row).collect(),
    }
}

pub fn comparison(lang: Lang, rows: usize) -> Comparison {
    let kinds = [ChangeKind::Changed, ChangeKind::Added, ChangeKind::Removed, ChangeKind::Moved, ChangeKind::Unchanged];
    let row = |at: usize| {
        let kind = kinds[at % 5];
        let (old, new) = (kind != ChangeKind::Added, kind != ChangeKind::Removed);
        let text = |is: bool, text: &str| if is { text.to_owned() } else { String::new() };
        ComparisonRow {
            old_number: text(old, &format!("2.1.{}", at + 1)),
            old_title: text(old, "記録の保存"),
            old_text: text(old, "作業の記録を1年間保存し、担当者が半年に1回見直す。"),
            new_number: text(new, &format!("2.1.{}", at + 2)),
            new_title: text(new, if kind == ChangeKind::Changed { "記録の取得と保存" } else { "記録の保存" }),
            new_text: text(
                new,
                match kind {
                    ChangeKind::Changed => "作業の記録を3年間、改ざんできない形で保存し、責任者が四半期に1回見直す。",
                    _ => "作業の記録を1年間保存し、担当者が半年に1回見直す。",
                },
            ),
            kind,
            remark: text(kind == ChangeKind::Changed, "保存期間を延ばし、見直しを担当者から責任者に移した。"),
        }
    };
    Comparison {
        head: head(lang),
        old_edition: "社内基準 第2版（令和5年4月）".into(),
        new_edition: "社内基準 第3版（令和8年10月）".into(),
        rows: (0..rows).map(row).collect(),
    }
}
