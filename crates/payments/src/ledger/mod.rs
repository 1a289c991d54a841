//! The ledger: accounts, and transfers between them in double entry.
//!
//! **Invariant:** in every currency the debits of all accounts equal their credits, posted and pending; a
//! balance changes only by a transfer, a transfer is never changed, and a pending one is settled once.
//!
//! **Absent on purpose:** negative amounts, amounts of two currencies, rounding, edits.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use spine::{Act, Currency, Cx, Fault, FaultKind, Id, IdKind, Money, Resource, Timestamp, Tx};

use crate::rows::ledger as rows;

/// The kind of an account's identifier.
#[derive(Debug)]
pub struct AccountIdKind;

impl IdKind for AccountIdKind {
    const PREFIX: &'static str = "acc";
}

/// An account's identifier.
pub type AccountId = Id<AccountIdKind>;

/// The kind of a transfer's identifier.
#[derive(Debug)]
pub struct TransferIdKind;

impl IdKind for TransferIdKind {
    const PREFIX: &'static str = "trf";
}

/// A transfer's identifier, chosen by whoever books it: booked again under the same one, it does nothing.
pub type TransferId = Id<TransferIdKind>;

/// The largest single amount, in minor units: acts are hashed as canonical JSON, which holds whole numbers up to here
/// (RFC 8785 §3.2.2.3).
pub(crate) const LARGEST_MINOR: i64 = 1 << 53;

/// At most so many transfers in one batch.
pub const BATCH: usize = 8192;

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

    fn add(&mut self, side: Side, posted: i64, pending: i64) -> Result<(), Fault> {
        let full = || Fault::conflict("payments.account.full");
        let (has_posted, has_pending) = match side {
            Side::Debit => (&mut self.debits_posted, &mut self.debits_pending),
            Side::Credit => (&mut self.credits_posted, &mut self.credits_pending),
        };
        let posted = has_posted.checked_add(posted).ok_or_else(full)?;
        let pending = has_pending.checked_add(pending).ok_or_else(full)?;
        // What is held must be able to be posted.
        posted.checked_add(pending).ok_or_else(full)?;
        (*has_posted, *has_pending) = (posted, pending);
        Ok(())
    }

    /// Whether it keeps its bound. The sums cannot overflow: [`Account::add`] made sure.
    const fn keeps_its_bound(&self) -> bool {
        match self.bound {
            Bound::None => true,
            Bound::DebitsWithinCredits => self.debits_posted + self.debits_pending <= self.credits_posted,
            Bound::CreditsWithinDebits => self.credits_posted + self.credits_pending <= self.debits_posted,
        }
    }
}

#[derive(Clone, Copy)]
enum Side {
    Debit,
    Credit,
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

/// One booking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Chosen by the booker, for ever the same for the same booking.
    pub id: TransferId,
    /// What is done.
    pub step: Step,
    /// What it is for: a payment's or request's id. Never personal.
    pub reference: String,
}

/// What a booking does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Moves an amount at once.
    Move {
        /// The account debited.
        debit: AccountId,
        /// The account credited.
        credit: AccountId,
        /// How much, more than nothing.
        amount: Money,
    },
    /// Reserves an amount, to be posted or voided later.
    Hold {
        /// The account to be debited.
        debit: AccountId,
        /// The account to be credited.
        credit: AccountId,
        /// How much, more than nothing.
        amount: Money,
        /// After this it can only be voided.
        expires_at: Option<Timestamp>,
    },
    /// Makes a hold real, all of it or a part; the rest of a part is given up.
    Post {
        /// The hold.
        of: TransferId,
        /// How much of it; all if none is said.
        amount: Option<Money>,
    },
    /// Gives a hold up.
    Void {
        /// The hold.
        of: TransferId,
    },
}

/// What became of one booking of a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Booked {
    /// Done now.
    Now,
    /// Done before under the same identifier; nothing happened.
    Before,
}

/// Opens an account, or finds the one that is open under the reference.
///
/// # Errors
/// `payments.account.differs` if it is open with another kind, currency or bound; a refusal; the store's faults.
pub fn open_account(cx: &mut Cx<'_>, new: &NewAccount<'_>) -> Result<AccountId, Fault> {
    cx.may("payments.account.open", &Resource::new("Account", new.reference).with("kind", new.kind.code()))?;
    account(cx, new)
}

