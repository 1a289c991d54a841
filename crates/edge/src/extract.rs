//! What a handler takes from a request, with problem responses where it is not there.
//!
//! **Invariant:** nothing reaches an operation that was not the right media type, within its limit and of
//! the declared type. Types from outside say `#[serde(deny_unknown_fields)]` themselves.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, OptionalFromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use spine::{Fault, FieldFault, Text};

use crate::refusal::Refusal;

fn bad(code: &'static str) -> Refusal {
    Refusal::from(Fault::invalid(code)).status(StatusCode::BAD_REQUEST)
}

/// A JSON body in, a JSON body out.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let kind =
            request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if kind != "application/json" && !(kind.starts_with("application/") && kind.ends_with("+json")) {
            return Err(Refusal::from(Fault::invalid("edge.body.type")).status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        let body = Bytes::from_request(request, state).await.map_err(|rejection| Refusal::of_body(&rejection))?;
        serde_json::from_slice(&body).map(Self).map_err(|error| of_json(&error))
    }
}

/// Not JSON at all is malformed (400); JSON of another shape is invalid (422). The place is told, the content not.
fn of_json(error: &serde_json::Error) -> Refusal {
    let place = FieldFault {
        field: format!("/ (line {}, column {})", error.line(), error.column()),
        text: Text::new("edge.body.place"),
    };
    if error.is_data() {
        Fault::invalid("edge.body.shape").fields_from([place]).into()
    } else {
        Refusal::from(Fault::invalid("edge.body.malformed").fields_from([place])).status(StatusCode::BAD_REQUEST)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(bytes) => ([(header::CONTENT_TYPE, "application/json")], bytes).into_response(),
            Err(error) => Refusal::from(Fault::internal("edge.internal", error)).into_response(),
        }
    }
}

/// The query as a type.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        axum::extract::Query::try_from_uri(&parts.uri)
            .map(|query| Self(query.0))
            .map_err(|_| bad("edge.query.malformed"))
    }
}

/// The path's parameters as a type. One that does not parse names nothing that exists: 404.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let path = <axum::extract::Path<T> as FromRequestParts<S>>::from_request_parts(parts, state).await;
        path.map(|path| Self(path.0)).map_err(|_| Fault::not_found("edge.route.missing").into())
    }
}

/// The `Idempotency-Key` of an API call that changes something (IETF draft-ietf-httpapi-idempotency-key-header):
/// 1 to 255 visible characters, quoted or not.
#[derive(Clone, Debug)]
pub struct IdempotencyKey(pub String);

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let key = <Self as OptionalFromRequestParts<S>>::from_request_parts(parts, state).await?;
        key.ok_or_else(|| bad("edge.key.missing"))
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for IdempotencyKey {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Refusal> {
        let Some(value) = parts.headers.get("idempotency-key") else { return Ok(None) };
        let key = value.to_str().map_err(|_| bad("edge.key.malformed"))?.trim();
        let key = key.strip_prefix('"').and_then(|key| key.strip_suffix('"')).unwrap_or(key);
        let fine = (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
        if fine { Ok(Some(Self(key.to_owned()))) } else { Err(bad("edge.key.malformed")) }
    }
}

/// The version the caller saw (RFC 9110 §13.1.1), from `If-Match: "7"`; required, or 428 (RFC 6585 §3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IfMatch(pub String);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let found = <Self as OptionalFromRequestParts<S>>::from_request_parts(parts, state).await?;
        let missing = || Refusal::from(Fault::invalid("edge.match.missing")).status(StatusCode::PRECONDITION_REQUIRED);
        found.ok_or_else(missing)
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for IfMatch {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Refusal> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else { return Ok(None) };
        let tag = value.to_str().unwrap_or_default().trim();
        let tag = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).filter(|tag| !tag.contains(['"', ',']));
        tag.map(|tag| Some(Self(tag.to_owned()))).ok_or_else(|| bad("edge.match.malformed"))
    }
}

/// The `ETag` of a version (RFC 9110 §8.8.3).
#[must_use]
pub fn etag(version: impl std::fmt::Display) -> [(header::HeaderName, HeaderValue); 1] {
    let value = HeaderValue::from_str(&format!("\"{version}\"")).unwrap_or_else(|_| HeaderValue::from_static("\"\""));
    [(header::ETAG, value)]
}

/// Which part of a list is asked for: `?after=CURSOR&limit=50`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paging {
    /// The cursor that the part before gave; the beginning if none.
    pub after: Option<String>,
    /// How many, 1 to 200; 50 if not said.
    pub limit: u16,
}

#[derive(Deserialize)]
struct RawPaging {
    after: Option<String>,
    limit: Option<u16>,
}

impl<S: Send + Sync> FromRequestParts<S> for Paging {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let Query(raw) = Query::<RawPaging>::from_request_parts(parts, state).await?;
        let after = raw.after.filter(|cursor| !cursor.is_empty());
        if after.as_ref().is_some_and(|cursor| cursor.len() > 500) {
            return Err(bad("edge.query.malformed"));
        }
        Ok(Self { after, limit: raw.limit.unwrap_or(50).clamp(1, 200) })
    }
}
