//! A supervisor decides: likenesses first, four eyes, exceptions agreed to; and what approval makes, in one commit.

use civil::Verdict;
use identity::{
    Exception, Source, State, approve, cards_of, examine, except, find_application, judge, refuse, send_back,
};
use journal::Key;
use spine::FaultKind;

use super::{
    act, fields_of, in_population, in_the_country, operator, seen, send, supervisor, taken, told, with_evidence,
    write_down,
};
use crate::world::LINEO;

#[test]
fn approval_makes_the_person_her_code_and_her_card_once() {
    in_the_country(async |world| {
        let id = taken(&world, told("Nthabiseng", "Ramokoatsi", "2000-01-01")).await;
        let engine = world.enrolment.clone();
        let key = Key::new("approve", "once", b"");
        for _ in 0..2 {
            let engine = engine.clone();
            world.acts.write(&supervisor(), &key, move |cx| approve(cx, &engine, id, false)).await.unwrap();
        }
        let application = seen(&world, id).await.application;
        assert_eq!(application.state, State::Approved);
        let person = application.person.unwrap();
        assert_eq!(world.count("civil.person.entered").await, 1);
        let whom = person.clone();
        let cards = act(&world, &supervisor(), move |cx, engine| cards_of(cx, engine, &whom)).await.unwrap();
        assert_eq!(cards.len(), 1);
        let number = world.rows("SELECT key, register FROM registers_record WHERE register = 'civil-person'").await;
        assert!(number.iter().any(|(key, _)| civil::national_id::parse(key).is_some()));
        // The code went to her phone, and stands in no act and no answer.
        assert!(world.told().await.starts_with("Your "));
        let again = act(&world, &supervisor(), move |cx, engine| approve(cx, engine, id, false)).await.unwrap_err();
        assert_eq!(again.code(), "identity.enrolment.elsewhere");
    });
}

#[test]
fn four_eyes() {
    in_the_country(async |world| {
        let both = {
            let mut both = operator();
            both.actor.roles.push("enrolment-supervisor".to_owned());
            both
        };
        in_population(&world, 43, ("Nthabiseng", "Ramokoatsi"), "2000-01-01", None).await;
        let id = taken(&world, told("Nthabiseng", "Ramokoatsi", "2000-01-01")).await;
        let alike = seen(&world, id).await.alikes[0].clone();
        let judged =
            act(&world, &both, move |cx, engine| judge(cx, engine, id, (alike.source, &alike.candidate), false)).await;
        assert_eq!(judged.unwrap_err().kind(), FaultKind::Forbidden);
        for outcome in [
            act(&world, &both, move |cx, engine| approve(cx, engine, id, false)).await,
            act(&world, &both, move |cx, _| refuse(cx, id, "no")).await,
            act(&world, &both, move |cx, _| send_back(cx, id, "no")).await,
            act(&world, &operator(), move |cx, engine| approve(cx, engine, id, false)).await,
        ] {
            assert_eq!(outcome.unwrap_err().kind(), FaultKind::Forbidden);
        }
    });
}

#[test]
fn who_may_be_the_same_is_judged_before_anything_is_decided() {
    in_the_country(async |world| {
        let person = in_population(&world, 44, ("Tšepo", "Mokoena"), "1984-03-12", None).await;
        // Another spelling, and day and month changed over.
        let id = taken(&world, told("Tshepo", "Mokwena", "1984-12-03")).await;
        let alikes = seen(&world, id).await.alikes;
        assert_eq!((alikes[0].source, alikes[0].candidate.as_str()), (Source::Person, person.as_str()));
        let early = act(&world, &supervisor(), move |cx, engine| approve(cx, engine, id, false)).await.unwrap_err();
        assert_eq!(early.code(), "identity.enrolment.unjudged");
        let same = person.clone();
        act(&world, &supervisor(), move |cx, engine| judge(cx, engine, id, (Source::Person, &same), true))
            .await
            .unwrap();
        let twice = person.clone();
        let again =
            act(&world, &supervisor(), move |cx, engine| judge(cx, engine, id, (Source::Person, &twice), false)).await;
        assert_eq!(again.unwrap_err().code(), "identity.alike.missing");
        act(&world, &supervisor(), move |cx, engine| approve(cx, engine, id, false)).await.unwrap();
        assert_eq!(seen(&world, id).await.application.person, Some(person));
        assert_eq!(world.count("civil.person.entered").await, 0, "nobody is made twice");
    });
}

