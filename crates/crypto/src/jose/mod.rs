//! Signed tokens: compact JWS (RFC 7515) with ES256, EdDSA, PS256 and RS256 (RFC 7518, 8037).
//!
//! **Invariant:** the key chosen for a token says the algorithm; a header that says another, says `none`, or asks
//! for extensions (`crit`) is refused. A token is parsed strictly and once.
//! Where next: `jwk.rs` for keys (RFC 7517), `jwe.rs` for encryption (RFC 7516).

mod jwe;
mod jwk;
mod open;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};
use spine::Timestamp;

use crate::encode::{base64url, from_base64url};
use crate::keys::{Algorithm, KeyError, PublicKey, SigningKey};

pub use jwe::{Encryption, JweError, Recipient};
pub use jwk::{KeySet, NamedKey, from_jwk, jwk, thumbprint};
pub use open::{DecryptionKey, OpenError};

/// The longest token read.
const LONGEST_TOKEN: usize = 16 * 1024;

/// Why a token is refused. Callers answer all of them alike.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TokenError {
    /// Not a compact JWS of a JSON object.
    #[error("not a compact JWS")]
    Malformed,
    /// The header names another algorithm, type or extension than is expected.
    #[error("header not accepted")]
    Header,
    /// No key of that name.
    #[error("signed by an unknown key")]
    UnknownKey,
    /// The signature is not the key's.
    #[error("signature does not verify")]
    Signature,
    /// A registered claim (RFC 7519 §4.1) does not hold.
    #[error("claim {0} does not hold")]
    Claim(&'static str),
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<Json>,
    jwk: Option<Json>,
    b64: Option<bool>,
}

/// What the registered claims must say.
#[derive(Clone, Copy, Debug)]
pub struct Expect<'a> {
    /// The header's `typ`, if one is wanted (RFC 8725 §3.11).
    pub typ: Option<&'a str>,
    /// `iss`.
    pub issuer: &'a str,
    /// One of `aud`.
    pub audience: &'a str,
    /// The moment now; sixty seconds of difference between clocks are allowed.
    pub now: Timestamp,
}

const LEEWAY_SECONDS: i64 = 60;

/// Signs `claims` under a header with `alg`, `kid` and `typ`.
///
/// # Errors
/// [`KeyError::Backend`] if signing fails.
pub fn sign(key: &SigningKey, typ: &str, claims: &Json) -> Result<String, KeyError> {
    // Neither an algorithm's name nor a thumbprint nor a type holds anything that JSON would escape.
    let header = format!(r#"{{"alg":"{}","kid":"{}","typ":"{typ}"}}"#, key.algorithm().name(), key.kid());
    let mut token = base64url(header.as_bytes());
    token.push('.');
    token.push_str(&base64url(claims.to_string().as_bytes()));
    let signature = key.sign(token.as_bytes())?;
    token.push('.');
    token.push_str(&base64url(&signature));
    Ok(token)
}

/// What a token says before anything is known of it: for choosing whose keys to weigh it with, and for nothing else.
#[derive(Clone, Debug)]
pub struct Unproven {
    /// The algorithm it names; none if we do not speak it.
    pub algorithm: Option<Algorithm>,
    /// Its `typ`.
    pub typ: Option<String>,
    /// The key it brings along (RFC 7515 §4.1.3), as a DPoP proof does.
    pub jwk: Option<Json>,
    /// Its claims.
    pub claims: Map<String, Json>,
}

/// Reads a token without verifying anything.
///
/// # Errors
/// [`TokenError::Malformed`] if it is not a compact JWS of a JSON object.
pub fn peek(token: &str) -> Result<Unproven, TokenError> {
    let Parts { header, payload, .. } = parts(token)?;
    Ok(Unproven { algorithm: Algorithm::named(&header.alg), typ: header.typ, jwk: header.jwk, claims: parse(payload)? })
}

struct Parts<'a> {
    header: Header,
    input: &'a str,
    payload: &'a str,
    signature: &'a str,
}

fn parts(token: &str) -> Result<Parts<'_>, TokenError> {
    if token.len() > LONGEST_TOKEN {
        return Err(TokenError::Malformed);
    }
    let (input, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
    let (header, payload) = input.split_once('.').ok_or(TokenError::Malformed)?;
    // Duplicate members are refused here: a struct takes each name once (RFC 8725 §2.4).
    Ok(Parts { header: parse(header)?, input, payload, signature })
}

