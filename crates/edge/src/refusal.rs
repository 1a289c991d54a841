//! A fault on its way to whoever asked: a page for a person, problem+json (RFC 9457) for a program.
//!
//! **Invariant:** the one place where a fault becomes an HTTP answer. It tells the code and the sentence,
//! never the cause; the cause is logged once, with the trace id the answer carries.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::html;
use spine::{Fault, FaultKind, FieldFault};

use crate::origin::encode_query;
use crate::problem;
use crate::visit::Visit;

/// What a handler gives back: something, or a refusal.
pub type Reply<T = Response> = Result<T, Refusal>;

/// A fault as an HTTP answer. A path under `/api/`, or a request that does not accept HTML, gets
/// problem+json; a browser gets a page that says what happened and what to do next.
#[derive(Debug)]
pub struct Refusal {
    fault: Fault,
    status: StatusCode,
}

impl Refusal {
    /// The same with a more telling status than its kind's: 400, 412, 415, 428.
    #[must_use]
    pub const fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// The fault.
    #[must_use]
    pub const fn fault(&self) -> &Fault {
        &self.fault
    }

    /// The fault, to show its fields on the form again.
    #[must_use]
    pub fn into_fault(self) -> Fault {
        self.fault
    }

    /// A body that could not be read: too large, or broken off.
    pub(crate) fn of_body(rejection: &BytesRejection) -> Self {
        Self::of_status(rejection.status())
    }

    pub(crate) fn of_status(status: StatusCode) -> Self {
        if status == StatusCode::PAYLOAD_TOO_LARGE {
            Fault::new(FaultKind::TooLarge, "edge.body.large").into()
        } else {
            Self::from(Fault::invalid("edge.body.malformed")).status(StatusCode::BAD_REQUEST)
        }
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        let status = status_of(fault.kind());
        Self { fault, status }
    }
}

/// The status of a kind of fault (RFC 9110 §15).
const fn status_of(kind: FaultKind) -> StatusCode {
    match kind {
        FaultKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        FaultKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        FaultKind::Forbidden => StatusCode::FORBIDDEN,
        FaultKind::NotFound => StatusCode::NOT_FOUND,
        FaultKind::Conflict => StatusCode::CONFLICT,
        FaultKind::Expired => StatusCode::GONE,
        FaultKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        FaultKind::TooMany => StatusCode::TOO_MANY_REQUESTS,
        FaultKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        FaultKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The refusal within a response, until the frame, which knows the visitor, writes it out.
#[derive(Clone)]
pub(crate) struct Pending(pub(crate) Arc<Refusal>);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(Pending(Arc::new(self)));
        response
    }
}

/// Writes a refusal out for this visitor.
pub(crate) fn write_out(refusal: &Refusal, visit: &Visit, method: &Method) -> Response {
    log(refusal, visit);
    let fault = &refusal.fault;
    let signs_in = fault.kind() == FaultKind::Unauthenticated && refusal.status == StatusCode::UNAUTHORIZED;
    let mut response = if !visit.wants_page() {
        problem::response(refusal.status, fault, visit)
    } else if signs_in {
        see_other(&sign_in_link(visit, method))
    } else {
        page(refusal, visit, method)
    };
    if let Some(seconds) = fault.retry_after_seconds() {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn log(refusal: &Refusal, visit: &Visit) {
    let (code, trace) = (refusal.fault.code(), visit.trace());
    let cause = || refusal.fault.cause().map(ToString::to_string).unwrap_or_default();
    match refusal.fault.kind() {
        FaultKind::Internal => tracing::error!(code, trace, cause = cause(), "internal fault"),
        FaultKind::Unavailable => tracing::warn!(code, trace, cause = cause(), "unavailable"),
        _ => tracing::debug!(code, trace, "refused"),
    }
}

/// Where to sign in and come back to: the page itself, or for a form the page it stands on.
pub(crate) fn sign_in_link(visit: &Visit, method: &Method) -> String {
    let query = visit.query().filter(|_| method.is_safe());
    let next = query.map_or_else(|| visit.path().to_owned(), |query| format!("{}?{query}", visit.path()));
    format!("{}?next={}", visit.site().settings().sign_in_path, encode_query(&next))
}

/// The assurance that would change a refusal, for the page to sign in more surely.
fn more(fault: &Fault) -> Option<&'static str> {
    match fault.code() {
        "journal.act.needs_substantial" => Some("substantial"),
        "journal.act.needs_high" => Some("high"),
        _ => None,
    }
}

fn page(refusal: &Refusal, visit: &Visit, method: &Method) -> Response {
    let fault = &refusal.fault;
    let kind = match fault.kind() {
        FaultKind::Invalid => ("edge.refusal.invalid.title", "edge.refusal.invalid.next"),
        FaultKind::Unauthenticated => ("edge.refusal.unauthenticated.title", "edge.refusal.unauthenticated.next"),
        FaultKind::Forbidden => ("edge.refusal.forbidden.title", "edge.refusal.forbidden.next"),
        FaultKind::NotFound => ("edge.refusal.not_found.title", "edge.refusal.not_found.next"),
        FaultKind::Conflict => ("edge.refusal.conflict.title", "edge.refusal.conflict.next"),
        FaultKind::Expired => ("edge.refusal.expired.title", "edge.refusal.expired.next"),
        FaultKind::TooLarge => ("edge.refusal.too_large.title", "edge.refusal.too_large.next"),
        FaultKind::TooMany => ("edge.refusal.too_many.title", "edge.refusal.too_many.next"),
        FaultKind::Unavailable => ("edge.refusal.unavailable.title", "edge.refusal.unavailable.next"),
        FaultKind::Internal => ("edge.refusal.internal.title", "edge.refusal.internal.next"),
    };
    let ours = matches!(fault.kind(), FaultKind::Internal | FaultKind::Unavailable);
    let body = html! {
        @if !ours && is_said(visit, fault) { p { (visit.say(fault.text())) } }
        @if !fault.fields().is_empty() {
            ul { @for field in fault.fields() { li { (visit.say(&field.text)) } } }
        }
        @if let Some(more) = more(fault) {
            p { a.b href=(format!("{}&more={more}", sign_in_link(visit, method))) { (visit.t("edge.refusal.more")) } }
        } @else { p { (visit.t(kind.1)) } }
        p { a.b.b2 href="/" { (visit.t("edge.refusal.home")) } }
        @if ours { p.hint { (visit.t1("edge.refusal.reference", "trace", visit.trace())) } }
    };
    visit.page(visit.t(kind.0)).status(refusal.status).body(body).into_response()
}

/// Whether the pack has a sentence for this fault.
pub(crate) fn is_said(visit: &Visit, fault: &Fault) -> bool {
    let words = visit.site().words();
    words.locales().any(|locale| words.knows(&locale.language, fault.text().key()))
}

/// The faults of fields, to show the form again with them; any other fault is refused.
///
/// ```ignore
/// let faults = edge::correctable(fault)?;
/// Ok(page(visit.sheet_with(form.answers, &faults)).into_response())
/// ```
///
/// # Errors
/// The fault itself, when it is not about fields.
pub fn correctable(fault: Fault) -> Result<Vec<FieldFault>, Refusal> {
    if fault.kind() == FaultKind::Invalid && !fault.fields().is_empty() {
        Ok(fault.fields().to_vec())
    } else {
        Err(fault.into())
    }
}

/// 303: the answer to a form that did its work, so that reloading does not send it again.
#[must_use]
pub fn see_other(to: &str) -> Response {
    let Ok(location) = HeaderValue::from_str(to) else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    response.headers_mut().insert(header::LOCATION, location);
    response
}
