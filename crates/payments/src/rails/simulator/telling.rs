//! The payer's side of it: what happens after a request was taken, and the callbacks that tell of it.
//!
//! **Invariant:** a callback is sent until it is taken or refused for good, as real wallets do.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{Request, header};
use bytes::Bytes;
use serde_json::{Value, json};

use super::book::{Known, Pages};
use super::server::Simulator;
use super::{Manner, open_api};
use crate::gateway::receive::ToldState;
use crypto::signed_call::{SIGNATURE, TIMESTAMP, sign};

/// How often a callback is tried.
const TRIES: u32 = 12;

/// Plays the payer of one request to the end.
pub(super) async fn play(simulator: Arc<Simulator>, known: Known) {
    let (id, amount) = (known.pushed.id.clone(), known.pushed.amount_minor);
    if matches!(known.manner, Manner::Silent | Manner::Refuse) {
        return;
    }
    simulator.pause(1).await;
    match known.manner {
        Manner::Decline => simulator.decline(&id).await,
        Manner::DeclineThenApprove => {
            simulator.decline(&id).await;
            simulator.pause(1).await;
            simulator.approve(&id, amount).await;
        }
        Manner::Twice => {
            simulator.approve(&id, amount).await;
            simulator.approve(&id, amount).await;
        }
        Manner::Late => {
            while simulator.now() <= known.pushed.expires_at {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            simulator.pause(1).await;
            simulator.approve(&id, amount).await;
        }
        Manner::Forged => {
            let body = told(&known, ToldState::Paid, amount);
            simulator.send_signed(&id, &body, simulator.now().as_seconds(), "0".repeat(64)).await;
            simulator.approve(&id, amount).await;
        }
        Manner::OtherAmount if !simulator.tells_results => simulator.approve(&id, amount.saturating_add(100)).await,
        Manner::Lost => simulator.take(&id, amount),
        Manner::Approve | Manner::Busy | Manner::Silent | Manner::Refuse | Manner::OtherAmount => {
            simulator.approve(&id, amount).await;
        }
    }
}

/// What became of a request, as it is told.
pub(super) fn told(known: &Known, state: ToldState, taken_minor: i64) -> Value {
    let id = &known.pushed.id;
    match state {
        ToldState::Pending => json!({ "id": id, "state": state }),
        ToldState::Declined => json!({ "id": id, "state": state, "reason": "insufficient_funds" }),
        ToldState::Paid => json!({
            "id": id,
            "state": state,
            "reference": known.reference,
            "amount_minor": taken_minor,
            "currency": known.pushed.currency,
        }),
    }
}

impl Simulator {
    pub(super) async fn pause(&self, times: u64) {
        tokio::time::sleep(Duration::from_millis(self.settings.delay_ms.saturating_mul(times))).await;
    }

    fn take(&self, id: &str, amount: i64) {
        let mut book = self.book.open();
        book.end(self.now(), id, ToldState::Paid, amount);
        book.note(self.now(), "approved", id, amount.to_string());
    }

    async fn approve(&self, id: &str, amount: i64) {
        self.take(id, amount);
        self.tell(id).await;
    }

    async fn decline(&self, id: &str) {
        {
            let mut book = self.book.open();
            book.end(self.now(), id, ToldState::Declined, 0);
            book.note(self.now(), "declined", id, "");
        }
        self.tell(id).await;
    }

    async fn tell(&self, id: &str) {
        self.tell_until_heard(id, |book| {
            book.requests.get(id).map(|known| told(known, known.state, known.taken_minor))
        })
        .await;
    }

    /// Tells how a thing stands now, until somebody listens.
    pub(super) async fn tell_until_heard(&self, id: &str, how: impl Fn(&Pages) -> Option<Value>) {
        let Some(body) = how(&self.book.open()) else { return };
        for attempt in 0..TRIES {
            let time = self.now().as_seconds();
            let signature = sign(&self.settings.secret, time, body.to_string().as_bytes());
            // A signature that came too late is made anew.
            match self.send_signed(id, &body, time, signature).await {
                Some(status)
                    if (200..300).contains(&status) || (400..429).contains(&status) && !matches!(status, 401 | 408) =>
                {
                    return;
                }
                _ => tokio::time::sleep(Duration::from_millis(self.settings.delay_ms << attempt.min(6))).await,
            }
        }
    }

    pub(super) async fn send_signed(&self, id: &str, body: &Value, time: i64, signature: String) -> Option<u16> {
        let request = Request::post(&self.settings.callback_url).header(header::CONTENT_TYPE, "application/json");
        let request = if self.tells_results {
            request.body(Bytes::from(open_api::as_result(body).to_string()))
        } else {
            request.header(TIMESTAMP, time).header(SIGNATURE, signature).body(Bytes::from(body.to_string()))
        };
        let answer = match request {
            Ok(request) => self.settings.outbound.send(request).await.ok().map(|answer| answer.status().as_u16()),
            Err(_) => None,
        };
        let answered = answer.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        self.book.open().note(self.now(), "told", id, answered);
        answer
    }
}
