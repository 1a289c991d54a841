//! Births: noticed, declared, entered; on time, late, of a child found, abroad; and what is refused.

use civil::{Notice, State, national_id};
use serde_json::json;
use spine::{Actor, Assurance, Caller, Cx, FaultKind, Personal};

use crate::world::{birth, clerk, declaration, fields_of, object, officer, on_each, registrar};

#[test]
fn from_the_clinics_notice_to_a_number_of_her_own() {
    on_each(async |bench| {
        let (mother, number) = bench.person(1, "’Malineo Letsie", "1999-03-01", "female").await;
        let civil = bench.civil.clone();
        let notice = Notice {
            kind: "birth".to_owned(),
            fields: object(
                json!({"born": "2026-11-20", "sex": "female", "district": "leribe", "mother": "’Malineo Letsie"}),
            ),
        };
        let nurse = officer("nurse", &["health-worker"]);
        let (event, reference) = bench.write(&nurse, move |cx| civil::notify(cx, &civil, &notice)).await.unwrap();
        assert!(civil::reference::parse(&civil::reference::shown(&reference)).is_some());
        let (civil, said) = (bench.civil.clone(), birth("Lineo", "2026-11-20", &national_id::shown(&number)));
        let (declared, _) =
            bench.write(&clerk(), move |cx| civil::declare(cx, &civil, Some(event), &said)).await.unwrap();
        assert_eq!(declared, event);
        bench.validate(&registrar(), event).await.unwrap();
        let entered = bench.register(&registrar(), event).await.unwrap();
        let child = entered.person.unwrap();
        let record = bench.record(&child).await;
        assert_eq!((record.text("given"), record.text("mother")), ("Lineo", "’Malineo Letsie"));
        assert!(national_id::parse(record.key()).is_some() && record.key() != number);
        assert_eq!(bench.heard(), [format!("born {child}")]);
        let (civil, ward) = (bench.civil.clone(), child.clone());
        assert_eq!(bench.read(move |cx| civil::guardians(cx, &civil, &ward)).await, std::slice::from_ref(&mother));
        // At eighteen nobody is her guardian by birth.
        bench.clock.step(18 * 366 * 86_400);
        let (civil, ward) = (bench.civil.clone(), child.clone());
        assert!(bench.read(move |cx| civil::guardians(cx, &civil, &ward)).await.is_empty());
        let (civil, parent) = (bench.civil.clone(), mother);
        assert!(bench.read(move |cx| civil::wards(cx, &civil, &parent)).await.is_empty());
    });
}

#[test]
fn nothing_personal_stands_in_the_journal() {
    on_each(async |bench| {
        let (_, number) = bench.person(1, "’Malineo Letsie", "1999-03-01", "female").await;
        bench.enter(birth("Lineo", "2026-11-20", &number)).await;
        let evidence = bench.evidence().await;
        for word in ["Lineo", "Letsie", "17/2026", "Motebang", &number] {
            assert!(!evidence.contains(word), "{word} in {evidence}");
        }
        assert!(evidence.contains("civil.event.registered"));
    });
}

#[test]
fn who_takes_it_down_does_not_examine_it_and_a_clerk_does_not_enter() {
    on_each(async |bench| {
        let (_, number) = bench.person(1, "’Malineo Letsie", "1999-03-01", "female").await;
        let id = bench.declare(&clerk(), birth("Lineo", "2026-11-20", &number)).await.unwrap();
        assert!(bench.validate(&clerk(), id).await.is_err());
        assert_eq!(bench.register(&registrar(), id).await.unwrap_err().code(), "civil.event.elsewhere");
        bench.validate(&registrar(), id).await.unwrap();
        assert!(bench.register(&clerk(), id).await.is_err());
        bench.register(&registrar(), id).await.unwrap();
        assert_eq!(bench.register(&registrar(), id).await.unwrap_err().code(), "civil.event.elsewhere");
        let nurse = officer("nurse", &["health-worker"]);
        assert!(bench.declare(&nurse, birth("Palesa", "2026-11-21", &number)).await.is_err());
    });
}

#[test]
fn circumstances_ask_for_their_own() {
    on_each(async |bench| {
        let (_, number) = bench.person(1, "’Malineo Letsie", "1999-03-01", "female").await;
        let refused = |said| async { bench.declare(&clerk(), said).await.unwrap_err() };
        let late = refused(birth("Lineo", "2026-01-05", &number)).await;
        assert_eq!((late.code(), fields_of(&late)), ("civil.event.wrong", vec!["circumstance"]));
        let mut said = birth("Lineo", "2026-01-05", &number);
        said.circumstance = "late".to_owned();
        assert_eq!(fields_of(&refused(said.clone()).await), ["evidence"]);
        said.evidence[0].kind = "affidavit".to_owned();
        bench.declare(&clerk(), said).await.unwrap();

        let mut said = birth("Lineo", "2026-11-20", "");
        assert_eq!(fields_of(&refused(said.clone()).await), ["mother"]);
        said.circumstance = "foundling".to_owned();
        said.evidence[0].kind = "police-report".to_owned();
        let id = bench.declare(&clerk(), said).await.unwrap();
        assert_eq!(bench.look(id).await.event.state, State::Declared);
        let mut said = birth("Lineo", "2026-11-20", &number);
        said.circumstance = "foundling".to_owned();
        said.evidence[0].kind = "police-report".to_owned();
        assert_eq!(fields_of(&refused(said).await), ["mother"]);
    });
}

