//! The program's keys and secrets, in a folder of their own that only the program may read.
//!
//! **Invariant:** each purpose has a key of its own, derived from one master secret by its name, so that what one key
//! seals no other opens. Several instances of the program share the folder.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crypto::{Algorithm, KeyError, SigningKey, hmac_sha256, secret_in_file};
use journal::log::LogKey;
use spine::Secret;

/// Every key the program needs.
pub(crate) struct Keys {
    master: Secret<[u8; 32]>,
    folder: PathBuf,
    /// Signs ID tokens (P-256).
    pub(crate) identity: Arc<SigningKey>,
}

impl Keys {
    /// Reads the keys in `folder`, making them first if it is empty.
    pub(crate) fn open(folder: &Path) -> Result<Self, KeyError> {
        let file = |cause| KeyError::File { path: folder.display().to_string(), cause };
        std::fs::create_dir_all(folder).map_err(file)?;
        Ok(Self {
            master: secret_in_file(&folder.join("master.key"))?,
            folder: folder.to_owned(),
            identity: Arc::new(SigningKey::in_file(&folder.join("identity.key"), Algorithm::Es256)?),
        })
    }

    /// The key that signs heads of the evidence log, under the log's name.
    pub(crate) fn log(&self, name: &str) -> Result<LogKey, Box<dyn Error>> {
        Ok(LogKey::new(name, SigningKey::in_file(&self.folder.join("log.key"), Algorithm::EdDsa)?)?)
    }

    /// The secret for one purpose.
    pub(crate) fn secret(&self, purpose: &str) -> Secret<[u8; 32]> {
        Secret::new(hmac_sha256(self.master.reveal(), &[b"letsema/key/v1:", purpose.as_bytes()]))
    }
}
