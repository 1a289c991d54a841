//! The envelope of a message: header, signature, acknowledgement.
//!
//! **Invariant:** a sender whose key the pack gives must sign; what is signed is the header and the message as they were sent,
//! byte for byte. Ours are signed with the key of `/api/grants/keys`, in the same form.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use crypto::{Algorithm, PublicKey, base64, from_base64, from_base64url, sha256};
use edge::Json;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use spine::{Fault, FaultKind, Timestamp};

use crate::engine::Grants;

/// How long a signature of ours is good.
const GOOD_SECONDS: i64 = 300;
/// Longest identifier of a message or transaction.
const ID_BYTES: usize = 99;

/// Why a message is not taken: a code of the standard.
pub(super) struct Wrong(pub(super) &'static str);

#[derive(Deserialize)]
struct Sent<'a> {
    signature: Option<String>,
    #[serde(borrow)]
    header: &'a RawValue,
    #[serde(borrow)]
    message: &'a RawValue,
}

#[derive(Deserialize)]
struct Header {
    #[serde(default = "first")]
    version: String,
    message_id: String,
    action: String,
    sender_id: String,
    #[serde(default)]
    is_msg_encrypted: bool,
}

fn first() -> String {
    "1.0.0".to_owned()
}

/// A message that may be looked at.
pub(super) struct Asked {
    pub(super) message_id: String,
    pub(super) sender: String,
    pub(super) transaction: String,
    pub(super) correlation: String,
    pub(super) message: Value,
    pub(super) bytes: Vec<u8>,
}

/// Reads a message of `client` and holds it to its header and signature.
pub(super) fn read(grants: &Grants, client: &str, action: &str, bytes: &[u8], now: Timestamp) -> Result<Asked, Wrong> {
    let sent: Sent<'_> = serde_json::from_slice(bytes).map_err(|_| Wrong("err.request.bad"))?;
    let header: Header = serde_json::from_str(sent.header.get()).map_err(|_| Wrong("err.request.bad"))?;
    if !header.version.starts_with("1.0") {
        return Err(Wrong("err.version.not_supported"));
    }
    if header.sender_id != client {
        return Err(Wrong("err.sender_id.invalid"));
    }
    if header.is_msg_encrypted {
        return Err(Wrong("err.encryption.invalid"));
    }
    let fine = |id: &str| (1..=ID_BYTES).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    let named = [action, "txn-status", "txnstatus"].contains(&header.action.as_str());
    if !fine(&header.message_id) || !named && action != "status" {
        return Err(Wrong("err.request.bad"));
    }
    let source = grants.inner.payouts.source(client).ok_or(Wrong("err.request.forbidden"))?;
    if let Some(key) = &source.signing_key {
        let key = from_base64url(key).and_then(|key| PublicKey::from_bytes(Algorithm::EdDsa, &key).ok());
        let key = key.ok_or(Wrong("err.service.unavailable"))?;
        let signature = sent.signature.as_deref().ok_or(Wrong("err.signature.missing"))?;
        if !is_signed(&key, signature, (sent.header.get(), sent.message.get()), now) {
            return Err(Wrong("err.signature.invalid"));
        }
    }
    let message: Value = serde_json::from_str(sent.message.get()).map_err(|_| Wrong("err.request.bad"))?;
    let transaction = message.get("transaction_id").and_then(Value::as_str).filter(|id| fine(id));
    let transaction = transaction.ok_or(Wrong("err.request.bad"))?.to_owned();
    Ok(Asked {
        message_id: header.message_id,
        sender: header.sender_id,
        correlation: Asked::correlation(&transaction, action),
        transaction,
        message,
        bytes: sent.message.get().as_bytes().to_vec(),
    })
}

/// A parameter of a signature: `created="1606970629"`.
fn parameter<'a>(signature: &'a str, name: &str) -> Option<&'a str> {
    let rest = signature.split(&format!("{name}=\"")).nth(1)?;
    rest.split('"').next()
}

fn signed_text(created: &str, expires: &str, (header, message): (&str, &str)) -> String {
    let digest = base64(&sha256(&[header.as_bytes(), message.as_bytes()]));
    format!("(created): {created}\n(expires): {expires}\ndigest: SHA-256={digest}")
}

fn is_signed(key: &PublicKey, signature: &str, parts: (&str, &str), now: Timestamp) -> bool {
    let (Some(created), Some(expires)) = (parameter(signature, "created"), parameter(signature, "expires")) else {
        return false;
    };
    let seconds = |text: &str| text.parse::<i64>().ok();
    let in_time = seconds(created).is_some_and(|at| at <= now.as_seconds() + GOOD_SECONDS)
        && seconds(expires).is_some_and(|at| at >= now.as_seconds());
    let bytes = parameter(signature, "signature").and_then(from_base64);
    in_time && bytes.is_some_and(|bytes| key.verifies(signed_text(created, expires, parts).as_bytes(), &bytes))
}

