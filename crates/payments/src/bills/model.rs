//! A bill and its shares.

use serde::{Deserialize, Serialize};
use spine::{Act, Date, Id, IdKind, Localised, Money, Timestamp};

use crate::ledger::AccountId;

/// The kind of a bill's identifier.
#[derive(Debug)]
pub struct BillKind;

impl IdKind for BillKind {
    const PREFIX: &'static str = "bil";
}

/// A bill's identifier. People know its number.
pub type BillId = Id<BillKind>;

/// Where a bill stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BillState {
    /// Something is left to pay.
    Open,
    /// All of it is paid.
    Paid,
    /// Not wanted any more.
    Withdrawn,
    /// Its time is over.
    Expired,
}

impl BillState {
    /// The state as it stands in rows.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Paid => "paid",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
        }
    }

    pub(crate) fn of(code: &str) -> Option<Self> {
        [Self::Open, Self::Paid, Self::Withdrawn, Self::Expired].into_iter().find(|state| state.code() == code)
    }
}

/// Who gets how much of a bill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// The reference of the income account; opened if it is not.
    pub account: String,
    /// How much, in minor units.
    pub amount_minor: i64,
}

/// A bill to be made.
#[derive(Clone, Debug)]
pub struct NewBill {
    /// The institution that asks: its id in the pack.
    pub biller: String,
    /// What the biller knows it by; one bill for each.
    pub reference: String,
    /// Who is to pay, if it is for one person: her id. Anybody who holds the number may.
    pub payer: Option<String>,
    /// What it is for, in the country's languages. Everybody who holds the number reads it: nothing personal.
    pub description: Localised,
    /// How much.
    pub amount: Money,
    /// Who gets it; together the amount.
    pub shares: Vec<Share>,
    /// Whether it may be paid in parts.
    pub in_parts: bool,
    /// When it should be paid.
    pub due_on: Option<Date>,
    /// Until when it can be paid.
    pub expires_at: Timestamp,
}

/// A bill.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Bill {
    /// Its identifier.
    pub id: BillId,
    /// Its number: `9482-7735-6043`.
    pub number: String,
    /// The institution that asks.
    pub biller: String,
    /// What the biller knows it by.
    pub reference: String,
    /// Who is to pay, if it is for one person.
    pub payer: Option<String>,
    /// What it is for.
    pub description: Localised,
    /// How much.
    pub amount: Money,
    /// How much of it was paid.
    pub paid: Money,
    /// Whether it may be paid in parts.
    pub in_parts: bool,
    /// Where it stands.
    pub state: BillState,
    /// When it should be paid.
    pub due_on: Option<Date>,
    /// When it was made.
    pub made_at: Timestamp,
    /// Until when it can be paid.
    pub expires_at: Timestamp,
}

impl Bill {
    /// What is left to pay.
    #[must_use]
    pub fn left(&self) -> Money {
        Money::new(self.amount.minor() - self.paid.minor(), self.amount.currency())
    }

    /// An act on this bill, about who is to pay it if it is for one person.
    pub(crate) fn act(&self, kind: &'static str) -> Act {
        let act = Act::new(kind).on(self.id).because("payment", "contract");
        let act = match &self.payer {
            Some(payer) => act.about(payer),
            None => act,
        };
        act.with("biller", self.biller.as_str()).with("reference", self.reference.as_str())
    }
}

/// A share as it stands.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    pub(crate) place: i64,
    pub(crate) account: AccountId,
    pub(crate) amount_minor: i64,
    pub(crate) paid_minor: i64,
}
