//! Cards, the blanks they are printed on, and people whose ID is out of use.
//!
//! **Invariant:** a card's number is given when it is printed; what lies in stock is a sum of changes and never written by
//! itself. Where next: `enrolment/card.rs`, `enrolment/standing.rs`.

use spine::{Date, Row, Timestamp, Tx, TxError};

use crate::enrolment::{Card, CardId, CardState};

const INSERT: &str =
    "INSERT INTO identity_card (id, number, person, state, reason, queued_at) VALUES ($1, NULL, $2, 'queued', $3, $4)";
const INSERT_EARLIER: &str = "INSERT INTO identity_card (id, number, person, state, reason, queued_at, handed_at, expires_on) VALUES ($1, $2, $3, $4, 'earlier', $5, $5, $6)";
const BY_NUMBER: &str = "SELECT id, number, person, state, reason, queued_at, printed_at, handed_at, expires_on, ended_at, ended_why FROM identity_card WHERE number = $1";
const OF_PERSON: &str = "SELECT id, number, person, state, reason, queued_at, printed_at, handed_at, expires_on, ended_at, ended_why FROM identity_card \
     WHERE person = $1 ORDER BY queued_at DESC, id DESC";
const QUEUE: &str = "SELECT id, number, person, state, reason, queued_at, printed_at, handed_at, expires_on, ended_at, ended_why FROM identity_card \
     WHERE state = 'queued' ORDER BY queued_at, id LIMIT $1";
const IN_STATE: &str = "SELECT id, number, person, state, reason, queued_at, printed_at, handed_at, expires_on, ended_at, ended_why FROM identity_card \
     WHERE state = $1 ORDER BY printed_at, id LIMIT $2";
const BEFORE: &str =
    "SELECT COUNT(*) FROM identity_card WHERE state = 'queued' AND (queued_at < $1 OR (queued_at = $1 AND id < $2))";
const COUNT: &str = "SELECT COUNT(*) FROM identity_card WHERE state = $1";
const PRINT: &str =
    "UPDATE identity_card SET state = 'printed', number = $2, printed_at = $3 WHERE id = $1 AND state = 'queued'";
const HAND_OVER: &str =
    "UPDATE identity_card SET state = 'active', handed_at = $2, expires_on = $3 WHERE id = $1 AND state = 'printed'";
const END: &str = "UPDATE identity_card SET state = $2, ended_at = $3, ended_why = $4 WHERE id = $1 AND state IN ('queued', 'printed', 'active')";
const END_ACTIVE: &str = "UPDATE identity_card SET state = 'revoked', ended_at = $3, ended_why = $4 WHERE person = $1 AND id <> $2 AND state = 'active'";
const END_ALL: &str = "UPDATE identity_card SET state = 'revoked', ended_at = $2, ended_why = $3 WHERE person = $1 AND state IN ('queued', 'printed', 'active')";
const REQUEUE: &str =
    "UPDATE identity_card SET state = 'queued', number = NULL, printed_at = NULL WHERE id = $1 AND state = 'printed'";
const EXPIRE: &str = "UPDATE identity_card SET state = 'expired', ended_at = $2, ended_why = 'expired' WHERE state = 'active' AND expires_on < $1";
const REVOKED: &str = "SELECT number, ended_at FROM identity_card WHERE number > $1 AND state IN ('lost', 'revoked') ORDER BY number LIMIT $2";
const STOCK: &str = "SELECT CAST(COALESCE(SUM(change), 0) AS BIGINT) FROM identity_card_stock";
const CHANGE_STOCK: &str = "INSERT INTO identity_card_stock (id, change, why, by_whom, at) VALUES ($1, $2, $3, $4, $5)";
const INSERT_DELIVERY: &str =
    "INSERT INTO identity_card_delivery (id, count, due_on, arrived_at) VALUES ($1, $2, $3, NULL)";
const DELIVERIES: &str =
    "SELECT id, count, due_on FROM identity_card_delivery WHERE arrived_at IS NULL ORDER BY due_on, id";
