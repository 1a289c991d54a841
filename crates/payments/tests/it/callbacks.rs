//! Callbacks from whoever can reach the address: what is taken, what is refused, and how.

use axum::http::{Request, Response};
use bytes::Bytes;
use payments::{AttemptId, RequestState};
use serde_json::{Value, json};

use crate::bench::{Bench, on_each};

const PATH: &str = "/api/payments/callbacks/mpesa";

fn paid(attempt: AttemptId, reference: &str, amount: i64) -> String {
    json!({"id": attempt, "state": "paid", "reference": reference, "amount_minor": amount, "currency": "LSL"})
        .to_string()
}

async fn tell(bench: &Bench, body: &str) -> Response<Bytes> {
    bench.post(PATH, &bench.signed(body, 0), body.to_owned()).await
}

fn code(answer: &Response<Bytes>) -> (u16, String) {
    let body: Value = serde_json::from_slice(answer.body()).unwrap();
    (answer.status().as_u16(), body["code"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn only_the_wallet_is_believed_and_only_when_fresh() {
    on_each(async |bench| {
        let id = bench.ask_for(500).await;
        let attempt = bench.choose(id, "58001203").await.unwrap();
        let body = paid(attempt, "W1", 500);
        let refused = (401, "payments.callback.signature".to_owned());
        assert_eq!(code(&bench.post(PATH, &[], body.clone()).await), refused, "no signature");
        let mut headers = bench.signed(&body, 0);
        headers[1].1 = "0".repeat(64);
        assert_eq!(code(&bench.post(PATH, &headers, body.clone()).await), refused, "a forged one");
        for seconds in [-301, 301, -86_400] {
            assert_eq!(
                code(&bench.post(PATH, &bench.signed(&body, seconds), body.clone()).await),
                refused,
                "{seconds}"
            );
        }
        let other = body.replace("500", "501");
        assert_eq!(code(&bench.post(PATH, &bench.signed(&body, 0), other).await), refused, "another body");
        let elsewhere = "/api/payments/callbacks/nobody";
        let unknown = bench.post(elsewhere, &bench.signed(&body, 0), body.clone()).await;
        assert_eq!(code(&unknown), (404, "payments.wallet.unknown".to_owned()));
        let ecocash = bench.post("/api/payments/callbacks/ecocash", &bench.signed(&body, 0), body.clone()).await;
        assert_eq!(code(&ecocash), (404, "payments.attempt.unknown".to_owned()), "an attempt of another wallet");
        assert_eq!(bench.state(id).await, RequestState::Sent);
        assert_eq!(bench.post(PATH, &bench.signed(&body, -299), body.clone()).await.status(), 200);
        assert_eq!(bench.state(id).await, RequestState::Paid);
    });
}

#[test]
fn the_same_news_twice_has_one_answer_and_one_effect() {
    on_each(async |bench| {
        let id = bench.ask_for(500).await;
        let attempt = bench.choose(id, "58001203").await.unwrap();
        let body = paid(attempt, "W1", 500);
        let first = tell(&bench, &body).await;
        bench.clock.step(60);
        let second = tell(&bench, &body).await;
        assert_eq!((first.status(), first.body()), (second.status(), second.body()));
        // The same in other words: the rows know it, not only the key.
        let spaced = body.replace("{", "{ ");
        assert_eq!(tell(&bench, &spaced).await.status(), 200);
        let late = json!({"id": attempt, "state": "declined", "reason": "changed_mind"}).to_string();
        assert_eq!(tell(&bench, &late).await.status(), 200, "a no after the money means nothing");
        assert_eq!((bench.state(id).await, bench.events(id).await), (RequestState::Paid, vec!["paid".to_owned()]));
        assert_eq!(bench.balance("wallet:mpesa").await, 500);
        assert!(bench.audit().await.is_sound());
    });
}

#[test]
fn many_at_once_are_one() {
    on_each(async |bench| {
        let id = bench.ask_for(500).await;
        let attempt = bench.choose(id, "58001203").await.unwrap();
        let (plain, spaced) = (paid(attempt, "W1", 500), paid(attempt, "W1", 500).replace(":", ": "));
        let mut running = Vec::new();
        for place in 0..12 {
            let body = if place % 2 == 0 { plain.clone() } else { spaced.clone() };
            let mut request = Request::post(format!("{}{PATH}", bench.ours));
            for (name, value) in bench.signed(&body, 0) {
                request = request.header(name, value);
            }
            let (outbound, request) = (bench.outbound.clone(), request.body(Bytes::from(body)).unwrap());
            running.push(tokio::spawn(async move { outbound.send(request).await.unwrap().status() }));
        }
        for answer in running {
            assert_eq!(answer.await.unwrap(), 200);
        }
        assert_eq!((bench.events(id).await, bench.balance("wallet:mpesa").await), (vec!["paid".to_owned()], 500));
        assert!(bench.audit().await.is_sound());
    });
}

#[test]
fn money_that_came_twice_goes_back_once() {
    on_each(async |bench| {
        let id = bench.ask_for(500).await;
        let attempt = bench.choose(id, "58001203").await.unwrap();
        assert_eq!(tell(&bench, &paid(attempt, "W1", 500)).await.status(), 200);
        assert_eq!(tell(&bench, &paid(attempt, "W2", 500)).await.status(), 200, "a second movement of money");
        assert_eq!(bench.suspense(id).await, [("refunding".to_owned(), "paid_already".to_owned())]);
        let reused = tell(&bench, &paid(attempt, "W1", 499)).await;
        assert_eq!(code(&reused), (409, "payments.callback.reused".to_owned()));
        assert!(bench.audit().await.is_sound());
        // This wallet never took W2, so it will not take it back: an officer sees it.
        bench.work().await;
        assert_eq!(bench.suspense(id).await, [("review".to_owned(), "refund_refused".to_owned())]);
        assert_eq!((bench.balance("wallet:mpesa").await, bench.balance("suspense:LSL").await), (1000, -500));
        assert!(bench.audit().await.is_sound());
    });
}

#[test]
fn garbage_is_refused_before_anything_happens() {
    on_each(async |bench| {
        let id = bench.ask_for(500).await;
        let attempt = bench.choose(id, "58001203").await.unwrap();
        let unknown: AttemptId = AttemptId::from_bytes([7; 16]);
        let invalid = |what: &str| (422, format!("payments.callback.{what}"));
        for (body, expected) in [
            (String::new(), invalid("shape")),
            ("{".to_owned(), invalid("shape")),
            ("[]".to_owned(), invalid("shape")),
            ("[".repeat(4000), invalid("shape")),
            ("{\"id\":\"pay_x\",\"state\":\"paid\"}".to_owned(), invalid("shape")),
            (paid(attempt, "W1", 500).replace("paid", "given"), invalid("shape")),
            (paid(attempt, "W1", 500).replace("500", "5e2"), invalid("shape")),
            (paid(attempt, "W1", 500).replace("500", "99999999999999999999"), invalid("shape")),
            (paid(attempt, "W1", 500).replace("{", "{\"extra\":1,"), invalid("shape")),
            (paid(attempt, "W1", 0), invalid("amount")),
            (paid(attempt, "W1", -500), invalid("amount")),
            (paid(attempt, "W1", (1 << 53) + 1), invalid("amount")),
            (paid(attempt, "W1", i64::MAX), invalid("amount")),
            (paid(attempt, "W1", 500).replace("LSL", "ZAR"), invalid("amount")),
            (paid(attempt, "", 500), invalid("reference")),
            (paid(attempt, "W 1", 500), invalid("reference")),
            (paid(attempt, &"W".repeat(65), 500), invalid("reference")),
            (paid(unknown, "W1", 500), (404, "payments.attempt.unknown".to_owned())),
        ] {
            assert_eq!(code(&tell(&bench, &body).await), expected, "{body:.80}");
        }
        let large = format!("{{\"id\":\"{}\"}}", "x".repeat(9000));
        assert_eq!(code(&tell(&bench, &large).await), (413, "payments.callback.large".to_owned()));
        let latin = bench.post(PATH, &bench.signed("x", 0), vec![0xff, 0xfe, 0x00]).await;
        assert_eq!(latin.status(), 401);
        assert_eq!(bench.state(id).await, RequestState::Sent);
        assert_eq!(bench.balance("wallet:mpesa").await, 0);
        assert!(bench.audit().await.is_sound());
    });
}
