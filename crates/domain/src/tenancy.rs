//! What one organisation may see of another (組織間の関係). Deny by default: what no rule here gives is not seen, whoever
//! asks. A relation is between two organisations and goes no further: what a member's member does stays its own.

use jiff::civil::Date;

use crate::standards::terms;

terms! {
    /// How two organisations stand to each other. The upper one is named second in the comments.
    RelationKind {
        /// A company and the head of its group.
        Group = "group", "企業グループ";
        /// An operator and its sector's body (CEPTOAR).
        SectorBody = "sector-body", "分野の団体（セプター）";
        /// An operator or sector body and the ministry in charge.
        Supervision = "supervision", "所管";
        /// A ministry or sector body and the national office.
        National = "national", "国の統括";
    }
}

terms! {
    /// What can be seen of another organisation. There is nothing else: no answer, no evidence, no account, no event.
    What {
        Name = "name", "組織の名称";
        Sectors = "sectors", "分野";
        /// Number of answers per status of the newest year, nothing of what they say.
        Totals = "totals", "自己点検の件数（状態ごとの数だけ）";
    }
}

terms! {
    /// Which of the two an organisation is in a relation.
    Side {
        Upper = "upper", "上位";
        Lower = "lower", "下位";
    }
}

impl Side {
    /// The other one.
    pub const fn other(self) -> Self {
        match self {
            Side::Upper => Side::Lower,
            Side::Lower => Side::Upper,
        }
    }
}

/// When a rule gives what it speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// From the acceptance on.
    Always,
    /// While the organisation that is seen has agreed to share it.
    IfShared,
}

/// The rule: what the organisation on `seer`'s side sees of the other. `None` is no.
pub const fn rule(kind: RelationKind, seer: Side, what: What) -> Option<Given> {
    use RelationKind as K;
    match (kind, seer, what) {
        (_, _, What::Name) | (K::SectorBody | K::Supervision | K::Group, Side::Upper, What::Sectors) => {
            Some(Given::Always)
        }
        (K::Group | K::SectorBody, Side::Upper, What::Totals) => Some(Given::IfShared),
        // A ministry and the national office see no state of single operators: that goes through what operators report.
        (K::Supervision | K::National, _, What::Totals)
        | (K::National, _, What::Sectors)
        | (_, Side::Lower, What::Sectors | What::Totals) => None,
    }
}

/// Which kind of organisation can be on a side.
pub fn fits(kind: RelationKind, side: Side, organisation_kind: &str) -> bool {
    use RelationKind as K;
    match (kind, side) {
        (K::Group, _) | (K::SectorBody, Side::Lower) => organisation_kind == "operator",
        (K::SectorBody, Side::Upper) => organisation_kind == "ceptoar",
        (K::Supervision, Side::Upper) => organisation_kind == "ministry",
        (K::Supervision, Side::Lower) => ["operator", "ceptoar"].contains(&organisation_kind),
        (K::National, Side::Upper) => organisation_kind == "national-office",
        (K::National, Side::Lower) => ["ministry", "ceptoar"].contains(&organisation_kind),
    }
}

terms! {
    /// Where a relation stands. It begins as an offer and needs both sides.
    State {
        Offered = "offered", "申し入れ中";
        Active = "active", "成立";
        Ended = "ended", "終了";
    }
}

/// A relation as far as seeing is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    pub kind: RelationKind,
    pub upper: String,
    pub lower: String,
    pub state: State,
    /// What the lower organisation has agreed to share beyond what the kind always gives.
    pub shares: Vec<What>,
    /// First day.
    pub from: Date,
    /// Last day; `None` until it is ended.
    pub until: Option<Date>,
}

impl Relation {
    /// Whether it holds on a day.
    pub fn holds(&self, today: Date) -> bool {
        self.state == State::Active && self.from <= today && self.until.is_none_or(|last| today <= last)
    }

    /// On which side an organisation is.
    pub fn side(&self, organisation: &str) -> Option<Side> {
        match organisation {
            "" => None,
            id if id == self.upper => Some(Side::Upper),
            id if id == self.lower => Some(Side::Lower),
            _ => None,
        }
    }

    /// Whether one organisation sees something of the other through this relation.
    pub fn shows(&self, seer: &str, seen: &str, what: What, today: Date) -> bool {
        let Some(side) = self.side(seer).filter(|side| self.side(seen) == Some(side.other())) else { return false };
        self.holds(today)
            && match rule(self.kind, side, what) {
                Some(Given::Always) => true,
                // Only the lower side is asked, so only what the upper one sees can be shared.
                Some(Given::IfShared) => side == Side::Upper && self.shares.contains(&what),
                None => false,
            }
    }
}

/// Whether an organisation sees something of another: of itself always, else if one of the relations says so.
pub fn visible<'r>(
    relations: impl IntoIterator<Item = &'r Relation>,
    seer: &str,
    seen: &str,
    what: What,
    today: Date,
) -> bool {
    !seer.is_empty() && (seer == seen || relations.into_iter().any(|relation| relation.shows(seer, seen, what, today)))
}

/// What may be agreed on top in a relation of a kind.
pub fn shareable(kind: RelationKind) -> impl Iterator<Item = What> {
    What::ALL.iter().copied().filter(move |what| rule(kind, Side::Upper, *what) == Some(Given::IfShared))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn relation(kind: RelationKind, shares: Vec<What>) -> Relation {
        Relation {
            kind,
            upper: "u".to_owned(),
            lower: "l".to_owned(),
            state: State::Active,
            shares,
            from: date(2026, 4, 1),
            until: None,
        }
    }

    #[test]
    fn nothing_is_seen_without_a_relation_that_holds() {
        let today = date(2026, 11, 20);
        for kind in RelationKind::ALL {
            for what in What::ALL {
                let standing = relation(*kind, What::ALL.to_vec());
                let ended = Relation { until: Some(date(2026, 11, 19)), ..standing.clone() };
                let coming = Relation { from: date(2026, 11, 21), ..standing.clone() };
                let offered = Relation { state: State::Offered, ..standing.clone() };
                for none in [&ended, &coming, &offered] {
                    assert!(!visible([none], "u", "l", *what, today), "{kind} {what}");
                    assert!(!visible([none], "l", "u", *what, today), "{kind} {what}");
                }
                assert!(!visible([&standing], "x", "l", *what, today), "a third one sees nothing");
                assert!(!visible([&standing], "", "l", *what, today) && !visible([&standing], "u", "", *what, today));
            }
        }
    }

    #[test]
    fn totals_need_consent_and_only_upwards() {
        let today = date(2026, 11, 20);
        for kind in RelationKind::ALL {
            let (silent, shared) = (relation(*kind, Vec::new()), relation(*kind, What::ALL.to_vec()));
            assert!(!visible([&silent], "u", "l", What::Totals, today), "{kind}");
            assert!(!visible([&shared], "l", "u", What::Totals, today), "{kind}");
            let gives = matches!(kind, RelationKind::Group | RelationKind::SectorBody);
            assert_eq!(visible([&shared], "u", "l", What::Totals, today), gives, "{kind}");
            assert_eq!(shareable(*kind).count(), usize::from(gives));
        }
    }

    #[test]
    fn a_relation_goes_no_further_than_its_two() {
        let today = date(2026, 11, 20);
        let first = Relation { lower: "m".to_owned(), ..relation(RelationKind::Group, What::ALL.to_vec()) };
        let second = Relation { upper: "m".to_owned(), ..relation(RelationKind::Group, What::ALL.to_vec()) };
        for what in What::ALL {
            assert!(!visible([&first, &second], "u", "l", *what, today), "{what}");
        }
    }
}
