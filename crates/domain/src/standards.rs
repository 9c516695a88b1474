//! Standards (安全基準等), their Editions (版) and Provisions (項目).

/// Declares a closed set of terms once: the stable code used in files and the API, and the Japanese term of the field.
macro_rules! terms {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:literal, $ja:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant,)+ }

        impl $name {
            /// Every value, in the order of declaration.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];

            /// The stable code of files, URLs and the API.
            pub const fn code(self) -> &'static str {
                match self { $($name::$variant => $code,)+ }
            }

            /// The Japanese term of the field.
            pub const fn ja(self) -> &'static str {
                match self { $($name::$variant => $ja,)+ }
            }

            /// The value of a code; `None` for a code that is not of this set.
            pub fn from_code(code: &str) -> Option<Self> {
                match code { $($code => Some($name::$variant),)+ _ => None }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.code())
            }
        }
    };
}
pub(crate) use terms;

terms! {
    /// How binding a Standard is as a whole (003, table of sector standards).
    AuthorityClass {
        Law = "law", "① 法令等に基づく義務";
        State = "state", "② 国の推奨基準";
        Industry = "industry", "③ 業界標準";
        InHouse = "in-house", "④ 内規";
    }
}

terms! {
    /// What a Provision is in its Edition's tree. The codes are those of the catalogue format.
    ProvisionKind {
        Clause = "clause", "章・節";
        Group = "group", "群";
        Objective = "objective", "目的";
        Control = "control", "管理策・対策項目";
        Annex = "annex", "附属書";
        Theme = "theme", "論点";
        Definition = "definition", "定義";
        Abbreviation = "abbreviation", "略語";
        Case = "case", "事例";
        Note = "note", "注";
    }
}

terms! {
    /// What a list item inside a Provision is.
    ItemKind {
        Requirement = "requirement", "事業者に求めること";
        Guidance = "guidance", "手引き・解説";
        Example = "example", "具体例";
        Definition = "definition", "定義";
        Note = "note", "注";
    }
}

terms! {
    /// Strength of a sentence from its wording alone: こと／望ましい／検討 (004, 002). Binding marks are a different thing.
    Strength {
        Required = "required", "必須（こと）";
        Recommended = "recommended", "推奨（望ましい）";
        Consider = "consider", "検討";
        None = "none", "－";
    }
}

terms! {
    /// How JT-X1051 treats an ISO/IEC 27002 control (002).
    Disposition {
        ReferenceOnly = "reference-only", "27002 のまま適用";
        Extended = "extended", "電気通信向けに拡張";
        TelecomSpecific = "telecom-specific", "電気通信固有（TEL）";
    }
}

terms! {
    /// Whether the sector standard must consider an item or is offered it as reference (001).
    Consideration {
        Must = "must", "要検討事項";
        Reference = "reference", "参考事項";
    }
}

terms! {
    /// The four classes of telecom network for which levels are given (000).
    NetworkClass {
        Business = "事業", "電気通信回線設備事業用ネットワーク";
        OtherBusiness = "その他", "その他の電気通信事業用ネットワーク";
        Private = "自営", "自営情報通信ネットワーク";
        User = "ユーザ", "ユーザネットワーク";
    }
}

impl NetworkClass {
    /// The name on English pages; the guideline itself has none.
    pub const fn en(self) -> &'static str {
        match self {
            Self::Business => "networks for business with telecommunication line facilities",
            Self::OtherBusiness => "networks for other telecommunication business",
            Self::Private => "private information and communication networks",
            Self::User => "user networks",
        }
    }
}

terms! {
    /// Implementation level (実施指針) of 000.
    Level {
        Should = "◎", "実施すべき";
        ShouldInStages = "◎＊", "段階的に実施すべき";
        Desirable = "○", "実施が望ましい";
        NotApplicable = "－", "対象外";
    }
}

terms! {
    /// Scope of a 強制要件: what the Port Transport Business Act makes binding, and for which ports (004).
    Mandate {
        AllPorts = "全ての港", "強制要件（全ての港）";
        SpecifiedPorts = "五港", "強制要件（京浜・名古屋・大阪・神戸・博多）";
    }
}