/// As [`open_account`], within an operation that has permission already.
///
/// # Errors
/// `payments.account.differs`; the store's faults.
pub fn account(cx: &mut Cx<'_>, new: &NewAccount<'_>) -> Result<AccountId, Fault> {
    if let Some(found) = rows::account_called(cx.tx(), new.reference)? {
        let same = found.kind == new.kind && found.currency == new.currency && found.bound == new.bound;
        return if same { Ok(found.id) } else { Err(Fault::conflict("payments.account.differs")) };
    }
    let (id, now) = (cx.id(), cx.now());
    rows::insert_account(cx.tx(), id, new, now)?;
    cx.record(Act::new("payments.account.opened").on(id).with("reference", new.reference));
    Ok(id)
}

/// An account with its balances.
///
/// # Errors
/// `payments.account.unknown`; a refusal; the store's faults.
pub fn balances_of(cx: &mut Cx<'_>, id: AccountId) -> Result<Account, Fault> {
    cx.may("payments.account.view", &Resource::new("Account", id))?;
    rows::account(cx.tx(), id)?.ok_or_else(|| Fault::not_found("payments.account.unknown"))
}

/// An account with its balances, within an operation that has permission already.
///
/// # Errors
/// The store's faults.
pub fn find(cx: &mut Cx<'_>, id: AccountId) -> Result<Option<Account>, Fault> {
    Ok(rows::account(cx.tx(), id)?)
}

/// As [`find`], by what the account is called.
///
/// # Errors
/// The store's faults.
pub fn called(cx: &mut Cx<'_>, reference: &str) -> Result<Option<Account>, Fault> {
    Ok(rows::account_called(cx.tx(), reference)?)
}

/// Books one transfer.
///
/// # Errors
/// As [`transfers`].
pub fn transfer(cx: &mut Cx<'_>, transfer: &Transfer) -> Result<Booked, Fault> {
    let booked = transfers(cx, std::slice::from_ref(transfer))?;
    booked.first().copied().ok_or_else(|| Fault::internal("payments.transfer.lost", "a batch of one came back empty"))
}

/// Books a batch, in order, all of it or nothing. Each account is written once, however often it is booked on.
///
/// # Errors
/// `payments.transfer.{batch,amount,part,same,currency,reused,unknown,settled,not_pending,expired}`,
/// `payments.account.{unknown,full,bound}`; a refusal; the store's faults.
pub fn transfers(cx: &mut Cx<'_>, batch: &[Transfer]) -> Result<Vec<Booked>, Fault> {
    cx.may("payments.ledger.book", &Resource::new("Ledger", "ledger"))?;
    let booked = book(cx, batch)?;
    if booked.contains(&Booked::Now) {
        cx.record(Act::new("payments.ledger.booked").on("ledger").with("transfers", batch.len()));
    }
    Ok(booked)
}

/// Makes a hold real.
///
/// # Errors
/// As [`transfers`].
pub fn post(cx: &mut Cx<'_>, id: TransferId, of: TransferId, reference: &str) -> Result<Booked, Fault> {
    transfer(cx, &Transfer { id, step: Step::Post { of, amount: None }, reference: reference.to_owned() })
}

/// Gives a hold up.
///
/// # Errors
/// As [`transfers`].
pub fn void(cx: &mut Cx<'_>, id: TransferId, of: TransferId, reference: &str) -> Result<Booked, Fault> {
    transfer(cx, &Transfer { id, step: Step::Void { of }, reference: reference.to_owned() })
}

/// As [`transfers`], within an operation that has permission and records its own act.
///
/// # Errors
/// As [`transfers`], but no refusal.
pub fn book(cx: &mut Cx<'_>, batch: &[Transfer]) -> Result<Vec<Booked>, Fault> {
    if batch.len() > BATCH {
        return Err(Fault::new(FaultKind::TooLarge, "payments.transfer.batch"));
    }
    let mut books = Books { now: cx.now(), accounts: BTreeMap::new() };
    let tx = cx.tx();
    let mut booked = Vec::with_capacity(batch.len());
    for transfer in batch {
        booked.push(books.enter(tx, transfer)?);
    }
    for account in books.accounts.values() {
        rows::write_balances(tx, account)?;
    }
    Ok(booked)
}

/// A transfer as it stands in its row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) debit: AccountId,
    pub(crate) credit: AccountId,
    pub(crate) amount: Money,
    pub(crate) state: EntryState,
    pub(crate) pending_of: Option<TransferId>,
    pub(crate) reference: String,
    pub(crate) expires_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EntryState {
    Pending,
    Posted,
    Voided,
}

