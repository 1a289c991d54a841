//! Browsers that signed in before, by account; `identity_device` holds them, `identity_session.device` names them.
//!
//! **Invariant:** a browser is found by the hash of its cookie and for one account only: two people at one browser know
//! nothing of each other.

use spine::{Row, Timestamp, Tx, TxError};

const FIND: &str = "SELECT id, name, user_agent, first_seen_at, last_seen_at FROM identity_device WHERE account = $1 AND token_hash = $2";
const OF_ACCOUNT: &str = "SELECT id, name, user_agent, first_seen_at, last_seen_at FROM identity_device WHERE account = $1 ORDER BY last_seen_at DESC, id LIMIT 100";
const INSERT: &str = "INSERT INTO identity_device (id, account, token_hash, name, user_agent, first_seen_at, last_seen_at) VALUES ($1, $2, $3, NULL, $4, $5, $5)";
const SEEN: &str = "UPDATE identity_device SET last_seen_at = $2, user_agent = $3 WHERE id = $1";
const NAME: &str = "UPDATE identity_device SET name = $3 WHERE id = $1 AND account = $2";
const FORGET: &str = "DELETE FROM identity_device WHERE id = $1 AND account = $2";
const MARK: &str = "UPDATE identity_session SET device = $2 WHERE id = $1";
const SESSIONS: &str =
    "SELECT id FROM identity_session WHERE account = $1 AND device = $2 AND parent IS NULL AND ended_at IS NULL";
const OPEN: &str = "SELECT id, device FROM identity_session WHERE account = $1 AND parent IS NULL AND ended_at IS NULL";
const SWEEP: &str = "DELETE FROM identity_device WHERE last_seen_at < $1";

/// A browser somebody signed in with.
#[derive(Clone, Debug)]
pub(crate) struct Browser {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) user_agent: String,
    pub(crate) first_seen_at: Timestamp,
    pub(crate) last_seen_at: Timestamp,
}

fn browser(row: &Row) -> Result<Browser, TxError> {
    Ok(Browser {
        id: row.get(0)?,
        name: row.get(1)?,
        user_agent: row.get(2)?,
        first_seen_at: row.get(3)?,
        last_seen_at: row.get(4)?,
    })
}

pub(crate) fn find(tx: &mut dyn Tx, account: &str, token_hash: &str) -> Result<Option<Browser>, TxError> {
    tx.first(FIND, &[account.into(), token_hash.into()])?.map(|row| browser(&row)).transpose()
}

/// The browsers of an account, the last used first.
pub(crate) fn of_account(tx: &mut dyn Tx, account: &str) -> Result<Vec<Browser>, TxError> {
    tx.query(OF_ACCOUNT, &[account.into()])?.iter().map(browser).collect()
}

pub(crate) fn insert(
    tx: &mut dyn Tx,
    id: &str,
    account: &str,
    token_hash: &str,
    user_agent: &str,
    now: Timestamp,
) -> Result<(), TxError> {
    tx.change(INSERT, &[id.into(), account.into(), token_hash.into(), user_agent.into(), now.into()])
}

pub(crate) fn seen(tx: &mut dyn Tx, id: &str, user_agent: &str, now: Timestamp) -> Result<(), TxError> {
    tx.change(SEEN, &[id.into(), now.into(), user_agent.into()])
}

pub(crate) fn name(tx: &mut dyn Tx, id: &str, account: &str, name: &str) -> Result<bool, TxError> {
    tx.execute(NAME, &[id.into(), account.into(), name.into()]).map(|count| count > 0)
}

pub(crate) fn forget(tx: &mut dyn Tx, id: &str, account: &str) -> Result<bool, TxError> {
    tx.execute(FORGET, &[id.into(), account.into()]).map(|count| count > 0)
}

/// Says in which browser a session was opened.
pub(crate) fn mark(tx: &mut dyn Tx, session: &str, browser: &str) -> Result<(), TxError> {
    tx.change(MARK, &[session.into(), browser.into()])
}

/// The provider's sessions of a browser that have not ended.
pub(crate) fn sessions(tx: &mut dyn Tx, account: &str, browser: &str) -> Result<Vec<String>, TxError> {
    tx.query(SESSIONS, &[account.into(), browser.into()])?.iter().map(|row| row.get(0)).collect()
}

/// Which session of an account is open in which browser.
pub(crate) fn open(tx: &mut dyn Tx, account: &str) -> Result<Vec<(String, Option<String>)>, TxError> {
    tx.query(OPEN, &[account.into()])?.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

pub(crate) fn sweep(tx: &mut dyn Tx, before: Timestamp) -> Result<u64, TxError> {
    tx.execute(SWEEP, &[before.into()])
}
