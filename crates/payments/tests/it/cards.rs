//! Paying by card: handed over to the acquirer's page, and every way in which it can go from there.

use axum::http::{Request as HttpRequest, Response};
use bytes::Bytes;
use edge::{Outbound, OutboundLimits};
use payments::bills::{self, BillState};
use payments::cards::{begin, begin_bill};
use payments::disputes::{self, DisputeId, DisputeState};
use payments::treasury::{DayState, day, reconcile_again};
use payments::{AttemptId, RequestId, RequestState, ReturnState};
use serde_json::{Value, json};
use spine::{Actor, ActorKind, Assurance, Caller, Cx, Fault, Language, Via};

use crate::bench::{Bench, lsl, on_each, person};
use crate::remittances::{bill_of, daughter};

/// She chooses to pay by card.
async fn begun(bench: &Bench, id: RequestId) -> Result<AttemptId, Fault> {
    let rails = bench.gateway.rails().clone();
    bench.write(&person("per_lineo"), move |cx| begin(cx, &rails, id, "kopano")).await
}

fn location(answer: &Response<Bytes>) -> String {
    answer.headers().get("location").map(|it| it.to_str().unwrap().to_owned()).unwrap_or_default()
}

/// A browser asks for a page of ours.
async fn get(bench: &Bench, path: &str) -> Response<Bytes> {
    let browser = Outbound::new(OutboundLimits { timeout_ms: 5_000, response_bytes: 1 << 20, ..Default::default() });
    browser.send(HttpRequest::get(format!("{}{path}", bench.ours)).body(Bytes::new()).unwrap()).await.unwrap()
}

async fn post(url: &str, kind: &str, body: String) -> Response<Bytes> {
    let browser = Outbound::new(OutboundLimits { timeout_ms: 5_000, response_bytes: 1 << 20, ..Default::default() });
    let request = HttpRequest::post(url).header("content-type", kind).body(Bytes::from(body)).unwrap();
    browser.send(request).await.unwrap()
}

/// Her browser is sent to the acquirer, where she chooses a test card; and comes back.
async fn chooses(bench: &Bench, attempt: AttemptId, card: &str) {
    let sent = get(bench, &format!("/card/{attempt}")).await;
    assert_eq!(sent.status(), 303);
    let url = location(&sent);
    assert!(url.starts_with(&format!("{}/hosted/", bench.acquirer)), "{url}");
    let chosen = post(&url, "application/x-www-form-urlencoded", format!("card={card}")).await;
    assert_eq!(chosen.status(), 303, "{card}");
    assert_eq!(location(&chosen), format!("http://localhost:8080/card/{attempt}/back"));
}

async fn at_acquirer(bench: &Bench, path: &str, body: &Value) -> Value {
    let answer = post(&format!("{}{path}", bench.acquirer), "application/json", body.to_string()).await;
    assert!(answer.status().is_success(), "{path}: {}", answer.status());
    serde_json::from_slice(answer.body()).unwrap()
}

async fn log(bench: &Bench) -> Value {
    let request = HttpRequest::get(format!("{}/log.json", bench.acquirer)).body(Bytes::new()).unwrap();
    let large = OutboundLimits { response_bytes: 1 << 22, timeout_ms: 5_000, ..Default::default() };
    serde_json::from_slice(Outbound::new(large).send(request).await.unwrap().body()).unwrap()
}

/// The books are sound, and the acquirer says the same of its money, less what it has settled.
async fn sound(bench: &Bench, settled: i64) {
    let audit = bench.audit().await;
    assert!(audit.is_sound(), "{:?}", audit.findings);
    let log = log(bench).await;
    let theirs = log["taken_minor"].as_i64().unwrap() - log["returned_minor"].as_i64().unwrap();
    assert_eq!(bench.balance("acquirer:kopano").await, theirs - settled, "{log}");
}

