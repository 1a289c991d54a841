//! Paying out: money goes from an account of the ledger to somebody's wallet or bank account.
//!
//! **Invariant:** each payment has an identifier that whoever pays chose, and goes out once under it, whatever is repeated or
//! lost on the way. The money is held from the moment it is asked for; it leaves when the rail says it has arrived, and is
//! given up when the rail says it will not. "Not sure" is asked for, never guessed.
//!
//! | file | its job |
//! |---|---|
//! | `disburse.rs` | [`disburse()`], [`disburse_all`] |
//! | `by_phone.rs` | who can pay a phone number out |
//! | `outcome.rs` | what became of it, from whichever rail it is heard |
//! | `workers.rs` | the jobs that hand it to a wallet and ask |
//!
//! Others hear `payments.disbursement.{paid,failed,returned}`, each with `{"disbursement", "reference"}`.

mod by_phone;
pub(crate) mod disburse;
pub(crate) mod outcome;
pub(crate) mod workers;

pub use by_phone::ByPhone;
pub use disburse::{disburse, disburse_all, disbursement};
use serde::{Deserialize, Serialize};
use spine::{Id, IdKind, Money, Personal, Timestamp};

use crate::ledger::{AccountId, TransferId};
use crate::rails::banking::file::BankFileId;
use crate::rails::banks::Banks;
use crate::rails::cards::Acquirers;
use crate::rails::hubs::Hubs;
use crate::rails::wallets::Wallets;
use crate::screening::{HELD, Screening};

/// The kind of a disbursement's identifier.
#[derive(Debug)]
pub struct DisbursementKind;

impl IdKind for DisbursementKind {
    const PREFIX: &'static str = "dis";
}

/// A disbursement's identifier, chosen by whoever pays: derive it from the bytes of your own row's.
pub type DisbursementId = Id<DisbursementKind>;

/// The rails that money comes and goes on. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Rails {
    /// The country's wallets.
    pub wallets: Wallets,
    /// The country's banks.
    pub banks: Banks,
    /// Who takes cards.
    pub acquirers: Acquirers,
    /// What a payment is held against before it goes.
    pub screening: Screening,
    /// The hubs that we are a member of.
    pub hubs: Hubs,
}

/// Where money is to go.
#[derive(Clone, Debug)]
pub enum Destination {
    /// A phone number with a wallet.
    Wallet {
        /// The wallet's id: `mpesa`.
        wallet: String,
        /// The number, in any of the ways people write it.
        number: Personal<String>,
    },
    /// An account with a bank.
    Bank {
        /// The bank's id: `postbank`.
        bank: String,
        /// The account's number, as the bank writes it.
        account: Personal<String>,
        /// Whose account it is, 1 to 70 characters.
        holder: Personal<String>,
    },
    /// Somebody whom a hub finds, with whichever bank or wallet she is.
    Hub {
        /// The hub's id: `switch`.
        hub: String,
        /// The kind of identifier, in the hub's own words: `MSISDN`, `ACCOUNT_ID`.
        kind: String,
        /// The identifier, in any of the ways people write it.
        number: Personal<String>,
    },
}

/// A payment to be made.
#[derive(Clone, Debug)]
pub struct NewDisbursement {
    /// Chosen by whoever pays, for ever the same for the same payment.
    pub id: DisbursementId,
    /// The account whose money it is.
    pub from: AccountId,
    /// Where it goes.
    pub to: Destination,
    /// How much.
    pub amount: Money,
    /// What the payee sees, 1 to 35 visible characters. Never personal.
    pub reference: String,
}

/// What became of asking for a payment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Handed {
    /// It is on its way.
    Now,
    /// It was asked for before under this identifier; nothing happened.
    Before,
    /// It cannot be made; the fault's code says why. Nothing is held for it.
    Refused(String),
}

/// Where a payment stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisbursementState {
    /// The rail has not heard of it yet.
    Made,
    /// The rail knows, or may know.
    Sent,
    /// The payee has the money.
    Paid,
    /// The payee will not get it, and the money is free again.
    Failed,
    /// The payee had it, and it came back.
    Returned,
    /// The rail contradicts itself or paid another amount: an officer must look.
    Review,
}

impl DisbursementState {
    const ALL: [Self; 6] = [Self::Made, Self::Sent, Self::Paid, Self::Failed, Self::Returned, Self::Review];

    /// The state as it stands in rows.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Made => "made",
            Self::Sent => "sent",
            Self::Paid => "paid",
            Self::Failed => "failed",
            Self::Returned => "returned",
            Self::Review => "review",
        }
    }

    pub(crate) fn of(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Whether the rail may still say what becomes of it.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Made | Self::Sent)
    }
}

/// A payment that was asked for.
#[derive(Clone, Debug)]
pub struct Disbursement {
    /// Its identifier.
    pub id: DisbursementId,
    /// The account in the ledger that stands for the rail: `wallet:mpesa`, `bank:cbl`.
    pub rail: String,
    /// Where it goes, in its one form.
    pub to: Destination,
    /// The account whose money it is.
    pub from: AccountId,
    /// How much.
    pub amount: Money,
    /// What the payee sees.
    pub reference: String,
    /// Where it stands.
    pub state: DisbursementState,
    /// Why it stands so, as a code: `unknown_number`, `AC04`.
    pub reason: Option<String>,
    /// What the rail calls it.
    pub rail_reference: Option<String>,
    /// The file in which it goes to a bank.
    pub(crate) file: Option<BankFileId>,
    /// When it was asked for.
    pub made_at: Timestamp,
    /// When it was paid, failed or returned.
    pub ended_at: Option<Timestamp>,
}

impl Disbursement {
    /// Whether it waits until officers have looked.
    pub(crate) fn is_held(&self) -> bool {
        self.state == DisbursementState::Made && self.reason.as_deref() == Some(HELD)
    }

    /// The hold in the ledger: it has the payment's own bytes.
    #[must_use]
    pub const fn hold(&self) -> TransferId {
        TransferId::from_bytes(*self.id.as_bytes())
    }
}
