//! Applicability (適用対象): whether a Provision binds an Organisation, how strongly, and why.
//!
//! Sources of the rules: levels per network class (000, 別表第1・第2), 要検討／参考 (001), dispositions (002),
//! 強制要件 with its ports (004, notes of chapter 1). Tailoring by a person comes on top and is not decided here.

use crate::registry::OrganisationProfile;
use crate::standards::{
    Audience, Consideration, Disposition, Item, Level, Mandate, NetworkClass, Provision, Strength, terms,
};
use crate::text::number_id;
use std::collections::HashMap;

terms! {
    /// How strongly a Provision binds, strongest first: the smallest value is the strongest.
    Force {
        /// Made binding by law.
        Mandatory = "mandatory", "強制要件";
        Should = "should", "◎ 実施すべき";
        Required = "required", "必須（こと）";
        ShouldInStages = "should-in-stages", "◎＊ 段階的に実施すべき";
        MustConsider = "must-consider", "要検討事項";
        Recommended = "recommended", "推奨（望ましい）";
        Desirable = "desirable", "○ 実施が望ましい";
        Consider = "consider", "検討";
        Reference = "reference", "参考";
        /// Nothing is asked: an explanation, a definition.
        Info = "info", "情報";
        NotApplicable = "not-applicable", "対象外";
    }
}

impl Force {
    /// Term of the English pages.
    pub const fn en(self) -> &'static str {
        match self {
            Self::Mandatory => "mandatory",
            Self::Should => "◎ should",
            Self::Required => "required by wording",
            Self::ShouldInStages => "◎＊ should, in stages",
            Self::MustConsider => "to be considered",
            Self::Recommended => "recommended",
            Self::Desirable => "○ desirable",
            Self::Consider => "consider",
            Self::Reference => "reference",
            Self::Info => "information",
            Self::NotApplicable => "not applicable",
        }
    }

    /// The force of a sentence from its wording alone.
    pub const fn of_wording(strength: Strength) -> Self {
        match strength {
            Strength::Required => Self::Required,
            Strength::Recommended => Self::Recommended,
            Strength::Consider => Self::Consider,
            Strength::None => Self::Info,
        }
    }

    const fn of_level(level: Level) -> Self {
        match level {
            Level::Should => Self::Should,
            Level::ShouldInStages => Self::ShouldInStages,
            Level::Desirable => Self::Desirable,
            Level::NotApplicable => Self::NotApplicable,
        }
    }
}

terms! {
    /// Which rule of applicability an Edition follows.
    Family {
        /// 000: levels ◎ ◎＊ ○ － per network class.
        TelecomLevels = "telecom-levels", "情報通信ネットワーク安全・信頼性基準";
        /// 001: 要検討／参考 for every critical infrastructure sector.
        CriticalInfrastructure = "critical-infrastructure", "重要インフラ安全基準等策定指針";
        /// 002: ISMS controls for telecom.
        TelecomIsms = "telecom-isms", "電気通信 ISMS";
        /// 003: the action plan; explains, asks nothing of a single item.
        ActionPlan = "action-plan", "行動計画";
        /// 004: mandates by port.
        Port = "port", "港湾分野ガイドライン";
        /// Any other Standard: the wording alone.
        Other = "other", "その他";
    }
}

impl Family {
    /// The family of an Edition or Standard by its id: `port-guideline-2024-tos` and a later `port-guideline-2027` alike.
    pub fn of_edition(id: &str) -> Self {
        const PREFIXES: [(&str, Family); 5] = [
            ("telecom-safety", Family::TelecomLevels),
            ("nisc-measures", Family::CriticalInfrastructure),
            ("jt-x1051", Family::TelecomIsms),
            ("action-plan", Family::ActionPlan),
            ("port-guideline", Family::Port),
        ];
        let id = id.to_ascii_lowercase();
        PREFIXES.iter().find(|(prefix, _)| id.starts_with(prefix)).map_or(Self::Other, |(_, family)| *family)
    }
}

/// The answer to "does it bind us?".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applicability {
    /// Whether the Organisation has to take a position on it.
    pub binds: bool,
    pub force: Force,
    /// Why, in Japanese, e.g. `強制要件（指定港: 名古屋港のため）`.
    pub reason: String,
    /// Why, in English, e.g. `mandatory, specified ports, because 名古屋港`.
    pub reason_en: String,
}

impl Applicability {
    fn new(binds: bool, force: Force, reason: impl Into<String>, reason_en: impl Into<String>) -> Self {
        Self { binds, force, reason: reason.into(), reason_en: reason_en.into() }
    }