/// Works, and lets the acquirer be asked, until the request stands so.
async fn until(bench: &Bench, id: RequestId, state: RequestState) {
    let stands = async || {
        if bench.state(id).await != state {
            bench.clock.step(5);
        }
        bench.state(id).await == state
    };
    bench.wait_for(&format!("{id} to be {state:?}"), stands).await;
}

#[test]
fn paid_by_card_once_however_it_is_told() {
    on_each(async |bench| {
        // Told once, slowly, twice, after a refusal, after a forgery, and not at all.
        let all = ["pays", "slow", "twice", "declines_then_pays", "forged", "lost"];
        for card in all {
            let id = bench.ask_for(13_000).await;
            let attempt = begun(&bench, id).await.unwrap();
            assert_eq!(begun(&bench, id).await.unwrap_err().code(), "payments.request.busy");
            chooses(&bench, attempt, card).await;
            until(&bench, id, RequestState::Paid).await;
            let told = bench.events(id).await;
            assert_eq!(told.last().map(String::as_str), Some("paid"), "{card}: {told:?}");
            assert_eq!(told.iter().filter(|it| *it == "paid").count(), 1, "{card}");
            // Whoever opens the way again is led to what was paid.
            assert_eq!(location(&get(&bench, &format!("/card/{attempt}")).await), format!("/pay/{id}"));
            assert_eq!(location(&get(&bench, &format!("/card/{attempt}/back")).await), format!("/pay/{id}"));
        }
        assert_eq!(bench.balance("income:home-affairs").await, -13_000 * 6);
        sound(&bench, 0).await;
    });
}

#[test]
fn a_browser_that_comes_back_has_paid_nothing() {
    on_each(async |bench| {
        let id = bench.ask_for(13_000).await;
        let attempt = begun(&bench, id).await.unwrap();
        assert_eq!(location(&get(&bench, &format!("/card/{attempt}/back?state=captured")).await), format!("/pay/{id}"));
        bench.work().await;
        assert_eq!(bench.state(id).await, RequestState::Sent);
        for card in ["declines", "turns_back"] {
            let attempt = if card == "declines" { attempt } else { begun(&bench, id).await.unwrap() };
            chooses(&bench, attempt, card).await;
            until(&bench, id, RequestState::Failed).await;
        }
        // Never finished: the time runs out, and another try may be made.
        let left = begun(&bench, id).await.unwrap();
        bench.clock.step(901);
        bench.until(id, RequestState::Open).await;
        assert_eq!(location(&get(&bench, &format!("/card/{left}")).await), format!("/pay/{id}"));
        assert_eq!(bench.balance("acquirer:kopano").await, 0);
        sound(&bench, 0).await;
    });
}

#[test]
fn another_amount_waits_and_late_money_goes_back() {
    on_each(async |bench| {
        let id = bench.ask_for(13_000).await;
        let attempt = begun(&bench, id).await.unwrap();
        chooses(&bench, attempt, "other_amount").await;
        until(&bench, id, RequestState::Failed).await;
        assert_eq!(bench.suspense(id).await, [("review".to_owned(), "wrong_amount".to_owned())]);
        // Paid when the time is over still counts; for what was withdrawn meanwhile it goes back.
        let late = bench.ask_for(500).await;
        let attempt = begun(&bench, late).await.unwrap();
        chooses(&bench, attempt, "late").await;
        bench.clock.step(901);
        until(&bench, late, RequestState::Paid).await;
        let withdrawn = bench.ask_for(700).await;
        let attempt = begun(&bench, withdrawn).await.unwrap();
        chooses(&bench, attempt, "late").await;
        bench.write(&person("per_lineo"), move |cx| payments::withdraw(cx, withdrawn)).await.unwrap();
        bench.clock.step(901);
        let gone = async || {
            bench.clock.step(5);
            bench.suspense(withdrawn).await == [("refunded".to_owned(), "withdrawn".to_owned())]
        };
        bench.wait_for("the card's money to go back", gone).await;
        assert_eq!(bench.balance("acquirer:kopano").await, 13_600);
        sound(&bench, 0).await;
    });
}

