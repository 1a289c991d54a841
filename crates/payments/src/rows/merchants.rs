//! SQL of shops and of their sales.

use spine::{Personal, Row, Tx, TxError};

use super::bills::bill_row;
use crate::bills::Bill;
use crate::merchants::{Merchant, MerchantId};

const INSERT: &str = "
    INSERT INTO payments_merchant (id, owner, name, city, wallet, msisdn, account, settlements, made_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8)";

pub(crate) fn insert(tx: &mut dyn Tx, new: &Merchant) -> Result<(), TxError> {
    let args = [
        new.id.into(),
        (&new.owner).into(),
        (&new.name).into(),
        (&new.city).into(),
        (&new.wallet).into(),
        new.msisdn.reveal().into(),
        new.account.into(),
        new.made_at.into(),
    ];
    tx.change(INSERT, &args)
}

const SELECT: &str = "
    SELECT id, owner, name, city, wallet, msisdn, account, settlements, made_at FROM payments_merchant WHERE id = $1";
const SELECT_OF: &str = "
    SELECT id, owner, name, city, wallet, msisdn, account, settlements, made_at FROM payments_merchant
    WHERE owner = $1 ORDER BY id LIMIT 20";

pub(crate) fn find(tx: &mut dyn Tx, id: MerchantId) -> Result<Option<Merchant>, TxError> {
    tx.first(SELECT, &[id.into()])?.as_ref().map(row).transpose()
}

pub(crate) fn of(tx: &mut dyn Tx, owner: &str) -> Result<Vec<Merchant>, TxError> {
    tx.query(SELECT_OF, &[owner.into()])?.iter().map(row).collect()
}

fn row(row: &Row) -> Result<Merchant, TxError> {
    Ok(Merchant {
        id: row.get(0)?,
        owner: row.get(1)?,
        name: row.get(2)?,
        city: row.get(3)?,
        wallet: row.get(4)?,
        msisdn: Personal::new(row.get(5)?),
        account: row.get(6)?,
        settlements: row.get(7)?,
        made_at: row.get(8)?,
    })
}

const SETTLED: &str = "UPDATE payments_merchant SET settlements = settlements + 1 WHERE id = $1";

pub(crate) fn settled(tx: &mut dyn Tx, id: MerchantId) -> Result<(), TxError> {
    tx.change(SETTLED, &[id.into()])
}

const SELECT_SALES: &str = "
    SELECT id, number, biller, reference, payer, description, amount_minor, paid_minor, currency, in_parts, state,
        due_on, made_at, expires_at
    FROM payments_bill WHERE biller = $1 ORDER BY id DESC LIMIT $2";

pub(crate) fn sales(tx: &mut dyn Tx, id: MerchantId, limit: i64) -> Result<Vec<Bill>, TxError> {
    tx.query(SELECT_SALES, &[id.into(), limit.into()])?.iter().map(bill_row).collect()
}
