//! Tokens only one recipient can read: compact JWE (RFC 7516) with `ECDH-ES`, `ECDH-ES+A256KW` or `RSA-OAEP-256` and
//! `A256GCM` (RFC 7518).
//!
//! **Invariant:** the recipient's key says the algorithm; every token has a content key and nonce of its own.
//!
//! **Absent on purpose:** `RSA1_5`, `A*CBC-HS*`, compression. Reading is `open.rs`.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree};
use aws_lc_rs::key_wrap::{AES_256, KeyEncryptionKey, KeyWrap};
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
use aws_lc_rs::signature::RsaPublicKeyComponents;
use serde_json::{Map, Value as Json, json};

use super::jwk::may;
use crate::encode::{base64url, from_base64url};
use crate::hash::sha256;
use crate::random::random;

/// How the content key reaches the recipient (RFC 7518 §4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// Agreed with the recipient's P-256 key, and used as it is.
    EcdhEs,
    /// Agreed with the recipient's P-256 key, wrapping the content key.
    EcdhEsA256Kw,
    /// Encrypted to the recipient's RSA key.
    RsaOaep256,
}

/// The key agreed on cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum JweError {
    /// Not a key for this algorithm.
    #[error("not a key that can be encrypted to")]
    NotAKey,
    /// The backend failed.
    #[error("encryption failed")]
    Backend,
}

impl Encryption {
    /// Every algorithm, the one to choose first.
    pub const ALL: [Self; 3] = [Self::EcdhEsA256Kw, Self::EcdhEs, Self::RsaOaep256];

    /// `ECDH-ES`, `ECDH-ES+A256KW` or `RSA-OAEP-256`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EcdhEs => "ECDH-ES",
            Self::EcdhEsA256Kw => "ECDH-ES+A256KW",
            Self::RsaOaep256 => "RSA-OAEP-256",
        }
    }

    /// The algorithm of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|own| own.name() == name)
    }
}

/// Somebody to encrypt to.
#[derive(Clone)]
pub struct Recipient {
    encryption: Encryption,
    kid: Option<String>,
    key: RecipientKey,
}

#[derive(Clone)]
enum RecipientKey {
    /// The uncompressed point.
    P256(Vec<u8>),
    Rsa(PublicEncryptingKey),
}

impl std::fmt::Debug for Recipient {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Recipient({})", self.encryption.name())
    }
}

impl Recipient {
    /// The first key in a JWK Set that this algorithm can encrypt to: not one for signatures, nor for another algorithm.
    ///
    /// # Errors
    /// [`JweError::NotAKey`] if there is none.
    pub fn in_jwks(set: &Json, encryption: Encryption) -> Result<Self, JweError> {
        let listed = set.get("keys").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
        listed.iter().find_map(|value| Self::of(value, encryption)).ok_or(JweError::NotAKey)
    }

    fn of(value: &Json, encryption: Encryption) -> Option<Self> {
        let text = |name: &str| value.get(name).and_then(Json::as_str);
        let part = |name: &str| text(name).and_then(from_base64url);
        let fits =
            text("use").is_none_or(|used| used == "enc") && text("alg").is_none_or(|alg| alg == encryption.name());
        if !fits || !may(value, &["encrypt", "wrapKey", "deriveKey", "deriveBits"]) {
            return None;
        }
        let key = match (encryption, text("kty")?) {
            (Encryption::EcdhEs | Encryption::EcdhEsA256Kw, "EC") if text("crv") == Some("P-256") => {
                let (x, y) = part("x").zip(part("y")).filter(|(x, y)| x.len() == 32 && y.len() == 32)?;
                RecipientKey::P256([vec![4], x, y].concat())
            }
            (Encryption::RsaOaep256, "RSA") => {
                let (n, e) = part("n").zip(part("e")).filter(|(n, _)| (256..=1024).contains(&n.len()))?;
                let key: Result<PublicEncryptingKey, _> = RsaPublicKeyComponents { n, e }.try_into();
                RecipientKey::Rsa(key.ok()?)
            }
            _ => return None,
        };
        Some(Self { encryption, kid: text("kid").map(str::to_owned), key })
    }

