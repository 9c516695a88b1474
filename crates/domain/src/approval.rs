//! 起案 → 確認 → 承認 with 差戻し: one approval for everything that needs one.
//!
//! Whoever drafted neither checks nor approves, in this round or an earlier one; so at least two persons have seen what is
//! approved, and a deputy counts as the person they act for.

use crate::identity::Permission;
use crate::identity::duties::Hand;
use crate::standards::terms;

terms! {
    /// How far an approval has come.
    State {
        Drafted = "drafted", "確認待ち";
        Checked = "checked", "承認待ち";
        Approved = "approved", "承認済み";
        SentBack = "sent-back", "差戻し";
        Withdrawn = "withdrawn", "取下げ";
        Void = "void", "無効（起案後に変更）";
    }
}

terms! {
    /// One act in it.
    Step {
        Draft = "draft", "起案";
        Check = "check", "確認";
        Approve = "approve", "承認";
        SendBack = "send-back", "差戻し";
        Withdraw = "withdraw", "取下げ";
        Void = "void", "無効";
    }
}

terms! {
    /// What is approved.
    Kind {
        AssessmentResult = "assessment-result", "点検結果の確定";
        AccessReview = "access-review", "利用者の棚卸し";
        DraftEdition = "draft-edition", "改訂案";
    }
}

impl State {
    /// The English term.
    pub const fn en(self) -> &'static str {
        match self {
            State::Drafted => "to be checked",
            State::Checked => "to be approved",
            State::Approved => "approved",
            State::SentBack => "sent back",
            State::Withdrawn => "withdrawn",
            State::Void => "void (changed after drafting)",
        }
    }

    /// Whether somebody still has to act.
    pub const fn is_running(self) -> bool {
        matches!(self, State::Drafted | State::Checked | State::SentBack)
    }
}

impl Step {
    /// The English term.
    pub const fn en(self) -> &'static str {
        match self {
            Step::Draft => "Drafted",
            Step::Check => "Checked",
            Step::Approve => "Approved",
            Step::SendBack => "Sent back",
            Step::Withdraw => "Withdrawn",
            Step::Void => "Void",
        }
    }
}

impl Kind {
    /// The English term.
    pub const fn en(self) -> &'static str {
        match self {
            Kind::AssessmentResult => "Result of an assessment",
            Kind::AccessReview => "Access review",
            Kind::DraftEdition => "Draft edition",
        }
    }

    /// Any of these permissions lets somebody take a step.
    pub const fn takers(self, step: Step) -> &'static [Permission] {
        use Permission as P;
        match (self, step) {
            (_, Step::Void) => &[],
            (Kind::AssessmentResult, Step::Draft | Step::Withdraw) => &[P::ManageAssessments],
            (Kind::AccessReview, Step::Draft | Step::Withdraw) => &[P::ReviewAccess],
            (Kind::DraftEdition, Step::Draft | Step::Withdraw) => &[P::EditRevision],
            (Kind::AssessmentResult | Kind::DraftEdition, Step::Check) => &[P::CheckDrafts],
            (Kind::AssessmentResult | Kind::DraftEdition, Step::Approve) => &[P::Approve],
            (Kind::AssessmentResult | Kind::DraftEdition, Step::SendBack) => &[P::CheckDrafts, P::Approve],
            // The auditor signs an access review off, or somebody who approves.
            (Kind::AccessReview, Step::Check) => &[P::CheckDrafts, P::Audit],
            (Kind::AccessReview, Step::Approve) => &[P::Approve, P::Audit],
            (Kind::AccessReview, Step::SendBack) => &[P::CheckDrafts, P::Approve, P::Audit],
        }
    }
}

/// Why a step cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Not in this state.
    NotNow,
    /// By the person who drafted, or a deputy of theirs.
    OwnDraft,
    /// Only the person who drafted takes it back.
    NotDrafter,
}

/// The state after a step. `drafters`: everybody who drafted, in every round.
///
/// # Errors
/// The step is not possible in this state, or not for this person.
pub fn after(state: State, step: Step, hand: &Hand<'_>, drafters: &[Hand<'_>]) -> Result<State, Fault> {
    let drafted = drafters.iter().any(|drafter| drafter.is_same(hand));
    let next = match (state, step) {
        (State::SentBack, Step::Draft) => State::Drafted,
        (State::Drafted, Step::Check) => State::Checked,
        (State::Checked, Step::Approve) => State::Approved,
        (State::Drafted | State::Checked, Step::SendBack) => State::SentBack,
        (State::Drafted | State::Checked | State::SentBack, Step::Withdraw) => State::Withdrawn,
        (State::Drafted | State::Checked | State::SentBack, Step::Void) => State::Void,
        _ => return Err(Fault::NotNow),
    };
    match step {
        Step::Check | Step::Approve | Step::SendBack if drafted => Err(Fault::OwnDraft),
        Step::Withdraw if !drafted => Err(Fault::NotDrafter),
        _ => Ok(next),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Role;
    use crate::identity::duties::conflict;

    const A: Hand<'static> = Hand { account_id: "a", on_behalf_of: "" };
    const B: Hand<'static> = Hand { account_id: "b", on_behalf_of: "" };

    #[test]
    fn the_way_through() {
        assert_eq!(after(State::Drafted, Step::Check, &B, &[A]), Ok(State::Checked));
        assert_eq!(after(State::Checked, Step::Approve, &B, &[A]), Ok(State::Approved));
        assert_eq!(after(State::Checked, Step::SendBack, &B, &[A]), Ok(State::SentBack));
        assert_eq!(after(State::SentBack, Step::Draft, &A, &[A]), Ok(State::Drafted));
        assert_eq!(after(State::Drafted, Step::Withdraw, &A, &[A]), Ok(State::Withdrawn));
    }

    #[test]
    fn no_step_is_left_out_and_nothing_follows_the_end() {
        assert_eq!(after(State::Drafted, Step::Approve, &B, &[A]), Err(Fault::NotNow));
        for state in State::ALL.iter().filter(|state| !state.is_running()) {
            for step in Step::ALL {
                assert_eq!(after(*state, *step, &B, &[A]), Err(Fault::NotNow), "{state} {step}");
            }
        }
    }

    #[test]
    fn who_drafted_in_any_round_neither_checks_nor_approves_not_even_through_a_deputy() {
        let deputy = Hand { account_id: "c", on_behalf_of: "a" };
        let acting = Hand { account_id: "a", on_behalf_of: "c" };
        for hand in [&A, &deputy, &acting] {
            for (state, step) in [(State::Drafted, Step::Check), (State::Checked, Step::Approve)] {
                assert_eq!(after(state, step, hand, &[B, A]), Err(Fault::OwnDraft), "{hand:?} {step}");
            }
        }
        assert_eq!(after(State::Drafted, Step::Withdraw, &B, &[A]), Err(Fault::NotDrafter));
    }

    #[test]
    fn every_step_has_somebody_and_neither_auditor_nor_administrator_drafts() {
        for kind in Kind::ALL {
            for step in Step::ALL.iter().filter(|step| **step != Step::Void) {
                assert!(Role::ALL.iter().any(|role| kind.takers(*step).iter().any(|p| role.may(*p))), "{kind} {step}");
            }
            for role in [Role::Auditor, Role::Administrator] {
                assert!(!kind.takers(Step::Draft).iter().any(|p| role.may(*p)), "{kind} {role}");
            }
        }
        let reviews = |p| Kind::AccessReview.takers(Step::Draft).contains(&p);
        assert!(conflict(reviews, |p| Role::Administrator.may(p)).is_some(), "nobody reviews the seats they give");
    }
}
