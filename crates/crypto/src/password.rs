//! Passwords and PINs: argon2id (RFC 9106) with a pepper, a few at a time.
//!
//! **Invariant:** hashing never takes more threads than it was given, so a flood of sign-ins slows sign-ins and
//! nothing else; checking an account that does not exist takes as long as one that does.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use spine::Secret;
use tokio::sync::Semaphore;

use crate::encode::base64url;
use crate::hash::hmac_sha256;

/// OWASP's smallest recommended setting for argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Hashes and checks. Cheap to clone.
#[derive(Clone)]
pub struct Hasher {
    pepper: Arc<Secret<[u8; 32]>>,
    places: Arc<Semaphore>,
    decoy: Arc<str>,
}

/// The outcome of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// It is the password.
    Right,
    /// It is not.
    Wrong,
}

/// A hash could not be made or read.
#[derive(Debug, thiserror::Error)]
#[error("a password could not be hashed: {0}")]
pub struct PasswordError(String);

impl Hasher {
    /// A hasher with a pepper, kept apart from the database, and as many hashes at once as `at_once`.
    ///
    /// # Errors
    /// [`PasswordError`] if hashing does not work at all.
    pub fn new(pepper: Secret<[u8; 32]>, at_once: usize) -> Result<Self, PasswordError> {
        let decoy = hash(&pepper, "a password nobody has")?;
        Ok(Self { pepper: Arc::new(pepper), places: Arc::new(Semaphore::new(at_once.max(1))), decoy: decoy.into() })
    }

    /// The PHC string of a password, with a fresh salt.
    ///
    /// # Errors
    /// [`PasswordError`] if the backend fails.
    pub async fn hash(&self, password: &Secret<String>) -> Result<String, PasswordError> {
        let (pepper, password) = (Arc::clone(&self.pepper), password.clone());
        self.run(move || hash(&pepper, password.reveal())).await?
    }

    /// Checks a password against a PHC string; with none, takes the same time and answers wrong.
    ///
    /// # Errors
    /// [`PasswordError`] if the string is not one of ours.
    pub async fn check(&self, password: &Secret<String>, phc: Option<&str>) -> Result<Checked, PasswordError> {
        let known = phc.is_some();
        let phc: Arc<str> = phc.map_or_else(|| Arc::clone(&self.decoy), Arc::from);
        let (pepper, password) = (Arc::clone(&self.pepper), password.clone());
        let right = self.run(move || check(&pepper, password.reveal(), &phc)).await??;
        Ok(if right && known { Checked::Right } else { Checked::Wrong })
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, PasswordError> {
        let _place = self.places.acquire().await.map_err(|error| PasswordError(error.to_string()))?;
        tokio::task::spawn_blocking(work).await.map_err(|error| PasswordError(error.to_string()))
    }
}

fn argon2() -> Result<Argon2<'static>, PasswordError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(32)).map_err(|error| PasswordError(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// The password under the pepper: what a thief of the database alone cannot guess at.
fn peppered(pepper: &Secret<[u8; 32]>, password: &str) -> String {
    base64url(&hmac_sha256(pepper.reveal(), &[password.as_bytes()]))
}

fn hash(pepper: &Secret<[u8; 32]>, password: &str) -> Result<String, PasswordError> {
    let salt: [u8; 16] = crate::random();
    let hashed = argon2()?.hash_password_with_salt(peppered(pepper, password).as_bytes(), &salt);
    hashed.map(|hashed| hashed.to_string()).map_err(|error| PasswordError(error.to_string()))
}

fn check(pepper: &Secret<[u8; 32]>, password: &str, phc: &str) -> Result<bool, PasswordError> {
    let parsed = PasswordHash::new(phc).map_err(|error| PasswordError(error.to_string()))?;
    Ok(argon2()?.verify_password(peppered(pepper, password).as_bytes(), &parsed).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn tells_right_from_wrong_and_unknown() {
        let hasher = Hasher::new(Secret::new([1; 32]), 2).unwrap();
        let (right, wrong) = (Secret::new("4711".to_owned()), Secret::new("4712".to_owned()));
        let phc = hasher.hash(&right).await.unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert_ne!(phc, hasher.hash(&right).await.unwrap());
        assert_eq!(hasher.check(&right, Some(&phc)).await.unwrap(), Checked::Right);
        assert_eq!(hasher.check(&wrong, Some(&phc)).await.unwrap(), Checked::Wrong);
        assert_eq!(hasher.check(&Secret::new("a password nobody has".to_owned()), None).await.unwrap(), Checked::Wrong);
        let stolen = Hasher::new(Secret::new([2; 32]), 2).unwrap();
        assert_eq!(
            stolen.check(&right, Some(&phc)).await.unwrap(),
            Checked::Wrong,
            "without the pepper the hash is useless"
        );
        assert!(hasher.check(&right, Some("not a hash")).await.is_err());
    }
}
