//! SQL of money that named no request, and of what rails say moved on their side.

use spine::{Currency, Date, Money, Row, Timestamp, Tx, TxError};

use super::ledger::currency;
use crate::gateway::arrive::{Arrival, ArrivalId, ArrivalState};
use crate::gateway::model::RequestId;
use crate::rails::banking::line::{Did, RailLine, RailLineId, RailStatement};

fn odd(what: &str) -> TxError {
    TxError::Type(what.to_owned())
}

fn day(row: &Row, place: usize) -> Result<Date, TxError> {
    row.get::<String>(place)?.parse().map_err(|_| odd("a day"))
}

const INSERT: &str = "
    INSERT INTO payments_arrival (id, rail, reference, amount_minor, currency, said, state, received_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

pub(crate) fn insert(tx: &mut dyn Tx, new: &Arrival) -> Result<(), TxError> {
    let currency = new.amount.currency();
    let args = [
        new.id.into(),
        (&new.rail).into(),
        (&new.reference).into(),
        new.amount.minor().into(),
        currency.code().into(),
        (&new.said).into(),
        new.state.code().into(),
        new.received_at.into(),
    ];
    tx.change(INSERT, &args)
}

const SELECT: &str = "
    SELECT id, rail, reference, amount_minor, currency, said, state, request, received_at
    FROM payments_arrival WHERE id = $1";
const SELECT_CALLED: &str = "
    SELECT id, rail, reference, amount_minor, currency, said, state, request, received_at
    FROM payments_arrival WHERE rail = $1 AND reference = $2";
fn read(row: &Row) -> Result<Arrival, TxError> {
    Ok(Arrival {
        id: row.get(0)?,
        rail: row.get(1)?,
        reference: row.get(2)?,
        amount: Money::new(row.get(3)?, currency(row, 4)?),
        said: row.get(5)?,
        state: ArrivalState::of(&row.get::<String>(6)?).ok_or_else(|| odd("an arrival's state"))?,
        request: row.get(7)?,
        received_at: row.get(8)?,
    })
}

pub(crate) fn find(tx: &mut dyn Tx, id: ArrivalId) -> Result<Option<Arrival>, TxError> {
    tx.first(SELECT, &[id.into()])?.as_ref().map(read).transpose()
}

pub(crate) fn called(tx: &mut dyn Tx, rail: &str, reference: &str) -> Result<Option<Arrival>, TxError> {
    tx.first(SELECT_CALLED, &[rail.into(), reference.into()])?.as_ref().map(read).transpose()
}

const SET: &str =
    "UPDATE payments_arrival SET state = $2, request = COALESCE($3, request), settled_at = $4 WHERE id = $1";

pub(crate) fn set(
    tx: &mut dyn Tx,
    id: ArrivalId,
    state: ArrivalState,
    request: Option<RequestId>,
    settled_at: Option<Timestamp>,
) -> Result<(), TxError> {
    tx.change(SET, &[id.into(), state.code().into(), request.into(), settled_at.into()])
}

const SUM_ARRIVED: &str = "
    SELECT rail, currency, state, CAST(SUM(amount_minor) AS BIGINT) FROM payments_arrival
    WHERE state <> 'applied' GROUP BY rail, currency, state";

/// What arrived on each rail and named no request, by what became of it.
pub(crate) fn arrived(tx: &mut dyn Tx) -> Result<Vec<(String, String, ArrivalState, i64)>, TxError> {
    let read = |row: &Row| {
        let state = ArrivalState::of(&row.get::<String>(2)?).ok_or_else(|| odd("an arrival's state"))?;
        Ok((row.get(0)?, row.get(1)?, state, row.get(3)?))
    };
    tx.query(SUM_ARRIVED, &[])?.iter().map(read).collect()
}

const INSERT_LINE: &str = "
    INSERT INTO payments_rail_line
        (id, rail, reference, day, direction, amount_minor, currency, did, ours, source, heard_at,
         end_to_end)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";

pub(crate) fn insert_line(tx: &mut dyn Tx, line: &RailLine) -> Result<(), TxError> {
    let currency = line.amount.currency();
    let args = [
        line.id.into(),
        (&line.rail).into(),
        (&line.reference).into(),
        line.day.to_string().into(),
        (if line.comes_in { "in" } else { "out" }).into(),
        line.amount.minor().into(),
        currency.code().into(),
        line.did.code().into(),
        line.ours.as_deref().into(),
        (&line.source).into(),
        line.heard_at.into(),
        line.end_to_end.as_deref().into(),
    ];
    tx.change(INSERT_LINE, &args)
}

const SELECT_LINE: &str = "
    SELECT id, rail, reference, day, direction, amount_minor, currency, did, ours, source, heard_at,
        end_to_end
    FROM payments_rail_line WHERE rail = $1 AND reference = $2";
fn read_line(row: &Row) -> Result<RailLine, TxError> {
    Ok(RailLine {
        id: row.get(0)?,
        rail: row.get(1)?,
        reference: row.get(2)?,
        day: day(row, 3)?,
        comes_in: row.get::<String>(4)? == "in",
        amount: Money::new(row.get(5)?, currency(row, 6)?),
        did: Did::of(&row.get::<String>(7)?).ok_or_else(|| odd("what a line did"))?,
        ours: row.get(8)?,
        source: row.get(9)?,
        heard_at: row.get(10)?,
        end_to_end: row.get(11)?,
    })
}

pub(crate) fn line(tx: &mut dyn Tx, rail: &str, reference: &str) -> Result<Option<RailLine>, TxError> {
    tx.first(SELECT_LINE, &[rail.into(), reference.into()])?.as_ref().map(read_line).transpose()
}

const SUM_SETTLED: &str = "
    SELECT rail, ours, currency, CAST(SUM(amount_minor) AS BIGINT) FROM payments_rail_line
    WHERE did = 'settlement' GROUP BY rail, ours, currency";

/// What each wallet has settled to our bank: the bank's account, the wallet's, the currency, minor units.
pub(crate) fn settled(tx: &mut dyn Tx) -> Result<Vec<(String, String, Currency, i64)>, TxError> {
    let rows = tx.query(SUM_SETTLED, &[])?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?, currency(row, 2)?, row.get(3)?))).collect()
}

