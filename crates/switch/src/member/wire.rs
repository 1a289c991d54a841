//! Messages between a hub and us as its member: who says it, and how we say it.
//!
//! **Invariant:** deny by default. Whatever has a body bears a signature by a key that we know as its sender's, or it goes no
//! further; a look-up without a body is answered to the hub and to nobody else.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use axum::http::{HeaderMap, Method, Request, StatusCode};
use bytes::Bytes;
use crypto::PublicKey;
use serde_json::Value;
use spine::{Actor, ActorKind, Assurance, Caller, Language, Secret, Via};

use super::Member;
use crate::Switch;
use crate::fspiop::error::{LARGE, Refused, SIGNATURE as NOT_SIGNED, SYNTAX};
use crate::fspiop::headers::{DESTINATION, Head, METHOD, SIGNATURE, SOURCE, URI, Verb, content_type};
use crate::fspiop::incoming::{self, Incoming, MESSAGE_BYTES};
use crate::fspiop::signature::{self, Signed, sign};
use crate::letter::in_order;

/// Where a hub is, how we prove ourselves to it, and whose signatures we know.
#[derive(Clone)]
pub struct HubLink {
    /// What the hub calls itself in its messages: `Hub`.
    pub name: String,
    /// Without a slash at the end: `https://hub.example/api/fspiop`.
    pub base_url: String,
    /// Our token there.
    pub token: Secret<String>,
    /// Whose signatures we know.
    pub keys: HubKeys,
}

/// The public keys of a hub and its members.
#[derive(Clone)]
pub enum HubKeys {
    /// By name, as the hub's operator has handed them over.
    Given(BTreeMap<String, PublicKey>),
    /// The hub is our own switch, which knows its members' keys.
    Own(Switch),
}

impl HubKeys {
    fn of(&self, name: &str) -> Option<PublicKey> {
        match self {
            Self::Given(keys) => keys.get(name).cloned(),
            Self::Own(switch) => switch.key_of(name),
        }
    }
}

impl fmt::Debug for HubLink {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("HubLink")
    }
}

impl HubKeys {
    /// Reads public keys from a JSON Web Key Set (RFC 7517 §5) in which each key's `kid` is its owner's name among the members.
    /// None if it is no such set, or a key cannot be read.
    #[must_use]
    pub fn in_set(set: &Value) -> Option<Self> {
        let keys = set.get("keys")?.as_array()?;
        let read = |jwk: &Value| Some((jwk.get("kid")?.as_str()?.to_owned(), signature::key(jwk)?));
        keys.iter().map(read).collect::<Option<_>>().map(Self::Given)
    }
}

/// What became of a message of ours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Said {
    /// The hub took it.
    Taken,
    /// It answered no; what that means it says by a callback, or when asked.
    Refused(StatusCode),
    /// Nobody knows whether it was heard.
    Unsure,
}

/// A message of ours.
pub(super) struct Saying<'a> {
    pub(super) verb: Verb,
    /// From the resource on.
    pub(super) path: &'a str,
    /// The member it is for; none if the hub itself finds out.
    pub(super) to: Option<&'a str>,
    /// The version it is said in.
    pub(super) version: &'a str,
    pub(super) body: Option<&'a Value>,
}

impl Member {
    /// Reads what came in by a hub's door.
    ///
    /// # Errors
    /// What is wrong with it, in FSPIOP's codes.
    pub(super) fn read(
        &self,
        hub: &payments::hubs::Hub,
        link: &HubLink,
        (method, path, resource): (&Method, &str, &str),
        headers: &HeaderMap,
        bytes: &Bytes,
    ) -> Result<Incoming, Refused> {
        let verb = incoming::verb(method)?;
        let head = Head::read(headers, verb, resource)?;
        if bytes.len() > MESSAGE_BYTES {
            return Err(Refused::from(LARGE).status(StatusCode::PAYLOAD_TOO_LARGE));
        }
        if head.destination.as_deref().is_some_and(|name| name != hub.member) {
            return Err(Refused::new(SYNTAX, "FSPIOP-Destination is somebody else"));
        }
        let (text, body) = incoming::parse(bytes)?;
        if verb != Verb::Get {
            let value = headers.get(SIGNATURE).and_then(|value| value.to_str().ok());
            let (Some(value), Some(key)) = (value, link.keys.of(&head.source)) else {
                return Err(Refused::new(NOT_SIGNED, "not signed by anybody we know"));
            };
            signature::verify(&key, value, &head, verb, path, bytes)
                .or_else(|_| signature::verify(&key, value, &head, verb, path, in_order(&body).as_bytes()))?;
        }
        let actor = Actor { assurance: Assurance::Substantial, ..Actor::bare(ActorKind::Client, hub.account()) };
        let caller = Caller { actor, via: Via::Api, language: Language::new("en") };
        Ok(Incoming { verb, path: path.to_owned(), head, text, body, caller })
    }

    /// Says something to a hub.
    pub(super) async fn say(&self, hub: &payments::hubs::Hub, link: &HubLink, saying: &Saying<'_>) -> Said {
        let Some(request) = self.request(hub, link, saying) else { return Said::Unsure };
        match self.inner.outbound.send(request).await {
            Ok(answer) if answer.status().is_success() => Said::Taken,
            Ok(answer) if answer.status().is_server_error() => Said::Unsure,
            Ok(answer) => {
                let (status, resource) = (answer.status().as_u16(), saying.path.split('/').nth(1));
                tracing::warn!(hub = hub.id, status, resource, "a hub did not take a message");
                Said::Refused(answer.status())
            }
            Err(error) => {
                tracing::debug!(hub = hub.id, %error, "a hub did not answer");
                Said::Unsure
            }
        }
    }

    fn request(&self, hub: &payments::hubs::Hub, link: &HubLink, saying: &Saying<'_>) -> Option<Request<Bytes>> {
        let kind = content_type(saying.path.split('/').nth(1)?, saying.version);
        let date = http_date(self.inner.acts.now());
        let mut request = Request::builder()
            .method(saying.verb.name())
            .uri(format!("{}{}", link.base_url, saying.path))
            .header(SOURCE, &hub.member)
            .header("content-type", &kind)
            .header("date", &date)
            .header(URI, saying.path)
            .header(METHOD, saying.verb.name())
            .header("authorization", format!("Bearer {}", link.token.reveal()));
        if matches!(saying.verb, Verb::Get | Verb::Post) {
            request = request.header("accept", &kind);
        }
        if let Some(to) = saying.to {
            request = request.header(DESTINATION, to);
        }
        let Some(body) = saying.body else { return request.body(Bytes::new()).ok() };
        let text = in_order(body);
        let (verb, uri, source) = (saying.verb, saying.path, hub.member.as_str());
        let signed = Signed { verb, uri, source, destination: saying.to, date: &date };
        let signature = sign(&self.inner.key, &signed, text.as_bytes())?;
        request.header(SIGNATURE, signature).body(Bytes::from(text)).ok()
    }
}

/// As the `Date` header writes a moment (RFC 9110 §5.6.7).
fn http_date(now: spine::Timestamp) -> String {
    let micros = u64::try_from(now.as_micros()).unwrap_or(0);
    httpdate::fmt_http_date(std::time::UNIX_EPOCH + Duration::from_micros(micros))
}
