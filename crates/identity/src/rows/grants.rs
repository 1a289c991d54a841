//! Codes, access and refresh tokens, pushed requests, and proofs that are good once.
//!
//! **Invariant:** codes and tokens stand as SHA-256 only; what is good once is marked used in the transaction that uses it.

use serde_json::Value as Json;
use spine::{Row, Timestamp, Tx, TxError};

use crate::mandates::ActedBy;
use crate::provider::asked::Asked;
use crate::provider::grant::Basis;
use crate::session::SessionId;

const INSERT_CODE: &str = "INSERT INTO identity_code (hash, session, account, client, redirect_uri, challenge, dpop_jkt, scope, basis, expires_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
const CODE: &str = "SELECT session, account, client, redirect_uri, challenge, dpop_jkt, scope, basis, expires_at, used_at FROM identity_code WHERE hash = $1";
const USE_CODE: &str = "UPDATE identity_code SET used_at = $2 WHERE hash = $1";
const INSERT_ACCESS: &str = "INSERT INTO identity_access (hash, family, session, account, client, scope, asked, bound, issued_at, expires_at, act) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
const ACCESS: &str = "SELECT t.family, t.session, t.account, t.client, t.scope, t.asked, t.bound, t.issued_at, t.expires_at, t.revoked_at, t.passed_at, \
     a.state, s.ended_at, s.ends_at, t.act \
     FROM identity_access t LEFT JOIN identity_account a ON a.id = t.account LEFT JOIN identity_session s ON s.id = t.session WHERE t.hash = $1";
const PASS: &str = "UPDATE identity_access SET passed_at = $2 WHERE hash = $1 AND passed_at IS NULL";
const REVOKE_ACCESS: &str = "UPDATE identity_access SET revoked_at = $2 WHERE hash = $1";
const INSERT_REFRESH: &str = "INSERT INTO identity_refresh (hash, family, session, account, client, scope, basis, bound, made_at, expires_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
const REFRESH: &str = "SELECT family, session, account, client, scope, basis, bound, made_at, expires_at, used_at, revoked_at FROM identity_refresh WHERE hash = $1";
const USE_REFRESH: &str = "UPDATE identity_refresh SET used_at = $2 WHERE hash = $1";
const END_FAMILY_ACCESS: &str = "UPDATE identity_access SET revoked_at = $4 WHERE account = $1 AND client = $2 AND family = $3 AND revoked_at IS NULL";
const END_FAMILY_REFRESH: &str = "UPDATE identity_refresh SET revoked_at = $4 WHERE account = $1 AND client = $2 AND family = $3 AND revoked_at IS NULL";
const END_CLIENT_ACCESS: &str =
    "UPDATE identity_access SET revoked_at = $3 WHERE account = $1 AND client = $2 AND revoked_at IS NULL";
const END_CLIENT_REFRESH: &str =
    "UPDATE identity_refresh SET revoked_at = $3 WHERE account = $1 AND client = $2 AND revoked_at IS NULL";
const END_ACCOUNT_ACCESS: &str = "UPDATE identity_access SET revoked_at = $2 WHERE account = $1 AND revoked_at IS NULL";
const END_ACCOUNT_REFRESH: &str =
    "UPDATE identity_refresh SET revoked_at = $2 WHERE account = $1 AND revoked_at IS NULL";
const INSERT_PUSHED: &str = "INSERT INTO identity_pushed (hash, client, request, expires_at) VALUES ($1, $2, $3, $4)";
const PUSHED: &str = "SELECT client, request, expires_at, used_at FROM identity_pushed WHERE hash = $1";
const USE_PUSHED: &str = "UPDATE identity_pushed SET used_at = $2 WHERE hash = $1";
const SPEND: &str = "INSERT INTO identity_once (key, expires_at) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING";
const SWEEP_CODES: &str = "DELETE FROM identity_code WHERE expires_at < $1";
const SWEEP_ACCESS: &str = "DELETE FROM identity_access WHERE expires_at < $1";
const SWEEP_REFRESH: &str = "DELETE FROM identity_refresh WHERE expires_at < $1";
const SWEEP_PUSHED: &str = "DELETE FROM identity_pushed WHERE expires_at < $1";
const SWEEP_ONCE: &str = "DELETE FROM identity_once WHERE expires_at < $1";

/// An authorisation code.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    pub(crate) session: SessionId,
    pub(crate) account: String,
    pub(crate) client: String,
    pub(crate) redirect_uri: String,
    pub(crate) challenge: Option<String>,
    pub(crate) dpop_jkt: Option<String>,
    pub(crate) scope: String,
    pub(crate) basis: Basis,
    pub(crate) expires_at: Timestamp,
    pub(crate) used_at: Option<Timestamp>,
}

/// An access token.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    pub(crate) family: String,
    pub(crate) session: Option<SessionId>,
    pub(crate) account: Option<String>,
    pub(crate) client: String,
    pub(crate) scope: String,
    pub(crate) asked: Asked,
    pub(crate) bound: Option<String>,
    pub(crate) issued_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    /// Who acts, where it is about another.
    pub(crate) act: Option<ActedBy>,
}

