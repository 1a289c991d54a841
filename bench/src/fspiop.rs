//! Whole exchanges a second through the switch: look-up, quote and transfer, each asked, handed on, answered and told, between
//! institutions that listen for their callbacks in this process, on the same processors.
//!
//! **Invariant:** the switch is the whole program as it runs for a country, beside its pages, sequencer and workers, durable on every
//! transfer. What is counted is an exchange of which the payer heard COMMITTED.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use edge::{Outbound, OutboundLimits};
use hyper::Request;
use serde_json::{Value, json};
use spine::{Currency, Money, Secret};
use switch::simulator::{Institutions, Member};

use crate::{RealClock, cpu_time, cpu_time_of, resident};

const FSPS: [&str; 4] = ["bench-bank", "bench-mpesa", "bench-ecocash", "bench-post"];
const CUSTOMERS: usize = 250;

/// `bench fspiop DEMO.json PID [EXCHANGES] [AT_ONCE…]`.
pub(crate) fn run(args: &[String]) {
    let [file, process, rest @ ..] = args else { panic!("bench fspiop DEMO.json PID [EXCHANGES] [AT_ONCE…]") };
    let count: usize = rest.first().map_or(5_000, |count| count.parse().unwrap());
    let at_once: Vec<usize> = rest.iter().skip(1).map(|one| one.parse().unwrap()).collect();
    let at_once = if at_once.is_empty() { vec![1, 16, 64, 256] } else { at_once };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let demo: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        let all = join(&demo["switch"]).await;
        exchange(&all, 200, 16).await;
        println!(
            "{count} exchanges of three phases, durable; institutions in a process of their own on the same processors"
        );
        println!(
            "{:>8} {:>10} {:>9} {:>9} {:>14} {:>14} {:>8} {:>8}",
            "at once", "a second", "p50 ms", "p99 ms", "switch CPU µs", "others CPU µs", "failed", "MiB"
        );
        for at_once in at_once {
            let (begun, own, theirs) = (Instant::now(), cpu_time(), cpu_time_of(process));
            let (mut times, failed) = exchange(&all, count, at_once).await;
            let wall = begun.elapsed();
            let (own, theirs) = (cpu_time() - own, cpu_time_of(process) - theirs);
            times.sort_unstable();
            let at = |part: usize| times.get(times.len() * part / 100).map_or(0.0, |time| time.as_secs_f64() * 1e3);
            let each = |time: Duration| time.as_secs_f64() * 1e6 / times.len().max(1) as f64;
            println!(
                "{at_once:>8} {:>10.0} {:>9.1} {:>9.1} {:>14.0} {:>14.0} {failed:>8} {:>8}",
                times.len() as f64 / wall.as_secs_f64(),
                at(50),
                at(99),
                each(theirs),
                each(own),
                resident(process),
            );
        }
    });
}

/// Institutions with deposits that last, and their customers.
async fn join(hub: &Value) -> Institutions {
    let text = |member: &str| hub[member].as_str().unwrap().to_owned();
    let limits = OutboundLimits { timeout_ms: 60_000, ..OutboundLimits::default() };
    let outbound = Outbound::new(limits);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let members: Vec<Member> = FSPS
        .iter()
        .map(|name| Member {
            name: (*name).to_owned(),
            token: Secret::new(crypto::base64url(&crypto::random::<24>())),
            key: None,
        })
        .collect();
    let (admin, token) = (text("admin_url"), text("operator_token"));
    for member in &members {
        let name = &member.name;
        let ask = async |verb: &str, path: &str, body: Value| {
            let request = Request::builder()
                .method(verb)
                .uri(format!("{admin}{path}"))
                .header("content-type", "application/json")
                .header("authorization", format!("Bearer {token}"))
                .body(Bytes::from(body.to_string()))
                .unwrap();
            let answer = outbound.send(request).await.unwrap();
            assert!(answer.status().is_success(), "{path}: {:?}", answer.body());
            serde_json::from_slice::<Value>(answer.body()).unwrap_or(Value::Null)
        };
        let joined = ask("POST", "/participants", json!({ "name": name, "currency": "LSL" })).await;
        let cap = json!({ "currency": "LSL", "limit": { "type": "NET_DEBIT_CAP", "value": 1_000_000_000 } });
        ask("PUT", &format!("/participants/{name}/limits"), cap).await;
        let endpoint = json!({ "type": "FSPIOP_CALLBACK_URL", "value": format!("http://{address}/{name}") });
        ask("POST", &format!("/participants/{name}/endpoints"), endpoint).await;
        ask("PUT", &format!("/participants/{name}/access"), json!({ "token": member.token.reveal() })).await;
        let accounts = joined["accounts"].as_array().unwrap();
        let own = accounts.iter().find(|one| one["ledgerAccountType"] == "SETTLEMENT").unwrap();
        let deposit = json!({
            "transferId": switch::simulator::uuid(), "action": "recordFundsIn", "reason": "bench",
            "amount": { "amount": "1000000000", "currency": "LSL" },
        });
        ask("POST", &format!("/participants/{name}/accounts/{}", own["id"]), deposit).await;
    }
    let all = Institutions::new(text("fspiop_url"), members, outbound, Arc::new(RealClock));
    let routes = all.routes();
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    for (place, name) in FSPS.iter().enumerate() {
        for customer in 0..CUSTOMERS {
            all.register(name, &number(place, customer)).await.unwrap();
        }
    }
    all
}

fn number(place: usize, customer: usize) -> String {
    format!("266{}{customer:07}", place + 5)
}

/// So many exchanges, so many under way at a time; how long each took, and how many failed.
async fn exchange(all: &Institutions, count: usize, at_once: usize) -> (Vec<Duration>, usize) {
    let next = Arc::new(AtomicUsize::new(0));
    let mut running = Vec::new();
    for _ in 0..at_once {
        let (all, next) = (all.clone(), Arc::clone(&next));
        running.push(tokio::spawn(async move {
            let (mut times, mut failed) = (Vec::new(), 0);
            loop {
                let turn = next.fetch_add(1, Ordering::Relaxed);
                if turn >= count {
                    return (times, failed);
                }
                let (from, to) = (turn % 4, (turn % 4 + 1 + turn / 4 % 3) % 4);
                let begun = Instant::now();
                let amount = Money::new(100, Currency::parse("LSL").unwrap());
                match all.pay(FSPS[from], &number(to, turn * 7 % CUSTOMERS), amount).await {
                    Ok(_) => times.push(begun.elapsed()),
                    Err(unpaid) => {
                        failed += 1;
                        if failed == 1 {
                            println!("# {}: {}", unpaid.step, unpaid.said);
                        }
                    }
                }
            }
        }));
    }
    let (mut times, mut failed) = (Vec::new(), 0);
    for one in running {
        let (own, missed) = one.await.unwrap();
        times.extend(own);
        failed += missed;
    }
    (times, failed)
}
