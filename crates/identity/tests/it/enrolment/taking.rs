//! An operator takes applications: what each evidence fills in, and every bad input.

use identity::{Beginning, Exception, State, begin, examine, except, withdraw};
use spine::FaultKind;

use super::{
    act, fields_of, in_population, in_the_country, operator, seen, send, supervisor, taken, told, with_evidence,
    write_down,
};
use crate::world::LINEO;

#[test]
fn a_birth_entry_fills_in_what_it_says_and_keeps_it() {
    in_the_country(async |world| {
        let person = in_population(&world, 41, ("Mosa", "Letsie"), "2008-01-15", Some("B2008-0000041")).await;
        let id = with_evidence(&world, "birth-entry", " b2008-0000041 ").await.unwrap();
        let mut said = told("Another", "Name", "1990-01-01");
        said.insert("sex".to_owned(), "male".into());
        write_down(&world, id, said).await.unwrap();
        let application = seen(&world, id).await.application;
        assert_eq!(application.name(), "Mosa Letsie");
        assert_eq!((application.text("born"), application.text("sex")), ("2008-01-15", "female"));
        assert_eq!(application.text("village"), "Ha Mokoto");
        assert_eq!(application.person.as_deref(), Some(person.as_str()));
        send(&world, id).await.unwrap();
        let examined = seen(&world, id).await;
        assert_eq!(examined.application.state, State::Taken);
        assert!(examined.alikes.is_empty(), "she is whom her entry names");
    });
}

#[test]
fn bad_evidence_is_told_at_its_field_and_leaves_nothing() {
    in_the_country(async |world| {
        for (evidence, paper, field) in [
            ("stars", "1", "evidence"),
            ("passport", "  ", "paper"),
            ("passport", &"9".repeat(101), "paper"),
            ("birth-entry", "B2008-9999999", "paper"),
            ("chief", "L 0000 0000 0", "paper"),
            ("chief", "no number", "paper"),
        ] {
            let fault = with_evidence(&world, evidence, paper).await.unwrap_err();
            assert_eq!(fields_of(&fault), [field], "{evidence} {paper}");
        }
        assert_eq!(world.count("identity.enrolment.begun").await, 0);
        // A chief nobody knows, and a letter without a day or of tomorrow.
        for (chief, day, field) in [
            ("nobody", Some("2026-11-01"), "chief"),
            ("m.mokoena", None, "letter_on"),
            ("m.mokoena", Some("2026-11-26"), "letter_on"),
        ] {
            let said = Beginning {
                evidence: "chief".to_owned(),
                paper: "12/2026".to_owned(),
                chief: chief.to_owned(),
                letter_on: day.map(|day| day.parse().unwrap()),
            };
            let fault = act(&world, &operator(), move |cx, engine| begin(cx, engine, &said)).await.unwrap_err();
            assert_eq!(fields_of(&fault), [field]);
        }
    });
}

#[test]
fn who_is_dead_has_an_account_or_is_applied_for_is_not_taken() {
    in_the_country(async |world| {
        world.register_lineo().await;
        super::enter(
            &world,
            "birth",
            serde_json::json!({"entry": "B1", "person": LINEO, "given": "Lineo", "family": "Mokhethi", "born": "1992-03-14", "sex": "female", "registered_on": "1992-04-01"}),
        )
        .await;
        let fault = with_evidence(&world, "birth-entry", "B1").await.unwrap_err();
        assert_eq!(fault.code(), "identity.enrolment.has_account");
        in_population(&world, 42, ("Mosa", "Letsie"), "2008-01-15", Some("B2")).await;
        with_evidence(&world, "birth-entry", "B2").await.unwrap();
        let twice = with_evidence(&world, "birth-entry", "B2").await.unwrap_err();
        assert_eq!(twice.code(), "identity.enrolment.open_twice");
    });
}

