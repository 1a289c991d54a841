//! The limits over hours.

use spine::{Id, Tx, TxError};

use crate::gateway::limits::LimitKind;
use crate::gateway::model::AttemptId;
use crate::ledger::AccountId;

const SELECT: &str = "SELECT id, account FROM payments_limit WHERE rule = $1 AND subject = $2";

/// A limit and its account.
pub(crate) fn limit(tx: &mut dyn Tx, rule: &str, subject: &str) -> Result<Option<(Id<LimitKind>, AccountId)>, TxError> {
    let row = tx.first(SELECT, &[rule.into(), subject.into()])?;
    row.map(|row| Ok((row.get(0)?, row.get(1)?))).transpose()
}

const INSERT: &str = "INSERT INTO payments_limit (id, rule, subject, account) VALUES ($1, $2, $3, $4)";

pub(crate) fn insert(
    tx: &mut dyn Tx,
    id: Id<LimitKind>,
    (rule, subject): (&str, &str),
    account: AccountId,
) -> Result<(), TxError> {
    tx.change(INSERT, &[id.into(), rule.into(), subject.into(), account.into()])
}

const HOLDS: &str = "UPDATE payments_attempt SET limits = $2 WHERE id = $1";

/// So many limits hold something for an attempt.
pub(crate) fn set_held(tx: &mut dyn Tx, id: AttemptId, limits: i64) -> Result<(), TxError> {
    tx.change(HOLDS, &[id.into(), limits.into()])
}

const HELD: &str = "SELECT limits FROM payments_attempt WHERE id = $1";

pub(crate) fn held(tx: &mut dyn Tx, id: AttemptId) -> Result<i64, TxError> {
    tx.first(HELD, &[id.into()])?.map_or(Ok(0), |row| row.get(0))
}
