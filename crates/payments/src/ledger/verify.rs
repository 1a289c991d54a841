//! The whole ledger once more, from its first transfer: every hash, every rule, every balance.
//!
//! **Invariant:** it trusts nothing but the sequence itself, reads one snapshot in pages, and keeps in memory no more than
//! the accounts and the holds that are open.

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde::Serialize;
use spine::{Cx, Fault, Resource};

use super::account::{Account, Balances, NewAccount, Side};
use super::books::Known;
use super::chain::{self, Head, Mark};
use super::open::description;
use super::transfer::{Does, Entry};
use crate::rows::ledger as rows;

/// Transfers and batches read at once.
const PAGE: i64 = 8_192;

/// Findings told; a broken ledger has more than anybody reads.
const TOLD: usize = 100;

/// What the replay found.
#[derive(Clone, Debug, Serialize)]
pub struct Verified {
    /// Accounts.
    pub accounts: usize,
    /// Transfers replayed.
    pub transfers: i64,
    /// Batches whose hashes were made again.
    pub batches: i64,
    /// Holds that are open.
    pub open_holds: usize,
    /// The hash of all of it, in hexadecimal: the same ledger has the same on any database.
    pub head: String,
    /// What is wrong, one sentence each; empty when the books are sound.
    pub findings: Vec<String>,
}

/// Replays the ledger.
///
/// # Errors
/// A refusal; the store's faults. What is wrong with the ledger is no fault but a finding.
pub fn verify(cx: &mut Cx<'_>) -> Result<Verified, Fault> {
    cx.may("payments.ledger.audit", &Resource::new("Ledger", "ledger"))?;
    let accounts = rows::accounts(cx.tx())?;
    let mut replay = Replay::new(&accounts);
    for (number, debits, credits) in rows::brought_forward(cx.tx())? {
        replay.brought(number, debits, credits);
    }
    let head = each_batch(cx, |before, batch, entries, marks| {
        replay.batch(before, batch, entries, marks);
        Ok(())
    })?;
    if !rows::transfers_after(cx.tx(), head.seq, 1)?.is_empty() {
        replay.says(format!("there are transfers after the last batch, {}", head.batch));
    }
    Ok(replay.ends(&accounts, &head))
}

/// Reads the ledger in pages and gives one batch after the other: the head before it, its own, what it holds.
pub(super) fn each_batch(
    cx: &mut Cx<'_>,
    mut take: impl FnMut(&Head, &Head, &[Entry], &[Mark]) -> Result<(), Fault>,
) -> Result<Head, Fault> {
    let mut head = Head::NONE;
    let mut waiting: VecDeque<Entry> = VecDeque::new();
    let mut read_to = 0;
    loop {
        let batches = rows::batches_after(cx.tx(), head.batch, PAGE)?;
        let Some(last) = batches.last() else { return Ok(head) };
        let mut marks = rows::marks_between(cx.tx(), head.seq, last.seq)?.into_iter().peekable();
        for batch in batches {
            while read_to < batch.seq && waiting.back().is_none_or(|entry| entry.seq < batch.seq) {
                let page = rows::transfers_after(cx.tx(), read_to, PAGE)?;
                let Some(last) = page.last() else { break };
                read_to = last.seq;
                waiting.extend(page);
            }
            let mut own = Vec::new();
            while let Some(entry) = waiting.pop_front_if(|entry| entry.seq <= batch.seq) {
                own.push(entry);
            }
            let mut own_marks = Vec::new();
            while let Some(mark) = marks.next_if(|mark| mark.seq <= batch.seq) {
                own_marks.push(mark);
            }
            take(&head, &batch, &own, &own_marks)?;
            head = batch;
        }
    }
}

/// A replay of the sequence.
pub(super) struct Replay<'a> {
    accounts: HashMap<i64, &'a Account>,
    balances: HashMap<i64, Balances>,
    /// Open holds by their place, and how much each holds.
    holds: HashMap<i64, i64>,
    closed: BTreeMap<i64, i64>,
    transfers: i64,
    findings: Vec<String>,
}

impl<'a> Replay<'a> {
    pub(super) fn new(accounts: &'a [Known]) -> Self {
        let accounts = accounts.iter().map(|known| (known.number, &known.account)).collect();
        let (balances, holds, closed) = (HashMap::new(), HashMap::new(), BTreeMap::new());
        Self { accounts, balances, holds, closed, transfers: 0, findings: Vec::new() }
    }

    /// What an account had before the sequence began.
    pub(super) fn brought(&mut self, number: i64, debits: i64, credits: i64) {
        let brought = Balances { debits_posted: debits, credits_posted: credits, ..Balances::default() };
        self.balances.insert(number, brought);
    }

