//! Whom a Provision binds, how strongly, and the reason that is shown.

use sakimori_domain::assurance::applicability::*;
use sakimori_domain::registry::OrganisationProfile;
use sakimori_domain::standards::*;

fn control() -> Provision {
    Provision::new("1.1", ProvisionKind::Control, "項目")
}

fn telecom(classes: &[NetworkClass]) -> OrganisationProfile {
    OrganisationProfile { sectors: vec!["telecom".into()], network_classes: classes.to_vec(), ..Default::default() }
}

fn port(ports: &[&str]) -> OrganisationProfile {
    OrganisationProfile {
        sectors: vec!["port".into()],
        ports: ports.iter().map(|p| p.to_string()).collect(),
        ..Default::default()
    }
}

fn item(marks: &[Mandate], strength: Strength) -> Item {
    Item {
        label: "➢".into(),
        text: String::new(),
        kind: ItemKind::Example,
        strength,
        marks: marks.to_vec(),
        audience: vec![],
        items: vec![],
        line: 0,
    }
}

#[test]
fn the_strongest_level_among_all_combinations_of_classes_holds() {
    let all = NetworkClass::ALL;
    for combination in 0u32..256 {
        let levels: Vec<_> =
            all.iter().enumerate().map(|(i, c)| (*c, Level::ALL[(combination >> (2 * i)) as usize & 3])).collect();
        let provision = Provision { levels: levels.clone(), ..control() };
        for subset in 1u32..16 {
            let classes: Vec<_> =
                all.iter().enumerate().filter(|(i, _)| subset >> i & 1 == 1).map(|(_, c)| *c).collect();
            let got = applicability(&telecom(&classes), Family::TelecomLevels, &provision);
            let strongest = levels.iter().filter(|(c, _)| classes.contains(c)).map(|(_, l)| *l).min().unwrap();
            assert_eq!(got.binds, strongest != Level::NotApplicable);
            assert!(got.reason.starts_with(&format!("{} {}（", strongest.code(), strongest.ja())), "{}", got.reason);
            let force = match strongest {
                Level::Should => Force::Should,
                Level::ShouldInStages => Force::ShouldInStages,
                Level::Desirable => Force::Desirable,
                Level::NotApplicable => Force::NotApplicable,
            };
            assert_eq!(got.force, force);
        }
    }
}

#[test]
fn level_reasons_name_the_network() {
    let levels = vec![(NetworkClass::Business, Level::Should), (NetworkClass::User, Level::NotApplicable)];
    let provision = Provision { levels, ..control() };
    let got = applicability(&telecom(&[NetworkClass::Business, NetworkClass::User]), Family::TelecomLevels, &provision);
    assert_eq!(got.reason, "◎ 実施すべき（事業用ネットワーク）");
    assert_eq!(got.reason_en, "◎ should (business network)");
    let got = applicability(&telecom(&[NetworkClass::User]), Family::TelecomLevels, &provision);
    assert_eq!((got.binds, got.force), (false, Force::NotApplicable));
    let got = applicability(&telecom(&[NetworkClass::Private]), Family::TelecomLevels, &provision);
    assert_eq!((got.binds, got.force), (false, Force::NotApplicable));
    let got = applicability(&telecom(&[]), Family::TelecomLevels, &provision);
    assert_eq!((got.binds, got.force), (true, Force::Should));
    assert!(got.reason.contains("未登録"));
    let got = applicability(&port(&["名古屋港"]), Family::TelecomLevels, &provision);
    assert_eq!((got.binds, got.force), (false, Force::Reference));
}

#[test]
fn all_ports_marks_bind_every_port_operator_and_nobody_else() {
    let provision = Provision { marks: vec![Mandate::AllPorts], strength: Strength::Recommended, ..control() };
    for profile in [port(&["清水港"]), port(&["名古屋港"]), port(&[])] {
        let got = applicability(&profile, Family::Port, &provision);
        assert_eq!((got.binds, got.force), (true, Force::Mandatory));
        assert_eq!(got.reason, "強制要件（全ての港）");
    }
    let got = applicability(&telecom(&[]), Family::Port, &provision);
    assert_eq!((got.binds, got.force), (false, Force::Reference));
}

