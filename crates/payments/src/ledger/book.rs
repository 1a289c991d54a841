//! Booking: each transfer is weighed in its turn, and has its place or is refused.
//!
//! **Invariant:** in every currency the debits of all accounts equal their credits, posted and pending; a hold is settled
//! once; the same identifier again is the same booking or a refusal, for ever.

use std::collections::HashMap;

use spine::{Currency, Cx, Fault, FaultKind, Money, Timestamp, Tx};

use super::account::{AccountId, Bound, Side};
use super::books::Books;
use super::transfer::{Booked, Does, Entry, REFERENCE_BYTES, Step, Transfer, TransferId, checked};
use crate::rows::ledger as rows;

/// At most so many transfers in one batch.
pub const BATCH: usize = 8192;

/// At most so many legs of one chain of [`book_each`].
pub const LEGS: usize = 64;

/// Books a batch, in order, all of it or nothing, within an operation that has permission and records its own act. It runs
/// in the posting lane; elsewhere it faults, and [`journal::Acts::write`] runs the operation again there.
///
/// # Errors
/// `payments.transfer.{batch,amount,part,same,currency,reference,reused,unknown,settled,not_pending,expired,nothing}`,
/// `payments.account.{unknown,full,bound,closed}`; the store's faults.
pub fn book(cx: &mut Cx<'_>, batch: &[Transfer]) -> Result<Vec<Booked>, Fault> {
    let now = cx.now();
    Books::with(cx.tx(), now, |books, tx| {
        let known = Looked::up(books, tx, batch.iter())?;
        batch.iter().map(|transfer| enter(books, &known, now, transfer)).collect()
    })
}

/// As [`book`], for moves whose identifiers were made in this operation: nobody can have booked them before, so that is not
/// looked up. One that is taken all the same is refused by the table, and nothing is booked.
///
/// # Errors
/// As [`book`].
pub fn book_new(cx: &mut Cx<'_>, batch: &[Transfer]) -> Result<(), Fault> {
    let now = cx.now();
    Books::with(cx.tx(), now, |books, tx| {
        let known = Looked::at_nothing(books, tx, batch)?;
        batch.iter().try_for_each(|transfer| enter(books, &known, now, transfer).map(drop))
    })
}

/// Books many chains of linked transfers: each chain is booked whole or refused whole, and refuses no other.
///
/// # Errors
/// The store's faults, `payments.transfer.batch`; what is said against one chain is in its place among the answers.
pub fn book_each(cx: &mut Cx<'_>, chains: &[Vec<Transfer>]) -> Result<Vec<Result<Vec<Booked>, Fault>>, Fault> {
    use spine::Companion;
    let now = cx.now();
    Books::with(cx.tx(), now, |books, tx| {
        let known = Looked::up(books, tx, chains.iter().flatten())?;
        let mut outcomes = Vec::with_capacity(chains.len());
        for chain in chains {
            let mark = books.mark();
            let booked = if chain.len() > LEGS {
                Err(too_many())
            } else {
                chain.iter().map(|transfer| enter(books, &known, now, transfer)).collect()
            };
            if booked.is_err() {
                books.undo(mark);
            }
            outcomes.push(booked);
        }
        Ok(outcomes)
    })
}

fn too_many() -> Fault {
    Fault::new(FaultKind::TooLarge, "payments.transfer.batch")
}

/// What the database knows of the transfers of a batch: looked up for all of them at once.
struct Looked {
    by_id: HashMap<[u8; 16], Entry>,
    /// The transfer that settled a hold.
    settling: HashMap<i64, Entry>,
}

