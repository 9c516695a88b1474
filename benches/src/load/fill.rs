//! Thousands of organisations: one is made by the product's own functions, the others are copies of its rows with other ids,
//! made inside the database. Columns are taken from the database itself, so that a new one is copied too.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use sakimori_app::identity::{NewAccount, add_account, add_department};
use sakimori_app::requests::{self, NewRequest};
use sakimori_app::trail::TrailKey;
use sakimori_app::{Actor, App, AppConfig, applicability, assessment};
use sakimori_domain::identity::Role;
use sakimori_domain::registry::OrganisationProfile;
use sakimori_domain::standards::NetworkClass;
use sakimori_store::registry::{self, Organisation};
use sakimori_store::{Store, StoreConfig, testing};

/// Id of the organisation that is copied.
const FIRST: &str = "org";
/// Answers of one organisation, over two years.
const ANSWERS: usize = 500;

/// What the driver must know. Ids of the first organisation; those of copy `n` end in `-n`.
pub struct Filled {
    pub organisations: usize,
    pub answers_each: usize,
    pub assessment: String,
    pub answers: Vec<String>,
    pub items: Vec<String>,
    pub edition: String,
}

/// The id of a row of the organisation with a number, from that of the first.
pub fn id_of(first: &str, organisation: usize) -> String {
    if organisation == 1 { first.to_owned() } else { format!("{first}-{organisation}") }
}

/// Fills an empty database.
///
/// # Errors
/// A database error.
pub async fn fill(url: &str, data: &Path, program: &Path, organisations: usize, users: usize) -> Result<Filled> {
    std::fs::create_dir_all(data)?;
    let app = App::new(AppConfig {
        store: Store::open(&StoreConfig::Postgres(url.to_owned())).await?,
        folder: data.to_owned(),
        program: program.to_owned(),
        clock: Arc::new(crate::clock::machine),
        keys: sakimori_app::keys::Keys::open_or_create(&data.join("keys/seal.key"))?,
        trail_key: TrailKey::open_or_create(&data.join("keys/trail.key"), "sakimori/load", [3; 32])?,
        seed: [5; 32],
    });
    sakimori_app::content::seed(&app).await?;
    let filled = first(&app, organisations).await?;
    app.store().close().await;
    testing::execute(url, &copies(organisations)).await?;
    testing::execute(url, &sessions(organisations, users)).await?;
    testing::execute(url, "ANALYZE").await?;
    Ok(filled)
}

fn person(role: Role) -> Actor {
    Actor { role, ..Actor::system(FIRST) }
}

/// The organisation that the others are copies of.
async fn first(app: &App, organisations: usize) -> Result<Filled> {
    let organisation = Organisation {
        id: FIRST.to_owned(),
        name: "みさき測定通信株式会社".to_owned(),
        kind: "operator".to_owned(),
        profile: OrganisationProfile {
            sectors: vec!["information-communications".to_owned()],
            network_classes: vec![NetworkClass::Business],
            ..OrganisationProfile::default()
        },
        marking: "社外秘".to_owned(),
        is_demo: true,
        version: 1,
        created_at: app.now().to_string(),
    };
    let mut write = app.store().write().await?;
    registry::insert_organisation(&mut write, &organisation).await?;
    write.commit().await?;
    applicability::refresh(app).await?;
    let administrator = person(Role::Administrator);
    let department = add_department(app, &administrator, "設備運用部", "department").await?;
    for role in [Role::SecurityOfficer, Role::DepartmentMember, Role::Auditor] {
        let account = NewAccount {
            login: format!("load-{}", role.code()),
            name: format!("{}の担当", role.ja()),
            password: crate::prepare::PASSWORD.to_owned(),
            role,
            department_id: if role == Role::DepartmentMember { department.clone() } else { String::new() },
            is_issued: false,
        };
        add_account(app, &administrator, account).await?;
    }
    let officer = person(Role::SecurityOfficer);
    let mut c = app.read().await?;
    let mut editions: Vec<(String, i64)> =
        sakimori_store::edition::editions(&mut c, FIRST).await?.into_iter().map(|e| (e.id, e.controls)).collect();
    drop(c);
    editions.sort_by_key(|(_, controls)| -controls);
    let (mut ids, mut rows) = (Vec::new(), 0);
    for (id, controls) in &editions {
        if rows < i64::try_from(ANSWERS / 2)? {
            ids.push(id.clone());
            rows += controls;
        }
    }
    let mut previous = String::new();
    for year in [2025, 2026] {
        let new = assessment::NewAssessment {
            title: format!("{year}年度の自己点検"),
            fiscal_year: year,
            editions: ids.clone(),
            previous_id: previous,
        };
        previous = assessment::create(app, &officer, new).await?;
    }
    let (_, sheet) = assessment::rows(app, &officer, &previous).await?;
    let answers: Vec<String> = sheet.iter().map(|row| row.id.clone()).collect();
    let asked = NewRequest {
        assessment_id: previous.clone(),
        answers: answers.iter().take(40).cloned().collect(),
        department_id: department,
        due: "2027-02-26".to_owned(),
        message: "2月末までに回答をお願いします。".to_owned(),
    };
    requests::ask(app, &officer, asked).await?;
    let edition = sheet.first().context("a row")?.edition_id.clone();
    let items = sheet.iter().filter(|row| row.edition_id == edition).map(|row| row.number.clone()).collect();
    Ok(Filled { organisations, answers_each: 2 * answers.len(), assessment: previous, answers, items, edition })
}

