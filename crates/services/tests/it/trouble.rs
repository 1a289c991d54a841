//! What goes wrong on the way of a case, and what is said then.

use std::collections::BTreeSet;

use journal::Key;
use serde_json::json;
use services::{CaseState, Verdict};
use spine::{Assurance, Fault};

use crate::bench::{Bench, officer, on_each, passport_answers, says};

/// The code of a refusal.
fn code<T: std::fmt::Debug>(outcome: Result<T, Fault>) -> &'static str {
    outcome.unwrap_err().code()
}

#[test]
fn a_refusal_has_a_reason_and_ends_the_case() {
    on_each(async |bench: Bench| {
        let (case, task) = bench.examining().await;
        let (palesa, services) = (officer("off_palesa", &["passport-officer"]), bench.services.clone());
        let refuse = |words: &str| {
            let (verdict, services) = (Verdict::Refuse(words.to_owned()), services.clone());
            bench.write(&palesa, move |cx| services::decide(cx, &services, task, &verdict))
        };
        assert_eq!(code(refuse("No.").await), "services.task.not_yours");
        bench.write(&palesa, move |cx| services::claim(cx, task)).await.unwrap();
        for wrong in ["", "  \n ", &"long ".repeat(500)] {
            let fault = refuse(wrong).await.unwrap_err();
            assert_eq!((fault.code(), fault.fields()[0].field.as_str()), ("services.task.reason", "reason"));
        }
        assert_eq!(refuse("The photograph is of somebody else.").await.unwrap(), CaseState::Refused);
        let reason = bench.column(case, "SELECT reason FROM services_case WHERE id = $1").await;
        assert_eq!(reason.as_deref(), Some("The photograph is of somebody else."));
        assert_eq!(code(refuse("Again.").await), "services.task.over");
        assert_eq!(code(bench.withdraw(&bench.lineo, case).await), "services.case.over");
        bench.seal().await;
        assert!(bench.documents(case).await.is_empty());
    });
}

#[test]
fn of_two_officers_one_gets_the_task() {
    on_each(async |bench: Bench| {
        let (_, task) = bench.examining().await;
        let palesa = officer("off_palesa", &["passport-officer"]);
        let tumelo = officer("off_tumelo", &["passport-officer"]);
        let claim = |who| bench.write(who, move |cx| services::claim(cx, task));
        let (one, two) = tokio::join!(claim(&palesa), claim(&tumelo));
        let lost = match (one, two) {
            (Ok(()), Err(fault)) | (Err(fault), Ok(())) => fault,
            other => panic!("{other:?}"),
        };
        // Who read the task before the other's claim was kept is told that it changed; who came after, that it is taken.
        assert!(["services.task.taken", "services.task.changed"].contains(&lost.code()), "{}", lost.code());
        let owner = if claim(&palesa).await.is_ok() { (&palesa, &tumelo) } else { (&tumelo, &palesa) };
        assert_eq!(code(claim(owner.1).await), "services.task.taken");
        assert_eq!(code(bench.write(owner.1, move |cx| services::release(cx, task)).await), "services.task.not_yours");
        bench.write(owner.0, move |cx| services::release(cx, task)).await.unwrap();
        claim(owner.1).await.unwrap();
    });
}

#[test]
fn money_for_a_withdrawn_case_goes_back_and_changes_nothing() {
    on_each(async |bench: Bench| {
        let case = bench.draft(&bench.lineo, "passport-renewal", passport_answers()).await;
        bench.submit(&bench.lineo, case).await.unwrap();
        let request = bench.payment(case).await;
        let late = bench.attempt(&bench.lineo, request).await;
        bench.withdraw(&bench.lineo, case).await.unwrap();
        assert_eq!(bench.state(case).await, "withdrawn");
        let asked = bench.read(move |cx| payments::find(cx, request)).await.unwrap();
        assert_eq!(asked.state, payments::RequestState::Withdrawn);

        bench.wallet_paid(late, request).await;
        bench.work().await;
        assert_eq!(bench.state(case).await, "withdrawn");
        let audit = bench.read(payments::audit).await;
        assert!(audit.is_sound(), "{:?}", audit.findings);
    });
}

#[test]
fn the_same_news_of_a_payment_moves_a_case_once() {
    on_each(async |bench: Bench| {
        let (case, _) = bench.examining().await;
        let news = json!({ "request": bench.payment(case).await });
        let system = spine::Caller::system("services");
        for _ in 0..3 {
            let (services, news) = (bench.services.clone(), news.clone());
            let moved = bench.write(&system, move |cx| services::payment_ended(cx, &services, &news)).await;
            assert!(!moved.unwrap());
        }
        for strange in [json!({}), json!({ "request": "pay_nonsense" }), json!([1, 2])] {
            let services = bench.services.clone();
            let moved = bench.write(&system, move |cx| services::payment_ended(cx, &services, &strange)).await;
            assert!(!moved.unwrap());
        }
        assert_eq!(bench.deeds(&bench.lineo).await.get("services.case.paid"), Some(&1));
        bench.task("passport-officer").await;
    });
}