#[test]
fn an_acquirer_that_is_busy_silent_or_unwilling() {
    on_each(async |bench| {
        let busy = bench.ask_for(1_009).await;
        let attempt = begun(&bench, busy).await.unwrap();
        for _ in 0..2 {
            let page = get(&bench, &format!("/card/{attempt}")).await;
            assert_eq!(page.status(), 502);
            assert!(String::from_utf8_lossy(page.body()).contains("Nothing was paid"));
        }
        chooses(&bench, attempt, "pays").await;
        until(&bench, busy, RequestState::Paid).await;
        // Taken without an answer: under the same key it is the same session.
        let silent = bench.ask_for(1_010).await;
        let attempt = begun(&bench, silent).await.unwrap();
        assert_eq!(get(&bench, &format!("/card/{attempt}")).await.status(), 502);
        assert_eq!(bench.state(silent).await, RequestState::Sent);
        let unwilling = bench.ask_for(1_011).await;
        let attempt = begun(&bench, unwilling).await.unwrap();
        assert_eq!(location(&get(&bench, &format!("/card/{attempt}")).await), format!("/pay/{unwilling}"));
        assert_eq!(bench.state(unwilling).await, RequestState::Failed);
        // What is no try by card, and an amount that no card takes.
        let by_wallet = bench.ask_for(500).await;
        let wallets = bench.choose(by_wallet, "58001203").await.unwrap();
        assert_eq!(get(&bench, &format!("/card/{wallets}")).await.status(), 404);
        let small = bench.ask_for(499).await;
        assert_eq!(begun(&bench, small).await.unwrap_err().code(), "payments.choice.wrong");
        sound(&bench, 0).await;
    });
}

#[test]
fn calls_that_are_not_the_acquirers_are_refused() {
    on_each(async |bench| {
        let id = bench.ask_for(500).await;
        let attempt = begun(&bench, id).await.unwrap();
        let path = "/api/payments/acquirers/kopano";
        let body =
            json!({ "id": attempt, "state": "captured", "reference": "C1", "amount_minor": 500, "currency": "LSL" });
        let body = body.to_string();
        assert_eq!(bench.post(path, &[], body.clone()).await.status(), 401);
        assert_eq!(bench.post(path, &bench.signed(&body, -600), body.clone()).await.status(), 401);
        assert_eq!(bench.post(path, &bench.signed("{}", 0), body.clone()).await.status(), 401);
        assert_eq!(
            bench.post("/api/payments/acquirers/nobody", &bench.signed(&body, 0), body.clone()).await.status(),
            404
        );
        for wrong in [
            body.replace("captured", "won"),
            body.replace("500", "5e2"),
            body.replace("500", "0"),
            body.replace("LSL", "ZAR"),
            body.replace("C1", ""),
            body.replacen('{', "{\"card\":\"4111111111111111\",", 1),
        ] {
            let status = bench.post(path, &bench.signed(&wrong, 0), wrong.clone()).await.status().as_u16();
            assert!((400..500).contains(&status), "{status} {wrong}");
        }
        let other = body.replace(&attempt.to_string(), "att_0000000000000000000000000a");
        assert!(bench.post(path, &bench.signed(&other, 0), other.clone()).await.status().is_client_error());
        assert_eq!(bench.state(id).await, RequestState::Sent, "nothing of it did anything");
        for _ in 0..2 {
            assert_eq!(bench.post(path, &bench.signed(&body, 0), body.clone()).await.status(), 200);
        }
        assert_eq!((bench.state(id).await, bench.balance("acquirer:kopano").await), (RequestState::Paid, 500));
    });
}

