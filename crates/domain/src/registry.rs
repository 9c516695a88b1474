//! Bodies that take part, and what is registered about them.

use crate::standards::{Audience, NetworkClass, terms};

terms! {
    /// What a body is to the others.
    OrganisationKind {
        Operator = "operator", "事業者";
        Ceptoar = "ceptoar", "セプター";
        Ministry = "ministry", "所管省庁";
        NationalOffice = "national-office", "国の統括機関";
    }
}

/// What is registered of an Organisation to work out which Provisions bind it (適用対象).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OrganisationProfile {
    /// Sectors (重要インフラ分野) by code or Japanese name: `telecom` or 情報通信, `port` or 港湾. Data, not an enum: sectors
    /// are added over the years.
    pub sectors: Vec<String>,
    /// Kinds of operator, e.g. 重要インフラ事業者等, 特定社会基盤事業者.
    pub operator_kinds: Vec<String>,
    /// Classes of the networks it runs (000).
    pub network_classes: Vec<NetworkClass>,
    /// Ports where it operates, by name, e.g. 名古屋港.
    pub ports: Vec<String>,
    /// Roles that answer (004); empty means all.
    pub audiences: Vec<Audience>,
}
