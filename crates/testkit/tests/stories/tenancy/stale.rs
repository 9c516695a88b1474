//! No lost update: every route that changes something refuses who saw another state, or says why it needs no version.

use axum::http::StatusCode;
use sakimori_domain::identity::Role;
use sakimori_testkit::Database;
use sakimori_web::ROUTES;

use super::forms::{Whose, fill};
use super::world::{STRANGER, World, dump, rows_of_others};

/// What is sent over a state that nobody has seen: 409, and nothing changes. `word` comes back in the answer.
const VERSIONED: &[(&str, Role, &[&str])] = &[
    ("/administration/relations/@{relation}/end", Role::SecurityOfficer, &["version=77"]),
    ("/seats/deputies/@{deputy}/end", Role::SecurityOfficer, &["version=77"]),
    ("/approvals/@{approval}/step", Role::SecurityOfficer, &["version=77", "step=withdraw"]),
    (
        "/access-reviews/@{access_review}/seats/@{account}",
        Role::SecurityOfficer,
        &["version=77", "decision=remove", "reason=打った言葉"],
    ),
    (
        "/crosswalks/@{crosswalk}/judge",
        Role::SecurityOfficer,
        &["at=12.2.1", "other=(1)/ウ/(イ)/○不正プログラム", "verdict=equal", "version=77", "rationale=打った言葉"],
    ),
    ("/crosswalks/synonyms", Role::SecurityOfficer, &["id=@{synonyms}", "version=77", "words=打った言葉、乙"]),
    (
        "/revision/meetings",
        Role::SecurityOfficer,
        &["id=@{meeting}", "version=77", "body=打った言葉", "round=1", "held_on=2026-11-01", "state=held"],
    ),
    (
        "/revision/@{issue}",
        Role::SecurityOfficer,
        &["version=77", "edition=nisc-measures-3", "title=打った言葉", "point=p", "change=open"],
    ),
    ("/revision/@{issue}/step", Role::SecurityOfficer, &["version=77", "step=withdraw", "text=打った言葉"]),
    ("/cases/@{case}", Role::SecurityOfficer, &["version=77", "title=打った言葉"]),
    (
        "/cases/@{case}/judge",
        Role::SecurityOfficer,
        &["problem=@{problem}", "edition=nisc-measures-3", "verdict=nothing", "seen=elsewhere"],
    ),
    (
        "/sector-standards",
        Role::SecurityOfficer,
        &["id=@{sector_standard}", "version=77", "sector=s", "title=打った言葉", "authority=in-house"],
    ),
    (
        "/sector-standards/steps",
        Role::SecurityOfficer,
        &["standard=@{sector_standard}", "half=2026-1", "step=review", "action=plan", "seen=elsewhere"],
    ),
    (
        "/sector-standards/@{sector_standard}/exclusions",
        Role::SecurityOfficer,
        &["edition=nisc-measures-3", "number=(1)/ウ/(イ)/○不正プログラム", "reason=打った言葉", "seen=elsewhere"],
    ),
    ("/column-mappings/@{column_mapping}/rename", Role::SecurityOfficer, &["version=77", "name=打った言葉"]),
    ("/column-mappings/@{column_mapping}/delete", Role::SecurityOfficer, &["version=77"]),
    ("/assessments/@{assessment}/report/cover", Role::SecurityOfficer, &["version=77", "title=打った言葉"]),
    ("/organisation", Role::SecurityOfficer, &["version=77", "name=打った言葉", "marking=社外秘"]),
    (
        "/applicability/tailor",
        Role::SecurityOfficer,
        &["edition=jt-x1051-2018", "number=12.2.1", "decision=in", "justification=打った言葉", "seen=elsewhere"],
    ),
    ("/assessments/@{assessment}/state", Role::SecurityOfficer, &["version=77", "state=closed"]),
    ("/requests/@{request}/step", Role::SecurityOfficer, &["version=77", "step=withdraw"]),
];

