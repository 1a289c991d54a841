//! The door for participants: `/api/fspiop/…`, every resource of FSPIOP that a hub has.

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use edge::body_limit;

use super::error::{LARGE, Refused, SYNTAX, URI};
use super::incoming::Incoming;
use super::{exchange, parties, transfers};
use crate::Switch;

/// Where the resources begin.
pub(crate) const PREFIX: &str = "/api/fspiop";

pub(crate) fn routes() -> Router<Switch> {
    Router::new().route("/api/fspiop/{*resource}", any(take).layer(body_limit(transfers::BULK_BYTES)))
}

async fn take(
    State(switch): State<Switch>,
    OriginalUri(uri): OriginalUri,
    method: Method,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let path = uri.path().strip_prefix(PREFIX).unwrap_or_default();
    let body = match body {
        Ok(body) => body,
        Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            return Refused::from(LARGE).status(StatusCode::PAYLOAD_TOO_LARGE).into_response();
        }
        Err(_) => return Refused::from(SYNTAX).into_response(),
    };
    match dispatch(&switch, (&method, path, uri.query()), &headers, &body).await {
        Ok(status) => status.into_response(),
        Err(refused) => refused.into_response(),
    }
}

async fn dispatch(
    switch: &Switch,
    (method, path, query): (&Method, &str, Option<&str>),
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<StatusCode, Refused> {
    // An optional last part may be left empty.
    let decoded: Option<Vec<String>> = path.split('/').filter(|part| !part.is_empty()).map(decode).collect();
    let decoded = decoded.ok_or_else(|| Refused::new(SYNTAX, "address"))?;
    let parts: Vec<&str> = decoded.iter().map(String::as_str).collect();
    let Some((resource, rest)) = parts.split_first() else { return Err(unknown()) };
    let read = || Incoming::read(switch, (method, path), resource, headers, body);
    match *resource {
        "participants" => parties::participants(switch, read()?, rest, query).await,
        "parties" => parties::parties(switch, read()?, rest, query).await,
        "transfers" => transfers::transfers(switch, read()?, rest).await,
        "bulkTransfers" => transfers::bulk(switch, read()?, rest).await,
        "quotes" | "bulkQuotes" | "transactionRequests" | "authorizations" => {
            exchange::pass(switch, read()?, resource, rest)
        }
        _ => Err(unknown()),
    }
}

fn unknown() -> Refused {
    Refused::from(URI).status(StatusCode::NOT_FOUND)
}

/// A part of an address without its percent signs (RFC 3986 §2.1).
pub(crate) fn decode(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let pair = [rest.next()?, rest.next()?];
            let digits = std::str::from_utf8(&pair).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}
