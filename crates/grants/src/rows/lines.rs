//! SQL of the payments of a run.

use spine::{Row, Timestamp, Tx, TxError, Value};

use super::accounts::account_in;
use crate::model::{Account, Entry, ListId, Payment, PaymentState, RunId};

/// A line of a list and where its payee is paid.
pub(crate) struct Candidate {
    pub(crate) entry: Entry,
    pub(crate) account: Option<Account>,
}

const SELECT_CANDIDATES: &str = "
    SELECT e.line, e.payee, e.amount_minor, e.reference, a.payee, COALESCE(a.way, 'wallet'), COALESCE(a.institution, ''), COALESCE(a.address, '')
    FROM grants_entry e LEFT JOIN grants_account a ON a.payee = e.payee
    WHERE e.list = $1 AND e.line > $2 ORDER BY e.line LIMIT $3";

/// The lines of a list after `line`.
pub(crate) fn candidates(tx: &mut dyn Tx, list: ListId, line: i64, limit: i64) -> Result<Vec<Candidate>, TxError> {
    let rows = tx.query(SELECT_CANDIDATES, &[list.into(), line.into(), limit.into()])?;
    let read = |row: &Row| {
        let entry = Entry { line: row.get(0)?, payee: row.get(1)?, amount_minor: row.get(2)?, reference: row.get(3)? };
        let known = row.get::<Option<String>>(4)?.is_some();
        Ok(Candidate { entry, account: if known { Some(account_in(row, 5)?) } else { None } })
    };
    rows.iter().map(read).collect()
}

const SELECT_CLAIMED: &str = "
    SELECT e.line FROM grants_entry e
    JOIN grants_payment p ON p.programme = $1 AND p.period = $2 AND p.payee = e.payee
        AND p.state IN ('ready', 'held', 'paid', 'failed')
    WHERE e.list = $3 AND e.line > $4 AND e.line <= $5";

/// Lines whose payees are paid for this period by another line.
pub(crate) fn claimed(
    tx: &mut dyn Tx,
    (programme, period): (&str, &str),
    list: ListId,
    (from, to): (i64, i64),
) -> Result<Vec<i64>, TxError> {
    let args = [programme.into(), period.into(), list.into(), from.into(), to.into()];
    tx.query(SELECT_CLAIMED, &args)?.iter().map(|row| row.get(0)).collect()
}

const IS_CLAIMED: &str = "
    SELECT 1 FROM grants_payment WHERE programme = $1 AND period = $2 AND payee = $3
        AND state IN ('ready', 'held', 'paid', 'failed') LIMIT 1";

/// Whether a payee is paid for this period already.
pub(crate) fn is_claimed(tx: &mut dyn Tx, (programme, period): (&str, &str), payee: &str) -> Result<bool, TxError> {
    Ok(tx.first(IS_CLAIMED, &[programme.into(), period.into(), payee.into()])?.is_some())
}

const SELECT_SHARED: &str = "
    SELECT e.line FROM grants_entry e
    JOIN grants_account a ON a.payee = e.payee
    JOIN grants_account b ON b.address = a.address AND b.institution = a.institution
    WHERE e.list = $1 AND e.line > $2 AND e.line <= $3 AND a.address <> ''
    GROUP BY e.line HAVING COUNT(*) > $4";

/// Lines whose account is that of more than so many people.
pub(crate) fn shared(tx: &mut dyn Tx, list: ListId, (from, to): (i64, i64), people: i64) -> Result<Vec<i64>, TxError> {
    let args = [list.into(), from.into(), to.into(), people.into()];
    tx.query(SELECT_SHARED, &args)?.iter().map(|row| row.get(0)).collect()
}

