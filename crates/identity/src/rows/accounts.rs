//! Accounts, tries with a secret, running challenges, passkeys.
//!
//! **Invariant:** a try is counted by a keyed hash of what was typed, so that the table tells nobody's number.

use serde_json::Value as Json;
use spine::{Personal, Row, Secret, Timestamp, Tx, TxError};

use crate::account::{Account, Kind, NewAccount};

const INSERT_ACCOUNT: &str = "INSERT INTO identity_account (id, kind, login, name, phone, email, language, secret_hash, totp, totp_step, roles, institution, state, made_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $11, 'active', $12)";
const ACCOUNT_BY_LOGIN: &str = "SELECT id, kind, phone, email, language, secret_hash, totp, totp_step, state, second_step, lowered_until \
     FROM identity_account WHERE kind = $1 AND login = $2";
const ACCOUNT_BY_ID: &str = "SELECT id, kind, phone, email, language, secret_hash, totp, totp_step, state, second_step, lowered_until \
     FROM identity_account WHERE id = $1";
const ENROLLED_BY: &str = "SELECT evidence FROM identity_enrolment WHERE person = $1 AND state = 'approved' ORDER BY decided_at DESC, id LIMIT 1";
const BY_PHONE: &str = "SELECT id, login, language FROM identity_account WHERE phone = $1 AND kind = 'person' AND state = 'active' ORDER BY id LIMIT 20";
const SET_LANGUAGE: &str = "UPDATE identity_account SET language = $2 WHERE id = $1";
const LOCK_SELF: &str =
    "UPDATE identity_account SET state = 'locked', locked_by_self = 1 WHERE id = $1 AND state = 'active'";
const WAITING: &str = "SELECT id FROM identity_challenge WHERE account = $1 AND passkey IS NULL AND expires_at > $2 ORDER BY made_at DESC, id LIMIT 1";
const LOGIN: &str = "SELECT login FROM identity_account WHERE id = $1";
const OFFICER: &str = "SELECT roles, institution, state FROM identity_account WHERE id = $1 AND kind = 'officer'";
const SHOWN: &str = "SELECT name, phone, email, language FROM identity_account WHERE id = $1";
const SET_TOTP_STEP: &str = "UPDATE identity_account SET totp_step = $2 WHERE id = $1";
const SET_SECRET: &str = "UPDATE identity_account SET secret_hash = $2 WHERE id = $1";
const SET_STATE: &str = "UPDATE identity_account SET state = $2 WHERE id = $1";
const ATTEMPT: &str = "SELECT failures, locked_until, tried_at FROM identity_attempt WHERE key = $1";
const SET_ATTEMPT: &str = "INSERT INTO identity_attempt (key, failures, locked_until, tried_at) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (key) DO UPDATE SET failures = excluded.failures, locked_until = excluded.locked_until, tried_at = excluded.tried_at";
const CLEAR_ATTEMPT: &str = "DELETE FROM identity_attempt WHERE key = $1";
const INSERT_CHALLENGE: &str = "INSERT INTO identity_challenge (id, account, code, tries, passkey, made_at, expires_at) VALUES ($1, $2, $3, 0, $4, $5, $6)";
const CHALLENGE: &str = "SELECT account, code, tries, passkey, expires_at FROM identity_challenge WHERE id = $1";
const SET_TRIES: &str = "UPDATE identity_challenge SET tries = $2 WHERE id = $1";
const SET_CODE: &str = "UPDATE identity_challenge SET code = $2, expires_at = $3 WHERE id = $1";
const DELETE_CHALLENGE: &str = "DELETE FROM identity_challenge WHERE id = $1";
const INSERT_PASSKEY: &str = "INSERT INTO identity_passkey (id, account, name, credential, made_at, last_used_at) VALUES ($1, $2, $3, $4, $5, NULL)";
const PASSKEY: &str = "SELECT id, account, name, credential, made_at, last_used_at FROM identity_passkey WHERE id = $1";
const PASSKEYS: &str = "SELECT id, account, name, credential, made_at, last_used_at FROM identity_passkey WHERE account = $1 ORDER BY made_at, id";
const USE_PASSKEY: &str = "UPDATE identity_passkey SET credential = $2, last_used_at = $3 WHERE id = $1";
const DELETE_PASSKEY: &str = "DELETE FROM identity_passkey WHERE id = $1 AND account = $2";
const SWEEP_ATTEMPTS: &str = "DELETE FROM identity_attempt WHERE tried_at < $1 AND locked_until < $1";
const SWEEP_CHALLENGES: &str = "DELETE FROM identity_challenge WHERE expires_at < $1";

