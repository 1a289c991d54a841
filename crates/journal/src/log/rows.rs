//! Every SQL text of the evidence log, and the rows they read and write.

use spine::{Timestamp, Tx, TxError};

use crate::record::ActId;

/// An act that waits for its leaf.
pub(super) struct Waiting {
    pub(super) id: ActId,
    pub(super) salt: Option<Vec<u8>>,
    pub(super) record: String,
}

const SELECT_WAITING: &str = "SELECT id, salt, record FROM journal_act WHERE sequenced = 0 ORDER BY id LIMIT $1";

pub(super) fn waiting(tx: &mut dyn Tx, limit: i64) -> Result<Vec<Waiting>, TxError> {
    let rows = tx.query(SELECT_WAITING, &[limit.into()])?;
    rows.iter().map(|row| Ok(Waiting { id: row.get(0)?, salt: row.get(1)?, record: row.get(2)? })).collect()
}

// `sequenced` is the leaf's place plus one, so that 0 means that the act still waits.
const MARK: &str = "UPDATE journal_act SET sequenced = $2 WHERE id = $1";

pub(super) fn mark(tx: &mut dyn Tx, act: ActId, place: i64) -> Result<(), TxError> {
    tx.change(MARK, &[act.into(), (place + 1).into()])
}

const SELECT_ACT_ON: &str = "
    SELECT id, salt, record, sequenced FROM journal_act WHERE object = $1 AND kind = $2 ORDER BY id DESC LIMIT 1";

/// Salt, record, and the leaf's place.
type ActRow = (Option<Vec<u8>>, String, Option<i64>);

/// The newest act of a kind on an object: salt, record, and its leaf's place if it has one.
pub(super) fn act_on(tx: &mut dyn Tx, object: &str, kind: &str) -> Result<Option<ActRow>, TxError> {
    let Some(row) = tx.first(SELECT_ACT_ON, &[object.into(), kind.into()])? else { return Ok(None) };
    let place: i64 = row.get(3)?;
    Ok(Some((row.get(1)?, row.get(2)?, (place > 0).then_some(place - 1))))
}

const SELECT_TILE: &str = "SELECT hashes FROM journal_log_tile WHERE level = $1 AND number = $2";
const PUT_TILE: &str = "
    INSERT INTO journal_log_tile (level, number, hashes) VALUES ($1, $2, $3)
    ON CONFLICT (level, number) DO UPDATE SET hashes = excluded.hashes";

pub(super) fn tile(tx: &mut dyn Tx, level: i64, number: i64) -> Result<Option<Vec<u8>>, TxError> {
    tx.first(SELECT_TILE, &[level.into(), number.into()])?.map(|row| row.get(0)).transpose()
}

pub(super) fn put_tile(tx: &mut dyn Tx, level: i64, number: i64, hashes: &[u8]) -> Result<(), TxError> {
    tx.change(PUT_TILE, &[level.into(), number.into(), hashes.into()])
}

const SELECT_HEAD: &str = "SELECT size, note FROM journal_log_head WHERE id = 1";
const INSERT_HEAD: &str = "INSERT INTO journal_log_head (id, size, note, at) VALUES (1, $1, $2, $3)";
const MOVE_HEAD: &str = "UPDATE journal_log_head SET size = $2, note = $3, at = $4 WHERE id = 1 AND size = $1";

pub(super) fn head(tx: &mut dyn Tx) -> Result<Option<(i64, String)>, TxError> {
    tx.first(SELECT_HEAD, &[])?.map(|row| Ok((row.get(0)?, row.get(1)?))).transpose()
}

/// Sets the head that follows the one of size `from`; says whether that was still the head.
pub(super) fn move_head(
    tx: &mut dyn Tx,
    from: Option<i64>,
    size: i64,
    note: &str,
    now: Timestamp,
) -> Result<bool, TxError> {
    let touched = match from {
        None => tx.execute(INSERT_HEAD, &[size.into(), note.into(), now.into()])?,
        Some(from) => tx.execute(MOVE_HEAD, &[from.into(), size.into(), note.into(), now.into()])?,
    };
    Ok(touched == 1)
}

const SELECT_COSIGNED: &str = "SELECT witness, size, note FROM journal_log_cosignature ORDER BY witness";
const PUT_COSIGNED: &str = "
    INSERT INTO journal_log_cosignature (witness, size, note) VALUES ($1, $2, $3)
    ON CONFLICT (witness) DO UPDATE SET size = excluded.size, note = excluded.note
    WHERE journal_log_cosignature.size <= excluded.size";

/// What each witness has cosigned last: its name, the size, and its line.
pub(super) fn cosigned(tx: &mut dyn Tx) -> Result<Vec<(String, i64, String)>, TxError> {
    let rows = tx.query(SELECT_COSIGNED, &[])?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).collect()
}

pub(super) fn put_cosigned(tx: &mut dyn Tx, witness: &str, size: i64, line: &str) -> Result<(), TxError> {
    tx.change(PUT_COSIGNED, &[witness.into(), size.into(), line.into()])
}
