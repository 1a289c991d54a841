//! SQL of participants, their endpoints and accounts.

use spine::{Currency, Row, Timestamp, Tx, TxError};

use super::currency;
use crate::model::{Account, AccountType, Participant};

const INSERT: &str = "
    INSERT INTO switch_participant (name, number, is_hub, active, signs, made_at)
    SELECT $1, COALESCE(MAX(number), 0) + 1, $2, 1, 0, $3 FROM switch_participant";

pub(crate) fn insert(tx: &mut dyn Tx, name: &str, is_hub: bool, now: Timestamp) -> Result<(), TxError> {
    tx.change(INSERT, &[name.into(), is_hub.into(), now.into()])
}

const ALL: &str = "
    SELECT name, number, is_hub, active, token_hash, jws_key, signs, made_at FROM switch_participant ORDER BY made_at, name";
const ONE: &str =
    "SELECT name, number, is_hub, active, token_hash, jws_key, signs, made_at FROM switch_participant WHERE name = $1";

fn read(row: &Row) -> Result<Participant, TxError> {
    Ok(Participant {
        name: row.get(0)?,
        number: row.get(1)?,
        is_hub: row.get(2)?,
        active: row.get(3)?,
        token_hash: row.get(4)?,
        jws_key: row.get(5)?,
        signs: row.get(6)?,
        made_at: row.get(7)?,
    })
}

pub(crate) fn all(tx: &mut dyn Tx) -> Result<Vec<Participant>, TxError> {
    tx.query(ALL, &[])?.iter().map(read).collect()
}

pub(crate) fn find(tx: &mut dyn Tx, name: &str) -> Result<Option<Participant>, TxError> {
    tx.first(ONE, &[name.into()])?.as_ref().map(read).transpose()
}

const SET_ACTIVE: &str = "UPDATE switch_participant SET active = $2 WHERE name = $1";
const SET_ACCESS: &str = "UPDATE switch_participant SET token_hash = $2, jws_key = $3, signs = $4 WHERE name = $1";

pub(crate) fn set_active(tx: &mut dyn Tx, name: &str, active: bool) -> Result<(), TxError> {
    tx.change(SET_ACTIVE, &[name.into(), active.into()])
}

pub(crate) fn set_access(
    tx: &mut dyn Tx,
    name: &str,
    token_hash: Option<&[u8]>,
    jws_key: Option<&str>,
    signs: bool,
) -> Result<(), TxError> {
    tx.change(SET_ACCESS, &[name.into(), token_hash.into(), jws_key.into(), signs.into()])
}

const SET_ENDPOINT: &str = "
    INSERT INTO switch_endpoint (participant, type, value) VALUES ($1, $2, $3)
    ON CONFLICT (participant, type) DO UPDATE SET value = excluded.value";
const ENDPOINTS: &str = "SELECT type, value FROM switch_endpoint WHERE participant = $1 ORDER BY type";
const EVERY_ENDPOINT: &str = "SELECT participant, type, value FROM switch_endpoint ORDER BY participant, type";

pub(crate) fn set_endpoint(tx: &mut dyn Tx, participant: &str, kind: &str, value: &str) -> Result<(), TxError> {
    tx.change(SET_ENDPOINT, &[participant.into(), kind.into(), value.into()])
}

