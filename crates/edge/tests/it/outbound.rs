//! Calls to others: what comes back, what is too much, too late, or not there.

use std::time::Duration;

use axum::Router;
use axum::http::{Request, StatusCode};
use axum::response::Redirect;
use axum::routing::{get, post};
use bytes::Bytes;
use edge::{Outbound, OutboundError, OutboundLimits};
use tokio::io::AsyncWriteExt;

async fn server() -> String {
    let routes = Router::new()
        .route("/echo", post(|body: Bytes| async move { (StatusCode::IM_A_TEAPOT, body) }))
        .route("/large", get(|| async { vec![b'x'; 5000] }))
        .route("/slow", get(|| async { tokio::time::sleep(Duration::from_secs(5)).await }))
        .route("/away", get(|| async { Redirect::to("/echo") }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    format!("http://{address}")
}

fn outbound(timeout_ms: u64) -> Outbound {
    Outbound::new(OutboundLimits { connect_ms: 500, timeout_ms, response_bytes: 1000 })
}

async fn ask(target: &str, timeout_ms: u64) -> Result<StatusCode, OutboundError> {
    let request = Request::get(target).body(Bytes::new()).unwrap();
    outbound(timeout_ms).send(request).await.map(|answer| answer.status())
}

#[tokio::test]
async fn an_answer_is_an_answer_whatever_its_status() {
    let request = Request::post(format!("{}/echo", server().await)).body(Bytes::from_static(b"hello")).unwrap();
    let answer = outbound(5000).send(request).await.unwrap();
    assert_eq!((answer.status(), answer.body().as_ref()), (StatusCode::IM_A_TEAPOT, b"hello".as_ref()));
}

#[tokio::test]
async fn redirects_are_not_followed() {
    assert_eq!(ask(&format!("{}/away", server().await), 5000).await.unwrap(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn too_much_too_late_and_not_there() {
    let server = server().await;
    let large = ask(&format!("{server}/large"), 5000).await.unwrap_err();
    assert!(matches!(large, OutboundError::TooLarge) && large.is_unsure());
    let slow = ask(&format!("{server}/slow"), 50).await.unwrap_err();
    assert!(matches!(slow, OutboundError::TimedOut) && slow.is_unsure());
    let nobody = ask("http://127.0.0.1:9", 5000).await.unwrap_err();
    assert!(matches!(nobody, OutboundError::NotSent(_)) && !nobody.is_unsure());
    let plain = ask("http://wallet.example/", 5000).await.unwrap_err();
    assert!(matches!(plain, OutboundError::NotAllowed) && !plain.is_unsure());
}

#[tokio::test]
async fn an_answer_that_breaks_off_leaves_us_unsure() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome").await.unwrap();
    });
    let broken = ask(&format!("http://{address}/"), 5000).await.unwrap_err();
    assert!(matches!(broken, OutboundError::BrokenOff(_)) && broken.is_unsure());
}