impl KeySet {
    /// Verifies a token's signature and gives its claims, which the caller has still to weigh.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn open(&self, token: &str, typ: Option<&str>) -> Result<Map<String, Json>, TokenError> {
        let payload = self.payload(token, typ, &Algorithm::ALL)?;
        serde_json::from_slice(&payload).map_err(|_| TokenError::Malformed)
    }

    /// Verifies a token that is signed with one of `allowed` and gives what it holds.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn payload(&self, token: &str, typ: Option<&str>, allowed: &[Algorithm]) -> Result<Vec<u8>, TokenError> {
        let Parts { header, input, payload, signature } = parts(token)?;
        let key = self.chosen(&header)?;
        let typ_fits =
            typ.is_none_or(|wanted| header.typ.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(wanted)));
        let plain = header.crit.is_none() && header.b64.is_none();
        if !plain || !typ_fits || !allowed.contains(&key.algorithm()) {
            return Err(TokenError::Header);
        }
        let signature = from_base64url(signature).ok_or(TokenError::Malformed)?;
        if !key.verifies(input.as_bytes(), &signature) {
            return Err(TokenError::Signature);
        }
        from_base64url(payload).ok_or(TokenError::Malformed)
    }

    /// Verifies a token and its issuer, audience and times.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn verify(&self, token: &str, expect: &Expect<'_>) -> Result<Map<String, Json>, TokenError> {
        let claims = self.open(token, expect.typ)?;
        let now = expect.now.as_seconds();
        let number = |name: &str| claims.get(name).and_then(Json::as_i64);
        if claims.get("iss").and_then(Json::as_str) != Some(expect.issuer) {
            return Err(TokenError::Claim("iss"));
        }
        let for_us = match claims.get("aud") {
            Some(Json::String(one)) => one == expect.audience,
            Some(Json::Array(several)) => several.iter().any(|one| one.as_str() == Some(expect.audience)),
            _ => false,
        };
        if !for_us {
            return Err(TokenError::Claim("aud"));
        }
        if number("exp").is_none_or(|exp| exp.saturating_add(LEEWAY_SECONDS) <= now) {
            return Err(TokenError::Claim("exp"));
        }
        for name in ["nbf", "iat"] {
            if claims.contains_key(name) && number(name).is_none_or(|from| from.saturating_sub(LEEWAY_SECONDS) > now) {
                return Err(TokenError::Claim(if name == "nbf" { "nbf" } else { "iat" }));
            }
        }
        Ok(claims)
    }

    /// The key of the header's name, whose algorithm is the header's too; without a name, the only one of that algorithm.
    fn chosen(&self, header: &Header) -> Result<&PublicKey, TokenError> {
        let of_alg = |named: &&NamedKey| jwk::is_named(named.key.algorithm(), &header.alg);
        match &header.kid {
            Some(kid) => {
                let mut own = self.keys().iter().filter(|named| named.kid == *kid).peekable();
                if own.peek().is_none() {
                    return Err(TokenError::UnknownKey);
                }
                own.find(of_alg).map(|named| &named.key).ok_or(TokenError::Header)
            }
            None => {
                let mut fitting = self.keys().iter().filter(of_alg);
                match (fitting.next(), fitting.next()) {
                    (Some(only), None) => Ok(&only.key),
                    (None, _) if self.keys().len() == 1 => Err(TokenError::Header),
                    _ => Err(TokenError::UnknownKey),
                }
            }
        }
    }
}

