//! Revision (改訂): the points (論点) raised for the next Edition of a Standard, what was decided of them, and the half-year
//! calendar in which Standards are kept up.

mod draft;

pub use draft::{Accepted, Draft, DraftProblem, draft};

use crate::standards::terms;

terms! {
    /// Where a point is to go (000: ○ into the standard, △ into the commentary).
    Direction {
        Undecided = "undecided", "未定";
        Standard = "standard", "○ 基準への反映";
        Commentary = "commentary", "△ 解説への反映";
        NotTaken = "not-taken", "反映しない";
    }
}

impl Direction {
    /// The sign of printed tables; empty while nothing has been said.
    pub const fn sign(self) -> &'static str {
        match self {
            Direction::Undecided => "",
            Direction::Standard => "○",
            Direction::Commentary => "△",
            Direction::NotTaken => "－",
        }
    }
}

terms! {
    /// How far a point has come.
    Stage {
        Raised = "raised", "起票";
        Discussing = "discussing", "検討中";
        Decided = "decided", "決定";
        Withdrawn = "withdrawn", "取下げ";
    }
}

terms! {
    /// What a review meeting is at.
    MeetingState {
        Planned = "planned", "予定";
        Held = "held", "開催済み";
    }
}

terms! {
    /// What the next Edition does with the item of a point.
    ChangeKind {
        Open = "open", "未作成";
        Reword = "reword", "文言を改める";
        Add = "add", "項目を加える";
        Drop = "drop", "項目を削る";
    }
}

terms! {
    /// What is done in a half-year of the upkeep cycle (003, schedule by half-year).
    CycleStep {
        Analyse = "analyse", "分析・検証";
        Prepare = "prepare", "準備";
        Review = "review", "見直し";
        Revise = "revise", "改定";
        Publish = "publish", "要点周知";
        Survey = "survey", "浸透状況等調査";
        Grasp = "grasp", "状況把握・評価";
    }
}

/// A document that speaks for a point (根拠資料), and what it says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EvidenceDocument {
    pub title: String,
    /// Chapter, item or page; empty where the document has none.
    pub place: String,
    pub content: String,
}

/// What the next Edition should say. Which fields count depends on `kind`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    pub kind: ChangeKind,
    /// The item that is reworded or dropped, or the number of the new one.
    pub number: String,
    /// The item behind which a new one stands.
    pub after: String,
    /// Empty: the title stays.
    pub title: String,
    /// What it says now, where no text of the base Edition is loaded.
    pub old_text: String,
    pub new_text: String,
}

impl Default for Wording {
    fn default() -> Self {
        Self {
            kind: ChangeKind::Open,
            number: String::new(),
            after: String::new(),
            title: String::new(),
            old_text: String::new(),
            new_text: String::new(),
        }
    }
}

/// Why a wording cannot be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WordingError {
    #[error("which item it is about is missing")]
    NoNumber,
    #[error("the new wording is missing")]
    NoText,
    #[error("where the new item stands is missing")]
    NoPlace,
    #[error("a new item needs a title")]
    NoTitle,
}

impl Wording {
    /// Whether everything is there that its kind needs.
    ///
    /// # Errors
    /// What is missing.
    pub fn check(&self) -> Result<(), WordingError> {
        let empty = |text: &str| text.trim().is_empty();
        match self.kind {
            ChangeKind::Open => Ok(()),
            _ if empty(&self.number) => Err(WordingError::NoNumber),
            ChangeKind::Reword if empty(&self.new_text) && empty(&self.title) => Err(WordingError::NoText),
            ChangeKind::Add if empty(&self.after) => Err(WordingError::NoPlace),
            ChangeKind::Add if empty(&self.title) => Err(WordingError::NoTitle),
            ChangeKind::Reword | ChangeKind::Add | ChangeKind::Drop => Ok(()),
        }
    }
}

/// Who decided what, when, in which meeting.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decision {
    /// ISO date.
    pub on: String,
    pub by: String,
    /// Empty: outside a meeting.
    pub meeting_id: String,
    pub text: String,
}

/// How far a point has come and where it goes: changed by the steps below only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    stage: Stage,
    direction: Direction,
    decision: Option<Decision>,
}

/// Why a step is not possible.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StepError {
    #[error("not possible for a point that is {0}")]
    Stage(Stage),
    #[error("a decision needs a direction")]
    NoDirection,
    #[error("a decision needs the day on which it was made")]
    NoDay,
    #[error("a decision needs who made it")]
    Nobody,
    #[error("a reason is needed")]
    NoReason,
    #[error("the kept state contradicts itself: {0}")]
    Inconsistent(&'static str),
}

impl Default for Standing {
    fn default() -> Self {
        Self { stage: Stage::Raised, direction: Direction::Undecided, decision: None }
    }
}

impl Standing {
    /// A standing as it was kept.
    ///
    /// # Errors
    /// A decision that does not fit the stage.
    pub fn kept(stage: Stage, direction: Direction, decision: Option<Decision>) -> Result<Self, StepError> {
        match (stage, direction, &decision) {
            (Stage::Decided, _, None) => Err(StepError::Inconsistent("decided without a decision")),
            (Stage::Decided, Direction::Undecided, _) => Err(StepError::Inconsistent("decided without a direction")),
            (Stage::Raised | Stage::Discussing | Stage::Withdrawn, _, Some(_)) => {
                Err(StepError::Inconsistent("a decision that is not in force"))
            }
            _ => Ok(Self { stage, direction, decision }),
        }
    }

    pub const fn stage(&self) -> Stage {
        self.stage
    }

    pub const fn direction(&self) -> Direction {
        self.direction
    }

