//! Three processes on one PostgreSQL: they start together on an empty database, share sessions, save under load, and one
//! of them is killed in the middle of a save and of a job. Nothing that was acknowledged is lost or done twice.

#[path = "support/http.rs"]
mod http;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::{Answer, Balancer, Session, sign_in};
use sakimori_app::identity::{NewAccount, add_account};
use sakimori_app::trail::TrailKey;
use sakimori_app::{Actor, App, AppConfig, assessment, jobs};
use sakimori_domain::identity::{Permission, Role};
use sakimori_domain::registry::OrganisationProfile;
use sakimori_domain::standards::NetworkClass;
use sakimori_store::registry::{Organisation, insert_organisation};
use sakimori_store::{Store, StoreConfig, testing, trail};

const PASSWORD: &str = "灯台と二艘の曳船と三日月";
/// People who save at the same time.
const PEOPLE: usize = 6;

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended already needs no killing.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(url: &str, folder: &Path, address: &str) -> Process {
    let child = Command::new(env!("CARGO_BIN_EXE_sakimori"))
        .args(["serve", "--insecure-cookies", "--drain-seconds", "2", "--listen", address, "--data"])
        .arg(folder)
        .arg("--config")
        .arg(folder.with_extension("toml"))
        .env("SAKIMORI_DATABASE_URL", url)
        .env("SAKIMORI_DATABASE_POOL", "5")
        // A replica that is never behind: reports take the way over it.
        .env("SAKIMORI_READ_REPLICA_URL", url)
        .env("SAKIMORI_LOG", "error")
        .stdin(Stdio::null())
        .spawn();
    Process(child.expect("the program starts"))
}

fn free_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").to_string()
}

async fn ready(balancer: &Balancer, at: usize) {
    for _ in 0..600 {
        if let Some(Answer::Done { status: 200, .. }) = balancer.send_to(at, &Session::default(), "/readyz").await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("process {at} does not become ready");
}

#[expect(clippy::disallowed_methods, reason = "the test works beside processes that read the machine's clock")]
fn clock() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

async fn open(url: &str, folder: &Path) -> App {
    App::new(AppConfig {
        store: Store::open(&StoreConfig::Postgres(url.to_owned())).await.expect("the database"),
        folder: folder.to_owned(),
        program: PathBuf::from(env!("CARGO_BIN_EXE_sakimori")),
        clock: Arc::new(clock),
        keys: sakimori_app::keys::Keys::open_or_create(&folder.join("keys/seal.key")).expect("the processes' key"),
        trail_key: TrailKey::open(&folder.join("keys/trail.key")).expect("the processes' key"),
        seed: [9; 32],
    })
}

fn actor(organisation_id: &str, role: Role) -> Actor {
    Actor { role, ..Actor::system(organisation_id) }
}

async fn organisation(app: &App, id: &str) {
    let organisation = Organisation {
        id: id.to_owned(),
        name: format!("架空の{id}"),
        kind: "operator".to_owned(),
        profile: OrganisationProfile {
            sectors: vec!["information-communications".to_owned()],
            network_classes: vec![NetworkClass::Business],
            ..OrganisationProfile::default()
        },
        marking: String::new(),
        is_demo: true,
        version: 1,
        created_at: app.now().to_string(),
    };
    let mut write = app.store().write().await.expect("a transaction");
    insert_organisation(&mut write, &organisation).await.expect("an organisation");
    write.commit().await.expect("a commit");
}

/// What one person's saving came to.
#[derive(Default)]
struct Saved {
    /// Every text that was acknowledged, with its answer.
    texts: Vec<(String, String)>,
    broken: u32,
    refused: Vec<String>,
}

/// Saves again and again until told to stop. A save that broke is sent again as a browser does.
async fn keep_saving(
    balancer: Arc<Balancer>,
    session: Session,
    (person, answers): (usize, Vec<String>),
    stop: Arc<AtomicBool>,
) -> Saved {
    let mut saved = Saved::default();
    let mut versions = vec![1_i64; answers.len()];
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        let at = number % answers.len();
        let text = format!("person-{person}-save-{number}-end");
        number += 1;
        loop {
            let body = serde_json::json!({ "version": versions[at], "current": text }).to_string();
            let path = format!("/api/v1/answers/{}", answers[at]);
            match balancer.send(&session, "PATCH", &path, "application/json", &body).await {
                Answer::Done { status: 200, body, .. } => {
                    let told: serde_json::Value = serde_json::from_str(&body).expect("JSON");
                    versions[at] = told["version"].as_i64().expect("a version");
                    saved.texts.push((answers[at].clone(), text));
                    break;
                }
                Answer::Done { status, body, .. } => {
                    saved.refused.push(format!("{status} {body}"));
                    break;
                }
                Answer::Broken => saved.broken += 1,
            }
        }
    }
    saved
}

