//! RSAES-PKCS1-v1_5 (RFC 8017, section 7.2), for interfaces of others that ask for it to carry a credential over TLS, and for no use
//! of ours: what is new here is sealed with `seal.rs` or as a JWE.
//!
//! **Invariant:** only ever encrypts here; the key that decrypts is for a simulator of such an interface, which answers the same
//! to whatever it cannot read.

use std::fmt;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rsa::{
    KeySize, Pkcs1PrivateDecryptingKey, Pkcs1PublicEncryptingKey, PrivateDecryptingKey, PublicEncryptingKey,
};

use crate::KeyError;

/// Somebody else's key to encrypt a credential to.
pub struct TransportKey(Pkcs1PublicEncryptingKey);

impl fmt::Debug for TransportKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("TransportKey")
    }
}

impl TransportKey {
    /// Reads a `SubjectPublicKeyInfo` (DER) of an RSA key of 2,048 bits or more.
    ///
    /// # Errors
    /// [`KeyError::NotAKey`].
    pub fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        let key = PublicEncryptingKey::from_der(der).map_err(|_| KeyError::NotAKey)?;
        Pkcs1PublicEncryptingKey::new(key).map(Self).map_err(|_| KeyError::NotAKey)
    }

    /// Encrypts up to the key's length less eleven bytes; never the same twice.
    ///
    /// # Errors
    /// [`KeyError::Backend`], also if the message is too long.
    pub fn encrypt(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let mut out = vec![0; self.0.ciphertext_size()];
        let written = self.0.encrypt(message, &mut out).map_err(|_| KeyError::Backend)?.len();
        out.truncate(written);
        Ok(out)
    }
}

/// The other side's key, for a simulator.
pub struct TransportKeyPair(PrivateDecryptingKey);

impl fmt::Debug for TransportKeyPair {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("TransportKeyPair")
    }
}

impl TransportKeyPair {
    /// A new one of 2,048 bits.
    ///
    /// # Errors
    /// [`KeyError::Backend`].
    pub fn generate() -> Result<Self, KeyError> {
        PrivateDecryptingKey::generate(KeySize::Rsa2048).map(Self).map_err(|_| KeyError::Backend)
    }

    /// Its public half, a `SubjectPublicKeyInfo` (DER).
    ///
    /// # Errors
    /// [`KeyError::Backend`].
    pub fn public_der(&self) -> Result<Vec<u8>, KeyError> {
        let der: PublicKeyX509Der<'_> = self.0.public_key().as_der().map_err(|_| KeyError::Backend)?;
        Ok(der.as_ref().to_vec())
    }

    /// Decrypts what was encrypted to it; none if it was not.
    #[must_use]
    pub fn decrypt(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        let key = Pkcs1PrivateDecryptingKey::new(self.0.clone()).ok()?;
        let mut out = vec![0; key.min_output_size()];
        let written = key.decrypt(sealed, &mut out).ok()?.len();
        out.truncate(written);
        Some(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encrypted_is_read_by_the_other_alone() {
        let (theirs, strange) = (TransportKeyPair::generate().unwrap(), TransportKeyPair::generate().unwrap());
        let key = TransportKey::from_der(&theirs.public_der().unwrap()).unwrap();
        let (once, again) = (key.encrypt(b"a session").unwrap(), key.encrypt(b"a session").unwrap());
        assert_ne!(once, again);
        for sealed in [&once, &again] {
            assert_eq!(theirs.decrypt(sealed).as_deref(), Some(&b"a session"[..]));
            assert_ne!(strange.decrypt(sealed).as_deref(), Some(&b"a session"[..]));
        }
        assert!(key.encrypt(&[7; 246]).is_err(), "too long for the key");
        for wrong in [&b""[..], b"no key", &once] {
            assert!(TransportKey::from_der(wrong).is_err());
        }
    }
}
