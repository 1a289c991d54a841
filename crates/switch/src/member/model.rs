//! What a member keeps of its transfers.

use payments::DisbursementId;
use serde::{Deserialize, Serialize};
use spine::{Money, Timestamp};

/// Where a transfer to us stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum IncomingState {
    /// We have agreed; the hub has not said yet how it ended.
    Reserved,
    /// The hub has moved the money: it is ours.
    Committed,
    /// The hub has not moved it.
    Aborted,
}

impl IncomingState {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::Committed => "committed",
            Self::Aborted => "aborted",
        }
    }

    pub(crate) fn of(code: &str) -> Option<Self> {
        [Self::Reserved, Self::Committed, Self::Aborted].into_iter().find(|own| own.code() == code)
    }
}

/// A transfer to us.
#[derive(Clone, Debug)]
pub(crate) struct Incoming {
    /// The hub it came through.
    pub(crate) hub: String,
    /// The UUID its sender gave it.
    pub(crate) id: String,
    /// The payer's institution.
    pub(crate) payer: String,
    /// The number of ours that it is for.
    pub(crate) number: String,
    /// The quote of ours that it takes up.
    pub(crate) quote: String,
    pub(crate) amount: Money,
    pub(crate) state: IncomingState,
    /// Of the message that asked for it.
    pub(crate) request_hash: Vec<u8>,
    /// The packet of the quote, from which the fulfilment follows.
    pub(crate) packet: String,
    /// The version that was spoken.
    pub(crate) version: String,
    pub(crate) expires_at: Timestamp,
    pub(crate) made_at: Timestamp,
}

/// What a payment through a hub waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Step {
    /// To hear whose customer the payee is.
    Looking,
    /// To hear what it costs.
    Quoting,
    /// To be handed over.
    Sending,
    /// The hub knows of it, or may know: to hear how it ended.
    Sent,
    /// Nothing.
    Ended,
}

impl Step {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Looking => "looking",
            Self::Quoting => "quoting",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Ended => "ended",
        }
    }

    pub(crate) fn of(code: &str) -> Option<Self> {
        let all = [Self::Looking, Self::Quoting, Self::Sending, Self::Sent, Self::Ended];
        all.into_iter().find(|own| own.code() == code)
    }
}

/// A payment of ours through a hub.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    pub(crate) payment: DisbursementId,
    pub(crate) hub: String,
    /// The UUID of the transfer, which follows from the payment's.
    pub(crate) transfer: String,
    /// And that of its quote.
    pub(crate) quote: String,
    /// The keyed hash of whom it is for.
    pub(crate) alias: Vec<u8>,
    pub(crate) step: Step,
    /// The payee's institution, once it is known.
    pub(crate) payee: Option<String>,
    /// What its quote locked the transfer with.
    pub(crate) condition: Option<String>,
    pub(crate) packet: Option<String>,
    /// Until when the transfer may be fulfilled.
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) made_at: Timestamp,
}
