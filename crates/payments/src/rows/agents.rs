//! SQL of agents, of their float, shifts and devices.

use spine::{Currency, Id, IdKind, Money, Personal, Row, Timestamp, Tx, TxError};

use crate::agents::{Agent, AgentId, CounterDevice, CounterDeviceId, Shift, Taking, TakingState};
use crate::gateway::model::RequestId;
use crate::ledger::AccountId;

const INSERT: &str = "
    INSERT INTO payments_agent (id, place, name, town, super_agent, wallet, msisdn, settlements, made_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8)";

pub(crate) fn insert(tx: &mut dyn Tx, new: &Agent) -> Result<(), TxError> {
    let args = [
        new.id.into(),
        (&new.place).into(),
        (&new.name).into(),
        (&new.town).into(),
        (&new.super_agent).into(),
        (&new.wallet).into(),
        new.msisdn.reveal().into(),
        new.made_at.into(),
    ];
    tx.change(INSERT, &args)
}

const SELECT: &str = "
    SELECT id, place, name, town, super_agent, wallet, msisdn, settlements, made_at FROM payments_agent WHERE id = $1";
const SELECT_OF: &str = "
    SELECT id, place, name, town, super_agent, wallet, msisdn, settlements, made_at FROM payments_agent
    WHERE super_agent = $1 ORDER BY name, id LIMIT 200";

pub(crate) fn find(tx: &mut dyn Tx, id: AgentId) -> Result<Option<Agent>, TxError> {
    tx.first(SELECT, &[id.into()])?.as_ref().map(agent).transpose()
}

pub(crate) fn of(tx: &mut dyn Tx, super_agent: &str) -> Result<Vec<Agent>, TxError> {
    tx.query(SELECT_OF, &[super_agent.into()])?.iter().map(agent).collect()
}

fn agent(row: &Row) -> Result<Agent, TxError> {
    Ok(Agent {
        id: row.get(0)?,
        place: row.get(1)?,
        name: row.get(2)?,
        town: row.get(3)?,
        super_agent: row.get(4)?,
        wallet: row.get(5)?,
        msisdn: Personal::new(row.get(6)?),
        settlements: row.get(7)?,
        made_at: row.get(8)?,
    })
}

const SELECT_TOWNS: &str = "SELECT place, name, town FROM payments_agent";

/// What every agent's counter is called, with her name and town.
pub(crate) fn towns(tx: &mut dyn Tx) -> Result<Vec<(String, String, String)>, TxError> {
    tx.query(SELECT_TOWNS, &[])?.iter().map(|row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).collect()
}

const SETTLED: &str = "UPDATE payments_agent SET settlements = settlements + 1 WHERE id = $1";

pub(crate) fn settled(tx: &mut dyn Tx, id: AgentId) -> Result<(), TxError> {
    tx.change(SETTLED, &[id.into()])
}

