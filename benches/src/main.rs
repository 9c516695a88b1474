//! The figures of docs/performance.md: `./x bench [--program FILE] [--json FILE] [--markdown FILE] [--only PART,…]`.
//!
//! Starts the product as a user does, on loopback and on a data folder of its own, and measures from outside. A
//! calibration in the same run says what the machine can do just now.

mod answering;
mod apart;
mod calibrate;
mod clock;
mod crosswalk;
mod figures;
mod http;
mod load;
mod oscal;
mod prepare;
mod reading;
mod server;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::figures::{Figure, Figures, Target};
use crate::server::{Scratch, Server};

/// Parts that `--only` can name.
const PARTS: [&str; 10] =
    ["calibrate", "read", "oscal", "crosswalk", "start", "sheets", "saves", "search", "files", "apart"];

struct Args {
    program: PathBuf,
    json: Option<PathBuf>,
    markdown: Option<PathBuf>,
    only: Vec<String>,
}

impl Args {
    fn wants(&self, part: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|named| named == part)
    }
}

fn args() -> Result<Args> {
    let beside = std::env::current_exe()?.with_file_name("sakimori");
    let mut args = Args { program: beside, json: None, markdown: None, only: Vec::new() };
    let mut given = std::env::args().skip(1);
    while let Some(flag) = given.next() {
        let value = given.next().with_context(|| format!("{flag}: a value is missing"));
        match flag.as_str() {
            "--program" => args.program = value?.into(),
            "--json" => args.json = Some(value?.into()),
            "--markdown" => args.markdown = Some(value?.into()),
            "--only" => args.only = value?.split(',').map(str::to_owned).collect(),
            _ => bail!(
                "unknown: {flag}; usage: bench [--program FILE] [--json FILE] [--markdown FILE] [--only {}]",
                PARTS.join(",")
            ),
        }
    }
    if let Some(unknown) = args.only.iter().find(|part| !PARTS.contains(&part.as_str())) {
        bail!("--only {unknown}: the parts are {}", PARTS.join(", "));
    }
    Ok(args)
}

fn main() -> Result<()> {
    if std::env::args().nth(1).as_deref() == Some(reading::CHILD) {
        return reading::child();
    }
    if std::env::args().nth(1).as_deref() == Some(oscal::CHILD) {
        return oscal::child();
    }
    if std::env::args().nth(1).as_deref() == Some("load") {
        let plan = load::plan(std::env::args().skip(2))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        return runtime.block_on(load::run(&plan));
    }
    let args = args()?;
    // One thread: the load generator shall leave the cores to the server.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(run(&args))
}

async fn run(args: &Args) -> Result<()> {
    let scratch = Scratch::new()?;
    let mut figures = Figures::default();
    println!("{}", figures::head());
    if args.wants("calibrate") {
        calibrate::run(&scratch.0, &mut figures)?;
    }
    if args.wants("read") {
        reading::run(&args.program, &mut figures)?;
    }
    if args.wants("oscal") {
        oscal::run(&scratch, &mut figures)?;
    }
    if args.wants("crosswalk") {
        crosswalk::run(&mut figures)?;
    }
    let data = scratch.join("data");
    if args.wants("start") {
        starts(&args.program, &scratch, &data, &mut figures).await?;
    } else {
        Server::start(&args.program, "serve", &data).await?.end()?;
    }
    if ["sheets", "saves", "search", "files"].iter().any(|part| args.wants(part)) {
        product(args, &data, &mut figures).await?;
    }
    if args.wants("apart") {
        apart::run(&args.program, &scratch, &mut figures).await?;
    }
    if let Some(path) = &args.json {
        figures.write_json(path)?;
    }
    if let Some(path) = &args.markdown {
        figures.write_markdown(path)?;
    }
    match figures.missed() {
        0 => println!("every target is met"),
        missed => println!("{missed} figures miss their target (marked with !)"),
    }
    Ok(())
}

/// Starting and being idle.
async fn starts(program: &Path, scratch: &Scratch, data: &Path, figures: &mut Figures) -> Result<()> {
    let first = Server::start(program, "serve", data).await?;
    let seconds = first.started_in.as_secs_f64();
    figures.add(Figure::single("first start to first page, catalogues put in", seconds, "s", Some(Target::Below(5.0))));
    figures.add(idle("  idle after it", &first).await?);
    first.end()?;
    let mut times = clock::Durations::default();
    for _ in 0..4 {
        let again = Server::start(program, "serve", data).await?;
        times.add(again.started_in);
        again.end()?;
    }
    figures.add(Figure::median_ms("start to first page", &times, Some(Target::Below(500.0))));
    let again = Server::start(program, "serve", data).await?;
    figures.add(idle("  idle after it", &again).await?);
    again.end()?;
    let demo = Server::start(program, "demo", &scratch.join("demo")).await?;
    let seconds = demo.started_in.as_secs_f64();
    figures.add(Figure::single(
        "demonstration to first page, everything put in",
        seconds,
        "s",
        Some(Target::Below(5.0)),
    ));
    figures.add(idle("  idle after it", &demo).await?);
    demo.end()
}

/// Resident memory after two quiet seconds.
async fn idle(name: &str, server: &Server) -> Result<Figure> {
    tokio::time::sleep(Duration::from_secs(2)).await;
    let memory = server.memory()?;
    Ok(Figure::single(name, memory.now, "MB", Some(Target::Below(60.0)))
        .noted(format!("highest {:.1} MB", memory.highest)))
}

/// Everything that needs the prepared organisation.
async fn product(args: &Args, data: &Path, figures: &mut Figures) -> Result<()> {
    let app = prepare::open(data, &args.program).await?;
    let prepared = prepare::fill(&app).await?;
    if args.wants("files") {
        answering::files(&app, &prepared, figures).await?;
    }
    let server = Server::start(&args.program, "serve", data).await?;
    let session = http::sign_in(&server.address, prepare::LOGIN, prepare::PASSWORD).await?;
    if args.wants("sheets") {
        answering::rows(&app, &prepared, figures).await?;
        answering::sheets(&server.address, &session, &prepared, figures).await?;
    }
    if args.wants("saves") {
        answering::saves(&server.address, &session, &prepared, figures).await?;
    }
    if args.wants("search") {
        answering::search(&server.address, &session, &app, &prepared, figures).await?;
    }
    let memory = server.memory()?;
    figures.add(
        Figure::single("memory after this load", memory.now, "MB", Some(Target::Below(120.0)))
            .noted(format!("highest {:.1} MB", memory.highest)),
    );
    server.end()
}
