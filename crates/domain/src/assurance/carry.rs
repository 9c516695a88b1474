//! 答えは一度: what an answer to one Provision says about another one that is mapped to it.
//!
//! Relations are read *from the target*: `SubsetOf` means that all the target asks is in what the source asks.

use jiff::civil::Date;

use super::{Answer, AnswerStatus, LONG_TEXT_MAX_CHARS, REASON_MAX_CHARS};
use crate::crosswalk::Relation;
use crate::standards::terms;

terms! {
    /// How firmly an answer follows. Both kinds wait for a person to confirm them.
    How {
        /// What was answered contains all that the target asks.
        Carried = "carried", "引継ぎ";
        /// It says something about the target, but not all, or not surely.
        Proposed = "proposed", "提案";
    }
}

impl How {
    /// The word of the English pages.
    pub const fn en(self) -> &'static str {
        match self {
            Self::Carried => "carried over",
            Self::Proposed => "proposed",
        }
    }
}

terms! {
    /// Why an answer is carried over or only proposed.
    Why {
        Equal = "equal", "同じことを求めている";
        Contained = "contained", "元の項目が対応済みで、この項目を含んでいる";
        PartOfUnmet = "part-of-unmet", "元の項目は広く、足りないのがこの部分とは限らない";
        Part = "part", "元の項目は、この項目の一部だけを求めている";
        Overlap = "overlap", "元の項目とは一部だけ重なる";
        NotApplicable = "not-applicable", "対象外の理由が、この項目にも当てはまるとは限らない";
        Incomplete = "incomplete", "元のまとまりに未回答の項目がある";
        Disagree = "disagree", "元の項目どうしで回答が食い違うため、悪い方をとる";
    }
}

impl Why {
    /// The sentence of the English pages.
    pub const fn en(self) -> &'static str {
        match self {
            Self::Equal => "both ask the same",
            Self::Contained => "the source is done and asks all that this item asks",
            Self::PartOfUnmet => "the source asks more; what falls short there need not be this part",
            Self::Part => "the source asks only part of this item",
            Self::Overlap => "the source and this item overlap in part",
            Self::NotApplicable => "the reason for － need not hold for this item",
            Self::Incomplete => "part of the source is not answered yet",
            Self::Disagree => "the sources disagree; the worse mark is taken",
        }
    }
}

terms! {
    /// What a new Edition does to a row of a running Assessment.
    Reached {
        /// The Provision asks the same: the answer stays.
        Kept = "kept", "そのまま";
        /// It asks the same under another number: the row follows.
        Renumbered = "renumbered", "番号変更";
        /// It asks something else: it is asked again, the old answer beside it.
        AskedAgain = "asked-again", "再確認";
        New = "new", "新規";
        Dropped = "dropped", "削除";
    }
}

impl Reached {
    /// The word of the English pages.
    pub const fn en(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Renumbered => "renumbered",
            Self::AskedAgain => "asked again",
            Self::New => "new",
            Self::Dropped => "dropped",
        }
    }
}

/// One mapped source: its relation as read from the target, and what was answered.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    pub relation: Relation,
    pub answer: &'a Answer,
    /// Whether everything that the source stands for has been answered: a heading stands for the items below it.
    pub complete: bool,
    /// Which Provision it is, for texts of several sources, e.g. `JT-X1051 9.4.1`.
    pub label: &'a str,
}

/// What one source says of the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    pub how: How,
    pub status: AnswerStatus,
    pub why: Why,
}

/// What follows for the target from all its sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub how: How,
    pub answer: Answer,
    /// One reason per source that says something, in their order, and [`Why::Disagree`] where they conflict.
    pub why: Vec<Why>,
    /// The sources say different marks.
    pub conflict: bool,
    /// The places in the given list of the sources that say something.
    pub used: Vec<usize>,
}