    /// Encrypts `content`, which is of the type `cty` (`JWT` for a signed token within).
    ///
    /// # Errors
    /// [`JweError`]: a point that is not on the curve, or no randomness.
    pub fn encrypt(&self, cty: &str, content: &[u8]) -> Result<String, JweError> {
        let mut header = Map::new();
        let mut say = |name: &str, value: Json| drop(header.insert(name.to_owned(), value));
        say("alg", json!(self.encryption.name()));
        say("enc", json!("A256GCM"));
        say("cty", json!(cty));
        if let Some(kid) = &self.kid {
            say("kid", json!(kid));
        }
        let (content_key, encrypted_key) = match &self.key {
            RecipientKey::P256(point) => {
                let (shared, epk) = self.agreed(point)?;
                say("epk", epk);
                match self.encryption {
                    Encryption::EcdhEs => (shared, Vec::new()),
                    _ => wrapped(&shared)?,
                }
            }
            RecipientKey::Rsa(key) => {
                let content_key = random::<32>();
                let key = OaepPublicEncryptingKey::new(key.clone()).map_err(|_| JweError::Backend)?;
                let mut out = vec![0; key.ciphertext_size()];
                let used = key.encrypt(&OAEP_SHA256_MGF1SHA256, &content_key, &mut out, None);
                (content_key, used.map_err(|_| JweError::Backend)?.to_vec())
            }
        };
        sealed(&Json::Object(header), &content_key, &encrypted_key, content)
    }

    /// A key agreed with the recipient, and the half of ours that she needs (RFC 7518 §4.6).
    fn agreed(&self, point: &[u8]) -> Result<([u8; 32], Json), JweError> {
        let ours = PrivateKey::generate(&ECDH_P256).map_err(|_| JweError::Backend)?;
        let public = ours.compute_public_key().map_err(|_| JweError::Backend)?;
        let half = |from: usize| base64url(public.as_ref().get(from..from + 32).unwrap_or_default());
        let epk = json!({"kty": "EC", "crv": "P-256", "x": half(1), "y": half(33)});
        // With direct agreement the derived key is named after what it encrypts with (§4.6.2).
        let named = if self.encryption == Encryption::EcdhEs { "A256GCM" } else { self.encryption.name() };
        let theirs = UnparsedPublicKey::new(&ECDH_P256, point);
        let key = agree(&ours, theirs, JweError::NotAKey, |shared| Ok(concat_kdf(shared, named, b"", b"", 256)))?;
        Ok((key, epk))
    }
}

/// One round of the Concat KDF with SHA-256 (NIST SP 800-56A §5.8.1), as RFC 7518 §4.6.2 fills it in.
pub(super) fn concat_kdf(shared: &[u8], algorithm: &str, apu: &[u8], apv: &[u8], bits: u32) -> [u8; 32] {
    let length = |part: &[u8]| u32::try_from(part.len()).unwrap_or(0).to_be_bytes();
    let name = algorithm.as_bytes();
    sha256(&[
        &1_u32.to_be_bytes(),
        shared,
        &length(name),
        name,
        &length(apu),
        apu,
        &length(apv),
        apv,
        &bits.to_be_bytes(),
    ])
}

/// A fresh content key, and the same wrapped (RFC 3394).
fn wrapped(shared: &[u8; 32]) -> Result<([u8; 32], Vec<u8>), JweError> {
    let content_key = random::<32>();
    let mut out = [0; 40];
    let wrapping = KeyEncryptionKey::new(&AES_256, shared).map_err(|_| JweError::Backend)?;
    let used = wrapping.wrap(&content_key, &mut out).map_err(|_| JweError::Backend)?.to_vec();
    Ok((content_key, used))
}

