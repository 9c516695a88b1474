//! The walks: every route with other people's ids, as every role of a stranger and as those above.

use std::collections::{BTreeMap, BTreeSet};

use sakimori_app::demo;
use sakimori_domain::identity::Role;
use sakimori_interop::files::{Limits, read_file};
use sakimori_interop::workbook::{CellLimits, read_cells};
use sakimori_store::testing::Record;
use sakimori_testkit::Database;
use sakimori_testkit::web::{Answer, Browser};
use sakimori_web::{Access, ROUTES, Route};

use super::forms::{FORMS, Whose, fill};
use super::kinds::{Kind, Parameter, QUERY, parameter};
use super::world::{OPERATOR, STRANGER, World, absent, dump, owner, rows_of_others};

/// Somebody who asks.
struct Asker {
    name: String,
    organisation: String,
    browser: Browser,
}

async fn strangers(world: &World) -> Vec<Asker> {
    let mut out = Vec::new();
    for role in Role::ALL {
        let login = format!("{STRANGER}-{}", role.code());
        let browser = world.test.browser(&login).await;
        out.push(Asker { name: login, organisation: STRANGER.to_owned(), browser });
    }
    out
}

/// The desks above the operator: its sector body, its ministry, the national office.
async fn above(world: &World) -> Vec<Asker> {
    let mut out = Vec::new();
    let records = dump(&world.test).await;
    for organisation in ["ceptoar-telecom", "ministry-desk", "national-desk"] {
        for seat in records.iter().filter(|r| r.table == "membership" && owner(r) == organisation) {
            let account = records.iter().find(|r| r.table == "account" && r.get("id") == seat.get("account_id"));
            let login = account.expect("an account").get("login").to_owned();
            let browser = world.test.browser_with(&login, demo::PASSWORD).await;
            out.push(Asker { name: login, organisation: organisation.to_owned(), browser });
        }
    }
    assert!(out.len() >= 3, "the demonstration has desks above the operator");
    out
}

fn of_parameters(route: &Route) -> Vec<(&'static str, Parameter)> {
    let parameters = route.path.split('/').filter(|segment| segment.starts_with('{'));
    parameters
        .map(|name| {
            let rule = parameter(route.path, name);
            (
                name,
                rule.unwrap_or_else(|| {
                    panic!("{} {}: say in kinds.rs what belongs in {name}", route.method, route.path)
                }),
            )
        })
        .collect()
}

/// The address with one kind of ids in every parameter.
pub(super) fn address(route: &Route, world: &World, organisation: &str, whose: Whose) -> String {
    address_with(route, world, organisation, &|_| whose)
}

/// The address with ids of which the kind is said for each place.
fn address_with(route: &Route, world: &World, organisation: &str, whose: &dyn Fn(usize) -> Whose) -> String {
    let mut path = route.path.to_owned();
    for (at, (name, rule)) in of_parameters(route).into_iter().enumerate() {
        let value = match rule {
            Parameter::Public(value) => value.to_owned(),
            Parameter::Of(kind) => match whose(at) {
                Whose::Theirs => world.foreign(organisation, kind).to_owned(),
                Whose::Nobodys => absent(world.foreign(organisation, kind)),
                Whose::Own => world.own(organisation, kind),
            },
        };
        path = path.replacen(name, &value, 1);
    }
    path
}

fn forms(route: &Route) -> Vec<&'static [&'static str]> {
    FORMS.iter().filter(|(path, _)| *path == route.path).map(|(_, fields)| *fields).collect()
}

async fn send(asker: &Asker, route: &Route, address: &str, fields: &[String]) -> Answer {
    let pairs: Vec<(&str, &str)> = fields.iter().filter_map(|field| field.split_once('=')).collect();
    let browser = &asker.browser;
    match route.method {
        "GET" => browser.get(address).await,
        "PATCH" => {
            let body: serde_json::Map<String, serde_json::Value> = pairs
                .iter()
                .map(|(name, value)| {
                    ((*name).to_owned(), value.parse::<i64>().map_or_else(|_| (*value).into(), Into::into))
                })
                .collect();
            browser.json("PATCH", address, &body.into()).await
        }
        _ if pairs.iter().any(|(name, _)| *name == "file") => {
            let rest: Vec<_> = pairs.into_iter().filter(|(name, _)| *name != "file").collect();
            browser.upload(address, &rest, ("file", "表.csv", "番号,対応状況\n1,○\n".as_bytes())).await
        }
        _ => browser.post(address, &pairs).await,
    }
}

