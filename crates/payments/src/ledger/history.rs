//! What was: the transfers on an account, its balances at any moment, and what was posted in a stretch of the sequence.
//!
//! **Invariant:** nothing here is stored twice. A balance of the past is a later one with the transfers between taken back,
//! which the account's own trail names one by one.

use std::collections::{BTreeMap, BTreeSet};

use spine::{Cx, Fault, Timestamp, Tx};

use super::account::{Account, AccountId, Balances};
use super::books::Books;
use super::transfer::{Does, Entry, TransferId};
use crate::rows::ledger as rows;

/// Transfers read at once while walking back.
const STRIDE: i64 = 500;

/// A transfer on an account, as a statement shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its place in the ledger's sequence.
    pub seq: i64,
    /// The place of the transfer before it on this account; 0 if it is the first.
    pub before: i64,
    /// Its identifier.
    pub id: TransferId,
    /// When its batch was committed.
    pub at: Timestamp,
    /// What it did.
    pub did: Did,
    /// Whether this account was the debited one.
    pub is_debit: bool,
    /// How much, in minor units.
    pub minor: i64,
    /// The account on the other side.
    pub other: String,
    /// What it was for.
    pub reference: String,
}

/// What a transfer of the past did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Did {
    /// Moved money, or made a hold real.
    Posted,
    /// Reserved it.
    Held,
    /// Gave a hold up.
    Released,
}

/// The transfers on an account, the newest first, at most `limit` of them (and never more than 500), from the place `from`
/// back if one is given: [`Line::before`] of the last line leads on. The operation has permission already.
///
/// # Errors
/// `payments.account.unknown`; the store's faults.
pub fn statement(cx: &mut Cx<'_>, id: AccountId, from: Option<i64>, limit: u16) -> Result<Vec<Line>, Fault> {
    let known = rows::accounts_of(cx.tx(), &[id])?.pop();
    let known = known.ok_or_else(|| Fault::not_found("payments.account.unknown"))?;
    let (number, from) = (known.number, from.unwrap_or(known.balances.last_seq));
    let entries = rows::transfers_of(cx.tx(), number, from, STRIDE.min(i64::from(limit)))?;
    // A place of another account leads nowhere.
    let own: Vec<Entry> =
        entries.into_iter().take_while(|entry| entry.debit == number || entry.credit == number).collect();
    let others: BTreeSet<i64> = own.iter().map(|entry| other_side(entry, number)).collect();
    let others = rows::accounts_numbered(cx.tx(), &Vec::from_iter(others))?;
    let others = others.into_iter().map(|known| (known.number, known.account.reference)).collect();
    own.into_iter().map(|entry| line(cx.tx(), number, &others, entry)).collect()
}

fn line(tx: &mut dyn Tx, number: i64, others: &BTreeMap<i64, String>, entry: Entry) -> Result<Line, Fault> {
    let is_debit = entry.debit == number;
    let other = others.get(&other_side(&entry, number)).cloned();
    let batch = rows::batch_holding(tx, entry.seq)?;
    Ok(Line {
        seq: entry.seq,
        before: previous(&entry, number),
        id: TransferId::from_bytes(entry.id),
        at: batch.map_or(Timestamp::from_micros(0), |batch| batch.at),
        did: match entry.does {
            Does::Moves | Does::Sweeps | Does::Posts => Did::Posted,
            Does::Holds => Did::Held,
            Does::Voids | Does::Expires => Did::Released,
        },
        is_debit,
        minor: entry.amount,
        other: other.unwrap_or_default(),
        reference: entry.reference,
    })
}

/// The account that a transfer on an account has on its other side.
const fn other_side(entry: &Entry, number: i64) -> i64 {
    if entry.debit == number { entry.credit } else { entry.debit }
}

/// The transfer before this one on an account.
const fn previous(entry: &Entry, number: i64) -> i64 {
    if entry.debit == number { entry.debit_before } else { entry.credit_before }
}

/// An account with the balances it had at a moment: after all that was committed by then. The operation has permission
/// already.
///
/// # Errors
/// `payments.account.unknown`; the store's faults.
pub fn balances_at(cx: &mut Cx<'_>, id: AccountId, moment: Timestamp) -> Result<Account, Fault> {
    let tx = cx.tx();
    let known = rows::accounts_of(tx, &[id])?.pop().ok_or_else(|| Fault::not_found("payments.account.unknown"))?;
    let seq = rows::batch_by(tx, moment)?.map_or(0, |batch| batch.seq);
    let mut balances = rows::snapshot_after(tx, known.number, seq)?.unwrap_or(known.balances);
    while balances.last_seq > seq {
        let entries = rows::transfers_of(tx, known.number, balances.last_seq, STRIDE)?;
        let held: Vec<i64> = entries.iter().filter_map(|entry| entry.of).collect();
        let held: BTreeMap<i64, i64> =
            rows::transfers_at(tx, &held)?.into_iter().map(|hold| (hold.seq, hold.amount)).collect();
        if entries.is_empty() {
            return Err(Fault::internal("payments.ledger.broken", "the trail of an account ends before its beginning"));
        }
        for entry in entries.iter().take_while(|entry| entry.seq > seq) {
            take_back(&mut balances, entry, known.number, &held);
        }
    }
    Ok(Account {
        debits_posted: balances.debits_posted,
        credits_posted: balances.credits_posted,
        debits_pending: balances.debits_pending,
        credits_pending: balances.credits_pending,
        ..known.account
    })
}

fn take_back(balances: &mut Balances, entry: &Entry, number: i64, held: &BTreeMap<i64, i64>) {
    let held = entry.of.and_then(|of| held.get(&of)).copied().unwrap_or(0);
    let (posted, pending) = entry.adds(held);
    let (has_posted, has_pending) = if entry.debit == number {
        (&mut balances.debits_posted, &mut balances.debits_pending)
    } else {
        (&mut balances.credits_posted, &mut balances.credits_pending)
    };
    *has_posted -= posted;
    *has_pending -= pending;
    balances.last_seq = previous(entry, number);
}

/// What an account's postings added up to in a stretch of the sequence, in minor units.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Movement {
    /// Debits posted.
    pub debits: i64,
    /// Credits posted.
    pub credits: i64,
}

/// What was posted on each account after the place `after`, up to and with the place `to`. In the posting lane this counts
/// what shares the commit. The operation has permission already.
///
/// # Errors
/// The store's faults.
pub fn movements(cx: &mut Cx<'_>, after: i64, to: i64) -> Result<BTreeMap<AccountId, Movement>, Fault> {
    let now = cx.now();
    let mut by_number: BTreeMap<i64, Movement> = BTreeMap::new();
    let [debits, credits] = rows::posted_between(cx.tx(), after, to)?;
    for (number, sum) in debits {
        by_number.entry(number).or_default().debits += sum;
    }
    for (number, sum) in credits {
        by_number.entry(number).or_default().credits += sum;
    }
    if cx.tx().posts() {
        let fresh = Books::with(cx.tx(), now, |books, _| Ok(books.all_fresh().to_vec()))?;
        for entry in fresh.iter().filter(|entry| entry.seq > after && entry.seq <= to) {
            let (posted, _) = entry.adds(0);
            by_number.entry(entry.debit).or_default().debits += posted;
            by_number.entry(entry.credit).or_default().credits += posted;
        }
    }
    let numbers: Vec<i64> = by_number.keys().copied().collect();
    let known = rows::accounts_numbered(cx.tx(), &numbers)?;
    Ok(known.into_iter().filter_map(|known| Some((known.account.id, *by_number.get(&known.number)?))).collect())
}
