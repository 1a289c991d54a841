//! Payment as a service through its doors: joined by two officers, billed by a program over HTTP, told by a signed call.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use payments::billers::{self, BillerId};
use payments::bills;
use serde_json::{Value, json};
use spine::{Actor, ActorKind, Assurance, Caller, Cx, Fault, Language, Secret, Via};
use tokio::net::TcpListener;

use crate::bench::{Bench, on_each};
use crate::bills::anybody;

const KEY: &str = "letsema_a-key-of-this-test";

fn officer(id: &str, role: &str, institution: &str) -> Caller {
    let mut actor = Actor::bare(ActorKind::Officer, id);
    (actor.roles, actor.institution) = (vec![role.to_owned()], Some(institution.to_owned()));
    actor.assurance = Assurance::High;
    Caller { actor, via: Via::Web, language: Language::new("en-LS") }
}

fn theirs() -> Caller {
    officer("off_naleli", "billing-officer", "ministry-education")
}

fn treasury() -> Caller {
    officer("off_mosa", "payments-officer", "ministry-finance")
}

async fn joined(bench: &Bench, hook: &str) -> BillerId {
    let hook = hook.to_owned();
    let id = bench.write(&theirs(), move |cx| billers::ask(cx, &hook)).await.unwrap();
    bench.write(&treasury(), move |cx| billers::open(cx, id)).await.unwrap();
    let hash = crypto_hash(KEY);
    bench.write(&theirs(), move |cx| billers::new_key(cx, id, &Secret::new(hash))).await.unwrap();
    id
}

fn crypto_hash(key: &str) -> [u8; 32] {
    crypto::sha256(&[key.as_bytes()])
}

async fn call(bench: &Bench, method: &str, path: &str, key: &str, body: &Value, name: &str) -> (u16, Value) {
    let request = axum::http::Request::builder()
        .method(method)
        .uri(format!("{}{path}", bench.ours))
        .header("authorization", format!("Bearer {key}"))
        .header("content-type", "application/json")
        .header("idempotency-key", name)
        .body(Bytes::from(if body.is_null() { String::new() } else { body.to_string() }))
        .unwrap();
    let answer = bench.outbound.send(request).await.unwrap();
    (answer.status().as_u16(), serde_json::from_slice(answer.body()).unwrap_or(Value::Null))
}

fn bill(reference: &str, minor: i64) -> Value {
    json!({
        "reference": reference,
        "description": { "en": "Examination fee", "st": "Tefiso ea tlhahlobo" },
        "amount_minor": minor,
        "currency": "LSL",
        "shares": [{ "account": "income:ministry-education", "amount_minor": minor }],
        "expires_at": "2027-11-24T08:00:00Z",
    })
}

type Heard = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

async fn hear(State(heard): State<Heard>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let mut heard = heard.lock().unwrap();
    heard.push((headers, body));
    // The first is answered as by a program that is just being started.
    if heard.len() == 1 { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::NO_CONTENT }
}

#[test]
fn a_program_bills_and_hears_of_every_payment() {
    on_each(async |bench| {
        let heard = Heard::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let hook = format!("http://{}/paid", listener.local_addr().unwrap());
        let router = Router::new().route("/paid", post(hear)).with_state(Arc::clone(&heard));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        joined(&bench, &hook).await;
        let wanted = json!({ "bills": [bill("EX-1", 50_000), bill("EX-2", 20_000)] });
        let (status, made) = call(&bench, "POST", "/api/payments/bills", KEY, &wanted, "once").await;
        assert_eq!(status, 201, "{made}");
        let number = made["bills"][0]["number"].as_str().unwrap().to_owned();
        let again = call(&bench, "POST", "/api/payments/bills", KEY, &wanted, "once").await;
        assert_eq!(again, (201, made), "the same request has the same answer");
        let other = json!({ "bills": [bill("EX-3", 1)] });
        let (status, refused) = call(&bench, "POST", "/api/payments/bills", KEY, &other, "once").await;
        assert_eq!((status, refused["code"].as_str()), (409, Some("journal.key.reused")), "{refused}");

        let (wallets, typed) = (bench.gateway.wallets().clone(), number.clone());
        let pay = move |cx: &mut Cx<'_>| bills::pay(cx, &wallets, &typed, None, "mpesa", "58001201");
        let request = bench.write(&anybody(), pay).await.unwrap();
        bench.until(request, payments::RequestState::Paid).await;
        // It is told again five seconds after the first call failed, whenever that was.
        let second = async || {
            bench.clock.step(5);
            heard.lock().unwrap().len() == 2
        };
        bench.wait_for("the second call", second).await;
        let (first, second) = {
            let heard = heard.lock().unwrap();
            (heard[0].clone(), heard[1].clone())
        };
        assert_eq!(first.0["webhook-id"], second.0["webhook-id"], "told again under the same id");
        let told: Value = serde_json::from_slice(&second.1).unwrap();
        let data = &told["data"];
        assert_eq!((told["type"].as_str(), data["reference"].as_str()), (Some("bill.paid"), Some("EX-1")));
        assert_eq!((data["paid_minor"].as_i64(), data["left_minor"].as_i64()), (Some(50_000), Some(0)));
        assert!(payments::is_receipt_number(data["receipt"].as_str().unwrap()));
        assert!(second.0["webhook-signature"].to_str().unwrap().starts_with("v1,"));
        let (status, events) = call(&bench, "GET", "/api/payments/events", KEY, &Value::Null, "x").await;
        assert_eq!((status, &events["events"][0]), (200, &told), "what was told can be fetched");
        let after = format!("/api/payments/events?after={}", told["id"].as_str().unwrap());
        let (_, events) = call(&bench, "GET", &after, KEY, &Value::Null, "x").await;
        assert_eq!(events["events"].as_array().unwrap().len(), 0);
        let (status, shown) =
            call(&bench, "GET", &format!("/api/payments/bills/{number}"), KEY, &Value::Null, "x").await;
        assert_eq!((status, shown["state"].as_str()), (200, Some("paid")));
        bench.must_be_sound().await;
    });
}

