//! Authorisation codes, access tokens and consents.
//!
//! **Invariant:** codes and tokens stand as SHA-256 only; a code is marked used in the transaction that uses it.

use spine::{Row, Timestamp, Tx, TxError};

use crate::session::SessionId;

const INSERT_CODE: &str = "INSERT INTO identity_code (hash, session, account, client, redirect_uri, challenge, nonce, scope, expires_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const CODE: &str = "SELECT session, account, client, redirect_uri, challenge, nonce, scope, expires_at, used_at FROM identity_code WHERE hash = $1";
const USE_CODE: &str = "UPDATE identity_code SET used_at = $2 WHERE hash = $1";
const REVOKE_OF_CODE: &str = "UPDATE identity_token SET revoked_at = $2 WHERE code = $1 AND revoked_at IS NULL";
const INSERT_TOKEN: &str = "INSERT INTO identity_token (hash, code, session, account, client, scope, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
const TOKEN: &str =
    "SELECT session, account, client, scope, expires_at, revoked_at FROM identity_token WHERE hash = $1";
const REVOKE_TOKEN: &str = "UPDATE identity_token SET revoked_at = $2 WHERE hash = $1";
const CONSENT: &str = "SELECT scope FROM identity_consent WHERE account = $1 AND client = $2";
const SET_CONSENT: &str = "INSERT INTO identity_consent (account, client, scope, made_at) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (account, client) DO UPDATE SET scope = excluded.scope, made_at = excluded.made_at";
const SWEEP_CODES: &str = "DELETE FROM identity_code WHERE expires_at < $1";
const SWEEP_TOKENS: &str = "DELETE FROM identity_token WHERE expires_at < $1";

/// An authorisation code.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    pub(crate) session: SessionId,
    pub(crate) account: String,
    pub(crate) client: String,
    pub(crate) redirect_uri: String,
    pub(crate) challenge: String,
    pub(crate) nonce: Option<String>,
    pub(crate) scope: String,
    pub(crate) expires_at: Timestamp,
    pub(crate) used_at: Option<Timestamp>,
}

/// An access token.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) session: SessionId,
    pub(crate) account: String,
    pub(crate) client: String,
    pub(crate) scope: String,
    pub(crate) expires_at: Timestamp,
    pub(crate) revoked_at: Option<Timestamp>,
}

pub(crate) fn insert_code(tx: &mut dyn Tx, hash: &str, code: &Code) -> Result<(), TxError> {
    let args = [
        hash.into(),
        code.session.into(),
        code.account.as_str().into(),
        code.client.as_str().into(),
        code.redirect_uri.as_str().into(),
        code.challenge.as_str().into(),
        code.nonce.as_deref().into(),
        code.scope.as_str().into(),
        code.expires_at.into(),
    ];
    tx.execute(INSERT_CODE, &args).map(drop)
}

pub(crate) fn code(tx: &mut dyn Tx, hash: &str) -> Result<Option<Code>, TxError> {
    let read = |row: Row| {
        Ok(Code {
            session: row.get(0)?,
            account: row.get(1)?,
            client: row.get(2)?,
            redirect_uri: row.get(3)?,
            challenge: row.get(4)?,
            nonce: row.get(5)?,
            scope: row.get(6)?,
            expires_at: row.get(7)?,
            used_at: row.get(8)?,
        })
    };
    tx.first(CODE, &[hash.into()])?.map(read).transpose()
}

pub(crate) fn use_code(tx: &mut dyn Tx, hash: &str, now: Timestamp) -> Result<(), TxError> {
    tx.execute(USE_CODE, &[hash.into(), now.into()]).map(drop)
}

/// Takes back what was given for a code.
pub(crate) fn revoke_of_code(tx: &mut dyn Tx, code: &str, now: Timestamp) -> Result<u64, TxError> {
    tx.execute(REVOKE_OF_CODE, &[code.into(), now.into()])
}

pub(crate) fn insert_token(tx: &mut dyn Tx, hash: &str, code: &str, token: &Token) -> Result<(), TxError> {
    let args = [
        hash.into(),
        code.into(),
        token.session.into(),
        token.account.as_str().into(),
        token.client.as_str().into(),
        token.scope.as_str().into(),
        token.expires_at.into(),
    ];
    tx.execute(INSERT_TOKEN, &args).map(drop)
}

pub(crate) fn token(tx: &mut dyn Tx, hash: &str) -> Result<Option<Token>, TxError> {
    let read = |row: Row| {
        Ok(Token {
            session: row.get(0)?,
            account: row.get(1)?,
            client: row.get(2)?,
            scope: row.get(3)?,
            expires_at: row.get(4)?,
            revoked_at: row.get(5)?,
        })
    };
    tx.first(TOKEN, &[hash.into()])?.map(read).transpose()
}

pub(crate) fn revoke_token(tx: &mut dyn Tx, hash: &str, now: Timestamp) -> Result<(), TxError> {
    tx.execute(REVOKE_TOKEN, &[hash.into(), now.into()]).map(drop)
}

/// What an account agreed to pass on to a client, as scopes.
pub(crate) fn consent(tx: &mut dyn Tx, account: &str, client: &str) -> Result<Option<String>, TxError> {
    tx.first(CONSENT, &[account.into(), client.into()])?.map(|row| row.get(0)).transpose()
}

pub(crate) fn set_consent(
    tx: &mut dyn Tx,
    account: &str,
    client: &str,
    scope: &str,
    now: Timestamp,
) -> Result<(), TxError> {
    tx.execute(SET_CONSENT, &[account.into(), client.into(), scope.into(), now.into()]).map(drop)
}

pub(crate) fn sweep(tx: &mut dyn Tx, before: Timestamp) -> Result<u64, TxError> {
    Ok(tx.execute(SWEEP_CODES, &[before.into()])? + tx.execute(SWEEP_TOKENS, &[before.into()])?)
}
