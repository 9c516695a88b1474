//! Many people at once on a database that fails now and then, in an order that a seed decides.
//!
//! One of them moves at a time: at every read, begin and commit of the store (its seam for faults) each waits for the
//! turn, and a scheduler with a seeded random source chooses who goes on and what fails. So a seed is a whole run, to the
//! byte. A model beside it knows what was acknowledged; in the end the database must say the same.
//!
//! `SAKIMORI_SEED=N` repeats a run; without it a fixed seed and a new one are run, and both are printed.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use sakimori_app::answers::{self, Change, Saved};
use sakimori_app::assessment::{self, NewAssessment};
use sakimori_app::requests::{self, NewRequest};
use sakimori_app::trail::verify::{Means, verify};
use sakimori_app::{Actor, AppError, RefusalKind, evidence};
use sakimori_domain::assurance::AnswerField;
use sakimori_domain::identity::Role;
use sakimori_interop::trail::export::Demand;
use sakimori_store::faults::{Fault, Faults, Moment};
use sakimori_store::{Store, StoreConfig, trail};
use sakimori_testkit::people::carrier_profile;
use sakimori_testkit::{Database, TestApp};
use tokio::sync::oneshot;
use tokio::task::{JoinSet, LocalSet};

const FIXED_SEED: u64 = 20_261_120;
const STEPS: usize = 60;
const PEOPLE_PER_ORGANISATION: usize = 4;
const ORGANISATIONS: [&str; 2] = ["alpha", "beta"];
/// One question in this many has a fault for an answer.
const FAULT_IN: u64 = 25;

tokio::task_local! {
    static PERSON: usize;
}

// ---- the scheduler ----------------------------------------------------------------------------------------------------

#[derive(Default)]
struct Turns {
    waiting: BTreeMap<usize, (Moment, oneshot::Sender<Option<Fault>>)>,
    /// Everybody who has not gone home, and who of them is moving.
    present: BTreeSet<usize>,
    moving: Option<usize>,
    /// Who has the one write transaction, and whether their last one was kept.
    writing: Option<usize>,
    kept: BTreeMap<usize, bool>,
    /// Whose next statement breaks.
    breaks: Option<usize>,
    faults: u64,
}

struct Scheduler {
    turns: Mutex<Turns>,
    random: Mutex<ChaCha8Rng>,
}

impl Scheduler {
    fn new(seed: u64) -> Self {
        Self { turns: Mutex::default(), random: Mutex::new(ChaCha8Rng::seed_from_u64(seed)) }
    }

    fn turns(&self) -> MutexGuard<'_, Turns> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn below(&self, bound: usize) -> usize {
        let number = self.random.lock().unwrap_or_else(PoisonError::into_inner).next_u64();
        usize::try_from(number % bound.max(1) as u64).expect("below a usize")
    }

    /// Lets somebody go on, when everybody waits.
    fn choose(&self, turns: &mut Turns) {
        if turns.moving.is_some() || turns.waiting.len() < turns.present.len() {
            return;
        }
        let free = turns.writing.is_none();
        let able: Vec<usize> = turns
            .waiting
            .iter()
            .filter(|(_, (moment, _))| free || *moment != Moment::Begin)
            .map(|(who, _)| *who)
            .collect();
        if able.is_empty() {
            return;
        }
        let who = able[self.below(able.len())];
        let Some((moment, go)) = turns.waiting.remove(&who) else { return };
        let fault = self.fault(moment);
        turns.faults += u64::from(fault.is_some());
        turns.moving = Some(who);
        if moment == Moment::Begin && fault.is_none() {
            turns.writing = Some(who);
            turns.kept.insert(who, false);
            if self.below(40) == 0 {
                turns.breaks = Some(who);
            }
        }
        // The receiver waits in `turn`; it is gone only when a test has failed already.
        let _ = go.send(fault);
    }

    fn fault(&self, moment: Moment) -> Option<Fault> {
        if self.below(FAULT_IN as usize) != 0 {
            return None;
        }
        match (moment, self.below(2)) {
            (Moment::Commit, 0) => Some(Fault::LostAfterwards),
            (Moment::Commit, _) | (_, 0) => Some(Fault::Lost),
            _ => Some(Fault::Busy),
        }
    }

    fn arrive(&self, who: usize) {
        self.turns().present.insert(who);
    }

    fn leave(&self, who: usize) {
        let mut turns = self.turns();
        turns.present.remove(&who);
        turns.moving = None;
        self.choose(&mut turns);
    }

    /// Whether the last write transaction of somebody was kept, whatever they were told.
    fn kept(&self, who: usize) -> bool {
        self.turns().kept.get(&who).copied().unwrap_or(false)
    }
}

