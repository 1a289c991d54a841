//! SQL of what rules have stopped, and of what they count.

use std::ops::RangeInclusive;

use spine::{Currency, Money, Personal, Row, Timestamp, Tx, TxError};

use super::ledger::currency;
use super::requests::odd;
use crate::screening::{Case, CaseId, CaseState, Decision, Place, RuleKind};

const INSERT: &str = "
    INSERT INTO payments_screening_case
        (id, place, subject, kind, rule, entry, alike, amount_minor, currency, state, found_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'open', $10)";

pub(crate) fn insert(tx: &mut dyn Tx, new: &Case) -> Result<(), TxError> {
    let currency = new.amount.currency();
    let args = [
        new.id.into(),
        new.place.code().into(),
        (&new.subject).into(),
        new.kind.code().into(),
        (&new.rule).into(),
        new.entry.as_ref().map(|it| &it.0).into(),
        new.entry.as_ref().map(|it| it.1).into(),
        new.amount.minor().into(),
        currency.code().into(),
        new.found_at.into(),
    ];
    tx.change(INSERT, &args)
}

const SELECT: &str = "
    SELECT id, place, subject, kind, rule, entry, alike, amount_minor, currency, state, proposed, first_officer, first_note,
        second_officer, second_note, found_at, ended_at
    FROM payments_screening_case WHERE id = $1";
const SELECT_OPEN: &str = "
    SELECT id, place, subject, kind, rule, entry, alike, amount_minor, currency, state, proposed, first_officer, first_note,
        second_officer, second_note, found_at, ended_at
    FROM payments_screening_case WHERE state IN ('open', 'proposed') ORDER BY id LIMIT $1";

fn read(row: &Row) -> Result<Case, TxError> {
    let by = |officer: usize| -> Result<Option<(String, String)>, TxError> {
        let name: Option<String> = row.get(officer)?;
        Ok(name.zip(row.get(officer + 1)?))
    };
    let (entry, alike): (Option<String>, Option<i64>) = (row.get(5)?, row.get(6)?);
    Ok(Case {
        id: row.get(0)?,
        place: Place::of(&row.get::<String>(1)?).ok_or_else(|| odd("a case's place"))?,
        subject: row.get(2)?,
        kind: RuleKind::of(&row.get::<String>(3)?).ok_or_else(|| odd("a case's rule"))?,
        rule: row.get(4)?,
        entry: entry.zip(alike),
        amount: Money::new(row.get(7)?, currency(row, 8)?),
        state: CaseState::of(&row.get::<String>(9)?).ok_or_else(|| odd("a case's state"))?,
        proposed: row.get::<Option<String>>(10)?.as_deref().and_then(Decision::of),
        first: by(11)?,
        second: by(13)?,
        found_at: row.get(15)?,
        ended_at: row.get(16)?,
    })
}

pub(crate) fn find(tx: &mut dyn Tx, id: CaseId) -> Result<Option<Case>, TxError> {
    tx.first(SELECT, &[id.into()])?.as_ref().map(read).transpose()
}

pub(crate) fn open(tx: &mut dyn Tx, limit: i64) -> Result<Vec<Case>, TxError> {
    tx.query(SELECT_OPEN, &[limit.into()])?.iter().map(read).collect()
}

const SET: &str = "
    UPDATE payments_screening_case SET state = $2, proposed = $3, first_officer = $4, first_note = $5, second_officer = $6,
        second_note = $7, ended_at = $8
    WHERE id = $1";

pub(crate) fn set(tx: &mut dyn Tx, case: &Case) -> Result<(), TxError> {
    let args = [
        case.id.into(),
        case.state.code().into(),
        case.proposed.map(Decision::code).into(),
        case.first.as_ref().map(|it| &it.0).into(),
        case.first.as_ref().map(|it| &it.1).into(),
        case.second.as_ref().map(|it| &it.0).into(),
        case.second.as_ref().map(|it| &it.1).into(),
        case.ended_at.into(),
    ];
    tx.change(SET, &args)
}

const STOPPED: &str = "
    SELECT id FROM payments_screening_case WHERE subject = $1 AND state IN ('open', 'proposed', 'confirmed') LIMIT 1";

/// Whether an officer has not looked yet, or has confirmed.
pub(crate) fn is_stopped(tx: &mut dyn Tx, subject: &str) -> Result<bool, TxError> {
    Ok(tx.first(STOPPED, &[subject.into()])?.is_some())
}

const SEE: &str = "
    INSERT INTO payments_screening_seen (payment, place, number, currency, amount_minor, seen_at)
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (payment) DO NOTHING";

pub(crate) fn see(
    tx: &mut dyn Tx,
    place: Place,
    payment: &str,
    number: &Personal<String>,
    amount: Money,
    now: Timestamp,
) -> Result<(), TxError> {
    let currency = amount.currency();
    let args = [
        payment.into(),
        place.code().into(),
        number.reveal().into(),
        currency.code().into(),
        amount.minor().into(),
        now.into(),
    ];
    tx.change(SEE, &args)
}

const SEEN: &str = "
    SELECT COUNT(*), CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT) FROM payments_screening_seen
    WHERE number = $1 AND place = $2 AND currency = $3 AND seen_at >= $4 AND amount_minor >= $5 AND amount_minor <= $6";

/// How many payments of a number between two amounts since a moment, and how much together.
pub(crate) fn seen(
    tx: &mut dyn Tx,
    place: Place,
    number: &Personal<String>,
    currency: Currency,
    since: Timestamp,
    between: RangeInclusive<i64>,
) -> Result<(i64, i64), TxError> {
    let args = [
        number.reveal().into(),
        place.code().into(),
        currency.code().into(),
        since.into(),
        (*between.start()).into(),
        (*between.end()).into(),
    ];
    tx.first(SEEN, &args)?.map_or(Ok((0, 0)), |row| Ok((row.get(0)?, row.get(1)?)))
}

const FORGET: &str = "DELETE FROM payments_screening_seen WHERE number = $1 AND place = $2 AND seen_at <= $3";

/// What was seen of a number up to a moment counts no more.
pub(crate) fn forget(
    tx: &mut dyn Tx,
    place: Place,
    number: &Personal<String>,
    until: Timestamp,
) -> Result<(), TxError> {
    tx.change(FORGET, &[number.reveal().into(), place.code().into(), until.into()])
}
