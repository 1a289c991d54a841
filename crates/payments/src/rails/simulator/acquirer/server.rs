//! What the simulated acquirer answers: sessions, questions, refunds, its page; and what whoever runs it may do.
//!
//! **Invariant:** the walls of a real acquirer: size, signature, key. `/settle` and `/charge-back` ask for no signature: they
//! are for whoever runs it, on this machine.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Form, Path, State};
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use spine::Timestamp;

use super::super::book::{MOST, Moved, Refunded};
use super::super::server::refuse;
use super::book::{Asked, Book, Session};
use super::page::page;
use super::{AcquirerSettings, TestCard};
use crate::rails::banking::line::{COMMISSION, SETTLEMENT};
use crate::rails::cards::CardState;
use crypto::signed_call::{SIGNATURE, TIMESTAMP, is_signed, sign};

/// How often a callback is tried, and how long a browser is kept until the first was heard.
const TRIES: u32 = 12;
const KEPT_MS: u64 = 1_500;

struct Acquirer {
    settings: AcquirerSettings,
    book: Book,
}

/// The acquirer's interface, `POST /sessions`, `GET /sessions/{id}`, `POST /refunds`, `GET /statements/{from}/{to}`; its page
/// `/hosted/{token}`; and `/log.json`, `POST /settle`, `POST /charge-back` for people and tests. It must run within a Tokio
/// runtime.
pub fn routes(settings: AcquirerSettings) -> Router {
    let acquirer = Arc::new(Acquirer { settings, book: Book::default() });
    Router::new()
        .route("/", get(log))
        .route("/log.json", get(log))
        .route("/sessions", post(open))
        .route("/sessions/{id}", get(ask))
        .route("/refunds", post(give_back))
        .route("/statements/{from}/{to}", get(statement))
        .route("/hosted/{token}", get(hosted).post(chosen))
        .route("/settle", post(settle))
        .route("/charge-back", post(charge_back))
        .layer(DefaultBodyLimit::max(16 * 1024))
        .with_state(acquirer)
}

impl Acquirer {
    fn now(&self) -> Timestamp {
        self.settings.clock.now()
    }

    fn admits(&self, headers: &HeaderMap, message: &[u8]) -> bool {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        is_signed(&self.settings.secret, self.now(), header(TIMESTAMP), header(SIGNATURE), message)
    }

    /// Where a session's page is: nobody guesses it who was not sent there.
    fn token(&self, id: &str) -> String {
        crypto::hex(&crypto::hmac_sha256(self.settings.secret.reveal(), &[b"hosted:", id.as_bytes()]))
    }

    fn find(&self, token: &str) -> Option<Session> {
        let sessions: Vec<Session> = self.book.open().sessions.values().cloned().collect();
        sessions.into_iter().find(|session| self.token(&session.asked.id) == token)
    }

    async fn pause(&self, times: u64) {
        tokio::time::sleep(Duration::from_millis(self.settings.delay_ms.saturating_mul(times))).await;
    }
}

async fn open(State(acquirer): State<Arc<Acquirer>>, headers: HeaderMap, body: Bytes) -> Response {
    if !acquirer.admits(&headers, &body) {
        return refuse(StatusCode::UNAUTHORIZED, "signature");
    }
    let Ok(asked) = serde_json::from_slice::<Asked>(&body) else {
        return refuse(StatusCode::BAD_REQUEST, "malformed");
    };
    let (id, ending) = (asked.id.clone(), asked.amount_minor % 100);
    if let Err((status, code)) = enter(&acquirer, asked) {
        return refuse(status, code);
    }
    if ending == 10 {
        tokio::time::sleep(Duration::from_millis(acquirer.settings.hang_ms)).await;
    }
    let url = format!("{}/hosted/{}", acquirer.settings.own_url, acquirer.token(&id));
    let reference = acquirer.book.open().sessions.get(&id).map(Session::reference);
    (StatusCode::CREATED, Json(json!({ "reference": reference, "url": url }))).into_response()
}

