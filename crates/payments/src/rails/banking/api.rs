//! What our bank calls: `POST /api/payments/banks/{bank}`, with a message of ISO 20022.
//!
//! **Invariant:** the order of the walls: size, bank, signature and time, shape, and only then the operation.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use edge::{Json, Path, Reply, Visit, body_limit};
use spine::{Fault, FaultKind};

use super::receive::take;
use crate::Gateway;
use crate::rails::api::{Received, known_by};
use crate::rails::iso20022::{self, XmlLimits};

/// How often a message is taken again that met another about the same line.
const TRIES: u32 = 5;

pub(crate) fn routes() -> Router<Gateway> {
    Router::new().route("/api/payments/banks/{bank}", post(told).layer(body_limit(XmlLimits::MESSAGE.bytes)))
}

async fn told(
    State(gateway): State<Gateway>,
    visit: Visit,
    Path(bank): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Reply<Json<Received>> {
    let body = body.map_err(|rejection| {
        let large = rejection.status() == StatusCode::PAYLOAD_TOO_LARGE;
        let kind = if large { FaultKind::TooLarge } else { FaultKind::Invalid };
        Fault::new(kind, "payments.iso20022.large")
    })?;
    let known = gateway.rails().banks.own().filter(|own| own.bank.id == bank);
    let known = known.and_then(|own| Some((own.account(), own.link()?)));
    let (account, link) = known.ok_or_else(|| Fault::not_found("payments.bank.unknown"))?;
    let (caller, key) = known_by(&visit, &headers, &body, link, account)?;
    let message = iso20022::read(&body, XmlLimits::MESSAGE)?;
    let message = Arc::new(message);
    for _ in 0..TRIES {
        let (rails, message) = (gateway.rails().clone(), Arc::clone(&message));
        match gateway.acts().post(&caller, &key, move |cx| take(cx, &rails, &message)).await {
            Ok(()) => return Ok(Json(Received { received: true })),
            // A notification and a statement with the same line, at the same moment: the other was first.
            Err(fault) if fault.code() == "store.row.duplicate" => {}
            Err(fault) => return Err(fault.into()),
        }
    }
    Err(Fault::unavailable("payments.bank.busy").retry_after(1).into())
}