#[test]
fn a_fee_that_was_not_paid_in_time_is_asked_for_anew() {
    on_each(async |bench: Bench| {
        let case = bench.draft(&bench.lineo, "passport-renewal", passport_answers()).await;
        bench.submit(&bench.lineo, case).await.unwrap();
        let first = bench.payment(case).await;
        bench.clock.step(15 * 86_400);
        bench.expire(first).await;
        assert_eq!(bench.state(case).await, "paying");
        assert_eq!(bench.column(case, "SELECT payment FROM services_case WHERE id = $1").await, None);
        let services = bench.services.clone();
        let second = bench.write(&bench.lineo, move |cx| services::pay(cx, &services, case)).await.unwrap();
        assert_ne!(second, first.to_string());
        bench.pay(&bench.lineo, case).await;
        assert_eq!(bench.state(case).await, "examining");
    });
}

#[test]
fn sending_twice_is_sending_once() {
    on_each(async |bench: Bench| {
        let case = bench.draft(&bench.lineo, "passport-renewal", passport_answers()).await;
        let key = Key::new("services.submit:it", "one form", b"the same");
        let send = |request: &Key| {
            let (services, key) = (bench.services.clone(), request.clone());
            let (acts, caller) = (bench.acts.clone(), bench.lineo.clone());
            async move { acts.write(&caller, &key, move |cx| services::submit(cx, &services, case)).await }
        };
        let (one, two) = tokio::join!(send(&key), send(&key));
        assert_eq!((one.unwrap(), two.unwrap()), (CaseState::Paying, CaseState::Paying));
        assert_eq!(send(&key).await.unwrap(), CaseState::Paying);
        assert_eq!(code(send(&Key::new("services.submit:it", "one form", b"other")).await), "journal.key.reused");
        assert_eq!(code(bench.submit(&bench.lineo, case).await), "services.case.sent");
        assert_eq!(bench.deeds(&bench.lineo).await.get("services.case.submitted"), Some(&1));
        let late = bench.answer(&bench.lineo, case, "pages", says(&[("pages", "64")])).await;
        assert_eq!(code(late), "services.case.sent");
    });
}

#[test]
fn wrong_answers_are_told_at_their_fields() {
    on_each(async |bench: Bench| {
        let case = bench.start(&bench.lineo, "passport-renewal").await.unwrap();
        let wrong = async |page, given: &[(&str, &str)]| {
            let fault = bench.answer(&bench.lineo, case, page, says(given)).await.unwrap_err();
            assert_eq!(fault.code(), "services.answer.wrong", "{page} {given:?}");
            let told = |field: &spine::FieldFault| (field.field.clone(), field.text.key().to_owned());
            fault.fields().iter().map(told).collect::<BTreeSet<_>>()
        };
        let one = |field: &str, key: &str| BTreeSet::from([(field.to_owned(), key.to_owned())]);
        assert_eq!(wrong("reason", &[]).await, one("reason", "services.answer.choose"));
        assert_eq!(wrong("reason", &[("reason", "boredom")]).await, one("reason", "services.answer.choose"));
        assert_eq!(wrong("collect", &[("collect_at", "atlantis")]).await, one("collect_at", "services.answer.choose"));
        assert_eq!(wrong("reach", &[("reach", "call me")]).await, one("reach", "services.answer.phone"));
        assert_eq!(wrong("declare", &[("declare", "no")]).await, one("declare", "services.answer.choose"));
        assert_eq!(wrong("declare", &[]).await, one("declare", "services.answer.confirm"));

        let hidden = bench.answer(&bench.lineo, case, "lost", says(&[("police_case", "1")])).await;
        assert_eq!(code(hidden), "services.page.missing");
        bench.answer(&bench.lineo, case, "reason", says(&[("reason", "lost")])).await.unwrap();
        let day = [("lost_on-day", "31"), ("lost_on-month", "2"), ("lost_on-year", "2026")];
        let faults = wrong("lost", &day).await;
        assert!(faults.contains(&("police_case".to_owned(), "services.answer.missing".to_owned())), "{faults:?}");
        assert!(faults.iter().any(|(field, _)| field.starts_with("lost_on")), "{faults:?}");
        let tomorrow = [("lost_on-day", "25"), ("lost_on-month", "11"), ("lost_on-year", "2026"), ("police_case", "7")];
        assert_eq!(wrong("lost", &tomorrow).await, one("lost_on", "services.answer.said"));
        let today = [("lost_on-day", "24"), ("lost_on-month", "11"), ("lost_on-year", "2026"), ("police_case", "7")];
        bench.answer(&bench.lineo, case, "lost", says(&today)).await.unwrap();

        // What is no longer asked is forgotten, and does not cost.
        bench.answer(&bench.lineo, case, "reason", says(&[("reason", "expired")])).await.unwrap();
        let open = bench.submit(&bench.lineo, case).await.unwrap_err();
        let fields: Vec<&str> = open.fields().iter().map(|field| field.field.as_str()).collect();
        assert_eq!((open.code(), fields), ("services.case.incomplete", vec!["pages", "collect_at", "declare"]));
        for (page, given) in passport_answers() {
            bench.answer(&bench.lineo, case, page, given).await.unwrap();
        }
        bench.submit(&bench.lineo, case).await.unwrap();
        let request = bench.payment(case).await;
        let asked = bench.read(move |cx| payments::find(cx, request)).await.unwrap();
        assert_eq!(asked.amount.minor(), 13_000);
    });
}

