//! SQL of settlement windows, models and settlements.

use spine::{Currency, Row, Timestamp, Tx, TxError};

use super::currency;
use crate::settlement::{Net, Settlement, Window};

const OPEN_WINDOW: &str = "SELECT id FROM switch_window WHERE state = 'OPEN'";

/// The window in which what commits now belongs.
pub(crate) fn open_window(tx: &mut dyn Tx) -> Result<Option<i64>, TxError> {
    tx.first(OPEN_WINDOW, &[])?.map(|row| row.get(0)).transpose()
}

const NEXT_WINDOW: &str = "SELECT COALESCE(MAX(id), 0) + 1 FROM switch_window";
const INSERT_WINDOW: &str = "
    INSERT INTO switch_window (id, state, reason, opened_at, changed_at) VALUES ($1, 'OPEN', $2, $3, $3)";

pub(crate) fn insert_window(tx: &mut dyn Tx, reason: &str, now: Timestamp) -> Result<i64, TxError> {
    let id: i64 = tx.first(NEXT_WINDOW, &[])?.map_or(Ok(1), |row| row.get(0))?;
    tx.change(INSERT_WINDOW, &[id.into(), reason.into(), now.into()])?;
    Ok(id)
}

const WINDOW: &str = "SELECT id, state, reason, opened_at, closed_at, changed_at FROM switch_window WHERE id = $1";
const WINDOWS: &str = "
    SELECT id, state, reason, opened_at, closed_at, changed_at FROM switch_window
    WHERE ($1 = '' OR state = $1) ORDER BY id DESC LIMIT $2";

fn read_window(row: &Row) -> Result<Window, TxError> {
    Ok(Window {
        id: row.get(0)?,
        state: row.get(1)?,
        reason: row.get(2)?,
        opened_at: row.get(3)?,
        closed_at: row.get(4)?,
        changed_at: row.get(5)?,
    })
}

pub(crate) fn window(tx: &mut dyn Tx, id: i64) -> Result<Option<Window>, TxError> {
    tx.first(WINDOW, &[id.into()])?.as_ref().map(read_window).transpose()
}

pub(crate) fn windows(tx: &mut dyn Tx, state: &str, limit: i64) -> Result<Vec<Window>, TxError> {
    tx.query(WINDOWS, &[state.into(), limit.into()])?.iter().map(read_window).collect()
}

const CLOSE_WINDOW: &str = "
    UPDATE switch_window SET state = 'CLOSED', reason = $2, closed_at = $3, changed_at = $3
    WHERE id = $1 AND state = 'OPEN'";
const SET_WINDOW: &str = "UPDATE switch_window SET state = $2, reason = $3, changed_at = $4 WHERE id = $1";

pub(crate) fn close_window(tx: &mut dyn Tx, id: i64, reason: &str, now: Timestamp) -> Result<u64, TxError> {
    tx.execute(CLOSE_WINDOW, &[id.into(), reason.into(), now.into()])
}

pub(crate) fn set_window(tx: &mut dyn Tx, id: i64, state: &str, reason: &str, now: Timestamp) -> Result<(), TxError> {
    tx.change(SET_WINDOW, &[id.into(), state.into(), reason.into(), now.into()])
}

const FLOWS: &str = "
    SELECT payer, payee, currency, CAST(SUM(amount_minor) AS BIGINT), COUNT(*) FROM switch_transfer
    WHERE settlement_window = $1 GROUP BY payer, payee, currency ORDER BY currency, payer, payee";

/// Payer, payee, currency, minor units and number of transfers.
pub(crate) type Flow = (String, String, Currency, i64, i64);

/// What went from whom to whom within a window.
pub(crate) fn flows(tx: &mut dyn Tx, window: i64) -> Result<Vec<Flow>, TxError> {
    let read = |row: &Row| Ok((row.get(0)?, row.get(1)?, currency(row, 2)?, row.get(3)?, row.get(4)?));
    tx.query(FLOWS, &[window.into()])?.iter().map(read).collect()
}

const MODELS: &str = "SELECT name, currency, active, made_at FROM switch_model ORDER BY made_at, name";
const INSERT_MODEL: &str = "INSERT INTO switch_model (name, currency, active, made_at) VALUES ($1, $2, 1, $3)";
const SET_MODEL: &str = "UPDATE switch_model SET active = $2 WHERE name = $1";

/// Name, the one currency it is for if there is one, whether it is active, since when.
pub(crate) type Model = (String, Option<String>, bool, Timestamp);

pub(crate) fn models(tx: &mut dyn Tx) -> Result<Vec<Model>, TxError> {
    let read = |row: &Row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
    tx.query(MODELS, &[])?.iter().map(read).collect()
}

pub(crate) fn insert_model(tx: &mut dyn Tx, name: &str, currency: Option<&str>, now: Timestamp) -> Result<(), TxError> {
    tx.change(INSERT_MODEL, &[name.into(), currency.into(), now.into()])
}

pub(crate) fn set_model(tx: &mut dyn Tx, name: &str, active: bool) -> Result<u64, TxError> {
    tx.execute(SET_MODEL, &[name.into(), active.into()])
}

const NEXT: &str = "SELECT COALESCE(MAX(id), 0) + 1 FROM switch_settlement";
const INSERT: &str = "
    INSERT INTO switch_settlement (id, model, state, reason, made_at, changed_at)
    VALUES ($1, $2, 'PENDING_SETTLEMENT', $3, $4, $4)";