#[test]
fn specified_ports_marks_bind_in_the_five_ports_only() {
    let provision = Provision { marks: vec![Mandate::SpecifiedPorts], strength: Strength::Recommended, ..control() };
    for name in [
        "名古屋港",
        "名古屋",
        "京浜港",
        "東京港",
        "川崎港",
        "横浜港",
        "大阪港",
        "神戸港",
        "博多港",
        "JPNGO",
        "Yokohama",
    ] {
        let got = applicability(&port(&["清水港", name]), Family::Port, &provision);
        assert_eq!((got.binds, got.force), (true, Force::Mandatory), "{name}");
        assert_eq!(got.reason, format!("強制要件（指定港: {name}のため）"));
        assert_eq!(got.reason_en, format!("mandatory, specified ports, because {name}"));
    }
    for name in ["清水港", "北九州港", "新潟港", "苫小牧港", "東京湾"] {
        let got = applicability(&port(&[name]), Family::Port, &provision);
        assert_eq!((got.binds, got.force), (true, Force::Recommended), "{name}");
        assert!(got.reason.contains(name));
    }
    assert_eq!(applicability(&port(&[]), Family::Port, &provision).force, Force::Recommended);
}

#[test]
fn an_item_with_both_marks_names_both_reasons() {
    let provision = Provision { marks: vec![Mandate::SpecifiedPorts, Mandate::AllPorts], ..control() };
    let got = applicability(&port(&["名古屋港"]), Family::Port, &provision);
    assert_eq!(got.force, Force::Mandatory);
    assert_eq!(got.reason, "強制要件（全ての港と指定港: 名古屋港のため）");
    assert_eq!(got.reason_en, "mandatory, all ports, and specified ports, because 名古屋港");
    assert_eq!(applicability(&port(&["清水港"]), Family::Port, &provision).reason, "強制要件（全ての港）");
}

#[test]
fn a_mark_on_a_part_of_an_item_shows_on_the_whole() {
    let mut group = item(&[], Strength::None);
    group.items.push(item(&[Mandate::SpecifiedPorts], Strength::Recommended));
    let provision = Provision { items: vec![group.clone()], strength: Strength::Recommended, ..control() };
    let got = applicability(&port(&["名古屋港"]), Family::Port, &provision);
    assert_eq!(got.force, Force::Mandatory);
    assert_eq!(got.reason, "強制要件（指定港: 名古屋港のため）を含む");
    assert_eq!(applicability(&port(&["清水港"]), Family::Port, &provision).force, Force::Recommended);
    let part = item_applicability(&port(&["名古屋港"]), Family::Port, &provision, &group.items[0]);
    assert_eq!(part.reason, "強制要件（指定港: 名古屋港のため）");
    let other = item(&[], Strength::Consider);
    assert_eq!(item_applicability(&port(&["名古屋港"]), Family::Port, &provision, &other).force, Force::Consider);
}

#[test]
fn without_marks_the_wording_decides_in_the_port_guideline() {
    for (strength, force) in [
        (Strength::Required, Force::Required),
        (Strength::Recommended, Force::Recommended),
        (Strength::Consider, Force::Consider),
        (Strength::None, Force::Info),
    ] {
        let provision = Provision { strength, ..control() };
        let got = applicability(&port(&["名古屋港"]), Family::Port, &provision);
        assert_eq!((got.binds, got.force), (true, force));
        assert_eq!(applicability(&OrganisationProfile::default(), Family::Other, &provision).force, force);
    }
}

#[test]
fn guideline_items_apply_to_every_sector() {
    for sector in ["telecom", "port", "電力", "医療"] {
        let profile = OrganisationProfile { sectors: vec![sector.into()], ..Default::default() };
        let must = Provision { consideration: Some(Consideration::Must), ..control() };
        let reference = Provision { consideration: Some(Consideration::Reference), ..control() };
        assert_eq!(applicability(&profile, Family::CriticalInfrastructure, &must).force, Force::MustConsider);
        let got = applicability(&profile, Family::CriticalInfrastructure, &reference);
        assert_eq!((got.binds, got.force), (true, Force::Reference));
    }
    let got = applicability(&OrganisationProfile::default(), Family::CriticalInfrastructure, &control());
    assert!(!got.binds);
}