const SUM_KEPT: &str = "
    SELECT rail, CAST(SUM(amount_minor) AS BIGINT) FROM payments_rail_line
    WHERE did = 'payment' AND rail LIKE 'acquirer:%' GROUP BY rail";

/// What each acquirer has kept for its work.
pub(crate) fn kept(tx: &mut dyn Tx) -> Result<Vec<(String, i64)>, TxError> {
    tx.query(SUM_KEPT, &[])?.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

const INSERT_STATEMENT: &str = "
    INSERT INTO payments_rail_statement
        (id, rail, reference, day, currency, opening_minor, closing_minor, lines, heard_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (rail, reference) DO NOTHING";

/// Keeps a statement; whether it is new.
pub(crate) fn insert_statement(tx: &mut dyn Tx, new: &RailStatement) -> Result<bool, TxError> {
    let args = [
        new.id.into(),
        (&new.rail).into(),
        (&new.reference).into(),
        new.day.to_string().into(),
        new.currency.code().into(),
        new.opening_minor.into(),
        new.closing_minor.into(),
        new.lines.into(),
        new.heard_at.into(),
    ];
    Ok(tx.execute(INSERT_STATEMENT, &args)? == 1)
}

const SELECT_OPEN: &str = "
    SELECT id, rail, reference, amount_minor, currency, said, state, request, received_at
    FROM payments_arrival WHERE state IN ('waiting', 'returning') ORDER BY id LIMIT $1";

/// Those that wait or are on their way back, oldest first.
pub(crate) fn open(tx: &mut dyn Tx, limit: i64) -> Result<Vec<Arrival>, TxError> {
    tx.query(SELECT_OPEN, &[limit.into()])?.iter().map(read).collect()
}

const SELECT_LINES: &str = "
    SELECT id, rail, reference, day, direction, amount_minor, currency, did, ours, source, heard_at,
        end_to_end
    FROM payments_rail_line WHERE rail = $1 AND day = $2 ORDER BY id";

/// Everything a rail says moved on a day.
pub(crate) fn lines(tx: &mut dyn Tx, rail: &str, day: Date) -> Result<Vec<RailLine>, TxError> {
    tx.query(SELECT_LINES, &[rail.into(), day.to_string().into()])?.iter().map(read_line).collect()
}

const SELECT_STATEMENTS: &str = "
    SELECT id, rail, reference, day, currency, opening_minor, closing_minor, lines, heard_at
    FROM payments_rail_statement WHERE rail = $1 AND day = $2 ORDER BY id";

/// The statements of a rail about a day.
pub(crate) fn statements(tx: &mut dyn Tx, rail: &str, of: Date) -> Result<Vec<RailStatement>, TxError> {
    let read = |row: &Row| {
        Ok(RailStatement {
            id: row.get(0)?,
            rail: row.get(1)?,
            reference: row.get(2)?,
            day: day(row, 3)?,
            currency: currency(row, 4)?,
            opening_minor: row.get(5)?,
            closing_minor: row.get(6)?,
            lines: row.get(7)?,
            heard_at: row.get(8)?,
        })
    };
    tx.query(SELECT_STATEMENTS, &[rail.into(), of.to_string().into()])?.iter().map(read).collect()
}

const SELECT_LINE_OF: &str = "
    SELECT id, rail, reference, day, direction, amount_minor, currency, did, ours, source, heard_at,
        end_to_end
    FROM payments_rail_line WHERE id = $1";
const SELECT_LINE_TO: &str = "
    SELECT id, rail, reference, day, direction, amount_minor, currency, did, ours, source, heard_at,
        end_to_end
    FROM payments_rail_line WHERE end_to_end = $1 ORDER BY id LIMIT 1";
const SELECT_LINE_ABOUT: &str = "
    SELECT id, rail, reference, day, direction, amount_minor, currency, did, ours, source, heard_at,
        end_to_end
    FROM payments_rail_line WHERE rail = $1 AND end_to_end = $2 AND direction = $3 ORDER BY id LIMIT 1";

pub(crate) fn line_of(tx: &mut dyn Tx, id: RailLineId) -> Result<Option<RailLine>, TxError> {
    tx.first(SELECT_LINE_OF, &[id.into()])?.as_ref().map(read_line).transpose()
}

/// The line with this end-to-end identifier, on whichever rail.
pub(crate) fn line_to(tx: &mut dyn Tx, end_to_end: &str) -> Result<Option<RailLine>, TxError> {
    tx.first(SELECT_LINE_TO, &[end_to_end.into()])?.as_ref().map(read_line).transpose()
}

/// The line of a rail about a payment of ours.
pub(crate) fn line_about(tx: &mut dyn Tx, rail: &str, ours: &str, comes_in: bool) -> Result<Option<RailLine>, TxError> {
    let direction = if comes_in { "in" } else { "out" };
    tx.first(SELECT_LINE_ABOUT, &[rail.into(), ours.into(), direction.into()])?.as_ref().map(read_line).transpose()
}