pub(crate) fn endpoints(tx: &mut dyn Tx, participant: &str) -> Result<Vec<(String, String)>, TxError> {
    tx.query(ENDPOINTS, &[participant.into()])?.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

pub(crate) fn every_endpoint(tx: &mut dyn Tx) -> Result<Vec<(String, String, String)>, TxError> {
    tx.query(EVERY_ENDPOINT, &[])?.iter().map(|row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).collect()
}

const NEXT_NUMBER: &str = "SELECT COALESCE(MAX(number), 0) + 1 FROM switch_account";
const INSERT_ACCOUNT: &str = "
    INSERT INTO switch_account (number, participant, currency, type, ledger_account, active, cap_minor, alarm_percent,
        granted_minor, surplus_minor, made_at)
    VALUES ($1, $2, $3, $4, $5, 1, $6, $7, $8, $9, $10)";

pub(crate) fn next_number(tx: &mut dyn Tx) -> Result<i64, TxError> {
    tx.first(NEXT_NUMBER, &[])?.map_or(Ok(1), |row| row.get(0))
}

pub(crate) fn insert_account(tx: &mut dyn Tx, new: &Account, now: Timestamp) -> Result<(), TxError> {
    let args = [
        new.number.into(),
        (&new.participant).into(),
        new.currency.code().into(),
        new.kind.code().into(),
        new.ledger.into(),
        new.cap_minor.into(),
        new.alarm_percent.into(),
        new.granted_minor.into(),
        new.surplus_minor.into(),
        now.into(),
    ];
    tx.change(INSERT_ACCOUNT, &args)
}

const ACCOUNTS: &str = "
    SELECT number, participant, currency, type, ledger_account, active, cap_minor, alarm_percent, granted_minor,
        surplus_minor
    FROM switch_account WHERE participant = $1 ORDER BY number";
const EVERY_ACCOUNT: &str = "
    SELECT number, participant, currency, type, ledger_account, active, cap_minor, alarm_percent, granted_minor,
        surplus_minor
    FROM switch_account ORDER BY number";
const ACCOUNT: &str = "
    SELECT number, participant, currency, type, ledger_account, active, cap_minor, alarm_percent, granted_minor,
        surplus_minor
    FROM switch_account WHERE participant = $1 AND currency = $2 AND type = $3";
const NUMBERED: &str = "
    SELECT number, participant, currency, type, ledger_account, active, cap_minor, alarm_percent, granted_minor,
        surplus_minor
    FROM switch_account WHERE number = $1";

fn read_account(row: &Row) -> Result<Account, TxError> {
    let kind = AccountType::of(&row.get::<String>(3)?);
    Ok(Account {
        number: row.get(0)?,
        participant: row.get(1)?,
        currency: currency(row, 2)?,
        kind: kind.ok_or_else(|| TxError::Type("the type of an account".to_owned()))?,
        ledger: row.get(4)?,
        active: row.get(5)?,
        cap_minor: row.get(6)?,
        alarm_percent: row.get(7)?,
        granted_minor: row.get(8)?,
        surplus_minor: row.get(9)?,
    })
}

pub(crate) fn accounts(tx: &mut dyn Tx, participant: &str) -> Result<Vec<Account>, TxError> {
    tx.query(ACCOUNTS, &[participant.into()])?.iter().map(read_account).collect()
}

pub(crate) fn every_account(tx: &mut dyn Tx) -> Result<Vec<Account>, TxError> {
    tx.query(EVERY_ACCOUNT, &[])?.iter().map(read_account).collect()
}

pub(crate) fn account(
    tx: &mut dyn Tx,
    participant: &str,
    currency: Currency,
    kind: AccountType,
) -> Result<Option<Account>, TxError> {
    let args = [participant.into(), currency.code().into(), kind.code().into()];
    tx.first(ACCOUNT, &args)?.as_ref().map(read_account).transpose()
}

pub(crate) fn numbered(tx: &mut dyn Tx, number: i64) -> Result<Option<Account>, TxError> {
    tx.first(NUMBERED, &[number.into()])?.as_ref().map(read_account).transpose()
}

const SET_ACCOUNT_ACTIVE: &str = "UPDATE switch_account SET active = $2 WHERE number = $1";
const SET_CAP: &str = "UPDATE switch_account SET cap_minor = $2, alarm_percent = $3 WHERE number = $1";
const SET_GRANT: &str = "UPDATE switch_account SET granted_minor = $2, surplus_minor = $3 WHERE number = $1";

pub(crate) fn set_account_active(tx: &mut dyn Tx, number: i64, active: bool) -> Result<(), TxError> {
    tx.change(SET_ACCOUNT_ACTIVE, &[number.into(), active.into()])
}

pub(crate) fn set_cap(tx: &mut dyn Tx, number: i64, cap_minor: i64, alarm_percent: i64) -> Result<(), TxError> {
    tx.change(SET_CAP, &[number.into(), cap_minor.into(), alarm_percent.into()])
}

pub(crate) fn set_grant(tx: &mut dyn Tx, number: i64, granted: i64, surplus: i64) -> Result<(), TxError> {
    tx.change(SET_GRANT, &[number.into(), granted.into(), surplus.into()])
}

const POSITIONS_OF: &str = "
    SELECT a.number, a.participant, a.currency, a.type, a.ledger_account, a.active, a.cap_minor, a.alarm_percent,
        a.granted_minor, a.surplus_minor, p.active
    FROM switch_account a JOIN switch_participant p ON p.name = a.participant
    WHERE a.participant IN ($1, $2) AND a.currency = $3 AND a.type = 'POSITION'";

/// The positions of two participants in a currency, each with whether its owner is active.
pub(crate) fn positions_of(
    tx: &mut dyn Tx,
    payer: &str,
    payee: &str,
    currency: Currency,
) -> Result<Vec<(Account, bool)>, TxError> {
    let args = [payer.into(), payee.into(), currency.code().into()];
    tx.query(POSITIONS_OF, &args)?.iter().map(|row| Ok((read_account(row)?, row.get(10)?))).collect()
}

const HUB_ACCOUNT: &str = "
    SELECT a.number, a.participant, a.currency, a.type, a.ledger_account, a.active, a.cap_minor, a.alarm_percent,
        a.granted_minor, a.surplus_minor
    FROM switch_account a JOIN switch_participant p ON p.name = a.participant
    WHERE p.is_hub = 1 AND a.currency = $1 AND a.type = $2";

/// The hub's own account of a kind.
pub(crate) fn hub_account(tx: &mut dyn Tx, currency: Currency, kind: AccountType) -> Result<Option<Account>, TxError> {
    tx.first(HUB_ACCOUNT, &[currency.code().into(), kind.code().into()])?.as_ref().map(read_account).transpose()
}
