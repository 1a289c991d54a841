//! The program's keys and secrets, in a folder of their own that only the program may read.
//!
//! **Invariant:** each purpose has a key of its own, derived from one master secret by its name, so that what one key
//! seals no other opens. Several instances of the program share the folder.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crypto::jose::DecryptionKey;
use crypto::{Algorithm, KeyError, PublicKey, SigningKey, hmac_sha256, secret_in_file};
use journal::log::LogKey;
use spine::{Secret, Timestamp};

/// The file of the key that signs ID tokens.
const IDENTITY: &str = "identity.key";

/// The public halves of `identity-….key`, newest first.
fn retired(folder: &Path) -> Result<Vec<PublicKey>, KeyError> {
    let file = |cause| KeyError::File { path: folder.display().to_string(), cause };
    let entries = std::fs::read_dir(folder).map_err(file)?;
    let named = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = named.filter(|name| name.starts_with("identity-") && name.ends_with(".key")).collect();
    names.sort();
    names.iter().rev().map(|name| Ok(SigningKey::in_file(&folder.join(name), Algorithm::Es256)?.public())).collect()
}

/// Every key the program needs.
pub(crate) struct Keys {
    master: Secret<[u8; 32]>,
    folder: PathBuf,
    /// Signs tokens (P-256).
    pub(crate) identity: Arc<SigningKey>,
    /// Signs tokens for programs that know RSA only, one key for each padding.
    pub(crate) rsa: [Arc<SigningKey>; 2],
    /// Signed ID tokens before it; their signatures still count.
    pub(crate) retired: Vec<PublicKey>,
}

impl Keys {
    /// Reads the keys in `folder`, making them first if it is empty.
    pub(crate) fn open(folder: &Path) -> Result<Self, KeyError> {
        let file = |cause| KeyError::File { path: folder.display().to_string(), cause };
        std::fs::create_dir_all(folder).map_err(file)?;
        Ok(Self {
            master: secret_in_file(&folder.join("master.key"))?,
            folder: folder.to_owned(),
            identity: Arc::new(SigningKey::in_file(&folder.join(IDENTITY), Algorithm::Es256)?),
            rsa: [
                Arc::new(SigningKey::in_file(&folder.join("tokens-ps256.key"), Algorithm::Ps256)?),
                Arc::new(SigningKey::in_file(&folder.join("tokens-rs256.key"), Algorithm::Rs256)?),
            ],
            retired: retired(folder)?,
        })
    }

    /// Puts the key of ID tokens aside under the name of `now` and makes a new one; answers where the old one lies.
    pub(crate) fn rotate(folder: &Path, now: Timestamp) -> Result<PathBuf, KeyError> {
        let aside = folder.join(format!("identity-{}.key", now.as_seconds()));
        let file = |cause| KeyError::File { path: aside.display().to_string(), cause };
        std::fs::rename(folder.join(IDENTITY), &aside).map_err(file)?;
        SigningKey::in_file(&folder.join(IDENTITY), Algorithm::Es256)?;
        Ok(aside)
    }

    /// The key that signs heads of the evidence log, under the log's name.
    pub(crate) fn log(&self, name: &str) -> Result<LogKey, Box<dyn Error>> {
        Ok(LogKey::new(name, SigningKey::in_file(&self.folder.join("log.key"), Algorithm::EdDsa)?)?)
    }

    /// What packets taken without a network are encrypted to.
    pub(crate) fn packets(&self) -> Result<DecryptionKey, KeyError> {
        DecryptionKey::in_file(&self.folder.join("packets.key"))
    }

    /// The key that signs batches of payments.
    pub(crate) fn grants(&self) -> Result<SigningKey, KeyError> {
        SigningKey::in_file(&self.folder.join("grants.key"), Algorithm::EdDsa)
    }

    /// The key that signs what we say to hubs that we are a member of.
    pub(crate) fn hubs(&self) -> Result<SigningKey, KeyError> {
        SigningKey::in_file(&self.folder.join("fspiop.key"), Algorithm::Rs256)
    }

    /// The secret for one purpose.
    pub(crate) fn secret(&self, purpose: &str) -> Secret<[u8; 32]> {
        Secret::new(hmac_sha256(self.master.reveal(), &[b"letsema/key/v1:", purpose.as_bytes()]))
    }
}
