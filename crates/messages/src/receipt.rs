//! What a gateway tells of a message it took: it reached the phone, or it will not.
//!
//! **Invariant:** the order of the walls: size, signature and time, shape, and only then the operation. The last word
//! stands: what has reached the phone is never said to have failed, and news that comes again changes nothing.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use crypto::signed_call::{SIGNATURE, TIMESTAMP, is_signed};
use edge::{Json, Refusal, Reply, Visit, body_limit};
use journal::{Acts, Key};
use serde::{Deserialize, Serialize};
use spine::{Act, Actor, ActorKind, Assurance, Caller, Cx, Fault, FaultKind, Resource, Secret, Via};

use crate::model::MessageId;
use crate::rows;

/// The largest receipt.
const RECEIPT_BYTES: usize = 4 * 1024;

/// Who tells: the country's gateway, which a policy names.
const GATEWAY: &str = "gateway:sms";

/// What became of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptState {
    /// It reached the phone.
    Delivered,
    /// It will not.
    Failed,
}

impl ReceiptState {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }
}

/// A receipt as a gateway sends it: `{"id": "msg_…", "state": "delivered"}`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// The message.
    pub id: MessageId,
    /// What became of it.
    pub state: ReceiptState,
}

#[derive(Clone)]
struct Desk {
    acts: Acts,
    secret: Secret<Vec<u8>>,
}

/// `POST /api/messages/receipts`, for a gateway that shares this secret.
pub fn receipt_routes(acts: Acts, secret: Secret<Vec<u8>>) -> Router {
    let take = post(receipt).layer(body_limit(RECEIPT_BYTES));
    Router::new().route("/api/messages/receipts", take).with_state(Desk { acts, secret })
}

#[derive(Serialize)]
struct Received {
    received: bool,
}

async fn receipt(
    State(desk): State<Desk>,
    visit: Visit,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Reply<Json<Received>> {
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Refusal::from(Fault::new(FaultKind::TooLarge, "messages.receipt.large")),
        _ => Refusal::from(Fault::invalid("messages.receipt.shape")).status(StatusCode::BAD_REQUEST),
    })?;
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !is_signed(&desk.secret, visit.now(), header(TIMESTAMP), header(SIGNATURE), &body) {
        return Err(Fault::unauthenticated("messages.receipt.signature").into());
    }
    let told: Told = serde_json::from_slice(&body).map_err(|_| Fault::invalid("messages.receipt.shape"))?;
    let caller = Caller {
        actor: Actor { assurance: Assurance::Substantial, ..Actor::bare(ActorKind::Client, GATEWAY) },
        via: Via::Api,
        language: visit.language().clone(),
    };
    let key = Key::new("messages.receipt", &format!("{}:{}", told.id, told.state.name()), &body);
    desk.acts.write(&caller, &key, move |cx| take(cx, &told)).await?;
    Ok(Json(Received { received: true }))
}

/// Takes a receipt; answers whether it said anything new.
///
/// # Errors
/// `messages.receipt.unknown` for a message that was never handed to a gateway.
pub fn take(cx: &mut Cx<'_>, told: &Told) -> Result<bool, Fault> {
    // The gateway's own: policies see no identifiers.
    let own = cx.actor().id == GATEWAY;
    cx.may("messages.receipt.take", &Resource::new("Message", told.id).is("own", own))?;
    if !rows::was_carried(cx.tx(), told.id)? {
        return Err(Fault::not_found("messages.receipt.unknown"));
    }
    let now = cx.now();
    let new = rows::set_receipt(cx.tx(), told.id, told.state.name(), now)?;
    cx.record(Act::new("messages.receipt.taken").on(told.id).with("state", told.state.name()));
    Ok(new)
}