impl Faults for Scheduler {
    fn turn(&self, moment: Moment) -> Pin<Box<dyn Future<Output = Option<Fault>> + Send + '_>> {
        // Before the people come (seeding) and after they have left (the checks) nothing fails.
        let Ok(who) = PERSON.try_with(|who| *who) else { return Box::pin(async { None }) };
        let (go, went) = oneshot::channel();
        {
            let mut turns = self.turns();
            turns.waiting.insert(who, (moment, go));
            turns.moving = None;
            self.choose(&mut turns);
        }
        Box::pin(async move { went.await.unwrap_or(None) })
    }

    fn breaks_statement(&self) -> bool {
        let mut turns = self.turns();
        let breaks = turns.breaks.is_some() && turns.breaks == turns.moving;
        if breaks {
            turns.breaks = None;
            turns.faults += 1;
        }
        breaks
    }

    fn ended(&self, kept: bool) {
        let mut turns = self.turns();
        if let Some(who) = turns.writing.take() {
            turns.kept.insert(who, kept);
        }
        turns.breaks = None;
    }
}

// ---- the model --------------------------------------------------------------------------------------------------------

/// What must be there: of every answer its version and its fields, of every organisation its events.
#[derive(Default)]
struct Model {
    versions: BTreeMap<String, i64>,
    fields: BTreeMap<(String, AnswerField), String>,
    links: BTreeSet<(String, String)>,
    events: BTreeMap<String, i64>,
    acknowledged: usize,
    refused: usize,
    broken: usize,
    conflicts: usize,
}

struct Person {
    who: usize,
    actor: Actor,
    assessment: String,
    department: String,
    own: Vec<String>,
    foreign: Vec<String>,
}

struct Scene {
    test: TestApp,
    scheduler: Arc<Scheduler>,
    model: RefCell<Model>,
}

const TEXTS: [AnswerField; 3] = [AnswerField::Current, AnswerField::Plan, AnswerField::Owner];

impl Scene {
    async fn work(self: Rc<Self>, person: Person) {
        // What this person saw last of each answer: often not the newest.
        let mut seen: BTreeMap<String, i64> = BTreeMap::new();
        for step in 0..STEPS {
            self.scheduler.turns().kept.remove(&person.who);
            match self.scheduler.below(10) {
                0 => self.look(&person, &mut seen).await,
                1 => self.attach(&person, step).await,
                2 => self.ask(&person).await,
                3 => self.trespass(&person).await,
                _ => self.save(&person, &mut seen, step).await,
            }
        }
        self.scheduler.leave(person.who);
    }

    /// Notes what became of a write. A person is told of a failure; whether it was kept, only the model knows.
    fn became<T>(&self, person: &Person, result: Result<T, AppError>) -> Option<Option<T>> {
        let mut model = self.model.borrow_mut();
        match result {
            Ok(value) => {
                model.acknowledged += 1;
                Some(Some(value))
            }
            Err(error) if is_broken(&error) => {
                model.broken += 1;
                self.scheduler.kept(person.who).then_some(None)
            }
            Err(AppError::Refused(refusal)) => {
                assert!(!self.scheduler.kept(person.who), "refused, and kept: {refusal:?}");
                model.refused += 1;
                None
            }
            Err(other) => panic!("person {}: {other}", person.who),
        }
    }

    fn event(&self, person: &Person) {
        *self.model.borrow_mut().events.entry(person.actor.organisation_id.clone()).or_default() += 1;
    }

    async fn save(&self, person: &Person, seen: &mut BTreeMap<String, i64>, step: usize) {
        let answer = &person.own[self.scheduler.below(person.own.len())];
        let field = TEXTS[self.scheduler.below(TEXTS.len())];
        let text = format!("{}の{step}回目", person.who);
        let mut change = Change::default();
        change.set(field, &text).expect("a text");
        let version = *seen.entry(answer.clone()).or_insert(1);
        let result = answers::save(&self.test.app, &person.actor, answer, version, change).await;
        if let Ok(Saved::Conflict { row, fields }) = &result {
            assert_eq!(fields, &vec![field], "a conflict names the field");
            let mut model = self.model.borrow_mut();
            model.conflicts += 1;
            assert_eq!(row.version, model.versions[answer], "a conflict shows what is there");
            seen.insert(answer.clone(), row.version);
            return;
        }
        if let Some(saved) = self.became(person, result) {
            self.event(person);
            let mut model = self.model.borrow_mut();
            let newest = model.versions.get_mut(answer).expect("an answer of the model");
            *newest += 1;
            if let Some(Saved::Done { row, .. }) = saved {
                assert_eq!(row.version, *newest, "every version is given once");
                seen.insert(answer.clone(), row.version);
            }
            model.fields.insert((answer.clone(), field), text);
        }
    }

