//! Clients that were registered, and keys that sign tokens.
//!
//! **Invariant:** a client that waits for a second officer stands beside its active form and does not count; private
//! keys are sealed.

use crypto::Algorithm;
use spine::{Row, Timestamp, Tx, TxError};

use crate::provider::metadata::ClientMetadata;

const MARK: &str = "SELECT (SELECT COUNT(*) FROM identity_client), (SELECT CAST(COALESCE(SUM(revision), 0) AS BIGINT) FROM identity_client), \
     (SELECT COUNT(*) FROM identity_key), (SELECT CAST(COALESCE(SUM(revision), 0) AS BIGINT) FROM identity_key)";
const ACTIVE: &str = "SELECT id, organisation, state, declared, proposed, proposed_by, revision, made_at, changed_at FROM identity_client WHERE state = 'active' ORDER BY id";
const ALL: &str = "SELECT id, organisation, state, declared, proposed, proposed_by, revision, made_at, changed_at FROM identity_client ORDER BY id LIMIT 500";
const BY_ID: &str = "SELECT id, organisation, state, declared, proposed, proposed_by, revision, made_at, changed_at FROM identity_client WHERE id = $1";
const INSERT: &str = "INSERT INTO identity_client (id, organisation, state, declared, proposed, proposed_by, revision, made_at, changed_at) \
     VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $7)";
const UPDATE: &str = "UPDATE identity_client SET state = $2, declared = $3, proposed = $4, proposed_by = $5, revision = revision + 1, changed_at = $6 WHERE id = $1 AND revision = $7";
const KEYS: &str = "SELECT kid, algorithm, state, sealed, made_at, changed_at FROM identity_key ORDER BY made_at, kid";
const INSERT_KEY: &str = "INSERT INTO identity_key (kid, algorithm, state, sealed, revision, made_at, changed_at) VALUES ($1, $2, 'next', $3, 1, $4, $4)";
const SET_KEY_STATE: &str =
    "UPDATE identity_key SET state = $2, revision = revision + 1, changed_at = $3 WHERE kid = $1";
const DELETE_KEY: &str = "DELETE FROM identity_key WHERE kid = $1 AND state = 'retired'";

/// What changes whenever a client or a key does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark([i64; 4]);

/// A registered client.
#[derive(Clone, Debug)]
pub(crate) struct ClientRow {
    pub(crate) id: String,
    pub(crate) organisation: Option<String>,
    /// `proposed`, `active` or `inactive`.
    pub(crate) state: String,
    pub(crate) declared: ClientMetadata,
    /// A change that waits for a second officer, and whose it is.
    pub(crate) proposed: Option<ClientMetadata>,
    pub(crate) proposed_by: Option<String>,
    pub(crate) revision: i64,
    pub(crate) made_at: Timestamp,
}

/// A signing key.
#[derive(Clone)]
pub(crate) struct KeyRow {
    pub(crate) kid: String,
    pub(crate) algorithm: Algorithm,
    /// `next`, `current` or `retired`.
    pub(crate) state: String,
    pub(crate) is_current: bool,
    pub(crate) sealed: Vec<u8>,
    pub(crate) made_at: Timestamp,
    pub(crate) changed_at: Timestamp,
}

pub(crate) fn mark(tx: &mut dyn Tx) -> Result<Mark, TxError> {
    let Some(row) = tx.first(MARK, &[])? else { return Ok(Mark::default()) };
    Ok(Mark([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]))
}

fn declaration(text: &str) -> Result<ClientMetadata, TxError> {
    serde_json::from_str(text).map_err(|_| TxError::Type("a client's declaration".to_owned()))
}

fn client(row: &Row) -> Result<ClientRow, TxError> {
    let (declared, proposed): (String, Option<String>) = (row.get(3)?, row.get(4)?);
    Ok(ClientRow {
        id: row.get(0)?,
        organisation: row.get(1)?,
        state: row.get(2)?,
        declared: declaration(&declared)?,
        proposed: proposed.as_deref().map(declaration).transpose()?,
        proposed_by: row.get(5)?,
        revision: row.get(6)?,
        made_at: row.get(7)?,
    })
}

pub(crate) fn active(tx: &mut dyn Tx) -> Result<Vec<ClientRow>, TxError> {
    tx.query(ACTIVE, &[])?.iter().map(client).collect()
}

pub(crate) fn all(tx: &mut dyn Tx) -> Result<Vec<ClientRow>, TxError> {
    tx.query(ALL, &[])?.iter().map(client).collect()
}

pub(crate) fn by_id(tx: &mut dyn Tx, id: &str) -> Result<Option<ClientRow>, TxError> {
    tx.first(BY_ID, &[id.into()])?.map(|row| client(&row)).transpose()
}

fn written(declared: &ClientMetadata) -> Result<String, TxError> {
    serde_json::to_string(declared).map_err(|error| TxError::Other(error.to_string()))
}

pub(crate) fn insert(tx: &mut dyn Tx, row: &ClientRow) -> Result<(), TxError> {
    let args = [
        row.id.as_str().into(),
        row.organisation.as_deref().into(),
        row.state.as_str().into(),
        written(&row.declared)?.into(),
        row.proposed.as_ref().map(written).transpose()?.into(),
        row.proposed_by.as_deref().into(),
        row.made_at.into(),
    ];
    tx.change(INSERT, &args)
}

/// Keeps a client changed since it was read at its revision; false if somebody else was first.
pub(crate) fn update(tx: &mut dyn Tx, row: &ClientRow, now: Timestamp) -> Result<bool, TxError> {
    let args = [
        row.id.as_str().into(),
        row.state.as_str().into(),
        written(&row.declared)?.into(),
        row.proposed.as_ref().map(written).transpose()?.into(),
        row.proposed_by.as_deref().into(),
        now.into(),
        row.revision.into(),
    ];
    tx.execute(UPDATE, &args).map(|count| count > 0)
}

pub(crate) fn keys(tx: &mut dyn Tx) -> Result<Vec<KeyRow>, TxError> {
    let read = |row: &Row| {
        let (algorithm, state): (String, String) = (row.get(1)?, row.get(2)?);
        Ok(KeyRow {
            kid: row.get(0)?,
            algorithm: Algorithm::named(&algorithm).ok_or_else(|| TxError::Type("an algorithm".to_owned()))?,
            is_current: state == "current",
            state,
            sealed: row.get(3)?,
            made_at: row.get(4)?,
            changed_at: row.get(5)?,
        })
    };
    tx.query(KEYS, &[])?.iter().map(read).collect()
}

pub(crate) fn insert_key(tx: &mut dyn Tx, row: &KeyRow) -> Result<(), TxError> {
    let args = [row.kid.as_str().into(), row.algorithm.name().into(), (&row.sealed).into(), row.made_at.into()];
    tx.change(INSERT_KEY, &args)
}

pub(crate) fn set_key_state(tx: &mut dyn Tx, kid: &str, state: &str, now: Timestamp) -> Result<(), TxError> {
    tx.change(SET_KEY_STATE, &[kid.into(), state.into(), now.into()])
}

pub(crate) fn delete_key(tx: &mut dyn Tx, kid: &str) -> Result<bool, TxError> {
    tx.execute(DELETE_KEY, &[kid.into()]).map(|count| count > 0)
}