#[test]
fn a_bill_by_anybody_in_parts_and_a_fee_that_goes_back() {
    on_each(async |bench| {
        let bill = bill_of(&bench, "EX-CARD", 50_000).await;
        let (rails, number) = (bench.gateway.rails().clone(), bill.number.clone());
        let part = move |cx: &mut Cx<'_>| begin_bill(cx, &rails, &number, Some(lsl(1_000)), "kopano");
        assert_eq!(bench.write(&daughter(), part).await.unwrap_err().code(), "payments.bill.part");
        let (rails, number) = (bench.gateway.rails().clone(), bill.number.clone());
        let whole = move |cx: &mut Cx<'_>| begin_bill(cx, &rails, &number, None, "kopano");
        let attempt = bench.write(&daughter(), whole).await.unwrap();
        chooses(&bench, attempt, "pays").await;
        let number = bill.number.clone();
        let state = async || {
            let number = number.clone();
            bench.read(move |cx| Ok(bills::find(cx, &number)?.state)).await
        };
        bench.wait_for("the bill to be paid", async || state().await == BillState::Paid).await;
        assert_eq!(location(&get(&bench, &format!("/card/{attempt}/back")).await), format!("/bill/{}", bill.number));
        let id = bench.ask_for(13_000).await;
        let attempt = begun(&bench, id).await.unwrap();
        chooses(&bench, attempt, "pays").await;
        until(&bench, id, RequestState::Paid).await;
        bench.write(&Caller::system("it"), move |cx| payments::give_back(cx, id, lsl(3_000))).await.unwrap();
        let back = async || bench.read(move |cx| payments::returned(cx, id)).await.unwrap().state == ReturnState::Done;
        bench.wait_for("a part of the fee to be back on the card", back).await;
        assert_eq!(bench.balance("acquirer:kopano").await, 60_000);
        sound(&bench, 0).await;
    });
}

fn officer() -> Caller {
    let mut actor = Actor::bare(ActorKind::Officer, "off_mosa");
    (actor.roles, actor.assurance) = (vec!["payments-officer".to_owned()], Assurance::High);
    Caller { actor, via: Via::Web, language: Language::new("en-LS") }
}

async fn stated(bench: &Bench) -> (DayState, i64, i64, i64) {
    let today: spine::Date = "2026-11-24".parse().unwrap();
    let rails = bench.gateway.rails().clone();
    let again = move |cx: &mut Cx<'_>| reconcile_again(cx, &rails, "acquirer:kopano", today);
    bench.write(&officer(), again).await.unwrap();
    bench.work().await;
    let rails = bench.gateway.rails().clone();
    let seen = bench.write(&officer(), move |cx| day(cx, &rails, "acquirer:kopano", today)).await.unwrap();
    let it = seen.reconciliation;
    (it.state, it.ledger.minor(), it.told.minor(), it.exceptions)
}

#[test]
fn the_acquirers_day_agrees_less_its_commission() {
    on_each(async |bench| {
        let id = bench.ask_for(100_000).await;
        let attempt = begun(&bench, id).await.unwrap();
        chooses(&bench, attempt, "pays").await;
        until(&bench, id, RequestState::Paid).await;
        assert_eq!(stated(&bench).await, (DayState::Agrees, 100_000, 100_000, 0));
        let named = json!({ "reference": "SETTLEMENT-kopano-2026-11-24" });
        let settled = at_acquirer(&bench, "/settle", &named).await;
        assert_eq!(
            (settled["amount_minor"].as_i64(), settled["commission_minor"].as_i64()),
            (Some(97_500), Some(2_500))
        );
        bench.at_bank("/pay-in", &json!({ "amount_minor": 97_500, "end_to_end": settled["reference"] })).await;
        bench.wait_for("the bank's money", async || bench.balance("bank:cbl").await == 97_500).await;
        // The first look books the commission, the second finds all of the day on both sides.
        stated(&bench).await;
        assert_eq!(stated(&bench).await, (DayState::Agrees, 0, 0, 0));
        assert_eq!((bench.balance("acquirer:kopano").await, bench.balance("commission:kopano").await), (0, 2_500));
        sound(&bench, 100_000).await;
        // More than was agreed is not booked: an officer sees it.
        let id = bench.ask_for(10_000).await;
        let attempt = begun(&bench, id).await.unwrap();
        chooses(&bench, attempt, "pays").await;
        until(&bench, id, RequestState::Paid).await;
        let greedy = json!({ "reference": "SETTLEMENT-kopano-2026-11-24-b", "commission_minor": 301 });
        let settled = at_acquirer(&bench, "/settle", &greedy).await;
        bench
            .at_bank("/pay-in", &json!({ "amount_minor": settled["amount_minor"], "end_to_end": settled["reference"] }))
            .await;
        bench.wait_for("the bank's money", async || bench.balance("bank:cbl").await == 97_500 + 9_699).await;
        let (state, _, _, exceptions) = stated(&bench).await;
        assert_eq!((state, exceptions, bench.balance("acquirer:kopano").await), (DayState::Differs, 1, 301));
    });
}