const INSERT_FLOAT: &str = "
    INSERT INTO payments_float (id, from_place, to_place, amount_minor, currency, against_cash, moved_by, made_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

pub(crate) fn insert_float<K: IdKind>(
    tx: &mut dyn Tx,
    id: Id<K>,
    (from, to): (&str, &str),
    amount: Money,
    against_cash: bool,
    (by, now): (&str, Timestamp),
) -> Result<(), TxError> {
    let currency = amount.currency();
    let args = [
        id.into(),
        from.into(),
        to.into(),
        amount.minor().into(),
        currency.code().into(),
        against_cash.into(),
        by.into(),
        now.into(),
    ];
    tx.change(INSERT_FLOAT, &args)
}

const SUM_FLOAT: &str = "
    SELECT from_place, to_place, CAST(SUM(amount_minor) AS BIGINT) FROM payments_float GROUP BY from_place, to_place";

/// What float moved, by the accounts it moved between.
pub(crate) fn moved(tx: &mut dyn Tx) -> Result<Vec<(String, String, i64)>, TxError> {
    let place = |row: &Row, at| Ok::<_, TxError>(format!("cash:{}", row.get::<String>(at)?));
    tx.query(SUM_FLOAT, &[])?.iter().map(|row| Ok((place(row, 0)?, place(row, 1)?, row.get(2)?))).collect()
}

const SUM_WITHDRAWN: &str = "
    SELECT a.reference, CAST(SUM(d.amount_minor) AS BIGINT)
    FROM payments_disbursement d JOIN payments_account a ON a.id = d.account
    WHERE a.reference LIKE 'cash:%' AND d.state = 'paid' GROUP BY a.reference";

/// What counters have paid out to their banks.
pub(crate) fn withdrawn(tx: &mut dyn Tx) -> Result<Vec<(String, i64)>, TxError> {
    tx.query(SUM_WITHDRAWN, &[])?.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

const SUM_TAKEN: &str = "
    SELECT CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT) FROM payments_payment
    WHERE wallet = $1 AND wallet LIKE 'cash:%' AND received_at >= $2 AND received_at < $3";

/// What a counter, or one of its devices, took between two moments, in minor units.
pub(crate) fn taken(tx: &mut dyn Tx, account: &str, from: Timestamp, to: Timestamp) -> Result<i64, TxError> {
    let row = tx.first(SUM_TAKEN, &[account.into(), from.into(), to.into()])?;
    row.map_or(Ok(0), |row| row.get(0))
}

const SUM_MOVED: &str = "
    SELECT CAST(COALESCE(SUM(CASE WHEN to_place = $1 AND against_cash = 1 THEN amount_minor ELSE 0 END), 0) AS BIGINT),
        CAST(COALESCE(SUM(CASE WHEN from_place = $1 AND against_cash = 1 THEN amount_minor ELSE 0 END), 0) AS BIGINT),
        CAST(COALESCE(SUM(CASE WHEN from_place = $1 AND against_cash = 0 THEN amount_minor ELSE 0 END), 0) AS BIGINT),
        CAST(COALESCE(SUM(CASE WHEN to_place = $1 AND against_cash = 0 THEN amount_minor ELSE 0 END), 0) AS BIGINT)
    FROM payments_float WHERE to_place = $1 OR from_place = $1";

/// The float of a counter that ever moved, in minor units.
pub(crate) struct Moved {
    /// It got for cash.
    pub(crate) got: i64,
    /// It gave for cash.
    pub(crate) gave: i64,
    /// It lent to its devices.
    pub(crate) lent: i64,
    /// It took back from them.
    pub(crate) back: i64,
}

pub(crate) fn moved_at(tx: &mut dyn Tx, place: &str) -> Result<Moved, TxError> {
    let nothing = Moved { got: 0, gave: 0, lent: 0, back: 0 };
    let row = tx.first(SUM_MOVED, &[place.into()])?;
    row.map_or(Ok(nothing), |row| {
        Ok(Moved { got: row.get(0)?, gave: row.get(1)?, lent: row.get(2)?, back: row.get(3)? })
    })
}

const SUM_BANKED: &str = "
    SELECT CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT) FROM payments_disbursement WHERE account = $1 AND state = 'paid'";

/// What a counter has paid out to a bank, in minor units.
pub(crate) fn banked(tx: &mut dyn Tx, account: AccountId) -> Result<i64, TxError> {
    tx.first(SUM_BANKED, &[account.into()])?.map_or(Ok(0), |row| row.get(0))
}

const INSERT_SHIFT: &str = "
    INSERT INTO payments_shift (id, place, clerk, cash_minor, base_minor, opened_at) VALUES ($1, $2, $3, $4, $5, $6)";
const CLOSE_SHIFT: &str =
    "UPDATE payments_shift SET expected_minor = $2, counted_minor = $3, closed_at = $4 WHERE id = $1";
const SELECT_OPEN_SHIFT: &str = "
    SELECT id, place, clerk, cash_minor, base_minor, opened_at, expected_minor, counted_minor
    FROM payments_shift WHERE place = $1 AND closed_at IS NULL";
const SELECT_LAST_SHIFT: &str = "
    SELECT id, place, clerk, cash_minor, base_minor, opened_at, expected_minor, counted_minor
    FROM payments_shift WHERE place = $1 AND closed_at IS NOT NULL ORDER BY id DESC LIMIT 1";

pub(crate) fn insert_shift(tx: &mut dyn Tx, new: &Shift) -> Result<(), TxError> {
    let args = [
        new.id.into(),
        (&new.place).into(),
        (&new.clerk).into(),
        new.cash.minor().into(),
        new.base_minor.into(),
        new.opened_at.into(),
    ];
    tx.change(INSERT_SHIFT, &args)
}

pub(crate) fn close_shift<K: IdKind>(
    tx: &mut dyn Tx,
    id: Id<K>,
    (expected, counted): (i64, i64),
    now: Timestamp,
) -> Result<(), TxError> {
    tx.change(CLOSE_SHIFT, &[id.into(), expected.into(), counted.into(), now.into()])
}

fn shift(row: &Row, currency: Currency) -> Result<Shift, TxError> {
    let money = |minor| Money::new(minor, currency);
    let (expected, counted): (Option<i64>, Option<i64>) = (row.get(6)?, row.get(7)?);
    Ok(Shift {
        id: row.get(0)?,
        place: row.get(1)?,
        clerk: row.get(2)?,
        cash: money(row.get(3)?),
        base_minor: row.get(4)?,
        opened_at: row.get(5)?,
        ended: expected.zip(counted).map(|(expected, counted)| (money(expected), money(counted))),
    })
}

pub(crate) fn open_shift(tx: &mut dyn Tx, place: &str, currency: Currency) -> Result<Option<Shift>, TxError> {
    tx.first(SELECT_OPEN_SHIFT, &[place.into()])?.as_ref().map(|row| shift(row, currency)).transpose()
}

