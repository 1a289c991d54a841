//! What the simulated wallet answers: pushes, questions, refunds; and a page of what it did.
//!
//! **Invariant:** the walls of a real wallet: size, signature, key.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use maud::{DOCTYPE, html};
use serde_json::{Value, json};
use spine::Timestamp;

use super::book::{Book, Known, MOST, Moved, Pushed, Refunded, own_reference};
use super::telling::{play, told};
use super::{Manner, SimulatorSettings, paying};
use crate::gateway::receive::ToldState;
use crypto::signed_call::{SIGNATURE, TIMESTAMP, is_signed};

/// The wallet.
pub(super) struct Simulator {
    pub(super) settings: SimulatorSettings,
    pub(super) book: Book,
    /// Whether it tells results as M-Pesa's OpenAPI does, without a signature.
    pub(super) tells_results: bool,
}

impl Simulator {
    /// One that tells results as M-Pesa's OpenAPI does.
    pub(super) fn telling_results(settings: SimulatorSettings) -> Self {
        Self { settings, book: Book::default(), tells_results: true }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.settings.clock.now()
    }

    pub(super) fn admits(&self, headers: &HeaderMap, message: &[u8]) -> bool {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        is_signed(&self.settings.secret, self.now(), header(TIMESTAMP), header(SIGNATURE), message)
    }
}

/// The wallet's interface, `POST /requests`, `GET /requests/{id}`, `POST /refunds`, `POST /disbursements`, and `/` and `/log.json` for
/// people and tests. Each request it takes plays out in a task of its own; it must run within a Tokio runtime.
pub fn routes(settings: SimulatorSettings) -> Router {
    let simulator = Arc::new(Simulator { settings, book: Book::default(), tells_results: false });
    Router::new()
        .route("/requests", post(take))
        .route("/requests/{id}", get(ask))
        .route("/refunds", post(give_back))
        .route("/statements/{from}/{to}", get(statement))
        .route("/settle", post(settle))
        .route("/disbursements", post(paying::take))
        .route("/disbursements/{id}", get(paying::ask))
        .layer(DefaultBodyLimit::max(16 * 1024))
        .with_state(Arc::clone(&simulator))
        .merge(page_and_log(simulator))
}

/// What it did: `/` for people, `/log.json` for tests.
pub(super) fn page_and_log(simulator: Arc<Simulator>) -> Router {
    Router::new().route("/", get(page)).route("/log.json", get(log)).with_state(simulator)
}

pub(super) fn refuse(status: StatusCode, code: &str) -> Response {
    (status, Json(json!({ "code": code }))).into_response()
}

async fn take(State(simulator): State<Arc<Simulator>>, headers: HeaderMap, body: Bytes) -> Response {
    if !simulator.admits(&headers, &body) {
        return refuse(StatusCode::UNAUTHORIZED, "signature");
    }
    let Ok(pushed) = serde_json::from_slice::<Pushed>(&body) else {
        return refuse(StatusCode::BAD_REQUEST, "malformed");
    };
    let taken = match enter(&simulator, pushed) {
        Ok(Entered::New(known)) => {
            tokio::spawn(play(Arc::clone(&simulator), known.clone()));
            known
        }
        Ok(Entered::Known(known)) => known,
        Err((status, code)) => return refuse(status, code),
    };
    if taken.manner == Manner::Lost {
        tokio::time::sleep(Duration::from_millis(simulator.settings.hang_ms)).await;
    }
    (StatusCode::ACCEPTED, Json(json!({ "reference": taken.reference }))).into_response()
}

pub(super) enum Entered {
    New(Known),
    Known(Known),
}

pub(super) fn enter(simulator: &Simulator, pushed: Pushed) -> Result<Entered, (StatusCode, &'static str)> {
    let (now, manner) = (simulator.now(), Manner::of(&pushed.msisdn));
    let mut book = simulator.book.open();
    if let Some(known) = book.requests.get(&pushed.id) {
        let same = known.pushed == pushed;
        return if same { Ok(Entered::Known(known.clone())) } else { Err((StatusCode::CONFLICT, "reused")) };
    }
    let id = pushed.id.clone();
    if manner == Manner::Refuse || pushed.amount_minor <= 0 || pushed.expires_at <= now {
        book.note(now, "refused", &id, manner.code());
        return Err((StatusCode::UNPROCESSABLE_ENTITY, "unknown_number"));
    }
    if book.requests.len() >= MOST {
        return Err((StatusCode::SERVICE_UNAVAILABLE, "full"));
    }
    if manner == Manner::Busy {
        let tried = book.busy.entry(id.clone()).or_default();
        *tried = tried.saturating_add(1);
        if *tried <= 2 {
            book.note(now, "busy", &id, "503");
            return Err((StatusCode::SERVICE_UNAVAILABLE, "busy"));
        }
    }
    let reference = own_reference("W", &id);
    let known = Known { pushed, manner, state: ToldState::Pending, reference, taken_minor: 0, returned_minor: 0 };
    book.note(now, "taken", &id, manner.code());
    book.requests.insert(id, known.clone());
    Ok(Entered::New(known))
}

