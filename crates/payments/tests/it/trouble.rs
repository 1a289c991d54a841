//! Things that go wrong around a payment: it is withdrawn, the wallet is down, the clock steps, a worker dies,
//! somebody else looks.

use payments::{AttemptId, RequestId, RequestState};
use serde_json::json;
use spine::{Act, Actor, ActorKind, Assurance, Caller, FaultKind, Job, Resource};

use crate::bench::{Bench, on_each, person, under, with_the_wallet_down};

async fn withdraw(bench: &Bench, id: RequestId) -> Result<(), spine::Fault> {
    bench.write(&person("per_lineo"), move |cx| payments::withdraw(cx, id)).await
}

#[test]
fn money_for_a_withdrawn_request_goes_back() {
    on_each(async |bench| {
        let id = bench.ask_for(500).await;
        bench.choose(id, "58001201").await.unwrap();
        bench.work().await;
        withdraw(&bench, id).await.unwrap();
        withdraw(&bench, id).await.unwrap();
        let back = async || bench.suspense(id).await == [("refunded".to_owned(), "withdrawn".to_owned())];
        bench.wait_for("the money to go back", back).await;
        assert_eq!(
            (bench.state(id).await, bench.events(id).await),
            (RequestState::Withdrawn, vec!["withdrawn".to_owned()])
        );
        assert_eq!((bench.balance("wallet:mpesa").await, bench.balance("income:home-affairs").await), (0, 0));
        bench.must_be_sound().await;
    });
}

#[test]
fn nobodys_phone_rings_for_what_was_withdrawn_first() {
    on_each(async |bench| {
        let id = bench.ask_for(500).await;
        bench.choose(id, "58001201").await.unwrap();
        withdraw(&bench, id).await.unwrap();
        bench.work().await;
        bench.clock.step(200);
        bench.work().await;
        assert_eq!(bench.log().await["lines"].as_array().unwrap().len(), 0);
        assert_eq!(bench.state(id).await, RequestState::Withdrawn);
    });
}

#[test]
fn a_paid_request_cannot_be_withdrawn() {
    on_each(async |bench| {
        let id = bench.ask_for(500).await;
        bench.choose(id, "58001201").await.unwrap();
        bench.until(id, RequestState::Paid).await;
        assert_eq!(withdraw(&bench, id).await.unwrap_err().code(), "payments.request.paid");
    });
}

#[test]
fn approved_late_after_another_try_paid_goes_back() {
    on_each(async |bench| {
        let id = bench.ask_for(500).await;
        bench.choose(id, "58001206").await.unwrap();
        bench.work().await;
        bench.clock.step(180);
        bench.work().await;
        assert_eq!(bench.state(id).await, RequestState::Open);
        bench.choose(id, "58001201").await.unwrap();
        bench.until(id, RequestState::Paid).await;
        bench.clock.step(10);
        let back = async || bench.suspense(id).await == [("refunded".to_owned(), "paid_already".to_owned())];
        bench.wait_for("the second money to go back", back).await;
        assert_eq!((bench.events(id).await, bench.balance("wallet:mpesa").await), (vec!["paid".to_owned()], 500));
        bench.must_be_sound().await;
    });
}

#[test]
fn a_wallet_that_is_down_is_tried_until_it_is_up() {
    with_the_wallet_down(async |bench| {
        let id = bench.ask_for(500).await;
        bench.choose(id, "58001201").await.unwrap();
        for seconds in [1, 2, 4] {
            assert_eq!(bench.work().await, 1);
            bench.clock.step(seconds);
        }
        assert_eq!(bench.state(id).await, RequestState::Sent);
        bench.wallet_comes_up().await;
        bench.until(id, RequestState::Paid).await;
        bench.must_be_sound().await;
    });
}

#[test]
fn a_wallet_that_stays_down_lets_the_payer_try_again() {
    with_the_wallet_down(async |bench| {
        let id = bench.ask_for(500).await;
        bench.choose(id, "58001201").await.unwrap();
        for _ in 0..10 {
            bench.work().await;
            bench.clock.step(30);
        }
        bench.work().await;
        assert_eq!(bench.state(id).await, RequestState::Open);
        bench.wallet_comes_up().await;
        bench.clock.step(1000);
        bench.work().await;
        assert_eq!(bench.log().await["lines"].as_array().unwrap().len(), 0, "an attempt that is over is not pushed");
        bench.choose(id, "58001201").await.unwrap();
        bench.until(id, RequestState::Paid).await;
        bench.must_be_sound().await;
    });
}

