//! Every SQL text of the journal but the evidence log's, and the rows they read and write.

use std::borrow::Cow;

use serde_json::Value as Json;
use spine::{Act, Actor, Event, Id, IdKind, Row, Timestamp, Tx, TxError};

use crate::record::ActId;

/// The kind of an event's or job's identifier.
#[derive(Debug)]
pub struct JobKind;

impl IdKind for JobKind {
    const PREFIX: &'static str = "job";
}

pub(crate) type JobId = Id<JobKind>;

const SELECT_REQUEST: &str = "SELECT request_hash, outcome FROM journal_request WHERE key = $1";

pub(crate) fn request(tx: &mut dyn Tx, key: &str) -> Result<Option<(Vec<u8>, String)>, TxError> {
    tx.first(SELECT_REQUEST, &[key.into()])?.map(|row| Ok((row.get(0)?, row.get(1)?))).transpose()
}

const INSERT_REQUEST: &str =
    "INSERT INTO journal_request (key, request_hash, outcome, made_at) VALUES ($1, $2, $3, $4)";

pub(crate) fn append_request(tx: &mut dyn Tx, key: &str, hash: &[u8; 32], outcome: String, now: Timestamp) {
    tx.append(INSERT_REQUEST, vec![key.to_owned().into(), hash.to_vec().into(), outcome.into(), now.into()]);
}

const INSERT_ACT: &str = "
    INSERT INTO journal_act (id, at, kind, actor_kind, actor, on_behalf_of, subject, object, purpose, legal_basis, salt, record, sequenced)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0)";

pub(crate) fn append_act(
    tx: &mut dyn Tx,
    id: ActId,
    now: Timestamp,
    actor: &Actor,
    act: Act,
    salt: &[u8; 32],
    record: String,
) {
    let args = vec![
        id.into(),
        now.into(),
        act.kind.into(),
        actor_kind(actor.kind).into(),
        actor.id.clone().into(),
        actor.on_behalf_of.as_ref().map(|behalf| behalf.person.clone()).into(),
        act.subject.into(),
        act.object.into(),
        act.purpose.into(),
        act.legal_basis.into(),
        salt.to_vec().into(),
        record.into(),
    ];
    tx.append(INSERT_ACT, args);
}

const fn actor_kind(kind: spine::ActorKind) -> &'static str {
    match kind {
        spine::ActorKind::Anonymous => "anonymous",
        spine::ActorKind::Person => "person",
        spine::ActorKind::Officer => "officer",
        spine::ActorKind::Client => "client",
        spine::ActorKind::Device => "device",
        spine::ActorKind::System => "system",
    }
}

const INSERT_EVENT: &str = "INSERT INTO journal_event (id, at, topic, body) VALUES ($1, $2, $3, $4)";

pub(crate) fn append_event(tx: &mut dyn Tx, id: JobId, now: Timestamp, event: &Event) {
    tx.append(INSERT_EVENT, vec![id.into(), now.into(), event.topic.into(), (&event.body).into()]);
}

const INSERT_JOB: &str = "
    INSERT INTO journal_job (id, kind, body, state, made_at, run_at, attempts, leased_until)
    VALUES ($1, $2, $3, 'waiting', $4, $5, 0, 0)";

pub(crate) fn append_job(
    tx: &mut dyn Tx,
    id: JobId,
    kind: Cow<'static, str>,
    body: &Json,
    now: Timestamp,
    run_at: Timestamp,
) {
    tx.append(INSERT_JOB, vec![id.into(), kind.into(), body.into(), now.into(), run_at.into()]);
}

/// A job that a worker has leased.
#[derive(Debug)]
pub(crate) struct JobRow {
    pub(crate) id: JobId,
    pub(crate) kind: String,
    pub(crate) body: Json,
    pub(crate) attempts: i64,
}

const LEASE_JOBS: &str = "
    UPDATE journal_job SET leased_until = $2, attempts = attempts + 1
    WHERE id IN (
        SELECT id FROM journal_job
        WHERE state = 'waiting' AND run_at <= $1 AND leased_until <= $1
        ORDER BY run_at, id LIMIT $3
    )
    RETURNING id, kind, body, attempts";

