//! Sessions: at the provider, and at the portal, which hang on the provider's.
//!
//! **Invariant:** a session is found by the hash of its token only, and together with its account, so that a
//! locked account and a changed role count at once.

use serde_json::Value as Json;
use spine::{Assurance, Personal, Row, Timestamp, Tx, TxError};

use crate::account::Kind;
use crate::session::{Found, NewSession, SessionId};

const INSERT: &str = "INSERT INTO identity_session (id, token_hash, account, parent, client, assurance, methods, user_agent, made_at, auth_time, last_seen_at, ends_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $9, $11)";
const BY_TOKEN: &str = "SELECT s.id, s.account, s.parent, s.client, s.assurance, s.methods, s.user_agent, s.made_at, s.auth_time, s.last_seen_at, s.ends_at, s.ended_at, \
     a.kind, a.name, a.roles, a.institution, a.state, s.acting_for, s.mandate \
     FROM identity_session s JOIN identity_account a ON a.id = s.account WHERE s.token_hash = $1";
const BY_ID: &str = "SELECT s.id, s.account, s.parent, s.client, s.assurance, s.methods, s.user_agent, s.made_at, s.auth_time, s.last_seen_at, s.ends_at, s.ended_at, \
     a.kind, a.name, a.roles, a.institution, a.state, s.acting_for, s.mandate \
     FROM identity_session s JOIN identity_account a ON a.id = s.account WHERE s.id = $1";
const OF_ACCOUNT: &str = "SELECT s.id, s.account, s.parent, s.client, s.assurance, s.methods, s.user_agent, s.made_at, s.auth_time, s.last_seen_at, s.ends_at, s.ended_at, \
     a.kind, a.name, a.roles, a.institution, a.state, s.acting_for, s.mandate \
     FROM identity_session s JOIN identity_account a ON a.id = s.account \
     WHERE s.account = $1 AND s.parent IS NULL AND s.ended_at IS NULL AND s.ends_at > $2 AND s.last_seen_at > $3 ORDER BY s.id DESC LIMIT 100";
const TOUCH: &str = "UPDATE identity_session SET last_seen_at = $2 WHERE (id = $1 OR id = $3) AND last_seen_at < $2";
const END: &str = "UPDATE identity_session SET ended_at = $2 WHERE (id = $1 OR parent = $1) AND ended_at IS NULL";
const END_ALL: &str = "UPDATE identity_session SET ended_at = $2 WHERE account = $1 AND ended_at IS NULL AND id <> $3 AND (parent IS NULL OR parent <> $3)";
const REVOKE: &str = "UPDATE identity_access SET revoked_at = $2 WHERE session = $1 AND revoked_at IS NULL";
const REVOKE_REFRESH: &str = "UPDATE identity_refresh SET revoked_at = $2 WHERE session = $1 AND revoked_at IS NULL";
const REVOKE_ALL: &str =
    "UPDATE identity_access SET revoked_at = $2 WHERE account = $1 AND revoked_at IS NULL AND session <> $3";
const REVOKE_ALL_REFRESH: &str =
    "UPDATE identity_refresh SET revoked_at = $2 WHERE account = $1 AND revoked_at IS NULL AND session <> $3";
const SWEEP: &str = "DELETE FROM identity_session WHERE ends_at < $1";

pub(crate) fn insert(tx: &mut dyn Tx, id: SessionId, new: &NewSession<'_>, now: Timestamp) -> Result<(), TxError> {
    let methods = Json::from(new.methods.to_vec());
    let args = [
        id.into(),
        new.token_hash.into(),
        new.account.into(),
        new.parent.into(),
        new.client.into(),
        assurance_name(new.assurance).into(),
        (&methods).into(),
        new.user_agent.into(),
        now.into(),
        new.auth_time.into(),
        new.ends_at.into(),
    ];
    tx.change(INSERT, &args)
}