const INSERT: &str = "
    INSERT INTO grants_payment (run, line, programme, period, payee, person, amount_minor, way, institution, address, state, reason,
        attempt, changed_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";

pub(crate) fn insert(tx: &mut dyn Tx, payments: &[Payment]) -> Result<(), TxError> {
    let ids: Vec<String> = payments.iter().map(|one| one.run.to_string()).collect();
    let rows: Vec<[Value<'_>; 14]> = payments.iter().zip(&ids).map(|(one, run)| values(one, run)).collect();
    tx.insert(INSERT, &rows.iter().map(<[_; 14]>::as_slice).collect::<Vec<_>>())
}

fn values<'a>(one: &'a Payment, run: &'a String) -> [Value<'a>; 14] {
    let account = one.account.as_ref();
    [
        run.into(),
        one.line.into(),
        (&one.programme).into(),
        (&one.period).into(),
        (&one.payee).into(),
        one.person.as_deref().into(),
        one.amount_minor.into(),
        account.map_or("", |account| account.way.code()).into(),
        account.map_or("", |account| account.institution.as_str()).into(),
        account.map_or("", |account| account.address.as_str()).into(),
        one.state.code().into(),
        one.reason.as_deref().into(),
        one.attempt.into(),
        one.changed_at.into(),
    ]
}

const SELECT_BETWEEN: &str = "
    SELECT run, line, programme, period, payee, person, amount_minor, way, institution, address, state, reason, attempt,
        carrier_reference, changed_at
    FROM grants_payment WHERE run = $1 AND line > $2 AND line <= $3 ORDER BY line";
const SELECT: &str = "
    SELECT run, line, programme, period, payee, person, amount_minor, way, institution, address, state, reason, attempt,
        carrier_reference, changed_at
    FROM grants_payment WHERE run = $1 AND line = $2";
const SELECT_STATE: &str = "
    SELECT run, line, programme, period, payee, person, amount_minor, way, institution, address, state, reason, attempt,
        carrier_reference, changed_at
    FROM grants_payment WHERE run = $1 AND line > $2 AND state = $3 ORDER BY line LIMIT $4";
const SELECT_PAYEE: &str = "
    SELECT run, line, programme, period, payee, person, amount_minor, way, institution, address, state, reason, attempt,
        carrier_reference, changed_at
    FROM grants_payment WHERE payee = $1 ORDER BY run DESC LIMIT $2";
const SELECT_FAILED: &str = "
    SELECT run, line, programme, period, payee, person, amount_minor, way, institution, address, state, reason, attempt,
        carrier_reference, changed_at
    FROM grants_payment WHERE programme = $1 AND state = 'failed' ORDER BY run, line LIMIT $2";

fn read(row: &Row) -> Result<Payment, TxError> {
    let state = PaymentState::of(&row.get::<String>(10)?);
    let known = !row.get::<String>(7)?.is_empty();
    Ok(Payment {
        run: row.get(0)?,
        line: row.get(1)?,
        programme: row.get(2)?,
        period: row.get(3)?,
        payee: row.get(4)?,
        person: row.get(5)?,
        amount_minor: row.get(6)?,
        account: if known { Some(account_in(row, 7)?) } else { None },
        state: state.ok_or_else(|| TxError::Type("the state of a payment".to_owned()))?,
        reason: row.get(11)?,
        attempt: row.get(12)?,
        carrier_reference: row.get(13)?,
        changed_at: row.get(14)?,
    })
}

/// The lines of a run after `from`, up to `to`.
pub(crate) fn between(tx: &mut dyn Tx, run: RunId, (from, to): (i64, i64)) -> Result<Vec<Payment>, TxError> {
    tx.query(SELECT_BETWEEN, &[run.into(), from.into(), to.into()])?.iter().map(read).collect()
}

pub(crate) fn find(tx: &mut dyn Tx, run: RunId, line: i64) -> Result<Option<Payment>, TxError> {
    tx.first(SELECT, &[run.into(), line.into()])?.as_ref().map(read).transpose()
}

/// Lines of a run that stand so, after `line`.
pub(crate) fn standing(
    tx: &mut dyn Tx,
    run: RunId,
    line: i64,
    state: PaymentState,
    limit: i64,
) -> Result<Vec<Payment>, TxError> {
    let args = [run.into(), line.into(), state.code().into(), limit.into()];
    tx.query(SELECT_STATE, &args)?.iter().map(read).collect()
}

/// What somebody was and is paid, newest first.
pub(crate) fn of_payee(tx: &mut dyn Tx, payee: &str, limit: i64) -> Result<Vec<Payment>, TxError> {
    tx.query(SELECT_PAYEE, &[payee.into(), limit.into()])?.iter().map(read).collect()
}

/// Payments of a programme that came back, oldest first.
pub(crate) fn failed(tx: &mut dyn Tx, programme: &str, limit: i64) -> Result<Vec<Payment>, TxError> {
    tx.query(SELECT_FAILED, &[programme.into(), limit.into()])?.iter().map(read).collect()
}

const SELECT_OPEN: &str = "
    SELECT run, line, programme, period, payee, person, amount_minor, way, institution, address, state, reason, attempt,
        carrier_reference, changed_at
    FROM grants_payment WHERE payee = $1 AND state IN ('ready', 'held', 'failed') ORDER BY run, line";

/// Payments to somebody that have not ended.
pub(crate) fn open_of(tx: &mut dyn Tx, payee: &str) -> Result<Vec<Payment>, TxError> {
    tx.query(SELECT_OPEN, &[payee.into()])?.iter().map(read).collect()
}

const HOLD: &str = "
    UPDATE grants_payment SET state = 'held', changed_at = $4 WHERE run = $1 AND line > $2 AND line <= $3 AND state = 'ready'";

/// All of a chunk that are ready are held now; answers how many.
pub(crate) fn hold(tx: &mut dyn Tx, run: RunId, (from, to): (i64, i64), now: Timestamp) -> Result<u64, TxError> {
    tx.execute(HOLD, &[run.into(), from.into(), to.into(), now.into()])
}

const STOP_READY: &str = "
    UPDATE grants_payment SET state = 'stopped', reason = 'withdrawn', changed_at = $2 WHERE run = $1 AND state = 'ready'";

/// Stops all that are ready; answers how many.
pub(crate) fn stop_ready(tx: &mut dyn Tx, run: RunId, now: Timestamp) -> Result<u64, TxError> {
    tx.execute(STOP_READY, &[run.into(), now.into()])
}

const PAY: &str = "
    UPDATE grants_payment SET state = 'paid', carrier_reference = $5, changed_at = $6
    WHERE run = $1 AND line > $2 AND line <= $3 AND state = 'held' AND way = $4";

/// All of a chunk that went this way are paid now; answers how many.
pub(crate) fn pay(
    tx: &mut dyn Tx,
    run: RunId,
    (from, to): (i64, i64),
    (way, reference): (&str, &str),
    now: Timestamp,
) -> Result<u64, TxError> {
    tx.execute(PAY, &[run.into(), from.into(), to.into(), way.into(), reference.into(), now.into()])
}

const SET: &str = "
    UPDATE grants_payment SET state = $3, reason = $4, carrier_reference = $5, attempt = $6, way = $7, institution = $8, address = $9,
        changed_at = $10
    WHERE run = $1 AND line = $2";

/// Writes where a payment stands.
pub(crate) fn set(tx: &mut dyn Tx, one: &Payment) -> Result<(), TxError> {
    let account = one.account.as_ref();
    let args = [
        one.run.into(),
        one.line.into(),
        one.state.code().into(),
        one.reason.as_deref().into(),
        one.carrier_reference.as_deref().into(),
        one.attempt.into(),
        account.map_or("", |account| account.way.code()).into(),
        account.map_or("", |account| account.institution.as_str()).into(),
        account.map_or("", |account| account.address.as_str()).into(),
        one.changed_at.into(),
    ];
    tx.change(SET, &args)
}

const COUNT: &str = "
    SELECT state, COUNT(*), CAST(SUM(amount_minor) AS BIGINT) FROM grants_payment WHERE run = $1 GROUP BY state ORDER BY state";

/// How many lines of a run stand how, and their sums: counted anew.
pub(crate) fn count(tx: &mut dyn Tx, run: RunId) -> Result<Vec<(PaymentState, i64, i64)>, TxError> {
    let read = |row: &Row| {
        let state = PaymentState::of(&row.get::<String>(0)?);
        let state = state.ok_or_else(|| TxError::Type("the state of a payment".to_owned()))?;
        Ok((state, row.get(1)?, row.get(2)?))
    };
    tx.query(COUNT, &[run.into()])?.iter().map(read).collect()
}

const SELECT_REASONS: &str = "
    SELECT COALESCE(reason, ''), COUNT(*) FROM grants_payment WHERE run = $1 AND state = $2 GROUP BY reason ORDER BY 2 DESC, 1";

/// Why lines of a run stand so, and how many for each reason.
pub(crate) fn reasons(tx: &mut dyn Tx, run: RunId, state: PaymentState) -> Result<Vec<(String, i64)>, TxError> {
    let rows = tx.query(SELECT_REASONS, &[run.into(), state.code().into()])?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}