fn enter(acquirer: &Acquirer, asked: Asked) -> Result<(), (StatusCode, &'static str)> {
    let (now, id) = (acquirer.now(), asked.id.clone());
    let mut book = acquirer.book.open();
    if let Some(known) = book.sessions.get(&id) {
        return if known.asked.is(&asked) { Ok(()) } else { Err((StatusCode::CONFLICT, "reused")) };
    }
    if asked.amount_minor <= 0 || asked.expires_at <= now || asked.amount_minor % 100 == 11 {
        book.note(now, "refused", &id, "");
        return Err((StatusCode::UNPROCESSABLE_ENTITY, "not_taken"));
    }
    if book.sessions.len() >= MOST {
        return Err((StatusCode::SERVICE_UNAVAILABLE, "full"));
    }
    if asked.amount_minor % 100 == 9 {
        let tried = book.busy.entry(id.clone()).or_default();
        *tried = tried.saturating_add(1);
        if *tried <= 2 {
            return Err((StatusCode::SERVICE_UNAVAILABLE, "busy"));
        }
    }
    book.note(now, "opened", &id, asked.amount_minor.to_string());
    let (state, taken_minor, returned_minor) = (CardState::Pending, 0, 0);
    book.sessions.insert(id, Session { asked, state, reason: None, taken_minor, returned_minor, charged_back: None });
    Ok(())
}

async fn ask(State(acquirer): State<Arc<Acquirer>>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    if !acquirer.admits(&headers, format!("/sessions/{id}").as_bytes()) {
        return refuse(StatusCode::UNAUTHORIZED, "signature");
    }
    match acquirer.book.open().sessions.get(&id) {
        Some(session) => Json(session.told()).into_response(),
        None => refuse(StatusCode::NOT_FOUND, "unknown"),
    }
}

async fn give_back(State(acquirer): State<Arc<Acquirer>>, headers: HeaderMap, body: Bytes) -> Response {
    if !acquirer.admits(&headers, &body) {
        return refuse(StatusCode::UNAUTHORIZED, "signature");
    }
    let Ok(refund) = serde_json::from_slice::<Refunded>(&body) else {
        return refuse(StatusCode::BAD_REQUEST, "malformed");
    };
    let now = acquirer.now();
    match acquirer.book.open().give_back(now, &refund) {
        Some(reference) => Json(json!({ "reference": reference })).into_response(),
        None => refuse(StatusCode::UNPROCESSABLE_ENTITY, "not_so_much"),
    }
}

async fn statement(
    State(acquirer): State<Arc<Acquirer>>,
    headers: HeaderMap,
    Path((from, to)): Path<(i64, i64)>,
) -> Response {
    if !acquirer.admits(&headers, format!("/statements/{from}/{to}").as_bytes()) {
        return refuse(StatusCode::UNAUTHORIZED, "signature");
    }
    let moved = acquirer.book.open().moved.clone();
    let within: Vec<Moved> = moved.into_iter().filter(|line| (from..to).contains(&line.at.as_seconds())).collect();
    Json(json!({ "lines": within })).into_response()
}

async fn hosted(State(acquirer): State<Arc<Acquirer>>, Path(token): Path<String>) -> Response {
    match acquirer.find(&token) {
        Some(session) => page(&session.asked, is_over(&acquirer, &session), false),
        None => refuse(StatusCode::NOT_FOUND, "unknown"),
    }
}

fn is_over(acquirer: &Acquirer, session: &Session) -> bool {
    session.state != CardState::Pending || session.asked.expires_at <= acquirer.now()
}

async fn chosen(
    State(acquirer): State<Arc<Acquirer>>,
    Path(token): Path<String>,
    Form(sent): Form<BTreeMap<String, String>>,
) -> Response {
    let Some(session) = acquirer.find(&token) else { return refuse(StatusCode::NOT_FOUND, "unknown") };
    if is_over(&acquirer, &session) {
        return page(&session.asked, true, false);
    }
    let Some(card) = sent.get("card").and_then(|code| TestCard::of(code)) else {
        return (StatusCode::UNPROCESSABLE_ENTITY, page(&session.asked, false, true)).into_response();
    };
    let back = session.asked.return_url.clone();
    acquirer.book.open().note(acquirer.now(), "chosen", &session.asked.id, card.code());
    let played = tokio::spawn(play(Arc::clone(&acquirer), session.asked, card));
    // As a rule the news is there before the browser; but nobody waits long for it.
    let _ = tokio::time::timeout(Duration::from_millis(KEPT_MS), played).await;
    Redirect::to(&back).into_response()
}

