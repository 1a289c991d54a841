//! Printed codes and authenticator apps of an account, and the second step it is asked for.
//!
//! **Invariant:** a printed code is used by one statement that finds it unused; an authenticator's step only grows.

use spine::{Row, Timestamp, Tx, TxError};

const SET_STEP: &str = "UPDATE identity_account SET second_step = $2 WHERE id = $1";
const INSERT_PRINTED: &str =
    "INSERT INTO identity_recovery_code (account, name, hash, made_at, used_at) VALUES ($1, $2, $3, $4, NULL)";
const CLEAR_PRINTED: &str = "DELETE FROM identity_recovery_code WHERE account = $1";
const PRINTED: &str = "SELECT hash FROM identity_recovery_code WHERE account = $1 AND name = $2 AND used_at IS NULL";
const USE_PRINTED: &str =
    "UPDATE identity_recovery_code SET used_at = $4 WHERE account = $1 AND name = $2 AND hash = $3 AND used_at IS NULL";
const LEFT: &str = "SELECT COUNT(*), MAX(made_at) FROM identity_recovery_code WHERE account = $1 AND used_at IS NULL";
const INSERT_APP: &str = "INSERT INTO identity_authenticator (id, account, name, sealed, step, made_at, used_at) VALUES ($1, $2, $3, $4, $5, $6, NULL)";
const APPS: &str = "SELECT id, name, sealed, step, made_at, used_at FROM identity_authenticator WHERE account = $1 ORDER BY made_at, id";
const USE_APP: &str = "UPDATE identity_authenticator SET step = $2, used_at = $3 WHERE id = $1";
const DELETE_APP: &str = "DELETE FROM identity_authenticator WHERE id = $1 AND account = $2";

pub(crate) fn set_step(tx: &mut dyn Tx, account: &str, way: Option<&str>) -> Result<(), TxError> {
    tx.change(SET_STEP, &[account.into(), way.into()])
}

/// Keeps a set of printed codes; the one before is gone.
pub(crate) fn set_printed(
    tx: &mut dyn Tx,
    account: &str,
    codes: &[(String, String)],
    now: Timestamp,
) -> Result<(), TxError> {
    tx.change(CLEAR_PRINTED, &[account.into()])?;
    for (name, hash) in codes {
        tx.change(INSERT_PRINTED, &[account.into(), name.as_str().into(), hash.as_str().into(), now.into()])?;
    }
    Ok(())
}

/// The hash of an unused code of this name.
pub(crate) fn printed(tx: &mut dyn Tx, account: &str, name: &str) -> Result<Option<String>, TxError> {
    tx.first(PRINTED, &[account.into(), name.into()])?.map(|row| row.get(0)).transpose()
}

/// Uses a code up; false if it was used or replaced meanwhile.
pub(crate) fn use_printed(
    tx: &mut dyn Tx,
    account: &str,
    name: &str,
    hash: &str,
    now: Timestamp,
) -> Result<bool, TxError> {
    tx.execute(USE_PRINTED, &[account.into(), name.into(), hash.into(), now.into()]).map(|count| count > 0)
}

pub(crate) fn printed_left(tx: &mut dyn Tx, account: &str) -> Result<i64, TxError> {
    Ok(printed_set(tx, account)?.0)
}

/// How many codes are left, and when they were made.
pub(crate) fn printed_set(tx: &mut dyn Tx, account: &str) -> Result<(i64, Option<Timestamp>), TxError> {
    let Some(row) = tx.first(LEFT, &[account.into()])? else { return Ok((0, None)) };
    Ok((row.get(0)?, row.get(1)?))
}

/// An authenticator app.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) sealed: Vec<u8>,
    pub(crate) step: i64,
    pub(crate) made_at: Timestamp,
    pub(crate) used_at: Option<Timestamp>,
}

pub(crate) fn insert_authenticator(tx: &mut dyn Tx, account: &str, app: &App) -> Result<(), TxError> {
    let args = [
        app.id.as_str().into(),
        account.into(),
        app.name.as_str().into(),
        app.sealed.as_slice().into(),
        app.step.into(),
        app.made_at.into(),
    ];
    tx.change(INSERT_APP, &args)
}

pub(crate) fn authenticators(tx: &mut dyn Tx, account: &str) -> Result<Vec<App>, TxError> {
    let read = |row: &Row| {
        Ok(App {
            id: row.get(0)?,
            name: row.get(1)?,
            sealed: row.get(2)?,
            step: row.get(3)?,
            made_at: row.get(4)?,
            used_at: row.get(5)?,
        })
    };
    tx.query(APPS, &[account.into()])?.iter().map(read).collect()
}

pub(crate) fn use_authenticator(tx: &mut dyn Tx, id: &str, step: i64, now: Timestamp) -> Result<(), TxError> {
    tx.change(USE_APP, &[id.into(), step.into(), now.into()])
}

pub(crate) fn delete_authenticator(tx: &mut dyn Tx, id: &str, account: &str) -> Result<bool, TxError> {
    tx.execute(DELETE_APP, &[id.into(), account.into()]).map(|count| count > 0)
}
