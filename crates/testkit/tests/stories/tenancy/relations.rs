//! Relations from the offer to their end, on both databases: what each side sees meanwhile.

use axum::http::StatusCode;
use sakimori_app::tenancy::{self as app, visible};
use sakimori_domain::identity::Role;
use sakimori_domain::tenancy::What;
use sakimori_store::trail;
use sakimori_testkit::people::carrier_profile;
use sakimori_testkit::web::Browser;
use sakimori_testkit::{BOTH, TestApp};

async fn code_of(upper: &Browser) -> String {
    let page = upper.post("/administration/relations", &[("as", "group.upper")]).await.text();
    let code = page.split("<code>").nth(1).and_then(|rest| rest.split('<').next());
    code.expect("a code, shown once").to_owned()
}

async fn sees(test: &TestApp, seer: &str, seen: &str) -> Vec<What> {
    let mut c = test.app.read().await.expect("a connection");
    let mut out = Vec::new();
    for what in What::ALL {
        if visible(&test.app, &mut c, &test.officer(seer), seen, *what).await.expect("an answer") {
            out.push(*what);
        }
    }
    out
}

// tidy: long because it is one story: offered, taken up, agreed, seen, ended.
#[tokio::test]
async fn nobody_sees_anything_before_both_have_agreed_and_after_one_has_ended_it() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        for id in ["head", "daughter", "other"] {
            test.organisation(id, carrier_profile()).await;
        }
        let (head, daughter) =
            (test.browser("head-security-officer").await, test.browser("daughter-security-officer").await);
        let fields = [("title", "秘密の題名"), ("fiscal_year", "2026"), ("edition", "nisc-measures-3")];
        assert_eq!(daughter.post("/assessments", &fields).await.status, StatusCode::SEE_OTHER);
        assert!(head.get("/members").await.text().contains("傘下の組織はまだありません"), "{database:?}");

        let code = code_of(&head).await;
        assert!(!head.get("/administration/relations").await.text().contains(&code), "shown once");
        assert!(sees(&test, "head", "daughter").await.is_empty() && sees(&test, "daughter", "head").await.is_empty());
        // One's own code, a wrong one, and one that does not fit say the same.
        for wrong in [code.as_str(), "aaaa-bbbb-cccc-dddd-eeee", ""] {
            let asker = if wrong == code { &head } else { &daughter };
            let refused = asker.post("/administration/relations/look", &[("code", wrong)]).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(
                refused.text().contains("この申し入れコードは使えません")
                    && !refused.text().contains("架空のhead</dd>")
            );
        }
        let offer = daughter.post("/administration/relations/look", &[("code", &code.to_uppercase())]).await.text();
        assert!(offer.contains("架空のhead") && offer.contains("同意したときだけ見えるもの"), "{offer}");
        let accepted = daughter.post("/administration/relations/accept", &[("code", &code)]).await;
        assert_eq!(accepted.status, StatusCode::SEE_OTHER, "{}", accepted.text());
        let again = test.browser("other-security-officer").await;
        let again = again.post("/administration/relations/accept", &[("code", &code)]).await;
        assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "a code works once");

        assert_eq!(sees(&test, "head", "daughter").await, [What::Name, What::Sectors]);
        assert_eq!(sees(&test, "daughter", "head").await, [What::Name]);
        assert!(sees(&test, "other", "daughter").await.is_empty());
        let page = head.get("/members").await.text();
        assert!(
            page.contains("架空のdaughter")
                && page.contains("件数は共有されていません")
                && !page.contains("秘密の題名")
        );

        let standing = app::list(&test.app, &test.officer("daughter")).await.expect("a list");
        let row = &standing[0].row;
        let at = format!("/administration/relations/{}", row.id);
        let stale = daughter.post(&format!("{at}/sharing"), &[("version", "1"), ("share", "totals")]).await;
        assert_eq!(stale.status, StatusCode::CONFLICT);
        let version = row.version.to_string();
        let by_head = head.post(&format!("{at}/sharing"), &[("version", &version), ("share", "totals")]).await;
        assert_eq!(by_head.status, StatusCode::NOT_FOUND, "only who is seen agrees");
        let shared = daughter.post(&format!("{at}/sharing"), &[("version", &version), ("share", "totals")]).await;
        assert_eq!(shared.status, StatusCode::SEE_OTHER, "{}", shared.text());
        assert_eq!(sees(&test, "head", "daughter").await, What::ALL);
        // The auditor reads who sees what of the house, and changes nothing.
        let auditor = test.browser("daughter-auditor").await;
        let page = auditor.get("/administration/relations").await.text();
        assert!(
            page.contains("架空のhead") && page.contains("自己点検の件数") && !page.contains("/sharing\""),
            "{page}"
        );
        let by_auditor = auditor.post(&format!("{at}/end"), &[("version", "3")]).await;
        assert_eq!(by_auditor.status, StatusCode::FORBIDDEN);
        let members = app::members(&test.app, &test.officer("head")).await.expect("members");
        let (year, tally) = members[0].totals.expect("counts");
        assert!(year == 2026 && tally.unanswered > 0 && tally.total() == tally.unanswered);
        let sheet = head.get("/members?format=xlsx").await;
        assert!(sheet.status == StatusCode::OK && sheet.bytes.starts_with(b"PK"));

        let version = (row.version + 1).to_string();
        let ended = head.post(&format!("{at}/end"), &[("version", &version)]).await;
        assert_eq!(ended.status, StatusCode::SEE_OTHER, "{}", ended.text());
        assert!(sees(&test, "head", "daughter").await.is_empty() && sees(&test, "daughter", "head").await.is_empty());
        assert!(head.get("/members").await.text().contains("傘下の組織はまだありません"));

        // Both trails tell of it; the other's without a name of a person.
        let mut c = test.app.read().await.expect("a connection");
        let events = trail::newest(&mut c, "daughter", i64::MAX, 1).await.expect("events");
        assert_eq!((events[0].action.as_str(), events[0].actor_name.as_str()), ("relation.end", "架空のhead"));
        let events = trail::newest(&mut c, "head", i64::MAX, 1).await.expect("events");
        assert_eq!(
            (events[0].action.as_str(), events[0].actor_name.as_str()),
            ("relation.end", "head セキュリティ責任者")
        );
    }
}

#[tokio::test]
async fn an_offer_expires_and_who_may_not_manage_relations_does_not() {
    for database in BOTH {
        let test = TestApp::new(database).await;
        for id in ["head", "daughter"] {
            test.organisation(id, carrier_profile()).await;
        }
        let officer = test.officer("head");
        let code = app::offer(&test.app, &officer, "group", "upper").await.expect("an offer");
        let wrong = app::offer(&test.app, &officer, "supervision", "upper").await;
        assert_eq!(wrong.expect_err("no ministry").refusal().map(|r| r.code), Some("relation-kind"));
        let member = test.actor("daughter", Role::DepartmentMember, "");
        assert!(app::look(&test.app, &member, &code).await.is_err());
        test.pass(15 * 24 * 3600);
        let late = app::accept(&test.app, &test.officer("daughter"), &code, &[]).await;
        assert_eq!(late.expect_err("late").refusal().map(|r| r.code), Some("relation-code"), "{database:?}");
    }
}
