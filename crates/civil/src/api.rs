//! The interface for the systems of clinics and chiefs: a notice in, and how far it is.
//!
//! **Invariant:** the same operations as the pages; an idempotency key makes a notice that is sent twice one notice. What
//! comes back holds no personal data.

use axum::extract::{Path, State as Of};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json as Body, Router};
use edge::{IdempotencyKey, Json, Reply, Visit};
use journal::Key;
use registers::Fields;
use serde::Deserialize;
use serde_json::json;
use spine::{Cx, Fault};

use crate::engine::Civil;
use crate::event::EventId;
use crate::examine::look;
use crate::notify::{Notice, notify};

pub(crate) fn routes(civil: Civil) -> Router {
    Router::new()
        .route("/api/civil/notices", post(noticed))
        .route("/api/civil/events/{event}", get(event))
        .with_state(civil)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    kind: String,
    fields: Fields,
}

async fn noticed(Of(civil): Of<Civil>, visit: Visit, key: IdempotencyKey, Json(sent): Json<Sent>) -> Reply {
    visit.must_sign_in()?;
    let request = serde_json::to_vec(&json!({"kind": sent.kind, "fields": sent.fields})).unwrap_or_default();
    let key = Key::new(&format!("civil.notify:{}", visit.actor().id), &key.0, &request);
    let (engine, notice) = (civil.clone(), Notice { kind: sent.kind, fields: sent.fields });
    let work = move |cx: &mut Cx<'_>| notify(cx, &engine, &notice);
    let (event, reference) = civil.acts().write(visit.caller(), &key, work).await?;
    Ok((StatusCode::CREATED, Body(json!({"event": event, "reference": reference}))).into_response())
}

async fn event(Of(civil): Of<Civil>, visit: Visit, Path(event): Path<String>) -> Reply {
    visit.must_sign_in()?;
    let id: EventId = event.parse().map_err(|_| Fault::not_found("civil.event.missing"))?;
    let engine = civil.clone();
    let examined = civil.acts().write(visit.caller(), &Key::none(), move |cx| look(cx, &engine, id)).await?;
    let event = examined.event;
    let said = json!({
        "event": event.id, "kind": event.kind, "reference": event.reference, "state": event.state.name(),
        "occurred_on": event.occurred_on, "due_on": event.due_on, "entry": event.entry,
    });
    Ok(Body(said).into_response())
}