#[test]
fn a_double_is_refused_whoever_finds_it() {
    in_the_country(async |world| {
        world.register_lineo().await;
        let id = taken(&world, told("Lineo", "Mokhethi", "1992-03-14")).await;
        act(&world, &supervisor(), move |cx, engine| judge(cx, engine, id, (Source::Person, LINEO), true))
            .await
            .unwrap();
        let application = seen(&world, id).await.application;
        assert_eq!((application.state, application.words.as_deref()), (State::Refused, Some("double")));
        // Two applications for one person: the second is the double of the first.
        let first = taken(&world, told("Palesa", "Nkhasi", "1999-09-09")).await;
        let second = taken(&world, told("Palesa", "Nkhasi", "1999-09-09")).await;
        assert!(seen(&world, first).await.alikes.is_empty());
        let found = seen(&world, second).await.alikes;
        assert_eq!(found[0].source, Source::Application);
        let other = first.to_string();
        act(&world, &supervisor(), move |cx, engine| judge(cx, engine, second, (Source::Application, &other), true))
            .await
            .unwrap();
        assert_eq!(seen(&world, second).await.application.state, State::Refused);
        act(&world, &supervisor(), move |cx, engine| approve(cx, engine, first, false)).await.unwrap();
    });
}

#[test]
fn judged_different_they_both_go_on() {
    in_the_country(async |world| {
        let person = in_population(&world, 45, ("Palesa", "Nkhasi"), "1999-09-09", None).await;
        let id = taken(&world, told("Palesa", "Nkhasi", "1999-09-09")).await;
        let other = person.clone();
        act(&world, &supervisor(), move |cx, engine| judge(cx, engine, id, (Source::Person, &other), false))
            .await
            .unwrap();
        act(&world, &supervisor(), move |cx, engine| approve(cx, engine, id, false)).await.unwrap();
        let examined = seen(&world, id).await;
        assert_ne!(examined.application.person, Some(person));
        assert_eq!(examined.alikes[0].verdict, Verdict::Different);
    });
}

#[test]
fn a_supervisor_agrees_to_exceptions_or_sends_back() {
    in_the_country(async |world| {
        let id = with_evidence(&world, "passport", "RC1").await.unwrap();
        write_down(&world, id, told("Nthabiseng", "Ramokoatsi", "1940-01-01")).await.unwrap();
        let said =
            vec![Exception { part: "eyes".to_owned(), reason: "injured".to_owned(), seen_by: "N. Thabo".to_owned() }];
        act(&world, &operator(), move |cx, engine| except(cx, engine, id, &said)).await.unwrap();
        send(&world, id).await.unwrap();
        let fault = act(&world, &supervisor(), move |cx, engine| approve(cx, engine, id, false)).await.unwrap_err();
        assert_eq!(fields_of(&fault), ["agreed"]);
        for words in ["", " ", &"x".repeat(501)] {
            let words = words.to_owned();
            let fault = act(&world, &supervisor(), move |cx, _| send_back(cx, id, &words)).await.unwrap_err();
            assert_eq!(fields_of(&fault), ["words"]);
        }
        act(&world, &supervisor(), move |cx, _| send_back(cx, id, "Which eye?")).await.unwrap();
        assert_eq!(seen(&world, id).await.application.words.as_deref(), Some("Which eye?"));
        send(&world, id).await.unwrap();
        act(&world, &supervisor(), move |cx, engine| approve(cx, engine, id, true)).await.unwrap();
        let application = seen(&world, id).await.application;
        assert_eq!(application.agreed_by, Some(supervisor().actor.id));
    });
}

#[test]
fn a_slip_finds_its_application_and_a_look_is_an_act() {
    in_the_country(async |world| {
        let id = taken(&world, told("Nthabiseng", "Ramokoatsi", "2000-01-01")).await;
        let reference = civil::reference::shown(&seen(&world, id).await.application.reference);
        let found = act(&world, &operator(), move |cx, _| find_application(cx, &reference)).await.unwrap();
        assert_eq!(found, id);
        let missing = act(&world, &operator(), |cx, _| find_application(cx, "E 0000 0000 0")).await.unwrap_err();
        assert_eq!(missing.code(), "identity.enrolment.missing");
        assert_eq!(world.count("identity.enrolment.looked").await, 1);
        act(&world, &supervisor(), move |cx, _| refuse(cx, id, "Not she")).await.unwrap();
        let over = act(&world, &supervisor(), move |cx, engine| approve(cx, engine, id, false)).await.unwrap_err();
        assert_eq!(over.code(), "identity.enrolment.elsewhere");
        let nobody =
            act(&world, &supervisor(), |cx, _| examine(cx, "enr_00000000000000000000000000".parse().unwrap())).await;
        assert_eq!(nobody.unwrap_err().kind(), FaultKind::NotFound);
    });
}