/// A challenge that runs.
#[derive(Clone, Debug)]
pub(crate) struct Challenge {
    pub(crate) account: Option<String>,
    pub(crate) code: Option<String>,
    pub(crate) tries: i64,
    pub(crate) passkey: Option<String>,
    pub(crate) expires_at: Timestamp,
}

/// A passkey of an account.
#[derive(Clone, Debug)]
pub(crate) struct PasskeyRow {
    pub(crate) id: String,
    pub(crate) account: String,
    pub(crate) name: String,
    pub(crate) credential: String,
    pub(crate) made_at: Timestamp,
    pub(crate) last_used_at: Option<Timestamp>,
}

pub(crate) fn insert_account(tx: &mut dyn Tx, new: &NewAccount, now: Timestamp) -> Result<(), TxError> {
    let text = |value: &Option<Personal<String>>| value.as_ref().map(|value| value.reveal().clone());
    let roles = Json::from(new.roles.clone());
    let args = [
        new.id.as_str().into(),
        new.kind.as_str().into(),
        new.login.reveal().into(),
        new.name.reveal().into(),
        text(&new.phone).into(),
        text(&new.email).into(),
        new.language.tag().into(),
        new.secret_hash.reveal().into(),
        new.totp.as_deref().into(),
        (&roles).into(),
        new.institution.as_deref().into(),
        now.into(),
    ];
    tx.change(INSERT_ACCOUNT, &args)
}

pub(crate) fn account_by_login(tx: &mut dyn Tx, kind: Kind, login: &str) -> Result<Option<Account>, TxError> {
    tx.first(ACCOUNT_BY_LOGIN, &[kind.as_str().into(), login.into()])?.map(|row| account(&row)).transpose()
}

pub(crate) fn account_by_id(tx: &mut dyn Tx, id: &str) -> Result<Option<Account>, TxError> {
    tx.first(ACCOUNT_BY_ID, &[id.into()])?.map(|row| account(&row)).transpose()
}

/// By which evidence a person was enrolled last; none if that is not written down.
pub(crate) fn enrolled_by(tx: &mut dyn Tx, person: &str) -> Result<Option<String>, TxError> {
    tx.first(ENROLLED_BY, &[person.into()])?.map(|row| row.get(0)).transpose()
}

/// Who may be calling from a number.
#[derive(Clone, Debug)]
pub(crate) struct Calling {
    pub(crate) id: String,
    pub(crate) login: String,
    pub(crate) language: spine::Language,
}

/// The people whose phone this is.
pub(crate) fn by_phone(tx: &mut dyn Tx, phone: &str) -> Result<Vec<Calling>, TxError> {
    let read = |row: &Row| Ok(Calling { id: row.get(0)?, login: row.get(1)?, language: row.get::<String>(2)?.into() });
    tx.query(BY_PHONE, &[phone.into()])?.iter().map(read).collect()
}

pub(crate) fn set_language(tx: &mut dyn Tx, id: &str, language: &str) -> Result<(), TxError> {
    tx.change(SET_LANGUAGE, &[id.into(), language.into()])
}

/// Locks an account at its owner's wish; false if it was locked.
pub(crate) fn lock_self(tx: &mut dyn Tx, id: &str) -> Result<bool, TxError> {
    tx.execute(LOCK_SELF, &[id.into()]).map(|count| count > 0)
}

