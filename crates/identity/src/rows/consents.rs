//! What people agreed to pass on, to which program.
//!
//! **Invariant:** one row for an account and a client: what was asked when she last decided, and what she agreed to.

use spine::{Row, Timestamp, Tx, TxError};

const CONSENT: &str =
    "SELECT client, scope, asked, agreed, made_at FROM identity_consent WHERE account = $1 AND client = $2";
const OF_ACCOUNT: &str = "SELECT client, scope, asked, agreed, made_at FROM identity_consent WHERE account = $1 ORDER BY made_at DESC, client LIMIT 200";
const ACCOUNT: &str = "SELECT account FROM identity_consent WHERE client = $1 AND subject = $2";
const SET: &str = "INSERT INTO identity_consent (account, client, scope, asked, agreed, made_at, subject) VALUES ($1, $2, $3, $4, $5, $6, $7) \
     ON CONFLICT (account, client) DO UPDATE SET scope = excluded.scope, asked = excluded.asked, agreed = excluded.agreed, made_at = excluded.made_at, subject = excluded.subject";
const WITHDRAW: &str = "DELETE FROM identity_consent WHERE account = $1 AND client = $2";

/// A decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Consent {
    pub(crate) client: String,
    pub(crate) scope: String,
    pub(crate) asked: Vec<String>,
    pub(crate) agreed: Vec<String>,
    pub(crate) made_at: Timestamp,
}

fn list(row: &Row, place: usize) -> Result<Vec<String>, TxError> {
    // A decision from before claims were asked for one by one has no lists, and is asked for anew.
    let Some(text) = row.get::<Option<String>>(place)? else { return Ok(Vec::new()) };
    serde_json::from_str(&text).map_err(|_| TxError::Type("a list of claims".to_owned()))
}

fn consent(row: &Row) -> Result<Consent, TxError> {
    Ok(Consent {
        client: row.get(0)?,
        scope: row.get(1)?,
        asked: list(row, 2)?,
        agreed: list(row, 3)?,
        made_at: row.get(4)?,
    })
}

pub(crate) fn of(tx: &mut dyn Tx, account: &str, client: &str) -> Result<Option<Consent>, TxError> {
    tx.first(CONSENT, &[account.into(), client.into()])?.map(|row| consent(&row)).transpose()
}

pub(crate) fn of_account(tx: &mut dyn Tx, account: &str) -> Result<Vec<Consent>, TxError> {
    tx.query(OF_ACCOUNT, &[account.into()])?.iter().map(consent).collect()
}

/// Whom a client calls so, if she decided on it.
pub(crate) fn account_of(tx: &mut dyn Tx, client: &str, subject: &str) -> Result<Option<String>, TxError> {
    tx.first(ACCOUNT, &[client.into(), subject.into()])?.map(|row| row.get(0)).transpose()
}

pub(crate) fn set(tx: &mut dyn Tx, account: &str, consent: &Consent, subject: &str) -> Result<(), TxError> {
    let lists = [&consent.asked, &consent.agreed].map(|list| serde_json::Value::from(list.clone()));
    let [asked, agreed] = &lists;
    let args = [
        account.into(),
        consent.client.as_str().into(),
        consent.scope.as_str().into(),
        asked.into(),
        agreed.into(),
        consent.made_at.into(),
        subject.into(),
    ];
    tx.change(SET, &args)
}

pub(crate) fn withdraw(tx: &mut dyn Tx, account: &str, client: &str) -> Result<bool, TxError> {
    tx.execute(WITHDRAW, &[account.into(), client.into()]).map(|count| count > 0)
}