terms! {
    /// Who has to act (004).
    Audience {
        Executive = "executive", "経営者層";
        SecurityOfficer = "security-officer", "セキュリティ責任者（CISO等）";
        SystemStaff = "system-staff", "システム構築・運用者";
        Handler = "handler", "取扱者";
    }
}

/// A list item (➢, ●, ・, a) …) of a Provision. It ends where it ends in the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The printed glyph or letter.
    pub label: String,
    pub text: String,
    pub kind: ItemKind,
    pub strength: Strength,
    /// Binding marks of this item or, where the document marks a group, of the group item (004: 強制要件).
    pub marks: Vec<Mandate>,
    pub audience: Vec<Audience>,
    pub items: Vec<Item>,
    /// 1-based line of the source document; 0 where there is no source.
    pub line: u32,
}

/// A node of an Edition's tree (項目).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provision {
    /// The document's own number in NFKC without blanks, unique in the Edition: `6.1.1`, `別紙1/1.2.1`.
    pub id: String,
    pub title: String,
    /// `id` of the parent; `None` at the top.
    pub parent: Option<String>,
    pub kind: ProvisionKind,
    /// Paragraphs that are not list items, separated by `\n`.
    pub text: String,
    pub items: Vec<Item>,
    pub strength: Strength,
    pub disposition: Option<Disposition>,
    pub consideration: Option<Consideration>,
    pub levels: Vec<(NetworkClass, Level)>,
    pub marks: Vec<Mandate>,
    pub audience: Vec<Audience>,
    /// Citations in the document's own style, NFKC without blanks.
    pub references: Vec<String>,
    /// 1-based; 0 where the source has no pages.
    pub page: u32,
    /// 1-based line of the heading; 0 where there is no source.
    pub line: u32,
}

impl Provision {
    /// An empty Provision to be filled by a reader.
    pub fn new(id: impl Into<String>, kind: ProvisionKind, title: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            title: title.into(),
            parent: None,
            kind,
            text: String::new(),
            items: Vec::new(),
            strength: Strength::None,
            disposition: None,
            consideration: None,
            levels: Vec::new(),
            marks: Vec::new(),
            audience: Vec::new(),
            references: Vec::new(),
            page: 0,
            line: 0,
        }
    }

    /// Whether people answer it in an Assessment: controls do, headings and definitions do not.
    pub fn is_answerable(&self) -> bool {
        self.kind == ProvisionKind::Control
    }
}

/// One row of a table of the document that is not a Provision (003: sector standards, sharing matrix …; 000: comparison
/// and incident rows).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Which table, e.g. `sector-standards`.
    pub table: String,
    /// Column name and cell text, in the order of the columns.
    pub cells: Vec<(String, String)>,
    pub line: u32,
}

/// Something a reader did not understand or cut out as noise, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub line: u32,
    /// Stable, kebab-case.
    pub code: String,
    pub message: String,
}

/// One dated issue of a Standard (版).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Edition {
    /// Stable id, e.g. `jt-x1051-2018`.
    pub id: String,
    /// Id of the Standard, e.g. `jt-x1051`.
    pub standard: String,
    pub title: String,
    pub title_en: String,
    /// Short name for lists and citations.
    pub short: String,
    /// Printed edition label, e.g. 第3版.
    pub label: String,
    pub issuer: String,
    /// `AuthorityClass` code.
    pub authority: String,
    /// ISO date or empty.
    pub valid_from: String,
    pub valid_to: String,
    /// The import grammar that read it.
    pub profile: String,
}

/// An Edition with everything read from its document.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Catalogue {
    pub edition: Edition,
    pub provisions: Vec<Provision>,
    pub records: Vec<Record>,
    pub problems: Vec<Problem>,
}

/// What we say about a Provision in our own words: ships with the product, works without the official text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Guide {
    pub title_en: String,
    pub question: String,
    pub question_en: String,
    pub explanation: String,
    pub explanation_en: String,
}
