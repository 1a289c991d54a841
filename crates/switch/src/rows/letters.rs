//! SQL of letters that wait to be delivered.

use spine::{Timestamp, Tx, TxError};

use crate::letter::{Letter, LetterId};

const INSERT: &str = "INSERT INTO switch_letter (id, recipient, body, tries, due_at) VALUES ($1, $2, $3, 0, $4)";

/// Keeps a letter with the change it tells of.
pub(crate) fn append(tx: &mut dyn Tx, id: LetterId, letter: &Letter, due_at: Timestamp) {
    let body = serde_json::to_string(letter).unwrap_or_default();
    tx.append(INSERT, vec![id.into(), letter.to.clone().into(), body.into(), due_at.into()]);
}

const DUE: &str = "SELECT id, body, tries FROM switch_letter WHERE due_at <= $1 ORDER BY due_at LIMIT $2";

pub(crate) fn due(tx: &mut dyn Tx, now: Timestamp, limit: i64) -> Result<Vec<(LetterId, Letter, i64)>, TxError> {
    let read = |row: &spine::Row| {
        let letter = serde_json::from_str(&row.get::<String>(1)?).map_err(|_| TxError::Type("a letter".to_owned()))?;
        Ok((row.get(0)?, letter, row.get(2)?))
    };
    tx.query(DUE, &[now.into(), limit.into()])?.iter().map(read).collect()
}

const DELETE: &str = "DELETE FROM switch_letter WHERE id = $1";
const AGAIN: &str = "UPDATE switch_letter SET tries = $2, due_at = $3 WHERE id = $1";

pub(crate) fn delete(tx: &mut dyn Tx, id: LetterId) -> Result<(), TxError> {
    tx.change(DELETE, &[id.into()])
}

pub(crate) fn again(tx: &mut dyn Tx, id: LetterId, tries: i64, due_at: Timestamp) -> Result<(), TxError> {
    tx.change(AGAIN, &[id.into(), tries.into(), due_at.into()])
}

const WAITING: &str = "SELECT COUNT(*) FROM switch_letter WHERE recipient = $1 AND tries > 0";

/// How many wait that could not be delivered at once.
pub(crate) fn waiting(tx: &mut dyn Tx, recipient: &str) -> Result<i64, TxError> {
    tx.first(WAITING, &[recipient.into()])?.map_or(Ok(0), |row| row.get(0))
}