/// The newest sign-in of an account that waits for its second step.
pub(crate) fn waiting(tx: &mut dyn Tx, account: &str, now: Timestamp) -> Result<Option<String>, TxError> {
    tx.first(WAITING, &[account.into(), now.into()])?.map(|row| row.get(0)).transpose()
}

/// What somebody types to say who she is.
pub(crate) fn login(tx: &mut dyn Tx, id: &str) -> Result<Option<String>, TxError> {
    tx.first(LOGIN, &[id.into()])?.map(|row| row.get(0)).transpose()
}

/// What an account shows of its holder.
pub(crate) struct Shown {
    pub(crate) name: Personal<String>,
    pub(crate) phone: Option<Personal<String>>,
    pub(crate) email: Option<Personal<String>>,
    pub(crate) language: spine::Language,
}

/// What an officer's account says of what she may do.
pub(crate) struct OfficerStanding {
    pub(crate) roles: Vec<String>,
    pub(crate) institution: Option<String>,
    pub(crate) active: bool,
}

/// An officer's standing; none for a person or nobody.
pub(crate) fn officer(tx: &mut dyn Tx, id: &str) -> Result<Option<OfficerStanding>, TxError> {
    let read = |row: Row| {
        let roles: String = row.get(0)?;
        let roles = serde_json::from_str(&roles).map_err(|_| TxError::Type("roles of an account".to_owned()))?;
        Ok(OfficerStanding { roles, institution: row.get(1)?, active: row.get::<String>(2)? == "active" })
    };
    tx.first(OFFICER, &[id.into()])?.map(read).transpose()
}

pub(crate) fn shown(tx: &mut dyn Tx, id: &str) -> Result<Option<Shown>, TxError> {
    let personal = |row: &Row, place| row.get::<Option<String>>(place).map(|value| value.map(Personal::new));
    let read = |row: Row| {
        Ok(Shown {
            name: Personal::new(row.get(0)?),
            phone: personal(&row, 1)?,
            email: personal(&row, 2)?,
            language: row.get::<String>(3)?.into(),
        })
    };
    tx.first(SHOWN, &[id.into()])?.map(read).transpose()
}

fn account(row: &Row) -> Result<Account, TxError> {
    let (kind, language): (String, String) = (row.get(1)?, row.get(4)?);
    let personal = |place| row.get::<Option<String>>(place).map(|value| value.map(Personal::new));
    Ok(Account {
        id: row.get(0)?,
        kind: Kind::named(&kind).ok_or_else(|| TxError::Type("kind of an account".to_owned()))?,
        phone: personal(2)?,
        email: personal(3)?,
        language: language.into(),
        secret_hash: Secret::new(row.get(5)?),
        totp: row.get(6)?,
        totp_step: row.get(7)?,
        active: row.get::<String>(8)? == "active",
        second_step: row.get(9)?,
        lowered_until: row.get(10)?,
    })
}

pub(crate) fn set_totp_step(tx: &mut dyn Tx, id: &str, step: i64) -> Result<(), TxError> {
    tx.change(SET_TOTP_STEP, &[id.into(), step.into()])
}

pub(crate) fn set_secret(tx: &mut dyn Tx, id: &str, hash: &str) -> Result<u64, TxError> {
    tx.execute(SET_SECRET, &[id.into(), hash.into()])
}

pub(crate) fn set_state(tx: &mut dyn Tx, id: &str, active: bool) -> Result<u64, TxError> {
    tx.execute(SET_STATE, &[id.into(), if active { "active" } else { "locked" }.into()])
}

/// Tries in a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempt {
    pub(crate) failures: i64,
    pub(crate) locked_until: Timestamp,
    pub(crate) tried_at: Timestamp,
}

pub(crate) fn attempt(tx: &mut dyn Tx, key: &str) -> Result<Option<Attempt>, TxError> {
    let read = |row: Row| Ok(Attempt { failures: row.get(0)?, locked_until: row.get(1)?, tried_at: row.get(2)? });
    tx.first(ATTEMPT, &[key.into()])?.map(read).transpose()
}

