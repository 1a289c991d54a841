//! Short messages by an operator's gateway over HTTP: what we send it.
//!
//! **Invariant:** the message's id is its key there: the same id again is the same message with the same answer. Both
//! sides sign (`crypto::signed_call`). What the gateway tells of it later comes in through `receipt.rs`.

use std::sync::Arc;

use axum::http::{Request, StatusCode, header};
use bytes::Bytes;
use crypto::signed_call::{SIGNATURE, TIMESTAMP, sign};
use edge::Outbound;
use serde::Deserialize;
use serde_json::json;
use spine::{Clock, Secret};

use crate::model::{CarryFault, Outgoing};

/// Longest reference of a gateway that is kept.
const REFERENCE: usize = 100;

/// How to reach an operator's gateway for short messages.
#[derive(Clone)]
pub struct SmsGateway {
    /// Without a slash at the end: `https://sms.example/letsema`.
    pub base_url: String,
    /// The secret both sides sign with.
    pub secret: Secret<Vec<u8>>,
    /// Who it comes from, as the phone shows it.
    pub sender: String,
    /// Calls it.
    pub outbound: Outbound,
    /// The time, to sign with.
    pub clock: Arc<dyn Clock>,
}

#[derive(Deserialize)]
struct Taken {
    reference: String,
}

impl SmsGateway {
    /// `POST {base}/messages` with `{"id", "from", "to", "text", "parts", "alphabet"}`; 200 or 202 with
    /// `{"reference"}` says that the gateway has it, 400, 404 and 422 that this number takes none.
    pub(crate) async fn carry(&self, message: &Outgoing) -> Result<String, CarryFault> {
        let body = json!({
            "id": message.id, "from": self.sender, "to": message.address.reveal(), "text": message.sms.text(),
            "parts": message.sms.count(), "alphabet": message.sms.alphabet,
        });
        let body = Bytes::from(serde_json::to_vec(&body).unwrap_or_default());
        let time = self.clock.now().as_seconds();
        let request = Request::post(format!("{}/messages", self.base_url))
            .header(header::CONTENT_TYPE, "application/json")
            .header(TIMESTAMP, time)
            .header(SIGNATURE, sign(&self.secret, time, &body))
            .body(body)
            .map_err(|_| CarryFault::Later)?;
        let answer = self.outbound.send(request).await.map_err(|error| {
            tracing::warn!(%error, id = %message.id, "the SMS gateway did not answer");
            CarryFault::Later
        })?;
        match answer.status() {
            StatusCode::OK | StatusCode::ACCEPTED => {
                let taken: Taken = serde_json::from_slice(answer.body()).map_err(|_| CarryFault::Later)?;
                Ok(taken.reference.chars().take(REFERENCE).collect())
            }
            StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND | StatusCode::UNPROCESSABLE_ENTITY => {
                Err(CarryFault::Refused)
            }
            status => {
                tracing::warn!(%status, id = %message.id, "the SMS gateway did not take a message");
                Err(CarryFault::Later)
            }
        }
    }
}
