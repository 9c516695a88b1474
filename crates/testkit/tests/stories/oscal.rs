//! OSCAL into an installation and out of it again; on both databases.

use axum::http::StatusCode;
use sakimori_app::{Actor, oscal, standards};
use sakimori_domain::crosswalk::Relation;
use sakimori_interop::oscal::convert::{
    MappedPair, MappedSet, MappedSide, from_mapping_collection, to_mapping_collection, to_oscal, to_profile,
};
use sakimori_interop::oscal::model::CatalogDocument;
use sakimori_interop::oscal::to_json;
use sakimori_testkit::people::{carrier_profile, terminal_profile};
use sakimori_testkit::{BOTH, TestApp};

const NOW: &str = "2026-11-20T09:00:00Z";

#[tokio::test]
async fn a_catalogue_in_oscal_is_loaded_after_a_preview_and_exported_again() {
    for database in BOTH {
        let t = TestApp::new(database).await;
        t.organisation("carrier", carrier_profile()).await;
        t.organisation("terminal", terminal_profile()).await;
        // A built-in catalogue under another name serves as the document of the organisation's own.
        let mut catalogue = oscal::catalogue(&t.app, &Actor::system(""), "jt-x1051-2018").await.expect("the catalogue");
        catalogue.edition.id = "own-rules".to_owned();
        let json = to_json(&CatalogDocument { catalog: to_oscal(&catalogue, NOW) });
        let officer = t.browser("carrier-security-officer").await;
        let sent = officer.upload("/standards/load", &[], ("file", "規程.json", json.as_bytes())).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
        let preview = sent.location().to_owned();
        let page = officer.get(&preview).await.text();
        assert!(page.contains("OSCAL") && page.contains("own-rules"), "{page}");
        let done = officer.post(&preview, &[]).await;
        assert_eq!(done.location(), "/standards/carrier~own-rules?done=stored", "{}", done.text());
        let own = t.officer("carrier");
        let kept = oscal::catalogue(&t.app, &own, "carrier~own-rules").await.expect("the organisation's own");
        assert_eq!(kept.provisions.len(), catalogue.provisions.len());
        assert_eq!(kept.provisions[5].title, catalogue.provisions[5].title);
        // Another organisation does not learn that it is there.
        let foreign = oscal::catalogue(&t.app, &t.officer("terminal"), "carrier~own-rules").await.expect_err("foreign");
        assert_eq!(foreign.refusal().map(|refusal| refusal.code), Some("not-found"));
        let broken = json.replacen("\"catalog\"", "\"profile\"", 1);
        let refused = officer.upload("/standards/load", &[], ("file", "p.json", broken.as_bytes())).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text().contains("oscal resolve"), "the next step is named");
    }
}

#[tokio::test]
async fn mappings_go_in_and_come_out_and_what_binds_is_a_profile() {
    for database in BOTH {
        let t = TestApp::new(database).await;
        t.organisation("carrier", carrier_profile()).await;
        let officer = t.officer("carrier");
        let (from, to) = ("jt-x1051-2018", "port-guideline-2024-tos");
        let number = async |edition: &str, at: usize| {
            let view = standards::edition(&t.app, &officer, edition).await.expect("an edition");
            let controls = view.provisions.into_iter().filter(|entry| entry.provision.is_answerable());
            controls.map(|entry| entry.provision.id).nth(at).expect("a control")
        };
        let pair = |source: String, target: String, relation: Relation| MappedPair {
            source,
            target,
            relation,
            status: String::new(),
            rationale: "同じ備え".to_owned(),
            person: String::new(),
            at: String::new(),
        };
        let side = |edition: &str| MappedSide { edition: edition.to_owned(), ..MappedSide::default() };
        let (a, b, x) = (number(from, 0).await, number(from, 1).await, number(to, 0).await);
        let mut set = MappedSet {
            from: side(from),
            to: side(to),
            pairs: vec![
                pair(a.to_lowercase(), x.clone(), Relation::SubsetOf),
                pair(b.clone(), String::new(), Relation::None),
            ],
            problems: Vec::new(),
        };
        let done = oscal::import_pairs(&t.app, &officer, (from, to), &set).await.expect("taken over");
        assert_eq!((done.created, done.changed), (2, 0), "{database:?}");
        set.pairs.push(pair("no-such".to_owned(), x.clone(), Relation::Equal));
        oscal::import_pairs(&t.app, &officer, (from, to), &set).await.expect_err("all or none");
        let href = |edition: &str| format!("{edition}.json");
        let out = oscal::crosswalks(&t.app, &officer, Some((from, to)), href).await.expect("the crosswalk");
        let read = from_mapping_collection(&to_mapping_collection("対照", &out, NOW), &Default::default());
        let pairs: Vec<(&str, &str, Relation)> =
            read[0].pairs.iter().map(|pair| (pair.source.as_str(), pair.target.as_str(), pair.relation)).collect();
        assert!(pairs.contains(&(a.as_str(), x.as_str(), Relation::SubsetOf)), "{pairs:?}");
        assert!(pairs.contains(&(b.as_str(), "", Relation::None)), "{pairs:?}");
        let reversed = oscal::crosswalks(&t.app, &officer, Some((to, from)), href).await.expect("the other way");
        assert_eq!((reversed[0].pairs.len(), reversed[0].pairs[0].relation), (1, Relation::SupersetOf));

        let desk = t.browser("carrier-security-officer").await;
        let page = format!("/crosswalks/{}/import", done.crosswalk_id);
        let file = desk.get(&format!("/crosswalks/{}/mapping.json", done.crosswalk_id)).await.text();
        let sent = async |text: &str| desk.upload(&page, &[], ("file", "m.json", text.as_bytes())).await;
        let same = sent(&file).await.text();
        assert!(same.contains("変わる行はありません"), "{database:?}: {same}");
        let other = sent(&file.replace("subset-of", "equal-to")).await.text();
        assert_eq!(other.matches("name=\"take\"").count(), 1, "{database:?}: {other}");
        let foreign = sent(&file.replace("port-guideline-2024-tos", "another-edition")).await;
        assert_eq!(foreign.status, StatusCode::UNPROCESSABLE_ENTITY);

        sakimori_app::applicability::refresh(&t.app).await.expect("worked out");
        let tailoring = oscal::tailoring(&t.app, &officer, from, "c.json").await.expect("what binds");
        let bound = tailoring.items.iter().filter(|item| item.binds).count();
        let profile = to_profile(&tailoring, NOW);
        assert!(bound > 0 && profile.imports[0].include_controls[0].with_ids.len() == bound);
    }
}
