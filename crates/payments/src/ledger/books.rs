//! The books in memory: what the posting lane knows of accounts, and what it has booked and not written yet.
//!
//! **Invariant:** what is here is what the database will hold at the next commit. Every change can be undone to any mark of
//! the same transaction; whoever comes first in a transaction makes sure that nobody else has booked since the last.
//!
//! A transfer is weighed here, against balances in memory, one after the other: no account is fought over, and one that
//! everybody pays into costs no more than others. `chain.rs` hashes what a commit holds.

use std::any::Any;
use std::collections::{BTreeSet, HashMap};

use spine::{Companion, Fault, Timestamp, Tx};

use super::account::{Account, AccountId, Balances};
use super::chain::{self, Head, Mark};
use super::transfer::Entry;
use crate::rows::ledger as rows;

/// Accounts kept in memory; beyond, all are forgotten between two commits and read again as they are needed.
const KEPT: usize = 200_000;

/// So many transfers on an account lie between two of its snapshots.
const SNAPSHOT_EVERY: i64 = 4_096;

/// An account as the books know it.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) account: Account,
    pub(crate) number: i64,
    pub(crate) balances: Balances,
    /// How many snapshots it has had.
    snapshots: i64,
}

impl Known {
    pub(crate) const fn new(account: Account, number: i64, balances: Balances) -> Self {
        Self { account, number, balances, snapshots: balances.transfers / SNAPSHOT_EVERY }
    }

    /// The account with the balances as they are now.
    pub(crate) fn shown(&self) -> Account {
        Account {
            debits_posted: self.balances.debits_posted,
            credits_posted: self.balances.credits_posted,
            debits_pending: self.balances.debits_pending,
            credits_pending: self.balances.credits_pending,
            ..self.account.clone()
        }
    }
}

enum Undo {
    Balances(i64, Balances),
    Closed(i64),
    Opened(i64),
    Entry,
    Mark,
}

/// The books.
pub(crate) struct Books {
    head: Head,
    next_head: Head,
    /// Whether the head was compared with the database's in this transaction.
    is_sure: bool,
    accounts: HashMap<i64, Known>,
    numbers: HashMap<AccountId, i64>,
    called: HashMap<String, i64>,
    last_number: Option<i64>,
    entries: Vec<Entry>,
    by_id: HashMap<[u8; 16], usize>,
    settled: HashMap<i64, usize>,
    marks: Vec<Mark>,
    at: Timestamp,
    undo: Vec<Undo>,
    touched: BTreeSet<i64>,
}

impl Books {
    fn new() -> Self {
        Self {
            head: Head::NONE,
            next_head: Head::NONE,
            is_sure: false,
            accounts: HashMap::new(),
            numbers: HashMap::new(),
            called: HashMap::new(),
            last_number: None,
            entries: Vec::new(),
            by_id: HashMap::new(),
            settled: HashMap::new(),
            marks: Vec::new(),
            at: Timestamp::from_micros(0),
            undo: Vec::new(),
            touched: BTreeSet::new(),
        }
    }

    /// Opens the books for `work`, and gives them back to the lane.
    pub(crate) fn with<T>(
        tx: &mut dyn Tx,
        now: Timestamp,
        work: impl FnOnce(&mut Self, &mut dyn Tx) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let taken = tx.take()?.map(Companion::into_any).and_then(|any| any.downcast::<Self>().ok());
        let mut books = taken.unwrap_or_else(|| Box::new(Self::new()));
        let before = books.undo.len();
        let done = books.make_sure(tx).and_then(|()| {
            books.at = books.at.max(now);
            work(&mut books, tx)
        });
        let changed = books.undo.len() != before;
        tx.keep(books, changed);
        done
    }

    /// Another instance may have booked: what was known then counts no more.
    fn make_sure(&mut self, tx: &mut dyn Tx) -> Result<(), Fault> {
        if self.is_sure {
            return Ok(());
        }
        let head = rows::head(tx)?;
        if head != self.head {
            self.forget();
            self.head = head;
        }
        self.is_sure = true;
        Ok(())
    }

