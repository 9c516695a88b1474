//! Words and classes of the standards' pages.

use sakimori_domain::standards::{
    Audience, AuthorityClass, Consideration, Disposition, ItemKind, Mandate, ProvisionKind, Strength,
};

/// The number as it is shown in front of its title.
pub fn beside<'a>(number: &'a str, title: &str) -> &'a str {
    sakimori_domain::text::number_beside_title(number, title)
}

/// English words beside the Japanese terms of the domain.
pub trait English {
    /// The word of the English pages.
    fn en(self) -> &'static str;
}

impl English for AuthorityClass {
    fn en(self) -> &'static str {
        match self {
            Self::Law => "① mandatory by law",
            Self::State => "② recommended by the state",
            Self::Industry => "③ industry standard",
            Self::InHouse => "④ in-house rule",
        }
    }
}

impl English for ProvisionKind {
    fn en(self) -> &'static str {
        match self {
            Self::Clause => "clause",
            Self::Group => "group",
            Self::Objective => "objective",
            Self::Control => "control",
            Self::Annex => "annex",
            Self::Theme => "theme",
            Self::Definition => "definition",
            Self::Abbreviation => "abbreviation",
            Self::Case => "case",
            Self::Note => "note",
        }
    }
}

impl English for Disposition {
    fn en(self) -> &'static str {
        match self {
            Self::ReferenceOnly => "as in 27002",
            Self::Extended => "extended for telecom",
            Self::TelecomSpecific => "telecom-specific (TEL)",
        }
    }
}

impl English for Consideration {
    fn en(self) -> &'static str {
        match self {
            Self::Must => "must be considered",
            Self::Reference => "for reference",
        }
    }
}

impl English for Mandate {
    fn en(self) -> &'static str {
        match self {
            Self::AllPorts => "mandatory, all ports",
            Self::SpecifiedPorts => "mandatory, five specified ports",
        }
    }
}

impl English for Audience {
    fn en(self) -> &'static str {
        match self {
            Self::Executive => "executives",
            Self::SecurityOfficer => "security officer (CISO)",
            Self::SystemStaff => "those who build and run systems",
            Self::Handler => "those who use the system",
        }
    }
}

impl English for ItemKind {
    fn en(self) -> &'static str {
        match self {
            Self::Requirement => "What operators are asked to do",
            Self::Guidance => "Guidance",
            Self::Example => "Examples",
            Self::Definition => "Definitions",
            Self::Note => "Notes",
        }
    }
}

impl English for Strength {
    fn en(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Recommended => "recommended",
            Self::Consider => "consider",
            Self::None => "－",
        }
    }
}

/// Titles of the tables of records, by their codes.
const TABLES: [(&str, &str, &str); 24] = [
    ("scope", "範囲", "Scope"),
    ("agenda", "論点の一覧", "Agenda"),
    ("sectors", "重要インフラ分野", "Critical infrastructure sectors"),
    ("foreign-sectors", "諸外国の分野", "Sectors abroad"),
    ("service-scope", "サービスの範囲", "Scope of services"),
    ("statutory-services", "法令上のサービス", "Statutory services"),
    ("procedure-services", "手続のサービス", "Procedures as services"),
    ("requests", "意見・要望", "Requests"),
    ("threat-matrix", "脅威の整理", "Threat matrix"),
    ("guideline-levels", "指針と安全基準等の階層", "Layers of guidelines"),
    ("sector-standards", "分野ごとの安全基準等", "Standards of the sectors"),
    ("authority-classes", "安全基準等の区分", "Authority classes"),
    ("schedule", "日程", "Schedule"),
    ("sector-continuity", "分野ごとの事業継続", "Continuity of the sectors"),
    ("sharing-matrix", "情報共有の整理", "Sharing matrix"),
    ("paths", "情報の経路", "Paths of information"),
    ("themes", "論点", "Themes"),
    ("theme-points", "論点の要点", "Points of the themes"),
    ("case", "事例", "Cases"),
    ("incident", "事例の問題点", "Problems of the cases"),
    ("incidents", "事例の問題点と該当箇所", "Problems and provisions"),
    ("comparison", "基準の比較", "Comparison of standards"),
    ("evidence", "根拠資料", "Evidence"),
    ("levels", "実施指針", "Implementation levels"),
];

/// Heads of the columns of records, by their codes.
const COLUMNS: [(&str, &str); 48] = [
    ("accident", "事故"),
    ("basis", "根拠"),
    ("case", "事例"),
    ("citation", "該当箇所"),
    ("class", "区分"),
    ("class_mark", "区分の印"),
    ("comparison", "比較"),
    ("consideration", "要検討・参考"),
    ("content", "内容"),
    ("contents", "内容"),
    ("country", "国"),
    ("current", "現行"),
    ("direction", "方向"),
    ("document", "文書"),
    ("examples", "例"),
    ("extent", "程度"),
    ("form", "様式"),
    ("from", "起点"),
    ("group", "まとまり"),
    ("issuer", "策定者"),
    ("item", "項目"),
    ("kind", "種類"),
    ("lane", "区分"),
    ("law", "法令"),
    ("mark", "印"),
    ("marks", "印"),
    ("method", "手段"),
    ("name", "名称"),
    ("network", "ネットワーク"),
    ("note", "備考"),
    ("operator", "事業者"),
    ("other", "その他"),
    ("page", "ページ"),
    ("path", "経路"),
    ("phase", "段階"),
    ("point", "要点"),
    ("problem", "問題点"),
    ("quoted", "引用"),
    ("range", "範囲"),
    ("request", "要望"),
    ("rule", "規則"),
    ("sector", "分野"),
    ("service", "サービス"),
    ("society", "社会全体"),
    ("source", "出典"),
    ("subsector", "業態"),
    ("text", "本文"),
    ("threat", "脅威"),
];

/// Title of a table of records; an unknown one is named by its code.
pub fn table_title(code: &str, english: bool) -> &str {
    let known = TABLES.iter().find(|(key, ..)| *key == code);
    known.map_or(code, |(_, ja, en)| if english { en } else { ja })
}

/// Head of a column of records; the code itself is the English word, and the name of a column that is not known.
pub fn column_title(code: &str, english: bool) -> &str {
    let known = COLUMNS.iter().find(|(key, _)| *key == code).filter(|_| !english);
    known.map_or(code, |(_, ja)| ja)
}