#[test]
fn what_the_rules_refuse_is_not_sent() {
    on_each(async |bench: Bench| {
        let case = bench.start(&bench.thabo, "passport-renewal").await.unwrap();
        // It is said at the question already ...
        let told = bench.answer(&bench.thabo, case, "reason", says(&[("reason", "expired")])).await.unwrap_err();
        assert_eq!((told.code(), told.fields()[0].field.as_str()), ("services.answer.wrong", "reason"));
        assert!(told.fields()[0].text.arg("words").is_some());
        let outcome = bench.submit(&bench.thabo, case).await.unwrap_err();
        assert_eq!(outcome.code(), "services.case.incomplete");
        assert_eq!(bench.state(case).await, "draft");

        // ... and where registers alone decide, when it is sent.
        let pages = vec![("use", says(&[("use", "work")])), ("delivery", says(&[("delivery", "file")]))];
        let none = bench.draft(&bench.thabo, "birth-certificate-copy", pages).await;
        let fault = bench.submit(&bench.thabo, none).await.unwrap_err();
        assert_eq!(fault.code(), "services.case.ineligible");
        assert!(fault.text().arg("reason").is_some() && fault.text().arg("cite").is_some());
        assert_eq!(bench.state(none).await, "draft");
        assert_eq!(code(bench.start(&bench.thabo, "flying-licence").await), "services.service.missing");
    });
}

#[test]
fn nobody_comes_near_the_case_of_another() {
    on_each(async |bench: Bench| {
        let case = bench.draft(&bench.lineo, "passport-renewal", passport_answers()).await;
        let outcome = bench.answer(&bench.thabo, case, "pages", says(&[("pages", "64")])).await;
        assert_eq!(code(outcome), "journal.act.forbidden");
        assert_eq!(code(bench.submit(&bench.thabo, case).await), "journal.act.forbidden");
        let withdrawn = bench.withdraw(&bench.thabo, case).await;
        assert_eq!(code(withdrawn), "journal.act.forbidden");
        let mut anonymous = bench.thabo.clone();
        anonymous.actor = spine::Actor::anonymous();
        assert_eq!(code(bench.submit(&anonymous, case).await), "journal.act.signin");
        assert_eq!(code(bench.start(&anonymous, "passport-renewal").await), "journal.act.signin");

        bench.submit(&bench.lineo, case).await.unwrap();
        bench.pay(&bench.lineo, case).await;
        let task = bench.task("passport-officer").await;
        let (khotso, services) = (officer("off_khotso", &["licence-officer"]), bench.services.clone());
        assert_eq!(code(bench.write(&khotso, move |cx| services::claim(cx, task)).await), "journal.act.forbidden");
        let look = bench.write(&khotso, move |cx| services::look(cx, &services, task).map(drop)).await;
        assert_eq!(code(look), "journal.act.forbidden");
        assert_eq!(code(bench.write(&bench.lineo, move |cx| services::claim(cx, task)).await), "journal.act.forbidden");
        assert!(bench.acts.read(&khotso, services::tasks).await.unwrap().is_empty());
    });
}

#[test]
fn a_service_asks_how_surely_somebody_is_known() {
    on_each(async |bench: Bench| {
        let mut lineo = bench.lineo.clone();
        lineo.actor.assurance = Assurance::Low;
        assert_eq!(code(bench.start(&lineo, "passport-renewal").await), "services.case.assurance");
        let mut stranger = bench.lineo.clone();
        stranger.actor.id = "per_01jdxxxxxxxxxxxxxxxxxxxxxx".to_owned();
        assert_eq!(code(bench.start(&stranger, "passport-renewal").await), "services.case.unknown_person");
    });
}

#[test]
fn beginning_again_goes_on_with_the_draft() {
    on_each(async |bench: Bench| {
        let first = bench.start(&bench.lineo, "passport-renewal").await.unwrap();
        assert_eq!(bench.start(&bench.lineo, "passport-renewal").await.unwrap(), first);
        bench.withdraw(&bench.lineo, first).await.unwrap();
        assert_ne!(bench.start(&bench.lineo, "passport-renewal").await.unwrap(), first);
        // The number in the register is offered, and stays if nobody says otherwise.
        let answers = bench.column(first, "SELECT answers FROM services_case WHERE id = $1").await.unwrap();
        assert!(answers.contains("+26658001234"), "{answers}");
    });
}
