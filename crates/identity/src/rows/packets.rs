//! Uploads of packets and their parts, and the keys with which operators sign.
//!
//! **Invariant:** parts stand here as they came, encrypted to the centre; they go when the packet is taken or dismissed.
//! Where next: `enrolment/packet/`.

use serde_json::Value as Json;
use spine::{Row, Timestamp, Tx, TxError};

use crate::enrolment::packet::{Upload, UploadId, UploadState};

const INSERT: &str = "INSERT INTO identity_packet (id, device, upload_key, length, received, state, made_at) VALUES ($1, $2, $3, $4, 0, 'receiving', $5)";
const ONE: &str = "SELECT id, device, length, received, state, problem, name, number, operator, application, words, made_at FROM identity_packet WHERE id = $1";
const BY_KEY: &str = "SELECT id, device, length, received, state, problem, name, number, operator, application, words, made_at FROM identity_packet WHERE device = $1 AND upload_key = $2";
const IN_STATE: &str = "SELECT id, device, length, received, state, problem, name, number, operator, application, words, made_at FROM identity_packet WHERE state = $1 ORDER BY made_at, id LIMIT $2";
const OPEN_OF: &str = "SELECT COUNT(*) FROM identity_packet WHERE device = $1 AND state = 'receiving'";
const INSERT_PART: &str = "INSERT INTO identity_packet_part (packet, place, bytes) VALUES ($1, $2, $3)";
const ADVANCE: &str =
    "UPDATE identity_packet SET received = $3 WHERE id = $1 AND received = $2 AND state = 'receiving'";
const PARTS: &str = "SELECT bytes FROM identity_packet_part WHERE packet = $1 ORDER BY place";
const DELETE_PARTS: &str = "DELETE FROM identity_packet_part WHERE packet = $1";
const SETTLE: &str = "UPDATE identity_packet SET state = $2, problem = $3, name = COALESCE($4, name), number = COALESCE($5, number), \
     operator = COALESCE($6, operator), application = COALESCE($7, application), words = $8, done_at = $9 WHERE id = $1 AND state IN ('receiving', 'review')";
const ADD_KEY: &str = "INSERT INTO identity_operator_key (officer, kid, jwk, made_at, ended_at) VALUES ($1, $2, $3, $4, NULL) ON CONFLICT (officer, kid) DO NOTHING";
const END_KEY: &str =
    "UPDATE identity_operator_key SET ended_at = $3 WHERE officer = $1 AND kid = $2 AND ended_at IS NULL";
const KEYS: &str =
    "SELECT kid, jwk, made_at FROM identity_operator_key WHERE officer = $1 AND ended_at IS NULL ORDER BY made_at, kid";

fn upload_of(row: &Row) -> Result<Upload, TxError> {
    let state: String = row.get(4)?;
    Ok(Upload {
        id: row.get(0)?,
        device: row.get(1)?,
        length: row.get(2)?,
        received: row.get(3)?,
        state: UploadState::named(&state).ok_or_else(|| TxError::Type("state of a packet".to_owned()))?,
        problem: row.get(5)?,
        name: row.get(6)?,
        number: row.get(7)?,
        operator: row.get(8)?,
        application: row.get(9)?,
        words: row.get(10)?,
        made_at: row.get(11)?,
    })
}

pub(crate) fn insert(
    tx: &mut dyn Tx,
    id: UploadId,
    (device, key): (&str, &str),
    length: i64,
    now: Timestamp,
) -> Result<(), TxError> {
    tx.change(INSERT, &[id.into(), device.into(), key.into(), length.into(), now.into()])
}

pub(crate) fn one(tx: &mut dyn Tx, id: UploadId) -> Result<Option<Upload>, TxError> {
    tx.first(ONE, &[id.into()])?.map(|row| upload_of(&row)).transpose()
}

pub(crate) fn by_key(tx: &mut dyn Tx, device: &str, key: &str) -> Result<Option<Upload>, TxError> {
    tx.first(BY_KEY, &[device.into(), key.into()])?.map(|row| upload_of(&row)).transpose()
}

pub(crate) fn in_state(tx: &mut dyn Tx, state: UploadState, limit: i64) -> Result<Vec<Upload>, TxError> {
    tx.query(IN_STATE, &[state.name().into(), limit.into()])?.iter().map(upload_of).collect()
}

/// How many uploads of a device have begun and not ended.
pub(crate) fn open_of(tx: &mut dyn Tx, device: &str) -> Result<i64, TxError> {
    tx.first(OPEN_OF, &[device.into()])?.map_or(Ok(0), |row| row.get(0))
}

/// Adds bytes at the end of what has come; false if something else has come meanwhile.
pub(crate) fn append(tx: &mut dyn Tx, id: UploadId, from: i64, bytes: &[u8]) -> Result<bool, TxError> {
    let to = from.saturating_add(i64::try_from(bytes.len()).unwrap_or(i64::MAX));
    if tx.execute(ADVANCE, &[id.into(), from.into(), to.into()])? == 0 {
        return Ok(false);
    }
    tx.change(INSERT_PART, &[id.into(), from.into(), bytes.into()])?;
    Ok(true)
}

/// Everything that has come.
pub(crate) fn whole(tx: &mut dyn Tx, id: UploadId) -> Result<Vec<u8>, TxError> {
    let mut whole = Vec::new();
    for row in tx.query(PARTS, &[id.into()])? {
        whole.extend(row.get::<Vec<u8>>(0)?);
    }
    Ok(whole)
}

pub(crate) fn delete_parts(tx: &mut dyn Tx, id: UploadId) -> Result<(), TxError> {
    tx.change(DELETE_PARTS, &[id.into()])
}

/// Writes how an upload came out, if it is open or waits for review.
pub(crate) fn settle(tx: &mut dyn Tx, upload: &Upload, now: Timestamp) -> Result<bool, TxError> {
    let args = [
        upload.id.into(),
        upload.state.name().into(),
        upload.problem.as_deref().into(),
        upload.name.as_deref().into(),
        upload.number.into(),
        upload.operator.as_deref().into(),
        upload.application.as_deref().into(),
        upload.words.as_deref().into(),
        now.into(),
    ];
    tx.execute(SETTLE, &args).map(|count| count > 0)
}

pub(crate) fn add_key(tx: &mut dyn Tx, officer: &str, kid: &str, jwk: &Json, now: Timestamp) -> Result<bool, TxError> {
    tx.execute(ADD_KEY, &[officer.into(), kid.into(), jwk.into(), now.into()]).map(|count| count > 0)
}

pub(crate) fn end_key(tx: &mut dyn Tx, officer: &str, kid: &str, now: Timestamp) -> Result<bool, TxError> {
    tx.execute(END_KEY, &[officer.into(), kid.into(), now.into()]).map(|count| count > 0)
}

/// The keys of an operator that count: name, JWK, since when.
pub(crate) fn keys(tx: &mut dyn Tx, officer: &str) -> Result<Vec<(String, Json, Timestamp)>, TxError> {
    let read = |row: &Row| {
        let jwk: String = row.get(1)?;
        let jwk = serde_json::from_str(&jwk).map_err(|_| TxError::Type("key of an operator".to_owned()))?;
        Ok((row.get(0)?, jwk, row.get(2)?))
    };
    tx.query(KEYS, &[officer.into()])?.iter().map(read).collect()
}