    /// What was found, once every batch has been given.
    pub(super) fn ends(mut self, accounts: &[Known], head: &Head) -> Verified {
        self.compare(accounts);
        Verified {
            accounts: accounts.len(),
            transfers: self.transfers,
            batches: head.batch,
            open_holds: self.holds.len(),
            head: crypto::hex(&head.hash),
            findings: self.findings,
        }
    }

    pub(super) fn says(&mut self, finding: String) {
        if self.findings.len() < TOLD {
            self.findings.push(finding);
        }
    }

    pub(super) fn batch(&mut self, before: &Head, batch: &Head, entries: &[Entry], marks: &[Mark]) {
        let again = chain::next(before, batch.at, entries, marks);
        if again != *batch {
            let first = before.seq + 1;
            self.says(format!("batch {}, places {first} to {}: its hash does not fit", batch.batch, batch.seq));
        }
        let mut marks = marks.iter().peekable();
        for entry in entries {
            while let Some(mark) = marks.next_if(|mark| mark.seq < entry.seq) {
                self.mark(mark);
            }
            if let Err(finding) = self.entry(entry) {
                self.says(format!("place {}: {finding}", entry.seq));
            }
        }
        marks.for_each(|mark| self.mark(mark));
    }

    fn mark(&mut self, mark: &Mark) {
        match mark.kind.as_str() {
            "opened" => {
                let number = mark.subject.split(' ').next().and_then(|number| number.parse::<i64>().ok());
                let told = number.and_then(|number| Some((number, self.accounts.get(&number)?)));
                let is_so = told.is_some_and(|(number, account)| {
                    let new = NewAccount {
                        reference: &account.reference,
                        kind: account.kind,
                        currency: account.currency,
                        name: &account.name,
                        bound: account.bound,
                    };
                    description(number, &new) == mark.subject
                });
                if !is_so {
                    self.says(format!("place {}: the account that was opened reads differently now", mark.seq));
                }
            }
            "closed" => {
                let number = mark.subject.parse().unwrap_or(0);
                self.closed.insert(number, mark.seq);
            }
            _ => {}
        }
    }

    /// Does to the balances what the ledger did, and holds it to the ledger's rules.
    fn entry(&mut self, entry: &Entry) -> Result<(), String> {
        self.transfers += 1;
        let held = match entry.of {
            Some(of) => self.holds.remove(&of).ok_or("it settles a hold that is not open")?,
            None => 0,
        };
        if entry.does == Does::Holds {
            self.holds.insert(entry.seq, entry.amount);
        }
        if entry.of.is_some() != matches!(entry.does, Does::Posts | Does::Voids | Does::Expires)
            || entry.amount <= 0
            || entry.of.is_some() && entry.amount > held
        {
            return Err("it is of no form that a transfer can have".to_owned());
        }
        let (posted, pending) = entry.adds(held);
        let sides = [(entry.debit, Side::Debit, entry.debit_before), (entry.credit, Side::Credit, entry.credit_before)];
        let mut currencies = Vec::new();
        for (number, side, before) in sides {
            let account = *self.accounts.get(&number).ok_or("it is on an account that does not exist")?;
            currencies.push(account.currency);
            let balances = self.balances.entry(number).or_default();
            if balances.last_seq != before {
                return Err(format!("{}: its trail is broken", account.reference));
            }
            balances.add(side, posted, pending, entry.seq).map_err(|_| "its balances overflow")?;
            if !balances.keep(account.bound) {
                return Err(format!("{}: its bound is broken", account.reference));
            }
            if self.closed.contains_key(&number) && !matches!(entry.does, Does::Voids | Does::Expires) {
                return Err(format!("{}: it was closed", account.reference));
            }
        }
        if currencies.windows(2).any(|two| two.first() != two.last()) {
            return Err("it is between two currencies".to_owned());
        }
        Ok(())
    }

    fn compare(&mut self, accounts: &[Known]) {
        let mut totals: BTreeMap<&str, (i128, i128)> = BTreeMap::new();
        for known in accounts {
            let told = self.balances.get(&known.number).copied().unwrap_or_default();
            if told != known.balances {
                let (stands, reference) = (known.balances, &known.account.reference);
                self.says(format!("{reference}: stands at {stands:?}, the transfers say {told:?}"));
            }
            if known.account.is_closed != self.closed.contains_key(&known.number) {
                self.says(format!("{}: the sequence says otherwise of its closing", known.account.reference));
            }
            let total = totals.entry(known.account.currency.code()).or_default();
            total.0 += i128::from(told.debits_posted) - i128::from(told.credits_posted);
            total.1 += i128::from(told.debits_pending) - i128::from(told.credits_pending);
        }
        for (currency, (posted, pending)) in totals {
            if (posted, pending) != (0, 0) {
                self.says(format!("{currency}: debits exceed credits by {posted} posted and {pending} pending"));
            }
        }
    }
}
