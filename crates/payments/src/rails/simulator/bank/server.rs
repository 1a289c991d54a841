//! What the simulated bank answers: files handed in, questions about them; and what whoever runs it may do.
//!
//! **Invariant:** the walls of a real bank: size, signature, shape, key. `/pay-in` and `/end-of-day` ask for no signature: they
//! are for whoever runs it, on this machine.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use spine::{Date, Money, Timestamp};

use super::super::Manner;
use super::super::server::refuse;
use super::BankSettings;
use super::book::{Book, MOST, Payment, entry};
use super::telling::{tell, work};
use crate::rails::iso20022::{self, Direction, Message, PaymentInitiation, Remittance, XmlLimits};
use crypto::signed_call::{SIGNATURE, TIMESTAMP, is_signed};

/// The bank.
pub(super) struct Bank {
    pub(super) settings: BankSettings,
    pub(super) book: Book,
}

impl Bank {
    pub(super) fn now(&self) -> Timestamp {
        self.settings.clock.now()
    }

    pub(super) fn day(&self) -> Date {
        (self.settings.day)()
    }

    fn admits(&self, headers: &HeaderMap, message: &[u8]) -> bool {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        is_signed(&self.settings.secret, self.now(), header(TIMESTAMP), header(SIGNATURE), message)
    }
}

/// The bank's interface: `POST /payments`, `GET /payments/{id}`; and `/`, `/log.json`, `POST /pay-in`, `POST /end-of-day` for
/// people and tests. It must run within a Tokio runtime.
pub fn routes(settings: BankSettings) -> Router {
    // A bank that was started again never calls two movements the same.
    let book = Book::from(settings.clock.now());
    let bank = Arc::new(Bank { settings, book });
    Router::new()
        .route("/", get(log))
        .route("/log.json", get(log))
        .route("/payments", post(take))
        .route("/payments/{id}", get(ask))
        .route("/pay-in", post(pay_in))
        .route("/end-of-day", post(end_of_day))
        .layer(DefaultBodyLimit::max(XmlLimits::MESSAGE.bytes))
        .with_state(bank)
}

async fn take(State(bank): State<Arc<Bank>>, headers: HeaderMap, body: Bytes) -> Response {
    if !bank.admits(&headers, &body) {
        return refuse(StatusCode::UNAUTHORIZED, "signature");
    }
    let Ok(Message::PaymentInitiation(file)) = iso20022::read(&body, XmlLimits::MESSAGE) else {
        return refuse(StatusCode::BAD_REQUEST, "malformed");
    };
    let id = file.id.clone();
    match enter(&bank, file) {
        Ok(true) => {
            tokio::spawn(work(Arc::clone(&bank), id.clone()));
        }
        Ok(false) => {}
        Err((status, code)) => return refuse(status, code),
    }
    let lost = bank.book.open().files.get(&id).is_some_and(|(_, all)| all.iter().any(|it| it.manner == Manner::Lost));
    if lost {
        tokio::time::sleep(Duration::from_millis(bank.settings.hang_ms)).await;
    }
    (StatusCode::ACCEPTED, Json(json!({ "reference": id }))).into_response()
}