/// What one source says; `None` where nothing follows. ○ of a source that covers only part of the target is proposed as
/// △: nobody has said that the rest is done.
pub const fn verdict(relation: Relation, status: AnswerStatus, complete: bool) -> Option<Verdict> {
    use AnswerStatus as S;
    let (how, why) = match (relation, status) {
        (Relation::None, _) | (_, S::Unanswered) => return None,
        (_, S::NotApplicable) => (How::Proposed, Why::NotApplicable),
        (Relation::SupersetOf, _) => (How::Proposed, Why::Part),
        (Relation::Intersects, _) => (How::Proposed, Why::Overlap),
        (_, _) if !complete => (How::Proposed, Why::Incomplete),
        (Relation::Equal, _) => (How::Carried, Why::Equal),
        (Relation::SubsetOf, S::Yes) => (How::Carried, Why::Contained),
        (Relation::SubsetOf, _) => (How::Proposed, Why::PartOfUnmet),
    };
    let status = match (status, why) {
        (S::Yes, Why::Part | Why::Overlap | Why::Incomplete) => S::Partly,
        (status, _) => status,
    };
    Some(Verdict { how, status, why })
}

/// × before △ before ○; － says nothing about better or worse and only stands where nothing else does.
const fn rank(status: AnswerStatus) -> u8 {
    match status {
        AnswerStatus::No => 0,
        AnswerStatus::Partly => 1,
        AnswerStatus::Yes => 2,
        AnswerStatus::NotApplicable | AnswerStatus::Unanswered => 3,
    }
}

/// What follows from several sources; `None` where nothing does. Where sources say different marks, the worst is taken, it
/// is only proposed, and the conflict is told. Among sources that agree the firmest decides.
pub fn carry(sources: &[Source<'_>]) -> Option<Outcome> {
    let said: Vec<(usize, Verdict)> = sources
        .iter()
        .enumerate()
        .filter_map(|(at, s)| verdict(s.relation, s.answer.status, s.complete).map(|verdict| (at, verdict)))
        .collect();
    // A source that carries speaks for the whole target; one that only overlaps adds no mark of its own beside it,
    // unless it is worse: then the two do not fit together and a person has to look.
    let worst = said.iter().map(|(_, v)| v.status).min_by_key(|status| rank(*status))?;
    let firm = said.iter().filter(|(_, v)| v.how == How::Carried).map(|(_, v)| v.status).min_by_key(|s| rank(*s));
    let conflict = match firm {
        Some(firm) => said.iter().any(|(at, v)| {
            let own = sources[*at].answer.status;
            rank(own) < rank(firm) || own == AnswerStatus::NotApplicable || (v.how == How::Carried && own != firm)
        }),
        None => said.iter().any(|(at, _)| sources[*at].answer.status != sources[said[0].0].answer.status),
    };
    let status = if conflict { worst } else { firm.unwrap_or(worst) };
    let mut why: Vec<Why> = said.iter().map(|(_, v)| v.why).collect();
    if conflict {
        why.push(Why::Disagree);
    }
    let used: Vec<usize> = said.iter().map(|(at, _)| *at).collect();
    let givers: Vec<Source<'_>> = used.iter().map(|at| sources[*at]).collect();
    let how = if conflict || firm.is_none() { How::Proposed } else { How::Carried };
    Some(Outcome { how, answer: merged(status, &givers), why, conflict, used })
}

/// The answer of a heading out of the answers to the items below it, and whether all of them are there. The same mark for
/// all stands for the whole; different ones make △. Items that do not apply do not count.
pub fn together<'a>(answers: &[(&'a str, &'a Answer)]) -> (Answer, bool) {
    let complete = answers.iter().all(|(_, a)| a.status != AnswerStatus::Unanswered);
    let given: Vec<Source<'_>> = answers
        .iter()
        .filter(|(_, a)| a.status != AnswerStatus::Unanswered)
        .map(|(label, answer)| Source { relation: Relation::Equal, answer, complete: true, label })
        .collect();
    let mut marks = given.iter().map(|s| s.answer.status).filter(|s| *s != AnswerStatus::NotApplicable);
    let status = match marks.next() {
        None if given.is_empty() => AnswerStatus::Unanswered,
        None => AnswerStatus::NotApplicable,
        Some(first) if marks.all(|mark| mark == first) => first,
        Some(_) => AnswerStatus::Partly,
    };
    (merged(status, &given), complete)
}