/// An access token as it stands now.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    pub(crate) access: Access,
    pub(crate) passed: bool,
    /// Neither taken back, nor over, nor its account locked, nor its session ended.
    pub(crate) good: bool,
}

/// A refresh token.
#[derive(Clone, Debug)]
pub(crate) struct Refresh {
    pub(crate) family: String,
    pub(crate) session: Option<SessionId>,
    pub(crate) account: String,
    pub(crate) client: String,
    pub(crate) scope: String,
    pub(crate) basis: Basis,
    pub(crate) bound: Option<String>,
    pub(crate) made_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) used_at: Option<Timestamp>,
    pub(crate) revoked_at: Option<Timestamp>,
}

/// A pushed request.
#[derive(Clone, Debug)]
pub(crate) struct Pushed {
    pub(crate) client: String,
    pub(crate) request: Json,
    pub(crate) expires_at: Timestamp,
    pub(crate) used_at: Option<Timestamp>,
}

fn typed<T: serde::de::DeserializeOwned>(row: &Row, place: usize) -> Result<T, TxError> {
    let text: String = row.get(place)?;
    serde_json::from_str(&text).map_err(|_| TxError::Type("JSON of a grant".to_owned()))
}

fn written(value: &impl serde::Serialize) -> Result<String, TxError> {
    serde_json::to_string(value).map_err(|error| TxError::Other(error.to_string()))
}

pub(crate) fn insert_code(tx: &mut dyn Tx, hash: &str, code: &Code) -> Result<(), TxError> {
    let args = [
        hash.into(),
        code.session.into(),
        code.account.as_str().into(),
        code.client.as_str().into(),
        code.redirect_uri.as_str().into(),
        code.challenge.as_deref().into(),
        code.dpop_jkt.as_deref().into(),
        code.scope.as_str().into(),
        written(&code.basis)?.into(),
        code.expires_at.into(),
    ];
    tx.change(INSERT_CODE, &args)
}

pub(crate) fn code(tx: &mut dyn Tx, hash: &str) -> Result<Option<Code>, TxError> {
    let read = |row: Row| {
        Ok(Code {
            session: row.get(0)?,
            account: row.get(1)?,
            client: row.get(2)?,
            redirect_uri: row.get(3)?,
            challenge: row.get(4)?,
            dpop_jkt: row.get(5)?,
            scope: row.get(6)?,
            basis: typed(&row, 7)?,
            expires_at: row.get(8)?,
            used_at: row.get(9)?,
        })
    };
    tx.first(CODE, &[hash.into()])?.map(read).transpose()
}

pub(crate) fn use_code(tx: &mut dyn Tx, hash: &str, now: Timestamp) -> Result<(), TxError> {
    tx.change(USE_CODE, &[hash.into(), now.into()])
}

pub(crate) fn insert_access(tx: &mut dyn Tx, hash: &str, access: &Access) -> Result<(), TxError> {
    let args = [
        hash.into(),
        access.family.as_str().into(),
        access.session.into(),
        access.account.as_deref().into(),
        access.client.as_str().into(),
        access.scope.as_str().into(),
        written(&access.asked)?.into(),
        access.bound.as_deref().into(),
        access.issued_at.into(),
        access.expires_at.into(),
        access.act.as_ref().map(written).transpose()?.into(),
    ];
    tx.change(INSERT_ACCESS, &args)
}

/// An access token with what its account and session say of it, in one look.
pub(crate) fn access(tx: &mut dyn Tx, hash: &str, now: Timestamp) -> Result<Option<Standing>, TxError> {
    let read = |row: Row| {
        let access = Access {
            family: row.get(0)?,
            session: row.get(1)?,
            account: row.get(2)?,
            client: row.get(3)?,
            scope: row.get(4)?,
            asked: typed(&row, 5)?,
            bound: row.get(6)?,
            issued_at: row.get(7)?,
            expires_at: row.get(8)?,
            act: row.get::<Option<String>>(14)?.map(|_| typed(&row, 14)).transpose()?,
        };
        let (revoked, passed): (Option<Timestamp>, Option<Timestamp>) = (row.get(9)?, row.get(10)?);
        let (state, ended, ends): (Option<String>, Option<Timestamp>, Option<Timestamp>) =
            (row.get(11)?, row.get(12)?, row.get(13)?);
        // A child or an organisation has no account; whether who acts still may is asked beside this.
        let without = access.account.is_none() || (access.act.is_some() && state.is_none());
        let account_good = without || state.as_deref() == Some("active");
        let session_good = access.session.is_none() || (ended.is_none() && ends.is_some_and(|ends| now < ends));
        let good = revoked.is_none() && now < access.expires_at && account_good && session_good;
        Ok(Standing { access, passed: passed.is_some(), good })
    };
    tx.first(ACCESS, &[hash.into()])?.map(read).transpose()
}

