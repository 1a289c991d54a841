//! SQL of the directory of aliases.

use spine::{Timestamp, Tx, TxError};

const SET: &str = "
    INSERT INTO switch_party (alias, currency, participant, made_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT (alias, currency) DO UPDATE SET participant = excluded.participant, made_at = excluded.made_at";

pub(crate) fn set(
    tx: &mut dyn Tx,
    alias: &[u8; 32],
    currency: &str,
    participant: &str,
    now: Timestamp,
) -> Result<(), TxError> {
    tx.change(SET, &[alias.into(), currency.into(), participant.into(), now.into()])
}

const FIND: &str = "
    SELECT participant FROM switch_party WHERE alias = $1 AND (currency = $2 OR currency = '' OR $2 = '')
    ORDER BY currency DESC LIMIT 1";

/// Whose customer it is, in this currency if one is asked for.
pub(crate) fn find(tx: &mut dyn Tx, alias: &[u8; 32], currency: &str) -> Result<Option<String>, TxError> {
    tx.first(FIND, &[alias.into(), currency.into()])?.map(|row| row.get(0)).transpose()
}

const REMOVE: &str = "DELETE FROM switch_party WHERE alias = $1 AND participant = $2";

pub(crate) fn remove(tx: &mut dyn Tx, alias: &[u8; 32], participant: &str) -> Result<u64, TxError> {
    tx.execute(REMOVE, &[alias.into(), participant.into()])
}
