//! SQL of what rails charge.

use spine::{Money, Row, Tx, TxError};

use super::ledger::currency;
use crate::charges::{Bears, Charge};
use crate::gateway::model::{AttemptId, RequestId};

const INSERT: &str = "
    INSERT INTO payments_charge (request, rail, bears, fee_minor, currency, returned) VALUES ($1, $2, $3, $4, $5, $6)";

pub(crate) fn insert(tx: &mut dyn Tx, request: RequestId, rail: &str, charge: &Charge) -> Result<(), TxError> {
    let currency = charge.fee.currency();
    let args = [
        request.into(),
        rail.into(),
        charge.bears.code().into(),
        charge.fee.minor().into(),
        currency.code().into(),
        charge.returned.into(),
    ];
    tx.change(INSERT, &args)
}

const SELECT_OF_ATTEMPT: &str = "
    SELECT bears, fee_minor, currency, returned FROM payments_charge
    WHERE request = (SELECT request FROM payments_attempt WHERE id = $1) AND rail = $2";

/// What a rail charges for the request of an attempt.
pub(crate) fn of_attempt(tx: &mut dyn Tx, attempt: AttemptId, rail: &str) -> Result<Option<Charge>, TxError> {
    tx.first(SELECT_OF_ATTEMPT, &[attempt.into(), rail.into()])?.as_ref().map(charge).transpose()
}

/// [`of_attempt`] will be asked.
pub(crate) fn ask_of_attempt(tx: &mut dyn Tx, attempt: AttemptId, rail: &str) -> Result<(), TxError> {
    tx.ask_ahead(SELECT_OF_ATTEMPT, &[attempt.into(), rail.into()])
}

const SELECT: &str =
    "SELECT bears, fee_minor, currency, returned FROM payments_charge WHERE request = $1 AND rail = $2";

pub(crate) fn find(tx: &mut dyn Tx, request: RequestId, rail: &str) -> Result<Option<Charge>, TxError> {
    tx.first(SELECT, &[request.into(), rail.into()])?.as_ref().map(charge).transpose()
}

fn charge(row: &Row) -> Result<Charge, TxError> {
    let bears = Bears::of(&row.get::<String>(0)?).ok_or_else(|| TxError::Type("who bears a charge".to_owned()))?;
    let fee = Money::new(row.get(1)?, currency(row, 2)?);
    Ok(Charge { bears, fee, returned: row.get::<i64>(3)? != 0 })
}