    fn by_wording(strength: Strength) -> Self {
        let force = Force::of_wording(strength);
        if force == Force::Info {
            return Self::new(true, force, "文言に義務の強さを示す語がない", "the wording asks nothing in particular");
        }
        Self::new(true, force, format!("文言による: {}", force.ja()), format!("{}, by its wording", force.en()))
    }
}

const TELECOM: &[&str] = &[
    "telecom",
    "telecommunications",
    "information-communications",
    "information-and-communications",
    "ict",
    "情報通信",
    "電気通信",
];
const PORT: &[&str] = &["port", "ports", "harbor", "harbour", "港湾", "港湾運送"];

/// The five specified ports of 004 with the ports that make them up (京浜 = 東京・川崎・横浜) and their UN/LOCODEs.
const SPECIFIED_PORTS: &[&str] = &[
    "京浜",
    "東京",
    "川崎",
    "横浜",
    "名古屋",
    "大阪",
    "神戸",
    "博多",
    "keihin",
    "tokyo",
    "kawasaki",
    "yokohama",
    "nagoya",
    "osaka",
    "kobe",
    "hakata",
    "jptyo",
    "jpkws",
    "jpyok",
    "jpngo",
    "jposa",
    "jpukb",
    "jphkt",
];

fn has_sector(profile: &OrganisationProfile, names: &[&str]) -> bool {
    profile.sectors.iter().any(|sector| names.contains(&number_id(sector).to_lowercase().as_str()))
}

/// Whether the name of a port (with or without 港, Japanese, English or UN/LOCODE) is one of the five specified ports.
pub fn is_specified_port(port: &str) -> bool {
    let folded = number_id(port).to_lowercase();
    let name = folded.strip_suffix('港').or_else(|| folded.strip_suffix("port")).unwrap_or(&folded);
    SPECIFIED_PORTS.contains(&name)
}

/// What a Provision says of itself, or takes from the heading that says it for all below: 001 prints 要検討 on the heading
/// of a group, not on its items. Marks of 004 are not passed down: they belong to what they stand on.
struct Facts<'a> {
    levels: &'a [(NetworkClass, Level)],
    consideration: Option<Consideration>,
    audience: &'a [Audience],
}

impl<'a> Facts<'a> {
    fn of(provision: &'a Provision) -> Self {
        Self { levels: &provision.levels, consideration: provision.consideration, audience: &provision.audience }
    }

    fn or_from(mut self, ancestor: &'a Provision) -> Self {
        if self.levels.is_empty() {
            self.levels = &ancestor.levels;
        }
        if self.audience.is_empty() {
            self.audience = &ancestor.audience;
        }
        self.consideration = self.consideration.or(ancestor.consideration);
        self
    }
}

/// Whether a Provision binds an Organisation, how strongly, and why, from what it says itself.
/// For a whole Edition use [`applicability_of_all`], which also heeds the headings above.
pub fn applicability(profile: &OrganisationProfile, family: Family, provision: &Provision) -> Applicability {
    decide(profile, family, provision, &Facts::of(provision))
}

/// The applicability of every Provision of an Edition, in the order given; levels, 要検討／参考 and audience come from the
/// nearest heading above where a Provision has none of its own.
pub fn applicability_of_all(
    profile: &OrganisationProfile,
    family: Family,
    provisions: &[Provision],
) -> Vec<Applicability> {
    /// Deeper than any document; a parent chain that loops ends here.
    const DEPTH_MAX: usize = 32;
    let by_id: HashMap<&str, &Provision> = provisions.iter().map(|p| (p.id.as_str(), p)).collect();
    let above = |provision: &&Provision| provision.parent.as_deref().and_then(|id| by_id.get(id).copied());
    provisions
        .iter()
        .map(|provision| {
            let ancestors = std::iter::successors(above(&provision), above).take(DEPTH_MAX);
            let facts = ancestors.fold(Facts::of(provision), Facts::or_from);
            decide(profile, family, provision, &facts)
        })
        .collect()
}

fn decide(profile: &OrganisationProfile, family: Family, provision: &Provision, facts: &Facts<'_>) -> Applicability {
    let base = match family {
        Family::TelecomLevels => by_level(profile, provision, facts.levels),
        Family::CriticalInfrastructure => by_consideration(profile, provision.strength, facts.consideration),
        Family::TelecomIsms => by_disposition(profile, provision),
        Family::ActionPlan => by_action_plan(profile),
        Family::Port => {
            let whole = by_port(profile, &provision.marks, provision.strength, false);
            let inside = marks_inside(&provision.items);
            let part = by_port(profile, &inside, provision.strength, true);
            if part.force < whole.force { part } else { whole }
        }
        Family::Other => Applicability::by_wording(provision.strength),
    };
    for_audience(profile, facts.audience, base)
}

