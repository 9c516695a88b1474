//! The demonstration: fictional organisations with half-answered assessments, the same at every start.

mod carry;
mod crosswalks;
mod relations;
mod revision;

use std::collections::HashMap;

use sakimori_domain::assurance::{Answer, AnswerStatus, Maturity};
use sakimori_domain::identity::Role;
use sakimori_domain::registry::OrganisationProfile;
use sakimori_domain::standards::{Audience, NetworkClass};
use sakimori_store::assessment::{self, Assessment, NewAnswer};
use sakimori_store::cover::ReportCover;
use sakimori_store::edition;
use sakimori_store::registry::{self, Department, Organisation};
use sakimori_store::request::{self, AnswerRequest};
use serde::Deserialize;
use serde_json::json;

use crate::identity::put_account;
use crate::report::{Cover, CoverApproval, CoverRevision};
use crate::{Actor, App, AppError, Operation, Result, applicability};

/// Password of every login of the demonstration; printed at its start.
pub const PASSWORD: &str = "demo-sakimori-2026";

/// A login to show at the start.
pub struct Login {
    pub login: String,
    pub organisation: String,
    pub role: &'static str,
}

#[derive(Deserialize)]
struct Bodies {
    organisation: Vec<Body>,
}

#[derive(Deserialize)]
struct Body {
    id: String,
    kind: String,
    name: String,
    #[serde(default)]
    sectors: Vec<String>,
    #[serde(default)]
    operator_kinds: Vec<String>,
    #[serde(default)]
    network_classes: Vec<String>,
    #[serde(default)]
    ports: Vec<String>,
    #[serde(default)]
    audiences: Vec<String>,
    #[serde(default)]
    standards: Vec<String>,
    #[serde(default)]
    member_of: Vec<String>,
    #[serde(default)]
    in_charge_of: Vec<String>,
    #[serde(default)]
    department: Vec<BodyDepartment>,
    #[serde(default)]
    user: Vec<BodyUser>,
}

#[derive(Deserialize)]
struct BodyDepartment {
    id: String,
    name: String,
}

#[derive(Deserialize)]
struct BodyUser {
    login: String,
    name: String,
    roles: Vec<String>,
    #[serde(default)]
    department: String,
}

#[derive(Deserialize)]
struct Answers {
    answer: Vec<DemoAnswer>,
}

#[derive(Deserialize)]
struct DemoAnswer {
    organisation: String,
    year: i64,
    edition: String,
    id: String,
    status: String,
    #[serde(default)]
    na_reason: String,
    maturity: Option<u8>,
    #[serde(default)]
    current: String,
    #[serde(default)]
    plan: String,
    #[serde(default)]
    due: String,
    #[serde(default)]
    department: String,
}

/// The year that is half answered.
const THIS_YEAR: i64 = 2026;

fn faulty(what: impl std::fmt::Display) -> AppError {
    AppError::Internal(format!("content/demo: {what}"))
}

/// Puts the fictional organisations into an empty installation and returns their logins. An installation that has
/// organisations already is left alone.
///
/// # Errors
/// The shipped content is faulty (a test reads it), or a database error.
pub async fn seed(app: &App) -> Result<Vec<Login>> {
    let bodies: Bodies = toml::from_str(include_str!("../../../content/demo/organisations.toml")).map_err(faulty)?;
    let answers: Answers = toml::from_str(include_str!("../../../content/demo/answers.toml")).map_err(faulty)?;
    if registry::organisations(&mut app.read().await?).await?.is_empty() {
        // One hash for all: 35 separate ones would take seconds, and the password is printed on the screen anyway.
        let password_hash = app.hash_password(PASSWORD).await?;
        for body in &bodies.organisation {
            let own: Vec<&DemoAnswer> = answers.answer.iter().filter(|a| a.organisation == body.id).collect();
            seed_organisation(app, body, &own, &password_hash).await?;
        }
        revision::seed(app).await?;
        carry::seed(app).await?;
        relations::seed(app, &bodies.organisation).await?;
    }
    Ok(bodies.organisation.iter().flat_map(logins).collect())
}

fn logins(body: &Body) -> Vec<Login> {
    body.user
        .iter()
        .map(|user| Login {
            login: user.login.clone(),
            organisation: body.name.clone(),
            role: role(user).map_or("", Role::ja),
        })
        .collect()
}

fn role(user: &BodyUser) -> Option<Role> {
    user.roles.iter().find_map(|code| Role::from_code(code))
}

