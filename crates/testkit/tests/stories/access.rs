//! Every route × every role: nobody reaches more than the table in `router.rs` says, and what belongs to another
//! organisation is not there. A route added to the table is tested by that alone.

use axum::http::StatusCode;
use sakimori_domain::identity::Role;
use sakimori_testkit::people::carrier_profile;
use sakimori_testkit::web::{Answer, Browser};
use sakimori_testkit::{Database, TestApp};
use sakimori_web::{Access, ROUTES, Route};

/// The route's address with ids that do not exist, which any organisation's foreign ids are to it.
fn address(route: &Route) -> String {
    let mut out = String::new();
    for segment in route.path.split('/').skip(1) {
        out.push('/');
        out.push_str(if segment.starts_with('{') { "of-somebody-else" } else { segment });
    }
    out
}

async fn request(browser: &Browser, route: &Route) -> Answer {
    let address = address(route);
    match route.method {
        "GET" => browser.get(&address).await,
        "POST" => browser.post(&address, &[]).await,
        method => browser.json(method, &address, &serde_json::json!({ "version": 1 })).await,
    }
}

fn may(route: &Route, role: Role) -> bool {
    match route.access {
        Access::Needs(permission) | Access::ConfirmedNeeds(permission) => role.may(permission),
        Access::NeedsEither(one, other) => role.may(one) || role.may(other),
        _ => true,
    }
}

/// Whether the browser stands where it stood after signing in: itself, in its own organisation, at no step.
async fn is_fresh(browser: &Browser) -> bool {
    let me = browser.get("/me").await;
    me.status == StatusCode::OK && me.text().contains(browser.csrf())
}

#[tokio::test]
async fn every_route_and_every_role() {
    // SQLite alone: who reaches what is decided before any statement; the foreign rows are tested on both in each area.
    let test = TestApp::new(Database::Sqlite).await;
    test.organisation("alpha", carrier_profile()).await;
    let stranger = test.stranger();
    for route in ROUTES.iter().filter(|route| route.access != Access::Anybody) {
        let answer = request(&stranger, route).await;
        let turned_away = answer.location().starts_with("/sign-in") || answer.status == StatusCode::UNAUTHORIZED;
        assert!(turned_away, "{} {} answers a stranger with {}", route.method, route.path, answer.status);
    }
    let mut wrong = Vec::new();
    for role in Role::ALL {
        // One session a role, since hashing a password takes longest; one that a route ends is begun anew.
        let login = format!("alpha-{}", role.code());
        let mut browser = test.browser(&login).await;
        for route in ROUTES.iter().filter(|route| route.access != Access::Anybody && route.path != "/sign-out") {
            if !is_fresh(&browser).await {
                browser = test.browser(&login).await;
            }
            let answer = request(&browser, route).await;
            let turned_away = [StatusCode::FORBIDDEN, StatusCode::NOT_FOUND].contains(&answer.status);
            let as_it_should = match may(route, *role) {
                // What needs an id finds nothing under one that is somebody else's.
                true => route.path.contains('{') || !turned_away,
                false => turned_away,
            };
            if !as_it_should || answer.status == StatusCode::INTERNAL_SERVER_ERROR {
                wrong.push(format!("{} {} as {}: {}", route.method, route.path, role.code(), answer.status));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_write_started_by_another_site_is_refused() {
    let test = TestApp::new(Database::Sqlite).await;
    test.organisation("alpha", carrier_profile()).await;
    let stranger = test.stranger();
    let answer = stranger.send_from("https://evil.example", "/sign-in", &[("login", "alpha-auditor")]).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let test = TestApp::new(Database::Sqlite).await;
    for path in ["/sign-in", "/healthz", "/no-such-page", "/assets/0/sakimori.css"] {
        let answer = test.stranger().get(path).await;
        let header =
            |name: &str| answer.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("").to_owned();
        assert!(header("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
        assert!(!header("content-security-policy").contains("unsafe"), "{path}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
    }
}
