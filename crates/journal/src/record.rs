//! An act in the one byte form that the evidence log commits to.
//!
//! **Invariant:** the record holds codes and identifiers, never personal data; the log publishes only
//! its salted hash.

use serde::Serialize;
use spine::canonical::CanonicalObject;
use spine::{Act, ActorKind, Caller, Id, IdKind, Timestamp, Via};

/// The kind of an act's identifier.
#[derive(Debug)]
pub struct ActKind;

impl IdKind for ActKind {
    const PREFIX: &'static str = "act";
}

/// An act's identifier.
pub type ActId = Id<ActKind>;

/// An act as its record tells it. The members stand in the order of their names, as RFC 8785 asks, so that the record is
/// written as it is.
#[derive(Serialize)]
struct Record<'a> {
    actor: By<'a>,
    at: Timestamp,
    detail: CanonicalObject<'a>,
    id: ActId,
    kind: &'a str,
    legal_basis: &'a str,
    object: Option<&'a str>,
    on_behalf_of: Option<&'a str>,
    purpose: &'a str,
    subject: Option<&'a str>,
    v: u8,
    via: Via,
}

#[derive(Serialize)]
struct By<'a> {
    id: &'a str,
    institution: Option<&'a str>,
    kind: ActorKind,
}

/// The canonical JSON (RFC 8785) of an act: who, for whom, through what, what, to what, about whom, why, by which right.
pub(crate) fn record(id: ActId, now: Timestamp, caller: &Caller, act: &Act) -> Result<String, serde_json::Error> {
    let actor = &caller.actor;
    serde_json::to_string(&Record {
        actor: By { id: &actor.id, institution: actor.institution.as_deref(), kind: actor.kind },
        at: now,
        detail: CanonicalObject(&act.detail),
        id,
        kind: &act.kind,
        legal_basis: &act.legal_basis,
        object: act.object.as_deref(),
        on_behalf_of: actor.on_behalf_of.as_ref().map(|behalf| behalf.person.as_str()),
        purpose: &act.purpose,
        subject: act.subject.as_deref(),
        v: 1,
        via: caller.via,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use spine::canonical::canonical;
    use spine::{Actor, ActorKind};

    use super::*;

    #[test]
    fn a_record_is_canonical() {
        let act =
            Act::new("it.thing.done").about("per_1").with("z", 1).with("\u{1F600}", json!({"b": [], "a": "Tš\""}));
        let id = ActId::from_bytes([7; 16]);
        for institution in [None, Some("home-affairs".to_owned())] {
            let actor = Actor { institution, ..Actor::bare(ActorKind::Officer, "off_1") };
            let caller = Caller { actor, ..Caller::system("it") };
            let written = record(id, Timestamp::BEGINNING, &caller, &act).unwrap();
            let read: Value = serde_json::from_str(&written).unwrap();
            assert_eq!(written.as_bytes(), canonical(&read).unwrap());
            assert_eq!(read["detail"]["z"], 1);
        }
        assert!(record(id, Timestamp::BEGINNING, &Caller::system("it"), &act.with("half", 0.5)).is_err());
    }
}