async fn seed_organisation(app: &App, body: &Body, answers: &[&DemoAnswer], password_hash: &str) -> Result<()> {
    let system = Actor { name: "デモの準備".to_owned(), ..Actor::system(&body.id) };
    let mut op = app.operate_as(&system).await?;
    let organisation = Organisation {
        id: body.id.clone(),
        name: body.name.clone(),
        kind: body.kind.clone(),
        profile: profile(body)?,
        marking: "社外秘".to_owned(),
        is_demo: true,
        version: 1,
        created_at: op.now.clone(),
    };
    registry::insert_organisation(&mut op.write, &organisation).await?;
    let departments = seed_departments(&mut op, body).await?;
    seed_users(&mut op, body, &departments, password_hash).await?;
    applicability::recompute(&mut op, &organisation).await?;
    if !body.standards.is_empty() {
        let last = seed_assessment(&mut op, body, THIS_YEAR - 1, "", answers, &departments).await?;
        let now = seed_assessment(&mut op, body, THIS_YEAR, &last, answers, &departments).await?;
        seed_requests(&mut op, &now, &departments).await?;
        seed_cover(&mut op, &now).await?;
    }
    crosswalks::seed(&mut op, &body.id).await?;
    op.trail_new("demo.seed", ("organisation", &body.id), &json!({ "name": body.name })).await?;
    op.commit().await
}

/// The cover of this year's report: a draft that went round in the department, and the edition for the board.
async fn seed_cover(op: &mut Operation<'_>, assessment_id: &str) -> Result<()> {
    let revision = |version: &str, date: &str, description: &str| CoverRevision {
        version: version.to_owned(),
        date: date.to_owned(),
        description: description.to_owned(),
        author: "情報セキュリティ統括".to_owned(),
    };
    let approval =
        |role: &str, name: &str| CoverApproval { role: role.to_owned(), name: name.to_owned(), date: String::new() };
    let cover = Cover {
        revisions: vec![
            revision("第0.9版", "2026-11-02", "部署の回答を集めた確認用"),
            revision("第1.0版", "2026-11-16", "リスク管理委員会への報告用"),
        ],
        approvals: vec![approval("起案", "情報セキュリティ統括"), approval("確認", ""), approval("承認", "")],
        ..Cover::default()
    };
    let text = serde_json::to_string(&cover).map_err(faulty)?;
    let row = ReportCover { assessment_id: assessment_id.to_owned(), cover: text, version: 0 };
    Ok(sakimori_store::cover::put_cover(&mut op.write, &op.actor.organisation_id, &row).await?)
}

fn profile(body: &Body) -> Result<OrganisationProfile> {
    let class = |code: &String| NetworkClass::from_code(code).ok_or_else(|| faulty(code));
    let audience = |code: &String| Audience::from_code(code).ok_or_else(|| faulty(code));
    Ok(OrganisationProfile {
        sectors: body.sectors.clone(),
        operator_kinds: body.operator_kinds.clone(),
        network_classes: body.network_classes.iter().map(class).collect::<Result<_>>()?,
        ports: body.ports.clone(),
        audiences: body.audiences.iter().map(audience).collect::<Result<_>>()?,
    })
}

/// Departments by the id and by the name that the content uses.
async fn seed_departments(op: &mut Operation<'_>, body: &Body) -> Result<HashMap<String, String>> {
    let mut ids = HashMap::new();
    for (position, department) in (0_i64..).zip(&body.department) {
        let id = format!("{}-{}", body.id, department.id);
        let row = Department {
            id: id.clone(),
            name: department.name.clone(),
            kind: "department".to_owned(),
            position,
            version: 1,
        };
        registry::insert_department(&mut op.write, &body.id, &row).await?;
        ids.insert(department.id.clone(), id.clone());
        ids.insert(department.name.clone(), id);
    }
    Ok(ids)
}

async fn seed_users(
    op: &mut Operation<'_>,
    body: &Body,
    departments: &HashMap<String, String>,
    password_hash: &str,
) -> Result<()> {
    for user in &body.user {
        let role = role(user).ok_or_else(|| faulty(&user.login))?;
        let department = departments.get(&user.department).map_or("", String::as_str);
        let account = (user.login.clone(), user.name.clone(), password_hash.to_owned());
        put_account(op, account, role, department).await?;
    }
    Ok(())
}