/// Plays a test card to its end.
async fn play(acquirer: Arc<Acquirer>, asked: Asked, card: TestCard) {
    let (id, amount) = (asked.id.as_str(), asked.amount_minor);
    let end = |state, reason, taken| acquirer.book.open().end(acquirer.now(), id, state, reason, taken);
    acquirer.pause(if card == TestCard::Slow { 20 } else { 1 }).await;
    match card {
        TestCard::Pays | TestCard::Slow | TestCard::Twice => {
            end(CardState::Authorised, None, 0);
            acquirer.tell(id).await;
            end(CardState::Captured, None, amount);
        }
        TestCard::Declines => end(CardState::Declined, Some("insufficient_funds"), 0),
        TestCard::TurnsBack => end(CardState::Declined, Some("turned_back"), 0),
        TestCard::DeclinesThenPays => {
            end(CardState::Declined, Some("do_not_honour"), 0);
            acquirer.tell(id).await;
            acquirer.pause(1).await;
            end(CardState::Captured, None, amount);
        }
        TestCard::Forged => {
            let forged = json!({ "id": id, "state": "captured", "reference": "CFORGED", "amount_minor": amount, "currency": asked.currency });
            acquirer.send(id, &forged, "0".repeat(64)).await;
            end(CardState::Captured, None, amount);
        }
        TestCard::OtherAmount => end(CardState::Captured, None, amount.saturating_add(100)),
        TestCard::Lost => return end(CardState::Captured, None, amount),
        TestCard::Late => {
            while acquirer.now() <= asked.expires_at {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            end(CardState::Captured, None, amount);
        }
    }
    acquirer.tell(id).await;
    if card == TestCard::Twice {
        acquirer.tell(id).await;
    }
}

impl Acquirer {
    /// Tells how a session stands, until somebody listens.
    async fn tell(&self, id: &str) {
        let Some(body) = self.book.open().sessions.get(id).map(Session::told) else { return };
        for attempt in 0..TRIES {
            let signature = sign(&self.settings.secret, self.now().as_seconds(), body.to_string().as_bytes());
            match self.send(id, &body, signature).await {
                Some(status) if (200..300).contains(&status) || (400..429).contains(&status) && status != 408 => return,
                _ => tokio::time::sleep(Duration::from_millis(self.settings.delay_ms << attempt.min(6))).await,
            }
        }
    }

    async fn send(&self, id: &str, body: &Value, signature: String) -> Option<u16> {
        let request = Request::post(&self.settings.callback_url)
            .header(header::CONTENT_TYPE, "application/json")
            .header(TIMESTAMP, self.now().as_seconds().to_string())
            .header(SIGNATURE, signature)
            .body(Bytes::from(body.to_string()));
        let answer = match request {
            Ok(request) => self.settings.outbound.send(request).await.ok().map(|answer| answer.status().as_u16()),
            Err(_) => None,
        };
        let answered = answer.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        self.book.open().note(self.now(), "told", id, answered);
        answer
    }
}

/// Whoever runs it lets it settle: what it held less its commission goes to our bank under the identifier it answers.
async fn settle(State(acquirer): State<Arc<Acquirer>>, Json(asked): Json<Value>) -> Response {
    let Some(of) = asked.get("reference").and_then(Value::as_str).and_then(|it| it.strip_prefix(SETTLEMENT)) else {
        return refuse(StatusCode::BAD_REQUEST, "reference");
    };
    let kept = asked.get("commission_minor").and_then(Value::as_i64);
    let at = acquirer.now();
    let mut book = acquirer.book.open();
    let held: i64 = book.moved.iter().map(Moved::signed).sum();
    let commission = kept.unwrap_or(held.saturating_mul(acquirer.settings.commission_thousandths) / 1_000);
    let currency = book.moved.first().map(|line| line.currency);
    let Some(currency) = currency.filter(|_| held > commission) else {
        return Json(json!({ "reference": format!("{SETTLEMENT}{of}"), "amount_minor": 0, "commission_minor": 0 }))
            .into_response();
    };
    for (name, amount_minor) in [(SETTLEMENT, held - commission), (COMMISSION, commission)] {
        if amount_minor > 0 {
            let reference = format!("{name}{of}");
            book.moved.push(Moved { at, reference, comes_in: false, amount_minor, currency, id: None });
        }
    }
    let (reference, amount_minor) = (format!("{SETTLEMENT}{of}"), held - commission);
    Json(json!({ "reference": reference, "amount_minor": amount_minor, "commission_minor": commission }))
        .into_response()
}

/// Whoever runs it lets a payer's bank take a charge back.
async fn charge_back(State(acquirer): State<Arc<Acquirer>>, Json(asked): Json<Value>) -> Response {
    let Some(id) = asked.get("id").and_then(Value::as_str) else { return refuse(StatusCode::BAD_REQUEST, "id") };
    let now = acquirer.now();
    let charged = acquirer.book.open().charge_back(now, id);
    match charged {
        Some(session) => {
            acquirer.tell(id).await;
            Json(session.told()).into_response()
        }
        None => refuse(StatusCode::CONFLICT, "not_so"),
    }
}

async fn log(State(acquirer): State<Arc<Acquirer>>) -> Json<Value> {
    let book = acquirer.book.open();
    let (taken, returned) = book.totals();
    Json(json!({ "taken_minor": taken, "returned_minor": returned, "lines": book.lines }))
}
