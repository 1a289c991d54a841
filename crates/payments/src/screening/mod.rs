//! Screening: a payment that a rule of the pack names waits until officers have looked.
//!
//! **Invariant:** what is stopped moves no money before its case is cleared, and whoever pays is told only that somebody looks
//! into it. What the list says, and whom it names, is on the officers' page alone: no act, log or fault has it.
//!
//! | file | its job |
//! |---|---|
//! | `pack.rs` | [`Screening`]: which lists there are, and the rules |
//! | `stop.rs` | asked where money moves for somebody; makes the case |
//! | `decide.rs` | [`decide()`]: clear or confirm, and what follows |
//! | `pages.rs` | `/screening` |

mod decide;
mod pack;
mod pages;
pub(crate) mod stop;

pub use decide::{cases, decide};
pub use pack::{ListRule, Screening, ScreeningError};
pub(crate) use pages::routes;
use serde::{Deserialize, Serialize};
use spine::{Id, IdKind, Money, Timestamp};

/// Why a payment stands still, in its own row.
pub(crate) const HELD: &str = "screening";

/// The kind of a case's identifier.
#[derive(Debug)]
pub struct CaseKind;

impl IdKind for CaseKind {
    const PREFIX: &'static str = "scr";
}

/// A case's identifier.
pub type CaseId = Id<CaseKind>;

/// Where money moves for somebody.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Somebody abroad pays a bill.
    Remittance,
    /// Money goes to a bank account with a named holder.
    Disbursement,
    /// A shop is paid what it took.
    Settlement,
}

impl Place {
    const ALL: [Self; 3] = [Self::Remittance, Self::Disbursement, Self::Settlement];

    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Remittance => "remittance",
            Self::Disbursement => "disbursement",
            Self::Settlement => "settlement",
        }
    }

    pub(crate) fn of(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.code() == code)
    }
}

/// What kind of rule was met.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleKind {
    /// A name of the list.
    List,
    /// Too many payments or too much.
    Velocity,
    /// Several just under a limit.
    Structuring,
}

impl RuleKind {
    const ALL: [Self; 3] = [Self::List, Self::Velocity, Self::Structuring];

    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Velocity => "velocity",
            Self::Structuring => "structuring",
        }
    }

    pub(crate) fn of(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.code() == code)
    }
}

/// Where a case stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseState {
    /// Nobody has decided.
    Open,
    /// One officer has; another must agree.
    Proposed,
    /// The payment goes on.
    Cleared,
    /// It stays stopped.
    Confirmed,
}

impl CaseState {
    const ALL: [Self; 4] = [Self::Open, Self::Proposed, Self::Cleared, Self::Confirmed];

    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Proposed => "proposed",
            Self::Cleared => "cleared",
            Self::Confirmed => "confirmed",
        }
    }

    pub(crate) fn of(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.code() == code)
    }

    /// Whether an officer may still decide.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::Proposed)
    }
}

/// What an officer decides.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It is not who or what the rule looks for.
    Clear,
    /// It is.
    Confirm,
}

impl Decision {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Clear => "clear",
            Self::Confirm => "confirm",
        }
    }

    pub(crate) fn of(code: &str) -> Option<Self> {
        [Self::Clear, Self::Confirm].into_iter().find(|it| it.code() == code)
    }
}

/// A payment that a rule has stopped.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Case {
    /// Its identifier.
    pub id: CaseId,
    /// Where the money was to move.
    pub place: Place,
    /// The remittance, the disbursement or the shop.
    pub subject: String,
    /// What kind of rule.
    pub kind: RuleKind,
    /// Which rule or list of the pack.
    pub rule: String,
    /// Which entry, `LIST:REFERENCE`, and how alike the names are in hundredths.
    pub entry: Option<(String, i64)>,
    /// How much was to move.
    pub amount: Money,
    /// Where it stands.
    pub state: CaseState,
    /// What the first officer decided.
    pub proposed: Option<Decision>,
    /// The first officer, and why.
    pub first: Option<(String, String)>,
    /// The second officer, and why.
    pub second: Option<(String, String)>,
    /// When the rule was met.
    pub found_at: Timestamp,
    /// When it was decided.
    pub ended_at: Option<Timestamp>,
}
