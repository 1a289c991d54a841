//! What lists, accounts, runs and payments are.
//!
//! **Invariant:** each state is one word in its row; what may follow which stands in the operation that moves it, and
//! nowhere else. A payee is a national number in plain digits, or `fid:` and what another system calls somebody.

use serde::{Deserialize, Serialize};
use spine::{Date, Id, IdKind, Timestamp};

use crate::programme::Way;

/// The kind of a list's identifier.
#[derive(Debug)]
pub struct ListIdKind;
impl IdKind for ListIdKind {
    const PREFIX: &'static str = "lst";
}
/// A list's identifier.
pub type ListId = Id<ListIdKind>;

/// The kind of a run's identifier.
#[derive(Debug)]
pub struct RunIdKind;
impl IdKind for RunIdKind {
    const PREFIX: &'static str = "run";
}
/// A run's identifier.
pub type RunId = Id<RunIdKind>;

/// The kind of an account change's identifier.
#[derive(Debug)]
pub struct ChangeIdKind;
impl IdKind for ChangeIdKind {
    const PREFIX: &'static str = "chg";
}
/// An account change's identifier.
pub type ChangeId = Id<ChangeIdKind>;

/// Where a list comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A file of an officer.
    File,
    /// The programme's own rule.
    Rule,
    /// Another system.
    Interface,
}

impl Source {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Rule => "rule",
            Self::Interface => "interface",
        }
    }

    pub(crate) fn of(code: &str) -> Option<Self> {
        [Self::File, Self::Rule, Self::Interface].into_iter().find(|one| one.code() == code)
    }
}

/// Whom a programme is to pay, and how much each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct List {
    /// Its identifier.
    pub id: ListId,
    /// The programme.
    pub programme: String,
    /// What it is called; one name is one list for ever.
    pub name: String,
    /// Where it comes from.
    pub source: Source,
    /// Whether all of it is there.
    pub is_ready: bool,
    /// Lines read.
    pub lines: i64,
    /// Lines that stand.
    pub accepted: i64,
    /// Lines that do not.
    pub refused: i64,
    /// The sum of those that stand, in minor units.
    pub control_minor: i64,
    /// How far it is read.
    pub position: String,
    /// The officer or system.
    pub made_by: String,
    /// When.
    pub made_at: Timestamp,
}

/// One line that stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number in the list, from 1.
    pub line: i64,
    /// Who.
    pub payee: String,
    /// How much.
    pub amount_minor: i64,
    /// What whoever brought it calls it.
    pub reference: String,
}

/// Where somebody is paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// How.
    pub way: Way,
    /// The wallet or bank; empty for cash.
    pub institution: String,
    /// The number or account there; empty for cash.
    pub address: String,
}

/// A change of account that waits, or did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Its identifier.
    pub id: ChangeId,
    /// Whose.
    pub payee: String,
    /// Where to.
    pub account: Account,
    /// Who asked for it.
    pub asked_by: String,
    /// When it comes true.
    pub effective_at: Timestamp,
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Its lines are being checked.
    Checking,
    /// Checked: a second officer may approve it.
    Checked,
    /// Approved and signed; its day has not come.
    Approved,
    /// Money is being held and handed over.
    Paying,
    /// All handed over; some has not been told of yet.
    Sent,
    /// Every line is paid, refused or stopped.
    Closed,
    /// Given up before it was approved.
    Withdrawn,
}

impl RunState {
    pub(crate) const ALL: [Self; 7] =
        [Self::Checking, Self::Checked, Self::Approved, Self::Paying, Self::Sent, Self::Closed, Self::Withdrawn];

    /// As it is kept.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Checking => "checking",
            Self::Checked => "checked",
            Self::Approved => "approved",
            Self::Paying => "paying",
            Self::Sent => "sent",
            Self::Closed => "closed",
            Self::Withdrawn => "withdrawn",
        }
    }

    pub(crate) fn of(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.code() == code)
    }
}

/// One round of paying: a programme, a list, a period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Its identifier.
    pub id: RunId,
    /// The programme.
    pub programme: String,
    /// The list.
    pub list: ListId,
    /// The period it pays for: nobody is paid twice for one.
    pub period: String,
    /// The day it is paid.
    pub pay_on: Date,
    /// Where it stands.
    pub state: RunState,
    /// The line it has come to.
    pub position: i64,
    /// How its lines stand.
    pub tally: Tally,
    /// The officer who prepared it.
    pub prepared_by: String,
    /// When.
    pub prepared_at: Timestamp,
    /// The other officer, who approved it.
    pub approved_by: Option<String>,
    /// When.
    pub approved_at: Option<Timestamp>,
    /// The signed batch: a compact JWS over what was approved.
    pub signed: Option<String>,
    /// Why it does not go on, if it does not.
    pub trouble: Option<String>,
}

/// How many lines of a run stand how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// All lines.
    pub lines: i64,
    /// Fit to be paid and not handed over yet.
    pub ready: i64,
    /// What was fit to be paid, in minor units.
    pub ready_minor: i64,
    /// Not to be paid.
    pub refused: i64,
    /// Held, and handed over or to be fetched.
    pub held: i64,
    /// Paid.
    pub paid: i64,
    /// What was paid, in minor units.
    pub paid_minor: i64,
    /// Came back: each waits for somebody.
    pub failed: i64,
    /// Will not be paid after all.
    pub stopped: i64,
    /// What was set aside and has gone back to the programme, in minor units.
    pub returned_minor: i64,
}

/// Where a payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentState {
    /// Fit to be paid.
    Ready,
    /// Not to be paid: the reason says why.
    Refused,
    /// The money is held, and handed over or to be fetched.
    Held,
    /// She has it.
    Paid,
    /// It came back: the reason says why.
    Failed,
    /// It will not be paid after all.
    Stopped,
}

impl PaymentState {
    pub(crate) const ALL: [Self; 6] = [Self::Ready, Self::Refused, Self::Held, Self::Paid, Self::Failed, Self::Stopped];

    /// As it is kept.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Refused => "refused",
            Self::Held => "held",
            Self::Paid => "paid",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
        }
    }

    pub(crate) fn of(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.code() == code)
    }
}

/// One line of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// The run.
    pub run: RunId,
    /// The line.
    pub line: i64,
    /// The programme.
    pub programme: String,
    /// The period.
    pub period: String,
    /// Who, by number.
    pub payee: String,
    /// Who, as the population knows her.
    pub person: Option<String>,
    /// How much, in minor units.
    pub amount_minor: i64,
    /// Where to; none if none is known.
    pub account: Option<Account>,
    /// Where it stands.
    pub state: PaymentState,
    /// Why it was refused, failed or stopped: the last part of a word's key.
    pub reason: Option<String>,
    /// The how-manieth try, from 1.
    pub attempt: i64,
    /// What whoever carried it calls it.
    pub carrier_reference: Option<String>,
    /// When it came to stand so.
    pub changed_at: Timestamp,
}
