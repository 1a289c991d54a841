//! Errors as FSPIOP says them (API Definition §7.6): a code, its sentence, and maybe what exactly was wrong.
//!
//! **Invariant:** a code here is one of the definition's; the sentence begins with the definition's own name for it.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use spine::{Fault, FaultKind};

/// A code and its name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Code(pub &'static str, pub &'static str);

/// Somebody we tell cannot be reached.
pub(crate) const DESTINATION: Code = Code("1001", "Destination communication error");
/// Ours, of no further kind.
pub(crate) const SERVER: Code = Code("2000", "Generic server error");
/// Not now.
pub(crate) const UNAVAILABLE: Code = Code("2003", "Service currently unavailable");
/// Theirs, of no further kind.
pub(crate) const CLIENT: Code = Code("3000", "Generic client error");
/// A version that is not spoken here.
pub(crate) const VERSION: Code = Code("3001", "Unacceptable version requested");
/// No such address.
pub(crate) const URI: Code = Code("3002", "Unknown URI");
/// An alias cannot be added.
pub(crate) const ADD_PARTY: Code = Code("3003", "Add Party information error");
/// Read, and wrong.
pub(crate) const VALIDATION: Code = Code("3100", "Generic validation error");
/// Cannot be read.
pub(crate) const SYNTAX: Code = Code("3101", "Malformed syntax");
/// An element or header is missing.
pub(crate) const MISSING: Code = Code("3102", "Missing mandatory element");
/// More than is taken.
pub(crate) const LARGE: Code = Code("3104", "Too large payload");
/// A signature that does not hold.
pub(crate) const SIGNATURE: Code = Code("3105", "Invalid signature");
/// The same identifier, another request.
pub(crate) const MODIFIED: Code = Code("3106", "Modified request");
/// An identifier nobody knows.
pub(crate) const NOT_FOUND: Code = Code("3200", "Generic ID not found");
/// The other side is not there or not active.
pub(crate) const DESTINATION_FSP: Code = Code("3201", "Destination FSP Error");
/// The payer's institution is unknown.
pub(crate) const PAYER_FSP: Code = Code("3202", "Payer FSP ID not found");
/// The payee's institution is unknown.
pub(crate) const PAYEE_FSP: Code = Code("3203", "Payee FSP ID not found");
/// Nobody under this alias.
pub(crate) const PARTY: Code = Code("3204", "Party not found");
/// No such transfer.
pub(crate) const TRANSFER: Code = Code("3208", "Transfer ID not found");
/// No such quote.
pub(crate) const QUOTE: Code = Code("3205", "Quote ID not found");
/// The quote is too old.
pub(crate) const QUOTE_EXPIRED: Code = Code("3302", "Quote expired");
/// The payee's institution takes no such payment.
pub(crate) const QUOTE_REJECTED: Code = Code("5103", "Payee FSP rejected quote");
/// The payee's institution takes it no more.
pub(crate) const REJECTED: Code = Code("5105", "Payee FSP rejected transaction");
/// Too late.
pub(crate) const EXPIRED: Code = Code("3303", "Transfer expired");
/// The payer's institution has not deposited enough.
pub(crate) const LIQUIDITY: Code = Code("4001", "Payer FSP insufficient liquidity");
/// The payer's institution has reached its net-debit cap.
pub(crate) const CAP: Code = Code("4200", "Payer limit error");

/// `errorInformation`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ErrorInformation {
    /// Four digits.
    pub error_code: String,
    /// What it means, up to 128 characters.
    pub error_description: String,
}

/// A refusal to a participant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    /// Which.
    pub code: Code,
    /// What exactly, if there is more to say.
    pub detail: String,
    /// The status of an answer that is given at once.
    pub status: StatusCode,
}

impl Refused {
    /// A refusal with `detail` after the code's own name; 400.
    #[must_use]
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), status: StatusCode::BAD_REQUEST }
    }

    /// With another status.
    #[must_use]
    pub(crate) fn status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// As it is written.
    #[must_use]
    pub(crate) fn information(&self) -> ErrorInformation {
        let mut text = self.code.1.to_owned();
        if !self.detail.is_empty() {
            text = format!("{text} - {}", self.detail);
        }
        let error_description = text.chars().take(128).collect();
        ErrorInformation { error_code: self.code.0.to_owned(), error_description }
    }

    /// The body of an answer or callback.
    #[must_use]
    pub(crate) fn body(&self) -> Value {
        json!({ "errorInformation": self.information() })
    }
}

impl From<Code> for Refused {
    fn from(code: Code) -> Self {
        Self::new(code, "")
    }
}

/// A fault of the program as a participant hears it: the code, and never the cause.
impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        if matches!(fault.kind(), FaultKind::Internal | FaultKind::Unavailable) {
            tracing::warn!(%fault, "an FSPIOP request failed");
        }
        let (code, status) = match fault.kind() {
            FaultKind::Unavailable | FaultKind::TooMany => (UNAVAILABLE, StatusCode::SERVICE_UNAVAILABLE),
            FaultKind::Internal => (SERVER, StatusCode::INTERNAL_SERVER_ERROR),
            FaultKind::Unauthenticated => (CLIENT, StatusCode::UNAUTHORIZED),
            FaultKind::Forbidden => (CLIENT, StatusCode::FORBIDDEN),
            FaultKind::NotFound => (NOT_FOUND, StatusCode::NOT_FOUND),
            FaultKind::TooLarge => (LARGE, StatusCode::PAYLOAD_TOO_LARGE),
            FaultKind::Invalid | FaultKind::Conflict | FaultKind::Expired => (VALIDATION, StatusCode::BAD_REQUEST),
        };
        Self::new(code, fault.code()).status(status)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.status, Json(self.body())).into_response()
    }
}
