//! A device is taken in, put out of use, and given another key.
//!
//! **Invariant:** only for one's own organisation: the one a person acts for, a public officer's institution, or the one that
//! answers for a client. Only public keys arrive here, and a private one is refused before anything else.

use crypto::jose::KeySet;
use jiff::ToSpan;
use serde_json::{Value as Json, json};
use spine::{Act, ActorKind, Cx, Date, Fault, FieldFault, Resource, Text};

use crate::devices::device::{Device, DeviceId, DeviceKind, DeviceState, Proves};
use crate::rows::{devices as rows, mandates};
use crate::settings::Identity;

/// How long a key that was replaced still counts.
const OVERLAP_SECONDS: i64 = 86_400;
/// The longest name, purpose or place, in bytes.
const LONGEST: usize = 200;

/// A device to be taken in.
#[derive(Clone, Debug)]
pub struct NewDevice {
    /// `device` or `system`.
    pub kind: String,
    /// What its people call it.
    pub name: String,
    /// What it is for.
    pub purpose: String,
    /// Where it stands.
    pub place: String,
    /// `key` or `certificate`.
    pub proves: String,
    /// Its public key, a JWK as JSON.
    pub key: String,
    /// What its tokens may be for.
    pub scopes: Vec<String>,
    /// Its last day.
    pub valid_to: Date,
}

/// The organisation the actor may have devices for: the one she acts for, her institution, or (`own`) the one a client is
/// answered for by.
pub(crate) fn organisation(cx: &mut Cx<'_>, own: Option<&str>) -> Result<Option<String>, Fault> {
    let actor = cx.actor();
    Ok(match actor.kind {
        ActorKind::Person => {
            let owner = actor.principal().to_owned();
            mandates::organisation(cx.tx(), &owner)?.map(|organisation| organisation.id)
        }
        ActorKind::Officer => actor.institution.clone(),
        ActorKind::Client => own.map(str::to_owned),
        ActorKind::Anonymous | ActorKind::System | ActorKind::Device => None,
    })
}

/// The device, if it is of an organisation the actor may act for and she may do this.
fn own(cx: &mut Cx<'_>, organisation: Option<&str>, id: DeviceId, action: &str) -> Result<Device, Fault> {
    let device = rows::by_id(cx.tx(), id)?.ok_or_else(|| Fault::not_found("identity.device.missing"))?;
    let own = self::organisation(cx, organisation)?.as_ref() == Some(&device.owner);
    cx.may(action, &Resource::new("Device", id).is("own", own))?;
    Ok(device)
}

/// Takes a device in.
///
/// # Errors
/// `identity.device.wrong` with a fault for each field; the authority's refusal.
pub fn register(
    cx: &mut Cx<'_>,
    identity: &Identity,
    organisation: Option<&str>,
    new: &NewDevice,
) -> Result<DeviceId, Fault> {
    let id: DeviceId = cx.id();
    let owner = self::organisation(cx, organisation)?;
    cx.may("identity.device.register", &Resource::new("Device", id).is("own", owner.is_some()))?;
    let owner = owner.ok_or_else(|| Fault::forbidden("identity.device.organisation"))?;
    let device = checked(cx, identity, id, owner, new)?;
    let (by, now) = (cx.actor().id.clone(), cx.now());
    rows::insert(cx.tx(), &device, &by, now)?;
    cx.record(act("identity.device.registered", &device).with("scopes", device.scopes.join(" ")));
    Ok(id)
}