async fn seed_assessment(
    op: &mut Operation<'_>,
    body: &Body,
    year: i64,
    previous_id: &str,
    answers: &[&DemoAnswer],
    departments: &HashMap<String, String>,
) -> Result<String> {
    let row = Assessment {
        id: format!("{}-{year}", body.id),
        organisation_id: body.id.clone(),
        title: format!("令和{}年度 自己点検", year - 2018),
        fiscal_year: year,
        state: if year == THIS_YEAR { "open" } else { "closed" }.to_owned(),
        previous_id: previous_id.to_owned(),
        created_at: format!("{year}-06-01T00:00:00Z"),
        version: 1,
    };
    assessment::insert_assessment(&mut op.write, &row, &body.standards).await?;
    let of_year = |year: i64| -> HashMap<(&str, &str), &DemoAnswer> {
        answers.iter().filter(|a| a.year == year).map(|a| ((a.edition.as_str(), a.id.as_str()), *a)).collect()
    };
    let (given, before) = (of_year(year), of_year(year - 1));
    let mut position = 0;
    for edition_id in &body.standards {
        let binding: HashMap<String, bool> = assessment::applicability(&mut op.write, &body.id, edition_id)
            .await?
            .into_iter()
            .map(|(number, a)| (number, a.binds))
            .collect();
        for entry in edition::provisions(&mut op.write, &body.id, edition_id).await? {
            let binds = binding.get(&entry.provision.id).copied().unwrap_or(true);
            if entry.provision.is_answerable() && binds {
                let key = (edition_id.as_str(), entry.provision.id.as_str());
                let demo = given.get(&key).copied();
                // A row that is not answered yet lies with the department that answered it last time.
                let owner = demo.or_else(|| before.get(&key).copied());
                let department = owner.and_then(|d| departments.get(&d.department)).map_or("", String::as_str);
                seed_answer(op, &row, (edition_id, &entry.provision.id, position), demo, department).await?;
                position += 1;
            }
        }
    }
    Ok(row.id)
}

async fn seed_answer(
    op: &mut Operation<'_>,
    assessment: &Assessment,
    (edition_id, number, position): (&str, &str, i64),
    demo: Option<&DemoAnswer>,
    department: &str,
) -> Result<()> {
    let answer = demo.map_or_else(|| Ok(Answer::default()), answer)?;
    let updated_by = demo.map_or(String::new(), |d| d.department.clone());
    let row = NewAnswer {
        id: &op.app.new_id(),
        edition_id,
        number,
        position,
        department_id: department,
        answer: &answer,
        updated_at: &assessment.created_at,
        updated_by: &updated_by,
    };
    Ok(assessment::insert_answer(&mut op.write, &assessment.id, &assessment.organisation_id, &row).await?)
}

fn answer(demo: &DemoAnswer) -> Result<Answer> {
    Ok(Answer {
        status: AnswerStatus::from_code(&demo.status).ok_or_else(|| faulty(&demo.status))?,
        maturity: demo.maturity.and_then(Maturity::new),
        na_reason: demo.na_reason.clone(),
        current: demo.current.clone(),
        plan: demo.plan.clone(),
        due: if demo.due.is_empty() { None } else { Some(demo.due.parse().map_err(faulty)?) },
        owner: demo.department.clone(),
        department: demo.department.clone(),
    })
}

/// Asks every department for the rows that lie with it: one is overdue, one has been returned.
async fn seed_requests(
    op: &mut Operation<'_>,
    assessment_id: &str,
    departments: &HashMap<String, String>,
) -> Result<()> {
    let organisation_id = op.actor.organisation_id.clone();
    let rows = assessment::sheet(&mut op.write, &organisation_id, assessment_id).await?;
    let mut ids: Vec<&String> = departments.values().collect();
    ids.sort_unstable();
    ids.dedup();
    for (place, department_id) in ids.into_iter().enumerate() {
        let answers: Vec<String> =
            rows.iter().filter(|r| &r.department_id == department_id).map(|r| r.id.clone()).collect();
        if answers.is_empty() {
            continue;
        }
        let (state, due, returned_at) = match place {
            0 => ("returned", "2026-10-30", "2026-10-28T02:10:00Z"),
            1 => ("asked", "2026-11-13", ""),
            _ => ("asked", "2026-12-18", ""),
        };
        let row = AnswerRequest {
            id: op.app.new_id(),
            organisation_id: organisation_id.clone(),
            assessment_id: assessment_id.to_owned(),
            assessment_title: String::new(),
            department_id: department_id.clone(),
            department_name: String::new(),
            delegate_id: String::new(),
            delegate_name: String::new(),
            message: "担当する項目の現状と今後の方針を記入してください。前回の回答を引き継げる項目は、変更点だけで構いません。".to_owned(),
            due: due.to_owned(),
            state: state.to_owned(),
            asked_by: "情報セキュリティ統括".to_owned(),
            asked_at: "2026-10-01T00:30:00Z".to_owned(),
            returned_at: returned_at.to_owned(),
            reminded_at: String::new(),
            version: 1,
            rows: 0,
            answered: 0,
        };
        request::insert_request(&mut op.write, &row, &answers).await?;
    }
    Ok(())
}
