//! An officer examines a declaration: in order, to be completed, or not to be entered.
//!
//! **Invariant:** who took the declaration down does not find it in order herself (the policies say so); nothing is
//! found in order while a likeness waits to be judged. Looking at an event is an act that its people can see.

use serde::{Deserialize, Serialize};
use spine::{Cx, Fault, Resource, Text};

use crate::engine::Civil;
use crate::event::{Done, Event, EventId, State, keep, must_be, open};
use crate::likeness::{Likeness, Verdict};
use crate::rows::{events, likenesses};

/// At most so many letters in a reason.
const LETTERS: usize = 500;
/// At most so many events of one state in a list.
const LISTED: u16 = 200;

/// An event with all that an officer looks at.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Examined {
    /// The event.
    pub event: Event,
    /// What may be the same.
    pub likenesses: Vec<Likeness>,
}

/// What is to be done, the most urgent first.
///
/// # Errors
/// The authority's refusal.
pub fn waiting(cx: &mut Cx<'_>, state: State) -> Result<Vec<Event>, Fault> {
    cx.may("civil.event.list", &Resource::new("CivilDesk", state.name()))?;
    Ok(events::in_state(cx.tx(), state, LISTED)?)
}

/// Looks at an event.
///
/// # Errors
/// `civil.event.missing`; the authority's refusal.
pub fn look(cx: &mut Cx<'_>, civil: &Civil, id: EventId) -> Result<Examined, Fault> {
    let event = open(cx, id, "civil.event.look")?;
    let kind = civil.kind(&event.kind)?;
    let likenesses = likenesses::of(cx.tx(), id)?;
    let act = event.act("civil.event.looked", kind);
    cx.record(act);
    Ok(Examined { event, likenesses })
}

/// The event with this reference, for whoever holds the slip.
///
/// # Errors
/// `civil.event.missing`; the authority's refusal.
pub fn find(cx: &mut Cx<'_>, written: &str) -> Result<EventId, Fault> {
    cx.may("civil.event.list", &Resource::new("CivilDesk", "reference"))?;
    let missing = || Fault::not_found("civil.event.missing");
    let reference = crate::reference::parse(written).ok_or_else(missing)?;
    Ok(events::by_reference(cx.tx(), &reference)?.ok_or_else(missing)?.id)
}

/// Finds a declaration in order.
///
/// # Errors
/// `civil.likeness.open` while one waits; `civil.event.elsewhere`; the authority's refusal.
pub fn validate(cx: &mut Cx<'_>, civil: &Civil, id: EventId) -> Result<(), Fault> {
    let mut event = open(cx, id, "civil.event.validate")?;
    must_be(&event, &[State::Declared])?;
    if likenesses::of(cx.tx(), id)?.iter().any(|likeness| likeness.verdict == Verdict::Open) {
        return Err(Fault::conflict("civil.likeness.open"));
    }
    event.state = State::Validated;
    event.validated = Done::now(cx);
    keep(cx, &event)?;
    let act = event.act("civil.event.validated", civil.kind(&event.kind)?);
    cx.record(act);
    Ok(())
}

/// Sends a declaration back to be completed.
///
/// # Errors
/// `civil.event.wrong` without a reason; `civil.event.elsewhere`; the authority's refusal.
pub fn send_back(cx: &mut Cx<'_>, civil: &Civil, id: EventId, words: &str) -> Result<(), Fault> {
    end(cx, civil, id, words, ("civil.event.return", State::Returned, "civil.event.returned"))
}

/// Refuses an event.
///
/// # Errors
/// As [`send_back`].
pub fn refuse(cx: &mut Cx<'_>, civil: &Civil, id: EventId, words: &str) -> Result<(), Fault> {
    end(cx, civil, id, words, ("civil.event.refuse", State::Refused, "civil.event.refused"))
}

fn end(
    cx: &mut Cx<'_>,
    civil: &Civil,
    id: EventId,
    words: &str,
    (action, state, what): (&str, State, &'static str),
) -> Result<(), Fault> {
    let mut event = open(cx, id, action)?;
    let from: &[State] = if state == State::Returned {
        &[State::Declared, State::Validated]
    } else {
        &[State::Notified, State::Declared, State::Returned, State::Validated]
    };
    must_be(&event, from)?;
    let words = words.trim();
    if words.is_empty() || words.chars().count() > LETTERS {
        return Err(Fault::invalid("civil.event.wrong").field("words", Text::new("civil.field.reason")));
    }
    event.state = state;
    event.words = Some(words.to_owned());
    keep(cx, &event)?;
    let act = event.act(what, civil.kind(&event.kind)?);
    cx.record(act);
    Ok(())
}
