//! The chain of batches: each commit that books makes one, whose hash covers all that it holds and the hash before it.
//!
//! **Invariant:** whoever knows one hash knows that nothing before it was changed.

use spine::Timestamp;

use super::transfer::{Entry, write_text};

/// What the hash of a batch begins with, so that it can never be the hash of anything else.
const DOMAIN: &[u8] = b"letsema/ledger/batch/v1\0";

/// Where the chain stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Head {
    /// The last batch; 0 before the first.
    pub(crate) batch: i64,
    /// The last place in the sequence.
    pub(crate) seq: i64,
    /// The moment of the last batch; no batch is earlier than the one before.
    pub(crate) at: Timestamp,
    pub(crate) hash: [u8; 32],
}

impl Head {
    pub(crate) const NONE: Self = Self { batch: 0, seq: 0, at: Timestamp::from_micros(0), hash: [0; 32] };
}

/// Something with a place in the sequence that moves no money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) seq: i64,
    pub(crate) kind: String,
    pub(crate) subject: String,
}

impl Mark {
    fn write_to(&self, out: &mut Vec<u8>) {
        out.push(b'm');
        out.extend_from_slice(&self.seq.to_be_bytes());
        write_text(out, &self.kind);
        write_text(out, &self.subject);
    }
}

/// The head after a batch of these transfers and marks, in the order of their places.
pub(crate) fn next(head: &Head, at: Timestamp, entries: &[Entry], marks: &[Mark]) -> Head {
    let count = i64::try_from(entries.len() + marks.len()).unwrap_or(i64::MAX);
    let (batch, seq, at) = (head.batch + 1, head.seq + count, at.max(head.at));
    let mut bytes = Vec::with_capacity(64 + entries.len() * 144);
    for number in [batch, head.seq + 1, seq, at.as_micros()] {
        bytes.extend_from_slice(&number.to_be_bytes());
    }
    let mut marks = marks.iter().peekable();
    for entry in entries {
        while let Some(mark) = marks.next_if(|mark| mark.seq < entry.seq) {
            mark.write_to(&mut bytes);
        }
        entry.write_to(&mut bytes);
    }
    marks.for_each(|mark| mark.write_to(&mut bytes));
    Head { batch, seq, at, hash: crypto::sha256(&[DOMAIN, &head.hash, &bytes]) }
}
