//! Payments over HTTP: a wallet's signed callbacks, each a durable payment of a request with its receipt, act and events.
//!
//! **Invariant:** each callback pays a request of its own; server and callers share the process and the machine, over loopback.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::Request;
use bytes::Bytes;
use crypto::signed_call::{SIGNATURE, TIMESTAMP, sign};
use edge::{Bucket, Limits, Outbound, OutboundLimits, Site, SiteSettings, frame};
use journal::{Acts, Key, Policies, Subscriptions};
use payments::{AttemptId, Gateway, NewRequest, WalletLink, Wallets, choose_wallet};
use serde_json::json;
use spine::{
    Actor, Assurance, Caller, Clock, Currency, Cx, Language, Localised, Migration, Money, Personal, Secret, Via,
};
use testkit::{SeededEntropy, TestDatabase};

use crate::RealClock;

const REQUESTS: usize = 40_000;
const PIECE: usize = 500;
const AT_ONCE: [usize; 3] = [16, 64, 256];
const SECRET: &[u8] = b"the secret of this bench";

pub(crate) fn run() {
    let steps: Vec<Migration> = [journal::MIGRATIONS, payments::MIGRATIONS].concat();
    println!("payments over HTTP: signed callbacks, each pays a request of its own");
    println!(
        "{:<12} {:>8} {:>10} {:>8} {:>8} {:>14}",
        "database", "at once", "a second", "p50 ms", "p99 ms", "CPU µs (both)"
    );
    for name in ["SQLite", "PostgreSQL"] {
        let database = if name == "SQLite" {
            Some(testkit::sqlite(&steps))
        } else {
            testkit::databases(&steps).into_iter().nth(1)
        };
        let Some(database) = database else { return };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(on(name, &database));
    }
}

async fn on(name: &str, database: &TestDatabase) {
    let clock: Arc<dyn Clock> = Arc::new(RealClock);
    let policies = std::fs::read_to_string("packs/lesotho/policies/payments.cedar").unwrap();
    let acts = Acts::new(
        Arc::new(database.store.clone()),
        Arc::clone(&clock),
        Arc::new(SeededEntropy::default()),
        Arc::new(Policies::parse([("payments.cedar", policies.as_str())]).unwrap()),
        Subscriptions::default(),
    );
    let text = std::fs::read_to_string("packs/lesotho/wallets.toml").unwrap();
    let link = WalletLink { base_url: "http://127.0.0.1:1".to_owned(), secret: Secret::new(SECRET.to_vec()) };
    let wallets = Wallets::parse(&text, |_| Some(link.clone())).unwrap();
    let limits = OutboundLimits { connect_ms: 5_000, timeout_ms: 30_000, response_bytes: 8 * 1024 };
    let outbound = Outbound::new(limits);
    let gateway = Gateway::new(acts.clone(), wallets.clone(), outbound.clone(), Arc::clone(&clock));
    let words = Arc::new(testkit::words(&["edge", "payments"]));
    let entropy = Arc::new(SeededEntropy::default());
    let site = SiteSettings::new(words, "http://localhost:8080", Secret::new([5; 32]), clock, entropy);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/api/payments/callbacks/mpesa", listener.local_addr().unwrap());
    let per_address = Bucket { name: "bench", burst: 1_000_000, seconds: 1 };
    let limits = Limits { concurrency: 4_096, per_address, ..Limits::default() };
    let router = frame(payments::calls(gateway), &Site::new(site), limits);
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let attempts = Arc::new(asked(&acts, &wallets).await);
    let mut first = 0;
    for at_once in AT_ONCE {
        let share = REQUESTS / AT_ONCE.len();
        let mut times = Vec::new();
        let (begun, cpu) = (Instant::now(), crate::cpu_time_of("self"));
        let mut running = Vec::new();
        for worker in 0..at_once {
            let (attempts, outbound, address) = (Arc::clone(&attempts), outbound.clone(), address.clone());
            running.push(tokio::spawn(async move {
                let mut times = Vec::new();
                for place in (first + worker..first + share).step_by(at_once) {
                    times.push(call(&outbound, &address, attempts[place], place).await);
                }
                times
            }));
        }
        for one in running {
            times.extend(one.await.unwrap());
        }
        let (wall, cpu) = (begun.elapsed(), crate::cpu_time_of("self").saturating_sub(cpu));
        times.sort_unstable();
        let at = |part: usize| times[times.len() * part / 100].as_secs_f64() * 1e3;
        let (rate, each) = (share as f64 / wall.as_secs_f64(), cpu.as_secs_f64() * 1e6 / share as f64);
        println!("{name:<12} {at_once:>8} {rate:>10.0} {:>8.1} {:>8.1} {each:>14.0}", at(50), at(99));
        first += share;
    }
}

/// Requests that wait for their wallet.
async fn asked(acts: &Acts, wallets: &Wallets) -> Vec<AttemptId> {
    let actor = Actor::person("per_bench", Personal::new("Bench".to_owned()), Assurance::Substantial);
    let caller = Caller { actor, via: Via::Web, language: Language::new("en-LS") };
    let mut all = Vec::new();
    for piece in 0..REQUESTS / PIECE {
        let wallets = wallets.clone();
        let ask = move |cx: &mut Cx<'_>| {
            let mut attempts = Vec::new();
            for place in 0..PIECE {
                let new = NewRequest {
                    payer: "per_bench".to_owned(),
                    amount: Money::new(13_000, Currency::parse("LSL").unwrap()),
                    account: "income:bench".to_owned(),
                    reference: format!("B-{piece}-{place}"),
                    description: Localised::from([("en", "Bench"), ("st", "Bench")]),
                    return_path: "/".to_owned(),
                    expires_at: cx.now().plus_seconds(86_400),
                };
                let id = payments::request(cx, &new)?;
                // A phone each: from one there are limits.
                let phone = format!("5{:07}", piece * PIECE + place);
                attempts.push(choose_wallet(cx, &wallets, id, "mpesa", &phone)?);
            }
            Ok(attempts)
        };
        all.extend(acts.post_bulk(&caller, &Key::none(), ask).await.unwrap());
    }
    all
}

async fn call(outbound: &Outbound, address: &str, attempt: AttemptId, place: usize) -> Duration {
    let told = json!({ "id": attempt, "state": "paid", "reference": format!("W{place}"), "amount_minor": 13_000, "currency": "LSL" });
    let body = told.to_string().into_bytes();
    let time = RealClock.now().as_seconds();
    let request = Request::post(address)
        .header("content-type", "application/json")
        .header(TIMESTAMP, time)
        .header(SIGNATURE, sign(&Secret::new(SECRET.to_vec()), time, &body))
        .body(Bytes::from(body))
        .unwrap();
    let begun = Instant::now();
    let answer = outbound.send(request).await.unwrap();
    assert!(answer.status().is_success(), "{}: {:?}", answer.status(), answer.body());
    begun.elapsed()
}