/// The same for one list item of a Provision; items carry marks, wording and audience of their own (004).
pub fn item_applicability(
    profile: &OrganisationProfile,
    family: Family,
    provision: &Provision,
    item: &Item,
) -> Applicability {
    let audience = if item.audience.is_empty() { &provision.audience } else { &item.audience };
    let base = match family {
        Family::Port => {
            by_port(profile, if item.marks.is_empty() { &provision.marks } else { &item.marks }, item.strength, false)
        }
        Family::Other => Applicability::by_wording(item.strength),
        _ => return applicability(profile, family, provision),
    };
    for_audience(profile, audience, base)
}

fn marks_inside(items: &[Item]) -> Vec<Mandate> {
    items.iter().flat_map(|item| item.marks.iter().copied().chain(marks_inside(&item.items))).collect()
}

fn other_sector(ja: &str, en: &str) -> Applicability {
    Applicability::new(
        false,
        Force::Reference,
        format!("{ja}の基準であり、登録された分野には当たらない（参考にはできる）"),
        format!("a standard of the {en} sector, which the profile does not have; may be taken as reference"),
    )
}

const fn network_ja(class: NetworkClass) -> &'static str {
    match class {
        NetworkClass::Business => "事業用ネットワーク",
        NetworkClass::OtherBusiness => "その他の電気通信事業用ネットワーク",
        NetworkClass::Private => "自営情報通信ネットワーク",
        NetworkClass::User => "ユーザネットワーク",
    }
}

const fn network_en(class: NetworkClass) -> &'static str {
    match class {
        NetworkClass::Business => "business network",
        NetworkClass::OtherBusiness => "other telecom business network",
        NetworkClass::Private => "private network",
        NetworkClass::User => "user network",
    }
}

const fn level_en(level: Level) -> &'static str {
    match level {
        Level::Should => "should",
        Level::ShouldInStages => "should, in stages",
        Level::Desirable => "desirable",
        Level::NotApplicable => "not applicable",
    }
}

/// 000: the strongest level among the Organisation's network classes holds. Without a registered class every class is
/// taken, so that nothing is missed for want of a setting.
fn by_level(profile: &OrganisationProfile, provision: &Provision, levels: &[(NetworkClass, Level)]) -> Applicability {
    if !has_sector(profile, TELECOM) {
        return other_sector("情報通信分野", "telecommunications");
    }
    if levels.is_empty() && provision.strength == Strength::None && provision.is_answerable() {
        // 別表第3 and 第4 have no levels; the standard as a whole is a recommendation of the state.
        let reason = "推奨: 実施指針の水準が示されていない項目";
        return Applicability::new(true, Force::Recommended, reason, "recommended: an item without level");
    }
    if levels.is_empty() {
        return Applicability::by_wording(provision.strength);
    }
    let unset = profile.network_classes.is_empty();
    let ours: Vec<_> =
        levels.iter().filter(|(class, _)| unset || profile.network_classes.contains(class)).copied().collect();
    let Some(strongest) = ours.iter().map(|(_, level)| *level).min() else {
        let names: Vec<_> = profile.network_classes.iter().map(|class| network_ja(*class)).collect();
        let reason = format!("{}についての指針がない", names.join("・"));
        return Applicability::new(
            false,
            Force::NotApplicable,
            reason,
            "no level is given for the network classes of the profile",
        );
    };
    let classes = || ours.iter().filter(|(_, level)| *level == strongest).map(|(class, _)| *class);
    let names: Vec<_> = classes().map(network_ja).collect();
    let names_en: Vec<_> = classes().map(network_en).collect();
    let (note, note_en) =
        if unset { ("。ネットワーク区分が未登録", "; no network class registered") } else { ("", "") };
    Applicability::new(
        strongest != Level::NotApplicable,
        Force::of_level(strongest),
        format!("{} {}（{}{note}）", strongest.code(), strongest.ja(), names.join("・")),
        format!("{} {} ({}{note_en})", strongest.code(), level_en(strongest), names_en.join(", ")),
    )
}

/// 001: for operators of every critical infrastructure sector.
fn by_consideration(
    profile: &OrganisationProfile,
    strength: Strength,
    consideration: Option<Consideration>,
) -> Applicability {
    if profile.sectors.is_empty() {
        return Applicability::new(
            false,
            Force::Reference,
            "重要インフラ分野が登録されていない（参考にはできる）",
            "no critical infrastructure sector is registered; may be taken as reference",
        );
    }
    match consideration {
        Some(Consideration::Must) => Applicability::new(
            true,
            Force::MustConsider,
            "要検討事項（全ての重要インフラ分野）",
            "to be considered, every critical infrastructure sector",
        ),
        Some(Consideration::Reference) => Applicability::new(
            true,
            Force::Reference,
            "参考事項（全ての重要インフラ分野）",
            "offered as reference, every critical infrastructure sector",
        ),
        None => Applicability::by_wording(strength),
    }
}

