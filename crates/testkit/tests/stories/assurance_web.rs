//! The sheet, the department's page and the JSON API as a browser meets them, on both databases.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use sakimori_app::assessment::{self, NewAssessment};
use sakimori_testkit::people::{Carrier, carrier_profile, terminal_profile};
use sakimori_testkit::{BOTH, Database, TestApp};
use sakimori_web::ROUTES;
use serde_json::{Value, json};

async fn scene(database: Database) -> (TestApp, Carrier, String) {
    let test = TestApp::new(database).await;
    let carrier = test.organisation("alpha", carrier_profile()).await;
    let new = NewAssessment {
        title: "令和8年度".to_owned(),
        fiscal_year: 2026,
        editions: vec!["jt-x1051-2018".to_owned()],
        previous_id: String::new(),
    };
    let id = assessment::create(&test.app, &test.officer("alpha"), new).await.expect("an assessment");
    (test, carrier, id)
}

fn value(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).expect("JSON")
}

#[tokio::test]
async fn the_description_names_exactly_the_routes_of_the_api() {
    let test = TestApp::new(Database::Sqlite).await;
    let answer = test.stranger().get("/api/v1/openapi.json").await;
    let description = value(&answer.bytes);
    let described: BTreeSet<(String, String)> = description["paths"]
        .as_object()
        .expect("paths")
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().expect("methods").keys();
            methods.map(move |method| (method.to_uppercase(), path.clone()))
        })
        .collect();
    let routed: BTreeSet<(String, String)> = ROUTES
        .iter()
        .filter(|r| r.path.starts_with("/api/"))
        .map(|r| (r.method.to_owned(), r.path.to_owned()))
        .collect();
    assert_eq!(described, routed);
}