#[test]
fn a_clock_that_steps_back_or_forward_loses_nothing() {
    on_each(async |bench| {
        for (seconds, ends) in
            [(-7200, RequestState::Paid), (600, RequestState::Paid), (200_000, RequestState::Expired)]
        {
            let id = bench.ask_for(500).await;
            bench.choose(id, "58001201").await.unwrap();
            bench.work().await;
            bench.clock.step(seconds);
            // A limiter that saw the clock step back refuses for a moment, so time must go on.
            let ended = async || {
                bench.clock.step(1);
                bench.state(id).await == ends
            };
            bench.wait_for(&format!("{ends:?} after {seconds} s"), ended).await;
            let settled = async || bench.suspense(id).await.iter().all(|(state, _)| state == "refunded");
            bench.wait_for("what was not applied to go back", settled).await;
            if ends == RequestState::Expired {
                bench.wait_for("the late money", async || bench.suspense(id).await.len() == 1).await;
                bench.wait_for("it to go back", settled).await;
            }
            bench.must_be_sound().await;
        }
    });
}

#[test]
fn a_job_that_runs_twice_moves_things_once() {
    on_each(async |bench| {
        let id = bench.ask_for(500).await;
        let attempt = bench.choose(id, "58001206").await.unwrap();
        again(&bench, "payments.wallet.push", json!({ "attempt": attempt })).await;
        bench.work().await;
        withdraw(&bench, id).await.unwrap();
        bench.clock.step(181);
        bench.wait_for("the money", async || bench.suspense(id).await.len() == 1).await;
        let payment =
            bench.read(|cx| Ok(cx.tx().query("SELECT id FROM payments_payment", &[])?[0].get::<String>(0)?)).await;
        for (kind, body) in [
            ("payments.wallet.refund", json!({ "payment": payment })),
            ("payments.wallet.refund", json!({ "payment": payment })),
            ("payments.wallet.ask", json!({ "attempt": attempt })),
            ("payments.attempt.expire", json!({ "attempt": attempt })),
            ("payments.request.expire", json!({ "request": id })),
        ] {
            again(&bench, kind, body).await;
        }
        bench.work().await;
        assert_eq!(bench.suspense(id).await, [("refunded".to_owned(), "withdrawn".to_owned())]);
        assert_eq!(bench.log().await["returned_minor"], 500);
        bench.must_be_sound().await;
    });
}

async fn again(bench: &Bench, kind: &'static str, body: serde_json::Value) {
    let order = move |cx: &mut spine::Cx<'_>| {
        cx.may("it.job.order", &Resource::new("Job", "new"))?;
        cx.enqueue(Job::new(kind, body.clone()));
        cx.record(Act::new("it.job.ordered"));
        Ok(())
    };
    bench.write(&Caller::system("test"), order).await.unwrap();
}

#[test]
fn a_job_about_nothing_needs_a_person() {
    on_each(async |bench| {
        again(&bench, "payments.wallet.push", json!({ "attempt": AttemptId::from_bytes([1; 16]) })).await;
        again(&bench, "payments.wallet.refund", json!({})).await;
        bench.work().await;
        let dead = bench.read(|cx| journal::dead_letters(cx, None, 10)).await;
        let faults: Vec<&str> = dead.iter().map(|letter| letter.last_fault.as_str()).collect();
        assert_eq!(faults, ["payments.attempt.unknown", "payments.job.malformed"]);
    });
}

#[test]
fn so_many_tries_and_no_more() {
    on_each(async |bench| {
        let id = bench.ask_for(500).await;
        for _ in 0..20 {
            bench.choose(id, "58001211").await.unwrap();
            bench.work().await;
        }
        let fault = bench.choose(id, "58001201").await.unwrap_err();
        assert_eq!((fault.kind(), fault.code()), (FaultKind::TooMany, "payments.request.tries"));
    });
}

