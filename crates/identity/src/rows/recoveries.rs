//! Recoveries: who gets back in, by which way, until when it can be stopped.
//!
//! **Invariant:** codes stand here as keyed hashes; a recovery that ended is changed no more.

use serde_json::Value as Json;
use spine::{Id, Row, Timestamp, Tx, TxError};

use crate::recovery::{Recovery, RecoveryKind};

const INSERT: &str = "INSERT INTO identity_recovery (id, account, way, state, evidence, phone, opened_by, agreed_by, stop_hash, code_hash, tries, made_at, ready_at, expires_at, ended_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, NULL, $8, $9, 0, $10, $11, $12, NULL)";
const BY_ID: &str = "SELECT id, account, way, state, phone, opened_by, code_hash, made_at, ready_at, expires_at FROM identity_recovery WHERE id = $1";
const OPEN_OF: &str = "SELECT id, account, way, state, phone, opened_by, code_hash, made_at, ready_at, expires_at FROM identity_recovery \
     WHERE account = $1 AND state IN ('proposed', 'waiting') AND expires_at > $2 ORDER BY made_at DESC, id";
const PROPOSED: &str = "SELECT id, account, way, state, phone, opened_by, code_hash, made_at, ready_at, expires_at FROM identity_recovery \
     WHERE state = 'proposed' AND expires_at > $1 ORDER BY made_at, id LIMIT 100";
const BY_STOP: &str = "SELECT id, account, way, state, phone, opened_by, code_hash, made_at, ready_at, expires_at FROM identity_recovery WHERE stop_hash = $1";
const EVIDENCE: &str = "SELECT evidence FROM identity_recovery WHERE id = $1";
const AGREE: &str = "UPDATE identity_recovery SET state = 'waiting', agreed_by = $2, ready_at = $3, expires_at = $4, code_hash = $5 WHERE id = $1 AND state = 'proposed'";
const SET_CODE: &str = "UPDATE identity_recovery SET code_hash = $2 WHERE id = $1 AND state = 'waiting'";
const END: &str =
    "UPDATE identity_recovery SET state = $2, ended_at = $3 WHERE id = $1 AND state IN ('proposed', 'waiting')";
const RENEW: &str =
    "UPDATE identity_account SET secret_hash = $2, lowered_until = $3, phone = coalesce($4, phone) WHERE id = $1";
const UNLOCK_SELF: &str =
    "UPDATE identity_account SET state = 'active', locked_by_self = 0 WHERE id = $1 AND locked_by_self = 1";
const LOCKED_BY_SELF: &str = "SELECT locked_by_self FROM identity_account WHERE id = $1";

pub(crate) fn insert(tx: &mut dyn Tx, new: &Recovery, (evidence, stop_hash): (&[String], &str)) -> Result<(), TxError> {
    let evidence = Json::from(evidence.to_vec());
    let args = [
        new.id.into(),
        new.account.as_str().into(),
        new.way.as_str().into(),
        new.state.as_str().into(),
        (&evidence).into(),
        new.phone.as_deref().into(),
        new.opened_by.as_str().into(),
        stop_hash.into(),
        new.code_hash.as_deref().into(),
        new.made_at.into(),
        new.ready_at.into(),
        new.expires_at.into(),
    ];
    tx.change(INSERT, &args)
}

fn read(row: &Row) -> Result<Recovery, TxError> {
    Ok(Recovery {
        id: row.get(0)?,
        account: row.get(1)?,
        way: row.get(2)?,
        state: row.get(3)?,
        phone: row.get(4)?,
        opened_by: row.get(5)?,
        code_hash: row.get(6)?,
        made_at: row.get(7)?,
        ready_at: row.get(8)?,
        expires_at: row.get(9)?,
    })
}

pub(crate) fn by_id(tx: &mut dyn Tx, id: Id<RecoveryKind>) -> Result<Option<Recovery>, TxError> {
    tx.first(BY_ID, &[id.into()])?.map(|row| read(&row)).transpose()
}

pub(crate) fn by_stop(tx: &mut dyn Tx, hash: &str) -> Result<Option<Recovery>, TxError> {
    tx.first(BY_STOP, &[hash.into()])?.map(|row| read(&row)).transpose()
}

/// Recoveries of an account that are under way.
pub(crate) fn open_of(tx: &mut dyn Tx, account: &str, now: Timestamp) -> Result<Vec<Recovery>, TxError> {
    tx.query(OPEN_OF, &[account.into(), now.into()])?.iter().map(read).collect()
}

/// What waits for a second officer, oldest first.
pub(crate) fn proposed(tx: &mut dyn Tx, now: Timestamp) -> Result<Vec<Recovery>, TxError> {
    tx.query(PROPOSED, &[now.into()])?.iter().map(read).collect()
}

/// What the officer who opened it had seen.
pub(crate) fn evidence(tx: &mut dyn Tx, id: Id<RecoveryKind>) -> Result<Vec<String>, TxError> {
    let Some(row) = tx.first(EVIDENCE, &[id.into()])? else { return Ok(Vec::new()) };
    let json: Json = row.get(0)?;
    serde_json::from_value(json).map_err(|_| TxError::Type("a list of words".to_owned()))
}

pub(crate) fn agree(
    tx: &mut dyn Tx,
    id: Id<RecoveryKind>,
    officer: &str,
    (ready_at, expires_at): (Timestamp, Timestamp),
    code_hash: Option<&str>,
) -> Result<bool, TxError> {
    let args = [id.into(), officer.into(), ready_at.into(), expires_at.into(), code_hash.into()];
    tx.execute(AGREE, &args).map(|count| count > 0)
}

pub(crate) fn set_code(tx: &mut dyn Tx, id: Id<RecoveryKind>, hash: &str) -> Result<bool, TxError> {
    tx.execute(SET_CODE, &[id.into(), hash.into()]).map(|count| count > 0)
}

/// Ends one that is under way; false if it had ended.
pub(crate) fn end(tx: &mut dyn Tx, id: Id<RecoveryKind>, state: &str, now: Timestamp) -> Result<bool, TxError> {
    tx.execute(END, &[id.into(), state.into(), now.into()]).map(|count| count > 0)
}

/// A new PIN, a new phone if there is one, and less assurance for a while; an account its owner locked is open again.
pub(crate) fn renew(
    tx: &mut dyn Tx,
    account: &str,
    hash: &str,
    lowered_until: Timestamp,
    phone: Option<&str>,
) -> Result<(), TxError> {
    tx.change(RENEW, &[account.into(), hash.into(), lowered_until.into(), phone.into()])?;
    tx.change(UNLOCK_SELF, &[account.into()])
}

pub(crate) fn locked_by_self(tx: &mut dyn Tx, account: &str) -> Result<bool, TxError> {
    let Some(row) = tx.first(LOCKED_BY_SELF, &[account.into()])? else { return Ok(false) };
    Ok(row.get::<i64>(0)? == 1)
}