impl Looked {
    fn up<'a>(
        books: &mut Books,
        tx: &mut dyn Tx,
        batch: impl Iterator<Item = &'a Transfer> + Clone,
    ) -> Result<Self, Fault> {
        if batch.clone().take(BATCH + 1).count() > BATCH {
            return Err(too_many());
        }
        let mut ids: Vec<[u8; 16]> = Vec::new();
        for transfer in batch.clone() {
            ids.push(*transfer.id.as_bytes());
            if let Step::Post { of, .. } | Step::Void { of } = &transfer.step {
                ids.push(*of.as_bytes());
            }
        }
        ids.retain(|id| books.fresh(id).is_none());
        ids.sort_unstable();
        ids.dedup();
        let found = if ids.is_empty() { Vec::new() } else { rows::transfers_called(tx, &ids)? };
        let holds: Vec<i64> = found.iter().filter(|entry| entry.does == Does::Holds).map(|entry| entry.seq).collect();
        let settling = if holds.is_empty() { Vec::new() } else { rows::settling(tx, &holds)? };
        books.read_accounts(tx, batch.flat_map(|transfer| accounts_of(&transfer.step)).flatten())?;
        books.read_numbered(tx, found.iter().flat_map(|entry| [entry.debit, entry.credit]))?;
        Ok(Self {
            by_id: found.into_iter().map(|entry| (entry.id, entry)).collect(),
            settling: settling.into_iter().filter_map(|entry| Some((entry.of?, entry))).collect(),
        })
    }

    /// What is known of transfers that are new.
    fn at_nothing(books: &mut Books, tx: &mut dyn Tx, batch: &[Transfer]) -> Result<Self, Fault> {
        books.read_accounts(tx, batch.iter().flat_map(|transfer| accounts_of(&transfer.step)).flatten())?;
        Ok(Self { by_id: HashMap::new(), settling: HashMap::new() })
    }

    fn transfer<'a>(&'a self, books: &'a Books, id: &[u8; 16]) -> Option<&'a Entry> {
        books.fresh(id).or_else(|| self.by_id.get(id))
    }

    fn settling<'a>(&'a self, books: &'a Books, hold: i64) -> Option<&'a Entry> {
        books.fresh_settling(hold).or_else(|| self.settling.get(&hold))
    }
}

fn accounts_of(step: &Step) -> [Option<AccountId>; 2] {
    match step {
        Step::Move { debit, credit, .. } | Step::Sweep { debit, credit, .. } | Step::Hold { debit, credit, .. } => {
            [Some(*debit), Some(*credit)]
        }
        Step::Post { .. } | Step::Void { .. } => [None, None],
    }
}

fn enter(books: &mut Books, known: &Looked, now: Timestamp, transfer: &Transfer) -> Result<Booked, Fault> {
    let (wanted, held) = entry(books, known, transfer)?;
    if let Some(before) = known.transfer(books, &wanted.id) {
        return if before.is_same(&wanted) {
            Ok(Booked::Before)
        } else {
            Err(Fault::conflict("payments.transfer.reused"))
        };
    }
    if let Some(of) = wanted.of {
        if known.settling(books, of).is_some() {
            return Err(Fault::conflict("payments.transfer.settled"));
        }
        let is_over = held.as_ref().and_then(|held| held.expires_at).is_some_and(|end| end <= now);
        if wanted.does == Does::Posts && is_over {
            return Err(Fault::expired("payments.transfer.expired"));
        }
    }
    put(books, wanted, held.map_or(0, |held| held.amount))?;
    Ok(Booked::Now)
}