#[test]
fn wrong_requests_are_refused() {
    on_each(async |bench| {
        let fine = payments::NewRequest {
            payer: "per_lineo".to_owned(),
            amount: crate::bench::lsl(500),
            account: "income:home-affairs".to_owned(),
            reference: "R-1".to_owned(),
            description: spine::Localised::default(),
            return_path: "/".to_owned(),
            expires_at: bench.acts.now().plus_seconds(60),
        };
        let wrong = [
            ("amount", payments::NewRequest { amount: crate::bench::lsl(0), ..fine.clone() }),
            ("account", payments::NewRequest { account: "wallet:mpesa".to_owned(), ..fine.clone() }),
            ("account", payments::NewRequest { account: "cash:post-office".to_owned(), ..fine.clone() }),
            ("account", payments::NewRequest { account: "exchange:LSL".to_owned(), ..fine.clone() }),
            ("account", payments::NewRequest { account: " ".to_owned(), ..fine.clone() }),
            ("amount", payments::NewRequest { amount: crate::bench::lsl(i64::MAX), ..fine.clone() }),
            ("reference", payments::NewRequest { reference: String::new(), ..fine.clone() }),
            ("reference", payments::NewRequest { reference: "Lineo M".to_owned(), ..fine.clone() }),
            (
                "return_path",
                payments::NewRequest { return_path: "https://elsewhere.example".to_owned(), ..fine.clone() },
            ),
            ("expiry", payments::NewRequest { expires_at: bench.acts.now(), ..fine.clone() }),
        ];
        for (what, new) in wrong {
            let made = bench.write(&person("per_lineo"), move |cx| payments::request(cx, &new)).await;
            assert_eq!(made.unwrap_err().code(), format!("payments.request.{what}"));
        }
        let id = bench.ask_for(500).await;
        for (number, field) in [("6200 1234", "number"), ("", "number"), ("5800", "number")] {
            assert_eq!(bench.choose(id, number).await.unwrap_err().fields()[0].field, field);
        }
        let dear = bench.ask_for(2_000_000).await;
        assert_eq!(bench.choose(dear, "58001201").await.unwrap_err().fields()[0].field, "wallet");
    });
}

const POLICIES: &str = include_str!("../../../../packs/lesotho/policies/payments.cedar");

#[test]
fn others_see_and_pay_nothing_and_an_officers_look_is_on_record() {
    under(POLICIES, async |bench| {
        let id = bench.ask_for(500).await;
        let wallets = bench.gateway.wallets().clone();
        let stranger = person("per_thabo");
        let look = bench.acts.read(&stranger, move |cx| payments::view(cx, id)).await;
        assert_eq!(look.unwrap_err().kind(), FaultKind::Forbidden);
        let pay = bench.write(&stranger, move |cx| payments::choose_wallet(cx, &wallets, id, "mpesa", "58001201"));
        assert_eq!(pay.await.unwrap_err().kind(), FaultKind::Forbidden);
        let withdrawn = bench.write(&stranger, move |cx| payments::withdraw(cx, id)).await;
        assert_eq!(withdrawn.unwrap_err().kind(), FaultKind::Forbidden);

        let mut officer = person("off_1");
        officer.actor = Actor::bare(ActorKind::Officer, "off_1");
        let filter = payments::Filter::default();
        let desk = bench.write(&officer, move |cx| payments::desk(cx, &filter)).await;
        assert_eq!(desk.unwrap_err().kind(), FaultKind::Forbidden, "not every officer");
        officer.actor.roles = vec!["payments-officer".to_owned()];
        officer.actor.assurance = Assurance::Substantial;
        bench.clock.step(1);
        let filter = payments::Filter { state: Some(RequestState::Open), ..payments::Filter::default() };
        let desk = bench.write(&officer, move |cx| payments::desk(cx, &filter)).await.unwrap();
        assert_eq!(desk.requests.len(), 1);
        bench.write(&officer, move |cx| payments::view(cx, id)).await.unwrap();
        let acts = bench.read(move |cx| journal::acts_about(cx, "per_lineo", None, 1)).await;
        assert_eq!((acts[0].kind.as_str(), acts[0].actor.id.as_str()), ("payments.request.viewed", "off_1"));

        bench.choose(id, "58001201").await.unwrap();
        bench.until(id, RequestState::Paid).await;
        bench.acts.read(&person("per_lineo"), move |cx| payments::receipt(cx, id)).await.unwrap();
    });
}

#[test]
fn nothing_personal_is_in_acts_events_or_jobs() {
    on_each(async |bench| {
        let id = bench.ask_for(500).await;
        bench.choose(id, "58001204").await.unwrap();
        let look = |cx: &mut spine::Cx<'_>| {
            let mut texts = Vec::new();
            for sql in
                ["SELECT record FROM journal_act", "SELECT body FROM journal_event", "SELECT body FROM journal_job"]
            {
                for row in cx.tx().query(sql, &[])? {
                    texts.push(row.get::<String>(0)?);
                }
            }
            Ok(texts.join("\n"))
        };
        let before = bench.read(look).await;
        bench.until(id, RequestState::Paid).await;
        let after = bench.read(look).await;
        assert!(before.contains("payments.wallet.push") || before.contains("attempt"));
        assert!(!before.contains("5800") && !after.contains("5800"));
    });
}
