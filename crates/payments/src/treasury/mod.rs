//! The treasury's desk: what the ledger says, what wallets and our bank say, and where they do not agree.
//!
//! **Invariant:** a day can be reconciled as often as one likes and in any order with the statements that come: the outcome
//! depends on what is known alone. An exception that a late statement explains is cleared by itself; one that an officer
//! explained stays explained. Nothing here moves money.
//!
//! | file | its job |
//! |---|---|
//! | `reconcile.rs` | [`reconcile()`]: a rail's day against the ledger |
//! | `wallet_statement.rs` | a wallet's day, fetched by a job |
//! | `exceptions.rs` | [`take_over`], [`explain`] |
//! | `desk.rs` | [`desk`], [`day`], [`suspense`]: what officers see |
//! | `revenue.rs` | [`revenue`]: by service, place and channel; [`income`]: by account, less what went back |
//! | `export.rs` | CSV and camt.053 for the government's accounts |
//! | `journal.rs` | the whole ledger as hledger reads it |
//! | `pages.rs`, `day_pages.rs`, `payout_pages.rs`, `revenue_pages.rs`, `counter_pages.rs` | the officers' pages |

mod counter_pages;
mod day_pages;
mod desk;
mod exceptions;
mod export;
mod journal;
mod pages;
mod payout_pages;
mod reconcile;
mod revenue;
mod revenue_pages;
pub(crate) mod wallet_statement;

pub use desk::{DayView, Desk, Stuck, Suspense, day, desk, stuck, suspense};
pub use exceptions::{explain, take_over};
pub use export::{cell, income_csv, revenue_csv, statement};
pub use journal::{JournalPage, journal};
pub(crate) use pages::{rail_name, routes};
pub(crate) use reconcile::{RECONCILE, later};
pub use reconcile::{reconcile, reconcile_again};
pub use revenue::{Income, Place, Revenue, income, revenue};
use serde::{Deserialize, Serialize};
use spine::{Currency, Date, Id, IdKind, Money, Timestamp};

/// The kind of an exception's identifier.
#[derive(Debug)]
pub struct ExceptionKindOfId;

impl IdKind for ExceptionKindOfId {
    const PREFIX: &'static str = "exc";
}

/// The identifier of an exception.
pub type ExceptionId = Id<ExceptionKindOfId>;

/// How a day of a rail stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayState {
    /// The rail has not stated the day yet.
    Waiting,
    /// Everything is on both sides, or explained.
    Agrees,
    /// There are exceptions that nobody has explained.
    Differs,
}

impl DayState {
    /// The state as it stands in rows.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Agrees => "agrees",
            Self::Differs => "differs",
        }
    }

    pub(crate) fn of(code: &str) -> Option<Self> {
        [Self::Waiting, Self::Agrees, Self::Differs].into_iter().find(|state| state.code() == code)
    }
}

/// What came of holding a rail's day against the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciliation {
    /// The account of the rail: `wallet:mpesa`, `bank:cbl`.
    pub rail: String,
    /// The day.
    pub day: Date,
    /// How it stands.
    pub state: DayState,
    /// What the ledger says moved on the day, in less out.
    pub ledger: Money,
    /// What the rail says moved.
    pub told: Money,
    /// How many movements are on both sides.
    pub matched: i64,
    /// How many of them the other side has on another day.
    pub elsewhere: i64,
    /// How many are not, or not with the same amount, and nobody has explained.
    pub exceptions: i64,
    /// How often it was done.
    pub runs: i64,
    /// When last.
    pub run_at: Timestamp,
}

/// What does not agree.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExceptionKind {
    /// The ledger has it, and the rail's statement does not.
    NotStated,
    /// The rail has it, and the ledger does not.
    NotBooked,
    /// Both have it, with different amounts.
    Amount,
}

impl ExceptionKind {
    /// The kind as it stands in rows.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotStated => "not_stated",
            Self::NotBooked => "not_booked",
            Self::Amount => "amount",
        }
    }

    pub(crate) fn of(code: &str) -> Option<Self> {
        [Self::NotStated, Self::NotBooked, Self::Amount].into_iter().find(|kind| kind.code() == code)
    }
}

/// Where an exception stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExceptionState {
    /// Somebody must find out.
    Open,
    /// An officer has found out.
    Explained,
    /// A later statement or booking brought both sides together.
    Cleared,
}

impl ExceptionState {
    /// The state as it stands in rows.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Explained => "explained",
            Self::Cleared => "cleared",
        }
    }

    pub(crate) fn of(code: &str) -> Option<Self> {
        [Self::Open, Self::Explained, Self::Cleared].into_iter().find(|state| state.code() == code)
    }
}

/// Why an officer says that an exception is none.
pub const REASONS: [&str; 5] = ["timing", "rail_error", "own_error", "fee", "other"];

/// A movement on which ledger and rail do not agree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// Its identifier.
    pub id: ExceptionId,
    /// The rail.
    pub rail: String,
    /// The day.
    pub day: Date,
    /// What is wrong.
    pub kind: ExceptionKind,
    /// Our identifier of the movement, or what the rail calls it.
    pub subject: String,
    /// Whether the money came in.
    pub comes_in: bool,
    /// What the ledger has.
    pub ledger: Money,
    /// What the rail has.
    pub told: Money,
    /// Where it stands.
    pub state: ExceptionState,
    /// The officer who has taken it over: her identifier.
    pub owner: Option<String>,
    /// Why it is explained: one of [`REASONS`].
    pub reason: Option<String>,
    /// What the officer found.
    pub note: Option<String>,
    /// Since when.
    pub found_at: Timestamp,
}

/// An amount of nothing.
pub(crate) const fn nothing(currency: Currency) -> Money {
    Money::new(0, currency)
}