/// Waits until a condition of a job holds.
async fn job_until(app: &App, kind: &str, what: fn(&jobs::Job) -> bool) -> jobs::Job {
    for _ in 0..900 {
        let mut c = app.read().await.expect("read");
        let job = sakimori_store::job::by_key(&mut c, kind, "").await.expect("row");
        if let Some(job) = job.filter(what) {
            return job;
        }
        drop(c);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the job {kind} did not come so far");
}

/// The people's saves against what is in the database: each exactly once, the last one standing, no gap in the trail.
async fn nothing_lost(app: &App, saves: &[Saved], assessment_id: &str) {
    let mut c = app.read().await.expect("read");
    let events = trail::newest(&mut c, "beta", i64::MAX, 1_000_000).await.expect("the trail");
    let mut positions: Vec<i64> = events.iter().map(|event| event.position).collect();
    positions.sort_unstable();
    let count = i64::try_from(positions.len()).expect("a count");
    assert_eq!(positions, (1..=count).collect::<Vec<_>>(), "positions without a gap");
    drop(c);
    let after: Vec<&str> = events.iter().map(|event| event.after.as_str()).collect();
    let (_, rows) = assessment::rows(app, &actor("beta", Role::SecurityOfficer), assessment_id).await.expect("rows");
    for saved in saves {
        for (_, text) in &saved.texts {
            let times = after.iter().filter(|json| json.contains(text.as_str())).count();
            assert_eq!(times, 1, "{text} stands once in the trail");
        }
        let last: std::collections::BTreeMap<_, _> = saved.texts.iter().cloned().collect();
        for (answer, text) in last {
            let row = rows.iter().find(|row| row.id == answer).expect("the answer");
            assert_eq!(row.answer.current, text, "the last save stands");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
// tidy: long because it is one story: started together, loaded, one killed, taken over, ended.
async fn three_processes_one_killed_under_load_and_nothing_is_lost() {
    let server = std::env::var("SAKIMORI_TEST_POSTGRES").expect("SAKIMORI_TEST_POSTGRES; ./x with-postgres sets it");
    let url = testing::create_database(&server, &format!("sakimori_processes_{}", std::process::id())).await;
    let url = url.expect("a database");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("processes-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    // People here save faster than people do.
    std::fs::write(folder.with_extension("toml"), "[limits]\nsession-per-second = 1000000\n").expect("settings");
    let balancer = Arc::new(Balancer::new((0..3).map(|_| free_address()).collect()));
    // All three at the same moment on an empty database and an empty folder.
    let mut processes: Vec<Process> = balancer.addresses.iter().map(|a| start(&url, &folder, a)).collect();
    for at in 0..3 {
        ready(&balancer, at).await;
    }
    let app = open(&url, &folder).await;
    let mut c = app.read().await.expect("read");
    let seeded = trail::newest(&mut c, "", i64::MAX, 100).await.expect("the trail");
    assert_eq!(seeded.iter().filter(|event| event.action == "edition.seed").count(), 5, "put in once, not thrice");
    drop(c);

    organisation(&app, "beta").await;
    let administrator = actor("beta", Role::Administrator);
    let account = NewAccount {
        login: "beta-officer".to_owned(),
        name: "統括".to_owned(),
        password: PASSWORD.to_owned(),
        role: Role::SecurityOfficer,
        department_id: String::new(),
        is_issued: false,
    };
    add_account(&app, &administrator, account).await.expect("an account");
    let officer = actor("beta", Role::SecurityOfficer);
    let new = assessment::NewAssessment {
        title: "令和8年度".to_owned(),
        fiscal_year: 2026,
        editions: vec!["jt-x1051-2018".to_owned()],
        previous_id: String::new(),
    };
    let assessment_id = assessment::create(&app, &officer, new).await.expect("an assessment");
    let (_, rows) = assessment::rows(&app, &officer, &assessment_id).await.expect("rows");
    let stop = Arc::new(AtomicBool::new(false));
    let mut people = Vec::new();
    for person in 0..PEOPLE {
        let session = sign_in(&balancer, "beta-officer", PASSWORD).await;
        let own: Vec<String> = rows.iter().skip(person).step_by(PEOPLE).take(8).map(|row| row.id.clone()).collect();
        people.push(tokio::spawn(keep_saving(balancer.clone(), session, (person, own), stop.clone())));
    }

    // A job that cannot go on: it has something to write for alpha, and this test holds the head of alpha's trail.
    organisation(&app, "alpha").await;
    let shared = actor("", Role::SecurityOfficer);
    let alpha = actor("alpha", Role::SecurityOfficer);
    let mut blocking = app.operate(&alpha, Permission::EditProfile).await.expect("an operation");
    blocking.trail_new("test.hold", ("organisation", "alpha"), &1).await.expect("held");
    let mut op = app.operate(&shared, Permission::LoadStandards).await.expect("an operation");
    op.trail_new("test.ask", ("organisation", ""), &1).await.expect("event");
    jobs::ask(&mut op, "applicability", "", "").await.expect("asked");
    op.commit().await.expect("commit");
    let held = job_until(&app, "applicability", |job| job.state == "running").await;
    let pid: u32 = held.owner.split('-').next().and_then(|pid| pid.parse().ok()).expect("a process");
    let killed = processes.iter().position(|process| process.0.id() == pid).expect("one of the three");
    processes[killed].0.kill().expect("SIGKILL");
    processes[killed].0.wait().expect("it is dead");
    drop(blocking);
    tokio::time::sleep(Duration::from_secs(2)).await;
    // It comes back, as an orchestrator would have it, while the others work.
    processes[killed] = start(&url, &folder, &balancer.addresses[killed]);
    ready(&balancer, killed).await;

    // One is told to end: it says so, and answers until its time is over.
    let leaving = (killed + 1) % 3;
    Command::new("kill").args(["-TERM", &processes[leaving].0.id().to_string()]).status().expect("told");
    let mut noticed = false;
    for _ in 0..20 {
        match balancer.send_to(leaving, &Session::default(), "/readyz").await {
            Some(Answer::Done { status: 503, .. }) => {
                balancer.leaving.store(leaving, Ordering::Relaxed);
                noticed = true;
            }
            _ => tokio::time::sleep(Duration::from_millis(50)).await,
        }
        if noticed {
            let alive = balancer.send_to(leaving, &Session::default(), "/healthz").await;
            assert!(matches!(alive, Some(Answer::Done { status: 200, .. })), "it still answers");
            break;
        }
    }
    assert!(noticed, "a load balancer can see that it is leaving");
    assert!(processes[leaving].0.wait().expect("it ends").success(), "it ends well");

    let done = job_until(&app, "applicability", |job| job.state == "done").await;
    assert!(done.fence > held.fence, "taken over");
    stop.store(true, Ordering::Relaxed);
    let mut saves = Vec::new();
    for person in people {
        saves.push(person.await.expect("somebody who saves"));
    }
    let mut c = app.read().await.expect("read");
    let of_alpha = trail::newest(&mut c, "alpha", i64::MAX, 100).await.expect("the trail");
    assert_eq!(of_alpha.iter().filter(|event| event.action == "applicability.refresh").count(), 1, "done once");
    drop(c);
    for saved in &saves {
        assert_eq!(saved.refused, Vec::<String>::new(), "no error but of requests in flight");
        assert!(saved.texts.len() > 10, "{} saves", saved.texts.len());
    }
    let broken: u32 = saves.iter().map(|saved| saved.broken).sum();
    assert!(usize::try_from(broken).expect("a count") <= PEOPLE, "at most one request of each was in flight: {broken}");
    nothing_lost(&app, &saves, &assessment_id).await;
    exported(&balancer, &saves, &assessment_id).await;
    println!(
        "{} saves, {broken} in flight when one of three was killed",
        saves.iter().map(|s| s.texts.len()).sum::<usize>()
    );
    schema_rules(&url, &balancer, &mut processes[killed], killed, &folder).await;
    drop(processes);
    let _ = std::fs::remove_dir_all(&folder);
    let _ = std::fs::remove_file(folder.with_extension("toml"));
}

/// An export, which is read from the replica, has what was saved last.
async fn exported(balancer: &Balancer, saves: &[Saved], assessment_id: &str) {
    let session = sign_in(balancer, "beta-officer", PASSWORD).await;
    let path = format!("/assessments/{assessment_id}/workbook.csv");
    let Answer::Done { status: 200, body, .. } = balancer.send(&session, "GET", &path, "", "").await else {
        panic!("no export")
    };
    for (_, text) in saves.iter().filter_map(|saved| saved.texts.last()) {
        assert!(body.contains(text), "{text} is in the export");
    }
}

/// A newer program changes the schema while this one runs: it goes on while the newer one allows it.
async fn schema_rules(url: &str, balancer: &Balancer, process: &mut Process, at: usize, folder: &Path) {
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                 VALUES (9999, 'newer', true, '\\x00', 0)";
    testing::execute(url, newer).await.expect("a newer schema");
    ready(balancer, at).await;
    // And one of the old version that is started again beside it comes up.
    process.0.kill().expect("SIGKILL");
    process.0.wait().expect("it is dead");
    *process = start(url, folder, &balancer.addresses[at]);
    ready(balancer, at).await;
    testing::execute(url, "UPDATE schema_rule SET needs = 9999").await.expect("not for old programs any more");
    let told = balancer.send_to(at, &Session::default(), "/readyz").await;
    assert!(matches!(told, Some(Answer::Done { status: 503, .. })), "{told:?}");
    let refused = Command::new(env!("CARGO_BIN_EXE_sakimori"))
        .args(["serve", "--listen", &free_address(), "--data"])
        .arg(folder)
        .env("SAKIMORI_DATABASE_URL", url)
        .output()
        .expect("the program runs");
    assert_eq!(refused.status.code(), Some(2), "an old program does not start on it");
}
