//! How much and how often.

use edge::{Bucket, Limits};

use crate::asking::Visitor;
use crate::world;

fn with(change: impl FnOnce(&mut Limits)) -> (Visitor, std::sync::Arc<world::HandClock>) {
    let (clock, mut limits) = (world::clock(), Limits::default());
    change(&mut limits);
    (Visitor::with(&world::site(clock.clone()), limits), clock)
}

#[tokio::test]
async fn too_many_requests_wait() {
    let (mut visitor, clock) = with(|limits| limits.per_address = Bucket { name: "test", burst: 2, seconds: 60 });
    assert_eq!(visitor.page("/").await.status, 200);
    assert_eq!(visitor.page("/").await.status, 200);
    let refused = visitor.page("/").await;
    assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (429, "30"));
    assert!(refused.body.contains("Try again in 30 seconds"));
    clock.forward(30);
    assert_eq!(visitor.page("/").await.status, 200);
}

#[tokio::test]
async fn long_addresses_and_headers_are_refused() {
    let (mut visitor, _) = with(|_| ());
    assert_eq!(visitor.api(&format!("/?{}", "a".repeat(5000))).await.status, 414);
    let long = "a".repeat(20_000);
    assert_eq!(visitor.ask("GET", "/", &[("x-long", &long)], "").await.status, 431);
}

#[tokio::test]
async fn a_slow_request_ends() {
    let (mut visitor, _) = with(|limits| limits.timeout_ms = 30);
    let answer = visitor.api("/slow").await;
    assert_eq!((answer.status.as_u16(), answer.json()["code"].as_str().unwrap()), (503, "edge.timeout"));
}

#[tokio::test]
async fn no_more_at_once_than_allowed() {
    let (mut visitor, _) = with(|limits| {
        limits.concurrency = 0;
        limits.wait_ms = 10;
    });
    let answer = visitor.api("/").await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "5"));
}
