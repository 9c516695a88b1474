//! The organisation that is measured: an own Edition of 1,209 controls, and Assessments of 140 and of 1,209 rows in which
//! every field of every row is filled in, this year and last year.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use sakimori_app::identity::{NewAccount, add_account, add_department};
use sakimori_app::{Actor, App, AppConfig};
use sakimori_domain::assurance::applicability::{Applicability, Force};
use sakimori_domain::assurance::{Answer, AnswerStatus, Maturity};
use sakimori_domain::identity::Role;
use sakimori_domain::registry::OrganisationProfile;
use sakimori_domain::standards::{Edition, Guide, NetworkClass, Provision, ProvisionKind};
use sakimori_store::assessment::{self, Assessment, NewAnswer};
use sakimori_store::edition::{self, EditionEntry};
use sakimori_store::registry::{self, Organisation};
use sakimori_store::search::{self, SearchEntry};
use sakimori_store::{Store, StoreConfig, Write};

use crate::clock;

/// Rows of the two Assessments.
pub const SMALL: usize = 140;
/// As many controls as the largest catalogue in use elsewhere has.
pub const LARGE: usize = 1_209;

/// Login and password of the security officer.
pub const LOGIN: &str = "bench-officer";
pub const PASSWORD: &str = "岬と灯台と二艘の曳船と三日月";

const ORGANISATION: &str = "bench-operator";
const EDITION: &str = "bench-standard";
/// The moment that the data is from: 2026-11-20 09:00 in Japan.
const THEN: &str = "2026-11-20T00:00:00Z";

/// What was prepared.
pub struct Prepared {
    pub officer: Actor,
    pub small: String,
    pub large: String,
}

/// Opens the application on a data folder, as the command line does.
///
/// # Errors
/// The data cannot be opened.
pub async fn open(data: &Path, program: &Path) -> Result<App> {
    let store = Store::open(&StoreConfig::Folder(data.to_owned())).await?;
    let app = App::new(AppConfig {
        store,
        folder: data.to_owned(),
        program: program.to_owned(),
        // The same as the product's that started here: it refuses times before what it has written.
        clock: Arc::new(clock::machine),
        keys: sakimori_app::keys::Keys::generate(),
        trail_key: sakimori_app::trail::TrailKey::from_secret("sakimori/bench", [9; 32])?,
        seed: [7; 32],
    });
    Ok(app)
}

/// Fills the data folder of an installation that has started once.
///
/// # Errors
/// A database error.
pub async fn fill(app: &App) -> Result<Prepared> {
    let mut write = app.store().write().await?;
    registry::insert_organisation(&mut write, &organisation()).await?;
    standard(&mut write).await?;
    write.commit().await?;
    let administrator = person(Role::Administrator);
    let department = add_department(app, &administrator, "設備運用部", "department").await?;
    let account = NewAccount {
        login: LOGIN.to_owned(),
        name: "情報セキュリティ統括".to_owned(),
        password: PASSWORD.to_owned(),
        role: Role::SecurityOfficer,
        department_id: String::new(),
        is_issued: false,
    };
    add_account(app, &administrator, account).await?;
    let small = two_years(app, SMALL, &department).await?;
    let large = two_years(app, LARGE, &department).await?;
    Ok(Prepared { officer: person(Role::SecurityOfficer), small, large })
}

fn person(role: Role) -> Actor {
    Actor { role, ..Actor::system(ORGANISATION) }
}

fn organisation() -> Organisation {
    Organisation {
        id: ORGANISATION.to_owned(),
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
        created_at: THEN.to_owned(),
    }
}

fn number(row: usize) -> String {
    format!("{}.{}.{}", 1 + row / 60, 1 + row / 6 % 10, 1 + row % 6)
}

/// Headings of chapters and sections, and the controls below them.
fn provisions() -> Vec<(Provision, Guide)> {
    let mut all = Vec::new();
    for row in 0..LARGE {
        let (chapter, section) = ((1 + row / 60).to_string(), format!("{}.{}", 1 + row / 60, 1 + row / 6 % 10));
        if row % 60 == 0 {
            all.push((
                Provision::new(chapter.clone(), ProvisionKind::Clause, format!("第{chapter}章 設備と体制の点検")),
                Guide::default(),
            ));
        }
        if row % 6 == 0 {
            let heading = Provision {
                parent: Some(chapter),
                ..Provision::new(section.clone(), ProvisionKind::Group, "日々の運用で守ること")
            };
            all.push((heading, Guide::default()));
        }
        let title = format!(
            "{}の管理と記録（その{}）",
            ["通信設備", "利用者の権限", "委託先との取決め", "予備の電源", "操作の履歴"][row % 5],
            row + 1
        );
        let control = Provision { parent: Some(section), ..Provision::new(number(row), ProvisionKind::Control, title) };
        let guide = Guide {
            title_en: format!("Care and records of equipment, access and suppliers, part {}", row + 1),
            question: "担当者と手順を決めて、定められた間隔で実施し、その結果を記録に残して責任者が確かめていますか。".to_owned(),
            question_en: "Is somebody in charge, is it done at fixed intervals by a written procedure, and does the person responsible check the records?".to_owned(),
            explanation: "決めたことが続いているかを、記録から第三者が確かめられる状態にします。".to_owned(),
            explanation_en: "Records let somebody else see that it goes on being done.".to_owned(),
        };
        all.push((control, guide));
    }
    all
}