fn parse<T: DeserializeOwned>(part: &str) -> Result<T, TokenError> {
    let bytes = from_base64url(part).ok_or(TokenError::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| TokenError::Malformed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn claims() -> Json {
        json!({"iss": "https://id.example", "aud": ["portal", "other"], "exp": 1_800_000_300, "iat": 1_800_000_000, "sub": "x"})
    }

    const EXPECT: Expect<'static> = Expect {
        typ: Some("JWT"),
        issuer: "https://id.example",
        audience: "portal",
        now: Timestamp::from_micros(1_800_000_000_000_000),
    };

    #[test]
    fn round_trip_and_claims() {
        for algorithm in Algorithm::ALL {
            let key = SigningKey::generate(algorithm).unwrap();
            let set = KeySet::from_jwks(&KeySet::of([&key.public()]).to_jwks());
            let token = sign(&key, "JWT", &claims()).unwrap();
            assert_eq!(set.verify(&token, &EXPECT).unwrap()["sub"], "x");
            let fails = |claims: &Json, expected| {
                let token = sign(&key, "JWT", claims).unwrap();
                assert_eq!(set.verify(&token, &EXPECT).unwrap_err(), expected);
            };
            for (name, wrong) in [
                ("iss", json!("https://other")),
                ("aud", json!("else")),
                ("exp", json!(1_799_999_000)),
                ("exp", Json::Null),
                ("iat", json!(1_800_000_999)),
            ] {
                let mut spoilt = claims();
                spoilt[name] = wrong;
                fails(
                    &spoilt,
                    TokenError::Claim(match name {
                        "iss" => "iss",
                        "aud" => "aud",
                        "exp" => "exp",
                        _ => "iat",
                    }),
                );
            }
            assert_eq!(set.verify(&sign(&key, "at+jwt", &claims()).unwrap(), &EXPECT), Err(TokenError::Header));
        }
    }

    #[test]
    fn ed25519_goes_by_both_its_names() {
        let key = SigningKey::generate(Algorithm::EdDsa).unwrap();
        let set = KeySet::of([&key.public()]);
        for name in ["EdDSA", "Ed25519"] {
            let input = format!("{}.e30", base64url(format!(r#"{{"alg":"{name}"}}"#).as_bytes()));
            let token = format!("{input}.{}", base64url(&key.sign(input.as_bytes()).unwrap()));
            assert!(set.open(&token, None).is_ok(), "{name}");
        }
    }

    #[test]
    fn attacks_on_the_header_are_refused() {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let set = KeySet::of([&key.public()]);
        let kid = thumbprint(&key.public());
        let forge = |header: Json, signature: &str| {
            format!(
                "{}.{}.{signature}",
                base64url(header.to_string().as_bytes()),
                base64url(claims().to_string().as_bytes())
            )
        };
        assert_eq!(set.open(&forge(json!({"alg": "none", "kid": kid}), ""), None), Err(TokenError::Header));
        assert_eq!(set.open(&forge(json!({"alg": "HS256", "kid": kid}), "AAAA"), None), Err(TokenError::Header));
        assert_eq!(
            set.open(&forge(json!({"alg": "ES256", "kid": "another"}), "AAAA"), None),
            Err(TokenError::UnknownKey)
        );
        assert_eq!(
            set.open(&forge(json!({"alg": "ES256", "kid": kid, "crit": ["b64"]}), "AAAA"), None),
            Err(TokenError::Header)
        );
        assert_eq!(set.open(&forge(json!({"alg": "ES256", "kid": kid}), "AAAA"), None), Err(TokenError::Signature));
        let doubled = format!("{}.e30.AAAA", base64url(br#"{"alg":"ES256","alg":"none"}"#));
        assert_eq!(set.open(&doubled, None), Err(TokenError::Malformed));
    }

    #[test]
    fn a_key_of_rfc_8037_has_its_thumbprint() {
        // RFC 8037 appendix A.3.
        let named =
            from_jwk(&json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}))
                .unwrap();
        assert_eq!(thumbprint(&named.key), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        // RFC 8037 appendix A.4: a token signed by it.
        let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
        let (input, signature) = token.rsplit_once('.').unwrap();
        assert!(named.key.verifies(input.as_bytes(), &from_base64url(signature).unwrap()));
    }

    #[test]
    fn private_and_odd_keys_are_refused() {
        for odd in [
            json!({"kty": "RSA"}),
            json!({"kty": "OKP", "crv": "Ed25519", "x": "AA"}),
            json!({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}),
            json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "d": "AA"}),
            json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "alg": "ES256"}),
        ] {
            assert!(from_jwk(&odd).is_err(), "{odd}");
        }
    }

    proptest! {
        #[test]
        fn garbage_never_panics(token in "\\PC{0,80}") {
            let key = SigningKey::generate(Algorithm::EdDsa).unwrap();
            let outcome = KeySet::of([&key.public()]).verify(&token, &EXPECT);
            prop_assert!(outcome.is_err());
        }
    }
}
