//! SQL of fees that go back.

use spine::{Money, Row, Timestamp, Tx, TxError};

use super::ledger::currency;
use crate::gateway::model::{RequestId, Return, ReturnId, ReturnState};
use crate::ledger::TransferId;

const INSERT: &str = "
    INSERT INTO payments_return (id, request, payment, amount_minor, state, made_at)
    VALUES ($1, $2, $3, $4, $5, $6)";

pub(crate) fn insert(tx: &mut dyn Tx, new: &Return) -> Result<(), TxError> {
    let args = [
        new.id.into(),
        new.request.into(),
        new.payment.into(),
        new.amount.minor().into(),
        new.state.code().into(),
        new.made_at.into(),
    ];
    tx.change(INSERT, &args)
}

const SELECT: &str = "
    SELECT r.id, r.request, r.payment, p.wallet, p.wallet_reference, r.amount_minor, p.currency, r.state, r.hold, r.made_at
    FROM payments_return r JOIN payments_payment p ON p.id = r.payment WHERE r.id = $1";
const SELECT_OF: &str = "
    SELECT r.id, r.request, r.payment, p.wallet, p.wallet_reference, r.amount_minor, p.currency, r.state, r.hold, r.made_at
    FROM payments_return r JOIN payments_payment p ON p.id = r.payment WHERE r.request = $1";
const SELECT_OPEN: &str = "
    SELECT r.id, r.request, r.payment, p.wallet, p.wallet_reference, r.amount_minor, p.currency, r.state, r.hold, r.made_at
    FROM payments_return r JOIN payments_payment p ON p.id = r.payment
    WHERE r.state <> 'done' ORDER BY r.id DESC LIMIT $1";

fn read(row: &Row) -> Result<Return, TxError> {
    let state = ReturnState::of(&row.get::<String>(7)?);
    Ok(Return {
        id: row.get(0)?,
        request: row.get(1)?,
        payment: row.get(2)?,
        wallet: row.get(3)?,
        wallet_reference: row.get(4)?,
        amount: Money::new(row.get(5)?, currency(row, 6)?),
        state: state.ok_or_else(|| TxError::Type("the state of a return".to_owned()))?,
        hold: row.get(8)?,
        made_at: row.get(9)?,
    })
}

pub(crate) fn find(tx: &mut dyn Tx, id: ReturnId) -> Result<Option<Return>, TxError> {
    tx.first(SELECT, &[id.into()])?.as_ref().map(read).transpose()
}

pub(crate) fn of_request(tx: &mut dyn Tx, request: RequestId) -> Result<Option<Return>, TxError> {
    tx.first(SELECT_OF, &[request.into()])?.as_ref().map(read).transpose()
}

/// Those that are not done, newest first.
pub(crate) fn open(tx: &mut dyn Tx, limit: i64) -> Result<Vec<Return>, TxError> {
    tx.query(SELECT_OPEN, &[limit.into()])?.iter().map(read).collect()
}

const UPDATE: &str = "UPDATE payments_return SET state = $2, hold = $3, reference = $4, ended_at = $5 WHERE id = $1";

pub(crate) fn set(
    tx: &mut dyn Tx,
    id: ReturnId,
    state: ReturnState,
    hold: Option<TransferId>,
    reference: Option<&str>,
    ended_at: Option<Timestamp>,
) -> Result<(), TxError> {
    let args = [id.into(), state.code().into(), hold.into(), reference.into(), ended_at.into()];
    tx.change(UPDATE, &args)
}

const SELECT_CALLED: &str = "SELECT id FROM payments_return WHERE reference = $1 ORDER BY id LIMIT 1";
const SELECT_REFERENCE: &str = "SELECT reference FROM payments_return WHERE id = $1";

/// The fee that a rail gave back under this reference.
pub(crate) fn called(tx: &mut dyn Tx, reference: &str) -> Result<Option<ReturnId>, TxError> {
    tx.first(SELECT_CALLED, &[reference.into()])?.map(|row| row.get(0)).transpose()
}

/// Under which reference a rail gave a fee back.
pub(crate) fn reference(tx: &mut dyn Tx, id: ReturnId) -> Result<Option<String>, TxError> {
    Ok(tx.first(SELECT_REFERENCE, &[id.into()])?.map(|row| row.get(0)).transpose()?.flatten())
}

const SUM_DONE: &str = "
    SELECT p.wallet, CAST(SUM(r.amount_minor) AS BIGINT)
    FROM payments_return r JOIN payments_payment p ON p.id = r.payment WHERE r.state = 'done' GROUP BY p.wallet";

/// What each wallet got back of fees that had been paid.
pub(crate) fn given_back(tx: &mut dyn Tx) -> Result<Vec<(String, i64)>, TxError> {
    tx.query(SUM_DONE, &[])?.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

const SELECT_ODD: &str = "
    SELECT r.request FROM payments_return r
    JOIN payments_request q ON q.id = r.request JOIN payments_payment p ON p.id = r.payment
    WHERE q.state <> 'paid' OR p.state <> 'applied' OR p.request <> r.request OR r.amount_minor > p.amount_minor
    LIMIT 20";

/// Requests of which more goes back than was paid; there are none.
pub(crate) fn odd(tx: &mut dyn Tx) -> Result<Vec<RequestId>, TxError> {
    tx.query(SELECT_ODD, &[])?.iter().map(|row| row.get(0)).collect()
}