/// Notes that claims were passed on with it; false if that was noted before.
pub(crate) fn pass(tx: &mut dyn Tx, hash: &str, now: Timestamp) -> Result<bool, TxError> {
    tx.execute(PASS, &[hash.into(), now.into()]).map(|count| count > 0)
}

pub(crate) fn revoke_access(tx: &mut dyn Tx, hash: &str, now: Timestamp) -> Result<(), TxError> {
    tx.change(REVOKE_ACCESS, &[hash.into(), now.into()])
}

pub(crate) fn insert_refresh(tx: &mut dyn Tx, hash: &str, refresh: &Refresh) -> Result<(), TxError> {
    let args = [
        hash.into(),
        refresh.family.as_str().into(),
        refresh.session.into(),
        refresh.account.as_str().into(),
        refresh.client.as_str().into(),
        refresh.scope.as_str().into(),
        written(&refresh.basis)?.into(),
        refresh.bound.as_deref().into(),
        refresh.made_at.into(),
        refresh.expires_at.into(),
    ];
    tx.change(INSERT_REFRESH, &args)
}

pub(crate) fn refresh(tx: &mut dyn Tx, hash: &str) -> Result<Option<Refresh>, TxError> {
    let read = |row: Row| {
        Ok(Refresh {
            family: row.get(0)?,
            session: row.get(1)?,
            account: row.get(2)?,
            client: row.get(3)?,
            scope: row.get(4)?,
            basis: typed(&row, 5)?,
            bound: row.get(6)?,
            made_at: row.get(7)?,
            expires_at: row.get(8)?,
            used_at: row.get(9)?,
            revoked_at: row.get(10)?,
        })
    };
    tx.first(REFRESH, &[hash.into()])?.map(read).transpose()
}

pub(crate) fn use_refresh(tx: &mut dyn Tx, hash: &str, now: Timestamp) -> Result<(), TxError> {
    tx.change(USE_REFRESH, &[hash.into(), now.into()])
}

/// Ends everything that one authorisation gave.
pub(crate) fn end_family(
    tx: &mut dyn Tx,
    (account, client, family): (&str, &str, &str),
    now: Timestamp,
) -> Result<u64, TxError> {
    let args = [account.into(), client.into(), family.into(), now.into()];
    Ok(tx.execute(END_FAMILY_ACCESS, &args)? + tx.execute(END_FAMILY_REFRESH, &args)?)
}

/// Ends everything that a client holds of an account.
pub(crate) fn end_of_client(tx: &mut dyn Tx, account: &str, client: &str, now: Timestamp) -> Result<u64, TxError> {
    let args = [account.into(), client.into(), now.into()];
    Ok(tx.execute(END_CLIENT_ACCESS, &args)? + tx.execute(END_CLIENT_REFRESH, &args)?)
}

/// Ends everything that any client holds of an account, even what outlives its sessions.
pub(crate) fn end_of_account(tx: &mut dyn Tx, account: &str, now: Timestamp) -> Result<u64, TxError> {
    let args = [account.into(), now.into()];
    Ok(tx.execute(END_ACCOUNT_ACCESS, &args)? + tx.execute(END_ACCOUNT_REFRESH, &args)?)
}

pub(crate) fn insert_pushed(tx: &mut dyn Tx, hash: &str, pushed: &Pushed) -> Result<(), TxError> {
    let args = [hash.into(), pushed.client.as_str().into(), (&pushed.request).into(), pushed.expires_at.into()];
    tx.change(INSERT_PUSHED, &args)
}

pub(crate) fn pushed(tx: &mut dyn Tx, hash: &str) -> Result<Option<Pushed>, TxError> {
    let read = |row: Row| {
        Ok(Pushed { client: row.get(0)?, request: row.get(1)?, expires_at: row.get(2)?, used_at: row.get(3)? })
    };
    tx.first(PUSHED, &[hash.into()])?.map(read).transpose()
}

/// Uses a pushed request up.
pub(crate) fn use_pushed(tx: &mut dyn Tx, hash: &str, now: Timestamp) -> Result<(), TxError> {
    tx.change(USE_PUSHED, &[hash.into(), now.into()])
}

/// Spends what is good once; false if it was spent before.
pub(crate) fn spend(tx: &mut dyn Tx, key: &str, expires_at: Timestamp) -> Result<bool, TxError> {
    tx.execute(SPEND, &[key.into(), expires_at.into()]).map(|count| count > 0)
}

/// Forgets codes, tokens, pushed requests and spent proofs that ended before.
pub(crate) fn sweep(tx: &mut dyn Tx, before: Timestamp) -> Result<u64, TxError> {
    let mut count = 0;
    for sql in [SWEEP_CODES, SWEEP_ACCESS, SWEEP_REFRESH, SWEEP_PUSHED, SWEEP_ONCE] {
        count += tx.execute(sql, &[before.into()])?;
    }
    Ok(count)
}
