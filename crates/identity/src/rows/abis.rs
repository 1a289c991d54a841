//! Templates on their way to the ABIS, and what it was asked.
//!
//! **Invariant:** a template stands here sealed, and only until the ABIS has it. Where next: `enrolment/abis/`.

use spine::{Row, Timestamp, Tx, TxError};

use crate::enrolment::ApplicationId;

const SET_BIOMETRIC: &str = "INSERT INTO identity_biometric (application, sealed, made_at) VALUES ($1, $2, $3) \
     ON CONFLICT (application) DO UPDATE SET sealed = $2, made_at = $3";
const BIOMETRIC: &str = "SELECT sealed FROM identity_biometric WHERE application = $1";
const DELETE_BIOMETRIC: &str = "DELETE FROM identity_biometric WHERE application = $1";
const INSERT_REFERENCE: &str = "INSERT INTO identity_abis_reference (reference, application) VALUES ($1, $2)";
const REFERENCE: &str = "SELECT application FROM identity_abis_reference WHERE reference = $1";
const LIVE_OF: &str =
    "SELECT reference FROM identity_abis_reference WHERE application = $1 AND deleted_at IS NULL ORDER BY reference";
const INSERTED: &str = "UPDATE identity_abis_reference SET inserted_at = $2 WHERE reference = $1";
const DELETED: &str = "UPDATE identity_abis_reference SET deleted_at = $2 WHERE reference = $1";
const INSERT_REQUEST: &str =
    "INSERT INTO identity_abis_request (id, reference, kind, state, asked_at) VALUES ($1, $2, $3, 'asked', $4)";
const REQUEST: &str = "SELECT id, reference, kind, state FROM identity_abis_request WHERE id = $1";
const SETTLE: &str =
    "UPDATE identity_abis_request SET state = $2, answered_at = $3 WHERE id = $1 AND state <> 'answered'";

/// Something the ABIS was asked.
pub(crate) struct Asked {
    pub(crate) id: String,
    pub(crate) reference: String,
    pub(crate) kind: String,
    pub(crate) answered: bool,
}

pub(crate) fn set_biometric(
    tx: &mut dyn Tx,
    application: ApplicationId,
    sealed: &[u8],
    now: Timestamp,
) -> Result<(), TxError> {
    tx.change(SET_BIOMETRIC, &[application.into(), sealed.into(), now.into()])
}

pub(crate) fn biometric(tx: &mut dyn Tx, application: ApplicationId) -> Result<Option<Vec<u8>>, TxError> {
    tx.first(BIOMETRIC, &[application.into()])?.map(|row| row.get(0)).transpose()
}

pub(crate) fn delete_biometric(tx: &mut dyn Tx, application: ApplicationId) -> Result<bool, TxError> {
    tx.execute(DELETE_BIOMETRIC, &[application.into()]).map(|count| count > 0)
}

pub(crate) fn insert_reference(tx: &mut dyn Tx, reference: &str, application: ApplicationId) -> Result<(), TxError> {
    tx.change(INSERT_REFERENCE, &[reference.into(), application.into()])
}

/// The application a reference means.
pub(crate) fn application_of(tx: &mut dyn Tx, reference: &str) -> Result<Option<ApplicationId>, TxError> {
    tx.first(REFERENCE, &[reference.into()])?.map(|row| row.get(0)).transpose()
}

/// What the ABIS may hold of an application.
pub(crate) fn live_references(tx: &mut dyn Tx, application: ApplicationId) -> Result<Vec<String>, TxError> {
    tx.query(LIVE_OF, &[application.into()])?.iter().map(|row| row.get(0)).collect()
}

pub(crate) fn inserted(tx: &mut dyn Tx, reference: &str, now: Timestamp) -> Result<(), TxError> {
    tx.change(INSERTED, &[reference.into(), now.into()])
}

pub(crate) fn deleted(tx: &mut dyn Tx, reference: &str, now: Timestamp) -> Result<(), TxError> {
    tx.change(DELETED, &[reference.into(), now.into()])
}

pub(crate) fn insert_request(
    tx: &mut dyn Tx,
    id: &str,
    (reference, kind): (&str, &str),
    now: Timestamp,
) -> Result<(), TxError> {
    tx.change(INSERT_REQUEST, &[id.into(), reference.into(), kind.into(), now.into()])
}

pub(crate) fn request(tx: &mut dyn Tx, id: &str) -> Result<Option<Asked>, TxError> {
    let read = |row: Row| {
        let state: String = row.get(3)?;
        Ok(Asked { id: row.get(0)?, reference: row.get(1)?, kind: row.get(2)?, answered: state == "answered" })
    };
    tx.first(REQUEST, &[id.into()])?.map(read).transpose()
}

/// Writes how a request came out; false if it was answered before.
pub(crate) fn settle(tx: &mut dyn Tx, id: &str, state: &str, now: Timestamp) -> Result<bool, TxError> {
    tx.execute(SETTLE, &[id.into(), state.into(), now.into()]).map(|count| count > 0)
}
