//! What ID tokens (OpenID Connect Core §2) and signed access tokens (RFC 9068 §2) say.
//!
//! **Invariant:** a function of what it is given; a claim that is not known is left out, never empty. Methods are named
//! as in RFC 8176.

use crypto::Algorithm;
use serde_json::{Map, Value as Json, json};
use spine::{Assurance, Cx, Timestamp};

use crate::mandates::ActedBy;
use crate::provider::answer::Refused;
use crate::provider::assurance;
use crate::provider::catalogue::Facts as Person;
use crate::provider::client::Client;
use crate::provider::dpop::Bound;
use crate::provider::grant::{Basis, Granted, TOKEN_SECONDS};
use crate::rows::sessions::{assurance_name, assurance_named};
use crate::settings::Identity;
use spine::Fault;

/// How long an ID token is good: long enough to be read at once.
pub(crate) const ID_TOKEN_SECONDS: i64 = 300;

const ACR_PREFIX: &str = "urn:letsema:assurance:";

/// The assurances as `acr` writes them, lowest first.
pub(crate) const ACR_VALUES: [&str; 3] =
    ["urn:letsema:assurance:low", "urn:letsema:assurance:substantial", "urn:letsema:assurance:high"];

/// What programs written for eSignet ask for, and how much of ours does.
const OTHER_NAMES: [(&str, Assurance); 6] = [
    ("mosip:idp:acr:static-code", Assurance::Low),
    ("mosip:idp:acr:generated-code", Assurance::Substantial),
    ("mosip:idp:acr:linked-wallet", Assurance::High),
    ("idbb:acr:static-code", Assurance::Low),
    ("idbb:acr:generated-code", Assurance::Substantial),
    ("idbb:acr:linked-wallet", Assurance::High),
];

/// The assurance an `acr` names; none if it is not one of ours.
pub(crate) fn assurance_of(acr: &str) -> Option<Assurance> {
    if let Some((_, name)) = OTHER_NAMES.iter().find(|(name, _)| *name == acr) {
        return Some(*name);
    }
    let assurance = assurance_named(acr.strip_prefix(ACR_PREFIX)?);
    (assurance != Assurance::None).then_some(assurance)
}

/// How an assurance is written.
pub(crate) fn acr_of(assurance: Assurance) -> String {
    format!("{ACR_PREFIX}{}", assurance_name(assurance))
}

/// What is known when an ID token is made.
#[derive(Clone, Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) client: &'a str,
    pub(crate) now: Timestamp,
    pub(crate) basis: &'a Basis,
    pub(crate) access_token: &'a str,
    pub(crate) algorithm: Algorithm,
    /// How this client knows the session.
    pub(crate) session: Option<&'a str>,
    /// What the client calls who acts, where the token is about another.
    pub(crate) actor: Option<&'a str>,
    /// Claims about the person that were asked for here.
    pub(crate) person: Map<String, Json>,
}

/// The claims of an ID token.
pub(crate) fn claims(facts: Facts<'_>) -> Json {
    let mut claims = facts.person;
    let mut say = |name: &str, value: Json| drop(claims.insert(name.to_owned(), value));
    let basis = facts.basis;
    say("iss", json!(facts.issuer));
    say("sub", json!(facts.subject));
    say("aud", json!(facts.client));
    say("iat", json!(facts.now.as_seconds()));
    say("exp", json!(facts.now.plus_seconds(ID_TOKEN_SECONDS).as_seconds()));
    say("auth_time", json!(basis.auth_time.as_seconds()));
    say("acr", json!(basis.acr.clone().unwrap_or_else(|| acr_of(basis.assurance))));
    say("amr", json!(basis.methods));
    say("at_hash", json!(at_hash(facts.access_token, facts.algorithm)));
    for (name, value) in [("nonce", basis.nonce.as_deref()), ("sid", facts.session)] {
        if let Some(value) = value {
            say(name, json!(value));
        }
    }
    if let Some(actor) = facts.actor {
        say("act", act_of(actor));
    }
    Json::Object(claims)
}

/// The `act` claim (RFC 8693 §4.1).
pub(crate) fn act_of(actor: &str) -> Json {
    json!({ "sub": actor })
}

/// The left half of the token's hash (§3.1.3.6): SHA-256, and SHA-512 where Ed25519 signs, which hashes with it.
pub(crate) fn at_hash(access_token: &str, algorithm: Algorithm) -> String {
    if algorithm == Algorithm::EdDsa {
        let hash = crypto::sha512(access_token.as_bytes());
        return crypto::base64url(hash.get(..32).unwrap_or_default());
    }
    let hash = crypto::sha256(&[access_token.as_bytes()]);
    crypto::base64url(hash.get(..16).unwrap_or_default())
}

