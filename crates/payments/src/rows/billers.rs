//! SQL of billers, and of what their programs are told.

use serde_json::Value as Json;
use spine::{Row, Timestamp, Tx, TxError};

use super::requests::odd;
use crate::billers::{Biller, BillerId, BillerState, EventId};

const PUT: &str = "
    INSERT INTO payments_biller (id, institution, state, hook, asked_by, made_at) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (id) DO UPDATE SET state = excluded.state, hook = excluded.hook, asked_by = excluded.asked_by,
        made_at = excluded.made_at";

pub(crate) fn put(tx: &mut dyn Tx, biller: &Biller) -> Result<(), TxError> {
    let args = [
        biller.id.into(),
        (&biller.institution).into(),
        biller.state.code().into(),
        biller.hook.as_deref().into(),
        (&biller.asked_by).into(),
        biller.made_at.into(),
    ];
    tx.change(PUT, &args)
}

const SELECT: &str = "
    SELECT id, institution, state, hook, key_hash, asked_by, made_at FROM payments_biller WHERE id = $1";
const SELECT_OF: &str = "
    SELECT id, institution, state, hook, key_hash, asked_by, made_at FROM payments_biller WHERE institution = $1";
const SELECT_KEYED: &str = "
    SELECT id, institution, state, hook, key_hash, asked_by, made_at FROM payments_biller WHERE key_hash = $1";
const SELECT_ALL: &str = "
    SELECT id, institution, state, hook, key_hash, asked_by, made_at FROM payments_biller ORDER BY institution";

pub(crate) fn find(tx: &mut dyn Tx, id: BillerId) -> Result<Option<Biller>, TxError> {
    tx.first(SELECT, &[id.into()])?.as_ref().map(row).transpose()
}

pub(crate) fn of(tx: &mut dyn Tx, institution: &str) -> Result<Option<Biller>, TxError> {
    tx.first(SELECT_OF, &[institution.into()])?.as_ref().map(row).transpose()
}

/// Whose key has this hash.
pub(crate) fn keyed(tx: &mut dyn Tx, hash: &[u8; 32]) -> Result<Option<Biller>, TxError> {
    tx.first(SELECT_KEYED, &[hash.into()])?.as_ref().map(row).transpose()
}

pub(crate) fn all(tx: &mut dyn Tx) -> Result<Vec<Biller>, TxError> {
    tx.query(SELECT_ALL, &[])?.iter().map(row).collect()
}

fn row(row: &Row) -> Result<Biller, TxError> {
    Ok(Biller {
        id: row.get(0)?,
        institution: row.get(1)?,
        state: BillerState::of(&row.get::<String>(2)?).ok_or_else(|| odd("a biller's state"))?,
        hook: row.get(3)?,
        has_key: row.get::<Option<Vec<u8>>>(4)?.is_some(),
        asked_by: row.get(5)?,
        made_at: row.get(6)?,
    })
}

const SET_STATE: &str = "UPDATE payments_biller SET state = $2, opened_by = $3 WHERE id = $1";

pub(crate) fn set_state(tx: &mut dyn Tx, id: BillerId, state: BillerState, by: Option<&str>) -> Result<(), TxError> {
    tx.change(SET_STATE, &[id.into(), state.code().into(), by.into()])
}

const SET_KEY: &str = "UPDATE payments_biller SET key_hash = $2 WHERE id = $1";

pub(crate) fn set_key(tx: &mut dyn Tx, id: BillerId, hash: Option<&[u8; 32]>) -> Result<(), TxError> {
    tx.change(SET_KEY, &[id.into(), hash.into()])
}

const INSERT_EVENT: &str = "INSERT INTO payments_biller_event (id, institution, body, made_at) VALUES ($1, $2, $3, $4)";

pub(crate) fn insert_event(
    tx: &mut dyn Tx,
    id: EventId,
    institution: &str,
    body: &Json,
    now: Timestamp,
) -> Result<(), TxError> {
    tx.change(INSERT_EVENT, &[id.into(), institution.into(), body.into(), now.into()])
}

const SELECT_EVENT: &str = "SELECT body FROM payments_biller_event WHERE id = $1";

pub(crate) fn event(tx: &mut dyn Tx, id: EventId) -> Result<Option<Json>, TxError> {
    tx.first(SELECT_EVENT, &[id.into()])?.map(|row| row.get(0)).transpose()
}

const SELECT_EVENTS: &str = "
    SELECT body FROM payments_biller_event WHERE institution = $1 AND id > $2 ORDER BY id LIMIT $3";

pub(crate) fn events(tx: &mut dyn Tx, institution: &str, after: &str, limit: i64) -> Result<Vec<Json>, TxError> {
    tx.query(SELECT_EVENTS, &[institution.into(), after.into(), limit.into()])?.iter().map(|row| row.get(0)).collect()
}
