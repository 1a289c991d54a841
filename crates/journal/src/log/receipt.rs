//! A receipt: everything needed to prove, offline and years later, that an act is in the log.
//!
//! **Invariant:** checking needs the receipt and the log's public key, nothing else. A receipt of somebody's making
//! gives a clear error, never a panic.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use spine::{Cx, Fault};
use tlog_tiles::{Hash, check_record, prove_record, record_hash};

use super::note::{NoteFault, open_head};
use super::sequence::{Head, head};
use super::tree::Tiles;
use super::{commitment, rows};

/// A tree of 2^63 leaves has proofs no longer than this.
const MAX_PROOF: usize = 63;

/// The proof that an act is in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// The act, as canonical JSON (RFC 8785).
    pub record: String,
    /// The salt of its leaf, hexadecimal.
    pub salt: String,
    /// The place of its leaf, from 0.
    pub index: u64,
    /// The inclusion proof (RFC 6962 §2.1.1), each hash base64.
    pub proof: Vec<String>,
    /// The signed head that the proof leads to (C2SP tlog-checkpoint), with the witnesses' cosignatures that it had.
    pub checkpoint: String,
}

/// What a receipt proves.
#[derive(Clone, Debug, PartialEq)]
pub struct Proven {
    /// The act.
    pub act: Json,
    /// The log's name.
    pub log: String,
    /// The place of the leaf, from 0.
    pub index: u64,
    /// Leaves under the head.
    pub size: u64,
}

/// A receipt that proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptFault {
    /// Its head is not the log's.
    #[error(transparent)]
    Head(#[from] NoteFault),
    /// Its parts are not what they should be.
    #[error("the receipt is malformed: {0}")]
    Malformed(&'static str),
    /// The act is not under that head: it, or the proof, was changed.
    #[error("the record is not in the log: it or its proof was changed")]
    NotIncluded,
}

/// The receipt of the newest act of a kind on an object; none until a head covers it, or if its salt was deleted.
///
/// # Errors
/// The store's faults.
pub fn receipt(cx: &mut Cx<'_>, kind: &str, object: &str) -> Result<Option<Receipt>, Fault> {
    let Some((Some(salt), record, Some(place))) = rows::act_on(cx.tx(), object, kind)? else { return Ok(None) };
    let Some(Head { size, note: checkpoint }) = head(cx)? else { return Ok(None) };
    let place = u64::try_from(place).unwrap_or(u64::MAX);
    if place >= size {
        return Ok(None);
    }
    let tiles = Tiles::of(cx.tx());
    let proof = match prove_record(size, place, &tiles) {
        Ok(proof) => proof,
        Err(error) => return Err(tiles.fault(error)),
    };
    Ok(Some(Receipt {
        record,
        salt: crypto::hex(&salt),
        index: place,
        proof: proof.iter().map(|hash| crypto::base64(&hash.0)).collect(),
        checkpoint,
    }))
}

/// Checks a receipt with nothing but the log's public key (`NAME+HASH+BASE64`).
///
/// # Errors
/// [`ReceiptFault`] saying what is wrong.
pub fn verify(receipt: &Receipt, log: &str) -> Result<Proven, ReceiptFault> {
    let head = open_head(&receipt.checkpoint, log)?;
    if receipt.index >= head.size() {
        return Err(ReceiptFault::NotIncluded);
    }
    if receipt.proof.len() > MAX_PROOF {
        return Err(ReceiptFault::Malformed("the proof is too long"));
    }
    let salt = crypto::from_hex(&receipt.salt).ok_or(ReceiptFault::Malformed("the salt is not hexadecimal"))?;
    let mut proof = Vec::with_capacity(receipt.proof.len());
    for hash in &receipt.proof {
        let bytes = crypto::from_base64(hash).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        proof.push(Hash(bytes.ok_or(ReceiptFault::Malformed("a hash of the proof is not 32 bytes"))?));
    }
    let leaf = record_hash(&commitment(&salt, &receipt.record));
    check_record(&proof, head.size(), *head.hash(), receipt.index, leaf).map_err(|_| ReceiptFault::NotIncluded)?;
    let act = serde_json::from_str(&receipt.record).map_err(|_| ReceiptFault::Malformed("the record is not JSON"))?;
    Ok(Proven { act, log: head.origin().to_owned(), index: receipt.index, size: head.size() })
}
