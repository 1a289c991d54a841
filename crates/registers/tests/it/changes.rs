//! Enrolling and changing: what is refused, what is left behind, what never is.

use std::sync::Arc;

use journal::{Acts, Subscriptions};
use registers::{Change, Enrol, Kind, Look};
use serde_json::{Value, json};
use spine::{Actor, Assurance, Authority, Caller, Fault, FaultKind, Language, Personal, Resource, Via};
use testkit::SeededEntropy;

use crate::world::{Bench, object, on_each, per, person};

async fn change(bench: &Bench, kind: Kind, key: &str, seen: i64, fields: Value) -> Result<registers::Stored, Fault> {
    let registers = bench.registers.clone();
    let command = Change::new(kind, "civil-person", key, seen, object(fields)).reason("she said so");
    bench.write(move |cx| registers::change(cx, &registers, &command)).await
}

#[test]
fn a_stale_change_does_nothing() {
    on_each(async |bench| {
        bench.enrol("civil-person", Value::Object(person(1, "Lineo", "Mokoena"))).await.unwrap();
        let key = format!("{:012}", 1);
        let stored = change(&bench, Kind::Change, &key, 1, json!({"village": "Roma"})).await.unwrap();
        assert_eq!(stored.revision, 2);
        let fault = change(&bench, Kind::Change, &key, 1, json!({"village": "Morija"})).await.unwrap_err();
        assert_eq!((fault.kind(), fault.code()), (FaultKind::Conflict, "registers.record.stale"));
        let registers = bench.registers.clone();
        let found = bench.read(move |cx| registers::find(cx, &registers, "civil-person", &key)).await.unwrap().unwrap();
        assert_eq!((found.text("village"), found.revision()), ("Roma", 2));
    });
}

#[test]
fn of_many_who_saw_the_same_revision_one_is_first() {
    on_each(async |bench| {
        bench.enrol("civil-person", Value::Object(person(1, "Lineo", "Mokoena"))).await.unwrap();
        let mut running = Vec::new();
        for place in 0..8 {
            let (acts, registers) = (bench.acts.clone(), bench.registers.clone());
            let fields = object(json!({"village": format!("Village {place}")}));
            let command = Change::new(Kind::Change, "civil-person", format!("{:012}", 1), 1, fields);
            running.push(tokio::spawn(async move {
                let key = journal::Key::none();
                acts.write(&Caller::system("test"), &key, move |cx| registers::change(cx, &registers, &command)).await
            }));
        }
        let mut done = 0;
        for one in running {
            match one.await.unwrap() {
                Ok(_) => done += 1,
                Err(fault) => assert_eq!(fault.code(), "registers.record.stale"),
            }
        }
        assert_eq!(done, 1);
    });
}

#[test]
fn what_does_not_fit_is_told_at_its_field() {
    on_each(async |bench| {
        let mut wrong = person(1, "Lineo", "");
        wrong.extend(object(json!({"born": "1990-02-30", "sex": "x", "phone": "58001234", "shoe_size": 7})));
        let fault = bench.enrol("civil-person", Value::Object(wrong)).await.unwrap_err();
        let mut faults: Vec<_> =
            fault.fields().iter().map(|fault| (fault.field.clone(), fault.text.key().to_owned())).collect();
        faults.sort();
        let expected = [
            ("born", "registers.field.date"),
            ("family", "registers.field.missing"),
            ("phone", "registers.field.pattern"),
            ("sex", "registers.field.choice"),
            ("shoe_size", "registers.field.unknown"),
        ];
        assert_eq!(faults, expected.map(|(field, key)| (field.to_owned(), key.to_owned())));
        bench.enrol("civil-person", Value::Object(person(1, " Lineo ", "Mokoena"))).await.unwrap();
        let again = bench.enrol("civil-person", Value::Object(person(1, "Lineo", "Mokoena"))).await.unwrap_err();
        assert_eq!((again.kind(), again.code()), (FaultKind::Conflict, "registers.key.taken"));
        for (fields, code) in [
            (json!({"national_id": "9"}), "registers.key.fixed"),
            (json!({"given": null}), "registers.record.invalid"),
            (json!({"given": "Lineo"}), "registers.change.same"),
            (json!({"hat": "blue"}), "registers.record.invalid"),
        ] {
            let fault = change(&bench, Kind::Correct, &format!("{:012}", 1), 1, fields).await.unwrap_err();
            assert_eq!(fault.code(), code);
        }
    });
}