fn checked(cx: &Cx<'_>, identity: &Identity, id: DeviceId, owner: String, new: &NewDevice) -> Result<Device, Fault> {
    let rules = &identity.inner.devices;
    let mut faults = Vec::new();
    let mut wrong = |field: &str, key| faults.push(FieldFault { field: field.to_owned(), text: Text::new(key) });
    for (field, text) in [("name", &new.name), ("purpose", &new.purpose), ("place", &new.place)] {
        if text.trim().is_empty() || text.len() > LONGEST || text.chars().any(char::is_control) {
            wrong(field, "identity.devices.text_missing");
        }
    }
    if new.scopes.iter().any(|one| !rules.scopes.iter().any(|scope| scope.id == *one)) || new.scopes.is_empty() {
        wrong("scopes", "identity.devices.scopes_missing");
    }
    let today = identity.population()?.today(cx);
    if !(today..=today.saturating_add(rules.longest_days.days())).contains(&new.valid_to) {
        wrong("valid_to", "identity.devices.too_long");
    }
    let (kind, proves, key) = (DeviceKind::named(&new.kind), Proves::named(&new.proves), public_key(&new.key));
    for (field, missing, said) in [
        ("kind", kind.is_none(), "identity.devices.kind_missing"),
        ("proves", proves.is_none(), "identity.devices.proves_missing"),
        ("key", key.is_none(), "identity.devices.key_wrong"),
    ] {
        if missing {
            wrong(field, said);
        }
    }
    let (Some(kind), Some(proves), Some(key), true) = (kind, proves, key, faults.is_empty()) else {
        return Err(Fault::invalid("identity.device.wrong").fields_from(faults));
    };
    let text = |text: &str| text.trim().to_owned();
    Ok(Device {
        id,
        owner,
        kind,
        name: text(&new.name),
        purpose: text(&new.purpose),
        place: text(&new.place),
        proves,
        key,
        old_key: None,
        scopes: new.scopes.clone(),
        valid_to: new.valid_to,
        state: DeviceState::Active,
    })
}

/// A public key, written as a JWK; none for anything else, a private one first of all.
fn public_key(text: &str) -> Option<Json> {
    if text.len() > 4096 {
        return None;
    }
    let key: Json = serde_json::from_str(text).ok()?;
    let members = key.as_object()?;
    let private = ["d", "p", "q", "k"].iter().any(|name| members.contains_key(*name));
    let read = KeySet::from_jwks(&json!({ "keys": [key] }));
    (!private && read.keys().len() == 1).then_some(key)
}

/// Puts a device out of use, or into use again.
///
/// # Errors
/// `identity.device.missing`; `identity.device.over` for a step it cannot take; the authority's refusal.
pub fn set_state(cx: &mut Cx<'_>, organisation: Option<&str>, id: DeviceId, state: DeviceState) -> Result<(), Fault> {
    let device = own(cx, organisation, id, "identity.device.change")?;
    let now = cx.now();
    if !device.state.may_become(state) || !rows::set_state(cx.tx(), id, (device.state, state), now)? {
        return Err(Fault::conflict("identity.device.over"));
    }
    cx.record(act("identity.device.changed", &device).with("state", state.name()));
    Ok(())
}

/// Gives a device another key; the one before counts for a day more, so that it is changed without an outage.
///
/// # Errors
/// `identity.device.missing`; `identity.device.over` if it is not in use; `identity.device.wrong`; the refusal.
pub fn rotate(cx: &mut Cx<'_>, organisation: Option<&str>, id: DeviceId, key: &str) -> Result<(), Fault> {
    let device = own(cx, organisation, id, "identity.device.change")?;
    let wrong = || Fault::invalid("identity.device.wrong").field("key", Text::new("identity.devices.key_wrong"));
    let key = public_key(key).ok_or_else(wrong)?;
    let now = cx.now();
    if !rows::set_key(cx.tx(), id, &key, now.plus_seconds(OVERLAP_SECONDS), now)? {
        return Err(Fault::conflict("identity.device.over"));
    }
    cx.record(act("identity.device.rotated", &device));
    Ok(())
}

/// The devices of the actor's organisation, after an identifier.
///
/// # Errors
/// `identity.device.organisation`; the authority's refusal.
pub(crate) fn list(cx: &mut Cx<'_>, own: Option<&str>, after: &str) -> Result<Vec<Device>, Fault> {
    let owner = organisation(cx, own)?;
    cx.may("identity.device.list", &Resource::new("Device", "list").is("own", owner.is_some()))?;
    let owner = owner.ok_or_else(|| Fault::forbidden("identity.device.organisation"))?;
    Ok(rows::of_owner(cx.tx(), &owner, after)?)
}

fn act(kind: &'static str, device: &Device) -> Act {
    Act::new(kind).on(device.id).because("devices", "identity-service").with("kind", device.kind.name())
}