/// The words of several answers under one mark: texts one below the other with their source, the lowest maturity, the
/// first due date, the person in charge where it is the same one. The department stays the target's own.
fn merged(status: AnswerStatus, givers: &[Source<'_>]) -> Answer {
    let text = |of: fn(&Answer) -> &str, max: usize| joined(givers, of, max);
    let na = status == AnswerStatus::NotApplicable;
    let open = matches!(status, AnswerStatus::Partly | AnswerStatus::No);
    let owner = givers.first().map_or("", |s| s.answer.owner.as_str());
    let due: Option<Date> = givers.iter().filter_map(|s| s.answer.due).min();
    Answer {
        status,
        maturity: givers.iter().filter_map(|s| s.answer.maturity).min(),
        na_reason: if na { text(|a| &a.na_reason, REASON_MAX_CHARS) } else { String::new() },
        current: text(|a| &a.current, LONG_TEXT_MAX_CHARS),
        plan: text(|a| &a.plan, LONG_TEXT_MAX_CHARS),
        due: due.filter(|_| open),
        owner: if givers.iter().all(|s| s.answer.owner == owner) { owner.to_owned() } else { String::new() },
        department: String::new(),
    }
}

/// Different texts with the name of their source; one text alone stands as it is. What passes the limit of the field is
/// cut and says so.
fn joined(givers: &[Source<'_>], of: fn(&Answer) -> &str, max: usize) -> String {
    let mut texts: Vec<(&str, &str)> = Vec::new();
    for source in givers {
        let text = of(source.answer).trim();
        if !text.is_empty() && texts.iter().all(|(_, known)| *known != text) {
            texts.push((source.label, text));
        }
    }
    let whole = match texts.as_slice() {
        [(_, alone)] => (*alone).to_owned(),
        several => several.iter().map(|(label, text)| format!("【{label}】{text}")).collect::<Vec<_>>().join("\n"),
    };
    if whole.chars().count() <= max {
        return whole;
    }
    whole.chars().take(max - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assurance::Maturity;

    fn answer(status: AnswerStatus, current: &str) -> Answer {
        Answer { status, current: current.to_owned(), ..Answer::default() }
    }

    fn source<'a>(relation: Relation, answer: &'a Answer, label: &'a str) -> Source<'a> {
        Source { relation, answer, complete: true, label }
    }

    #[test]
    fn every_relation_with_every_mark() {
        use AnswerStatus as S;
        use How::{Carried as C, Proposed as P};
        let table = [
            (Relation::Equal, [Some((C, S::Yes)), Some((C, S::Partly)), Some((C, S::No)), Some((P, S::NotApplicable))]),
            (
                Relation::SubsetOf,
                [Some((C, S::Yes)), Some((P, S::Partly)), Some((P, S::No)), Some((P, S::NotApplicable))],
            ),
            (
                Relation::SupersetOf,
                [Some((P, S::Partly)), Some((P, S::Partly)), Some((P, S::No)), Some((P, S::NotApplicable))],
            ),
            (
                Relation::Intersects,
                [Some((P, S::Partly)), Some((P, S::Partly)), Some((P, S::No)), Some((P, S::NotApplicable))],
            ),
            (Relation::None, [None; 4]),
        ];
        for (relation, expected) in table {
            for (status, expected) in [S::Yes, S::Partly, S::No, S::NotApplicable].into_iter().zip(expected) {
                let found = verdict(relation, status, true).map(|v| (v.how, v.status));
                assert_eq!(found, expected, "{relation} {status}");
            }
            assert_eq!(verdict(relation, S::Unanswered, true), None);
            let half = verdict(relation, S::Yes, false);
            assert!(half.is_none_or(|v| v.how == P && v.status == S::Partly), "an unfinished source carries nothing");
        }
    }

    #[test]
    fn sources_that_disagree_give_the_worst_and_say_so() {
        let (done, open) = (answer(AnswerStatus::Yes, "毎月見直す"), answer(AnswerStatus::No, "まだない"));
        let both = [source(Relation::Equal, &done, "甲 1"), source(Relation::Equal, &open, "乙 2")];
        let found = carry(&both).expect("something follows");
        assert_eq!((found.how, found.answer.status, found.conflict), (How::Proposed, AnswerStatus::No, true));
        assert_eq!(found.answer.current, "【甲 1】毎月見直す\n【乙 2】まだない");
        assert_eq!(found.why, [Why::Equal, Why::Equal, Why::Disagree]);
        // ○ that surely holds beside ○ of something that only overlaps: they do not contradict each other.
        let beside = [source(Relation::SubsetOf, &done, "甲"), source(Relation::Intersects, &done, "乙")];
        let found = carry(&beside).expect("something follows");
        assert_eq!((found.how, found.answer.status, found.conflict), (How::Carried, AnswerStatus::Yes, false));
        assert_eq!(found.answer.current, "毎月見直す", "the same words once");
        let worse = [source(Relation::SubsetOf, &done, "甲"), source(Relation::Intersects, &open, "乙")];
        let found = carry(&worse).expect("something follows");
        assert_eq!((found.how, found.answer.status, found.conflict), (How::Proposed, AnswerStatus::No, true));
    }

    #[test]
    fn what_says_nothing_leaves_nothing() {
        let blank = Answer::default();
        assert_eq!(carry(&[]), None);
        assert_eq!(carry(&[source(Relation::Equal, &blank, "甲")]), None);
        let done = answer(AnswerStatus::Yes, "");
        let one = [source(Relation::Equal, &blank, "甲"), source(Relation::Equal, &done, "乙")];
        assert_eq!(carry(&one).expect("the second").used, [1]);
    }

    #[test]
    fn what_does_not_apply_is_proposed_with_its_reason() {
        let na = Answer { na_reason: "無線がない".to_owned(), ..answer(AnswerStatus::NotApplicable, "") };
        let found = carry(&[source(Relation::Equal, &na, "甲")]).expect("a proposal");
        assert_eq!((found.how, found.answer.status), (How::Proposed, AnswerStatus::NotApplicable));
        assert!(found.answer.clone().checked().is_ok(), "－ keeps its reason");
        let done = answer(AnswerStatus::Yes, "");
        let mixed = carry(&[source(Relation::Equal, &na, "甲"), source(Relation::Equal, &done, "乙")]).expect("one");
        assert_eq!((mixed.how, mixed.answer.status, mixed.conflict), (How::Proposed, AnswerStatus::Yes, true));
    }

    #[test]
    fn the_lowest_maturity_the_first_date_and_texts_that_fit() {
        let long = "長".repeat(LONG_TEXT_MAX_CHARS);
        let first = Answer {
            maturity: Maturity::new(4),
            due: Some(jiff::civil::date(2027, 3, 31)),
            owner: "運用係".to_owned(),
            ..answer(AnswerStatus::Partly, &long)
        };
        let second = Answer { maturity: Maturity::new(2), due: None, ..first.clone() };
        let second = Answer { current: "短い".to_owned(), ..second };
        let found =
            carry(&[source(Relation::Equal, &first, "甲"), source(Relation::Equal, &second, "乙")]).expect("one");
        assert_eq!(found.answer.maturity, Maturity::new(2));
        assert_eq!((found.answer.due, found.answer.owner.as_str()), (first.due, "運用係"));
        assert!(found.answer.checked().is_ok());
    }

    #[test]
    fn a_heading_stands_for_what_is_below_it() {
        let (done, part, blank) =
            (answer(AnswerStatus::Yes, "甲"), answer(AnswerStatus::Partly, "乙"), Answer::default());
        assert_eq!(together(&[("1", &done), ("2", &done)]).0.status, AnswerStatus::Yes);
        let (mixed, complete) = together(&[("1", &done), ("2", &part), ("3", &blank)]);
        assert_eq!((mixed.status, complete), (AnswerStatus::Partly, false));
        assert_eq!(together(&[("1", &blank)]).0.status, AnswerStatus::Unanswered);
        assert_eq!(together(&[]).0.status, AnswerStatus::Unanswered);
    }
}