#[test]
fn what_cannot_be_is_refused_at_its_field() {
    on_each(async |bench| {
        let (_, number) = bench.person(1, "’Malineo Letsie", "1999-03-01", "female").await;
        let refused = |said| async { bench.declare(&clerk(), said).await.unwrap_err() };
        assert_eq!(fields_of(&refused(birth("Lineo", "2026-12-20", &number)).await), ["born"]);
        assert_eq!(fields_of(&refused(birth("Lineo", "20.11.2026", &number)).await), ["born"]);
        assert_eq!(fields_of(&refused(birth("Lineo", "2026-11-20", "123456789012")).await), ["mother"]);
        let mut said = birth("Lineo", "2026-11-20", &number);
        said.parties.insert("father".to_owned(), number.clone());
        assert_eq!(fields_of(&refused(said).await), ["mother"]);
        let mut said = birth("Lineo", "2026-11-20", &number);
        said.fields.insert("district".to_owned(), json!("gauteng"));
        assert_eq!(fields_of(&refused(said).await), ["district"]);
        let mut said = birth("Lineo", "2026-11-20", &number);
        said.fields.insert("person".to_owned(), json!("per_x"));
        assert_eq!(fields_of(&refused(said).await), ["person"]);
        let mut said = birth("Lineo", "2026-11-20", &number);
        said.informant.name.clear();
        assert_eq!(fields_of(&refused(said).await), ["informant"]);
        let unborn = declaration(
            "birth",
            "ordinary",
            "chief-letter",
            json!({"given": "X", "family": "Y", "born": "1998-01-01", "sex": "male", "district": "leribe"}),
            &[("mother", &number)],
        );
        assert!(fields_of(&refused(unborn).await).contains(&"mother"));
        assert_eq!(refused(declaration("eclipse", "x", "y", json!({}), &[])).await.code(), "civil.kind.unknown");
    });
}

#[test]
fn a_person_tells_of_a_birth_and_hears_that_it_was_entered() {
    on_each(async |bench| {
        let (mother, number) = bench.person(1, "’Malineo Letsie", "1999-03-01", "female").await;
        let (aunt, _) = bench.person(2, "Palesa Letsie", "1995-03-01", "female").await;
        let person = |id: &str, assurance| Caller {
            actor: Actor::person(id, Personal::new("Palesa".to_owned()), assurance),
            ..Caller::system("test")
        };
        let told = |kind: &str| Notice {
            kind: kind.to_owned(),
            fields: object(
                json!({"born": "2026-11-20", "married": "2026-11-20", "district": "leribe", "sex": "female"}),
            ),
        };
        let notify = async |caller: Caller, kind: &str| {
            let (civil, mut notice) = (bench.civil.clone(), told(kind));
            notice.fields.remove(if kind == "birth" { "married" } else { "born" });
            bench.write(&caller, move |cx| civil::notify(cx, &civil, &notice)).await
        };
        let weak = notify(person(&aunt, Assurance::Low), "birth").await;
        assert_eq!(weak.unwrap_err().kind(), FaultKind::Forbidden, "one factor is too little");
        let wedding = notify(person(&aunt, Assurance::Substantial), "marriage").await;
        assert_eq!(wedding.unwrap_err().kind(), FaultKind::Forbidden, "of marriages officers tell");
        let (event, _) = notify(person(&aunt, Assurance::Substantial), "birth").await.unwrap();
        let own = async |id: &str| {
            let states =
                |cx: &mut Cx<'_>| Ok(civil::own_notices(cx)?.iter().map(|event| event.state).collect::<Vec<_>>());
            bench.acts.read(&person(id, Assurance::Substantial), states).await.unwrap()
        };
        assert_eq!((own(&aunt).await, own(&mother).await), (vec![State::Notified], vec![]));
        let news = async |event| {
            let civil = bench.civil.clone();
            let news = bench.read(move |cx| civil::news(cx, &civil, event)).await;
            news.map(|news| news.people.into_iter().map(|person| person.id).collect::<Vec<_>>())
        };
        assert_eq!(news(event).await, None, "nothing was entered yet");
        let (civil, said) = (bench.civil.clone(), birth("Lineo", "2026-11-20", &number));
        bench.write(&clerk(), move |cx| civil::declare(cx, &civil, Some(event), &said)).await.unwrap();
        bench.validate(&registrar(), event).await.unwrap();
        let entered = bench.register(&registrar(), event).await.unwrap();
        assert_eq!(own(&aunt).await, [State::Registered]);
        let mut hear = news(event).await.unwrap();
        hear.sort();
        let mut expected = vec![entered.person.unwrap(), mother, aunt];
        expected.sort();
        assert_eq!(hear, expected, "the child, her mother, and whoever gave notice");
    });
}
