//! SQL of vouchers and of redemptions that were heard of.

use spine::{Row, Timestamp, Tx, TxError, Value};

use crate::model::RunId;
use crate::vouchers::{Voucher, VoucherState};

const INSERT: &str = "
    INSERT INTO grants_voucher (serial, lookup, sealed, programme, voucher_group, amount_minor, state, run, line, hold, made_by, made_at,
        expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";

/// Keeps vouchers, each with what it is found by and its sealed number.
pub(crate) fn insert(tx: &mut dyn Tx, vouchers: &[(&Voucher, String, Vec<u8>)]) -> Result<(), TxError> {
    let rows: Vec<[Value<'_>; 13]> = vouchers
        .iter()
        .map(|(one, lookup, sealed)| {
            [
                (&one.serial).into(),
                lookup.into(),
                sealed.into(),
                (&one.programme).into(),
                (&one.group).into(),
                one.amount_minor.into(),
                one.state.code().into(),
                one.payment.map(|payment| payment.0).into(),
                one.payment.map(|payment| payment.1).into(),
                one.hold.into(),
                (&one.made_by).into(),
                one.made_at.into(),
                one.expires_at.into(),
            ]
        })
        .collect();
    tx.insert(INSERT, &rows.iter().map(<[_; 13]>::as_slice).collect::<Vec<_>>())
}

const SELECT: &str = "
    SELECT serial, programme, voucher_group, amount_minor, state, run, line, hold, made_by, made_at, expires_at, sealed
    FROM grants_voucher WHERE serial = $1";
const SELECT_LOOKUP: &str = "
    SELECT serial, programme, voucher_group, amount_minor, state, run, line, hold, made_by, made_at, expires_at, sealed
    FROM grants_voucher WHERE lookup = $1";
const SELECT_PAYMENT: &str = "
    SELECT serial, programme, voucher_group, amount_minor, state, run, line, hold, made_by, made_at, expires_at, sealed
    FROM grants_voucher WHERE run = $1 AND line = $2 AND state = 'activated'";

fn read(row: &Row) -> Result<Voucher, TxError> {
    let state = VoucherState::of(&row.get::<String>(4)?);
    let (run, line): (Option<RunId>, Option<i64>) = (row.get(5)?, row.get(6)?);
    Ok(Voucher {
        serial: row.get(0)?,
        programme: row.get(1)?,
        group: row.get(2)?,
        amount_minor: row.get(3)?,
        state: state.ok_or_else(|| TxError::Type("the state of a voucher".to_owned()))?,
        payment: run.zip(line),
        hold: row.get(7)?,
        made_by: row.get(8)?,
        made_at: row.get(9)?,
        expires_at: row.get(10)?,
    })
}

pub(crate) fn find(tx: &mut dyn Tx, serial: &str) -> Result<Option<Voucher>, TxError> {
    tx.first(SELECT, &[serial.into()])?.as_ref().map(read).transpose()
}

pub(crate) fn by_lookup(tx: &mut dyn Tx, lookup: &str) -> Result<Option<Voucher>, TxError> {
    tx.first(SELECT_LOOKUP, &[lookup.into()])?.as_ref().map(read).transpose()
}

/// The live voucher of a payment, with its sealed number.
pub(crate) fn of_payment(tx: &mut dyn Tx, run: RunId, line: i64) -> Result<Vec<(Voucher, Vec<u8>)>, TxError> {
    let rows = tx.query(SELECT_PAYMENT, &[run.into(), line.into()])?;
    rows.iter().map(|row| Ok((read(row)?, row.get(11)?))).collect()
}

const SET_STATE: &str = "UPDATE grants_voucher SET state = $2, ended_at = $3 WHERE serial = $1";

pub(crate) fn set_state(tx: &mut dyn Tx, voucher: &Voucher, ended_at: Option<Timestamp>) -> Result<(), TxError> {
    tx.change(SET_STATE, &[(&voucher.serial).into(), voucher.state.code().into(), ended_at.into()])
}

const INSERT_REDEMPTION: &str = "
    INSERT INTO grants_redemption (id, serial, place, outcome, charged_minor, said_at, heard_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)";

pub(crate) fn insert_redemption(
    tx: &mut dyn Tx,
    (id, serial, place): (&str, &str, &str),
    (outcome, charged): (&'static str, i64),
    (said_at, heard_at): (Timestamp, Timestamp),
) -> Result<(), TxError> {
    let args =
        [id.into(), serial.into(), place.into(), outcome.into(), charged.into(), said_at.into(), heard_at.into()];
    tx.change(INSERT_REDEMPTION, &args)
}

const SELECT_REDEMPTION: &str = "SELECT serial, outcome FROM grants_redemption WHERE id = $1";

/// A redemption that was heard of: the voucher, and what became of it.
pub(crate) fn redemption(tx: &mut dyn Tx, id: &str) -> Result<Option<(String, String)>, TxError> {
    tx.first(SELECT_REDEMPTION, &[id.into()])?.map(|row| Ok((row.get(0)?, row.get(1)?))).transpose()
}
