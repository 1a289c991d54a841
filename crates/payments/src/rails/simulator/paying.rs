//! Payments to this wallet's numbers: taken, paid or not, and told of.
//!
//! **Invariant:** the same key is the same payment; a number gets it once.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use spine::Currency;

use super::Manner;
use super::book::{MOST, Moved, Pages, own_reference};
use super::server::{Simulator, refuse};
use crate::rails::payout::outcome::PaidOutState;

/// A payment as it is pushed to a wallet.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ordered {
    pub(super) id: String,
    pub(super) msisdn: String,
    pub(super) amount_minor: i64,
    pub(super) currency: Currency,
    pub(super) reference: String,
}

/// A payment and what became of it.
#[derive(Clone)]
pub(super) struct Payment {
    ordered: Ordered,
    pub(super) state: PaidOutState,
    pub(super) paid_minor: i64,
}

pub(super) async fn take(State(simulator): State<Arc<Simulator>>, headers: HeaderMap, body: Bytes) -> Response {
    if !simulator.admits(&headers, &body) {
        return refuse(StatusCode::UNAUTHORIZED, "signature");
    }
    let Ok(ordered) = serde_json::from_slice::<Ordered>(&body) else {
        return refuse(StatusCode::BAD_REQUEST, "malformed");
    };
    let (id, manner) = (ordered.id.clone(), Manner::of(&ordered.msisdn));
    match enter(&simulator, ordered) {
        Ok(true) => {
            tokio::spawn(play(Arc::clone(&simulator), id.clone(), manner));
        }
        Ok(false) => {}
        Err((status, code)) => return refuse(status, code),
    }
    if manner == Manner::Lost {
        tokio::time::sleep(Duration::from_millis(simulator.settings.hang_ms)).await;
    }
    (StatusCode::ACCEPTED, Json(json!({ "reference": own_reference("P", &id) }))).into_response()
}

/// Takes a payment; whether it is new.
pub(super) fn enter(simulator: &Simulator, ordered: Ordered) -> Result<bool, (StatusCode, &'static str)> {
    let (now, manner, id) = (simulator.now(), Manner::of(&ordered.msisdn), ordered.id.clone());
    let mut book = simulator.book.open();
    if let Some(known) = book.payments.get(&id) {
        return if known.ordered == ordered { Ok(false) } else { Err((StatusCode::CONFLICT, "reused")) };
    }
    if manner == Manner::Refuse || ordered.amount_minor <= 0 {
        book.note(now, "refused", &id, manner.code());
        return Err((StatusCode::UNPROCESSABLE_ENTITY, "unknown_number"));
    }
    if book.payments.len() >= MOST {
        return Err((StatusCode::SERVICE_UNAVAILABLE, "full"));
    }
    if manner == Manner::Busy {
        let tried = book.busy.entry(id.clone()).or_default();
        *tried = tried.saturating_add(1);
        if *tried <= 2 {
            return Err((StatusCode::SERVICE_UNAVAILABLE, "busy"));
        }
    }
    book.note(now, "ordered", &id, manner.code());
    book.payments.insert(id, Payment { ordered, state: PaidOutState::Pending, paid_minor: 0 });
    Ok(true)
}

pub(super) async fn ask(
    State(simulator): State<Arc<Simulator>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Response {
    if !simulator.admits(&headers, format!("/disbursements/{id}").as_bytes()) {
        return refuse(StatusCode::UNAUTHORIZED, "signature");
    }
    match simulator.book.open().payments.get(&id) {
        Some(known) => Json(told(known)).into_response(),
        None => refuse(StatusCode::NOT_FOUND, "unknown"),
    }
}

fn told(known: &Payment) -> Value {
    let Ordered { id, currency, .. } = &known.ordered;
    match known.state {
        PaidOutState::Pending => json!({ "id": id, "state": known.state }),
        PaidOutState::Failed => json!({ "id": id, "state": known.state, "reason": "account_closed" }),
        PaidOutState::Paid => json!({
            "id": id,
            "state": known.state,
            "reference": own_reference("P", id),
            "amount_minor": known.paid_minor,
            "currency": currency,
        }),
    }
}

/// Plays one payment to its end.
pub(super) async fn play(simulator: Arc<Simulator>, id: String, manner: Manner) {
    if manner == Manner::Silent {
        return;
    }
    simulator.pause(if manner == Manner::Late { 20 } else { 1 }).await;
    match manner {
        Manner::Decline => simulator.end_payment(&id, PaidOutState::Failed, 0),
        Manner::DeclineThenApprove => {
            simulator.end_payment(&id, PaidOutState::Failed, 0);
            simulator.tell_of_payment(&id).await;
            simulator.pause(1).await;
            simulator.pay(&id, 0);
        }
        Manner::OtherAmount if !simulator.tells_results => simulator.pay(&id, 100),
        Manner::Lost => return simulator.pay(&id, 0),
        Manner::Forged => {
            let forged = simulator.book.open().payments.get(&id).map(told);
            simulator.pay(&id, 0);
            if let Some(body) = forged {
                simulator.send_signed(&id, &body, simulator.now().as_seconds(), "0".repeat(64)).await;
            }
        }
        _ => simulator.pay(&id, 0),
    }
    simulator.tell_of_payment(&id).await;
    if manner == Manner::Twice {
        simulator.tell_of_payment(&id).await;
    }
}

impl Simulator {
    fn pay(&self, id: &str, more_minor: i64) {
        let amount = self.book.open().payments.get(id).map_or(0, |it| it.ordered.amount_minor);
        self.end_payment(id, PaidOutState::Paid, amount.saturating_add(more_minor));
    }

    fn end_payment(&self, id: &str, state: PaidOutState, paid_minor: i64) {
        let now = self.now();
        let mut book = self.book.open();
        if let Some(known) = book.payments.get_mut(id) {
            (known.state, known.paid_minor) = (state, paid_minor);
            let (reference, currency) = (own_reference("P", id), known.ordered.currency);
            if paid_minor > 0 && !book.moved.iter().any(|line| line.reference == reference) {
                let id = Some(id.to_owned());
                let moved = Moved { at: now, reference, comes_in: false, amount_minor: paid_minor, currency, id };
                book.moved.push(moved);
            }
        }
        let what = if state == PaidOutState::Paid { "paid-out" } else { "not-paid-out" };
        book.note(now, what, id, paid_minor.to_string());
    }

    async fn tell_of_payment(&self, id: &str) {
        self.tell_until_heard(id, |book: &Pages| book.payments.get(id).map(told)).await;
    }
}
