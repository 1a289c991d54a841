//! SQL of the ledger: accounts and their balances, the numbered sequence, the batches.

use spine::{Currency, Row, Timestamp, Tx, TxError, Value};

use crate::ledger::{Account, AccountId, AccountKind, Balances, Bound, Does, Entry, Head, Known, Mark, NewAccount};

const INSERT_ACCOUNT: &str = "
    INSERT INTO payments_account (id, reference, kind, currency, name, bound, number, made_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

pub(crate) fn insert_account(
    tx: &mut dyn Tx,
    id: AccountId,
    number: i64,
    new: &NewAccount<'_>,
    now: Timestamp,
) -> Result<(), TxError> {
    let args = [
        id.into(),
        new.reference.into(),
        new.kind.code().into(),
        new.currency.code().into(),
        new.name.into(),
        new.bound.code().into(),
        number.into(),
        now.into(),
    ];
    tx.change(INSERT_ACCOUNT, &args)
}

const CLOSE_ACCOUNT: &str = "UPDATE payments_account SET closed_at = $2 WHERE number = $1";

pub(crate) fn close_account(tx: &mut dyn Tx, number: i64, now: Timestamp) -> Result<(), TxError> {
    tx.change(CLOSE_ACCOUNT, &[number.into(), now.into()])
}

const SELECT_ACCOUNT: &str = "
    SELECT id, reference, kind, currency, name, bound, closed_at, number,
        debits_posted, credits_posted, debits_pending, credits_pending, last_seq, transfers
    FROM payments_account LEFT JOIN payments_balance ON account = number WHERE id = $1";
const SELECT_ACCOUNT_CALLED: &str = "
    SELECT id, reference, kind, currency, name, bound, closed_at, number,
        debits_posted, credits_posted, debits_pending, credits_pending, last_seq, transfers
    FROM payments_account LEFT JOIN payments_balance ON account = number WHERE reference = $1";
const SELECT_ACCOUNT_NUMBERED: &str = "
    SELECT id, reference, kind, currency, name, bound, closed_at, number,
        debits_posted, credits_posted, debits_pending, credits_pending, last_seq, transfers
    FROM payments_account LEFT JOIN payments_balance ON account = number WHERE number = $1";
const SELECT_ACCOUNTS: &str = "
    SELECT id, reference, kind, currency, name, bound, closed_at, number,
        debits_posted, credits_posted, debits_pending, credits_pending, last_seq, transfers
    FROM payments_account LEFT JOIN payments_balance ON account = number ORDER BY reference";

pub(crate) fn accounts_of(tx: &mut dyn Tx, ids: &[AccountId]) -> Result<Vec<Known>, TxError> {
    let keys: Vec<Value<'_>> = ids.iter().map(|id| (*id).into()).collect();
    tx.query_each(SELECT_ACCOUNT, &keys)?.iter().map(known_row).collect()
}

pub(crate) fn accounts_numbered(tx: &mut dyn Tx, numbers: &[i64]) -> Result<Vec<Known>, TxError> {
    let keys: Vec<Value<'_>> = numbers.iter().map(|number| (*number).into()).collect();
    tx.query_each(SELECT_ACCOUNT_NUMBERED, &keys)?.iter().map(known_row).collect()
}

pub(crate) fn account_called(tx: &mut dyn Tx, reference: &str) -> Result<Option<Known>, TxError> {
    tx.first(SELECT_ACCOUNT_CALLED, &[reference.into()])?.as_ref().map(known_row).transpose()
}

pub(crate) fn accounts(tx: &mut dyn Tx) -> Result<Vec<Known>, TxError> {
    tx.query(SELECT_ACCOUNTS, &[])?.iter().map(known_row).collect()
}

fn known_row(row: &Row) -> Result<Known, TxError> {
    let kind = AccountKind::of(&row.get::<String>(2)?).ok_or_else(|| TxError::Type("an account's kind".to_owned()))?;
    let bound = row.get::<String>(5)?;
    let bound = Bound::ALL.into_iter().find(|one| one.code() == bound);
    // An account that was never booked on has no balances yet.
    let number = |place| Ok::<i64, TxError>(row.get::<Option<i64>>(place)?.unwrap_or(0));
    let balances = Balances {
        debits_posted: number(8)?,
        credits_posted: number(9)?,
        debits_pending: number(10)?,
        credits_pending: number(11)?,
        last_seq: number(12)?,
        transfers: number(13)?,
    };
    let account = Account {
        id: row.get(0)?,
        reference: row.get(1)?,
        kind,
        currency: currency(row, 3)?,
        name: row.get(4)?,
        bound: bound.ok_or_else(|| TxError::Type("an account's bound".to_owned()))?,
        is_closed: row.get::<Option<i64>>(6)?.is_some(),
        debits_posted: balances.debits_posted,
        credits_posted: balances.credits_posted,
        debits_pending: balances.debits_pending,
        credits_pending: balances.credits_pending,
    };
    Ok(Known::new(account, row.get(7)?, balances))
}

pub(crate) fn currency(row: &Row, place: usize) -> Result<Currency, TxError> {
    Currency::parse(&row.get::<String>(place)?).map_err(|error| TxError::Type(error.to_string()))
}

const SELECT_LAST_NUMBER: &str = "SELECT CAST(COALESCE(MAX(number), 0) AS BIGINT) FROM payments_account";

pub(crate) fn last_account_number(tx: &mut dyn Tx) -> Result<i64, TxError> {
    tx.first(SELECT_LAST_NUMBER, &[])?.map_or(Ok(0), |row| row.get(0))
}

const SELECT_BROUGHT: &str = "
    SELECT number, brought_debits, brought_credits FROM payments_account
    WHERE brought_debits <> 0 OR brought_credits <> 0";

/// What accounts had before the sequence began: number, debits, credits.
pub(crate) fn brought_forward(tx: &mut dyn Tx) -> Result<Vec<(i64, i64, i64)>, TxError> {
    tx.query(SELECT_BROUGHT, &[])?.iter().map(|row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).collect()
}

const WRITE_BALANCES: &str = "
    INSERT INTO payments_balance
        (account, debits_posted, credits_posted, debits_pending, credits_pending, last_seq, transfers)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (account) DO UPDATE SET debits_posted = excluded.debits_posted,
        credits_posted = excluded.credits_posted, debits_pending = excluded.debits_pending,
        credits_pending = excluded.credits_pending, last_seq = excluded.last_seq, transfers = excluded.transfers";

pub(crate) fn write_balances<'a>(
    tx: &mut dyn Tx,
    balances: impl Iterator<Item = (i64, &'a Balances)>,
) -> Result<(), TxError> {
    let rows: Vec<[Value<'_>; 7]> = balances
        .map(|(account, of)| {
            [
                account.into(),
                of.debits_posted.into(),
                of.credits_posted.into(),
                of.debits_pending.into(),
                of.credits_pending.into(),
                of.last_seq.into(),
                of.transfers.into(),
            ]
        })
        .collect();
    let rows: Vec<&[Value<'_>]> = rows.iter().map(<[Value<'_>; 7]>::as_slice).collect();
    tx.insert(WRITE_BALANCES, &rows)
}

const INSERT_SNAPSHOT: &str = "
    INSERT INTO payments_snapshot
        (account, seq, debits_posted, credits_posted, debits_pending, credits_pending, last_seq)
    VALUES ($1, $2, $3, $4, $5, $6, $7)";

pub(crate) fn insert_snapshot(tx: &mut dyn Tx, account: i64, seq: i64, of: &Balances) -> Result<(), TxError> {
    let args = [
        account.into(),
        seq.into(),
        of.debits_posted.into(),
        of.credits_posted.into(),
        of.debits_pending.into(),
        of.credits_pending.into(),
        of.last_seq.into(),
    ];
    tx.change(INSERT_SNAPSHOT, &args)
}

const SELECT_SNAPSHOT: &str = "
    SELECT debits_posted, credits_posted, debits_pending, credits_pending, last_seq
    FROM payments_snapshot WHERE account = $1 AND seq >= $2 ORDER BY seq LIMIT 1";

/// The first balances that were noted down at or after a place.
pub(crate) fn snapshot_after(tx: &mut dyn Tx, account: i64, seq: i64) -> Result<Option<Balances>, TxError> {
    let Some(row) = tx.first(SELECT_SNAPSHOT, &[account.into(), seq.into()])? else { return Ok(None) };
    Ok(Some(Balances {
        debits_posted: row.get(0)?,
        credits_posted: row.get(1)?,
        debits_pending: row.get(2)?,
        credits_pending: row.get(3)?,
        last_seq: row.get(4)?,
        transfers: 0,
    }))
}

const INSERT_TRANSFER: &str = "
    INSERT INTO payments_transfer (seq, id, step, debit, credit, amount_minor, of_seq, debit_before, credit_before,
        reference, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

pub(crate) fn insert_transfers(tx: &mut dyn Tx, entries: &[Entry]) -> Result<(), TxError> {
    let rows: Vec<[Value<'_>; 11]> = entries
        .iter()
        .map(|entry| {
            [
                entry.seq.into(),
                (&entry.id).into(),
                entry.does.code().into(),
                entry.debit.into(),
                entry.credit.into(),
                entry.amount.into(),
                entry.of.into(),
                entry.debit_before.into(),
                entry.credit_before.into(),
                (&entry.reference).into(),
                entry.expires_at.into(),
            ]
        })
        .collect();
    let rows: Vec<&[Value<'_>]> = rows.iter().map(<[Value<'_>; 11]>::as_slice).collect();
    tx.insert(INSERT_TRANSFER, &rows)
}

const SELECT_TRANSFER: &str = "
    SELECT seq, id, step, debit, credit, amount_minor, of_seq, debit_before, credit_before, reference, expires_at
    FROM payments_transfer WHERE id = $1";
const SELECT_SETTLING: &str = "
    SELECT seq, id, step, debit, credit, amount_minor, of_seq, debit_before, credit_before, reference, expires_at
    FROM payments_transfer WHERE of_seq = $1";
const SELECT_AT: &str = "
    SELECT seq, id, step, debit, credit, amount_minor, of_seq, debit_before, credit_before, reference, expires_at
    FROM payments_transfer WHERE seq = $1";
const SELECT_AFTER: &str = "
    SELECT seq, id, step, debit, credit, amount_minor, of_seq, debit_before, credit_before, reference, expires_at
    FROM payments_transfer WHERE seq > $1 ORDER BY seq LIMIT $2";
const SELECT_LAPSED: &str = "
    SELECT seq, id, step, debit, credit, amount_minor, of_seq, debit_before, credit_before, reference, expires_at
    FROM payments_transfer held
    WHERE expires_at <= $1
        AND NOT EXISTS (SELECT 1 FROM payments_transfer done WHERE done.of_seq = held.seq)
    ORDER BY expires_at LIMIT $2";
const SELECT_OF_ACCOUNT: &str = "
    WITH RECURSIVE walk (seq, debit, debit_before, credit_before, place) AS (
        SELECT seq, debit, debit_before, credit_before, 1 FROM payments_transfer WHERE seq = $2
        UNION ALL
        SELECT one.seq, one.debit, one.debit_before, one.credit_before, walk.place + 1
        FROM walk JOIN payments_transfer one
            ON one.seq = CASE WHEN walk.debit = $1 THEN walk.debit_before ELSE walk.credit_before END
        WHERE walk.place < $3
    )
    SELECT one.seq, one.id, one.step, one.debit, one.credit, one.amount_minor, one.of_seq, one.debit_before,
        one.credit_before, one.reference, one.expires_at
    FROM walk JOIN payments_transfer one ON one.seq = walk.seq ORDER BY one.seq DESC";

pub(crate) fn transfers_called(tx: &mut dyn Tx, ids: &[[u8; 16]]) -> Result<Vec<Entry>, TxError> {
    let keys: Vec<Value<'_>> = ids.iter().map(Value::from).collect();
    tx.query_each(SELECT_TRANSFER, &keys)?.iter().map(entry_row).collect()
}

/// The transfers that settle these holds.
pub(crate) fn settling(tx: &mut dyn Tx, holds: &[i64]) -> Result<Vec<Entry>, TxError> {
    let keys: Vec<Value<'_>> = holds.iter().map(|seq| (*seq).into()).collect();
    tx.query_each(SELECT_SETTLING, &keys)?.iter().map(entry_row).collect()
}

/// The transfers at these places.
pub(crate) fn transfers_at(tx: &mut dyn Tx, places: &[i64]) -> Result<Vec<Entry>, TxError> {
    let keys: Vec<Value<'_>> = places.iter().map(|seq| (*seq).into()).collect();
    tx.query_each(SELECT_AT, &keys)?.iter().map(entry_row).collect()
}

pub(crate) fn transfers_after(tx: &mut dyn Tx, seq: i64, limit: i64) -> Result<Vec<Entry>, TxError> {
    tx.query(SELECT_AFTER, &[seq.into(), limit.into()])?.iter().map(entry_row).collect()
}

/// Open holds whose time was over at a moment.
pub(crate) fn lapsed(tx: &mut dyn Tx, now: Timestamp, limit: i64) -> Result<Vec<Entry>, TxError> {
    tx.query(SELECT_LAPSED, &[now.into(), limit.into()])?.iter().map(entry_row).collect()
}

/// The transfers on an account from one of them back, the newest first.
pub(crate) fn transfers_of(tx: &mut dyn Tx, account: i64, from: i64, limit: i64) -> Result<Vec<Entry>, TxError> {
    tx.query(SELECT_OF_ACCOUNT, &[account.into(), from.into(), limit.into()])?.iter().map(entry_row).collect()
}

fn entry_row(row: &Row) -> Result<Entry, TxError> {
    let id: Vec<u8> = row.get(1)?;
    Ok(Entry {
        seq: row.get(0)?,
        id: id.try_into().map_err(|_| TxError::Type("a transfer's id".to_owned()))?,
        does: Does::of(row.get(2)?).ok_or_else(|| TxError::Type("a transfer's step".to_owned()))?,
        debit: row.get(3)?,
        credit: row.get(4)?,
        amount: row.get(5)?,
        of: row.get(6)?,
        debit_before: row.get(7)?,
        credit_before: row.get(8)?,
        reference: row.get(9)?,
        expires_at: row.get(10)?,
    })
}

const SUM_DEBITS: &str = "
    SELECT debit, CAST(SUM(amount_minor) AS BIGINT) FROM payments_transfer
    WHERE seq > $1 AND seq <= $2 AND step IN (1, 3, 6) GROUP BY debit";
const SUM_CREDITS: &str = "
    SELECT credit, CAST(SUM(amount_minor) AS BIGINT) FROM payments_transfer
    WHERE seq > $1 AND seq <= $2 AND step IN (1, 3, 6) GROUP BY credit";

/// What was posted after one place up to another: the debits of each account, and its credits.
pub(crate) fn posted_between(tx: &mut dyn Tx, after: i64, to: i64) -> Result<[Vec<(i64, i64)>; 2], TxError> {
    let mut sum = |sql| -> Result<Vec<(i64, i64)>, TxError> {
        tx.query(sql, &[after.into(), to.into()])?.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
    };
    Ok([sum(SUM_DEBITS)?, sum(SUM_CREDITS)?])
}

const INSERT_MARK: &str = "INSERT INTO payments_mark (seq, kind, subject) VALUES ($1, $2, $3)";

pub(crate) fn insert_marks(tx: &mut dyn Tx, marks: &[Mark]) -> Result<(), TxError> {
    let rows: Vec<[Value<'_>; 3]> =
        marks.iter().map(|mark| [mark.seq.into(), (&mark.kind).into(), (&mark.subject).into()]).collect();
    let rows: Vec<&[Value<'_>]> = rows.iter().map(<[Value<'_>; 3]>::as_slice).collect();
    tx.insert(INSERT_MARK, &rows)
}

const SELECT_MARKS: &str = "
    SELECT seq, kind, subject FROM payments_mark WHERE seq > $1 AND seq <= $2 ORDER BY seq";

pub(crate) fn marks_between(tx: &mut dyn Tx, after: i64, to: i64) -> Result<Vec<Mark>, TxError> {
    let rows = tx.query(SELECT_MARKS, &[after.into(), to.into()])?;
    rows.iter().map(|row| Ok(Mark { seq: row.get(0)?, kind: row.get(1)?, subject: row.get(2)? })).collect()
}

const SELECT_LAST_MARK: &str = "SELECT CAST(COALESCE(MAX(seq), 0) AS BIGINT) FROM payments_mark WHERE kind = $1";

pub(crate) fn last_mark(tx: &mut dyn Tx, kind: &str) -> Result<i64, TxError> {
    tx.first(SELECT_LAST_MARK, &[kind.into()])?.map_or(Ok(0), |row| row.get(0))
}

const INSERT_BATCH: &str =
    "INSERT INTO payments_batch (number, first_seq, last_seq, at, hash) VALUES ($1, $2, $3, $4, $5)";

pub(crate) fn insert_batch(tx: &mut dyn Tx, first_seq: i64, head: &Head) -> Result<(), TxError> {
    let args = [head.batch.into(), first_seq.into(), head.seq.into(), head.at.into(), (&head.hash).into()];
    tx.change(INSERT_BATCH, &args)
}

const SELECT_HEAD: &str = "SELECT number, last_seq, at, hash FROM payments_batch ORDER BY number DESC LIMIT 1";
const SELECT_BATCHES: &str =
    "SELECT number, last_seq, at, hash FROM payments_batch WHERE number > $1 ORDER BY number LIMIT $2";
const SELECT_BATCH_HOLDING: &str =
    "SELECT number, last_seq, at, hash FROM payments_batch WHERE last_seq >= $1 ORDER BY last_seq LIMIT 1";
const SELECT_BATCH_BY: &str =
    "SELECT number, last_seq, at, hash FROM payments_batch WHERE at <= $1 ORDER BY at DESC, number DESC LIMIT 1";

pub(crate) fn head(tx: &mut dyn Tx) -> Result<Head, TxError> {
    Ok(tx.first(SELECT_HEAD, &[])?.as_ref().map(head_row).transpose()?.unwrap_or(Head::NONE))
}

pub(crate) fn batches_after(tx: &mut dyn Tx, batch: i64, limit: i64) -> Result<Vec<Head>, TxError> {
    tx.query(SELECT_BATCHES, &[batch.into(), limit.into()])?.iter().map(head_row).collect()
}

/// The batch that holds a place of the sequence.
pub(crate) fn batch_holding(tx: &mut dyn Tx, seq: i64) -> Result<Option<Head>, TxError> {
    tx.first(SELECT_BATCH_HOLDING, &[seq.into()])?.as_ref().map(head_row).transpose()
}

/// The last batch at or before a moment.
pub(crate) fn batch_by(tx: &mut dyn Tx, moment: Timestamp) -> Result<Option<Head>, TxError> {
    tx.first(SELECT_BATCH_BY, &[moment.into()])?.as_ref().map(head_row).transpose()
}

fn head_row(row: &Row) -> Result<Head, TxError> {
    let hash: Vec<u8> = row.get(3)?;
    let hash = hash.try_into().map_err(|_| TxError::Type("a batch's hash".to_owned()))?;
    Ok(Head { batch: row.get(0)?, seq: row.get(1)?, at: row.get(2)?, hash })
}