/// Every field of the answers filled in, an own text of every item, two years of events; then the copies.
fn copies(organisations: usize) -> String {
    let mut sql = String::from(
        // The copies fit because the rows that they copy do: no key is looked up again, and the search is indexed at the end.
        "SET session_replication_role = replica; SET synchronous_commit = off; SET maintenance_work_mem = '512MB';
         DROP INDEX search_entry_tokens;
         UPDATE answer SET status = CASE position % 3 WHEN 0 THEN 'o' WHEN 1 THEN 'triangle' ELSE 'x' END,
            maturity = 1 + position % 5, owner = '設備運用部 点検係', due = '2027-03-31',
            current_state = '本社と地方局舎のうち ' || (position % 12) || ' か所で実施し、結果を設備台帳に記録した。残る局舎は点検の周期が合わず、委託先からの報告を待っている。',
            plan = '点検の周期をそろえ、次の四半期までに残る局舎へ広げる。記録の様式も一つにまとめる。';
         CREATE FUNCTION load_copy(tab text, swap jsonb, cond text, n bigint) RETURNS void LANGUAGE plpgsql AS $$
         DECLARE cols text; exprs text;
         BEGIN
           SELECT string_agg(quote_ident(column_name), ','), string_agg(COALESCE(swap->>column_name, 't.' || quote_ident(column_name)), ',')
             INTO cols, exprs FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = tab;
           EXECUTE format('INSERT INTO %I (%s) SELECT %s FROM %I t, generate_series(2, %s) g WHERE %s', tab, cols, exprs, tab, n, cond);
         END $$;
        ",
    );
    let suffixed = |columns: &[&str]| {
        let pairs: Vec<String> = columns
            .iter()
            .map(|c| format!("\"{c}\": \"CASE WHEN t.{c} = '''' THEN '''' ELSE t.{c} || ''-'' || g END\""))
            .collect();
        format!("{{{}}}", pairs.join(", "))
    };
    let mut copy = |table: &str, columns: &[&str], cond: &str| {
        let cond = cond.replace('\'', "''");
        sql.push_str(&format!("SELECT load_copy('{table}', '{}', '{cond}', {organisations});\n", suffixed(columns)));
    };
    let own = "t.organisation_id = 'org'";
    copy("organisation", &["id", "name"], "t.id = 'org'");
    copy("department", &["id", "organisation_id"], own);
    copy("account", &["id", "login"], "t.id IN (SELECT account_id FROM membership WHERE organisation_id = 'org')");
    copy("membership", &["account_id", "organisation_id", "department_id"], own);
    copy("applicability", &["organisation_id"], own);
    copy("assessment", &["id", "organisation_id", "previous_id"], own);
    copy(
        "assessment_edition",
        &["assessment_id"],
        "t.assessment_id IN (SELECT id FROM assessment WHERE organisation_id = 'org')",
    );
    copy("answer", &["id", "organisation_id", "assessment_id", "department_id"], own);
    copy("answer_request", &["id", "organisation_id", "assessment_id", "department_id"], own);
    copy(
        "answer_request_item",
        &["request_id", "answer_id"],
        "t.request_id IN (SELECT id FROM answer_request WHERE organisation_id = 'org')",
    );
    copy("trail", &["organisation_id", "subject_id"], own);
    copy("trail_head", &["organisation_id"], own);
    sql.push_str(&format!(
        "INSERT INTO search_entry (tokens, owner, kind, scope, subject, title, body)
         SELECT ts_delete(t.tokens, '@') || ('''@org-' || g || '''')::tsvector, 'org-' || g, kind, scope, subject, title, body
         FROM search_entry t, generate_series(2, {organisations}) g WHERE t.owner = '' AND kind = 'provision'
           AND scope = (SELECT MIN(edition_id) FROM assessment_edition);
         CREATE INDEX search_entry_tokens ON search_entry USING gin (tokens);"
    ));
    sql
}

/// People who are signed in, spread over the organisations; the token of person `n` is `n` with zeros before it.
fn sessions(organisations: usize, users: usize) -> String {
    format!(
        "INSERT INTO session (token_hash, account_id, organisation_id, csrf, address, created_at, seen_at, expires_at)
         SELECT encode(sha256(convert_to(lpad(u::text, 64, '0'), 'UTF8')), 'hex'), m.account_id, m.organisation_id, 'load', '127.0.0.1', n.at, n.at,
                to_char((now() + interval '11 hours') AT TIME ZONE 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')
         FROM generate_series(1, {users}) u
         CROSS JOIN (SELECT to_char(now() AT TIME ZONE 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS at) n
         JOIN membership m ON m.role = 'security-officer' AND m.organisation_id =
           CASE WHEN ((u::bigint * 7919) % {organisations}) = 0 THEN 'org' ELSE 'org-' || (((u::bigint * 7919) % {organisations}) + 1) END;"
    )
}

/// The number of the organisation that a person belongs to.
pub fn organisation_of(user: usize, organisations: usize) -> usize {
    user * 7919 % organisations + 1
}
