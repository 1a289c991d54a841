//! Proof of possession of a key with each request (RFC 9449), and what a token is bound to.
//!
//! **Invariant:** a proof is for one method, one address, one moment and, at a resource, one token; its key signs it and
//! is of a strong algorithm. Nonces are made of the time, so that every instance knows them and none is stored.

use axum::http::HeaderMap;
use crypto::jose::{self, KeySet};
use crypto::{constant_time_eq, sha256};
use serde_json::{Value as Json, json};
use spine::Timestamp;

use crate::keys::Keys;
use crate::provider::answer::NONCE_LETTERS;
use crate::provider::client::STRONG;
use crate::provider::once::Once;
use crate::provider::signed_request::AHEAD_SECONDS;

/// How old a proof may be, in seconds.
const OLDEST_SECONDS: i64 = 60;
/// How long a nonce is offered; it is good for twice as long.
const NONCE_SECONDS: i64 = 300;
/// The longest name of a proof.
const LONGEST_NAME: usize = 128;

/// What a token is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    /// The thumbprint of a key (RFC 9449 §6).
    Key(String),
    /// The thumbprint of a certificate (RFC 8705 §3.1).
    Certificate(String),
}

impl Bound {
    /// As it stands in a table.
    pub(crate) fn written(&self) -> String {
        match self {
            Self::Key(jkt) => format!("jkt:{jkt}"),
            Self::Certificate(x5t) => format!("x5t:{x5t}"),
        }
    }

    pub(crate) fn read(text: &str) -> Option<Self> {
        match text.split_once(':')? {
            ("jkt", jkt) => Some(Self::Key(jkt.to_owned())),
            ("x5t", x5t) => Some(Self::Certificate(x5t.to_owned())),
            _ => None,
        }
    }

    /// The `cnf` claim (RFC 7800).
    pub(crate) fn cnf(&self) -> Json {
        match self {
            Self::Key(jkt) => json!({"jkt": jkt}),
            Self::Certificate(x5t) => json!({"x5t#S256": x5t}),
        }
    }

    pub(crate) const fn token_type(bound: Option<&Self>) -> &'static str {
        if matches!(bound, Some(Self::Key(_))) { "DPoP" } else { "Bearer" }
    }
}

/// A proof that holds.
#[derive(Clone, Debug)]
pub(crate) struct Proof {
    pub(crate) jkt: String,
    pub(crate) once: Once,
}

/// Why a proof does not hold.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// It is none.
    Invalid,
    /// It must carry a nonce of ours.
    Nonce,
}

/// What a proof must say.
pub(crate) struct Expected<'a> {
    pub(crate) method: &'a str,
    /// The address asked at, without query.
    pub(crate) address: &'a str,
    pub(crate) now: Timestamp,
    /// The access token it comes with.
    pub(crate) token: Option<&'a str>,
    /// A proof without a nonce does not do.
    pub(crate) needs_nonce: bool,
}

/// The proof in a request's headers, if there is one.
pub(crate) fn in_headers(headers: &HeaderMap, keys: &Keys, expected: &Expected<'_>) -> Result<Option<Proof>, Doubt> {
    let mut all = headers.get_all("dpop").iter();
    let Some(one) = all.next() else { return Ok(None) };
    if all.next().is_some() {
        return Err(Doubt::Invalid);
    }
    let token = one.to_str().map_err(|_| Doubt::Invalid)?;
    check(token, keys, expected).map(Some)
}

fn check(proof: &str, keys: &Keys, expected: &Expected<'_>) -> Result<Proof, Doubt> {
    let unproven = jose::peek(proof).map_err(|_| Doubt::Invalid)?;
    let jwk = unproven.jwk.ok_or(Doubt::Invalid)?;
    let set = KeySet::from_jwks(&json!({"keys": [jwk]}));
    let payload = set.payload(proof, Some("dpop+jwt"), &STRONG).map_err(|_| Doubt::Invalid)?;
    let claims: Json = serde_json::from_slice(&payload).map_err(|_| Doubt::Invalid)?;
    let text = |name: &str| claims.get(name).and_then(Json::as_str);
    let number = |name: &str| claims.get(name).and_then(Json::as_i64);
    let now = expected.now.as_seconds();
    let address = text("htu").map(|htu| htu.split(['?', '#']).next().unwrap_or_default());
    let timely = number("iat").is_some_and(|iat| iat <= now + AHEAD_SECONDS && iat > now - OLDEST_SECONDS)
        && (claims.get("exp").is_none() || number("exp").is_some_and(|exp| exp > now))
        && (claims.get("nbf").is_none() || number("nbf").is_some_and(|nbf| nbf <= now + AHEAD_SECONDS));
    let name = text("jti").filter(|name| (1..=LONGEST_NAME).contains(&name.len())).ok_or(Doubt::Invalid)?;
    let for_token = match expected.token {
        None => true,
        Some(token) => {
            let hash = crypto::base64url(&sha256(&[token.as_bytes()]));
            text("ath").is_some_and(|own| constant_time_eq(own.as_bytes(), hash.as_bytes()))
        }
    };
    if text("htm") != Some(expected.method) || address != Some(expected.address) || !timely || !for_token {
        return Err(Doubt::Invalid);
    }
    let fresh = match text("nonce") {
        Some(nonce) => is_ours(keys, nonce, expected.now),
        None => !expected.needs_nonce,
    };
    if !fresh {
        return Err(Doubt::Nonce);
    }
    let key = set.keys().first().ok_or(Doubt::Invalid)?;
    let jkt = jose::thumbprint(&key.key);
    let once = Once::proof(&jkt, name, expected.now.plus_seconds(OLDEST_SECONDS + AHEAD_SECONDS));
    Ok(Proof { jkt, once })
}

/// The nonce to offer now.
pub(crate) fn nonce(keys: &Keys, now: Timestamp) -> [u8; NONCE_LETTERS] {
    keys.nonce(now.as_seconds() / NONCE_SECONDS)
}

fn is_ours(keys: &Keys, given: &str, now: Timestamp) -> bool {
    let turn = now.as_seconds() / NONCE_SECONDS;
    [turn, turn - 1].iter().any(|turn| constant_time_eq(given.as_bytes(), &keys.nonce(*turn)))
}