pub(crate) fn last_shift(tx: &mut dyn Tx, place: &str, currency: Currency) -> Result<Option<Shift>, TxError> {
    tx.first(SELECT_LAST_SHIFT, &[place.into()])?.as_ref().map(|row| shift(row, currency)).transpose()
}

const INSERT_DEVICE: &str = "
    INSERT INTO payments_counter_device (id, place, name, jwk, allowance, until) VALUES ($1, $2, $3, $4, $5, $6)";
const SELECT_DEVICE: &str = "
    SELECT id, place, name, jwk, allowance, until, ended_at FROM payments_counter_device WHERE id = $1";
const SELECT_DEVICES: &str = "
    SELECT id, place, name, jwk, allowance, until, ended_at FROM payments_counter_device
    WHERE place = $1 ORDER BY id DESC LIMIT 50";
const END_DEVICE: &str = "UPDATE payments_counter_device SET ended_at = $2 WHERE id = $1";

pub(crate) fn insert_device(tx: &mut dyn Tx, new: &CounterDevice) -> Result<(), TxError> {
    let args = [
        new.id.into(),
        (&new.place).into(),
        (&new.name).into(),
        (&new.jwk).into(),
        (&new.allowance).into(),
        new.until.into(),
    ];
    tx.change(INSERT_DEVICE, &args)
}

pub(crate) fn device(tx: &mut dyn Tx, id: CounterDeviceId) -> Result<Option<CounterDevice>, TxError> {
    tx.first(SELECT_DEVICE, &[id.into()])?.as_ref().map(device_row).transpose()
}

pub(crate) fn devices(tx: &mut dyn Tx, place: &str) -> Result<Vec<CounterDevice>, TxError> {
    tx.query(SELECT_DEVICES, &[place.into()])?.iter().map(device_row).collect()
}

pub(crate) fn end_device(tx: &mut dyn Tx, id: CounterDeviceId, now: Timestamp) -> Result<(), TxError> {
    tx.change(END_DEVICE, &[id.into(), now.into()])
}

fn device_row(row: &Row) -> Result<CounterDevice, TxError> {
    Ok(CounterDevice {
        id: row.get(0)?,
        place: row.get(1)?,
        name: row.get(2)?,
        jwk: row.get(3)?,
        allowance: row.get(4)?,
        until: row.get(5)?,
        ended_at: row.get(6)?,
    })
}

const INSERT_TAKING: &str = "
    INSERT INTO payments_offline (device, seq, digest, number, amount_minor, state, reason, request, received_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const SELECT_TAKING: &str = "
    SELECT device, seq, number, amount_minor, state, reason, digest FROM payments_offline WHERE device = $1 AND seq = $2";
const SELECT_TROUBLE: &str = "
    SELECT o.device, o.seq, o.number, o.amount_minor, o.state, o.reason, o.digest
    FROM payments_offline o JOIN payments_counter_device d ON d.id = o.device
    WHERE d.place = $1 AND o.state <> 'paid' ORDER BY o.received_at DESC, o.device, o.seq DESC LIMIT 20";

pub(crate) fn insert_taking(
    tx: &mut dyn Tx,
    new: &Taking,
    digest: &str,
    request: Option<RequestId>,
    now: Timestamp,
) -> Result<(), TxError> {
    let args = [
        new.device.into(),
        new.seq.into(),
        digest.into(),
        (&new.number).into(),
        new.amount_minor.into(),
        new.state.code().into(),
        new.reason.as_deref().into(),
        request.into(),
        now.into(),
    ];
    tx.change(INSERT_TAKING, &args)
}

/// What came under a device's number, with the digest of its words.
pub(crate) fn taking(tx: &mut dyn Tx, device: CounterDeviceId, seq: i64) -> Result<Option<(String, Taking)>, TxError> {
    let Some(row) = tx.first(SELECT_TAKING, &[device.into(), seq.into()])? else { return Ok(None) };
    Ok(Some((row.get(6)?, taking_row(&row)?)))
}

/// What a counter's devices sent that did not pay, the newest first.
pub(crate) fn trouble(tx: &mut dyn Tx, place: &str) -> Result<Vec<Taking>, TxError> {
    tx.query(SELECT_TROUBLE, &[place.into()])?.iter().map(taking_row).collect()
}

fn taking_row(row: &Row) -> Result<Taking, TxError> {
    let state = TakingState::of(&row.get::<String>(4)?);
    Ok(Taking {
        device: row.get(0)?,
        seq: row.get(1)?,
        number: row.get(2)?,
        amount_minor: row.get(3)?,
        state: state.ok_or_else(|| TxError::Type("the state of a taking".to_owned()))?,
        reason: row.get(5)?,
    })
}