/// Takes a file; whether it is new.
fn enter(bank: &Bank, file: PaymentInitiation) -> Result<bool, (StatusCode, &'static str)> {
    let now = bank.now();
    let mut book = bank.book.open();
    if let Some((known, _)) = book.files.get(&file.id) {
        return if *known == file { Ok(false) } else { Err((StatusCode::CONFLICT, "reused")) };
    }
    let mut payments = Vec::new();
    for batch in &file.batches {
        if batch.account.number() != bank.settings.account {
            return Err((StatusCode::UNPROCESSABLE_ENTITY, "account"));
        }
        payments.extend(batch.transfers.iter().map(|transfer| Payment {
            batch: batch.id.clone(),
            end_to_end: transfer.end_to_end.clone(),
            amount: transfer.amount,
            creditor: transfer.creditor.clone(),
            manner: Manner::of(transfer.account.number()),
            status: "PDNG",
            reason: None,
        }));
    }
    if payments.iter().any(|payment| payment.manner == Manner::Refuse) {
        book.note(now, "refused", &file.id, "");
        return Err((StatusCode::UNPROCESSABLE_ENTITY, "refused"));
    }
    if payments.iter().any(|payment| payment.manner == Manner::Busy) {
        let tried = book.busy.entry(file.id.clone()).or_default();
        *tried = tried.saturating_add(1);
        if *tried <= 2 {
            return Err((StatusCode::SERVICE_UNAVAILABLE, "busy"));
        }
    }
    if book.entries.len() + payments.len() > MOST {
        return Err((StatusCode::SERVICE_UNAVAILABLE, "full"));
    }
    book.note(now, "taken", &file.id, payments.len().to_string());
    book.files.insert(file.id.clone(), (file, payments));
    Ok(true)
}

async fn ask(State(bank): State<Arc<Bank>>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    if !bank.admits(&headers, format!("/payments/{id}").as_bytes()) {
        return refuse(StatusCode::UNAUTHORIZED, "signature");
    }
    let report = bank.book.open().report(&id, bank.day(), bank.now());
    let Some(report) = report else { return refuse(StatusCode::NOT_FOUND, "unknown") };
    match Message::PaymentStatusReport(report).write() {
        Ok(body) => ([("content-type", "application/xml")], body).into_response(),
        Err(_) => refuse(StatusCode::INTERNAL_SERVER_ERROR, "unwritten"),
    }
}

/// Somebody pays in.
#[derive(Deserialize)]
struct PayIn {
    amount_minor: i64,
    #[serde(default)]
    reference: String,
    #[serde(default)]
    end_to_end: Option<String>,
    #[serde(default)]
    manner: String,
}

async fn pay_in(State(bank): State<Arc<Bank>>, Json(asked): Json<PayIn>) -> Response {
    if asked.amount_minor <= 0 {
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, "amount");
    }
    let (day, now) = (bank.day(), bank.now());
    let direction = if asked.manner == "debit" { Direction::Debit } else { Direction::Credit };
    let told = {
        let mut book = bank.book.open();
        let reference = book.next("CR", day);
        let amount = Money::new(asked.amount_minor, bank.settings.currency);
        let line = Some(asked.reference).filter(|text| !text.is_empty());
        let paid = iso20022::Entry {
            end_to_end: asked.end_to_end,
            remittance: Remittance { line, reference: None },
            ..entry(reference, amount, direction, day)
        };
        let late = asked.manner == "late_line";
        let paid = book.book(paid, late);
        book.note(now, "paid-in", &paid.reference, paid.amount.minor().to_string());
        book.notification(paid, &bank.settings.account, now)
    };
    let reference = told.entries.first().map(|it| it.reference.clone()).unwrap_or_default();
    let message = Message::Statement(told);
    match asked.manner.as_str() {
        // Its notification is lost: only a statement will tell.
        "lost" | "late_line" | "debit" => {}
        manner => {
            let (twice, forged) = (manner == "twice", manner == "forged");
            tokio::spawn(async move {
                tell(&bank, &message, forged).await;
                if twice {
                    tell(&bank, &message, false).await;
                }
            });
        }
    }
    (StatusCode::ACCEPTED, Json(json!({ "reference": reference }))).into_response()
}

async fn end_of_day(State(bank): State<Arc<Bank>>) -> Json<Value> {
    let (day, now) = (bank.day(), bank.now());
    let statement = bank.book.open().state(&bank.settings.account, bank.settings.currency, day, now);
    let said = json!({ "statement": statement.id, "entries": statement.entries.len() });
    tell(&bank, &Message::Statement(statement), false).await;
    Json(said)
}

async fn log(State(bank): State<Arc<Bank>>) -> Json<Value> {
    let book = bank.book.open();
    Json(json!({ "balance_minor": book.balance(), "entries": book.entries.len(), "lines": book.lines }))
}
