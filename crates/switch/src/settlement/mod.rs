//! Settlement: windows, what each owes of them, and how it is paid.
//!
//! **Invariant:** a window closes in one transaction, which is after every transfer in it and before every other; only a closed
//! window is settled, each currency of it once; what a settlement moves adds up to nothing, or it is refused.
//!
//! | file | its job |
//! |---|---|
//! | `window.rs` | closing the open window opens the next |
//! | `net.rs` | a settlement: what each owes of its windows |
//! | `advance.rs` | a settlement, step by step, to its end |
//! | `totals.rs` | what participants say of a window, held against ours |

mod advance;
mod net;
mod totals;
mod window;

pub use advance::settle;
pub(crate) use advance::{Step, abort, advance};
pub(crate) use net::{begin, content};
pub(crate) use totals::{Told, Totals, ours as totals_of, tell as totals_told};
pub(crate) use window::{add_model, set_model};
pub use window::{any_transfer, close_window};

use spine::{Money, Timestamp};

/// The model of all currencies that have none of their own.
pub(crate) const DEFAULT_MODEL: &str = "DEFERREDNET";

/// A settlement window.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    /// Its number, from 1.
    pub id: i64,
    /// `OPEN`, `CLOSED`, `PENDING_SETTLEMENT`, `SETTLED` or `ABORTED`.
    pub state: String,
    /// Why it is as it is.
    pub reason: String,
    /// From when.
    pub opened_at: Timestamp,
    /// To when.
    pub closed_at: Option<Timestamp>,
    /// Of the last change.
    pub changed_at: Timestamp,
}

/// A settlement of windows.
#[derive(Clone, Debug)]
pub(crate) struct Settlement {
    /// Its number, from 1.
    pub id: i64,
    /// By which model.
    pub model: String,
    /// Where it stands, as its slowest account does.
    pub state: String,
    /// Why it was begun, or ended.
    pub reason: String,
    /// When it was begun.
    pub made_at: Timestamp,
    /// Of the last change.
    pub changed_at: Timestamp,
}

/// Where a participant's part of a settlement stands, in central-settlement's words.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum State {
    /// Worked out.
    PendingSettlement,
    /// The transfers that will settle it are known.
    PsTransfersRecorded,
    /// What is owed is set aside from the deposit.
    PsTransfersReserved,
    /// It is paid: deposit and position have moved.
    PsTransfersCommitted,
    /// The settlement bank confirmed it.
    Settled,
    /// It will not be.
    Aborted,
}

impl State {
    /// In their order; a part moves from one to the next.
    pub(crate) const ORDER: [Self; 5] = [
        Self::PendingSettlement,
        Self::PsTransfersRecorded,
        Self::PsTransfersReserved,
        Self::PsTransfersCommitted,
        Self::Settled,
    ];

    /// As it is written.
    #[must_use]
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::PendingSettlement => "PENDING_SETTLEMENT",
            Self::PsTransfersRecorded => "PS_TRANSFERS_RECORDED",
            Self::PsTransfersReserved => "PS_TRANSFERS_RESERVED",
            Self::PsTransfersCommitted => "PS_TRANSFERS_COMMITTED",
            Self::Settled => "SETTLED",
            Self::Aborted => "ABORTED",
        }
    }

    pub(crate) fn of(code: &str) -> Option<Self> {
        Self::ORDER.into_iter().chain([Self::Aborted]).find(|own| own.code() == code)
    }

    pub(crate) fn next(self) -> Option<Self> {
        let place = Self::ORDER.iter().position(|own| *own == self)?;
        Self::ORDER.get(place + 1).copied()
    }
}

/// What one participant owes of a settlement: more than nothing, or is owed: less.
#[derive(Clone, Debug)]
pub(crate) struct Net {
    /// Its settlement account.
    pub account: i64,
    /// Whose.
    pub participant: String,
    /// Its number.
    pub participant_number: i64,
    /// How much.
    pub amount: Money,
    /// Where it stands.
    pub state: State,
    /// Why.
    pub reason: String,
    /// The settlement bank's own.
    pub reference: Option<String>,
}
