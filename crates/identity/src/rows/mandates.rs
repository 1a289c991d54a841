//! Mandates, organisations, and for whom a session acts.
//!
//! **Invariant:** a state moves on only from the state it was read in, so two who decide at once are told apart.

use serde_json::Value as Json;
use spine::{Date, Row, Timestamp, Tx, TxError};

use crate::mandates::{Mandate, MandateId, MandateState};
use crate::session::SessionId;

const INSERT: &str = "INSERT INTO identity_mandate (id, kind, represented, representative, scopes, state, evidence, reference, made_by, made_at, valid_to) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
const BY_ID: &str = "SELECT id, kind, represented, representative, scopes, state, evidence, reference, made_by, made_at, valid_to, ended_at, ended_because \
     FROM identity_mandate WHERE id = $1";
const OF_REPRESENTED: &str = "SELECT id, kind, represented, representative, scopes, state, evidence, reference, made_by, made_at, valid_to, ended_at, ended_because \
     FROM identity_mandate WHERE represented = $1 ORDER BY id DESC LIMIT 100";
const OF_REPRESENTATIVE: &str = "SELECT id, kind, represented, representative, scopes, state, evidence, reference, made_by, made_at, valid_to, ended_at, ended_because \
     FROM identity_mandate WHERE representative = $1 ORDER BY id DESC LIMIT 100";
const PROPOSED: &str = "SELECT id, kind, represented, representative, scopes, state, evidence, reference, made_by, made_at, valid_to, ended_at, ended_because \
     FROM identity_mandate WHERE state = 'proposed' ORDER BY id LIMIT 200";
const LIVE: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM identity_mandate WHERE represented = $1 AND state <> 'ended' AND valid_to >= $2";
const DECIDE: &str =
    "UPDATE identity_mandate SET state = 'active', decided_by = $2, decided_at = $3 WHERE id = $1 AND state = $4";
const END: &str = "UPDATE identity_mandate SET state = 'ended', ended_by = $2, ended_at = $3, ended_because = $4 WHERE id = $1 AND state <> 'ended'";
const END_ALL: &str = "UPDATE identity_mandate SET state = 'ended', ended_by = $2, ended_at = $3, ended_because = $4 WHERE (represented = $1 OR representative = $1) AND state <> 'ended'";
const INSERT_ORGANISATION: &str =
    "INSERT INTO identity_organisation (id, number, name, made_by, made_at) VALUES ($1, $2, $3, $4, $5)";
const ORGANISATION: &str = "SELECT id, number, name FROM identity_organisation WHERE id = $1";
const ORGANISATION_NUMBERED: &str = "SELECT id, number, name FROM identity_organisation WHERE number = $1";
const ORGANISATIONS: &str = "SELECT id, number, name FROM identity_organisation ORDER BY name, id LIMIT 200";
const SET_ACTING: &str = "UPDATE identity_session SET acting_for = $2, mandate = $3 WHERE id = $1";

/// A business or association that people act for.
#[derive(Clone, Debug)]
pub(crate) struct Organisation {
    pub(crate) id: String,
    /// Its number in the register it was made by.
    pub(crate) number: String,
    pub(crate) name: String,
}

pub(crate) fn insert(tx: &mut dyn Tx, mandate: &Mandate) -> Result<(), TxError> {
    let scopes = Json::from(mandate.scopes.clone());
    let args = [
        mandate.id.into(),
        (&mandate.kind).into(),
        (&mandate.represented).into(),
        (&mandate.representative).into(),
        (&scopes).into(),
        mandate.state.name().into(),
        mandate.evidence.as_deref().into(),
        mandate.reference.as_deref().into(),
        (&mandate.made_by).into(),
        mandate.made_at.into(),
        mandate.valid_to.into(),
    ];
    tx.change(INSERT, &args)
}

pub(crate) fn by_id(tx: &mut dyn Tx, id: MandateId) -> Result<Option<Mandate>, TxError> {
    tx.first(BY_ID, &[id.into()])?.map(|row| mandate(&row)).transpose()
}

/// Mandates somebody is represented under, newest first.
pub(crate) fn of_represented(tx: &mut dyn Tx, account: &str) -> Result<Vec<Mandate>, TxError> {
    tx.query(OF_REPRESENTED, &[account.into()])?.iter().map(mandate).collect()
}