async fn ask(State(simulator): State<Arc<Simulator>>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    if !simulator.admits(&headers, format!("/requests/{id}").as_bytes()) {
        return refuse(StatusCode::UNAUTHORIZED, "signature");
    }
    match simulator.book.open().requests.get(&id) {
        Some(known) => Json(told(known, known.state, known.taken_minor)).into_response(),
        None => refuse(StatusCode::NOT_FOUND, "unknown"),
    }
}

async fn give_back(State(simulator): State<Arc<Simulator>>, headers: HeaderMap, body: Bytes) -> Response {
    if !simulator.admits(&headers, &body) {
        return refuse(StatusCode::UNAUTHORIZED, "signature");
    }
    let Ok(refund) = serde_json::from_slice::<Refunded>(&body) else {
        return refuse(StatusCode::BAD_REQUEST, "malformed");
    };
    let now = simulator.now();
    let mut book = simulator.book.open();
    match book.give_back(now, &refund) {
        Some(reference) => {
            book.note(now, "returned", &refund.id, refund.amount_minor.to_string());
            Json(json!({ "reference": reference })).into_response()
        }
        None => {
            book.note(now, "not-returned", &refund.id, refund.amount_minor.to_string());
            refuse(StatusCode::UNPROCESSABLE_ENTITY, "not_so_much")
        }
    }
}

/// What moved between two moments, in seconds: its statement.
async fn statement(
    State(simulator): State<Arc<Simulator>>,
    headers: HeaderMap,
    Path((from, to)): Path<(i64, i64)>,
) -> Response {
    if !simulator.admits(&headers, format!("/statements/{from}/{to}").as_bytes()) {
        return refuse(StatusCode::UNAUTHORIZED, "signature");
    }
    let moved = simulator.book.open().moved.clone();
    let within: Vec<Moved> = moved.into_iter().filter(|line| (from..to).contains(&line.at.as_seconds())).collect();
    Json(json!({ "lines": within })).into_response()
}

/// Whoever runs it lets it settle what it holds for us: it says how much, and the identifier its transfer carries.
async fn settle(State(simulator): State<Arc<Simulator>>, Json(asked): Json<Value>) -> Response {
    let Some(reference) = asked.get("reference").and_then(Value::as_str) else {
        return refuse(StatusCode::BAD_REQUEST, "reference");
    };
    let now = simulator.now();
    let mut book = simulator.book.open();
    let held: i64 = book.moved.iter().map(Moved::signed).sum();
    let currency = book.moved.first().map(|line| line.currency);
    if let Some(currency) = currency.filter(|_| held > 0) {
        book.moved.push(Moved {
            at: now,
            reference: reference.to_owned(),
            comes_in: false,
            amount_minor: held,
            currency,
            id: None,
        });
    }
    Json(json!({ "reference": reference, "amount_minor": held.max(0) })).into_response()
}

async fn log(State(simulator): State<Arc<Simulator>>) -> Json<Value> {
    let book = simulator.book.open();
    let ((taken, returned), paid) = (book.totals(), book.paid_out());
    Json(json!({
        "taken_minor": taken,
        "returned_minor": returned,
        "paid_out_minor": paid,
        "lines": book.lines,
    }))
}

/// The page is for whoever runs the simulator, in the codes of the protocol.
async fn page(State(simulator): State<Arc<Simulator>>) -> Response {
    let book = simulator.book.open();
    let ((taken, returned), paid) = (book.totals(), book.paid_out());
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width,initial-scale=1";
                title { "wallet simulator" }
                style { "body{font:16px/1.5 sans-serif;margin:2rem}td,th{text-align:left;padding:.2rem 1rem .2rem 0}" }
            }
            body {
                h1 { "wallet simulator" }
                p { "taken_minor " (taken) ", returned_minor " (returned) ", paid_out_minor " (paid) }
                table {
                    thead { tr { th { "at" } th { "what" } th { "id" } th { "detail" } } }
                    tbody {
                        @for line in book.lines.iter().rev().take(200) {
                            tr { td { (line.at.to_string()) } td { (line.what) } td { (line.id) } td { (line.detail) } }
                        }
                    }
                }
            }
        }
    };
    ([(header::CONTENT_SECURITY_POLICY, "default-src 'none';style-src 'unsafe-inline'")], page).into_response()
}