#[test]
fn telecom_isms_is_recommended_with_its_disposition_as_reason() {
    for (disposition, word) in
        [(Disposition::ReferenceOnly, "27002"), (Disposition::Extended, "拡張"), (Disposition::TelecomSpecific, "TEL")]
    {
        let provision = Provision { disposition: Some(disposition), strength: Strength::Required, ..control() };
        let got = applicability(&telecom(&[]), Family::TelecomIsms, &provision);
        assert_eq!((got.binds, got.force), (true, Force::Recommended));
        assert!(got.reason.contains(word), "{}", got.reason);
        assert!(!applicability(&port(&["神戸港"]), Family::TelecomIsms, &provision).binds);
    }
}

#[test]
fn items_for_other_roles_stay_listed_with_the_reason() {
    let provision = Provision {
        marks: vec![Mandate::AllPorts],
        audience: vec![Audience::Executive, Audience::SecurityOfficer],
        ..control()
    };
    let mut profile = port(&["清水港"]);
    assert!(applicability(&profile, Family::Port, &provision).binds);
    profile.audiences = vec![Audience::SystemStaff];
    let got = applicability(&profile, Family::Port, &provision);
    assert_eq!((got.binds, got.force), (false, Force::Mandatory));
    assert!(got.reason.contains("経営者層"));
    profile.audiences.push(Audience::Executive);
    assert!(applicability(&profile, Family::Port, &provision).binds);
    profile.audiences = vec![Audience::Handler];
    assert!(applicability(&profile, Family::Port, &control()).binds, "an item without audience is for all");
}

#[test]
fn forces_are_ordered_from_the_law_down() {
    assert!(Force::Mandatory < Force::Should && Force::Should < Force::ShouldInStages);
    assert!(Force::ShouldInStages < Force::Desirable && Force::Required < Force::Recommended);
    assert!(Force::Consider < Force::Reference && Force::Reference < Force::NotApplicable);
    for force in Force::ALL {
        assert_eq!(Force::from_code(force.code()), Some(*force));
    }
}

#[test]
fn what_a_heading_says_holds_below_it_but_marks_do_not_travel() {
    let profile = OrganisationProfile { sectors: vec!["electric-power".into()], ..Default::default() };
    let mut group = Provision::new("(1)/ア", ProvisionKind::Group, "群");
    group.consideration = Some(Consideration::Reference);
    group.marks = vec![Mandate::AllPorts];
    let child = |id: &str, parent: &str| Provision {
        parent: Some(parent.into()),
        ..Provision::new(id, ProvisionKind::Control, "項目")
    };
    let own = Provision { consideration: Some(Consideration::Must), ..child("c", "(1)/ア") };
    let all = [group, child("a", "(1)/ア"), child("b", "a"), own, child("loop", "loop"), child("orphan", "nowhere")];
    let forces = |family| applicability_of_all(&profile, family, &all).into_iter().map(|a| a.force).collect::<Vec<_>>();
    let reference = Force::Reference;
    let expected = [reference, reference, reference, Force::MustConsider, Force::Info, Force::Info];
    assert_eq!(forces(Family::CriticalInfrastructure), expected);
    let found = applicability_of_all(&port(&["清水港"]), Family::Port, &all);
    assert_eq!((found[0].force, found[1].force), (Force::Mandatory, Force::Info));
}

#[test]
fn editions_find_their_family_by_the_start_of_their_id() {
    for (id, family) in [
        ("telecom-safety-review", Family::TelecomLevels),
        ("nisc-measures-3", Family::CriticalInfrastructure),
        ("jt-x1051-2018", Family::TelecomIsms),
        ("action-plan-review-2008", Family::ActionPlan),
        ("port-guideline-2024-tos", Family::Port),
        ("port-guideline-2030", Family::Port),
        ("our-own-rules", Family::Other),
    ] {
        assert_eq!(Family::of_edition(id), family);
    }
}

#[test]
fn telecom_items_without_level_are_still_recommended() {
    let got = applicability(&telecom(&[NetworkClass::User]), Family::TelecomLevels, &control());
    assert_eq!((got.binds, got.force), (true, Force::Recommended));
}
