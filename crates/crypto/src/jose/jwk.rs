//! Public keys as JSON: JWK and JWK Set (RFC 7517, 7518 §6, 8037), thumbprints (RFC 7638).
//!
//! **Invariant:** a key says one algorithm. An RSA key that names none is two keys, one for each padding; private,
//! symmetric and odd keys are none. Where next: `mod.rs` verifies with them, `jwe.rs` encrypts to them.

use serde_json::{Value as Json, json};

use crate::encode::{base64url, from_base64url};
use crate::hash::sha256;
use crate::keys::{Algorithm, KeyError, PublicKey};

/// The most keys read from one set.
const MOST_KEYS: usize = 20;

/// A public key by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedKey {
    /// The key's id, its RFC 7638 thumbprint unless somebody else named it.
    pub kid: String,
    /// The key.
    pub key: PublicKey,
}

/// The keys that may have signed a token.
#[derive(Clone, Debug, Default)]
pub struct KeySet {
    keys: Vec<NamedKey>,
}

/// The RFC 7638 thumbprint of a key.
#[must_use]
pub fn thumbprint(key: &PublicKey) -> String {
    let half = |from: usize| base64url(key.as_bytes().get(from..from + 32).unwrap_or_default());
    let canonical = match key.algorithm() {
        Algorithm::EdDsa => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, half(0)),
        Algorithm::Es256 => format!(r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#, half(0), half(32)),
        Algorithm::Ps256 | Algorithm::Rs256 => {
            format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, base64url(key.exponent()), base64url(key.as_bytes()))
        }
    };
    base64url(&sha256(&[canonical.as_bytes()]))
}

/// A public key as a JWK with `kid`, `use` and `alg`.
#[must_use]
pub fn jwk(key: &PublicKey) -> Json {
    let half = |from: usize| base64url(key.as_bytes().get(from..from + 32).unwrap_or_default());
    let (kid, alg) = (thumbprint(key), key.algorithm().name());
    match key.algorithm() {
        Algorithm::EdDsa => json!({"kty": "OKP", "crv": "Ed25519", "x": half(0), "kid": kid, "use": "sig", "alg": alg}),
        Algorithm::Es256 => {
            json!({"kty": "EC", "crv": "P-256", "x": half(0), "y": half(32), "kid": kid, "use": "sig", "alg": alg})
        }
        Algorithm::Ps256 | Algorithm::Rs256 => {
            let (n, e) = (base64url(key.as_bytes()), base64url(key.exponent()));
            json!({"kty": "RSA", "n": n, "e": e, "kid": kid, "use": "sig", "alg": alg})
        }
    }
}

/// The public key in a JWK; private and unknown ones are refused. An RSA key without `alg` is read as PS256.
///
/// # Errors
/// [`KeyError::NotAKey`].
pub fn from_jwk(value: &Json) -> Result<NamedKey, KeyError> {
    read(value)?.into_iter().next().ok_or(KeyError::NotAKey)
}

/// The key, or both keys, that a JWK stands for.
fn read(value: &Json) -> Result<Vec<NamedKey>, KeyError> {
    let text = |name: &str| value.get(name).and_then(Json::as_str);
    let part = |name: &str| text(name).and_then(from_base64url);
    let point = |name: &str| part(name).filter(|part| part.len() == 32).ok_or(KeyError::NotAKey);
    if ["d", "p", "k"].iter().any(|secret| value.get(secret).is_some()) {
        return Err(KeyError::NotAKey);
    }
    let keys = match (text("kty"), text("crv")) {
        (Some("OKP"), Some("Ed25519")) => vec![PublicKey::from_bytes(Algorithm::EdDsa, &point("x")?)?],
        (Some("EC"), Some("P-256")) => {
            vec![PublicKey::from_bytes(Algorithm::Es256, &[point("x")?, point("y")?].concat())?]
        }
        (Some("RSA"), None) => {
            let (modulus, exponent) = part("n").zip(part("e")).ok_or(KeyError::NotAKey)?;
            let rsa = |algorithm| PublicKey::rsa(algorithm, modulus.clone(), exponent.clone());
            vec![rsa(Algorithm::Ps256)?, rsa(Algorithm::Rs256)?]
        }
        _ => return Err(KeyError::NotAKey),
    };
    let named = |key: PublicKey| NamedKey { kid: text("kid").map_or_else(|| thumbprint(&key), str::to_owned), key };
    let fitting = |key: &PublicKey| text("alg").is_none_or(|alg| is_named(key.algorithm(), alg));
    Ok(keys.into_iter().filter(fitting).map(named).collect())
}