/// What two answers have in common when nothing but the ids in them differs.
fn masked(answer: &Answer, ids: &BTreeSet<String>) -> String {
    let mut headers: Vec<String> = answer.headers.iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
    headers.sort();
    let mut text = format!("{}\n{}\n{}", answer.status, headers.join("\n"), answer.text());
    // The longest first: one id may begin with another.
    let mut longest: Vec<&String> = ids.iter().collect();
    longest.sort_by_key(|id| std::cmp::Reverse(id.len()));
    for id in longest {
        text = text.replace(id.as_str(), "ID");
    }
    // The length follows the id only.
    text.lines().filter(|line| !line.starts_with("content-length")).collect::<Vec<_>>().join("\n")
}

/// Every id of another organisation and the one beside it that nothing has.
fn ids_of_others(world: &World, organisation: &str) -> BTreeSet<String> {
    Kind::ALL.iter().map(|kind| world.foreign(organisation, *kind)).flat_map(|id| [id.to_owned(), absent(id)]).collect()
}

/// What takes no id of anybody and would end or lock the session that asks.
const ENDS: [&str; 4] = ["/sign-out", "/me/password", "/me/sessions/end", "/confirm"];

/// Where foreign ids are put in an address: in every place at once, and where there are several, in each alone too.
fn foreign_places(route: &Route) -> Vec<Option<usize>> {
    let rules = of_parameters(route).into_iter().enumerate();
    let places: Vec<usize> =
        rules.filter(|(_, (_, rule))| matches!(rule, Parameter::Of(_))).map(|(at, _)| at).collect();
    match places.len() {
        0 => Vec::new(),
        1 => vec![None],
        _ => std::iter::once(None).chain(places.into_iter().map(Some)).collect(),
    }
}

/// Asks every route with the ids of others, in the address and then in the form, and with ids that nothing has.
async fn probe(world: &World, asker: &Asker, wrong: &mut Vec<String>) {
    let org = asker.organisation.as_str();
    let ids = ids_of_others(world, org);
    let asked = ROUTES.iter().filter(|route| route.access != Access::Anybody && !ENDS.contains(&route.path));
    for route in asked {
        let bodies = if route.method == "GET" { vec![[].as_slice()] } else { forms(route) };
        assert!(!bodies.is_empty(), "{} {}: say in forms.rs what is sent there", route.method, route.path);
        for body in bodies {
            let filled = |whose| body.iter().map(|field| fill(field, world, org, whose)).collect::<Vec<_>>();
            let mut pairs = Vec::new();
            for places in foreign_places(route) {
                let here = |whose| move |at| if places.is_none_or(|place| place == at) { whose } else { Whose::Own };
                let at = |whose| (address_with(route, world, org, &here(whose)), filled(Whose::Own));
                pairs.push((at(Whose::Theirs), at(Whose::Nobodys)));
            }
            if body.iter().any(|field| field.contains("!{")) {
                let at = |whose| (address(route, world, org, Whose::Own), filled(whose));
                pairs.push((at(Whose::Theirs), at(Whose::Nobodys)));
            }
            for (theirs, nobodys) in pairs {
                let first = send(asker, route, &theirs.0, &theirs.1).await;
                let second = send(asker, route, &nobodys.0, &nobodys.1).await;
                if first.status.is_server_error() || masked(&first, &ids) != masked(&second, &ids) {
                    wrong.push(format!(
                        "{} as {}: {} {:?} is answered with {}, what does not exist with {}",
                        asker.name, route.method, theirs.0, theirs.1, first.status, second.status
                    ));
                }
            }
        }
    }
}

