//! SQL of transfers.

use spine::{Money, Row, Timestamp, Tx, TxError, Value};

use super::currency;
use crate::model::{Bulk, Transfer, TransferKind, TransferState};

const INSERT: &str = "
    INSERT INTO switch_transfer (id, kind, payer, payee, amount_minor, currency, state, request_hash, condition, hold,
        error, settlement_window, bulk, expires_at, prepared_at, completed_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";

/// Adds a transfer at the end of the unit; nothing in it may read it.
pub(crate) fn append(tx: &mut dyn Tx, new: Transfer) {
    let args: Vec<Value<'static>> = vec![
        new.id.into(),
        new.kind.code().into(),
        new.payer.into(),
        new.payee.into(),
        new.amount.minor().into(),
        new.amount.currency().code().to_owned().into(),
        new.state.code().into(),
        new.request_hash.into(),
        new.condition.into(),
        new.hold.into(),
        new.error.into(),
        new.window.into(),
        new.bulk.into(),
        new.expires_at.into(),
        new.prepared_at.into(),
        new.completed_at.into(),
    ];
    tx.append(INSERT, args);
}

const ONE: &str = "
    SELECT id, kind, payer, payee, amount_minor, currency, state, request_hash, condition, hold, fulfilment, answer_hash,
        error, settlement_window, bulk, expires_at, prepared_at, completed_at
    FROM switch_transfer WHERE id = $1";

fn read(row: &Row) -> Result<Transfer, TxError> {
    let odd = |what: &str| TxError::Type(format!("the {what} of a transfer"));
    Ok(Transfer {
        id: row.get(0)?,
        kind: TransferKind::of(&row.get::<String>(1)?).ok_or_else(|| odd("kind"))?,
        payer: row.get(2)?,
        payee: row.get(3)?,
        amount: Money::new(row.get(4)?, currency(row, 5)?),
        state: TransferState::of(&row.get::<String>(6)?).ok_or_else(|| odd("state"))?,
        request_hash: row.get(7)?,
        condition: row.get(8)?,
        hold: row.get(9)?,
        fulfilment: row.get(10)?,
        answer_hash: row.get(11)?,
        error: row.get(12)?,
        window: row.get(13)?,
        bulk: row.get(14)?,
        expires_at: row.get(15)?,
        prepared_at: row.get(16)?,
        completed_at: row.get(17)?,
    })
}

pub(crate) fn find(tx: &mut dyn Tx, id: &str) -> Result<Option<Transfer>, TxError> {
    tx.first(ONE, &[id.into()])?.as_ref().map(read).transpose()
}

const END: &str = "
    UPDATE switch_transfer SET state = $2, fulfilment = $3, answer_hash = $4, error = $5, settlement_window = $6,
        completed_at = $7
    WHERE id = $1 AND state = 'RESERVED'";

/// Ends a transfer that is reserved.
pub(crate) fn end(tx: &mut dyn Tx, ended: &Transfer) -> Result<u64, TxError> {
    let args = [
        (&ended.id).into(),
        ended.state.code().into(),
        ended.fulfilment.as_deref().into(),
        ended.answer_hash.as_deref().into(),
        ended.error.as_deref().into(),
        ended.window.into(),
        ended.completed_at.into(),
    ];
    tx.execute(END, &args)
}

const OVERDUE: &str = "
    SELECT id FROM switch_transfer WHERE state = 'RESERVED' AND expires_at <= $1 ORDER BY expires_at LIMIT $2";

pub(crate) fn overdue(tx: &mut dyn Tx, now: Timestamp, limit: i64) -> Result<Vec<String>, TxError> {
    tx.query(OVERDUE, &[now.into(), limit.into()])?.iter().map(|row| row.get(0)).collect()
}

const OF_BULK: &str = "
    SELECT id, kind, payer, payee, amount_minor, currency, state, request_hash, condition, hold, fulfilment, answer_hash,
        error, settlement_window, bulk, expires_at, prepared_at, completed_at
    FROM switch_transfer WHERE bulk = $1 ORDER BY id";

pub(crate) fn of_bulk(tx: &mut dyn Tx, bulk: &str) -> Result<Vec<Transfer>, TxError> {
    tx.query(OF_BULK, &[bulk.into()])?.iter().map(read).collect()
}

const INSERT_BULK: &str = "
    INSERT INTO switch_bulk (id, payer, payee, request_hash, state, prepared_at) VALUES ($1, $2, $3, $4, $5, $6)";
const BULK: &str =
    "SELECT id, payer, payee, request_hash, state, prepared_at, completed_at FROM switch_bulk WHERE id = $1";
const END_BULK: &str = "UPDATE switch_bulk SET state = $2, completed_at = $3 WHERE id = $1 AND state = 'ACCEPTED'";

pub(crate) fn insert_bulk(tx: &mut dyn Tx, new: &Bulk) -> Result<(), TxError> {
    let args = [
        (&new.id).into(),
        (&new.payer).into(),
        (&new.payee).into(),
        (&new.request_hash).into(),
        (&new.state).into(),
        new.prepared_at.into(),
    ];
    tx.change(INSERT_BULK, &args)
}

pub(crate) fn bulk(tx: &mut dyn Tx, id: &str) -> Result<Option<Bulk>, TxError> {
    let Some(row) = tx.first(BULK, &[id.into()])? else { return Ok(None) };
    Ok(Some(Bulk {
        id: row.get(0)?,
        payer: row.get(1)?,
        payee: row.get(2)?,
        request_hash: row.get(3)?,
        state: row.get(4)?,
        prepared_at: row.get(5)?,
        completed_at: row.get(6)?,
    }))
}

pub(crate) fn end_bulk(tx: &mut dyn Tx, id: &str, state: &str, now: Timestamp) -> Result<u64, TxError> {
    tx.execute(END_BULK, &[id.into(), state.into(), now.into()])
}

const ANY: &str = "SELECT id FROM switch_transfer WHERE kind = 'transfer' LIMIT 1";

/// Whether there ever was one.
pub(crate) fn any(tx: &mut dyn Tx) -> Result<bool, TxError> {
    Ok(tx.first(ANY, &[])?.is_some())
}
