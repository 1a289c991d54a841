//! SQL of bills, their shares, and what each payment brought to them.

use spine::{Localised, Money, Row, Tx, TxError};

use super::ledger::currency;
use super::requests::{odd, request_row};
use crate::bills::{Bill, BillId, BillState, Standing};
use crate::gateway::model::{Request, RequestId};

const INSERT_BILL: &str = "
    INSERT INTO payments_bill (id, number, biller, reference, payer, description, amount_minor, paid_minor, currency,
        in_parts, state, due_on, made_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9, 'open', $10, $11, $12)";

pub(crate) fn insert_bill(tx: &mut dyn Tx, bill: &Bill) -> Result<(), TxError> {
    let description = serde_json::to_value(&bill.description).map_err(|_| odd("a description"))?;
    let currency = bill.amount.currency();
    let args = [
        bill.id.into(),
        (&bill.number).into(),
        (&bill.biller).into(),
        (&bill.reference).into(),
        bill.payer.as_deref().into(),
        (&description).into(),
        bill.amount.minor().into(),
        currency.code().into(),
        bill.in_parts.into(),
        bill.due_on.into(),
        bill.made_at.into(),
        bill.expires_at.into(),
    ];
    tx.change(INSERT_BILL, &args)
}

const SELECT_BILL: &str = "
    SELECT id, number, biller, reference, payer, description, amount_minor, paid_minor, currency, in_parts, state,
        due_on, made_at, expires_at
    FROM payments_bill WHERE id = $1";
const SELECT_BILL_NUMBERED: &str = "
    SELECT id, number, biller, reference, payer, description, amount_minor, paid_minor, currency, in_parts, state,
        due_on, made_at, expires_at
    FROM payments_bill WHERE number = $1";
const SELECT_BILL_OF: &str = "
    SELECT id, number, biller, reference, payer, description, amount_minor, paid_minor, currency, in_parts, state,
        due_on, made_at, expires_at
    FROM payments_bill WHERE biller = $1 AND reference = $2";
const SELECT_BILLS_FOR: &str = "
    SELECT id, number, biller, reference, payer, description, amount_minor, paid_minor, currency, in_parts, state,
        due_on, made_at, expires_at
    FROM payments_bill WHERE payer = $1 AND state = 'open' ORDER BY id LIMIT 50";

pub(crate) fn bill(tx: &mut dyn Tx, id: BillId) -> Result<Option<Bill>, TxError> {
    tx.first(SELECT_BILL, &[id.into()])?.as_ref().map(bill_row).transpose()
}

pub(crate) fn bill_numbered(tx: &mut dyn Tx, number: &str) -> Result<Option<Bill>, TxError> {
    tx.first(SELECT_BILL_NUMBERED, &[number.into()])?.as_ref().map(bill_row).transpose()
}

pub(crate) fn bill_of(tx: &mut dyn Tx, biller: &str, reference: &str) -> Result<Option<Bill>, TxError> {
    tx.first(SELECT_BILL_OF, &[biller.into(), reference.into()])?.as_ref().map(bill_row).transpose()
}

pub(crate) fn bills_for(tx: &mut dyn Tx, payer: &str) -> Result<Vec<Bill>, TxError> {
    tx.query(SELECT_BILLS_FOR, &[payer.into()])?.iter().map(bill_row).collect()
}

pub(super) fn bill_row(row: &Row) -> Result<Bill, TxError> {
    let description: serde_json::Value = row.get(5)?;
    let description: Localised = serde_json::from_value(description).map_err(|_| odd("a description"))?;
    let currency = currency(row, 8)?;
    Ok(Bill {
        id: row.get(0)?,
        number: row.get(1)?,
        biller: row.get(2)?,
        reference: row.get(3)?,
        payer: row.get(4)?,
        description,
        amount: Money::new(row.get(6)?, currency),
        paid: Money::new(row.get(7)?, currency),
        in_parts: row.get(9)?,
        state: BillState::of(&row.get::<String>(10)?).ok_or_else(|| odd("a bill's state"))?,
        due_on: row.get(11)?,
        made_at: row.get(12)?,
        expires_at: row.get(13)?,
    })
}

