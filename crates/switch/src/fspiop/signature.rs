//! `FSPIOP-Signature` (API Signature 1.1): a detached JWS over the body and a protected header that names the verb, the
//! address, the sender and the receiver.
//!
//! **Invariant:** the participant's own key says the algorithm; a protected header that tells another story than the
//! message's headers is a forgery, whatever it is signed with.

use crypto::jose::from_jwk;
use crypto::{PublicKey, SigningKey, base64url, from_base64url};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::error::{Refused, SIGNATURE};
use super::headers::{Head, Verb};

/// The longest protected header read.
const LONGEST: usize = 4096;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    signature: String,
    protected_header: String,
}

/// What is signed beside the body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signed<'a> {
    /// The verb.
    pub verb: Verb,
    /// The address, from the resource on: `/transfers/…`.
    pub uri: &'a str,
    /// Who sends.
    pub source: &'a str,
    /// For whom.
    pub destination: Option<&'a str>,
    /// The `Date` header.
    pub date: &'a str,
}

/// A participant's key, as a JWK; an RSA key that names no algorithm signs RS256, as the field does.
#[must_use]
pub(crate) fn key(jwk: &Value) -> Option<PublicKey> {
    let mut jwk = jwk.clone();
    if jwk.get("kty").and_then(Value::as_str) == Some("RSA") && jwk.get("alg").is_none() {
        jwk.as_object_mut()?.insert("alg".to_owned(), json!("RS256"));
    }
    from_jwk(&jwk).ok().map(|named| named.key)
}

/// Signs a message of ours; the header's value.
#[must_use]
pub(crate) fn sign(key: &SigningKey, signed: &Signed<'_>, body: &[u8]) -> Option<String> {
    let mut header = json!({
        "alg": key.algorithm().name(),
        "FSPIOP-URI": signed.uri,
        "FSPIOP-HTTP-Method": signed.verb.name(),
        "FSPIOP-Source": signed.source,
        "Date": signed.date,
    });
    if let Some(destination) = signed.destination {
        header.as_object_mut()?.insert("FSPIOP-Destination".to_owned(), json!(destination));
    }
    let protected_header = base64url(header.to_string().as_bytes());
    let input = format!("{protected_header}.{}", base64url(body));
    let signature = base64url(&key.sign(input.as_bytes()).ok()?);
    serde_json::to_string(&Wire { signature, protected_header }).ok()
}

/// Whether a message bears its sender's signature.
///
/// # Errors
/// 3105, saying which part does not hold.
pub(crate) fn verify(
    key: &PublicKey,
    value: &str,
    head: &Head,
    verb: Verb,
    path: &str,
    body: &[u8],
) -> Result<(), Refused> {
    let refuse = |what: &str| Refused::new(SIGNATURE, what);
    let wire: Wire = serde_json::from_str(value).map_err(|_| refuse("not a signature and a protected header"))?;
    if wire.protected_header.len() > LONGEST {
        return Err(refuse("protected header"));
    }
    let header: Value = from_base64url(&wire.protected_header)
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .ok_or_else(|| refuse("protected header"))?;
    let said = |name: &str| header.get(name).and_then(Value::as_str);
    if said("alg") != Some(key.algorithm().name()) || header.get("crit").is_some() {
        return Err(refuse("alg"));
    }
    if said("FSPIOP-Source") != Some(&head.source) {
        return Err(refuse("FSPIOP-Source"));
    }
    if said("FSPIOP-HTTP-Method") != Some(verb.name()) {
        return Err(refuse("FSPIOP-HTTP-Method"));
    }
    // The address as the sender knows it may have a prefix before the resource; what it asks for is its end.
    if !said("FSPIOP-URI").is_some_and(|uri| uri == path || uri.ends_with(path)) {
        return Err(refuse("FSPIOP-URI"));
    }
    if said("FSPIOP-Destination").is_some_and(|name| head.destination.as_deref() != Some(name)) {
        return Err(refuse("FSPIOP-Destination"));
    }
    let date = head.carried.iter().find(|(name, _)| name == "date").map(|(_, value)| value.as_str());
    if said("Date").is_some_and(|signed| date != Some(signed)) {
        return Err(refuse("Date"));
    }
    let signature = from_base64url(&wire.signature).ok_or_else(|| refuse("signature"))?;
    let input = format!("{}.{}", wire.protected_header, base64url(body));
    if key.verifies(input.as_bytes(), &signature) { Ok(()) } else { Err(refuse("signature")) }
}

#[cfg(test)]
mod tests {
    use crypto::Algorithm;

    use super::*;

    fn head() -> Head {
        Head {
            source: "bank".into(),
            destination: Some("wallet".into()),
            version: "1.1".into(),
            carried: vec![("date".into(), "Thu, 26 Nov 2026 06:00:00 GMT".into())],
        }
    }

    #[test]
    fn one_changed_byte_one_other_header_one_other_key() {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let signed = Signed {
            verb: Verb::Post,
            uri: "/transfers",
            source: "bank",
            destination: Some("wallet"),
            date: "Thu, 26 Nov 2026 06:00:00 GMT",
        };
        let value = sign(&key, &signed, b"{}").unwrap();
        let check = |head: &Head, verb, path: &str, body: &[u8]| {
            verify(&key.public(), &value, head, verb, path, body).map_err(|refused| refused.detail)
        };
        assert_eq!(check(&head(), Verb::Post, "/transfers", b"{}"), Ok(()));
        assert_eq!(check(&head(), Verb::Post, "/transfers", b"[]"), Err("signature".into()));
        assert_eq!(check(&head(), Verb::Put, "/transfers", b"{}"), Err("FSPIOP-HTTP-Method".into()));
        assert_eq!(check(&head(), Verb::Post, "/quotes", b"{}"), Err("FSPIOP-URI".into()));
        let other = Head { source: "thief".into(), ..head() };
        assert_eq!(check(&other, Verb::Post, "/transfers", b"{}"), Err("FSPIOP-Source".into()));
        let other = Head { destination: Some("thief".into()), ..head() };
        assert_eq!(check(&other, Verb::Post, "/transfers", b"{}"), Err("FSPIOP-Destination".into()));
        let other = SigningKey::generate(Algorithm::Es256).unwrap().public();
        assert!(verify(&other, &value, &head(), Verb::Post, "/transfers", b"{}").is_err());
        let other = SigningKey::generate(Algorithm::EdDsa).unwrap().public();
        assert_eq!(verify(&other, &value, &head(), Verb::Post, "/transfers", b"{}").unwrap_err().detail, "alg");
        for odd in ["", "{}", "null", r#"{"signature":"","protectedHeader":"e30"}"#] {
            assert!(verify(&key.public(), odd, &head(), Verb::Post, "/transfers", b"{}").is_err(), "{odd}");
        }
    }
}
