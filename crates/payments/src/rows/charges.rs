//! SQL of what rails charge.

use spine::{Money, Tx, TxError};

use super::ledger::currency;
use crate::charges::{Bears, Charge};
use crate::gateway::model::RequestId;

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

const SELECT: &str =
    "SELECT bears, fee_minor, currency, returned FROM payments_charge WHERE request = $1 AND rail = $2";

pub(crate) fn find(tx: &mut dyn Tx, request: RequestId, rail: &str) -> Result<Option<Charge>, TxError> {
    let Some(row) = tx.first(SELECT, &[request.into(), rail.into()])? else { return Ok(None) };
    let bears = Bears::of(&row.get::<String>(0)?).ok_or_else(|| TxError::Type("who bears a charge".to_owned()))?;
    let fee = Money::new(row.get(1)?, currency(&row, 2)?);
    Ok(Some(Charge { bears, fee, returned: row.get::<i64>(3)? != 0 }))
}
