//! The figures of docs/scale.md: `./x load [--organisations 50,500,5000] [--users 500] [--seconds 30] [--markdown FILE]`.
//!
//! One PostgreSQL and one Sakimori on loopback; as many organisations with 500 answers each, and people who are signed in
//! and turn pages with pauses, as people do. The load comes from the same machine and uses its cores too.

mod drive;
mod fill;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use sakimori_store::testing;

use crate::clock::{Durations, Watch};
use crate::server::{Scratch, Server};

/// What is measured.
pub struct Plan {
    pub program: PathBuf,
    organisations: Vec<usize>,
    users: usize,
    seconds: u64,
    /// Mean pause of a person between two pages, in milliseconds.
    pause: u64,
    markdown: Option<PathBuf>,
}

/// The words of the command after `load`.
///
/// # Errors
/// A word that is none.
pub fn plan(words: impl Iterator<Item = String>) -> Result<Plan> {
    let program = std::env::current_exe()?.with_file_name("sakimori");
    let mut plan =
        Plan { program, organisations: vec![50, 500, 5000], users: 500, seconds: 30, pause: 5000, markdown: None };
    let mut words = words;
    while let Some(flag) = words.next() {
        let value = words.next().with_context(|| format!("{flag}: a value is missing"))?;
        match flag.as_str() {
            "--program" => plan.program = value.into(),
            "--organisations" => {
                plan.organisations = value.split(',').map(str::parse).collect::<Result<_, _>>()?;
            }
            "--users" => plan.users = value.parse()?,
            "--seconds" => plan.seconds = value.parse()?,
            "--pause" => plan.pause = value.parse()?,
            "--markdown" => plan.markdown = Some(value.into()),
            _ => bail!(
                "unknown: {flag}; usage: load [--program FILE] [--organisations N,…] [--users N] [--seconds N] [--pause MS] [--markdown FILE]"
            ),
        }
    }
    Ok(plan)
}

/// Measures every size and prints the table.
///
/// # Errors
/// No PostgreSQL, or the product does not answer.
pub async fn run(plan: &Plan) -> Result<()> {
    let server = std::env::var("SAKIMORI_TEST_POSTGRES")
        .context("SAKIMORI_TEST_POSTGRES names no server; ./x load starts one")?;
    let scratch = Scratch::new()?;
    let mut columns = Vec::new();
    for organisations in &plan.organisations {
        let data = scratch.join(&format!("data-{organisations}"));
        columns.push((*organisations, stage(plan, &server, &data, *organisations).await?));
    }
    let table = table(plan, &columns);
    println!("\n{table}");
    if let Some(path) = &plan.markdown {
        std::fs::write(path, table)?;
    }
    Ok(())
}

/// What one size came to, page by page.
struct Column {
    answers: usize,
    pages: Vec<(&'static str, Durations)>,
    all: Durations,
    per_second: f64,
    errors: usize,
    memory: f64,
}

async fn stage(plan: &Plan, server: &str, data: &Path, organisations: usize) -> Result<Column> {
    let name = format!("sakimori_load_{organisations}");
    let url = testing::create_database(server, &name).await?;
    let watch = Watch::start();
    let filled = fill::fill(&url, data, &plan.program, organisations, plan.users).await?;
    println!(
        "{organisations} organisations, {} answers: put in within {:.0} s",
        filled.answers_each * organisations,
        watch.elapsed().as_secs_f64()
    );
    let product = Server::start_on(&plan.program, &url, data).await?;
    let pause = Duration::from_millis(plan.pause);
    // The first pages fill the caches of both; they are not counted.
    drive::drive(&product.address, &filled, plan.users, pause, Duration::from_secs(8)).await?;
    let driven = drive::drive(&product.address, &filled, plan.users, pause, Duration::from_secs(plan.seconds)).await?;
    let memory = product.memory()?.now;
    product.end()?;
    let mut all = Durations::default();
    for (_, durations) in &driven.pages {
        all.join(durations.clone());
    }
    let per_second = all.count() as f64 / driven.seconds;
    for (page, durations) in &driven.pages {
        println!("  {page:<28} {}", quantiles(durations));
    }
    println!("  {:<28} {}, {per_second:.0} pages a second, {} errors", "all", quantiles(&all), driven.errors);
    if let Some(first) = &driven.first_error {
        println!("  the first error: {first}");
    }
    Ok(Column {
        answers: filled.answers_each * organisations,
        pages: driven.pages,
        all,
        per_second,
        errors: driven.errors,
        memory,
    })
}

fn quantiles(d: &Durations) -> String {
    let q = |share| d.quantile_ms(share);
    format!("p50 {:.1} ms, p95 {:.1} ms, p99 {:.1} ms, n {}", q(0.5), q(0.95), q(0.99), d.count())
}

fn table(plan: &Plan, columns: &[(usize, Column)]) -> String {
    let mut out = String::from("| p50 / p95 / p99, ms |");
    for (organisations, column) in columns {
        let _ = write!(out, " {organisations} organisations, {} answers |", column.answers);
    }
    out.push_str("\n|---|");
    out.push_str(&"---:|".repeat(columns.len()));
    out.push('\n');
    let cell = |d: &Durations| {
        format!(" {:.1} / {:.1} / {:.1} |", d.quantile_ms(0.5), d.quantile_ms(0.95), d.quantile_ms(0.99))
    };
    let names: Vec<&str> = columns.first().map(|(_, c)| c.pages.iter().map(|(n, _)| *n).collect()).unwrap_or_default();
    for (at, name) in names.iter().enumerate() {
        let _ = write!(out, "| {name} |");
        for (_, column) in columns {
            out.push_str(&cell(&column.pages[at].1));
        }
        out.push('\n');
    }
    let mut row = |name: &str, value: &dyn Fn(&Column) -> String| {
        let _ = write!(out, "| {name} |");
        for (_, column) in columns {
            let _ = write!(out, "{} |", value(column));
        }
        out.push('\n');
    };
    row("**all**", &|c| cell(&c.all).trim_end_matches('|').to_owned());
    row("pages a second", &|c| format!(" {:.0}", c.per_second));
    row("errors", &|c| format!(" {}", c.errors));
    row("memory of Sakimori, MB", &|c| format!(" {:.0}", c.memory));
    let _ = writeln!(
        out,
        "\n{} people, a pause of {:.1} s on average between two pages.",
        plan.users,
        plan.pause as f64 / 1e3
    );
    out
}
