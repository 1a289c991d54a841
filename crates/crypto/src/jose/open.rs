//! Reading what was encrypted to us: compact JWE (RFC 7516) with `ECDH-ES+A256KW` and `A256GCM`, and nothing else.
//!
//! **Invariant:** the algorithms are this file's to say and never the message's; whatever is off is refused alike.

use std::path::Path;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree};
use aws_lc_rs::key_wrap::{AES_256, KeyEncryptionKey, KeyWrap};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::jwe::{Encryption, concat_kdf};
use crate::encode::{base64url, from_base64url};
use crate::hash::sha256;
use crate::keys::{KeyError, secret_in_file};

/// What was to be read is not for us, or was altered.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not encrypted to this key, or altered")]
pub struct OpenError;

/// A P-256 key that others encrypt to.
pub struct DecryptionKey {
    private: PrivateKey,
    public: Vec<u8>,
}

impl std::fmt::Debug for DecryptionKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("DecryptionKey")
    }
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    enc: String,
    cty: Option<String>,
    epk: Epk,
    crit: Option<Json>,
    zip: Option<Json>,
}

#[derive(Deserialize)]
struct Epk {
    kty: String,
    crv: String,
    x: String,
    y: String,
}

impl DecryptionKey {
    /// The key whose secret lies in `path`, made first if the file is not there.
    ///
    /// # Errors
    /// [`KeyError`]; a file that others may read is refused.
    pub fn in_file(path: &Path) -> Result<Self, KeyError> {
        let secret = secret_in_file(path)?;
        let private = PrivateKey::from_private_key(&ECDH_P256, secret.reveal()).map_err(|_| KeyError::NotAKey)?;
        let public = private.compute_public_key().map_err(|_| KeyError::Backend)?.as_ref().to_vec();
        Ok(Self { private, public })
    }

    /// The public half as a JWK to encrypt to.
    #[must_use]
    pub fn jwk(&self) -> Json {
        let half = |from: usize| base64url(self.public.get(from..from + 32).unwrap_or_default());
        let kid = base64url(&sha256(&[&self.public]));
        json!({"kty": "EC", "crv": "P-256", "x": half(1), "y": half(33), "use": "enc", "alg": Encryption::EcdhEsA256Kw.name(), "kid": kid})
    }

    /// What a token of the content type `cty` holds.
    ///
    /// # Errors
    /// [`OpenError`], whatever is wrong with it.
    pub fn decrypt(&self, token: &str, cty: &str) -> Result<Vec<u8>, OpenError> {
        let mut parts = token.split('.');
        let mut part = || parts.next().ok_or(OpenError);
        let (head, wrapped, nonce, body, tag) = (part()?, part()?, part()?, part()?, part()?);
        if parts.next().is_some() {
            return Err(OpenError);
        }
        let read = |text: &str| from_base64url(text).ok_or(OpenError);
        let header: Header = serde_json::from_slice(&read(head)?).map_err(|_| OpenError)?;
        let named = Encryption::EcdhEsA256Kw.name();
        let fits = header.alg == named && header.enc == "A256GCM" && header.cty.as_deref() == Some(cty);
        let plain = header.crit.is_none() && header.zip.is_none();
        if !fits || !plain || header.epk.kty != "EC" || header.epk.crv != "P-256" {
            return Err(OpenError);
        }
        let (x, y) = (read(&header.epk.x)?, read(&header.epk.y)?);
        if x.len() != 32 || y.len() != 32 {
            return Err(OpenError);
        }
        let theirs = UnparsedPublicKey::new(&ECDH_P256, [vec![4], x, y].concat());
        let shared = agree(&self.private, theirs, OpenError, |shared| Ok(concat_kdf(shared, named, b"", b"", 256)))?;
        let mut key = [0; 32];
        let wrapping = KeyEncryptionKey::new(&AES_256, &shared).map_err(|_| OpenError)?;
        wrapping.unwrap(&read(wrapped)?, &mut key).map_err(|_| OpenError)?;
        let nonce: [u8; 12] = read(nonce)?.try_into().map_err(|_| OpenError)?;
        let mut body = [read(body)?, read(tag)?].concat();
        let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key).map_err(|_| OpenError)?);
        let opened = cipher.open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(head.as_bytes()), &mut body);
        Ok(opened.map_err(|_| OpenError)?.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::Recipient;

    #[test]
    fn opens_what_was_encrypted_to_it_and_notices_every_change() {
        let folder = std::env::temp_dir().join(format!("letsema-open-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let key = DecryptionKey::in_file(&folder.join("one.key")).unwrap();
        let again = DecryptionKey::in_file(&folder.join("one.key")).unwrap();
        let other = DecryptionKey::in_file(&folder.join("two.key")).unwrap();
        let to = Recipient::in_jwks(&json!({"keys": [key.jwk()]}), Encryption::EcdhEsA256Kw).unwrap();
        let token = to.encrypt("packet", b"hello").unwrap();
        assert_eq!(again.decrypt(&token, "packet").unwrap(), b"hello");
        assert!(other.decrypt(&token, "packet").is_err());
        assert!(key.decrypt(&token, "JWT").is_err());
        for place in 0..token.len() {
            let mut spoilt = token.clone().into_bytes();
            spoilt[place] = if spoilt[place] == b'A' { b'B' } else { b'A' };
            assert!(key.decrypt(&String::from_utf8(spoilt).unwrap(), "packet").is_err(), "{place}");
        }
        for wrong in ["", ".", "....", "a.b.c.d.e", &format!("{token}.x")] {
            assert!(key.decrypt(wrong, "packet").is_err());
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
