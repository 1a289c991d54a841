//! What an ID token says (OpenID Connect Core §2, RFC 8176 for the methods).
//!
//! **Invariant:** a pure function of its facts; a claim that is not known is left out, never empty.

use serde_json::{Map, Value as Json, json};
use spine::{Assurance, Timestamp};

use crate::rows::sessions::assurance_name;

/// How long an ID token is good: long enough to be read at once.
pub(crate) const ID_TOKEN_SECONDS: i64 = 300;

const ACR_PREFIX: &str = "urn:letsema:assurance:";

/// The assurances as `acr` writes them, lowest first.
pub(crate) const ACR_VALUES: [&str; 3] =
    ["urn:letsema:assurance:low", "urn:letsema:assurance:substantial", "urn:letsema:assurance:high"];

/// What is known when an ID token is made.
#[derive(Clone, Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) client: &'a str,
    pub(crate) now: Timestamp,
    pub(crate) auth_time: Timestamp,
    pub(crate) assurance: Assurance,
    pub(crate) methods: &'a [String],
    pub(crate) nonce: Option<&'a str>,
    pub(crate) access_token: &'a str,
    /// Told to a client that may ask for `profile`.
    pub(crate) name: Option<&'a str>,
    /// The provider's session, told to the country's own clients.
    pub(crate) session: Option<&'a str>,
}

/// The claims of an ID token.
pub(crate) fn id_token(facts: &Facts<'_>) -> Json {
    let mut claims = Map::new();
    let mut say = |name: &str, value: Json| claims.insert(name.to_owned(), value);
    say("iss", json!(facts.issuer));
    say("sub", json!(facts.subject));
    say("aud", json!(facts.client));
    say("iat", json!(facts.now.as_seconds()));
    say("exp", json!(facts.now.plus_seconds(ID_TOKEN_SECONDS).as_seconds()));
    say("auth_time", json!(facts.auth_time.as_seconds()));
    say("acr", json!(format!("{ACR_PREFIX}{}", assurance_name(facts.assurance))));
    say("amr", json!(facts.methods));
    say("at_hash", json!(at_hash(facts.access_token)));
    for (name, value) in [("nonce", facts.nonce), ("name", facts.name), ("sid", facts.session)] {
        if let Some(value) = value {
            say(name, json!(value));
        }
    }
    Json::Object(claims)
}

/// The left half of the token's SHA-256 (§3.1.3.6, for ES256).
pub(crate) fn at_hash(access_token: &str) -> String {
    let hash = crypto::sha256(&[access_token.as_bytes()]);
    crypto::base64url(hash.get(..16).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn at_hash_as_the_standard_shows_it() {
        // OpenID Connect Core §A.3.
        assert_eq!(at_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"), "77QmUPtjPfzWtF2AnpK9RQ");
    }

    proptest! {
        #[test]
        fn claims_say_what_is_known_and_no_more(
            subject in "[a-z0-9_]{1,40}", client in "[a-z]{1,20}", nonce in proptest::option::of("\\PC{1,40}"),
            name in proptest::option::of("\\PC{1,40}"), session in proptest::option::of("[a-z0-9_]{1,30}"),
            now in 0_i64..4_000_000_000_000_000, since in 0_i64..43_200, methods in proptest::collection::vec("[a-z]{2,4}", 0..4),
        ) {
            let now = Timestamp::from_micros(now);
            let facts = Facts {
                issuer: "https://id.example", subject: &subject, client: &client, now, auth_time: now.plus_seconds(-since),
                assurance: Assurance::Substantial, methods: &methods, nonce: nonce.as_deref(), access_token: "token",
                name: name.as_deref(), session: session.as_deref(),
            };
            let claims = id_token(&facts);
            let number = |name: &str| claims[name].as_i64().unwrap();
            prop_assert!(number("auth_time") <= number("iat") && number("iat") < number("exp"));
            prop_assert_eq!(number("exp") - number("iat"), ID_TOKEN_SECONDS);
            prop_assert_eq!(claims["sub"].as_str(), Some(subject.as_str()));
            prop_assert_eq!(claims["aud"].as_str(), Some(client.as_str()));
            prop_assert_eq!(claims.get("nonce").and_then(Json::as_str), nonce.as_deref());
            prop_assert_eq!(claims.get("name").and_then(Json::as_str), name.as_deref());
            prop_assert_eq!(claims.get("sid").and_then(Json::as_str), session.as_deref());
            prop_assert_eq!(claims["acr"].as_str(), Some(ACR_VALUES[1]));
            prop_assert!(claims.as_object().unwrap().values().all(|claim| !claim.is_null()));
            prop_assert!(!claims.to_string().contains("\"token\""));
        }
    }
}
