//! Checking a document: a PDF or JSON of ours, with nothing but the log's public key.
//!
//! **Invariant:** what is shown as checked is what the evidence vouches for, never what else the file says. A file of
//! somebody's making gives a clear answer, never a panic.

use journal::log::{self, Proven, Receipt};
use serde::Deserialize;
use serde_json::Value as Json;

use crate::certificate::{TYPE, digest};
use crate::issue;

/// Largest file that is looked at.
pub const MAX_FILE: usize = 8 << 20;

/// What is inside a document.
#[derive(Deserialize)]
struct Evidence {
    certificate: Json,
    evidence: Receipt,
}

/// A document that holds.
#[derive(Clone, Debug)]
pub struct Verified {
    /// What it says.
    pub certificate: Json,
    /// What the log proves.
    pub proven: Proven,
}

/// A document that does not.
#[derive(Debug, thiserror::Error)]
pub enum VerifyFault {
    /// Neither a PDF nor a JSON of ours.
    #[error("this is not a document issued by Letsema, or its evidence was taken out")]
    NotOurs,
    /// Larger than any of ours.
    #[error("the file is too large to be a document of ours")]
    TooLarge,
    /// Its words were changed after it was issued.
    #[error("the words of this document are not the ones that were issued")]
    Changed,
    /// Its evidence does not hold.
    #[error(transparent)]
    Evidence(#[from] log::ReceiptFault),
}

/// Checks a file: a PDF with its evidence inside, or the JSON alone.
///
/// # Errors
/// [`VerifyFault`] saying what is wrong.
pub fn verify(file: &[u8], log_key: &str) -> Result<Verified, VerifyFault> {
    if file.len() > MAX_FILE {
        return Err(VerifyFault::TooLarge);
    }
    let inside = if file.starts_with(b"%PDF-") {
        let attached = documents::attachments(file).map_err(|_| VerifyFault::NotOurs)?;
        let json = attached.into_iter().find(|file| file.mime == "application/json").ok_or(VerifyFault::NotOurs)?;
        json.bytes
    } else {
        file.to_vec()
    };
    let Evidence { certificate, evidence } = serde_json::from_slice(&inside).map_err(|_| VerifyFault::NotOurs)?;
    if certificate.get("type").and_then(Json::as_str) != Some(TYPE) {
        return Err(VerifyFault::NotOurs);
    }
    let proven = log::verify(&evidence, log_key)?;
    let hash = digest(&certificate).map_err(|_| VerifyFault::Changed)?;
    let issued = proven.act.get("kind").and_then(Json::as_str) == Some(issue::ACT)
        && proven.act.pointer("/detail/sha256").and_then(Json::as_str) == Some(hash.as_str());
    if issued { Ok(Verified { certificate, proven }) } else { Err(VerifyFault::Changed) }
}
