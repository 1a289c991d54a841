//! Secrets at rest and in cookies: AES-256-GCM with a fresh nonce and what it is for as associated data.

use aws_lc_rs::aead::{AES_256_GCM, Aad, RandomizedNonceKey};
use spine::Secret;

/// A key that seals and opens.
pub struct SealKey {
    key: RandomizedNonceKey,
}

/// What was to be opened is not what this key sealed for this use.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("sealed with another key, for another use, or altered")]
pub struct SealError;

const NONCE_BYTES: usize = 12;

impl SealKey {
    /// A key of 32 bytes.
    ///
    /// # Errors
    /// [`SealError`] if the backend refuses it.
    pub fn new(key: &Secret<[u8; 32]>) -> Result<Self, SealError> {
        Ok(Self { key: RandomizedNonceKey::new(&AES_256_GCM, key.reveal()).map_err(|_| SealError)? })
    }

    /// Seals `secret` for `purpose` (an owner and a use, such as `totp:off_…`): nonce, then ciphertext and tag.
    ///
    /// # Errors
    /// [`SealError`] if there is no randomness.
    pub fn seal(&self, purpose: &str, secret: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut body = secret.to_vec();
        let nonce =
            self.key.seal_in_place_append_tag(Aad::from(purpose.as_bytes()), &mut body).map_err(|_| SealError)?;
        Ok(nonce.as_ref().iter().copied().chain(body).collect())
    }

    /// Opens what was sealed for the same purpose.
    ///
    /// # Errors
    /// [`SealError`] if it was not.
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Result<Secret<Vec<u8>>, SealError> {
        let (nonce, body) = sealed.split_at_checked(NONCE_BYTES).ok_or(SealError)?;
        let nonce = aws_lc_rs::aead::Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError)?;
        let mut body = body.to_vec();
        let opened =
            self.key.open_in_place(nonce, Aad::from(purpose.as_bytes()), &mut body).map_err(|_| SealError)?.to_vec();
        Ok(Secret::new(opened))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_only_what_it_sealed_for_this() {
        let key = SealKey::new(&Secret::new([7; 32])).unwrap();
        let sealed = key.seal("totp:1", b"secret").unwrap();
        assert_eq!(key.open("totp:1", &sealed).unwrap().reveal(), b"secret");
        assert_ne!(sealed, key.seal("totp:1", b"secret").unwrap());
        assert!(key.open("totp:2", &sealed).is_err());
        assert!(SealKey::new(&Secret::new([8; 32])).unwrap().open("totp:1", &sealed).is_err());
        for place in 0..sealed.len() {
            let mut spoilt = sealed.clone();
            spoilt[place] ^= 1;
            assert!(key.open("totp:1", &spoilt).is_err());
        }
        for short in [&[][..], &[1; 12], &[1; 27]] {
            assert!(key.open("totp:1", short).is_err());
        }
    }
}
