//! Where people stand in the menu.
//!
//! **Invariant:** bookkeeping and no deed: it holds no number, nothing that was typed and no secret.

use spine::{Timestamp, Tx, TxError};

const STANDING: &str = "SELECT session, seen_length, seen, place, answer, used_at FROM messages_ussd WHERE phone = $1";
const STAND: &str = "INSERT INTO messages_ussd (phone, session, seen_length, seen, place, answer, used_at) VALUES ($1, $2, $3, $4, $5, $6, $7) \
     ON CONFLICT (phone) DO UPDATE SET session = excluded.session, seen_length = excluded.seen_length, seen = excluded.seen, \
     place = excluded.place, answer = excluded.answer, used_at = excluded.used_at";
const FORGET: &str = "DELETE FROM messages_ussd WHERE used_at < $1";

/// Where somebody stands.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    /// Keyed hash of the session's name.
    pub(super) session: String,
    /// How much of what she typed was heard, and its keyed hash.
    pub(super) seen_length: i64,
    pub(super) seen: String,
    pub(super) place: Option<String>,
    /// The last answer, for a request that comes again; none if it held a secret.
    pub(super) answer: Option<String>,
    pub(super) used_at: Timestamp,
}

pub(super) fn standing(tx: &mut dyn Tx, phone: &str) -> Result<Option<Standing>, TxError> {
    let Some(row) = tx.first(STANDING, &[phone.into()])? else { return Ok(None) };
    Ok(Some(Standing {
        session: row.get(0)?,
        seen_length: row.get(1)?,
        seen: row.get(2)?,
        place: row.get(3)?,
        answer: row.get(4)?,
        used_at: row.get(5)?,
    }))
}

/// Keeps where she stands, and forgets who stood somewhere before `old`.
pub(super) fn stand(tx: &mut dyn Tx, phone: &str, standing: &Standing, old: Timestamp) -> Result<(), TxError> {
    tx.change(FORGET, &[old.into()])?;
    let args = [
        phone.into(),
        standing.session.as_str().into(),
        standing.seen_length.into(),
        standing.seen.as_str().into(),
        standing.place.as_deref().into(),
        standing.answer.as_deref().into(),
        standing.used_at.into(),
    ];
    tx.change(STAND, &args)
}