async fn standard(write: &mut Write) -> Result<()> {
    let entry = EditionEntry {
        id: EDITION.to_owned(),
        owner: ORGANISATION.to_owned(),
        edition: Edition {
            id: EDITION.to_owned(),
            standard: EDITION.to_owned(),
            title: "測定のための基準".to_owned(),
            title_en: "Standard to measure with".to_owned(),
            short: "測定基準".to_owned(),
            label: "第1版".to_owned(),
            issuer: "みさき測定通信株式会社".to_owned(),
            authority: "in-house".to_owned(),
            ..Edition::default()
        },
        origin: "ingested".to_owned(),
        content_hash: String::new(),
        created_at: THEN.to_owned(),
        provisions: 0,
        controls: 0,
        texts: 0,
    };
    let provisions = provisions();
    edition::put_edition(write, &entry).await?;
    edition::put_provisions(write, EDITION, &provisions).await?;
    let found: Vec<SearchEntry> = provisions.iter().map(|(p, g)| search_entry(p, g)).collect();
    search::replace(write, ORGANISATION, "provision", EDITION, &found).await?;
    let binds = |row: usize| Applicability {
        binds: true,
        force: [Force::Mandatory, Force::Should, Force::Desirable][row % 3],
        reason: "事業用ネットワークの設備を持ち、この項目を自社の基準として定めているため".to_owned(),
        reason_en: "because the operator runs a network of the business class and has taken this item on".to_owned(),
    };
    let binding: Vec<(String, Applicability)> = (0..LARGE).map(|row| (number(row), binds(row))).collect();
    Ok(assessment::replace_applicability(write, ORGANISATION, EDITION, &binding).await?)
}

fn search_entry(p: &Provision, g: &Guide) -> SearchEntry {
    SearchEntry {
        owner: ORGANISATION.to_owned(),
        kind: "provision".to_owned(),
        scope: EDITION.to_owned(),
        subject: p.id.clone(),
        title: p.title.clone(),
        body: format!("{}\n{}", g.question, g.explanation),
    }
}

/// An Assessment of `rows` rows with last year's beside it; the id of this year's.
async fn two_years(app: &App, rows: usize, department: &str) -> Result<String> {
    let mut previous = String::new();
    for year in [2025, 2026] {
        let row = Assessment {
            id: format!("bench-{rows}-{year}"),
            organisation_id: ORGANISATION.to_owned(),
            title: format!("{year}年度 {rows}項目の自己点検"),
            fiscal_year: year,
            state: if year == 2026 { "open" } else { "closed" }.to_owned(),
            previous_id: previous,
            created_at: THEN.to_owned(),
            version: 1,
        };
        let mut write = app.store().write().await?;
        assessment::insert_assessment(&mut write, &row, &[EDITION.to_owned()]).await?;
        for at in 0..rows {
            let new = NewAnswer {
                id: &app.new_id(),
                edition_id: EDITION,
                number: &number(at),
                position: i64::try_from(at).context("a position")?,
                department_id: department,
                answer: &answer(at, year)?,
                updated_at: THEN,
                updated_by: "設備運用部",
            };
            assessment::insert_answer(&mut write, &row.id, ORGANISATION, &new).await?;
        }
        write.commit().await?;
        previous = row.id;
    }
    Ok(previous)
}

/// A full answer: every field has as much text as people write.
fn answer(row: usize, year: i64) -> Result<Answer> {
    let status = [AnswerStatus::Yes, AnswerStatus::Partly, AnswerStatus::No][row % 3];
    Ok(Answer {
        status,
        maturity: Maturity::new(1 + u8::try_from(row % 5)?),
        na_reason: String::new(),
        current: format!(
            "{year}年度は本社と地方局舎のうち{}か所で実施し、結果を設備台帳に記録した。残る局舎は点検の周期が合わず、委託先からの報告を待っている。",
            1 + row % 12
        ),
        plan: "点検の周期をそろえ、次の四半期までに残る局舎へ広げる。記録の様式も一つにまとめる。".to_owned(),
        due: Some(jiff::civil::date(2027, 1 + i8::try_from(row % 12)?, 28)),
        owner: "設備運用部 点検係".to_owned(),
        department: "設備運用部".to_owned(),
    })
}