    async fn attach(&self, person: &Person, step: usize) {
        let answer = &person.own[self.scheduler.below(person.own.len())];
        let title = format!("{}の資料{step}", person.who);
        let result = evidence::add_link(&self.test.app, &person.actor, answer, &title, "https://example.jp/a").await;
        if self.became(person, result).is_some() {
            self.event(person);
            self.model.borrow_mut().links.insert((answer.clone(), title));
        }
    }

    async fn ask(&self, person: &Person) {
        let new = NewRequest {
            assessment_id: person.assessment.clone(),
            answers: vec![person.own[self.scheduler.below(person.own.len())].clone()],
            department_id: person.department.clone(),
            due: "2026-12-01".to_owned(),
            message: "お願いします".to_owned(),
        };
        // An answer that is asked for already is refused.
        let result = requests::ask(&self.test.app, &person.actor, new).await;
        if self.became(person, result).is_some() {
            self.event(person);
        }
    }

    /// What another organisation has is not found, whatever is tried.
    async fn trespass(&self, person: &Person) {
        let answer = &person.foreign[self.scheduler.below(person.foreign.len())];
        let mut change = Change::default();
        change.set(AnswerField::Current, "よその人").expect("a text");
        let result = answers::save(&self.test.app, &person.actor, answer, 1, change).await;
        match result {
            Err(error) if is_broken(&error) => assert!(!self.scheduler.kept(person.who)),
            Err(AppError::Refused(refusal)) => assert_eq!(refusal.kind, RefusalKind::NotFound),
            other => panic!("person {} reached a foreign answer: {other:?}", person.who),
        }
    }

    async fn look(&self, person: &Person, seen: &mut BTreeMap<String, i64>) {
        match assessment::rows(&self.test.app, &person.actor, &person.assessment).await {
            Ok((_, rows)) => {
                for row in rows.iter().filter(|row| person.own.contains(&row.id)) {
                    let before = seen.insert(row.id.clone(), row.version).unwrap_or(1);
                    assert!(row.version >= before, "nobody sees an older version after a newer one");
                }
                assert!(rows.iter().all(|row| !person.foreign.contains(&row.id)), "a foreign row is in the sheet");
            }
            Err(error) if is_broken(&error) => {}
            Err(other) => panic!("person {}: {other}", person.who),
        }
    }
}

/// Whether a person was told that the database failed: what became of the write, they do not know.
fn is_broken(error: &AppError) -> bool {
    matches!(error, AppError::Store(_)) || error.refusal().is_some_and(|refusal| refusal.kind == RefusalKind::Busy)
}

// ---- a run ------------------------------------------------------------------------------------------------------------

async fn people(test: &TestApp) -> Vec<Person> {
    let (mut places, mut people) = (Vec::new(), Vec::new());
    for id in ORGANISATIONS {
        let carrier = test.organisation(id, carrier_profile()).await;
        let officer = test.officer(id);
        let new = NewAssessment {
            title: "令和8年度".to_owned(),
            fiscal_year: 2026,
            editions: vec!["jt-x1051-2018".to_owned()],
            previous_id: String::new(),
        };
        let assessment = assessment::create(&test.app, &officer, new).await.expect("an assessment");
        let rows = assessment::rows(&test.app, &officer, &assessment).await.expect("its rows").1;
        places.push((
            id,
            carrier.department,
            assessment,
            rows.iter().take(6).map(|row| row.id.clone()).collect::<Vec<_>>(),
        ));
    }
    for (at, (id, department, assessment, own)) in places.iter().enumerate() {
        for _ in 0..PEOPLE_PER_ORGANISATION {
            people.push(Person {
                who: people.len(),
                actor: test.actor(id, Role::SecurityOfficer, ""),
                assessment: assessment.clone(),
                department: department.clone(),
                own: own.clone(),
                foreign: places[1 - at].3.clone(),
            });
        }
    }
    people
}

async fn events_of(store: &Store, organisation: &str) -> Vec<trail::Event> {
    let mut c = store.read().await.expect("a connection");
    let mut events = trail::newest(&mut c, organisation, i64::MAX, 100_000).await.expect("the trail");
    events.reverse();
    events
}

