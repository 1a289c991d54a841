//! The evidence log: every act leaves a leaf in an append-only Merkle tree whose head is signed.
//!
//! Speaks C2SP tlog-tiles, tlog-checkpoint, signed-note, tlog-cosignature and tlog-witness, so that tools which are not
//! ours verify it. A leaf is the salted hash of an act's record: it says nothing, and once the salt is deleted nobody
//! can make it say anything.
//!
//! **Invariant:** the tree only grows; a head is signed and kept in the transaction that adds its leaves, so a crash
//! leaves either both or neither. Sequencing is not on the path of an act.
//!
//! | file | its job |
//! |---|---|
//! | `tree.rs` | tiles: reading hashes, adding leaves |
//! | `note.rs` | signing heads, checking signatures, cosignatures |
//! | `sequence.rs` | acts into leaves, within a second |
//! | `receipt.rs` | the proof that an act is in the log, and its check offline |
//! | `serve.rs` | the log over HTTP |
//! | `witness.rs` | a witness: another process that watches the log |
//! | `rows.rs` | every SQL text of the log |

mod note;
mod receipt;
mod rows;
mod sequence;
mod serve;
mod tree;
mod witness;

pub use note::{LogKey, NoteFault, cosigned_at, open_head};
pub use receipt::{Proven, Receipt, ReceiptFault, receipt, verify};
pub use sequence::{Head, Sequencer, head};
pub use serve::routes;
pub use witness::{Cosigner, Witness, WitnessFault, witness_routes};

/// What is hashed before the salt and the record, so that no other hash of ours is ever a leaf.
const DOMAIN: &[u8] = b"letsema/act/v1\0";

/// The entry of an act: what the log holds of it.
fn commitment(salt: &[u8], record: &str) -> [u8; 32] {
    crypto::sha256(&[DOMAIN, salt, record.as_bytes()])
}