    pub const fn decision(&self) -> Option<&Decision> {
        self.decision.as_ref()
    }

    /// Whether it counts for the next Edition.
    pub const fn is_accepted(&self) -> bool {
        matches!((self.stage, self.direction), (Stage::Decided, Direction::Standard | Direction::Commentary))
    }

    /// Whether it still waits for a decision.
    pub const fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Raised | Stage::Discussing)
    }

    fn need_open(&self) -> Result<(), StepError> {
        if self.is_open() { Ok(()) } else { Err(StepError::Stage(self.stage)) }
    }

    /// Says where it should go, before anything is decided.
    ///
    /// # Errors
    /// It is decided or withdrawn.
    pub fn propose(self, direction: Direction) -> Result<Self, StepError> {
        self.need_open()?;
        Ok(Self { direction, ..self })
    }

    /// Takes it up for discussion. A point under discussion stays there.
    ///
    /// # Errors
    /// It is decided or withdrawn.
    pub fn discuss(self) -> Result<Self, StepError> {
        self.need_open()?;
        Ok(Self { stage: Stage::Discussing, ..self })
    }

    /// Decides where it goes.
    ///
    /// # Errors
    /// It is decided already or withdrawn; direction, day or deciding body is missing.
    pub fn decide(self, direction: Direction, decision: Decision) -> Result<Self, StepError> {
        self.need_open()?;
        if direction == Direction::Undecided {
            return Err(StepError::NoDirection);
        }
        if !is_iso_date(&decision.on) {
            return Err(StepError::NoDay);
        }
        if decision.by.trim().is_empty() {
            return Err(StepError::Nobody);
        }
        Ok(Self { stage: Stage::Decided, direction, decision: Some(decision) })
    }

    /// Takes a decided or withdrawn point up again; its direction is a proposal again.
    ///
    /// # Errors
    /// It is open; the reason is missing.
    pub fn reopen(self, reason: &str) -> Result<Self, StepError> {
        if self.is_open() {
            return Err(StepError::Stage(self.stage));
        }
        if reason.trim().is_empty() {
            return Err(StepError::NoReason);
        }
        Ok(Self { stage: Stage::Discussing, direction: self.direction, decision: None })
    }

    /// Takes it back.
    ///
    /// # Errors
    /// It is decided or withdrawn already; the reason is missing.
    pub fn withdraw(self, reason: &str) -> Result<Self, StepError> {
        self.need_open()?;
        if reason.trim().is_empty() {
            return Err(StepError::NoReason);
        }
        Ok(Self { stage: Stage::Withdrawn, ..self })
    }
}

/// Whether a text is a day: `2026-11-20`.
pub fn is_iso_date(text: &str) -> bool {
    text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision() -> Decision {
        Decision { on: "2026-11-20".to_owned(), by: "検討会".to_owned(), ..Decision::default() }
    }

    #[test]
    fn a_point_is_raised_discussed_decided_and_taken_up_again() {
        let raised = Standing::default().propose(Direction::Commentary).expect("a proposal");
        let decided = raised.discuss().and_then(|s| s.decide(Direction::Standard, decision())).expect("a decision");
        assert!(decided.is_accepted() && !decided.is_open());
        let again = decided.reopen("反対の意見").expect("taken up again");
        assert_eq!((again.stage(), again.direction()), (Stage::Discussing, Direction::Standard));
        assert!(again.decision().is_none());
    }

    #[test]
    fn what_is_decided_is_not_changed_in_passing() {
        let decided = Standing::default().decide(Direction::NotTaken, decision()).expect("a decision");
        assert!(!decided.is_accepted());
        let refused = Err(StepError::Stage(Stage::Decided));
        assert_eq!(decided.clone().propose(Direction::Standard), refused);
        assert_eq!(decided.clone().discuss(), refused);
        assert_eq!(decided.clone().decide(Direction::Standard, decision()), refused);
        assert_eq!(decided.clone().withdraw("x"), refused);
        assert_eq!(decided.reopen(" "), Err(StepError::NoReason));
    }

    #[test]
    fn a_decision_says_where_when_and_who() {
        let decide = |direction, decision| Standing::default().decide(direction, decision);
        assert_eq!(decide(Direction::Undecided, decision()), Err(StepError::NoDirection));
        assert_eq!(
            decide(Direction::Standard, Decision { on: "2026-02-29".to_owned(), ..decision() }),
            Err(StepError::NoDay)
        );
        assert_eq!(decide(Direction::Standard, Decision { by: " ".to_owned(), ..decision() }), Err(StepError::Nobody));
    }

    #[test]
    fn a_kept_state_that_contradicts_itself_is_not_read() {
        assert!(Standing::kept(Stage::Decided, Direction::Standard, None).is_err());
        assert!(Standing::kept(Stage::Decided, Direction::Undecided, Some(decision())).is_err());
        assert!(Standing::kept(Stage::Raised, Direction::Standard, Some(decision())).is_err());
        assert!(Standing::kept(Stage::Withdrawn, Direction::Standard, None).is_ok());
    }

    #[test]
    fn a_wording_needs_what_its_kind_needs() {
        let wording = |kind| Wording { kind, number: "1".to_owned(), ..Wording::default() };
        assert_eq!(Wording { kind: ChangeKind::Drop, ..Wording::default() }.check(), Err(WordingError::NoNumber));
        assert_eq!(wording(ChangeKind::Reword).check(), Err(WordingError::NoText));
        assert_eq!(wording(ChangeKind::Add).check(), Err(WordingError::NoPlace));
        assert_eq!(wording(ChangeKind::Drop).check(), Ok(()));
        assert_eq!(Wording::default().check(), Ok(()));
    }
}