/// 002: recommended throughout to telecom carriers; the disposition says where the text stands.
fn by_disposition(profile: &OrganisationProfile, provision: &Provision) -> Applicability {
    if !has_sector(profile, TELECOM) {
        return other_sector("情報通信分野", "telecommunications");
    }
    let (ja, en) = match provision.disposition {
        Some(Disposition::ReferenceOnly) => {
            ("ISO/IEC 27002 の管理策をそのまま適用", "ISO/IEC 27002 control as it stands")
        }
        Some(Disposition::Extended) => ("電気通信向けに拡張された管理策", "control extended for telecommunications"),
        Some(Disposition::TelecomSpecific) => ("電気通信固有の管理策（TEL）", "telecom-specific control (TEL)"),
        None if provision.is_answerable() => ("電気通信事業者向けの管理策", "control for telecommunications"),
        None => return Applicability::by_wording(provision.strength),
    };
    Applicability::new(true, Force::Recommended, format!("推奨: {ja}"), format!("recommended: {en}"))
}

fn by_action_plan(profile: &OrganisationProfile) -> Applicability {
    let known = !profile.sectors.is_empty();
    Applicability::new(
        known,
        Force::Info,
        if known {
            "重要インフラ全体の計画（事業者への個別の要求ではない）"
        } else {
            "重要インフラ分野が登録されていない"
        },
        if known {
            "a plan for all sectors, not a demand on one operator"
        } else {
            "no critical infrastructure sector is registered"
        },
    )
}

/// 004: a mandate for all ports binds every port operator; one for the specified ports only those in one of the five.
/// `inside` says that the mark stands on a part of the Provision.
fn by_port(profile: &OrganisationProfile, marks: &[Mandate], strength: Strength, inside: bool) -> Applicability {
    if !has_sector(profile, PORT) && profile.ports.is_empty() {
        return other_sector("港湾分野", "port");
    }
    let (ja_end, en_end) = if inside { ("を含む", ", in a part of the item") } else { ("", "") };
    let named: Vec<_> = profile.ports.iter().filter(|port| is_specified_port(port)).map(String::as_str).collect();
    let named = named.join("・");
    if marks.contains(&Mandate::AllPorts) {
        // Some measures are mandatory everywhere, others in the specified ports: the reason names both.
        let (ja_too, en_too) = match marks.contains(&Mandate::SpecifiedPorts) && !named.is_empty() {
            true => (format!("と指定港: {named}のため"), format!(", and specified ports, because {named}")),
            false => (String::new(), String::new()),
        };
        let reason = format!("強制要件（全ての港{ja_too}）{ja_end}");
        return Applicability::new(true, Force::Mandatory, reason, format!("mandatory, all ports{en_too}{en_end}"));
    }
    let by_wording = Applicability::by_wording(strength);
    if !marks.contains(&Mandate::SpecifiedPorts) {
        return by_wording;
    }
    if named.is_empty() {
        let ports = if profile.ports.is_empty() { "港が未登録".to_owned() } else { profile.ports.join("・") };
        return Applicability {
            reason: format!("{}（強制要件は指定五港のみ: {ports}）", by_wording.reason),
            reason_en: format!("{}; mandatory only in the five specified ports, not: {ports}", by_wording.reason_en),
            ..by_wording
        };
    }
    Applicability::new(
        true,
        Force::Mandatory,
        format!("強制要件（指定港: {named}のため）{ja_end}"),
        format!("mandatory, specified ports, because {named}{en_end}"),
    )
}

/// An item for other roles stays in the list with its force, but does not bind: the reason says whose it is.
fn for_audience(profile: &OrganisationProfile, audience: &[Audience], base: Applicability) -> Applicability {
    let meets =
        audience.is_empty() || profile.audiences.is_empty() || audience.iter().any(|a| profile.audiences.contains(a));
    if meets || !base.binds {
        return base;
    }
    let names: Vec<_> = audience.iter().map(|a| a.ja()).collect();
    let codes: Vec<_> = audience.iter().map(|a| a.code()).collect();
    Applicability {
        binds: false,
        force: base.force,
        reason: format!("{}。ただし対象者は{}で、登録された役割に含まれない", base.reason, names.join("・")),
        reason_en: format!("{}; but meant for {}, not among the registered roles", base.reason_en, codes.join(", ")),
    }
}
