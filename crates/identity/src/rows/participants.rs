//! Which clients took part in which session, and are to be told of its end.
//!
//! **Invariant:** a row goes in the transaction that ends the session and leaves the notices.

use spine::{Timestamp, Tx, TxError};

use crate::session::SessionId;

const INSERT: &str = "INSERT INTO identity_participant (session, client, account) VALUES ($1, $2, $3) ON CONFLICT (session, client) DO NOTHING";
const OF_SESSION: &str = "SELECT session, client, account FROM identity_participant WHERE session = $1 ORDER BY client";
const OF_ACCOUNT: &str = "SELECT session, client, account FROM identity_participant WHERE account = $1 AND session <> $2 ORDER BY session, client";
const END_SESSION: &str = "DELETE FROM identity_participant WHERE session = $1";
const END_ACCOUNT: &str = "DELETE FROM identity_participant WHERE account = $1 AND session <> $2";
const SWEEP: &str =
    "DELETE FROM identity_participant WHERE session IN (SELECT id FROM identity_session WHERE ends_at < $1)";

/// A client that took part in a session.
#[derive(Clone, Debug)]
pub(crate) struct Participant {
    pub(crate) session: String,
    pub(crate) client: String,
    pub(crate) account: String,
}

pub(crate) fn insert(tx: &mut dyn Tx, session: SessionId, client: &str, account: &str) -> Result<(), TxError> {
    tx.change(INSERT, &[session.into(), client.into(), account.into()])
}

fn taken(
    tx: &mut dyn Tx,
    select: &'static str,
    delete: &'static str,
    args: &[spine::Value<'_>],
) -> Result<Vec<Participant>, TxError> {
    let read = |row: &spine::Row| Ok(Participant { session: row.get(0)?, client: row.get(1)?, account: row.get(2)? });
    let all: Vec<Participant> = tx.query(select, args)?.iter().map(read).collect::<Result<_, TxError>>()?;
    if !all.is_empty() {
        tx.change(delete, args)?;
    }
    Ok(all)
}

/// Those of one session, who are told once.
pub(crate) fn take_of_session(tx: &mut dyn Tx, session: &str) -> Result<Vec<Participant>, TxError> {
    taken(tx, OF_SESSION, END_SESSION, &[session.into()])
}

/// Those of every session of an account but one.
pub(crate) fn take_of_account(tx: &mut dyn Tx, account: &str, but: &str) -> Result<Vec<Participant>, TxError> {
    taken(tx, OF_ACCOUNT, END_ACCOUNT, &[account.into(), but.into()])
}

pub(crate) fn sweep(tx: &mut dyn Tx, before: Timestamp) -> Result<u64, TxError> {
    tx.execute(SWEEP, &[before.into()])
}
