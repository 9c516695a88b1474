//! Rules of answers: what is kept, what is refused, how answers compare and count.

use jiff::civil::date;
use sakimori_domain::assurance::*;

fn with(status: AnswerStatus) -> Answer {
    Answer { status, ..Answer::default() }
}

#[test]
fn every_status_has_its_code_and_mark() {
    let marks: Vec<_> = AnswerStatus::ALL.iter().map(|s| (s.code(), s.ja())).collect();
    assert_eq!(marks, [("o", "○"), ("triangle", "△"), ("x", "×"), ("na", "－"), ("blank", "")]);
    for status in AnswerStatus::ALL {
        assert_eq!(AnswerStatus::from_code(status.code()), Some(*status));
    }
}

#[test]
fn not_applicable_needs_a_reason_and_no_other_status_does() {
    for status in AnswerStatus::ALL.iter().copied() {
        let refused = with(status).refusals();
        if status == AnswerStatus::NotApplicable {
            assert_eq!(refused, [AnswerRefusal::ReasonMissing]);
            assert_eq!(refused[0].field(), AnswerField::NaReason);
        } else {
            assert!(refused.is_empty(), "{status}");
        }
    }
    let blank_reason = Answer { na_reason: " \u{3000}\n".into(), ..with(AnswerStatus::NotApplicable) };
    assert_eq!(blank_reason.checked(), Err(AnswerRefusal::ReasonMissing));
    assert!(Answer { na_reason: "設備がない".into(), ..with(AnswerStatus::NotApplicable) }.checked().is_ok());
}

#[test]
fn texts_stop_at_their_limit_to_the_character() {
    for field in
        [AnswerField::NaReason, AnswerField::Current, AnswerField::Plan, AnswerField::Owner, AnswerField::Department]
    {
        for (extra, refused) in [(0, false), (1, true)] {
            let text = "港".repeat(field.max_chars() + extra);
            let mut answer = with(AnswerStatus::Yes);
            match field {
                AnswerField::NaReason => answer.na_reason = text,
                AnswerField::Current => answer.current = text,
                AnswerField::Plan => answer.plan = text,
                AnswerField::Owner => answer.owner = text,
                _ => answer.department = text,
            }
            let refusals = answer.refusals();
            assert_eq!(refusals.len(), usize::from(refused), "{field} {extra}");
            assert!(
                refusals
                    .iter()
                    .all(|r| r.field() == field && r.code() == "text-too-long" && r.ja().contains(field.ja()))
            );
        }
    }
}

#[test]
fn line_ends_are_unified_and_control_characters_refused() {
    let answer = Answer { current: " 一行目\r\n二行目\r三行目\n ".into(), ..with(AnswerStatus::Yes) };
    assert_eq!(answer.checked().unwrap().current, "一行目\n二行目\n三行目");
    let answer = Answer { plan: "a\u{0}b".into(), ..with(AnswerStatus::Yes) };
    assert_eq!(answer.checked(), Err(AnswerRefusal::ControlCharacter { field: AnswerField::Plan, code_point: 0 }));
}

#[test]
fn due_dates_are_sane() {
    for (due, ok) in [(DUE_FIRST, true), (DUE_LAST, true), (date(1999, 12, 31), false), (date(2100, 1, 1), false)] {
        assert_eq!(Answer { due: Some(due), ..with(AnswerStatus::No) }.checked().is_ok(), ok, "{due}");
    }
    let late = Answer { due: Some(date(2026, 3, 31)), ..with(AnswerStatus::Partly) };
    assert!(late.is_overdue(date(2026, 4, 1)));
    assert!(!late.is_overdue(date(2026, 3, 31)));
    assert!(!Answer { status: AnswerStatus::Yes, ..late }.is_overdue(date(2026, 4, 1)));
}

#[test]
fn maturity_has_a_zero_and_five_named_levels() {
    assert_eq!(Maturity::all().map(Maturity::level).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);
    assert_eq!(Maturity::new(6), None);
    let names: std::collections::BTreeSet<_> = Maturity::all().map(Maturity::ja).collect();
    assert_eq!(names.len(), 6);
}

#[test]
fn comparison_is_antisymmetric_and_never_takes_a_blank_for_a_cross() {
    let flip = |change| match change {
        Change::Improved => Change::Worse,
        Change::Worse => Change::Improved,
        other => other,
    };
    let levels = [None, Maturity::new(1), Maturity::new(4)];
    for a in AnswerStatus::ALL {
        for b in AnswerStatus::ALL {
            for x in levels {
                for y in levels {
                    let (last, now) = (Answer { maturity: x, ..with(*a) }, Answer { maturity: y, ..with(*b) });
                    assert_eq!(compare(&last, &now), flip(compare(&now, &last)), "{a} {b}");
                }
            }
        }
    }
    assert_eq!(compare(&with(AnswerStatus::Unanswered), &with(AnswerStatus::No)), Change::NotComparable);
    assert_eq!(compare(&with(AnswerStatus::No), &with(AnswerStatus::Partly)), Change::Improved);
    assert_eq!(compare(&with(AnswerStatus::Yes), &with(AnswerStatus::Partly)), Change::Worse);
    assert_eq!(compare(&with(AnswerStatus::NotApplicable), &with(AnswerStatus::NotApplicable)), Change::Same);
    let grown = Answer { maturity: Maturity::new(3), ..with(AnswerStatus::Partly) };
    let small = Answer { maturity: Maturity::new(2), ..with(AnswerStatus::Partly) };
    assert_eq!(compare(&small, &grown), Change::Improved);
}

#[test]
fn score_counts_half_for_partly_nothing_for_blank_and_leaves_out_not_applicable() {
    use AnswerStatus::*;
    let tally: Tally = [Yes, Partly, No, NotApplicable, Unanswered].into_iter().collect();
    assert_eq!((tally.total(), tally.answered(), tally.counted()), (5, 4, 4));
    assert_eq!(tally.score(), Some(0.375));
    assert_eq!(tally.progress(), Some(0.8));
    assert_eq!([NotApplicable, NotApplicable].into_iter().collect::<Tally>().score(), None);
    assert_eq!(Tally::default().progress(), None);
    assert_eq!(tally.to_string(), "○1 △1 ×1 －1 未回答1");
}

#[test]
fn score_stays_between_nought_and_one_and_rises_with_each_better_answer() {
    for yes in 0..4 {
        for partly in 0..4 {
            for no in 0..4 {
                let tally = Tally { yes, partly, no, not_applicable: 2, unanswered: 1 };
                let score = tally.score().unwrap();
                assert!((0.0..=1.0).contains(&score));
                assert!(Tally { yes: yes + 1, ..tally }.score() > tally.score());
                assert_eq!(Tally { not_applicable: 9, ..tally }.score(), Some(score));
            }
        }
    }
}

#[test]
fn chapters_keep_the_order_of_the_standard() {
    use AnswerStatus::*;
    let rolled = roll_up([("2.1", Yes), ("2.2", No), ("2.1", Partly), ("1", Unanswered)]);
    let shown: Vec<_> = rolled.iter().map(|c| (c.chapter.as_str(), c.tally.score())).collect();
    assert_eq!(shown, [("2.1", Some(0.75)), ("2.2", Some(0.0)), ("1", Some(0.0))]);
}
