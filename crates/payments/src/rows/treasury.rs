//! SQL of the treasury's desk.

use spine::{Date, Localised, Money, Row, Timestamp, Tx, TxError};

use super::ledger::currency;
use crate::treasury::{DayState, Exception, ExceptionId, ExceptionKind, ExceptionState, Reconciliation, Revenue};

fn odd(what: &str) -> TxError {
    TxError::Type(what.to_owned())
}

fn day(row: &Row, place: usize) -> Result<Date, TxError> {
    row.get::<String>(place)?.parse().map_err(|_| odd("a day"))
}

const PUT: &str = "
    INSERT INTO payments_reconciliation
        (rail, day, currency, state, ledger_minor, rail_minor, matched, elsewhere, exceptions, runs, run_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    ON CONFLICT (rail, day) DO UPDATE SET state = $4, ledger_minor = $5, rail_minor = $6, matched = $7, elsewhere = $8,
        exceptions = $9, runs = $10, run_at = $11";

pub(crate) fn put(tx: &mut dyn Tx, done: &Reconciliation) -> Result<(), TxError> {
    let currency = done.ledger.currency();
    let args = [
        (&done.rail).into(),
        done.day.to_string().into(),
        currency.code().into(),
        done.state.code().into(),
        done.ledger.minor().into(),
        done.told.minor().into(),
        done.matched.into(),
        done.elsewhere.into(),
        done.exceptions.into(),
        done.runs.into(),
        done.run_at.into(),
    ];
    tx.change(PUT, &args)
}

const SELECT: &str = "
    SELECT rail, day, currency, state, ledger_minor, rail_minor, matched, elsewhere, exceptions, runs, run_at
    FROM payments_reconciliation WHERE rail = $1 AND day = $2";

pub(crate) fn reconciliation(tx: &mut dyn Tx, rail: &str, of: Date) -> Result<Option<Reconciliation>, TxError> {
    let Some(row) = tx.first(SELECT, &[rail.into(), of.to_string().into()])? else { return Ok(None) };
    let of = currency(&row, 2)?;
    Ok(Some(Reconciliation {
        rail: row.get(0)?,
        day: day(&row, 1)?,
        state: DayState::of(&row.get::<String>(3)?).ok_or_else(|| odd("a day's state"))?,
        ledger: Money::new(row.get(4)?, of),
        told: Money::new(row.get(5)?, of),
        matched: row.get(6)?,
        elsewhere: row.get(7)?,
        exceptions: row.get(8)?,
        runs: row.get(9)?,
        run_at: row.get(10)?,
    }))
}

const SET_OPEN: &str = "
    UPDATE payments_reconciliation
    SET exceptions = CAST($3 AS BIGINT), state = CASE WHEN CAST($3 AS BIGINT) > 0 THEN 'differs' WHEN state = 'waiting' THEN state ELSE 'agrees' END
    WHERE rail = $1 AND day = $2";

pub(crate) fn set_open(tx: &mut dyn Tx, rail: &str, of: Date, open: i64) -> Result<(), TxError> {
    tx.change(SET_OPEN, &[rail.into(), of.to_string().into(), open.into()])
}

const PUT_EXCEPTION: &str = "
    INSERT INTO payments_exception
        (id, rail, day, kind, subject, comes_in, currency, ledger_minor, rail_minor, state, owner, found_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'open', $10, $11)
    ON CONFLICT (rail, subject, comes_in) DO UPDATE SET day = $3, kind = $4, ledger_minor = $8, rail_minor = $9,
        state = 'open', reason = NULL, note = NULL, ended_at = NULL, found_at = $11";

pub(crate) fn put_exception(tx: &mut dyn Tx, new: &Exception) -> Result<(), TxError> {
    let currency = new.ledger.currency();
    let args = [
        new.id.into(),
        (&new.rail).into(),
        new.day.to_string().into(),
        new.kind.code().into(),
        (&new.subject).into(),
        new.comes_in.into(),
        currency.code().into(),
        new.ledger.minor().into(),
        new.told.minor().into(),
        new.owner.as_deref().into(),
        new.found_at.into(),
    ];
    tx.change(PUT_EXCEPTION, &args)
}

const SELECT_EXCEPTION: &str = "
    SELECT id, rail, day, kind, subject, comes_in, currency, ledger_minor, rail_minor, state, owner, reason, note, found_at
    FROM payments_exception WHERE id = $1";
const SELECT_OF_DAY: &str = "
    SELECT id, rail, day, kind, subject, comes_in, currency, ledger_minor, rail_minor, state, owner, reason, note, found_at
    FROM payments_exception WHERE rail = $1 AND day = $2 ORDER BY id";
const SELECT_OPEN: &str = "
    SELECT id, rail, day, kind, subject, comes_in, currency, ledger_minor, rail_minor, state, owner, reason, note, found_at
    FROM payments_exception WHERE state = 'open' ORDER BY id LIMIT $1";

fn read(row: &Row) -> Result<Exception, TxError> {
    let of = currency(row, 6)?;
    Ok(Exception {
        id: row.get(0)?,
        rail: row.get(1)?,
        day: day(row, 2)?,
        kind: ExceptionKind::of(&row.get::<String>(3)?).ok_or_else(|| odd("an exception's kind"))?,
        subject: row.get(4)?,
        comes_in: row.get::<i64>(5)? != 0,
        ledger: Money::new(row.get(7)?, of),
        told: Money::new(row.get(8)?, of),
        state: ExceptionState::of(&row.get::<String>(9)?).ok_or_else(|| odd("an exception's state"))?,
        owner: row.get(10)?,
        reason: row.get(11)?,
        note: row.get(12)?,
        found_at: row.get(13)?,
    })
}

pub(crate) fn exception(tx: &mut dyn Tx, id: ExceptionId) -> Result<Option<Exception>, TxError> {
    tx.first(SELECT_EXCEPTION, &[id.into()])?.as_ref().map(read).transpose()
}

/// The exceptions of a day, however they stand.
pub(crate) fn exceptions_of(tx: &mut dyn Tx, rail: &str, of: Date) -> Result<Vec<Exception>, TxError> {
    tx.query(SELECT_OF_DAY, &[rail.into(), of.to_string().into()])?.iter().map(read).collect()
}

/// Those that nobody has explained, the oldest first.
pub(crate) fn open_exceptions(tx: &mut dyn Tx, limit: i64) -> Result<Vec<Exception>, TxError> {
    tx.query(SELECT_OPEN, &[limit.into()])?.iter().map(read).collect()
}

const SELECT_OPEN_DAYS: &str = "
    SELECT DISTINCT day FROM payments_exception WHERE rail = $1 AND state = 'open' ORDER BY day DESC LIMIT 62";

/// The days of a rail on which something is open, the latest first.
pub(crate) fn open_days(tx: &mut dyn Tx, rail: &str) -> Result<Vec<Date>, TxError> {
    tx.query(SELECT_OPEN_DAYS, &[rail.into()])?.iter().map(|row| day(row, 0)).collect()
}

const CLEAR: &str = "UPDATE payments_exception SET state = 'cleared', ended_at = $2 WHERE id = $1";
const SET_OWNER: &str = "UPDATE payments_exception SET owner = $2 WHERE id = $1";
const EXPLAIN: &str = "
    UPDATE payments_exception SET state = 'explained', owner = $2, reason = $3, note = $4, ended_at = $5 WHERE id = $1";

pub(crate) fn clear(tx: &mut dyn Tx, id: ExceptionId, now: Timestamp) -> Result<(), TxError> {
    tx.change(CLEAR, &[id.into(), now.into()])
}

pub(crate) fn set_owner(tx: &mut dyn Tx, id: ExceptionId, owner: &str) -> Result<(), TxError> {
    tx.change(SET_OWNER, &[id.into(), owner.into()])
}

pub(crate) fn explain(
    tx: &mut dyn Tx,
    id: ExceptionId,
    (owner, reason, note): (&str, &str, &str),
    now: Timestamp,
) -> Result<(), TxError> {
    tx.change(EXPLAIN, &[id.into(), owner.into(), reason.into(), note.into(), now.into()])
}

const SUM_SUSPENSE: &str = "
    SELECT currency, COUNT(*), CAST(SUM(amount_minor) AS BIGINT) FROM (
        SELECT currency, amount_minor FROM payments_payment
        WHERE state IN ('refunding', 'review') AND received_at >= $1 AND received_at < $2
        UNION ALL
        SELECT currency, amount_minor FROM payments_arrival
        WHERE state IN ('waiting', 'returning') AND received_at >= $1 AND received_at < $2) suspended
    GROUP BY currency ORDER BY currency";

/// How much came into suspense between two moments and is there still: how many, and how much of each currency.
pub(crate) fn suspended(tx: &mut dyn Tx, from: Timestamp, to: Timestamp) -> Result<Vec<(i64, Money)>, TxError> {
    let rows = tx.query(SUM_SUSPENSE, &[from.into(), to.into()])?;
    rows.iter().map(|row| Ok((row.get(1)?, Money::new(row.get(2)?, currency(row, 0)?)))).collect()
}

const SUM_REVENUE: &str = "
    SELECT reference, description, wallet, channel, currency, COUNT(*), CAST(SUM(amount_minor) AS BIGINT) FROM (
        SELECT a.reference, r.description, p.wallet, COALESCE(t.channel, 'unknown') AS channel, p.currency, r.amount_minor
        FROM payments_payment p JOIN payments_attempt t ON t.id = p.attempt
            JOIN payments_request r ON r.id = p.request JOIN payments_account a ON a.id = r.account
        WHERE p.state = 'applied' AND p.received_at >= $1 AND p.received_at < $2 AND r.bill IS NULL AND a.kind = 'income'
        UNION ALL
        SELECT a.reference, r.description, p.wallet, COALESCE(t.channel, 'unknown') AS channel, p.currency, b.amount_minor
        FROM payments_payment p JOIN payments_attempt t ON t.id = p.attempt
            JOIN payments_request r ON r.id = p.request
            JOIN payments_bill_part b ON b.request = r.id
            JOIN payments_bill_share s ON s.bill = r.bill AND s.place = b.place
            JOIN payments_account a ON a.id = s.account
        WHERE p.state = 'applied' AND p.received_at >= $1 AND p.received_at < $2 AND a.kind = 'income') paid
    GROUP BY reference, description, wallet, channel, currency
    ORDER BY reference, description, wallet, channel, currency LIMIT $3";

/// What was paid between two moments to accounts of income: by account, by what for, by rail, by channel. What a bill divides
/// stands with each of its beneficiaries.
pub(crate) fn revenue(tx: &mut dyn Tx, from: Timestamp, to: Timestamp, limit: i64) -> Result<Vec<Revenue>, TxError> {
    let read = |row: &Row| {
        let service: Localised = serde_json::from_value(row.get(1)?).map_err(|_| odd("what a request is for"))?;
        Ok(Revenue {
            account: row.get(0)?,
            service,
            rail: row.get(2)?,
            channel: row.get(3)?,
            place: None,
            payments: row.get(5)?,
            amount: Money::new(row.get(6)?, currency(row, 4)?),
        })
    };
    tx.query(SUM_REVENUE, &[from.into(), to.into(), limit.into()])?.iter().map(read).collect()
}

const SELECT_INCOMES: &str = "
    SELECT reference FROM payments_account WHERE kind = 'income' AND reference LIKE 'income:%' ORDER BY reference";

/// What the accounts of income are called.
pub(crate) fn incomes(tx: &mut dyn Tx) -> Result<Vec<String>, TxError> {
    tx.query(SELECT_INCOMES, &[])?.iter().map(|row| row.get(0)).collect()
}
