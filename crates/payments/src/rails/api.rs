//! What wallets call: `POST /api/payments/callbacks/{wallet}`.
//!
//! **Invariant:** the order of the walls: size, wallet, signature and time, shape, and only then the
//! operation. The answer to a repeated callback is the answer to the first. A wallet that speaks M-Pesa's OpenAPI signs nothing and
//! is believed in nothing (`open_api/results.rs`).

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use edge::{Json, Path, Refusal, Reply, Visit, body_limit};
use journal::Key;
use serde::{Deserialize, Serialize};
use spine::{Actor, ActorKind, Assurance, Caller, Cx, Fault, FaultKind, Via};

use crate::Gateway;
use crate::gateway::receive::{Told, receive};
use crate::rails::open_api::results;
use crate::rails::payout::outcome::{self, PaidOut};
use crate::rails::wallets::WalletLink;
use crypto::signed_call::{SIGNATURE, TIMESTAMP, is_signed};

/// The largest callback.
pub(crate) const CALLBACK_BYTES: usize = 8 * 1024;

#[derive(Serialize)]
pub(crate) struct Received {
    pub(crate) received: bool,
}

pub(crate) fn routes() -> Router<Gateway> {
    let take = post(callback).layer(body_limit(CALLBACK_BYTES));
    Router::new().route("/api/payments/callbacks/{wallet}", take).merge(crate::rails::banking::api::routes())
}

/// What a wallet tells of: its `id` says which.
#[derive(Deserialize)]
#[serde(untagged)]
enum Spoken {
    OfAttempt(Told),
    OfDisbursement(PaidOut),
}

async fn callback(
    State(gateway): State<Gateway>,
    visit: Visit,
    Path(wallet): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Reply<Response> {
    let body = body.map_err(|rejection| unreadable(&rejection))?;
    if let Some(wallet) = gateway.wallets().find(&wallet).filter(|wallet| wallet.open_api().is_some()) {
        return results::take(&gateway, &visit, wallet, &body).await;
    }
    let known = gateway.wallets().find(&wallet).and_then(|wallet| Some((wallet, wallet.link()?)));
    let (wallet, link) = known.ok_or_else(|| Fault::not_found("payments.wallet.unknown"))?;
    let (caller, key) = known_by(&visit, &headers, &body, link, wallet.account())?;
    let told: Spoken =
        serde_json::from_slice(&body).map_err(|_| Refusal::from(Fault::invalid("payments.callback.shape")))?;
    let wallet = wallet.clone();
    let take = move |cx: &mut Cx<'_>| match &told {
        Spoken::OfAttempt(told) => receive(cx, &wallet, told).map(|_| ()),
        Spoken::OfDisbursement(told) => outcome::told(cx, &wallet, told).map(|_| ()),
    };
    gateway.acts().post(&caller, &key, take).await?;
    Ok(Json(Received { received: true }).into_response())
}

/// Whoever signed this call with the secret of `link`, and the key under which what it says happens once.
pub(crate) fn known_by(
    visit: &Visit,
    headers: &HeaderMap,
    body: &[u8],
    link: &WalletLink,
    account: String,
) -> Result<(Caller, Key), Fault> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !is_signed(&link.secret, visit.now(), header(TIMESTAMP), header(SIGNATURE), body) {
        return Err(Fault::unauthenticated("payments.callback.signature"));
    }
    let name = format!("{account}:{}", crypto::hex(&crypto::sha256(&[body])));
    let actor = Actor { assurance: Assurance::Substantial, ..Actor::bare(ActorKind::Client, account) };
    let caller = Caller { actor, via: Via::Api, language: visit.language().clone() };
    Ok((caller, Key::new("payments.callback", &name, body)))
}

pub(crate) fn unreadable(rejection: &BytesRejection) -> Refusal {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        Fault::new(FaultKind::TooLarge, "payments.callback.large").into()
    } else {
        Refusal::from(Fault::invalid("payments.callback.shape")).status(StatusCode::BAD_REQUEST)
    }
}
