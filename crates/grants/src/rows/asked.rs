//! SQL of what other systems asked and were answered.

use serde_json::Value as Json;
use spine::{Timestamp, Tx, TxError};

const SET: &str = "
    INSERT INTO grants_asked (client, standard, id, said, made_at) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (client, standard, id) DO UPDATE SET said = excluded.said";

pub(crate) fn set(
    tx: &mut dyn Tx,
    (client, standard, id): (&str, &str, &str),
    said: &Json,
    now: Timestamp,
) -> Result<(), TxError> {
    tx.change(SET, &[client.into(), standard.into(), id.into(), said.into(), now.into()])
}

const SELECT: &str = "SELECT said FROM grants_asked WHERE client = $1 AND standard = $2 AND id = $3";

pub(crate) fn find(tx: &mut dyn Tx, (client, standard, id): (&str, &str, &str)) -> Result<Option<Json>, TxError> {
    tx.first(SELECT, &[client.into(), standard.into(), id.into()])?.map(|row| row.get(0)).transpose()
}