const ARRIVED: &str = "UPDATE identity_card_delivery SET arrived_at = $2 WHERE id = $1 AND arrived_at IS NULL";
const SET_INACTIVE: &str =
    "INSERT INTO identity_inactive (person, reason, since) VALUES ($1, $2, $3) ON CONFLICT (person) DO NOTHING";
const CLEAR_INACTIVE: &str = "DELETE FROM identity_inactive WHERE person = $1";
const INACTIVE: &str = "SELECT reason, since FROM identity_inactive WHERE person = $1";
const ALL_INACTIVE: &str = "SELECT person FROM identity_inactive";

fn card_of(row: &Row) -> Result<Card, TxError> {
    let expires_on: Option<String> = row.get(8)?;
    let wrong = || TxError::Type("card".to_owned());
    Ok(Card {
        id: row.get(0)?,
        number: row.get(1)?,
        person: row.get(2)?,
        state: CardState::named(&row.get::<String>(3)?).ok_or_else(wrong)?,
        reason: row.get(4)?,
        queued_at: row.get(5)?,
        printed_at: row.get(6)?,
        handed_at: row.get(7)?,
        expires_on: expires_on.map(|day| day.parse::<Date>()).transpose().map_err(|_| wrong())?,
        ended_at: row.get(9)?,
        ended_why: row.get(10)?,
    })
}

pub(crate) fn insert(tx: &mut dyn Tx, id: CardId, person: &str, reason: &str, now: Timestamp) -> Result<(), TxError> {
    tx.change(INSERT, &[id.into(), person.into(), reason.into(), now.into()])
}

/// A card of an earlier system.
pub(crate) fn insert_earlier(
    tx: &mut dyn Tx,
    id: CardId,
    (person, number): (&str, &str),
    (state, expires_on): (CardState, Date),
    now: Timestamp,
) -> Result<(), TxError> {
    let args = [id.into(), number.into(), person.into(), state.name().into(), now.into(), expires_on.into()];
    tx.change(INSERT_EARLIER, &args)
}

pub(crate) fn by_number(tx: &mut dyn Tx, number: &str) -> Result<Option<Card>, TxError> {
    tx.first(BY_NUMBER, &[number.into()])?.map(|row| card_of(&row)).transpose()
}

/// A person's cards, newest first.
pub(crate) fn of_person(tx: &mut dyn Tx, person: &str) -> Result<Vec<Card>, TxError> {
    tx.query(OF_PERSON, &[person.into()])?.iter().map(card_of).collect()
}

pub(crate) fn queue(tx: &mut dyn Tx, limit: i64) -> Result<Vec<Card>, TxError> {
    tx.query(QUEUE, &[limit.into()])?.iter().map(card_of).collect()
}

pub(crate) fn in_state(tx: &mut dyn Tx, state: CardState, limit: i64) -> Result<Vec<Card>, TxError> {
    tx.query(IN_STATE, &[state.name().into(), limit.into()])?.iter().map(card_of).collect()
}

fn counted(row: Option<Row>) -> Result<i64, TxError> {
    row.map_or(Ok(0), |row| row.get(0))
}

/// How many stand before a card in the queue.
pub(crate) fn before(tx: &mut dyn Tx, card: &Card) -> Result<i64, TxError> {
    counted(tx.first(BEFORE, &[card.queued_at.into(), card.id.into()])?)
}

pub(crate) fn count(tx: &mut dyn Tx, state: CardState) -> Result<i64, TxError> {
    counted(tx.first(COUNT, &[state.name().into()])?)
}

pub(crate) fn print(tx: &mut dyn Tx, id: CardId, number: &str, now: Timestamp) -> Result<bool, TxError> {
    tx.execute(PRINT, &[id.into(), number.into(), now.into()]).map(|count| count > 0)
}

pub(crate) fn hand_over(tx: &mut dyn Tx, id: CardId, now: Timestamp, expires_on: Date) -> Result<bool, TxError> {
    tx.execute(HAND_OVER, &[id.into(), now.into(), expires_on.into()]).map(|count| count > 0)
}

pub(crate) fn end(tx: &mut dyn Tx, id: CardId, state: CardState, why: &str, now: Timestamp) -> Result<bool, TxError> {
    tx.execute(END, &[id.into(), state.name().into(), now.into(), why.into()]).map(|count| count > 0)
}

