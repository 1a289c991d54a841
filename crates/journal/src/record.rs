//! An act in the one byte form that the evidence log commits to.
//!
//! **Invariant:** the record holds codes and identifiers, never personal data; the log publishes only
//! its salted hash.

use serde_json::json;
use spine::canonical::{NotCanonical, canonical};
use spine::{Act, Caller, Id, IdKind, Timestamp};

/// The kind of an act's identifier.
#[derive(Debug)]
pub struct ActKind;

impl IdKind for ActKind {
    const PREFIX: &'static str = "act";
}

/// An act's identifier.
pub type ActId = Id<ActKind>;

/// The canonical JSON (RFC 8785) of an act: who, for whom, through what, what, to what, about whom, why, by which right.
pub(crate) fn record(id: ActId, now: Timestamp, caller: &Caller, act: &Act) -> Result<String, NotCanonical> {
    let actor = &caller.actor;
    let value = json!({
        "v": 1,
        "id": id,
        "at": now,
        "kind": act.kind,
        "actor": { "kind": actor.kind, "id": actor.id, "institution": actor.institution },
        "on_behalf_of": actor.on_behalf_of,
        "via": caller.via,
        "subject": act.subject,
        "object": act.object,
        "purpose": act.purpose,
        "legal_basis": act.legal_basis,
        "detail": act.detail,
    });
    let bytes = canonical(&value)?;
    Ok(String::from_utf8(bytes).unwrap_or_default())
}
