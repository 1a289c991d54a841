//! What the switch keeps: participants, their accounts, transfers.
//!
//! **Invariant:** the words are those of FSPIOP and of central-ledger's administration, so that whoever knows those reads these.

use payments::ledger::{AccountId, TransferId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use spine::{Currency, Money, Timestamp};

/// What the hub is called among its participants, unless the installation says otherwise.
pub const HUB: &str = "Hub";

/// A bank or wallet, or the hub itself.
#[derive(Clone, Debug)]
pub(crate) struct Participant {
    /// Its FSP identifier.
    pub name: String,
    /// The number by which the administration knows it.
    pub number: i64,
    /// Whether it is the hub.
    pub is_hub: bool,
    /// Whether it may send and receive.
    pub active: bool,
    /// SHA-256 of its token; none if it has no access yet.
    pub token_hash: Option<Vec<u8>>,
    /// Its key for signatures, a JWK.
    pub jws_key: Option<Value>,
    /// Whether what it sends must be signed.
    pub signs: bool,
    /// Since when.
    pub made_at: Timestamp,
}

/// What an account is for, in central-ledger's words.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AccountType {
    /// What a participant owes the others, within its net-debit cap.
    Position,
    /// What it has deposited at the settlement bank.
    Settlement,
    /// The settlement bank, as the hub sees it.
    HubReconciliation,
    /// Through which settlements pass; nothing stays in it.
    HubMultilateralSettlement,
    /// From which caps are granted; no interface shows it.
    HubCaps,
}

impl AccountType {
    /// All.
    pub const ALL: [Self; 5] =
        [Self::Position, Self::Settlement, Self::HubReconciliation, Self::HubMultilateralSettlement, Self::HubCaps];

    /// As it is written.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Position => "POSITION",
            Self::Settlement => "SETTLEMENT",
            Self::HubReconciliation => "HUB_RECONCILIATION",
            Self::HubMultilateralSettlement => "HUB_MULTILATERAL_SETTLEMENT",
            Self::HubCaps => "HUB_CAPS",
        }
    }

    pub(crate) fn of(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|own| own.code() == code)
    }
}

/// An account of a participant in one currency.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    /// The number by which the administration knows it.
    pub number: i64,
    /// Whose.
    pub participant: String,
    /// In what.
    pub currency: Currency,
    /// What for.
    pub kind: AccountType,
    /// The ledger's account behind it.
    pub ledger: AccountId,
    /// Whether anything may move on it.
    pub active: bool,
    /// The net-debit cap of a position.
    pub cap_minor: i64,
    /// From how much of the cap on an alarm is raised.
    pub alarm_percent: i64,
    /// What the ledger has been given as cap.
    pub granted_minor: i64,
    /// What of it is to be taken back as soon as it is free.
    pub surplus_minor: i64,
}

/// Where a transfer stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum TransferState {
    /// Held in the ledger; the payee's institution is asked.
    Reserved,
    /// Done, for ever.
    Committed,
    /// Not done, for ever.
    Aborted,
}

impl TransferState {
    /// As it is written.
    #[must_use]
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Reserved => "RESERVED",
            Self::Committed => "COMMITTED",
            Self::Aborted => "ABORTED",
        }
    }

    pub(crate) fn of(code: &str) -> Option<Self> {
        [Self::Reserved, Self::Committed, Self::Aborted].into_iter().find(|own| own.code() == code)
    }
}

/// What moves money: a transfer between customers of two participants, or a deposit or withdrawal of one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TransferKind {
    /// Between two participants.
    Transfer,
    /// Paid in at the settlement bank.
    FundsIn,
    /// Taken out of it.
    FundsOut,
}

impl TransferKind {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Transfer => "transfer",
            Self::FundsIn => "funds_in",
            Self::FundsOut => "funds_out",
        }
    }

    pub(crate) fn of(code: &str) -> Option<Self> {
        [Self::Transfer, Self::FundsIn, Self::FundsOut].into_iter().find(|own| own.code() == code)
    }
}

/// A transfer.
#[derive(Clone, Debug)]
pub(crate) struct Transfer {
    /// The UUID its sender gave it.
    pub id: String,
    /// What sort.
    pub kind: TransferKind,
    /// Who pays.
    pub payer: String,
    /// Who is paid.
    pub payee: String,
    /// How much.
    pub amount: Money,
    /// Where it stands.
    pub state: TransferState,
    /// Of the request that made it.
    pub request_hash: Vec<u8>,
    /// Base64url of SHA-256 of the fulfilment.
    pub condition: Option<String>,
    /// The ledger's hold.
    pub hold: Option<TransferId>,
    /// The secret that proves the payee's consent.
    pub fulfilment: Option<String>,
    /// Of the answer that ended it.
    pub answer_hash: Option<Vec<u8>>,
    /// `errorInformation`, where it was aborted.
    pub error: Option<String>,
    /// In which settlement window it committed.
    pub window: Option<i64>,
    /// The bulk transfer it came with.
    pub bulk: Option<String>,
    /// Until when it may be fulfilled.
    pub expires_at: Option<Timestamp>,
    /// When it was asked for.
    pub prepared_at: Timestamp,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
}

/// Many transfers that were asked for at once.
#[derive(Clone, Debug)]
pub(crate) struct Bulk {
    /// The UUID its sender gave it.
    pub id: String,
    /// Who pays.
    pub payer: String,
    /// Who is paid.
    pub payee: String,
    /// Of the request that made it.
    pub request_hash: Vec<u8>,
    /// `ACCEPTED`, `COMPLETED` or `REJECTED`.
    pub state: String,
    /// When it was asked for.
    pub prepared_at: Timestamp,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
}