    fn forget(&mut self) {
        self.accounts.clear();
        self.numbers.clear();
        self.called.clear();
        self.last_number = None;
    }

    /// The next place in the sequence.
    fn next_seq(&self) -> i64 {
        let count = i64::try_from(self.entries.len() + self.marks.len()).unwrap_or(i64::MAX);
        self.head.seq.saturating_add(count).saturating_add(1)
    }

    pub(crate) fn learn(&mut self, known: Known) -> i64 {
        let number = known.number;
        self.numbers.insert(known.account.id, number);
        self.called.insert(known.account.reference.clone(), number);
        self.accounts.entry(number).or_insert(known);
        number
    }

    /// Makes sure that these accounts are known, if they exist.
    pub(crate) fn read_accounts(&mut self, tx: &mut dyn Tx, ids: impl Iterator<Item = AccountId>) -> Result<(), Fault> {
        let missing: BTreeSet<AccountId> = ids.filter(|id| !self.numbers.contains_key(id)).collect();
        if !missing.is_empty() {
            let missing: Vec<AccountId> = missing.into_iter().collect();
            for known in rows::accounts_of(tx, &missing)? {
                self.learn(known);
            }
        }
        Ok(())
    }

    /// As [`Books::read_accounts`], by their numbers.
    pub(crate) fn read_numbered(&mut self, tx: &mut dyn Tx, numbers: impl Iterator<Item = i64>) -> Result<(), Fault> {
        let missing: BTreeSet<i64> = numbers.filter(|number| !self.accounts.contains_key(number)).collect();
        if !missing.is_empty() {
            let missing: Vec<i64> = missing.into_iter().collect();
            for known in rows::accounts_numbered(tx, &missing)? {
                self.learn(known);
            }
        }
        Ok(())
    }

    pub(crate) fn account(&self, id: AccountId) -> Option<&Known> {
        self.accounts.get(self.numbers.get(&id)?)
    }

    pub(crate) fn numbered(&self, number: i64) -> Option<&Known> {
        self.accounts.get(&number)
    }

    pub(crate) fn called(&mut self, tx: &mut dyn Tx, reference: &str) -> Result<Option<&Known>, Fault> {
        let number = match self.called.get(reference) {
            Some(number) => *number,
            None => match rows::account_called(tx, reference)? {
                Some(known) => self.learn(known),
                None => return Ok(None),
            },
        };
        Ok(self.accounts.get(&number))
    }

    /// The number of an account that is being opened.
    pub(crate) fn next_number(&mut self, tx: &mut dyn Tx) -> Result<i64, Fault> {
        let last = match self.last_number {
            Some(last) => last,
            None => rows::last_account_number(tx)?,
        };
        self.last_number = Some(last + 1);
        Ok(last + 1)
    }

    pub(crate) fn opened(&mut self, known: Known) {
        self.undo.push(Undo::Opened(known.number));
        self.learn(known);
    }

    pub(crate) fn closed(&mut self, number: i64) {
        if let Some(known) = self.accounts.get_mut(&number) {
            known.account.is_closed = true;
            self.undo.push(Undo::Closed(number));
        }
    }

    /// A transfer that was booked in this transaction.
    pub(crate) fn fresh(&self, id: &[u8; 16]) -> Option<&Entry> {
        self.entries.get(*self.by_id.get(id)?)
    }

    pub(crate) fn fresh_settling(&self, hold: i64) -> Option<&Entry> {
        self.entries.get(*self.settled.get(&hold)?)
    }

    /// All transfers that were booked in this transaction.
    pub(crate) fn all_fresh(&self) -> &[Entry] {
        &self.entries
    }

    /// Takes new balances of an account; [`Companion::undo`] brings the old ones back.
    pub(crate) fn rebalance(&mut self, number: i64, balances: Balances) {
        if let Some(known) = self.accounts.get_mut(&number) {
            self.undo.push(Undo::Balances(number, known.balances));
            known.balances = balances;
            self.touched.insert(number);
        }
    }

