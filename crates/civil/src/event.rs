//! A vital event on its way: noticed, declared, validated, registered.
//!
//! **Invariant:** its fields are the fields of the register it ends up in, its parties are people of the population;
//! it goes forward by the operations of this engine alone, and `Debug` shows none of its contents.

use std::fmt;

use registers::Fields;
use serde::{Deserialize, Serialize};
use spine::{Act, Cx, Date, Fault, Id, IdKind, Resource, Timestamp};

use crate::kinds::Kind;
use crate::rows::events;

/// The kind of an event's identifier.
#[derive(Debug)]
pub struct EventKind;
impl IdKind for EventKind {
    const PREFIX: &'static str = "vit";
}
/// A vital event's identifier.
pub type EventId = Id<EventKind>;

/// Where an event stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Someone gave notice of it; nobody has declared it yet.
    Notified,
    /// Declared by an informant; an officer is to look at it.
    Declared,
    /// Sent back: something is missing.
    Returned,
    /// Found in order; the registrar is to enter it.
    Validated,
    /// Entered.
    Registered,
    /// Not to be entered.
    Refused,
}

impl State {
    /// As tables, policies and messages write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Notified => "notified",
            Self::Declared => "declared",
            Self::Returned => "returned",
            Self::Validated => "validated",
            Self::Registered => "registered",
            Self::Refused => "refused",
        }
    }

    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Notified, Self::Declared, Self::Returned, Self::Validated, Self::Registered, Self::Refused];

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == text)
    }

    /// Whether an officer has still to do something with it.
    #[must_use]
    pub const fn is_open(self) -> bool {
        !matches!(self, Self::Registered | Self::Refused)
    }
}

/// A document that was shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Its kind, as the pack declares it.
    pub kind: String,
    /// Its number, as whoever issued it wrote it.
    pub reference: String,
    /// Who issued it.
    pub issuer: String,
}

/// Who declares an event, and what she is to it: mother, neighbour, chief.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Informant {
    /// Her name.
    pub name: String,
    /// What she is to the person it is about.
    pub relation: String,
}

/// Who did a step, and when.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// The officer, person or program.
    pub by: Option<String>,
    /// When.
    pub at: Option<Timestamp>,
}

impl Done {
    pub(crate) fn now(cx: &Cx<'_>) -> Self {
        Self { by: Some(cx.actor().id.clone()), at: Some(cx.now()) }
    }
}

/// A vital event.
#[derive(Clone, Serialize, Deserialize)]
pub struct Event {
    /// Its identifier.
    pub id: EventId,
    /// Which kind.
    pub kind: String,
    /// How it came about.
    pub circumstance: String,
    /// What people call it by: on the slip the informant takes home.
    pub reference: String,
    /// Where it stands.
    pub state: State,
    /// The district it happened in; empty when a notice did not say.
    pub district: String,
    /// The day it happened.
    pub occurred_on: Date,
    /// What is told of it.
    pub fields: Fields,
    /// What was shown for it.
    pub evidence: Vec<Evidence>,
    /// Who declared it.
    pub informant: Informant,
    /// The person it is about, once known.
    pub subject: Option<String>,
    /// Who gave notice.
    pub notified: Done,
    /// Who took the declaration down.
    pub declared: Done,
    /// Who found it in order.
    pub validated: Done,
    /// Who entered it.
    pub registered: Done,
    /// Its entry in the register.
    pub entry: Option<String>,
    /// Why it was sent back or refused.
    pub words: Option<String>,
    /// When an officer has to be done with it.
    pub due_on: Date,
    /// Counts its changes.
    pub revision: i64,
}

impl fmt::Debug for Event {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Event({} {} {})", self.kind, self.id, self.state.name())
    }
}

impl Event {
    /// The identifier of the person with this part, if she is named.
    #[must_use]
    pub fn party(&self, kind: &Kind, part: &str) -> Option<&str> {
        let field = &kind.party(part)?.field;
        self.fields.get(field).and_then(|value| value.as_str()).filter(|id| !id.is_empty())
    }

    /// The field as text; empty if it is not told.
    #[must_use]
    pub fn text(&self, field: &str) -> &str {
        self.fields.get(field).and_then(|value| value.as_str()).unwrap_or_default()
    }

    /// As the policies see it.
    pub(crate) fn resource(&self, cx: &Cx<'_>) -> Resource {
        let mine = |done: &Done| done.by.as_deref() == Some(cx.actor().id.as_str());
        Resource::new("CivilEvent", self.id)
            .with("kind", self.kind.clone())
            .with("state", self.state.name())
            .is("declared_by_self", mine(&self.declared))
            .is("validated_by_self", mine(&self.validated))
    }

    /// An act on this event.
    pub(crate) fn act(&self, what: &'static str, kind: &Kind) -> Act {
        let mut act =
            Act::new(what).on(self.id).because(kind.id.clone(), kind.citation()).with("kind", kind.id.as_str());
        act.subject.clone_from(&self.subject);
        act
    }
}

/// The event, and leave to do `action` with it.
pub(crate) fn open(cx: &mut Cx<'_>, id: EventId, action: &str) -> Result<Event, Fault> {
    let event = events::event(cx.tx(), id)?.ok_or_else(|| Fault::not_found("civil.event.missing"))?;
    let resource = event.resource(cx);
    cx.may(action, &resource)?;
    Ok(event)
}

/// Refuses unless the event is in one of these states.
pub(crate) fn must_be(event: &Event, states: &[State]) -> Result<(), Fault> {
    if states.contains(&event.state) { Ok(()) } else { Err(Fault::conflict("civil.event.elsewhere")) }
}

/// Keeps the event, if nobody changed it meanwhile.
pub(crate) fn keep(cx: &mut Cx<'_>, event: &Event) -> Result<(), Fault> {
    if events::update(cx.tx(), event)? { Ok(()) } else { Err(Fault::conflict("civil.event.changed")) }
}
