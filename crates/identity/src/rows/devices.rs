//! Devices and systems of organisations.
//!
//! **Invariant:** public keys only; a state moves on only from the state it was read in.

use serde_json::Value as Json;
use spine::{Row, Timestamp, Tx, TxError};

use crate::devices::device::Proves;
use crate::devices::{Device, DeviceId, DeviceKind, DeviceState};

const INSERT: &str = "INSERT INTO identity_machine (id, owner, kind, name, purpose, place, proves, key, scopes, valid_to, state, made_by, made_at, changed_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)";
const BY_ID: &str = "SELECT id, owner, kind, name, purpose, place, proves, key, old_key, old_key_until, scopes, valid_to, state FROM identity_machine WHERE id = $1";
const OF_OWNER: &str = "SELECT id, owner, kind, name, purpose, place, proves, key, old_key, old_key_until, scopes, valid_to, state FROM identity_machine WHERE owner = $1 AND id > $2 ORDER BY id LIMIT 200";
const SET_STATE: &str = "UPDATE identity_machine SET state = $2, changed_at = $3 WHERE id = $1 AND state = $4";
const SET_KEY: &str = "UPDATE identity_machine SET old_key = key, old_key_until = $3, key = $2, changed_at = $4 WHERE id = $1 AND state = 'active'";

pub(crate) fn insert(tx: &mut dyn Tx, device: &Device, by: &str, now: Timestamp) -> Result<(), TxError> {
    let scopes = Json::from(device.scopes.clone());
    let args = [
        device.id.into(),
        (&device.owner).into(),
        device.kind.name().into(),
        (&device.name).into(),
        (&device.purpose).into(),
        (&device.place).into(),
        device.proves.name().into(),
        (&device.key).into(),
        (&scopes).into(),
        device.valid_to.into(),
        device.state.name().into(),
        by.into(),
        now.into(),
    ];
    tx.change(INSERT, &args)
}

pub(crate) fn by_id(tx: &mut dyn Tx, id: DeviceId) -> Result<Option<Device>, TxError> {
    tx.first(BY_ID, &[id.into()])?.map(|row| device(&row)).transpose()
}

/// The devices of an organisation, after an identifier, at most 200.
pub(crate) fn of_owner(tx: &mut dyn Tx, owner: &str, after: &str) -> Result<Vec<Device>, TxError> {
    tx.query(OF_OWNER, &[owner.into(), after.into()])?.iter().map(device).collect()
}

/// Moves it on, if it still stands where it was read.
pub(crate) fn set_state(
    tx: &mut dyn Tx,
    id: DeviceId,
    (from, to): (DeviceState, DeviceState),
    now: Timestamp,
) -> Result<bool, TxError> {
    Ok(tx.execute(SET_STATE, &[id.into(), to.name().into(), now.into(), from.name().into()])? == 1)
}

/// Gives it another key; the one it had counts until a moment.
pub(crate) fn set_key(
    tx: &mut dyn Tx,
    id: DeviceId,
    key: &Json,
    old_until: Timestamp,
    now: Timestamp,
) -> Result<bool, TxError> {
    Ok(tx.execute(SET_KEY, &[id.into(), key.into(), old_until.into(), now.into()])? == 1)
}

fn device(row: &Row) -> Result<Device, TxError> {
    let (kind, proves, scopes, state): (String, String, Json, String) =
        (row.get(2)?, row.get(6)?, row.get(10)?, row.get(12)?);
    let (old, until): (Option<String>, Option<Timestamp>) = (row.get(8)?, row.get(9)?);
    let odd = |what: &str| TxError::Type(what.to_owned());
    let old = old.map(|text| serde_json::from_str(&text)).transpose().map_err(|_| odd("the key of a device"))?;
    Ok(Device {
        id: row.get(0)?,
        owner: row.get(1)?,
        kind: DeviceKind::named(&kind).ok_or_else(|| odd("the kind of a device"))?,
        name: row.get(3)?,
        purpose: row.get(4)?,
        place: row.get(5)?,
        proves: Proves::named(&proves).ok_or_else(|| odd("the proof of a device"))?,
        key: row.get(7)?,
        old_key: old.zip(until),
        scopes: serde_json::from_value(scopes).map_err(|_| odd("the scopes of a device"))?,
        valid_to: row.get(11)?,
        state: DeviceState::named(&state).ok_or_else(|| odd("the state of a device"))?,
    })
}
