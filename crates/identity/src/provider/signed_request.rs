//! Requests signed by the client, by value (RFC 9101; FAPI 2.0 Message Signing §5.3).
//!
//! **Invariant:** what stands outside a signed request does not count, but for `client_id`, which must be the same;
//! the client's own keys say the algorithm. No address is ever fetched. Where next: `request.rs`.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};
use spine::Timestamp;

use crate::provider::client::Client;
use crate::provider::request::{Parameters, Refused};

/// How far a client's clock may run ahead, in seconds (FAPI 2.0 Security Profile §5.3.2.1: more than 10 and at most 60).
pub(crate) const AHEAD_SECONDS: i64 = 30;
/// The longest a regulated client's request is good (FAPI 2.0 Message Signing §5.3.1).
const LONGEST_SECONDS: i64 = 3600;

const INVALID: Refused = ("invalid_request_object", "the request object is not good");

/// The parameters within a signed request.
pub(crate) fn open(token: &str, client: &Client, issuer: &str, now: Timestamp) -> Result<Parameters, Refused> {
    let claims = verified(token, client, issuer, now)?;
    if claims.contains_key("request") || claims.contains_key("request_uri") {
        return Err(INVALID);
    }
    if claims.get("client_id").and_then(Json::as_str).is_some_and(|own| own != client.id) {
        return Err(INVALID);
    }
    const NOT_PARAMETERS: [&str; 7] = ["iss", "aud", "exp", "iat", "nbf", "jti", "sub"];
    let mut all = BTreeMap::new();
    for (name, value) in claims.into_iter().filter(|(name, _)| !NOT_PARAMETERS.contains(&name.as_str())) {
        let text = match value {
            Json::String(text) => text,
            Json::Null => continue,
            other => other.to_string(),
        };
        if !text.is_empty() {
            all.insert(name, text);
        }
    }
    all.insert("client_id".to_owned(), client.id.clone());
    Ok(Parameters::of(all))
}

/// The claims of a token a client signed for us about itself: issuer, audience and times hold.
pub(crate) fn verified(
    token: &str,
    client: &Client,
    issuer: &str,
    now: Timestamp,
) -> Result<Map<String, Json>, Refused> {
    let payload = client.keys.payload(token, None, client.algorithms()).map_err(|_| INVALID)?;
    let claims: Map<String, Json> = serde_json::from_slice(&payload).map_err(|_| INVALID)?;
    let number = |name: &str| claims.get(name).and_then(Json::as_i64);
    let for_us = match claims.get("aud") {
        Some(Json::String(one)) => one == issuer,
        Some(Json::Array(several)) => several.iter().any(|one| one.as_str() == Some(issuer)),
        _ => false,
    };
    let now = now.as_seconds();
    let by_client = claims.get("iss").and_then(Json::as_str) == Some(&client.id);
    let (nbf, exp) = (number("nbf"), number("exp"));
    let begun = [nbf, number("iat")].into_iter().flatten().all(|from| from <= now + AHEAD_SECONDS);
    let lasts = exp.is_some_and(|exp| exp > now);
    let bounded = !client.is_fapi()
        || nbf.zip(exp).is_some_and(|(nbf, exp)| nbf >= now - LONGEST_SECONDS && exp <= nbf + LONGEST_SECONDS);
    if by_client && for_us && begun && lasts && bounded { Ok(claims) } else { Err(INVALID) }
}
