//! An account: what it is for, what it may never do, and its balances.
//!
//! **Invariant:** the four balances never overflow and never fall below nothing, and what is pending can always be
//! posted; an account with a bound keeps it, whoever books.

use serde::{Deserialize, Serialize};
use spine::{Currency, Fault, Id, IdKind};

/// The kind of an account's identifier.
#[derive(Debug)]
pub struct AccountIdKind;

impl IdKind for AccountIdKind {
    const PREFIX: &'static str = "acc";
}

/// An account's identifier.
pub type AccountId = Id<AccountIdKind>;

/// What an account is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountKind {
    /// Money we have: with a wallet, in a bank.
    Asset,
    /// Money we owe.
    Liability,
    /// Fees and duties of an institution.
    Income,
    /// Money that arrived and belongs nowhere yet.
    Suspense,
}

impl AccountKind {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Asset => "asset",
            Self::Liability => "liability",
            Self::Income => "income",
            Self::Suspense => "suspense",
        }
    }

    pub(crate) fn of(code: &str) -> Option<Self> {
        [Self::Asset, Self::Liability, Self::Income, Self::Suspense].into_iter().find(|kind| kind.code() == code)
    }
}

/// What an account may never do, whoever books on it. What is pending counts as used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// Anything.
    #[default]
    None,
    /// Debits, pending ones too, never exceed the credits posted: money that must be there before it goes.
    DebitsWithinCredits,
    /// Credits, pending ones too, never exceed the debits posted: a float, a cap.
    CreditsWithinDebits,
}

impl Bound {
    pub(crate) const ALL: [Self; 3] = [Self::None, Self::DebitsWithinCredits, Self::CreditsWithinDebits];

    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::DebitsWithinCredits => "debits_within_credits",
            Self::CreditsWithinDebits => "credits_within_debits",
        }
    }
}

/// An account to be opened.
#[derive(Clone, Copy, Debug)]
pub struct NewAccount<'a> {
    /// How it is called; unique.
    pub reference: &'a str,
    /// What it is for.
    pub kind: AccountKind,
    /// Its currency.
    pub currency: Currency,
    /// The key of its name.
    pub name: &'a str,
    /// What it may never do.
    pub bound: Bound,
}

/// An account and its balances, in minor units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its identifier.
    pub id: AccountId,
    /// What it is called by those who book on it: `wallet:mpesa`, `suspense:LSL`, `income:home-affairs`.
    pub reference: String,
    /// What it is for.
    pub kind: AccountKind,
    /// Its one currency.
    pub currency: Currency,
    /// The key of its name.
    pub name: String,
    /// What it may never do.
    pub bound: Bound,
    /// Whether it takes nothing more but the giving up of what is held.
    pub is_closed: bool,
    /// What was taken in, for an asset; given out, for the others.
    pub debits_posted: i64,
    /// The other side.
    pub credits_posted: i64,
    /// Debits that wait to be posted or voided.
    pub debits_pending: i64,
    /// Credits that wait.
    pub credits_pending: i64,
}

impl Account {
    /// Debits less credits, posted: what an asset holds.
    #[must_use]
    pub const fn held(&self) -> i64 {
        self.debits_posted.saturating_sub(self.credits_posted)
    }

    /// What may still go out of an account whose debits are bounded, in minor units.
    #[must_use]
    pub const fn available(&self) -> i64 {
        self.credits_posted.saturating_sub(self.debits_posted).saturating_sub(self.debits_pending)
    }
}

/// The balances of an account, in minor units, and where in the sequence it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Balances {
    pub(crate) debits_posted: i64,
    pub(crate) credits_posted: i64,
    pub(crate) debits_pending: i64,
    pub(crate) credits_pending: i64,
    /// The last transfer on it; 0 before the first.
    pub(crate) last_seq: i64,
    /// How many transfers there were on it.
    pub(crate) transfers: i64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Side {
    Debit,
    Credit,
}

impl Balances {
    /// Adds to one side, and moves on to the transfer `seq`.
    pub(crate) fn add(&mut self, side: Side, posted: i64, pending: i64, seq: i64) -> Result<(), Fault> {
        let full = || Fault::conflict("payments.account.full");
        let (has_posted, has_pending) = match side {
            Side::Debit => (&mut self.debits_posted, &mut self.debits_pending),
            Side::Credit => (&mut self.credits_posted, &mut self.credits_pending),
        };
        let posted = has_posted.checked_add(posted).ok_or_else(full)?;
        let pending = has_pending.checked_add(pending).ok_or_else(full)?;
        // What is held must be able to be posted.
        posted.checked_add(pending).ok_or_else(full)?;
        (*has_posted, *has_pending, self.last_seq) = (posted, pending, seq);
        self.transfers += 1;
        Ok(())
    }

    /// Whether they keep a bound. The sums cannot overflow: [`Balances::add`] made sure.
    pub(crate) const fn keep(&self, bound: Bound) -> bool {
        match bound {
            Bound::None => true,
            Bound::DebitsWithinCredits => self.debits_posted + self.debits_pending <= self.credits_posted,
            Bound::CreditsWithinDebits => self.credits_posted + self.credits_pending <= self.debits_posted,
        }
    }
}
