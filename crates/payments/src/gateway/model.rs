//! What is asked, tried and received: requests, attempts and payments.
//!
//! **Invariant:** a phone number is personal: of what is here it stands in the attempt's row alone; `Debug`, acts, events and
//! jobs know ids only.

use serde::{Deserialize, Serialize};
use spine::{Act, Id, IdKind, Localised, Money, Personal, Timestamp};

use crate::bills::BillId;
use crate::ledger::{AccountId, TransferId};

/// The kind of a request's identifier.
#[derive(Debug)]
pub struct RequestKind;

impl IdKind for RequestKind {
    const PREFIX: &'static str = "pay";
}

/// The identifier of a request to pay.
pub type RequestId = Id<RequestKind>;

/// The kind of an attempt's identifier.
#[derive(Debug)]
pub struct AttemptKind;

impl IdKind for AttemptKind {
    const PREFIX: &'static str = "att";
}

/// The identifier of one try to pay, which is also the wallet's idempotency key.
pub type AttemptId = Id<AttemptKind>;

/// The kind of a payment's identifier.
#[derive(Debug)]
pub struct PaymentKind;

impl IdKind for PaymentKind {
    const PREFIX: &'static str = "pmt";
}

/// The identifier of money that arrived.
pub type PaymentId = Id<PaymentKind>;

/// Where a request stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestState {
    /// Nothing tried yet, or the last try ran out.
    Open,
    /// A wallet asks the payer to approve.
    Sent,
    /// Paid, with a receipt.
    Paid,
    /// The last try was declined; another may be made.
    Failed,
    /// Not paid in time.
    Expired,
    /// Not wanted any more.
    Withdrawn,
}

impl RequestState {
    /// All of them, in the order people meet them.
    pub const ALL: [Self; 6] = [Self::Open, Self::Sent, Self::Paid, Self::Failed, Self::Expired, Self::Withdrawn];

    /// The state as it stands in rows, events and addresses.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Sent => "sent",
            Self::Paid => "paid",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
        }
    }

    pub(crate) fn of(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Whether money for it may still be taken.
    #[must_use]
    pub const fn is_payable(self) -> bool {
        matches!(self, Self::Open | Self::Sent | Self::Failed)
    }
}

/// A request to be made.
#[derive(Clone, Debug)]
pub struct NewRequest {
    /// Who is to pay: a person's id.
    pub payer: String,
    /// How much, more than nothing.
    pub amount: Money,
    /// The reference of the income account it is for; opened if it is not.
    pub account: String,
    /// What the payer knows it by: a case's reference. It travels to the wallet, so nothing personal.
    pub reference: String,
    /// What it is for, in the country's languages.
    pub description: Localised,
    /// The local path to go back to.
    pub return_path: String,
    /// Until when it can be paid.
    pub expires_at: Timestamp,
}

/// A request to pay.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Request {
    /// Its identifier.
    pub id: RequestId,
    /// Who is to pay.
    pub payer: String,
    /// The income account.
    pub account: AccountId,
    /// How much.
    pub amount: Money,
    /// What the payer knows it by.
    pub reference: String,
    /// What it is for.
    pub description: Localised,
    /// The local path to go back to.
    pub return_path: String,
    /// Where it stands.
    pub state: RequestState,
    /// The last try, or the one that paid.
    pub attempt: Option<AttemptId>,
    /// How many tries there were.
    pub tries: i64,
    /// The receipt's number, once paid.
    pub receipt: Option<String>,
    /// When it was paid.
    pub paid_at: Option<Timestamp>,
    /// When it was made.
    pub made_at: Timestamp,
    /// Until when it can be paid.
    pub expires_at: Timestamp,
    /// The bill it pays, if it is for one.
    #[serde(default)]
    pub bill: Option<BillId>,
    /// By what anybody can pay it, if it is a fee: twelve digits that begin with an eight.
    #[serde(default)]
    pub number: Option<String>,
}

impl Request {
    /// What is written on a paper: the number, or for want of one the reference.
    #[must_use]
    pub fn called(&self) -> &str {
        self.number.as_deref().unwrap_or(&self.reference)
    }

    /// An act on this request, about its payer.
    pub(crate) fn act(&self, kind: &'static str) -> Act {
        Act::new(kind)
            .about(&self.payer)
            .on(self.id)
            .because("payment", "contract")
            .with("reference", self.reference.as_str())
    }
}