pub(crate) fn set_attempt(tx: &mut dyn Tx, key: &str, attempt: Attempt) -> Result<(), TxError> {
    let args = [key.into(), attempt.failures.into(), attempt.locked_until.into(), attempt.tried_at.into()];
    tx.change(SET_ATTEMPT, &args)
}

pub(crate) fn clear_attempt(tx: &mut dyn Tx, key: &str) -> Result<(), TxError> {
    tx.change(CLEAR_ATTEMPT, &[key.into()])
}

pub(crate) fn insert_challenge(
    tx: &mut dyn Tx,
    id: &str,
    challenge: &Challenge,
    now: Timestamp,
) -> Result<(), TxError> {
    let args = [
        id.into(),
        challenge.account.as_deref().into(),
        challenge.code.as_deref().into(),
        challenge.passkey.as_deref().into(),
        now.into(),
        challenge.expires_at.into(),
    ];
    tx.change(INSERT_CHALLENGE, &args)
}

pub(crate) fn challenge(tx: &mut dyn Tx, id: &str) -> Result<Option<Challenge>, TxError> {
    let Some(row) = tx.first(CHALLENGE, &[id.into()])? else { return Ok(None) };
    Ok(Some(Challenge {
        account: row.get(0)?,
        code: row.get(1)?,
        tries: row.get(2)?,
        passkey: row.get(3)?,
        expires_at: row.get(4)?,
    }))
}

pub(crate) fn set_tries(tx: &mut dyn Tx, id: &str, tries: i64) -> Result<(), TxError> {
    tx.change(SET_TRIES, &[id.into(), tries.into()])
}

pub(crate) fn set_code(tx: &mut dyn Tx, id: &str, code: &str, expires_at: Timestamp) -> Result<(), TxError> {
    tx.change(SET_CODE, &[id.into(), code.into(), expires_at.into()])
}

/// Takes a challenge away; false if it was gone already.
pub(crate) fn delete_challenge(tx: &mut dyn Tx, id: &str) -> Result<bool, TxError> {
    tx.execute(DELETE_CHALLENGE, &[id.into()]).map(|count| count > 0)
}

pub(crate) fn insert_passkey(tx: &mut dyn Tx, passkey: &PasskeyRow) -> Result<(), TxError> {
    let args = [
        passkey.id.as_str().into(),
        passkey.account.as_str().into(),
        passkey.name.as_str().into(),
        passkey.credential.as_str().into(),
        passkey.made_at.into(),
    ];
    tx.change(INSERT_PASSKEY, &args)
}

pub(crate) fn passkey(tx: &mut dyn Tx, id: &str) -> Result<Option<PasskeyRow>, TxError> {
    tx.first(PASSKEY, &[id.into()])?.map(|row| passkey_row(&row)).transpose()
}

pub(crate) fn passkeys(tx: &mut dyn Tx, account: &str) -> Result<Vec<PasskeyRow>, TxError> {
    tx.query(PASSKEYS, &[account.into()])?.iter().map(passkey_row).collect()
}

fn passkey_row(row: &Row) -> Result<PasskeyRow, TxError> {
    Ok(PasskeyRow {
        id: row.get(0)?,
        account: row.get(1)?,
        name: row.get(2)?,
        credential: row.get(3)?,
        made_at: row.get(4)?,
        last_used_at: row.get(5)?,
    })
}

pub(crate) fn use_passkey(tx: &mut dyn Tx, id: &str, credential: &str, now: Timestamp) -> Result<(), TxError> {
    tx.change(USE_PASSKEY, &[id.into(), credential.into(), now.into()])
}

pub(crate) fn delete_passkey(tx: &mut dyn Tx, id: &str, account: &str) -> Result<bool, TxError> {
    tx.execute(DELETE_PASSKEY, &[id.into(), account.into()]).map(|count| count > 0)
}

/// Forgets tries and challenges that are of no use any more.
pub(crate) fn sweep(tx: &mut dyn Tx, before: Timestamp) -> Result<u64, TxError> {
    Ok(tx.execute(SWEEP_ATTEMPTS, &[before.into()])? + tx.execute(SWEEP_CHALLENGES, &[before.into()])?)
}
