//! What people wait for: sheets, saves, search, files; over HTTP with a session where they go over HTTP.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use sakimori_app::App;
use sakimori_app::workbook::{Scope, export_xlsx};
use serde_json::Value;

use crate::clock::{Durations, Watch};
use crate::figures::{Figure, Figures, Target};
use crate::http::{Client, Session};
use crate::prepare::Prepared;

/// Connections of the load figure.
const CONNECTIONS: usize = 8;
/// How long the load figure runs.
const LOAD: Duration = Duration::from_secs(5);
/// Two-character words, as most technical nouns are; the last one has three hits or none.
const WORDS: [&str; 6] = ["設備", "暗号", "委託先", "アクセス", "ウィルス", "点検の周期"];

/// One path again and again on one connection.
///
/// # Errors
/// Another status than 200.
async fn repeat(address: &str, session: &Session, path: &str, times: usize) -> Result<Durations> {
    let mut client = Client::connect(address, session).await?;
    for _ in 0..times.div_ceil(10) {
        client.get(path).await?;
    }
    Durations::of_async(times, async || client.get(path).await.map(|_| ())).await
}

/// One path on eight connections at once; durations of all, and answers per second.
async fn load(address: &str, session: &Session, path: &str) -> Result<(Durations, f64)> {
    let watch = Watch::start();
    let mut tasks = Vec::new();
    for _ in 0..CONNECTIONS {
        let (address, session, path) = (address.to_owned(), session.clone(), path.to_owned());
        tasks.push(tokio::spawn(async move {
            let mut client = Client::connect(&address, &session).await?;
            let mut durations = Durations::default();
            while watch.elapsed() < LOAD {
                let one = Watch::start();
                client.get(&path).await?;
                durations.add(one.elapsed());
            }
            Ok::<_, anyhow::Error>(durations)
        }));
    }
    let mut all = Durations::default();
    for task in tasks {
        all.join(task.await??);
    }
    let per_second = all.count() as f64 / watch.elapsed().as_secs_f64();
    Ok((all, per_second))
}

/// The sheets as JSON and as a page.
///
/// # Errors
/// A route is missing or refuses.
pub async fn sheets(address: &str, session: &Session, prepared: &Prepared, figures: &mut Figures) -> Result<()> {
    let small = format!("/api/v1/assessments/{}/answers", prepared.small);
    let large = format!("/api/v1/assessments/{}/answers", prepared.large);
    let bytes = Client::connect(address, session).await?.get(&small).await?.len();
    let size = format!("{} kB", bytes / 1000);
    let one = repeat(address, session, &small, 500).await?;
    figures.add(Figure::median_ms("140 full rows as JSON", &one, Some(Target::Below(2.0))).noted(size));
    let (durations, per_second) = load(address, session, &small).await?;
    let note = format!("median {:.2} ms, p95 {:.2} ms", durations.quantile_ms(0.5), durations.quantile_ms(0.95));
    figures.add(Figure::single("  at 8 connections", per_second, "/s", Some(Target::Above(1500.0))).noted(note));
    let one = repeat(address, session, &large, 100).await?;
    figures.add(Figure::median_ms("1,209 full rows as JSON", &one, Some(Target::Below(15.0))));
    let page = format!("/assessments/{}", prepared.small);
    let one = repeat(address, session, &page, 200).await?;
    figures.add(Figure::median_ms("page with 140 rows", &one, Some(Target::Below(10.0))));
    Ok(())
}

/// The sheets as the database alone gives them, for telling its share.
///
/// # Errors
/// A database error.
pub async fn rows(app: &App, prepared: &Prepared, figures: &mut Figures) -> Result<()> {
    let mut connection = app.read().await?;
    for (id, times) in [(&prepared.small, 200), (&prepared.large, 30)] {
        let mut rows = 0;
        let one = Durations::of_async(times, async || {
            rows =
                sakimori_store::assessment::sheet(&mut connection, &prepared.officer.organisation_id, id).await?.len();
            anyhow::Ok(())
        })
        .await?;
        figures.add(Figure::median_ms(format!("{rows} full rows from the database"), &one, None));
    }
    Ok(())
}

