//! A fault as problem+json (RFC 9457), the one shape of every error of every API.
//!
//! **Invariant:** `code` is stable and for programs, `detail` is for people and in their language, `instance`
//! is the trace id; no cause, no stack, no personal data.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};
use spine::Fault;

use crate::refusal::is_said;
use crate::visit::Visit;

/// The media type.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

pub(crate) fn response(status: StatusCode, fault: &Fault, visit: &Visit) -> Response {
    let title = status.canonical_reason().unwrap_or("Error");
    let detail = if is_said(visit, fault) { visit.say(fault.text()) } else { title.to_owned() };
    let mut problem = json!({
        "type": format!("urn:letsema:fault:{}", fault.code()),
        "title": title,
        "status": status.as_u16(),
        "detail": detail,
        "code": fault.code(),
        "instance": format!("urn:trace:{}", visit.trace()),
    });
    if !fault.fields().is_empty() {
        let errors = fault
            .fields()
            .iter()
            .map(|field| json!({place(&field.field): field.field, "detail": visit.say(&field.text)}));
        if let Value::Object(members) = &mut problem {
            members.insert("errors".to_owned(), errors.collect());
        }
    }
    let mut response = Response::new(Body::from(problem.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    if let Ok(language) = HeaderValue::from_str(visit.language().tag()) {
        headers.insert(header::CONTENT_LANGUAGE, language);
    }
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// A JSON Pointer (RFC 6901) begins with a slash; anything else is the name of a field.
fn place(field: &str) -> &'static str {
    if field.starts_with('/') { "pointer" } else { "field" }
}
