//! What belongs to others and what does not exist: does the time of the answer tell them apart?
//!
//! A security officer of one organisation of the demonstration asks for things of another and for things that nobody has,
//! one after the other in an order that a die decides, over one connection. The figure is the share of pairs in which the
//! foreign one took longer: 0.5 says nothing, and what two halves of the absent ones give beside it is the noise. Names at
//! the sign-in page likewise: known and unknown.

use std::path::Path;

use anyhow::{Result, ensure};
use sakimori_store::testing::{Record, everything};
use sakimori_store::{Store, StoreConfig};

use crate::clock::{Durations, Watch};
use crate::figures::{Figure, Figures, Target};
use crate::http::{self, Client, Session};
use crate::server::{Scratch, Server};

/// Requests of each kind and page. With so many, the share is known to about 0.03 (two standard errors).
const TIMES: usize = 600;
/// Tries of each kind of name; no account gets as many wrong passwords as make it rest.
const NAMES: usize = 60;
/// Ids that are asked for in turn, so that no single row's place decides.
const IDS: usize = 12;
/// A share further from a half than this can be told with some hundred requests.
const FAR: f64 = 0.10;

/// Who asks, and from which organisation.
const ASKER: &str = "uw-ciso";
const ASKERS: &str = "ushio-terminal";

/// Method, page and table of its ids.
const PAGES: &[(&str, &str, &str)] = &[
    ("GET", "/answers/{id}", "answer"),
    ("GET", "/assessments/{id}", "assessment"),
    ("GET", "/requests/{id}", "answer_request"),
    ("GET", "/evidence/{id}", "evidence"),
    ("GET", "/crosswalks/{id}/desk", "crosswalk"),
    ("GET", "/revision/{id}", "revision_issue"),
    ("GET", "/cases/{id}", "incident_case"),
    ("GET", "/sector-standards/{id}", "sector_standard"),
    ("GET", "/standards/{id}", "edition"),
    ("GET", "/approvals/subject/assessment-result/{id}", "assessment"),
    ("GET", "/api/v1/assessments/{id}/answers", "assessment"),
    ("PATCH", "/api/v1/answers/{id}", "answer"),
];

/// A small generator: the same order in every run.
struct Dice(u64);

impl Dice {
    fn toss(&mut self) -> bool {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 & 1 == 1
    }
}

/// Measures on a demonstration of its own.
///
/// # Errors
/// The demonstration does not start, or an answer is not what it should be.
pub async fn run(program: &Path, scratch: &Scratch, figures: &mut Figures) -> Result<()> {
    let data = scratch.join("apart");
    Server::start(program, "demo", &data).await?.end()?;
    let server = Server::start(program, "serve", &data).await?;
    let store = Store::open(&StoreConfig::Folder(data)).await?;
    let records = everything(&mut store.read().await?).await?;
    let session = http::sign_in(&server.address, ASKER, sakimori_app::demo::PASSWORD).await?;
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for (method, page, table) in PAGES {
        let ids: Vec<&str> = records
            .iter()
            .filter(|r| r.table == *table && r.owner.as_deref().is_some_and(|owner| !["", ASKERS].contains(&owner)))
            .map(|r| r.get("id"))
            .collect();
        if !ids.is_empty() {
            let mut client = Client::connect(&server.address, &session).await?;
            figures.add(of_page(&mut client, (method, page), &ids, &mut dice).await?);
        }
    }
    figures.add(names(&server.address, &records, &mut dice).await?);
    server.end()
}

/// An id of the same shape that nothing has.
fn absent(id: &str) -> String {
    let mut out = id.to_owned();
    let last = out.pop();
    out.push(if last == Some('q') { 'r' } else { 'q' });
    out
}

async fn of_page(client: &mut Client, what: (&str, &str), ids: &[&str], dice: &mut Dice) -> Result<Figure> {
    let (method, page) = what;
    let (mut theirs, mut nobodys) = (Durations::default(), Durations::default());
    // A few before the measurement, so that nothing is done for the first time in it.
    for at in 0..TIMES + 20 {
        let id = ids[at % ids.len().min(IDS)];
        let first = dice.toss();
        for is_theirs in [first, !first] {
            let path = page.replace("{id}", &if is_theirs { id.to_owned() } else { absent(id) });
            let watch = Watch::start();
            let status = client.send(method, &path, "application/json", r#"{"version":1,"current":"x"}"#).await?;
            let took = watch.elapsed();
            ensure!([403, 404].contains(&status), "{path}: {status}");
            if at >= 20 {
                if is_theirs { theirs.add(took) } else { nobodys.add(took) }
            }
        }
    }
    Ok(figure(&format!("{method} {page}"), &theirs, &nobodys, dice))
}

fn figure(name: &str, theirs: &Durations, nobodys: &Durations, dice: &mut Dice) -> Figure {
    let share = theirs.share_longer_than(nobodys);
    let (one, other) = nobodys.parted(|| dice.toss());
    let note = format!(
        "share {share:.3}, noise {:.3}; medians {:.3} and {:.3} ms, ratio {:.3}, n {}",
        one.share_longer_than(&other),
        theirs.quantile_ms(0.5),
        nobodys.quantile_ms(0.5),
        theirs.quantile_ms(0.5) / nobodys.quantile_ms(0.5).max(f64::MIN_POSITIVE),
        theirs.count(),
    );
    Figure::single(name, (share - 0.5).abs(), "from ½", Some(Target::Below(FAR))).noted(note)
}

/// Known and unknown names with a wrong password, each over a connection of its own as a browser's.
async fn names(address: &str, records: &[Record], dice: &mut Dice) -> Result<Figure> {
    let logins: Vec<&str> = records.iter().filter(|r| r.table == "account").map(|r| r.get("login")).collect();
    // Below the number of failures that lets an account rest.
    let logins: Vec<&str> = logins.into_iter().filter(|login| *login != ASKER).take(NAMES / 3).collect();
    ensure!(!logins.is_empty(), "the demonstration has accounts");
    let (mut known, mut unknown) = (Durations::default(), Durations::default());
    for at in 0..NAMES {
        let login = logins[at % logins.len()];
        let first = dice.toss();
        for is_known in [first, !first] {
            let login = if is_known { login.to_owned() } else { absent(login) };
            let form = form_urlencoded::Serializer::new(String::new())
                .extend_pairs([("login", login.as_str()), ("password", "灯台守の合言葉ではない")])
                .finish();
            let mut client = Client::connect(address, &Session::default()).await?;
            let watch = Watch::start();
            let status = client.send("POST", "/sign-in", "application/x-www-form-urlencoded", &form).await?;
            let took = watch.elapsed();
            ensure!(status == 401, "a wrong password: {status}");
            if is_known { known.add(took) } else { unknown.add(took) }
        }
    }
    let mut figure = figure("POST /sign-in, known and unknown names", &known, &unknown, dice);
    // So few tries know the share to 0.1 only.
    figure.target = Some(Target::Below(2.0 * FAR));
    Ok(figure.noted(format!("{} names", logins.len())))
}
