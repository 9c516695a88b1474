//! Separation of duties (職務の分離): what one person may not hold together, and what one person may not do twice in one
//! matter.

use super::{Permission, Role};

/// Two permissions that exclude each other in one person of one organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exclusion {
    pub one: Permission,
    pub other: Permission,
    /// Why, for the page.
    pub ja: &'static str,
    pub en: &'static str,
}

const fn administers(other: Permission) -> Exclusion {
    Exclusion {
        one: Permission::ManageAccounts,
        other,
        ja: "利用者を管理する人は、回答を見たり変えたりできません。",
        en: "Who administers accounts neither reads nor writes answers.",
    }
}

const fn audits(other: Permission) -> Exclusion {
    Exclusion {
        one: Permission::Audit,
        other,
        ja: "監査する人は、監査される側の仕事を兼ねられません。",
        en: "Who audits does none of the work that is audited.",
    }
}

/// Every pair that excludes each other.
pub const EXCLUSIONS: &[Exclusion] = &[
    administers(Permission::ReadAssessments),
    administers(Permission::ReadOwnRequests),
    administers(Permission::AnswerAll),
    administers(Permission::AnswerOwn),
    administers(Permission::ReviewAccess),
    audits(Permission::ManageAccounts),
    audits(Permission::ManageAssessments),
    audits(Permission::AnswerAll),
    audits(Permission::AnswerOwn),
    audits(Permission::EditRevision),
    audits(Permission::ReviewAccess),
];

/// The pair that a person would hold with two sets of permissions at once; `None` where they go together.
pub fn conflict(one: impl Fn(Permission) -> bool, other: impl Fn(Permission) -> bool) -> Option<Exclusion> {
    let holds = |permission| one(permission) || other(permission);
    EXCLUSIONS.iter().find(|pair| holds(pair.one) && holds(pair.other)).copied()
}

/// The pair that two roles in one organisation would give one person.
pub fn conflict_of_roles(one: Role, other: Role) -> Option<Exclusion> {
    conflict(|permission| one.may(permission), |permission| other.may(permission))
}

/// Somebody who takes a step: the account itself and, for a deputy, the one acted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hand<'a> {
    pub account_id: &'a str,
    /// Empty for a person who acts for themselves.
    pub on_behalf_of: &'a str,
}

impl Hand<'_> {
    /// Whether two steps come from one person: by either's own account, or for one and the same principal. A deputy cannot
    /// approve what the principal drafted, nor the principal what was drafted in their name.
    pub fn is_same(&self, other: &Hand<'_>) -> bool {
        let ids = |hand: &Hand<'_>| [hand.account_id.to_owned(), hand.on_behalf_of.to_owned()];
        let others = ids(other);
        ids(self).iter().any(|id| !id.is_empty() && others.contains(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_role_holds_an_exclusive_pair_by_itself() {
        for role in Role::ALL {
            assert_eq!(conflict_of_roles(*role, *role), None, "{role}");
        }
    }

    #[test]
    fn administrator_and_officer_do_not_go_together() {
        assert!(conflict_of_roles(Role::Administrator, Role::SecurityOfficer).is_some());
        assert!(conflict_of_roles(Role::Administrator, Role::DepartmentMember).is_some());
        assert!(conflict_of_roles(Role::Auditor, Role::SecurityOfficer).is_some());
        assert_eq!(conflict_of_roles(Role::DepartmentMember, Role::SecurityOfficer), None);
        assert_eq!(conflict_of_roles(Role::Executive, Role::SecurityOfficer), None);
    }

    #[test]
    fn a_deputy_and_the_principal_are_one_hand() {
        let own = |account_id| Hand { account_id, on_behalf_of: "" };
        let deputy = Hand { account_id: "b", on_behalf_of: "a" };
        assert!(deputy.is_same(&own("a")) && deputy.is_same(&own("b")));
        assert!(!deputy.is_same(&own("c")));
        assert!(!own("c").is_same(&own("d")), "no principal is not the same principal");
    }
}
