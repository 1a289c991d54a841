//! What a fund is owed and what it is spent on.
//!
//! **Invariant:** whose bank account is paid stands in the payment's row alone; what the public sees is the project and what the money
//! was for.

use serde::{Deserialize, Serialize};
use spine::{Id, IdKind, Money, Personal, Timestamp};

use super::part::Licence;
use crate::ledger::TransferId;
use crate::rails::payout::DisbursementId;

/// The kind of an assessment's identifier.
#[derive(Debug)]
pub struct AssessmentKind;

impl IdKind for AssessmentKind {
    const PREFIX: &'static str = "lev";
}

/// An assessment's identifier.
pub type AssessmentId = Id<AssessmentKind>;

/// The kind of a project's identifier.
#[derive(Debug)]
pub struct ProjectKind;

impl IdKind for ProjectKind {
    const PREFIX: &'static str = "prj";
}

/// A project's identifier.
pub type ProjectId = Id<ProjectKind>;

/// The kind of the identifier of a payment from a fund.
#[derive(Debug)]
pub struct FundPaymentKind;

impl IdKind for FundPaymentKind {
    const PREFIX: &'static str = "fpm";
}

/// The identifier of a payment from a fund.
pub type FundPaymentId = Id<FundPaymentKind>;

/// What a contributor owes for a year.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Assessment {
    /// Its identifier.
    pub id: AssessmentId,
    /// The levy's id in the pack.
    pub levy: String,
    /// The contributor's id in the pack.
    pub contributor: String,
    /// The year it is for.
    pub year: i64,
    /// What was declared.
    pub base: Money,
    /// The rate that it was reckoned with, in ten thousand.
    pub parts: i64,
    /// When in that year the contributor was licensed; open at both ends for all of it.
    pub licence: Licence,
    /// What it comes to.
    pub amount: Money,
    /// The number of its bill.
    pub number: String,
    /// What was paid of it.
    pub paid: Money,
    /// How often it was assessed.
    pub tries: i64,
    /// When last.
    pub made_at: Timestamp,
}

/// What a fund is spent on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Project {
    /// Its identifier.
    pub id: ProjectId,
    /// The fund.
    pub fund: String,
    /// What people call it.
    pub name: String,
    /// Where it is.
    pub place: String,
    /// What may be spent on it.
    pub budget: Money,
    /// Since when.
    pub made_at: Timestamp,
}

/// Where a payment from a fund stands, before it is handed to the bank.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FundPaymentState {
    /// It waits for another officer.
    Asked,
    /// It was handed to the bank; what became of it is the disbursement's state.
    Approved,
    /// It will not be paid.
    Refused,
}

impl FundPaymentState {
    /// As it stands in rows.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Approved => "approved",
            Self::Refused => "refused",
        }
    }

    pub(crate) fn of(code: &str) -> Option<Self> {
        [Self::Asked, Self::Approved, Self::Refused].into_iter().find(|state| state.code() == code)
    }
}

/// A payment from a fund.
#[derive(Clone, Debug)]
pub struct FundPayment {
    /// Its identifier.
    pub id: FundPaymentId,
    /// The project.
    pub project: ProjectId,
    /// What it is for; everybody may read it.
    pub purpose: String,
    /// The payee's bank.
    pub bank: String,
    /// Her account's number.
    pub number: Personal<String>,
    /// Whose account it is.
    pub holder: Personal<String>,
    /// How much.
    pub amount: Money,
    /// Where it stands.
    pub state: FundPaymentState,
    /// Who asked: an officer's id.
    pub asked_by: String,
    /// Who decided.
    pub decided_by: Option<String>,
    /// When it was asked for.
    pub made_at: Timestamp,
}

impl FundPayment {
    /// The payment that the bank makes of it, for ever the same.
    #[must_use]
    pub fn disbursement(&self) -> DisbursementId {
        DisbursementId::from_bytes(*self.id.as_bytes())
    }

    /// The transfer that holds its money until somebody has decided.
    pub(super) fn hold(&self) -> TransferId {
        TransferId::from_bytes(crypto::short_hash(&[b"letsema/fund/hold/v1\0", self.id.as_bytes()]))
    }

    /// The transfer that gives the hold up.
    pub(super) fn release(&self) -> TransferId {
        TransferId::from_bytes(crypto::short_hash(&[b"letsema/fund/release/v1\0", self.id.as_bytes()]))
    }
}
