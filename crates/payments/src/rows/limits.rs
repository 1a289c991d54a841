//! The limits of a day.

use spine::{Date, Id, Tx, TxError};

use crate::gateway::limits::LimitKind;
use crate::gateway::model::AttemptId;
use crate::ledger::AccountId;

const SELECT: &str = "SELECT id, account, day FROM payments_limit WHERE rule = $1 AND subject = $2";

/// The account of a limit, and the day on which it was filled.
pub(crate) fn limit(
    tx: &mut dyn Tx,
    rule: &str,
    subject: &str,
) -> Result<Option<(Id<LimitKind>, AccountId, Date)>, TxError> {
    let row = tx.first(SELECT, &[rule.into(), subject.into()])?;
    row.map(|row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).transpose()
}

const INSERT: &str = "INSERT INTO payments_limit (id, rule, subject, account, day) VALUES ($1, $2, $3, $4, $5)";

pub(crate) fn insert(
    tx: &mut dyn Tx,
    id: Id<LimitKind>,
    (rule, subject): (&str, &str),
    account: AccountId,
    day: Date,
) -> Result<(), TxError> {
    tx.execute(INSERT, &[id.into(), rule.into(), subject.into(), account.into(), day.into()]).map(drop)
}

const FILLED: &str = "UPDATE payments_limit SET day = $2 WHERE id = $1";

pub(crate) fn filled(tx: &mut dyn Tx, id: Id<LimitKind>, day: Date) -> Result<(), TxError> {
    tx.execute(FILLED, &[id.into(), day.into()]).map(drop)
}

const HOLDS: &str = "UPDATE payments_attempt SET limits = $2 WHERE id = $1";

/// So many limits hold something for an attempt.
pub(crate) fn set_held(tx: &mut dyn Tx, id: AttemptId, limits: i64) -> Result<(), TxError> {
    tx.execute(HOLDS, &[id.into(), limits.into()]).map(drop)
}

const HELD: &str = "SELECT limits FROM payments_attempt WHERE id = $1";

pub(crate) fn held(tx: &mut dyn Tx, id: AttemptId) -> Result<i64, TxError> {
    tx.first(HELD, &[id.into()])?.map_or(Ok(0), |row| row.get(0))
}