/// Whether an `alg` means this algorithm; `Ed25519` is the newer name of one of them (RFC 9864).
pub(super) fn is_named(algorithm: Algorithm, alg: &str) -> bool {
    alg == algorithm.name() || (algorithm == Algorithm::EdDsa && alg == "Ed25519")
}

/// Whether a JWK may be used for one of these (RFC 7517 §4.3); one that says nothing may.
pub(super) fn may(value: &Json, operations: &[&str]) -> bool {
    let Some(said) = value.get("key_ops") else { return true };
    let named = said.as_array().into_iter().flatten().filter_map(Json::as_str);
    named.into_iter().any(|own| operations.contains(&own))
}

impl KeySet {
    /// The public halves of our own keys.
    pub fn of<'a>(keys: impl IntoIterator<Item = &'a PublicKey>) -> Self {
        let named = |key: &PublicKey| NamedKey { kid: thumbprint(key), key: key.clone() };
        Self { keys: keys.into_iter().map(named).collect() }
    }

    /// The signing keys in a JWK Set; those of other kinds and uses are passed over (RFC 7517 §5).
    #[must_use]
    pub fn from_jwks(set: &Json) -> Self {
        let listed = set.get("keys").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
        let signing = |value: &&Json| {
            value.get("use").and_then(Json::as_str).is_none_or(|used| used == "sig") && may(value, &["verify"])
        };
        let keys = listed.iter().take(MOST_KEYS).filter(signing).filter_map(|value| read(value).ok()).flatten();
        Self { keys: keys.collect() }
    }

    /// The set as JSON.
    #[must_use]
    pub fn to_jwks(&self) -> Json {
        json!({"keys": self.keys.iter().map(|named| jwk(&named.key)).collect::<Vec<_>>()})
    }

    /// The keys.
    #[must_use]
    pub fn keys(&self) -> &[NamedKey] {
        &self.keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_rsa_key_without_an_algorithm_is_two() {
        let key = crate::SigningKey::generate(Algorithm::Ps256).unwrap();
        let mut open = jwk(&key.public());
        open.as_object_mut().unwrap().remove("alg");
        let set = KeySet::from_jwks(&json!({"keys": [open]}));
        let algorithms: Vec<Algorithm> = set.keys().iter().map(|named| named.key.algorithm()).collect();
        assert_eq!(algorithms, [Algorithm::Ps256, Algorithm::Rs256]);
        assert!(set.keys().iter().all(|named| named.kid == key.kid()));
    }

    #[test]
    fn the_key_of_rfc_7638_has_its_thumbprint() {
        // RFC 7638 §3.1.
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        let named = from_jwk(&json!({"kty": "RSA", "n": n, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"})).unwrap();
        assert_eq!(thumbprint(&named.key), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
        assert_eq!((named.kid.as_str(), named.key.algorithm()), ("2011-04-29", Algorithm::Rs256));
    }

    #[test]
    fn keys_for_other_uses_are_passed_over() {
        let mut key = jwk(&crate::SigningKey::generate(Algorithm::Es256).unwrap().public());
        key["use"] = json!("enc");
        let secret = json!({"kty": "oct", "k": "AAAA"});
        let mut other = key.clone();
        other.as_object_mut().unwrap().remove("use");
        other["key_ops"] = json!(["encrypt"]);
        assert!(KeySet::from_jwks(&json!({"keys": [key, secret, 1, other]})).keys().is_empty());
        other["key_ops"] = json!(["verify"]);
        assert_eq!(KeySet::from_jwks(&json!({"keys": [other]})).keys().len(), 1);
    }
}
