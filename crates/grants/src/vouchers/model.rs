//! What a voucher is.
//!
//! **Invariant:** `Debug` shows no number: a voucher here does not hold one.

use payments::ledger::TransferId;
use serde::{Deserialize, Serialize};
use spine::Timestamp;

use crate::model::RunId;

/// Where a voucher stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VoucherState {
    /// Made and funded; it cannot be redeemed yet.
    PreActivated,
    /// It can be redeemed.
    Activated,
    /// It was.
    Redeemed,
    /// Taken back.
    Cancelled,
    /// Its time is over.
    Expired,
}

impl VoucherState {
    const ALL: [Self; 5] = [Self::PreActivated, Self::Activated, Self::Redeemed, Self::Cancelled, Self::Expired];

    /// As it is kept.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::PreActivated => "pre_activated",
            Self::Activated => "activated",
            Self::Redeemed => "redeemed",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }

    pub(crate) fn of(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.code() == code)
    }
}

/// A voucher, without its number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voucher {
    /// Its serial: public, 16 digits.
    pub serial: String,
    /// The programme whose money it is.
    pub programme: String,
    /// What it is for, as whoever asked for it says.
    pub group: String,
    /// Its value.
    pub amount_minor: i64,
    /// Where it stands.
    pub state: VoucherState,
    /// The payment it carries, if it is one's: run and line.
    pub payment: Option<(RunId, i64)>,
    /// Its backing in the ledger.
    pub hold: TransferId,
    /// Who had it made.
    pub made_by: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// When its time is over.
    pub expires_at: Timestamp,
}
