//! Agents, their shifts and their devices.
//!
//! **Invariant:** an agent is called by her place, which is also what her counter's account is called; her wallet's number stands
//! in her row alone.

use serde::{Deserialize, Serialize};
use spine::{Cx, Fault, Id, IdKind, Money, Personal, Timestamp};

/// The kind of an agent's identifier.
#[derive(Debug)]
pub struct AgentKind;

impl IdKind for AgentKind {
    const PREFIX: &'static str = "agt";
}

/// An agent's identifier.
pub type AgentId = Id<AgentKind>;

/// The kind of a shift's identifier.
#[derive(Debug)]
pub struct ShiftKind;

impl IdKind for ShiftKind {
    const PREFIX: &'static str = "shf";
}

/// The kind of the identifier of a counter's device.
#[derive(Debug)]
pub struct CounterDeviceKind;

impl IdKind for CounterDeviceKind {
    const PREFIX: &'static str = "cdv";
}

/// The identifier of a counter's device.
pub type CounterDeviceId = Id<CounterDeviceKind>;

/// The kind of the identifier of float that moved.
#[derive(Debug)]
pub(crate) struct FloatKind;

impl IdKind for FloatKind {
    const PREFIX: &'static str = "flt";
}

/// An agent to be taken on.
#[derive(Clone, Debug)]
pub struct NewAgent {
    /// Stable: lower-case letters, digits and hyphens, 3 to 40; the institution of her clerks.
    pub place: String,
    /// What people call her, 2 to 60 characters.
    pub name: String,
    /// Where she is, 2 to 40.
    pub town: String,
    /// The wallet her commission goes to.
    pub wallet: String,
    /// The number with it, as typed.
    pub number: String,
}

/// An agent.
#[derive(Clone, Debug)]
pub struct Agent {
    /// Her identifier.
    pub id: AgentId,
    /// What her counter is called.
    pub place: String,
    /// What people call her.
    pub name: String,
    /// Where she is.
    pub town: String,
    /// Who gives her float: an institution, or another place.
    pub super_agent: String,
    /// The wallet her commission goes to.
    pub wallet: String,
    /// The number with it.
    pub msisdn: Personal<String>,
    /// How often she was paid out.
    pub settlements: i64,
    /// Since when.
    pub made_at: Timestamp,
}

/// A shift at a counter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shift {
    /// Its identifier.
    pub id: Id<ShiftKind>,
    /// The counter.
    pub place: String,
    /// Whose shift it is.
    pub clerk: String,
    /// What lay in the drawer when it began.
    pub cash: Money,
    /// All cash that had ever come into the drawer by then, less what had left it, in minor units.
    pub base_minor: i64,
    /// When it began.
    pub opened_at: Timestamp,
    /// What should have lain in the drawer at its end, and what was counted.
    pub ended: Option<(Money, Money)>,
}

/// A device that takes cash without a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CounterDevice {
    /// Its identifier, and the issuer of what it signs.
    pub id: CounterDeviceId,
    /// The counter it belongs to.
    pub place: String,
    /// What the clerks call it.
    pub name: String,
    /// The public key it signs with (RFC 7517).
    pub jwk: serde_json::Value,
    /// What its allowance is called among counters.
    pub allowance: String,
    /// Until when it may take.
    pub until: Timestamp,
    /// When its allowance was taken back.
    pub ended_at: Option<Timestamp>,
}

/// What became of cash that was taken without a network.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TakingState {
    /// It paid the bill.
    Paid,
    /// It is booked, and waits for an officer: the bill was paid already, or over.
    Suspended,
    /// It is not booked; whoever paid has her money back from the agent.
    Refused,
}

impl TakingState {
    /// As it stands in rows.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Paid => "paid",
            Self::Suspended => "suspended",
            Self::Refused => "refused",
        }
    }

    pub(crate) fn of(code: &str) -> Option<Self> {
        [Self::Paid, Self::Suspended, Self::Refused].into_iter().find(|state| state.code() == code)
    }
}

/// Cash that a device took without a network, as it was taken in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taking {
    /// The device.
    pub device: CounterDeviceId,
    /// The device's own number of it, from 1.
    pub seq: i64,
    /// The bill's number.
    pub number: String,
    /// How much.
    pub amount_minor: i64,
    /// What became of it.
    pub state: TakingState,
    /// Why it was refused, as a code.
    pub reason: Option<String>,
}

/// Where whoever acts works: her counter, or the super-agent.
pub(super) fn place(cx: &Cx<'_>) -> Result<String, Fault> {
    cx.actor().institution.clone().ok_or_else(|| Fault::forbidden("payments.cash.place"))
}

/// The account of a counter.
pub(super) fn account(place: &str) -> String {
    format!("cash:{place}")
}
