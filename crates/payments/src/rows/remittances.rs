//! SQL of remittances.

use spine::{Money, Personal, Row, Timestamp, Tx, TxError};

use super::ledger::currency;
use super::requests::odd;
use crate::remittance::{Remittance, RemittanceId, RemittanceState};

const INSERT: &str = "
    INSERT INTO payments_remittance (id, request, bill, partner, sender, msisdn, principal_minor, fee_minor, currency,
        rate_millionths, state, made_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'ordered', $11, $12)";

pub(crate) fn insert(tx: &mut dyn Tx, new: &Remittance) -> Result<(), TxError> {
    let currency = new.principal.currency();
    let args = [
        new.id.into(),
        new.request.into(),
        (&new.bill).into(),
        (&new.partner).into(),
        new.sender.reveal().into(),
        new.msisdn.reveal().into(),
        new.principal.minor().into(),
        new.fee.minor().into(),
        currency.code().into(),
        new.rate_millionths.into(),
        new.made_at.into(),
        new.expires_at.into(),
    ];
    tx.change(INSERT, &args)
}

const SELECT: &str = "
    SELECT id, request, bill, partner, sender, msisdn, principal_minor, fee_minor, currency, rate_millionths, state,
        reason, reference, made_at, expires_at
    FROM payments_remittance WHERE id = $1";

pub(crate) fn find(tx: &mut dyn Tx, id: RemittanceId) -> Result<Option<Remittance>, TxError> {
    tx.first(SELECT, &[id.into()])?.as_ref().map(row).transpose()
}

fn row(row: &Row) -> Result<Remittance, TxError> {
    let currency = currency(row, 8)?;
    Ok(Remittance {
        id: row.get(0)?,
        request: row.get(1)?,
        bill: row.get(2)?,
        partner: row.get(3)?,
        sender: Personal::new(row.get(4)?),
        msisdn: Personal::new(row.get(5)?),
        principal: Money::new(row.get(6)?, currency),
        fee: Money::new(row.get(7)?, currency),
        rate_millionths: row.get(9)?,
        state: RemittanceState::of(&row.get::<String>(10)?).ok_or_else(|| odd("a remittance's state"))?,
        reason: row.get(11)?,
        reference: row.get(12)?,
        made_at: row.get(13)?,
        expires_at: row.get(14)?,
    })
}

const SET: &str = "UPDATE payments_remittance SET state = $2, reason = $3, reference = $4 WHERE id = $1";

pub(crate) fn set(
    tx: &mut dyn Tx,
    id: RemittanceId,
    state: RemittanceState,
    reason: Option<&str>,
    reference: Option<&str>,
) -> Result<(), TxError> {
    tx.change(SET, &[id.into(), state.code().into(), reason.into(), reference.into()])
}

const SENT_SINCE: &str = "
    SELECT CAST(COALESCE(SUM(principal_minor + fee_minor), 0) AS BIGINT) FROM payments_remittance
    WHERE msisdn = $1 AND made_at >= $2 AND state IN ('ordered', 'told', 'paid', 'review')";

/// What a sender sent since a moment, or is about to.
pub(crate) fn sent_since(tx: &mut dyn Tx, msisdn: &Personal<String>, since: Timestamp) -> Result<i64, TxError> {
    tx.first(SENT_SINCE, &[msisdn.reveal().into(), since.into()])?.map_or(Ok(0), |row| row.get(0))
}

const OPEN: &str = "
    SELECT id, request, bill, partner, sender, msisdn, principal_minor, fee_minor, currency, rate_millionths, state,
        reason, reference, made_at, expires_at
    FROM payments_remittance WHERE state IN ('ordered', 'told') AND reason IS NULL AND id > $1 ORDER BY id LIMIT $2";

/// Those that money may still come for and that nothing stops, after an identifier.
pub(crate) fn open(tx: &mut dyn Tx, after: &str, limit: i64) -> Result<Vec<Remittance>, TxError> {
    tx.query(OPEN, &[after.into(), limit.into()])?.iter().map(row).collect()
}
