//! The registrar enters an event: its register, the population, the family and the statistics change in one commit, and
//! with them whatever other engines do at once.
//!
//! **Invariant:** all or nothing. An entry has one number for ever, which checks itself. Where next: `effects/`.

use serde::{Deserialize, Serialize};
use serde_json::json;
use spine::{Cx, Event as Told, Fault};

use crate::engine::Civil;
use crate::event::{Done, EventId, State, keep, must_be, open};
use crate::{effects, reference, statistics};

/// What was entered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entered {
    /// The number of the entry.
    pub entry: String,
    /// The person it is about.
    pub person: Option<String>,
}

/// Enters an event that was found in order.
///
/// # Errors
/// `civil.event.elsewhere`; `civil.person.unknown`, `civil.person.dead` if things changed since it was declared; the
/// registers' faults; the authority's refusal.
pub fn register(cx: &mut Cx<'_>, civil: &Civil, id: EventId) -> Result<Entered, Fault> {
    let mut event = open(cx, id, "civil.event.register")?;
    must_be(&event, &[State::Validated])?;
    let kind = civil.kind(&event.kind)?;
    let registers = civil.registers();
    let into = registers.need(&kind.register)?;
    let today = civil.today(cx);
    let entry = reference::fresh(cx, &kind.prefix, |cx, number| {
        Ok(registers::find_record(cx, registers, into.id(), number)?.is_some())
    })?;
    let made = effects::apply(cx, civil, kind, &mut event)?;
    let mut fields = event.fields.clone();
    fields.insert(into.key().to_owned(), json!(entry));
    fields.insert(kind.registered_on.clone(), json!(today.to_string()));
    registers::enrol(cx, registers, &registers::Enrol::new(into.id(), fields).because(kind.id.clone()))?;
    statistics::count(cx, civil, kind, &event)?;
    event.registered = Done::now(cx);
    event.state = State::Registered;
    event.entry = Some(entry.clone());
    keep(cx, &event)?;
    let act = event.act("civil.event.registered", kind).with("circumstance", event.circumstance.as_str());
    cx.record(act);
    let body = json!({"kind": kind.id, "event": id, "person": event.subject});
    cx.emit(Told { topic: "civil.event.registered", body });
    for vital in &made {
        civil.follow(cx, vital)?;
    }
    Ok(Entered { entry, person: event.subject })
}