/// Where a try stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptState {
    /// The wallet does not know of it yet.
    Made,
    /// The wallet knows, or may know.
    Pushed,
    /// The money came.
    Paid,
    /// The wallet or the payer said no.
    Declined,
    /// Another amount came.
    Mismatched,
    /// Nobody answered in time. Money may still come; it is dealt with then.
    Expired,
}

impl AttemptState {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Made => "made",
            Self::Pushed => "pushed",
            Self::Paid => "paid",
            Self::Declined => "declined",
            Self::Mismatched => "mismatched",
            Self::Expired => "expired",
        }
    }

    pub(crate) fn of(code: &str) -> Option<Self> {
        [Self::Made, Self::Pushed, Self::Paid, Self::Declined, Self::Mismatched, Self::Expired]
            .into_iter()
            .find(|state| state.code() == code)
    }

    /// Whether the payer may still answer it.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Made | Self::Pushed)
    }
}

/// One try to pay.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Its identifier.
    pub id: AttemptId,
    /// What it is to pay.
    pub request: RequestId,
    /// The wallet.
    pub wallet: String,
    /// The payer's number with the wallet, in international form.
    pub msisdn: Personal<String>,
    /// What the wallet calls it.
    pub wallet_reference: Option<String>,
    /// Where it stands.
    pub state: AttemptState,
    /// Why it was declined, as the wallet's code.
    pub reason: Option<String>,
    /// When it was made.
    pub made_at: Timestamp,
    /// Until when the payer may approve.
    pub expires_at: Timestamp,
}

/// What became of money that arrived.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentState {
    /// It paid its request.
    Applied,
    /// It belongs to nothing and is on its way back.
    Refunding,
    /// It went back.
    Refunded,
    /// An officer must look.
    Review,
}

impl PaymentState {
    /// The state as it stands in rows and messages.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Refunding => "refunding",
            Self::Refunded => "refunded",
            Self::Review => "review",
        }
    }

    pub(crate) fn of(code: &str) -> Option<Self> {
        [Self::Applied, Self::Refunding, Self::Refunded, Self::Review].into_iter().find(|state| state.code() == code)
    }
}

/// Money that arrived from a wallet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Payment {
    /// Its identifier, and with another prefix the transfer that booked it.
    pub id: PaymentId,
    /// The wallet it came from.
    pub wallet: String,
    /// What the wallet calls it.
    pub wallet_reference: String,
    /// The try it answers.
    pub attempt: AttemptId,
    /// The request of that try.
    pub request: RequestId,
    /// How much came.
    pub amount: Money,
    /// What became of it.
    pub state: PaymentState,
    /// Why it is in suspense: `withdrawn`, `expired`, `paid_already`, `wrong_amount`, `refund_refused`.
    pub reason: Option<String>,
    /// The hold that returns it.
    pub hold: Option<TransferId>,
    /// When it came.
    pub received_at: Timestamp,
}

/// The kind of a return's identifier.
#[derive(Debug)]
pub struct ReturnKind;

impl IdKind for ReturnKind {
    const PREFIX: &'static str = "ret";
}

/// A return's identifier.
pub type ReturnId = Id<ReturnKind>;

/// Where a return stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReturnState {
    /// On its way.
    Going,
    /// The wallet has it.
    Done,
    /// The wallet would not take it: an officer must look.
    Review,
}

impl ReturnState {
    /// The state as it stands in rows.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Going => "going",
            Self::Done => "done",
            Self::Review => "review",
        }
    }

    pub(crate) fn of(code: &str) -> Option<Self> {
        [Self::Going, Self::Done, Self::Review].into_iter().find(|state| state.code() == code)
    }
}

/// A paid fee, or a part of it, that goes back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Return {
    /// Its identifier.
    pub id: ReturnId,
    /// The request that was paid.
    pub request: RequestId,
    /// The payment it comes from.
    pub payment: PaymentId,
    /// The wallet it goes to.
    pub wallet: String,
    /// What the wallet calls the payment.
    pub wallet_reference: String,
    /// How much.
    pub amount: Money,
    /// Where it stands.
    pub state: ReturnState,
    /// The hold that moves it.
    pub hold: Option<TransferId>,
    /// Since when.
    pub made_at: Timestamp,
}
