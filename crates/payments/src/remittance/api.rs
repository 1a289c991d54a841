//! What partners call: `POST /api/payments/partners/{partner}`. The walls are those of a wallet's callback.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::HeaderMap;
use axum::routing::post;
use edge::{Json, Path, Refusal, Reply, Visit, body_limit};
use spine::Fault;

use super::receive::{Collected, receive};
use crate::Gateway;
use crate::rails::api::{CALLBACK_BYTES, Received, known_by, unreadable};

pub(crate) fn routes() -> Router<Gateway> {
    Router::new().route("/api/payments/partners/{partner}", post(callback).layer(body_limit(CALLBACK_BYTES)))
}

async fn callback(
    State(gateway): State<Gateway>,
    visit: Visit,
    Path(partner): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Reply<Json<Received>> {
    let body = body.map_err(|rejection| unreadable(&rejection))?;
    let known = gateway.corridors().find(&partner).and_then(|partner| Some((partner, partner.link()?)));
    let (partner, link) = known.ok_or_else(|| Fault::not_found("payments.wallet.unknown"))?;
    let (caller, key) = known_by(&visit, &headers, &body, link, partner.account())?;
    let told: Collected =
        serde_json::from_slice(&body).map_err(|_| Refusal::from(Fault::invalid("payments.callback.shape")))?;
    let partner = partner.clone();
    gateway.acts().post(&caller, &key, move |cx| receive(cx, &partner, &told)).await?;
    Ok(Json(Received { received: true }))
}