#[tokio::test]
async fn an_answer_is_saved_merged_refused_or_contested_over_the_api() {
    for database in BOTH {
        let (test, _, id) = scene(database).await;
        let officer = test.browser("alpha-security-officer").await;
        let rows = value(&officer.get(&format!("/api/v1/assessments/{id}/answers")).await.bytes);
        let row = &rows[0];
        assert_eq!((row["status"].as_str(), row["version"].as_i64()), (Some("blank"), Some(1)));
        assert!(row["number"].as_str().is_some_and(|n| !n.is_empty()) && row["force"].as_str().is_some());
        let url = format!("/api/v1/answers/{}", row["id"].as_str().expect("an id"));
        let patch = async |body: Value| {
            let answer = officer.json("PATCH", &url, &body).await;
            (answer.status, value(&answer.bytes))
        };
        let (status, body) =
            patch(json!({ "version": "1", "status": "triangle", "na_reason": "", "maturity": "2" })).await;
        assert_eq!((status, body["version"].as_i64()), (StatusCode::OK, Some(2)));
        assert_eq!(body["saved_at"].as_str(), Some("2026-11-20T00:00:00Z"));
        let (status, body) = patch(json!({ "version": 1, "due": "2027-03-31" })).await;
        assert_eq!((status, body["version"].as_i64()), (StatusCode::OK, Some(3)));
        let (status, body) = patch(json!({ "version": 1, "status": "x" })).await;
        assert_eq!(status, StatusCode::CONFLICT);
        assert_eq!((body["version"].as_i64(), body["current"]["status"].as_str()), (Some(3), Some("triangle")));
        assert_eq!(body["current"]["due"].as_str(), Some("2027-03-31"));
        for wrong in [
            json!({ "version": 3, "status": "na" }),
            json!({ "version": 3, "status": "perhaps" }),
            json!({ "version": 3, "maturity": 6 }),
            json!({ "version": 3, "due": "2027-02-30" }),
            json!({ "version": 3, "organisation_id": "beta" }),
            json!({ "version": "", "status": "o" }),
            json!({ "status": "o" }),
            json!([]),
        ] {
            let (status, body) = patch(wrong.clone()).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
            assert!(body["message"].as_str().is_some_and(|m| !m.is_empty()));
        }
        let list = value(&officer.get("/api/v1/assessments").await.bytes);
        assert_eq!(list[0]["counts"]["triangle"].as_i64(), Some(1));

        let auditor = test.browser("alpha-auditor").await;
        assert_eq!(
            auditor.json("PATCH", &url, &json!({ "version": 3, "status": "o" })).await.status,
            StatusCode::FORBIDDEN
        );
        test.organisation("beta", terminal_profile()).await;
        let stranger = test.browser("beta-security-officer").await;
        for path in
            [format!("/api/v1/assessments/{id}/answers"), format!("/assessments/{id}"), url.replace("/api/v1", "")]
        {
            assert_eq!(stranger.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        assert_eq!(
            stranger.json("PATCH", &url, &json!({ "version": 3, "status": "o" })).await.status,
            StatusCode::NOT_FOUND
        );
        let nobody = test.stranger().json("PATCH", &url, &json!({ "version": 3, "status": "o" })).await;
        assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
        assert!(value(&nobody.bytes)["message"].is_string());
    }
}

#[tokio::test]
async fn the_standards_are_read_over_the_api() {
    for database in BOTH {
        let (test, _, _) = scene(database).await;
        let officer = test.browser("alpha-security-officer").await;
        let standards = value(&officer.get("/api/v1/standards").await.bytes);
        let edition = standards[0]["id"].as_str().expect("an edition");
        assert_eq!(
            value(&officer.get(&format!("/api/v1/standards/{edition}")).await.bytes)["id"].as_str(),
            Some(edition)
        );
        assert!(
            value(&officer.get(&format!("/api/v1/standards/{edition}/provisions")).await.bytes)
                .as_array()
                .is_some_and(|p| !p.is_empty())
        );
    }
}

#[tokio::test]
async fn the_sheet_works_without_scripts() {
    for database in BOTH {
        let (test, _, id) = scene(database).await;
        let officer = test.browser("alpha-security-officer").await;
        let (_, rows) = assessment::rows(&test.app, &test.officer("alpha"), &id).await.unwrap();
        let (first, second) = (&rows[0].id, &rows[1].id);
        let page = officer.get(&format!("/assessments/{id}")).await.text();
        assert!(page.contains(&format!("name=\"status.{first}\"")) && page.contains("data-sheet"));
        let back = format!("/assessments/{id}?show=blank");
        let name = |field: &str, id: &str| format!("{field}.{id}");
        let hostile = "<script>alert(1)</script>";
        let sent = [
            (name("version", first), "1"),
            (name("status", first), "o"),
            (name("current", first), hostile),
            (name("version", second), "1"),
            (name("status", second), "na"),
            (name("na_reason", second), ""),
            (name("plan", second), "書いた言葉"),
        ];
        let mut fields: Vec<(&str, &str)> = sent.iter().map(|(n, v)| (n.as_str(), *v)).collect();
        fields.push(("back", &back));
        let answer = officer.post("/answers", &fields).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "the second row lacks its reason");
        assert!(answer.text().contains("書いた言葉"), "no word is lost");
        let reason = name("na_reason", second);
        fields.push((&reason, "設備がない"));
        fields.retain(|(n, v)| *n != reason || !v.is_empty());
        let answer = officer.post("/answers", &fields).await;
        assert_eq!(
            (answer.status, answer.location()),
            (StatusCode::SEE_OTHER, back.as_str()),
            "sent again: the first row is as it was"
        );
        let page = officer.get(&format!("/assessments/{id}")).await.text();
        assert!(page.contains("&#60;script&#62;") && !page.contains(hostile));
        // Filters in the address.
        assert!(!officer.get(&back).await.text().contains(&format!("status.{first}")));
        let bulk = [("row", first.as_str()), ("row", second.as_str()), ("owner", "運用係"), ("back", back.as_str())];
        assert_eq!(officer.post(&format!("/assessments/{id}/bulk"), &bulk).await.location(), back);
        let (_, rows) = assessment::rows(&test.app, &test.officer("alpha"), &id).await.unwrap();
        assert_eq!((rows[0].answer.owner.as_str(), rows[1].answer.plan.as_str()), ("運用係", "書いた言葉"));
        let elsewhere = officer.post("/answers", &[("back", "//evil.example")]).await;
        assert_eq!(elsewhere.location(), "/");
    }
}

#[tokio::test]
async fn a_department_gets_its_page_and_nothing_more() {
    for database in BOTH {
        let (test, carrier, id) = scene(database).await;
        let officer = test.browser("alpha-security-officer").await;
        let (_, rows) = assessment::rows(&test.app, &test.officer("alpha"), &id).await.unwrap();
        let prepared = officer.post("/requests/prepare", &[("assessment", &id), ("row", &rows[0].id)]).await.text();
        assert!(prepared.contains(&rows[0].id) && !prepared.contains(&rows[1].id));
        assert!(officer.get(&format!("/requests/new?assessment={id}")).await.text().contains("name=\"part\""));
        let fields = [
            ("assessment", id.as_str()),
            ("row", &rows[0].id),
            ("department", &carrier.department),
            ("due", "2026-12-01"),
            ("message", "よろしく"),
        ];
        let request = officer.post("/requests", &fields).await.location().to_owned();
        assert!(request.starts_with("/requests/"), "{request}");
        let past = officer
            .post(
                "/requests",
                &[
                    ("assessment", id.as_str()),
                    ("row", &rows[0].id),
                    ("department", &carrier.department),
                    ("due", "2026-01-01"),
                ],
            )
            .await;
        assert_eq!(past.status, StatusCode::UNPROCESSABLE_ENTITY);
        let member = test.browser("alpha-department-member").await;
        let page = member.get(&request).await.text();
        assert!(page.contains(&rows[0].id) && !page.contains(&rows[1].id) && page.contains("よろしく"));
        assert!(member.get("/requests").await.text().contains(&request));
        for closed in [
            "/assessments",
            "/applicability",
            "/requests/reminders",
            &format!("/assessments/{id}"),
            &format!("/answers/{}", rows[1].id),
        ] {
            let status = member.get(closed).await.status;
            assert!([StatusCode::FORBIDDEN, StatusCode::NOT_FOUND].contains(&status), "{closed}: {status}");
        }
        let answers = value(&member.get(&format!("/api/v1/assessments/{id}/answers")).await.bytes);
        assert_eq!(answers.as_array().map(Vec::len), Some(1));
        let upload = member
            .upload(
                &format!("/answers/{}/evidence", rows[0].id),
                &[("back", &request)],
                ("file", "../../記録.pdf", b"%PDF"),
            )
            .await;
        assert_eq!(upload.location(), request);
        let detail = member.get(&format!("/answers/{}", rows[0].id)).await.text();
        let link = detail
            .split("href=\"/evidence/")
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .expect("a link to the file");
        let file = member.get(&format!("/evidence/{link}")).await;
        let header = |name: &str| file.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or("").to_owned();
        assert_eq!((file.bytes.as_slice(), header("x-content-type-options").as_str()), (b"%PDF".as_slice(), "nosniff"));
        assert!(
            header("content-disposition").starts_with("attachment; ") && !header("content-disposition").contains('/')
        );
        assert_eq!(header("content-type"), "application/octet-stream");
        assert!(officer.get("/requests/reminders").await.text().contains("設備運用部"));
    }
}

#[tokio::test]
async fn people_in_the_same_sheet_see_where_the_other_is() {
    let (test, _, id) = scene(Database::Sqlite).await;
    let router = test.browser("alpha-security-officer").await;
    let answer = router.json("PATCH", &format!("/assessments/{id}/presence"), &json!({ "row": "r1" })).await;
    assert_eq!(value(&answer.bytes), json!({ "others": [] }), "oneself is nobody else");
    // Somebody who is answered by another process.
    let elsewhere = test.officer("alpha");
    let seen = sakimori_app::presence::report(&test.app, &elsewhere, &id, "r2").await.expect("there");
    assert_eq!(seen.iter().map(|other| other.row.as_str()).collect::<Vec<_>>(), ["r1"]);
    test.pass(60);
    let seen = sakimori_app::presence::report(&test.app, &elsewhere, &id, "r2").await.expect("there");
    assert_eq!(seen, [], "who is not heard of has left");
    assert_eq!(
        router.json("PATCH", "/assessments/other/presence", &json!({ "row": "r1" })).await.status,
        StatusCode::NOT_FOUND
    );
}
