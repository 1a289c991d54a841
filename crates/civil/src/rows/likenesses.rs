//! What may be the same as an event, as rows.

use spine::{Row, Timestamp, Tx, TxError};

use crate::event::EventId;
use crate::likeness::{Likeness, Verdict};

const INSERT: &str = "
    INSERT INTO civil_likeness (event, register, candidate, rule, score, verdict) VALUES ($1, $2, $3, $4, $5, 'open')
    ON CONFLICT (event, register, candidate) DO NOTHING";

/// Notes a likeness; one that is noted already keeps its verdict.
pub(crate) fn insert(tx: &mut dyn Tx, event: EventId, likeness: &Likeness) -> Result<(), TxError> {
    let args = [
        event.into(),
        (&likeness.register).into(),
        (&likeness.candidate).into(),
        (&likeness.rule).into(),
        likeness.score.into(),
    ];
    tx.change(INSERT, &args)
}

const DELETE_OPEN: &str = "DELETE FROM civil_likeness WHERE event = $1 AND verdict = 'open'";

/// Forgets those that nobody has judged.
pub(crate) fn forget_open(tx: &mut dyn Tx, event: EventId) -> Result<(), TxError> {
    tx.change(DELETE_OPEN, &[event.into()])
}

const SELECT: &str = "
    SELECT register, candidate, rule, score, verdict FROM civil_likeness
    WHERE event = $1 ORDER BY score DESC, register, candidate";

pub(crate) fn of(tx: &mut dyn Tx, event: EventId) -> Result<Vec<Likeness>, TxError> {
    tx.query(SELECT, &[event.into()])?.iter().map(likeness).collect()
}

fn likeness(row: &Row) -> Result<Likeness, TxError> {
    let verdict: String = row.get(4)?;
    Ok(Likeness {
        register: row.get(0)?,
        candidate: row.get(1)?,
        rule: row.get(2)?,
        score: row.get(3)?,
        verdict: Verdict::parse(&verdict).ok_or_else(|| TxError::Type("a verdict".to_owned()))?,
    })
}

const UPDATE: &str = "
    UPDATE civil_likeness SET verdict = $4, judged_by = $5, judged_at = $6
    WHERE event = $1 AND register = $2 AND candidate = $3 AND verdict = 'open'";

/// Judges one that is open; answers whether it was.
pub(crate) fn judge(
    tx: &mut dyn Tx,
    event: EventId,
    (register, candidate): (&str, &str),
    verdict: Verdict,
    by: &str,
    at: Timestamp,
) -> Result<bool, TxError> {
    let args = [event.into(), register.into(), candidate.into(), verdict.name().into(), by.into(), at.into()];
    Ok(tx.execute(UPDATE, &args)? == 1)
}