/// The accounts one batch touches, each read once and written once.
struct Books {
    now: Timestamp,
    accounts: BTreeMap<AccountId, Account>,
}

impl Books {
    fn enter(&mut self, tx: &mut dyn Tx, transfer: &Transfer) -> Result<Booked, Fault> {
        let known = rows::transfer(tx, transfer.id)?;
        let entry = self.entry(tx, transfer)?;
        if let Some(known) = known {
            return if known == entry { Ok(Booked::Before) } else { Err(Fault::conflict("payments.transfer.reused")) };
        }
        let amount = entry.amount.minor();
        let held = match entry.pending_of {
            Some(of) => self.unsettled(tx, of)?.amount.minor(),
            None => 0,
        };
        let (posted, pending) = match entry.state {
            EntryState::Pending => (0, amount),
            EntryState::Posted => (amount, -held),
            EntryState::Voided => (0, -held),
        };
        for (side, account) in [(Side::Debit, entry.debit), (Side::Credit, entry.credit)] {
            let account = self.account(tx, account, entry.amount)?;
            account.add(side, posted, pending)?;
            if !account.keeps_its_bound() {
                return Err(Fault::conflict("payments.account.bound"));
            }
        }
        rows::insert_transfer(tx, transfer.id, &entry, self.now)?;
        Ok(Booked::Now)
    }

    /// The row a booking makes.
    fn entry(&self, tx: &mut dyn Tx, transfer: &Transfer) -> Result<Entry, Fault> {
        let reference = transfer.reference.clone();
        let moved = |debit: &AccountId, credit: &AccountId, amount: &Money, state, expires_at| {
            if !(1..=LARGEST_MINOR).contains(&amount.minor()) {
                return Err(Fault::invalid("payments.transfer.amount"));
            }
            if debit == credit {
                return Err(Fault::invalid("payments.transfer.same"));
            }
            let (debit, credit, amount, reference) = (*debit, *credit, *amount, reference.clone());
            Ok(Entry { debit, credit, amount, state, pending_of: None, reference, expires_at })
        };
        match &transfer.step {
            Step::Move { debit, credit, amount } => moved(debit, credit, amount, EntryState::Posted, None),
            Step::Hold { debit, credit, amount, expires_at } => {
                moved(debit, credit, amount, EntryState::Pending, *expires_at)
            }
            Step::Post { of, .. } | Step::Void { of } => {
                let held = rows::transfer(tx, *of)?.ok_or_else(|| Fault::not_found("payments.transfer.unknown"))?;
                if held.state != EntryState::Pending {
                    return Err(Fault::conflict("payments.transfer.not_pending"));
                }
                let posts = matches!(transfer.step, Step::Post { .. });
                let amount = match transfer.step {
                    Step::Post { amount: Some(part), .. } => part,
                    _ => held.amount,
                };
                if amount.currency() != held.amount.currency() {
                    return Err(Fault::invalid("payments.transfer.currency"));
                }
                if !(1..=held.amount.minor()).contains(&amount.minor()) {
                    return Err(Fault::invalid("payments.transfer.part"));
                }
                let state = if posts { EntryState::Posted } else { EntryState::Voided };
                let again = rows::settled_by(tx, *of)? == Some(transfer.id);
                if posts && !again && held.expires_at.is_some_and(|end| end <= self.now) {
                    return Err(Fault::expired("payments.transfer.expired"));
                }
                Ok(Entry { state, amount, pending_of: Some(*of), reference, expires_at: None, ..held })
            }
        }
    }

    fn unsettled(&self, tx: &mut dyn Tx, of: TransferId) -> Result<Entry, Fault> {
        if rows::settled_by(tx, of)?.is_some() {
            return Err(Fault::conflict("payments.transfer.settled"));
        }
        rows::transfer(tx, of)?.ok_or_else(|| Fault::not_found("payments.transfer.unknown"))
    }

    fn account(&mut self, tx: &mut dyn Tx, id: AccountId, amount: Money) -> Result<&mut Account, Fault> {
        use std::collections::btree_map::Entry::{Occupied, Vacant};
        let account = match self.accounts.entry(id) {
            Occupied(known) => known.into_mut(),
            Vacant(place) => {
                let found = rows::account(tx, id)?.ok_or_else(|| Fault::not_found("payments.account.unknown"))?;
                place.insert(found)
            }
        };
        if account.currency == amount.currency() {
            Ok(account)
        } else {
            Err(Fault::invalid("payments.transfer.currency"))
        }
    }
}
