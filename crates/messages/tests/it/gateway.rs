//! The gateway for short messages: what it is sent, what its answers mean, and its receipts.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use axum::routing::post;
use crypto::signed_call::{SIGNATURE, TIMESTAMP, is_signed, sign};
use edge::{Limits, Outbound, OutboundLimits, Site, SiteSettings, frame};
use messages::{Carriers, ReceiptState, SmsGateway, Told, receipt_routes, take_receipt};
use serde_json::Value;
use spine::{Caller, Clock, Fault, Secret};
use testkit::SeededEntropy;
use tower::ServiceExt;

use crate::{Bench, on_each, to_lineo};

const SECRET: &[u8] = b"0123456789abcdef";

/// What a gateway was sent, and what it answers next.
#[derive(Clone, Default)]
struct Answers {
    next: Arc<Mutex<Vec<StatusCode>>>,
    taken: Arc<Mutex<Vec<Value>>>,
}

async fn gateway(bench: &Bench, answers: Answers) -> SmsGateway {
    let clock = Arc::clone(&bench.clock);
    let take = post(move |headers: HeaderMap, body: Bytes| async move {
        let header = |name: &str| headers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
        let secret = Secret::new(SECRET.to_vec());
        assert!(is_signed(&secret, clock.now(), &header(TIMESTAMP), &header(SIGNATURE), &body));
        let status = answers.next.lock().unwrap().pop().unwrap_or(StatusCode::ACCEPTED);
        answers.taken.lock().unwrap().push(serde_json::from_slice(&body).unwrap());
        (status, "{\"reference\":\"g-1\"}")
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/messages", take)).await.unwrap() });
    SmsGateway {
        base_url,
        secret: Secret::new(SECRET.to_vec()),
        sender: "LETSEMA".to_owned(),
        outbound: Outbound::new(OutboundLimits::default()),
        clock: Arc::clone(&bench.clock) as _,
    }
}

async fn states(bench: &Bench) -> Vec<(String, Option<String>)> {
    let read = |cx: &mut spine::Cx<'_>| {
        let rows = cx.tx().query("SELECT state, receipt FROM messages_message ORDER BY id", &[])?;
        rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect::<Result<Vec<_>, Fault>>()
    };
    bench.acts.read(&Caller::system("test"), read).await.unwrap()
}

fn carried_by(bench: &mut Bench, sms: Option<SmsGateway>) {
    bench.messages = bench.messages.clone().carried_by(Arc::new(Carriers { sms, mail: None }));
    bench.workers = bench.messages.handlers(&bench.acts, journal::Workers::default());
}

#[test]
fn a_busy_gateway_is_asked_again_with_the_same_id_and_an_unknown_number_is_not() {
    on_each(async |mut bench| {
        let answers = Answers::default();
        answers.next.lock().unwrap().extend([
            StatusCode::ACCEPTED,
            StatusCode::UNAUTHORIZED,
            StatusCode::SERVICE_UNAVAILABLE,
        ]);
        let sms = gateway(&bench, answers.clone()).await;
        carried_by(&mut bench, Some(sms));
        bench.send(to_lineo("Tšepo", false)).await.unwrap();
        for _ in 0..3 {
            bench.work().await;
            bench.clock.step(10);
        }
        let taken = answers.taken.lock().unwrap().clone();
        assert_eq!(taken.len(), 3);
        assert!(taken.iter().all(|message| message["id"] == taken[0]["id"] && message["text"] == "Tsepo"));
        assert_eq!((&taken[0]["from"], &taken[0]["to"]), (&"LETSEMA".into(), &"+26658001234".into()));
        answers.next.lock().unwrap().push(StatusCode::UNPROCESSABLE_ENTITY);
        bench.send(to_lineo("two", false)).await.unwrap();
        bench.work().await;
        assert_eq!(states(&bench).await, [("delivered".to_owned(), None), ("undeliverable".to_owned(), None)]);
    });
}

#[test]
fn a_channel_that_nobody_carries_ends_as_undeliverable() {
    on_each(async |mut bench| {
        carried_by(&mut bench, None);
        bench.send(to_lineo("one", false)).await.unwrap();
        bench.work().await;
        assert_eq!(states(&bench).await, [("undeliverable".to_owned(), None)]);
    });
}

fn told(id: &Value, state: ReceiptState) -> Told {
    Told { id: id.as_str().unwrap().parse().unwrap(), state }
}

#[test]
fn the_last_word_of_a_receipt_stands() {
    on_each(async |mut bench| {
        let answers = Answers::default();
        let sms = gateway(&bench, answers.clone()).await;
        carried_by(&mut bench, Some(sms));
        bench.send(to_lineo("one", false)).await.unwrap();
        bench.work().await;
        let id = answers.taken.lock().unwrap()[0]["id"].clone();
        let mut outcomes = Vec::new();
        for state in [ReceiptState::Failed, ReceiptState::Failed, ReceiptState::Delivered, ReceiptState::Failed] {
            let told = told(&id, state);
            let take = move |cx: &mut spine::Cx<'_>| take_receipt(cx, &told);
            outcomes.push(bench.acts.write(&Caller::system("test"), &journal::Key::none(), take).await.unwrap());
        }
        assert_eq!(outcomes, [true, false, true, false]);
        assert_eq!(states(&bench).await, [("delivered".to_owned(), Some("delivered".to_owned()))]);
        let unknown = told(&"msg_00000000000000000000000001".into(), ReceiptState::Failed);
        let take = move |cx: &mut spine::Cx<'_>| take_receipt(cx, &unknown);
        let refused = bench.acts.write(&Caller::system("test"), &journal::Key::none(), take).await.unwrap_err();
        assert_eq!(refused.code(), "messages.receipt.unknown");
    });
}

#[test]
fn a_receipt_must_be_signed_small_fresh_and_of_its_shape() {
    on_each(async |mut bench| {
        let answers = Answers::default();
        let sms = gateway(&bench, answers.clone()).await;
        carried_by(&mut bench, Some(sms));
        bench.send(to_lineo("one", false)).await.unwrap();
        bench.work().await;
        let id = answers.taken.lock().unwrap()[0]["id"].clone();
        let settings = SiteSettings::new(
            Arc::clone(&bench.words),
            "https://letsema.example",
            Secret::new([1; 32]),
            Arc::clone(&bench.clock) as _,
            Arc::new(SeededEntropy::default()),
        );
        let routes = receipt_routes(bench.acts.clone(), Secret::new(SECRET.to_vec()));
        let router = frame(routes, &Site::new(settings), Limits::default());
        let now = bench.clock.now().as_seconds();
        let post = async |body: String, secret: &[u8], time: i64| {
            let signature = sign(&Secret::new(secret.to_vec()), time, body.as_bytes());
            let request = Request::post("/api/messages/receipts").header(TIMESTAMP, time).header(SIGNATURE, signature);
            router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap().status()
        };
        let fine = format!("{{\"id\":{id},\"state\":\"failed\"}}");
        assert_eq!(post(fine.clone(), b"another secret 16", now).await, StatusCode::UNAUTHORIZED);
        assert_eq!(post(fine.clone(), SECRET, now - 301).await, StatusCode::UNAUTHORIZED);
        for garbage in ["", "[]", "{\"id\":\"x\",\"state\":\"failed\"}", &fine.replace("failed", "lost")] {
            assert_eq!(post(garbage.to_owned(), SECRET, now).await, StatusCode::UNPROCESSABLE_ENTITY, "{garbage}");
        }
        assert_eq!(post("x".repeat(5_000), SECRET, now).await, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(states(&bench).await[0].1, None, "nothing was taken");
        assert_eq!(post(fine.clone(), SECRET, now).await, StatusCode::OK);
        assert_eq!(post(fine, SECRET, now + 1).await, StatusCode::OK, "again is the same");
        assert_eq!(states(&bench).await[0].1.as_deref(), Some("failed"));
    });
}
