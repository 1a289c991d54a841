//! SQL of where people are paid, and of changes that wait.

use spine::{Row, Timestamp, Tx, TxError};

use crate::model::{Account, Change, ChangeId};
use crate::programme::Way;

const SELECT: &str = "SELECT way, institution, address FROM grants_account WHERE payee = $1";

/// Columns `from` on are a way, an institution and an address.
pub(crate) fn account_in(row: &Row, from: usize) -> Result<Account, TxError> {
    let way = Way::of(&row.get::<String>(from)?);
    Ok(Account {
        way: way.ok_or_else(|| TxError::Type("the way of an account".to_owned()))?,
        institution: row.get(from + 1)?,
        address: row.get(from + 2)?,
    })
}

pub(crate) fn of(tx: &mut dyn Tx, payee: &str) -> Result<Option<Account>, TxError> {
    tx.first(SELECT, &[payee.into()])?.map(|row| account_in(&row, 0)).transpose()
}

const SET: &str = "
    INSERT INTO grants_account (payee, way, institution, address, since, chosen_by) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (payee) DO UPDATE SET way = excluded.way, institution = excluded.institution, address = excluded.address,
        since = excluded.since, chosen_by = excluded.chosen_by";

pub(crate) fn set(
    tx: &mut dyn Tx,
    payee: &str,
    account: &Account,
    now: Timestamp,
    chosen_by: &str,
) -> Result<(), TxError> {
    let (way, institution, address) = (account.way.code(), &account.institution, &account.address);
    let args = [payee.into(), way.into(), institution.into(), address.into(), now.into(), chosen_by.into()];
    tx.change(SET, &args)
}

const DELETE: &str = "DELETE FROM grants_account WHERE payee = $1";

/// Forgets where somebody is paid; false if it was not known.
pub(crate) fn delete(tx: &mut dyn Tx, payee: &str) -> Result<bool, TxError> {
    Ok(tx.execute(DELETE, &[payee.into()])? > 0)
}

const COUNT_OTHERS: &str = "
    SELECT COUNT(*) FROM grants_account WHERE address = $1 AND institution = $2 AND payee <> $3 AND address <> ''";

/// How many others are paid into this account.
pub(crate) fn others(tx: &mut dyn Tx, payee: &str, account: &Account) -> Result<i64, TxError> {
    let args = [(&account.address).into(), (&account.institution).into(), payee.into()];
    tx.first(COUNT_OTHERS, &args)?.map_or(Ok(0), |row| row.get(0))
}

const INSERT_CHANGE: &str = "
    INSERT INTO grants_account_change (id, payee, way, institution, address, state, asked_by, asked_at, effective_at)
    VALUES ($1, $2, $3, $4, $5, 'waiting', $6, $7, $8)";

pub(crate) fn insert_change(tx: &mut dyn Tx, change: &Change, now: Timestamp) -> Result<(), TxError> {
    let account = &change.account;
    let args = [
        change.id.into(),
        (&change.payee).into(),
        account.way.code().into(),
        (&account.institution).into(),
        (&account.address).into(),
        (&change.asked_by).into(),
        now.into(),
        change.effective_at.into(),
    ];
    tx.change(INSERT_CHANGE, &args)
}

const SELECT_WAITING: &str = "
    SELECT id, payee, way, institution, address, asked_by, effective_at FROM grants_account_change
    WHERE payee = $1 AND state = 'waiting' ORDER BY id DESC LIMIT 1";
const SELECT_CHANGE: &str = "
    SELECT id, payee, way, institution, address, asked_by, effective_at FROM grants_account_change
    WHERE id = $1 AND state = 'waiting'";

fn change(row: &Row) -> Result<Change, TxError> {
    Ok(Change {
        id: row.get(0)?,
        payee: row.get(1)?,
        account: account_in(row, 2)?,
        asked_by: row.get(5)?,
        effective_at: row.get(6)?,
    })
}

/// The change that waits for somebody, if one does.
pub(crate) fn waiting(tx: &mut dyn Tx, payee: &str) -> Result<Option<Change>, TxError> {
    tx.first(SELECT_WAITING, &[payee.into()])?.as_ref().map(change).transpose()
}

pub(crate) fn waiting_change(tx: &mut dyn Tx, id: ChangeId) -> Result<Option<Change>, TxError> {
    tx.first(SELECT_CHANGE, &[id.into()])?.as_ref().map(change).transpose()
}

const END_CHANGES: &str = "UPDATE grants_account_change SET state = $2 WHERE payee = $1 AND state = 'waiting'";

/// Ends what waits for somebody: `made` or `stopped`.
pub(crate) fn end_changes(tx: &mut dyn Tx, payee: &str, state: &'static str) -> Result<(), TxError> {
    tx.change(END_CHANGES, &[payee.into(), state.into()])
}
