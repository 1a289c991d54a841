//! Proofs that are good once: names of client assertions, DPoP proofs and signed requests, remembered until they are over.
//!
//! **Invariant:** remembered in the transaction of what they prove, so that of two at the same time one is refused, on
//! whatever instance they arrive.

use spine::{Cx, Fault, Timestamp, Tx};

use crate::rows::grants;

/// Something to be spent.
#[derive(Clone, Debug)]
pub(crate) struct Once {
    key: String,
    until: Timestamp,
    code: &'static str,
}

impl Once {
    /// A client assertion or signed request.
    pub(crate) fn assertion(client: &str, name: &str, until: Timestamp) -> Self {
        Self::new("assertion", client, name, until, "identity.assertion.replayed")
    }

    /// A DPoP proof.
    pub(crate) fn proof(jkt: &str, name: &str, until: Timestamp) -> Self {
        Self::new("proof", jkt, name, until, "identity.proof.replayed")
    }

    fn new(kind: &str, whose: &str, name: &str, until: Timestamp, code: &'static str) -> Self {
        let key = crypto::sha256(&[kind.as_bytes(), b"\0", whose.as_bytes(), b"\0", name.as_bytes()]);
        Self { key: crypto::base64url(&key), until, code }
    }
}

/// Spends them all.
///
/// # Errors
/// `identity.assertion.replayed`, `identity.proof.replayed`.
pub(crate) fn spend(cx: &mut Cx<'_>, all: &[Once]) -> Result<(), Fault> {
    spend_in(cx.tx(), all)
}

/// The same where nothing else is changed: bookkeeping, and no act.
///
/// # Errors
/// As [`spend`].
pub(crate) fn spend_in(tx: &mut dyn Tx, all: &[Once]) -> Result<(), Fault> {
    for once in all {
        if !grants::spend(tx, &once.key, once.until)? {
            return Err(Fault::new(spine::FaultKind::Conflict, once.code));
        }
    }
    Ok(())
}