/// Nothing of the others has changed, and nothing of theirs is named in a row of one's own.
fn assert_untouched(before: &[Record], after: &[Record], asker: &str, allowed: &BTreeSet<String>) {
    let (before, after) = (rows_of_others(before, asker), rows_of_others(after, asker));
    let gone: Vec<_> = before.iter().filter(|r| !after.contains(r)).collect();
    let new: Vec<_> = after.iter().filter(|r| !before.contains(r)).collect();
    let own = |r: &&&Record| r.owner.is_some() || r.cells.iter().any(|(_, text)| allowed.contains(text));
    let touched: Vec<_> = gone.iter().chain(&new).filter(own).collect();
    assert!(touched.is_empty(), "{asker} changed what belongs to others: {touched:#?}");
}

#[tokio::test]
async fn what_belongs_to_others_is_answered_like_what_does_not_exist() {
    // SQLite alone: the same statements run on both, which the store's own tests and the next walk look at.
    let world = World::new(Database::Sqlite).await;
    let mut wrong = Vec::new();
    let (strangers, above) = (strangers(&world).await, above(&world).await);
    let before = dump(&world.test).await;
    for asker in &strangers {
        probe(&world, asker, &mut wrong).await;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let after = dump(&world.test).await;
    let ids = ids_of_others(&world, STRANGER);
    assert_untouched(&before, &after, STRANGER, &ids);
    // Where somebody is in a sheet is their own word: nothing is looked up by it.
    for record in after.iter().filter(|r| owner(r) == STRANGER && r.table != "presence") {
        let named = record.cells.iter().find(|(_, text)| ids.iter().any(|id| id.len() > 12 && text.contains(id)));
        assert!(named.is_none(), "a row of the stranger names what is not its own: {record:?}");
    }
    for asker in &above {
        let before = dump(&world.test).await;
        probe(&world, asker, &mut wrong).await;
        assert_untouched(&before, &dump(&world.test).await, &asker.organisation, &ids);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Endings of what the product itself offers in its forms.
const OFFERED: [&str; 1] = ["年度 自己点検"];

/// Texts that stand in rows of others and nowhere else: up to three of each column.
fn needles(records: &[Record], organisation: &str) -> BTreeMap<String, String> {
    let theirs = rows_of_others(records, organisation);
    let mut known = String::new();
    for record in records.iter().filter(|r| !theirs.contains(r)) {
        for (_, text) in &record.cells {
            known.push_str(text);
            known.push('\n');
        }
    }
    let mut out = BTreeMap::new();
    let mut taken: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for record in &theirs {
        for (column, text) in &record.cells {
            let count = taken.entry((record.table.as_str(), column.as_str())).or_default();
            // Codes of our own and moments stand on many pages.
            let told = |c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit() && !"-:TZ._".contains(c);
            let is_id = text.len() == 26 && text.chars().any(|c| c.is_ascii_digit());
            let long = is_id || (text.chars().count() >= 12 && text.chars().any(told));
            let offered = OFFERED.iter().any(|words| text.ends_with(words));
            if *count < 3 && long && !offered && !known.contains(text.as_str()) {
                *count += 1;
                out.insert(text.clone(), format!("{}.{column}", record.table));
            }
        }
    }
    out
}

/// Without blanks: a line of a printed page breaks anywhere.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}

/// The words of an answer: of a workbook those in its cells, of a printed page those on it, squeezed.
enum Words {
    Text(String),
    Printed(String),
}

impl Words {
    fn of(answer: &Answer) -> Self {
        if answer.bytes.starts_with(b"%PDF") {
            let printed = read_file("printed", &answer.bytes, &Limits::default()).expect("a printed page of ours");
            return Self::Printed(printed.lines.iter().map(|line| squeezed(&line.text)).collect());
        }
        if answer.bytes.starts_with(b"PK") {
            let sheets = read_cells(&answer.bytes, &CellLimits::default()).expect("a workbook of ours");
            let cells = sheets.iter().flat_map(|sheet| sheet.cells.iter().map(|cell| cell.text.clone()));
            return Self::Text(cells.collect::<Vec<_>>().join("\n"));
        }
        Self::Text(answer.text().replace("&#34;", "\"").replace("&amp;", "&").replace("&#38;", "&"))
    }

    fn tell(&self, text: &str) -> bool {
        match self {
            Self::Text(words) => words.contains(text),
            Self::Printed(words) => words.contains(&squeezed(text)),
        }
    }
}

/// Asks every page; says where words of others stand.
async fn told_by(world: &World, asker: &Asker, needles: &BTreeMap<String, String>) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    let org = asker.organisation.as_str();
    for route in ROUTES.iter().filter(|route| route.method == "GET" && route.access != Access::Anybody) {
        let path = address(route, world, org, Whose::Own);
        let query = |whose| {
            let mut out = form_urlencoded::Serializer::new(String::new());
            for (name, kind) in QUERY {
                out.append_pair(name, &fill(&format!("!{{{}}}", kind.name()), world, org, whose));
            }
            out.finish()
        };
        let mut asked = vec![path.clone(), format!("{path}?format=xlsx"), format!("{path}?{}", query(Whose::Theirs))];
        // A printed page takes what its workbook and its page on the screen take, which are asked one by one; printing
        // is what this walk would spend its time on.
        if !path.ends_with(".pdf") {
            asked.extend(QUERY.iter().map(|(name, kind)| format!("{path}?{name}={}", world.foreign(org, *kind))));
        }
        if route.path == "/search" {
            asked.extend(["蒼岬", "結線図", "満潮", "局舎", "12.2.1"].map(|word| {
                let word: String = form_urlencoded::byte_serialize(word.as_bytes()).collect();
                format!("{path}?q={word}")
            }));
        }
        for address in asked {
            let words = Words::of(&asker.browser.get(&address).await);
            // A page may repeat the id that it was sent; nothing else.
            let told = needles.iter().filter(|(text, _)| !address.contains(text.as_str()) && words.tell(text));
            out.extend(told.map(|told| format!("{} reads {told:?} at {}", asker.name, route.path)));
        }
    }
    out
}

/// Asks as everybody and finds nothing of others.
async fn nothing_of_others_stands(database: Database) {
    let world = World::new(database).await;
    let records = dump(&world.test).await;
    let mut told = BTreeSet::new();
    let of_stranger = needles(&records, STRANGER);
    assert!(of_stranger.len() > 100, "there is something to find: {}", of_stranger.len());
    for asker in strangers(&world).await {
        told.extend(told_by(&world, &asker, &of_stranger).await);
    }
    for asker in above(&world).await {
        let mut theirs = needles(&records, &asker.organisation);
        // Who is related by a rule sees the name, and the relation itself is of both sides.
        theirs.retain(|_, place| !["organisation.name", "organisation_relation.id"].contains(&place.as_str()));
        told.extend(told_by(&world, &asker, &theirs).await);
    }
    assert!(told.is_empty(), "{told:#?}");
}

// Two tests, so that both cores walk.
#[tokio::test]
async fn nothing_of_others_stands_in_any_list_search_or_export() {
    nothing_of_others_stands(Database::Sqlite).await;
}

#[tokio::test]
async fn nothing_of_others_stands_in_any_list_search_or_export_on_postgresql() {
    nothing_of_others_stands(Database::Postgres).await;
}

/// Every table that names an organisation has a row in the world, so that the walks look at it.
#[tokio::test]
async fn the_walks_look_at_every_table() {
    let world = World::new(Database::Sqlite).await;
    let records = dump(&world.test).await;
    let seen: BTreeSet<&str> =
        records.iter().filter(|r| !["", STRANGER].contains(&owner(r))).map(|r| r.table.as_str()).collect();
    let mut c = world.test.app.read().await.expect("a connection");
    let all = sakimori_store::testing::tables_of_organisations(&mut c).await.expect("tables");
    let blind: Vec<_> = all.iter().filter(|table| !seen.contains(table.as_str())).collect();
    assert!(blind.is_empty(), "no organisation has a row in {blind:?}: build one in world.rs");
}

/// Inside one house: what was asked of another department.
// tidy: long because the walk over pages, forms and files is one and the same person's.
#[tokio::test]
async fn a_department_does_not_see_what_was_asked_of_another() {
    let world = World::new(Database::Sqlite).await;
    let records = dump(&world.test).await;
    let login = "mm-planning-a";
    let account = records.iter().find(|r| r.table == "account" && r.get("login") == login).expect("an account");
    let seat =
        records.iter().find(|r| r.table == "membership" && r.get("account_id") == account.get("id")).expect("a seat");
    let department = seat.get("department_id");
    let requests: BTreeSet<&str> = records
        .iter()
        .filter(|r| r.table == "answer_request" && r.get("department_id") == department)
        .map(|r| r.get("id"))
        .collect();
    let asked: BTreeSet<&str> = records
        .iter()
        .filter(|r| r.table == "answer_request_item" && requests.contains(r.get("request_id")))
        .map(|r| r.get("answer_id"))
        .collect();
    assert!(!asked.is_empty(), "something was asked of the department");
    let of_house =
        |table: &str| records.iter().filter(move |r| r.table == table && owner(r) == OPERATOR).collect::<Vec<_>>();
    let elsewhere = |r: &&Record| !asked.contains(r.get("id"));
    let answers: Vec<&Record> = of_house("answer").into_iter().filter(elsewhere).collect();
    let others: Vec<(Kind, String)> = vec![
        (
            Kind::Answer,
            answers.iter().find(|r| !r.get("current_state").is_empty()).expect("an answer").get("id").to_owned(),
        ),
        (
            Kind::Request,
            of_house("answer_request")
                .iter()
                .find(|r| !requests.contains(r.get("id")))
                .expect("a request")
                .get("id")
                .to_owned(),
        ),
        (
            Kind::Evidence,
            of_house("evidence")
                .iter()
                .find(|r| !asked.contains(r.get("answer_id")))
                .expect("evidence")
                .get("id")
                .to_owned(),
        ),
        (Kind::Import, of_house("workbook_import")[0].get("id").to_owned()),
    ];
    let browser = world.test.browser_with(login, demo::PASSWORD).await;
    let asker = Asker { name: login.to_owned(), organisation: OPERATOR.to_owned(), browser };
    let before = dump(&world.test).await;
    for (kind, id) in &others {
        let ids: BTreeSet<String> = [id.clone(), absent(id)].into();
        let of_kind = |route: &&Route| of_parameters(route).iter().any(|(_, rule)| *rule == Parameter::Of(*kind));
        for route in ROUTES.iter().filter(of_kind) {
            let body = forms(route).first().map_or([].as_slice(), |fields| fields);
            let fields: Vec<String> = body.iter().map(|field| fill(field, &world, OPERATOR, Whose::Own)).collect();
            let at = |id: &str| route.path.replace("{id}", id);
            let (theirs, nobodys) =
                (send(&asker, route, &at(id), &fields).await, send(&asker, route, &at(&absent(id)), &fields).await);
            assert_eq!(masked(&theirs, &ids), masked(&nobodys, &ids), "{} {} with {kind:?}", route.method, route.path);
        }
    }
    let rows = |records: &[Record]| {
        records
            .iter()
            .filter(|r| {
                ["answer", "evidence", "answer_request", "workbook_import", "trail"].contains(&r.table.as_str())
            })
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(rows(&before), rows(&dump(&world.test).await), "nothing was written");

    let visible: String = records
        .iter()
        .filter(|r| asked.contains(r.get("id")))
        .flat_map(|r| r.cells.iter().map(|(_, text)| text.clone() + "\n"))
        .collect();
    let secret: BTreeMap<String, String> = answers
        .iter()
        .flat_map(|r| ["current_state", "plan", "na_reason"].map(|column| r.get(column).to_owned()))
        .filter(|text| text.chars().count() >= 8 && !visible.contains(text.as_str()))
        .map(|text| (text, "answer of another department".to_owned()))
        .collect();
    assert!(secret.len() > 5);
    let told = told_by(&world, &asker, &secret).await;
    assert!(told.is_empty(), "{told:#?}");
}