const INSERT_PART: &str = "INSERT INTO switch_settled (settlement_window, currency, settlement) VALUES ($1, $2, $3)";
const DELETE_PARTS: &str = "DELETE FROM switch_settled WHERE settlement = $1";
const PARTS: &str = "
    SELECT settlement_window, currency FROM switch_settled WHERE settlement = $1 ORDER BY settlement_window, currency";
const OF_WINDOW: &str = "
    SELECT p.currency, p.settlement, s.state FROM switch_settled p JOIN switch_settlement s ON s.id = p.settlement
    WHERE p.settlement_window = $1 ORDER BY p.currency";

pub(crate) fn insert(tx: &mut dyn Tx, model: &str, reason: &str, now: Timestamp) -> Result<i64, TxError> {
    let id: i64 = tx.first(NEXT, &[])?.map_or(Ok(1), |row| row.get(0))?;
    tx.change(INSERT, &[id.into(), model.into(), reason.into(), now.into()])?;
    Ok(id)
}

pub(crate) fn insert_part(tx: &mut dyn Tx, settlement: i64, window: i64, currency: Currency) -> Result<(), TxError> {
    tx.change(INSERT_PART, &[window.into(), currency.code().into(), settlement.into()])
}

pub(crate) fn delete_parts(tx: &mut dyn Tx, settlement: i64) -> Result<(), TxError> {
    tx.change(DELETE_PARTS, &[settlement.into()])
}

pub(crate) fn parts(tx: &mut dyn Tx, settlement: i64) -> Result<Vec<(i64, Currency)>, TxError> {
    tx.query(PARTS, &[settlement.into()])?.iter().map(|row| Ok((row.get(0)?, currency(row, 1)?))).collect()
}

/// Which currencies of a window are being settled or are, by which settlement, in which state.
pub(crate) fn of_window(tx: &mut dyn Tx, window: i64) -> Result<Vec<(Currency, i64, String)>, TxError> {
    let read = |row: &Row| Ok((currency(row, 0)?, row.get(1)?, row.get(2)?));
    tx.query(OF_WINDOW, &[window.into()])?.iter().map(read).collect()
}

const ONE: &str = "SELECT id, model, state, reason, made_at, changed_at FROM switch_settlement WHERE id = $1";
const ALL: &str = "
    SELECT id, model, state, reason, made_at, changed_at FROM switch_settlement
    WHERE ($1 = '' OR state = $1) ORDER BY id DESC LIMIT $2";
const SET: &str = "UPDATE switch_settlement SET state = $2, reason = $3, changed_at = $4 WHERE id = $1";

fn read(row: &Row) -> Result<Settlement, TxError> {
    Ok(Settlement {
        id: row.get(0)?,
        model: row.get(1)?,
        state: row.get(2)?,
        reason: row.get(3)?,
        made_at: row.get(4)?,
        changed_at: row.get(5)?,
    })
}

pub(crate) fn find(tx: &mut dyn Tx, id: i64) -> Result<Option<Settlement>, TxError> {
    tx.first(ONE, &[id.into()])?.as_ref().map(read).transpose()
}

pub(crate) fn all(tx: &mut dyn Tx, state: &str, limit: i64) -> Result<Vec<Settlement>, TxError> {
    tx.query(ALL, &[state.into(), limit.into()])?.iter().map(read).collect()
}

pub(crate) fn set(tx: &mut dyn Tx, id: i64, state: &str, reason: &str, now: Timestamp) -> Result<(), TxError> {
    tx.change(SET, &[id.into(), state.into(), reason.into(), now.into()])
}

const INSERT_NET: &str = "
    INSERT INTO switch_net (settlement, account, net_minor, state, reason, changed_at) VALUES ($1, $2, $3, $4, $5, $6)";
const NETS: &str = "
    SELECT n.account, a.participant, p.number, a.currency, n.net_minor, n.state, n.reason, n.reference
    FROM switch_net n JOIN switch_account a ON a.number = n.account JOIN switch_participant p ON p.name = a.participant
    WHERE n.settlement = $1 ORDER BY n.account";
const SET_NET: &str = "
    UPDATE switch_net SET state = $3, reason = $4, reference = $5, changed_at = $6
    WHERE settlement = $1 AND account = $2";

pub(crate) fn insert_net(tx: &mut dyn Tx, settlement: i64, net: &Net, now: Timestamp) -> Result<(), TxError> {
    let args = [
        settlement.into(),
        net.account.into(),
        net.amount.minor().into(),
        net.state.code().into(),
        (&net.reason).into(),
        now.into(),
    ];
    tx.change(INSERT_NET, &args)
}

pub(crate) fn nets(tx: &mut dyn Tx, settlement: i64) -> Result<Vec<Net>, TxError> {
    let read = |row: &Row| {
        let state = crate::settlement::State::of(&row.get::<String>(5)?);
        Ok(Net {
            account: row.get(0)?,
            participant: row.get(1)?,
            participant_number: row.get(2)?,
            amount: spine::Money::new(row.get(4)?, currency(row, 3)?),
            state: state.ok_or_else(|| TxError::Type("the state of a settlement".to_owned()))?,
            reason: row.get(6)?,
            reference: row.get(7)?,
        })
    };
    tx.query(NETS, &[settlement.into()])?.iter().map(read).collect()
}

pub(crate) fn set_net(tx: &mut dyn Tx, settlement: i64, net: &Net, now: Timestamp) -> Result<(), TxError> {
    let args = [
        settlement.into(),
        net.account.into(),
        net.state.code().into(),
        (&net.reason).into(),
        net.reference.as_deref().into(),
        now.into(),
    ];
    tx.change(SET_NET, &args)
}
