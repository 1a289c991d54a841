//! The interface of programs: lists from systems of ministries, and vouchers that tills took.
//!
//! **Invariant:** a system asks with an access token of its own (scope `grants`) and within its licence; a till is a device with
//! the scope `vouchers.redeem`. A list is read as it comes and never held in memory.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{FromRequest, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use crypto::jose::KeySet;
use edge::{Json, Path, Pieces, Query, Refusal, Reply, Visit, body_limit, streamed};
use http_body_util::BodyExt;
use journal::Key;
use serde::Deserialize;
use serde_json::{Value as Json_, json};
use spine::{Caller, Cx, Fault};

use crate::engine::Grants;
use crate::lists::NewList;
use crate::lists::file::Pieces as Lines;
use crate::lists::take::found;
use crate::model::{ListId, Source};
use crate::money::resource;
use crate::vouchers::{Heard, Redemption, hear};

/// The scope of a ministry's system.
pub(crate) const SCOPE: &str = "grants";
/// Bytes of a list: three million lines.
const LIST_BYTES: usize = 256 << 20;
/// A pause between pieces after which a sender has gone.
const SILENCE: Duration = Duration::from_secs(60);
/// Longest line that is waited for.
const LINE_BYTES: usize = 64 << 10;

pub(crate) fn routes() -> Router<Grants> {
    Router::new()
        .route("/api/grants/keys", get(keys))
        .route("/api/grants/programmes/{id}/lists", post(list).layer(body_limit(LIST_BYTES)))
        .route("/api/grants/lists/{id}", get(one))
        .route("/api/grants/vouchers/redemptions", post(redemptions))
}

/// The public key that batches and vouchers are signed with (RFC 7517).
async fn keys(State(grants): State<Grants>) -> Response {
    Json(KeySet::of([&grants.inner.signing_key.public()]).to_jwks()).into_response()
}

#[derive(Deserialize)]
struct Named {
    name: String,
    control_minor: Option<i64>,
}

async fn list(
    State(grants): State<Grants>,
    visit: Visit,
    Path(programme): Path<String>,
    Query(named): Query<Named>,
    request: Request,
) -> Result<Response, Response> {
    let (parts, body) = request.into_parts();
    let caller = grants.inner.identity.calling_program(&visit, (&parts.method, &parts.headers), SCOPE).await?;
    let new = NewList { programme, name: named.name, source: Source::Interface };
    let lines = Lines::begin(&grants, &caller, new).await.map_err(|fault| Refusal::from(fault).into_response())?;
    let (mut pieces, answer) = streamed();
    tokio::spawn(async move {
        let said = match read(lines, body, named.control_minor, &mut pieces).await {
            Ok(said) => said,
            Err(fault) => json!({ "error": fault.code() }),
        };
        pieces.send(said.to_string() + "\n").await;
    });
    Ok(([("content-type", "application/jsonl")], answer).into_response())
}

/// Takes the lines as they come, tells how far it is every hundred thousand, and in the end what became of them.
async fn read(mut lines: Lines, mut body: Body, control: Option<i64>, pieces: &mut Pieces) -> Result<Json_, Fault> {
    let broken = || Fault::unavailable("grants.list.broken");
    let (mut rest, mut count) = (Vec::new(), 0_u64);
    loop {
        let frame = tokio::time::timeout(SILENCE, body.frame()).await.map_err(|_| broken())?;
        let is_last = frame.is_none();
        if let Some(frame) = frame {
            rest.extend_from_slice(frame.map_err(|_| broken())?.data_ref().map_or(&[][..], |data| data));
        }
        let mut start = 0;
        while let Some(length) = rest.get(start..).and_then(|left| left.iter().position(|byte| *byte == b'\n')) {
            lines.line(rest.get(start..start + length).unwrap_or_default()).await?;
            start += length + 1;
            count += 1;
            if count.is_multiple_of(100_000) {
                pieces.send(json!({ "lines": count }).to_string() + "\n").await;
            }
        }
        rest.drain(..start);
        if rest.len() > LINE_BYTES {
            return Err(Fault::invalid("grants.list.columns"));
        }
        if is_last {
            if !rest.is_empty() {
                lines.line(&rest).await?;
            }
            let sent = lines.end(control).await?;
            let refused: Vec<Json_> =
                sent.refused.iter().map(|(line, why)| json!({ "line": line, "reason": why })).collect();
            return Ok(json!({
                "list": sent.list.id, "lines": sent.list.lines, "accepted": sent.list.accepted,
                "refused": sent.list.refused, "control_minor": sent.list.control_minor, "first_refused": refused,
            }));
        }
    }
}

async fn one(
    State(grants): State<Grants>,
    visit: Visit,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Response> {
    let (parts, _) = request.into_parts();
    let caller = grants.inner.identity.calling_program(&visit, (&parts.method, &parts.headers), SCOPE).await?;
    let unknown = || Refusal::from(Fault::not_found("grants.list.unknown")).into_response();
    let id: ListId = id.parse().map_err(|_| unknown())?;
    let engine = grants.clone();
    let look = move |cx: &mut Cx<'_>| {
        let list = found(cx, id)?;
        cx.may("grants.list.view", &resource(cx, engine.programme(&list.programme)?))?;
        Ok(list)
    };
    let list = grants.acts().read(&caller, look).await.map_err(|fault| Refusal::from(fault).into_response())?;
    Ok(Json(list).into_response())
}

#[derive(Deserialize)]
struct Report {
    redemptions: Vec<Redemption>,
}

async fn redemptions(State(grants): State<Grants>, visit: Visit, request: Request) -> Reply {
    visit.must_sign_in()?;
    let Json(report): Json<Report> = Json::from_request(request, &()).await?;
    let (engine, caller): (Grants, Caller) = (grants.clone(), visit.caller().clone());
    let work = move |cx: &mut Cx<'_>| hear(cx, &engine, &report.redemptions);
    let heard: Vec<Heard> = grants.acts().write(&caller, &Key::none(), work).await?;
    Ok(Json(json!({ "redemptions": heard })).into_response())
}
