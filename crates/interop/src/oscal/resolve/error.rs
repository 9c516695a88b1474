//! Why a profile cannot be resolved, and what is worth knowing when it can.

use std::fmt;

/// Why there is no result. Nothing is written then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    #[error("{file}: the import \"{href}\" cannot be read ({reason})")]
    Missing { file: String, href: String, reason: String },
    #[error("{file}: the import \"{href}\" lies outside of the folder that may be read")]
    Outside { file: String, href: String },
    #[error("{file}: the import \"{href}\" is on a network, and imports are read from files only")]
    Network { file: String, href: String },
    #[error("{file}: the import \"{href}\" names no resource of the back matter")]
    NoResource { file: String, href: String },
    #[error("{file}: the resource \"{href}\" has no JSON file (rlink or base64)")]
    NoJson { file: String, href: String },
    #[error("{file}: this is neither an OSCAL catalogue nor a profile in JSON ({reason})")]
    NotOscal { file: String, reason: String },
    #[error("circular import: {}", .chain.join(" → "))]
    Circular { chain: Vec<String> },
    #[error("{file}: {what} (limit {limit})")]
    Limit { file: String, what: &'static str, limit: usize },
    #[error("{file}: merge has more than one of flat, as-is and custom")]
    Structure { file: String },
    #[error("{file}: OSCAL version \"{version}\" is of another major version than 1")]
    Version { file: String, version: String },
}

impl ResolveError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "import-missing",
            Self::Outside { .. } => "import-outside",
            Self::Network { .. } => "import-network",
            Self::NoResource { .. } => "import-no-resource",
            Self::NoJson { .. } => "import-no-json",
            Self::NotOscal { .. } => "not-oscal",
            Self::Circular { .. } => "import-circular",
            Self::Limit { .. } => "limit",
            Self::Structure { .. } => "merge-structure",
            Self::Version { .. } => "oscal-version",
        }
    }

    /// What happened, in Japanese.
    pub fn ja(&self) -> String {
        match self {
            Self::Missing { file, href, reason } => {
                format!("{file}: 取り込み先「{href}」を読めません（{reason}）。")
            }
            Self::Outside { file, href } => {
                format!("{file}: 取り込み先「{href}」は、読んでよいフォルダーの外にあります。")
            }
            Self::Network { file, href } => {
                format!("{file}: 取り込み先「{href}」はネットワーク上にあります。ファイルだけを読みます。")
            }
            Self::NoResource { file, href } => {
                format!("{file}: 取り込み先「{href}」に当たる資料（back-matter）がありません。")
            }
            Self::NoJson { file, href } => {
                format!("{file}: 資料「{href}」に JSON のファイル（rlink または base64）がありません。")
            }
            Self::NotOscal { file, reason } => {
                format!("{file}: JSON の OSCAL カタログでもプロファイルでもありません（{reason}）。")
            }
            Self::Circular { chain } => format!("取り込みが循環しています: {}。", chain.join(" → ")),
            Self::Limit { file, what, limit } => {
                format!("{file}: 扱える大きさを超えています（{what}、上限 {limit}）。")
            }
            Self::Structure { file } => {
                format!("{file}: merge に flat・as-is・custom のうち二つ以上があります。")
            }
            Self::Version { file, version } => {
                format!("{file}: OSCAL の版「{version}」は、扱える版（1.x）ではありません。")
            }
        }
    }

    /// What to do next: Japanese and English.
    pub const fn next(&self) -> (&'static str, &'static str) {
        match self {
            Self::Missing { .. } => (
                "href を確かめ、プロファイルからの相対パスの場所にファイルを置いてください。",
                "Check the href and put the file where it says, relative to the profile.",
            ),
            Self::Outside { .. } => (
                "ファイルをプロファイルと同じフォルダーに置くか、--root で読んでよいフォルダーを広げてください。",
                "Put the file beside the profile, or widen the folder with --root.",
            ),
            Self::Network { .. } => (
                "ファイルを手元に保存し、href を相対パスに直してください。",
                "Save the file and make the href a relative path.",
            ),
            Self::NoResource { .. } => (
                "back-matter の resource の uuid と href を合わせてください。",
                "Make the href and the uuid of a resource agree.",
            ),
            Self::NoJson { .. } => (
                "JSON のファイルを指す rlink（media-type application/oscal.catalog+json）を加えてください。",
                "Add an rlink to a JSON file (media-type application/oscal.catalog+json).",
            ),
            Self::NotOscal { .. } => (
                "sakimori oscal validate で誤りの場所を確かめてください。XML や YAML は JSON に変換してください。",
                "`sakimori oscal validate` shows the place; convert XML or YAML to JSON first.",
            ),
            Self::Circular { .. } => {
                ("いずれかのプロファイルの import を外してください。", "Take one of these imports out.")
            }
            Self::Limit { .. } => ("文書を分けてください。", "Split the document."),
            Self::Structure { .. } => ("一つだけを残してください。", "Leave exactly one of them."),
            Self::Version { .. } => {
                ("OSCAL 1.0.0 から 1.2.1 の文書にしてください。", "Use a document of OSCAL 1.0.0 to 1.2.1.")
            }
        }
    }
}

/// Something that a reader of the result should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Stable, kebab-case.
    pub code: &'static str,
    pub file: String,
    pub ja: String,
    pub en: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {} / {}", self.file, self.code, self.ja, self.en)
    }
}