/// Mandates somebody acts under, newest first.
pub(crate) fn of_representative(tx: &mut dyn Tx, account: &str) -> Result<Vec<Mandate>, TxError> {
    tx.query(OF_REPRESENTATIVE, &[account.into()])?.iter().map(mandate).collect()
}

/// Mandates that wait for a second officer, oldest first.
pub(crate) fn proposed(tx: &mut dyn Tx) -> Result<Vec<Mandate>, TxError> {
    tx.query(PROPOSED, &[])?.iter().map(mandate).collect()
}

/// How many mandates somebody has given that are not over.
pub(crate) fn live(tx: &mut dyn Tx, represented: &str, today: Date) -> Result<i64, TxError> {
    tx.first(LIVE, &[represented.into(), today.into()])?.map_or(Ok(0), |row| row.get(0))
}

/// Makes it hold, if it still waits in the state it was read in.
pub(crate) fn decide(
    tx: &mut dyn Tx,
    id: MandateId,
    by: &str,
    from: MandateState,
    now: Timestamp,
) -> Result<bool, TxError> {
    Ok(tx.execute(DECIDE, &[id.into(), by.into(), now.into(), from.name().into()])? == 1)
}

/// Ends it, if it has not ended.
pub(crate) fn end(tx: &mut dyn Tx, id: MandateId, by: &str, because: &str, now: Timestamp) -> Result<bool, TxError> {
    Ok(tx.execute(END, &[id.into(), by.into(), now.into(), because.into()])? == 1)
}

/// Ends all of somebody's, on whichever side she stands; returns how many.
pub(crate) fn end_all(tx: &mut dyn Tx, account: &str, by: &str, because: &str, now: Timestamp) -> Result<u64, TxError> {
    tx.execute(END_ALL, &[account.into(), by.into(), now.into(), because.into()])
}

pub(crate) fn insert_organisation(
    tx: &mut dyn Tx,
    organisation: &Organisation,
    by: &str,
    now: Timestamp,
) -> Result<(), TxError> {
    let Organisation { id, number, name } = organisation;
    tx.change(INSERT_ORGANISATION, &[id.into(), number.into(), name.into(), by.into(), now.into()])
}

pub(crate) fn organisation(tx: &mut dyn Tx, id: &str) -> Result<Option<Organisation>, TxError> {
    tx.first(ORGANISATION, &[id.into()])?.map(|row| organisation_of(&row)).transpose()
}

pub(crate) fn organisation_numbered(tx: &mut dyn Tx, number: &str) -> Result<Option<Organisation>, TxError> {
    tx.first(ORGANISATION_NUMBERED, &[number.into()])?.map(|row| organisation_of(&row)).transpose()
}

/// Organisations by name.
pub(crate) fn organisations(tx: &mut dyn Tx) -> Result<Vec<Organisation>, TxError> {
    tx.query(ORGANISATIONS, &[])?.iter().map(organisation_of).collect()
}

/// Keeps for whom a session acts; nobody, and it is for herself.
pub(crate) fn set_acting(
    tx: &mut dyn Tx,
    session: SessionId,
    whom: Option<(&str, Option<MandateId>)>,
) -> Result<(), TxError> {
    let (person, mandate) = (whom.map(|(person, _)| person), whom.and_then(|(_, mandate)| mandate));
    tx.change(SET_ACTING, &[session.into(), person.into(), mandate.into()])
}

fn organisation_of(row: &Row) -> Result<Organisation, TxError> {
    Ok(Organisation { id: row.get(0)?, number: row.get(1)?, name: row.get(2)? })
}

fn mandate(row: &Row) -> Result<Mandate, TxError> {
    let (scopes, state): (Json, String) = (row.get(4)?, row.get(5)?);
    Ok(Mandate {
        id: row.get(0)?,
        kind: row.get(1)?,
        represented: row.get(2)?,
        representative: row.get(3)?,
        scopes: serde_json::from_value(scopes).map_err(|_| TxError::Type("the scopes of a mandate".to_owned()))?,
        state: MandateState::named(&state).ok_or_else(|| TxError::Type("the state of a mandate".to_owned()))?,
        evidence: row.get(6)?,
        reference: row.get(7)?,
        made_by: row.get(8)?,
        made_at: row.get(9)?,
        valid_to: row.get(10)?,
        ended_at: row.get(11)?,
        ended_because: row.get(12)?,
    })
}
