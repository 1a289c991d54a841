//! What came in from other systems: their numbers, and records that are held.

use serde_json::Value as Json;
use spine::{Row, Timestamp, Tx, TxError};

use crate::brought::{Held, Incoming};

const INSERT: &str =
    "INSERT INTO civil_foreign_number (system, number, person, digest, made_at) VALUES ($1, $2, $3, $4, $5)";
const FIND: &str = "SELECT person, digest FROM civil_foreign_number WHERE system = $1 AND number = $2";
const ANYWHERE: &str =
    "SELECT person FROM civil_foreign_number WHERE number = $1 AND person IS NOT NULL ORDER BY system LIMIT 2";
const OF_PERSON: &str =
    "SELECT system, number FROM civil_foreign_number WHERE person = $1 ORDER BY system, number LIMIT 50";
const HOLD: &str =
    "INSERT INTO civil_held (system, number, record, alike, state, made_at) VALUES ($1, $2, $3, $4, 'open', $5)";
const HELD: &str =
    "SELECT system, number, record, alike FROM civil_held WHERE system = $1 AND number = $2 AND state = 'open'";
const WAITING: &str = "SELECT system, number, record, alike FROM civil_held WHERE state = 'open' ORDER BY made_at, system, number LIMIT 200";
const IS_HELD: &str = "SELECT state FROM civil_held WHERE system = $1 AND number = $2";
const SETTLE: &str = "UPDATE civil_held SET state = $3, settled_by = $4, settled_at = $5 WHERE system = $1 AND number = $2 AND state = 'open'";

pub(crate) fn insert(
    tx: &mut dyn Tx,
    (system, number): (&str, &str),
    person: Option<&str>,
    digest: &str,
    now: Timestamp,
) -> Result<(), TxError> {
    tx.change(INSERT, &[system.into(), number.into(), person.into(), digest.into(), now.into()])
}

/// Whose number it is, if it came in before, and what it said then.
pub(crate) fn find(tx: &mut dyn Tx, system: &str, number: &str) -> Result<Option<(Option<String>, String)>, TxError> {
    tx.first(FIND, &[system.into(), number.into()])?.map(|row| Ok((row.get(0)?, row.get(1)?))).transpose()
}

/// Whose number it is in any system; nobody's if two systems gave it to two people.
pub(crate) fn anywhere(tx: &mut dyn Tx, number: &str) -> Result<Option<String>, TxError> {
    let rows = tx.query(ANYWHERE, &[number.into()])?;
    let people: Vec<String> = rows.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?;
    let first = people.first();
    Ok(first.filter(|first| people.iter().all(|person| person == *first)).cloned())
}

/// What other systems call a person.
pub(crate) fn of_person(tx: &mut dyn Tx, person: &str) -> Result<Vec<(String, String)>, TxError> {
    tx.query(OF_PERSON, &[person.into()])?.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

pub(crate) fn hold(tx: &mut dyn Tx, incoming: &Incoming, alike: &[String], now: Timestamp) -> Result<(), TxError> {
    let record = serde_json::to_string(incoming).map_err(|error| TxError::Other(error.to_string()))?;
    let alike = Json::from(alike.to_vec());
    let Incoming { system, number, .. } = incoming;
    tx.change(HOLD, &[system.into(), number.into(), record.into(), (&alike).into(), now.into()])
}

/// Whether a record is held, or was.
pub(crate) fn is_held(tx: &mut dyn Tx, system: &str, number: &str) -> Result<bool, TxError> {
    Ok(tx.first(IS_HELD, &[system.into(), number.into()])?.is_some())
}

pub(crate) fn held(tx: &mut dyn Tx, system: &str, number: &str) -> Result<Option<Held>, TxError> {
    tx.first(HELD, &[system.into(), number.into()])?.map(|row| of(&row)).transpose()
}

/// Records that wait, oldest first.
pub(crate) fn waiting(tx: &mut dyn Tx) -> Result<Vec<Held>, TxError> {
    tx.query(WAITING, &[])?.iter().map(of).collect()
}

/// Says what was decided, once.
pub(crate) fn settle(
    tx: &mut dyn Tx,
    (system, number): (&str, &str),
    state: &str,
    by: &str,
    now: Timestamp,
) -> Result<bool, TxError> {
    Ok(tx.execute(SETTLE, &[system.into(), number.into(), state.into(), by.into(), now.into()])? == 1)
}

fn of(row: &Row) -> Result<Held, TxError> {
    let (record, alike): (String, Json) = (row.get(2)?, row.get(3)?);
    let odd = |_| TxError::Type("a held record".to_owned());
    Ok(Held {
        incoming: serde_json::from_str(&record).map_err(odd)?,
        alike: serde_json::from_value(alike).map_err(odd)?,
    })
}