pub(crate) fn lease_jobs(
    tx: &mut dyn Tx,
    now: Timestamp,
    until: Timestamp,
    limit: i64,
) -> Result<Vec<JobRow>, TxError> {
    let rows = tx.query(LEASE_JOBS, &[now.into(), until.into(), limit.into()])?;
    let read = |row: &Row| Ok(JobRow { id: row.get(0)?, kind: row.get(1)?, body: row.get(2)?, attempts: row.get(3)? });
    rows.iter().map(read).collect()
}

const SELECT_DUE: &str =
    "SELECT 1 FROM journal_job WHERE state = 'waiting' AND run_at <= $1 AND leased_until <= $1 LIMIT 1";

pub(crate) fn any_due(tx: &mut dyn Tx, now: Timestamp) -> Result<bool, TxError> {
    Ok(tx.first(SELECT_DUE, &[now.into()])?.is_some())
}

const DELETE_JOB: &str = "DELETE FROM journal_job WHERE id = $1";

pub(crate) fn delete_job(tx: &mut dyn Tx, id: JobId) -> Result<bool, TxError> {
    Ok(tx.execute(DELETE_JOB, &[id.into()])? == 1)
}

const POSTPONE_JOB: &str =
    "UPDATE journal_job SET run_at = $2, leased_until = 0, last_fault = $3 WHERE id = $1 AND state = 'waiting'";

pub(crate) fn postpone_job(tx: &mut dyn Tx, id: JobId, run_at: Timestamp, fault: &str) -> Result<(), TxError> {
    tx.change(POSTPONE_JOB, &[id.into(), run_at.into(), fault.into()])
}

const BURY_JOB: &str = "UPDATE journal_job SET state = 'dead', leased_until = 0, last_fault = $2 WHERE id = $1";

pub(crate) fn bury_job(tx: &mut dyn Tx, id: JobId, fault: &str) -> Result<(), TxError> {
    tx.change(BURY_JOB, &[id.into(), fault.into()])
}

const SELECT_DEAD: &str = "
    SELECT id, kind, made_at, attempts, last_fault FROM journal_job
    WHERE state = 'dead' AND id > $1 ORDER BY id LIMIT $2";

pub(crate) fn dead_jobs(tx: &mut dyn Tx, after: &str, limit: i64) -> Result<Vec<Row>, TxError> {
    tx.query(SELECT_DEAD, &[after.into(), limit.into()])
}

const REVIVE_JOB: &str = "
    UPDATE journal_job SET state = 'waiting', run_at = $2, attempts = 0, leased_until = 0
    WHERE id = $1 AND state = 'dead' RETURNING kind";

pub(crate) fn revive_job(tx: &mut dyn Tx, id: JobId, now: Timestamp) -> Result<Option<String>, TxError> {
    tx.first(REVIVE_JOB, &[id.into(), now.into()])?.map(|row| row.get(0)).transpose()
}

const DISCARD_JOB: &str = "DELETE FROM journal_job WHERE id = $1 AND state = 'dead' RETURNING kind";

pub(crate) fn discard_job(tx: &mut dyn Tx, id: JobId) -> Result<Option<String>, TxError> {
    tx.first(DISCARD_JOB, &[id.into()])?.map(|row| row.get(0)).transpose()
}

const SELECT_ABOUT: &str = "
    SELECT id, at, record FROM journal_act WHERE subject = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
const SELECT_ON: &str = "
    SELECT id, at, record FROM journal_act WHERE object = $1 AND id < $2 ORDER BY id DESC LIMIT $3";

pub(crate) fn acts_about(tx: &mut dyn Tx, subject: &str, before: &str, limit: i64) -> Result<Vec<Row>, TxError> {
    tx.query(SELECT_ABOUT, &[subject.into(), before.into(), limit.into()])
}

pub(crate) fn acts_on(tx: &mut dyn Tx, object: &str, before: &str, limit: i64) -> Result<Vec<Row>, TxError> {
    tx.query(SELECT_ON, &[object.into(), before.into(), limit.into()])
}
