//! SQL of disputes.

use spine::{Row, Timestamp, Tx, TxError};

use super::requests::odd;
use crate::disputes::{Dispute, DisputeId, DisputeState, Reason};
use crate::gateway::model::RequestId;

const INSERT: &str = "
    INSERT INTO payments_dispute (id, request, payer, reason, words, hold, state, made_at, answer_by, decide_by,
        rail_reference)
    VALUES ($1, $2, $3, $4, $5, $6, 'open', $7, $8, $9, $10)";

pub(crate) fn insert(tx: &mut dyn Tx, new: &Dispute) -> Result<(), TxError> {
    let args = [
        new.id.into(),
        new.request.into(),
        (&new.payer).into(),
        new.reason.code().into(),
        (&new.words).into(),
        new.hold.into(),
        new.made_at.into(),
        new.answer_by.into(),
        new.decide_by.into(),
        new.rail_reference.as_deref().into(),
    ];
    tx.change(INSERT, &args)
}

const SELECT: &str = "
    SELECT id, request, payer, reason, words, hold, state, answer, verdict, made_at, answer_by, decide_by,
        rail_reference
    FROM payments_dispute WHERE id = $1";
const SELECT_OF: &str = "
    SELECT id, request, payer, reason, words, hold, state, answer, verdict, made_at, answer_by, decide_by,
        rail_reference
    FROM payments_dispute WHERE request = $1";
const SELECT_OPEN: &str = "
    SELECT id, request, payer, reason, words, hold, state, answer, verdict, made_at, answer_by, decide_by,
        rail_reference
    FROM payments_dispute WHERE state IN ('open', 'answered') ORDER BY decide_by, id LIMIT 100";

pub(crate) fn find(tx: &mut dyn Tx, id: DisputeId) -> Result<Option<Dispute>, TxError> {
    tx.first(SELECT, &[id.into()])?.as_ref().map(row).transpose()
}

pub(crate) fn of(tx: &mut dyn Tx, request: RequestId) -> Result<Option<Dispute>, TxError> {
    tx.first(SELECT_OF, &[request.into()])?.as_ref().map(row).transpose()
}

pub(crate) fn open(tx: &mut dyn Tx) -> Result<Vec<Dispute>, TxError> {
    tx.query(SELECT_OPEN, &[])?.iter().map(row).collect()
}

fn row(row: &Row) -> Result<Dispute, TxError> {
    Ok(Dispute {
        id: row.get(0)?,
        request: row.get(1)?,
        payer: row.get(2)?,
        reason: Reason::of(&row.get::<String>(3)?).ok_or_else(|| odd("a dispute's reason"))?,
        words: row.get(4)?,
        hold: row.get(5)?,
        state: DisputeState::of(&row.get::<String>(6)?).ok_or_else(|| odd("a dispute's state"))?,
        answer: row.get(7)?,
        verdict: row.get(8)?,
        made_at: row.get(9)?,
        answer_by: row.get(10)?,
        decide_by: row.get(11)?,
        rail_reference: row.get(12)?,
    })
}

const ANSWER: &str = "UPDATE payments_dispute SET state = 'answered', answer = $2, answered_by = $3 WHERE id = $1";

pub(crate) fn answer(tx: &mut dyn Tx, id: DisputeId, words: &str, by: &str) -> Result<(), TxError> {
    tx.change(ANSWER, &[id.into(), words.into(), by.into()])
}

const SELECT_ANSWERED_BY: &str = "SELECT answered_by FROM payments_dispute WHERE id = $1";

pub(crate) fn answered_by(tx: &mut dyn Tx, id: DisputeId) -> Result<Option<String>, TxError> {
    tx.first(SELECT_ANSWERED_BY, &[id.into()])?.map_or(Ok(None), |row| row.get(0))
}

const DECIDE: &str = "UPDATE payments_dispute SET state = $2, verdict = $3, ended_at = $4 WHERE id = $1";

pub(crate) fn decide(
    tx: &mut dyn Tx,
    id: DisputeId,
    state: DisputeState,
    words: &str,
    now: Timestamp,
) -> Result<(), TxError> {
    tx.change(DECIDE, &[id.into(), state.code().into(), words.into(), now.into()])
}

const SELECT_CALLED: &str = "SELECT id FROM payments_dispute WHERE rail_reference = $1";
const SUM_CHARGED_BACK: &str = "
    SELECT p.wallet, CAST(SUM(p.amount_minor) AS BIGINT) FROM payments_dispute d
    JOIN payments_payment p ON p.request = d.request AND p.state = 'applied'
    WHERE d.rail_reference IS NOT NULL AND d.state = 'upheld' GROUP BY p.wallet";

/// The dispute over a charge that an acquirer says was taken back under this reference.
pub(crate) fn called(tx: &mut dyn Tx, reference: &str) -> Result<Option<DisputeId>, TxError> {
    tx.first(SELECT_CALLED, &[reference.into()])?.map(|row| row.get(0)).transpose()
}

/// What each acquirer has taken back for payers' banks, with our consent.
pub(crate) fn charged_back(tx: &mut dyn Tx) -> Result<Vec<(String, i64)>, TxError> {
    tx.query(SUM_CHARGED_BACK, &[])?.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}