async fn charged_back(bench: &Bench, attempt: AttemptId) {
    at_acquirer(bench, "/charge-back", &json!({ "id": attempt })).await;
}

async fn dispute(bench: &Bench) -> DisputeId {
    bench.write(&officer(), disputes::open).await.unwrap().first().unwrap().id
}

#[test]
fn a_charge_taken_back_is_a_dispute_with_the_money_held() {
    on_each(async |bench| {
        for (accepted, left) in [(true, 0), (false, 13_000)] {
            let id = bench.ask_for(13_000).await;
            let attempt = begun(&bench, id).await.unwrap();
            chooses(&bench, attempt, "pays").await;
            until(&bench, id, RequestState::Paid).await;
            charged_back(&bench, attempt).await;
            let open = bench.write(&officer(), disputes::open).await.unwrap();
            assert_eq!((open.len(), open[0].hold.is_some(), open[0].request), (1, true, id));
            let fault = bench.write(&Caller::system("it"), move |cx| payments::give_back(cx, id, lsl(1))).await;
            assert_eq!(fault.unwrap_err().code(), "payments.return.charged_back");
            let of = dispute(&bench).await;
            let decide = move |cx: &mut Cx<'_>| disputes::decide(cx, of, accepted, "As the bank's papers say.");
            bench.write(&officer(), decide).await.unwrap();
            assert_eq!(bench.balance("income:home-affairs").await, -left, "accepted {accepted}");
            let seen = bench.acts.read(&person("per_lineo"), move |cx| disputes::of(cx, id)).await.unwrap().1.unwrap();
            let state = if accepted { DisputeState::Upheld } else { DisputeState::Rejected };
            assert_eq!(seen.state, state);
            let audit = bench.audit().await;
            assert!(audit.is_sound(), "{:?}", audit.findings);
            // Accepted, the day agrees; contested, what the acquirer took is a case until it gives it back.
            let (state, .., exceptions) = stated(&bench).await;
            assert_eq!((state == DayState::Agrees, exceptions), (accepted, i64::from(!accepted)));
        }
        // A bill's money comes back through its beneficiaries.
        let bill = bill_of(&bench, "EX-BACK", 50_000).await;
        let (rails, number) = (bench.gateway.rails().clone(), bill.number.clone());
        let whole = move |cx: &mut Cx<'_>| begin_bill(cx, &rails, &number, None, "kopano");
        let attempt = bench.write(&daughter(), whole).await.unwrap();
        chooses(&bench, attempt, "pays").await;
        bench
            .wait_for("the bill's money", async || bench.balance("income:examinations-council").await == -50_000)
            .await;
        charged_back(&bench, attempt).await;
        let of = dispute(&bench).await;
        bench.write(&officer(), move |cx| disputes::decide(cx, of, true, "As the papers say.")).await.unwrap();
        assert_eq!((bench.balance("income:examinations-council").await, bench.balance("bills:LSL").await), (0, 0));
        let audit = bench.audit().await;
        assert!(audit.is_sound(), "{:?}", audit.findings);
    });
}
