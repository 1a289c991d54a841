//! Marriages, divorces, adoptions, names, guardians and households.

use civil::Tie;
use registers::find_all_by;
use serde_json::json;

use crate::world::{birth, clerk, declaration, fields_of, on_each, registers, registrar};

#[test]
fn marriages_and_divorces() {
    on_each(async |bench| {
        let (_, one) = bench.person(1, "Thabo Letsie", "1990-03-01", "male").await;
        let (_, two) = bench.person(2, "Palesa Mokoena", "1992-03-01", "female").await;
        let (_, three) = bench.person(3, "Lineo Tau", "1993-03-01", "female").await;
        let (_, child) = bench.person(4, "Neo Tau", "2010-03-01", "female").await;
        let wedding = |kind: &str, day: &str, other: &str| {
            let paper = if kind == "civil" { "marriage-certificate" } else { "bohali-agreement" };
            let fields = json!({"spouse_one": "a", "spouse_two": "b", "married": day, "district": "leribe"});
            declaration("marriage", kind, paper, fields, &[("spouse_one", &one), ("spouse_two", other)])
        };
        bench.enter(wedding("civil", "2026-11-01", &two)).await;
        let second = bench.declare(&clerk(), wedding("civil", "2026-11-10", &three)).await.unwrap_err();
        assert_eq!(fields_of(&second), ["spouse_one"]);
        bench.enter(wedding("customary", "2026-11-10", &three)).await;
        let young = bench.declare(&clerk(), wedding("customary", "2026-11-10", &child)).await.unwrap_err();
        assert_eq!(fields_of(&young), ["spouse_two"]);

        let order = |other: &str| {
            let fields = json!({"spouse_one": "a", "spouse_two": "b", "divorced": "2026-11-15", "district": "leribe"});
            declaration("divorce", "court", "court-order", fields, &[("spouse_one", &one), ("spouse_two", other)])
        };
        let strangers = bench.declare(&clerk(), order(&child)).await.unwrap_err();
        assert_eq!(fields_of(&strangers), ["spouse_two"]);
        bench.enter(order(&two)).await;
        let again = bench.declare(&clerk(), order(&two)).await.unwrap_err();
        assert_eq!(fields_of(&again), ["spouse_two"]);
    });
}

#[test]
fn an_adopted_child_has_other_parents_and_a_sealed_entry() {
    on_each(async |bench| {
        let (mother, number) = bench.person(1, "’Malineo Letsie", "1999-03-01", "female").await;
        let (adopter, hers) = bench.person(2, "Palesa Mokoena", "1985-03-01", "female").await;
        let entered = bench.enter(birth("Lineo", "2026-11-01", &number)).await;
        let child = entered.person.unwrap();
        let childs = bench.record(&child).await.key().to_owned();
        let fields = json!({"child": "x", "adopter_one": "y", "adopted": "2026-11-20", "district": "leribe"});
        let parties = [("child", childs.as_str()), ("adopter_one", hers.as_str())];
        bench.enter(declaration("adoption", "court", "court-order", fields, &parties)).await;
        let (person, known) = (child.clone(), "2026-11-24".parse().unwrap());
        let family = bench
            .read(move |cx| {
                let now = cx.now();
                civil::family(cx, &person, known, now)
            })
            .await;
        let parents: Vec<(Tie, &str)> = family.others.iter().map(|link| (link.tie, link.holder.as_str())).collect();
        assert_eq!(parents, [(Tie::Adopter, adopter.as_str())]);
        assert_ne!(adopter, mother);
        assert_eq!(bench.record(&child).await.text("mother"), "Palesa Mokoena");
        let (all, of) = (registers(), child.clone());
        let entries = bench.read(move |cx| find_all_by(cx, &all, "birth", "person", &of)).await;
        assert_eq!(entries.len(), 1, "the sealed one is not found");
        assert_eq!(entries[0].text("mother_id"), adopter);
        assert_ne!(entries[0].key(), entered.entry);
        let look = registers::Look::new("birth", entered.entry.clone(), "registration");
        let all = registers();
        let sealed = bench.write(&registrar(), move |cx| registers::look_up(cx, &all, &look)).await;
        assert_eq!(sealed.unwrap_err().kind(), spine::FaultKind::Forbidden);
    });
}

#[test]
fn a_new_name_finds_and_the_old_one_too() {
    on_each(async |bench| {
        let (person, number) = bench.person(1, "Lineo Letsie", "1999-03-01", "female").await;
        let fields = json!({"given": "Lineo", "family": "Mokoena", "changed": "2026-11-01", "district": "leribe"});
        bench.enter(declaration("name-change", "deed", "deed-poll", fields, &[("person", &number)])).await;
        let record = bench.record(&person).await;
        assert_eq!((record.text("family"), record.text("also_known_as")), ("Mokoena", "Lineo Letsie"));
        for words in ["Dineo Mokoena", "Lineo Letsie"] {
            let (all, query) = (registers(), registers::Query::new(civil::REGISTER).words(words));
            let found = bench.write(&registrar(), move |cx| registers::search(cx, &all, &query)).await.unwrap();
            assert_eq!(found.records.len(), 1, "{words}");
        }
    });
}

