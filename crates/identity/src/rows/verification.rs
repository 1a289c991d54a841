//! Watches, changes, proofs of life, and accounts closed by a death, as rows.

use spine::{Date, Row, Timestamp, Tx, TxError, Value};

use crate::verification::{Life, Told};

const WATCH: &str = "
    INSERT INTO identity_watch (verifier, person, reference, made_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT (verifier, person) DO UPDATE SET reference = excluded.reference";
const UNWATCH: &str = "DELETE FROM identity_watch WHERE verifier = $1 AND reference = $2";
const WATCHING: &str = "SELECT verifier, reference FROM identity_watch WHERE person = $1 ORDER BY verifier";
const INSERT_CHANGE: &str = "
    INSERT INTO identity_change (verifier, number, reference, what, effective_on, made_at)
    SELECT $1, COALESCE(MAX(number), 0) + 1, $2, $3, $4, $5 FROM identity_change WHERE verifier = $1";
const CHANGES: &str = "
    SELECT number, reference, what, effective_on, made_at FROM identity_change
    WHERE verifier = $1 AND number > $2 ORDER BY number LIMIT $3";
const INSERT_LIFE: &str = "
    INSERT INTO identity_life (person, at, how, attested_by) VALUES ($1, $2, $3, $4) ON CONFLICT (person, at) DO NOTHING";
const LAST_LIFE: &str = "SELECT at, how FROM identity_life WHERE person = $1 ORDER BY at DESC LIMIT 1";
const LAST_LIVES: &str = "
    SELECT person, MAX(at) FROM identity_life WHERE person IN (
        $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25,
        $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45, $46, $47, $48, $49, $50
    ) GROUP BY person";
/// People that [`LAST_LIVES`] asks about; a shorter list repeats its last one.
const LIVES_AT_ONCE: usize = 50;
const CLOSE: &str = "
    INSERT INTO identity_closed (account, was_active, closed_at, reopened_at) VALUES ($1, $2, $3, NULL)
    ON CONFLICT (account) DO UPDATE SET was_active = excluded.was_active, closed_at = excluded.closed_at, reopened_at = NULL";
const REOPEN: &str =
    "UPDATE identity_closed SET reopened_at = $2 WHERE account = $1 AND reopened_at IS NULL RETURNING was_active";
const IS_CLOSED: &str = "SELECT 1 FROM identity_closed WHERE account = $1 AND reopened_at IS NULL";

/// Whether a death keeps an account closed.
pub(crate) fn is_closed(tx: &mut dyn Tx, account: &str) -> Result<bool, TxError> {
    Ok(tx.first(IS_CLOSED, &[account.into()])?.is_some())
}

pub(crate) fn watch(
    tx: &mut dyn Tx,
    verifier: &str,
    person: &str,
    reference: &str,
    now: Timestamp,
) -> Result<(), TxError> {
    tx.change(WATCH, &[verifier.into(), person.into(), reference.into(), now.into()])
}

pub(crate) fn unwatch(tx: &mut dyn Tx, verifier: &str, reference: &str) -> Result<bool, TxError> {
    Ok(tx.execute(UNWATCH, &[verifier.into(), reference.into()])? > 0)
}

/// The organisations that watch a person, each with what it calls her.
pub(crate) fn watching(tx: &mut dyn Tx, person: &str) -> Result<Vec<(String, String)>, TxError> {
    tx.query(WATCHING, &[person.into()])?.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

pub(crate) fn insert_change(
    tx: &mut dyn Tx,
    verifier: &str,
    reference: &str,
    (what, on): (&str, Date),
    now: Timestamp,
) -> Result<(), TxError> {
    let args = [verifier.into(), reference.into(), what.into(), on.into(), now.into()];
    tx.change(INSERT_CHANGE, &args)
}

pub(crate) fn changes(tx: &mut dyn Tx, verifier: &str, after: i64, limit: i64) -> Result<Vec<Told>, TxError> {
    let told = |row: &Row| {
        Ok(Told {
            number: row.get(0)?,
            reference: row.get(1)?,
            what: row.get(2)?,
            effective_on: row.get(3)?,
            at: row.get(4)?,
        })
    };
    tx.query(CHANGES, &[verifier.into(), after.into(), limit.into()])?.iter().map(told).collect()
}

pub(crate) fn insert_life(tx: &mut dyn Tx, person: &str, life: &Life, by: &str) -> Result<(), TxError> {
    tx.change(INSERT_LIFE, &[person.into(), life.at.into(), (&life.how).into(), by.into()])
}

pub(crate) fn last_life(tx: &mut dyn Tx, person: &str) -> Result<Option<Life>, TxError> {
    let life = |row: Row| Ok(Life { at: row.get(0)?, how: row.get(1)? });
    tx.first(LAST_LIFE, &[person.into()])?.map(life).transpose()
}

/// When each of these people was last proved alive; those who never were are left out.
pub(crate) fn last_lives(tx: &mut dyn Tx, people: &[&str]) -> Result<Vec<(String, Timestamp)>, TxError> {
    let mut found = Vec::new();
    for chunk in people.chunks(LIVES_AT_ONCE) {
        let last = chunk.last().copied().unwrap_or_default();
        let args: Vec<Value<'_>> =
            chunk.iter().copied().chain(std::iter::repeat(last)).take(LIVES_AT_ONCE).map(Value::from).collect();
        for row in tx.query(LAST_LIVES, &args)? {
            found.push((row.get(0)?, row.get(1)?));
        }
    }
    Ok(found)
}

/// Notes that a death closed an account, and whether it was open until then.
pub(crate) fn close(tx: &mut dyn Tx, account: &str, was_active: bool, now: Timestamp) -> Result<(), TxError> {
    tx.change(CLOSE, &[account.into(), i64::from(was_active).into(), now.into()])
}

/// Notes that an account may be open again; answers whether a death had closed an open one.
pub(crate) fn reopen(tx: &mut dyn Tx, account: &str, now: Timestamp) -> Result<bool, TxError> {
    match tx.first(REOPEN, &[account.into(), now.into()])? {
        Some(row) => Ok(row.get::<i64>(0)? == 1),
        None => Ok(false),
    }
}