const SET_BILL_STATE: &str = "UPDATE payments_bill SET state = $2 WHERE id = $1";

pub(crate) fn set_bill_state(tx: &mut dyn Tx, id: BillId, state: BillState) -> Result<(), TxError> {
    tx.change(SET_BILL_STATE, &[id.into(), state.code().into()])
}

const PAY_BILL: &str = "UPDATE payments_bill SET paid_minor = $2, state = $3 WHERE id = $1";

pub(crate) fn pay_bill(tx: &mut dyn Tx, id: BillId, paid_minor: i64, state: BillState) -> Result<(), TxError> {
    tx.change(PAY_BILL, &[id.into(), paid_minor.into(), state.code().into()])
}

const INSERT_SHARE: &str = "
    INSERT INTO payments_bill_share (bill, place, account, amount_minor, paid_minor) VALUES ($1, $2, $3, $4, $5)";

pub(crate) fn insert_share(tx: &mut dyn Tx, bill: BillId, share: &Standing) -> Result<(), TxError> {
    let args =
        [bill.into(), share.place.into(), share.account.into(), share.amount_minor.into(), share.paid_minor.into()];
    tx.change(INSERT_SHARE, &args)
}

const SELECT_SHARES: &str = "
    SELECT place, account, amount_minor, paid_minor FROM payments_bill_share WHERE bill = $1 ORDER BY place";

pub(crate) fn shares(tx: &mut dyn Tx, bill: BillId) -> Result<Vec<Standing>, TxError> {
    let rows = tx.query(SELECT_SHARES, &[bill.into()])?;
    let standing = |row: &Row| {
        Ok(Standing { place: row.get(0)?, account: row.get(1)?, amount_minor: row.get(2)?, paid_minor: row.get(3)? })
    };
    rows.iter().map(standing).collect()
}

const PAY_SHARE: &str = "UPDATE payments_bill_share SET paid_minor = paid_minor + $3 WHERE bill = $1 AND place = $2";

pub(crate) fn pay_share(tx: &mut dyn Tx, bill: BillId, place: i64, minor: i64) -> Result<(), TxError> {
    tx.change(PAY_SHARE, &[bill.into(), place.into(), minor.into()])
}

const INSERT_PART: &str = "INSERT INTO payments_bill_part (request, place, amount_minor) VALUES ($1, $2, $3)";

pub(crate) fn insert_part(tx: &mut dyn Tx, request: RequestId, place: i64, minor: i64) -> Result<(), TxError> {
    tx.change(INSERT_PART, &[request.into(), place.into(), minor.into()])
}

const SELECT_PARTS: &str = "SELECT place, amount_minor FROM payments_bill_part WHERE request = $1 ORDER BY place";

pub(crate) fn parts(tx: &mut dyn Tx, request: RequestId) -> Result<Vec<(i64, i64)>, TxError> {
    tx.query(SELECT_PARTS, &[request.into()])?.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

const BELONGS_TO: &str = "UPDATE payments_request SET bill = $2 WHERE id = $1";

pub(crate) fn belongs_to(tx: &mut dyn Tx, request: RequestId, bill: BillId) -> Result<(), TxError> {
    tx.change(BELONGS_TO, &[request.into(), bill.into()])
}

const SELECT_REQUESTS_FOR: &str = "
    SELECT id, payer, account, amount_minor, currency, reference, description, return_path, state, attempt, tries,
        receipt, paid_at, made_at, expires_at, bill, number
    FROM payments_request WHERE bill = $1 ORDER BY id DESC LIMIT 20";

pub(crate) fn requests_for(tx: &mut dyn Tx, bill: BillId) -> Result<Vec<Request>, TxError> {
    tx.query(SELECT_REQUESTS_FOR, &[bill.into()])?.iter().map(request_row).collect()
}