#[test]
fn guardians_and_households() {
    on_each(async |bench| {
        let (ward, _) = bench.person(1, "Neo Tau", "2015-03-01", "female").await;
        let (aunt, _) = bench.person(2, "Palesa Tau", "1985-03-01", "female").await;
        let (civil, one, two) = (bench.civil.clone(), aunt.clone(), ward.clone());
        bench.write(&registrar(), move |cx| civil::appoint(cx, &civil, &one, &two, "CIV/1")).await.unwrap();
        let (civil, of) = (bench.civil.clone(), ward.clone());
        assert_eq!(bench.read(move |cx| civil::guardians(cx, &civil, &of)).await, std::slice::from_ref(&aunt));
        let (civil, one, two) = (bench.civil.clone(), aunt.clone(), ward.clone());
        let twice = bench.write(&registrar(), move |cx| civil::appoint(cx, &civil, &one, &two, "CIV/1")).await;
        assert_eq!(twice.unwrap_err().code(), "civil.guardian.already");
        let (civil, one) = (bench.civil.clone(), ward.clone());
        let own = bench.write(&registrar(), move |cx| civil::appoint(cx, &civil, &one, &one, "CIV/1")).await;
        assert_eq!(own.unwrap_err().code(), "civil.guardian.self");
        let members = vec![ward.clone(), aunt.clone()];
        let civil = bench.civil.clone();
        let house = bench.write(&registrar(), move |cx| civil::gather(cx, &civil, &members)).await.unwrap();
        bench.clock.step(86_400);
        let (civil, alone) = (bench.civil.clone(), vec![aunt.clone()]);
        let other = bench.write(&registrar(), move |cx| civil::gather(cx, &civil, &alone)).await.unwrap();
        assert_ne!(house, other);
        let day = "2026-11-25".parse().unwrap();
        let family = bench
            .read(move |cx| {
                let now = cx.now();
                civil::family(cx, &aunt, day, now)
            })
            .await;
        let houses: Vec<&str> =
            family.own.iter().filter(|link| link.tie == Tie::Household).map(|link| link.whose.as_str()).collect();
        assert_eq!(houses, [other.as_str()]);
        let civil = bench.civil.clone();
        let nobody = bench.write(&registrar(), move |cx| civil::gather(cx, &civil, &[])).await;
        assert_eq!(nobody.unwrap_err().code(), "civil.household.size");
        let (civil, alone) = (bench.civil.clone(), vec![ward.clone()]);
        let refused = bench.write(&clerk(), move |cx| civil::gather(cx, &civil, &alone)).await;
        assert_eq!(refused.unwrap_err().kind(), spine::FaultKind::Forbidden);
    });
}

#[test]
fn a_guardian_is_dismissed_by_an_order() {
    on_each(async |bench| {
        let (ward, number) = bench.person(1, "Neo Tau", "2015-03-01", "female").await;
        let (aunt, _) = bench.person(2, "Palesa Tau", "1985-03-01", "female").await;
        let (civil, one, two) = (bench.civil.clone(), aunt.clone(), ward.clone());
        bench.write(&registrar(), move |cx| civil::appoint(cx, &civil, &one, &two, "CIV/1")).await.unwrap();
        let (civil, of) = (bench.civil.clone(), number.clone());
        let found = bench.write(&clerk(), move |cx| civil::find_for_family(cx, &civil, &of)).await.unwrap();
        assert_eq!(found, ward);
        let (civil, of) = (bench.civil.clone(), ward.clone());
        let seen = bench.write(&clerk(), move |cx| civil::look_at_family(cx, &civil, &of)).await.unwrap();
        assert!(bench.evidence().await.contains("civil.family.looked"), "the look is an act");
        let [relative] = seen.relatives.as_slice() else { panic!("{seen:?}") };
        assert_eq!((relative.name.as_str(), relative.tie, relative.holds), ("Palesa Tau", Tie::Guardian, true));
        let link = relative.link;
        let dismiss = async |order: &'static str| {
            let (civil, of) = (bench.civil.clone(), ward.clone());
            bench.write(&registrar(), move |cx| civil::dismiss(cx, &civil, &of, link, order)).await
        };
        assert_eq!(dismiss(" ").await.unwrap_err().code(), "civil.order.missing");
        bench.clock.step(86_400);
        dismiss("CIV/2").await.unwrap();
        assert_eq!(dismiss("CIV/2").await.unwrap_err().code(), "civil.guardian.none");
        let (civil, of) = (bench.civil.clone(), ward.clone());
        assert!(bench.read(move |cx| civil::guardians(cx, &civil, &of)).await.is_empty());
    });
}
