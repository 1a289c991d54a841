//! Where devices send packets: `/api/identity/packets`, in the words of the IETF's resumable uploads for HTTP
//! (draft-ietf-httpbis-resumable-upload), without its interim answers.
//!
//! | call | what it does |
//! |---|---|
//! | `GET /api/identity/packets/key` | the centre's key, to encrypt to |
//! | `POST /api/identity/packets` | begins: `Upload-Length`, `Upload-Complete: ?0`, `Idempotency-Key`; answers `Location` |
//! | `HEAD {location}` | `Upload-Offset`, `Upload-Complete` |
//! | `PATCH {location}` | adds bytes at `Upload-Offset`; with `Upload-Complete: ?1` these are the last |
//! | `GET {location}` | how it came out |
//!
//! **Invariant:** what arrived before a connection broke is kept; a device sees its own uploads only.

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch, post};
use axum::{Json as Answered, Router};
use edge::{Bucket, Refusal, Visit, body_limit};
use http_body_util::BodyExt;
use journal::Key;
use serde_json::json;
use spine::{Caller, Cx, Fault, Via};

use super::format::LARGEST;
use super::upload::{Upload, UploadId, UploadState, append, begin_upload, own_upload};
use crate::enrolment::Enrolment;

const PACKETS: &str = "/api/identity/packets";
/// Calls of one device.
const CALLS: Bucket = Bucket { name: "identity.packet", burst: 600, seconds: 60 };

pub(super) fn routes() -> Router<Enrolment> {
    Router::new()
        .route("/api/identity/packets/key", get(centre_key))
        .route(PACKETS, post(begin))
        .route("/api/identity/packets/{upload}", patch(add).get(look).head(look))
        .layer(body_limit(LARGEST))
}

async fn centre_key(State(enrolment): State<Enrolment>) -> Result<Response, Refusal> {
    enrolment.packet_key().ok_or_else(|| Fault::not_found("identity.packet.none"))?;
    Ok(Answered(enrolment.packet_keys()).into_response())
}

/// Only devices send, each with an access token of its own.
async fn sender(enrolment: &Enrolment, visit: &Visit, method: &Method, headers: &HeaderMap) -> Result<Caller, Refusal> {
    let session = enrolment.inner.identity.device_session(visit, method, headers).await?;
    let session = session.ok_or_else(|| Fault::unauthenticated("identity.packet.sender"))?;
    visit.site().limiter().take(&CALLS, &session.actor.id)?;
    Ok(Caller { actor: session.actor, via: Via::Api, language: visit.language().clone() })
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().trim()
}

fn number(headers: &HeaderMap, name: &str) -> Result<i64, Refusal> {
    let wrong = || Refusal::from(Fault::invalid("identity.packet.headers")).status(StatusCode::BAD_REQUEST);
    text(headers, name).parse::<i64>().ok().filter(|number| *number >= 0).ok_or_else(wrong)
}

/// How an upload stands, in headers.
fn standing(mut response: Response, upload: &Upload) -> Response {
    let headers = response.headers_mut();
    let complete = if upload.state == UploadState::Receiving { "?0" } else { "?1" };
    headers.insert("upload-complete", HeaderValue::from_static(complete));
    headers.insert("upload-offset", HeaderValue::from(upload.received));
    headers.insert("upload-length", HeaderValue::from(upload.length));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn said(upload: &Upload) -> Response {
    let body = json!({ "state": upload.state.name(), "problem": upload.problem, "application": upload.application });
    standing(Answered(body).into_response(), upload)
}

fn id(text: &str) -> Result<UploadId, Refusal> {
    text.parse().map_err(|_| Fault::not_found("identity.packet.missing").into())
}

async fn begin(
    State(enrolment): State<Enrolment>,
    visit: Visit,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let caller = sender(&enrolment, &visit, &method, &headers).await?;
    let length = number(&headers, "upload-length")?;
    let key = text(&headers, "idempotency-key").trim_matches('"').to_owned();
    if !(16..=100).contains(&key.len()) || text(&headers, "upload-complete") != "?0" {
        return Err(Refusal::from(Fault::invalid("identity.packet.headers")).status(StatusCode::BAD_REQUEST));
    }
    let work = move |cx: &mut Cx<'_>| begin_upload(cx, &key, length);
    let upload = enrolment.acts().write(&caller, &Key::none(), work).await?;
    let mut response = standing(StatusCode::CREATED.into_response(), &upload);
    if let Ok(location) = HeaderValue::from_str(&format!("{PACKETS}/{}", upload.id)) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

async fn own(enrolment: &Enrolment, caller: &Caller, name: &str) -> Result<Upload, Refusal> {
    let id = id(name)?;
    Ok(enrolment.acts().read(caller, move |cx: &mut Cx<'_>| own_upload(cx, id)).await?)
}

async fn look(
    State(enrolment): State<Enrolment>,
    visit: Visit,
    Path(name): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let caller = sender(&enrolment, &visit, &method, &headers).await?;
    let upload = own(&enrolment, &caller, &name).await?;
    let head = method == Method::HEAD;
    Ok(if head { standing(StatusCode::NO_CONTENT.into_response(), &upload) } else { said(&upload) })
}

async fn add(
    State(enrolment): State<Enrolment>,
    visit: Visit,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    let caller = sender(&enrolment, &visit, &parts.method, &parts.headers).await?;
    let known = own(&enrolment, &caller, &name).await?;
    let from = number(&parts.headers, "upload-offset")?;
    if text(&parts.headers, "content-type") != "application/partial-upload" {
        return Err(Refusal::from(Fault::invalid("identity.packet.headers")).status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    if known.state != UploadState::Receiving {
        // Sent again after it was whole: the first answer.
        return Ok(said(&known));
    }
    let last = text(&parts.headers, "upload-complete") == "?1";
    let (bytes, whole) = arrived(body, LARGEST).await;
    let id = known.id;
    let work = move |cx: &mut Cx<'_>| append(cx, id, from, &bytes);
    let upload = enrolment.acts().write(&caller, &Key::none(), work).await?;
    if !last || !whole {
        return Ok(standing(StatusCode::NO_CONTENT.into_response(), &upload));
    }
    if upload.received != upload.length {
        return Err(Fault::conflict("identity.packet.short").into());
    }
    Ok(said(&enrolment.receive_packet(&caller, upload, false).await?))
}

/// What arrived of a body, and whether that was all: a connection that breaks loses nothing that came before.
async fn arrived(mut body: Body, most: usize) -> (Vec<u8>, bool) {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return (bytes, false) };
        if let Some(data) = frame.data_ref() {
            bytes.extend_from_slice(data);
        }
        if bytes.len() > most {
            return (bytes, true);
        }
    }
    (bytes, true)
}