#[test]
fn whoever_is_not_let_in_is_not_in() {
    on_each(async |bench| {
        let id = bench.write(&theirs(), |cx| billers::ask(cx, "")).await.unwrap();
        let fault = |outcome: Result<(), Fault>| outcome.unwrap_err().code();
        let early = bench.write(&theirs(), move |cx| billers::new_key(cx, id, &Secret::new([1; 32]))).await;
        assert_eq!(fault(early), "payments.biller.not_open");
        assert_eq!(fault(bench.write(&theirs(), move |cx| billers::open(cx, id)).await), "payments.biller.same");
        for hook in ["ftp://x", "http://example.com/paid", "javascript:alert(1)", "not an address"] {
            let asked = bench.write(&theirs(), move |cx| billers::ask(cx, hook).map(drop)).await;
            assert_eq!(fault(asked), "payments.biller.hook", "{hook}");
        }
        bench.write(&treasury(), move |cx| billers::open(cx, id)).await.unwrap();
        let hash = crypto_hash(KEY);
        bench.write(&theirs(), move |cx| billers::new_key(cx, id, &Secret::new(hash))).await.unwrap();
        let wanted = json!({ "bills": [bill("EX-1", 50_000)] });
        for key in ["", "another", "letsema_", KEY.strip_suffix('t').unwrap()] {
            let (status, refused) = call(&bench, "POST", "/api/payments/bills", key, &wanted, "a").await;
            assert_eq!((status, refused["code"].as_str()), (401, Some("payments.biller.key")), "{refused}");
        }
        // A bad one among many: none is made, and the answer says which.
        let mut bad = bill("EX-2", 1);
        bad["shares"][0]["amount_minor"] = json!(2);
        let mixed = json!({ "bills": [bill("EX-1", 50_000), bad] });
        let (status, refused) = call(&bench, "POST", "/api/payments/bills", KEY, &mixed, "b").await;
        assert_eq!((status, refused["code"].as_str()), (422, Some("payments.bill.shares")), "{refused}");
        assert!(refused.to_string().contains("Bill 2"), "{refused}");
        for body in [json!({}), json!({ "bills": "x" }), json!({ "bills": [{ "amount_minor": 1.5 }] })] {
            let (status, _) = call(&bench, "POST", "/api/payments/bills", KEY, &body, "c").await;
            assert!(status == 400 || status == 422, "{body}: {status}");
        }
        // Another institution's bill is as unknown as none.
        let (_, made) = call(&bench, "POST", "/api/payments/bills", KEY, &wanted, "d").await;
        let number = made["bills"][0]["number"].as_str().unwrap().to_owned();
        let others = officer("off_other", "billing-officer", "ministry-trade");
        let theirs_too = bench.write(&others, |cx| billers::ask(cx, "")).await.unwrap();
        bench.write(&treasury(), move |cx| billers::open(cx, theirs_too)).await.unwrap();
        let hash = crypto_hash("letsema_other");
        bench.write(&others, move |cx| billers::new_key(cx, theirs_too, &Secret::new(hash))).await.unwrap();
        for method in ["GET", "DELETE"] {
            let path = format!("/api/payments/bills/{number}");
            let (status, _) = call(&bench, method, &path, "letsema_other", &Value::Null, "e").await;
            assert_eq!(status, 404, "{method}");
        }
        // Shut out: the key is worth nothing.
        bench.write(&treasury(), move |cx| billers::close(cx, id)).await.unwrap();
        let (status, _) = call(&bench, "POST", "/api/payments/bills", KEY, &wanted, "f").await;
        assert_eq!(status, 401);
    });
}