/// The five parts (RFC 7516 §5.1).
fn sealed(header: &Json, key: &[u8; 32], encrypted_key: &[u8], content: &[u8]) -> Result<String, JweError> {
    let header = base64url(header.to_string().as_bytes());
    let nonce: [u8; 12] = random();
    let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).map_err(|_| JweError::Backend)?);
    let mut body = content.to_vec();
    let tag = cipher
        .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(header.as_bytes()), &mut body)
        .map_err(|_| JweError::Backend)?;
    let parts = [header, base64url(encrypted_key), base64url(&nonce), base64url(&body), base64url(tag.as_ref())];
    Ok(parts.join("."))
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rsa::{OaepPrivateDecryptingKey, PrivateDecryptingKey};

    use super::*;

    /// The recipient's side, which the program itself has no use for.
    fn opened(token: &str, key: &[u8; 32]) -> Vec<u8> {
        let parts: Vec<&str> = token.split('.').collect();
        let nonce: [u8; 12] = from_base64url(parts[2]).unwrap().try_into().unwrap();
        let mut body = [from_base64url(parts[3]).unwrap(), from_base64url(parts[4]).unwrap()].concat();
        let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).unwrap());
        let aad = Aad::from(parts[0].as_bytes());
        cipher.open_in_place(Nonce::assume_unique_for_key(nonce), aad, &mut body).unwrap().to_vec()
    }

    fn header(token: &str) -> Json {
        serde_json::from_slice(&from_base64url(token.split('.').next().unwrap()).unwrap()).unwrap()
    }

    #[test]
    fn the_agreement_of_rfc_7518_gives_its_key() {
        // RFC 7518 appendix C, with Alice's and Bob's names as apu and apv and 128 bits.
        let z = [
            158, 86, 217, 29, 129, 113, 53, 211, 114, 131, 66, 131, 191, 132, 38, 156, 251, 49, 110, 163, 218, 128,
            106, 72, 246, 218, 167, 121, 140, 254, 144, 196,
        ];
        let key = concat_kdf(&z, "A128GCM", b"Alice", b"Bob", 128);
        assert_eq!(base64url(&key[..16]), "VqqN6vgjbSBcIijNcacQGg");
    }

    #[test]
    fn only_the_holder_of_a_p256_key_reads() {
        let theirs = PrivateKey::generate(&ECDH_P256).unwrap();
        let public = theirs.compute_public_key().unwrap();
        let half = |from: usize| base64url(&public.as_ref()[from..from + 32]);
        let set = json!({"keys": [
            {"kty": "EC", "crv": "P-256", "x": half(1), "y": half(33), "use": "sig", "kid": "no"},
            {"kty": "EC", "crv": "P-256", "x": half(1), "y": half(33), "use": "enc", "kid": "yes"},
        ]});
        for encryption in [Encryption::EcdhEs, Encryption::EcdhEsA256Kw] {
            let token = Recipient::in_jwks(&set, encryption).unwrap().encrypt("JWT", b"hello").unwrap();
            let header = header(&token);
            assert_eq!((header["kid"].as_str(), header["cty"].as_str()), (Some("yes"), Some("JWT")));
            let half = |name: &str| from_base64url(header["epk"][name].as_str().unwrap()).unwrap();
            let point = [vec![4], half("x"), half("y")].concat();
            let named = if encryption == Encryption::EcdhEs { "A256GCM" } else { "ECDH-ES+A256KW" };
            let peer = UnparsedPublicKey::new(&ECDH_P256, point);
            let shared = agree(&theirs, peer, (), |z| Ok(concat_kdf(z, named, b"", b"", 256))).unwrap();
            let wrapped = from_base64url(token.split('.').nth(1).unwrap()).unwrap();
            let key = if encryption == Encryption::EcdhEs {
                assert!(wrapped.is_empty());
                shared
            } else {
                let mut out = [0; 32];
                KeyEncryptionKey::new(&AES_256, &shared).unwrap().unwrap(&wrapped, &mut out).unwrap();
                out
            };
            assert_eq!(opened(&token, &key), b"hello");
        }
    }

    #[test]
    fn only_the_holder_of_an_rsa_key_reads() {
        let key = crate::SigningKey::generate(crate::Algorithm::Ps256).unwrap();
        let mut open = super::super::jwk(&key.public());
        for name in ["alg", "use"] {
            open.as_object_mut().unwrap().remove(name);
        }
        let set = json!({"keys": [open]});
        let token = Recipient::in_jwks(&set, Encryption::RsaOaep256).unwrap().encrypt("JWT", b"hello").unwrap();
        let private = PrivateDecryptingKey::from_pkcs8(key.to_secret_pkcs8().unwrap().reveal()).unwrap();
        let theirs = OaepPrivateDecryptingKey::new(private).unwrap();
        let mut out = vec![0; theirs.min_output_size()];
        let encrypted = from_base64url(token.split('.').nth(1).unwrap()).unwrap();
        let content_key = theirs.decrypt(&OAEP_SHA256_MGF1SHA256, &encrypted, &mut out, None).unwrap();
        assert_eq!(opened(&token, content_key.as_ref().try_into().unwrap()), b"hello");
    }

    #[test]
    fn keys_that_do_not_fit_are_refused() {
        let point = json!({"kty": "EC", "crv": "P-256", "x": base64url(&[1; 32]), "y": base64url(&[2; 32])});
        let set = json!({"keys": [point]});
        assert_eq!(Recipient::in_jwks(&set, Encryption::RsaOaep256).unwrap_err(), JweError::NotAKey);
        let off_the_curve = Recipient::in_jwks(&set, Encryption::EcdhEs).unwrap();
        assert_eq!(off_the_curve.encrypt("JWT", b"x").unwrap_err(), JweError::NotAKey);
        assert!(Recipient::in_jwks(&json!({}), Encryption::EcdhEs).is_err());
    }
}