#[test]
fn every_type_of_field_is_checked() {
    on_each(async |bench| {
        let good = json!({
            "code": "A1", "name": "Roma", "kind": "town", "people": 12, "budget": "LSL 1300.50", "founded": "1862-01-01",
            "electric": true, "phone": "+26622340000", "email": "office@example.ls",
        });
        bench.enrol("place", good.clone()).await.unwrap();
        for (field, value) in [
            ("code", json!("a b")),
            ("kind", json!("city")),
            ("people", json!(1.5)),
            ("people", json!(-1)),
            ("people", json!("12")),
            ("budget", json!(1300.5)),
            ("budget", json!("1300.50")),
            ("budget", json!("LSL 1300.5")),
            ("founded", json!("1862-1-1")),
            ("electric", json!("yes")),
            ("phone", json!("22340000")),
            ("email", json!("office")),
        ] {
            let mut wrong = object(good.clone());
            wrong.insert("code".to_owned(), json!("B1"));
            wrong.insert(field.to_owned(), value);
            let fault = bench.enrol("place", Value::Object(wrong)).await.unwrap_err();
            assert_eq!(fault.code(), "registers.record.invalid", "{field}");
            assert_eq!(fault.fields()[0].field, field);
        }
    });
}

#[test]
fn nothing_personal_is_in_acts_events_or_remembered_answers() {
    on_each(async |bench| {
        let mut fields = person(1, "Lineo", "Mokoena");
        let key = "730514998877".to_owned();
        fields.extend(object(json!({"phone": "+26658001234", "village": "Ha-Mohale", "national_id": key})));
        bench.enrol("civil-person", Value::Object(fields)).await.unwrap();
        change(&bench, Kind::Change, &key, 1, json!({"village": "Semonkong"})).await.unwrap();
        let registers = bench.registers.clone();
        let look = Look::new("civil-person", &key, "passport-renewal");
        bench.write(move |cx| registers::look_up(cx, &registers, &look).map(|_| ())).await.unwrap();
        let registers = bench.registers.clone();
        let query = registers::Query::new("civil-person").words("lineo mokoena").with("phone", "+26658001234");
        bench.write(move |cx| registers::search(cx, &registers, &query).map(|_| ())).await.unwrap();
        bench.enrol_many("civil-person", vec![person(2, "Thabo", "Letsie")]).await;
        let evidence = bench.evidence().await.to_lowercase();
        for act in ["record.enrolled", "record.changed", "record.looked", "register.searched", "batch.enrolled"] {
            assert!(evidence.contains(act), "{act}");
        }
        for personal in ["lineo", "mokoena", "58001234", "semonkong", "ha-mohale", "thabo", &key, "she said so"] {
            assert!(!evidence.contains(personal), "{personal} in {evidence}");
        }
        assert!(evidence.contains(&per(1)) && evidence.contains("passport-renewal"));
        assert!(evidence.contains("national identity cards act"));
    });
}

/// Lets everybody see public fields, and people their own.
struct Careful;
impl Authority for Careful {
    fn decide(&self, actor: &Actor, action: &str, resource: &Resource) -> Result<(), Fault> {
        let fact = |name| match resource.attributes.get(name) {
            Some(spine::cx::Attribute::Text(text)) => text.as_str(),
            _ => "",
        };
        let own = fact("subject") == actor.id && action == "registers.record.look";
        let allowed = actor.id == "test" || own || fact("view") == "statistics";
        if allowed { Ok(()) } else { Err(Fault::forbidden("journal.act.forbidden")) }
    }
}