/// Ends the cards a person holds, but one.
pub(crate) fn end_active(
    tx: &mut dyn Tx,
    person: &str,
    but: CardId,
    why: &str,
    now: Timestamp,
) -> Result<u64, TxError> {
    tx.execute(END_ACTIVE, &[person.into(), but.into(), now.into(), why.into()])
}

/// Ends every card of a person, wherever it is.
pub(crate) fn end_all(tx: &mut dyn Tx, person: &str, why: &str, now: Timestamp) -> Result<u64, TxError> {
    tx.execute(END_ALL, &[person.into(), now.into(), why.into()])
}

/// Back to where it stood in the queue: its print was spoilt.
pub(crate) fn requeue(tx: &mut dyn Tx, id: CardId) -> Result<bool, TxError> {
    tx.execute(REQUEUE, &[id.into()]).map(|count| count > 0)
}

/// Ends cards whose last day is before `today`.
pub(crate) fn expire(tx: &mut dyn Tx, today: Date, now: Timestamp) -> Result<u64, TxError> {
    tx.execute(EXPIRE, &[today.into(), now.into()])
}

/// Numbers of cards that are worth nothing, after a number, and since when.
pub(crate) fn revoked(tx: &mut dyn Tx, after: &str, limit: i64) -> Result<Vec<(String, Timestamp)>, TxError> {
    tx.query(REVOKED, &[after.into(), limit.into()])?.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

pub(crate) fn stock(tx: &mut dyn Tx) -> Result<i64, TxError> {
    counted(tx.first(STOCK, &[])?)
}

pub(crate) fn change_stock(
    tx: &mut dyn Tx,
    id: &str,
    (change, why): (i64, &str),
    by: &str,
    now: Timestamp,
) -> Result<(), TxError> {
    tx.change(CHANGE_STOCK, &[id.into(), change.into(), why.into(), by.into(), now.into()])
}

pub(crate) fn insert_delivery(tx: &mut dyn Tx, id: &str, count: i64, due_on: Date) -> Result<(), TxError> {
    tx.change(INSERT_DELIVERY, &[id.into(), count.into(), due_on.into()])
}

/// Blanks that are to come: identifier, how many, when.
pub(crate) fn deliveries(tx: &mut dyn Tx) -> Result<Vec<(String, i64, Date)>, TxError> {
    let read = |row: &Row| {
        let day: String = row.get(2)?;
        let day = day.parse().map_err(|_| TxError::Type("day of a delivery".to_owned()))?;
        Ok((row.get(0)?, row.get(1)?, day))
    };
    tx.query(DELIVERIES, &[])?.iter().map(read).collect()
}

pub(crate) fn arrived(tx: &mut dyn Tx, id: &str, now: Timestamp) -> Result<bool, TxError> {
    tx.execute(ARRIVED, &[id.into(), now.into()]).map(|count| count > 0)
}

/// Takes a person's ID out of use; false if it is already.
pub(crate) fn set_inactive(tx: &mut dyn Tx, person: &str, reason: &str, now: Timestamp) -> Result<bool, TxError> {
    tx.execute(SET_INACTIVE, &[person.into(), reason.into(), now.into()]).map(|count| count > 0)
}

pub(crate) fn clear_inactive(tx: &mut dyn Tx, person: &str) -> Result<bool, TxError> {
    tx.execute(CLEAR_INACTIVE, &[person.into()]).map(|count| count > 0)
}

/// Why and since when a person's ID is out of use, if it is.
pub(crate) fn inactive(tx: &mut dyn Tx, person: &str) -> Result<Option<(String, Timestamp)>, TxError> {
    tx.first(INACTIVE, &[person.into()])?.map(|row| Ok((row.get(0)?, row.get(1)?))).transpose()
}

/// Everybody whose ID is out of use: few.
pub(crate) fn all_inactive(tx: &mut dyn Tx) -> Result<Vec<String>, TxError> {
    tx.query(ALL_INACTIVE, &[])?.iter().map(|row| row.get(0)).collect()
}