/// Runs a seed; gives everything that happened, as text, to be compared with another run of it.
async fn run(seed: u64) -> String {
    let scheduler = Arc::new(Scheduler::new(seed));
    let faults = scheduler.clone();
    let test = TestApp::with_store(Database::Sqlite, move |store| store.with_faults(faults)).await;
    let people = people(&test).await;
    let mut model = Model::default();
    for person in &people {
        let organisation = &person.actor.organisation_id;
        let before = events_of(test.app.store(), organisation).await.len();
        model.events.insert(organisation.clone(), i64::try_from(before).expect("a count"));
        model.versions.extend(person.own.iter().map(|answer| (answer.clone(), 1)));
        scheduler.arrive(person.who);
    }
    let scene = Rc::new(Scene { test, scheduler, model: RefCell::new(model) });
    let here = scene.clone();
    let work = async move {
        let mut crew = JoinSet::new();
        for person in people {
            crew.spawn_local(PERSON.scope(person.who, here.clone().work(person)));
        }
        // Somebody whose check failed never leaves, and the others would wait for them for ever.
        while let Some(gone) = crew.join_next().await {
            gone.expect("nothing that the model forbids");
        }
    };
    LocalSet::new().run_until(work).await;
    check(&scene).await
}

/// The database, opened anew, says what the model says.
#[expect(clippy::await_holding_refcell_ref, reason = "the people have left: nobody else borrows the model")]
async fn check(scene: &Scene) -> String {
    let (test, model) = (&scene.test, scene.model.borrow());
    let faults = scene.scheduler.turns().faults;
    // The proof of the trail: what the model counts is also what the tree is made of.
    sakimori_app::trail::sign_what_is_new(&test.app).await.expect("signed");
    let keys = test.app.trail_key().publics();
    let means = Means { keys: &keys, demand: &Demand::default() };
    let outcome = verify(&mut test.app.read().await.expect("a connection"), &means, None).await.expect("verified");
    assert!(outcome.valid && outcome.trails.iter().all(|trail| trail.unsigned == 0), "{outcome:?}");
    let store =
        Store::open(&StoreConfig::Folder(test.app.folder().to_owned())).await.expect("the database opens again");
    let mut log = String::new();
    for id in ORGANISATIONS {
        let officer = test.officer(id);
        let list = assessment::list(&test.app, &officer).await.expect("the assessments");
        let rows = assessment::rows(&test.app, &officer, &list[0].assessment.id).await.expect("the rows").1;
        for row in &rows {
            assert_eq!(row.version, model.versions.get(&row.id).copied().unwrap_or(1), "versions of {}", row.number);
            for field in TEXTS {
                let wanted = model.fields.get(&(row.id.clone(), field)).map_or("", String::as_str);
                assert_eq!(answers::field_text(row, field), wanted, "{field:?} of {}", row.number);
            }
            let links = model.links.iter().filter(|(answer, _)| *answer == row.id).count();
            assert_eq!(row.evidence, i64::try_from(links).expect("a count"), "evidence of {}", row.number);
        }
        let events = events_of(&store, id).await;
        assert_eq!(
            i64::try_from(events.len()).expect("a count"),
            model.events[id],
            "one event for every write of {id}"
        );
        for (at, event) in events.iter().enumerate() {
            assert_eq!(event.position, i64::try_from(at).expect("a count") + 1, "positions without gaps");
            log.push_str(&format!("{id} {} {} {} {}\n", event.position, event.action, event.subject_id, event.after));
        }
    }
    store.close().await;
    println!(
        "{} bytes of trail: {} acknowledged, {} refused, {} conflicts, {} broken, {faults} faults",
        log.len(),
        model.acknowledged,
        model.refused,
        model.conflicts,
        model.broken
    );
    assert!(
        model.acknowledged > 100 && model.conflicts > 0 && model.broken > 0 && faults > 10,
        "something has to happen"
    );
    log
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

#[test]
fn many_people_on_a_failing_database_lose_nothing_and_a_seed_is_a_whole_run() {
    let given = std::env::var("SAKIMORI_SEED").ok().map(|seed| seed.parse().expect("SAKIMORI_SEED is a number"));
    // The machine's own address-space randomness is random enough to choose another run each time.
    let other = given.unwrap_or_else(|| u64::from(std::process::id()) << 16 ^ FIXED_SEED);
    let first = given.unwrap_or(FIXED_SEED);
    println!("SAKIMORI_SEED={first}");
    let one = runtime().block_on(run(first));
    let again = runtime().block_on(run(first));
    assert_eq!(one, again, "seed {first} gives the same run twice");
    if other != first {
        println!("SAKIMORI_SEED={other}");
        runtime().block_on(run(other));
    }
}
