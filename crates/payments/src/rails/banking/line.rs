//! What a rail says moved on its side: lines and statements, kept as they were heard.
//!
//! **Invariant:** a line is kept once by what the rail calls it, whichever message brings it first.

use spine::{Currency, Date, Id, IdKind, Money, Timestamp};

/// The kind of a line's identifier.
#[derive(Debug)]
pub(crate) struct RailLineKind;

impl IdKind for RailLineKind {
    const PREFIX: &'static str = "rln";
}

/// The identifier of a line, and with another prefix of the transfer that it made, if it made one.
pub(crate) type RailLineId = Id<RailLineKind>;

/// How the end-to-end identifier of a wallet's settlement begins: `SETTLEMENT-mpesa-2026-11-26`.
pub(crate) const SETTLEMENT: &str = "SETTLEMENT-";

/// How an acquirer calls what it keeps of a settlement: `COMMISSION-kopano-2026-11-26`.
pub(crate) const COMMISSION: &str = "COMMISSION-";

/// How an office says that it pays in for its counter: `FLOAT-lesotho-post-bank`.
pub(crate) const FLOAT: &str = "FLOAT-";

/// What a line was taken for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Did {
    /// A payment of ours that went out, or what an acquirer keeps.
    Payment,
    /// A payment of ours that came back.
    Return,
    /// Money that somebody paid in.
    Arrival,
    /// What a wallet held for us, paid into the bank.
    Settlement,
    /// Nothing that we know of.
    Unknown,
    /// A line of a statement about what we had heard by other ways.
    Told,
}

impl Did {
    const ALL: [Self; 6] = [Self::Payment, Self::Return, Self::Arrival, Self::Settlement, Self::Unknown, Self::Told];

    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Payment => "payment",
            Self::Return => "return",
            Self::Arrival => "arrival",
            Self::Settlement => "settlement",
            Self::Unknown => "unknown",
            Self::Told => "told",
        }
    }

    pub(crate) fn of(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|did| did.code() == code)
    }
}

/// One movement, as a rail tells it.
#[derive(Clone, Debug)]
pub(crate) struct RailLine {
    pub(crate) id: RailLineId,
    pub(crate) rail: String,
    pub(crate) reference: String,
    pub(crate) day: Date,
    pub(crate) comes_in: bool,
    pub(crate) amount: Money,
    pub(crate) did: Did,
    /// Our own identifier of it: a payment's, an attempt's, for a settlement the wallet's account.
    pub(crate) ours: Option<String>,
    /// The end-to-end identifier it carries.
    pub(crate) end_to_end: Option<String>,
    /// The message that told of it first.
    pub(crate) source: String,
    pub(crate) heard_at: Timestamp,
}

/// The head of a statement.
#[derive(Clone, Debug)]
pub(crate) struct RailStatement {
    pub(crate) id: RailLineId,
    pub(crate) rail: String,
    pub(crate) reference: String,
    pub(crate) day: Date,
    pub(crate) currency: Currency,
    pub(crate) opening_minor: Option<i64>,
    pub(crate) closing_minor: Option<i64>,
    pub(crate) lines: i64,
    pub(crate) heard_at: Timestamp,
}