/// The row that a booking makes, still without its place, and the hold it settles.
fn entry(books: &Books, known: &Looked, transfer: &Transfer) -> Result<(Entry, Option<Entry>), Fault> {
    if transfer.reference.len() > REFERENCE_BYTES {
        return Err(Fault::invalid("payments.transfer.reference"));
    }
    let moved = |does, debit: &AccountId, credit: &AccountId, amount: &Money, expires_at| {
        let minor = checked(*amount)?;
        let (debit, credit) = (in_currency(books, *debit, *amount)?, in_currency(books, *credit, *amount)?);
        if debit == credit {
            return Err(Fault::invalid("payments.transfer.same"));
        }
        Ok((unplaced(transfer, does, debit, credit, minor, None, expires_at), None))
    };
    match &transfer.step {
        Step::Move { debit, credit, amount } => moved(Does::Moves, debit, credit, amount, None),
        Step::Sweep { debit, credit, at_most } => moved(Does::Sweeps, debit, credit, at_most, None),
        Step::Hold { debit, credit, amount, expires_at } => moved(Does::Holds, debit, credit, amount, *expires_at),
        Step::Post { of, amount } => {
            let held = hold(books, known, of)?;
            let part = match amount {
                Some(part) if part.currency() != currency_of(books, held.debit)? => {
                    return Err(Fault::invalid("payments.transfer.currency"));
                }
                Some(part) => part.minor(),
                None => held.amount,
            };
            if !(1..=held.amount).contains(&part) {
                return Err(Fault::invalid("payments.transfer.part"));
            }
            Ok((unplaced(transfer, Does::Posts, held.debit, held.credit, part, Some(held.seq), None), Some(held)))
        }
        Step::Void { of } => {
            let held = hold(books, known, of)?;
            let entry = unplaced(transfer, Does::Voids, held.debit, held.credit, held.amount, Some(held.seq), None);
            Ok((entry, Some(held)))
        }
    }
}

fn unplaced(
    transfer: &Transfer,
    does: Does,
    debit: i64,
    credit: i64,
    amount: i64,
    of: Option<i64>,
    expires_at: Option<Timestamp>,
) -> Entry {
    let (id, reference) = (*transfer.id.as_bytes(), transfer.reference.clone());
    Entry { seq: 0, id, does, debit, credit, amount, of, debit_before: 0, credit_before: 0, reference, expires_at }
}

fn hold(books: &Books, known: &Looked, of: &TransferId) -> Result<Entry, Fault> {
    let held = known.transfer(books, of.as_bytes()).ok_or_else(|| Fault::not_found("payments.transfer.unknown"))?;
    if held.does == Does::Holds { Ok(held.clone()) } else { Err(Fault::conflict("payments.transfer.not_pending")) }
}

fn unknown() -> Fault {
    Fault::not_found("payments.account.unknown")
}

fn in_currency(books: &Books, id: AccountId, amount: Money) -> Result<i64, Fault> {
    let known = books.account(id).ok_or_else(unknown)?;
    if known.account.currency == amount.currency() {
        Ok(known.number)
    } else {
        Err(Fault::invalid("payments.transfer.currency"))
    }
}

fn currency_of(books: &Books, number: i64) -> Result<Currency, Fault> {
    books.numbered(number).map(|known| known.account.currency).ok_or_else(unknown)
}

/// Gives an entry its place, if both its accounts can bear it.
pub(super) fn put(books: &mut Books, mut entry: Entry, held: i64) -> Result<(), Fault> {
    let debit = books.numbered(entry.debit).ok_or_else(unknown)?;
    let credit = books.numbered(entry.credit).ok_or_else(unknown)?;
    let is_closed = debit.account.is_closed || credit.account.is_closed;
    if is_closed && !matches!(entry.does, Does::Voids | Does::Expires) {
        return Err(Fault::conflict("payments.account.closed"));
    }
    if entry.does == Does::Sweeps {
        let left = match debit.account.bound {
            Bound::DebitsWithinCredits => debit.shown().available(),
            Bound::None | Bound::CreditsWithinDebits => entry.amount,
        };
        entry.amount = entry.amount.min(left);
        if entry.amount <= 0 {
            return Err(Fault::conflict("payments.transfer.nothing"));
        }
    }
    let (posted, pending) = entry.adds(held);
    let seq = books.place();
    let (mut debits, mut credits) = (debit.balances, credit.balances);
    (entry.debit_before, entry.credit_before) = (debits.last_seq, credits.last_seq);
    debits.add(Side::Debit, posted, pending, seq)?;
    credits.add(Side::Credit, posted, pending, seq)?;
    if !debits.keep(debit.account.bound) || !credits.keep(credit.account.bound) {
        return Err(Fault::conflict("payments.account.bound"));
    }
    books.rebalance(entry.debit, debits);
    books.rebalance(entry.credit, credits);
    books.enter(|seq| Entry { seq, ..entry });
    Ok(())
}
