//! SQL of what participants say of a window.

use spine::{Currency, Timestamp, Tx, TxError};

use super::currency;
use crate::settlement::{Told, Totals};

const SET: &str = "
    INSERT INTO switch_totals (settlement_window, participant, currency, sent_count, sent_minor, received_count,
        received_minor, agrees, told_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    ON CONFLICT (settlement_window, participant, currency) DO UPDATE SET sent_count = excluded.sent_count,
        sent_minor = excluded.sent_minor, received_count = excluded.received_count,
        received_minor = excluded.received_minor, agrees = excluded.agrees, told_at = excluded.told_at";

pub(crate) fn set(
    tx: &mut dyn Tx,
    window: i64,
    participant: &str,
    currency: Currency,
    (said, agrees): (Totals, bool),
    now: Timestamp,
) -> Result<(), TxError> {
    let args = [
        window.into(),
        participant.into(),
        currency.code().into(),
        said.sent_count.into(),
        said.sent_minor.into(),
        said.received_count.into(),
        said.received_minor.into(),
        agrees.into(),
        now.into(),
    ];
    tx.change(SET, &args)
}

const OF_WINDOW: &str = "
    SELECT participant, currency, sent_count, sent_minor, received_count, received_minor, agrees FROM switch_totals
    WHERE settlement_window = $1 ORDER BY participant, currency";

pub(crate) fn of_window(tx: &mut dyn Tx, window: i64) -> Result<Vec<Told>, TxError> {
    let read = |row: &spine::Row| {
        Ok(Told {
            participant: row.get(0)?,
            currency: currency(row, 1)?,
            said: Totals {
                sent_count: row.get(2)?,
                sent_minor: row.get(3)?,
                received_count: row.get(4)?,
                received_minor: row.get(5)?,
            },
            agrees: row.get(6)?,
        })
    };
    tx.query(OF_WINDOW, &[window.into()])?.iter().map(read).collect()
}