/// Saves that are on disk, with their trail, when the answer comes; and the list right after each.
///
/// # Errors
/// A save is refused.
pub async fn saves(address: &str, session: &Session, prepared: &Prepared, figures: &mut Figures) -> Result<()> {
    let list = format!("/api/v1/assessments/{}/answers", prepared.small);
    let mut client = Client::connect(address, session).await?;
    let rows: Value = serde_json::from_slice(client.get(&list).await?)?;
    let rows = rows.as_array().context("a list of rows")?;
    let ids: Vec<String> = rows.iter().filter_map(|row| Some(row.get("id")?.as_str()?.to_owned())).collect();
    ensure!(ids.len() == crate::prepare::SMALL, "{} rows in the list", ids.len());
    let mut versions = vec![1_i64; ids.len()];
    let large = format!("/api/v1/assessments/{}/answers", prepared.large);
    let (mut saves, mut lists, mut long_lists) = (Durations::default(), Durations::default(), Durations::default());
    for turn in 0..400 {
        let at = turn % ids.len();
        let body = serde_json::json!({ "version": versions[at], "current": format!("{turn}回目の入力。局舎の点検を終え、結果を台帳に書き写した。") });
        let watch = Watch::start();
        let saved: Value =
            serde_json::from_slice(client.patch(&format!("/api/v1/answers/{}", ids[at]), &body.to_string()).await?)?;
        saves.add(watch.elapsed());
        versions[at] = saved.get("version").and_then(Value::as_i64).context("the version of the saved row")?;
        let watch = Watch::start();
        client.get(&list).await?;
        lists.add(watch.elapsed());
        if turn % 8 == 0 {
            let watch = Watch::start();
            client.get(&large).await?;
            long_lists.add(watch.elapsed());
        }
    }
    figures.add(Figure::p95_ms("one answer saved: field merge, trail, fsync", &saves, Some(Target::Below(5.0))));
    figures.add(Figure::median_ms("140 full rows as JSON, each time after a save", &lists, Some(Target::Below(2.0))));
    figures.add(Figure::median_ms(
        "1,209 full rows as JSON, each time after a save",
        &long_lists,
        Some(Target::Below(15.0)),
    ));
    Ok(())
}

/// Search: the page, and the database alone.
///
/// # Errors
/// The route is missing or refuses.
pub async fn search(
    address: &str,
    session: &Session,
    app: &App,
    prepared: &Prepared,
    figures: &mut Figures,
) -> Result<()> {
    let mut client = Client::connect(address, session).await?;
    let (mut pages, mut queries) = (Durations::default(), Durations::default());
    let mut connection = app.read().await?;
    for turn in 0..180 {
        let word = WORDS[turn % WORDS.len()];
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("q", word).finish();
        let watch = Watch::start();
        client.get(&format!("/search?{query}")).await?;
        pages.add(watch.elapsed());
        let watch = Watch::start();
        sakimori_store::search::find(&mut connection, &prepared.officer.organisation_id, word, 50).await?;
        queries.add(watch.elapsed());
    }
    figures.add(Figure::p95_ms("full-text search, the page", &pages, Some(Target::Below(10.0))));
    figures.add(Figure::p95_ms("full-text search, the query alone", &queries, Some(Target::Below(10.0))));
    Ok(())
}

/// The workbook of the large Assessment and a report of about 100 pages.
///
/// # Errors
/// They cannot be made; without a Japanese font the message says what to install.
pub async fn files(app: &App, prepared: &Prepared, figures: &mut Figures) -> Result<()> {
    let scope = Scope::Assessment(prepared.large.clone());
    let mut size = 0;
    let workbooks = Durations::of_async(7, async || {
        size = export_xlsx(app, &prepared.officer, &scope).await?.bytes.len();
        anyhow::Ok(())
    })
    .await?;
    let note = format!("{} kB", size / 1000);
    figures.add(
        Figure::median_ms("workbook of 1,209 rows (.xlsx), read and written", &workbooks, Some(Target::Below(300.0)))
            .noted(note),
    );
    let report = sakimori_app::report::gap(app, &prepared.officer, &prepared.large, None).await?;
    let mut pages = 0;
    let prints = Durations::of_async(3, async || {
        let pdf = sakimori_app::report::pdf(app, report.clone()).await?;
        pages = count_pages(&pdf);
        anyhow::Ok(())
    })
    .await?;
    let note = format!("{pages} pages, process of its own included");
    figures.add(Figure::median_ms("gap report (PDF) of 1,209 rows", &prints, Some(Target::Below(3000.0))).noted(note));
    Ok(())
}

/// Pages of a PDF, by the largest `/Count` of its page tree; 0 when the tree is packed away.
fn count_pages(pdf: &[u8]) -> usize {
    const KEY: &[u8] = b"/Count ";
    pdf.windows(KEY.len())
        .enumerate()
        .filter(|(_, window)| *window == KEY)
        .filter_map(|(at, _)| {
            let digits: String = pdf[at + KEY.len()..]
                .iter()
                .take(6)
                .map(|byte| char::from(*byte))
                .take_while(char::is_ascii_digit)
                .collect();
            digits.parse().ok()
        })
        .max()
        .unwrap_or(0)
}
