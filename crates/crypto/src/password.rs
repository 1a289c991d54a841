//! Passwords and PINs: argon2id (RFC 9106) with a pepper, a few at a time.
//!
//! **Invariant:** hashing never takes more threads and memory than it was given, so a flood of sign-ins slows sign-ins
//! and nothing else; checking an account that does not exist takes as long as one that does.

use std::sync::{Arc, Mutex, PoisonError};

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, Version};
use spine::Secret;
use tokio::sync::Semaphore;

use crate::encode::base64url;
use crate::hash::hmac_sha256;

/// OWASP's smallest recommended setting for argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

type Memory = Vec<Block>;

/// Hashes and checks. Cheap to clone.
#[derive(Clone)]
pub struct Hasher {
    pepper: Arc<Secret<[u8; 32]>>,
    places: Arc<Semaphore>,
    /// What argon2 works in, 19 MiB each, kept for the next: given back, the allocator would keep one for every thread.
    memories: Arc<Mutex<Vec<Memory>>>,
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
    /// A hasher with a pepper, kept apart from the database, and as many hashes at once as `at_once`; each takes 19 MiB from
    /// the first hash on, and keeps them.
    ///
    /// # Errors
    /// [`PasswordError`] if the backend fails.
    pub fn new(pepper: Secret<[u8; 32]>, at_once: usize) -> Result<Self, PasswordError> {
        // Nobody has a password with a hash that was drawn and not worked out.
        let decoy = written(our_params()?, &crate::random(), Output::new(&crate::random::<32>()).map_err(failed)?)?;
        Ok(Self {
            pepper: Arc::new(pepper),
            places: Arc::new(Semaphore::new(at_once.max(1))),
            memories: Arc::default(),
            decoy: decoy.into(),
        })
    }

    /// The PHC string of a password, with a fresh salt.
    ///
    /// # Errors
    /// [`PasswordError`] if the backend fails.
    pub async fn hash(&self, password: &Secret<String>) -> Result<String, PasswordError> {
        let (pepper, password) = (Arc::clone(&self.pepper), password.clone());
        self.run(move |memory| hash(&pepper, password.reveal(), memory)).await?
    }

    /// Checks a password against a PHC string; with none, takes the same time and answers wrong.
    ///
    /// # Errors
    /// [`PasswordError`] if the string is not one of ours.
    pub async fn check(&self, password: &Secret<String>, phc: Option<&str>) -> Result<Checked, PasswordError> {
        let known = phc.is_some();
        let phc: Arc<str> = phc.map_or_else(|| Arc::clone(&self.decoy), Arc::from);
        let (pepper, password) = (Arc::clone(&self.pepper), password.clone());
        let right = self.run(move |memory| check(&pepper, password.reveal(), &phc, memory)).await??;
        Ok(if right && known { Checked::Right } else { Checked::Wrong })
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let _place = self.places.acquire().await.map_err(|error| PasswordError(error.to_string()))?;
        let memories = Arc::clone(&self.memories);
        let work = move || {
            let kept = memories.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut memory = kept.unwrap_or_default();
            let done = work(&mut memory);
            memories.lock().unwrap_or_else(PoisonError::into_inner).push(memory);
            done
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| PasswordError(error.to_string()))
    }
}

/// The password under the pepper: what a thief of the database alone cannot guess at.
fn peppered(pepper: &Secret<[u8; 32]>, password: &str) -> String {
    base64url(&hmac_sha256(pepper.reveal(), &[password.as_bytes()]))
}

fn failed(error: impl std::fmt::Display) -> PasswordError {
    PasswordError(error.to_string())
}

/// argon2id over a password and its salt.
fn derive(params: Params, password: &str, salt: &[u8], memory: &mut Memory) -> Result<Output, PasswordError> {
    let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
    memory.resize(params.block_count(), Block::default());
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut out = vec![0; length];
    argon2.hash_password_into_with_memory(password.as_bytes(), salt, &mut out, memory).map_err(failed)?;
    Output::new(&out).map_err(failed)
}

fn our_params() -> Result<Params, PasswordError> {
    Params::new(MEMORY_KIB, PASSES, LANES, Some(32)).map_err(failed)
}

/// A hash as it is kept, a PHC string.
fn written(params: Params, salt: &[u8; 16], hash: Output) -> Result<String, PasswordError> {
    let written = PasswordHash {
        algorithm: ARGON2ID_IDENT,
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params).map_err(failed)?,
        salt: Some(Salt::new(salt).map_err(failed)?),
        hash: Some(hash),
    };
    Ok(written.to_string())
}

fn hash(pepper: &Secret<[u8; 32]>, password: &str, memory: &mut Memory) -> Result<String, PasswordError> {
    let salt: [u8; 16] = crate::random();
    let params = our_params()?;
    let hash = derive(params.clone(), &peppered(pepper, password), &salt, memory)?;
    written(params, &salt, hash)
}

fn check(pepper: &Secret<[u8; 32]>, password: &str, phc: &str, memory: &mut Memory) -> Result<bool, PasswordError> {
    let parsed = PasswordHash::new(phc).map_err(failed)?;
    let ours = parsed.algorithm == ARGON2ID_IDENT && parsed.version == Some(Version::V0x13.into());
    let (Some(salt), Some(expected), true) = (parsed.salt, parsed.hash, ours) else {
        return Err(PasswordError("not a hash of argon2id".to_owned()));
    };
    let params = Params::try_from(&parsed).map_err(failed)?;
    // `Output` compares in constant time.
    Ok(derive(params, &peppered(pepper, password), &salt, memory)? == expected)
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
        let (own, parsed) = (peppered(&Secret::new([1; 32]), "4711"), PasswordHash::new(&phc).unwrap());
        argon2::PasswordVerifier::verify_password(&Argon2::default(), own.as_bytes(), &parsed)
            .expect("the library's own way of checking agrees");
        assert_eq!(hasher.check(&right, Some(&phc)).await.unwrap(), Checked::Right);
        assert_eq!(hasher.check(&wrong, Some(&phc)).await.unwrap(), Checked::Wrong);
        assert!(hasher.decoy.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "it takes the same time");
        assert_eq!(hasher.check(&right, None).await.unwrap(), Checked::Wrong);
        let stolen = Hasher::new(Secret::new([2; 32]), 2).unwrap();
        assert_eq!(
            stolen.check(&right, Some(&phc)).await.unwrap(),
            Checked::Wrong,
            "without the pepper the hash is useless"
        );
        assert!(hasher.check(&right, Some("not a hash")).await.is_err());
    }
}
