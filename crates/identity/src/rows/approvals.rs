//! Sign-ins that a person approves elsewhere: for a device, or because a client asked (CIBA).
//!
//! **Invariant:** what a client or device holds stands hashed, a notification's token sealed; each decision is made once.

use spine::{Row, Timestamp, Tx, TxError};

use crate::provider::asked::Asked;
use crate::provider::grant::Basis;

const COLUMNS_BY_HASH: &str = "SELECT hash, kind, client, account, scope, asked, acr, message, notify, state, basis, every_seconds, asked_at, made_at, expires_at FROM identity_approval WHERE hash = $1";
const BY_USER_CODE: &str = "SELECT hash, kind, client, account, scope, asked, acr, message, notify, state, basis, every_seconds, asked_at, made_at, expires_at FROM identity_approval WHERE user_code = $1";
const OF_ACCOUNT: &str = "SELECT hash, kind, client, account, scope, asked, acr, message, notify, state, basis, every_seconds, asked_at, made_at, expires_at FROM identity_approval \
     WHERE account = $1 AND kind = 'ciba' AND state = 'pending' AND expires_at > $2 ORDER BY made_at DESC, hash LIMIT 20";
const INSERT: &str = "INSERT INTO identity_approval (hash, kind, client, user_code, account, scope, asked, acr, message, notify, state, every_seconds, made_at, expires_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'pending', $11, $12, $13)";
const DECIDE: &str =
    "UPDATE identity_approval SET state = $2, account = $3, basis = $4 WHERE hash = $1 AND state = 'pending'";
const REDEEM: &str = "UPDATE identity_approval SET state = 'redeemed' WHERE hash = $1 AND state = 'approved'";
const POLL: &str = "UPDATE identity_approval SET asked_at = $2, every_seconds = $3 WHERE hash = $1";
const PENDING: &str = "SELECT COUNT(*) FROM identity_approval WHERE account = $1 AND client = $2 AND state = 'pending' AND expires_at > $3";
const SWEEP: &str = "DELETE FROM identity_approval WHERE expires_at < $1";

/// One that waits, or was decided.
#[derive(Clone, Debug)]
pub(crate) struct Approval {
    pub(crate) hash: String,
    /// `device` or `ciba`.
    pub(crate) kind: String,
    pub(crate) client: String,
    pub(crate) user_code: Option<String>,
    pub(crate) account: Option<String>,
    pub(crate) scope: String,
    pub(crate) asked: Asked,
    pub(crate) acr: String,
    pub(crate) message: Option<String>,
    pub(crate) notify: Option<Vec<u8>>,
    /// `pending`, `approved`, `denied` or `redeemed`.
    pub(crate) state: String,
    pub(crate) basis: Option<Basis>,
    pub(crate) every_seconds: i64,
    pub(crate) asked_at: Option<Timestamp>,
    pub(crate) made_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

fn approval(row: &Row) -> Result<Approval, TxError> {
    let json = || TxError::Type("JSON of an approval".to_owned());
    let (asked, basis): (String, Option<String>) = (row.get(5)?, row.get(10)?);
    Ok(Approval {
        hash: row.get(0)?,
        kind: row.get(1)?,
        client: row.get(2)?,
        user_code: None,
        account: row.get(3)?,
        scope: row.get(4)?,
        asked: serde_json::from_str(&asked).map_err(|_| json())?,
        acr: row.get(6)?,
        message: row.get(7)?,
        notify: row.get(8)?,
        state: row.get(9)?,
        basis: basis.map(|text| serde_json::from_str(&text).map_err(|_| json())).transpose()?,
        every_seconds: row.get(11)?,
        asked_at: row.get(12)?,
        made_at: row.get(13)?,
        expires_at: row.get(14)?,
    })
}

pub(crate) fn by_hash(tx: &mut dyn Tx, hash: &str) -> Result<Option<Approval>, TxError> {
    tx.first(COLUMNS_BY_HASH, &[hash.into()])?.map(|row| approval(&row)).transpose()
}

pub(crate) fn by_user_code(tx: &mut dyn Tx, hash: &str) -> Result<Option<Approval>, TxError> {
    tx.first(BY_USER_CODE, &[hash.into()])?.map(|row| approval(&row)).transpose()
}

/// What clients asked of an account and waits, newest first.
pub(crate) fn of_account(tx: &mut dyn Tx, account: &str, now: Timestamp) -> Result<Vec<Approval>, TxError> {
    tx.query(OF_ACCOUNT, &[account.into(), now.into()])?.iter().map(approval).collect()
}

/// How much a client has asked of an account that waits.
pub(crate) fn pending(tx: &mut dyn Tx, account: &str, client: &str, now: Timestamp) -> Result<i64, TxError> {
    let row = tx.first(PENDING, &[account.into(), client.into(), now.into()])?;
    row.map_or(Ok(0), |row| row.get(0))
}

pub(crate) fn insert(tx: &mut dyn Tx, new: &Approval) -> Result<(), TxError> {
    let asked = serde_json::to_string(&new.asked).map_err(|error| TxError::Other(error.to_string()))?;
    let args = [
        new.hash.as_str().into(),
        new.kind.as_str().into(),
        new.client.as_str().into(),
        new.user_code.as_deref().into(),
        new.account.as_deref().into(),
        new.scope.as_str().into(),
        asked.into(),
        new.acr.as_str().into(),
        new.message.as_deref().into(),
        new.notify.as_deref().into(),
        new.every_seconds.into(),
        new.made_at.into(),
        new.expires_at.into(),
    ];
    tx.change(INSERT, &args)
}

/// Keeps a decision; false if there was one already.
pub(crate) fn decide(
    tx: &mut dyn Tx,
    hash: &str,
    state: &str,
    account: &str,
    basis: Option<&Basis>,
) -> Result<bool, TxError> {
    let basis = basis.map(serde_json::to_string).transpose().map_err(|error| TxError::Other(error.to_string()))?;
    tx.execute(DECIDE, &[hash.into(), state.into(), account.into(), basis.into()]).map(|count| count > 0)
}

/// Uses an approval up; false if it was.
pub(crate) fn redeem(tx: &mut dyn Tx, hash: &str) -> Result<bool, TxError> {
    tx.execute(REDEEM, &[hash.into()]).map(|count| count > 0)
}

/// Notes that it was asked about, and how often it may be.
pub(crate) fn poll(tx: &mut dyn Tx, hash: &str, now: Timestamp, every_seconds: i64) -> Result<(), TxError> {
    tx.change(POLL, &[hash.into(), now.into(), every_seconds.into()])
}

pub(crate) fn sweep(tx: &mut dyn Tx, before: Timestamp) -> Result<u64, TxError> {
    tx.execute(SWEEP, &[before.into()])
}