/// A message of ours, signed.
pub(super) fn signed(grants: &Grants, header: &Value, message: &Value) -> String {
    let (header, message) = (header.to_string(), message.to_string());
    let created = grants.acts().now().as_seconds();
    let expires = created + GOOD_SECONDS;
    let text = signed_text(&created.to_string(), &expires.to_string(), (&header, &message));
    let key = &grants.inner.signing_key;
    let signature = key.sign(text.as_bytes()).map(|bytes| base64(&bytes)).unwrap_or_default();
    let signature = format!(
        "Signature: namespace=\"g2p\", kidId=\"letsema|{}|ed25519\", algorithm=\"ed25519\", created=\"{created}\", \
         expires=\"{expires}\", headers=\"(created) (expires) digest\", signature=\"{signature}\"",
        key.kid()
    );
    format!(r#"{{"signature":{},"header":{header},"message":{message}}}"#, Value::from(signature))
}

/// The header of an answer.
pub(super) fn header(grants: &Grants, message_id: &str, receiver: &str, action: &str) -> Value {
    json!({
        "version": "1.0.0", "message_id": message_id, "message_ts": moment(grants.acts().now()),
        "action": format!("on-{action}"), "status": "succ", "sender_id": "letsema", "receiver_id": receiver,
        "is_msg_encrypted": false,
    })
}

/// A moment as ISO 8601 writes it.
pub(super) fn moment(at: Timestamp) -> String {
    jiff::Timestamp::from_microsecond(at.as_micros()).map_or_else(|_| String::new(), |at| at.to_string())
}

pub(super) fn answered(grants: &Grants, asked: &Asked, action: &str, mut message: Value) -> Response {
    if let Some(message) = message.as_object_mut() {
        message.insert("correlation_id".to_owned(), json!(asked.correlation));
    }
    let header = header(grants, &asked.message_id, &asked.sender, action);
    ([("content-type", "application/json")], signed(grants, &header, &message)).into_response()
}

pub(super) fn acknowledged(grants: &Grants, asked: &Asked) -> Response {
    let said =
        json!({ "ack_status": "ACK", "timestamp": moment(grants.acts().now()), "correlation_id": asked.correlation });
    Json(json!({ "message": said })).into_response()
}

/// The standard's acknowledgement of what cannot be taken.
pub(super) fn refused(grants: &Grants, wrong: Wrong) -> Response {
    let status = match wrong.0 {
        "err.request.forbidden" | "err.sender_id.invalid" => StatusCode::FORBIDDEN,
        "err.signature.missing" | "err.signature.invalid" => StatusCode::UNAUTHORIZED,
        "err.service.unavailable" => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_REQUEST,
    };
    let error = json!({ "code": wrong.0, "message": wrong.0 });
    let said =
        json!({ "ack_status": "ERR", "timestamp": moment(grants.acts().now()), "error": error, "correlation_id": "" });
    (status, Json(json!({ "message": said }))).into_response()
}

pub(super) fn faulted(grants: &Grants, fault: &Fault) -> Response {
    refused(
        grants,
        Wrong(match fault.kind() {
            FaultKind::Forbidden => "err.request.forbidden",
            FaultKind::Unavailable | FaultKind::Internal | FaultKind::TooMany => "err.service.unavailable",
            FaultKind::NotFound => "err.request.not_found",
            _ => "err.request.bad",
        }),
    )
}

#[cfg(test)]
mod tests {
    use crypto::SigningKey;

    use super::*;

    fn sign(key: &SigningKey, parts: (&str, &str), created: i64, expires: i64) -> String {
        let text = signed_text(&created.to_string(), &expires.to_string(), parts);
        let bytes = base64(&key.sign(text.as_bytes()).unwrap());
        format!("Signature: namespace=\"g2p\", created=\"{created}\", expires=\"{expires}\", signature=\"{bytes}\"")
    }

    #[test]
    fn what_is_signed_is_what_was_sent_and_in_time() {
        let (key, other) =
            (SigningKey::generate(Algorithm::EdDsa).unwrap(), SigningKey::generate(Algorithm::EdDsa).unwrap());
        let (now, parts) = (Timestamp::from_micros(1_700_000_000_000_000), (r#"{"a":1}"#, r#"{"b":2}"#));
        let at = now.as_seconds();
        let good = sign(&key, parts, at, at + 60);
        assert!(is_signed(&key.public(), &good, parts, now));
        assert!(!is_signed(&other.public(), &good, parts, now));
        assert!(!is_signed(&key.public(), &good, (parts.0, r#"{"b":3}"#), now));
        assert!(!is_signed(&key.public(), &good, parts, now.plus_seconds(61)));
        assert!(!is_signed(&key.public(), &sign(&key, parts, at + 301, at + 900), parts, now), "from the future");
        for wrong in ["", "signature=\"x\"", "created=\"x\", expires=\"9999999999\", signature=\"AA==\""] {
            assert!(!is_signed(&key.public(), wrong, parts, now), "{wrong}");
        }
    }
}