/// The claims of a signed access token, about whom and by whom; `name` is its `jti`, by which it is looked up.
pub(crate) fn access(
    issuer: &str,
    client: &Client,
    (subject, actor): (&str, Option<&str>),
    scope: &str,
    name: &str,
    now: Timestamp,
    bound: Option<&Bound>,
) -> Json {
    let mut claims = Map::new();
    let mut say = |name: &str, value: Json| drop(claims.insert(name.to_owned(), value));
    say("iss", json!(issuer));
    say("sub", json!(subject));
    say("aud", json!(issuer));
    say("client_id", json!(client.id));
    say("scope", json!(scope));
    say("jti", json!(name));
    say("iat", json!(now.as_seconds()));
    say("exp", json!(now.plus_seconds(TOKEN_SECONDS).as_seconds()));
    if let Some(bound) = bound {
        say("cnf", bound.cnf());
    }
    if let Some(actor) = actor {
        say("act", act_of(actor));
    }
    if let Some(device) = &client.device {
        say("device", device.attributes());
    }
    Json::Object(claims)
}

impl Identity {
    /// What a client calls who acts in a grant about another.
    pub(crate) fn actor_name(&self, client: &Client, act: Option<&ActedBy>) -> Option<String> {
        act.map(|by| self.subject(client, &by.account))
    }

    /// The ID token that goes with an access token, encrypted if the client wants it so.
    ///
    /// # Errors
    /// An internal fault if it cannot be signed; the store's faults.
    pub(crate) async fn id_token(&self, client: &Client, granted: &Granted, access: &str) -> Result<String, Refused> {
        let asked = &granted.basis.asked;
        let person = if asked.id_token.is_empty() && asked.verified_id_token.is_empty() {
            Map::new()
        } else {
            let (asked, account, identity) = (asked.clone(), granted.account.clone(), self.clone());
            let look = move |cx: &mut Cx<'_>| {
                let facts = Person::of(cx, identity.inner.population.as_ref(), &account)?;
                let mut told = facts.told(asked.id_token.keys().map(String::as_str));
                let trust = identity.inner.trust.as_ref();
                assurance::tell(&mut told, trust, &facts, &asked.verified_id_token, cx.now());
                Ok(told)
            };
            self.inner.acts.read(&spine::Caller::system("identity"), look).await?
        };
        let session = granted.basis.sid.map(|sid| match client.first_party {
            true => sid.to_string(),
            false => self.inner.keys.session_name(&client.id, &sid.to_string()),
        });
        let actor = self.actor_name(client, granted.basis.act.as_ref());
        let facts = Facts {
            issuer: &self.inner.issuer,
            subject: &self.subject(client, &granted.account),
            client: &client.id,
            now: granted.now,
            basis: &granted.basis,
            access_token: access,
            algorithm: client.id_token_alg,
            session: session.as_deref(),
            actor: actor.as_deref(),
            person,
        };
        let signed = self.sign(client.id_token_alg, "JWT", &claims(facts))?;
        match &client.id_token_recipient {
            None => Ok(signed),
            Some(recipient) => {
                let sealed = recipient.encrypt("JWT", signed.as_bytes());
                Ok(sealed.map_err(|error| Fault::internal("identity.sign.failed", error))?)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::provider::asked::Asked;

    #[test]
    fn at_hash_as_the_standard_shows_it() {
        // OpenID Connect Core §A.3.
        let token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
        assert_eq!(at_hash(token, Algorithm::Es256), "77QmUPtjPfzWtF2AnpK9RQ");
    }

    #[test]
    fn assurances_have_names() {
        for name in ACR_VALUES {
            assert_eq!(acr_of(assurance_of(name).unwrap()), name);
        }
        assert_eq!(assurance_of("urn:letsema:assurance:none"), None);
        assert_eq!(assurance_of("mosip:idp:acr:biometrics"), None);
    }

    proptest! {
        #[test]
        fn claims_say_what_is_known_and_no_more(
            subject in "[a-z0-9_]{1,40}", client in "[a-z]{1,20}", nonce in proptest::option::of("\\PC{1,40}"),
            session in proptest::option::of("[a-z0-9_]{1,30}"),
            now in 0_i64..4_000_000_000_000_000, since in 0_i64..43_200, methods in proptest::collection::vec("[a-z]{2,4}", 0..4),
        ) {
            let now = Timestamp::from_micros(now);
            let basis = Basis {
                auth_time: now.plus_seconds(-since), assurance: Assurance::Substantial, methods, acr: None, nonce: nonce.clone(),
                asked: Asked::default(), sid: None, act: None,
            };
            let facts = Facts {
                issuer: "https://id.example", subject: &subject, client: &client, now, basis: &basis, access_token: "token",
                algorithm: Algorithm::Es256, session: session.as_deref(), actor: None, person: Map::new(),
            };
            let claims = claims(facts);
            let number = |name: &str| claims[name].as_i64().unwrap();
            prop_assert!(number("auth_time") <= number("iat") && number("iat") < number("exp"));
            prop_assert_eq!(number("exp") - number("iat"), ID_TOKEN_SECONDS);
            prop_assert_eq!(claims["sub"].as_str(), Some(subject.as_str()));
            prop_assert_eq!(claims["aud"].as_str(), Some(client.as_str()));
            prop_assert_eq!(claims.get("nonce").and_then(Json::as_str), nonce.as_deref());
            prop_assert_eq!(claims.get("sid").and_then(Json::as_str), session.as_deref());
            prop_assert_eq!(claims["acr"].as_str(), Some(ACR_VALUES[1]));
            prop_assert!(claims.as_object().unwrap().values().all(|claim| !claim.is_null()));
            prop_assert!(!claims.to_string().contains("\"token\""));
        }
    }
}