#[test]
fn what_is_missing_wrong_or_too_young_is_said() {
    in_the_country(async |world| {
        let id = with_evidence(&world, "passport", "RC1").await.unwrap();
        assert_eq!(send(&world, id).await.unwrap_err().code(), "identity.enrolment.incomplete");
        let mut wrong = told("Mosa", "Letsie", "31 December");
        wrong.insert("phone".to_owned(), "call me".into());
        wrong.insert("national_id".to_owned(), "123456789012".into());
        let fault = write_down(&world, id, wrong).await.unwrap_err();
        let fields = fields_of(&fault);
        assert!(fields.contains(&"born".to_owned()) && fields.contains(&"phone".to_owned()), "{fields:?}");
        let mut fine = told("Mosa", "Letsie", "2011-01-01");
        fine.insert("national_id".to_owned(), "123456789012".into());
        write_down(&world, id, fine).await.unwrap();
        assert!(seen(&world, id).await.application.fields.get("national_id").is_none(), "only what is asked is taken");
        assert_eq!(send(&world, id).await.unwrap_err().code(), "identity.enrolment.young");
        write_down(&world, id, told("Mosa", "Letsie", "2000-01-01")).await.unwrap();
        send(&world, id).await.unwrap();
        // Taken, it is the supervisor's.
        assert_eq!(send(&world, id).await.unwrap_err().code(), "identity.enrolment.elsewhere");
        let late = write_down(&world, id, told("Other", "Letsie", "2000-01-01")).await.unwrap_err();
        assert_eq!(late.code(), "identity.enrolment.elsewhere");
    });
}

#[test]
fn exceptions_say_which_part_why_and_who_saw() {
    in_the_country(async |world| {
        let id = with_evidence(&world, "passport", "RC1").await.unwrap();
        let one = |part: &str, reason: &str, seen_by: &str| Exception {
            part: part.to_owned(),
            reason: reason.to_owned(),
            seen_by: seen_by.to_owned(),
        };
        for (said, field) in [
            (vec![one("tail", "missing", "N. Thabo")], "part"),
            (vec![one("eyes", "missing", "N. Thabo"), one("eyes", "injured", "N. Thabo")], "part"),
            (vec![one("eyes", "", "N. Thabo")], "reason"),
            (vec![one("eyes", "missing", " ")], "seen_by"),
        ] {
            let fault = act(&world, &operator(), move |cx, engine| except(cx, engine, id, &said)).await.unwrap_err();
            assert_eq!(fields_of(&fault), [field]);
        }
        let said = vec![one("left-hand", "missing", "N. Thabo"), one("right-hand", "worn", "N. Thabo")];
        act(&world, &operator(), move |cx, engine| except(cx, engine, id, &said)).await.unwrap();
        assert_eq!(seen(&world, id).await.application.exceptions.len(), 2);
    });
}

#[test]
fn operators_take_supervisors_do_not_and_nobody_reads_names_in_acts() {
    in_the_country(async |world| {
        let said = Beginning { evidence: "passport".to_owned(), paper: "RC7".to_owned(), ..Beginning::default() };
        let refused = act(&world, &supervisor(), move |cx, engine| begin(cx, engine, &said)).await.unwrap_err();
        assert_eq!(refused.kind(), FaultKind::Forbidden);
        let id = taken(&world, told("Nthabiseng", "Ramokoatsi", "2000-01-01")).await;
        let look = act(&world, &super::card_officer(), move |cx, _| examine(cx, id)).await.unwrap_err();
        assert_eq!(look.kind(), FaultKind::Forbidden);
        act(&world, &operator(), move |cx, _| withdraw(cx, id)).await.unwrap();
        assert_eq!(seen(&world, id).await.application.state, State::Withdrawn);
        assert_eq!(
            act(&world, &operator(), move |cx, _| withdraw(cx, id)).await.unwrap_err().code(),
            "identity.enrolment.elsewhere"
        );
        for (_, record) in world.acts_done().await {
            assert!(
                !record.contains("Nthabiseng") && !record.contains("RC0012345") && !record.contains("+26658112233")
            );
        }
    });
}
