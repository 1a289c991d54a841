//! Where the ABIS fetches templates and tells answers that come late.
//!
//! **Invariant:** every call is signed with the secret both sides have, and fresh; no secret stands in an address. An answer
//! told twice is told once.

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use crypto::signed_call::{SIGNATURE, TIMESTAMP, is_signed};
use edge::{Json, Refusal, Visit, body_limit};
use journal::Key;
use serde_json::json;
use spine::{Cx, Fault};

use super::ask::{hand, settle};
use super::words::Answer;
use crate::enrolment::Enrolment;

/// Where templates are fetched, by reference.
pub(super) const TEMPLATES: &str = "/api/identity/abis/templates";
const ANSWERS: &str = "/api/identity/abis/answers";
const ANSWER_BYTES: usize = 256 << 10;

pub(super) fn routes() -> Router<Enrolment> {
    let tell = post(told).layer(body_limit(ANSWER_BYTES));
    Router::new().route(&format!("{TEMPLATES}/{{reference}}"), get(fetch)).route(ANSWERS, tell)
}

fn known(enrolment: &Enrolment, visit: &Visit, headers: &HeaderMap, message: &[u8]) -> Result<(), Refusal> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let link = enrolment.abis().ok_or_else(|| Fault::not_found("identity.abis.none"))?;
    if is_signed(&link.secret, visit.now(), header(TIMESTAMP), header(SIGNATURE), message) {
        Ok(())
    } else {
        Err(Fault::unauthenticated("identity.abis.signature").into())
    }
}

async fn fetch(
    State(enrolment): State<Enrolment>,
    visit: Visit,
    Path(reference): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    known(&enrolment, &visit, &headers, format!("{TEMPLATES}/{reference}").as_bytes())?;
    let work = move |cx: &mut Cx<'_>| hand(cx, &reference);
    let found = enrolment.acts().write(&enrolment.abis_caller(), &Key::none(), work).await?;
    let (id, sealed) = found.ok_or_else(|| Fault::not_found("identity.abis.gone"))?;
    let mut response = enrolment.open_biometrics(id, &sealed)?.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

async fn told(
    State(enrolment): State<Enrolment>,
    visit: Visit,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refusal> {
    let wrong = || Refusal::from(Fault::invalid("identity.abis.unreadable")).status(StatusCode::BAD_REQUEST);
    let body = body.map_err(|_| wrong())?;
    known(&enrolment, &visit, &headers, &body)?;
    let answer = Answer::read(&body).ok_or_else(wrong)?;
    let key = Key::new("identity.abis", &crypto::hex(&crypto::sha256(&[&body])), &body);
    let work = move |cx: &mut Cx<'_>| settle(cx, &answer);
    let known = enrolment.acts().write(&enrolment.abis_caller(), &key, work).await?;
    if known {
        Ok(Json(json!({"received": true})).into_response())
    } else {
        Err(Fault::not_found("identity.abis.request").into())
    }
}
