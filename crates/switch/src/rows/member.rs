//! SQL of what a member of a hub knows of its transfers.

use payments::DisbursementId;
use spine::{Money, Row, Timestamp, Tx, TxError};

use super::currency;
use crate::member::model::{Incoming, IncomingState, Outgoing, Step};

const INSERT_INCOMING: &str = "
    INSERT INTO switch_incoming (hub, id, payer, number, quote, amount_minor, currency, state, request_hash, packet, version,
        expires_at, made_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";

pub(crate) fn insert_incoming(tx: &mut dyn Tx, new: &Incoming) -> Result<(), TxError> {
    let args = [
        (&new.hub).into(),
        (&new.id).into(),
        (&new.payer).into(),
        (&new.number).into(),
        (&new.quote).into(),
        new.amount.minor().into(),
        new.amount.currency().code().to_owned().into(),
        new.state.code().into(),
        new.request_hash.clone().into(),
        (&new.packet).into(),
        (&new.version).into(),
        new.expires_at.into(),
        new.made_at.into(),
    ];
    tx.change(INSERT_INCOMING, &args)
}

const INCOMING: &str = "
    SELECT hub, id, payer, number, quote, amount_minor, currency, state, request_hash, packet, version, expires_at, made_at
    FROM switch_incoming WHERE hub = $1 AND id = $2";
const INCOMING_QUOTED: &str = "SELECT id FROM switch_incoming WHERE hub = $1 AND quote = $2";

fn read_incoming(row: &Row) -> Result<Incoming, TxError> {
    let state = IncomingState::of(&row.get::<String>(7)?);
    Ok(Incoming {
        hub: row.get(0)?,
        id: row.get(1)?,
        payer: row.get(2)?,
        number: row.get(3)?,
        quote: row.get(4)?,
        amount: Money::new(row.get(5)?, currency(row, 6)?),
        state: state.ok_or_else(|| TxError::Type("the state of an incoming transfer".to_owned()))?,
        request_hash: row.get(8)?,
        packet: row.get(9)?,
        version: row.get(10)?,
        expires_at: row.get(11)?,
        made_at: row.get(12)?,
    })
}

pub(crate) fn incoming(tx: &mut dyn Tx, hub: &str, id: &str) -> Result<Option<Incoming>, TxError> {
    tx.first(INCOMING, &[hub.into(), id.into()])?.as_ref().map(read_incoming).transpose()
}

/// Whether a quote has been used.
pub(crate) fn is_used(tx: &mut dyn Tx, hub: &str, quote: &str) -> Result<bool, TxError> {
    Ok(tx.first(INCOMING_QUOTED, &[hub.into(), quote.into()])?.is_some())
}

const PROMISED: &str = "
    SELECT CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT) FROM switch_incoming WHERE number = $1 AND state = 'reserved'";

/// How much of what a number asks for is promised to transfers whose hub has not said yet how they ended.
pub(crate) fn promised(tx: &mut dyn Tx, number: &str) -> Result<i64, TxError> {
    tx.first(PROMISED, &[number.into()])?.map_or(Ok(0), |row| row.get(0))
}

const END_INCOMING: &str = "UPDATE switch_incoming SET state = $3, ended_at = $4 WHERE hub = $1 AND id = $2";

pub(crate) fn end_incoming(
    tx: &mut dyn Tx,
    (hub, id): (&str, &str),
    state: IncomingState,
    now: Timestamp,
) -> Result<(), TxError> {
    tx.change(END_INCOMING, &[hub.into(), id.into(), state.code().into(), now.into()])
}

const INSERT_OUTGOING: &str = "
    INSERT INTO switch_outgoing (payment, hub, transfer, quote, alias, state, made_at)
    VALUES ($1, $2, $3, $4, $5, 'looking', $6)";

pub(crate) fn insert_outgoing(tx: &mut dyn Tx, new: &Outgoing) -> Result<(), TxError> {
    let args = [
        new.payment.into(),
        (&new.hub).into(),
        (&new.transfer).into(),
        (&new.quote).into(),
        new.alias.clone().into(),
        new.made_at.into(),
    ];
    tx.change(INSERT_OUTGOING, &args)
}

const OUTGOING: &str = "
    SELECT payment, hub, transfer, quote, alias, state, payee, condition, packet, expires_at, made_at
    FROM switch_outgoing WHERE payment = $1";
const OUTGOING_TRANSFER: &str = "
    SELECT payment, hub, transfer, quote, alias, state, payee, condition, packet, expires_at, made_at
    FROM switch_outgoing WHERE hub = $1 AND transfer = $2";
const OUTGOING_QUOTE: &str = "
    SELECT payment, hub, transfer, quote, alias, state, payee, condition, packet, expires_at, made_at
    FROM switch_outgoing WHERE hub = $1 AND quote = $2";
const LOOKING: &str = "
    SELECT payment, hub, transfer, quote, alias, state, payee, condition, packet, expires_at, made_at
    FROM switch_outgoing WHERE alias = $1 AND hub = $2 AND state = 'looking' ORDER BY payment LIMIT 1000";

fn read_outgoing(row: &Row) -> Result<Outgoing, TxError> {
    let state = Step::of(&row.get::<String>(5)?);
    Ok(Outgoing {
        payment: row.get(0)?,
        hub: row.get(1)?,
        transfer: row.get(2)?,
        quote: row.get(3)?,
        alias: row.get(4)?,
        step: state.ok_or_else(|| TxError::Type("the state of an outgoing transfer".to_owned()))?,
        payee: row.get(6)?,
        condition: row.get(7)?,
        packet: row.get(8)?,
        expires_at: row.get(9)?,
        made_at: row.get(10)?,
    })
}

pub(crate) fn outgoing(tx: &mut dyn Tx, payment: DisbursementId) -> Result<Option<Outgoing>, TxError> {
    tx.first(OUTGOING, &[payment.into()])?.as_ref().map(read_outgoing).transpose()
}

pub(crate) fn transferred(tx: &mut dyn Tx, hub: &str, transfer: &str) -> Result<Option<Outgoing>, TxError> {
    tx.first(OUTGOING_TRANSFER, &[hub.into(), transfer.into()])?.as_ref().map(read_outgoing).transpose()
}

pub(crate) fn quoted(tx: &mut dyn Tx, hub: &str, quote: &str) -> Result<Option<Outgoing>, TxError> {
    tx.first(OUTGOING_QUOTE, &[hub.into(), quote.into()])?.as_ref().map(read_outgoing).transpose()
}

/// The payments that wait to hear whose customer somebody is.
pub(crate) fn looking(tx: &mut dyn Tx, hub: &str, alias: &[u8]) -> Result<Vec<Outgoing>, TxError> {
    tx.query(LOOKING, &[alias.to_vec().into(), hub.into()])?.iter().map(read_outgoing).collect()
}

const SET_OUTGOING: &str = "
    UPDATE switch_outgoing SET state = $2, payee = $3, condition = $4, packet = $5, expires_at = $6, ended_at = $7
    WHERE payment = $1";

pub(crate) fn set_outgoing(tx: &mut dyn Tx, of: &Outgoing, ended_at: Option<Timestamp>) -> Result<(), TxError> {
    let args = [
        of.payment.into(),
        of.step.code().into(),
        of.payee.as_deref().into(),
        of.condition.as_deref().into(),
        of.packet.as_deref().into(),
        of.expires_at.into(),
        ended_at.into(),
    ];
    tx.change(SET_OUTGOING, &args)
}