#[test]
fn who_may_not_look_is_not_told_who_is_there() {
    on_each(async |bench| {
        let clock = Arc::clone(&bench.clock);
        let acts = Acts::new(
            Arc::new(bench.database.store.clone()),
            clock,
            Arc::new(SeededEntropy::default()),
            Arc::new(Careful),
            Subscriptions::default(),
        );
        bench.enrol("civil-person", Value::Object(person(1, "Lineo", "Mokoena"))).await.unwrap();
        let look = async |who: usize, key: usize, view: Option<&str>| {
            let actor = Actor::person(per(who), Personal::default(), Assurance::Substantial);
            let caller = Caller { actor, via: Via::Web, language: Language::new("en-LS") };
            let registers = bench.registers.clone();
            let look = Look::new("civil-person", format!("{key:012}"), "own-data").view(view.map(str::to_owned));
            let key = journal::Key::none();
            acts.write(&caller, &key, move |cx| registers::look_up(cx, &registers, &look)).await
        };
        assert_eq!(look(2, 1, None).await.unwrap_err().kind(), FaultKind::Forbidden);
        assert_eq!(look(2, 9, None).await.unwrap_err().kind(), FaultKind::Forbidden);
        assert_eq!(look(1, 1, None).await.unwrap().text("given"), "Lineo");
        assert!(!bench.evidence().await.contains("record.looked"), "one's own record");
        let seen = look(2, 1, Some("statistics")).await.unwrap();
        assert_eq!((seen.text("given"), seen.key(), seen.text("sex")), ("", "", "female"));
        assert!(bench.evidence().await.contains("\"view\":\"statistics\""));
    });
}

#[test]
fn a_batch_is_taken_whole_or_not_at_all() {
    on_each(async |bench| {
        let mut wrong = person(3, "Palesa", "Molapo");
        wrong.remove("born");
        for (batch, code, field) in [
            (vec![person(1, "Lineo", "Mokoena"), wrong], "registers.record.invalid", "/1/born"),
            (
                vec![person(1, "Lineo", "Mokoena"), person(1, "Lineo", "Letsie")],
                "registers.key.taken",
                "/1/national_id",
            ),
        ] {
            let registers = bench.registers.clone();
            let outcome =
                bench.write(move |cx| registers::enrol_many(cx, &registers, "civil-person", batch.clone())).await;
            let fault = outcome.unwrap_err();
            assert_eq!(fault.code(), code);
            assert!(fault.fields().iter().any(|fault| fault.field == field), "{fault:?}");
        }
        assert_eq!(
            bench.enrol_many("civil-person", (0..120).map(|n| person(n, "Lineo", "Mokoena")).collect()).await,
            120
        );
    });
}

#[test]
fn engines_find_without_a_trace() {
    on_each(async |bench| {
        bench.enrol_many("civil-person", (0..70).map(|n| person(n, "Lineo", "Mokoena")).collect()).await;
        let passport = |number: &str, issued: &str| {
            let fields = json!({
                "number": number, "person": per(7), "kind": "ordinary", "issued": issued, "expires": "2030-01-01",
            });
            Enrol::new("passport", object(fields))
        };
        for (number, issued) in [("RA000001", "2010-01-01"), ("RA000002", "2020-01-01")] {
            let (registers, command) = (bench.registers.clone(), passport(number, issued));
            bench.write(move |cx| registers::enrol(cx, &registers, &command)).await.unwrap();
        }
        let registers = bench.registers.clone();
        bench
            .read(move |cx| {
                let keys: Vec<String> = (60..80).rev().map(|number| format!("{number:012}")).collect();
                let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
                let found = registers::find_many(cx, &registers, "civil-person", &keys)?;
                assert_eq!(found.iter().map(registers::Record::key).collect::<Vec<_>>(), keys[10..]);
                let newest = registers::find_by(cx, &registers, "passport", "person", &per(7))?.unwrap();
                assert_eq!((newest.key(), newest.valid_from().to_string().as_str()), ("RA000002", "2020-01-01"));
                assert_eq!(registers::find_all_by(cx, &registers, "passport", "person", &per(7))?.len(), 2);
                assert_eq!(
                    registers::find_by(cx, &registers, "passport", "kind", "ordinary").unwrap_err().code(),
                    "registers.search.field"
                );
                assert!(registers::find(cx, &registers, "no-such", "1").is_err());
                Ok(())
            })
            .await
            .unwrap();
    });
}
