//! What acquirers call: `POST /api/payments/acquirers/{acquirer}`. The walls are those of a wallet's callback.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::HeaderMap;
use axum::routing::post;
use edge::{Json, Path, Refusal, Reply, Visit, body_limit};
use spine::Fault;

use super::{CardTold, told};
use crate::Gateway;
use crate::rails::api::{CALLBACK_BYTES, Received, known_by, unreadable};

pub(crate) fn routes() -> Router<Gateway> {
    Router::new().route("/api/payments/acquirers/{acquirer}", post(callback).layer(body_limit(CALLBACK_BYTES)))
}

async fn callback(
    State(gateway): State<Gateway>,
    visit: Visit,
    Path(acquirer): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Reply<Json<Received>> {
    let body = body.map_err(|rejection| unreadable(&rejection))?;
    let known = gateway.rails().acquirers.find(&acquirer).and_then(|acquirer| Some((acquirer, acquirer.link()?)));
    let (acquirer, link) = known.ok_or_else(|| Fault::not_found("payments.wallet.unknown"))?;
    let (caller, key) = known_by(&visit, &headers, &body, &link.api, acquirer.account())?;
    let said: CardTold =
        serde_json::from_slice(&body).map_err(|_| Refusal::from(Fault::invalid("payments.callback.shape")))?;
    let (acquirer, recourse) = (acquirer.clone(), gateway.recourse().ok().copied());
    let today = gateway.rails().banks.day(visit.now());
    gateway.acts().post(&caller, &key, move |cx| told(cx, &acquirer, recourse.as_ref(), today, &said)).await?;
    Ok(Json(Received { received: true }))
}
