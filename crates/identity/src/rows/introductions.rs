//! Chiefs who introduce people, and codes that open accounts.
//!
//! **Invariant:** an introduction serves one application; a code stands here as a keyed hash, and sealed only until its
//! letter is printed. Where next: `enrolment/introduce.rs`, `enrolment/activate.rs`.

use spine::{Date, Row, Timestamp, Tx, TxError};

use crate::enrolment::{ApplicationId, Introduction, IntroductionId, IntroductionState};

const INSERT: &str = "INSERT INTO identity_introduction (id, reference, chief, state, fields, letter, letter_on, application, made_at, decided_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
const ONE: &str = "SELECT id, reference, chief, state, fields, letter, letter_on, application, made_at, decided_at \
     FROM identity_introduction WHERE id = $1";
const BY_REFERENCE: &str = "SELECT id, reference, chief, state, fields, letter, letter_on, application, made_at, decided_at \
     FROM identity_introduction WHERE reference = $1";
const OF_CHIEF: &str = "SELECT id, reference, chief, state, fields, letter, letter_on, application, made_at, decided_at \
     FROM identity_introduction WHERE chief = $1 ORDER BY made_at DESC, id LIMIT $2";
const DECIDE: &str = "UPDATE identity_introduction SET state = $2, decided_at = $3 WHERE id = $1 AND state = 'waiting'";
const USE: &str =
    "UPDATE identity_introduction SET application = $2 WHERE id = $1 AND application IS NULL AND state = 'signed'";
const FREE: &str = "UPDATE identity_introduction SET application = NULL WHERE application = $1 AND letter IS NULL";
const SET_ACTIVATION: &str = "INSERT INTO identity_activation (person, code, sealed, way, application, made_at, expires_at, printed_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, NULL) ON CONFLICT (person) DO UPDATE SET code = $2, sealed = $3, way = $4, application = $5, \
     made_at = $6, expires_at = $7, printed_at = NULL";
const ACTIVATION: &str =
    "SELECT code, sealed, way, application, made_at, expires_at FROM identity_activation WHERE person = $1";
const DELETE_ACTIVATION: &str = "DELETE FROM identity_activation WHERE person = $1";
const PRINTED: &str = "UPDATE identity_activation SET sealed = NULL, printed_at = $2 WHERE person = $1";
const LETTERS: &str = "SELECT person, made_at FROM identity_activation \
     WHERE way = 'letter' AND printed_at IS NULL ORDER BY made_at, person LIMIT $1";

fn introduction_of(row: &Row) -> Result<Introduction, TxError> {
    let wrong = || TxError::Type("introduction".to_owned());
    let letter_on: Option<String> = row.get(6)?;
    Ok(Introduction {
        id: row.get(0)?,
        reference: row.get(1)?,
        chief: row.get(2)?,
        state: IntroductionState::named(&row.get::<String>(3)?).ok_or_else(wrong)?,
        fields: serde_json::from_str(&row.get::<String>(4)?).map_err(|_| wrong())?,
        letter: row.get(5)?,
        letter_on: letter_on.map(|day| day.parse::<Date>()).transpose().map_err(|_| wrong())?,
        application: row.get(7)?,
        made_at: row.get(8)?,
        decided_at: row.get(9)?,
    })
}

pub(crate) fn insert(tx: &mut dyn Tx, new: &Introduction) -> Result<(), TxError> {
    let fields = serde_json::to_string(&new.fields).unwrap_or_default();
    let letter_on = new.letter_on.map(|day| day.to_string());
    let args = [
        new.id.into(),
        new.reference.as_str().into(),
        new.chief.as_str().into(),
        new.state.name().into(),
        fields.as_str().into(),
        new.letter.as_deref().into(),
        letter_on.as_deref().into(),
        new.application.as_deref().into(),
        new.made_at.into(),
        new.decided_at.into(),
    ];
    tx.change(INSERT, &args)
}

pub(crate) fn one(tx: &mut dyn Tx, id: IntroductionId) -> Result<Option<Introduction>, TxError> {
    tx.first(ONE, &[id.into()])?.map(|row| introduction_of(&row)).transpose()
}

pub(crate) fn by_reference(tx: &mut dyn Tx, reference: &str) -> Result<Option<Introduction>, TxError> {
    tx.first(BY_REFERENCE, &[reference.into()])?.map(|row| introduction_of(&row)).transpose()
}

pub(crate) fn of_chief(tx: &mut dyn Tx, chief: &str, limit: i64) -> Result<Vec<Introduction>, TxError> {
    tx.query(OF_CHIEF, &[chief.into(), limit.into()])?.iter().map(introduction_of).collect()
}

pub(crate) fn decide(
    tx: &mut dyn Tx,
    id: IntroductionId,
    state: IntroductionState,
    now: Timestamp,
) -> Result<bool, TxError> {
    tx.execute(DECIDE, &[id.into(), state.name().into(), now.into()]).map(|count| count > 0)
}

/// Takes a signed introduction for an application; false if another has it.
pub(crate) fn take(tx: &mut dyn Tx, id: IntroductionId, application: ApplicationId) -> Result<bool, TxError> {
    tx.execute(USE, &[id.into(), application.into()]).map(|count| count > 0)
}

/// Gives the introduction of an application that comes to nothing free again.
pub(crate) fn free(tx: &mut dyn Tx, application: ApplicationId) -> Result<(), TxError> {
    tx.change(FREE, &[application.into()])
}

/// A code that opens an account.
pub(crate) struct Activation {
    pub(crate) code: String,
    pub(crate) sealed: Option<Vec<u8>>,
    pub(crate) way: String,
    pub(crate) application: Option<String>,
    pub(crate) made_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

pub(crate) fn set_activation(tx: &mut dyn Tx, person: &str, new: &Activation) -> Result<(), TxError> {
    let args = [
        person.into(),
        new.code.as_str().into(),
        new.sealed.as_deref().into(),
        new.way.as_str().into(),
        new.application.as_deref().into(),
        new.made_at.into(),
        new.expires_at.into(),
    ];
    tx.change(SET_ACTIVATION, &args)
}

pub(crate) fn activation(tx: &mut dyn Tx, person: &str) -> Result<Option<Activation>, TxError> {
    let Some(row) = tx.first(ACTIVATION, &[person.into()])? else { return Ok(None) };
    Ok(Some(Activation {
        code: row.get(0)?,
        sealed: row.get(1)?,
        way: row.get(2)?,
        application: row.get(3)?,
        made_at: row.get(4)?,
        expires_at: row.get(5)?,
    }))
}

pub(crate) fn delete_activation(tx: &mut dyn Tx, person: &str) -> Result<(), TxError> {
    tx.change(DELETE_ACTIVATION, &[person.into()])
}

/// The letter is printed: its code is kept as a hash only.
pub(crate) fn printed(tx: &mut dyn Tx, person: &str, now: Timestamp) -> Result<(), TxError> {
    tx.change(PRINTED, &[person.into(), now.into()])
}

/// People whose letters wait to be printed, the oldest first.
pub(crate) fn letters(tx: &mut dyn Tx, limit: i64) -> Result<Vec<(String, Timestamp)>, TxError> {
    tx.query(LETTERS, &[limit.into()])?.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}