/// Routes that need none, and why.
const UNVERSIONED: &[(&str, &str)] = &[
    ("/sign-in", "makes a session"),
    ("/sign-out", "ends one's own session"),
    ("/language", "one's own setting"),
    ("/me/tokens", "adds"),
    ("/me/tokens/{id}/revoke", "revokes; revoked is revoked"),
    ("/administration/tokens/{id}/revoke", "revokes; revoked is revoked"),
    ("/administration/networks", "sets the list that the form shows whole; the trail has the one before"),
    ("/seats/self", "ends acting for somebody in one's own session"),
    ("/seats/deputies", "adds"),
    ("/seats/deputies/{id}/act", "chooses for one's own session"),
    ("/administration/accounts/{id}/handover", "moves what is held at that moment; the preview is counted anew"),
    ("/access-reviews", "adds; the year's review that is there is opened"),
    ("/access-reviews/{id}/due", "checks the review's version (approval.rs)"),
    ("/approvals", "adds; one that waits for the same subject is refused"),
    ("/me/password", "asks for the present password, which is the state that it changes"),
    ("/sign-in/second-factor", "a step of signing in"),
    ("/sign-in/passkey/begin", "a step of signing in"),
    ("/sign-in/passkey", "a step of signing in"),
    ("/sign-in/return", "a step of signing in"),
    ("/sign-in/new-password", "a step of signing in"),
    ("/confirm", "proves anew who one is"),
    ("/me/sessions/end", "ends one's own sessions"),
    ("/me/single", "leaves for the provider"),
    ("/me/single/remove", "takes one's own link away; without one there is nothing"),
    ("/me/second-factor/begin", "one's own secret, not in force before its first code"),
    ("/me/second-factor/code", "one's own, with a code of the secret that was shown"),
    ("/me/second-factor/passkey/begin", "a challenge for one's own session"),
    ("/me/second-factor/passkey", "adds, against the challenge that was given"),
    ("/me/second-factor/remove", "takes one of one's own away by its id"),
    ("/me/second-factor/recovery", "makes one's own codes anew, which is the meaning of the button"),
    ("/administration/sign-in/suspend", "suspends those that are ticked, whoever presses first"),
    ("/administration/sign-in/{id}/sessions", "ends sessions; ended is ended"),
    ("/administration/sign-in/{id}/factor", "takes factors away; gone is gone"),
    ("/administration/sign-in/{id}/password", "gives a new password; the last one given holds"),
    ("/administration/sign-in/{id}/keep", "notes a time"),
    ("/administration/sign-in-rules", "names the version that was shown (identity stories)"),
    ("/seats/{organisation}/choose", "chooses for one's own session"),
    ("/seats/{organisation}/invitation", "answers an offer to oneself; it is gone afterwards"),
    ("/administration/accounts/{id}/state", "sets the value that the button names, whoever presses first"),
    ("/administration/accounts/{id}/seat", "checks the seat's version (stories of the seats)"),
    ("/administration/invitations", "adds; whether the login exists is not told"),
    ("/administration/invitations/{login}/withdraw", "takes away; gone is gone"),
    ("/notices/read", "one's own mark, added once"),
    ("/administration/accounts", "adds; a login that is taken is refused"),
    ("/administration/departments", "adds; a name that is taken is refused"),
    ("/administration/relations", "adds an offer"),
    ("/administration/relations/look", "reads"),
    ("/administration/relations/accept", "a code works once: the offer's version is checked"),
    (
        "/administration/relations/{id}/sharing",
        "checks the version; the stranger of this test is the upper side, which shares nothing (relations.rs)",
    ),
    ("/standards/load", "adds a file that waits"),
    (
        "/standards/load/{key}",
        "one's own waiting file; an Edition that is there is replaced only where that was ticked",
    ),
    ("/standards/load/{key}/cancel", "takes one's own waiting file away"),
    ("/standards/load/{key}/desk", "a word on a line is added; the newest holds, the trail has all"),
    ("/standards/load/{key}/desk/withdraw", "takes away one word by its id; gone is gone"),
    ("/crosswalks", "adds; a pair that is there is opened"),
    ("/crosswalks/{id}/undo", "takes back only what still is as one left it (crosswalk.rs)"),
    ("/crosswalks/{id}/review", "checks the mapping's version (crosswalk.rs)"),
    ("/crosswalks/{id}/import", "reads a file and shows the difference"),
    ("/crosswalks/{id}/import/apply", "each tick names the version that was shown (oscal.rs, crosswalk.rs)"),
    ("/revision", "adds"),
    ("/revision/{id}/notes", "adds"),
    ("/revision/drafts", "made anew from what was accepted"),
    ("/cases", "adds"),
    ("/cases/take-over", "adds what is not there yet"),
    ("/sector-standards/take-over", "adds what is not there yet"),
    ("/assessments/{id}/import", "reads a file and shows the difference"),
    ("/requests/{id}/import", "reads a file and shows the difference"),
    ("/imports/{id}/mapping", "one's own import before it is taken over"),
    ("/imports/{id}/columns", "one's own import before it is taken over"),
    ("/imports/{id}/apply", "each tick names the version that was shown (workbook.rs)"),
    ("/imports/{id}/drop", "one's own import"),
    ("/assessments", "adds"),
    ("/assessments/{id}/extend", "adds rows that are not there yet"),
    (
        "/assessments/{id}/bulk",
        "sets chosen rows to one value whatever they say: the button's meaning; the trail has each before",
    ),
    ("/assessments/{id}/carry", "each tick names what was shown (carry.rs)"),
    ("/assessments/{id}/carry/confirm", "leaves out rows whose source has changed"),
    ("/assessments/{id}/edition-change", "names the plan that was shown (edition change stories)"),
    ("/carries/{id}/undo", "leaves rows that were changed since, and names them (carry.rs)"),
    ("/answers/{id}/carried", "refused where the source has changed meanwhile (carry.rs)"),
    ("/answers", "version by field: what others did in other fields stays (assurance_web.rs)"),
    ("/answers/{id}/evidence", "adds"),
    ("/answers/{id}/links", "adds"),
    ("/requests", "adds"),
    ("/requests/prepare", "reads"),
    ("/requests/reminders", "notes a time"),
    ("/assessments/{id}/presence", "where one is"),
    ("/api/v1/answers/{id}", "version by field (assurance.rs, assurance_web.rs)"),
];

