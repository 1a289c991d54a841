//! A message as it came in: whose, about what, and what it says.

use std::sync::Arc;

use axum::http::{HeaderMap, Method, StatusCode};
use bytes::Bytes;
use serde_json::Value;
use spine::{Actor, ActorKind, Assurance, Caller, Language, Via};

use super::error::{CLIENT, LARGE, MISSING, Refused, SIGNATURE as NOT_SIGNED, SYNTAX};
use super::headers::{Head, SIGNATURE, Verb};
use super::signature;
use crate::Switch;
use crate::letter::in_order;
use crate::registry::Known;

/// The largest single message.
pub(crate) const MESSAGE_BYTES: usize = 64 * 1024;
/// The deepest body: what the definition's own bodies need is eight.
const DEPTH: usize = 16;

/// A message, read; its sender is known.
pub(crate) struct Incoming {
    pub(crate) verb: Verb,
    /// From the resource on, as it was asked for.
    pub(crate) path: String,
    pub(crate) head: Head,
    pub(crate) text: String,
    pub(crate) body: Value,
    pub(crate) caller: Caller,
}

impl Incoming {
    /// Reads a message about `resource` and recognises its sender by its token, and by its signature where it signs.
    ///
    /// # Errors
    /// What is wrong with it, in FSPIOP's codes.
    pub(crate) fn read(
        switch: &Switch,
        (method, path): (&Method, &str),
        resource: &str,
        headers: &HeaderMap,
        bytes: &Bytes,
    ) -> Result<Self, Refused> {
        let verb = verb(method)?;
        let from = sender(switch, headers)?;
        let head = Head::read(headers, verb, resource)?;
        if head.source != from.name {
            return Err(Refused::new(CLIENT, "FSPIOP-Source is another than the token's").status(StatusCode::FORBIDDEN));
        }
        let limit = if resource == "bulkTransfers" { super::transfers::BULK_BYTES } else { MESSAGE_BYTES };
        if bytes.len() > limit {
            return Err(Refused::from(LARGE).status(StatusCode::PAYLOAD_TOO_LARGE));
        }
        let (text, body) = parse(bytes)?;
        signed(&from, headers, &head, (verb, path), (bytes, &body))?;
        let actor = Actor { assurance: Assurance::Substantial, ..Actor::bare(ActorKind::Client, from.name.clone()) };
        let caller = Caller { actor, via: Via::Api, language: Language::new("en") };
        Ok(Self { verb, path: path.to_owned(), head, text, body, caller })
    }

    /// A text of the body.
    pub(crate) fn text_at(&self, pointer: &str) -> Option<&str> {
        self.body.pointer(pointer).and_then(Value::as_str)
    }

    /// A text that must be there.
    ///
    /// # Errors
    /// 3102.
    pub(crate) fn needed(&self, pointer: &str) -> Result<&str, Refused> {
        self.text_at(pointer).ok_or_else(|| Refused::new(MISSING, pointer.trim_start_matches('/').replace('/', ".")))
    }

    /// SHA-256 of what it says, however it is spaced and ordered.
    pub(crate) fn hash(&self) -> [u8; 32] {
        crypto::sha256(&[in_order(&self.body).as_bytes()])
    }
}

/// A body, as text and read; nothing where nothing was sent.
pub(crate) fn parse(bytes: &Bytes) -> Result<(String, Value), Refused> {
    let text = String::from_utf8(bytes.to_vec()).map_err(|_| Refused::new(SYNTAX, "not UTF-8"))?;
    let body = if text.is_empty() {
        Value::Null
    } else {
        serde_json::from_str(&text).map_err(|_| Refused::new(SYNTAX, "not JSON"))?
    };
    if deep(&body) > DEPTH {
        return Err(Refused::new(SYNTAX, "too deep"));
    }
    Ok((text, body))
}

pub(crate) fn verb(method: &Method) -> Result<Verb, Refused> {
    match method.as_str() {
        "POST" => Ok(Verb::Post),
        "GET" => Ok(Verb::Get),
        "PUT" => Ok(Verb::Put),
        "DELETE" => Ok(Verb::Delete),
        "PATCH" => Ok(Verb::Patch),
        _ => Err(Refused::from(super::error::URI).status(StatusCode::METHOD_NOT_ALLOWED)),
    }
}

/// Whose token it is.
fn sender(switch: &Switch, headers: &HeaderMap) -> Result<Arc<Known>, Refused> {
    let token = bearer(headers).unwrap_or_default();
    let known = switch.inner.registry.bearing(token).filter(|_| !token.is_empty());
    known.ok_or_else(|| Refused::new(CLIENT, "no participant has this token").status(StatusCode::UNAUTHORIZED))
}

/// The token of a request.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get("authorization")?.to_str().ok()?;
    let token = value.strip_prefix("Bearer ").unwrap_or(value).trim();
    (!token.is_empty()).then_some(token)
}

/// A signature is over the body as it was sent, or over the same with its members in order, as Mojaloop's library has it.
fn signed(
    from: &Known,
    headers: &HeaderMap,
    head: &Head,
    (verb, path): (Verb, &str),
    (bytes, body): (&[u8], &Value),
) -> Result<(), Refused> {
    let value = headers.get(SIGNATURE).and_then(|value| value.to_str().ok());
    match (value, &from.key) {
        (Some(value), Some(key)) => signature::verify(key, value, head, verb, path, bytes)
            .or_else(|_| signature::verify(key, value, head, verb, path, in_order(body).as_bytes())),
        // A request without a body has nothing to sign; the token says whose it is.
        (None, _) if from.signs && matches!(verb, Verb::Post | Verb::Put | Verb::Patch) => {
            Err(Refused::new(NOT_SIGNED, "not signed"))
        }
        (_, None) | (None, Some(_)) => Ok(()),
    }
}

fn deep(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(deep).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(deep).max().unwrap_or(0),
        _ => 0,
    }
}