pub(crate) fn by_token(tx: &mut dyn Tx, token_hash: &str) -> Result<Option<Found>, TxError> {
    tx.first(BY_TOKEN, &[token_hash.into()])?.map(|row| found(&row)).transpose()
}

pub(crate) fn by_id(tx: &mut dyn Tx, id: SessionId) -> Result<Option<Found>, TxError> {
    tx.first(BY_ID, &[id.into()])?.map(|row| found(&row)).transpose()
}

/// The provider's sessions of an account that have neither ended nor been idle since `idle_since`, newest first.
pub(crate) fn of_account(
    tx: &mut dyn Tx,
    account: &str,
    now: Timestamp,
    idle_since: Timestamp,
) -> Result<Vec<Found>, TxError> {
    tx.query(OF_ACCOUNT, &[account.into(), now.into(), idle_since.into()])?.iter().map(found).collect()
}

fn found(row: &Row) -> Result<Found, TxError> {
    let (assurance, kind): (String, String) = (row.get(4)?, row.get(12)?);
    let list = |place| {
        let json: Json = row.get(place)?;
        serde_json::from_value::<Vec<String>>(json).map_err(|_| TxError::Type("a list of words".to_owned()))
    };
    Ok(Found {
        id: row.get(0)?,
        account: row.get(1)?,
        parent: row.get(2)?,
        client: row.get(3)?,
        assurance: assurance_named(&assurance),
        methods: list(5)?,
        user_agent: row.get(6)?,
        made_at: row.get(7)?,
        auth_time: row.get(8)?,
        last_seen_at: row.get(9)?,
        ends_at: row.get(10)?,
        ended_at: row.get(11)?,
        kind: Kind::named(&kind).ok_or_else(|| TxError::Type("kind of an account".to_owned()))?,
        name: Personal::new(row.get(13)?),
        roles: list(14)?,
        institution: row.get(15)?,
        active: row.get::<String>(16)? == "active",
        acting_for: row.get(17)?,
        mandate: row.get(18)?,
    })
}

/// Says that it was used; never earlier than it already stands.
pub(crate) fn touch(tx: &mut dyn Tx, id: SessionId, parent: Option<SessionId>, now: Timestamp) -> Result<(), TxError> {
    tx.change(TOUCH, &[id.into(), now.into(), parent.unwrap_or(id).into()])
}

/// Ends a session, those that hang on it, and the tokens given out in it.
pub(crate) fn end(tx: &mut dyn Tx, id: SessionId, now: Timestamp) -> Result<u64, TxError> {
    tx.change(REVOKE, &[id.into(), now.into()])?;
    tx.change(REVOKE_REFRESH, &[id.into(), now.into()])?;
    tx.execute(END, &[id.into(), now.into()])
}

/// Ends every session of an account but one and what hangs on it; all of them with an empty `but`.
pub(crate) fn end_all(tx: &mut dyn Tx, account: &str, but: &str, now: Timestamp) -> Result<u64, TxError> {
    tx.change(REVOKE_ALL, &[account.into(), now.into(), but.into()])?;
    tx.change(REVOKE_ALL_REFRESH, &[account.into(), now.into(), but.into()])?;
    tx.execute(END_ALL, &[account.into(), now.into(), but.into()])
}

pub(crate) fn sweep(tx: &mut dyn Tx, before: Timestamp) -> Result<u64, TxError> {
    tx.execute(SWEEP, &[before.into()])
}

pub(crate) const fn assurance_name(assurance: Assurance) -> &'static str {
    match assurance {
        Assurance::None => "none",
        Assurance::Low => "low",
        Assurance::Substantial => "substantial",
        Assurance::High => "high",
    }
}

/// The assurance of that name; an unknown name is worth nothing.
pub(crate) fn assurance_named(name: &str) -> Assurance {
    match name {
        "low" => Assurance::Low,
        "substantial" => Assurance::Substantial,
        "high" => Assurance::High,
        _ => Assurance::None,
    }
}