/// The route of an address with kinds in it.
fn of_route(address: &str) -> String {
    let parts: Vec<&str> = address.split('/').map(|part| if part.starts_with("@{") { "{}" } else { part }).collect();
    parts.join("/")
}

fn bare(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part }).collect();
    parts.join("/")
}

#[test]
fn every_route_that_writes_has_a_version_or_a_reason() {
    let writing = || ROUTES.iter().filter(|route| route.method != "GET");
    let none: Vec<_> = writing()
        .filter(|route| VERSIONED.iter().all(|(path, ..)| of_route(path) != bare(route.path)))
        .filter(|route| UNVERSIONED.iter().all(|(path, _)| *path != route.path))
        .map(|route| format!("{} {}", route.method, route.path))
        .collect();
    assert!(
        none.is_empty(),
        "say in stale.rs how these refuse a stale form, or why they need not:\n{}",
        none.join("\n")
    );
    let gone: Vec<_> = UNVERSIONED.iter().filter(|(path, _)| writing().all(|route| route.path != *path)).collect();
    assert!(gone.is_empty(), "there are no such routes any more: {gone:?}");
}

#[tokio::test]
async fn a_form_that_saw_another_state_is_refused_and_keeps_its_words() {
    let world = World::new(Database::Sqlite).await;
    let (mut wrong, before) = (Vec::new(), dump(&world.test).await);
    for (path, role, fields) in VERSIONED {
        let browser = world.test.browser(&format!("{STRANGER}-{}", role.code())).await;
        let fields: Vec<String> = fields.iter().map(|field| fill(field, &world, STRANGER, Whose::Own)).collect();
        let pairs: Vec<(&str, &str)> = fields.iter().filter_map(|field| field.split_once('=')).collect();
        let answer = browser.post(&fill(path, &world, STRANGER, Whose::Own), &pairs).await;
        let keeps = answer.text().contains("打った言葉") || !fields.iter().any(|field| field.contains("打った言葉"));
        if answer.status != StatusCode::CONFLICT || !keeps {
            wrong.push(format!("{path}: {} keeps its words: {keeps}", answer.status));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let after = dump(&world.test).await;
    // Seen from nobody: every organisation's rows but the sessions and the trail of signing in.
    let rows = |records| {
        let all = rows_of_others(records, "nobody");
        let quiet = ["session", "account", "sign_in", "notice"];
        all.into_iter()
            .filter(|r| !quiet.contains(&r.table.as_str()) && !r.table.starts_with("trail"))
            .collect::<Vec<_>>()
    };
    assert_eq!(rows(&before), rows(&after), "nothing was written");
}