    /// Gives a transfer its place, which `make` is told.
    pub(crate) fn enter(&mut self, make: impl FnOnce(i64) -> Entry) {
        let entry = make(self.next_seq());
        self.by_id.insert(entry.id, self.entries.len());
        if let Some(hold) = entry.of {
            self.settled.insert(hold, self.entries.len());
        }
        self.entries.push(entry);
        self.undo.push(Undo::Entry);
    }

    /// The place that the next transfer will have.
    pub(crate) fn place(&self) -> i64 {
        self.next_seq()
    }

    /// Gives something that moves no money its place.
    pub(crate) fn mark_down(&mut self, kind: &str, subject: String) -> i64 {
        let seq = self.next_seq();
        self.marks.push(Mark { seq, kind: kind.to_owned(), subject });
        self.undo.push(Undo::Mark);
        seq
    }

    /// Where the books stand: after what was booked in this transaction.
    pub(crate) fn last_seq(&self) -> i64 {
        self.next_seq() - 1
    }

    pub(crate) const fn committed_head(&self) -> &Head {
        &self.head
    }
}

impl Companion for Books {
    fn mark(&self) -> usize {
        self.undo.len()
    }

    fn undo(&mut self, mark: usize) {
        while self.undo.len() > mark {
            match self.undo.pop() {
                Some(Undo::Balances(number, balances)) => {
                    if let Some(known) = self.accounts.get_mut(&number) {
                        known.balances = balances;
                    }
                }
                Some(Undo::Closed(number)) => {
                    if let Some(known) = self.accounts.get_mut(&number) {
                        known.account.is_closed = false;
                    }
                }
                Some(Undo::Opened(number)) => {
                    if let Some(known) = self.accounts.remove(&number) {
                        self.numbers.remove(&known.account.id);
                        self.called.remove(&known.account.reference);
                    }
                    self.last_number = None;
                }
                Some(Undo::Entry) => {
                    if let Some(entry) = self.entries.pop() {
                        self.by_id.remove(&entry.id);
                        entry.of.map(|hold| self.settled.remove(&hold));
                    }
                }
                Some(Undo::Mark) => drop(self.marks.pop()),
                None => break,
            }
        }
        // With nothing left, the transaction may be over, and another instance may come between.
        if self.undo.is_empty() {
            self.is_sure = false;
            self.touched.clear();
        }
    }

    fn write_out(&mut self, tx: &mut dyn Tx) -> Result<(), Fault> {
        self.next_head = self.head;
        if self.entries.is_empty() && self.marks.is_empty() {
            return Ok(());
        }
        self.next_head = chain::next(&self.head, self.at, &self.entries, &self.marks);
        rows::insert_transfers(tx, &self.entries)?;
        if !self.marks.is_empty() {
            rows::insert_marks(tx, &self.marks)?;
        }
        let touched = || self.touched.iter().filter_map(|number| self.accounts.get(number));
        rows::write_balances(tx, touched().map(|known| (known.number, &known.balances)))?;
        for known in touched().filter(|known| known.balances.transfers / SNAPSHOT_EVERY > known.snapshots) {
            rows::insert_snapshot(tx, known.number, known.balances.last_seq, &known.balances)?;
        }
        rows::insert_batch(tx, self.head.seq + 1, &self.next_head)?;
        Ok(())
    }

    fn committed(&mut self) {
        self.head = self.next_head;
        self.is_sure = false;
        self.entries.clear();
        self.by_id.clear();
        self.settled.clear();
        self.marks.clear();
        self.undo.clear();
        for number in std::mem::take(&mut self.touched) {
            if let Some(known) = self.accounts.get_mut(&number) {
                known.snapshots = known.balances.transfers / SNAPSHOT_EVERY;
            }
        }
        if self.accounts.len() > KEPT {
            self.forget();
        }
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
