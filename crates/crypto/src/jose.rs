//! Signed tokens and their keys: compact JWS (RFC 7515), JWK and JWK Set (RFC 7517), ES256 and EdDSA (RFC 7518, 8037).
//!
//! **Invariant:** the key chosen for a token says the algorithm; a header that says another, says `none`, or asks
//! for extensions (`crit`) is refused. A token is parsed strictly and once.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json, json};
use spine::Timestamp;

use crate::encode::{base64url, from_base64url};
use crate::hash::sha256;
use crate::keys::{Algorithm, KeyError, PublicKey, SigningKey};

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

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<Json>,
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

/// The RFC 7638 thumbprint of a key.
#[must_use]
pub fn thumbprint(key: &PublicKey) -> String {
    let half = |from: usize| base64url(key.as_bytes().get(from..from + 32).unwrap_or_default());
    let canonical = match key.algorithm() {
        Algorithm::EdDsa => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, half(0)),
        Algorithm::Es256 => format!(r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#, half(0), half(32)),
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
    }
}

/// The public key in a JWK; private and unknown ones are refused.
///
/// # Errors
/// [`KeyError::NotAKey`].
pub fn from_jwk(value: &Json) -> Result<NamedKey, KeyError> {
    let text = |name: &str| value.get(name).and_then(Json::as_str);
    let part = |name: &str| text(name).and_then(from_base64url).filter(|part| part.len() == 32);
    if value.get("d").is_some() {
        return Err(KeyError::NotAKey);
    }
    let key = match (text("kty"), text("crv")) {
        (Some("OKP"), Some("Ed25519")) => {
            PublicKey::from_bytes(Algorithm::EdDsa, &part("x").ok_or(KeyError::NotAKey)?)?
        }
        (Some("EC"), Some("P-256")) => {
            let (x, y) = part("x").zip(part("y")).ok_or(KeyError::NotAKey)?;
            PublicKey::from_bytes(Algorithm::Es256, &[x, y].concat())?
        }
        _ => return Err(KeyError::NotAKey),
    };
    if text("alg").is_some_and(|alg| alg != key.algorithm().name()) {
        return Err(KeyError::NotAKey);
    }
    let kid = text("kid").map_or_else(|| thumbprint(&key), str::to_owned);
    Ok(NamedKey { kid, key })
}

/// Signs `claims` under a header with `alg`, `kid` and `typ`.
///
/// # Errors
/// [`KeyError::Backend`] if signing fails.
pub fn sign(key: &SigningKey, typ: &str, claims: &Json) -> Result<String, KeyError> {
    let header = json!({"alg": key.algorithm().name(), "kid": thumbprint(&key.public()), "typ": typ});
    let input = format!("{}.{}", base64url(header.to_string().as_bytes()), base64url(claims.to_string().as_bytes()));
    let signature = key.sign(input.as_bytes())?;
    Ok(format!("{input}.{}", base64url(&signature)))
}

impl KeySet {
    /// The public halves of our own keys.
    pub fn of<'a>(keys: impl IntoIterator<Item = &'a PublicKey>) -> Self {
        let named = |key: &PublicKey| NamedKey { kid: thumbprint(key), key: key.clone() };
        Self { keys: keys.into_iter().map(named).collect() }
    }

    /// The keys in a JWK Set; those of other kinds are passed over (RFC 7517 §5).
    #[must_use]
    pub fn from_jwks(set: &Json) -> Self {
        let listed = set.get("keys").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
        Self { keys: listed.iter().filter_map(|value| from_jwk(value).ok()).collect() }
    }

    /// The set as JSON.
    #[must_use]
    pub fn to_jwks(&self) -> Json {
        json!({"keys": self.keys.iter().map(|named| jwk(&named.key)).collect::<Vec<_>>()})
    }

    /// Verifies a token's signature and gives its claims, which the caller has still to weigh.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn open(&self, token: &str, typ: Option<&str>) -> Result<Map<String, Json>, TokenError> {
        if token.len() > LONGEST_TOKEN {
            return Err(TokenError::Malformed);
        }
        let (input, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, payload) = input.split_once('.').ok_or(TokenError::Malformed)?;
        // Duplicate members are refused here: a struct takes each name once (RFC 8725 §2.4).
        let header: Header = parse(header)?;
        let key = self.chosen(&header)?;
        let typ_fits =
            typ.is_none_or(|wanted| header.typ.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(wanted)));
        if header.alg != key.algorithm().name() || header.crit.is_some() || !typ_fits {
            return Err(TokenError::Header);
        }
        let signature = from_base64url(signature).ok_or(TokenError::Malformed)?;
        if !key.verifies(input.as_bytes(), &signature) {
            return Err(TokenError::Signature);
        }
        parse(payload)
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

    fn chosen(&self, header: &Header) -> Result<&PublicKey, TokenError> {
        match &header.kid {
            Some(kid) => self.keys.iter().find(|named| named.kid == *kid),
            None => self.keys.first().filter(|_| self.keys.len() == 1),
        }
        .map(|named| &named.key)
        .ok_or(TokenError::UnknownKey)
    }
}

fn parse<T: DeserializeOwned>(part: &str) -> Result<T, TokenError> {
    let bytes = from_base64url(part).ok_or(TokenError::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| TokenError::Malformed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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
        for algorithm in [Algorithm::EdDsa, Algorithm::Es256] {
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
