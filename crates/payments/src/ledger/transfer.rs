//! A transfer: what a booker asks for, and the row it becomes.
//!
//! **Invariant:** a row is never changed. Its canonical bytes hold all of it, and are what the chain hashes.

use serde::{Deserialize, Serialize};
use spine::{Fault, Id, IdKind, Money, Timestamp};

use super::account::AccountId;

/// The kind of a transfer's identifier.
#[derive(Debug)]
pub struct TransferIdKind;

impl IdKind for TransferIdKind {
    const PREFIX: &'static str = "trf";
}

/// A transfer's identifier, chosen by whoever books it: booked again under the same one, it does nothing.
pub type TransferId = Id<TransferIdKind>;

/// The largest single amount, in minor units: acts are hashed as canonical JSON, which holds whole numbers up to here
/// (RFC 8785 §3.2.2.3).
pub const LARGEST_MINOR: i64 = 1 << 53;

/// The longest reference.
pub(crate) const REFERENCE_BYTES: usize = 128;

/// One booking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Chosen by the booker, for ever the same for the same booking.
    pub id: TransferId,
    /// What is done.
    pub step: Step,
    /// What it is for: a payment's or request's id. Never personal.
    pub reference: String,
}

/// What a booking does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Moves an amount at once.
    Move {
        /// The account debited.
        debit: AccountId,
        /// The account credited.
        credit: AccountId,
        /// How much, more than nothing.
        amount: Money,
    },
    /// Moves as much as the debited account's bound leaves, up to an amount.
    Sweep {
        /// The account debited, whose debits are bounded.
        debit: AccountId,
        /// The account credited.
        credit: AccountId,
        /// How much at most.
        at_most: Money,
    },
    /// Reserves an amount, to be posted or voided later.
    Hold {
        /// The account to be debited.
        debit: AccountId,
        /// The account to be credited.
        credit: AccountId,
        /// How much, more than nothing.
        amount: Money,
        /// After this it can only be voided.
        expires_at: Option<Timestamp>,
    },
    /// Makes a hold real, all of it or a part; the rest of a part is given up.
    Post {
        /// The hold.
        of: TransferId,
        /// How much of it; all if none is said.
        amount: Option<Money>,
    },
    /// Gives a hold up.
    Void {
        /// The hold.
        of: TransferId,
    },
}

/// What became of one booking of a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Booked {
    /// Done now.
    Now,
    /// Done before under the same identifier; nothing happened.
    Before,
}

/// What a row does, as it is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Does {
    Moves,
    Holds,
    Posts,
    Voids,
    /// A hold whose time was over, given up by the clock.
    Expires,
    Sweeps,
}

impl Does {
    const ALL: [Self; 6] = [Self::Moves, Self::Holds, Self::Posts, Self::Voids, Self::Expires, Self::Sweeps];

    pub(crate) const fn code(self) -> i64 {
        match self {
            Self::Moves => 1,
            Self::Holds => 2,
            Self::Posts => 3,
            Self::Voids => 4,
            Self::Expires => 5,
            Self::Sweeps => 6,
        }
    }

    pub(crate) fn of(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|does| does.code() == code)
    }
}

/// A transfer as it stands in its row. Accounts go by their numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) seq: i64,
    pub(crate) id: [u8; 16],
    pub(crate) does: Does,
    pub(crate) debit: i64,
    pub(crate) credit: i64,
    pub(crate) amount: i64,
    /// The hold it settles.
    pub(crate) of: Option<i64>,
    pub(crate) debit_before: i64,
    pub(crate) credit_before: i64,
    pub(crate) reference: String,
    pub(crate) expires_at: Option<Timestamp>,
}

impl Entry {
    /// Whether both are the same booking, wherever they stand.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let amount = if self.does == Does::Sweeps { self.amount <= other.amount } else { self.amount == other.amount };
        let plain = |one: &Self| (one.id, one.does, one.debit, one.credit, one.of, one.expires_at);
        amount && plain(self) == plain(other) && self.reference == other.reference
    }

    /// What it adds to the posted and to the pending balances of both its accounts; `held` is what the hold that it
    /// settles reserved.
    pub(crate) const fn adds(&self, held: i64) -> (i64, i64) {
        match self.does {
            Does::Moves | Does::Sweeps => (self.amount, 0),
            Does::Holds => (0, self.amount),
            Does::Posts => (self.amount, -held),
            Does::Voids | Does::Expires => (0, -held),
        }
    }

    /// Appends its canonical bytes: each number in eight bytes, big-endian, nothing as zero; the reference under its length.
    pub(crate) fn write_to(&self, out: &mut Vec<u8>) {
        out.push(b't');
        out.extend_from_slice(&self.id);
        let expires = self.expires_at.map_or(0, Timestamp::as_micros);
        let numbers = [self.seq, self.does.code(), self.debit, self.credit, self.amount, self.of.unwrap_or(0), expires];
        for number in numbers.into_iter().chain([self.debit_before, self.credit_before]) {
            out.extend_from_slice(&number.to_be_bytes());
        }
        write_text(out, &self.reference);
    }
}

pub(crate) fn write_text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(&(text.len() as u64).to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

/// An amount that a transfer can have.
pub(crate) fn checked(amount: Money) -> Result<i64, Fault> {
    let fits = (1..=LARGEST_MINOR).contains(&amount.minor());
    fits.then_some(amount.minor()).ok_or_else(|| Fault::invalid("payments.transfer.amount"))
}
